#include "net/http_chars.h"

#define SAME(c)  [c] = c
#define UPPER(c) [c] = (c) + 32

const uint8_t http_token_lower[256] = {
    SAME('!'),  SAME('#'),  SAME('$'),  SAME('%'),  SAME('&'),  SAME('\''), SAME('*'),  SAME('+'),
    SAME('-'),  SAME('.'),  SAME('^'),  SAME('_'),  SAME('`'),  SAME('|'),  SAME('~'),  SAME('0'),
    SAME('1'),  SAME('2'),  SAME('3'),  SAME('4'),  SAME('5'),  SAME('6'),  SAME('7'),  SAME('8'),
    SAME('9'),  SAME('a'),  SAME('b'),  SAME('c'),  SAME('d'),  SAME('e'),  SAME('f'),  SAME('g'),
    SAME('h'),  SAME('i'),  SAME('j'),  SAME('k'),  SAME('l'),  SAME('m'),  SAME('n'),  SAME('o'),
    SAME('p'),  SAME('q'),  SAME('r'),  SAME('s'),  SAME('t'),  SAME('u'),  SAME('v'),  SAME('w'),
    SAME('x'),  SAME('y'),  SAME('z'),  UPPER('A'), UPPER('B'), UPPER('C'), UPPER('D'), UPPER('E'),
    UPPER('F'), UPPER('G'), UPPER('H'), UPPER('I'), UPPER('J'), UPPER('K'), UPPER('L'), UPPER('M'),
    UPPER('N'), UPPER('O'), UPPER('P'), UPPER('Q'), UPPER('R'), UPPER('S'), UPPER('T'), UPPER('U'),
    UPPER('V'), UPPER('W'), UPPER('X'), UPPER('Y'), UPPER('Z'),
};

spin_slice_t http_trim(spin_slice_t text) {
    while (text.len > 0 && http_is_blank(text.ptr[text.len - 1]))
        text.len--;
    while (text.len > 0 && http_is_blank(*text.ptr))
        text = (spin_slice_t){text.ptr + 1, text.len - 1};
    return text;
}

bool http_list_next(spin_slice_t *list, spin_slice_t *element) {
    if (list->ptr == NULL)
        return false;
    size_t comma = slice_find(*list, ',');
    *element = http_trim((spin_slice_t){list->ptr, comma});
    *list = comma == list->len ? (spin_slice_t){NULL, 0}
                               : (spin_slice_t){list->ptr + comma + 1, list->len - comma - 1};
    return true;
}

bool http_parse_number(spin_slice_t text, uint64_t *number) {
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = text.ptr[i] - (unsigned)'0';
        if (digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *number = value;
    return text.len > 0;
}
