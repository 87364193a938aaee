/* Any bytes are a document or an error inside the text; a document's values keep their promises. */
#include <stdlib.h>

#include "base/error.h"
#include "base/toml.h"

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

static void check(const toml_value_t *value, uint32_t lines, int depth) {
    require(depth <= 128 && value->line >= 1 && value->line <= lines && value->column >= 1);
    switch (value->type) {
    case TOML_STRING: require(slice_is_utf8(value->of.string, NULL)); break;
    case TOML_ARRAY:
        for (size_t i = 0; i < value->of.array.len; i++)
            check(&value->of.array.items[i], lines, depth + 1);
        break;
    case TOML_TABLE:
        for (size_t i = 0; i < value->of.table.len; i++) {
            const toml_pair_t *pair = &value->of.table.pairs[i];
            require(pair->key_line >= 1 && pair->key_line <= lines && pair->key_column >= 1);
            require(slice_is_utf8(pair->key, NULL));
            require(i > 1000 || toml_table_find(value, pair->key) == pair); /* keys are unique */
            check(&pair->value, lines, depth + 1);
        }
        break;
    case TOML_OFFSET_DATETIME:
    case TOML_LOCAL_DATETIME: require(value->of.datetime.ptr[10] == 'T'); break;
    case TOML_LOCAL_DATE: require(value->of.datetime.len == 10); break;
    case TOML_LOCAL_TIME: require(value->of.datetime.len >= 8); break;
    case TOML_INTEGER:
    case TOML_FLOAT:
    case TOML_BOOLEAN: break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    arena_t arena = {0};
    spin_slice_t text = spin_slice_of(data, size);
    uint32_t lines = count_lines(text);
    toml_value_t *root;
    spin_error_t *error = toml_parse(&arena, text, NULL, &root);
    if (error != NULL) {
        spin_position_t at = spin_error_position(error);
        require(at.line >= 1 && at.line <= lines && at.column >= 1 && at.column <= size + 1);
        spin_error_free(error);
    } else
        check(root, lines, 0);
    arena_deinit(&arena);
    return 0;
}
