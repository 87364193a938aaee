/* A Bindle server, as its client sees it (protocol specification, Bindle 0.9). Calls block until
 * they are done; a client is used by one thread at a time.
 *
 * Errors of all calls that talk to the server: USAGE (no server is named), NOT_FOUND (there is no
 * such server, bindle or parcel), DENIED (name, password, certificate, a yanked bindle), TIMEOUT,
 * LIMIT (the server has had enough), INVALID (what one side has said to the other), IO, NO_MEMORY.
 */
#ifndef BINDLE_CLIENT_H
#define BINDLE_CLIENT_H

#include "bindle/invoice.h"
#include "bindle/options.h"

typedef struct bindle_client bindle_client_t;

/* Takes the options as bindle_settings_take. Makes no connection, no file and no folder. Errors:
 * USAGE, INVALID (the keyring, with position), NOT_FOUND (likewise), NO_MEMORY. */
spin_error_t *bindle_client_new(const spin_bindle_options_t *options, bindle_client_t **out);
void bindle_client_free(bindle_client_t *client);
/* What the options came to. */
const bindle_settings_t *bindle_client_settings(const bindle_client_t *client);

/* ── fetching ────────────────────────────────────────────────────────────────────────────── */

/* The invoice of "NAME/VERSION", checked: that it is the one asked for, and where there is a
 * keyring, that a key in it has signed it. It is kept in the cache, and taken from there, with a
 * line in the log, when the server can't be reached. All of it lives in `arena`. Errors: also
 * INVALID for a reference that is none. */
spin_error_t *bindle_client_get_invoice(bindle_client_t *client, spin_slice_t reference,
                                        arena_t *arena, bindle_invoice_t *invoice);

/* Brings the `len` parcels of that bindle into the cache, those that are not there, and says where
 * they are: paths[i], in `arena`, holds what parcels[i] names, read and found to be so just now.
 * Without a missing one the server is not asked. What an error or a kill has interrupted is resumed
 * by the next call. */
spin_error_t *bindle_client_fetch_parcels(bindle_client_t *client, spin_slice_t reference,
                                          const bindle_parcel_t *const *parcels, size_t len,
                                          arena_t *arena, const char **paths);

/* ── pushing ─────────────────────────────────────────────────────────────────────────────── */

/* Puts an invoice there. `*created` is false where the server has one of that name and version. */
spin_error_t *bindle_client_create_invoice(bindle_client_t *client, spin_slice_t reference,
                                           spin_slice_t text, bool *created);

/* The invoice that the server has, unchecked and not from the cache. */
spin_error_t *bindle_client_read_invoice(bindle_client_t *client, spin_slice_t reference,
                                         arena_t *arena, bindle_invoice_t *invoice);

/* The digests of the parcels that the server lacks. */
spin_error_t *bindle_client_missing(bindle_client_t *client, spin_slice_t reference, arena_t *arena,
                                    bindle_texts_t *digests);

/* What is in a parcel: a file, or bytes where `path` is NULL. */
typedef struct bindle_upload {
    const bindle_parcel_t *parcel;
    const char *path;
    spin_slice_t bytes;
} bindle_upload_t;

/* Uploads them in order. The server's "there already" is no error: another one may be pushing the
 * same, and bindle_client_missing tells. A file is read before it is sent, so that one that has
 * changed since its digest was taken is an error here and not on the server. */
spin_error_t *bindle_client_upload_parcels(bindle_client_t *client, spin_slice_t reference,
                                           const bindle_upload_t *uploads, size_t len);

#endif
