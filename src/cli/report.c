#include "report.h"

#include <stdio.h>
#include <stdlib.h>

int command_report(spin_error_t *error) {
    int code = spin_error_exit_code(spin_error_kind(error));
    size_t len = spin_error_format(error, NULL, 0);
    char *text = malloc(len + 1);
    if (text != NULL)
        spin_error_format(error, text, len + 1);
    fprintf(stderr, "Error: %s\n", text != NULL ? text : spin_error_message(error));
    free(text);
    spin_error_free(error);
    return code;
}
