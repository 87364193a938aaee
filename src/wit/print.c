#include "wit/print.h"

#include "wit/words.h"

typedef struct printer {
    buf_t *buf;
    wit_dialect_t dialect;
    int depth;
} printer_t;

static void print_items(printer_t *printer, const wit_ast_items_t *items);

/* ── names ───────────────────────────────────────────────────────────────────────────────── */

static void print_name(buf_t *buf, spin_slice_t name, wit_dialect_t dialect) {
    if (wit_word_is_reserved(name, dialect, true))
        buf_append_byte(buf, '%');
    buf_append(buf, name);
}

/* Names that were joined by ":" or "/". */
static void print_joined(buf_t *buf, spin_slice_t names, wit_dialect_t dialect) {
    size_t from = 0;
    for (size_t i = 0; i <= names.len; i++) {
        bool is_sign = i < names.len && (names.ptr[i] == ':' || names.ptr[i] == '/');
        if (i < names.len && !is_sign)
            continue;
        print_name(buf, spin_slice_of(names.ptr + from, i - from), dialect);
        if (is_sign)
            buf_append_byte(buf, names.ptr[i]);
        from = i + 1;
    }
}

static void print_version(buf_t *buf, spin_slice_t version) {
    if (version.len > 0)
        buf_printf(buf, "@%.*s", SLICE_ARG(version));
}

void wit_print_path(buf_t *buf, const wit_ast_path_t *path, wit_dialect_t dialect) {
    if (path->ns.len > 0) {
        print_joined(buf, path->ns, dialect);
        buf_append_byte(buf, ':');
        print_joined(buf, path->package, dialect);
        buf_append_byte(buf, '/');
    }
    print_name(buf, path->name, dialect);
    print_version(buf, path->version);
}

static void print_package(printer_t *printer, const wit_ast_package_t *package) {
    buf_append_text(printer->buf, "package ");
    print_joined(printer->buf, package->ns, printer->dialect);
    buf_append_byte(printer->buf, ':');
    print_joined(printer->buf, package->name, printer->dialect);
    print_version(printer->buf, package->version);
}

/* `a, b as c` */
static void print_renames(printer_t *printer, const wit_ast_renames_t *names) {
    for (size_t i = 0; i < names->len; i++) {
        if (i > 0)
            buf_append_text(printer->buf, ", ");
        print_name(printer->buf, names->items[i].name.text, printer->dialect);
        if (names->items[i].as.text.len == 0)
            continue;
        buf_append_text(printer->buf, " as ");
        print_name(printer->buf, names->items[i].as.text, printer->dialect);
    }
}

/* ── types ───────────────────────────────────────────────────────────────────────────────── */

/* How many of the arguments are written: those at the end that are left out are not. */
static size_t count_written(const wit_ast_type_t *type) {
    size_t len = type->args_len;
    while (len > 0 && type->args[len - 1] == NULL)
        len--;
    return len;
}

void wit_print_type(buf_t *buf, const wit_ast_type_t *type, wit_dialect_t dialect) {
    buf_append(buf, type->word);
    bool is_handle = type->kind == SPIN_TYPE_OWN || type->kind == SPIN_TYPE_BORROW;
    size_t args = count_written(type);
    if (type->kind == 0) { /* words that are names elsewhere may be built-in types here */
        bool reserved = wit_word_is_reserved(type->name.text, dialect, false);
        buf_append_text(buf, reserved ? "%" : "");
        buf_append(buf, type->name.text);
    } else if (is_handle) {
        buf_append_byte(buf, dialect == WIT_DIALECT_2022 ? ' ' : '<');
        print_name(buf, type->name.text, dialect);
        if (dialect == WIT_DIALECT_TODAY)
            buf_append_byte(buf, '>');
    } else if (args > 0 || type->kind == SPIN_TYPE_TUPLE) {
        buf_append_byte(buf, '<');
        for (size_t i = 0; i < args; i++) {
            buf_append_text(buf, i > 0 ? ", " : "");
            if (type->args[i] == NULL)
                buf_append_byte(buf, '_');
            else
                wit_print_type(buf, type->args[i], dialect);
        }
        if (type->kind == SPIN_TYPE_FIXED_LIST)
            buf_printf(buf, ", %lu", (unsigned long)type->length);
        buf_append_byte(buf, '>');
    }
}

static void print_type(printer_t *printer, const wit_ast_type_t *type) {
    wit_print_type(printer->buf, type, printer->dialect);
}

/* ── lines ───────────────────────────────────────────────────────────────────────────────── */

static void print_indent(printer_t *printer) {
    for (int i = 0; i < printer->depth; i++)
        buf_append_text(printer->buf, "  ");
}

static void print_comments(printer_t *printer, const wit_ast_comments_t *comments) {
    for (size_t i = 0; i < comments->len; i++) {
        const wit_ast_comment_t *comment = &comments->items[i];
        print_indent(printer);
        buf_append_text(printer->buf, comment->is_doc ? "///" : "//");
        if (comment->text.len > 0)
            buf_append_byte(printer->buf, ' ');
        buf_append(printer->buf, comment->text);
        buf_append_text(printer->buf, comment->blank_after ? "\n\n" : "\n");
    }
}

static void print_gate(printer_t *printer, const wit_ast_gate_t *gate) {
    static const char *const begin[] = {
        [WIT_AST_SINCE] = "@since(version = ",
        [WIT_AST_UNSTABLE] = "@unstable(feature = ",
        [WIT_AST_DEPRECATED] = "@deprecated(version = ",
        [WIT_AST_EXTERNAL_ID] = "@external-id(",
    };
    print_indent(printer);
    buf_append_text(printer->buf, begin[gate->kind]);
    if (gate->kind == WIT_AST_EXTERNAL_ID)
        buf_printf(printer->buf, "\"%.*s\"", SLICE_ARG(gate->value));
    else if (gate->kind == WIT_AST_UNSTABLE)
        print_name(printer->buf, gate->value, printer->dialect);
    else
        buf_append(printer->buf, gate->value);
    buf_append_text(printer->buf, ")\n");
}

static void print_head(printer_t *printer, const wit_ast_head_t *head) {
    print_comments(printer, &head->comments);
    for (size_t i = 0; i < head->gates_len; i++)
        print_gate(printer, &head->gates[i]);
    print_indent(printer);
}

/* The end of an item that has no braces. */
static void print_end(printer_t *printer) {
    buf_append_text(printer->buf, printer->dialect == WIT_DIALECT_TODAY ? ";\n" : "\n");
}

/* ── declarations ────────────────────────────────────────────────────────────────────────── */

static void print_part(printer_t *printer, wit_ast_item_kind_t kind, const wit_ast_part_t *part) {
    print_head(printer, &part->head);
    print_name(printer->buf, part->name.text, printer->dialect);
    if (part->type != NULL) {
        bool in_parentheses = kind == WIT_AST_VARIANT;
        buf_append_text(printer->buf, in_parentheses ? "(" : kind == WIT_AST_RECORD ? ": " : "");
        print_type(printer, part->type);
        buf_append_text(printer->buf, in_parentheses ? ")" : "");
    }
    buf_append_text(printer->buf, ",\n");
}

static void print_parts(printer_t *printer, wit_ast_item_kind_t kind,
                        const wit_ast_parts_t *parts) {
    if (parts->len == 0 && parts->tail.len == 0) {
        buf_append_text(printer->buf, " {}\n");
        return;
    }
    buf_append_text(printer->buf, " {\n");
    printer->depth++;
    for (size_t i = 0; i < parts->len; i++)
        print_part(printer, kind, &parts->items[i]);
    print_comments(printer, &parts->tail);
    printer->depth--;
    print_indent(printer);
    buf_append_text(printer->buf, "}\n");
}

static void print_body(printer_t *printer, const wit_ast_items_t *items) {
    if (items->len == 0 && items->tail.len == 0) {
        buf_append_text(printer->buf, " {}\n");
        return;
    }
    buf_append_text(printer->buf, " {\n");
    printer->depth++;
    print_items(printer, items);
    printer->depth--;
    print_indent(printer);
    buf_append_text(printer->buf, "}\n");
}

static void print_params(printer_t *printer, const wit_ast_parts_t *params) {
    buf_append_byte(printer->buf, '(');
    for (size_t i = 0; i < params->len; i++) {
        buf_append_text(printer->buf, i > 0 ? ", " : "");
        print_name(printer->buf, params->items[i].name.text, printer->dialect);
        buf_append_text(printer->buf, ": ");
        print_type(printer, params->items[i].type);
    }
    buf_append_byte(printer->buf, ')');
}

/* `async func(...) -> t`, without the name. */
static void print_func(printer_t *printer, const wit_ast_func_t *func) {
    buf_append_text(printer->buf, func->is_async ? "async " : "");
    buf_append(printer->buf, func->word);
    print_params(printer, &func->params);
    if (func->result != NULL || func->has_named_results)
        buf_append_text(printer->buf, " -> ");
    if (func->has_named_results)
        print_params(printer, &func->results);
    else if (func->result != NULL)
        print_type(printer, func->result);
    print_end(printer);
}

/* In today's dialect `static` stands before the function, in that of 2022 before its name. */
static void print_named_func(printer_t *printer, const wit_ast_item_t *item) {
    const wit_ast_func_t *func = &item->of.func;
    bool is_static = func->kind == WIT_FUNCTION_STATIC;
    bool is_old = printer->dialect == WIT_DIALECT_2022;
    if (func->kind != WIT_FUNCTION_CONSTRUCTOR) {
        buf_append_text(printer->buf, is_static && is_old ? "static " : "");
        print_name(printer->buf, item->name.text, printer->dialect);
        buf_append_text(printer->buf, is_static && !is_old ? ": static " : ": ");
    }
    print_func(printer, func);
}

static void print_external(printer_t *printer, const wit_ast_item_t *item) {
    buf_append_text(printer->buf, item->kind == WIT_AST_IMPORT ? "import " : "export ");
    if (item->name.text.len > 0) {
        print_name(printer->buf, item->name.text, printer->dialect);
        buf_append_text(printer->buf, ": ");
    }
    switch (item->of.external.is) {
    case WIT_AST_EXTERNAL_FUNC: print_func(printer, &item->of.external.func); break;
    case WIT_AST_EXTERNAL_INTERFACE:
        buf_append_text(printer->buf, "interface");
        print_body(printer, &item->of.external.items);
        break;
    case WIT_AST_EXTERNAL_PATH:
        wit_print_path(printer->buf, &item->of.external.path, printer->dialect);
        print_end(printer);
        break;
    }
}

/* `use a.{b}`, or `use { b } from a` and `use * from a` of 2022. */
static void print_use(printer_t *printer, const wit_ast_item_t *item) {
    buf_append_text(printer->buf, "use ");
    if (printer->dialect == WIT_DIALECT_TODAY) {
        wit_print_path(printer->buf, &item->of.use.path, printer->dialect);
        buf_append_text(printer->buf, ".{");
        print_renames(printer, &item->of.use.names);
        buf_append_text(printer->buf, "}");
    } else {
        buf_append_text(printer->buf, item->of.use.all ? "*" : "{ ");
        print_renames(printer, &item->of.use.names);
        buf_append_text(printer->buf, item->of.use.all ? " from " : " } from ");
        wit_print_path(printer->buf, &item->of.use.path, printer->dialect);
    }
    print_end(printer);
}

static void print_include(printer_t *printer, const wit_ast_item_t *item) {
    buf_append_text(printer->buf, "include ");
    wit_print_path(printer->buf, &item->of.use.path, printer->dialect);
    if (item->of.use.names.len == 0) {
        print_end(printer);
        return;
    }
    buf_append_text(printer->buf, " with { ");
    print_renames(printer, &item->of.use.names);
    buf_append_text(printer->buf, " }\n");
}

static void print_top_use(printer_t *printer, const wit_ast_item_t *item) {
    buf_append_text(printer->buf, "use ");
    wit_print_path(printer->buf, &item->of.use.path, printer->dialect);
    if (item->name.text.len > 0) {
        buf_append_text(printer->buf, " as ");
        print_name(printer->buf, item->name.text, printer->dialect);
    }
    print_end(printer);
}

/* ── items ───────────────────────────────────────────────────────────────────────────────── */

static const char *const words[] = {
    [WIT_AST_INTERFACE] = "interface ", [WIT_AST_WORLD] = "world ",
    [WIT_AST_ALIAS] = "type ",          [WIT_AST_RECORD] = "record ",
    [WIT_AST_VARIANT] = "variant ",     [WIT_AST_UNION] = "union ",
    [WIT_AST_ENUM] = "enum ",           [WIT_AST_FLAGS] = "flags ",
    [WIT_AST_RESOURCE] = "resource ",
};

static void print_declaration(printer_t *printer, const wit_ast_item_t *item) {
    buf_append_text(printer->buf, words[item->kind]);
    print_name(printer->buf, item->name.text, printer->dialect);
    if (item->kind == WIT_AST_ALIAS) {
        buf_append_text(printer->buf, " = ");
        print_type(printer, item->of.type);
        print_end(printer);
    } else if (item->kind == WIT_AST_RESOURCE && item->of.body.items.len == 0 &&
               item->of.body.items.tail.len == 0)
        print_end(printer);
    else if (item->kind == WIT_AST_RESOURCE || item->kind == WIT_AST_INTERFACE ||
             item->kind == WIT_AST_WORLD)
        print_body(printer, &item->of.body.items);
    else
        print_parts(printer, item->kind, &item->of.parts);
}

static void print_item(printer_t *printer, const wit_ast_item_t *item) {
    print_head(printer, &item->head);
    switch (item->kind) {
    case WIT_AST_PACKAGE:
        print_package(printer, &item->of.body.package);
        print_body(printer, &item->of.body.items);
        break;
    case WIT_AST_TOP_USE: print_top_use(printer, item); break;
    case WIT_AST_USE: print_use(printer, item); break;
    case WIT_AST_INCLUDE: print_include(printer, item); break;
    case WIT_AST_FUNC: print_named_func(printer, item); break;
    case WIT_AST_IMPORT:
    case WIT_AST_EXPORT: print_external(printer, item); break;
    case WIT_AST_INTERFACE:
    case WIT_AST_WORLD:
    case WIT_AST_ALIAS:
    case WIT_AST_RECORD:
    case WIT_AST_VARIANT:
    case WIT_AST_UNION:
    case WIT_AST_ENUM:
    case WIT_AST_FLAGS:
    case WIT_AST_RESOURCE: print_declaration(printer, item); break;
    }
}

static bool is_one_line(const wit_ast_item_t *item) {
    bool is_short = item->kind == WIT_AST_TOP_USE || item->kind == WIT_AST_USE ||
                    item->kind == WIT_AST_INCLUDE || item->kind == WIT_AST_FUNC ||
                    item->kind == WIT_AST_ALIAS || item->kind == WIT_AST_IMPORT ||
                    item->kind == WIT_AST_EXPORT;
    bool is_external = item->kind == WIT_AST_IMPORT || item->kind == WIT_AST_EXPORT;
    if (is_external && item->of.external.is == WIT_AST_EXTERNAL_INTERFACE)
        return false;
    return is_short && item->head.comments.len == 0 && item->head.gates_len == 0;
}

/* Items that take one line each, and are of one kind, stand together; others apart. */
static void print_items(printer_t *printer, const wit_ast_items_t *items) {
    for (size_t i = 0; i < items->len; i++) {
        const wit_ast_item_t *item = &items->items[i];
        bool together =
            i > 0 && item->kind == item[-1].kind && is_one_line(item) && is_one_line(&item[-1]);
        if (i > 0 && !together)
            buf_append_byte(printer->buf, '\n');
        print_item(printer, item);
    }
    if (items->len > 0 && items->tail.len > 0)
        buf_append_byte(printer->buf, '\n');
    print_comments(printer, &items->tail);
}

void wit_print_file(buf_t *buf, const wit_ast_file_t *file) {
    printer_t printer = {buf, file->dialect, 0};
    if (file->has_package) {
        print_head(&printer, &file->head);
        print_package(&printer, &file->package);
        print_end(&printer);
        if (file->items.len > 0 || file->items.tail.len > 0)
            buf_append_byte(buf, '\n');
    }
    print_items(&printer, &file->items);
}
