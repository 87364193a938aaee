/* Any bytes are a component or an error inside them. What is decoded can be printed, and, where it
 * is valid, its world can be told; what is linked fuses into a core module. Decoding it again gives
 * the same text. */
#include <stdlib.h>

#include "base/error.h"
#include "component/fuse.h"
#include "component/print.h"
#include "component/validate.h"
#include "component/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

/* Errors about the input, never about this library; with an offset inside it where there is one. */
static void check_error(spin_error_t *error, size_t size, bool has_offset) {
    spin_error_kind_t kind = spin_error_kind(error);
    require(kind == SPIN_ERROR_INVALID || kind == SPIN_ERROR_UNSUPPORTED ||
            kind == SPIN_ERROR_LIMIT || kind == SPIN_ERROR_NOT_FOUND ||
            kind == SPIN_ERROR_NO_MEMORY);
    spin_position_t position = spin_error_position(error);
    require(!has_offset || kind == SPIN_ERROR_NO_MEMORY || position.has_offset);
    require(!position.has_offset || position.offset <= size);
    spin_error_free(error);
}

static void check_print(const ast_component_t *component, spin_slice_t bytes) {
    arena_t arena = {0};
    const ast_component_t *again;
    buf_t text = {0}, same = {0};
    require(component_print(component, &text) == NULL);
    require(component_decode(&arena, bytes, &again) == NULL);
    require(component_print(again, &same) == NULL);
    require(slice_equal(buf_slice(&text), buf_slice(&same)));
    buf_deinit(&text);
    buf_deinit(&same);
    arena_deinit(&arena);
}

static void check_world(const ast_component_t *component, size_t size) {
    buf_t text = {0};
    spin_error_t *error = component_world(component, &text);
    if (error != NULL)
        check_error(error, size, false);
    buf_deinit(&text);
}

static void check_fused(arena_t *arena, const ast_component_t *component, size_t size) {
    linked_component_t linked;
    core_module_t module;
    buf_t fused = {0};
    spin_error_t *error = component_link(arena, component, NULL, &linked);
    if (error == NULL)
        error = component_fuse(&linked, NULL, &fused);
    if (error != NULL)
        check_error(error, size, false);
    else
        require(core_module_read(arena, buf_slice(&fused), &module) == NULL);
    buf_deinit(&fused);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    arena_t arena = {0};
    const ast_component_t *component;
    spin_slice_t bytes = spin_slice_of(data, size);
    spin_error_t *error = component_decode(&arena, bytes, &component);
    if (error == NULL) {
        require(component_is(bytes));
        check_print(component, bytes);
        error = component_validate(component, NULL);
        if (error == NULL) {
            check_world(component, size);
            check_fused(&arena, component, size);
        }
    }
    if (error != NULL)
        check_error(error, size, true);
    arena_deinit(&arena);
    return 0;
}
