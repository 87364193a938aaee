/* What the pieces of the component printer share. */
#ifndef COMPONENT_PRINT_PARTS_H
#define COMPONENT_PRINT_PARTS_H

#include "component/print.h"

/* One text. The depth is bounded by what the decoder takes (AST_MAX_NESTING). */
typedef struct printer {
    buf_t *out;
    unsigned indent;
} printer_t;

/* The next index of each sort, in one scope. */
typedef struct print_counts {
    uint32_t next[AST_SORT_COUNT];
} print_counts_t;

/* A new line, indented. */
void print_line(printer_t *printer);
/* A blank and a string in quotes. */
void print_string(printer_t *printer, spin_slice_t text);
void print_name(printer_t *printer, const ast_name_t *name);
/* The sort's keyword; for core sorts "core" before it where `with_core`. */
const char *print_sort_name(ast_sort_t sort, bool with_core);
void print_defs(printer_t *printer, const ast_scope_t *scope);
void print_alias(printer_t *printer, const ast_alias_t *alias, print_counts_t *counts);

/* print_types.c */
void print_val_type(printer_t *printer, const ast_val_type_t *type);
void print_result(printer_t *printer, const ast_val_type_t *type);
void print_type(printer_t *printer, const ast_type_t *type);
/* `id`: the index that it defines, or NO_ID. */
enum { NO_ID = -1 };
void print_extern_type(printer_t *printer, const ast_extern_type_t *type, int64_t id);

/* print_core.c */
void print_core_val_type(printer_t *printer, core_val_type_t type);
void print_core_type(printer_t *printer, const ast_def_t *def, print_counts_t *counts);
void print_core_module(printer_t *printer, const ast_core_module_t *module, uint32_t id);

/* print_canon.c */
void print_canon(printer_t *printer, const ast_canon_t *canon, print_counts_t *counts);

#endif
