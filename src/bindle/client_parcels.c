/* Parcels: from the server into the cache, and from files to the server. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/map.h"
#include "bindle/client_internal.h"
#include "digest/digest.h"

enum { TELL_EVERY_MS = 50 };

/* ── progress ────────────────────────────────────────────────────────────────────────────── */

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void tell(bindle_client_t *client, uint64_t done) {
    client->progress.done_bytes = done;
    client->told_at_ms = now_ms();
    if (client->settings.progress != NULL)
        client->settings.progress(&client->progress, client->settings.user);
}

/* While bytes move: not each time. */
static void tell_moved(uint64_t done, void *user) {
    bindle_client_t *client = user;
    if (client->settings.progress != NULL && now_ms() - client->told_at_ms >= TELL_EVERY_MS &&
        done < client->progress.total_bytes)
        tell(client, done);
}

/* The next one of those that have to be moved. */
static spin_error_t *tell_begin(bindle_client_t *client, arena_t *arena,
                                const bindle_parcel_t *parcel, uint64_t done) {
    const char *what = arena_copy_text(arena, parcel->name);
    if (what == NULL)
        return error_no_memory();
    client->progress.what = what;
    client->progress.total_bytes = parcel->size_bytes;
    client->progress.parcel++;
    client->progress.skipped = false;
    tell(client, done);
    return NULL;
}

static void tell_start(bindle_client_t *client, size_t parcels) {
    client->progress = (spin_bindle_progress_t){.size = sizeof client->progress};
    client->progress.parcels = parcels;
}

static spin_error_t *wrap_parcel(spin_error_t *error, const bindle_parcel_t *parcel) {
    return error == NULL
               ? NULL
               : error_wrap(error, "parcel \"%.*s\" (%s)", SLICE_ARG(parcel->name), parcel->sha256);
}

/* ── fetching ────────────────────────────────────────────────────────────────────────────── */

typedef struct fetch {
    bindle_client_t *client;
    bindle_cache_entry_t entry;
} fetch_t;

static spin_error_t *fetch_begin(const transfer_head_t *head, void *user) {
    bindle_cache_entry_t *entry = &((fetch_t *)user)->entry;
    spin_error_t *error = NULL;
    if (head->partial && head->start != entry->have)
        return error_new(SPIN_ERROR_INVALID,
                         "the server was asked for what follows byte %" PRIu64
                         " and sends what follows %" PRIu64,
                         entry->have, head->start);
    if (!head->partial && entry->have > 0)
        error = bindle_cache_rewind(entry);
    if (error == NULL && head->length != UINT64_MAX && head->length != entry->size - entry->have)
        error = error_new(SPIN_ERROR_INVALID,
                          "the server is about to send %" PRIu64 " bytes, and the invoice says "
                          "%" PRIu64,
                          entry->have + head->length, entry->size);
    return error;
}

static spin_error_t *fetch_write(spin_slice_t bytes, void *user) {
    fetch_t *fetch = user;
    spin_error_t *error = bindle_cache_append(&fetch->entry, bytes);
    if (error == NULL)
        tell_moved(fetch->entry.have, fetch->client);
    return error;
}

/* What is missing of an entry. */
static spin_error_t *fetch_rest(fetch_t *fetch, arena_t *arena, spin_slice_t reference) {
    bindle_cache_entry_t *entry = &fetch->entry;
    const transfer_sink_t sink = {.begin = fetch_begin, .write = fetch_write, .user = fetch};
    transfer_request_t request = {.path = client_path(arena, "_i", reference, entry->sha256),
                                  .sink = &sink};
    if (request.path == NULL)
        return error_no_memory();
    while (entry->have < entry->size) {
        transfer_reply_t reply = {0};
        request.range_start = entry->have;
        spin_error_t *error = client_run(fetch->client, &request, &reply);
        bool again = error == NULL && reply.status == 416 && request.range_start > 0;
        if (again)
            error = bindle_cache_rewind(entry);
        else if (error == NULL && reply.status != 200 && reply.status != 206)
            error = client_refusal(fetch->client, &reply);
        buf_deinit(&reply.body);
        if (error != NULL)
            return error;
        if (!again)
            break;
    }
    return NULL;
}

/* `*resumed` tells whether part of it was there before. */
static spin_error_t *fetch_once(bindle_client_t *client, spin_slice_t reference,
                                const bindle_parcel_t *parcel, arena_t *arena, const char **path,
                                bool *resumed) {
    bool present = false;
    fetch_t fetch = {.client = client};
    spin_error_t *error = bindle_cache_enter(&client->cache, arena, parcel->sha256,
                                             parcel->size_bytes, &fetch.entry, &present);
    *path = fetch.entry.path;
    *resumed = fetch.entry.have > 0;
    if (error == NULL && !present) {
        error = tell_begin(client, arena, parcel, fetch.entry.have);
        if (error == NULL)
            error = fetch_rest(&fetch, arena, reference);
        if (error == NULL)
            error = bindle_cache_commit(&fetch.entry);
        if (error == NULL)
            tell(client, parcel->size_bytes);
    }
    bindle_cache_leave(&fetch.entry);
    return error;
}

static spin_error_t *fetch_parcel(bindle_client_t *client, spin_slice_t reference,
                                  const bindle_parcel_t *parcel, arena_t *arena,
                                  const char **path) {
    bool resumed;
    size_t number = client->progress.parcel;
    spin_error_t *error = fetch_once(client, reference, parcel, arena, path, &resumed);
    if (error == NULL || !resumed || spin_error_kind(error) != SPIN_ERROR_INVALID)
        return error;
    /* Perhaps it was the beginning that was wrong, which is gone by now. */
    spin_error_free(error);
    client->progress.parcel = number;
    return fetch_once(client, reference, parcel, arena, path, &resumed);
}

/* How many have to be fetched, as far as a look at the names tells. */
static spin_error_t *count_missing(const bindle_client_t *client,
                                   const bindle_parcel_t *const *parcels, size_t len,
                                   arena_t *arena, size_t *out) {
    map_t seen = {0};
    spin_error_t *error = NULL;
    *out = 0;
    for (size_t i = 0; i < len && error == NULL; i++) {
        spin_slice_t sha256 = spin_slice(parcels[i]->sha256);
        if (map_find(&seen, sha256) != NULL)
            continue;
        const char *path = bindle_cache_path(&client->cache, arena, parcels[i]->sha256);
        if (path == NULL || !map_set(&seen, sha256, NULL))
            error = error_no_memory();
        else
            *out += access(path, F_OK) != 0;
    }
    map_deinit(&seen);
    return error;
}

spin_error_t *bindle_client_fetch_parcels(bindle_client_t *client, spin_slice_t reference,
                                          const bindle_parcel_t *const *parcels, size_t len,
                                          arena_t *arena, const char **paths) {
    size_t missing;
    spin_error_t *error = count_missing(client, parcels, len, arena, &missing);
    tell_start(client, missing);
    for (size_t i = 0; i < len && error == NULL; i++)
        error =
            wrap_parcel(fetch_parcel(client, reference, parcels[i], arena, &paths[i]), parcels[i]);
    return error == NULL ? NULL : error_wrap(error, "bindle \"%.*s\"", SLICE_ARG(reference));
}

/* ── pushing ─────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *check_digest(const bindle_parcel_t *parcel, int fd, const char *path) {
    struct sha256_ctx hash;
    char hex[DIGEST_HEX + 1];
    uint64_t len;
    sha256_init(&hash);
    int number = digest_file(fd, &hash, &len);
    if (number != 0)
        return error_from_errno(number, "can't read \"%s\"", path);
    digest_hex(&hash, hex);
    if (len == parcel->size_bytes && strcmp(hex, parcel->sha256) == 0)
        return NULL;
    return error_new(SPIN_ERROR_INVALID, "\"%s\" has changed while it was being pushed", path);
}

static spin_error_t *open_upload(const bindle_upload_t *upload, int *fd) {
    struct stat info;
    if (upload->path == NULL)
        return NULL;
    *fd = open(upload->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (*fd < 0 || fstat(*fd, &info) != 0)
        return error_from_errno(errno, "can't open \"%s\"", upload->path);
    if (!S_ISREG(info.st_mode))
        return error_new(SPIN_ERROR_INVALID, "\"%s\" is not a regular file", upload->path);
    return check_digest(upload->parcel, *fd, upload->path);
}

static spin_error_t *send_parcel(bindle_client_t *client, const char *path,
                                 const bindle_upload_t *upload, int fd) {
    transfer_reply_t reply = {0};
    transfer_request_t request = {
        .post = true,
        .path = path,
        .fd = fd,
        .bytes = upload->bytes,
        .size = upload->parcel->size_bytes,
        .moved = tell_moved,
        .user = client,
    };
    spin_error_t *error = client_run(client, &request, &reply);
    client->progress.skipped = reply.status == 409;
    if (error == NULL && reply.status >= 300 && reply.status != 409)
        error = client_refusal(client, &reply);
    if (error == NULL)
        tell(client, upload->parcel->size_bytes);
    buf_deinit(&reply.body);
    return error;
}

static spin_error_t *upload_parcel(bindle_client_t *client, spin_slice_t reference,
                                   const bindle_upload_t *upload) {
    arena_t arena = {0};
    int fd = -1;
    const char *path = client_path(&arena, "_i", reference, upload->parcel->sha256);
    spin_error_t *error = path == NULL ? error_no_memory() : open_upload(upload, &fd);
    if (error == NULL)
        error = tell_begin(client, &arena, upload->parcel, 0);
    if (error == NULL)
        error = send_parcel(client, path, upload, fd);
    client->progress.what = NULL; /* which was in the arena */
    if (fd >= 0)
        close(fd);
    arena_deinit(&arena);
    return error;
}

spin_error_t *bindle_client_upload_parcels(bindle_client_t *client, spin_slice_t reference,
                                           const bindle_upload_t *uploads, size_t len) {
    spin_error_t *error = NULL;
    tell_start(client, len);
    for (size_t i = 0; i < len && error == NULL; i++)
        error = wrap_parcel(upload_parcel(client, reference, &uploads[i]), uploads[i].parcel);
    return error;
}
