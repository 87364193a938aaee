/* The locked form: an application after a loader's work, as text for another process.
 *
 *     {"libspin_lock_version": 1,
 *      "metadata": {"origin": "file:///...", "manifest": "spin.toml"},
 *      "components": [{"id": "hello",
 *                      "source": {"content_type": "application/wasm", "source": "file:///...",
 *                                 "digest": "sha256:..."},
 *                      "files": [{"source": "file:///...", "path": "/", "read_only": true}]}],
 *      "manifest": { all that spin.toml holds },
 *      "positions": [[LINE, COLUMN], ...]}
 *
 * `manifest` is read by the same schema as spin.toml, so each new key is in the locked form at
 * once, and each rule of the manifest holds for hostile text too. `positions` has one entry for
 * each value of `manifest`, as one meets them when reading: LINE and COLUMN, in a table those of
 * the key as well, and last "toml" where the value is one that JSON lacks and is written as TOML in
 * a string. `digest` is that of the module when it was loaded; where no loader has told it, and in
 * what older versions wrote, it is not there. */
#ifndef MANIFEST_LOCKED_H
#define MANIFEST_LOCKED_H

#include "manifest/application.h"

/* Reads what spin_application_to_locked wrote. `file` names `text` in errors and may be NULL.
 * Errors: INVALID, UNSUPPORTED (another version), LIMIT, NO_MEMORY. Nothing but `text` is looked
 * at. */
spin_error_t *locked_parse(spin_slice_t text, const char *file, spin_application_t **out);

#endif
