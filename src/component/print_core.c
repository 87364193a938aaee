/* Core types as text, and core modules in outline. */
#include "component/print_parts.h"

/* ── types ── */

static void print_heap_type(printer_t *printer, int32_t heap) {
    static const struct {
        uint8_t code;
        const char *name;
    } names[] = {
        {0x75, "nocont"}, {0x74, "noexn"},  {0x73, "nofunc"}, {0x72, "noextern"}, {0x71, "none"},
        {0x70, "func"},   {0x6f, "extern"}, {0x6e, "any"},    {0x6d, "eq"},       {0x6c, "i31"},
        {0x6b, "struct"}, {0x6a, "array"},  {0x69, "exn"},    {0x68, "cont"},
    };
    if (heap >= 0) {
        buf_printf(printer->out, " %d", heap);
        return;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].code == (heap & 0x7f))
            buf_printf(printer->out, " %s", names[i].name);
}

void print_core_val_type(printer_t *printer, core_val_type_t type) {
    static const char *const numbers[] = {"v128", "f64", "f32", "i64", "i32"};
    uint8_t code = (uint8_t)type;
    if (code == 0x77 || code == 0x78) {
        buf_append_text(printer->out, code == 0x77 ? " i16" : " i8");
    } else if (code >= CORE_V128) {
        buf_printf(printer->out, " %s", numbers[code - CORE_V128]);
    } else {
        bool is_long = code == CORE_REF || code == CORE_REF_NULL;
        buf_append_text(printer->out, code == CORE_REF ? " (ref" : " (ref null");
        print_heap_type(printer, is_long ? core_heap_type(type) : (int32_t)code - 0x80);
        buf_append_byte(printer->out, ')');
    }
}

static void print_core_val_types(printer_t *printer, const char *word, const core_val_type_t *types,
                                 uint32_t count) {
    if (count == 0)
        return;
    buf_printf(printer->out, " (%s", word);
    for (uint32_t i = 0; i < count; i++)
        print_core_val_type(printer, types[i]);
    buf_append_byte(printer->out, ')');
}

static void print_field(printer_t *printer, const core_field_t *field) {
    if (field->mutable)
        buf_append_text(printer->out, " (mut");
    print_core_val_type(printer, field->type);
    if (field->mutable)
        buf_append_byte(printer->out, ')');
}

static void print_composite(printer_t *printer, const core_sub_type_t *type) {
    buf_t *out = printer->out;
    switch (type->kind) {
    case CORE_TYPE_FUNC:
        buf_append_text(out, " (func");
        print_core_val_types(printer, "param", type->func.params, type->func.param_count);
        print_core_val_types(printer, "result", type->func.results, type->func.result_count);
        break;
    case CORE_TYPE_STRUCT:
        buf_append_text(out, " (struct");
        for (uint32_t i = 0; i < type->field_count; i++) {
            buf_append_text(out, " (field");
            print_field(printer, &type->fields[i]);
            buf_append_byte(out, ')');
        }
        break;
    case CORE_TYPE_ARRAY:
        buf_append_text(out, " (array");
        print_field(printer, &type->fields[0]);
        break;
    case CORE_TYPE_CONT: buf_printf(out, " (cont %u", type->cont); break;
    }
    buf_append_byte(out, ')');
}

static void print_sub_type(printer_t *printer, const core_sub_type_t *type) {
    if (type->is_sub) {
        buf_append_text(printer->out, type->is_final ? " (sub final" : " (sub");
        for (uint32_t i = 0; i < type->super_count; i++)
            buf_printf(printer->out, " %u", type->supers[i]);
    }
    print_composite(printer, type);
    if (type->is_sub)
        buf_append_byte(printer->out, ')');
}

static void print_rec_type(printer_t *printer, const core_rec_type_t *rec, const char *core,
                           print_counts_t *counts) {
    buf_t *out = printer->out;
    if (rec->is_group)
        buf_printf(out, "(%srec", core);
    for (uint32_t i = 0; i < rec->count; i++) {
        buf_printf(out, "%s(%stype (;%u;)", rec->is_group ? " " : "", rec->is_group ? "" : core,
                   counts->next[AST_CORE_TYPE]++);
        print_sub_type(printer, &rec->types[i]);
        buf_append_byte(out, ')');
    }
    if (rec->is_group)
        buf_append_byte(out, ')');
}

/* ── externs ── */

static void print_limits(printer_t *printer, const core_limits_t *limits) {
    if (limits->is64)
        buf_append_text(printer->out, " i64");
    buf_printf(printer->out, " %llu", (unsigned long long)limits->min);
    if (limits->has_max)
        buf_printf(printer->out, " %llu", (unsigned long long)limits->max);
    if (limits->shared)
        buf_append_text(printer->out, " shared");
}

static void print_core_extern_type(printer_t *printer, const core_import_t *type) {
    buf_t *out = printer->out;
    switch (type->kind) {
    case CORE_EXTERN_FUNC: buf_printf(out, " (func (type %u))", type->of.type); return;
    case CORE_EXTERN_TAG: buf_printf(out, " (tag (type %u))", type->of.type); return;
    case CORE_EXTERN_TABLE:
        buf_append_text(out, " (table");
        print_limits(printer, &type->of.table.limits);
        print_core_val_type(printer, type->of.table.type);
        break;
    case CORE_EXTERN_MEMORY:
        buf_append_text(out, " (memory");
        print_limits(printer, &type->of.memory);
        if (type->of.memory.page_bits < 16)
            buf_printf(out, " (pagesize %u)", 1u << type->of.memory.page_bits);
        break;
    case CORE_EXTERN_GLOBAL:
        buf_append_text(out, type->of.global.mutable ? " (global (mut" : " (global");
        print_core_val_type(printer, type->of.global.type);
        if (type->of.global.mutable)
            buf_append_byte(out, ')');
        break;
    }
    buf_append_byte(out, ')');
}

/* A core module type has index spaces of its own. */
static void print_module_type(printer_t *printer, const ast_core_module_type_t *module) {
    print_counts_t counts = {0};
    buf_append_text(printer->out, " (module");
    printer->indent++;
    for (uint32_t i = 0; i < module->def_count; i++) {
        const ast_def_t *def = &module->defs[i];
        print_line(printer);
        if (def->kind == AST_DEF_CORE_TYPE) {
            print_rec_type(printer, &def->of.core_type.rec, "", &counts);
        } else if (def->kind == AST_DEF_ALIAS) {
            buf_printf(printer->out, "(alias outer %u %u (type (;%u;)))", def->of.alias.outer,
                       def->of.alias.index, counts.next[AST_CORE_TYPE]++);
        } else {
            const ast_core_extern_t *core = def->of.import.core;
            buf_append_text(printer->out, def->kind == AST_DEF_IMPORT ? "(import" : "(export");
            if (def->kind == AST_DEF_IMPORT)
                print_string(printer, core->module);
            print_string(printer, core->name);
            print_core_extern_type(printer, &core->type);
            buf_append_byte(printer->out, ')');
        }
    }
    printer->indent--;
    print_line(printer);
    buf_append_byte(printer->out, ')');
}

void print_core_type(printer_t *printer, const ast_def_t *def, print_counts_t *counts) {
    if (!def->of.core_type.is_module) {
        print_rec_type(printer, &def->of.core_type.rec, "core ", counts);
        return;
    }
    buf_printf(printer->out, "(core type (;%u;)", counts->next[AST_CORE_TYPE]++);
    print_module_type(printer, &def->of.core_type.module);
    buf_append_byte(printer->out, ')');
}

/* ── modules ── */

static const char *extern_word(core_extern_kind_t kind) {
    static const char *const words[] = {"func", "table", "memory", "global", "tag"};
    return words[kind];
}

/* In comments, so that the text around them stays one that can be read back. */
void print_core_module(printer_t *printer, const ast_core_module_t *def, uint32_t id) {
    const core_module_t *module = &def->module;
    buf_t *out = printer->out;
    buf_printf(out, "(core module (;%u;)", id);
    printer->indent++;
    print_line(printer);
    buf_printf(out,
               ";; %zu bytes: %u types, %u functions, %u tables, %u memories, %u globals, %u "
               "element segments, %u data segments",
               def->bytes.len, module->type_count, module->function_count, module->table_count,
               module->memory_count, module->global_count, module->element_count,
               module->data_count);
    for (uint32_t i = 0; i < module->import_count; i++) {
        print_line(printer);
        buf_append_text(out, ";; import");
        print_string(printer, module->imports[i].module);
        print_string(printer, module->imports[i].name);
        print_core_extern_type(printer, &module->imports[i]);
    }
    for (uint32_t i = 0; i < module->export_count; i++) {
        print_line(printer);
        buf_append_text(out, ";; export");
        print_string(printer, module->exports[i].name);
        buf_printf(out, " (%s %u)", extern_word(module->exports[i].kind), module->exports[i].index);
    }
    printer->indent--;
    print_line(printer);
    buf_append_byte(out, ')');
}
