/* Component types as text (Explainer.md, "Type Definitions"). */
#include "component/print_parts.h"

static const char *primitive_name(uint8_t byte) {
    static const char *const names[] = {"string", "char", "f64", "f32", "u64", "s64", "u32",
                                        "s32",    "u16",  "s16", "u8",  "s8",  "bool"};
    return byte == 0x64 ? "error-context" : names[byte - 0x73];
}

void print_val_type(printer_t *printer, const ast_val_type_t *type) {
    if (type->is_index)
        buf_printf(printer->out, " %u", type->index);
    else
        buf_printf(printer->out, " %s", primitive_name(type->primitive));
}

void print_result(printer_t *printer, const ast_val_type_t *type) {
    buf_append_text(printer->out, " (result");
    print_val_type(printer, type);
    buf_append_byte(printer->out, ')');
}

/* What is written around the parts, and around each. */
static const struct {
    uint8_t kind;
    const char *word;
    const char *part; /* NULL: nothing */
} words[] = {
    {AST_TYPE_RECORD, "record", "field"}, {AST_TYPE_VARIANT, "variant", "case"},
    {AST_TYPE_LIST, "list", NULL},        {AST_TYPE_TUPLE, "tuple", NULL},
    {AST_TYPE_FLAGS, "flags", NULL},      {AST_TYPE_ENUM, "enum", NULL},
    {AST_TYPE_OPTION, "option", NULL},    {AST_TYPE_FIXED_LIST, "list", NULL},
    {AST_TYPE_STREAM, "stream", NULL},    {AST_TYPE_FUTURE, "future", NULL},
    {AST_TYPE_MAP, "map", NULL},          {AST_TYPE_FUNC, "func", "param"},
};

static void print_part(printer_t *printer, const ast_part_t *part, const char *word) {
    if (word != NULL)
        buf_printf(printer->out, " (%s", word);
    if (part->name.ptr != NULL)
        print_string(printer, part->name);
    if (part->has_type)
        print_val_type(printer, &part->type);
    if (word != NULL)
        buf_append_byte(printer->out, ')');
}

static bool print_type_with_parts(printer_t *printer, const ast_type_t *type) {
    buf_t *out = printer->out;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (words[i].kind != type->kind)
            continue;
        buf_printf(out, " (%s%s", words[i].word, type->is_async ? " async" : "");
        for (uint32_t p = 0; p < type->part_count; p++)
            print_part(printer, &type->parts[p], words[i].part);
        if (type->kind == AST_TYPE_FIXED_LIST)
            buf_printf(out, " %u", type->length);
        if (type->has_result)
            print_result(printer, &type->result);
        buf_append_byte(out, ')');
        return true;
    }
    return false;
}

static void print_result_type(printer_t *printer, const ast_type_t *type) {
    buf_append_text(printer->out, " (result");
    if (type->parts[0].has_type)
        print_val_type(printer, &type->parts[0].type);
    if (type->parts[1].has_type)
        print_part(printer, &type->parts[1], "error");
    buf_append_byte(printer->out, ')');
}

static void print_scope(printer_t *printer, const ast_scope_t *scope, const char *word) {
    printer->indent++;
    print_line(printer);
    buf_printf(printer->out, "(%s", word);
    print_defs(printer, scope);
    print_line(printer);
    buf_append_byte(printer->out, ')');
    printer->indent--;
    print_line(printer);
}

void print_type(printer_t *printer, const ast_type_t *type) {
    buf_t *out = printer->out;
    if (print_type_with_parts(printer, type))
        return;
    switch (type->kind) {
    case AST_TYPE_PRIMITIVE: print_val_type(printer, &type->primitive); break;
    case AST_TYPE_RESULT: print_result_type(printer, type); break;
    case AST_TYPE_OWN: buf_printf(out, " (own %u)", type->resource); break;
    case AST_TYPE_BORROW: buf_printf(out, " (borrow %u)", type->resource); break;
    case AST_TYPE_COMPONENT: print_scope(printer, type->scope, "component"); break;
    case AST_TYPE_INSTANCE: print_scope(printer, type->scope, "instance"); break;
    case AST_TYPE_RESOURCE:
        buf_append_text(out, " (resource (rep");
        print_core_val_type(printer, type->rep);
        buf_append_byte(out, ')');
        if (type->has_dtor)
            buf_printf(out, " (dtor (core func %u))", type->dtor);
        buf_append_byte(out, ')');
        break;
    default: break;
    }
}

void print_extern_type(printer_t *printer, const ast_extern_type_t *type, int64_t id) {
    buf_t *out = printer->out;
    buf_printf(out, " (%s", print_sort_name(type->sort, true));
    if (id != NO_ID)
        buf_printf(out, " (;%u;)", (uint32_t)id);
    if (type->sort != AST_TYPE && type->sort != AST_VALUE)
        buf_printf(out, " (type %u)", type->index);
    else if (type->bound == AST_BOUND_EQ)
        buf_printf(out, " (eq %u)", type->index);
    else if (type->bound == AST_BOUND_SUB_RESOURCE)
        buf_append_text(out, " (sub resource)");
    else
        print_val_type(printer, &type->value);
    buf_append_byte(out, ')');
}
