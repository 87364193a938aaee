#include "bindle/same.h"

#include "base/slice.h"

static bool texts_same(const bindle_texts_t *a, const bindle_texts_t *b) {
    if (a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++)
        if (!slice_equal(a->items[i], b->items[i]))
            return false;
    return true;
}

/* Keys are there once each, so that as many and each found is the same. */
static bool pairs_same(const bindle_pairs_t *a, const bindle_pairs_t *b) {
    if (a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++) {
        size_t j = 0;
        while (j < b->len && !slice_equal(a->items[i].key, b->items[j].key))
            j++;
        if (j == b->len || !slice_equal(a->items[i].value, b->items[j].value))
            return false;
    }
    return true;
}

static bool features_same(const bindle_parcel_t *a, const bindle_parcel_t *b) {
    if (a->features_len != b->features_len)
        return false;
    for (size_t i = 0; i < a->features_len; i++) {
        size_t j = 0;
        while (j < b->features_len && !slice_equal(a->features[i].name, b->features[j].name))
            j++;
        if (j == b->features_len || !pairs_same(&a->features[i].values, &b->features[j].values))
            return false;
    }
    return true;
}

static bool parcel_same(const bindle_parcel_t *a, const bindle_parcel_t *b) {
    return memcmp(a->sha256, b->sha256, sizeof a->sha256) == 0 && a->size_bytes == b->size_bytes &&
           slice_equal(a->name, b->name) && slice_equal(a->media_type, b->media_type) &&
           slice_equal(a->origin, b->origin) && pairs_same(&a->annotations, &b->annotations) &&
           features_same(a, b) && texts_same(&a->member_of, &b->member_of) &&
           texts_same(&a->requires, &b->requires);
}

static bool parcels_same(const bindle_invoice_t *a, const bindle_invoice_t *b) {
    if (a->parcels_len != b->parcels_len)
        return false;
    for (size_t i = 0; i < a->parcels_len; i++)
        if (!parcel_same(&a->parcels[i], &b->parcels[i]))
            return false;
    return true;
}

static bool groups_same(const bindle_invoice_t *a, const bindle_invoice_t *b) {
    if (a->groups_len != b->groups_len)
        return false;
    for (size_t i = 0; i < a->groups_len; i++)
        if (!slice_equal(a->groups[i].name, b->groups[i].name) ||
            a->groups[i].required != b->groups[i].required ||
            a->groups[i].satisfied_by != b->groups[i].satisfied_by)
            return false;
    return true;
}

bool bindle_invoice_same(const bindle_invoice_t *a, const bindle_invoice_t *b) {
    return slice_equal(a->name, b->name) && slice_equal(a->version, b->version) &&
           slice_equal(a->description, b->description) && texts_same(&a->authors, &b->authors) &&
           pairs_same(&a->annotations, &b->annotations) && parcels_same(a, b) && groups_same(a, b);
}
