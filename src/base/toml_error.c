#include "base/toml_error.h"

#include "base/error.h"

void toml_append_quoted(buf_t *buf, spin_slice_t text) {
    size_t len = text.len;
    if (len > TOML_QUOTE_BYTES) {
        len = TOML_QUOTE_BYTES;
        while (len > 0 && (text.ptr[len] & 0xC0) == 0x80) /* not inside of a character */
            len--;
    }
    buf_append_json(buf, spin_slice_of(text.ptr, len));
    if (len < text.len)
        buf_append_text(buf, "...");
}

spin_error_t *toml_error_take(buf_t *message, spin_error_kind_t kind, const char *file,
                              uint32_t line, uint32_t column) {
    spin_error_t *error = message->failed ? error_no_memory()
                                          : error_new(kind, "%.*s", SLICE_ARG(buf_slice(message)));
    buf_deinit(message);
    return error_at(error, file, line, column);
}
