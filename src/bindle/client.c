#include "bindle/client.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "bindle/answer.h"
#include "bindle/client_internal.h"
#include "bindle/sign.h"

spin_error_t *bindle_client_new(const spin_bindle_options_t *options, bindle_client_t **out) {
    bindle_client_t *client = mem_calloc(1, sizeof *client);
    if (client == NULL)
        return error_no_memory();
    spin_error_t *error = bindle_settings_take(&client->settings, &client->arena, options);
    if (error == NULL && client->settings.keyring != NULL)
        error = bindle_keyring_load(&client->keyring, &client->arena, client->settings.keyring);
    if (error != NULL) {
        bindle_client_free(client);
        return error;
    }
    client->cache.dir = client->settings.cache_dir;
    *out = client;
    return NULL;
}

void bindle_client_free(bindle_client_t *client) {
    if (client == NULL)
        return;
    transfer_free(client->transfer);
    arena_deinit(&client->arena);
    mem_free(client);
}

const bindle_settings_t *bindle_client_settings(const bindle_client_t *client) {
    return &client->settings;
}

/* ── requests ────────────────────────────────────────────────────────────────────────────── */

spin_error_t *client_run(bindle_client_t *client, const transfer_request_t *request,
                         transfer_reply_t *reply) {
    spin_error_t *error =
        client->transfer == NULL ? transfer_new(&client->settings, &client->transfer) : NULL;
    return error != NULL ? error : transfer_run(client->transfer, request, reply);
}

const char *client_path(arena_t *arena, const char *prefix, spin_slice_t reference,
                        const char *sha256) {
    buf_t path = {0};
    buf_printf(&path, "/%s/", prefix);
    for (size_t i = 0; i < reference.len; i++) {
        uint8_t byte = reference.ptr[i]; /* "+" stays: the reference server does not decode it */
        if (byte > ' ' && byte < 0x7F && strchr("\"#%<>?@[\\]^`{|}", byte) == NULL)
            buf_append_byte(&path, byte);
        else
            buf_printf(&path, "%%%02X", byte);
    }
    if (sha256 != NULL)
        buf_printf(&path, "@%s", sha256);
    const char *out = path.failed ? NULL : arena_copy_text(arena, buf_slice(&path));
    buf_deinit(&path);
    return out;
}

static const struct {
    long status;
    spin_error_kind_t kind;
    const char *words;
} refusals[] = {
    {400, SPIN_ERROR_INVALID, "it refuses the request"},
    {403, SPIN_ERROR_DENIED, "it denies that"},
    {404, SPIN_ERROR_NOT_FOUND, "it has no such thing"},
    {408, SPIN_ERROR_TIMEOUT, "we took too long for it"},
    {409, SPIN_ERROR_EXISTS, "it has that already"},
    {413, SPIN_ERROR_LIMIT, "that is too large for it"},
    {422, SPIN_ERROR_INVALID, "it refuses the request"},
    {429, SPIN_ERROR_LIMIT, "it is overloaded"},
    {503, SPIN_ERROR_LIMIT, "it is overloaded"},
    {504, SPIN_ERROR_TIMEOUT, "it takes too long"},
};

spin_error_t *client_refusal(const bindle_client_t *client, const transfer_reply_t *reply) {
    const bindle_settings_t *settings = &client->settings;
    arena_t arena = {0};
    spin_error_kind_t kind = reply->status >= 500 ? SPIN_ERROR_IO : SPIN_ERROR_INVALID;
    const char *reason = NULL;
    spin_slice_t words = bindle_answer_words(&arena, buf_slice(&reply->body));
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (refusals[i].status == reply->status) {
            kind = refusals[i].kind;
            reason = refusals[i].words;
        }
    if (reply->status == 401) {
        kind = SPIN_ERROR_DENIED;
        reason = settings->username != NULL ? "it does not take that user name and password"
                                            : "it wants a user name and a password";
    } else if (reply->status == 403 && settings->username == NULL && words.len > 0) {
        reason = "it denies that to who gives no user name";
    } else if (reply->status == 404 && words.len == 0) {
        reason = "there is no Bindle API at that URL (the reference server's ends in /v1)";
    }
    spin_error_t *error =
        error_new(kind, "Bindle server %s: %s (status %ld)%s%.*s", settings->server,
                  reason != NULL ? reason : "it answers with an error", reply->status,
                  words.len > 0 ? ": " : "", SLICE_ARG(words));
    arena_deinit(&arena);
    return error;
}

/* ── invoices ────────────────────────────────────────────────────────────────────────────── */

/* A GET whose whole answer goes into `arena`. */
static spin_error_t *get(bindle_client_t *client, const char *path, arena_t *arena,
                         spin_slice_t *body, bool *unreachable) {
    transfer_reply_t reply = {0};
    if (path == NULL)
        return error_no_memory();
    spin_error_t *error = client_run(client, &(transfer_request_t){.path = path}, &reply);
    *unreachable = reply.unreachable;
    if (error == NULL && reply.status != 200)
        error = client_refusal(client, &reply);
    if (error == NULL) {
        *body = arena_copy(arena, buf_slice(&reply.body));
        if (body->ptr == NULL)
            error = error_no_memory();
    }
    buf_deinit(&reply.body);
    return error;
}

/* Reads an invoice and sees to it that it is the one that was asked for. */
static spin_error_t *read_invoice(spin_slice_t reference, arena_t *arena, spin_slice_t text,
                                  const char *file, bindle_invoice_t *invoice) {
    spin_error_t *error = bindle_invoice_parse(invoice, arena, text, file);
    if (error != NULL)
        return error;
    size_t len = invoice->name.len + 1 + invoice->version.len;
    bool same = reference.len == len && slice_starts_with(reference, invoice->name) &&
                reference.ptr[invoice->name.len] == '/' &&
                slice_ends_with(reference, invoice->version);
    return same ? NULL
                : error_new(SPIN_ERROR_INVALID, "%s: it is that of %.*s/%.*s", file,
                            SLICE_ARG(invoice->name), SLICE_ARG(invoice->version));
}

static const char *describe(const bindle_client_t *client, arena_t *arena, spin_slice_t reference) {
    return (char *)arena_printf(arena, "invoice of %.*s from %s", SLICE_ARG(reference),
                                client->settings.server)
        .ptr;
}

static spin_error_t *check_reference(spin_slice_t reference) {
    spin_slice_t name, version;
    return bindle_reference_parse(reference, &name, &version);
}

static spin_error_t *verify(const bindle_client_t *client, const bindle_invoice_t *invoice) {
    if (client->settings.keyring == NULL)
        return NULL;
    spin_error_t *error = bindle_verify(invoice, &client->keyring);
    return error == NULL ? NULL : error_wrap(error, "keyring \"%s\"", client->settings.keyring);
}

/* Takes `reason`, why the server did not answer. */
static spin_error_t *get_kept_invoice(bindle_client_t *client, spin_slice_t reference,
                                      arena_t *arena, bindle_invoice_t *invoice,
                                      spin_error_t *reason) {
    const char *path;
    spin_slice_t text;
    spin_error_t *error = bindle_cache_get_invoice(&client->cache, arena, client->settings.server,
                                                   reference, &text, &path);
    if (error == NULL)
        error = read_invoice(reference, arena, text, path, invoice);
    if (error != NULL) { /* of no use, so that what counts is the server */
        bool memory = spin_error_kind(error) == SPIN_ERROR_NO_MEMORY;
        spin_error_free(memory ? reason : error);
        return memory ? error : reason;
    }
    LOG_WARN("the Bindle server can't be reached: the invoice is that of last time",
             LOG_SLICE("bindle", reference), LOG_ERR("reason", reason));
    spin_error_free(reason);
    return verify(client, invoice);
}

spin_error_t *bindle_client_get_invoice(bindle_client_t *client, spin_slice_t reference,
                                        arena_t *arena, bindle_invoice_t *invoice) {
    bool unreachable = false;
    spin_slice_t text;
    spin_error_t *error = check_reference(reference);
    if (error != NULL)
        return error;
    error = get(client, client_path(arena, "_i", reference, NULL), arena, &text, &unreachable);
    if (error != NULL)
        return unreachable ? get_kept_invoice(client, reference, arena, invoice, error) : error;
    const char *file = describe(client, arena, reference);
    error = file == NULL ? error_no_memory() : read_invoice(reference, arena, text, file, invoice);
    if (error == NULL)
        error = verify(client, invoice);
    if (error != NULL)
        return error;
    spin_error_t *kept =
        bindle_cache_put_invoice(&client->cache, client->settings.server, reference, text);
    if (kept != NULL)
        LOG_WARN("an invoice is not kept", LOG_SLICE("bindle", reference), LOG_ERR("error", kept));
    spin_error_free(kept);
    return NULL;
}

spin_error_t *bindle_client_read_invoice(bindle_client_t *client, spin_slice_t reference,
                                         arena_t *arena, bindle_invoice_t *invoice) {
    bool unreachable;
    spin_slice_t text;
    const char *file = NULL;
    spin_error_t *error = check_reference(reference);
    if (error == NULL)
        error = get(client, client_path(arena, "_i", reference, NULL), arena, &text, &unreachable);
    if (error == NULL && (file = describe(client, arena, reference)) == NULL)
        error = error_no_memory();
    return error != NULL ? error : read_invoice(reference, arena, text, file, invoice);
}

spin_error_t *bindle_client_create_invoice(bindle_client_t *client, spin_slice_t reference,
                                           spin_slice_t text, bool *created) {
    transfer_reply_t reply = {0};
    transfer_request_t request = {.post = true,
                                  .path = "/_i",
                                  .content_type = "application/toml",
                                  .bytes = text,
                                  .size = text.len};
    spin_error_t *error = check_reference(reference);
    if (error == NULL)
        error = client_run(client, &request, &reply);
    *created = reply.status >= 200 && reply.status < 300;
    if (error == NULL && !*created && reply.status != 409)
        error = client_refusal(client, &reply);
    buf_deinit(&reply.body);
    return error;
}

/* ── what is missing ─────────────────────────────────────────────────────────────────────── */

spin_error_t *bindle_client_missing(bindle_client_t *client, spin_slice_t reference, arena_t *arena,
                                    bindle_texts_t *digests) {
    bool unreachable;
    spin_slice_t text;
    spin_error_t *error = check_reference(reference);
    if (error == NULL)
        error = get(client, client_path(arena, "_r/missing", reference, NULL), arena, &text,
                    &unreachable);
    if (error != NULL)
        return error;
    const char *file = (char *)arena_printf(arena, "missing parcels of %.*s from %s",
                                            SLICE_ARG(reference), client->settings.server)
                           .ptr;
    return file == NULL ? error_no_memory() : bindle_answer_missing(arena, text, file, digests);
}
