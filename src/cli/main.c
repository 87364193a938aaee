#include <stdio.h>
#include <string.h>

#include "command.h"

static int command_help(int argc, char **argv);
static int command_version(int argc, char **argv);

const command_t commands[] = {
    {"up", "Start an application", command_up},
    {"wit", "Print WIT, or write C bindings for it", command_wit},
    {"help", "Print this help, or that of a subcommand", command_help},
    {"version", "Print the version", command_version},
    {NULL, NULL, NULL},
};

static const command_t *find_command(const char *name) {
    for (const command_t *command = commands; command->name != NULL; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

static void print_usage(FILE *out) {
    fprintf(out,
            "spin %s: run WebAssembly applications\n\n"
            "Usage: spin <COMMAND> [OPTIONS]\n\nCommands:\n",
            spin_version());
    for (const command_t *command = commands; command->name != NULL; command++)
        fprintf(out, "  %-10s %s\n", command->name, command->summary);
    fprintf(out, "\nOptions:\n  -h, --help     Print this help\n"
                 "  -V, --version  Print the version\n\n"
                 "For one command: spin <COMMAND> --help\n");
}

static int unknown_command(const char *name) {
    const char *names[sizeof commands / sizeof *commands];
    size_t len = 0;
    for (; commands[len].name != NULL; len++)
        names[len] = commands[len].name;
    const char *nearest = spin_nearest_name(spin_slice(name), names, len);
    fprintf(stderr, "Error: unknown %s \"%s\"", name[0] == '-' ? "option" : "command", name);
    if (nearest != NULL)
        fprintf(stderr, ": did you mean \"%s\"?", nearest);
    fprintf(stderr, "\n\nFor all commands: spin help\n");
    return 2;
}

static int command_help(int argc, char **argv) {
    static char help_option[] = "--help";
    if (argc < 2) {
        print_usage(stdout);
        return 0;
    }
    const command_t *command = find_command(argv[1]);
    if (command == NULL)
        return unknown_command(argv[1]);
    if (command->run == command_help || command->run == command_version) {
        print_usage(stdout);
        return 0;
    }
    char *words[] = {argv[1], help_option, NULL};
    return command->run(2, words);
}

static int command_version(int argc, char **argv) {
    (void)argc, (void)argv;
    printf("spin %s (wasmtime %s)\n", spin_version(), spin_engine_version());
    return 0;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        print_usage(stderr);
        return 2;
    }
    const char *name = argv[1];
    if (strcmp(name, "-h") == 0 || strcmp(name, "--help") == 0)
        name = "help";
    if (strcmp(name, "-V") == 0 || strcmp(name, "--version") == 0)
        name = "version";
    const command_t *command = find_command(name);
    return command != NULL ? command->run(argc - 1, argv + 1) : unknown_command(name);
}
