/* Writes components for tests: echoes, whose functions return what they were given, made for any
 * types. Three shapes, all of which export the functions in one instance:
 *
 *   writer_echo     returns it itself: by the address where its memory has it
 *   writer_relay    imports the same instance and calls that
 *   writer_compose  an inner component behind an outer one, a relay: an adapter lies between them
 *
 * Source: component-model, Binary.md. */
#ifndef TESTS_COMPONENT_WRITER_H
#define TESTS_COMPONENT_WRITER_H

#include <stdio.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "wit/model.h"

/* One function, `NAME: func(a: T) -> T`. `padded` makes it one of eighteen parameters, which go
 * through memory: `NAME: func(a: T, p0: u8, … p16: u8) -> T`. */
typedef struct writer_function {
    const char *name;
    const wit_type_t *type;
    bool padded;
} writer_function_t;

enum { WRITER_PADS = 17, WRITER_TYPES = 4096 };

/* As the binary has them. */
typedef enum writer_encoding { WRITER_UTF8 = 0, WRITER_UTF16, WRITER_LATIN1_UTF16 } encoding_t;

typedef struct writer {
    const char *interface; /* of the instance: "test:it/echo" */
    const writer_function_t *functions;
    uint32_t functions_len;
} writer_t;

/* ── bytes ── */

static inline void put_u32(buf_t *out, uint32_t value) {
    for (; value >= 0x80; value >>= 7)
        buf_append_byte(out, (uint8_t)(value | 0x80));
    buf_append_byte(out, (uint8_t)value);
}

/* A number that is not negative, where a signed one is expected. */
static inline void put_s33(buf_t *out, uint32_t value) {
    for (; value >= 0x40; value >>= 7)
        buf_append_byte(out, (uint8_t)(value | 0x80));
    buf_append_byte(out, (uint8_t)value);
}

static inline void put_name(buf_t *out, spin_slice_t name) {
    put_u32(out, (uint32_t)name.len);
    buf_append(out, name);
}

static inline void put_text(buf_t *out, const char *name) {
    put_name(out, spin_slice(name));
}

static inline void put_bytes(buf_t *out, const char *bytes, size_t len) {
    buf_append(out, spin_slice_of(bytes, len));
}

/* With a string literal. */
#define PUT(out, literal) put_bytes(out, literal, sizeof(literal) - 1)

/* Takes `body`. */
static inline void put_section(buf_t *out, uint8_t id, buf_t *body) {
    buf_append_byte(out, id);
    put_name(out, buf_slice(body));
    out->failed |= body->failed;
    buf_deinit(body);
}

/* ── core signatures ── */

static inline const char *writer_params(const writer_function_t *function) {
    bool in_memory = function->padded || function->type->layout.flat_len > WIT_FLAT_MAX;
    return in_memory ? "i" : function->type->layout.flat;
}

static inline bool writer_is_flat(const writer_function_t *function) {
    return !function->padded && function->type->layout.flat_len <= WIT_FLAT_MAX;
}

static inline bool writer_returns_area(const writer_function_t *function) {
    return function->type->layout.flat_len > 1;
}

static inline void put_core_types(buf_t *out, const char *letters, const char *more) {
    put_u32(out, (uint32_t)(strlen(letters) + strlen(more)));
    for (int i = 0; i < 2; i++)
        for (const char *at = i == 0 ? letters : more; *at != '\0'; at++)
            buf_append_byte(out, *at == 'i' ? 0x7f : *at == 'I' ? 0x7e : *at == 'f' ? 0x7d : 0x7c);
}

/* As it is exported, or, lowered, imported. */
static inline void put_core_signature(buf_t *out, const writer_function_t *function, bool lowered) {
    bool has_area = writer_returns_area(function);
    buf_append_byte(out, 0x60);
    put_core_types(out, writer_params(function), lowered && has_area ? "i" : "");
    put_core_types(out, has_area ? lowered ? "" : "i" : function->type->layout.flat, "");
}

/* ── code: storing flat values ── */

typedef struct writer_code {
    buf_t body;
    const char *flat; /* the types of the locals that hold them */
    uint32_t base;    /* the local with the address */
} writer_code_t;

/* A flat value, of which a variant may have made a wider one. */
static inline void code_flat(writer_code_t *code, uint32_t flat, char want) {
    char have = code->flat[flat];
    buf_append_byte(&code->body, 0x20);
    put_u32(&code->body, flat);
    if (have == 'I' && (want == 'i' || want == 'f'))
        buf_append_byte(&code->body, 0xa7); /* i32.wrap_i64 */
    if (want == 'f' && have != 'f')
        buf_append_byte(&code->body, 0xbe); /* f32.reinterpret_i32 */
    if (want == 'F' && have != 'F')
        buf_append_byte(&code->body, 0xbf); /* f64.reinterpret_i64 */
}

static inline void code_store(writer_code_t *code, uint32_t size, char want, uint32_t at,
                              uint32_t flat) {
    uint8_t store = want == 'f'   ? 0x38
                    : want == 'F' ? 0x39
                    : want == 'I' ? 0x37
                    : size == 1   ? 0x3a
                    : size == 2   ? 0x3b
                                  : 0x36;
    buf_append_byte(&code->body, 0x20);
    put_u32(&code->body, code->base);
    code_flat(code, flat, want);
    buf_append_byte(&code->body, store);
    buf_append_byte(&code->body, 0); /* aligned to anything */
    put_u32(&code->body, at);
}

static inline uint32_t writer_align(uint32_t at, uint32_t align) {
    return (at + align - 1) & ~(align - 1);
}

static inline void code_type(writer_code_t *code, const wit_type_t *type, uint32_t at,
                             uint32_t flat);

static inline void code_cases(writer_code_t *code, const wit_type_t *type, uint32_t at,
                              uint32_t flat) {
    size_t count = type->kind == SPIN_TYPE_OPTION ? 2 : type->parts_len;
    code_store(code, type->layout.discriminant, 'i', at, flat);
    for (uint32_t i = 0; i < count && type->kind != SPIN_TYPE_ENUM; i++) {
        const wit_type_t *payload = type->kind != SPIN_TYPE_OPTION ? type->parts[i].ref.type
                                    : i == 1                       ? type->parts[0].ref.type
                                                                   : NULL;
        if (payload == NULL)
            continue;
        code_flat(code, flat, 'i');
        buf_append_byte(&code->body, 0x41); /* i32.const */
        put_s33(&code->body, i);
        PUT(&code->body, "\x46\x04\x40"); /* i32.eq; if */
        code_type(code, payload, at + type->layout.payload, flat + 1);
        buf_append_byte(&code->body, 0x0b); /* end */
    }
}

/* Stores a value from the flat ones beginning with `flat`. */
static inline void code_type(writer_code_t *code, const wit_type_t *type, uint32_t at,
                             uint32_t flat) {
    size_t parts = type->kind == SPIN_TYPE_FIXED_LIST ? type->length : type->parts_len;
    switch (type->kind) {
    case SPIN_TYPE_STRING:
    case SPIN_TYPE_LIST:
    case SPIN_TYPE_MAP:
        code_store(code, 4, 'i', at, flat);
        code_store(code, 4, 'i', at + 4, flat + 1);
        break;
    case SPIN_TYPE_VARIANT:
    case SPIN_TYPE_ENUM:
    case SPIN_TYPE_OPTION:
    case SPIN_TYPE_RESULT: code_cases(code, type, at, flat); break;
    case SPIN_TYPE_RECORD:
    case SPIN_TYPE_TUPLE:
    case SPIN_TYPE_FIXED_LIST:
        for (size_t i = 0; i < parts; i++) {
            const wit_type_t *part =
                type->parts[type->kind == SPIN_TYPE_FIXED_LIST ? 0 : i].ref.type;
            at = writer_align(at, part->layout.align);
            code_type(code, part, at, flat);
            at += part->layout.size;
            flat += part->layout.flat_len;
        }
        break;
    default: code_store(code, type->layout.size, type->layout.flat[0], at, flat); break;
    }
}

/* ── core modules ── */

/* Memory and an allocator that never frees. */
static inline void put_memory_module(buf_t *out) {
    buf_t module = {0};
    PUT(&module, "\0asm\1\0\0\0");
    PUT(&module, "\x01\x09\x01\x60\x04\x7f\x7f\x7f\x7f\x01\x7f"); /* (iiii) -> (i) */
    PUT(&module, "\x03\x02\x01\0");                               /* one function */
    PUT(&module, "\x05\x04\x01\0\xc0\0");                         /* 64 pages */
    PUT(&module, "\x06\x07\x01\x7f\x01\x41\x80\x08\x0b");         /* the heap, from 1024 on */
    PUT(&module, "\x07\x14\x02\x06memory\x02\0\x07realloc\0\0");
    buf_t code = {0};
    PUT(&code, "\x01\x01\x7f");                   /* a local: the new place */
    PUT(&code, "\x23\0\x20\x02\x6a\x41\x01\x6b"); /* heap + align - 1 */
    PUT(&code, "\x41\0\x20\x02\x6b\x71\x22\x04"); /* & -align */
    PUT(&code, "\x20\x03\x6a\x24\0");             /* heap = that + size */
    PUT(&code, "\x20\x04\x20\0\x20\x01\x20\x03"); /* to, from, old, new */
    PUT(&code, "\x20\x01\x20\x03\x49\x1b");       /* the smaller one */
    PUT(&code, "\xfc\x0a\0\0\x20\x04\x0b");       /* memory.copy */
    buf_t body = {0};
    put_u32(&body, 1);
    put_name(&body, buf_slice(&code));
    buf_deinit(&code);
    put_section(&module, 10, &body);
    put_section(out, 1, &module);
}

/* The address of room for `type`, left on the stack and in `local`. */
static inline void code_allocate(buf_t *body, const wit_type_t *type, uint32_t local) {
    PUT(body, "\x41\0\x41\0\x41");
    put_s33(body, type->layout.align);
    buf_append_byte(body, 0x41);
    put_s33(body, type->layout.size);
    PUT(body, "\x10\0\x22"); /* call 0; local.tee */
    put_u32(body, local);
}

/* It returns its arguments. */
static inline void code_echo(writer_code_t *code, const writer_function_t *function) {
    uint32_t flat_len = function->type->layout.flat_len;
    if (!writer_is_flat(function) || flat_len == 1) {
        PUT(&code->body, "\x20\0");
    } else if (flat_len > 1) {
        code_allocate(&code->body, function->type, code->base);
        code_type(code, function->type, 0, 0);
    }
}

/* It calls the import of that number. */
static inline void code_relay(writer_code_t *code, const writer_function_t *function,
                              uint32_t import) {
    bool has_area = writer_returns_area(function);
    if (has_area) {
        code_allocate(&code->body, function->type, code->base);
        buf_append_byte(&code->body, 0x1a); /* drop */
    }
    for (uint32_t i = 0; i < code->base; i++) {
        buf_append_byte(&code->body, 0x20);
        put_u32(&code->body, i);
    }
    if (has_area) {
        buf_append_byte(&code->body, 0x20);
        put_u32(&code->body, code->base);
    }
    buf_append_byte(&code->body, 0x10);
    put_u32(&code->body, import);
    if (has_area) {
        buf_append_byte(&code->body, 0x20);
        put_u32(&code->body, code->base);
    }
}

static inline void put_code(buf_t *out, const writer_t *writer, bool relays) {
    put_u32(out, writer->functions_len);
    for (uint32_t i = 0; i < writer->functions_len; i++) {
        const writer_function_t *function = &writer->functions[i];
        const char *params = writer_params(function);
        writer_code_t code = {.flat = params, .base = (uint32_t)strlen(params)};
        PUT(&code.body, "\x01\x01\x7f");
        if (relays)
            code_relay(&code, function, 1 + i);
        else
            code_echo(&code, function);
        buf_append_byte(&code.body, 0x0b);
        put_name(out, buf_slice(&code.body));
        out->failed |= code.body.failed;
        buf_deinit(&code.body);
    }
}

static inline void put_number(buf_t *out, uint32_t number) {
    char text[16];
    snprintf(text, sizeof text, "%u", number);
    put_text(out, text);
}

/* Function 0 is the allocator, then come the imports, then the functions. */
static inline void put_main_module(buf_t *out, const writer_t *writer, bool relays) {
    buf_t module = {0}, section = {0};
    const uint32_t count = writer->functions_len, imports = relays ? count : 0;
    PUT(&module, "\0asm\1\0\0\0");
    put_u32(&section, 1 + count + imports);
    buf_append_byte(&section, 0x60);
    put_core_types(&section, "iiii", "");
    put_core_types(&section, "i", "");
    for (uint32_t i = 0; i < count + imports; i++)
        put_core_signature(&section, &writer->functions[i % count], i >= count);
    put_section(&module, 1, &section);
    section = (buf_t){0};
    put_u32(&section, 2 + imports);
    PUT(&section, "\x01m\x06memory\x02\0\0\x01m\x07realloc\0\0");
    for (uint32_t i = 0; i < imports; i++) {
        PUT(&section, "\x01"
                      "f");
        put_number(&section, i);
        buf_append_byte(&section, 0);
        put_u32(&section, 1 + count + i);
    }
    put_section(&module, 2, &section);
    section = (buf_t){0};
    put_u32(&section, count);
    for (uint32_t i = 0; i < count; i++)
        put_u32(&section, 1 + i);
    put_section(&module, 3, &section);
    section = (buf_t){0};
    put_u32(&section, count);
    for (uint32_t i = 0; i < count; i++) {
        put_number(&section, i);
        buf_append_byte(&section, 0);
        put_u32(&section, 1 + imports + i);
    }
    put_section(&module, 7, &section);
    section = (buf_t){0};
    put_code(&section, writer, relays);
    put_section(&module, 10, &section);
    put_section(out, 1, &module);
}

/* ── types of components ── */

/* The types of a component, or of an instance type. */
typedef struct writer_types {
    buf_t *out;       /* sections of the component, or declarations */
    bool in_instance; /* where declared types are exported at once */
    uint32_t count;   /* of the index space */
    uint32_t declarations;
    const wit_type_t *known[WRITER_TYPES];
    uint32_t index[WRITER_TYPES];
    uint32_t known_len;
} writer_types_t;

static inline void types_note(writer_types_t *types, const wit_type_t *type, uint32_t index) {
    if (types->known_len == WRITER_TYPES) {
        types->out->failed = true;
        return;
    }
    types->known[types->known_len] = type;
    types->index[types->known_len++] = index;
}

/* Takes `body`, a definition. */
static inline uint32_t types_add(writer_types_t *types, buf_t *body) {
    if (types->in_instance) {
        buf_append_byte(types->out, 0x01);
        buf_append(types->out, buf_slice(body));
        types->declarations++;
        types->out->failed |= body->failed;
        buf_deinit(body);
    } else {
        buf_t section = {0};
        put_u32(&section, 1);
        buf_append(&section, buf_slice(body));
        section.failed |= body->failed;
        buf_deinit(body);
        put_section(types->out, 7, &section);
    }
    return types->count++;
}

static inline uint32_t types_of(writer_types_t *types, const wit_type_t *type);

static const uint8_t writer_kinds[] = {
    [SPIN_TYPE_BOOL] = 0x7f,   [SPIN_TYPE_S8] = 0x7e,         [SPIN_TYPE_U8] = 0x7d,
    [SPIN_TYPE_S16] = 0x7c,    [SPIN_TYPE_U16] = 0x7b,        [SPIN_TYPE_S32] = 0x7a,
    [SPIN_TYPE_U32] = 0x79,    [SPIN_TYPE_S64] = 0x78,        [SPIN_TYPE_U64] = 0x77,
    [SPIN_TYPE_F32] = 0x76,    [SPIN_TYPE_F64] = 0x75,        [SPIN_TYPE_CHAR] = 0x74,
    [SPIN_TYPE_STRING] = 0x73, [SPIN_TYPE_RECORD] = 0x72,     [SPIN_TYPE_VARIANT] = 0x71,
    [SPIN_TYPE_LIST] = 0x70,   [SPIN_TYPE_TUPLE] = 0x6f,      [SPIN_TYPE_FLAGS] = 0x6e,
    [SPIN_TYPE_ENUM] = 0x6d,   [SPIN_TYPE_OPTION] = 0x6b,     [SPIN_TYPE_RESULT] = 0x6a,
    [SPIN_TYPE_MAP] = 0x63,    [SPIN_TYPE_FIXED_LIST] = 0x67, [SPIN_TYPE_STREAM] = 0x66,
};

static inline bool writer_is_plain(const wit_type_t *type) {
    return (type->kind >= SPIN_TYPE_BOOL && type->kind <= SPIN_TYPE_CHAR) ||
           type->kind == SPIN_TYPE_STRING;
}

static inline void put_type(buf_t *out, writer_types_t *types, const wit_type_t *type) {
    if (writer_is_plain(type))
        buf_append_byte(out, writer_kinds[type->kind]);
    else
        put_s33(out, types_of(types, type));
}

static inline void put_maybe_type(buf_t *out, writer_types_t *types, const wit_type_t *type) {
    buf_append_byte(out, type != NULL);
    if (type != NULL)
        put_type(out, types, type);
}

static inline void put_definition(buf_t *out, writer_types_t *types, const wit_type_t *type) {
    buf_append_byte(out, writer_kinds[type->kind]);
    if (type->kind == SPIN_TYPE_RECORD || type->kind == SPIN_TYPE_VARIANT ||
        type->kind == SPIN_TYPE_TUPLE || type->kind == SPIN_TYPE_FLAGS ||
        type->kind == SPIN_TYPE_ENUM)
        put_u32(out, (uint32_t)type->parts_len);
    for (size_t i = 0; i < type->parts_len; i++) {
        const wit_part_t *part = &type->parts[i];
        if (type->kind == SPIN_TYPE_RESULT || type->kind == SPIN_TYPE_STREAM) {
            put_maybe_type(out, types, part->ref.type);
            continue;
        }
        if (type->def != NULL)
            put_name(out, part->name);
        if (type->kind == SPIN_TYPE_VARIANT) {
            put_maybe_type(out, types, part->ref.type);
            buf_append_byte(out, 0);
        } else if (type->kind != SPIN_TYPE_FLAGS && type->kind != SPIN_TYPE_ENUM)
            put_type(out, types, part->ref.type);
    }
    if (type->kind == SPIN_TYPE_FIXED_LIST)
        put_u32(out, (uint32_t)type->length);
}

/* Parts first: `put_definition` finds them known. */
static inline uint32_t types_of(writer_types_t *types, const wit_type_t *type) {
    for (uint32_t i = 0; i < types->known_len; i++)
        if (types->known[i] == type)
            return types->index[i];
    for (size_t i = 0; i < type->parts_len; i++)
        if (type->parts[i].ref.type != NULL && !writer_is_plain(type->parts[i].ref.type))
            types_of(types, type->parts[i].ref.type);
    buf_t body = {0};
    put_definition(&body, types, type);
    uint32_t index = types_add(types, &body);
    if (types->in_instance && type->def != NULL) {
        PUT(types->out, "\x04\0");
        put_name(types->out, type->def->name);
        PUT(types->out, "\x03\0");
        put_u32(types->out, index);
        types->declarations++;
        index = types->count++;
    }
    types_note(types, type, index);
    return index;
}

static inline uint32_t types_function(writer_types_t *types, const writer_function_t *function) {
    buf_t body = {0};
    if (!writer_is_plain(function->type))
        types_of(types, function->type);
    buf_append_byte(&body, 0x40);
    put_u32(&body, function->padded ? 1 + WRITER_PADS : 1);
    put_text(&body, "a");
    put_type(&body, types, function->type);
    for (unsigned i = 0; function->padded && i < WRITER_PADS; i++) {
        char name[8];
        snprintf(name, sizeof name, "p%u", i);
        put_text(&body, name);
        buf_append_byte(&body, 0x7d);
    }
    buf_append_byte(&body, 0);
    put_type(&body, types, function->type);
    return types_add(types, &body);
}

/* ── components ── */

static inline void put_alias(buf_t *out, const char *sort, size_t sort_len, uint32_t instance,
                             spin_slice_t name) {
    buf_t section = {0};
    put_u32(&section, 1);
    put_bytes(&section, sort, sort_len);
    put_u32(&section, instance);
    put_name(&section, name);
    put_section(out, 6, &section);
}

/* Sort and target. */
#define ALIAS(out, literal, instance, name)                                                        \
    put_alias(out, literal, sizeof(literal) - 1, instance, name)

/* Imports the instance and everything in it: its types become known, its functions are the first.
 */
static inline void put_import(buf_t *out, const writer_t *writer, writer_types_t *types) {
    buf_t declarations = {0}, section = {0};
    writer_types_t *inner = mem_calloc(1, sizeof *inner);
    *inner = (writer_types_t){.out = &declarations, .in_instance = true};
    for (uint32_t i = 0; i < writer->functions_len; i++) {
        uint32_t type = types_function(inner, &writer->functions[i]);
        PUT(&declarations, "\x04\0");
        put_text(&declarations, writer->functions[i].name);
        buf_append_byte(&declarations, 0x01);
        put_u32(&declarations, type);
        inner->declarations++;
    }
    PUT(&section, "\x01\x42");
    put_u32(&section, inner->declarations);
    buf_append(&section, buf_slice(&declarations));
    section.failed |= declarations.failed;
    buf_deinit(&declarations);
    put_section(out, 7, &section);
    types->count++;
    section = (buf_t){0};
    PUT(&section, "\x01\0");
    put_text(&section, writer->interface);
    PUT(&section, "\x05\0");
    put_section(out, 10, &section);
    for (uint32_t i = 0; i < inner->known_len; i++) {
        if (inner->known[i]->def == NULL)
            continue;
        ALIAS(out, "\x03\0", 0, inner->known[i]->def->name);
        types_note(types, inner->known[i], types->count++);
    }
    for (uint32_t i = 0; i < writer->functions_len; i++)
        ALIAS(out, "\x01\0", 0, spin_slice(writer->functions[i].name));
    mem_free(inner);
}

static inline void put_options(buf_t *out, encoding_t encoding) {
    put_u32(out, 3);
    buf_append_byte(out, (uint8_t)encoding);
    PUT(out, "\x03\0\x04\0"); /* memory 0, realloc 0 */
}

/* Lowers what is imported, as an instance for the module. */
static inline void put_lowers(buf_t *out, const writer_t *writer, encoding_t encoding) {
    buf_t section = {0};
    put_u32(&section, writer->functions_len);
    for (uint32_t i = 0; i < writer->functions_len; i++) {
        PUT(&section, "\x01\0");
        put_u32(&section, i);
        put_options(&section, encoding);
    }
    put_section(out, 8, &section);
    section = (buf_t){0};
    PUT(&section, "\x01\x01");
    put_u32(&section, writer->functions_len);
    for (uint32_t i = 0; i < writer->functions_len; i++) {
        put_number(&section, i);
        buf_append_byte(&section, 0);
        put_u32(&section, 1 + i);
    }
    put_section(out, 2, &section);
}

static inline void put_lift(buf_t *out, uint32_t core, uint32_t type, encoding_t encoding) {
    buf_t section = {0};
    PUT(&section, "\x01\0\0");
    put_u32(&section, core);
    put_options(&section, encoding);
    put_u32(&section, type);
    put_section(out, 8, &section);
}

/* The instance of all functions, from `first` on, and types. */
static inline void put_export(buf_t *out, const writer_t *writer, const writer_types_t *types,
                              uint32_t first, uint32_t instances) {
    buf_t items = {0}, section = {0};
    uint32_t count = writer->functions_len;
    for (uint32_t i = 0; i < types->known_len; i++) {
        if (types->known[i]->def == NULL)
            continue;
        buf_append_byte(&items, 0);
        put_name(&items, types->known[i]->def->name);
        buf_append_byte(&items, 0x03);
        put_u32(&items, types->index[i]);
        count++;
    }
    PUT(&section, "\x01\x01");
    put_u32(&section, count);
    buf_append(&section, buf_slice(&items));
    section.failed |= items.failed;
    buf_deinit(&items);
    for (uint32_t i = 0; i < writer->functions_len; i++) {
        buf_append_byte(&section, 0);
        put_text(&section, writer->functions[i].name);
        buf_append_byte(&section, 0x01);
        put_u32(&section, first + i);
    }
    put_section(out, 5, &section);
    section = (buf_t){0};
    PUT(&section, "\x01\0");
    put_text(&section, writer->interface);
    buf_append_byte(&section, 0x05);
    put_u32(&section, instances);
    buf_append_byte(&section, 0);
    put_section(out, 11, &section);
}

static inline void writer_write(const writer_t *writer, encoding_t encoding, bool relays,
                                buf_t *out) {
    const uint32_t count = writer->functions_len, imports = relays ? count : 0;
    writer_types_t *types = mem_calloc(1, sizeof *types);
    types->out = out;
    PUT(out, "\0asm\x0d\0\x01\0");
    if (relays)
        put_import(out, writer, types);
    put_memory_module(out);
    put_main_module(out, writer, relays);
    PUT(out, "\x02\x04\x01\0\0\0"); /* instance 0: the memory */
    ALIAS(out, "\0\x02\x01", 0, spin_slice("memory"));
    ALIAS(out, "\0\0\x01", 0, spin_slice("realloc"));
    if (relays) {
        put_lowers(out, writer, encoding); /* instance 1 */
        PUT(out, "\x02\x0c\x01\0\x01\x02\x01m\x12\0\x01"
                 "f\x12\x01");
    } else
        PUT(out, "\x02\x08\x01\0\x01\x01\x01m\x12\0");
    for (uint32_t i = 0; i < count; i++) {
        char name[16];
        snprintf(name, sizeof name, "%u", i);
        ALIAS(out, "\0\0\x01", relays ? 2 : 1, spin_slice(name));
    }
    for (uint32_t i = 0; i < count; i++)
        put_lift(out, 1 + imports + i, types_function(types, &writer->functions[i]), encoding);
    put_export(out, writer, types, imports, relays ? 1 : 0);
    mem_free(types);
}

/* All append to `out`, whose `failed` says that it did not work. */
static inline void writer_echo(const writer_t *writer, encoding_t encoding, buf_t *out) {
    writer_write(writer, encoding, false, out);
}

static inline void writer_relay(const writer_t *writer, encoding_t encoding, buf_t *out) {
    writer_write(writer, encoding, true, out);
}

/* `inner` and `outer` are components; `inner` may be one that was composed. */
static inline void writer_compose(const writer_t *writer, spin_slice_t inner, spin_slice_t outer,
                                  buf_t *out) {
    buf_t section = {0};
    PUT(out, "\0asm\x0d\0\x01\0");
    for (int i = 0; i < 2; i++) {
        buf_t component = {0};
        buf_append(&component, i == 0 ? inner : outer);
        put_section(out, 4, &component);
    }
    PUT(out, "\x05\x04\x01\0\0\0");
    ALIAS(out, "\x05\0", 0, spin_slice(writer->interface));
    PUT(&section, "\x01\0\x01\x01");
    put_text(&section, writer->interface);
    PUT(&section, "\x05\x01");
    put_section(out, 5, &section);
    ALIAS(out, "\x05\0", 2, spin_slice(writer->interface));
    section = (buf_t){0};
    PUT(&section, "\x01\0");
    put_text(&section, writer->interface);
    PUT(&section, "\x05\x03\0");
    put_section(out, 11, &section);
}

#endif
