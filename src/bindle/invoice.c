#include "bindle/invoice.h"

#include "base/error.h"
#include "base/slice.h"
#include "bindle/reference.h"
#include "bindle/toml_fields.h"
#include "bindle/toml_write.h"

static const spin_slice_t satisfied_by_names[] = {
    [BINDLE_ALL_OF] = SLICE_INIT("allOf"),
    [BINDLE_ONE_OF] = SLICE_INIT("oneOf"),
    [BINDLE_OPTIONAL] = SLICE_INIT("optional"),
};

enum { SATISFIED_BY_LEN = sizeof satisfied_by_names / sizeof *satisfied_by_names };

/* ── checks ──────────────────────────────────────────────────────────────────────────────── */

static const char *check_bindle_version(spin_slice_t text) {
    spin_slice_t ones[] = {SLICE_INIT("1."), SLICE_INIT("v1.")};
    if (slice_starts_with(text, ones[0]) || slice_starts_with(text, ones[1]))
        return NULL;
    return "is another version of the format; only 1.0.0 is known";
}

/* In the case in which the reference server compares them, and signatures cover them. */
static const char *check_sha256(spin_slice_t text) {
    bool good = text.len == DIGEST_HEX;
    for (size_t i = 0; good && i < text.len; i++)
        good = (text.ptr[i] >= '0' && text.ptr[i] <= '9') ||
               (text.ptr[i] >= 'a' && text.ptr[i] <= 'f');
    return good ? NULL : "must be 64 lower-case hexadecimal digits";
}

static const char *check_not_empty(spin_slice_t text) {
    return text.len == 0 ? "must not be empty" : NULL;
}

static const char *check_role(spin_slice_t text) {
    static const char *const roles[] = {"creator", "proxy", "host", "approver"};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (slice_equal_text(text, roles[i]))
            return NULL;
    return "must be creator, proxy, host or approver";
}

/* ── reading ─────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *read_feature(const toml_fields_t *fields, const toml_pair_t *pair,
                                  bindle_feature_t *feature) {
    feature->name = pair->key;
    if (pair->value.type != TOML_TABLE)
        return toml_fields_error(fields, "", &pair->value, "must hold tables, not %s",
                                 toml_type_name(pair->value.type));
    toml_fields_t inside;
    spin_error_t *error = toml_fields_enter(fields, pair->key, &pair->value, &inside);
    return error == NULL ? toml_fields_all_pairs(&inside, &feature->values) : error;
}

static spin_error_t *read_features(const toml_fields_t *label, bindle_parcel_t *parcel) {
    toml_fields_t fields;
    spin_error_t *error = toml_fields_table(label, "feature", false, &fields);
    if (error != NULL || fields.table == NULL || fields.table->of.table.len == 0)
        return error;
    size_t len = fields.table->of.table.len;
    parcel->features = arena_calloc(fields.arena, len, sizeof *parcel->features);
    if (parcel->features == NULL)
        return error_no_memory();
    for (size_t i = 0; i < len && error == NULL; i++)
        error = read_feature(&fields, &fields.table->of.table.pairs[i], &parcel->features[i]);
    parcel->features_len = len;
    return error;
}

static spin_error_t *read_label(const toml_fields_t *label, bindle_parcel_t *parcel) {
    static const char *const names[] = {"sha256",      "mediaType", "name",   "size",
                                        "annotations", "feature",   "origin", NULL};
    spin_slice_t sha256 = {0};
    parcel->name = SLICE_LITERAL("");
    spin_error_t *error = toml_fields_check(label, names);
    if (error == NULL)
        error = toml_fields_checked(label, "sha256", check_sha256, &sha256);
    if (error == NULL)
        error = toml_fields_text(label, "mediaType", true, &parcel->media_type);
    if (error == NULL)
        error = toml_fields_text(label, "name", false, &parcel->name);
    if (error == NULL)
        error = toml_fields_number(label, "size", true, &parcel->size_bytes);
    if (error == NULL)
        error = toml_fields_text(label, "origin", false, &parcel->origin);
    if (error == NULL)
        error = toml_fields_pairs(label, "annotations", &parcel->annotations);
    if (error == NULL)
        error = read_features(label, parcel);
    if (error == NULL)
        memcpy(parcel->sha256, sha256.ptr, DIGEST_HEX);
    return error;
}

static spin_error_t *read_parcel(const toml_fields_t *fields, void *item) {
    static const char *const names[] = {"label", "conditions", NULL};
    static const char *const condition_names[] = {"memberOf", "requires", NULL};
    bindle_parcel_t *parcel = item;
    toml_fields_t label, conditions;
    spin_error_t *error = toml_fields_check(fields, names);
    if (error == NULL)
        error = toml_fields_table(fields, "label", true, &label);
    if (error == NULL)
        error = read_label(&label, parcel);
    if (error == NULL)
        error = toml_fields_table(fields, "conditions", false, &conditions);
    if (error == NULL)
        error = toml_fields_check(&conditions, condition_names);
    if (error == NULL)
        error = toml_fields_texts(&conditions, "memberOf", false, &parcel->member_of);
    if (error == NULL)
        error = toml_fields_texts(&conditions, "requires", false, &parcel->requires);
    return error;
}

static spin_error_t *read_satisfied_by(const toml_fields_t *fields, bindle_group_t *group) {
    spin_slice_t text = satisfied_by_names[BINDLE_ALL_OF];
    spin_error_t *error = toml_fields_text(fields, "satisfiedBy", false, &text);
    if (error != NULL)
        return error;
    if (slice_equal_text(text, "anyOf")) /* what the specification also calls it */
        text = satisfied_by_names[BINDLE_OPTIONAL];
    for (int i = 0; i < SATISFIED_BY_LEN; i++)
        if (slice_equal(text, satisfied_by_names[i])) {
            group->satisfied_by = (bindle_satisfied_by_t)i;
            return NULL;
        }
    return toml_fields_error(fields, "satisfiedBy",
                             &toml_table_find(fields->table, SLICE_LITERAL("satisfiedBy"))->value,
                             "must be allOf, oneOf or optional");
}

static spin_error_t *read_group(const toml_fields_t *fields, void *item) {
    static const char *const names[] = {"name", "required", "satisfiedBy", NULL};
    bindle_group_t *group = item;
    spin_error_t *error = toml_fields_check(fields, names);
    if (error == NULL)
        error = toml_fields_checked(fields, "name", check_not_empty, &group->name);
    if (error == NULL)
        error = toml_fields_boolean(fields, "required", &group->required);
    return error == NULL ? read_satisfied_by(fields, group) : error;
}

static spin_error_t *read_signature(const toml_fields_t *fields, void *item) {
    static const char *const names[] = {"by", "signature", "key", "role", "at", NULL};
    bindle_signature_t *signature = item;
    uint64_t at = 0;
    spin_error_t *error = toml_fields_check(fields, names);
    if (error == NULL)
        error = toml_fields_text(fields, "by", true, &signature->by);
    if (error == NULL)
        error = toml_fields_text(fields, "signature", true, &signature->signature);
    if (error == NULL)
        error = toml_fields_text(fields, "key", true, &signature->key);
    if (error == NULL)
        error = toml_fields_checked(fields, "role", check_role, &signature->role);
    if (error == NULL)
        error = toml_fields_number(fields, "at", true, &at);
    signature->at = (int64_t)at;
    return error;
}

static spin_error_t *read_bindle(const toml_fields_t *root, bindle_invoice_t *invoice) {
    static const char *const names[] = {"name", "version", "description", "authors", NULL};
    toml_fields_t fields;
    spin_error_t *error = toml_fields_table(root, "bindle", true, &fields);
    if (error == NULL)
        error = toml_fields_check(&fields, names);
    if (error == NULL)
        error = toml_fields_checked(&fields, "name", bindle_name_check, &invoice->name);
    if (error == NULL)
        error = toml_fields_checked(&fields, "version", bindle_version_check, &invoice->version);
    if (error == NULL)
        error = toml_fields_text(&fields, "description", false, &invoice->description);
    if (error == NULL)
        error = toml_fields_texts(&fields, "authors", false, &invoice->authors);
    return error;
}

static spin_error_t *read_lists(const toml_fields_t *root, bindle_invoice_t *invoice) {
    spin_error_t *error = toml_fields_items(root, "parcel", sizeof *invoice->parcels, read_parcel,
                                            &invoice->parcels, &invoice->parcels_len);
    if (error == NULL)
        error = toml_fields_items(root, "group", sizeof *invoice->groups, read_group,
                                  &invoice->groups, &invoice->groups_len);
    if (error == NULL)
        error =
            toml_fields_items(root, "signature", sizeof *invoice->signatures.items, read_signature,
                              &invoice->signatures.items, &invoice->signatures.len);
    if (error == NULL)
        error = toml_fields_items(root, "yankedSignature", sizeof *invoice->signatures.items,
                                  read_signature, &invoice->yanked_signatures.items,
                                  &invoice->yanked_signatures.len);
    return error;
}

static spin_error_t *read_invoice(const toml_fields_t *root, bindle_invoice_t *invoice) {
    static const char *const names[] = {"bindleVersion", "yanked",      "yankedSignature",
                                        "bindle",        "annotations", "parcel",
                                        "group",         "signature",   NULL};
    spin_error_t *error = toml_fields_check(root, names);
    if (error == NULL)
        error = toml_fields_checked(root, "bindleVersion", check_bindle_version,
                                    &invoice->bindle_version);
    if (error == NULL)
        error = toml_fields_boolean(root, "yanked", &invoice->yanked);
    if (error == NULL)
        error = read_bindle(root, invoice);
    if (error == NULL)
        error = toml_fields_pairs(root, "annotations", &invoice->annotations);
    return error == NULL ? read_lists(root, invoice) : error;
}

spin_error_t *bindle_invoice_parse(bindle_invoice_t *invoice, arena_t *arena, spin_slice_t text,
                                   const char *file) {
    *invoice = (bindle_invoice_t){0};
    toml_fields_t root;
    spin_error_t *error = toml_fields_parse(arena, text, file, &root);
    return error == NULL ? read_invoice(&root, invoice) : error;
}

/* ── writing ─────────────────────────────────────────────────────────────────────────────── */

static void write_conditions(buf_t *buf, const bindle_parcel_t *parcel) {
    if (parcel->member_of.len == 0 && parcel->requires.len == 0)
        return;
    buf_append_text(buf, "\n[parcel.conditions]\n");
    if (parcel->member_of.len > 0)
        toml_write_texts(buf, "memberOf", &parcel->member_of);
    if (parcel->requires.len > 0)
        toml_write_texts(buf, "requires", &parcel->requires);
}

static void write_parcel(buf_t *buf, const bindle_parcel_t *parcel) {
    buf_append_text(buf, "\n[[parcel]]\n\n[parcel.label]\n");
    toml_write_text(buf, "sha256", spin_slice(parcel->sha256));
    toml_write_text(buf, "mediaType", parcel->media_type);
    toml_write_text(buf, "name", parcel->name);
    buf_printf(buf, "size = %llu\n", (unsigned long long)parcel->size_bytes);
    if (parcel->origin.ptr != NULL)
        toml_write_text(buf, "origin", parcel->origin);
    if (parcel->annotations.len > 0) {
        buf_append_text(buf, "\n[parcel.label.annotations]\n");
        toml_write_pairs(buf, &parcel->annotations);
    }
    for (size_t i = 0; i < parcel->features_len; i++) {
        buf_append_text(buf, "\n[parcel.label.feature.");
        toml_write_key(buf, parcel->features[i].name);
        buf_append_text(buf, "]\n");
        toml_write_pairs(buf, &parcel->features[i].values);
    }
    write_conditions(buf, parcel);
}

static void write_group(buf_t *buf, const bindle_group_t *group) {
    buf_append_text(buf, "\n[[group]]\n");
    toml_write_text(buf, "name", group->name);
    if (group->required)
        buf_append_text(buf, "required = true\n");
    toml_write_text(buf, "satisfiedBy", satisfied_by_names[group->satisfied_by]);
}

static void write_signatures(buf_t *buf, const char *name, const bindle_signatures_t *signatures) {
    for (size_t i = 0; i < signatures->len; i++) {
        const bindle_signature_t *signature = &signatures->items[i];
        buf_printf(buf, "\n[[%s]]\n", name);
        toml_write_text(buf, "by", signature->by);
        toml_write_text(buf, "signature", signature->signature);
        toml_write_text(buf, "key", signature->key);
        toml_write_text(buf, "role", signature->role);
        buf_printf(buf, "at = %lld\n", (long long)signature->at);
    }
}

static void write_invoice(buf_t *buf, const bindle_invoice_t *invoice) {
    toml_write_text(buf, "bindleVersion", invoice->bindle_version);
    if (invoice->yanked)
        buf_append_text(buf, "yanked = true\n");
    buf_append_text(buf, "\n[bindle]\n");
    toml_write_text(buf, "name", invoice->name);
    toml_write_text(buf, "version", invoice->version);
    if (invoice->description.ptr != NULL)
        toml_write_text(buf, "description", invoice->description);
    if (invoice->authors.len > 0)
        toml_write_texts(buf, "authors", &invoice->authors);
    if (invoice->annotations.len > 0) {
        buf_append_text(buf, "\n[annotations]\n");
        toml_write_pairs(buf, &invoice->annotations);
    }
    for (size_t i = 0; i < invoice->parcels_len; i++)
        write_parcel(buf, &invoice->parcels[i]);
    for (size_t i = 0; i < invoice->groups_len; i++)
        write_group(buf, &invoice->groups[i]);
    write_signatures(buf, "signature", &invoice->signatures);
    write_signatures(buf, "yankedSignature", &invoice->yanked_signatures);
}

spin_error_t *bindle_invoice_write(const bindle_invoice_t *invoice, arena_t *arena,
                                   spin_slice_t *out) {
    buf_t buf = {0};
    write_invoice(&buf, invoice);
    spin_slice_t text = {0};
    if (!buf.failed)
        text = arena_copy(arena, buf_slice(&buf));
    buf_deinit(&buf);
    if (text.ptr == NULL)
        return error_no_memory();
    *out = text;
    return NULL;
}

const bindle_parcel_t *bindle_invoice_parcel(const bindle_invoice_t *invoice, spin_slice_t sha256) {
    for (size_t i = 0; i < invoice->parcels_len; i++)
        if (slice_equal_text(sha256, invoice->parcels[i].sha256))
            return &invoice->parcels[i];
    return NULL;
}
