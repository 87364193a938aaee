#include "bindle/answer.h"

#include "base/error.h"
#include "base/slice.h"
#include "base/toml.h"

enum { MOST_WORDS = 300 }; /* bytes */

static bool is_label(const toml_value_t *item, spin_slice_t *sha256) {
    const toml_pair_t *pair =
        item->type == TOML_TABLE ? toml_table_find(item, SLICE_LITERAL("sha256")) : NULL;
    if (pair == NULL || pair->value.type != TOML_STRING)
        return false;
    *sha256 = pair->value.of.string;
    return true;
}

spin_error_t *bindle_answer_missing(arena_t *arena, spin_slice_t text, const char *file,
                                    bindle_texts_t *digests) {
    toml_value_t *root;
    spin_error_t *error = toml_parse(arena, text, file, &root);
    if (error != NULL)
        return error;
    const toml_pair_t *pair = toml_table_find(root, SLICE_LITERAL("missing"));
    *digests = (bindle_texts_t){0};
    if (pair == NULL)
        return NULL;
    const toml_value_t *value = &pair->value;
    size_t len = value->type == TOML_ARRAY ? value->of.array.len : 1;
    digests->items = arena_calloc(arena, len, sizeof *digests->items);
    if (digests->items == NULL)
        return error_no_memory();
    for (; digests->len < len; digests->len++)
        if (value->type != TOML_ARRAY ||
            !is_label(&value->of.array.items[digests->len], &digests->items[digests->len]))
            return error_at(error_new(SPIN_ERROR_INVALID, "\"missing\" is no list of labels"), file,
                            value->line, value->column);
    return NULL;
}

spin_slice_t bindle_answer_words(arena_t *arena, spin_slice_t body) {
    toml_value_t *root;
    spin_slice_t words = body;
    spin_error_t *error = toml_parse(arena, body, NULL, &root);
    const toml_pair_t *pair = error == NULL ? toml_table_find(root, SLICE_LITERAL("error")) : NULL;
    if (pair != NULL && pair->value.type == TOML_STRING)
        words = pair->value.of.string;
    else if (body.len > 0 && body.ptr[0] == '<') /* a page for a browser */
        words.len = 0;
    spin_error_free(error);
    if (words.len > MOST_WORDS)
        words.len = MOST_WORDS;
    size_t bad;
    if (!slice_is_utf8(words, &bad))
        words.len = bad;
    char *copy = arena_copy_text(arena, words);
    if (copy == NULL)
        return (spin_slice_t){0};
    for (size_t i = 0; i < words.len; i++)
        if ((uint8_t)copy[i] < ' ' || copy[i] == 0x7F)
            copy[i] = ' ';
        else if ((uint8_t)copy[i] == 0xC2 && (uint8_t)copy[i + 1] < 0xA0) /* U+0080 to U+009F */
            copy[i] = copy[i + 1] = ' ';
    return spin_slice_of(copy, words.len);
}
