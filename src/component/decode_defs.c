/* Instances, aliases, start, imports, exports and values of components (Binary.md). */
#include "component/decode_parts.h"

enum {
    INSTANCE_OF_COMPONENT = 0x00,
    INSTANCE_OF_EXPORTS = 0x01,
    ALIAS_EXPORT = 0x00,
    ALIAS_CORE_EXPORT = 0x01,
    ALIAS_OUTER = 0x02,
    MAX_ARGUMENTS = 100000,
    MAX_START_ARGUMENTS = 1000,
};

void decode_instance(decoder_t *decoder, core_reader_t *in, ast_def_t *def) {
    ast_instance_t *instance = &def->of.instance;
    size_t start = core_reader_offset(in);
    uint8_t form = core_read_u8(in);
    if (form > INSTANCE_OF_EXPORTS)
        core_reader_fail(in, start, "malformed instance");
    instance->is_instantiation = form == INSTANCE_OF_COMPONENT;
    if (instance->is_instantiation)
        instance->index = core_read_u32(in);
    uint32_t count = core_read_count(in, MAX_ARGUMENTS, "too many arguments");
    ast_argument_t *arguments = decode_alloc(decoder, in, count, sizeof *arguments);
    for (uint32_t i = 0; arguments != NULL && i < count && core_reader_ok(in); i++) {
        ast_name_t *name = &arguments[i].name;
        if (instance->is_instantiation)
            *name = (ast_name_t){.offset = core_reader_offset(in), .name = core_read_name(in)};
        else
            *name = decode_name(in);
        arguments[i].target = decode_sort_index(in);
    }
    instance->arguments = arguments;
    instance->argument_count = arguments == NULL ? 0 : count;
}

void decode_alias(decoder_t *decoder, core_reader_t *in, ast_def_t *def) {
    (void)decoder;
    ast_alias_t *alias = &def->of.alias;
    size_t start = core_reader_offset(in);
    ast_sort_t sort = alias->sort = decode_sort(in);
    size_t kind_at = core_reader_offset(in);
    bool fits = false;
    switch (core_read_u8(in)) {
    case ALIAS_EXPORT:
        alias->kind = AST_ALIAS_EXPORT;
        fits = decode_sort_is_extern(sort);
        break;
    case ALIAS_CORE_EXPORT:
        alias->kind = AST_ALIAS_CORE_EXPORT;
        fits = decode_sort_is_core_extern(sort);
        break;
    case ALIAS_OUTER:
        alias->kind = AST_ALIAS_OUTER;
        fits = sort == AST_CORE_TYPE || sort == AST_CORE_MODULE || sort == AST_TYPE ||
               sort == AST_COMPONENT;
        break;
    default: core_reader_fail(in, kind_at, "malformed alias");
    }
    if (!fits)
        core_reader_fail(in, start, "a sort that such an alias cannot have");
    if (alias->kind == AST_ALIAS_OUTER) {
        alias->outer = core_read_u32(in);
        alias->index = core_read_u32(in);
    } else {
        alias->instance = core_read_u32(in);
        alias->name = core_read_name(in);
    }
}

void decode_start(decoder_t *decoder, core_reader_t *in, ast_def_t *def) {
    def->of.start.func = core_read_u32(in);
    uint32_t count = core_read_count(in, MAX_START_ARGUMENTS, "too many arguments of start");
    uint32_t *arguments = decode_alloc(decoder, in, count, sizeof *arguments);
    for (uint32_t i = 0; arguments != NULL && i < count; i++)
        arguments[i] = core_read_u32(in);
    def->of.start.arguments = arguments;
    def->of.start.argument_count = arguments == NULL ? 0 : count;
    size_t start = core_reader_offset(in);
    def->of.start.result_count = core_read_u32(in);
    if (def->of.start.result_count > MAX_START_ARGUMENTS)
        core_reader_fail(in, start, "too many results of start");
}

void decode_import(decoder_t *decoder, core_reader_t *in, ast_def_t *def) {
    (void)decoder;
    def->of.import.name = decode_name(in);
    def->of.import.type = decode_extern_type(in);
}

void decode_export(decoder_t *decoder, core_reader_t *in, ast_def_t *def) {
    (void)decoder;
    def->of.export.name = decode_name(in);
    def->of.export.target = decode_sort_index(in);
    def->of.export.has_type = decode_flag(in, "malformed optional type of an export");
    if (def->of.export.has_type)
        def->of.export.type = decode_extern_type(in);
}

void decode_value(decoder_t *decoder, core_reader_t *in, ast_def_t *def) {
    (void)decoder;
    def->of.value.type = decode_val_type(in);
    def->of.value.bytes = core_read_bytes(in, core_read_u32(in));
}
