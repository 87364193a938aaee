/* The types that functions use: each once, children first, with its names in C. */
#include "base/error.h"
#include "wit/bindgen/gen.h"

/* ── kinds ───────────────────────────────────────────────────────────────────────────────── */

static const char *const plain_ctypes[] = {
    [SPIN_TYPE_BOOL] = "bool",
    [SPIN_TYPE_S8] = "int8_t",
    [SPIN_TYPE_U8] = "uint8_t",
    [SPIN_TYPE_S16] = "int16_t",
    [SPIN_TYPE_U16] = "uint16_t",
    [SPIN_TYPE_S32] = "int32_t",
    [SPIN_TYPE_U32] = "uint32_t",
    [SPIN_TYPE_S64] = "int64_t",
    [SPIN_TYPE_U64] = "uint64_t",
    [SPIN_TYPE_F32] = "float",
    [SPIN_TYPE_F64] = "double",
    [SPIN_TYPE_CHAR] = "uint32_t",
    [SPIN_TYPE_STRING] = "spin_string_t",
};

bool gen_is_plain(const wit_type_t *type) {
    return type->kind >= SPIN_TYPE_BOOL && type->kind <= SPIN_TYPE_CHAR;
}

bool gen_is_text(const wit_type_t *type) {
    return type->kind == SPIN_TYPE_STRING ||
           (type->kind == SPIN_TYPE_LIST && type->parts[0].ref.type->kind == SPIN_TYPE_U8);
}

bool gen_is_word(const wit_type_t *type) {
    return type->kind == SPIN_TYPE_FLAGS && type->layout.size <= 4;
}

bool gen_is_outside(const wit_type_t *type) {
    return !gen_is_text(type) && (type->kind == SPIN_TYPE_LIST || type->kind == SPIN_TYPE_MAP);
}

bool gen_tag_may_be_wrong(const wit_type_t *type) {
    return type->layout.discriminant >= 4 ||
           type->parts_len < (size_t)1 << (8 * type->layout.discriminant);
}

bool gen_is_handle(const wit_type_t *type) {
    switch (type->kind) {
    case SPIN_TYPE_OWN:
    case SPIN_TYPE_BORROW:
    case SPIN_TYPE_STREAM:
    case SPIN_TYPE_FUTURE:
    case SPIN_TYPE_ERROR_CONTEXT: return true;
    default: return false;
    }
}

/* A bool may be any byte, a char must be checked. */
bool gen_is_bulk(const wit_type_t *type) {
    return type->kind >= SPIN_TYPE_S8 && type->kind <= SPIN_TYPE_F64;
}

bool gen_by_pointer(const gen_type_t *type) {
    const wit_type_t *wit = type->type;
    return !gen_is_plain(wit) && !gen_is_text(wit) && !gen_is_word(wit) && !gen_is_handle(wit) &&
           wit->kind != SPIN_TYPE_ENUM;
}

const char *gen_returned(const gen_type_t *type) {
    const wit_type_t *wit = type->type;
    bool resource = wit->kind == SPIN_TYPE_OWN || wit->kind == SPIN_TYPE_BORROW;
    bool dotted = gen_is_text(wit) || (gen_is_handle(wit) && (!resource || type->guest));
    return dotted ? "(*ret)" : "*ret";
}

const char *gen_field(gen_t *gen, const char *ctype, const char *name) {
    bool pointer = ctype[0] != '\0' && ctype[strlen(ctype) - 1] == '*';
    return gen_text(gen, "%s%s%s", ctype, pointer ? "" : " ", name);
}

const char *gen_param(gen_t *gen, const gen_type_t *type, const char *name) {
    if (gen_is_text(type->type))
        return gen_text(gen, "spin_slice_t %s", name);
    if (gen_by_pointer(type))
        return gen_text(gen, "const %s *%s", type->ctype, name);
    return gen_field(gen, type->ctype, name);
}

/* ── resources ───────────────────────────────────────────────────────────────────────────── */

const wit_typedef_t *gen_origin(const wit_typedef_t *def) {
    for (;;) {
        if (def->used != NULL)
            def = def->used;
        else if (def->is_alias && def->is_resource && def->ref.alias != NULL)
            def = def->ref.alias;
        else
            return def;
    }
}

static bool has_unit(const gen_t *gen, const wit_interface_t *interface, gen_side_t side) {
    for (size_t i = 0; i < gen->units.len; i++)
        if (gen->units.items[i].interface == interface && gen->units.items[i].side == side)
            return true;
    return false;
}

const char *gen_resource_name(gen_t *gen, const wit_typedef_t *resource) {
    const char *name = gen_resource_type(gen, resource, false);
    return gen_text(gen, "resource_%.*s", (int)strlen(name) - 2, name);
}

const char *gen_guest_resource_name(gen_t *gen, const wit_typedef_t *resource) {
    const char *name = gen_resource_type(gen, resource, true);
    return gen_text(gen, "guest_resource_%.*s", (int)strlen(name) - 2, name);
}

/* What guests export may be made of resources of their own, or of the host's that they import. */
bool gen_is_guest_resource(gen_t *gen, const wit_typedef_t *resource, gen_side_t side) {
    resource = gen_origin(resource);
    return side == GEN_GUEST && resource->interface != NULL &&
           has_unit(gen, resource->interface, GEN_GUEST);
}

/* "types_stream"; an interface that is there on both sides has two resources of each name. */
static const char *declared_name(gen_t *gen, const wit_typedef_t *def, bool guest) {
    def = gen_origin(def);
    const char *qualifier = def->interface == NULL ? "" : gen_qualifier(gen, def->interface);
    bool twice = guest && def->interface != NULL && has_unit(gen, def->interface, GEN_HOST);
    return gen_text(gen, "%s%s%s", twice ? "guest_" : "", qualifier, gen_snake(gen, def->name));
}

const char *gen_resource_type(gen_t *gen, const wit_typedef_t *resource, bool guest) {
    return gen_text(gen, "%s_%s_t", gen->prefix, declared_name(gen, resource, guest));
}

/* Whether it holds a resource of the guest's as `side` sees it. */
static bool holds_guest(gen_t *gen, const wit_type_t *type, gen_type_t *const *parts,
                        gen_side_t side) {
    if (type->kind == SPIN_TYPE_OWN || type->kind == SPIN_TYPE_BORROW)
        return gen_is_guest_resource(gen, type->resource, side);
    for (size_t i = 0; i < type->parts_len; i++)
        if (parts[i] != NULL && parts[i]->guest)
            return true;
    return false;
}

/* ── names ───────────────────────────────────────────────────────────────────────────────── */

static const char *part_name(const gen_type_t *part) {
    return part == NULL ? "void" : part->name;
}

static const char *joined(gen_t *gen, const char *head, const gen_type_t *type) {
    buf_t name = {0};
    buf_append_text(&name, head);
    for (size_t i = 0; i < type->type->parts_len; i++)
        buf_printf(&name, "_%s", part_name(type->parts[i]));
    const char *copy = name.failed ? NULL : arena_copy_text(&gen->arena, buf_slice(&name));
    buf_deinit(&name);
    if (copy == NULL)
        gen_no_memory(gen);
    return copy == NULL ? "" : copy;
}

static const char *anonymous_name(gen_t *gen, const gen_type_t *type) {
    const wit_type_t *wit = type->type;
    bool empty = wit->parts_len == 1 && type->parts[0] == NULL;
    switch (wit->kind) {
    case SPIN_TYPE_LIST: return joined(gen, "list", type);
    case SPIN_TYPE_FIXED_LIST: return joined(gen, gen_text(gen, "list%zu", wit->length), type);
    case SPIN_TYPE_TUPLE: return joined(gen, gen_text(gen, "tuple%zu", wit->parts_len), type);
    case SPIN_TYPE_OPTION: return joined(gen, "option", type);
    case SPIN_TYPE_RESULT: return joined(gen, "result", type);
    case SPIN_TYPE_MAP: return joined(gen, "map", type);
    case SPIN_TYPE_STREAM: return empty ? "stream" : joined(gen, "stream", type);
    case SPIN_TYPE_FUTURE: return empty ? "future" : joined(gen, "future", type);
    case SPIN_TYPE_ERROR_CONTEXT: return "error_context";
    case SPIN_TYPE_OWN:
        return gen_text(gen, "own_%s", declared_name(gen, wit->resource, type->guest));
    case SPIN_TYPE_BORROW:
        return gen_text(gen, "borrow_%s", declared_name(gen, wit->resource, type->guest));
    default: return gen_text(gen, "%.*s", SLICE_ARG(wit->text));
    }
}

static const char *const kind_words[] = {
    [SPIN_TYPE_RECORD] = "record",
    [SPIN_TYPE_VARIANT] = "variant",
    [SPIN_TYPE_ENUM] = "enum",
    [SPIN_TYPE_FLAGS] = "flags",
};

static void name_type(gen_t *gen, gen_type_t *type) {
    const wit_type_t *wit = type->type;
    bool declared = wit->def != NULL && !gen_is_plain(wit) && wit->kind != SPIN_TYPE_STRING;
    type->name = declared ? declared_name(gen, wit->def, type->guest) : anonymous_name(gen, type);
    const char *word = wit->kind <= SPIN_TYPE_FLAGS ? kind_words[wit->kind] : NULL;
    type->text = declared && word != NULL
                     ? gen_text(gen, "%s %.*s", word, SLICE_ARG(wit->def->name))
                     : gen_quoted(gen, wit->text);
    type->upper = gen_text(gen, "%s_%s", gen->upper, gen_upper(gen, type->name));
    if (gen_is_plain(wit))
        type->ctype = plain_ctypes[wit->kind];
    else if (gen_is_text(wit))
        type->ctype = "spin_string_t";
    else if (wit->kind == SPIN_TYPE_OWN || wit->kind == SPIN_TYPE_BORROW)
        type->ctype = gen_text(gen, "%s%s", gen_resource_type(gen, wit->resource, type->guest),
                               type->guest ? "" : " *");
    else
        type->ctype = gen_text(gen, "%s_%s_t", gen->prefix, type->name);
}

const char *gen_case_name(gen_t *gen, const gen_type_t *type, size_t index) {
    const char *name = gen_snake(gen, type->type->parts[index].name);
    return gen_text(gen, "%s_%s", type->upper, gen_upper(gen, name));
}

/* It is called by its number. */
static bool is_case_of_union(spin_slice_t name) {
    return name.len > 0 && name.ptr[0] >= '0' && name.ptr[0] <= '9';
}

const char *gen_element_name(gen_t *gen, const gen_type_t *type, size_t index) {
    if (type->type->kind == SPIN_TYPE_TUPLE || is_case_of_union(type->type->parts[index].name))
        return gen_text(gen, "f%zu", index);
    if (type->type->kind == SPIN_TYPE_MAP)
        return index == 0 ? "key" : "value";
    if (type->type->kind == SPIN_TYPE_RESULT)
        return index == 0 ? "ok" : "error";
    return gen_member(gen, type->type->parts[index].name);
}

/* ── the table ───────────────────────────────────────────────────────────────────────────── */

static void declare_constants(gen_t *gen, const gen_type_t *type, const char *what) {
    spin_type_kind_t kind = type->type->kind;
    if (kind != SPIN_TYPE_VARIANT && kind != SPIN_TYPE_ENUM && kind != SPIN_TYPE_FLAGS)
        return;
    for (size_t i = 0; i < type->type->parts_len; i++)
        gen_declare(gen, gen_case_name(gen, type, i),
                    gen_text(gen, "\"%.*s\" of %s", SLICE_ARG(type->type->parts[i].name), what));
}

void gen_note_handle(gen_t *gen, const wit_typedef_t *resource, bool guest) {
    const char *ctype = gen_resource_type(gen, resource, guest);
    for (size_t i = 0; i < gen->handles.len; i++)
        if (gen->handles.items[i].guest == guest &&
            gen_origin(gen->handles.items[i].resource) == gen_origin(resource))
            return;
    if (!VEC_PUSH(&gen->handles, (gen_handle_t){gen_origin(resource), guest, ctype}))
        gen_no_memory(gen);
    const char *what = gen_text(gen, "resource \"%.*s\"", SLICE_ARG(resource->name));
    gen_declare(gen, ctype, what);
    /* Its tag, which who implements it writes by hand. */
    gen_declare(gen, gen_text(gen, "%.*s", (int)strlen(ctype) - 2, ctype), what);
}

static void declare_type(gen_t *gen, const gen_type_t *type) {
    const wit_type_t *wit = type->type;
    const char *what = type->text;
    if (wit->def != NULL && wit->def->interface != NULL)
        what = gen_text(gen, "%s of \"%.*s\"", what, SLICE_ARG(wit->def->interface->id));
    bool resource = wit->kind == SPIN_TYPE_OWN || wit->kind == SPIN_TYPE_BORROW;
    if (resource) {
        gen_note_handle(gen, wit->resource, type->guest);
        return;
    }
    /* Static functions have the name without the prefix. */
    gen_declare(gen, gen_text(gen, "(%s)", type->name), what);
    if (!gen_is_plain(wit) && !gen_is_text(wit))
        gen_declare(gen, type->ctype, what);
    declare_constants(gen, type, what);
}

static gen_type_t **part_types(gen_t *gen, const wit_type_t *wit, gen_side_t side) {
    gen_type_t **parts = arena_calloc(&gen->arena, wit->parts_len + 1, sizeof *parts);
    if (parts == NULL)
        gen_no_memory(gen);
    for (size_t i = 0; parts != NULL && i < wit->parts_len; i++)
        if (wit->parts[i].ref.type != NULL) {
            parts[i] = gen_type(gen, wit->parts[i].ref.type, side);
            if (parts[i] == NULL)
                return NULL;
        }
    return parts;
}

/* The specification has neither; what the guest would make of them nobody says. */
static bool is_empty(const wit_type_t *wit) {
    return (wit->kind == SPIN_TYPE_FLAGS && wit->parts_len == 0) ||
           (wit->kind == SPIN_TYPE_FIXED_LIST && wit->parts[0].ref.type->layout.size == 0);
}

static gen_type_t *new_type(gen_t *gen, const wit_type_t *wit, bool guest, gen_type_t **parts) {
    gen_type_t *type = arena_calloc(&gen->arena, 1, sizeof *type);
    if (type == NULL) {
        gen_no_memory(gen);
        return NULL;
    }
    *type = (gen_type_t){.type = wit, .guest = guest, .parts = parts};
    name_type(gen, type);
    declare_type(gen, type);
    if (is_empty(wit) && gen->error == NULL)
        gen->error = error_new(SPIN_ERROR_UNSUPPORTED, "%s holds nothing", type->text);
    if (!VEC_PUSH(&gen->types, type))
        gen_no_memory(gen);
    return type;
}

gen_type_t *gen_type(gen_t *gen, const wit_type_t *wit, gen_side_t side) {
    const char *seen = gen_text(gen, "%p side %d", (const void *)wit, (int)side);
    gen_type_t *type = map_get(&gen->type_index, spin_slice(seen));
    if (type != NULL || gen->error != NULL)
        return type;
    gen_type_t **parts = part_types(gen, wit, side);
    if (parts == NULL)
        return NULL;
    /* Both sides have one type where no resource of the guest's makes the difference. */
    bool guest = holds_guest(gen, wit, parts, side);
    const char *key = gen_text(gen, "%p guest %d", (const void *)wit, guest);
    type = map_get(&gen->type_index, spin_slice(key));
    if (type == NULL)
        type = new_type(gen, wit, guest, parts);
    if (type == NULL)
        return NULL;
    if (!map_set(&gen->type_index, spin_slice(key), type) ||
        !map_set(&gen->type_index, spin_slice(seen), type))
        gen_no_memory(gen);
    return type;
}

void gen_need(gen_t *gen, gen_type_t *type, unsigned needs) {
    const wit_type_t *wit = type->type;
    if (!wit->has_pointers)
        needs &= ~(unsigned)(GEN_MEASURE | GEN_CLEAR);
    bool outside = wit->kind == SPIN_TYPE_LIST || wit->kind == SPIN_TYPE_MAP;
    if (gen_is_text(wit)) {
        *(type->type->kind == SPIN_TYPE_STRING ? &gen->string_needs : &gen->bytes_needs) |=
            needs & (GEN_STORE | GEN_FLATTEN);
        return;
    }
    /* One function does both: what it takes or gives is a number. */
    if ((outside || wit->kind == SPIN_TYPE_ENUM || gen_is_word(wit)) && (needs & GEN_FLATTEN) != 0)
        needs = (needs & ~(unsigned)GEN_FLATTEN) | GEN_STORE;
    if ((outside || wit->kind == SPIN_TYPE_ENUM || gen_is_word(wit)) && (needs & GEN_LIFT) != 0)
        needs = (needs & ~(unsigned)GEN_LIFT) | GEN_LOAD;
    if ((type->needs & needs) == needs)
        return;
    type->needs |= needs;
    if (wit->kind == SPIN_TYPE_CHAR && (needs & (GEN_STORE | GEN_FLATTEN)) != 0)
        gen->need_char = true;
    if (gen_is_handle(wit))
        return;
    if (wit->kind == SPIN_TYPE_LIST && gen_is_bulk(type->parts[0]->type))
        gen->need_bulk |= (needs & (GEN_STORE | GEN_LOAD)) != 0;
    for (size_t i = 0; i < wit->parts_len; i++)
        if (type->parts[i] != NULL)
            gen_need(gen, type->parts[i], needs);
}

/* ── layouts ─────────────────────────────────────────────────────────────────────────────── */

uint32_t gen_align_up(uint32_t at, uint32_t align) {
    return align <= 1 ? at : (at + align - 1) / align * align;
}

wit_layout_t gen_entry_layout(const wit_type_t *map, uint32_t *value_at) {
    const wit_layout_t *key = &map->parts[0].ref.type->layout;
    const wit_layout_t *value = &map->parts[1].ref.type->layout;
    uint32_t align = key->align > value->align ? key->align : value->align;
    *value_at = gen_align_up(key->size, value->align);
    return (wit_layout_t){.size = gen_align_up(*value_at + value->size, align), .align = align};
}

wit_layout_t gen_element_layout(const gen_type_t *type) {
    uint32_t value_at;
    return type->type->kind == SPIN_TYPE_MAP ? gen_entry_layout(type->type, &value_at)
                                             : type->parts[0]->type->layout;
}
