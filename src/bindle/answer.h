/* What servers answer, apart from invoices and parcels. It comes from anybody. */
#ifndef BINDLE_ANSWER_H
#define BINDLE_ANSWER_H

#include "bindle/invoice.h"

/* The digests in an answer to "which parcels are missing?", as they stand there. `file` names the
 * text in errors. Errors: INVALID (with position), LIMIT, NO_MEMORY. */
spin_error_t *bindle_answer_missing(arena_t *arena, spin_slice_t text, const char *file,
                                    bindle_texts_t *digests);

/* What a refusal says for people: `error` of a TOML document, or a plain text, but no page for a
 * browser. Short, valid UTF-8, and free of what a terminal obeys; empty where there is nothing of
 * that kind, or no memory. */
spin_slice_t bindle_answer_words(arena_t *arena, spin_slice_t body);

#endif
