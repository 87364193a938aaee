/* One type section out of all modules'. Groups with the same content become one; they are told
 * apart by their bytes, in which types of the group itself have numbers that no other type has. */
#include "base/error.h"
#include "component/fuse_parts.h"

enum { SELF_BASE = 0x70000000, TYPE_LIMIT = 1000000 };

static spin_slice_t keep(fuse_t *fuse, const buf_t *buf) {
    spin_slice_t copy = arena_copy(&fuse->arena, buf_slice(buf));
    if (copy.ptr == NULL || buf->failed)
        fuse->no_memory = true;
    return copy;
}

/* Known by its content, or FUSE_NONE. */
static uint32_t find(const fuse_t *fuse, spin_slice_t key) {
    uintptr_t found = (uintptr_t)map_get(&fuse->type_numbers, key);
    return found == 0 ? FUSE_NONE : (uint32_t)(found - 1);
}

static uint32_t add(fuse_t *fuse, const buf_t *key, spin_slice_t content, uint32_t count) {
    uint32_t number = fuse->type_count;
    spin_slice_t kept = keep(fuse, key);
    if (fuse->no_memory || !map_set(&fuse->type_numbers, kept, (void *)((uintptr_t)number + 1))) {
        fuse->no_memory = true;
        return 0;
    }
    if (count > TYPE_LIMIT - number)
        fuse_fail(fuse, error_new(SPIN_ERROR_LIMIT,
                                  "the component's modules have more than %d types", TYPE_LIMIT));
    buf_append(&fuse->types, content);
    fuse->type_count += count;
    fuse->group_count++;
    return number;
}

static void number_group(uint32_t *numbers, uint32_t count, uint32_t base) {
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = base + i;
}

/* Gives the types of a group, which begin at `first` in the module, their numbers. */
static void read_group(fuse_t *fuse, const core_rec_type_t *group, uint32_t first,
                       uint32_t *numbers, buf_t *key, buf_t *content) {
    core_numbers_t map = {.of[CORE_SPACE_TYPE] = numbers,
                          .count[CORE_SPACE_TYPE] = first + group->count};
    buf_clear(key);
    number_group(numbers + first, group->count, SELF_BASE);
    spin_error_t *error = core_rewrite_rec_type(group, &map, key);
    if (error != NULL) {
        fuse_fail(fuse, error);
        return;
    }
    if (key->failed) {
        fuse->no_memory = true;
        return;
    }
    uint32_t base = find(fuse, buf_slice(key));
    if (base != FUSE_NONE) {
        number_group(numbers + first, group->count, base);
        return;
    }
    buf_clear(content);
    number_group(numbers + first, group->count, fuse->type_count);
    error = core_rewrite_rec_type(group, &map, content);
    if (error != NULL)
        fuse_fail(fuse, error);
    else
        add(fuse, key, buf_slice(content), group->count);
    fuse->no_memory |= content->failed;
}

void fuse_types_read(fuse_t *fuse) {
    const linked_component_t *linked = fuse->linked;
    buf_t key = {0}, content = {0};
    fuse->module_types = fuse_calloc(fuse, linked->module_count, sizeof *fuse->module_types);
    for (uint32_t m = 0; m < linked->module_count && fuse_ok(fuse); m++) {
        const core_module_t *module = linked->modules[m].module;
        uint32_t *numbers = fuse_calloc(fuse, module->type_count, sizeof *numbers);
        fuse->module_types[m] = numbers;
        uint32_t first = 0;
        for (uint32_t g = 0; g < module->group_count && fuse_ok(fuse); g++) {
            read_group(fuse, &module->groups[g], first, numbers, &key, &content);
            first += module->groups[g].count;
        }
    }
    buf_deinit(&key);
    buf_deinit(&content);
}

uint8_t fuse_letter_type(char letter) {
    switch (letter) {
    case 'I': return CORE_I64;
    case 'f': return CORE_F32;
    case 'F': return CORE_F64;
    default: return CORE_I32;
    }
}

static void put_letters(buf_t *out, const char *letters) {
    core_put_u32(out, (uint32_t)strlen(letters));
    for (; *letters != 0; letters++)
        buf_append_byte(out, fuse_letter_type(*letters));
}

uint32_t fuse_type_number(fuse_t *fuse, const char *params, const char *results) {
    buf_t key = {0};
    buf_append_byte(&key, CORE_TYPE_FUNC);
    put_letters(&key, params);
    put_letters(&key, results);
    uint32_t number = key.failed ? FUSE_NONE : find(fuse, buf_slice(&key));
    if (number == FUSE_NONE)
        number = add(fuse, &key, buf_slice(&key), 1);
    buf_deinit(&key);
    return number;
}

uint32_t fuse_type_of_function(const fuse_t *fuse, uint32_t instance, uint32_t index) {
    const core_module_t *module = fuse->instances[instance].module;
    uint32_t imported = module->imported[CORE_EXTERN_FUNC];
    uint32_t type = FUSE_NONE;
    if (index >= imported && index - imported < module->function_count)
        type = module->functions[index - imported];
    if (type >= module->type_count)
        return FUSE_NONE;
    return fuse->module_types[fuse->linked->instances[instance].module][type];
}

uint32_t fuse_type_of_item(fuse_t *fuse, const linked_item_t *item) {
    const linked_component_t *linked = fuse->linked;
    signature_t signature;
    switch (item->kind) {
    case LINKED_DEFINED: return fuse_type_of_function(fuse, item->owner, item->index);
    case LINKED_LOWER: {
        const linked_lower_t *lower = &linked->lowers[item->index];
        signature = signature_of_lower(lower->type, &linked->options[lower->options]);
        break;
    }
    case LINKED_BUILTIN:
        signature = signature_of_builtin(linked, &linked->builtins[item->index]);
        break;
    default: return FUSE_NONE;
    }
    return fuse_type_number(fuse, signature.params, signature.results);
}
