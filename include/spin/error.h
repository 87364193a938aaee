/* Errors: what went wrong, where, and what the caller was doing at the time.
 *
 * A function that can fail returns `spin_error_t *`: NULL is success, anything else belongs to the
 * caller, who frees it with `spin_error_free` or hands it on. Each link of the chain carries a
 * kind, a message and, where there is one, a position in a source; its cause is the next link.
 * Formatted, the chain reads from what the user asked for down to the reason:
 *
 *     spin up: spin.toml:12:9: component "hello": source "hello.wasm": not found
 */
#ifndef SPIN_ERROR_H
#define SPIN_ERROR_H

#include <stdbool.h>
#include <stdint.h>

#include "spin/slice.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The numbers are part of the ABI: a new kind is added at the end. */
typedef enum spin_error_kind {
    SPIN_ERROR_INVALID = 1, /* input breaks its format or its rules */
    SPIN_ERROR_USAGE,       /* the caller broke a contract of this library, or a command line's */
    SPIN_ERROR_NOT_FOUND,   /* a file, component or export is not there */
    SPIN_ERROR_DENIED,      /* permission, or an attempt to leave the sandbox */
    SPIN_ERROR_EXISTS,      /* there already, or in use (an address, a directory) */
    SPIN_ERROR_UNSUPPORTED, /* understood, and not offered here */
    SPIN_ERROR_LIMIT,       /* a configured limit was reached */
    SPIN_ERROR_TIMEOUT,     /* a deadline passed */
    SPIN_ERROR_IO,          /* the system refused a file, socket or process operation */
    SPIN_ERROR_NO_MEMORY,   /* the host ran out of memory */
    SPIN_ERROR_TRAP,        /* the guest trapped */
    SPIN_ERROR_EXIT,        /* the guest exited with a non-zero status */
    SPIN_ERROR_CANCELLED,   /* stopped on request before it was done */
    SPIN_ERROR_INTERNAL,    /* a defect of this library: please report it */
} spin_error_kind_t;

/* A link of the chain, and with it all those below. */
typedef struct spin_error spin_error_t;

/* Where in a source an error was found. `line` and `column` count from 1 (columns in bytes); 0
 * means unknown. `offset` is a byte offset from the start of a binary, meaningful when
 * `has_offset`. */
typedef struct spin_position {
    uint32_t line;
    uint32_t column;
    uint64_t offset;
    bool has_offset;
} spin_position_t;

/* Makes an error with a message like printf's, for callbacks that return one. Never NULL: without
 * memory it is one of kind NO_MEMORY. Any thread. */
SPIN_API spin_error_t *spin_error_new(spin_error_kind_t kind, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* All readers borrow: what they return lives as long as `error`. Any thread may read an error that
 * no other thread frees. */

/* The kind of the innermost link that has one: wrapping keeps it. */
SPIN_API spin_error_kind_t spin_error_kind(const spin_error_t *error);
/* A stable lower-case name, such as "not found". Never NULL. */
SPIN_API const char *spin_error_kind_name(spin_error_kind_t kind);
/* This link's own message, without position and cause. Never NULL. */
SPIN_API const char *spin_error_message(const spin_error_t *error);
/* The file of this link's position, or NULL. */
SPIN_API const char *spin_error_file(const spin_error_t *error);
/* This link's position; all zero where it has none. */
SPIN_API spin_position_t spin_error_position(const spin_error_t *error);
/* The next link, or NULL. */
SPIN_API const spin_error_t *spin_error_cause(const spin_error_t *error);

/* Writes the whole chain, links joined by ": ", as a NUL-terminated string of at most `size` bytes
 * (NUL included) and returns the length of the whole text, as snprintf does. `buffer` may be NULL
 * when `size` is 0. */
SPIN_API size_t spin_error_format(const spin_error_t *error, char *buffer, size_t size);

/* The process exit code for a kind: 2 for SPIN_ERROR_USAGE, else 1. */
SPIN_API int spin_error_exit_code(spin_error_kind_t kind);
/* The HTTP status with which a server reports a kind: 504 for a timeout, 503 for a limit,
 * 404 for not found, 400 for invalid, else 500. */
SPIN_API int spin_error_http_status(spin_error_kind_t kind);

/* Frees the chain. NULL is allowed. */
SPIN_API void spin_error_free(spin_error_t *error);

#ifdef __cplusplus
}
#endif

#endif
