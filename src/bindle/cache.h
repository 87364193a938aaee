/* What was fetched from Bindle servers, on the disk, for all processes of the user:
 *
 *     parcels/DIGEST        a whole parcel
 *     parcels/DIGEST.part   the beginning of one; whoever writes to it holds its lock (flock)
 *     invoices/DIGEST.toml  by the digest of server and reference
 *
 * A file gets its name only when it is whole and on the disk, so that whatever ends a process, the
 * power included, leaves nothing that has to be repaired. Parcels are checked against their digest
 * each time they are taken: what a disk or a hand has damaged is removed and fetched once more. */
#ifndef BINDLE_CACHE_H
#define BINDLE_CACHE_H

#include <nettle/sha2.h>
#include <stdbool.h>

#include "base/arena.h"
#include "spin/error.h"

typedef struct bindle_cache {
    const char *dir; /* the caller's text */
} bindle_cache_t;

/* A parcel on its way into the cache. Caller's memory, `{.fd = -1}` to begin with. */
typedef struct bindle_cache_entry {
    const char *path; /* of the whole parcel; in the caller's arena */
    const char *part; /* of its beginning */
    const char *sha256;
    uint64_t size; /* of the whole parcel */
    uint64_t have; /* of the beginning, which is in `hash` */
    struct sha256_ctx hash;
    int fd; /* the beginning, locked */
} bindle_cache_entry_t;

/* Where a whole parcel is or would be, in `arena`; NULL when out of memory. Says nothing about
 * whether it is there. */
const char *bindle_cache_path(const bindle_cache_t *cache, arena_t *arena, const char *sha256);

/* Begins to fetch the parcel of that digest (64 lower-case hexadecimal digits, which outlive the
 * entry) and size, or goes on where somebody was interrupted: `entry->have` bytes are there
 * already. Waits while another process is at it. When the parcel is there, `*present` is set: only
 * `entry->path` is of use, and its content has been checked. In each case call bindle_cache_leave
 * at the end. Errors: INVALID (no digest), DENIED, IO (a full disk, a read-only one), NO_MEMORY. */
spin_error_t *bindle_cache_enter(const bindle_cache_t *cache, arena_t *arena, const char *sha256,
                                 uint64_t size, bindle_cache_entry_t *entry, bool *present);
/* Further bytes. Errors: INVALID (more than `size`), IO (a full disk). */
spin_error_t *bindle_cache_append(bindle_cache_entry_t *entry, spin_slice_t bytes);
/* Forgets what is there, for a server that begins anew. Errors: IO. */
spin_error_t *bindle_cache_rewind(bindle_cache_entry_t *entry);
/* All is there: checks it and gives it its name. What is not what it should be is removed. Errors:
 * INVALID (another size or digest), IO. */
spin_error_t *bindle_cache_commit(bindle_cache_entry_t *entry);
/* Gives back what the entry holds. A beginning stays for the next one who enters. */
void bindle_cache_leave(bindle_cache_entry_t *entry);

/* Keeps an invoice as the server has sent it. Errors: DENIED, IO, NO_MEMORY. */
spin_error_t *bindle_cache_put_invoice(const bindle_cache_t *cache, const char *server,
                                       spin_slice_t reference, spin_slice_t text);
/* Into `arena`. `*path` names it in errors. Errors: NOT_FOUND, DENIED, LIMIT, IO, NO_MEMORY. */
spin_error_t *bindle_cache_get_invoice(const bindle_cache_t *cache, arena_t *arena,
                                       const char *server, spin_slice_t reference,
                                       spin_slice_t *text, const char **path);

#endif
