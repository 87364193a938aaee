/* Pointers that come from guests: checks and allocations, as functions that all adapters share. */
#include "base/error.h"
#include "component/adapter_parts.h"

enum { PAGE_BITS = 16 };

typedef struct memory_key {
    char what[8];
    uint32_t memory;
    uint32_t function; /* the allocator */
    uint8_t page_bits;
    bool is64;
    bool is_allocated; /* the pointer is an allocator's answer */
} memory_key_t;

static uint8_t page_bits(fuse_t *fuse, const linked_item_t *memory) {
    const linked_component_t *linked = fuse_linked(fuse);
    if (memory->kind != LINKED_DEFINED)
        return PAGE_BITS;
    const core_module_t *module = linked->modules[linked->instances[memory->owner].module].module;
    uint32_t index = memory->index - module->imported[CORE_EXTERN_MEMORY];
    return index < module->memory_count ? module->memories[index].page_bits : PAGE_BITS;
}

adapter_side_t adapter_side(fuse_t *fuse, uint32_t options, uint32_t component) {
    const linked_options_t *found = &fuse_linked(fuse)->options[options];
    adapter_side_t side = {.options = found, .component = component};
    side.memory.is64 = found->memory64;
    if (found->memory.kind != LINKED_NOTHING)
        side.memory.number = fuse_number(fuse, found->memory);
    return side;
}

/* ── the range check: (P pointer, i64 bytes, i32 align) ──────────────────────────────────── */

static void emit_check(fuse_t *fuse, buf_t *body, const void *context) {
    const memory_key_t *key = context;
    enum { POINTER, BYTES, ALIGN };
    code_t code;
    char p = key->is64 ? 'I' : 'i';
    const char params[] = {p, 'I', 'i', 0};
    code_init(&code, fuse, params);

    code_get(&code, POINTER);
    code_get_const(&code, 'i', ALIGN, OP_SUB, 1);
    code_convert(&code, 'i', p);
    code_int(&code, p, OP_AND);
    code_const(&code, p, 0);
    code_int(&code, p, OP_NE);
    code_trap_if(&code, key->is_allocated ? FUSE_TRAP_REALLOC_ALIGN : FUSE_TRAP_POINTER_ALIGN);

    uint32_t end = code_local(&code, 'I');
    code_get(&code, POINTER);
    code_convert(&code, p, 'I');
    code_get(&code, BYTES);
    code_int(&code, 'I', OP_ADD);
    code_tee(&code, end);
    code_memory_size(&code, (code_memory_t){key->memory, key->is64});
    code_convert(&code, p, 'I');
    code_const(&code, 'I', key->page_bits);
    code_int(&code, 'I', OP_SHL);
    code_int(&code, 'I', OP_GT_U);
    if (key->is64) { /* the sum wraps around */
        code_get(&code, end);
        code_get(&code, BYTES);
        code_int(&code, 'I', OP_LT_U);
        code_int(&code, 'i', OP_OR);
    }
    code_trap_if(&code, key->is_allocated ? FUSE_TRAP_REALLOC_RANGE : FUSE_TRAP_POINTER_RANGE);
    code_finish(&code, body);
}

static uint32_t check_number(fuse_t *fuse, const memory_key_t *like, bool is_allocated) {
    memory_key_t key = *like;
    memcpy(key.what, "check", sizeof "check");
    key.function = 0;
    key.is_allocated = is_allocated;
    return fuse_helper_number(fuse, spin_slice_of((const uint8_t *)&key, sizeof key), "check-range",
                              key.is64 ? "IIi" : "iIi", "", emit_check, &key);
}

static memory_key_t key_of(fuse_t *fuse, const adapter_side_t *side) {
    memory_key_t key;
    memset(&key, 0, sizeof key); /* padding too: it is compared as bytes */
    key.memory = side->memory.number;
    key.is64 = side->memory.is64;
    key.page_bits = page_bits(fuse, &side->options->memory);
    return key;
}

void adapter_check_range(code_t *code, const adapter_side_t *side, uint32_t pointer,
                         uint32_t align) {
    memory_key_t key = key_of(code->fuse, side);
    uint32_t bytes = code_local(code, 'I');
    code_set(code, bytes);
    code_get(code, pointer);
    code_get(code, bytes);
    code_const(code, 'i', align);
    code_call(code, check_number(code->fuse, &key, false));
    code_release(code, bytes);
}

/* ── allocations: (P old, P old_size, P align, P size) -> P ──────────────────────────────── */

static void emit_allocate(fuse_t *fuse, buf_t *body, const void *context) {
    const memory_key_t *key = context;
    enum { OLD, OLD_SIZE, ALIGN, SIZE };
    code_t code;
    char p = key->is64 ? 'I' : 'i';
    const char params[] = {p, p, p, p, 0};
    code_init(&code, fuse, params);
    uint32_t pointer = code_local(&code, p);
    code_get(&code, OLD);
    code_get(&code, OLD_SIZE);
    code_get(&code, ALIGN);
    code_get(&code, SIZE);
    code_call(&code, key->function);
    code_tee(&code, pointer);
    code_get(&code, SIZE);
    code_convert(&code, p, 'I');
    code_get(&code, ALIGN);
    code_convert(&code, p, 'i');
    code_call(&code, check_number(fuse, key, true));
    code_get(&code, pointer);
    code_finish(&code, body);
}

void adapter_allocate(code_t *code, const adapter_side_t *side) {
    memory_key_t key = key_of(code->fuse, side);
    memcpy(key.what, "alloc", sizeof "alloc");
    if (side->options->realloc.kind == LINKED_NOTHING)
        fuse_fail(code->fuse,
                  error_new(SPIN_ERROR_INVALID, "a function that needs an allocator has none"));
    else
        key.function = fuse_realloc_number(code->fuse, side->options->realloc, side->component);
    code_call(code, fuse_helper_number(code->fuse, spin_slice_of((const uint8_t *)&key, sizeof key),
                                       "allocate", key.is64 ? "IIII" : "iiii", key.is64 ? "I" : "i",
                                       emit_allocate, &key));
}

void adapter_allocate_new(code_t *code, const adapter_side_t *side, uint32_t align, uint32_t size) {
    char p = code_pointer(side->memory);
    code_const(code, p, 0);
    code_const(code, p, 0);
    code_const(code, p, align);
    code_get(code, size);
    adapter_allocate(code, side);
}

/* ── context slots ───────────────────────────────────────────────────────────────────────── */

void adapter_clear_context(code_t *code) {
    for (uint32_t slot = 0; slot < ADAPTER_SLOTS; slot++) {
        if (!fuse_has_context(code->fuse, slot))
            continue;
        code_const(code, fuse_context_letter(code->fuse, slot), 0);
        code_global_set(code, fuse_context_number(code->fuse, slot));
    }
}

void adapter_save_context(code_t *code, uint32_t locals[ADAPTER_SLOTS]) {
    for (uint32_t slot = 0; slot < ADAPTER_SLOTS; slot++) {
        if (!fuse_has_context(code->fuse, slot))
            continue;
        locals[slot] = code_local(code, fuse_context_letter(code->fuse, slot));
        code_global_get(code, fuse_context_number(code->fuse, slot));
        code_set(code, locals[slot]);
    }
}

void adapter_restore_context(code_t *code, const uint32_t locals[ADAPTER_SLOTS]) {
    for (uint32_t slot = 0; slot < ADAPTER_SLOTS; slot++) {
        if (!fuse_has_context(code->fuse, slot))
            continue;
        code_get(code, locals[slot]);
        code_global_set(code, fuse_context_number(code->fuse, slot));
        code_release(code, locals[slot]);
    }
}
