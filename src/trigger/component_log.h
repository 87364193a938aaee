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

/* `dir`: made, with its parents, when there is something to write. Paths live in `arena`. `stream`
 * is "stdout" or "stderr". Errors: NO_MEMORY. */
spin_error_t *component_log_init(component_log_t *log, arena_t *arena, const char *dir,
                                 spin_slice_t component, const char *stream, int follow_fd);
void component_log_deinit(component_log_t *log);

/* The default folder: .spin/APPLICATION/logs below the home directory. NULL when out of memory. */
const char *component_log_default_dir(arena_t *arena, spin_slice_t application);
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
