#include "base/units.h"

typedef struct unit {
    const char *name;
    uint64_t factor;
} unit_t;

static bool parse(spin_slice_t text, const unit_t *units, size_t units_len, uint64_t *out) {
    uint64_t number = 0;
    bool overflow = false;
    size_t digits = 0;
    for (; digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9'; digits++)
        overflow = __builtin_mul_overflow(number, 10, &number) ||
                   __builtin_add_overflow(number, text.ptr[digits] - '0', &number) || overflow;
    spin_slice_t unit = slice_from(text, digits);
    for (size_t i = 0; digits > 0 && i < units_len; i++)
        if (slice_equal_text(unit, units[i].name)) {
            if (overflow || __builtin_mul_overflow(number, units[i].factor, out))
                *out = UINT64_MAX;
            return true;
        }
    return false;
}

bool units_parse_duration_ms(spin_slice_t text, uint64_t *out) {
    static const unit_t units[] = {{"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 60 * 60 * 1000}};
    return parse(text, units, sizeof units / sizeof *units, out);
}

bool units_parse_size(spin_slice_t text, uint64_t *out) {
    static const unit_t units[] = {
        {"", 1},           {"K", 1u << 10},   {"M", 1u << 20},   {"G", 1u << 30},
        {"KiB", 1u << 10}, {"MiB", 1u << 20}, {"GiB", 1u << 30},
    };
    return parse(text, units, sizeof units / sizeof *units, out);
}
