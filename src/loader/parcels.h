/* What a run of a loader takes from Bindle servers, by way of the cache. Errors of all that ask a
 * server are those of <bindle/client.h>. */
#ifndef LOADER_PARCELS_H
#define LOADER_PARCELS_H

#include "bindle/client.h"
#include "loader/loading.h"

/* The invoice of "NAME/VERSION", which is got once in a run and lives as long; `reference` too. */
spin_error_t *parcels_invoice(loading_t *loading, spin_slice_t reference,
                              const bindle_invoice_t **out);

/* Brings parcels of that bindle into the cache and says where they are (scratch arena). */
spin_error_t *parcels_fetch(loading_t *loading, spin_slice_t reference,
                            const bindle_parcel_t *const *parcels, size_t len, const char **paths);

/* Puts what is in the cache into the working directory, where the cache may be emptied without
 * harm: under a second name if it can be, so that it costs neither time nor space; as a copy where
 * the user keeps the working directory, and may write there. Errors: EXISTS, DENIED, IO,
 * NO_MEMORY. */
spin_error_t *parcels_place(const loading_t *loading, const char *cached, const char *target);

/* `text` for a message: in quotes, escaped, of bearable length; in the scratch arena. */
const char *parcels_quote(loading_t *loading, spin_slice_t text);

#endif
