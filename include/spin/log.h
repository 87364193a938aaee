/* The library's log: leveled records with fields, handed to a sink. libspin writes nothing to the
 * terminal by itself: until a sink is set, records are dropped. */
#ifndef SPIN_LOG_H
#define SPIN_LOG_H

#include <stdbool.h>

#include "spin/error.h"
#include "spin/slice.h"

#ifdef __cplusplus
extern "C" {
#endif

/* From what is rare and grave to what is frequent and detailed. */
typedef enum spin_log_level {
    SPIN_LOG_ERROR = 0,
    SPIN_LOG_WARN,
    SPIN_LOG_INFO,
    SPIN_LOG_DEBUG,
    SPIN_LOG_TRACE,
} spin_log_level_t;

/* The form of a record. */
typedef enum spin_log_format {
    SPIN_LOG_TEXT = 0, /* 2026-11-21T06:27:00.123Z WARN  message key=value */
    SPIN_LOG_JSON,     /* one object a line: "time", "level", "message", then the fields */
} spin_log_format_t;

/* Receives one whole record, its newline included, valid during the call. Called from the thread
 * that logs; records of different threads may arrive at the same time. */
typedef void (*spin_log_sink_fn)(spin_log_level_t level, spin_slice_t record, void *user);

/* Sets the sink (NULL: none), the most detailed level that reaches it, and the form. Applies to the
 * whole process. Not thread-safe: call it before the library is at work. */
SPIN_API void spin_log_configure(spin_log_sink_fn sink, void *user, spin_log_level_t level,
                                 spin_log_format_t format);

/* A ready sink: writes each record to the file descriptor that `user` points to (an `int`, kept by
 * the caller) with one write. */
SPIN_API void spin_log_sink_fd(spin_log_level_t level, spin_slice_t record, void *user);

/* Parses "error", "warn", "info", "debug", "trace". Returns false on anything else. */
SPIN_API bool spin_log_level_parse(const char *text, spin_log_level_t *out);

#ifdef __cplusplus
}
#endif

#endif
