#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

static int command_help(int argc, char **argv);
static int command_version(int argc, char **argv);

static const command_t commands[] = {
    {"up", "Start one application, or many", command_up},
    {"bindle", "Publish an application as a bindle", command_bindle},
    {"wit", "Print WIT, or write C bindings for it", command_wit},
    {"component", "Look at WebAssembly components", command_component},
    {"help", "Print this help, or that of a subcommand", command_help},
    {"version", "Print the version", command_version},
    {NULL, NULL, NULL},
};

static void print_usage(FILE *out) {
    fprintf(out,
            "spin %s: run WebAssembly applications\n\n"
            "Usage: spin <COMMAND> [OPTIONS]\n",
            spin_version());
    command_print_list(commands, out);
    fprintf(out, "\nOptions:\n  -h, --help     Print this help\n"
                 "  -V, --version  Print the version\n\n"
                 "For one command: spin <COMMAND> --help\n");
}

static int command_help(int argc, char **argv) {
    static char help_option[] = "--help";
    if (argc < 2) {
        print_usage(stdout);
        return 0;
    }
    const command_t *command = command_find(commands, argv[1]);
    if (command == NULL)
        return command_unknown(commands, argv[1], "spin help");
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

/* Or the first descriptors that are opened would take their places, and get what is printed. */
static void open_standard_streams(void) {
    int fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO)
        fd = open("/dev/null", O_RDWR);
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv) {
    open_standard_streams();
    if (argc < 2) {
        print_usage(stderr);
        return 2;
    }
    const char *name = argv[1];
    if (strcmp(name, "-h") == 0 || strcmp(name, "--help") == 0)
        name = "help";
    if (strcmp(name, "-V") == 0 || strcmp(name, "--version") == 0)
        name = "version";
    const command_t *command = command_find(commands, name);
    return command != NULL ? command->run(argc - 1, argv + 1)
                           : command_unknown(commands, name, "spin help");
}
