/* How a command ends in an error. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <spin/error.h>

/* Prints the error as "Error: ..." to stderr, frees it and returns the exit code that fits. */
int command_report(spin_error_t *error);
/* Prints it as "Error: NAME: ...CONSEQUENCE"; both may be empty. */
void report_error(const char *name, const spin_error_t *error, const char *consequence);

#endif
