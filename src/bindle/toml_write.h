/* Writing TOML, so that any reader of TOML 1.0 (and of 0.5) reads the same. */
#ifndef BINDLE_TOML_WRITE_H
#define BINDLE_TOML_WRITE_H

#include "base/buf.h"
#include "base/toml.h"
#include "bindle/invoice.h"

/* `text` as a basic string with its quotes. */
void toml_write_string(buf_t *buf, spin_slice_t text);
/* `key` bare where it can be, else quoted. */
void toml_write_key(buf_t *buf, spin_slice_t key);
/* "name = "value"" and the line's end. */
void toml_write_text(buf_t *buf, const char *name, spin_slice_t value);
void toml_write_texts(buf_t *buf, const char *name, const bindle_texts_t *texts);
/* One line for each. */
void toml_write_pairs(buf_t *buf, const bindle_pairs_t *pairs);
/* Anything that was read, on one line. */
void toml_write_value(buf_t *buf, const toml_value_t *value);

#endif
