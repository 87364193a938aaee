#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
    BAR_EVERY_MS = 100,
    LINE_EVERY_MS = 5000,
    SAMPLE_MS = 250,
    LINE_MAX_BYTES = 1024, /* on the screen */
    COLUMNS_UNKNOWN = 80,
    COLUMNS_MAX = 200,
    BAR_MAX = 40, /* columns */
    BAR_MIN = 10,
    NAME_MAX_COLUMNS = 30,
};

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void progress_init(progress_t *progress) {
    const char *term = getenv("TERM");
    *progress = (progress_t){.fd = STDERR_FILENO};
    progress->terminal =
        isatty(progress->fd) && term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
}

/* ── numbers and names ───────────────────────────────────────────────────────────────────── */

typedef struct shown {
    char text[LINE_MAX_BYTES];
} shown_t;

static shown_t show_bytes(double bytes) {
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
    shown_t shown;
    size_t unit = 0;
    while (bytes >= 999.5 && unit + 1 < sizeof units / sizeof *units) {
        bytes /= 1000;
        unit++;
    }
    snprintf(shown.text, sizeof shown.text, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
    return shown;
}

static shown_t show_time(double seconds) {
    shown_t shown;
    unsigned all = seconds > 359999 ? 359999 : (unsigned)(seconds + 0.5);
    if (all >= 3600)
        snprintf(shown.text, sizeof shown.text, "%u:%02u:%02u", all / 3600, all / 60 % 60,
                 all % 60);
    else
        snprintf(shown.text, sizeof shown.text, "%u:%02u", all / 60, all % 60);
    return shown;
}

/* At most `most` columns, a code point each; nothing that a terminal obeys. What is too long loses
 * its beginning, as names that are paths differ at the end. */
static shown_t show_name(const char *name, size_t most) {
    shown_t shown;
    size_t columns = 0, skip, out = 0;
    for (const char *at = name; *at != '\0'; at++)
        columns += ((unsigned char)*at & 0xC0) != 0x80;
    skip = columns > most ? columns - most + 3 : 0;
    if (skip > 0)
        out = (size_t)snprintf(shown.text, sizeof shown.text, "...");
    columns = 0;
    for (const char *at = name; *at != '\0' && out + 1 < sizeof shown.text; at++) {
        columns += ((unsigned char)*at & 0xC0) != 0x80;
        if (columns > skip)
            shown.text[out++] = (unsigned char)*at < ' ' || *at == 0x7F ? '?' : *at;
    }
    shown.text[out] = '\0';
    return shown;
}

static unsigned percent(const spin_bindle_progress_t *bindle) {
    if (bindle->total_bytes == 0 || bindle->done_bytes >= bindle->total_bytes)
        return 100;
    return (unsigned)((double)bindle->done_bytes * 100 / (double)bindle->total_bytes);
}

/* ── the bar ─────────────────────────────────────────────────────────────────────────────── */

static size_t columns_of(int fd) {
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return COLUMNS_UNKNOWN;
    return size.ws_col < COLUMNS_MAX ? size.ws_col : COLUMNS_MAX;
}

static void write_text(int fd, const char *text) {
    size_t len = strlen(text);
    while (len > 0) {
        ssize_t put = write(fd, text, len);
        if (put <= 0)
            return; /* nobody looks */
        text += put;
        len -= (size_t)put;
    }
}

static size_t append(shown_t *line, size_t len, const char *text) {
    size_t room = sizeof line->text - len - 1, add = strlen(text);
    if (add > room)
        add = room;
    memcpy(line->text + len, text, add);
    line->text[len + add] = '\0';
    return len + add;
}

static size_t append_bar(shown_t *line, size_t len, size_t columns, unsigned done) {
    size_t full = columns * done / 100;
    len = append(line, len, "  [");
    for (size_t i = 0; i < columns; i++)
        len = append(line, len, i < full ? "=" : i == full ? ">" : " ");
    return append(line, len, "]");
}

/* The line is made as a whole and replaces the one before in one write, so that nothing flickers.
 * It leaves the last column free: some terminals begin a new line there. */
static void draw(progress_t *progress, const spin_bindle_progress_t *bindle) {
    size_t columns = columns_of(progress->fd) - 1, len = 0, used;
    uint64_t left = bindle->total_bytes - bindle->done_bytes;
    char start[64], end[160];
    used = (size_t)snprintf(start, sizeof start, "%zu/%zu ", bindle->parcel, bindle->parcels);
    used += (size_t)snprintf(end, sizeof end, "  %3u %%", percent(bindle));
    if (progress->rate > 0 && columns >= 60)
        used += (size_t)snprintf(end + strlen(end), sizeof end - strlen(end), "  %s/s  %s left",
                                 show_bytes(progress->rate).text,
                                 show_time((double)left / progress->rate).text);
    shown_t line, name = show_name(bindle->what, NAME_MAX_COLUMNS);
    size_t name_columns = 0;
    for (const char *at = name.text; *at != '\0'; at++)
        name_columns += ((unsigned char)*at & 0xC0) != 0x80;
    len = append(&line, len, "\r");
    len = append(&line, len, start);
    if (used + name_columns <= columns)
        len = append(&line, len, name.text);
    used += name_columns;
    if (used + 4 + BAR_MIN <= columns) {
        size_t room = columns - used - 4;
        len = append_bar(&line, len, room < BAR_MAX ? room : BAR_MAX, percent(bindle));
    }
    len = append(&line, len, end);
    append(&line, len, "\x1b[K");
    write_text(progress->fd, line.text);
    progress->drawn = true;
}

void progress_end(progress_t *progress) {
    if (progress->drawn)
        write_text(progress->fd, "\r\x1b[K");
    progress->drawn = false;
}

/* ── lines ───────────────────────────────────────────────────────────────────────────────── */

static void print_line(progress_t *progress, const spin_bindle_progress_t *bindle) {
    shown_t line, name = show_name(bindle->what, LINE_MAX_BYTES / 2);
    shown_t size = show_bytes((double)bindle->total_bytes);
    bool done = bindle->done_bytes >= bindle->total_bytes;
    int len = snprintf(line.text, sizeof line.text, "parcel %zu/%zu: %s", bindle->parcel,
                       bindle->parcels, name.text);
    char *rest = line.text + len;
    size_t room = sizeof line.text - (size_t)len;
    if (bindle->skipped)
        snprintf(rest, room, ": there already\n");
    else if (done)
        snprintf(rest, room, " (%s)\n", size.text);
    else
        snprintf(rest, room, ": %u %% of %s, %s/s\n", percent(bindle), size.text,
                 show_bytes(progress->rate).text);
    write_text(progress->fd, line.text);
}

/* ── both ────────────────────────────────────────────────────────────────────────────────── */

static void begin(progress_t *progress, const spin_bindle_progress_t *bindle, uint64_t now) {
    progress->parcel = bindle->parcel;
    progress->finished = false;
    progress->sampled_ms = now;
    progress->sampled_bytes = bindle->done_bytes;
    if (!progress->terminal)
        progress->shown_ms = now;
}

static void sample(progress_t *progress, const spin_bindle_progress_t *bindle, uint64_t now) {
    uint64_t ms = now - progress->sampled_ms;
    if (ms < SAMPLE_MS || bindle->done_bytes < progress->sampled_bytes)
        return;
    double rate = (double)(bindle->done_bytes - progress->sampled_bytes) * 1000 / (double)ms;
    progress->rate = progress->rate > 0 ? 0.7 * progress->rate + 0.3 * rate : rate;
    progress->sampled_ms = now;
    progress->sampled_bytes = bindle->done_bytes;
}

void progress_show(const spin_bindle_progress_t *bindle, void *user) {
    progress_t *progress = user;
    uint64_t now = now_ms();
    if (bindle->parcel != progress->parcel)
        begin(progress, bindle, now);
    sample(progress, bindle, now);
    bool done = bindle->done_bytes >= bindle->total_bytes;
    bool due = now - progress->shown_ms >= (progress->terminal ? BAR_EVERY_MS : LINE_EVERY_MS);
    if (progress->terminal && done && bindle->parcel == bindle->parcels)
        progress_end(progress);
    else if (progress->terminal && due)
        draw(progress, bindle);
    else if (!progress->terminal && (done ? !progress->finished : due))
        print_line(progress, bindle);
    else
        return;
    progress->shown_ms = now;
    progress->finished = done;
}
