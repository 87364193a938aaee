/* An application onto a Bindle server. The invoice goes first, as the server takes parcels only of
 * an invoice that it has; so a push that was interrupted has left an invoice with missing parcels,
 * and the next one finds it, sees that it is the same, and uploads the rest. */
#include <stdio.h>
#include <time.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "base/map.h"
#include "bindle/client.h"
#include "bindle/same.h"
#include "publish/expand.h"
#include "spin/bindle.h"

enum { ASK_EVERY_MS = 250, MOST_QUESTIONS = 8 };

typedef struct push {
    bindle_client_t *client;
    publish_bindle_t *bindle;
    map_t parcels; /* the first of each digest, by it */
} push_t;

/* ── the invoice ─────────────────────────────────────────────────────────────────────────── */

static void pause_between_questions(void) {
    nanosleep(&(struct timespec){.tv_nsec = ASK_EVERY_MS * 1000000}, NULL);
}

/* The server says that it has the invoice. While somebody else is creating it, it says so too, and
 * yet can't give it. */
static spin_error_t *read_theirs(push_t *push, arena_t *arena, bindle_invoice_t *invoice) {
    for (int turn = 1;; turn++) {
        spin_error_t *error =
            bindle_client_read_invoice(push->client, push->bindle->id, arena, invoice);
        if (error == NULL || spin_error_kind(error) != SPIN_ERROR_NOT_FOUND ||
            turn == MOST_QUESTIONS)
            return error;
        spin_error_free(error);
        pause_between_questions();
    }
}

static spin_error_t *compare_with_server(push_t *push) {
    bindle_invoice_t theirs;
    arena_t arena = {0};
    spin_error_t *error = read_theirs(push, &arena, &theirs);
    if (error == NULL && !bindle_invoice_same(&push->bindle->invoice, &theirs))
        error = error_new(SPIN_ERROR_EXISTS,
                          "the server has another bindle of that name and version, and bindles "
                          "don't change: raise the version in the manifest, or add to it with "
                          "--buildinfo");
    arena_deinit(&arena);
    return error;
}

/* What servers of Bindle say of a signature that they do not take is hard to understand. */
static spin_error_t *explain(spin_error_t *error) {
    char text[1024];
    if (error == NULL || spin_error_kind(error) != SPIN_ERROR_INVALID)
        return error;
    spin_error_format(error, text, sizeof text);
    if (strstr(text, "ignature") == NULL && strstr(text, "key") == NULL)
        return error;
    return error_wrap(error, "it is signed, but perhaps by a key that the server does not know (it "
                             "has to be in the server's keyring: see spin bindle print-key)");
}

static spin_error_t *put_invoice(push_t *push) {
    bool created = false;
    spin_slice_t text;
    arena_t arena = {0};
    spin_error_t *error = bindle_invoice_write(&push->bindle->invoice, &arena, &text);
    if (error == NULL)
        error =
            explain(bindle_client_create_invoice(push->client, push->bindle->id, text, &created));
    arena_deinit(&arena);
    return error != NULL || created ? error : compare_with_server(push);
}

/* ── the parcels ─────────────────────────────────────────────────────────────────────────── */

static spin_error_t *index_parcels(push_t *push) {
    const bindle_invoice_t *invoice = &push->bindle->invoice;
    for (size_t i = 0; i < invoice->parcels_len; i++) {
        spin_slice_t sha256 = spin_slice(invoice->parcels[i].sha256);
        if (map_find(&push->parcels, sha256) == NULL &&
            !map_set(&push->parcels, sha256, &invoice->parcels[i]))
            return error_no_memory();
    }
    return NULL;
}

static spin_error_t *upload(push_t *push, arena_t *arena, const bindle_texts_t *digests) {
    const bindle_invoice_t *invoice = &push->bindle->invoice;
    bindle_upload_t *uploads = arena_calloc(arena, digests->len, sizeof *uploads);
    if (uploads == NULL)
        return error_no_memory();
    size_t len = 0;
    for (size_t i = 0; i < digests->len; i++) {
        const bindle_parcel_t *parcel = map_get(&push->parcels, digests->items[i]);
        if (parcel == NULL)
            return error_new(SPIN_ERROR_INVALID,
                             "the server misses a parcel that the invoice does not have: %.*s",
                             SLICE_ARG(digests->items[i]));
        const publish_source_t *source = &push->bindle->sources[parcel - invoice->parcels];
        size_t before = 0; /* one content may be several parcels, and so be missing repeatedly */
        while (before < len && uploads[before].parcel != parcel)
            before++;
        if (before == len)
            uploads[len++] = (bindle_upload_t){parcel, source->path, source->bytes};
    }
    return bindle_client_upload_parcels(push->client, push->bindle->id, uploads, len);
}

static spin_error_t *stuck(const push_t *push, spin_slice_t sha256) {
    const bindle_parcel_t *parcel = map_get(&push->parcels, sha256);
    return error_new(SPIN_ERROR_EXISTS,
                     "parcel \"%.*s\" is missing on the server, which takes no upload of it. If "
                     "nobody else is pushing it, an earlier upload was cut off, after which the "
                     "file store of Bindle servers up to 0.9.1 refuses it for good: remove the "
                     "folder parcels/%.*s from the server's data, and push again",
                     SLICE_ARG(parcel != NULL ? parcel->name : sha256), SLICE_ARG(sha256));
}

/* How many parcels are missing, and the digest of the first one. */
static spin_error_t *ask_missing(push_t *push, size_t *len, char first[65]) {
    bindle_texts_t missing;
    arena_t arena = {0};
    spin_error_t *error = bindle_client_missing(push->client, push->bindle->id, &arena, &missing);
    *len = error == NULL ? missing.len : 0;
    if (*len > 0)
        snprintf(first, 65, "%.*s", SLICE_ARG(missing.items[0]));
    arena_deinit(&arena);
    return error;
}

/* Others may be pushing the same parcels: the server refuses ours then, and has them when the
 * others are done. As long as they become fewer, it goes on. */
static spin_error_t *wait_for_others(push_t *push) {
    uint64_t most_ms = bindle_client_settings(push->client)->stall_timeout_ms;
    uint64_t waited_ms = 0;
    size_t before = SIZE_MAX, len;
    for (;;) {
        char first[65];
        spin_error_t *error = ask_missing(push, &len, first);
        if (error != NULL || len == 0)
            return error;
        if (before == SIZE_MAX)
            LOG_WARN("the server takes no upload of a parcel that it lacks: waiting, as somebody "
                     "else may be at it",
                     LOG_TEXT("sha256", first));
        waited_ms = len < before ? 0 : waited_ms + ASK_EVERY_MS;
        before = len;
        if (waited_ms >= most_ms)
            return stuck(push, spin_slice(first));
        pause_between_questions();
    }
}

static spin_error_t *put_parcels(push_t *push) {
    bindle_texts_t missing;
    arena_t arena = {0};
    spin_error_t *error = bindle_client_missing(push->client, push->bindle->id, &arena, &missing);
    if (error == NULL && missing.len > 0)
        error = upload(push, &arena, &missing);
    if (error == NULL && missing.len > 0)
        error = wait_for_others(push);
    arena_deinit(&arena);
    return error;
}

/* ── all of it ───────────────────────────────────────────────────────────────────────────── */

static spin_error_t *put(push_t *push) {
    spin_error_t *error = put_invoice(push);
    return error != NULL ? error : put_parcels(push);
}

/* Of two who begin with one thing in the same moment, the reference server tells one that it has
 * failed itself. So that is worth a second attempt. */
static spin_error_t *push_bindle(push_t *push) {
    spin_error_t *error = index_parcels(push);
    if (error == NULL)
        error = publish_sign(push->bindle, bindle_client_settings(push->client));
    if (error == NULL)
        error = put(push);
    if (error != NULL && spin_error_kind(error) == SPIN_ERROR_IO) {
        LOG_WARN("once more, as the server has failed", LOG_ERR("error", error));
        spin_error_free(error);
        pause_between_questions();
        error = put(push);
    }
    map_deinit(&push->parcels);
    return error == NULL ? NULL : error_wrap(error, "bindle \"%.*s\"", SLICE_ARG(push->bindle->id));
}

spin_error_t *spin_bindle_push(const char *path, const char *build_info,
                               const spin_bindle_options_t *options, char **id) {
    publish_bindle_t bindle = {0};
    push_t push = {.bindle = &bindle};
    spin_error_t *error = bindle_client_new(options, &push.client);
    if (error != NULL)
        return error;
    error = bindle_settings_need_server(bindle_client_settings(push.client));
    if (error == NULL)
        error = publish_expand(&bindle, path, build_info, options);
    if (error == NULL)
        error = push_bindle(&push);
    if (error == NULL && (*id = mem_copy_text(bindle.id)) == NULL)
        error = error_no_memory();
    publish_bindle_deinit(&bindle);
    bindle_client_free(push.client);
    return error;
}
