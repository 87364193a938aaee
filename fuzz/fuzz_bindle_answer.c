/* Any bytes are an answer of a Bindle server: digests that lie in the text or an error with a
 * position in it; and words for people that no terminal obeys. */
#include <stdlib.h>

#include "base/slice.h"
#include "bindle/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    arena_t arena = {0};
    bindle_texts_t digests;
    size_t all = 0, bad;
    spin_slice_t text = spin_slice_of(data, size), words = bindle_answer_words(&arena, text);
    require(words.len <= 300 && slice_is_utf8(words, &bad));
    for (size_t i = 0; i < words.len; i++)
        require(words.ptr[i] >= ' ' && words.ptr[i] != 0x7F &&
                (words.ptr[i] != 0xC2 || words.ptr[i + 1] >= 0xA0));
    spin_error_t *error = bindle_answer_missing(&arena, text, "answer", &digests);
    if (error != NULL)
        require(spin_error_position(error).line >= 1);
    else
        for (size_t i = 0; i < digests.len; i++)
            all += digests.items[i].len;
    require(all <= size);
    spin_error_free(error);
    arena_deinit(&arena);
    return 0;
}
