/* A tree of WIT as text, all of it but places: two trees are equal where their dumps are. Written
 * apart from the printer, so that what that forgets shows. */
#ifndef TESTS_WIT_DUMP_H
#define TESTS_WIT_DUMP_H

#include "base/buf.h"
#include "wit/ast.h"

static void wit_dump_items(buf_t *buf, const wit_ast_items_t *items);

static inline void wit_dump_text(buf_t *buf, const char *label, spin_slice_t text) {
    if (text.len > 0)
        buf_printf(buf, " %s=<%zu:%.*s>", label, text.len, SLICE_ARG(text));
}

static inline void wit_dump_comments(buf_t *buf, const wit_ast_comments_t *comments) {
    for (size_t i = 0; i < comments->len; i++) {
        const wit_ast_comment_t *one = &comments->items[i];
        buf_printf(buf, " #%d%d<%.*s>", one->is_doc, one->blank_after, SLICE_ARG(one->text));
    }
}

static inline void wit_dump_head(buf_t *buf, const wit_ast_head_t *head) {
    wit_dump_text(buf, "docs", head->docs);
    wit_dump_comments(buf, &head->comments);
    for (size_t i = 0; i < head->gates_len; i++)
        buf_printf(buf, " gate%d<%.*s>", (int)head->gates[i].kind, SLICE_ARG(head->gates[i].value));
}

static inline void wit_dump_type(buf_t *buf, const wit_ast_type_t *type) {
    if (type == NULL) {
        buf_append_text(buf, "-");
        return;
    }
    buf_printf(buf, "(%u", type->kind);
    wit_dump_text(buf, "word", type->word);
    wit_dump_text(buf, "name", type->name.text);
    if (type->length > 0)
        buf_printf(buf, " length=%lu", (unsigned long)type->length);
    for (size_t i = 0; i < type->args_len; i++)
        wit_dump_type(buf, type->args[i]);
    buf_append_text(buf, ")");
}

static inline void wit_dump_parts(buf_t *buf, const wit_ast_parts_t *parts) {
    buf_append_text(buf, " [");
    for (size_t i = 0; i < parts->len; i++) {
        buf_append_text(buf, "{");
        wit_dump_head(buf, &parts->items[i].head);
        wit_dump_text(buf, "name", parts->items[i].name.text);
        wit_dump_type(buf, parts->items[i].type);
        buf_append_text(buf, "}");
    }
    wit_dump_comments(buf, &parts->tail);
    buf_append_text(buf, "]");
}

static inline void wit_dump_func(buf_t *buf, const wit_ast_func_t *func) {
    buf_printf(buf, " func%d%d%d", (int)func->kind, func->is_async, func->has_named_results);
    wit_dump_text(buf, "word", func->word);
    wit_dump_parts(buf, &func->params);
    wit_dump_type(buf, func->result);
    wit_dump_parts(buf, &func->results);
}

static inline void wit_dump_package(buf_t *buf, const wit_ast_package_t *package) {
    wit_dump_text(buf, "ns", package->ns);
    wit_dump_text(buf, "package", package->name);
    wit_dump_text(buf, "version", package->version);
}

static inline void wit_dump_path(buf_t *buf, const wit_ast_path_t *path) {
    wit_dump_text(buf, "ns", path->ns);
    wit_dump_text(buf, "package", path->package);
    wit_dump_text(buf, "path", path->name);
    wit_dump_text(buf, "version", path->version);
}

static inline void wit_dump_use(buf_t *buf, const wit_ast_item_t *item) {
    wit_dump_path(buf, &item->of.use.path);
    buf_append_text(buf, item->of.use.all ? " *" : "");
    for (size_t i = 0; i < item->of.use.names.len; i++) {
        wit_dump_text(buf, "use", item->of.use.names.items[i].name.text);
        wit_dump_text(buf, "as", item->of.use.names.items[i].as.text);
    }
}

static inline void wit_dump_external(buf_t *buf, const wit_ast_item_t *item) {
    buf_printf(buf, " external%d", (int)item->of.external.is);
    if (item->of.external.is == WIT_AST_EXTERNAL_FUNC)
        wit_dump_func(buf, &item->of.external.func);
    else if (item->of.external.is == WIT_AST_EXTERNAL_INTERFACE)
        wit_dump_items(buf, &item->of.external.items);
    else
        wit_dump_path(buf, &item->of.external.path);
}

static inline void wit_dump_item(buf_t *buf, const wit_ast_item_t *item) {
    buf_printf(buf, "%d", (int)item->kind);
    wit_dump_head(buf, &item->head);
    wit_dump_text(buf, "name", item->name.text);
    switch (item->kind) {
    case WIT_AST_PACKAGE: wit_dump_package(buf, &item->of.body.package); /* fall through */
    case WIT_AST_INTERFACE:
    case WIT_AST_WORLD:
    case WIT_AST_RESOURCE: wit_dump_items(buf, &item->of.body.items); break;
    case WIT_AST_TOP_USE:
    case WIT_AST_USE:
    case WIT_AST_INCLUDE: wit_dump_use(buf, item); break;
    case WIT_AST_ALIAS: wit_dump_type(buf, item->of.type); break;
    case WIT_AST_RECORD:
    case WIT_AST_VARIANT:
    case WIT_AST_UNION:
    case WIT_AST_ENUM:
    case WIT_AST_FLAGS: wit_dump_parts(buf, &item->of.parts); break;
    case WIT_AST_FUNC: wit_dump_func(buf, &item->of.func); break;
    case WIT_AST_IMPORT:
    case WIT_AST_EXPORT: wit_dump_external(buf, item); break;
    }
    buf_append_text(buf, "\n");
}

static inline void wit_dump_items(buf_t *buf, const wit_ast_items_t *items) {
    buf_append_text(buf, " {\n");
    for (size_t i = 0; i < items->len; i++)
        wit_dump_item(buf, &items->items[i]);
    wit_dump_comments(buf, &items->tail);
    buf_append_text(buf, "}");
}

static inline void wit_dump_file(buf_t *buf, const wit_ast_file_t *file) {
    buf_printf(buf, "%d%d", (int)file->dialect, file->has_package);
    wit_dump_head(buf, &file->head);
    wit_dump_package(buf, &file->package);
    wit_dump_items(buf, &file->items);
}

#endif
