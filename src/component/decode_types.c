/* Types (Binary.md, "Type Definitions"). */
#include "component/decode_parts.h"

enum { RESULT_LIST_ONE = 0x00, RESULT_LIST_NONE = 0x01 };

static bool is_primitive(uint8_t byte) {
    return (byte >= 0x73 && byte <= 0x7f) || byte == 0x64;
}

ast_val_type_t decode_val_type(core_reader_t *in) {
    ast_val_type_t type = {.offset = core_reader_offset(in)};
    if (!core_reader_done(in) && is_primitive(*in->at)) {
        type.primitive = core_read_u8(in);
        return type;
    }
    int64_t index = core_read_s33(in);
    if (index < 0)
        core_reader_fail(in, type.offset, "malformed value type");
    type.is_index = true;
    type.index = (uint32_t)index;
    return type;
}

bool decode_result_list(core_reader_t *in, ast_val_type_t *out) {
    size_t start = core_reader_offset(in);
    switch (core_read_u8(in)) {
    case RESULT_LIST_ONE: *out = decode_val_type(in); return true;
    case RESULT_LIST_NONE:
        start = core_reader_offset(in);
        if (core_read_u8(in) != 0)
            core_reader_fail(in, start, "malformed number of results");
        return false;
    default: core_reader_fail(in, start, "malformed results"); return false;
    }
}

/* ── parts ── */

/* What a part consists of. */
enum { HAS_NAME = 1, HAS_TYPE = 2, MAY_HAVE_TYPE = 4, ZERO_AFTER = 8 };

static void read_part(core_reader_t *in, unsigned shape, ast_part_t *part) {
    part->offset = core_reader_offset(in);
    if ((shape & HAS_NAME) != 0)
        part->name = core_read_name(in);
    part->has_type = (shape & HAS_TYPE) != 0 || ((shape & MAY_HAVE_TYPE) != 0 &&
                                                 decode_flag(in, "malformed optional value type"));
    if (part->has_type)
        part->type = decode_val_type(in);
    size_t start = core_reader_offset(in);
    if ((shape & ZERO_AFTER) != 0 && core_read_u8(in) != 0)
        core_reader_fail(in, start, "a case does not end with a zero");
}

static void read_parts(decoder_t *decoder, core_reader_t *in, unsigned shape, uint32_t count,
                       ast_type_t *type) {
    ast_part_t *parts = decode_alloc(decoder, in, count, sizeof *parts);
    for (uint32_t i = 0; parts != NULL && i < count && core_reader_ok(in); i++)
        read_part(in, shape, &parts[i]);
    type->parts = parts;
    type->part_count = parts == NULL ? 0 : count;
}

/* How many parts each kind of type has: a number, or a vector (0). */
static const struct {
    uint8_t byte;
    uint8_t shape;
    uint8_t count;
} shapes[] = {
    {AST_TYPE_RECORD, HAS_NAME | HAS_TYPE, 0},
    {AST_TYPE_VARIANT, HAS_NAME | MAY_HAVE_TYPE | ZERO_AFTER, 0},
    {AST_TYPE_LIST, HAS_TYPE, 1},
    {AST_TYPE_TUPLE, HAS_TYPE, 0},
    {AST_TYPE_FLAGS, HAS_NAME, 0},
    {AST_TYPE_ENUM, HAS_NAME, 0},
    {AST_TYPE_OPTION, HAS_TYPE, 1},
    {AST_TYPE_RESULT, MAY_HAVE_TYPE, 2},
    {AST_TYPE_FIXED_LIST, HAS_TYPE, 1},
    {AST_TYPE_STREAM, MAY_HAVE_TYPE, 1},
    {AST_TYPE_FUTURE, MAY_HAVE_TYPE, 1},
    {AST_TYPE_MAP, HAS_TYPE, 2},
    {AST_TYPE_FUNC, HAS_NAME | HAS_TYPE, 0},
    {AST_TYPE_ASYNC_FUNC, HAS_NAME | HAS_TYPE, 0},
};

/* False: no type of this table. */
static bool read_type_with_parts(decoder_t *decoder, core_reader_t *in, uint8_t byte,
                                 ast_type_t *type) {
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        if (shapes[i].byte != byte)
            continue;
        uint32_t count = shapes[i].count;
        if (count == 0)
            count = core_read_count(in, AST_MAX_TYPE_PARTS, "too many parts of a type");
        read_parts(decoder, in, shapes[i].shape, count, type);
        return true;
    }
    return false;
}

/* ── component and instance types ── */

/* Binary.md, componentdecl and instancedecl. */
static void read_declaration(decoder_t *decoder, core_reader_t *in, bool of_component,
                             def_list_t *list) {
    static const struct {
        decode_def_fn *read;
        ast_def_kind_t kind;
    } declarations[] = {
        [0] = {decode_core_type, AST_DEF_CORE_TYPE}, [1] = {decode_type, AST_DEF_TYPE},
        [2] = {decode_alias, AST_DEF_ALIAS},         [3] = {decode_import, AST_DEF_IMPORT},
        [4] = {decode_import, AST_DEF_EXPORT_DECL},
    };
    size_t start = core_reader_offset(in);
    uint8_t byte = core_read_u8(in);
    if (byte >= sizeof declarations / sizeof *declarations || (byte == 3 && !of_component))
        core_reader_fail(in, start, "malformed declaration of a component or instance type");
    if (!core_reader_ok(in))
        return;
    ast_def_t *def = decode_add(decoder, in, list, declarations[byte].kind, core_reader_offset(in));
    if (def != NULL)
        declarations[byte].read(decoder, in, def);
}

static const ast_scope_t *read_scope(decoder_t *decoder, core_reader_t *in, size_t offset,
                                     bool of_component) {
    ast_scope_t *scope = decode_alloc(decoder, in, 1, sizeof *scope);
    if (scope == NULL || !decode_enter(decoder, in, offset))
        return scope;
    scope->parent = decoder->scope;
    decoder->scope = scope;
    def_list_t list = {0};
    uint32_t count = core_read_count(in, AST_MAX_DEFS, "too many declarations");
    for (uint32_t i = 0; i < count && core_reader_ok(in); i++)
        read_declaration(decoder, in, of_component, &list);
    scope->defs = list.items;
    scope->def_count = list.len;
    decoder->scope = scope->parent;
    decoder->depth--;
    return scope;
}

/* ── the type ── */

static void read_resource(core_reader_t *in, ast_type_t *type) {
    type->kind = AST_TYPE_RESOURCE;
    type->rep = core_read_val_type(in);
    type->has_dtor = decode_flag(in, "malformed resource destructor");
    if (type->has_dtor)
        type->dtor = core_read_u32(in);
}

static void read_rest(decoder_t *decoder, core_reader_t *in, uint8_t byte, ast_type_t *type) {
    type->kind = (ast_type_kind_t)byte;
    if (read_type_with_parts(decoder, in, byte, type)) {
        if (byte == AST_TYPE_FIXED_LIST)
            type->length = core_read_u32(in);
        if (byte != AST_TYPE_FUNC && byte != AST_TYPE_ASYNC_FUNC)
            return;
        type->kind = AST_TYPE_FUNC;
        type->is_async = byte == AST_TYPE_ASYNC_FUNC;
        type->has_result = decode_result_list(in, &type->result);
        return;
    }
    switch (byte) {
    case AST_TYPE_OWN:
    case AST_TYPE_BORROW: type->resource = core_read_u32(in); return;
    case AST_TYPE_COMPONENT:
    case AST_TYPE_INSTANCE:
        type->scope = read_scope(decoder, in, type->offset, byte == AST_TYPE_COMPONENT);
        return;
    case AST_TYPE_RESOURCE: read_resource(in, type); return;
    default: core_reader_fail(in, type->offset, "malformed type");
    }
}

void decode_type(decoder_t *decoder, core_reader_t *in, ast_def_t *def) {
    ast_type_t *type = &def->of.type;
    type->offset = core_reader_offset(in);
    uint8_t byte = core_read_u8(in);
    if (!core_reader_ok(in))
        return;
    if (is_primitive(byte)) {
        type->kind = AST_TYPE_PRIMITIVE;
        type->primitive = (ast_val_type_t){.primitive = byte, .offset = type->offset};
        return;
    }
    read_rest(decoder, in, byte, type);
}
