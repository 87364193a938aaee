/* An invoice: what a bindle is made of (Bindle 0.9, invoice and label specifications). Read from
 * TOML and written as TOML; everything lives in an arena. */
#ifndef BINDLE_INVOICE_H
#define BINDLE_INVOICE_H

#include <stdbool.h>

#include "base/arena.h"
#include "spin/error.h"

typedef struct bindle_pair {
    spin_slice_t key;
    spin_slice_t value;
} bindle_pair_t;

typedef struct bindle_pairs {
    bindle_pair_t *items;
    size_t len;
} bindle_pairs_t;

typedef struct bindle_texts {
    spin_slice_t *items;
    size_t len;
} bindle_texts_t;

/* A table [parcel.label.feature.NAME]. */
typedef struct bindle_feature {
    spin_slice_t name;
    bindle_pairs_t values;
} bindle_feature_t;

typedef struct bindle_parcel {
    /* label */
    char sha256[65]; /* lower case, NUL-terminated */
    spin_slice_t media_type;
    spin_slice_t name;
    uint64_t size_bytes;
    spin_slice_t origin; /* ptr NULL: none */
    bindle_pairs_t annotations;
    bindle_feature_t *features;
    size_t features_len;
    /* conditions */
    bindle_texts_t member_of;
    bindle_texts_t requires;
} bindle_parcel_t;

typedef enum bindle_satisfied_by {
    BINDLE_ALL_OF = 0,
    BINDLE_ONE_OF,
    BINDLE_OPTIONAL,
} bindle_satisfied_by_t;

typedef struct bindle_group {
    spin_slice_t name;
    bool required;
    bindle_satisfied_by_t satisfied_by;
} bindle_group_t;

typedef struct bindle_signature {
    spin_slice_t by;
    spin_slice_t signature; /* base64, as written */
    spin_slice_t key;       /* likewise */
    spin_slice_t role;      /* "creator", "proxy", "host", "approver" */
    int64_t at;             /* seconds since 1970 */
} bindle_signature_t;

typedef struct bindle_signatures {
    bindle_signature_t *items;
    size_t len;
} bindle_signatures_t;

typedef struct bindle_invoice {
    spin_slice_t bindle_version; /* "1.0.0" */
    bool yanked;
    spin_slice_t name; /* may have slashes */
    spin_slice_t version;
    spin_slice_t description; /* ptr NULL: none */
    bindle_texts_t authors;
    bindle_pairs_t annotations;
    bindle_parcel_t *parcels;
    size_t parcels_len;
    bindle_group_t *groups;
    size_t groups_len;
    bindle_signatures_t signatures;
    bindle_signatures_t yanked_signatures;
} bindle_invoice_t;

/* Reads and checks an invoice: digests are 64 hexadecimal digits, sizes whole numbers, name and
 * version such as a reference takes. Texts are borrowed from `text` or in `arena`. `file` names the
 * text in errors. Errors: INVALID (with position), LIMIT, NO_MEMORY. */
spin_error_t *bindle_invoice_parse(bindle_invoice_t *invoice, arena_t *arena, spin_slice_t text,
                                   const char *file);
/* As TOML, in `arena`. Errors: NO_MEMORY. */
spin_error_t *bindle_invoice_write(const bindle_invoice_t *invoice, arena_t *arena,
                                   spin_slice_t *out);

/* The parcel of that digest; NULL where there is none. */
const bindle_parcel_t *bindle_invoice_parcel(const bindle_invoice_t *invoice, spin_slice_t sha256);

/* "NAME/VERSION" (reference specification): the name is everything before the last slash, the
 * version a semantic one. Errors: INVALID. */
spin_error_t *bindle_reference_parse(spin_slice_t reference, spin_slice_t *name,
                                     spin_slice_t *version);

#endif
