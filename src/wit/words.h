/* The words that mean something in WIT, in each dialect. */
#ifndef WIT_WORDS_H
#define WIT_WORDS_H

#include "wit/ast.h"

/* Whether a name that reads `word` must have "%" before it. With `as_name`, the words that only
 * some versions of the dialect reserved do not count: they are special only where a type is
 * expected. */
bool wit_word_is_reserved(spin_slice_t word, wit_dialect_t dialect, bool as_name);

/* The kind of built-in type that begins with `word` (see wit_ast_type_t); 0: none does. */
unsigned wit_word_type(spin_slice_t word, wit_dialect_t dialect);

#endif
