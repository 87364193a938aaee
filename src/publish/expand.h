/* From an application's manifest to a bindle: the invoice, and where its parcels' content is. */
#ifndef PUBLISH_EXPAND_H
#define PUBLISH_EXPAND_H

#include "bindle/invoice.h"
#include "bindle/options.h"
#include "spin/bindle.h"

/* What is in a parcel. */
typedef struct publish_source {
    const char *path;   /* an absolute path; NULL: bytes */
    spin_slice_t bytes; /* the application's manifest as bindles have it */
} publish_source_t;

/* Caller's memory, zero to begin with. All of it lives until publish_bindle_deinit. */
typedef struct publish_bindle {
    arena_t arena;
    bindle_invoice_t invoice;
    spin_slice_t id;           /* "NAME/VERSION", NUL-terminated */
    publish_source_t *sources; /* one for each of the invoice's parcels, in their order */
    spin_application_t *application;
} publish_bindle_t;

/* Reads the manifest `path` (or that in a folder of that name) and the files that it names, by the
 * rules under which it runs here, and makes an invoice without signature of it: a parcel for the
 * manifest, one for each module, one for each file of each component, in the component's group.
 * What several have in common is one parcel. Files are read once, for their digests, and not kept:
 * whoever takes their content has to see that it is still the same. `build_info`, which may be
 * NULL, is added to the version, behind a "+". `options` (or NULL) are for modules that are in
 * other bindles. Errors: those of loading, with position; INVALID also for a name or version that
 * no bindle can have; USAGE (`build_info`). */
spin_error_t *publish_expand(publish_bindle_t *bindle, const char *path, const char *build_info,
                             const spin_bindle_options_t *options);
void publish_bindle_deinit(publish_bindle_t *bindle);

/* Signs it as creator, now, with the key of the settings, whose file is made where there is none.
 * Errors: those of bindle_key_load and bindle_sign. */
spin_error_t *publish_sign(publish_bindle_t *bindle, const bindle_settings_t *settings);

#endif
