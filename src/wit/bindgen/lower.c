/* Writing values: what they need in the guest (measure), to its memory (store), to flat values
 * (flatten). Functions of types are static and called "store_TYPE" and so on. */
#include "wit/bindgen/gen.h"

#include <stdlib.h>

const char *gen_at(gen_t *gen, const char *base, uint32_t offset) {
    return offset == 0 ? base : gen_text(gen, "%s + %u", base, offset);
}

const char *gen_behind(gen_t *gen, const char *at, uint32_t distance) {
    const char *plus = strstr(at, " + "), *next = plus;
    while (next != NULL && (next = strstr(plus + 3, " + ")) != NULL)
        plus = next;
    char *end;
    unsigned long known = plus == NULL ? 0 : strtoul(plus + 3, &end, 10);
    if (plus == NULL || end == plus + 3 || *end != '\0')
        return gen_text(gen, "%s + %u", at, distance);
    return gen_text(gen, "%.*s + %lu", (int)(plus - at), at, known + distance);
}

const char *gen_address(gen_t *gen, const char *value) {
    return value[0] == '*' ? value + 1 : gen_text(gen, "&%s", value);
}

/* ── one value ───────────────────────────────────────────────────────────────────────────── */

void gen_measure(gen_t *gen, unsigned indent, const gen_type_t *type, const char *value) {
    if (!type->type->has_pointers)
        return;
    if (type->type->kind == SPIN_TYPE_STRING)
        gen_line(gen, indent, "spin_lower_measure_text(lower, %s);", value);
    else if (gen_is_text(type->type))
        gen_line(gen, indent, "spin_lower_measure(lower, %s.len, 1, 1);", value);
    else
        gen_line(gen, indent, "measure_%s(lower, %s);", type->name, gen_address(gen, value));
}

/* Types of one core value: how it is stored, and the value itself. */
typedef struct word {
    const char *store;     /* the width: "u8" */
    const char *as_stored; /* with a "%s" for the value */
    const char *as_flat;
} word_t;

static const word_t words[] = {
    [SPIN_TYPE_BOOL] = {"u8", "%s", "%s"},
    [SPIN_TYPE_S8] = {"u8", "(uint8_t)%s", "(spin_flat_t)(uint32_t)%s"},
    [SPIN_TYPE_U8] = {"u8", "%s", "%s"},
    [SPIN_TYPE_S16] = {"u16", "(uint16_t)%s", "(spin_flat_t)(uint32_t)%s"},
    [SPIN_TYPE_U16] = {"u16", "%s", "%s"},
    [SPIN_TYPE_S32] = {"u32", "(uint32_t)%s", "(uint32_t)%s"},
    [SPIN_TYPE_U32] = {"u32", "%s", "%s"},
    [SPIN_TYPE_S64] = {"u64", "(uint64_t)%s", "(uint64_t)%s"},
    [SPIN_TYPE_U64] = {"u64", "%s", "%s"},
    [SPIN_TYPE_F32] = {"f32", "%s", "spin_flat_of_f32(%s)"},
    [SPIN_TYPE_F64] = {"f64", "%s", "spin_flat_of_f64(%s)"},
    [SPIN_TYPE_CHAR] = {"u32", "lower_char(lower, %s)", "lower_char(lower, %s)"},
};

static const char *fill(gen_t *gen, const char *pattern, const char *value) {
    const char *at = strstr(pattern, "%s");
    return gen_text(gen, "%.*s%s%s", (int)(at - pattern), pattern, value, at + 2);
}

/* The number that stands for it: of all but texts and compound types. */
static const char *number(gen_t *gen, const gen_type_t *type, const char *value, bool flat) {
    const wit_type_t *wit = type->type;
    if (gen_is_plain(wit))
        return fill(gen, flat ? words[wit->kind].as_flat : words[wit->kind].as_stored, value);
    if (wit->kind == SPIN_TYPE_LIST || wit->kind == SPIN_TYPE_MAP)
        return gen_text(gen, "lower_%s(lower, %s)", type->name, gen_address(gen, value));
    if (wit->kind == SPIN_TYPE_ENUM || gen_is_word(wit))
        return gen_text(gen, "lower_%s(lower, %s)", type->name, value);
    if (!type->guest && (wit->kind == SPIN_TYPE_OWN || wit->kind == SPIN_TYPE_BORROW))
        return gen_text(gen, "spin_lower_%s(lower, &%s, %s)",
                        wit->kind == SPIN_TYPE_OWN ? "own" : "borrow",
                        gen_resource_name(gen, wit->resource), value);
    if (wit->kind == SPIN_TYPE_BORROW)
        return gen_text(gen, "spin_lower_guest_borrow_of(lower, &%s, %s.handle)",
                        gen_guest_resource_name(gen, wit->resource), value);
    if (wit->kind == SPIN_TYPE_OWN)
        return gen_text(gen, "spin_lower_guest_own(lower, &%s, %s.handle)",
                        gen_guest_resource_name(gen, wit->resource), value);
    return gen_text(gen, "%s.handle", value);
}

static const char *width(const gen_type_t *type) {
    if (gen_is_plain(type->type))
        return words[type->type->kind].store;
    return type->type->layout.size == 1 ? "u8" : type->type->layout.size == 2 ? "u16" : "u32";
}

static bool is_number(const gen_type_t *type) {
    return gen_is_plain(type->type) || gen_is_handle(type->type) || gen_is_word(type->type) ||
           type->type->kind == SPIN_TYPE_ENUM;
}

static const char *length_of(gen_t *gen, const char *value) {
    return value[0] == '*' ? gen_text(gen, "%s->len", value + 1) : gen_text(gen, "%s.len", value);
}

static const char *text_name(const gen_type_t *type) {
    return type->type->kind == SPIN_TYPE_STRING ? "string" : "list_u8";
}

void gen_store(gen_t *gen, unsigned indent, const gen_type_t *type, const char *at,
               const char *value) {
    if (gen_is_text(type->type))
        gen_line(gen, indent, "store_%s(lower, %s, %s);", text_name(type), at, value);
    else if (is_number(type))
        gen_line(gen, indent, "spin_store_%s(%s, %s);", width(type), at,
                 number(gen, type, value, false));
    else if (gen_is_outside(type->type)) {
        gen_line(gen, indent, "spin_store_u32(%s, %s);", at, number(gen, type, value, false));
        gen_line(gen, indent, "spin_store_u32(%s, (uint32_t)%s);", gen_behind(gen, at, 4),
                 length_of(gen, value));
    } else
        gen_line(gen, indent, "store_%s(lower, %s, %s);", type->name, at, gen_address(gen, value));
}

void gen_flatten(gen_t *gen, unsigned indent, const gen_type_t *type, const char *base,
                 uint32_t flat, const char *value) {
    const char *at = gen_at(gen, base, flat);
    if (gen_is_text(type->type))
        gen_line(gen, indent, "flatten_%s(lower, %s, %s);", text_name(type), at, value);
    else if (is_number(type))
        gen_line(gen, indent, "%s[%u] = %s;", base, flat, number(gen, type, value, true));
    else if (gen_is_outside(type->type)) {
        gen_line(gen, indent, "%s[%u] = %s;", base, flat, number(gen, type, value, true));
        gen_line(gen, indent, "%s[%u] = (uint32_t)%s;", base, flat + 1, length_of(gen, value));
    } else if (type->type->layout.flat_len > 0)
        gen_line(gen, indent, "flatten_%s(lower, %s, %s);", type->name, at,
                 gen_address(gen, value));
}

/* ── functions of types ──────────────────────────────────────────────────────────────────── */

static const struct {
    const char *verb;
    const char *target; /* its parameter; NULL: none */
} passes[] = {
    [GEN_MEASURE] = {"measure", NULL},
    [GEN_STORE] = {"store", "uint8_t *at"},
    [GEN_FLATTEN] = {"flatten", "spin_flat_t *flat"},
};

static void lower_array(gen_t *gen, gen_need_t pass, const gen_type_t *type) {
    const wit_layout_t *layout = &type->parts[0]->type->layout;
    bool in_place = pass == GEN_STORE;
    uint32_t step = in_place ? layout->size : layout->flat_len;
    gen_line(gen, 1, "for (size_t i = 0; i < %zu; i++) {", type->type->length);
    if (pass == GEN_STORE)
        gen_store(gen, 2, type->parts[0], gen_text(gen, "at + i * %u", step), "value->items[i]");
    else if (pass == GEN_MEASURE)
        gen_measure(gen, 2, type->parts[0], "value->items[i]");
    else {
        gen_line(gen, 2, "spin_flat_t *to = flat + i * %u;", step);
        gen_flatten(gen, 2, type->parts[0], "to", 0, "value->items[i]");
    }
    gen_line(gen, 1, "}");
}

static void lower_words(gen_t *gen, gen_need_t pass, const gen_type_t *type) {
    unsigned count = type->type->layout.size / 4;
    unsigned rest = (unsigned)(type->type->parts_len % 32);
    if (rest != 0) {
        gen_line(gen, 1, "if (value->words[%u] >> %u != 0)", count - 1, rest);
        gen_line(gen, 2, "spin_lower_fail(lower, \"%s\", value->words[%u]);", type->text,
                 count - 1);
    }
    gen_line(gen, 1, "for (size_t i = 0; i < %u; i++)", count);
    gen_line(gen, 2,
             pass == GEN_STORE ? "spin_store_u32(at + i * 4, value->words[i]);"
                               : "flat[i] = value->words[i];");
}

static void lower_tag(gen_t *gen, gen_need_t pass, const gen_type_t *type) {
    const wit_layout_t *layout = &type->type->layout;
    if (gen_tag_may_be_wrong(type->type)) {
        gen_line(gen, 1, "if (value->tag >= %zu) {", type->type->parts_len);
        gen_line(gen, 2, "spin_lower_fail(lower, \"%s\", value->tag);", type->text);
        if (pass == GEN_STORE)
            gen_line(gen, 2, "return;");
        gen_line(gen, 1, "}");
    }
    if (pass == GEN_STORE)
        gen_line(gen, 1, "spin_store_u%u(at, value->tag);", layout->discriminant * 8);
}

static void clear_slots(gen_t *gen, const gen_type_t *type, const char *first) {
    gen_line(gen, 1, "flat[0] = %s;", first);
    if (type->type->layout.flat_len == 2)
        gen_line(gen, 1, "flat[1] = 0;");
    else if (type->type->layout.flat_len > 2)
        gen_line(gen, 1, "memset(flat + 1, 0, %u * sizeof *flat);",
                 type->type->layout.flat_len - 1);
}

static void lower_cases(gen_t *gen, gen_need_t pass, const gen_type_t *type) {
    if (pass != GEN_MEASURE)
        lower_tag(gen, pass, type);
    if (pass == GEN_FLATTEN)
        clear_slots(gen, type, "value->tag");
    gen_cases(gen, pass, type, "value->tag");
}

/* The discriminant of an option or result, which is a member of the value. */
static void lower_flag(gen_t *gen, gen_need_t pass, const gen_type_t *type, const char *flag) {
    if (pass == GEN_STORE)
        gen_line(gen, 1, "spin_store_u8(at, %s);", flag);
    if (pass == GEN_FLATTEN)
        clear_slots(gen, type, flag);
}

static void lower_option(gen_t *gen, gen_need_t pass, const gen_type_t *type) {
    lower_flag(gen, pass, type, "value->is_some");
    gen_some(gen, pass, type);
}

static void lower_result(gen_t *gen, gen_need_t pass, const gen_type_t *type) {
    lower_flag(gen, pass, type, "value->is_error");
    gen_ok_or_error(gen, pass, type);
}

static void (*const lowerers[])(gen_t *gen, gen_need_t pass, const gen_type_t *type) = {
    [SPIN_TYPE_FIXED_LIST] = lower_array, [SPIN_TYPE_TUPLE] = gen_fields,
    [SPIN_TYPE_RECORD] = gen_fields,      [SPIN_TYPE_VARIANT] = lower_cases,
    [SPIN_TYPE_OPTION] = lower_option,    [SPIN_TYPE_RESULT] = lower_result,
    [SPIN_TYPE_FLAGS] = lower_words,      [SPIN_TYPE_MAP] = NULL,
};

static void lower_function(gen_t *gen, gen_need_t pass, const gen_type_t *type) {
    const char *params[3] = {"spin_lower_t *lower"};
    size_t len = 1;
    if (passes[pass].target != NULL)
        params[len++] = passes[pass].target;
    params[len++] = gen_text(gen, "const %s *value", type->ctype);
    lowerers[type->type->kind](gen, pass, type);
    gen_function(gen, gen_text(gen, "static void %s_%s(", passes[pass].verb, type->name), params,
                 len);
}

/* ── lists and maps ──────────────────────────────────────────────────────────────────────── */

static void store_element(gen_t *gen, unsigned indent, const gen_type_t *type, uint32_t size) {
    const wit_type_t *wit = type->type;
    if (wit->kind == SPIN_TYPE_LIST) {
        gen_store(gen, indent, type->parts[0],
                  size == 1 ? "to + i" : gen_text(gen, "to + i * %u", size), "value->items[i]");
        return;
    }
    uint32_t value_at;
    gen_entry_layout(wit, &value_at);
    gen_store(gen, indent, type->parts[0], gen_text(gen, "to + i * %u", size),
              "value->items[i].key");
    gen_store(gen, indent, type->parts[1], gen_text(gen, "to + i * %u + %u", size, value_at),
              "value->items[i].value");
}

static void measure_list(gen_t *gen, const gen_type_t *type) {
    const char *params[] = {"spin_lower_t *lower", gen_text(gen, "const %s *value", type->ctype)};
    wit_layout_t layout = gen_element_layout(type);
    gen_line(gen, 1, "spin_lower_measure(lower, value->len, %u, %u);", layout.size, layout.align);
    bool map = type->type->kind == SPIN_TYPE_MAP;
    if (gen_has_parts(GEN_MEASURE, type)) {
        gen_line(gen, 1, "for (size_t i = 0; i < value->len; i++) {");
        gen_measure(gen, 2, type->parts[0], map ? "value->items[i].key" : "value->items[i]");
        if (map)
            gen_measure(gen, 2, type->parts[1], "value->items[i].value");
        gen_line(gen, 1, "}");
    }
    gen_function(gen, gen_text(gen, "static void measure_%s(", type->name), params, 2);
}

/* Gives the guest's address of the elements. */
static void store_list(gen_t *gen, const gen_type_t *type) {
    const char *params[] = {"spin_lower_t *lower", gen_text(gen, "const %s *value", type->ctype)};
    wit_layout_t layout = gen_element_layout(type);
    bool bulk = type->type->kind == SPIN_TYPE_LIST && gen_is_bulk(type->parts[0]->type);
    gen_line(gen, 1, "uint32_t ptr = 0;");
    gen_line(gen, 1, "uint8_t *to = spin_lower_take(lower, value->len, %u, %u, &ptr);", layout.size,
             layout.align);
    gen_line(gen, 1, "if (to == NULL)");
    gen_line(gen, 2, "return ptr;");
    if (bulk) {
        gen_line(gen, 1, "if (LITTLE_ENDIAN_HOST) {");
        gen_line(gen, 2, "memcpy(to, value->items, value->len * %u);", layout.size);
        gen_line(gen, 2, "return ptr;");
        gen_line(gen, 1, "}");
    }
    gen_line(gen, 1, "for (size_t i = 0; i < value->len; i++) {");
    store_element(gen, 2, type, layout.size);
    gen_line(gen, 1, "}");
    gen_line(gen, 1, "return ptr;");
    gen_function(gen, gen_text(gen, "static uint32_t lower_%s(", type->name), params, 2);
}

/* ── checked numbers ─────────────────────────────────────────────────────────────────────── */

static void lower_number(gen_t *gen, const gen_type_t *type) {
    const wit_type_t *wit = type->type;
    const char *params[] = {"spin_lower_t *lower", gen_text(gen, "%s value", type->ctype)};
    uint32_t bits = wit->layout.size * 8;
    if (gen_is_word(wit) && wit->parts_len < bits) {
        gen_line(gen, 1, "if (value >> %zu != 0)", wit->parts_len);
        gen_line(gen, 2, "spin_lower_fail(lower, \"%s\", value);", type->text);
    } else if (wit->kind == SPIN_TYPE_ENUM && gen_tag_may_be_wrong(wit)) {
        gen_line(gen, 1, "if (value >= %zu)", wit->parts_len);
        gen_line(gen, 2, "spin_lower_fail(lower, \"%s\", value);", type->text);
    }
    gen_line(gen, 1, "return value;");
    gen_function(gen, gen_text(gen, "static %s lower_%s(", type->ctype, type->name), params, 2);
}

/* Strings may be in another encoding in the guest, and then of another length. */
static void text_functions(gen_t *gen, unsigned needs, bool is_string) {
    static const char *const store_params[] = {"spin_lower_t *lower", "uint8_t *at",
                                               "spin_slice_t value"};
    static const char *const flatten_params[] = {"spin_lower_t *lower", "spin_flat_t *flat",
                                                 "spin_slice_t value"};
    const char *locals = is_string ? "uint32_t ptr, len;" : "uint32_t ptr;";
    const char *write = is_string ? "spin_lower_text(lower, value, &ptr, &len);"
                                  : "spin_lower_bytes(lower, value, &ptr);";
    const char *len = is_string ? "len" : "(uint32_t)value.len";
    const char *name = is_string ? "string" : "list_u8";
    if ((needs & GEN_STORE) != 0) {
        gen_line(gen, 1, "%s", locals);
        gen_line(gen, 1, "%s", write);
        gen_line(gen, 1, "spin_store_u32(at, ptr);");
        gen_line(gen, 1, "spin_store_u32(at + 4, %s);", len);
        gen_function(gen, gen_text(gen, "static void store_%s(", name), store_params, 3);
    }
    if ((needs & GEN_FLATTEN) != 0) {
        gen_line(gen, 1, "%s", locals);
        gen_line(gen, 1, "%s", write);
        gen_line(gen, 1, "flat[0] = ptr;");
        gen_line(gen, 1, "flat[1] = %s;", len);
        gen_function(gen, gen_text(gen, "static void flatten_%s(", name), flatten_params, 3);
    }
}

static void common_functions(gen_t *gen) {
    static const char *const char_params[] = {"spin_lower_t *lower", "uint32_t value"};
    gen->subject = "strings and chars";
    text_functions(gen, gen->string_needs, true);
    text_functions(gen, gen->bytes_needs, false);
    if (gen->need_char) {
        gen_line(gen, 1, "if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))");
        gen_line(gen, 2, "spin_lower_fail(lower, \"char\", value);");
        gen_line(gen, 1, "return value;");
        gen_function(gen, "static uint32_t lower_char(", char_params, 2);
    }
}

void gen_lower_functions(gen_t *gen) {
    common_functions(gen);
    for (size_t i = 0; i < gen->types.len; i++) {
        const gen_type_t *type = gen->types.items[i];
        unsigned needs = type->needs;
        if (gen_is_plain(type->type) || gen_is_text(type->type) || gen_is_handle(type->type))
            continue;
        gen->subject = type->text;
        if (type->type->kind == SPIN_TYPE_ENUM || gen_is_word(type->type)) {
            if ((needs & GEN_STORE) != 0)
                lower_number(gen, type);
        } else if (gen_is_outside(type->type)) {
            if ((needs & GEN_MEASURE) != 0)
                measure_list(gen, type);
            if ((needs & GEN_STORE) != 0)
                store_list(gen, type);
        } else {
            if ((needs & GEN_MEASURE) != 0)
                lower_function(gen, GEN_MEASURE, type);
            if ((needs & GEN_STORE) != 0)
                lower_function(gen, GEN_STORE, type);
            if ((needs & GEN_FLATTEN) != 0 && type->type->layout.flat_len > 0)
                lower_function(gen, GEN_FLATTEN, type);
        }
    }
}
