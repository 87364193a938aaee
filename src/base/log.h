/* Writing to the log of <spin/log.h>. A record is a message and fields:
 *
 *     LOG_WARN("request failed", LOG_TEXT("component", id), LOG_INT("status", 500),
 *              LOG_ERR("error", error));
 *
 * Where the level is off, nothing is evaluated. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/slice.h"
#include "spin/log.h"

typedef struct log_field {
    const char *key;
    enum { LOG_FIELD_SLICE, LOG_FIELD_INT, LOG_FIELD_ERROR } type;
    union {
        spin_slice_t slice;
        int64_t integer;
        const spin_error_t *error;
    } of;
} log_field_t;

#define LOG_SLICE(key, value) ((log_field_t){(key), LOG_FIELD_SLICE, {.slice = (value)}})
#define LOG_TEXT(key, value)  ((log_field_t){(key), LOG_FIELD_SLICE, {.slice = spin_slice(value)}})
#define LOG_INT(key, value)   ((log_field_t){(key), LOG_FIELD_INT, {.integer = (int64_t)(value)}})
#define LOG_ERR(key, value)   ((log_field_t){(key), LOG_FIELD_ERROR, {.error = (value)}})

extern spin_log_level_t log_level_now; /* -1 while there is no sink */

static inline bool log_enabled(spin_log_level_t level) {
    return (int)level <= (int)log_level_now;
}

void log_write(spin_log_level_t level, const char *message, const log_field_t *fields,
               size_t count);

#define LOG_AT(level, message, ...)                                                                \
    do {                                                                                           \
        if (log_enabled(level)) {                                                                  \
            const log_field_t log_fields_[] = {{0}, ##__VA_ARGS__};                                \
            log_write((level), (message), log_fields_ + 1,                                         \
                      sizeof log_fields_ / sizeof *log_fields_ - 1);                               \
        }                                                                                          \
    } while (0)

#define LOG_ERROR(...) LOG_AT(SPIN_LOG_ERROR, __VA_ARGS__)
#define LOG_WARN(...)  LOG_AT(SPIN_LOG_WARN, __VA_ARGS__)
#define LOG_INFO(...)  LOG_AT(SPIN_LOG_INFO, __VA_ARGS__)
#define LOG_DEBUG(...) LOG_AT(SPIN_LOG_DEBUG, __VA_ARGS__)

#endif
