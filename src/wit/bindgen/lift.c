/* Reading values: from a guest's memory (load), from flat values (lift); and freeing what was read
 * (clear). Nothing here is trusted: discriminants are checked, and what spin_lift_* reads is
 * checked by it. Functions of types are static and called "load_TYPE" and so on. */
#include "wit/bindgen/gen.h"

/* ── one value ───────────────────────────────────────────────────────────────────────────── */

/* Types of one core value: from memory, and from a flat value, with a "%s" for either. */
typedef struct word {
    const char *loaded;
    const char *lifted;
} word_t;

static const word_t words[] = {
    [SPIN_TYPE_BOOL] = {"spin_load_u8(%s) != 0", "(uint32_t)%s != 0"},
    [SPIN_TYPE_S8] = {"(int8_t)spin_load_u8(%s)", "(int8_t)%s"},
    [SPIN_TYPE_U8] = {"spin_load_u8(%s)", "(uint8_t)%s"},
    [SPIN_TYPE_S16] = {"(int16_t)spin_load_u16(%s)", "(int16_t)%s"},
    [SPIN_TYPE_U16] = {"spin_load_u16(%s)", "(uint16_t)%s"},
    [SPIN_TYPE_S32] = {"(int32_t)spin_load_u32(%s)", "(int32_t)%s"},
    [SPIN_TYPE_U32] = {"spin_load_u32(%s)", "(uint32_t)%s"},
    [SPIN_TYPE_S64] = {"(int64_t)spin_load_u64(%s)", "(int64_t)%s"},
    [SPIN_TYPE_U64] = {"spin_load_u64(%s)", "%s"},
    [SPIN_TYPE_F32] = {"spin_load_f32(%s)", "spin_flat_f32(%s)"},
    [SPIN_TYPE_F64] = {"spin_load_f64(%s)", "spin_flat_f64(%s)"},
    [SPIN_TYPE_CHAR] = {"spin_lift_char(lift, spin_load_u32(%s))",
                        "spin_lift_char(lift, (uint32_t)%s)"},
};

static const char *fill(gen_t *gen, const char *pattern, const char *value) {
    const char *at = strstr(pattern, "%s");
    return gen_text(gen, "%.*s%s%s", (int)(at - pattern), pattern, value, at + 2);
}

/* A handle, enum or flags from the number that stands for it. */
static void from_number(gen_t *gen, unsigned indent, const gen_type_t *type, const char *number,
                        const char *value) {
    const wit_type_t *wit = type->type;
    bool resource = wit->kind == SPIN_TYPE_OWN || wit->kind == SPIN_TYPE_BORROW;
    if (resource && !type->guest)
        gen_line(gen, indent, "%s = (%s)spin_lift_%s(lift, &%s, %s);", value, type->ctype,
                 wit->kind == SPIN_TYPE_OWN ? "own" : "borrow",
                 gen_resource_name(gen, wit->resource), number);
    else if (wit->kind == SPIN_TYPE_OWN)
        gen_line(gen, indent, "%s.handle = spin_lift_guest_own(lift, &%s, %s);", value,
                 gen_guest_resource_name(gen, wit->resource), number);
    else if (gen_is_handle(wit))
        gen_line(gen, indent, "%s.handle = %s;", value, number);
    else
        gen_line(gen, indent, "%s = load_%s(lift, %s);", value, type->name, number);
}

static const char *width(const gen_type_t *type) {
    return type->type->layout.size == 1 ? "u8" : type->type->layout.size == 2 ? "u16" : "u32";
}

static bool is_number(const gen_type_t *type) {
    return gen_is_handle(type->type) || gen_is_word(type->type) ||
           type->type->kind == SPIN_TYPE_ENUM;
}

static const char *text_function(const gen_type_t *type) {
    return type->type->kind == SPIN_TYPE_STRING ? "spin_lift_text" : "spin_lift_bytes";
}

/* A text or list from its address and length. */
static void from_pair(gen_t *gen, unsigned indent, const gen_type_t *type, const char *ptr,
                      const char *len, const char *value) {
    if (gen_is_text(type->type))
        gen_line(gen, indent, "%s = %s(lift, %s, %s);", value, text_function(type), ptr, len);
    else
        gen_line(gen, indent, "load_%s(lift, %s, %s, %s);", type->name, ptr, len,
                 gen_address(gen, value));
}

void gen_load(gen_t *gen, unsigned indent, const gen_type_t *type, const char *at,
              const char *value) {
    const wit_type_t *wit = type->type;
    if (gen_is_plain(wit))
        gen_line(gen, indent, "%s = %s;", value, fill(gen, words[wit->kind].loaded, at));
    else if (is_number(type))
        from_number(gen, indent, type, gen_text(gen, "spin_load_%s(%s)", width(type), at), value);
    else if (gen_is_text(wit) || gen_is_outside(wit))
        from_pair(gen, indent, type, gen_text(gen, "spin_load_u32(%s)", at),
                  gen_text(gen, "spin_load_u32(%s)", gen_behind(gen, at, 4)), value);
    else
        gen_line(gen, indent, "load_%s(lift, %s, %s);", type->name, at, gen_address(gen, value));
}

void gen_lift(gen_t *gen, unsigned indent, const gen_type_t *type, const char *base, uint32_t flat,
              const char *value) {
    const wit_type_t *wit = type->type;
    const char *first = gen_text(gen, "%s[%u]", base, flat);
    if (gen_is_plain(wit))
        gen_line(gen, indent, "%s = %s;", value, fill(gen, words[wit->kind].lifted, first));
    else if (is_number(type))
        from_number(gen, indent, type, gen_text(gen, "(uint32_t)%s", first), value);
    else if (gen_is_text(wit) || gen_is_outside(wit))
        from_pair(gen, indent, type, gen_text(gen, "(uint32_t)%s", first),
                  gen_text(gen, "(uint32_t)%s[%u]", base, flat + 1), value);
    else if (wit->layout.flat_len > 0)
        gen_line(gen, indent, "lift_%s(lift, %s, %s);", type->name, gen_at(gen, base, flat),
                 gen_address(gen, value));
}

void gen_clear(gen_t *gen, unsigned indent, const gen_type_t *type, const char *value) {
    if (!type->type->has_pointers)
        return;
    if (gen_is_text(type->type))
        gen_line(gen, indent, "spin_string_clear(%s);", gen_address(gen, value));
    else
        gen_line(gen, indent, "%s_%s_clear(%s);", gen->prefix, type->name, gen_address(gen, value));
}

/* ── reading compound types ──────────────────────────────────────────────────────────────── */

static void read_array(gen_t *gen, gen_need_t pass, const gen_type_t *type) {
    const wit_layout_t *layout = &type->parts[0]->type->layout;
    gen_line(gen, 1, "for (size_t i = 0; i < %zu; i++) {", type->type->length);
    if (pass == GEN_LOAD)
        gen_load(gen, 2, type->parts[0], gen_text(gen, "at + i * %u", layout->size),
                 "value->items[i]");
    else {
        gen_line(gen, 2, "const spin_flat_t *from = flat + i * %u;", layout->flat_len);
        gen_lift(gen, 2, type->parts[0], "from", 0, "value->items[i]");
    }
    gen_line(gen, 1, "}");
}

static void read_words(gen_t *gen, gen_need_t pass, const gen_type_t *type) {
    unsigned count = type->type->layout.size / 4;
    unsigned rest = (unsigned)(type->type->parts_len % 32);
    gen_line(gen, 1, "for (size_t i = 0; i < %u; i++)", count);
    gen_line(gen, 2,
             pass == GEN_LOAD ? "value->words[i] = spin_load_u32(at + i * 4);"
                              : "value->words[i] = (uint32_t)flat[i];");
    if (rest != 0)
        gen_line(gen, 1, "value->words[%u] &= 0x%xu;", count - 1, (1u << rest) - 1);
}

/* Declares `tag`, which is one of the type's then. */
static void read_tag(gen_t *gen, gen_need_t pass, const gen_type_t *type) {
    const wit_type_t *wit = type->type;
    if (pass == GEN_LOAD)
        gen_line(gen, 1, "uint32_t tag = spin_load_u%u(at);", wit->layout.discriminant * 8);
    else
        gen_line(gen, 1, "uint32_t tag = (uint32_t)flat[0];");
    size_t cases = wit->kind == SPIN_TYPE_VARIANT ? wit->parts_len : 2;
    if (pass == GEN_LOAD && wit->kind == SPIN_TYPE_VARIANT && !gen_tag_may_be_wrong(wit))
        return;
    gen_line(gen, 1, "if (tag >= %zu) {", cases);
    gen_line(gen, 2, "spin_lift_fail(lift, \"%s\", tag);", type->text);
    gen_line(gen, 2, "return;");
    gen_line(gen, 1, "}");
}

static void read_cases(gen_t *gen, gen_need_t pass, const gen_type_t *type) {
    read_tag(gen, pass, type);
    gen_line(gen, 1, "value->tag = (uint%u_t)tag;", type->type->layout.discriminant * 8);
    gen_cases(gen, pass, type, "tag");
}

static void read_option(gen_t *gen, gen_need_t pass, const gen_type_t *type) {
    read_tag(gen, pass, type);
    gen_line(gen, 1, "value->is_some = tag == 1;");
    gen_some(gen, pass, type);
}

static void read_result(gen_t *gen, gen_need_t pass, const gen_type_t *type) {
    read_tag(gen, pass, type);
    gen_line(gen, 1, "value->is_error = tag == 1;");
    gen_ok_or_error(gen, pass, type);
}

static void (*const readers[])(gen_t *gen, gen_need_t pass, const gen_type_t *type) = {
    [SPIN_TYPE_FIXED_LIST] = read_array, [SPIN_TYPE_TUPLE] = gen_fields,
    [SPIN_TYPE_RECORD] = gen_fields,     [SPIN_TYPE_VARIANT] = read_cases,
    [SPIN_TYPE_OPTION] = read_option,    [SPIN_TYPE_RESULT] = read_result,
    [SPIN_TYPE_FLAGS] = read_words,      [SPIN_TYPE_MAP] = NULL,
};

static void read_function(gen_t *gen, gen_need_t pass, const gen_type_t *type) {
    const char *params[] = {
        "spin_lift_t *lift",
        pass == GEN_LOAD ? "const uint8_t *at" : "const spin_flat_t *flat",
        gen_text(gen, "%s *value", type->ctype),
    };
    if (readers[type->type->kind] != NULL) /* lists, maps and numbers have functions of their own */
        readers[type->type->kind](gen, pass, type);
    gen_function(
        gen, gen_text(gen, "static void %s_%s(", pass == GEN_LOAD ? "load" : "lift", type->name),
        params, 3);
}

/* ── lists, maps and checked numbers ─────────────────────────────────────────────────────── */

static void load_elements(gen_t *gen, const gen_type_t *type, uint32_t size) {
    gen_line(gen, 1, "for (uint32_t i = 0; i < len; i++) {");
    if (type->type->kind == SPIN_TYPE_MAP) {
        uint32_t value_at;
        gen_entry_layout(type->type, &value_at);
        gen_line(gen, 2, "const uint8_t *at = from + (size_t)i * %u;", size);
        gen_load(gen, 2, type->parts[0], "at", "value->items[i].key");
        gen_load(gen, 2, type->parts[1], gen_at(gen, "at", value_at), "value->items[i].value");
    } else
        gen_load(gen, 2, type->parts[0],
                 size == 1 ? "from + i" : gen_text(gen, "from + (size_t)i * %u", size),
                 "value->items[i]");
    gen_line(gen, 1, "}");
}

static void load_list(gen_t *gen, const gen_type_t *type) {
    const char *params[] = {"spin_lift_t *lift", "uint32_t ptr", "uint32_t len",
                            gen_text(gen, "%s *value", type->ctype)};
    wit_layout_t layout = gen_element_layout(type);
    bool map = type->type->kind == SPIN_TYPE_MAP;
    gen_line(gen, 1, "const uint8_t *from = spin_lift_at(lift, ptr, len, %u, %u);", layout.size,
             layout.align);
    gen_line(gen, 1,
             "void *items = from == NULL ? NULL : spin_lift_alloc(lift, len, sizeof "
             "*value->items);");
    gen_line(gen, 1, "if (items == NULL)");
    gen_line(gen, 2, "return;");
    if (map) /* its entries have no name: C++ needs one to convert */
        gen_line(gen, 1, "memcpy(&value->items, &items, sizeof items);");
    else
        gen_line(gen, 1, "value->items = (%s)items;", gen_field(gen, type->parts[0]->ctype, "*"));
    gen_line(gen, 1, "value->len = len;");
    if (!map && gen_is_bulk(type->parts[0]->type)) {
        gen_line(gen, 1, "if (LITTLE_ENDIAN_HOST) {");
        gen_line(gen, 2, "memcpy(value->items, from, (size_t)len * %u);", layout.size);
        gen_line(gen, 2, "return;");
        gen_line(gen, 1, "}");
    }
    load_elements(gen, type, layout.size);
    gen_function(gen, gen_text(gen, "static void load_%s(", type->name), params, 4);
}

/* Unknown flags are ignored, unknown cases are not. */
static void load_number(gen_t *gen, const gen_type_t *type) {
    const wit_type_t *wit = type->type;
    const char *params[] = {"spin_lift_t *lift", "uint32_t value"};
    if (wit->kind == SPIN_TYPE_ENUM) {
        gen_line(gen, 1, "if (value >= %zu) {", wit->parts_len);
        gen_line(gen, 2, "spin_lift_fail(lift, \"%s\", value);", type->text);
        gen_line(gen, 2, "return 0;");
        gen_line(gen, 1, "}");
        gen_line(gen, 1, "return (%s)value;", type->ctype);
    } else {
        uint64_t mask = ((uint64_t)1 << wit->parts_len) - 1;
        gen_line(gen, 1, "return (%s)(value & 0x%llxu);", type->ctype, (unsigned long long)mask);
    }
    gen_function(gen, gen_text(gen, "static %s load_%s(", type->ctype, type->name), params, 2);
}

/* ── freeing ─────────────────────────────────────────────────────────────────────────────── */

static void clear_parts(gen_t *gen, const gen_type_t *type) {
    switch (type->type->kind) {
    case SPIN_TYPE_RESULT:
        for (size_t i = 0; i < 2; i++)
            if (type->parts[i] != NULL && type->parts[i]->type->has_pointers) {
                gen_line(gen, 1, "if (%svalue->is_error)", i == 0 ? "!" : "");
                gen_clear(gen, 2, type->parts[i], i == 0 ? "value->of.ok" : "value->of.error");
            }
        break;
    case SPIN_TYPE_OPTION:
        gen_line(gen, 1, "if (value->is_some)");
        gen_clear(gen, 2, type->parts[0], "value->value");
        break;
    case SPIN_TYPE_VARIANT: gen_cases(gen, GEN_CLEAR, type, "value->tag"); break;
    default: gen_fields(gen, GEN_CLEAR, type); break;
    }
}

static void clear_items(gen_t *gen, const gen_type_t *type) {
    bool map = type->type->kind == SPIN_TYPE_MAP;
    if (gen_has_parts(GEN_CLEAR, type)) {
        if (type->type->kind == SPIN_TYPE_FIXED_LIST)
            gen_line(gen, 1, "for (size_t i = 0; i < %zu; i++) {", type->type->length);
        else
            gen_line(gen, 1, "for (size_t i = 0; i < value->len; i++) {");
        gen_clear(gen, 2, type->parts[0], map ? "value->items[i].key" : "value->items[i]");
        if (map)
            gen_clear(gen, 2, type->parts[1], "value->items[i].value");
        gen_line(gen, 1, "}");
    }
    if (type->type->kind != SPIN_TYPE_FIXED_LIST)
        gen_line(gen, 1, "spin_memory_release(value->items);");
}

static void clear_function(gen_t *gen, const gen_type_t *type) {
    const char *params[] = {gen_text(gen, "%s *value", type->ctype)};
    if (gen_is_outside(type->type) || type->type->kind == SPIN_TYPE_FIXED_LIST)
        clear_items(gen, type);
    else
        clear_parts(gen, type);
    gen_line(gen, 1, "memset(value, 0, sizeof *value);");
    gen_function(gen, gen_text(gen, "void %s_%s_clear(", gen->prefix, type->name), params, 1);
}

void gen_lift_functions(gen_t *gen) {
    for (size_t i = 0; i < gen->types.len; i++) {
        const gen_type_t *type = gen->types.items[i];
        unsigned needs = type->needs;
        if (gen_is_plain(type->type) || gen_is_text(type->type) || gen_is_handle(type->type))
            continue;
        gen->subject = type->text;
        bool number = type->type->kind == SPIN_TYPE_ENUM || gen_is_word(type->type);
        if ((needs & GEN_LOAD) != 0 && number)
            load_number(gen, type);
        else if ((needs & GEN_LOAD) != 0 && gen_is_outside(type->type))
            load_list(gen, type);
        else if ((needs & GEN_LOAD) != 0)
            read_function(gen, GEN_LOAD, type);
        if ((needs & GEN_LIFT) != 0 && type->type->layout.flat_len > 0)
            read_function(gen, GEN_LIFT, type);
        if ((needs & GEN_CLEAR) != 0)
            clear_function(gen, type);
    }
}
