#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/toml_scan.h"

static bool is_digit(uint8_t c, unsigned base) {
    if (base == 16 && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
        return true;
    return c >= '0' && c < '0' + (base < 10 ? base : 10);
}

/* The length of the digits and underscores that `text` begins with; 0 unless a digit stands on both
 * sides of each underscore (section "Integer"). */
static size_t digits_len(spin_slice_t text, unsigned base) {
    size_t len = 0;
    while (len < text.len && (is_digit(text.ptr[len], base) ||
                              (text.ptr[len] == '_' && len > 0 && text.ptr[len - 1] != '_')))
        len++;
    return len > 0 && text.ptr[len - 1] == '_' ? 0 : len;
}

static bool has_leading_zero(spin_slice_t digits) {
    return digits.len > 1 && digits.ptr[0] == '0';
}

static spin_error_t *fail_number(const toml_scanner_t *scan, toml_mark_t mark, spin_slice_t token,
                                 const char *hint) {
    return TOML_FAIL(scan, mark, "\"%s\" is not a number: %s", toml_show(token).text, hint);
}

static spin_error_t *read_integer(const toml_scanner_t *scan, toml_mark_t mark, spin_slice_t token,
                                  spin_slice_t digits, unsigned base, toml_value_t *out) {
    if (digits_len(digits, base) != digits.len || digits.len == 0)
        return fail_number(scan, mark, token,
                           base == 10 ? "expected digits, with \"_\" only between two of them"
                                      : "expected digits of its base after the prefix");
    if (base == 10 && has_leading_zero(digits))
        return fail_number(scan, mark, token, "a leading zero is not allowed");
    bool negative = token.ptr[0] == '-';
    int64_t value = 0;
    bool over = false;
    for (size_t i = 0; i < digits.len && !over; i++) {
        uint8_t c = digits.ptr[i];
        if (c == '_')
            continue;
        int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
        over = __builtin_mul_overflow(value, (int64_t)base, &value) ||
               __builtin_add_overflow(value, negative ? -digit : digit, &value);
    }
    if (over)
        return TOML_FAIL(scan, mark, "%s does not fit a 64-bit integer", toml_show(token).text);
    out->type = TOML_INTEGER;
    out->of.integer = value;
    return NULL;
}

/* Section "Float": an integer part, then a fraction or an exponent or both. */
static const char *check_float(spin_slice_t digits) {
    size_t whole = digits_len(digits, 10);
    if (whole == 0)
        return "expected a digit before the point";
    if (has_leading_zero(spin_slice_of(digits.ptr, whole)))
        return "a leading zero is not allowed";
    digits = slice_from(digits, whole);
    if (digits.len > 0 && digits.ptr[0] == '.') {
        size_t fraction = digits_len(slice_from(digits, 1), 10);
        if (fraction == 0)
            return "expected a digit after the point";
        digits = slice_from(digits, 1 + fraction);
    }
    if (digits.len > 0 && (digits.ptr[0] | 0x20) == 'e') {
        digits = slice_from(digits, 1);
        if (digits.len > 0 && (digits.ptr[0] == '+' || digits.ptr[0] == '-'))
            digits = slice_from(digits, 1);
        size_t exponent = digits_len(digits, 10);
        if (exponent == 0)
            return "expected a digit in the exponent";
        digits = slice_from(digits, exponent);
    }
    return digits.len == 0 ? NULL : "expected digits, at most one point and one exponent";
}

/* strtod is rounded correctly but asks the locale for its point. */
static spin_error_t *convert_float(const char *text, double *out) {
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (plain == (locale_t)0)
        return error_no_memory();
    *out = strtod_l(text, NULL, plain);
    freelocale(plain);
    return NULL;
}

static spin_error_t *read_float(const toml_scanner_t *scan, toml_mark_t mark, spin_slice_t token,
                                spin_slice_t digits, toml_value_t *out) {
    const char *reason = check_float(digits);
    if (reason != NULL)
        return fail_number(scan, mark, token, reason);
    char *text = arena_alloc_bytes(scan->arena, token.len + 1);
    if (text == NULL)
        return error_no_memory();
    size_t len = 0;
    for (size_t i = 0; i < token.len; i++)
        if (token.ptr[i] != '_')
            text[len++] = (char)token.ptr[i];
    text[len] = '\0';
    out->type = TOML_FLOAT;
    spin_error_t *error = convert_float(text, &out->of.number);
    if (error == NULL && isinf(out->of.number))
        return TOML_FAIL(scan, mark, "%s does not fit a 64-bit float", toml_show(token).text);
    return error;
}

static spin_error_t *read_number(const toml_scanner_t *scan, toml_mark_t mark, spin_slice_t token,
                                 toml_value_t *out) {
    bool signed_ = token.ptr[0] == '+' || token.ptr[0] == '-';
    spin_slice_t digits = slice_from(token, signed_ ? 1 : 0);
    if (slice_equal(digits, SLICE_LITERAL("inf")) || slice_equal(digits, SLICE_LITERAL("nan"))) {
        double number = digits.ptr[0] == 'i' ? (double)INFINITY : (double)NAN;
        out->type = TOML_FLOAT;
        out->of.number = copysign(number, token.ptr[0] == '-' ? -1.0 : 1.0);
        return NULL;
    }
    if (digits.len >= 2 && digits.ptr[0] == '0') {
        uint8_t c = digits.ptr[1];
        unsigned base = c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 0;
        if (base != 0 && signed_)
            return fail_number(scan, mark, token, "a number with a prefix has no sign");
        if (base != 0)
            return read_integer(scan, mark, token, slice_from(digits, 2), base, out);
    }
    for (size_t i = 0; i < digits.len; i++)
        if (digits.ptr[i] == '.' || (digits.ptr[i] | 0x20) == 'e')
            return read_float(scan, mark, token, digits, out);
    return read_integer(scan, mark, token, digits, 10, out);
}

static spin_error_t *fail_word(const toml_scanner_t *scan, toml_mark_t mark, spin_slice_t token) {
    static const char *const words[] = {"true", "false", "inf", "nan"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (slice_equal_ignore_case(token, spin_slice(words[i])))
            return TOML_FAIL(scan, mark, "\"%s\" is written in lower case: %s",
                             toml_show(token).text, words[i]);
    return TOML_FAIL(scan, mark, "\"%s\" is not a value; a string needs quotes",
                     toml_show(token).text);
}

/* The bytes up to what can only follow a value. */
static spin_slice_t take_token(toml_scanner_t *scan) {
    const uint8_t *begin = scan->at;
    while (scan->at<scan->end && * scan->at> ' ' && strchr(",]}#[{=\"'", *scan->at) == NULL)
        scan->at++;
    return spin_slice_of(begin, (size_t)(scan->at - begin));
}

spin_error_t *toml_take_scalar(toml_scanner_t *scan, toml_value_t *out) {
    toml_mark_t mark = toml_here(scan);
    spin_slice_t token = take_token(scan);
    if (token.len == 0)
        return TOML_FAIL(scan, mark, "expected a value, found %s", toml_show_here(scan).text);
    if (slice_equal(token, SLICE_LITERAL("true")) || slice_equal(token, SLICE_LITERAL("false"))) {
        out->type = TOML_BOOLEAN;
        out->of.boolean = token.len == 4;
        return NULL;
    }
    if (toml_looks_like_datetime(token)) {
        /* A space may stand for the "T" (section "Offset Date-Time"). */
        int next = toml_peek(scan, 1);
        if (token.len == 10 && token.ptr[4] == '-' && toml_peek(scan, 0) == ' ' && next >= '0' &&
            next <= '9') {
            scan->at++;
            token.len += 1 + take_token(scan).len;
        }
        return toml_read_datetime(scan, mark, token, out);
    }
    uint8_t first = token.ptr[0];
    if ((first >= '0' && first <= '9') || strchr("+-._", first) != NULL ||
        slice_equal(token, SLICE_LITERAL("inf")) || slice_equal(token, SLICE_LITERAL("nan")))
        return read_number(scan, mark, token, out);
    return fail_word(scan, mark, token);
}
