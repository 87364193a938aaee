/* A guest that is not there: memory and an allocator, for descriptors of calls (spin_abi_export_t)
 * that are driven as the engine does. */
#ifndef TESTS_ABI_FAKE_H
#define TESTS_ABI_FAKE_H

#include "engine/abi/state.h"

enum { FAKE_SIZE = 1 << 16 };

typedef struct fake_guest {
    uint8_t memory[FAKE_SIZE];
    uint32_t heap;
    arena_t arena;
} fake_guest_t;

/* What crossed over: flat values, or an area in the guest's memory. */
typedef struct fake_values {
    spin_flat_t flat[ABI_MAX_FLAT + 1];
    uint32_t area; /* 0: flat */
} fake_values_t;

static inline void fake_begin(fake_guest_t *guest) {
    memset(guest->memory, 0, sizeof guest->memory);
    guest->heap = 64;
}

static inline uint32_t fake_allocate(fake_guest_t *guest, uint32_t size, uint32_t align) {
    uint32_t at = (guest->heap + align - 1) & ~(align - 1);
    if (size > FAKE_SIZE - at)
        return 0xfffffff0u; /* and the lowering fails */
    guest->heap = at + size;
    return at;
}

typedef void fake_measure_fn(spin_lower_t *lower, const void *context, const void *args);
typedef void fake_lower_fn(spin_lower_t *lower, const void *context, const void *args,
                           spin_flat_t *flat, uint8_t *area);

/* Lowers into an area of `size` bytes, or flat where that is 0. */
static inline spin_error_t *fake_lower(fake_guest_t *guest, spin_abi_t abi,
                                       fake_measure_fn *measure, fake_lower_fn *lower_fn,
                                       const void *context, const void *args, uint32_t size,
                                       uint32_t align, fake_values_t *out) {
    spin_lower_t lower;
    uint8_t *area = NULL;
    arena_clear(&guest->arena);
    memset(out, 0xaa, sizeof *out); /* as on the engine's stack */
    out->area = 0;
    abi_lower_begin(&lower, NULL, &guest->arena, abi);
    if (size > 0)
        spin_lower_measure(&lower, 1, size, align);
    if (measure != NULL)
        measure(&lower, context, args);
    for (uint32_t i = 0; i < lower.count; i++)
        lower.parts[i].ptr = fake_allocate(guest, lower.parts[i].size, lower.parts[i].align);
    abi_lower_write(&lower, (abi_memory_t){guest->memory, sizeof guest->memory});
    if (size > 0)
        area = spin_lower_take(&lower, 1, size, align, &out->area);
    if (!lower.failed)
        lower_fn(&lower, context, args, out->flat, area);
    return abi_lower_end(&lower);
}

typedef void fake_lift_fn(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                          const uint8_t *area, void *result);

static inline spin_error_t *fake_lift(fake_guest_t *guest, lift_mode_t mode, fake_lift_fn *lift_fn,
                                      const void *context, const fake_values_t *values,
                                      void *result) {
    spin_lift_t lift = {.memory = {guest->memory, sizeof guest->memory},
                        .arena = &guest->arena,
                        .mode = mode,
                        .budget = 4 * sizeof guest->memory + (1 << 20),
                        .room = 8 * sizeof guest->memory + (64 << 20)};
    const uint8_t *area = values->area == 0 ? NULL : guest->memory + values->area;
    lift_fn(&lift, context, area == NULL ? values->flat : NULL, area, result);
    return abi_lift_end(&lift);
}

#endif
