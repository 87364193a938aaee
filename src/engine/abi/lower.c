/* Writing values into a guest. */
#include "base/error.h"
#include "base/slice.h"
#include "engine/abi/state.h"
#include "engine/abi/text.h"
#include "engine/context.h"
#include "engine/model/model.h"

static void fail(spin_lower_t *lower, spin_error_t *error) {
    if (lower->failed) {
        spin_error_free(error);
        return;
    }
    lower->failed = true;
    lower->error = error;
}

void abi_lower_begin(spin_lower_t *lower, spin_instance_t *instance, arena_t *arena,
                     spin_abi_t abi) {
    lower->instance = instance;
    lower->memory = (abi_memory_t){0};
    lower->parts = lower->few;
    lower->count = lower->at = 0;
    lower->cap = ABI_FEW_PARTS;
    lower->allocates_none = abi != SPIN_ABI_CANONICAL;
    lower->failed = lower->discards = false;
    lower->error = NULL;
    lower->arena = arena;
    lower->model = NULL;
    lower->options = NULL;
    lower->loans = NULL;
}

void abi_lower_by(spin_lower_t *lower, model_instance_t *model, const model_options_t *options,
                  uint32_t component) {
    lower->model = model;
    lower->options = options;
    lower->component = component;
    lower->allocates_none = true; /* the specification asks for what is empty as well */
}

void abi_lower_stop(spin_lower_t *lower, spin_error_t *error) {
    fail(lower, error);
}

spin_error_t *abi_lower_end(spin_lower_t *lower) {
    spin_error_t *error = lower->error;
    lower->error = NULL;
    if (error == NULL && lower->at != lower->count)
        error = error_new(SPIN_ERROR_INTERNAL, "%u parts were measured and %u lowered",
                          lower->count, lower->at);
    return error;
}

/* ── first pass ── */

static bool grow(spin_lower_t *lower) {
    enum { MOST = 1 << 26 }; /* 16 bytes for each of that many are all of a guest's memory */
    if (lower->cap >= MOST) {
        fail(lower, error_new(SPIN_ERROR_LIMIT, "more than %d allocations in the guest", MOST));
        return false;
    }
    abi_part_t *parts = arena_alloc(lower->arena, 2 * (size_t)lower->cap * sizeof *parts);
    if (parts == NULL) {
        fail(lower, error_no_memory());
        return false;
    }
    memcpy(parts, lower->parts, lower->count * sizeof *parts);
    lower->parts = parts;
    lower->cap *= 2;
    return true;
}

void spin_lower_measure(spin_lower_t *lower, size_t count, size_t size, uint32_t align) {
    size_t total;
    if (lower->failed)
        return;
    if (__builtin_mul_overflow(count, size, &total) || total > UINT32_MAX) {
        fail(lower, error_new(SPIN_ERROR_LIMIT,
                              "argument: %zu elements of %zu bytes do not fit a guest's memory",
                              count, size));
        return;
    }
    if (total == 0 && !lower->allocates_none)
        return;
    if (lower->count == lower->cap && !grow(lower))
        return;
    lower->parts[lower->count++] = (abi_part_t){(uint32_t)total, align, 0};
}

void abi_part_values(const abi_part_t *part, wasmtime_val_t values[4]) {
    values[0] = abi_val_i32(0);
    values[1] = abi_val_i32(0);
    values[2] = abi_val_i32(part->align);
    values[3] = abi_val_i32(part->size);
}

/* ── second pass ── */

void abi_lower_write(spin_lower_t *lower, abi_memory_t memory) {
    lower->memory = memory;
    lower->at = 0;
}

/* The guest's allocator chose the pointer: it may be any. */
static uint8_t *part_at(spin_lower_t *lower, const abi_part_t *part) {
    if ((part->ptr & (part->align - 1)) != 0) {
        fail(lower, error_new(SPIN_ERROR_TRAP,
                              "the guest's allocator answered 0x%x, which is not aligned to %u",
                              part->ptr, part->align));
        return NULL;
    }
    if (part->ptr > lower->memory.len || part->size > lower->memory.len - part->ptr) {
        fail(lower, error_new(SPIN_ERROR_TRAP,
                              "the guest's allocator answered 0x%x for %u bytes: that is outside "
                              "of its memory",
                              part->ptr, part->size));
        return NULL;
    }
    return lower->memory.base + part->ptr;
}

static uint8_t *take(spin_lower_t *lower, size_t count, size_t size, uint32_t align,
                     uint32_t *ptr) {
    size_t total;
    *ptr = align; /* what is empty is nowhere, but aligned */
    if (lower->failed)
        return NULL;
    bool overflows = __builtin_mul_overflow(count, size, &total);
    if (!overflows && total == 0 && !lower->allocates_none)
        return NULL;
    const abi_part_t *part = &lower->parts[lower->at];
    if (overflows || lower->at == lower->count || part->size != total || part->align != align) {
        fail(lower, error_new(SPIN_ERROR_INTERNAL, "what is lowered was not measured before"));
        return NULL;
    }
    lower->at++;
    *ptr = part->ptr;
    if (total == 0 && lower->model == NULL)
        return NULL;
    uint8_t *place = part_at(lower, part);
    return total == 0 ? NULL : place;
}

uint8_t *spin_lower_take(spin_lower_t *lower, size_t count, size_t size, uint32_t align,
                         uint32_t *ptr) {
    uint8_t *at = take(lower, count, size, align, ptr);
    if (at == NULL && lower->failed && lower->discards) /* elements are only walked through */
        at = arena_calloc(lower->arena, count, size);
    return at;
}

void spin_lower_bytes(spin_lower_t *lower, spin_slice_t bytes, uint32_t *ptr) {
    uint8_t *at = spin_lower_take(lower, bytes.len, 1, 1, ptr);
    if (at != NULL)
        memcpy(at, bytes.ptr, bytes.len);
}

/* How the guest keeps text; a compact string's form depends on what is in it. */
static text_form_t form_of(spin_lower_t *lower, spin_slice_t text, size_t *units) {
    text_form_t form = TEXT_UTF8;
    size_t bad;
    if (lower->options != NULL && lower->options->linked->encoding == AST_UTF16)
        form = TEXT_UTF16;
    else if (lower->options != NULL && lower->options->linked->encoding == AST_LATIN1_UTF16)
        form = TEXT_LATIN1;
    if (form != TEXT_UTF8 && !slice_is_utf8(text, &bad)) {
        fail(lower, error_new(SPIN_ERROR_INVALID, "a string is not UTF-8: byte %zu", bad));
        text.len = 0;
    }
    *units = text_units(text, form);
    if (*units == SIZE_MAX) {
        form = TEXT_UTF16;
        *units = text_units(text, form);
    }
    return form;
}

void spin_lower_measure_text(spin_lower_t *lower, spin_slice_t text) {
    size_t units;
    text_form_t form = form_of(lower, text, &units);
    spin_lower_measure(lower, units, form == TEXT_UTF16 ? 2 : 1, form == TEXT_UTF8 ? 1 : 2);
}

void spin_lower_text(spin_lower_t *lower, spin_slice_t text, uint32_t *ptr, uint32_t *len) {
    size_t units;
    text_form_t form = form_of(lower, text, &units);
    uint8_t *at =
        spin_lower_take(lower, units, form == TEXT_UTF16 ? 2 : 1, form == TEXT_UTF8 ? 1 : 2, ptr);
    if (at != NULL && !lower->failed)
        text_encode(text, form, at);
    *len = (uint32_t)units;
    if (form == TEXT_UTF16 && lower->options->linked->encoding == AST_LATIN1_UTF16)
        *len |= TEXT_UTF16_TAG;
}

void spin_lower_fail(spin_lower_t *lower, const char *what, uint64_t value) {
    fail(lower, error_new(SPIN_ERROR_INVALID, "%s: %llu is not a value of that type", what,
                          (unsigned long long)value));
}

bool spin_lower_failed(const spin_lower_t *lower) {
    return lower->failed;
}

/* ── handles ── */

static uint32_t add_modelled(spin_lower_t *lower, const void *identity, void *object,
                             bool is_borrow) {
    const model_resource_t *resource = model_resource_find(lower->model->model, identity);
    if (resource == NULL) {
        fail(lower, error_new(SPIN_ERROR_USAGE, "a resource that the component does not import"));
        return 0;
    }
    const spin_type_t type = {.kind = is_borrow ? SPIN_TYPE_BORROW : SPIN_TYPE_OWN,
                              .resource = resource->linked->type};
    return model_lower_handle(lower, &type, (uintptr_t)object);
}

static uint32_t add_handle(spin_lower_t *lower, const void *type, void *object, bool is_borrow) {
    if (lower->model != NULL)
        return add_modelled(lower, type, object, is_borrow);
    const abi_resource_t *resource = lower->instance->component->context->links.resources;
    uint32_t number = 0;
    while (resource != NULL && resource->type != type)
        resource = resource->next;
    if (resource == NULL) {
        fail(lower, error_new(SPIN_ERROR_USAGE, "a resource whose interface is not linked"));
        return 0;
    }
    if (!lower->failed) {
        spin_error_t *error =
            abi_handles_add(&lower->instance->abi->handles, resource, object, is_borrow, &number);
        if (error != NULL)
            fail(lower, error);
    }
    if (lower->failed && lower->discards && !is_borrow && object != NULL && resource->drop != NULL)
        resource->drop(resource, lower->instance, object);
    return number;
}

uint32_t spin_lower_own(spin_lower_t *lower, const void *resource_type, void *object) {
    return add_handle(lower, resource_type, object, false);
}

uint32_t spin_lower_borrow(spin_lower_t *lower, const void *resource_type, void *object) {
    return add_handle(lower, resource_type, object, true);
}

/* ── flat values ── */

wasmtime_val_t abi_val(char type, spin_flat_t flat) {
    switch (type) {
    case 'I': return (wasmtime_val_t){.kind = WASMTIME_I64, .of.i64 = (int64_t)flat};
    case 'f': return (wasmtime_val_t){.kind = WASMTIME_F32, .of.f32 = spin_flat_f32(flat)};
    case 'F': return (wasmtime_val_t){.kind = WASMTIME_F64, .of.f64 = spin_flat_f64(flat)};
    default: return abi_val_i32((uint32_t)flat);
    }
}

spin_flat_t abi_flat(const wasmtime_val_t *value) {
    switch (value->kind) {
    case WASMTIME_I64: return (uint64_t)value->of.i64;
    case WASMTIME_F32: return spin_flat_of_f32(value->of.f32);
    case WASMTIME_F64: return spin_flat_of_f64(value->of.f64);
    default: return (uint32_t)value->of.i32;
    }
}

void abi_slots_store(uint8_t *area, const char *types, size_t len, const spin_flat_t *flat) {
    for (size_t i = 0; i < len; i++) {
        if (types[i] == 'I' || types[i] == 'F')
            spin_store_u64(area + 8 * i, flat[i]);
        else
            spin_store_u32(area + 8 * i, (uint32_t)flat[i]);
    }
}
