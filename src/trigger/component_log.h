/* Where a component's stdout and stderr go: a file each, and the process's own where it is
 * followed. Collected per request and written with one write, so that requests do not interleave.
 */
#ifndef TRIGGER_COMPONENT_LOG_H
#define TRIGGER_COMPONENT_LOG_H

#include "base/arena.h"
#include "spin/error.h"

/* One stream of a component. A log that can't be written costs a warning a minute, nothing else.
 * A file that was moved or removed is made again, at most a second later. */
typedef struct component_log {
    spin_slice_t component; /* id, for warnings */
    const char *path;
    int fd;             /* -1: not open yet */
    int follow_fd;      /* -1: not followed */
    uint64_t warned_at; /* uv_hrtime; 0: never */
    uint64_t looked_at; /* likewise: that the path still leads to `fd` */
} component_log_t;

/* What a trigger's options say about output; their fields have the same names. */
typedef struct component_output {
    const char *log_dir; /* made, with its parents, when there is something to write */
    const char *const *follow;
    size_t follow_len;
    bool follow_all;
    bool quiet;
} component_output_t;

/* The default folder: .spin/APPLICATION/logs below the home directory. NULL when out of memory. */
const char *component_log_default_dir(arena_t *arena, spin_slice_t application);

/* Fills in that one where the options name none. Errors: NO_MEMORY. */
spin_error_t *component_output_init(component_output_t *output, arena_t *arena,
                                    spin_slice_t application);

/* The two streams of a component. Paths live in `arena`. component_log_deinit is allowed also where
 * this fails. Errors: NO_MEMORY. */
spin_error_t *component_logs_init(component_log_t *out, component_log_t *err, arena_t *arena,
                                  const component_output_t *output, spin_slice_t component);
void component_log_deinit(component_log_t *log);

/* `name` without what a file name can't hold. `ptr` is NULL when out of memory. */
spin_slice_t component_log_file_name(arena_t *arena, spin_slice_t name);

/* What one request has written so far. Zero to begin with. */
typedef struct log_lines {
    uint8_t *ptr;
    size_t len;
    size_t cap;
} log_lines_t;

/* Collects in `arena`, and writes what is there when it grows past a bound. */
void log_lines_add(log_lines_t *lines, arena_t *arena, component_log_t *log, spin_slice_t bytes);
void log_lines_flush(log_lines_t *lines, component_log_t *log);

#endif
