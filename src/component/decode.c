/* The frame of the decoder: components and their sections (Binary.md, "Component Definitions"). */
#include "base/error.h"
#include "component/decode_parts.h"

enum { SECTION_CUSTOM = 0, SECTION_COMPONENT = 4, SECTION_START = 9, SECTION_COUNT = 13 };

static const uint8_t component_preamble[8] = {0, 'a', 's', 'm', 0x0d, 0, 1, 0};
static const uint8_t module_preamble[8] = {0, 'a', 's', 'm', 1, 0, 0, 0};

bool component_is(spin_slice_t bytes) {
    return slice_starts_with(bytes, spin_slice_of(component_preamble, sizeof component_preamble));
}

void decode_stop(decoder_t *decoder, core_reader_t *in, spin_error_t *error) {
    if (decoder->error == NULL && core_reader_ok(in))
        decoder->error = error;
    else
        spin_error_free(error);
    core_reader_fail(in, core_reader_offset(in), "stopped");
}

void decode_limit(decoder_t *decoder, core_reader_t *in, size_t offset, const char *what) {
    if (core_reader_ok(in))
        decode_stop(decoder, in,
                    error_at_offset(error_new(SPIN_ERROR_LIMIT, "%s", what), NULL, offset));
}

void *decode_alloc(decoder_t *decoder, core_reader_t *in, size_t count, size_t size) {
    void *items = arena_calloc(decoder->arena, count, size);
    if (items == NULL)
        core_reader_no_memory(in);
    return items;
}

ast_def_t *decode_add(decoder_t *decoder, core_reader_t *in, def_list_t *list, ast_def_kind_t kind,
                      size_t offset) {
    if (list->len == AST_MAX_DEFS) {
        decode_limit(decoder, in, offset, "too many definitions");
        return NULL;
    }
    if (list->len == list->cap) {
        uint32_t cap = list->cap == 0 ? 4 : 2 * list->cap;
        ast_def_t *items = decode_alloc(decoder, in, cap, sizeof *items);
        if (items == NULL)
            return NULL;
        if (list->len > 0)
            memcpy(items, list->items, list->len * sizeof *items);
        list->items = items;
        list->cap = cap;
    }
    ast_def_t *def = &list->items[list->len++];
    def->kind = kind;
    def->offset = offset;
    return def;
}

bool decode_enter(decoder_t *decoder, core_reader_t *in, size_t offset) {
    if (decoder->depth == AST_MAX_NESTING) {
        decode_limit(decoder, in, offset, "components or types are nested too deep");
        return false;
    }
    decoder->depth++;
    return core_reader_ok(in);
}

bool decode_flag(core_reader_t *in, const char *what) {
    size_t start = core_reader_offset(in);
    uint8_t byte = core_read_u8(in);
    if (byte > 1)
        core_reader_fail(in, start, what);
    return byte == 1;
}

/* ── sections ── */

typedef struct customs {
    struct ast_custom *items;
    uint32_t len;
    uint32_t cap;
} customs_t;

static void read_custom(decoder_t *decoder, core_reader_t *in, size_t offset, customs_t *customs) {
    struct ast_custom custom = {.offset = offset, .name = core_read_name(in)};
    custom.body = core_read_bytes(in, core_reader_left(in));
    if (customs->len == customs->cap) {
        uint32_t cap = customs->cap == 0 ? 4 : 2 * customs->cap;
        struct ast_custom *items = decode_alloc(decoder, in, cap, sizeof *items);
        if (items == NULL)
            return;
        if (customs->len > 0)
            memcpy(items, customs->items, customs->len * sizeof *items);
        customs->items = items;
        customs->cap = cap;
    }
    customs->items[customs->len++] = custom;
}

static void read_preamble(core_reader_t *in) {
    size_t start = core_reader_offset(in);
    spin_slice_t bytes = {in->at, core_reader_left(in)};
    if (component_is(bytes))
        core_read_bytes(in, sizeof component_preamble);
    else if (slice_starts_with(bytes, spin_slice_of(module_preamble, sizeof module_preamble)))
        core_reader_fail(in, start + 4, "a core module, not a component");
    else if (!slice_starts_with(bytes, spin_slice_of(component_preamble, 4)))
        core_reader_fail(in, start, "not a WebAssembly component");
    else
        core_reader_fail(in, start + 4, "unknown binary version");
}

static const ast_component_t *read_component(decoder_t *decoder, core_reader_t *in);

static void decode_component(decoder_t *decoder, core_reader_t *in, ast_def_t *def) {
    def->of.component = read_component(decoder, in);
}

/* What each section holds: one definition, or a vector of them. */
static const struct {
    decode_def_fn *read;
    ast_def_kind_t kind;
    bool is_single;
} sections[SECTION_COUNT] = {
    [1] = {decode_core_module, AST_DEF_CORE_MODULE, true},
    [2] = {decode_core_instance, AST_DEF_CORE_INSTANCE, false},
    [3] = {decode_core_type, AST_DEF_CORE_TYPE, false},
    [SECTION_COMPONENT] = {decode_component, AST_DEF_COMPONENT, true},
    [5] = {decode_instance, AST_DEF_INSTANCE, false},
    [6] = {decode_alias, AST_DEF_ALIAS, false},
    [7] = {decode_type, AST_DEF_TYPE, false},
    [8] = {decode_canon, AST_DEF_CANON, false},
    [SECTION_START] = {decode_start, AST_DEF_START, true},
    [10] = {decode_import, AST_DEF_IMPORT, false},
    [11] = {decode_export, AST_DEF_EXPORT, false},
    [12] = {decode_value, AST_DEF_VALUE, false},
};

static void read_defs(decoder_t *decoder, core_reader_t *body, uint8_t id, def_list_t *list) {
    uint32_t count = sections[id].is_single
                         ? 1
                         : core_read_count(body, AST_MAX_DEFS, "too many definitions in a section");
    for (uint32_t i = 0; i < count && core_reader_ok(body); i++) {
        size_t offset = core_reader_offset(body);
        ast_def_t *def = decode_add(decoder, body, list, sections[id].kind, offset);
        if (def != NULL)
            sections[id].read(decoder, body, def);
    }
    if (core_reader_ok(body))
        core_reader_finish(body, "bytes left at the end of a section");
}

static void read_section(decoder_t *decoder, core_reader_t *in, def_list_t *list,
                         customs_t *customs, bool *has_start) {
    size_t start = core_reader_offset(in);
    uint8_t id = core_read_u8(in);
    if (id >= SECTION_COUNT)
        core_reader_fail(in, start, "malformed section id");
    size_t size_at = core_reader_offset(in);
    uint32_t size = core_read_u32(in);
    if (core_reader_ok(in) && size > core_reader_left(in))
        core_reader_fail(in, size_at, "section too large");
    if (id == SECTION_START && *has_start)
        core_reader_fail(in, start, "a second start definition");
    *has_start |= id == SECTION_START;
    core_reader_t body = core_read_part(in, core_reader_ok(in) ? size : 0);
    if (!core_reader_ok(in))
        return;
    if (id == SECTION_CUSTOM)
        read_custom(decoder, &body, start, customs);
    else
        read_defs(decoder, &body, id, list);
    core_reader_adopt(in, &body);
}

/* All that is left of `in`. */
static const ast_component_t *read_component(decoder_t *decoder, core_reader_t *in) {
    size_t offset = core_reader_offset(in);
    spin_slice_t bytes = {in->at, core_reader_left(in)};
    ast_component_t *component = decode_alloc(decoder, in, 1, sizeof *component);
    if (component == NULL || !decode_enter(decoder, in, offset))
        return component;
    *component = (ast_component_t){.scope = {.parent = decoder->scope, .is_component = true},
                                   .bytes = bytes,
                                   .offset = offset};
    const ast_scope_t *outside = decoder->scope;
    decoder->scope = &component->scope;
    def_list_t list = {0};
    customs_t customs = {0};
    bool has_start = false;
    read_preamble(in);
    while (core_reader_ok(in) && !core_reader_done(in))
        read_section(decoder, in, &list, &customs, &has_start);
    component->scope.defs = list.items;
    component->scope.def_count = list.len;
    component->customs = customs.items;
    component->custom_count = customs.len;
    decoder->scope = outside;
    decoder->depth--;
    return component;
}

spin_error_t *component_decode(arena_t *arena, spin_slice_t bytes, const ast_component_t **out) {
    decoder_t decoder = {.arena = arena};
    core_reader_t reader;
    core_reader_init(&reader, bytes);
    *out = read_component(&decoder, &reader);
    return decoder.error != NULL ? decoder.error : core_reader_error(&reader);
}
