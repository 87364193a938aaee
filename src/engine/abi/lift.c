/* Reading what a guest left in its memory. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/slice.h"
#include "engine/abi/state.h"
#include "engine/abi/text.h"
#include "engine/context.h"
#include "engine/model/model.h"

enum {
    ALLOCATION = 32,           /* what one costs beside its bytes */
    LIST_MOST = (1 << 28) - 1, /* of a component's lists and strings (CanonicalABI.md, "Loading") */
};

static void fail(spin_lift_t *lift, spin_error_t *error) {
    if (lift->failed) {
        spin_error_free(error);
        return;
    }
    lift->failed = true;
    lift->error = error;
}

void abi_lift_begin(spin_lift_t *lift, spin_instance_t *instance, arena_t *arena,
                    lift_mode_t mode) {
    *lift = (spin_lift_t){
        .instance = instance, .memory = abi_memory_of(instance), .arena = arena, .mode = mode};
    lift->budget = 4 * (uint64_t)lift->memory.len + (1 << 20);
    lift->room = 8 * (uint64_t)lift->memory.len + (64 << 20);
}

spin_error_t *abi_lift_end(spin_lift_t *lift) {
    spin_error_t *error = lift->error;
    if (lift->model != NULL)
        model_settle(lift, error == NULL);
    for (const leaving_handle_t *at = lift->leaving; at != NULL; at = at->next)
        abi_handles_settle(&lift->instance->abi->handles, at->number, error == NULL);
    lift->leaving = NULL;
    lift->error = NULL;
    return error;
}

void abi_lift_by(spin_lift_t *lift, model_instance_t *model, const model_options_t *options,
                 uint32_t component, wasmtime_caller_t *caller) {
    lift->model = model;
    lift->options = options;
    lift->component = component;
    lift->memory = model_memory(model, options, caller);
    lift->budget = 4 * (uint64_t)lift->memory.len + (1 << 20);
    lift->room = 8 * (uint64_t)lift->memory.len + (64 << 20);
}

/* What is no value of its type ends a component as any trap does. */
static spin_error_kind_t bad_value(const spin_lift_t *lift) {
    return lift->model != NULL ? SPIN_ERROR_TRAP : SPIN_ERROR_INVALID;
}

/* ── memory ── */

/* Cold: says what is wrong with a pointer. */
static void refuse(spin_lift_t *lift, const char *what, uint32_t ptr, uint64_t size,
                   uint32_t align) {
    bool outside = ptr > lift->memory.len || size > lift->memory.len - ptr;
    if (outside)
        fail(lift,
             error_new(SPIN_ERROR_TRAP, "%s at 0x%x, %llu bytes long, is outside of its memory",
                       what, ptr, (unsigned long long)size));
    else
        fail(lift, error_new(SPIN_ERROR_TRAP, "%s at 0x%x is not aligned to %u", what, ptr, align));
}

/* A guest may name the same bytes often, each time to be copied: what it has at most must not turn
 * into many times that much here. */
static bool spend(spin_lift_t *lift, uint64_t *budget, uint64_t size) {
    if (size <= *budget) {
        *budget -= size;
        return true;
    }
    fail(lift, error_new(SPIN_ERROR_LIMIT, "it is larger than all of the guest's memory"));
    return false;
}

/* Gives what was read back to a guest of 2022 when it is called again: there the host owns it. */
static void lend(spin_lift_t *lift, uint32_t ptr, uint32_t size, uint32_t align) {
    if (!VEC_PUSH(&lift->instance->abi->owed, (abi_loan_t){ptr, size, align}))
        fail(lift, error_no_memory());
}

static const uint8_t *at(spin_lift_t *lift, const char *what, uint32_t ptr, uint32_t count,
                         size_t size, uint32_t align) {
    uint64_t total;
    if (lift->failed)
        return NULL;
    if (__builtin_mul_overflow((uint64_t)count, (uint64_t)size, &total))
        total = UINT64_MAX;
    if (total == 0 && lift->model == NULL)
        return NULL;
    if (lift->model != NULL && total > LIST_MOST) {
        fail(lift, error_new(SPIN_ERROR_TRAP, "%s at 0x%x: %llu bytes exceed the maximum of %d",
                             what, ptr, (unsigned long long)total, LIST_MOST));
        return NULL;
    }
    if (ptr > lift->memory.len || total > lift->memory.len - ptr || (ptr & (align - 1)) != 0) {
        refuse(lift, what, ptr, total, align);
        return NULL;
    }
    if (total == 0 || !spend(lift, &lift->budget, total))
        return NULL;
    if (lift->lends)
        lend(lift, ptr, (uint32_t)total, align);
    return lift->memory.base + ptr;
}

const uint8_t *spin_lift_at(spin_lift_t *lift, uint32_t ptr, uint32_t count, size_t size,
                            uint32_t align) {
    return at(lift, "list", ptr, count, size, align);
}

const uint8_t *abi_lift_area(spin_lift_t *lift, uint32_t ptr, uint32_t size, uint32_t align) {
    return at(lift, "the area", ptr, 1, size, align);
}

void abi_lift_stop(spin_lift_t *lift, spin_error_t *error) {
    fail(lift, error);
}

static uint8_t *new_bytes(spin_lift_t *lift, size_t len) {
    if (!spend(lift, &lift->room, (uint64_t)len + ALLOCATION))
        return NULL;
    uint8_t *bytes =
        lift->mode == LIFT_OWNED ? mem_alloc(len) : arena_alloc_bytes(lift->arena, len);
    if (bytes == NULL)
        fail(lift, error_no_memory());
    return bytes;
}

static spin_string_t take(spin_lift_t *lift, const uint8_t *from, uint32_t len) {
    spin_string_t empty = {NULL, 0};
    if (from == NULL)
        return empty;
    if (lift->mode == LIFT_VIEW)
        return spin_slice_of(from, len);
    uint8_t *copy = new_bytes(lift, len);
    if (copy == NULL)
        return empty;
    memcpy(copy, from, len);
    return spin_slice_of(copy, len);
}

/* Of a guest that keeps text in another encoding: always a copy. */
static spin_string_t decode(spin_lift_t *lift, uint32_t ptr, uint32_t len, text_form_t form) {
    spin_string_t empty = {NULL, 0};
    size_t bytes, bad;
    const uint8_t *from = at(lift, "string", ptr, len, form == TEXT_UTF16 ? 2 : 1, 2);
    if (from == NULL)
        return empty;
    if (!text_decoded_len(from, len, form, &bytes, &bad)) {
        fail(lift,
             error_new(bad_value(lift),
                       "string at 0x%x is not UTF-16: a surrogate at unit %zu is alone", ptr, bad));
        return empty;
    }
    uint8_t *copy = new_bytes(lift, bytes);
    if (copy == NULL)
        return empty;
    text_decode(from, len, form, copy);
    return spin_slice_of(copy, bytes);
}

spin_string_t spin_lift_text(spin_lift_t *lift, uint32_t ptr, uint32_t len) {
    size_t bad;
    if (lift->options != NULL && lift->options->linked->encoding != AST_UTF8) {
        bool is_compact = lift->options->linked->encoding == AST_LATIN1_UTF16;
        bool is_latin = is_compact && (len & TEXT_UTF16_TAG) == 0;
        return decode(lift, ptr, is_compact ? len & ~TEXT_UTF16_TAG : len,
                      is_latin ? TEXT_LATIN1 : TEXT_UTF16);
    }
    const uint8_t *from = at(lift, "string", ptr, len, 1, 1);
    if (from != NULL && !slice_is_utf8(spin_slice_of(from, len), &bad)) {
        fail(lift, error_new(bad_value(lift), "string at 0x%x is not UTF-8: byte %zu is 0x%02x",
                             ptr, bad, from[bad]));
        from = NULL;
    }
    return take(lift, from, len);
}

spin_string_t spin_lift_bytes(spin_lift_t *lift, uint32_t ptr, uint32_t len) {
    return take(lift, at(lift, "list", ptr, len, 1, 1), len);
}

void *spin_lift_alloc(spin_lift_t *lift, size_t count, size_t size) {
    uint64_t total;
    if (lift->failed || count == 0 || size == 0)
        return NULL;
    if (__builtin_mul_overflow((uint64_t)count, (uint64_t)size, &total))
        total = UINT64_MAX;
    if (!spend(lift, &lift->room, total < UINT64_MAX - ALLOCATION ? total + ALLOCATION : total))
        return NULL;
    void *memory =
        lift->mode == LIFT_OWNED ? mem_calloc(count, size) : arena_calloc(lift->arena, count, size);
    if (memory == NULL)
        fail(lift, error_no_memory());
    return memory;
}

uint32_t spin_lift_char(spin_lift_t *lift, uint32_t value) {
    if (value < 0xd800 || (value > 0xdfff && value <= 0x10ffff))
        return value;
    fail(lift, error_new(bad_value(lift), "char: 0x%x is not a Unicode scalar value", value));
    return 0;
}

void spin_lift_fail(spin_lift_t *lift, const char *what, uint64_t value) {
    fail(lift, error_new(bad_value(lift), "%s: %llu is not a value of that type", what,
                         (unsigned long long)value));
}

bool spin_lift_failed(const spin_lift_t *lift) {
    return lift->failed;
}

/* ── handles ── */

/* The resource's definition identifies it; what the handle stands for is the host's object. */
static void *lift_modelled(spin_lift_t *lift, const void *resource_type, uint32_t handle,
                           bool is_own) {
    const model_resource_t *resource = model_resource_find(lift->model->model, resource_type);
    if (resource == NULL) {
        fail(lift, error_new(SPIN_ERROR_USAGE, "a resource that the component does not import"));
        return NULL;
    }
    const spin_type_t type = {.kind = is_own ? SPIN_TYPE_OWN : SPIN_TYPE_BORROW,
                              .resource = resource->linked->type};
    return (void *)(uintptr_t)model_lift_handle(lift, &type, handle);
}

void *spin_lift_own(spin_lift_t *lift, const void *resource_type, uint32_t handle) {
    abi_handles_t *handles = &lift->instance->abi->handles;
    if (lift->failed)
        return NULL;
    if (lift->model != NULL)
        return lift_modelled(lift, resource_type, handle, true);
    const abi_handle_t *entry = abi_handles_get(handles, resource_type, handle);
    if (entry == NULL || entry->is_borrow) {
        fail(lift,
             error_new(SPIN_ERROR_TRAP, "%u is not a handle of the resource that it owns", handle));
        return NULL;
    }
    leaving_handle_t *leaving = arena_alloc(lift->arena, sizeof *leaving);
    if (leaving == NULL) {
        fail(lift, error_no_memory());
        return NULL;
    }
    *leaving = (leaving_handle_t){lift->leaving, handle};
    lift->leaving = leaving;
    abi_handles_leave(handles, handle);
    return entry->object;
}

void *spin_lift_borrow(spin_lift_t *lift, const void *resource_type, uint32_t handle) {
    if (lift->failed)
        return NULL;
    if (lift->model != NULL)
        return lift_modelled(lift, resource_type, handle, false);
    const abi_handle_t *entry =
        abi_handles_get(&lift->instance->abi->handles, resource_type, handle);
    if (entry == NULL)
        fail(lift, error_new(SPIN_ERROR_TRAP, "%u is not a handle of that resource", handle));
    return entry == NULL ? NULL : entry->object;
}

/* ── areas of 2022 ── */

static bool is_wide(char type) {
    return type == 'I' || type == 'F';
}

bool abi_area_is_canonical(const uint8_t *area, const char *types, size_t len) {
    for (size_t i = 0; i < len; i++)
        if (!is_wide(types[i]) && spin_load_u32(area + 8 * i + 4) != 0)
            return true;
    return false;
}

void abi_slots_load(const uint8_t *area, const char *types, size_t len, spin_flat_t *flat) {
    for (size_t i = 0; i < len; i++)
        flat[i] = is_wide(types[i]) ? spin_load_u64(area + 8 * i) : spin_load_u32(area + 8 * i);
}
