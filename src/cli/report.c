#include "report.h"

#include <stdarg.h>
#include <stdlib.h>

/* In UTF-8 the control characters are those below 0x20, 0x7f, and 0xc2 with 0x80 to 0x9f. */
void print_disarmed(FILE *out, const char *text) {
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        bool is_long = at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0;
        bool is_control = *at < 0x20 || *at == 0x7f || is_long;
        putc(*at == '\n' || *at == '\t' ? ' ' : is_control ? '?' : *at, out);
        at += is_long;
    }
}

/* Written at once: other processes print to the same place. */
static void print_error(const char *name, const char *text, const char *consequence) {
    char *line = NULL;
    size_t len;
    FILE *out = text == NULL ? NULL : open_memstream(&line, &len);
    if (out != NULL) {
        fputs("Error: ", out);
        print_disarmed(out, name);
        fputs(name[0] != '\0' ? ": " : "", out);
        print_disarmed(out, text);
        fprintf(out, "%s\n", consequence);
        fclose(out);
    }
    fputs(line != NULL ? line : "Error: out of memory\n", stderr);
    free(line);
}

void report_error(const char *name, const spin_error_t *error, const char *consequence) {
    size_t len = spin_error_format(error, NULL, 0);
    char *text = malloc(len + 1);
    if (text != NULL)
        spin_error_format(error, text, len + 1);
    print_error(name, text, consequence);
    free(text);
}

void report_problem(const char *name, const char *format, ...) {
    char *text;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    print_error(name, text, "");
    free(text);
}

int command_report(spin_error_t *error) {
    int code = spin_error_exit_code(spin_error_kind(error));
    report_error("", error, "");
    spin_error_free(error);
    return code;
}
