/* Patterns over paths, with the syntax and meaning that `spin.toml` has always had (that of the
 * Rust crate `glob`): `?` is any one character, `*` any run of them, `[a-z]` and `[!a-z]` one of a
 * set, and `**` as a whole path part any number of folders. Names that begin with a dot are not
 * special. Nothing escapes a special character but a set: `[*]`. */
#ifndef LOADER_GLOB_H
#define LOADER_GLOB_H

#include <stdbool.h>

#include "base/slice.h"

/* NULL where `pattern` is well formed, else what is wrong with it. */
const char *glob_check(spin_slice_t pattern);
/* Whether there is anything in it that does not stand for itself. */
bool glob_is_pattern(spin_slice_t text);
/* Matches the whole of `text`; `*`, `?` and sets match "/" too. `pattern` is well formed. Time is
 * at most the product of both lengths. */
bool glob_match(spin_slice_t pattern, spin_slice_t text);

#endif
