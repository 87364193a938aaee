#include "trigger/component_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/error.h"
#include "base/file_write.h"
#include "base/log.h"

enum { FIRST_CAP = 256, MAX_CAP = 64 * 1024, MAX_NAME = 200 };

/* ── names ── */

/* The rules of the `sanitize-filename` package that Spin uses, so that both find the same files. */
spin_slice_t component_log_file_name(arena_t *arena, spin_slice_t name) {
    uint8_t *out = arena_alloc_bytes(arena, name.len + 1);
    if (out == NULL)
        return (spin_slice_t){NULL, 0};
    size_t len = 0;
    for (size_t i = 0; i < name.len && len < MAX_NAME; i++)
        if (name.ptr[i] >= 0x20 && name.ptr[i] != 0x7f &&
            strchr("/?<>\\:*|\"", name.ptr[i]) == NULL)
            out[len++] = name.ptr[i];
    while (len > 0 && (out[len - 1] == '.' || out[len - 1] == ' '))
        len--;
    if (len == 0)
        out[len++] = '_';
    return spin_slice_of(out, len);
}

const char *component_log_default_dir(arena_t *arena, spin_slice_t application) {
    const char *home = getenv("HOME");
    spin_slice_t name = component_log_file_name(arena, application);
    if (name.ptr == NULL)
        return NULL;
    bool has_home = home != NULL && home[0] != '\0';
    return (const char *)arena_printf(arena, "%s%s%.*s/logs", has_home ? home : "",
                                      has_home ? "/.spin/" : "", SLICE_ARG(name))
        .ptr;
}

spin_error_t *component_output_init(component_output_t *output, arena_t *arena,
                                    spin_slice_t application) {
    if (output->log_dir == NULL)
        output->log_dir = component_log_default_dir(arena, application);
    return output->log_dir == NULL ? error_no_memory() : NULL;
}

static bool is_followed(const component_output_t *output, spin_slice_t component) {
    if (output->quiet || output->follow_all)
        return !output->quiet;
    for (size_t i = 0; i < output->follow_len; i++)
        if (slice_equal_text(component, output->follow[i]))
            return true;
    return false;
}

/* `stream` is "stdout" or "stderr". */
static spin_error_t *init_log(component_log_t *log, arena_t *arena, const char *dir,
                              spin_slice_t component, const char *stream, int follow_fd) {
    *log = (component_log_t){.component = component, .fd = -1, .follow_fd = follow_fd};
    spin_slice_t name = component_log_file_name(arena, component);
    if (name.ptr == NULL)
        return error_no_memory();
    log->path =
        (const char *)arena_printf(arena, "%s/%.*s_%s.txt", dir, SLICE_ARG(name), stream).ptr;
    return log->path == NULL ? error_no_memory() : NULL;
}

spin_error_t *component_logs_init(component_log_t *out, component_log_t *err, arena_t *arena,
                                  const component_output_t *output, spin_slice_t component) {
    bool followed = is_followed(output, component);
    out->fd = err->fd = -1;
    spin_error_t *error =
        init_log(out, arena, output->log_dir, component, "stdout", followed ? STDOUT_FILENO : -1);
    return error != NULL ? error
                         : init_log(err, arena, output->log_dir, component, "stderr",
                                    followed ? STDERR_FILENO : -1);
}

void component_log_deinit(component_log_t *log) {
    if (log->fd >= 0)
        close(log->fd);
    log->fd = -1;
}

/* ── writing ── */

static void warn(component_log_t *log, int number) {
    static const uint64_t minute_ns = 60ull * 1000 * 1000 * 1000;
    uint64_t now = uv_hrtime();
    if (log->warned_at != 0 && now - log->warned_at < minute_ns)
        return;
    log->warned_at = now;
    LOG_WARN("a component's output can't be kept", LOG_SLICE("component", log->component),
             LOG_TEXT("file", log->path), LOG_TEXT("reason", strerror(number)));
}

/* Lets go of a file that was rotated away. */
static void look_again(component_log_t *log) {
    static const uint64_t second_ns = 1000 * 1000 * 1000;
    uint64_t now = uv_hrtime();
    struct stat own, found;
    if (log->fd < 0 || now - log->looked_at < second_ns)
        return;
    log->looked_at = now;
    if (fstat(log->fd, &own) != 0 || stat(log->path, &found) != 0 || own.st_ino != found.st_ino ||
        own.st_dev != found.st_dev)
        component_log_deinit(log);
}

static bool open_log(component_log_t *log) {
    const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    look_again(log);
    if (log->fd >= 0)
        return true;
    log->looked_at = uv_hrtime();
    log->fd = open(log->path, flags, 0644);
    if (log->fd < 0 && errno == ENOENT) {
        file_make_parents(log->path, 0755);
        log->fd = open(log->path, flags, 0644);
    }
    return log->fd >= 0;
}

static void write_log(component_log_t *log, spin_slice_t bytes) {
    if (bytes.len == 0)
        return;
    int failed = open_log(log) ? file_write_all(log->fd, bytes) : errno;
    if (failed != 0)
        warn(log, failed);
    if (log->follow_fd >= 0)
        file_write_all(log->follow_fd, bytes);
}

static bool grow(log_lines_t *lines, arena_t *arena, size_t needed) {
    size_t cap = lines->cap == 0 ? FIRST_CAP : lines->cap;
    while (cap < needed)
        cap *= 2;
    uint8_t *ptr = arena_alloc_bytes(arena, cap);
    if (ptr == NULL)
        return false;
    if (lines->len > 0)
        memcpy(ptr, lines->ptr, lines->len);
    lines->ptr = ptr;
    lines->cap = cap;
    return true;
}

void log_lines_add(log_lines_t *lines, arena_t *arena, component_log_t *log, spin_slice_t bytes) {
    bool fits = lines->len + bytes.len <= lines->cap;
    if (!fits && lines->len + bytes.len <= MAX_CAP)
        fits = grow(lines, arena, lines->len + bytes.len);
    if (!fits)
        log_lines_flush(lines, log);
    if (lines->len + bytes.len > lines->cap) {
        write_log(log, bytes);
        return;
    }
    if (bytes.len > 0)
        memcpy(lines->ptr + lines->len, bytes.ptr, bytes.len);
    lines->len += bytes.len;
}

void log_lines_flush(log_lines_t *lines, component_log_t *log) {
    write_log(log, spin_slice_of(lines->ptr, lines->len));
    lines->len = 0;
}
