/* Dates and times: RFC 3339 section 5.6 and its parts. */
#include "base/error.h"
#include "base/toml_scan.h"

typedef struct cursor {
    spin_slice_t rest;
    const char *reason; /* the first thing that was wrong; NULL: nothing yet */
} cursor_t;

static bool read_digits(spin_slice_t text, size_t len, unsigned *out) {
    unsigned value = 0;
    if (text.len < len)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        value = value * 10 + (unsigned)(text.ptr[i] - '0');
    }
    *out = value;
    return true;
}

static bool all_digits(spin_slice_t text, size_t len) {
    unsigned ignored;
    return read_digits(text, len, &ignored);
}

static int peek(const cursor_t *cursor) {
    return cursor->rest.len == 0 ? -1 : cursor->rest.ptr[0];
}

static void fail(cursor_t *cursor, const char *reason) {
    if (cursor->reason == NULL)
        cursor->reason = reason;
}

static unsigned take_number(cursor_t *cursor, size_t digits, const char *reason) {
    unsigned value = 0;
    if (!read_digits(cursor->rest, digits, &value))
        fail(cursor, reason);
    else
        cursor->rest = slice_from(cursor->rest, digits);
    return value;
}

static void take_separator(cursor_t *cursor, int separator, const char *reason) {
    if (peek(cursor) != separator)
        fail(cursor, reason);
    else
        cursor->rest = slice_from(cursor->rest, 1);
}

static unsigned days_in_month(unsigned year, unsigned month) {
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

static void take_date(cursor_t *cursor) {
    static const char form[] = "a date is written YYYY-MM-DD";
    unsigned year = take_number(cursor, 4, form);
    take_separator(cursor, '-', form);
    unsigned month = take_number(cursor, 2, form);
    take_separator(cursor, '-', form);
    unsigned day = take_number(cursor, 2, form);
    if (cursor->reason != NULL)
        return;
    if (month < 1 || month > 12)
        fail(cursor, "the month is not 01 to 12");
    else if (day < 1 || day > days_in_month(year, month))
        fail(cursor, "there is no such day in that month");
}

static void take_time(cursor_t *cursor) {
    static const char form[] = "a time is written HH:MM:SS, with a fraction if need be";
    unsigned hour = take_number(cursor, 2, form);
    take_separator(cursor, ':', form);
    unsigned minute = take_number(cursor, 2, form);
    take_separator(cursor, ':', form);
    unsigned second = take_number(cursor, 2, form);
    if (hour > 23)
        fail(cursor, "the hour is not 00 to 23");
    if (minute > 59)
        fail(cursor, "the minute is not 00 to 59");
    if (second > 60) /* 60: a leap second */
        fail(cursor, "the second is not 00 to 60");
    if (peek(cursor) != '.')
        return;
    cursor->rest = slice_from(cursor->rest, 1);
    if (!all_digits(cursor->rest, 1))
        fail(cursor, "a fraction of a second needs a digit");
    while (all_digits(cursor->rest, 1))
        cursor->rest = slice_from(cursor->rest, 1);
}

static void take_offset(cursor_t *cursor) {
    static const char form[] = "an offset is written Z, +HH:MM or -HH:MM";
    int sign = peek(cursor);
    if ((sign | 0x20) == 'z') {
        cursor->rest = slice_from(cursor->rest, 1);
        return;
    }
    take_separator(cursor, sign == '-' ? '-' : '+', form);
    unsigned hour = take_number(cursor, 2, form);
    take_separator(cursor, ':', form);
    unsigned minute = take_number(cursor, 2, form);
    if (hour > 23 || minute > 59)
        fail(cursor, "the offset is not within 23:59");
}

bool toml_looks_like_datetime(spin_slice_t token) {
    return (token.len > 4 && all_digits(token, 4) && token.ptr[4] == '-') ||
           (token.len > 2 && all_digits(token, 2) && token.ptr[2] == ':');
}

/* "T" and "Z" in upper case; a space becomes "T". */
static spin_error_t *normalise(const toml_scanner_t *scan, spin_slice_t token, toml_value_t *out) {
    uint8_t *text = arena_alloc_bytes(scan->arena, token.len);
    if (text == NULL)
        return error_no_memory();
    for (size_t i = 0; i < token.len; i++) {
        uint8_t c = token.ptr[i];
        text[i] = c == 't' || c == ' ' ? 'T' : c == 'z' ? 'Z' : c;
    }
    out->of.datetime = spin_slice_of(text, token.len);
    return NULL;
}

spin_error_t *toml_read_datetime(const toml_scanner_t *scan, toml_mark_t mark, spin_slice_t token,
                                 toml_value_t *out) {
    cursor_t cursor = {token, NULL};
    if (token.ptr[2] == ':') {
        out->type = TOML_LOCAL_TIME;
        take_time(&cursor);
    } else {
        out->type = TOML_LOCAL_DATE;
        take_date(&cursor);
        int separator = peek(&cursor);
        if (cursor.reason == NULL && ((separator | 0x20) == 't' || separator == ' ')) {
            out->type = TOML_LOCAL_DATETIME;
            cursor.rest = slice_from(cursor.rest, 1);
            take_time(&cursor);
            if (cursor.rest.len > 0 && cursor.reason == NULL) {
                out->type = TOML_OFFSET_DATETIME;
                take_offset(&cursor);
            }
        }
    }
    if (cursor.rest.len > 0)
        fail(&cursor, "there is more after its end");
    if (cursor.reason != NULL)
        return TOML_FAIL(scan, mark, "\"%s\" is not a %s: %s", toml_show(token).text,
                         token.ptr[2] == ':' ? "time" : "date", cursor.reason);
    return normalise(scan, token, out);
}
