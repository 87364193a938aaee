/* A whole call by the host in one entry: "spin:call:…" (fuse.h). Each entry into a module from
 * outside costs about as much as a short function; without this a call with a string would take
 * three. */
#include "base/error.h"
#include "component/fuse_parts.h"

enum {
    BLOCK_EMPTY = 0x40,
    TYPE_I32 = 0x7f,
    OP_ELSE = 0x05,
    OP_I64_CONST = 0x42,
    OP_I64_EQ = 0x51,
    OP_I64_NE = 0x52,
    OP_I32_WRAP = 0xa7,
    OP_I64_SHR_U = 0x88,
    PART_LOCAL = 0, /* the parameter; those of the lift follow, then its result */
};

bool fuse_has_call(const linked_component_t *linked, const linked_lift_t *lift) {
    const linked_options_t *options = &linked->options[lift->options];
    if (linked->uses_async || options->is_async || options->memory64 || lift->export_name.len == 0)
        return false;
    bool allocates = signature_of_lift(lift->type, options).params_in_memory;
    for (size_t i = 0; i < lift->type->params_len; i++)
        allocates |= lift->type->params[i].ref.type->has_pointers;
    return allocates || options->post_return.kind != LINKED_NOTHING;
}

/* ── imports ── */

static uint32_t find(const fuse_t *fuse, bool is_result, const char *letters) {
    for (size_t i = 0; i < fuse->call_imports.len; i++) {
        const fuse_call_import_t *import = &fuse->call_imports.items[i];
        if (import->is_result == is_result && strcmp(import->letters, letters) == 0)
            return import->number;
    }
    return FUSE_NONE;
}

typedef uint32_t (*add_fn)(fuse_t *fuse, spin_slice_t module, spin_slice_t name, const char *params,
                           const char *results);

static void import(fuse_t *fuse, bool is_result, const char *letters, add_fn add) {
    fuse_call_import_t made = {.is_result = is_result};
    char results[SIGNATURE_MAX + 2];
    size_t len = strlen(letters);
    if (find(fuse, is_result, letters) != FUSE_NONE)
        return;
    memcpy(made.letters, letters, len + 1);
    memcpy(results, letters, len + 1);
    results[len] = 'I';
    results[len + 1] = 0;
    spin_slice_t name = arena_copy(&fuse->arena, spin_slice(letters));
    if (is_result)
        made.number = add(fuse, SLICE_LITERAL("spin:result"), name, letters, "");
    else
        made.number = add(fuse, SLICE_LITERAL("spin:argument"), name, "i", results);
    fuse->no_memory |= !VEC_PUSH(&fuse->call_imports, made);
}

void fuse_call_imports(fuse_t *fuse, add_fn add) {
    const linked_component_t *linked = fuse->linked;
    for (uint32_t i = 0; i < linked->lift_count && fuse_ok(fuse); i++) {
        const linked_lift_t *lift = &linked->lifts[i];
        const linked_options_t *options = &linked->options[lift->options];
        if (!fuse_has_call(linked, lift))
            continue;
        signature_t signature = signature_of_lift(lift->type, options);
        import(fuse, false, signature.params, add);
        if (options->post_return.kind != LINKED_NOTHING)
            import(fuse, true, signature.results, add);
    }
}

/* ── code ── */

static void put_compare_none(buf_t *body, uint8_t compare) {
    fuse_put_op(body, CORE_OP_LOCAL_GET, PART_LOCAL);
    buf_append_byte(body, OP_I64_CONST);
    core_put_s64(body, -1);
    buf_append_byte(body, compare);
}

/* The address of the part on the stack, or 0. */
static void put_allocation(fuse_t *fuse, const linked_lift_t *lift, buf_t *body) {
    const linked_options_t *options = &fuse->linked->options[lift->options];
    if (options->realloc.kind == LINKED_NOTHING) {
        fuse_put_i32(body, 0);
        return;
    }
    uint32_t component = fuse_component_of(fuse, &options->realloc);
    put_compare_none(body, OP_I64_EQ);
    fuse_put_op(body, CORE_OP_IF, TYPE_I32);
    fuse_put_i32(body, 0);
    buf_append_byte(body, OP_ELSE);
    fuse_put_i32(body, 0);
    fuse_put_i32(body, 0);
    fuse_put_op(body, CORE_OP_LOCAL_GET, PART_LOCAL);
    buf_append_byte(body, OP_I64_CONST);
    core_put_s64(body, 32);
    buf_append_byte(body, OP_I64_SHR_U);
    buf_append_byte(body, OP_I32_WRAP);
    fuse_put_op(body, CORE_OP_LOCAL_GET, PART_LOCAL);
    buf_append_byte(body, OP_I32_WRAP);
    fuse_put_op(body, CORE_OP_CALL, fuse_realloc_number(fuse, options->realloc, component));
    buf_append_byte(body, CORE_OP_END);
}

static void put_locals(buf_t *body, const char *params, const char *results) {
    core_put_u32(body, (uint32_t)(strlen(params) + strlen(results)));
    for (int i = 0; i < 2; i++)
        for (const char *letters = i == 0 ? params : results; *letters != 0; letters++) {
            core_put_u32(body, 1);
            buf_append_byte(body, fuse_letter_type(*letters));
        }
}

void fuse_call_emit(fuse_t *fuse, const linked_lift_t *lift, uint32_t entry, uint32_t post,
                    buf_t *body) {
    signature_t signature = signature_of_lift(lift->type, &fuse->linked->options[lift->options]);
    bool has_result = signature.results[0] != 0;
    uint32_t params = (uint32_t)strlen(signature.params), result_local = params + 1;
    put_locals(body, signature.params, post != FUSE_NONE ? signature.results : "");
    fuse_put_op(body, CORE_OP_LOOP, BLOCK_EMPTY);
    put_allocation(fuse, lift, body);
    fuse_put_op(body, CORE_OP_CALL, find(fuse, false, signature.params));
    fuse_put_op(body, CORE_OP_LOCAL_SET, PART_LOCAL);
    for (uint32_t i = params; i > 0; i--)
        fuse_put_op(body, CORE_OP_LOCAL_SET, i);
    put_compare_none(body, OP_I64_NE);
    fuse_put_op(body, CORE_OP_BR_IF, 0);
    buf_append_byte(body, CORE_OP_END);
    for (uint32_t i = 1; i <= params; i++)
        fuse_put_op(body, CORE_OP_LOCAL_GET, i);
    fuse_put_op(body, CORE_OP_CALL, entry);
    if (post != FUSE_NONE) {
        if (has_result)
            fuse_put_op(body, CORE_OP_LOCAL_TEE, result_local);
        fuse_put_op(body, CORE_OP_CALL, find(fuse, true, signature.results));
        if (has_result)
            fuse_put_op(body, CORE_OP_LOCAL_GET, result_local);
        fuse_put_op(body, CORE_OP_CALL, post);
    }
    buf_append_byte(body, CORE_OP_END);
}
