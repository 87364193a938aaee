/* Sorts, names with attributes, and extern types (Binary.md, "Instance Definitions", "Import and
 * Export Definitions"). */
#include "component/decode_parts.h"

enum { SORT_IS_CORE = 0x00, NAME_WITH_ATTRIBUTES = 0x02 };

ast_sort_t decode_core_sort(core_reader_t *in) {
    size_t start = core_reader_offset(in);
    switch (core_read_u8(in)) {
    case 0x00: return AST_CORE_FUNC;
    case 0x01: return AST_CORE_TABLE;
    case 0x02: return AST_CORE_MEMORY;
    case 0x03: return AST_CORE_GLOBAL;
    case 0x04: return AST_CORE_TAG;
    case 0x10: return AST_CORE_TYPE;
    case 0x11: return AST_CORE_MODULE;
    case 0x12: return AST_CORE_INSTANCE;
    default: core_reader_fail(in, start, "malformed core sort"); return AST_CORE_FUNC;
    }
}

ast_sort_t decode_sort(core_reader_t *in) {
    static const ast_sort_t sorts[] = {
        [0x01] = AST_FUNC,      [0x02] = AST_VALUE,    [0x03] = AST_TYPE,
        [0x04] = AST_COMPONENT, [0x05] = AST_INSTANCE,
    };
    size_t start = core_reader_offset(in);
    uint8_t byte = core_read_u8(in);
    if (byte == SORT_IS_CORE && core_reader_ok(in))
        return decode_core_sort(in);
    if (byte < sizeof sorts / sizeof *sorts)
        return sorts[byte];
    core_reader_fail(in, start, "malformed sort");
    return AST_FUNC;
}

bool decode_sort_is_extern(ast_sort_t sort) {
    return sort == AST_CORE_MODULE || sort >= AST_FUNC;
}

bool decode_sort_is_core_extern(ast_sort_t sort) {
    return sort <= AST_CORE_TAG;
}

ast_sort_index_t decode_sort_index(core_reader_t *in) {
    ast_sort_index_t target = {.offset = core_reader_offset(in)};
    target.sort = decode_sort(in);
    if (!decode_sort_is_extern(target.sort))
        core_reader_fail(in, target.offset, "a core sort that a component cannot hand on");
    target.index = core_read_u32(in);
    return target;
}

/* Each kind of attribute once. */
static void read_attribute(core_reader_t *in, ast_name_t *name) {
    size_t start = core_reader_offset(in);
    spin_slice_t *slots[] = {&name->implements, &name->version_suffix, &name->external_id};
    uint8_t kind = core_read_u8(in);
    if (kind >= sizeof slots / sizeof *slots) {
        core_reader_fail(in, start, "malformed name attribute");
        return;
    }
    if (slots[kind]->ptr != NULL)
        core_reader_fail(in, start, "a name attribute twice");
    *slots[kind] = core_read_name(in);
}

ast_name_t decode_name(core_reader_t *in) {
    ast_name_t name = {.offset = core_reader_offset(in)};
    name.form = core_read_u8(in);
    if (name.form > NAME_WITH_ATTRIBUTES)
        core_reader_fail(in, name.offset, "malformed name form");
    name.name = core_read_name(in);
    if (name.form == NAME_WITH_ATTRIBUTES) {
        uint32_t count = core_read_count(in, UINT32_MAX, "");
        for (uint32_t i = 0; i < count && core_reader_ok(in); i++)
            read_attribute(in, &name);
    }
    return name;
}

ast_extern_type_t decode_extern_type(core_reader_t *in) {
    ast_extern_type_t type = {.offset = core_reader_offset(in), .bound = AST_BOUND_TYPE};
    type.sort = decode_sort(in);
    if (!decode_sort_is_extern(type.sort))
        core_reader_fail(in, type.offset, "malformed extern type");
    if (type.sort != AST_VALUE && type.sort != AST_TYPE) {
        type.index = core_read_u32(in);
        return type;
    }
    bool is_other =
        decode_flag(in, type.sort == AST_TYPE ? "malformed type bound" : "malformed value bound");
    if (!is_other) {
        type.bound = AST_BOUND_EQ;
        type.index = core_read_u32(in);
    } else if (type.sort == AST_TYPE) {
        type.bound = AST_BOUND_SUB_RESOURCE;
    } else {
        type.value = decode_val_type(in);
    }
    return type;
}
