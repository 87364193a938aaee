/* Core modules, core instances and core types (Binary.md, "Instance Definitions", "Type
 * Definitions"). */
#include "base/error.h"
#include "component/decode_parts.h"

enum {
    INSTANCE_OF_MODULE = 0x00,
    INSTANCE_OF_EXPORTS = 0x01,
    ARGUMENT_INSTANCE = 0x12,
    CORE_MODULE_TYPE = 0x50,
    SUB_TYPE = 0x50,
    MAX_ARGUMENTS = 100000,
    MAX_DECLARATIONS = 100000,
};

/* ── modules ── */

void decode_core_module(decoder_t *decoder, core_reader_t *in, ast_def_t *def) {
    ast_core_module_t *module = decode_alloc(decoder, in, 1, sizeof *module);
    def->of.core_module = module;
    if (module == NULL)
        return;
    module->offset = core_reader_offset(in);
    module->bytes = (spin_slice_t){in->at, core_reader_left(in)};
    spin_error_t *error = core_module_read(decoder->arena, module->bytes, &module->module);
    if (error != NULL) {
        /* The module's offsets count from its own first byte. */
        spin_position_t position = spin_error_position(error);
        if (position.has_offset)
            error = error_at_offset(error, NULL, module->offset + position.offset);
        decode_stop(decoder, in, error);
        return;
    }
    core_read_bytes(in, core_reader_left(in));
}

/* ── instances ── */

static void read_core_argument(core_reader_t *in, ast_argument_t *argument) {
    argument->name = (ast_name_t){.offset = core_reader_offset(in), .name = core_read_name(in)};
    argument->target.offset = core_reader_offset(in);
    argument->target.sort = AST_CORE_INSTANCE;
    if (core_read_u8(in) != ARGUMENT_INSTANCE)
        core_reader_fail(in, argument->target.offset,
                         "an argument of a core module is no instance");
    argument->target.index = core_read_u32(in);
}

static void read_core_inline_export(core_reader_t *in, ast_argument_t *argument) {
    argument->name = (ast_name_t){.offset = core_reader_offset(in), .name = core_read_name(in)};
    argument->target.offset = core_reader_offset(in);
    argument->target.sort = decode_core_sort(in);
    if (!decode_sort_is_core_extern(argument->target.sort))
        core_reader_fail(in, argument->target.offset, "a sort that a core instance cannot export");
    argument->target.index = core_read_u32(in);
}

void decode_core_instance(decoder_t *decoder, core_reader_t *in, ast_def_t *def) {
    ast_instance_t *instance = &def->of.instance;
    size_t start = core_reader_offset(in);
    uint8_t form = core_read_u8(in);
    if (form > INSTANCE_OF_EXPORTS)
        core_reader_fail(in, start, "malformed core instance");
    instance->is_instantiation = form == INSTANCE_OF_MODULE;
    if (instance->is_instantiation)
        instance->index = core_read_u32(in);
    uint32_t count = core_read_count(in, MAX_ARGUMENTS, "too many arguments");
    ast_argument_t *arguments = decode_alloc(decoder, in, count, sizeof *arguments);
    for (uint32_t i = 0; arguments != NULL && i < count && core_reader_ok(in); i++) {
        if (instance->is_instantiation)
            read_core_argument(in, &arguments[i]);
        else
            read_core_inline_export(in, &arguments[i]);
    }
    instance->arguments = arguments;
    instance->argument_count = arguments == NULL ? 0 : count;
}

/* ── types ── */

static void read_core_extern(decoder_t *decoder, core_reader_t *in, ast_def_t *def) {
    ast_core_extern_t *core = decode_alloc(decoder, in, 1, sizeof *core);
    def->of.import.core = core;
    if (core == NULL)
        return;
    if (def->kind == AST_DEF_IMPORT)
        core->module = core_read_name(in);
    core->name = core_read_name(in);
    core_read_extern_type(in, decoder->arena, &core->type);
}

/* An outer alias of a core type: the only one there is here, and in the order of core sorts. */
static void read_module_alias(core_reader_t *in, ast_def_t *def) {
    size_t start = core_reader_offset(in);
    uint8_t sort = core_read_u8(in), kind = core_read_u8(in);
    if (sort != 0x10 || kind != 0x01)
        core_reader_fail(in, start, "malformed alias in a core module type");
    def->of.alias = (ast_alias_t){.kind = AST_ALIAS_OUTER, .sort = AST_CORE_TYPE};
    def->of.alias.outer = core_read_u32(in);
    def->of.alias.index = core_read_u32(in);
}

static void read_module_declaration(decoder_t *decoder, core_reader_t *in, def_list_t *list) {
    static const ast_def_kind_t kinds[] = {AST_DEF_IMPORT, AST_DEF_CORE_TYPE, AST_DEF_ALIAS,
                                           AST_DEF_EXPORT_DECL};
    size_t start = core_reader_offset(in);
    uint8_t byte = core_read_u8(in);
    if (byte >= sizeof kinds / sizeof *kinds) {
        core_reader_fail(in, start, "malformed declaration of a core module type");
        return;
    }
    if (!core_reader_ok(in))
        return;
    ast_def_t *def = decode_add(decoder, in, list, kinds[byte], core_reader_offset(in));
    if (def == NULL)
        return;
    switch (def->kind) {
    case AST_DEF_CORE_TYPE: core_read_rec_type(in, decoder->arena, &def->of.core_type.rec); break;
    case AST_DEF_ALIAS: read_module_alias(in, def); break;
    default: read_core_extern(decoder, in, def);
    }
}

/* A module type has the byte of a subtype that is not final: such a one has a zero before it. */
void decode_core_type(decoder_t *decoder, core_reader_t *in, ast_def_t *def) {
    uint8_t first = core_reader_done(in) ? 0 : *in->at;
    if (first != CORE_MODULE_TYPE) {
        if (first == 0) {
            core_read_u8(in);
            if (!core_reader_done(in) && *in->at != SUB_TYPE)
                core_reader_fail(in, core_reader_offset(in), "malformed core type");
        }
        core_read_rec_type(in, decoder->arena, &def->of.core_type.rec);
        return;
    }
    core_read_u8(in);
    def->of.core_type.is_module = true;
    def_list_t list = {0};
    uint32_t count = core_read_count(in, MAX_DECLARATIONS, "too many declarations");
    for (uint32_t i = 0; i < count && core_reader_ok(in); i++)
        read_module_declaration(decoder, in, &list);
    def->of.core_type.module = (ast_core_module_type_t){.defs = list.items, .def_count = list.len};
}
