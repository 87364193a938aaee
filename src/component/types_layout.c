/* How values lie in memory and what they are in core values (CanonicalABI.md, "Alignment", "Element
 * Size", "Flattening"). */
#include "component/types.h"

enum { PRIMITIVE_STRING = 0x73, POINTER_SIZE = 8 };

static val_layout_t scalar(uint32_t size, char flat) {
    val_layout_t layout = {.size = size, .align = size, .flat_len = 1};
    layout.flat[0][0] = layout.flat[1][0] = flat;
    return layout;
}

/* A string, list or map: where it is, and how long. */
static val_layout_t pointer_pair(void) {
    val_layout_t layout = {.size = 2 * POINTER_SIZE, .align = POINTER_SIZE, .flat_len = 2};
    memcpy(layout.flat[0], "ii", 2);
    memcpy(layout.flat[1], "II", 2);
    return layout;
}

static val_layout_t primitive_layout(uint8_t primitive) {
    switch (primitive) {
    case 0x7f:
    case 0x7e:
    case 0x7d: return scalar(1, 'i');
    case 0x7c:
    case 0x7b: return scalar(2, 'i');
    case 0x78:
    case 0x77: return scalar(8, 'I');
    case 0x76: return scalar(4, 'f');
    case 0x75: return scalar(8, 'F');
    case PRIMITIVE_STRING: return pointer_pair();
    default: return scalar(4, 'i');
    }
}

val_layout_t types_val_layout(const type_store_t *types, val_type_t type) {
    if (type.kind == VAL_DEFINED)
        return types_defined(types, type.index)->layout;
    if (type.kind == VAL_PRIMITIVE)
        return primitive_layout(type.primitive);
    return (val_layout_t){.align = 1};
}

static uint64_t align_to(uint64_t at, uint32_t align) {
    return (at + align - 1) / align * align;
}

static void append_flat(val_layout_t *layout, const val_layout_t *more) {
    uint32_t total = (uint32_t)layout->flat_len + more->flat_len;
    if (total > TYPES_MAX_FLAT || layout->flat_len > TYPES_MAX_FLAT) {
        layout->flat_len = TYPES_MAX_FLAT + 1;
        return;
    }
    for (int wide = 0; wide < 2; wide++)
        memcpy(layout->flat[wide] + layout->flat_len, more->flat[wide], more->flat_len);
    layout->flat_len = (uint8_t)total;
}

static val_layout_t record_layout(const type_store_t *types, const defined_type_t *type) {
    val_layout_t layout = {.align = 1};
    for (uint32_t i = 0; i < type->count; i++) {
        val_layout_t part = types_val_layout(types, type->parts[i]);
        layout.size = align_to(layout.size, part.align) + part.size;
        if (part.align > layout.align)
            layout.align = part.align;
        append_flat(&layout, &part);
    }
    layout.size = align_to(layout.size, layout.align);
    return layout;
}

static char join(char a, char b) {
    if (a == b)
        return a;
    return (a == 'i' && b == 'f') || (a == 'f' && b == 'i') ? 'i' : 'I';
}

/* What cases share after the discriminant. */
static void join_flat(val_layout_t *layout, const val_layout_t *part) {
    if (layout->flat_len > TYPES_MAX_FLAT || part->flat_len >= TYPES_MAX_FLAT) {
        layout->flat_len = TYPES_MAX_FLAT + 1;
        return;
    }
    for (uint8_t i = 0; i < part->flat_len; i++) {
        bool is_new = i + 1 >= layout->flat_len;
        for (int wide = 0; wide < 2; wide++) {
            char *at = &layout->flat[wide][i + 1];
            *at = is_new ? part->flat[wide][i] : join(*at, part->flat[wide][i]);
        }
        layout->flat_len += is_new;
    }
}

static uint32_t discriminant_size(uint32_t cases) {
    return cases <= 1u << 8 ? 1 : cases <= 1u << 16 ? 2 : 4;
}

/* Cases with or without a payload. */
static val_layout_t variant_layout(const type_store_t *types, const val_type_t *parts,
                                   uint32_t count, uint32_t cases) {
    val_layout_t layout = scalar(discriminant_size(cases), 'i');
    uint64_t payload = 0;
    uint32_t align = 1;
    for (uint32_t i = 0; i < count; i++) {
        val_layout_t part = types_val_layout(types, parts[i]);
        payload = part.size > payload ? part.size : payload;
        align = part.align > align ? part.align : align;
        join_flat(&layout, &part);
    }
    layout.size = align_to(layout.size, align) + payload;
    layout.align = align > layout.align ? align : layout.align;
    layout.size = align_to(layout.size, layout.align);
    return layout;
}

static val_layout_t fixed_list_layout(const type_store_t *types, const defined_type_t *type) {
    val_layout_t part = types_val_layout(types, type->parts[0]);
    val_layout_t layout = {.size = part.size * type->length, .align = part.align};
    for (uint32_t i = 0; i < type->length && layout.flat_len <= TYPES_MAX_FLAT; i++)
        append_flat(&layout, &part);
    return layout;
}

void types_layout(const type_store_t *types, defined_type_t *type) {
    switch (type->kind) {
    case AST_TYPE_PRIMITIVE: type->layout = primitive_layout(type->primitive); break;
    case AST_TYPE_RECORD:
    case AST_TYPE_TUPLE: type->layout = record_layout(types, type); break;
    case AST_TYPE_VARIANT:
    case AST_TYPE_RESULT:
        type->layout = variant_layout(types, type->parts, type->count, type->count);
        break;
    case AST_TYPE_OPTION: type->layout = variant_layout(types, type->parts, 1, 2); break;
    case AST_TYPE_ENUM: type->layout = scalar(discriminant_size(type->count), 'i'); break;
    case AST_TYPE_FLAGS:
        type->layout = scalar(type->count <= 8 ? 1 : type->count <= 16 ? 2 : 4, 'i');
        break;
    case AST_TYPE_LIST:
    case AST_TYPE_MAP: type->layout = pointer_pair(); break;
    case AST_TYPE_FIXED_LIST: type->layout = fixed_list_layout(types, type); break;
    default: type->layout = scalar(4, 'i'); break; /* handles of all kinds */
    }
}
