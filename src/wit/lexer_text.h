/* Which characters a WIT text may hold (section "Lexical structure"). Used by lexer.c alone. */
#ifndef WIT_LEXER_TEXT_H
#define WIT_LEXER_TEXT_H

#include "base/slice.h"

/* True where all of `text`, which is valid UTF-8, is allowed. On false `*at` is the offset of the
 * character, `*code` its number and `*why` the reason. */
bool wit_text_is_allowed(spin_slice_t text, size_t *at, uint32_t *code, const char **why);

#endif
