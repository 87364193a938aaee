/* A valid component, its core modules by Wasmtime's word, links and fuses into a module that is
 * valid by the same: nothing that goes wrong on the way is the component's fault. The core modules
 * that it imports are the first one in it, which may fit. */
#include "base/error.h"
#include "component/fuse.h"
#include "component/validate.h"
#include "component_checks.h"
#include "engine/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_GIVEN = 8 };

/* Kept: to make one takes longer than a run. */
static wasm_engine_t *the_engine(void) {
    static wasm_engine_t *engine;
    if (engine == NULL) {
        engine_settings_t settings;
        spin_engine_options_t options = {
            .size = sizeof options, .max_instances = 1, .disable_cache = true};
        require(engine_settings_init(&options, &settings) == NULL);
        require(engine_settings_new_engine(&settings, &engine) == NULL);
        engine_settings_deinit(&settings);
    }
    return engine;
}

static spin_error_t *check_module(void *user, spin_slice_t bytes) {
    (void)user;
    wasmtime_error_t *error =
        wasmtime_module_validate(the_engine(), (const uint8_t *)bytes.ptr, bytes.len);
    return error == NULL ? NULL : engine_error_take(error, SPIN_ERROR_INVALID);
}

static void check_fused(arena_t *arena, const linked_component_t *linked, size_t size) {
    core_module_t module;
    buf_t fused = {0};
    spin_error_t *error = component_fuse(linked, NULL, &fused);
    if (error != NULL) {
        check_error(error, size, false);
    } else {
        require(core_module_read(arena, buf_slice(&fused), &module) == NULL);
        require(check_module(NULL, buf_slice(&fused)) == NULL);
    }
    buf_deinit(&fused);
}

static void give_modules(const ast_component_t *component, link_module_import_t *given,
                         link_options_t *options) {
    const ast_core_module_t *first = NULL;
    *options = (link_options_t){.modules = given};
    for (uint32_t i = 0; i < component->scope.def_count && first == NULL; i++) {
        if (component->scope.defs[i].kind == AST_DEF_CORE_MODULE)
            first = component->scope.defs[i].of.core_module;
    }
    for (uint32_t i = 0; i < component->scope.def_count && first != NULL; i++) {
        const ast_def_t *def = &component->scope.defs[i];
        if (def->kind == AST_DEF_IMPORT && def->of.import.type.sort == AST_CORE_MODULE &&
            options->module_count < MOST_GIVEN)
            given[options->module_count++] =
                (link_module_import_t){def->of.import.name.name, first->bytes, &first->module};
    }
}

static void check_linked(arena_t *arena, const ast_component_t *component, size_t size) {
    link_module_import_t given[MOST_GIVEN];
    link_options_t options;
    linked_component_t linked;
    give_modules(component, given, &options);
    spin_error_t *error = component_link(arena, component, &options, &linked);
    if (error != NULL) /* what was given may not fit */
        check_error(error, size, options.module_count > 0);
    else
        check_fused(arena, &linked, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const component_validate_options_t options = {.core_module = check_module};
    arena_t arena = {0};
    const ast_component_t *component;
    spin_error_t *error = component_decode(&arena, spin_slice_of(data, size), &component);
    if (error == NULL)
        error = component_validate(component, &options);
    if (error != NULL)
        check_located_error(error, size);
    else
        check_linked(&arena, component, size);
    arena_deinit(&arena);
    return 0;
}
