/* Any bytes are a module or an error inside them. A module, rewritten, is one that rewriting leaves
 * as it is; its bodies with other numbers hold the same instructions, with those. */
#include <stdlib.h>

#include "wasm/rewrite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOVED = 100, INDICES = 4096 };

static void require(bool holds) {
    if (!holds)
        abort();
}

static bool is_fine(spin_error_t *error, size_t size) {
    if (error == NULL)
        return true;
    spin_error_kind_t kind = spin_error_kind(error);
    require(kind == SPIN_ERROR_INVALID || kind == SPIN_ERROR_UNSUPPORTED ||
            kind == SPIN_ERROR_NO_MEMORY);
    if (spin_error_position(error).has_offset)
        require(spin_error_position(error).offset <= size);
    spin_error_free(error);
    return false;
}

static bool index_moved(const core_index_t *before, const core_index_t *after) {
    uint32_t shift = before->space <= CORE_SPACE_DATA ? MOVED : 0;
    return before->space == after->space && after->value == before->value + shift;
}

/* Accesses may name their memory, or mean the first. */
static void check_instr(const core_instr_t *before, const core_instr_t *after) {
    static const core_index_t memory = {.space = CORE_SPACE_MEMORY};
    require(before->opcode == after->opcode);
    require((before->vector_at == 0) == (after->vector_at == 0));
    if (before->access_at != 0) {
        require(before->align == after->align && before->offset == after->offset);
        require(after->has_memory && index_moved(before->has_memory ? &before->indices[0] : &memory,
                                                 &after->indices[0]));
        return;
    }
    require(before->index_count == after->index_count);
    for (uint32_t i = 0; i < before->index_count; i++)
        require(index_moved(&before->indices[i], &after->indices[i]));
}

static void check_body(const core_module_t *module, spin_slice_t body, const uint32_t *moved) {
    core_numbers_t numbers;
    buf_t out = {0};
    for (size_t space = 0; space <= CORE_SPACE_DATA; space++) {
        numbers.of[space] = moved;
        numbers.count[space] = INDICES;
    }
    if (is_fine(core_rewrite_body(module, body, &numbers, &out), module->bytes.len)) {
        core_instr_t before, after;
        core_reader_t old = core_module_part(module, body), new;
        core_reader_init(&new, buf_slice(&out));
        require(core_read_locals(&old) == core_read_locals(&new));
        while (!core_reader_done(&old)) {
            require(core_read_instr(&old, &before) && core_read_instr(&new, &after));
            check_instr(&before, &after);
        }
        require(core_reader_done(&new));
    }
    buf_deinit(&out);
}

static void check_rewritten(arena_t *arena, spin_slice_t once) {
    core_module_t module;
    buf_t twice = {0};
    require(core_module_read(arena, once, &module) == NULL);
    require(core_rewrite_module(&module, &twice) == NULL);
    require(slice_equal(once, buf_slice(&twice)));
    buf_deinit(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint32_t moved[INDICES];
    for (uint32_t i = 0; i < INDICES; i++)
        moved[i] = i + MOVED;
    arena_t arena = {0};
    core_module_t module;
    buf_t out = {0};
    if (is_fine(core_module_read(&arena, spin_slice_of(data, size), &module), size)) {
        if (is_fine(core_rewrite_module(&module, &out), size))
            check_rewritten(&arena, buf_slice(&out));
        for (uint32_t i = 0; i < module.function_count; i++)
            check_body(&module, module.bodies[i], moved);
    }
    buf_deinit(&out);
    arena_deinit(&arena);
    return 0;
}
