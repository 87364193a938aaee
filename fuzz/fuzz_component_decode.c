/* Any bytes are a component or an error inside them. What is decoded can be printed, and decoding
 * it again gives the same text. What is valid has a world or a reason why not, links unless the
 * host would have to give something, and fuses into a core module unless a function body is
 * broken, which only who compiles it checks (fuzz_component_fuse.c). */
#include "base/error.h"
#include "component/fuse.h"
#include "component/print.h"
#include "component/validate.h"
#include "component/world.h"
#include "component_checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

static void check_fused(arena_t *arena, const linked_component_t *linked, size_t size) {
    core_module_t module;
    buf_t fused = {0};
    spin_error_t *error = component_fuse(linked, NULL, &fused);
    if (error != NULL)
        check_error(error, size, true);
    else
        require(core_module_read(arena, buf_slice(&fused), &module) == NULL);
    buf_deinit(&fused);
}

static void check_linked(arena_t *arena, const ast_component_t *component, size_t size) {
    linked_component_t linked;
    spin_error_t *error = component_link(arena, component, NULL, &linked);
    if (error != NULL)
        check_error(error, size, false);
    else
        check_fused(arena, &linked, size);
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
            check_linked(&arena, component, size);
        }
    }
    if (error != NULL)
        check_located_error(error, size);
    arena_deinit(&arena);
    return 0;
}
