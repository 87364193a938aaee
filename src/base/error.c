#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/alloc.h"

struct spin_error {
    spin_error_kind_t kind;
    spin_position_t position;
    char *file;
    char *message;
    spin_error_t *cause;
};

/* Shared by all threads and never written. */
static const spin_error_t no_memory = {.kind = SPIN_ERROR_NO_MEMORY,
                                       .message = (char *)"out of memory"};

spin_error_t *error_no_memory(void) {
    return (spin_error_t *)&no_memory;
}

static char *format_message(const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    char *text = len < 0 ? NULL : mem_alloc((size_t)len + 1);
    if (text != NULL)
        vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return text;
}

static spin_error_t *make(spin_error_kind_t kind, spin_error_t *cause, const char *format,
                          va_list args) {
    spin_error_t *error = mem_calloc(1, sizeof *error);
    if (error != NULL) {
        error->kind = kind;
        error->message = format_message(format, args);
    }
    if (error == NULL || error->message == NULL) {
        mem_free(error);
        if (cause != NULL)
            return cause; /* better the reason alone than no reason */
        return error_no_memory();
    }
    error->cause = cause;
    return error;
}

spin_error_t *error_new(spin_error_kind_t kind, const char *format, ...) {
    va_list args;
    va_start(args, format);
    spin_error_t *error = make(kind, NULL, format, args);
    va_end(args);
    return error;
}

spin_error_t *spin_error_new(spin_error_kind_t kind, const char *format, ...) {
    va_list args;
    va_start(args, format);
    spin_error_t *error = make(kind, NULL, format, args);
    va_end(args);
    return error;
}

spin_error_t *error_wrap(spin_error_t *cause, const char *format, ...) {
    va_list args;
    va_start(args, format);
    spin_error_t *error = make(spin_error_kind(cause), cause, format, args);
    va_end(args);
    return error;
}

static spin_error_kind_t kind_of_errno(int number) {
    switch (number) {
    case ENOENT:
    case ENOTDIR: return SPIN_ERROR_NOT_FOUND;
    case EACCES:
    case EPERM: return SPIN_ERROR_DENIED;
    case EEXIST:
    case EADDRINUSE: return SPIN_ERROR_EXISTS;
    case ENOMEM: return SPIN_ERROR_NO_MEMORY;
    case ETIMEDOUT: return SPIN_ERROR_TIMEOUT;
    case EMFILE:
    case ENFILE: return SPIN_ERROR_LIMIT;
    default: return SPIN_ERROR_IO;
    }
}

spin_error_t *error_from_errno(int number, const char *format, ...) {
    const char *reason = strerror(number); /* thread-safe since POSIX.1-2024, glibc 2.32 */
    va_list args;
    va_start(args, format);
    spin_error_t *error =
        make(kind_of_errno(number), error_new(kind_of_errno(number), "%s", reason), format, args);
    va_end(args);
    return error;
}

spin_error_t *error_at(spin_error_t *error, const char *file, uint32_t line, uint32_t column) {
    if (error == &no_memory)
        return error;
    error->position.line = line;
    error->position.column = column;
    mem_free(error->file);
    error->file = file == NULL ? NULL : mem_copy_text(spin_slice(file));
    return error;
}

spin_error_t *error_at_offset(spin_error_t *error, const char *file, uint64_t offset) {
    error = error_at(error, file, 0, 0);
    if (error == &no_memory)
        return error;
    error->position.offset = offset;
    error->position.has_offset = true;
    return error;
}

spin_error_kind_t spin_error_kind(const spin_error_t *error) {
    while (error->cause != NULL)
        error = error->cause;
    return error->kind;
}

const char *spin_error_kind_name(spin_error_kind_t kind) {
    static const char *const names[] = {
        [SPIN_ERROR_INVALID] = "invalid",     [SPIN_ERROR_USAGE] = "usage",
        [SPIN_ERROR_NOT_FOUND] = "not found", [SPIN_ERROR_DENIED] = "denied",
        [SPIN_ERROR_EXISTS] = "exists",       [SPIN_ERROR_UNSUPPORTED] = "unsupported",
        [SPIN_ERROR_LIMIT] = "limit",         [SPIN_ERROR_TIMEOUT] = "timeout",
        [SPIN_ERROR_IO] = "input/output",     [SPIN_ERROR_NO_MEMORY] = "no memory",
        [SPIN_ERROR_TRAP] = "trap",           [SPIN_ERROR_EXIT] = "exit",
        [SPIN_ERROR_CANCELLED] = "cancelled", [SPIN_ERROR_INTERNAL] = "internal",
    };
    size_t index = (size_t)kind;
    if (index >= sizeof names / sizeof *names || names[index] == NULL)
        return "unknown";
    return names[index];
}

const char *spin_error_message(const spin_error_t *error) {
    return error->message;
}

const char *spin_error_file(const spin_error_t *error) {
    return error->file;
}

spin_position_t spin_error_position(const spin_error_t *error) {
    return error->position;
}

const spin_error_t *spin_error_cause(const spin_error_t *error) {
    return error->cause;
}

/* A window that formatted text falls into; what does not fit is only counted. */
typedef struct {
    char *at;
    size_t room;
    size_t total;
} window_t;

static void emit(window_t *window, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void emit(window_t *window, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int len = vsnprintf(window->at, window->room, format, args);
    va_end(args);
    if (len < 0)
        return;
    window->total += (size_t)len;
    size_t written = (size_t)len < window->room ? (size_t)len : window->room;
    if (window->at != NULL)
        window->at += written;
    window->room -= written;
}

size_t spin_error_format(const spin_error_t *error, char *buffer, size_t size) {
    window_t window = {buffer, size, 0};
    if (size > 0)
        buffer[0] = '\0';
    for (; error != NULL; error = error->cause) {
        if (error->file != NULL)
            emit(&window, "%s:", error->file);
        if (error->position.has_offset)
            emit(&window, error->file != NULL ? "0x%llx: " : "at offset 0x%llx: ",
                 (unsigned long long)error->position.offset);
        else if (error->position.line != 0)
            emit(&window,
                 error->file != NULL ? "%u:%u: " : "line %u, column %u: ", error->position.line,
                 error->position.column);
        else if (error->file != NULL)
            emit(&window, " ");
        emit(&window, "%s%s", error->message, error->cause == NULL ? "" : ": ");
    }
    if (size > 0 && window.room == 0)
        buffer[size - 1] = '\0';
    return window.total;
}

int spin_error_exit_code(spin_error_kind_t kind) {
    return kind == SPIN_ERROR_USAGE ? 2 : 1;
}

int spin_error_http_status(spin_error_kind_t kind) {
    switch (kind) {
    case SPIN_ERROR_TIMEOUT: return 504;
    case SPIN_ERROR_LIMIT: return 503;
    case SPIN_ERROR_NOT_FOUND: return 404;
    case SPIN_ERROR_INVALID: return 400;
    default: return 500;
    }
}

void spin_error_free(spin_error_t *error) {
    while (error != NULL && error != &no_memory) {
        spin_error_t *cause = error->cause;
        mem_free(error->file);
        mem_free(error->message);
        mem_free(error);
        error = cause;
    }
}
