/* The declarations of types. */
#include "wit/bindgen/gen.h"

static spin_slice_t docs_of(const gen_type_t *type) {
    return type->type->def == NULL ? (spin_slice_t){NULL, 0} : type->type->def->docs;
}

static void declare_member(gen_t *gen, unsigned indent, const gen_type_t *type, size_t index) {
    const char *name = gen_element_name(gen, type, index);
    gen_comment(&gen->header, indent, type->type->parts[index].docs);
    buf_printf(&gen->header, "%*s%s;\n", (int)indent * 4, "",
               gen_field(gen, type->parts[index]->ctype, name));
}

static void declare_struct(gen_t *gen, const gen_type_t *type) {
    for (size_t i = 0; i < type->type->parts_len; i++)
        declare_member(gen, 1, type, i);
    if (type->type->parts_len == 0)
        buf_append_text(&gen->header, "    char nothing;\n");
}

static void declare_items(gen_t *gen, const gen_type_t *type) {
    if (type->type->kind == SPIN_TYPE_FIXED_LIST)
        buf_printf(&gen->header, "    %s[%zu];\n", gen_field(gen, type->parts[0]->ctype, "items"),
                   type->type->length);
    else
        buf_printf(&gen->header, "    %s;\n    size_t len;\n",
                   gen_field(gen, gen_field(gen, type->parts[0]->ctype, "*"), "items"));
}

static void declare_map(gen_t *gen, const gen_type_t *type) {
    buf_append_text(&gen->header, "    struct {\n");
    declare_member(gen, 2, type, 0);
    declare_member(gen, 2, type, 1);
    buf_append_text(&gen->header, "    } *items;\n    size_t len;\n");
}

/* The tag is declared already. */
static void declare_payloads(gen_t *gen, const gen_type_t *type) {
    bool some = false;
    for (size_t i = 0; i < type->type->parts_len; i++)
        some |= type->parts[i] != NULL;
    if (!some)
        return;
    buf_append_text(&gen->header, "    union {\n");
    for (size_t i = 0; i < type->type->parts_len; i++)
        if (type->parts[i] != NULL)
            declare_member(gen, 2, type, i);
    buf_append_text(&gen->header, "    } of;\n");
}

static void declare_variant(gen_t *gen, const gen_type_t *type) {
    buf_printf(&gen->header, "    uint%u_t tag;\n", type->type->layout.discriminant * 8);
    declare_payloads(gen, type);
}

static void declare_option(gen_t *gen, const gen_type_t *type) {
    buf_printf(&gen->header, "    bool is_some;\n    %s;\n",
               gen_field(gen, type->parts[0]->ctype, "value"));
}

static void declare_result(gen_t *gen, const gen_type_t *type) {
    buf_append_text(&gen->header, "    bool is_error;\n");
    declare_payloads(gen, type);
}

static void declare_words(gen_t *gen, const gen_type_t *type) {
    buf_printf(&gen->header, "    uint32_t words[%u];\n", type->type->layout.size / 4);
}

static void declare_handle(gen_t *gen, const gen_type_t *type) {
    (void)type;
    buf_append_text(&gen->header, "    uint32_t handle;\n");
}

/* What stands between the braces. */
static void (*const structs[])(gen_t *gen, const gen_type_t *type) = {
    [SPIN_TYPE_ERROR_CONTEXT] = declare_handle, [SPIN_TYPE_LIST] = declare_items,
    [SPIN_TYPE_FIXED_LIST] = declare_items,     [SPIN_TYPE_TUPLE] = declare_struct,
    [SPIN_TYPE_RECORD] = declare_struct,        [SPIN_TYPE_VARIANT] = declare_variant,
    [SPIN_TYPE_OPTION] = declare_option,        [SPIN_TYPE_RESULT] = declare_result,
    [SPIN_TYPE_FLAGS] = declare_words,          [SPIN_TYPE_STREAM] = declare_handle,
    [SPIN_TYPE_FUTURE] = declare_handle,        [SPIN_TYPE_MAP] = declare_map,
};

/* Cases by number; flags of a word as bits, those of several by their number. */
static void declare_constants(gen_t *gen, const gen_type_t *type) {
    bool bits = gen_is_word(type->type);
    int widest = 0;
    for (size_t i = 0; i < type->type->parts_len; i++) {
        int width = (int)strlen(gen_case_name(gen, type, i));
        widest = width > widest ? width : widest;
    }
    if (!bits)
        buf_append_text(&gen->header, "enum {\n");
    for (size_t i = 0; i < type->type->parts_len; i++) {
        const char *name = gen_case_name(gen, type, i);
        gen_comment(&gen->header, bits ? 0 : 1, type->type->parts[i].docs);
        if (bits)
            buf_printf(&gen->header, "#define %-*s ((%s)(1u << %zu))\n", widest, name, type->ctype,
                       i);
        else
            buf_printf(&gen->header, "    %s = %zu,\n", name, i);
    }
    if (!bits)
        buf_append_text(&gen->header, "};\n");
}

static void declare_type(gen_t *gen, const gen_type_t *type) {
    const wit_type_t *wit = type->type;
    buf_t *out = &gen->header;
    gen_comment(out, 0, docs_of(type));
    if (wit->kind == SPIN_TYPE_ENUM || gen_is_word(wit)) {
        unsigned bytes = wit->kind == SPIN_TYPE_ENUM ? wit->layout.discriminant : wit->layout.size;
        buf_printf(out, "typedef uint%u_t %s;\n", (bytes == 0 ? 1 : bytes) * 8, type->ctype);
        declare_constants(gen, type);
        buf_append_byte(out, '\n');
        return;
    }
    /* The tag has the "_t" too: without it a function may have its name, which C++ warns of. */
    buf_printf(out, "typedef struct %s {\n", type->ctype);
    structs[wit->kind](gen, type);
    buf_printf(out, "} %s;\n", type->ctype);
    if (wit->kind == SPIN_TYPE_FLAGS)
        buf_append_text(out, "/* Flag i is bit i % 32 of word i / 32. */\n");
    if (wit->kind == SPIN_TYPE_VARIANT || wit->kind == SPIN_TYPE_FLAGS)
        declare_constants(gen, type);
    if ((type->needs & GEN_CLEAR) != 0) {
        const char *params[] = {gen_text(gen, "%s *value", type->ctype)};
        buf_append_text(out, "/* Frees what a result owns, and zeroes it. */\n");
        gen_wrapped(out, gen_text(gen, "void %s_%s_clear(", gen->prefix, type->name), params, 1,
                    ");\n");
        gen_declare(gen, gen_text(gen, "%s_%s_clear", gen->prefix, type->name), type->text);
    }
    buf_append_byte(out, '\n');
}

static void declare_resource(gen_t *gen, const gen_handle_t *handle) {
    const wit_typedef_t *resource = handle->resource;
    const char *name = handle->ctype;
    int tag_len = (int)strlen(name) - 2;
    gen_comment(&gen->header, 0, resource->docs);
    if (handle->guest)
        buf_printf(&gen->header,
                   "/* Resource \"%.*s\" of the guest's: spin_abi_drop lets it go. */\n"
                   "typedef struct %.*s {\n    uint32_t handle;\n} %s;\n\n",
                   SLICE_ARG(resource->name), tag_len, name, name);
    else
        buf_printf(&gen->header,
                   "/* Resource \"%.*s\", which the host implements: it defines the struct. */\n"
                   "typedef struct %.*s %s;\n\n",
                   SLICE_ARG(resource->name), tag_len, name, name);
}

/* `type headers = list<...>`, where that list is there: the C type has its own name, this is
 * another for who writes by hand. */
static void declare_alias(gen_t *gen, const wit_typedef_t *def) {
    if (!def->is_alias || def->is_resource || def->used != NULL || def->ref.type == NULL)
        return;
    for (size_t i = 0; i < gen->types.len; i++) {
        const gen_type_t *type = gen->types.items[i];
        if (type->type != def->ref.type || type->guest || type->type->has_handles)
            continue;
        const char *qualifier = def->interface == NULL ? "" : gen_qualifier(gen, def->interface);
        const char *name =
            gen_text(gen, "%s_%s%s_t", gen->prefix, qualifier, gen_snake(gen, def->name));
        gen_declare(gen, name, gen_text(gen, "type %.*s", SLICE_ARG(def->name)));
        gen_comment(&gen->header, 0, def->docs);
        buf_printf(&gen->header, "typedef %s;\n\n", gen_field(gen, type->ctype, name));
        return;
    }
}

void gen_type_declarations(gen_t *gen) {
    for (size_t i = 0; i < gen->handles.len; i++)
        declare_resource(gen, &gen->handles.items[i]);
    for (size_t i = 0; i < gen->types.len; i++) {
        const wit_type_t *wit = gen->types.items[i]->type;
        bool resource = wit->kind == SPIN_TYPE_OWN || wit->kind == SPIN_TYPE_BORROW;
        if (!resource && !gen_is_plain(wit) && !gen_is_text(wit))
            declare_type(gen, gen->types.items[i]);
    }
    for (size_t i = 0; i < gen->qualifiers.len; i++) {
        const wit_interface_t *interface = gen->qualifiers.items[i].interface;
        for (size_t j = 0; j < interface->types_len; j++)
            declare_alias(gen, interface->types[j]);
    }
}
