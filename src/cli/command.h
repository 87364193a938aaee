/* The subcommands of `spin`. A new one is a file, a declaration here and a line in main.c. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <spin/spin.h>

#include "report.h"

typedef struct command {
    const char *name;
    const char *summary; /* one line for `spin help` */
    /* argv[0] is the subcommand's name. Returns the exit code. */
    int (*run)(int argc, char **argv);
} command_t;

/* The commands, ending with an entry without name. */
extern const command_t commands[];

int command_up(int argc, char **argv);
int command_wit(int argc, char **argv);

#endif
