/* Command-line options, described by a table from which both the parser and the help text are made.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum option_type {
    OPTION_FLAG,     /* bool */
    OPTION_TEXT,     /* const char * */
    OPTION_LIST,     /* option_list_t: may be given more than once */
    OPTION_NUMBER,   /* uint64_t */
    OPTION_SIZE,     /* uint64_t: bytes; K, M, G for powers of 1024 */
    OPTION_DURATION, /* uint64_t: milliseconds; "500ms", "30s", "5m"; a bare number is seconds */
    OPTION_REST,     /* char *const *: all behind "--", for another program; ends with NULL */
} option_type_t;

typedef struct option_list {
    const char **items; /* borrowed from argv; the array is freed with options_free */
    size_t len;
} option_list_t;

typedef struct option {
    const char *name;  /* without dashes */
    char letter;       /* 0: none */
    const char *value; /* its name in the help; NULL for a flag */
    option_type_t type;
    size_t offset; /* of the field in the caller's struct */
    const char *help;
} option_t;

/* What a subcommand takes: options, and at most `operands_max` operands. */
typedef struct option_set {
    const char *command; /* "spin up" */
    const char *summary;
    const char *usage; /* behind the command: "[OPTIONS] [MANIFEST]" */
    const option_t *options;
    size_t options_len;
    size_t operands_max;
    const char *more; /* a paragraph at the end of the help; NULL: none */
} option_set_t;

typedef enum options_result {
    OPTIONS_OK,
    OPTIONS_HELP,  /* help was asked for and printed: exit with 0 */
    OPTIONS_WRONG, /* said on stderr, with a hint: exit with 2 */
} options_result_t;

/* Fills the struct at `out` (set to defaults before) and `operands`. Understands --name VALUE,
 * --name=VALUE, -xVALUE, -x VALUE, "--", -h and --help. */
options_result_t options_parse(const option_set_t *set, int argc, char **argv, void *out,
                               option_list_t *operands);
/* The name of the first option in argv that is none of `except` (ends with NULL); NULL where there
 * is no such one. For an argv that options_parse has taken. */
const char *options_given_beside(const option_set_t *set, int argc, char **argv,
                                 const char *const *except);
/* The same of `among` only. */
const char *options_given_among(const option_set_t *set, int argc, char **argv,
                                const char *const *among);
void options_free(const option_set_t *set, void *out, option_list_t *operands);

#endif
