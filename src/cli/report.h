/* How a command ends in an error. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include <spin/error.h>

/* Prints the error as "Error: ..." to stderr, frees it and returns the exit code that fits. */
int command_report(spin_error_t *error);
/* Prints it as "Error: NAME: ...CONSEQUENCE"; both may be empty. */
void report_error(const char *name, const spin_error_t *error, const char *consequence);
/* Likewise what is no error of the library's. */
void report_problem(const char *name, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* On one line and without control characters: names come from files, folders, guests and servers,
 * and a terminal must not take them for orders. */
void print_disarmed(FILE *out, const char *text);

#endif
