/* The subcommands of `spin`. A new one is a file, a declaration here and a line in main.c. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdio.h>

#include <spin/spin.h>

#include "report.h"

typedef struct command {
    const char *name;
    const char *summary; /* one line for `spin help` */
    /* argv[0] is the subcommand's name. Returns the exit code. */
    int (*run)(int argc, char **argv);
} command_t;

/* A table of commands ends with an entry without name. */

/* NULL where there is none. */
const command_t *command_find(const command_t *commands, const char *name);
/* For a command's help: all of them, a line each. */
void command_print_list(const command_t *commands, FILE *out);
/* Says so on stderr, with the nearest one and with `help`, which lists them. Returns the exit code.
 */
int command_unknown(const command_t *commands, const char *name, const char *help);

/* A command that is made of commands, as `spin wit` is. */
typedef struct command_group {
    const char *name;    /* "spin wit" */
    const char *summary; /* the first line of its help */
    const command_t *commands;
} command_group_t;

/* Runs the command that argv[1] names, or shows the help. Returns the exit code. */
int command_run_group(const command_group_t *group, int argc, char **argv);

int command_up(int argc, char **argv);
int command_bindle(int argc, char **argv);
int command_wit(int argc, char **argv);
int command_component(int argc, char **argv);

#endif
