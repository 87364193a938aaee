/* Any bytes are an invoice, which keeps its promises and is read as the same when it is written, or
 * an error with a position. */
#include <stdlib.h>

#include "base/error.h"
#include "base/slice.h"
#include "bindle/invoice.h"
#include "bindle/reference.h"
#include "bindle/same.h"
#include "bindle/sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

static void check_error(const spin_error_t *error) {
    spin_error_kind_t kind = spin_error_kind(error);
    require(kind == SPIN_ERROR_INVALID || kind == SPIN_ERROR_LIMIT);
    require(*spin_error_message(error) != '\0');
    require(spin_error_position(error).line >= 1);
}

static void check_reference(arena_t *arena, const bindle_invoice_t *invoice) {
    spin_slice_t name, version;
    spin_slice_t id =
        arena_printf(arena, "%.*s/%.*s", SLICE_ARG(invoice->name), SLICE_ARG(invoice->version));
    require(bindle_reference_parse(id, &name, &version) == NULL);
    require(slice_equal(name, invoice->name) && slice_equal(version, invoice->version));
}

static void check_parcels(const bindle_invoice_t *invoice) {
    for (size_t i = 0; i < invoice->parcels_len; i++) {
        const bindle_parcel_t *parcel = &invoice->parcels[i];
        require(strlen(parcel->sha256) == DIGEST_HEX && parcel->size_bytes <= INT64_MAX);
        const bindle_parcel_t *found = bindle_invoice_parcel(invoice, spin_slice(parcel->sha256));
        require(found != NULL && found <= parcel); /* the first of them */
    }
}

/* All of it, signatures included, if the texts are equal too. */
static void check_written(arena_t *arena, const bindle_invoice_t *invoice) {
    bindle_invoice_t again;
    spin_slice_t first, second;
    require(bindle_invoice_write(invoice, arena, &first) == NULL);
    require(bindle_invoice_parse(&again, arena, first, NULL) == NULL);
    require(bindle_invoice_same(invoice, &again));
    require(again.signatures.len == invoice->signatures.len);
    require(again.yanked_signatures.len == invoice->yanked_signatures.len);
    require(again.yanked == invoice->yanked);
    require(bindle_invoice_write(&again, arena, &second) == NULL);
    require(slice_equal(first, second));
}

/* Nobody is trusted, and whoever signs is trusted by those who know them. */
static void check_signing(arena_t *arena, bindle_invoice_t *invoice) {
    static bindle_key_t key;
    if (key.public_key.roles == 0) {
        memset(key.seed, 7, sizeof key.seed);
        key.public_key.roles = BINDLE_ROLE_CREATOR;
        require(ed25519_public(key.seed, key.public_key.key) == NULL);
    }
    spin_error_t *error = bindle_verify(invoice, &(bindle_keyring_t){0});
    require(error != NULL && spin_error_kind(error) == SPIN_ERROR_DENIED);
    spin_error_free(error);
    error = bindle_sign(invoice, arena, &key, SLICE_LITERAL("fuzz"), 1);
    if (error == NULL)
        require(bindle_verify(invoice, &(bindle_keyring_t){&key.public_key, 1}) == NULL);
    spin_error_free(error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    arena_t arena = {0};
    bindle_invoice_t invoice;
    spin_error_t *error =
        bindle_invoice_parse(&invoice, &arena, spin_slice_of(data, size), "invoice.toml");
    if (error == NULL) {
        check_reference(&arena, &invoice);
        check_parcels(&invoice);
        check_written(&arena, &invoice);
        check_signing(&arena, &invoice);
    } else
        check_error(error);
    spin_error_free(error);
    arena_deinit(&arena);
    return 0;
}
