#include "report.h"

#include <stdio.h>
#include <stdlib.h>

/* Names in errors come from files, guests and servers: a terminal must not take them for orders. In
 * UTF-8 the control characters are those below 0x20, 0x7f, and 0xc2 with 0x80 to 0x9f. */
static void disarm(char *text) {
    for (unsigned char *at = (unsigned char *)text; *at != '\0'; at++)
        if (*at == '\n' || *at == '\t')
            *at = ' ';
        else if (*at < 0x20 || *at == 0x7f)
            *at = '?';
        else if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)
            at[0] = at[1] = '?';
}

void report_error(const char *name, const spin_error_t *error, const char *consequence) {
    size_t len = spin_error_format(error, NULL, 0);
    char *text = malloc(len + 1);
    if (text != NULL) {
        spin_error_format(error, text, len + 1);
        disarm(text);
    }
    fprintf(stderr, "Error: %s%s%s%s\n", name, name[0] != '\0' ? ": " : "",
            text != NULL ? text : "out of memory", consequence);
    free(text);
}

int command_report(spin_error_t *error) {
    int code = spin_error_exit_code(spin_error_kind(error));
    report_error("", error, "");
    spin_error_free(error);
    return code;
}
