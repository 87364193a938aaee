#include "wit/type.h"

#include "base/buf.h"
#include "base/error.h"
#include "wit/layout.h"

static const char *const plain_names[] = {
    [SPIN_TYPE_BOOL] = "bool",     [SPIN_TYPE_S8] = "s8",
    [SPIN_TYPE_U8] = "u8",         [SPIN_TYPE_S16] = "s16",
    [SPIN_TYPE_U16] = "u16",       [SPIN_TYPE_S32] = "s32",
    [SPIN_TYPE_U32] = "u32",       [SPIN_TYPE_S64] = "s64",
    [SPIN_TYPE_U64] = "u64",       [SPIN_TYPE_F32] = "f32",
    [SPIN_TYPE_F64] = "f64",       [SPIN_TYPE_CHAR] = "char",
    [SPIN_TYPE_STRING] = "string", [SPIN_TYPE_ERROR_CONTEXT] = "error-context",
};

const char *type_plain_name(spin_type_kind_t kind) {
    size_t index = (size_t)kind;
    return index < sizeof plain_names / sizeof *plain_names ? plain_names[index] : NULL;
}

void type_table_deinit(type_table_t *table) {
    map_deinit(&table->known);
}

/* ── text ────────────────────────────────────────────────────────────────────────────────── */

static void append_part(buf_t *out, const wit_type_t *type) {
    if (type == NULL)
        buf_append_byte(out, '_');
    else
        buf_append(out, type->text);
}

/* "result", "result<u8>", "result<_, u8>", "result<u8, u8>" */
static void append_result(buf_t *out, const wit_type_t *type) {
    const wit_type_t *ok = type->parts[0].ref.type;
    const wit_type_t *err = type->parts[1].ref.type;
    buf_append_text(out, "result");
    if (ok == NULL && err == NULL)
        return;
    buf_append_byte(out, '<');
    append_part(out, ok);
    if (err != NULL) {
        buf_append_text(out, ", ");
        append_part(out, err);
    }
    buf_append_byte(out, '>');
}

static void append_generic(buf_t *out, const char *name, const wit_type_t *type) {
    buf_append_text(out, name);
    if (type->parts_len == 0 || type->parts[0].ref.type == NULL) /* a bare stream */
        return;
    buf_append_byte(out, '<');
    for (size_t i = 0; i < type->parts_len && out->len <= TYPE_MAX_TEXT; i++) {
        if (i > 0)
            buf_append_text(out, ", ");
        append_part(out, type->parts[i].ref.type);
    }
    if (type->kind == SPIN_TYPE_FIXED_LIST)
        buf_printf(out, ", %zu", type->length);
    buf_append_byte(out, '>');
}

static void append_text(buf_t *out, const wit_type_t *type) {
    switch (type->kind) {
    case SPIN_TYPE_LIST:
    case SPIN_TYPE_FIXED_LIST: append_generic(out, "list", type); break;
    case SPIN_TYPE_TUPLE: append_generic(out, "tuple", type); break;
    case SPIN_TYPE_OPTION: append_generic(out, "option", type); break;
    case SPIN_TYPE_STREAM: append_generic(out, "stream", type); break;
    case SPIN_TYPE_FUTURE: append_generic(out, "future", type); break;
    case SPIN_TYPE_MAP: append_generic(out, "map", type); break;
    case SPIN_TYPE_RESULT: append_result(out, type); break;
    case SPIN_TYPE_OWN: buf_append(out, type->resource->name); break;
    case SPIN_TYPE_BORROW: buf_printf(out, "borrow<%.*s>", SLICE_ARG(type->resource->name)); break;
    default: {
        const char *name = type_plain_name(type->kind);
        buf_append_text(out, name == NULL ? "?" : name);
        break;
    }
    }
}

/* Aliases are seen through, so a text can double with every line that declares one: hence the
 * limits. */
static spin_error_t *set_text(type_table_t *table, wit_type_t *type) {
    if (type->def != NULL) {
        type->text = type->def->name;
        return NULL;
    }
    buf_t text = {0};
    append_text(&text, type);
    spin_error_t *error = NULL;
    table->texts += text.len;
    if (text.failed)
        error = error_no_memory();
    else if (text.len > TYPE_MAX_TEXT || table->texts > TYPE_MAX_ALL_TEXTS)
        error = error_new(SPIN_ERROR_LIMIT, "type too large: written out it has more than %d bytes",
                          TYPE_MAX_TEXT);
    else if ((type->text = arena_copy(table->arena, buf_slice(&text))).ptr == NULL)
        error = error_no_memory();
    buf_deinit(&text);
    return error;
}

/* ── making ──────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *inherit(wit_type_t *type) {
    type->has_pointers = type->kind == SPIN_TYPE_STRING || type->kind == SPIN_TYPE_LIST ||
                         type->kind == SPIN_TYPE_MAP;
    type->has_handles = type->kind == SPIN_TYPE_OWN || type->kind == SPIN_TYPE_BORROW ||
                        type->kind == SPIN_TYPE_STREAM || type->kind == SPIN_TYPE_FUTURE ||
                        type->kind == SPIN_TYPE_ERROR_CONTEXT;
    type->has_borrows = type->kind == SPIN_TYPE_BORROW;
    /* What flows through a stream does not lie in the value. */
    bool is_channel = type->kind == SPIN_TYPE_STREAM || type->kind == SPIN_TYPE_FUTURE;
    for (size_t i = 0; i < type->parts_len; i++) {
        const wit_type_t *part = type->parts[i].ref.type;
        if (part == NULL)
            continue;
        if (part->depth >= type->depth)
            type->depth = part->depth + 1;
        type->has_pointers |= !is_channel && part->has_pointers;
        type->has_handles |= part->has_handles;
        type->has_borrows |= part->has_borrows;
    }
    if (type->depth > TYPE_MAX_DEPTH)
        return error_new(SPIN_ERROR_LIMIT, "type nested deeper than %d", TYPE_MAX_DEPTH);
    return NULL;
}

static spin_error_t *copy_parts(arena_t *arena, wit_type_t *type) {
    if (type->parts_len == 0)
        return NULL;
    wit_part_t *parts = arena_calloc(arena, type->parts_len, sizeof *parts);
    if (parts == NULL)
        return error_no_memory();
    for (size_t i = 0; i < type->parts_len; i++)
        parts[i].ref.type = type->parts[i].ref.type;
    type->parts = parts;
    return NULL;
}

static spin_error_t *make(type_table_t *table, const wit_type_t *pattern, const wit_type_t **out) {
    wit_type_t *type = arena_calloc(table->arena, 1, sizeof *type);
    if (type == NULL)
        return error_no_memory();
    *type = (wit_type_t){.kind = pattern->kind,
                         .def = pattern->def,
                         .parts = pattern->parts,
                         .parts_len = pattern->parts_len,
                         .length = pattern->length,
                         .resource = pattern->resource};
    spin_error_t *error = type->def == NULL ? copy_parts(table->arena, type) : NULL;
    if (error == NULL)
        error = inherit(type);
    if (error == NULL)
        error = set_text(table, type);
    if (error == NULL && !layout_compute(type))
        error = error_new(SPIN_ERROR_LIMIT, "type too large for a memory of 32 bits");
    *out = type;
    return error;
}

static void append_key(buf_t *key, const void *bytes, size_t len) {
    buf_append(key, spin_slice_of(bytes, len));
}

spin_error_t *type_make(type_table_t *table, const wit_type_t *pattern, const wit_type_t **out) {
    if (pattern->def != NULL)
        return make(table, pattern, out);
    buf_t key = {0};
    spin_error_t *error = NULL;
    append_key(&key, &pattern->kind, sizeof pattern->kind);
    append_key(&key, &pattern->length, sizeof pattern->length);
    append_key(&key, &pattern->resource, sizeof pattern->resource);
    for (size_t i = 0; i < pattern->parts_len; i++)
        append_key(&key, &pattern->parts[i].ref.type, sizeof pattern->parts[i].ref.type);
    if (key.failed) {
        error = error_no_memory();
        goto out;
    }
    *out = map_get(&table->known, buf_slice(&key));
    if (*out != NULL)
        goto out;
    error = make(table, pattern, out);
    if (error != NULL)
        goto out;
    spin_slice_t kept = arena_copy(table->arena, buf_slice(&key));
    if (kept.ptr == NULL || !map_set(&table->known, kept, (void *)*out))
        error = error_no_memory();
out:
    buf_deinit(&key);
    return error;
}

spin_error_t *type_refresh_texts(type_table_t *table) {
    spin_error_t *error = NULL;
    table->texts = 0;
    /* In the order in which they were made: what a type is made of goes before it. */
    for (size_t i = 0; i < table->known.len && error == NULL; i++)
        error = set_text(table, table->known.entries[i].value);
    return error;
}

spin_error_t *type_make_plain(type_table_t *table, spin_type_kind_t kind, const wit_type_t **out) {
    return type_make(table, &(wit_type_t){.kind = kind}, out);
}

/* ── <spin/value.h>: reading ─────────────────────────────────────────────────────────────── */

spin_type_kind_t spin_type_kind(const spin_type_t *type) {
    return type->kind;
}

spin_slice_t spin_type_text(const spin_type_t *type) {
    return type->text;
}

size_t spin_type_count(const spin_type_t *type) {
    return type->kind == SPIN_TYPE_OPTION ? 2 : type->parts_len;
}

spin_slice_t spin_type_name(const spin_type_t *type, size_t index) {
    if (index >= spin_type_count(type))
        return (spin_slice_t){0};
    if (type->kind == SPIN_TYPE_OPTION)
        return index == 0 ? SLICE_LITERAL("none") : SLICE_LITERAL("some");
    if (type->kind == SPIN_TYPE_RESULT)
        return index == 0 ? SLICE_LITERAL("ok") : SLICE_LITERAL("error");
    return type->parts[index].name;
}

const spin_type_t *spin_type_part(const spin_type_t *type, size_t index) {
    if (type->kind == SPIN_TYPE_OPTION)
        return index == 1 ? type->parts[0].ref.type : NULL;
    return index < type->parts_len ? type->parts[index].ref.type : NULL;
}

size_t spin_type_length(const spin_type_t *type) {
    return type->length;
}
