/* Where a function becomes too large, what is left of a type is translated by a function of its
 * own, which all places share that need the same: so code stays linear in the size of types. */
#include "component/adapter_parts.h"

typedef struct helper_key {
    char what[8];
    const spin_type_t *from_type, *to_type;
    const linked_options_t *from_options, *to_options;
    uint32_t from_component, to_component;
    uint32_t lower; /* where there are handles, which are counted by it */
    bool from_memory, to_memory;
} helper_key_t;

typedef struct helper_context {
    const adapter_way_t *way;
    const spin_type_t *from_type, *to_type;
    bool from_memory, to_memory;
} helper_context_t;

enum { LETTERS = WIT_FLAT_MAX + 2 };

/* What stands for a value: its address, or its flat values. */
static void set_letters(char out[LETTERS], const spin_type_t *type, bool in_memory,
                        code_memory_t memory) {
    out[0] = code_pointer(memory);
    out[1] = 0;
    if (!in_memory)
        signature_flatten(type, memory.is64, out, WIT_FLAT_MAX);
}

static void emit(fuse_t *fuse, buf_t *body, const void *context) {
    const helper_context_t *helper = context;
    const adapter_way_t *way = helper->way;
    char from[LETTERS], to[LETTERS], params[2 * LETTERS];
    set_letters(from, helper->from_type, helper->from_memory, way->from.memory);
    set_letters(to, helper->to_type, helper->to_memory, way->to.memory);
    uint32_t from_count = (uint32_t)strlen(from), to_count = (uint32_t)strlen(to);
    memcpy(params, from, from_count + 1);
    if (helper->to_memory)
        memcpy(params + from_count, to, to_count + 1);

    code_t code;
    code_init(&code, fuse, params);
    adapter_flat_t from_flats[LETTERS], to_flats[LETTERS];
    for (uint32_t i = 0; i < from_count; i++)
        from_flats[i] = (adapter_flat_t){i, from[i]};
    for (uint32_t i = 0; i < to_count && !helper->to_memory; i++)
        to_flats[i] = (adapter_flat_t){code_local(&code, to[i]), to[i]};
    const adapter_value_t from_value = {
        helper->from_type,
        {.in_memory = helper->from_memory, .memory = way->from.memory, .flats = from_flats}};
    const adapter_value_t to_value = {helper->to_type,
                                      {.in_memory = helper->to_memory,
                                       .memory = way->to.memory,
                                       .base = from_count,
                                       .flats = to_flats}};
    adapter_put_layer(&code, way, &from_value, &to_value);
    for (uint32_t i = 0; i < to_count && !helper->to_memory; i++)
        code_get(&code, to_flats[i].local);
    code_finish(&code, body);
}

static uint32_t helper_number(const adapter_way_t *way, const adapter_value_t *from,
                              const adapter_value_t *to, const char *from_letters,
                              const char *to_letters) {
    helper_key_t key;
    memset(&key, 0, sizeof key); /* padding too: it is compared as bytes */
    memcpy(key.what, "value", sizeof "value");
    key.from_type = from->type;
    key.to_type = to->type;
    key.from_options = way->from.options;
    key.to_options = way->to.options;
    key.from_component = way->from.component;
    key.to_component = way->to.component;
    key.lower = from->type->has_handles ? way->lower : 0;
    key.from_memory = from->place.in_memory;
    key.to_memory = to->place.in_memory;
    const helper_context_t context = {way, from->type, to->type, key.from_memory, key.to_memory};
    char params[2 * LETTERS];
    size_t from_count = strlen(from_letters);
    memcpy(params, from_letters, from_count + 1);
    if (key.to_memory)
        memcpy(params + from_count, to_letters, strlen(to_letters) + 1);
    return fuse_helper_number(way->fuse, spin_slice_of((const uint8_t *)&key, sizeof key),
                              "copy-value", params, key.to_memory ? "" : to_letters, emit,
                              &context);
}

void adapter_call_helper(code_t *code, const adapter_way_t *way, const adapter_value_t *from,
                         const adapter_value_t *to) {
    char from_letters[LETTERS], to_letters[LETTERS];
    set_letters(from_letters, from->type, from->place.in_memory, way->from.memory);
    set_letters(to_letters, to->type, to->place.in_memory, way->to.memory);
    uint32_t number = helper_number(way, from, to, from_letters, to_letters);
    if (from->place.in_memory)
        adapter_get_address(code, &from->place);
    for (uint32_t i = 0; !from->place.in_memory && from_letters[i] != 0; i++) {
        adapter_place_t part = adapter_place_at(&from->place, 0, i);
        adapter_get_place(code, &part, 0, from_letters[i]);
    }
    if (to->place.in_memory)
        adapter_get_address(code, &to->place);
    code_call(code, number);
    for (size_t i = strlen(to_letters); !to->place.in_memory && i-- > 0;) {
        adapter_place_t part = adapter_place_at(&to->place, 0, (uint32_t)i);
        adapter_end_put(code, &part, 0, to_letters[i]);
    }
}
