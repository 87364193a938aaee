/* What the files of the client share. */
#ifndef BINDLE_CLIENT_INTERNAL_H
#define BINDLE_CLIENT_INTERNAL_H

#include "bindle/cache.h"
#include "bindle/client.h"
#include "bindle/keyring.h"
#include "bindle/transfer.h"

struct bindle_client {
    arena_t arena; /* of what lives as long as the client */
    bindle_settings_t settings;
    bindle_cache_t cache;
    bindle_keyring_t keyring;
    transfer_t *transfer; /* made for the first request */
    /* what is told of the parcels */
    spin_bindle_progress_t progress;
    uint64_t told_at_ms;
};

/* As transfer_run. */
spin_error_t *client_run(bindle_client_t *client, const transfer_request_t *request,
                         transfer_reply_t *reply);

/* An answer that is no success as an error: by its status, with the server's own words. */
spin_error_t *client_refusal(const bindle_client_t *client, const transfer_reply_t *reply);

/* "/PREFIX/NAME/VERSION[@SHA256]" in a form for URLs, in `arena`. `sha256` may be NULL. NULL when
 * out of memory. */
const char *client_path(arena_t *arena, const char *prefix, spin_slice_t reference,
                        const char *sha256);

#endif
