#include "wasm/type.h"

/* Of the embedders' agreement (JavaScript API, "Implementation Limitations"). */
enum { TYPE_LIMIT = 1000000, ARITY_LIMIT = 1000, FIELD_LIMIT = 10000, SUPER_LIMIT = 1 };

enum { SHARED = 0x65, EXACT = 0x62, STORAGE_I8 = 0x78, STORAGE_I16 = 0x77 };

/* An abstract heap type, also short for the nullable reference to it: cont … nocont. */
static bool is_heap_code(uint8_t code) {
    return code >= CORE_HEAP_FIRST && code <= CORE_HEAP_LAST;
}

/* Forms of extensions that no engine here enables: shared and exact types. */
static bool is_extension(core_reader_t *reader) {
    if (core_reader_done(reader) || (*reader->at != SHARED && *reader->at != EXACT))
        return false;
    core_reader_unknown(reader, core_reader_offset(reader), "a shared or exact type");
    return true;
}

int32_t core_read_heap_type(core_reader_t *reader) {
    size_t start = core_reader_offset(reader);
    if (is_extension(reader))
        return 0;
    int64_t heap = core_read_s33(reader);
    if (heap >= TYPE_LIMIT)
        core_reader_fail(reader, start, "type index too large");
    else if (heap < 0 && (heap < -64 || !is_heap_code((uint8_t)(heap & 0x7f))))
        core_reader_fail(reader, start, "malformed heap type");
    return core_reader_ok(reader) ? (int32_t)heap : 0;
}

core_val_type_t core_read_val_type(core_reader_t *reader) {
    size_t start = core_reader_offset(reader);
    if (is_extension(reader))
        return 0;
    uint8_t code = core_read_u8(reader);
    if ((code >= CORE_V128 && code <= CORE_I32) || is_heap_code(code))
        return code;
    if (code == CORE_REF || code == CORE_REF_NULL)
        return code | (core_val_type_t)core_read_heap_type(reader) << 8;
    core_reader_fail(reader, start, "malformed value type");
    return 0;
}

core_val_type_t core_read_ref_type(core_reader_t *reader) {
    size_t start = core_reader_offset(reader);
    core_val_type_t type = core_read_val_type(reader);
    if (core_reader_ok(reader) && type >= CORE_V128 && type <= CORE_I32)
        core_reader_fail(reader, start, "malformed reference type");
    return type;
}

/* `count` zeroed entries; their absence is a fault. */
static void *new_entries(core_reader_t *reader, arena_t *arena, uint32_t count, size_t size) {
    void *entries = arena_calloc(arena, count, size);
    if (entries == NULL)
        core_reader_no_memory(reader);
    return entries;
}

static const core_val_type_t *read_val_types(core_reader_t *reader, arena_t *arena,
                                             uint32_t *count) {
    *count = core_read_count(reader, ARITY_LIMIT, "too many parameters or results");
    core_val_type_t *types = new_entries(reader, arena, *count, sizeof *types);
    for (uint32_t i = 0; core_reader_ok(reader) && i < *count; i++)
        types[i] = core_read_val_type(reader);
    return types;
}

static core_field_t read_field(core_reader_t *reader) {
    core_field_t field = {0};
    if (!core_reader_done(reader) && (*reader->at == STORAGE_I8 || *reader->at == STORAGE_I16))
        field.type = core_read_u8(reader);
    else
        field.type = core_read_val_type(reader);
    size_t start = core_reader_offset(reader);
    uint8_t mutability = core_read_u8(reader);
    if (mutability > 1)
        core_reader_fail(reader, start, "malformed mutability");
    field.mutable = mutability == 1;
    return field;
}

/* In the form of a heap type. */
static uint32_t read_type_index(core_reader_t *reader) {
    size_t start = core_reader_offset(reader);
    int32_t heap = core_read_heap_type(reader);
    if (heap < 0)
        core_reader_fail(reader, start, "malformed type index");
    return core_reader_ok(reader) ? (uint32_t)heap : 0;
}

static void read_composite(core_reader_t *reader, arena_t *arena, core_sub_type_t *out) {
    size_t start = core_reader_offset(reader);
    if (is_extension(reader))
        return;
    uint8_t kind = core_read_u8(reader);
    out->kind = (core_type_kind_t)kind;
    core_field_t *fields;
    switch (kind) {
    case CORE_TYPE_FUNC:
        out->func.params = read_val_types(reader, arena, &out->func.param_count);
        out->func.results = read_val_types(reader, arena, &out->func.result_count);
        break;
    case CORE_TYPE_STRUCT:
    case CORE_TYPE_ARRAY:
        out->field_count =
            kind == CORE_TYPE_ARRAY ? 1 : core_read_count(reader, FIELD_LIMIT, "too many fields");
        out->fields = fields = new_entries(reader, arena, out->field_count, sizeof *fields);
        for (uint32_t i = 0; core_reader_ok(reader) && i < out->field_count; i++)
            fields[i] = read_field(reader);
        break;
    case CORE_TYPE_CONT: out->cont = read_type_index(reader); break;
    default: core_reader_fail(reader, start, "malformed type"); break;
    }
}

static void read_sub_type(core_reader_t *reader, arena_t *arena, core_sub_type_t *out) {
    out->is_final = true;
    uint8_t form = core_reader_done(reader) ? 0 : *reader->at;
    if (form == CORE_FORM_SUB || form == CORE_FORM_SUB_FINAL) {
        core_read_u8(reader);
        out->is_sub = true;
        out->is_final = form == CORE_FORM_SUB_FINAL;
        out->super_count = core_read_count(reader, SUPER_LIMIT, "too many supertypes");
        uint32_t *supers = new_entries(reader, arena, out->super_count, sizeof *supers);
        out->supers = supers;
        for (uint32_t i = 0; core_reader_ok(reader) && i < out->super_count; i++)
            supers[i] = core_read_u32(reader);
    }
    read_composite(reader, arena, out);
}

void core_read_rec_type(core_reader_t *reader, arena_t *arena, core_rec_type_t *out) {
    *out = (core_rec_type_t){.count = 1};
    if (!core_reader_done(reader) && *reader->at == CORE_FORM_REC) {
        core_read_u8(reader);
        out->is_group = true;
        out->count = core_read_count(reader, TYPE_LIMIT, "too many types");
    }
    core_sub_type_t *types = new_entries(reader, arena, out->count, sizeof *types);
    out->types = types;
    for (uint32_t i = 0; core_reader_ok(reader) && i < out->count; i++)
        read_sub_type(reader, arena, &types[i]);
    if (!core_reader_ok(reader))
        *out = (core_rec_type_t){0};
}
