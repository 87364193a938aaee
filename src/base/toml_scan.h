/* The lower half of the TOML reader: positions, blanks, strings, keys and scalars. Used by toml.c
 * alone. Sections named in comments are those of toml.io/en/v1.0.0. */
#ifndef BASE_TOML_SCAN_H
#define BASE_TOML_SCAN_H

#include "base/error.h"
#include "base/toml.h"

typedef struct toml_mark {
    uint32_t line;
    uint32_t column;
} toml_mark_t;

typedef struct toml_scanner {
    const uint8_t *at;
    const uint8_t *end;
    const uint8_t *line_start;
    uint32_t line;
    const char *file;
    arena_t *arena; /* for decoded text */
} toml_scanner_t;

/* Begins at `text`, which is checked whole: UTF-8, and short enough for the counters. */
spin_error_t *toml_scanner_init(toml_scanner_t *scan, arena_t *arena, spin_slice_t text,
                                const char *file);

static inline toml_mark_t toml_here(const toml_scanner_t *scan) {
    return (toml_mark_t){scan->line, (uint32_t)(scan->at - scan->line_start) + 1};
}

/* The byte at `ahead` places from here, or -1 past the end. */
static inline int toml_peek(const toml_scanner_t *scan, size_t ahead) {
    return (size_t)(scan->end - scan->at) > ahead ? scan->at[ahead] : -1;
}

/* An INVALID error at `mark`: TOML_FAIL(scan, mark, format, ...). */
#define TOML_FAIL(scan, mark, ...)                                                                 \
    error_at(error_new(SPIN_ERROR_INVALID, __VA_ARGS__), (scan)->file, (mark).line, (mark).column)

/* Source text made fit for a message: escaped and cut where it is long. */
typedef struct toml_shown {
    char text[64];
} toml_shown_t;
toml_shown_t toml_show(spin_slice_t text);
/* What stands here, for "found ...". */
toml_shown_t toml_show_here(const toml_scanner_t *scan);

/* Spaces and tabs. */
void toml_skip_blanks(toml_scanner_t *scan);
/* LF or CRLF; false where there is none. */
bool toml_take_newline(toml_scanner_t *scan);
/* A comment up to its newline, where one begins here. */
spin_error_t *toml_skip_comment(toml_scanner_t *scan);
/* Blanks, comments and newlines. */
spin_error_t *toml_skip_lines(toml_scanner_t *scan);

/* A string of any of the four kinds; here stands its first quote. */
spin_error_t *toml_take_string(toml_scanner_t *scan, spin_slice_t *out);
/* One part of a dotted key. */
spin_error_t *toml_take_key(toml_scanner_t *scan, spin_slice_t *out);
/* A value that is neither string, array nor table. */
spin_error_t *toml_take_scalar(toml_scanner_t *scan, toml_value_t *out);

/* Whether `token` has the shape of a date or time, which toml_read_datetime then judges. */
bool toml_looks_like_datetime(spin_slice_t token);
spin_error_t *toml_read_datetime(const toml_scanner_t *scan, toml_mark_t mark, spin_slice_t token,
                                 toml_value_t *out);

#endif
