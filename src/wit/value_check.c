/* Whether a value is one of a type. Types nest TYPE_MAX_DEPTH deep at most, and no value is
 * followed further than its type. */
#include <inttypes.h>

#include "base/error.h"
#include "wit/type.h"

static const char *kind_name(spin_type_kind_t kind) {
    static const char *const names[] = {
        [SPIN_TYPE_LIST] = "list",       [SPIN_TYPE_FIXED_LIST] = "fixed-length list",
        [SPIN_TYPE_TUPLE] = "tuple",     [SPIN_TYPE_RECORD] = "record",
        [SPIN_TYPE_VARIANT] = "variant", [SPIN_TYPE_ENUM] = "enum",
        [SPIN_TYPE_OPTION] = "option",   [SPIN_TYPE_RESULT] = "result",
        [SPIN_TYPE_FLAGS] = "flags",     [SPIN_TYPE_OWN] = "own",
        [SPIN_TYPE_BORROW] = "borrow",   [SPIN_TYPE_STREAM] = "stream",
        [SPIN_TYPE_FUTURE] = "future",   [SPIN_TYPE_MAP] = "map",
        [SPIN_TYPE_BYTES] = "bytes",
    };
    const char *plain = type_plain_name(kind);
    size_t index = (size_t)kind;
    if (plain != NULL)
        return plain;
    return index < sizeof names / sizeof *names && names[index] != NULL ? names[index]
                                                                        : "no value at all";
}

static spin_error_t *wrong_kind(const spin_value_t *value, const spin_type_t *type) {
    const char *found = kind_name(value->kind);
    return error_new(SPIN_ERROR_INVALID, "a value of kind %s is not %s %.*s", found,
                     type->def == NULL ? "of type" : kind_name(type->kind), SLICE_ARG(type->text));
}

static spin_error_t *check_signed(const spin_value_t *value, const spin_type_t *type, int bits) {
    int64_t max = INT64_MAX >> (64 - bits);
    if (value->of.integer >= -max - 1 && value->of.integer <= max)
        return NULL;
    return error_new(SPIN_ERROR_INVALID, "%" PRId64 " is out of range for %.*s", value->of.integer,
                     SLICE_ARG(type->text));
}

static spin_error_t *check_unsigned(const spin_value_t *value, const spin_type_t *type, int bits) {
    if (value->of.natural <= UINT64_MAX >> (64 - bits))
        return NULL;
    return error_new(SPIN_ERROR_INVALID, "%" PRIu64 " is out of range for %.*s", value->of.natural,
                     SLICE_ARG(type->text));
}

static spin_error_t *check_char(const spin_value_t *value) {
    uint64_t c = value->of.natural;
    if (c < 0xD800 || (c > 0xDFFF && c <= 0x10FFFF))
        return NULL;
    return error_new(SPIN_ERROR_INVALID, "0x%" PRIX64 " is not a Unicode scalar value", c);
}

static spin_error_t *check_string(const spin_value_t *value) {
    size_t bad;
    if (slice_is_utf8(value->of.text, &bad))
        return NULL;
    return error_new(SPIN_ERROR_INVALID, "a string that is not UTF-8 at byte %zu", bad);
}

/* All items are of one type. */
static spin_error_t *check_items(const spin_value_t *value, const spin_type_t *element) {
    for (size_t i = 0; i < value->of.list.len; i++) {
        spin_error_t *error = spin_value_check(&value->of.list.items[i], element);
        if (error != NULL)
            return error_wrap(error, "element %zu", i);
    }
    return NULL;
}

static spin_error_t *check_length(const spin_value_t *value, const spin_type_t *type,
                                  uint64_t wanted) {
    if (value->of.list.len == wanted)
        return NULL;
    return error_new(SPIN_ERROR_INVALID, "%zu elements, and %.*s has %" PRIu64, value->of.list.len,
                     SLICE_ARG(type->text), wanted);
}

static spin_error_t *check_fields(const spin_value_t *value, const spin_type_t *type) {
    spin_error_t *error = check_length(value, type, type->parts_len);
    for (size_t i = 0; i < type->parts_len && error == NULL; i++) {
        const wit_part_t *part = &type->parts[i];
        error = spin_value_check(&value->of.list.items[i], part->ref.type);
        if (error != NULL && part->name.len > 0)
            error = error_wrap(error, "field \"%.*s\"", SLICE_ARG(part->name));
        else if (error != NULL)
            error = error_wrap(error, "element %zu", i);
    }
    return error;
}

/* A map's items are tuples of key and value; there is no type object for them. */
static spin_error_t *check_map(const spin_value_t *value, const spin_type_t *type) {
    for (size_t i = 0; i < value->of.list.len; i++) {
        const spin_value_t *entry = &value->of.list.items[i];
        spin_error_t *error;
        if (entry->kind != SPIN_TYPE_TUPLE)
            error = error_new(SPIN_ERROR_INVALID, "a value of kind %s is not a key and a value",
                              kind_name(entry->kind));
        else
            error = check_fields(entry, type);
        if (error != NULL)
            return error_wrap(error, "entry %zu", i);
    }
    return NULL;
}

static spin_error_t *check_choice(const spin_value_t *value, const spin_type_t *type) {
    uint32_t index = value->of.variant.index;
    if (index >= spin_type_count(type))
        return error_new(SPIN_ERROR_INVALID, "case %" PRIu32 ", and %.*s has %zu", index,
                         SLICE_ARG(type->text), spin_type_count(type));
    spin_slice_t name = spin_type_name(type, index);
    const spin_type_t *payload = spin_type_part(type, index);
    if (payload == NULL && value->of.variant.payload != NULL)
        return error_new(SPIN_ERROR_INVALID, "case \"%.*s\" of %.*s has no payload",
                         SLICE_ARG(name), SLICE_ARG(type->text));
    if (payload != NULL && value->of.variant.payload == NULL)
        return error_new(SPIN_ERROR_INVALID, "case \"%.*s\" of %.*s without its payload",
                         SLICE_ARG(name), SLICE_ARG(type->text));
    if (payload == NULL)
        return NULL;
    spin_error_t *error = spin_value_check(value->of.variant.payload, payload);
    return error == NULL ? NULL : error_wrap(error, "case \"%.*s\"", SLICE_ARG(name));
}

static spin_error_t *check_flags(const spin_value_t *value, const spin_type_t *type) {
    size_t words = (type->parts_len + 31) / 32;
    if (value->of.flags.len != words)
        return error_new(SPIN_ERROR_INVALID, "%zu words of flags, and %.*s has %zu",
                         value->of.flags.len, SLICE_ARG(type->text), words);
    size_t rest = type->parts_len % 32;
    uint32_t last = words == 0 ? 0 : value->of.flags.words[words - 1];
    if (rest != 0 && last >> rest != 0)
        return error_new(SPIN_ERROR_INVALID, "a flag that %.*s does not have",
                         SLICE_ARG(type->text));
    return NULL;
}

static bool kind_fits(const spin_value_t *value, const spin_type_t *type) {
    if (value->kind == SPIN_TYPE_BYTES)
        return type->kind == SPIN_TYPE_LIST && type->parts[0].ref.type->kind == SPIN_TYPE_U8;
    return value->kind == type->kind;
}

spin_error_t *spin_value_check(const spin_value_t *value, const spin_type_t *type) {
    if (!kind_fits(value, type))
        return wrong_kind(value, type);
    if (value->kind == SPIN_TYPE_BYTES)
        return NULL;
    spin_error_t *error;
    switch (type->kind) {
    case SPIN_TYPE_S8: return check_signed(value, type, 8);
    case SPIN_TYPE_S16: return check_signed(value, type, 16);
    case SPIN_TYPE_S32: return check_signed(value, type, 32);
    case SPIN_TYPE_U8: return check_unsigned(value, type, 8);
    case SPIN_TYPE_U16: return check_unsigned(value, type, 16);
    case SPIN_TYPE_OWN:
    case SPIN_TYPE_BORROW: return NULL; /* of the host's resources it may be a pointer */
    case SPIN_TYPE_U32:
    case SPIN_TYPE_STREAM:
    case SPIN_TYPE_FUTURE:
    case SPIN_TYPE_ERROR_CONTEXT: return check_unsigned(value, type, 32);
    case SPIN_TYPE_CHAR: return check_char(value);
    case SPIN_TYPE_STRING: return check_string(value);
    case SPIN_TYPE_FIXED_LIST:
        error = check_length(value, type, type->length);
        return error != NULL ? error : check_items(value, type->parts[0].ref.type);
    case SPIN_TYPE_LIST: return check_items(value, type->parts[0].ref.type);
    case SPIN_TYPE_TUPLE:
    case SPIN_TYPE_RECORD: return check_fields(value, type);
    case SPIN_TYPE_MAP: return check_map(value, type);
    case SPIN_TYPE_VARIANT:
    case SPIN_TYPE_ENUM:
    case SPIN_TYPE_OPTION:
    case SPIN_TYPE_RESULT: return check_choice(value, type);
    case SPIN_TYPE_FLAGS: return check_flags(value, type);
    default: return NULL; /* BOOL, S64, U64, F32, F64: nothing to be out of range */
    }
}
