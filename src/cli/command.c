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

static void print_usage(const command_group_t *group, FILE *out) {
    fprintf(out, "%s\n\nUsage: %s <COMMAND> [OPTIONS]\n", group->summary, group->name);
    command_print_list(group->commands, out);
    fprintf(out,
            "\nOptions:\n  -h, --help     Print this help\n\n"
            "For one command: %s <COMMAND> --help\n",
            group->name);
}

int command_run_group(const command_group_t *group, int argc, char **argv) {
    char help[64];
    if (argc < 2) {
        print_usage(group, stderr);
        return 2;
    }
    if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0) {
        print_usage(group, stdout);
        return 0;
    }
    snprintf(help, sizeof help, "%s --help", group->name);
    const command_t *command = command_find(group->commands, argv[1]);
    return command != NULL ? command->run(argc - 1, argv + 1)
                           : command_unknown(group->commands, argv[1], help);
}
