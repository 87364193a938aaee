/* WIT from its tree. The canonical form: two blanks a level, one item or part a line, a comma after
 * each part, comments as "//" or "///" before what they belong to, "%" only where it must be. */
#ifndef WIT_PRINT_H
#define WIT_PRINT_H

#include "base/buf.h"
#include "wit/ast.h"

/* Appends the text of `file`, in its dialect; `buf` fails where memory runs out. */
void wit_print_file(buf_t *buf, const wit_ast_file_t *file);
/* Appends a type as it is written in `dialect`. */
void wit_print_type(buf_t *buf, const wit_ast_type_t *type, wit_dialect_t dialect);
/* Appends a path, as `use` has it. */
void wit_print_path(buf_t *buf, const wit_ast_path_t *path, wit_dialect_t dialect);

#endif
