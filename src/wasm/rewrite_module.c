/* Writes all sections of a module again. */
#include "wasm/rewrite_parts.h"
#include "wasm/writer.h"

static spin_error_t *put_optional_expression(const core_module_t *module, spin_slice_t expression,
                                             const core_numbers_t *numbers, buf_t *out) {
    if (expression.len == 0)
        return NULL;
    return core_rewrite_expression(module, expression, numbers, out);
}

void core_put_limits(buf_t *out, const core_limits_t *limits) {
    enum { HAS_MAX = 1, SHARED = 2, IS_64 = 4, HAS_PAGE = 8, PAGE_BITS = 16 };
    buf_append_byte(out,
                    (uint8_t)((limits->has_max ? HAS_MAX : 0) | (limits->shared ? SHARED : 0) |
                              (limits->is64 ? IS_64 : 0) | (limits->has_page_bits ? HAS_PAGE : 0)));
    core_put_u64(out, limits->min);
    if (limits->has_max)
        core_put_u64(out, limits->max);
    if (limits->has_page_bits)
        core_put_u32(out, limits->page_bits);
}

spin_error_t *core_rewrite_table(const core_module_t *module, const core_table_t *table,
                                 const core_numbers_t *numbers, buf_t *out) {
    enum { HAS_INIT = 0x40 };
    if (table->init.len > 0) {
        buf_append_byte(out, HAS_INIT);
        buf_append_byte(out, 0);
    }
    spin_error_t *error = core_rewrite_val_type(table->type, numbers, out);
    if (error != NULL)
        return error;
    core_put_limits(out, &table->limits);
    return put_optional_expression(module, table->init, numbers, out);
}

spin_error_t *core_rewrite_global(const core_module_t *module, const core_global_t *global,
                                  const core_numbers_t *numbers, buf_t *out) {
    spin_error_t *error = core_rewrite_val_type(global->type, numbers, out);
    if (error != NULL)
        return error;
    buf_append_byte(out, global->mutable);
    return put_optional_expression(module, global->init, numbers, out);
}

spin_error_t *core_rewrite_extern_type(const core_module_t *module, const core_import_t *import,
                                       const core_numbers_t *numbers, buf_t *out) {
    buf_append_byte(out, (uint8_t)import->kind);
    switch (import->kind) {
    case CORE_EXTERN_TABLE: return core_rewrite_table(module, &import->of.table, numbers, out);
    case CORE_EXTERN_MEMORY: core_put_limits(out, &import->of.memory); return NULL;
    case CORE_EXTERN_GLOBAL: return core_rewrite_global(module, &import->of.global, numbers, out);
    case CORE_EXTERN_TAG: buf_append_byte(out, 0); break;
    case CORE_EXTERN_FUNC: break;
    }
    return rewrite_put_number(numbers, CORE_SPACE_TYPE, import->of.type, false, out);
}

static spin_error_t *put_items(const core_module_t *module, const core_element_t *element,
                               const core_numbers_t *numbers, buf_t *out) {
    rewriter_t rewriter;
    rewriter_init(&rewriter, module, element->items, numbers, out);
    core_put_u32(out, element->count);
    for (uint32_t i = 0; i < element->count && core_reader_ok(&rewriter.reader); i++) {
        if (element->expressions)
            rewriter_code(&rewriter);
        else
            rewriter_index(&rewriter, CORE_SPACE_FUNC);
    }
    return rewriter_end(&rewriter, "bytes left after the elements");
}

/* Section 5.5.12: bit 0 passive or declared, bit 1 an explicit table or declared, bit 2
 * expressions. */
spin_error_t *core_rewrite_element(const core_module_t *module, const core_element_t *element,
                                   const core_numbers_t *numbers, buf_t *out) {
    enum { NOT_ACTIVE = 1, NAMES_TABLE = 2, EXPRESSIONS = 4, KIND_FUNC = 0 };
    spin_error_t *error = NULL;
    uint32_t flags = element->flags;
    bool is_active = (flags & NOT_ACTIVE) == 0;
    uint32_t table = element->table;
    if (is_active && (!rewrite_number(numbers, CORE_SPACE_TABLE, &table) || table != 0))
        flags |= NAMES_TABLE;
    core_put_u32(out, flags);
    if (is_active && (flags & NAMES_TABLE) != 0)
        error = rewrite_put_number(numbers, CORE_SPACE_TABLE, element->table, false, out);
    if (error == NULL && is_active)
        error = core_rewrite_expression(module, element->offset, numbers, out);
    if (error == NULL && (flags & (NOT_ACTIVE | NAMES_TABLE)) != 0) {
        if (element->expressions)
            error = core_rewrite_val_type(element->type, numbers, out);
        else
            buf_append_byte(out, KIND_FUNC);
    }
    return error != NULL ? error : put_items(module, element, numbers, out);
}

spin_error_t *core_rewrite_data(const core_module_t *module, const core_data_t *data,
                                const core_numbers_t *numbers, buf_t *out) {
    enum { PASSIVE = 1, NAMES_MEMORY = 2 };
    spin_error_t *error = NULL;
    uint32_t flags = data->flags;
    uint32_t memory = data->memory;
    if (flags == 0 && (!rewrite_number(numbers, CORE_SPACE_MEMORY, &memory) || memory != 0))
        flags = NAMES_MEMORY;
    core_put_u32(out, flags);
    if (flags == NAMES_MEMORY)
        error = rewrite_put_number(numbers, CORE_SPACE_MEMORY, data->memory, false, out);
    if (error == NULL && flags != PASSIVE)
        error = core_rewrite_expression(module, data->offset, numbers, out);
    core_put_u32(out, (uint32_t)data->bytes.len);
    buf_append(out, data->bytes);
    return error;
}

/* Writes one entry of a section. */
typedef spin_error_t *put_entry_fn(const core_module_t *module, uint32_t index, buf_t *out);

static spin_error_t *put_type(const core_module_t *module, uint32_t index, buf_t *out) {
    return core_rewrite_rec_type(&module->groups[index], NULL, out);
}

static spin_error_t *put_import(const core_module_t *module, uint32_t index, buf_t *out) {
    const core_import_t *import = &module->imports[index];
    core_put_name(out, import->module);
    core_put_name(out, import->name);
    return core_rewrite_extern_type(module, import, NULL, out);
}

static spin_error_t *put_function(const core_module_t *module, uint32_t index, buf_t *out) {
    core_put_u32(out, module->functions[index]);
    return NULL;
}

static spin_error_t *put_table(const core_module_t *module, uint32_t index, buf_t *out) {
    return core_rewrite_table(module, &module->tables[index], NULL, out);
}

static spin_error_t *put_memory(const core_module_t *module, uint32_t index, buf_t *out) {
    core_put_limits(out, &module->memories[index]);
    return NULL;
}

static spin_error_t *put_tag(const core_module_t *module, uint32_t index, buf_t *out) {
    buf_append_byte(out, 0);
    core_put_u32(out, module->tags[index]);
    return NULL;
}

static spin_error_t *put_global(const core_module_t *module, uint32_t index, buf_t *out) {
    return core_rewrite_global(module, &module->globals[index], NULL, out);
}

static spin_error_t *put_export(const core_module_t *module, uint32_t index, buf_t *out) {
    const core_export_t *export = &module->exports[index];
    core_put_name(out, export->name);
    buf_append_byte(out, (uint8_t) export->kind);
    core_put_u32(out, export->index);
    return NULL;
}

static spin_error_t *put_element(const core_module_t *module, uint32_t index, buf_t *out) {
    return core_rewrite_element(module, &module->elements[index], NULL, out);
}

static spin_error_t *put_body(const core_module_t *module, uint32_t index, buf_t *out) {
    size_t mark = core_put_sized_begin(out);
    spin_error_t *error = core_rewrite_body(module, module->bodies[index], NULL, out);
    core_put_sized_end(out, mark);
    return error;
}

static spin_error_t *put_data(const core_module_t *module, uint32_t index, buf_t *out) {
    return core_rewrite_data(module, &module->data[index], NULL, out);
}

typedef struct vector_writer {
    put_entry_fn *put;
    size_t count; /* its offset in core_module_t */
} vector_writer_t;

static const vector_writer_t vector_writers[CORE_SECTION_COUNT] = {
    [CORE_SECTION_TYPE] = {put_type, offsetof(core_module_t, group_count)},
    [CORE_SECTION_IMPORT] = {put_import, offsetof(core_module_t, import_count)},
    [CORE_SECTION_FUNCTION] = {put_function, offsetof(core_module_t, function_count)},
    [CORE_SECTION_TABLE] = {put_table, offsetof(core_module_t, table_count)},
    [CORE_SECTION_MEMORY] = {put_memory, offsetof(core_module_t, memory_count)},
    [CORE_SECTION_TAG] = {put_tag, offsetof(core_module_t, tag_count)},
    [CORE_SECTION_GLOBAL] = {put_global, offsetof(core_module_t, global_count)},
    [CORE_SECTION_EXPORT] = {put_export, offsetof(core_module_t, export_count)},
    [CORE_SECTION_ELEMENT] = {put_element, offsetof(core_module_t, element_count)},
    [CORE_SECTION_CODE] = {put_body, offsetof(core_module_t, function_count)},
    [CORE_SECTION_DATA] = {put_data, offsetof(core_module_t, data_count)},
};

static spin_error_t *put_vector(const core_module_t *module, const vector_writer_t *writer,
                                buf_t *out) {
    uint32_t count;
    memcpy(&count, (const uint8_t *)module + writer->count, sizeof count);
    core_put_u32(out, count);
    spin_error_t *error = NULL;
    for (uint32_t i = 0; i < count && error == NULL; i++)
        error = writer->put(module, i, out);
    return error;
}

spin_error_t *core_rewrite_module(const core_module_t *module, buf_t *out) {
    spin_error_t *error = NULL;
    core_put_preamble(out);
    for (uint32_t i = 0; i < module->section_count && error == NULL; i++) {
        const core_section_t *section = &module->sections[i];
        size_t mark = core_put_section_begin(out, section->id);
        if (section->id == CORE_SECTION_CUSTOM) {
            core_put_name(out, section->name);
            buf_append(out, spin_slice_of(section->body.at, core_reader_left(&section->body)));
        } else if (section->id == CORE_SECTION_START) {
            core_put_u32(out, module->start);
        } else if (section->id == CORE_SECTION_DATA_COUNT) {
            core_put_u32(out, module->data_count);
        } else {
            error = put_vector(module, &vector_writers[section->id], out);
        }
        core_put_sized_end(out, mark);
    }
    return error;
}
