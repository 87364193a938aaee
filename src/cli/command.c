#include "command.h"

#include <stdio.h>
#include <string.h>

const command_t *command_find(const command_t *commands, const char *name) {
    for (const command_t *command = commands; command->name != NULL; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

void command_print_list(const command_t *commands, FILE *out) {
    fprintf(out, "\nCommands:\n");
    for (const command_t *command = commands; command->name != NULL; command++)
        fprintf(out, "  %-10s %s\n", command->name, command->summary);
}

int command_unknown(const command_t *commands, const char *name, const char *help) {
    enum { MOST = 32 };
    const char *names[MOST];
    size_t len = 0;
    for (; len < MOST && commands[len].name != NULL; len++)
        names[len] = commands[len].name;
    const char *nearest = spin_nearest_name(spin_slice(name), names, len);
    fprintf(stderr, "Error: unknown %s \"%s\"", name[0] == '-' ? "option" : "command", name);
    if (nearest != NULL)
        fprintf(stderr, ": did you mean \"%s\"?", nearest);
    fprintf(stderr, "\n\nFor all commands: %s\n", help);
    return 2;
}
