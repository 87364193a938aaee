#include "manifest/file_url.h"

#include <stdbool.h>

static bool is_plain(uint8_t byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || (byte != '\0' && strchr("-._~/", byte) != NULL);
}

const char *file_url_write(arena_t *arena, const char *path) {
    static const char digits[] = "0123456789ABCDEF";
    static const char scheme[] = "file://";
    char *url = arena_alloc_bytes(arena, sizeof scheme + 3 * strlen(path));
    if (url == NULL)
        return NULL;
    char *at = url;
    for (const char *byte = scheme; *byte != '\0'; byte++)
        *at++ = *byte;
    for (; *path != '\0'; path++) {
        uint8_t byte = (uint8_t)*path;
        if (is_plain(byte)) {
            *at++ = *path;
            continue;
        }
        *at++ = '%';
        *at++ = digits[byte >> 4];
        *at++ = digits[byte & 15];
    }
    *at = '\0';
    return url;
}

static int digit_value(uint8_t byte) {
    return byte >= '0' && byte <= '9'   ? byte - '0'
           : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
           : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10
                                        : -1;
}

const char *file_url_read(arena_t *arena, spin_slice_t url, char **out) {
    *out = NULL;
    if (!slice_starts_with(url, SLICE_LITERAL("file:///")))
        return "must begin with file:///";
    url = slice_from(url, sizeof "file://" - 1);
    char *path = arena_alloc_bytes(arena, url.len + 1);
    if (path == NULL)
        return NULL;
    size_t len = 0;
    for (size_t i = 0; i < url.len; i++) {
        int byte = url.ptr[i];
        if (byte == '?' || byte == '#')
            return "must have neither query nor fragment";
        if (byte == '%') {
            int high = i + 2 < url.len ? digit_value(url.ptr[i + 1]) : -1;
            int low = i + 2 < url.len ? digit_value(url.ptr[i + 2]) : -1;
            if (high < 0 || low < 0)
                return "has a \"%\" without two hexadecimal digits";
            byte = high << 4 | low;
            i += 2;
        }
        if (byte == '\0')
            return "must not contain a NUL character";
        path[len++] = (char)byte;
    }
    path[len] = '\0';
    *out = path;
    return NULL;
}
