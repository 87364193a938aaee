/* Reading `spin.toml`, version 1. */
#ifndef MANIFEST_MANIFEST_H
#define MANIFEST_MANIFEST_H

#include "manifest/application.h"

/* Parses and validates a manifest; nothing but `text` is looked at. `file` names it in errors only
 * and is copied into the application's origin (may be NULL).
 *
 * On success `*out` holds one reference, for spin_application_unref: sources, files and mounts are
 * still as written, for a loader to resolve. `text` is not kept. Errors: INVALID, with the position
 * in `file` of the first mistake; UNSUPPORTED (another manifest version); LIMIT (nested too deep);
 * NO_MEMORY. Any thread. */
spin_error_t *manifest_parse(spin_slice_t text, const char *file, spin_application_t **out);

/* An empty application with one reference; NULL when out of memory. */
spin_application_t *manifest_new(void);
/* Copies a manifest's text and name into an empty application and reads it as TOML, no further.
 * Errors: INVALID, LIMIT, NO_MEMORY. */
spin_error_t *manifest_parse_text(spin_application_t *application, spin_slice_t text,
                                  const char *file, toml_value_t **root);
/* Fills it from a manifest's root table, which lives in the application's arena. Errors: as
 * manifest_parse, with the application's `file`. */
spin_error_t *manifest_read(spin_application_t *application, const toml_value_t *root);

#endif
