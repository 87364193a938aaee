/* Any bytes are a module or an error inside them. A module of 2022, rewritten, reads as a module
 * again, holds the same code, with its function indices moved where helpers were added, tells
 * layouts by the exports behind its own, and is not rewritten twice. */
#include <stdlib.h>

#include "base/error.h"
#include "component/legacy.h"
#include "wasm/instr.h"
#include "wasm/module.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ADDED_IMPORTS = 2 };

static void require(bool holds) {
    if (!holds)
        abort();
}

static void check_error(spin_error_t *error, size_t size) {
    spin_error_kind_t kind = spin_error_kind(error);
    require(kind == SPIN_ERROR_INVALID || kind == SPIN_ERROR_NO_MEMORY);
    if (kind == SPIN_ERROR_INVALID) {
        require(spin_error_position(error).has_offset);
        require(spin_error_position(error).offset <= size);
    }
    spin_error_free(error);
}

static void check_body(const core_module_t *old, const core_module_t *new, uint32_t body,
                       uint32_t added) {
    core_reader_t a = core_module_part(old, old->bodies[body]);
    core_reader_t b = core_module_part(new, new->bodies[body]);
    core_instr_t x, y;
    require(core_read_locals(&a) == core_read_locals(&b));
    while (!core_reader_done(&a)) {
        require(core_read_instr(&a, &x) && core_read_instr(&b, &y));
        require(x.opcode == y.opcode && x.index_count == y.index_count);
        for (uint32_t i = 0; i < x.index_count; i++) {
            bool moved = x.indices[i].space == CORE_SPACE_FUNC &&
                         x.indices[i].value >= old->imported[CORE_EXTERN_FUNC];
            require(y.indices[i].value == x.indices[i].value + (moved ? added : 0));
        }
    }
    require(core_reader_done(&b));
}

static void check_rewritten(arena_t *arena, spin_slice_t before, spin_slice_t after) {
    core_module_t old, new;
    legacy_layout_t layout;
    spin_slice_t again;
    require(core_module_read(arena, before, &old) == NULL);
    require(core_module_read(arena, after, &new) == NULL);
    uint32_t helpers = new.function_count - old.function_count;
    uint32_t added = helpers > 0 ? ADDED_IMPORTS : 0;
    require(helpers <= 2);
    require(new.export_count > old.export_count + (helpers > 0 ? helpers - 1 : 0));
    require(new.import_count == old.import_count + added);
    for (uint32_t i = old.export_count; i < new.export_count; i++) {
        spin_slice_t name = new.exports[i].name;
        if (i - old.export_count < helpers)
            require(legacy_export_layout(name, LEGACY_HTTP_EXPORT, &layout) ||
                    legacy_export_layout(name, LEGACY_REDIS_EXPORT, &layout));
        else
            require(slice_starts_with(name, SLICE_LITERAL(LEGACY_LAYOUT_EXPORT)) &&
                    (slice_ends_with(name, SLICE_LITERAL("@slots")) ||
                     slice_ends_with(name, SLICE_LITERAL("@canonical"))));
    }
    require(new.element_count == old.element_count &&new.data_count == old.data_count);
    for (uint32_t i = 0; i < old.function_count && added > 0; i++)
        check_body(&old, &new, i, added);
    require(legacy_rewrite(arena, after, &again) == NULL);
    require(again.ptr == after.ptr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    arena_t arena = {0};
    spin_slice_t out, module = spin_slice_of(data, size);
    spin_error_t *error = legacy_rewrite(&arena, module, &out);
    if (error != NULL)
        check_error(error, size);
    else if (out.ptr != data)
        check_rewritten(&arena, module, out);
    arena_deinit(&arena);
    return 0;
}
