#include "component/fuse.h"

#include "base/error.h"
#include "component/fuse_parts.h"

/* Writes the bodies of what is asked for, and of what those ask for. */
static void drain(fuse_t *fuse) {
    for (; fuse->function_drained < fuse->functions.len && fuse_ok(fuse);
         fuse->function_drained++) {
        fuse_function_t function = fuse->functions.items[fuse->function_drained];
        if (function.emit == NULL)
            continue;
        buf_t body = {0};
        function.emit(fuse, &function, &body);
        fuse_count_made(fuse, body.len);
        fuse->functions.items[fuse->function_drained].body = body;
    }
}

static void fuse_deinit(fuse_t *fuse) {
    for (size_t i = 0; i < fuse->functions.len; i++)
        buf_deinit(&fuse->functions.items[i].body);
    VEC_FREE(&fuse->functions);
    VEC_FREE(&fuse->imports);
    VEC_FREE(&fuse->call_imports);
    VEC_FREE(&fuse->exports);
    VEC_FREE(&fuse->elements);
    VEC_FREE(&fuse->data);
    VEC_FREE(&fuse->declared);
    map_deinit(&fuse->function_numbers);
    map_deinit(&fuse->type_numbers);
    buf_deinit(&fuse->types);
    arena_deinit(&fuse->arena);
}

spin_error_t *component_fuse(const linked_component_t *linked, const fuse_options_t *options,
                             buf_t *out) {
    fuse_t fuse = {.linked = linked, .no_names = options != NULL && options->no_names};
    arena_init(&fuse.arena, 64 * 1024);
    fuse_plan(&fuse);
    if (fuse_ok(&fuse))
        segments_plan(&fuse);
    if (fuse_ok(&fuse))
        fuse_exports(&fuse);
    drain(&fuse);
    fuse.no_memory |= fuse.types.failed;
    if (fuse_ok(&fuse))
        fuse_write(&fuse, out);
    spin_error_t *error = fuse.error;
    if (error == NULL && (fuse.no_memory || out->failed))
        error = error_no_memory();
    fuse_deinit(&fuse);
    return error;
}
