#include "wasm/module.h"

#include "base/error.h"
#include "wasm/instr.h"

/* Of the embedders' agreement (JavaScript API, "Implementation Limitations"). */
enum {
    ENTRY_LIMIT = 1000000,
    TABLE_LIMIT = 100000,
    MEMORY_LIMIT = 100,
    SEGMENT_LIMIT = 100000,
    LOCAL_LIMIT = 50000,
    BODY_LIMIT = 7654321,
};

/* What decoding a module needs beside the section's own reader. */
typedef struct decoder {
    arena_t *arena;
    core_module_t *module;
    bool no_memory;
} decoder_t;

typedef void read_entry_fn(decoder_t *decoder, core_reader_t *body, void *entry);

/* Section 5.3.10; bit 0 a maximum, 1 shared, 2 64-bit addresses, 3 a page size of its own. */
static core_limits_t read_limits(core_reader_t *reader, bool is_memory) {
    size_t start = core_reader_offset(reader);
    uint8_t flags = core_read_u8(reader);
    if (flags > (is_memory ? 15 : 7))
        core_reader_fail(reader, start, "malformed limits flags");
    core_limits_t limits = {.has_max = (flags & 1) != 0,
                            .shared = (flags & 2) != 0,
                            .is64 = (flags & 4) != 0,
                            .page_bits = 16};
    limits.min = limits.is64 ? core_read_u64(reader) : core_read_u32(reader);
    if (limits.has_max)
        limits.max = limits.is64 ? core_read_u64(reader) : core_read_u32(reader);
    if ((flags & 8) != 0) {
        start = core_reader_offset(reader);
        uint32_t bits = core_read_u32(reader);
        if (bits > 64)
            core_reader_fail(reader, start, "malformed page size");
        limits.has_page_bits = true;
        limits.page_bits = (uint8_t)bits;
    }
    return limits;
}

static core_global_t read_global_type(core_reader_t *reader) {
    core_global_t global = {.type = core_read_val_type(reader)};
    size_t start = core_reader_offset(reader);
    uint8_t mutability = core_read_u8(reader);
    if (mutability > 1) /* bit 1, shared, is of a proposal */
        core_reader_fail(reader, start, "malformed mutability");
    global.mutable = mutability == 1;
    return global;
}

static uint32_t read_tag_type(core_reader_t *reader) {
    size_t start = core_reader_offset(reader);
    if (core_read_u8(reader) != 0)
        core_reader_fail(reader, start, "malformed tag attribute");
    return core_read_u32(reader);
}

spin_slice_t core_read_expression(core_reader_t *reader) {
    core_instr_t instr;
    const uint8_t *start = reader->at;
    for (int depth = 1; depth > 0 && core_read_instr(reader, &instr);)
        depth += core_instr_nesting(instr.opcode);
    return (spin_slice_t){start, (size_t)(reader->at - start)};
}

uint32_t core_read_locals(core_reader_t *body) {
    uint64_t total = 0;
    for (uint32_t left = core_read_count(body, LOCAL_LIMIT, "too many locals"); left > 0; left--) {
        size_t start = core_reader_offset(body);
        total += core_read_u32(body);
        if (total > LOCAL_LIMIT)
            core_reader_fail(body, start, "too many locals");
        core_read_val_type(body);
    }
    return core_reader_ok(body) ? (uint32_t)total : 0;
}

static void read_group(decoder_t *decoder, core_reader_t *body, void *entry) {
    core_rec_type_t *group = entry;
    size_t start = core_reader_offset(body);
    core_read_rec_type(body, decoder->arena, group);
    if (group->count > ENTRY_LIMIT - decoder->module->type_count)
        core_reader_fail(body, start, "too many types");
    else
        decoder->module->type_count += group->count;
}

static core_extern_kind_t read_kind(core_reader_t *body) {
    size_t start = core_reader_offset(body);
    uint8_t kind = core_read_u8(body);
    if (kind == 0x7e || kind == 0x7f) {
        core_reader_unknown(body, start, "a compact import");
        kind = 0;
    } else if (kind > CORE_EXTERN_TAG) {
        core_reader_fail(body, start, "malformed import or export kind");
        kind = 0;
    }
    return (core_extern_kind_t)kind;
}

static core_table_t read_table_type(core_reader_t *body) {
    core_table_t table = {.type = core_read_ref_type(body)};
    table.limits = read_limits(body, false);
    return table;
}

void core_read_extern_type(core_reader_t *reader, arena_t *arena, core_import_t *out) {
    (void)arena;
    out->kind = read_kind(reader);
    switch (out->kind) {
    case CORE_EXTERN_FUNC: out->of.type = core_read_u32(reader); break;
    case CORE_EXTERN_TABLE: out->of.table = read_table_type(reader); break;
    case CORE_EXTERN_MEMORY: out->of.memory = read_limits(reader, true); break;
    case CORE_EXTERN_GLOBAL: out->of.global = read_global_type(reader); break;
    case CORE_EXTERN_TAG: out->of.type = read_tag_type(reader); break;
    }
}

static void read_import(decoder_t *decoder, core_reader_t *body, void *entry) {
    core_import_t *import = entry;
    import->module = core_read_name(body);
    import->name = core_read_name(body);
    core_read_extern_type(body, decoder->arena, import);
    decoder->module->imported[import->kind]++;
}

static void read_function(decoder_t *decoder, core_reader_t *body, void *entry) {
    (void)decoder;
    *(uint32_t *)entry = core_read_u32(body);
}

static void read_table(decoder_t *decoder, core_reader_t *body, void *entry) {
    (void)decoder;
    core_table_t *table = entry;
    bool has_init = !core_reader_done(body) && *body->at == 0x40;
    if (has_init) {
        core_read_u8(body);
        size_t start = core_reader_offset(body);
        if (core_read_u8(body) != 0)
            core_reader_fail(body, start, "malformed table");
    }
    *table = read_table_type(body);
    if (has_init)
        table->init = core_read_expression(body);
}

static void read_memory(decoder_t *decoder, core_reader_t *body, void *entry) {
    (void)decoder;
    *(core_limits_t *)entry = read_limits(body, true);
}

static void read_tag(decoder_t *decoder, core_reader_t *body, void *entry) {
    (void)decoder;
    *(uint32_t *)entry = read_tag_type(body);
}

static void read_global(decoder_t *decoder, core_reader_t *body, void *entry) {
    (void)decoder;
    core_global_t *global = entry;
    *global = read_global_type(body);
    global->init = core_read_expression(body);
}

static void read_export(decoder_t *decoder, core_reader_t *body, void *entry) {
    (void)decoder;
    core_export_t *export = entry;
    export->name = core_read_name(body);
    export->kind = read_kind(body);
    export->index = core_read_u32(body);
}

/* Section 5.5.12: bit 0 passive or declared, bit 1 an explicit table or declared, bit 2
 * expressions. */
static void read_element(decoder_t *decoder, core_reader_t *body, void *entry) {
    (void)decoder;
    core_element_t *element = entry;
    size_t start = core_reader_offset(body);
    uint32_t flags = core_read_u32(body);
    if (flags > 7)
        core_reader_fail(body, start, "malformed element segment kind");
    element->flags = (uint8_t)flags;
    element->expressions = (flags & 4) != 0;
    element->type = 0x70;
    if ((flags & 1) != 0) {
        element->mode = (flags & 2) != 0 ? CORE_SEGMENT_DECLARED : CORE_SEGMENT_PASSIVE;
    } else {
        element->table = (flags & 2) != 0 ? core_read_u32(body) : 0;
        element->offset = core_read_expression(body);
    }
    if ((flags & 3) != 0) {
        start = core_reader_offset(body);
        if (element->expressions)
            element->type = core_read_ref_type(body);
        else if (core_read_u8(body) != 0)
            core_reader_fail(body, start, "malformed element kind");
    }
    element->count = core_read_count(body, 10 * ENTRY_LIMIT, "too many elements");
    const uint8_t *items = body->at;
    for (uint32_t i = 0; i < element->count && core_reader_ok(body); i++) {
        if (element->expressions)
            core_read_expression(body);
        else
            core_read_u32(body);
    }
    element->items = (spin_slice_t){items, (size_t)(body->at - items)};
}

static void read_body(decoder_t *decoder, core_reader_t *body, void *entry) {
    (void)decoder;
    size_t start = core_reader_offset(body);
    uint32_t size = core_read_u32(body);
    if (size > BODY_LIMIT)
        core_reader_fail(body, start, "function body too large");
    *(spin_slice_t *)entry = core_read_bytes(body, size);
}

static void read_data(decoder_t *decoder, core_reader_t *body, void *entry) {
    (void)decoder;
    core_data_t *data = entry;
    size_t start = core_reader_offset(body);
    uint32_t flags = core_read_u32(body);
    if (flags > 2)
        core_reader_fail(body, start, "malformed data segment kind");
    data->flags = (uint8_t)flags;
    data->mode = flags == 1 ? CORE_SEGMENT_PASSIVE : CORE_SEGMENT_ACTIVE;
    data->memory = flags == 2 ? core_read_u32(body) : 0;
    if (flags != 1)
        data->offset = core_read_expression(body);
    data->bytes = core_read_bytes(body, core_read_u32(body));
}

/* Where the entries of each vector section go. */
typedef struct vector_section {
    read_entry_fn *read;
    size_t entry_size;
    size_t entries; /* offsets in core_module_t */
    size_t count;
    uint32_t limit;
} vector_section_t;

#define VECTOR(read_fn, type, field, count_field, limit)                                           \
    {                                                                                              \
        read_fn, sizeof(type), offsetof(core_module_t, field),                                     \
            offsetof(core_module_t, count_field), limit                                            \
    }

static const vector_section_t vector_sections[CORE_SECTION_COUNT] = {
    [CORE_SECTION_TYPE] = VECTOR(read_group, core_rec_type_t, groups, group_count, ENTRY_LIMIT),
    [CORE_SECTION_IMPORT] = VECTOR(read_import, core_import_t, imports, import_count, ENTRY_LIMIT),
    [CORE_SECTION_FUNCTION] =
        VECTOR(read_function, uint32_t, functions, function_count, ENTRY_LIMIT),
    [CORE_SECTION_TABLE] = VECTOR(read_table, core_table_t, tables, table_count, TABLE_LIMIT),
    [CORE_SECTION_MEMORY] =
        VECTOR(read_memory, core_limits_t, memories, memory_count, MEMORY_LIMIT),
    [CORE_SECTION_TAG] = VECTOR(read_tag, uint32_t, tags, tag_count, ENTRY_LIMIT),
    [CORE_SECTION_GLOBAL] = VECTOR(read_global, core_global_t, globals, global_count, ENTRY_LIMIT),
    [CORE_SECTION_EXPORT] = VECTOR(read_export, core_export_t, exports, export_count, ENTRY_LIMIT),
    [CORE_SECTION_ELEMENT] =
        VECTOR(read_element, core_element_t, elements, element_count, SEGMENT_LIMIT),
    [CORE_SECTION_DATA] = VECTOR(read_data, core_data_t, data, data_count, SEGMENT_LIMIT),
};

static void read_vector(decoder_t *decoder, const vector_section_t *vector, core_reader_t *body,
                        uint8_t **entries_out, uint32_t *count_out) {
    uint32_t count = core_read_count(body, vector->limit, "too many entries");
    uint8_t *entries = arena_calloc(decoder->arena, count, vector->entry_size);
    decoder->no_memory |= entries == NULL;
    for (uint32_t i = 0; i < count && !decoder->no_memory && core_reader_ok(body); i++)
        vector->read(decoder, body, entries + i * vector->entry_size);
    *entries_out = entries;
    *count_out = count;
}

/* Section 5.5.16: as many bodies as the function section promised. */
static void read_code(decoder_t *decoder, core_reader_t *body) {
    static const vector_section_t bodies = {read_body, sizeof(spin_slice_t), 0, 0, ENTRY_LIMIT};
    size_t start = core_reader_offset(body);
    uint8_t *entries;
    uint32_t count;
    read_vector(decoder, &bodies, body, &entries, &count);
    decoder->module->bodies = (spin_slice_t *)(void *)entries;
    if (core_reader_ok(body) && count != decoder->module->function_count)
        core_reader_fail(body, start, "function and code section have different lengths");
}

/* Puts the types of all groups side by side, for their indices. */
static void flatten_groups(decoder_t *decoder) {
    core_module_t *module = decoder->module;
    core_sub_type_t *types = arena_calloc(decoder->arena, module->type_count, sizeof *types);
    decoder->no_memory |= types == NULL;
    module->types = types;
    for (uint32_t i = 0; types != NULL && i < module->group_count; i++) {
        core_rec_type_t *group = &module->groups[i];
        if (group->count > 0)
            memcpy(types, group->types, group->count * sizeof *types);
        group->types = types;
        types += group->count;
    }
}

static void read_section(decoder_t *decoder, core_section_t *section, uint32_t *data_promised) {
    core_module_t *module = decoder->module;
    core_reader_t body = section->body;
    const vector_section_t *vector = &vector_sections[section->id];
    if (section->id == CORE_SECTION_CUSTOM)
        return;
    if (vector->read != NULL) {
        /* All the entry pointers have one representation, the arena's. */
        uint8_t *entries;
        read_vector(decoder, vector, &body, &entries,
                    (uint32_t *)(void *)((uint8_t *)module + vector->count));
        memcpy((uint8_t *)module + vector->entries, &entries, sizeof entries);
    } else if (section->id == CORE_SECTION_CODE) {
        read_code(decoder, &body);
    } else if (section->id == CORE_SECTION_START) {
        module->has_start = true;
        module->start = core_read_u32(&body);
    } else {
        module->has_data_count = true;
        *data_promised = core_read_u32(&body);
    }
    if (core_reader_ok(&body) && !decoder->no_memory)
        core_reader_finish(&body, "bytes left at the end of a section");
    if (section->id == CORE_SECTION_TYPE && core_reader_ok(&body) && !decoder->no_memory)
        flatten_groups(decoder);
    section->body.fault = body.fault;
    section->body.fault_at = body.fault_at;
    section->body.fault_unknown = body.fault_unknown;
    section->body.fault_memory = body.fault_memory;
}

/* How many sections there are, so that one array holds them. */
static uint32_t count_sections(core_reader_t reader) {
    uint32_t count = 0;
    unsigned rank = 0;
    core_section_t section;
    while (core_read_section(&reader, &rank, &section))
        count++;
    return count;
}

static void check_totals(core_reader_t *reader, const core_module_t *module,
                         uint32_t data_promised) {
    size_t end = core_reader_offset(reader);
    if (!core_reader_ok(reader))
        return;
    if (module->function_count > 0 && module->bodies == NULL)
        core_reader_fail(reader, end, "function section without a code section");
    if (module->has_data_count && data_promised != module->data_count)
        core_reader_fail(reader, end, "data count and data section have different lengths");
}

spin_error_t *core_module_read(arena_t *arena, spin_slice_t bytes, core_module_t *out) {
    *out = (core_module_t){.bytes = bytes};
    decoder_t decoder = {.arena = arena, .module = out};
    uint32_t data_promised = 0;
    unsigned rank = 0;
    core_reader_t reader;
    core_reader_init(&reader, bytes);
    core_read_preamble(&reader);
    out->section_count = core_reader_ok(&reader) ? count_sections(reader) : 0;
    out->sections = arena_calloc(arena, out->section_count, sizeof *out->sections);
    if (out->sections == NULL)
        return error_no_memory();
    core_section_t section;
    for (uint32_t i = 0; core_read_section(&reader, &rank, &section); i++) {
        read_section(&decoder, &section, &data_promised);
        if (decoder.no_memory)
            return error_no_memory();
        core_reader_adopt(&reader, &section.body);
        out->sections[i] = section;
    }
    check_totals(&reader, out, data_promised);
    return core_reader_error(&reader);
}

core_reader_t core_module_part(const core_module_t *module, spin_slice_t part) {
    return (core_reader_t){.base = module->bytes.ptr, .at = part.ptr, .end = part.ptr + part.len};
}

const core_func_type_t *core_module_func_type(const core_module_t *module, uint32_t index) {
    uint32_t type = UINT32_MAX;
    if (index >= module->imported[CORE_EXTERN_FUNC]) {
        index -= module->imported[CORE_EXTERN_FUNC];
        if (index < module->function_count)
            type = module->functions[index];
    } else {
        for (uint32_t i = 0; i < module->import_count; i++)
            if (module->imports[i].kind == CORE_EXTERN_FUNC && index-- == 0) {
                type = module->imports[i].of.type;
                break;
            }
    }
    return core_module_type(module, type);
}

const core_export_t *core_module_find_export(const core_module_t *module, spin_slice_t name) {
    for (uint32_t i = 0; i < module->export_count; i++)
        if (slice_equal(module->exports[i].name, name))
            return &module->exports[i];
    return NULL;
}
