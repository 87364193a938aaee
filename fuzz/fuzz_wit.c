/* Any bytes are a tree or an error inside the text; a tree's print is the same tree again. */
#include <stdlib.h>

#include "../tests/unit/wit_dump.h"
#include "base/error.h"
#include "wit/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

static uint32_t count_lines(spin_slice_t text) {
    uint32_t lines = 1;
    for (size_t i = 0; i < text.len; i++)
        lines += text.ptr[i] == '\n';
    return lines;
}

static void check_print(arena_t *arena, const wit_ast_file_t *file) {
    buf_t text = {0};
    buf_t text_again = {0};
    buf_t tree = {0};
    buf_t tree_again = {0};
    wit_ast_file_t *again;
    wit_print_file(&text, file);
    require(wit_parse_file(arena, buf_slice(&text), NULL, &again) == NULL);
    wit_print_file(&text_again, again);
    require(slice_equal(buf_slice(&text), buf_slice(&text_again)));
    wit_dump_file(&tree, file);
    wit_dump_file(&tree_again, again);
    require(slice_equal(buf_slice(&tree), buf_slice(&tree_again)));
    buf_deinit(&text);
    buf_deinit(&text_again);
    buf_deinit(&tree);
    buf_deinit(&tree_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    arena_t arena = {0};
    spin_slice_t text = spin_slice_of(data, size);
    wit_ast_file_t *file;
    spin_error_t *error = wit_parse_file(&arena, text, "fuzz.wit", &file);
    if (error == NULL)
        check_print(&arena, file);
    else {
        spin_position_t at = spin_error_position(error);
        require(at.line >= 1 && at.line <= count_lines(text));
        require(at.column >= 1 && at.column <= size + 1);
        spin_error_free(error);
    }
    arena_deinit(&arena);
    return 0;
}
