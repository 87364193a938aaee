/* What errors about the content of a TOML document have in common. */
#ifndef BASE_TOML_ERROR_H
#define BASE_TOML_ERROR_H

#include "base/buf.h"
#include "base/toml.h"

/* A text in quotes, escaped and cut to a length that a message can bear. */
enum { TOML_QUOTE_BYTES = 80 };
void toml_append_quoted(buf_t *buf, spin_slice_t text);

/* The error that `message`, which is given up, says, with its position in `file` (may be NULL). */
spin_error_t *toml_error_take(buf_t *message, spin_error_kind_t kind, const char *file,
                              uint32_t line, uint32_t column);

#endif
