/* spin_bindgen_c: the order in which everything is made. */
#include "wit/bindgen/gen.h"

#include "base/error.h"
#include "base/options.h"
#include "spin/allocator.h"
#include "spin/version.h"

/* Who keeps the files in a repository does not want them to change. */
#define FORMAT_OFF "/* clang-format off */\n"

static spin_slice_t base_name(const char *path) {
    const char *slash = path == NULL ? NULL : strrchr(path, '/');
    return spin_slice(slash == NULL ? path : slash + 1);
}

static const char *introduction(gen_t *gen) {
    const wit_place_t *place = gen->world != NULL ? &gen->world->place : &gen->interface->place;
    spin_slice_t name = gen_own_name(gen);
    return gen_text(gen,
                    "Host bindings of %s \"%.*s\" in %.*s.\n"
                    "Written by spin-bindgen %s: do not edit.",
                    gen->world != NULL ? "world" : "interface", SLICE_ARG(name),
                    SLICE_ARG(base_name(place->file)), SPIN_VERSION);
}

static void begin_header(gen_t *gen) {
    gen_comment(&gen->header, 0, spin_slice(introduction(gen)));
    buf_append_text(&gen->header, FORMAT_OFF);
    buf_printf(&gen->header,
               "#ifndef SPIN_BINDINGS_%s_H\n#define SPIN_BINDINGS_%s_H\n\n"
               "#include <spin/abi.h>\n\n"
               "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n",
               gen->upper, gen->upper);
}

static void end_header(gen_t *gen) {
    buf_append_text(&gen->header, "#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
}

static bool has_host_unit(const gen_t *gen) {
    for (size_t i = 0; i < gen->units.len; i++)
        if (gen->units.items[i].side == GEN_HOST &&
            (gen->units.items[i].functions.len > 0 || gen->units.items[i].resources.len > 0))
            return true;
    return false;
}

static void begin_source(gen_t *gen) {
    buf_t *out = &gen->source;
    gen_comment(out, 0, spin_slice(introduction(gen)));
    buf_append_text(out, FORMAT_OFF);
    buf_printf(out, "#include \"%s.h\"\n\n#include <string.h>\n\n", gen->prefix);
    if (gen->need_bulk)
        buf_append_text(out, "#define LITTLE_ENDIAN_HOST (__BYTE_ORDER__ == "
                             "__ORDER_LITTLE_ENDIAN__)\n\n");
    if (has_host_unit(gen))
        buf_append_text(out, "/* An operations struct of an older version of the interface is "
                             "smaller. */\n"
                             "#define HAS_OPERATION(type, ops, name)"
                             "                                                             \\\n"
                             "    ((ops)->size >= offsetof(type, name) + sizeof((ops)->name) && "
                             "(ops)->name != NULL)\n\n");
}

static void write_all(gen_t *gen) {
    for (size_t i = 0; i < gen->units.len; i++) {
        const gen_unit_t *unit = &gen->units.items[i];
        (unit->side == GEN_HOST ? gen_exports_need : gen_imports_need)(gen, unit);
    }
    if (gen->error != NULL)
        return;
    begin_header(gen);
    begin_source(gen);
    gen_type_declarations(gen);
    for (size_t i = 0; i < gen->units.len; i++)
        if (gen->units.items[i].side == GEN_HOST)
            gen_resources(gen, &gen->units.items[i]);
    gen_guest_resources(gen);
    gen_lower_functions(gen);
    gen_lift_functions(gen);
    for (size_t i = 0; i < gen->units.len && gen->error == NULL; i++) {
        const gen_unit_t *unit = &gen->units.items[i];
        (unit->side == GEN_HOST ? gen_exports : gen_imports)(gen, unit);
    }
    end_header(gen);
    while (gen->source.len > 1 && gen->source.ptr[gen->source.len - 2] == '\n')
        gen->source.len--; /* one line feed at the end */
}

static bool take_string(spin_string_t *out, const buf_t *text) {
    uint8_t *copy = spin_memory_alloc(text->len == 0 ? 1 : text->len);
    if (copy == NULL)
        return false;
    if (text->len > 0)
        memcpy(copy, text->ptr, text->len);
    *out = spin_slice_of(copy, text->len);
    return true;
}

static bool take_name(gen_t *gen, spin_string_t *out, const char *ending) {
    buf_t name = {0};
    buf_printf(&name, "%s%s", gen->prefix, ending);
    bool taken = !name.failed && take_string(out, &name);
    buf_deinit(&name);
    return taken;
}

static void gen_deinit(gen_t *gen) {
    for (size_t i = 0; i < gen->units.len; i++) {
        VEC_FREE(&gen->units.items[i].functions);
        VEC_FREE(&gen->units.items[i].resources);
    }
    VEC_FREE(&gen->units);
    VEC_FREE(&gen->qualifiers);
    VEC_FREE(&gen->types);
    VEC_FREE(&gen->handles);
    map_deinit(&gen->type_index);
    map_deinit(&gen->names);
    buf_deinit(&gen->header);
    buf_deinit(&gen->source);
    buf_deinit(&gen->body);
    arena_deinit(&gen->arena);
}

spin_error_t *spin_bindgen_c(const spin_wit_t *wit, const spin_bindgen_options_t *options,
                             spin_bindgen_output_t *out) {
    spin_bindgen_options_t given = {0};
    *out = (spin_bindgen_output_t){0};
    spin_error_t *error = options_take(&given, sizeof given, options, "spin_bindgen_options_t");
    if (error != NULL)
        return error;
    gen_t gen = {.wit = wit};
    error = gen_select(&gen, &given);
    if (error == NULL && gen.error == NULL)
        write_all(&gen);
    if (error == NULL) {
        error = gen.error;
        gen.error = NULL;
    }
    if (error == NULL &&
        (gen.header.failed || gen.source.failed || gen.body.failed ||
         !take_name(&gen, &out->header_name, ".h") || !take_name(&gen, &out->source_name, ".c") ||
         !take_string(&out->header, &gen.header) || !take_string(&out->source, &gen.source)))
        error = error_no_memory();
    if (error != NULL)
        spin_bindgen_output_clear(out);
    spin_error_free(gen.error);
    gen_deinit(&gen);
    return error;
}

void spin_bindgen_output_clear(spin_bindgen_output_t *output) {
    spin_string_clear(&output->header_name);
    spin_string_clear(&output->header);
    spin_string_clear(&output->source_name);
    spin_string_clear(&output->source);
}
