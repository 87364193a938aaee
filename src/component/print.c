/* The frame of the printer: components and their definitions (Explainer.md). */
#include "component/print_parts.h"

#include "base/error.h"

void print_line(printer_t *printer) {
    buf_append_byte(printer->out, '\n');
    for (unsigned i = 0; i < printer->indent; i++)
        buf_append_text(printer->out, "  ");
}

void print_string(printer_t *printer, spin_slice_t text) {
    buf_append_text(printer->out, " \"");
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.ptr[i];
        if (byte < 0x20 || byte == 0x7f || byte == '"' || byte == '\\')
            buf_printf(printer->out, "\\%02x", byte);
        else
            buf_append_byte(printer->out, byte);
    }
    buf_append_byte(printer->out, '"');
}

void print_name(printer_t *printer, const ast_name_t *name) {
    const struct {
        const char *word;
        spin_slice_t text;
    } attributes[] = {{"implements", name->implements},
                      {"versionsuffix", name->version_suffix},
                      {"external-id", name->external_id}};
    print_string(printer, name->name);
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        if (attributes[i].text.ptr == NULL)
            continue;
        buf_printf(printer->out, " (%s", attributes[i].word);
        print_string(printer, attributes[i].text);
        buf_append_byte(printer->out, ')');
    }
}

const char *print_sort_name(ast_sort_t sort, bool with_core) {
    static const char *const names[AST_SORT_COUNT] = {
        [AST_CORE_FUNC] = "core func",
        [AST_CORE_TABLE] = "core table",
        [AST_CORE_MEMORY] = "core memory",
        [AST_CORE_GLOBAL] = "core global",
        [AST_CORE_TAG] = "core tag",
        [AST_CORE_TYPE] = "core type",
        [AST_CORE_MODULE] = "core module",
        [AST_CORE_INSTANCE] = "core instance",
        [AST_FUNC] = "func",
        [AST_VALUE] = "value",
        [AST_TYPE] = "type",
        [AST_COMPONENT] = "component",
        [AST_INSTANCE] = "instance",
    };
    return names[sort] + (!with_core && sort < AST_FUNC ? sizeof "core" : 0);
}

static void print_target(printer_t *printer, const ast_sort_index_t *target, bool with_core) {
    buf_printf(printer->out, " (%s %u)", print_sort_name(target->sort, with_core), target->index);
}

static void print_instance(printer_t *printer, const ast_instance_t *instance, bool is_core,
                           uint32_t id) {
    buf_t *out = printer->out;
    buf_printf(out, "(%sinstance (;%u;)", is_core ? "core " : "", id);
    if (instance->is_instantiation)
        buf_printf(out, " (instantiate %u", instance->index);
    printer->indent++;
    for (uint32_t i = 0; i < instance->argument_count; i++) {
        const ast_argument_t *argument = &instance->arguments[i];
        print_line(printer);
        buf_append_text(out, instance->is_instantiation ? "(with" : "(export");
        print_name(printer, &argument->name);
        print_target(printer, &argument->target, !is_core);
        buf_append_byte(out, ')');
    }
    printer->indent--;
    buf_append_text(out, instance->is_instantiation ? "))" : ")");
}

void print_alias(printer_t *printer, const ast_alias_t *alias, print_counts_t *counts) {
    static const char *const kinds[] = {"export", "core export", "outer"};
    buf_t *out = printer->out;
    buf_printf(out, "(alias %s", kinds[alias->kind]);
    if (alias->kind == AST_ALIAS_OUTER) {
        buf_printf(out, " %u %u", alias->outer, alias->index);
    } else {
        buf_printf(out, " %u", alias->instance);
        print_string(printer, alias->name);
    }
    buf_printf(out, " (%s (;%u;)))", print_sort_name(alias->sort, true),
               counts->next[alias->sort]++);
}

static void print_start(printer_t *printer, const ast_def_t *def, print_counts_t *counts) {
    buf_t *out = printer->out;
    buf_printf(out, "(start %u", def->of.start.func);
    for (uint32_t i = 0; i < def->of.start.argument_count; i++)
        buf_printf(out, " (value %u)", def->of.start.arguments[i]);
    for (uint32_t i = 0; i < def->of.start.result_count; i++)
        buf_printf(out, " (result (value (;%u;)))", counts->next[AST_VALUE]++);
    buf_append_byte(out, ')');
}

static void print_import(printer_t *printer, const ast_def_t *def, print_counts_t *counts) {
    buf_append_text(printer->out, def->kind == AST_DEF_IMPORT ? "(import" : "(export");
    uint32_t id = counts->next[def->of.import.type.sort]++;
    if (def->kind == AST_DEF_EXPORT_DECL)
        buf_printf(printer->out, " (;%u;)", id);
    print_name(printer, &def->of.import.name);
    print_extern_type(printer, &def->of.import.type,
                      def->kind == AST_DEF_IMPORT ? (int64_t)id : NO_ID);
    buf_append_byte(printer->out, ')');
}

static void print_export(printer_t *printer, const ast_def_t *def, print_counts_t *counts) {
    buf_printf(printer->out, "(export (;%u;)", counts->next[def->of.export.target.sort]++);
    print_name(printer, &def->of.export.name);
    print_target(printer, &def->of.export.target, true);
    if (def->of.export.has_type)
        print_extern_type(printer, &def->of.export.type, NO_ID);
    buf_append_byte(printer->out, ')');
}

/* The text format has no values: a comment, so that what is there is seen. */
static void print_value(printer_t *printer, const ast_def_t *def, print_counts_t *counts) {
    buf_printf(printer->out, ";; value %u:", counts->next[AST_VALUE]++);
    print_val_type(printer, &def->of.value.type);
    buf_printf(printer->out, ", %zu bytes", def->of.value.bytes.len);
}

static void print_component(printer_t *printer, const ast_component_t *component, int64_t id) {
    buf_append_text(printer->out, "(component");
    if (id != NO_ID)
        buf_printf(printer->out, " (;%u;)", (uint32_t)id);
    print_defs(printer, &component->scope);
    printer->indent++;
    for (uint32_t i = 0; i < component->custom_count; i++) {
        print_line(printer);
        buf_append_text(printer->out, ";; custom section");
        print_string(printer, component->customs[i].name);
        buf_printf(printer->out, ", %zu bytes", component->customs[i].body.len);
    }
    printer->indent--;
    print_line(printer);
    buf_append_byte(printer->out, ')');
}

static void print_def(printer_t *printer, const ast_def_t *def, print_counts_t *counts) {
    uint32_t *next = counts->next;
    switch (def->kind) {
    case AST_DEF_CORE_MODULE:
        print_core_module(printer, def->of.core_module, next[AST_CORE_MODULE]++);
        break;
    case AST_DEF_CORE_INSTANCE:
        print_instance(printer, &def->of.instance, true, next[AST_CORE_INSTANCE]++);
        break;
    case AST_DEF_CORE_TYPE: print_core_type(printer, def, counts); break;
    case AST_DEF_COMPONENT:
        print_component(printer, def->of.component, next[AST_COMPONENT]++);
        break;
    case AST_DEF_INSTANCE:
        print_instance(printer, &def->of.instance, false, next[AST_INSTANCE]++);
        break;
    case AST_DEF_ALIAS: print_alias(printer, &def->of.alias, counts); break;
    case AST_DEF_TYPE:
        buf_printf(printer->out, "(type (;%u;)", next[AST_TYPE]++);
        print_type(printer, &def->of.type);
        buf_append_byte(printer->out, ')');
        break;
    case AST_DEF_CANON: print_canon(printer, &def->of.canon, counts); break;
    case AST_DEF_START: print_start(printer, def, counts); break;
    case AST_DEF_IMPORT:
    case AST_DEF_EXPORT_DECL: print_import(printer, def, counts); break;
    case AST_DEF_EXPORT: print_export(printer, def, counts); break;
    case AST_DEF_VALUE: print_value(printer, def, counts); break;
    }
}

void print_defs(printer_t *printer, const ast_scope_t *scope) {
    print_counts_t counts = {0};
    printer->indent++;
    for (uint32_t i = 0; i < scope->def_count; i++) {
        print_line(printer);
        print_def(printer, &scope->defs[i], &counts);
    }
    printer->indent--;
}

spin_error_t *component_print(const ast_component_t *component, buf_t *out) {
    printer_t printer = {.out = out};
    print_component(&printer, component, NO_ID);
    buf_append_byte(out, '\n');
    return out->failed ? error_no_memory() : NULL;
}
