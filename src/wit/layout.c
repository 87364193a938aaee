#include "wit/layout.h"

/* Sizes are counted in 64 bits and refused past 32: one step adds or multiplies two numbers that
 * are below 2^32 each, so nothing overflows on the way. */
static uint64_t align_up(uint64_t size, uint32_t align) {
    return (size + align - 1) & ~(uint64_t)(align - 1); /* a power of two */
}

uint32_t layout_discriminant(size_t cases) {
    return cases <= 0x100 ? 1 : cases <= 0x10000 ? 2 : 4;
}

static void set_flat(wit_layout_t *layout, char flat) {
    layout->flat[0] = flat;
    layout->flat_len = 1;
}

static bool scalar(wit_layout_t *layout, uint32_t size, char flat) {
    layout->size = layout->align = size;
    set_flat(layout, flat);
    return true;
}

/* One value past the limit is kept: it says that there are too many. */
static void append_flat(wit_layout_t *layout, const wit_layout_t *more) {
    for (uint32_t i = 0; i < more->flat_len && layout->flat_len <= WIT_FLAT_MAX; i++)
        layout->flat[layout->flat_len++] = more->flat[i];
}

/* The layout of a type for one of the two widths of pointers. */
static const wit_layout_t *layout_of(const wit_type_t *type, bool memory64) {
    return memory64 ? &type->layout64 : &type->layout;
}

static bool pointer_and_length(wit_layout_t *layout, bool memory64) {
    *layout = memory64 ? (wit_layout_t){.size = 16, .align = 8, .flat_len = 2, .flat = "II"}
                       : (wit_layout_t){.size = 8, .align = 4, .flat_len = 2, .flat = "ii"};
    return true;
}

static bool fields(const wit_type_t *type, wit_layout_t *layout, bool memory64) {
    uint64_t size = 0;
    for (size_t i = 0; i < type->parts_len; i++) {
        const wit_layout_t *part = layout_of(type->parts[i].ref.type, memory64);
        size = align_up(size, part->align) + part->size;
        if (size > UINT32_MAX)
            return false;
        if (part->align > layout->align)
            layout->align = part->align;
        append_flat(layout, part);
    }
    size = align_up(size, layout->align);
    layout->size = (uint32_t)size;
    return size <= UINT32_MAX;
}

static bool fixed_list(const wit_type_t *type, wit_layout_t *layout, bool memory64) {
    const wit_layout_t *element = layout_of(type->parts[0].ref.type, memory64);
    uint64_t size;
    if (__builtin_mul_overflow((uint64_t)type->length, (uint64_t)element->size, &size) ||
        size > UINT32_MAX)
        return false;
    layout->size = (uint32_t)size;
    layout->align = element->align;
    /* An element that flattens to nothing would let the loop run as long as the list is. */
    for (size_t i = 0;
         i < type->length && element->flat_len > 0 && layout->flat_len <= WIT_FLAT_MAX; i++)
        append_flat(layout, element);
    return true;
}

/* The core type that can carry both: i32 and f32 share an i32, all else an i64. */
static char join(char a, char b) {
    if (a == b)
        return a;
    if ((a == 'i' && b == 'f') || (a == 'f' && b == 'i'))
        return 'i';
    return 'I';
}

static void join_flat(wit_layout_t *layout, const wit_layout_t *payload) {
    for (uint32_t i = 0; i < payload->flat_len; i++) {
        uint32_t at = i + 1; /* behind the discriminant */
        if (at > WIT_FLAT_MAX)
            break;
        bool is_new = at >= layout->flat_len;
        layout->flat[at] = is_new ? payload->flat[i] : join(layout->flat[at], payload->flat[i]);
        if (is_new)
            layout->flat_len = at + 1;
    }
}

static bool cases(const wit_type_t *type, size_t count, wit_layout_t *layout, bool memory64) {
    uint64_t size = 0;
    uint32_t align = 1;
    set_flat(layout, 'i');
    for (size_t i = 0; i < type->parts_len; i++) {
        const wit_type_t *payload = type->parts[i].ref.type;
        if (payload == NULL)
            continue;
        const wit_layout_t *part = layout_of(payload, memory64);
        if (part->align > align)
            align = part->align;
        if (part->size > size)
            size = part->size;
        join_flat(layout, part);
    }
    layout->discriminant = layout_discriminant(count);
    layout->align = align > layout->discriminant ? align : layout->discriminant;
    layout->payload = (uint32_t)align_up(layout->discriminant, align);
    size = align_up(layout->payload + size, layout->align);
    layout->size = (uint32_t)size;
    return size <= UINT32_MAX;
}

/* The specification ends at 32 flags; more were allowed before, as words of 32. */
static bool flags(const wit_type_t *type, wit_layout_t *layout) {
    size_t words = (type->parts_len + 31) / 32;
    if (words > UINT32_MAX / 4)
        return false;
    layout->align = type->parts_len <= 8 ? 1 : type->parts_len <= 16 ? 2 : 4;
    layout->size = words > 1 ? (uint32_t)words * 4 : words == 0 ? 0 : layout->align;
    for (size_t i = 0; i < words && layout->flat_len <= WIT_FLAT_MAX; i++)
        layout->flat[layout->flat_len++] = 'i';
    return true;
}

static bool compute(const wit_type_t *type, wit_layout_t *layout, bool memory64) {
    *layout = (wit_layout_t){.align = 1};
    switch (type->kind) {
    case SPIN_TYPE_BOOL:
    case SPIN_TYPE_S8:
    case SPIN_TYPE_U8: return scalar(layout, 1, 'i');
    case SPIN_TYPE_S16:
    case SPIN_TYPE_U16: return scalar(layout, 2, 'i');
    case SPIN_TYPE_S64:
    case SPIN_TYPE_U64: return scalar(layout, 8, 'I');
    case SPIN_TYPE_F32: return scalar(layout, 4, 'f');
    case SPIN_TYPE_F64: return scalar(layout, 8, 'F');
    case SPIN_TYPE_S32:
    case SPIN_TYPE_U32:
    case SPIN_TYPE_CHAR:
    case SPIN_TYPE_ERROR_CONTEXT:
    case SPIN_TYPE_OWN:
    case SPIN_TYPE_BORROW:
    case SPIN_TYPE_STREAM:
    case SPIN_TYPE_FUTURE: return scalar(layout, 4, 'i');
    case SPIN_TYPE_STRING:
    case SPIN_TYPE_LIST:
    case SPIN_TYPE_MAP:
    case SPIN_TYPE_BYTES: return pointer_and_length(layout, memory64);
    case SPIN_TYPE_FIXED_LIST: return fixed_list(type, layout, memory64);
    case SPIN_TYPE_TUPLE:
    case SPIN_TYPE_RECORD: return fields(type, layout, memory64);
    case SPIN_TYPE_VARIANT:
    case SPIN_TYPE_ENUM: return cases(type, type->parts_len, layout, memory64);
    case SPIN_TYPE_OPTION:
    case SPIN_TYPE_RESULT: return cases(type, 2, layout, memory64);
    case SPIN_TYPE_FLAGS: return flags(type, layout);
    }
    return false;
}

bool layout_compute(wit_type_t *type) {
    return compute(type, &type->layout, false) && compute(type, &type->layout64, true);
}
