#include "base/log.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"

static const char *const level_names[] = {"error", "warn", "info", "debug", "trace"};
static const char *const level_labels[] = {"ERROR", "WARN ", "INFO ", "DEBUG", "TRACE"};

spin_log_level_t log_level_now = (spin_log_level_t)-1;

static struct {
    spin_log_sink_fn sink;
    void *user;
    spin_log_format_t format;
} config;

void spin_log_configure(spin_log_sink_fn sink, void *user, spin_log_level_t level,
                        spin_log_format_t format) {
    config.sink = sink;
    config.user = user;
    config.format = format;
    log_level_now = sink == NULL ? (spin_log_level_t)-1 : level;
}

bool spin_log_level_parse(const char *text, spin_log_level_t *out) {
    for (size_t i = 0; i < sizeof level_names / sizeof *level_names; i++)
        if (strcmp(text, level_names[i]) == 0) {
            *out = (spin_log_level_t)i;
            return true;
        }
    return false;
}

void spin_log_sink_fd(spin_log_level_t level, spin_slice_t record, void *user) {
    (void)level;
    /* Nobody can be told when the log itself can't be written. */
    ssize_t written = write(*(const int *)user, record.ptr, record.len);
    (void)written;
}

/* Text form: quoted only where a reader would lose track of where the value ends. */
static void append_text_value(buf_t *out, spin_slice_t value) {
    bool plain = value.len > 0;
    for (size_t i = 0; i < value.len && plain; i++)
        plain = value.ptr[i] > ' ' && value.ptr[i] < 0x7F && value.ptr[i] != '"' &&
                value.ptr[i] != '=' && value.ptr[i] != '\\';
    if (plain)
        buf_append(out, value);
    else
        buf_append_json(out, value);
}

static void append_value(buf_t *out, spin_slice_t value) {
    if (config.format == SPIN_LOG_JSON)
        buf_append_json(out, value);
    else
        append_text_value(out, value);
}

static void append_error(buf_t *out, const spin_error_t *error) {
    char text[1024];
    size_t len = spin_error_format(error, text, sizeof text);
    append_value(out, spin_slice_of(text, len < sizeof text ? len : sizeof text - 1));
}

static void append_field(buf_t *out, const log_field_t *field) {
    if (config.format == SPIN_LOG_JSON) {
        buf_append_byte(out, ',');
        buf_append_json(out, spin_slice(field->key));
        buf_append_byte(out, ':');
    } else
        buf_printf(out, " %s=", field->key);
    switch (field->type) {
    case LOG_FIELD_SLICE: append_value(out, field->of.slice); break;
    case LOG_FIELD_INT: buf_printf(out, "%lld", (long long)field->of.integer); break;
    case LOG_FIELD_ERROR: append_error(out, field->of.error); break;
    }
}

void log_write(spin_log_level_t level, const char *message, const log_field_t *fields,
               size_t count) {
    struct timespec now;
    struct tm utc;
    char stamp[40];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t len = strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(stamp + len, sizeof stamp - len, ".%03ldZ", now.tv_nsec / 1000000);

    buf_t out = {0};
    if (config.format == SPIN_LOG_JSON) {
        buf_printf(&out, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":", stamp,
                   level_names[level]);
        buf_append_json(&out, spin_slice(message));
    } else
        buf_printf(&out, "%s %s %s", stamp, level_labels[level], message);
    for (size_t i = 0; i < count; i++)
        append_field(&out, &fields[i]);
    buf_append_text(&out, config.format == SPIN_LOG_JSON ? "}\n" : "\n");
    if (!out.failed)
        config.sink(level, buf_slice(&out), config.user);
    buf_deinit(&out);
}
