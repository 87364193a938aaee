/* Names of functions for backtraces, and where the functions come from.
 *
 * The custom section "spin:map" is a vector of runs of guest functions that kept their order, each
 * five u32: number of the first in the fused module, how many, the core instance, its module, and
 * the number of the first in that. A function's instructions are the same ones in both, one for
 * one, so that an offset in one leads to the offset in the other by reading both bodies. */
#include "component/fuse_parts.h"
#include "wasm/instr.h"

enum { NAMES_OF_FUNCTIONS = 1 };

/* A custom section's content; empty where there is none. */
static core_reader_t custom_of(const core_module_t *module, spin_slice_t name) {
    for (uint32_t i = 0; i < module->section_count; i++) {
        const core_section_t *section = &module->sections[i];
        if (section->id == CORE_SECTION_CUSTOM && slice_equal(section->name, name))
            return section->body;
    }
    return core_module_part(module, spin_slice_of(module->bytes.ptr, 0));
}

/* The names of functions in a module's "name" section: a vector of pairs. Empty where there are
 * none. */
static core_reader_t names_of(const core_module_t *module) {
    core_reader_t body = custom_of(module, SLICE_LITERAL("name"));
    while (!core_reader_done(&body)) {
        uint8_t id = core_read_u8(&body);
        core_reader_t part = core_read_part(&body, core_read_u32(&body));
        if (core_reader_ok(&body) && id == NAMES_OF_FUNCTIONS)
            return part;
    }
    return core_module_part(module, spin_slice_of(module->bytes.ptr, 0));
}

static void put_name(buf_t *out, uint32_t number, spin_slice_t name, uint32_t *count) {
    core_put_u32(out, number);
    core_put_name(out, name);
    (*count)++;
}

/* Broken name sections are nobody's fault: what can be read is taken, as long as it is in order. */
static void put_instance_names(const fuse_t *fuse, uint32_t instance, buf_t *out, uint32_t *count) {
    const fuse_instance_t *of = &fuse->instances[instance];
    core_reader_t names = names_of(of->module);
    uint32_t imported = of->module->imported[CORE_EXTERN_FUNC], next = imported;
    for (uint32_t left = core_reader_done(&names) ? 0 : core_read_u32(&names); left > 0; left--) {
        uint32_t index = core_read_u32(&names);
        spin_slice_t name = core_read_name(&names);
        if (!core_reader_ok(&names))
            return;
        if (index < next || index - imported >= of->module->function_count)
            continue;
        next = index + 1;
        put_name(out, of->first[CORE_SPACE_FUNC] + index - imported, name, count);
    }
}

void fuse_names_write(fuse_t *fuse, buf_t *out) {
    buf_t names = {0};
    uint32_t count = 0;
    for (uint32_t i = 0; i < fuse->imports.len; i++)
        put_name(&names, i, fuse->imports.items[i].name, &count);
    for (uint32_t i = 0; i < fuse->linked->instance_count; i++)
        put_instance_names(fuse, i, &names, &count);
    for (uint32_t i = 0; i < fuse->functions.len; i++)
        if (fuse->functions.items[i].name.len > 0)
            put_name(&names, fuse->counts[CORE_SPACE_FUNC] + i, fuse->functions.items[i].name,
                     &count);
    fuse->no_memory |= names.failed;
    size_t section = core_put_section_begin(out, CORE_SECTION_CUSTOM);
    core_put_name(out, SLICE_LITERAL("name"));
    size_t functions = core_put_section_begin(out, (core_section_id_t)NAMES_OF_FUNCTIONS);
    core_put_u32(out, count);
    buf_append(out, buf_slice(&names));
    core_put_sized_end(out, functions);
    core_put_sized_end(out, section);
    buf_deinit(&names);
}

static const spin_slice_t name_of_map = SLICE_INIT("spin:map");
void fuse_map_write(fuse_t *fuse, buf_t *out) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < fuse->linked->instance_count; i++)
        count += fuse->instances[i].module->function_count > 0;
    size_t section = core_put_section_begin(out, CORE_SECTION_CUSTOM);
    core_put_name(out, name_of_map);
    core_put_u32(out, count);
    for (uint32_t i = 0; i < fuse->linked->instance_count; i++) {
        const fuse_instance_t *instance = &fuse->instances[i];
        if (instance->module->function_count == 0)
            continue;
        core_put_u32(out, instance->first[CORE_SPACE_FUNC]);
        core_put_u32(out, instance->module->function_count);
        core_put_u32(out, i);
        core_put_u32(out, fuse->linked->instances[i].module);
        core_put_u32(out, instance->module->imported[CORE_EXTERN_FUNC]);
    }
    core_put_sized_end(out, section);
}

bool fuse_map_find(const core_module_t *fused, uint32_t function, fuse_origin_t *out) {
    core_reader_t map = custom_of(fused, name_of_map);
    for (uint32_t left = core_reader_done(&map) ? 0 : core_read_u32(&map); left > 0; left--) {
        uint32_t first = core_read_u32(&map), count = core_read_u32(&map);
        out->instance = core_read_u32(&map);
        out->module = core_read_u32(&map);
        out->function = core_read_u32(&map) + (function - first);
        if (!core_reader_ok(&map))
            return false;
        if (function >= first && function - first < count)
            return true;
    }
    return false;
}

/* A function's instructions, without its locals. */
static bool code_of(const core_module_t *module, uint32_t function, core_reader_t *out) {
    uint32_t imported = module->imported[CORE_EXTERN_FUNC];
    if (function < imported || function - imported >= module->function_count)
        return false;
    *out = core_module_part(module, module->bodies[function - imported]);
    core_read_locals(out);
    return core_reader_ok(out);
}

bool fuse_map_offset(const core_module_t *fused, uint32_t function, const core_module_t *module,
                     const fuse_origin_t *origin, size_t offset, size_t *out) {
    core_reader_t here, there;
    core_instr_t mine, original;
    if (!code_of(fused, function, &here) || !code_of(module, origin->function, &there))
        return false;
    while (!core_reader_done(&here) && core_read_instr(&here, &mine) &&
           core_read_instr(&there, &original) && mine.opcode == original.opcode) {
        *out = original.start;
        if (offset < mine.end)
            return offset >= mine.start;
    }
    return false;
}
