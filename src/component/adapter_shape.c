/* What adapters ask about types. */
#include "base/error.h"
#include "component/adapter_parts.h"

/* A plain type has few parts; so the walk ends soon where types share their parts. */
enum { PLAIN_PARTS = 64 };

size_t adapter_case_count(const spin_type_t *type) {
    return type->kind == SPIN_TYPE_OPTION ? 2 : type->parts_len;
}

const spin_type_t *adapter_case_type(const spin_type_t *type, size_t index) {
    switch (type->kind) {
    case SPIN_TYPE_OPTION: return index == 0 ? NULL : type->parts[0].ref.type;
    case SPIN_TYPE_ENUM: return NULL;
    default: return type->parts[index].ref.type;
    }
}

uint32_t adapter_flat_count(const spin_type_t *type) {
    return type->layout.flat_len;
}

static bool is_plain(const spin_type_t *type, uint32_t *budget) {
    if ((*budget)-- == 0)
        return false;
    switch (type->kind) {
    case SPIN_TYPE_S8:
    case SPIN_TYPE_U8:
    case SPIN_TYPE_S16:
    case SPIN_TYPE_U16:
    case SPIN_TYPE_S32:
    case SPIN_TYPE_U32:
    case SPIN_TYPE_S64:
    case SPIN_TYPE_U64:
    case SPIN_TYPE_F32:
    case SPIN_TYPE_F64: return true;
    case SPIN_TYPE_FLAGS: return type->layout.size * 8 == type->parts_len;
    case SPIN_TYPE_FIXED_LIST: return is_plain(type->parts[0].ref.type, budget);
    case SPIN_TYPE_TUPLE:
    case SPIN_TYPE_RECORD: break;
    default: return false;
    }
    uint32_t size = 0;
    for (size_t i = 0; i < type->parts_len; i++) {
        const spin_type_t *part = type->parts[i].ref.type;
        if (*budget == 0 || !is_plain(part, budget))
            return false;
        size += part->layout.size;
    }
    return size == type->layout.size; /* padding stays at home */
}

bool adapter_is_plain(const spin_type_t *type) {
    uint32_t budget = PLAIN_PARTS;
    return is_plain(type, &budget);
}

static uint64_t align_up(uint64_t offset, uint32_t align) {
    return (offset + align - 1) / align * align;
}

uint32_t adapter_field_offset(uint32_t offset, const spin_type_t *type, bool memory64) {
    return (uint32_t)align_up(offset, signature_align(type, memory64));
}

adapter_extent_t adapter_extent(fuse_t *fuse, const wit_part_t *parts, size_t count,
                                bool memory64) {
    adapter_extent_t extent = {.align = 1};
    uint64_t size = 0;
    for (size_t i = 0; i < count && size <= UINT32_MAX; i++) {
        const wit_layout_t *layout = signature_layout(parts[i].ref.type, memory64);
        size = align_up(size, layout->align) + layout->size;
        if (layout->align > extent.align)
            extent.align = layout->align;
    }
    size = align_up(size, extent.align);
    if (size > UINT32_MAX)
        fuse_fail(fuse, error_new(SPIN_ERROR_LIMIT, "parameters larger than an address space"));
    extent.size = (uint32_t)size;
    return extent;
}
