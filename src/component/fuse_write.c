/* The sections of the fused module. */
#include "base/error.h"
#include "component/fuse_parts.h"

enum { CODE_GROWTH = 8 /* a body's bytes grow by about an eighth when its indices do */ };

/* For each instance, its modules' entries of one section. */
typedef void write_fn(fuse_t *fuse, uint32_t instance, uint32_t own, buf_t *out);

static uint32_t begin_vector(buf_t *out, core_section_id_t id, uint32_t count, size_t *mark) {
    *mark = core_put_section_begin(out, id);
    core_put_u32(out, count);
    return count;
}

static void take(fuse_t *fuse, spin_error_t *error) {
    if (error != NULL)
        fuse_fail(fuse, error);
}

static void write_types(fuse_t *fuse, buf_t *out) {
    size_t mark;
    begin_vector(out, CORE_SECTION_TYPE, fuse->group_count, &mark);
    buf_append(out, buf_slice(&fuse->types));
    core_put_sized_end(out, mark);
}

static void write_imports(fuse_t *fuse, buf_t *out) {
    size_t mark;
    begin_vector(out, CORE_SECTION_IMPORT, (uint32_t)fuse->imports.len, &mark);
    for (size_t i = 0; i < fuse->imports.len; i++) {
        const fuse_import_t *import = &fuse->imports.items[i];
        core_put_name(out, import->module);
        core_put_name(out, import->name);
        buf_append_byte(out, CORE_EXTERN_FUNC);
        core_put_u32(out, import->type);
    }
    core_put_sized_end(out, mark);
}

static uint32_t guest_function_count(const fuse_t *fuse) {
    return fuse->counts[CORE_SPACE_FUNC] - (uint32_t)fuse->imports.len;
}

static void write_functions(fuse_t *fuse, buf_t *out) {
    size_t mark;
    begin_vector(out, CORE_SECTION_FUNCTION,
                 guest_function_count(fuse) + (uint32_t)fuse->functions.len, &mark);
    for (uint32_t i = 0; i < fuse->linked->instance_count; i++) {
        const core_module_t *module = fuse->instances[i].module;
        for (uint32_t k = 0; k < module->function_count && fuse_ok(fuse); k++) {
            uint32_t type = fuse_type_of_function(fuse, i, module->imported[CORE_EXTERN_FUNC] + k);
            if (type == FUSE_NONE)
                fuse_fail(fuse, error_new(SPIN_ERROR_INVALID,
                                          "function %u has a type that is not there", (unsigned)k));
            core_put_u32(out, type);
        }
    }
    for (size_t i = 0; i < fuse->functions.len; i++)
        core_put_u32(out, fuse->functions.items[i].type);
    core_put_sized_end(out, mark);
}

static void write_table(fuse_t *fuse, uint32_t instance, uint32_t own, buf_t *out) {
    enum { HAS_INIT = 0x40 };
    const fuse_instance_t *of = &fuse->instances[instance];
    const core_table_t *table = &of->module->tables[own];
    if (of->dead_tables != NULL && of->dead_tables[own])
        return;
    if (table->init.len > 0) {
        buf_append_byte(out, HAS_INIT);
        buf_append_byte(out, 0);
    }
    take(fuse, core_rewrite_val_type(table->type, &of->map, out));
    core_put_limits(out, &table->limits);
    if (table->init.len > 0 && fuse_ok(fuse))
        segments_write_expression(fuse, instance, table->init, out);
}

static void write_memory(fuse_t *fuse, uint32_t instance, uint32_t own, buf_t *out) {
    core_put_limits(out, &fuse->instances[instance].module->memories[own]);
}

static void write_tag(fuse_t *fuse, uint32_t instance, uint32_t own, buf_t *out) {
    const fuse_instance_t *of = &fuse->instances[instance];
    uint32_t type = of->module->tags[own];
    buf_append_byte(out, 0);
    if (type < of->map.count[CORE_SPACE_TYPE])
        core_put_u32(out, of->map.of[CORE_SPACE_TYPE][type]);
    else
        fuse_fail(fuse, error_new(SPIN_ERROR_INVALID, "a tag has type %u, which is not there",
                                  (unsigned)type));
}

static void write_global(fuse_t *fuse, uint32_t instance, uint32_t own, buf_t *out) {
    const fuse_instance_t *of = &fuse->instances[instance];
    const core_global_t *global = &of->module->globals[own];
    take(fuse, core_rewrite_val_type(global->type, &of->map, out));
    buf_append_byte(out, global->mutable);
    if (fuse_ok(fuse))
        segments_write_expression(fuse, instance, global->init, out);
}

/* Flags of component instances and slots of contexts, all zero. */
static void write_own_globals(fuse_t *fuse, buf_t *out) {
    enum { MUTABLE = 1, OP_I64_CONST = 0x42 };
    for (uint32_t i = 0; i < fuse->linked->component_count + FUSE_CONTEXT_SLOTS; i++) {
        bool is_flags = i < fuse->linked->component_count;
        uint32_t slot = is_flags ? 0 : i - fuse->linked->component_count;
        if (!is_flags && !fuse_has_context(fuse, slot))
            continue;
        bool is64 = !is_flags && fuse->context_letters[slot] == 'I';
        buf_append_byte(out, is64 ? CORE_I64 : CORE_I32);
        buf_append_byte(out, MUTABLE);
        fuse_put_op(out, is64 ? OP_I64_CONST : CORE_OP_I32_CONST, 0);
        buf_append_byte(out, CORE_OP_END);
    }
}

static void write_entries(fuse_t *fuse, core_section_id_t id, core_space_t space, buf_t *out) {
    static write_fn *const writers[FUSE_SPACES] = {
        [CORE_SPACE_TABLE] = write_table,
        [CORE_SPACE_MEMORY] = write_memory,
        [CORE_SPACE_GLOBAL] = write_global,
        [CORE_SPACE_TAG] = write_tag,
    };
    size_t mark;
    if (!fuse_ok(fuse) || fuse->counts[space] == 0)
        return;
    begin_vector(out, id, fuse->counts[space], &mark);
    if (space == CORE_SPACE_GLOBAL)
        write_own_globals(fuse, out);
    for (uint32_t i = 0; i < fuse->linked->instance_count; i++) {
        const fuse_instance_t *of = &fuse->instances[i];
        uint32_t imported = of->module->imported[space - 1];
        for (uint32_t k = 0; k < of->map.count[space] - imported && fuse_ok(fuse); k++)
            writers[space](fuse, i, k, out);
    }
    core_put_sized_end(out, mark);
}

static void write_exports(fuse_t *fuse, buf_t *out) {
    size_t mark;
    begin_vector(out, CORE_SECTION_EXPORT, (uint32_t)fuse->exports.len, &mark);
    for (size_t i = 0; i < fuse->exports.len; i++) {
        const fuse_export_t *export = &fuse->exports.items[i];
        core_put_name(out, export->name);
        buf_append_byte(out, (uint8_t) export->kind);
        core_put_u32(out, export->number);
    }
    core_put_sized_end(out, mark);
}

static void write_bodies(fuse_t *fuse, uint32_t instance, buf_t *out) {
    static const uint8_t unreachable[] = {3, 0, CORE_OP_UNREACHABLE, CORE_OP_END};
    const fuse_instance_t *of = &fuse->instances[instance];
    for (uint32_t i = 0; i < of->module->function_count && fuse_ok(fuse) && !out->failed; i++) {
        if (of->shims != NULL && of->shims[i].kind != LINKED_NOTHING) {
            buf_append(out, spin_slice_of(unreachable, sizeof unreachable));
            continue;
        }
        size_t mark = core_put_sized_begin(out);
        spin_error_t *error = core_rewrite_body(of->module, of->module->bodies[i], &of->map, out);
        core_put_sized_end(out, mark);
        if (error != NULL)
            fuse_fail_in(fuse, instance, error);
    }
}

static void write_code(fuse_t *fuse, buf_t *out) {
    size_t mark;
    begin_vector(out, CORE_SECTION_CODE, guest_function_count(fuse) + (uint32_t)fuse->functions.len,
                 &mark);
    for (uint32_t i = 0; i < fuse->linked->instance_count && fuse_ok(fuse); i++)
        write_bodies(fuse, i, out);
    for (size_t i = 0; i < fuse->functions.len; i++) {
        core_put_name(out, buf_slice(&fuse->functions.items[i].body));
        fuse->no_memory |= fuse->functions.items[i].body.failed;
    }
    core_put_sized_end(out, mark);
}

static void write_segments(fuse_t *fuse, buf_t *out) {
    size_t mark;
    if (fuse->elements.len > 0 || fuse->declared.len > 0) {
        mark = core_put_section_begin(out, CORE_SECTION_ELEMENT);
        segments_write_elements(fuse, out);
        core_put_sized_end(out, mark);
    }
    if (fuse->data.len > 0) {
        begin_vector(out, CORE_SECTION_DATA_COUNT, (uint32_t)fuse->data.len, &mark);
        core_put_sized_end(out, mark);
    }
}

/* Guests' code is there once for each instance, of which a small component can have many. */
static bool reserve(fuse_t *fuse, buf_t *out) {
    size_t size = 0;
    for (uint32_t i = 0; i < fuse->linked->instance_count && size <= FUSE_MAX_GUEST_BYTES; i++)
        size += fuse->instances[i].module->bytes.len;
    if (size > FUSE_MAX_GUEST_BYTES)
        fuse_fail(fuse, error_new(SPIN_ERROR_LIMIT,
                                  "the component's core instances have more than "
                                  "%d bytes together",
                                  FUSE_MAX_GUEST_BYTES));
    return size <= FUSE_MAX_GUEST_BYTES && buf_reserve(out, size + size / CODE_GROWTH);
}

void fuse_write(fuse_t *fuse, buf_t *out) {
    size_t mark;
    if (!reserve(fuse, out))
        return;
    core_put_preamble(out);
    write_types(fuse, out);
    write_imports(fuse, out);
    write_functions(fuse, out);
    write_entries(fuse, CORE_SECTION_TABLE, CORE_SPACE_TABLE, out);
    write_entries(fuse, CORE_SECTION_MEMORY, CORE_SPACE_MEMORY, out);
    write_entries(fuse, CORE_SECTION_TAG, CORE_SPACE_TAG, out);
    write_entries(fuse, CORE_SECTION_GLOBAL, CORE_SPACE_GLOBAL, out);
    write_exports(fuse, out);
    if (fuse->start != FUSE_NONE) {
        begin_vector(out, CORE_SECTION_START, fuse->start, &mark);
        core_put_sized_end(out, mark);
    }
    if (fuse_ok(fuse))
        write_segments(fuse, out);
    if (fuse_ok(fuse))
        write_code(fuse, out);
    if (fuse_ok(fuse) && fuse->data.len > 0) {
        mark = core_put_section_begin(out, CORE_SECTION_DATA);
        segments_write_data(fuse, out);
        core_put_sized_end(out, mark);
    }
    if (fuse_ok(fuse) && !fuse->no_names)
        fuse_names_write(fuse, out);
    if (fuse_ok(fuse))
        fuse_map_write(fuse, out);
}
