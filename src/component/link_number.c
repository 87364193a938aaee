/* Numbers memories and allocators: the one that most functions use is number 0. */
#include <stdlib.h>

#include "component/link.h"

typedef struct used {
    linked_item_t item;
    uint32_t first; /* in the order of the options */
    uint32_t uses;
    uint32_t number;
} used_t;

/* Items of one kind (memories, allocators), each once, by owner and index. */
typedef struct uses {
    map_t known;
    VEC(used_t) all;
} uses_t;

static spin_error_t *use(linker_t *linker, uses_t *uses, const linked_item_t *item,
                         uint32_t count) {
    if (item->kind == LINKED_NOTHING)
        return NULL;
    uint32_t key[] = {(uint32_t)item->kind, item->owner, item->index};
    spin_slice_t bytes = spin_slice_of(key, sizeof key);
    const map_entry_t *entry = map_find(&uses->known, bytes);
    size_t at = entry == NULL ? uses->all.len : (size_t)(uintptr_t)entry->value;
    if (entry == NULL) {
        spin_slice_t kept = arena_copy(&linker->scratch, bytes);
        used_t used = {.item = *item, .first = (uint32_t)at};
        if (kept.ptr == NULL || !map_set(&uses->known, kept, (void *)(uintptr_t)at) ||
            !VEC_PUSH(&uses->all, used))
            return error_no_memory();
    }
    if (uses->all.items != NULL && at < uses->all.len)
        uses->all.items[at].uses += count;
    return NULL;
}

static int compare(const void *left, const void *right) {
    const used_t *a = *(used_t *const *)left;
    const used_t *b = *(used_t *const *)right;
    if (a->uses != b->uses)
        return a->uses < b->uses ? 1 : -1;
    return a->first < b->first ? -1 : 1;
}

static spin_error_t *sort(linker_t *linker, uses_t *uses) {
    size_t len = uses->all.len;
    used_t **sorted = arena_calloc(&linker->scratch, len + 1, sizeof *sorted);
    if (sorted == NULL)
        return error_no_memory();
    for (size_t i = 0; i < len; i++)
        sorted[i] = &uses->all.items[i];
    qsort((void *)sorted, len, sizeof *sorted, compare);
    for (size_t i = 0; i < len; i++)
        sorted[i]->number = (uint32_t)i;
    return NULL;
}

static uint32_t number_of(const uses_t *uses, const linked_item_t *item) {
    uint32_t key[] = {(uint32_t)item->kind, item->owner, item->index};
    const map_entry_t *entry = map_find(&uses->known, spin_slice_of(key, sizeof key));
    size_t at = entry == NULL ? SIZE_MAX : (size_t)(uintptr_t)entry->value;
    bool is_known = uses->all.items != NULL && at < uses->all.len;
    return is_known ? uses->all.items[at].number : LINKED_NONE;
}

static void uses_deinit(uses_t *uses) {
    map_deinit(&uses->known);
    VEC_FREE(&uses->all);
}

/* How many functions use each of the options. */
static uint32_t *count_options(linker_t *linker) {
    uint32_t *counts =
        arena_calloc(&linker->scratch, linker->canon_options.len + 1, sizeof *counts);
    if (counts == NULL)
        return NULL;
    for (size_t i = 0; i < linker->lifts.len; i++)
        counts[linker->lifts.items[i].options]++;
    for (size_t i = 0; i < linker->lowers.len; i++)
        counts[linker->lowers.items[i].options]++;
    for (size_t i = 0; i < linker->builtins.len; i++)
        if (linker->builtins.items[i].options != LINKED_NONE)
            counts[linker->builtins.items[i].options]++;
    return counts;
}

static spin_error_t *gather(linker_t *linker, uses_t *memories, uses_t *reallocs) {
    const uint32_t *counts = count_options(linker);
    spin_error_t *error = counts == NULL ? error_no_memory() : NULL;
    for (size_t i = 0; i < linker->canon_options.len && error == NULL; i++) {
        const linked_options_t *options = &linker->canon_options.items[i];
        error = use(linker, memories, &options->memory, counts[i]);
        if (error == NULL)
            error = use(linker, reallocs, &options->realloc, counts[i]);
    }
    for (size_t i = 0; i < linker->builtins.len && error == NULL; i++)
        error = use(linker, memories, &linker->builtins.items[i].memory, 1);
    return error;
}

spin_error_t *link_number(linker_t *linker, linked_component_t *out) {
    uses_t memories = {0};
    uses_t reallocs = {0};
    spin_error_t *error = gather(linker, &memories, &reallocs);
    if (error == NULL)
        error = sort(linker, &memories);
    if (error == NULL)
        error = sort(linker, &reallocs);
    if (error != NULL)
        goto out;
    for (size_t i = 0; i < linker->canon_options.len; i++) {
        linked_options_t *options = &linker->canon_options.items[i];
        options->memory_number = number_of(&memories, &options->memory);
        options->realloc_number = number_of(&reallocs, &options->realloc);
    }
    for (size_t i = 0; i < linker->builtins.len; i++) {
        linked_builtin_t *builtin = &linker->builtins.items[i];
        builtin->memory_number = number_of(&memories, &builtin->memory);
    }
    out->memory_count = (uint32_t)memories.all.len;
    out->realloc_count = (uint32_t)reallocs.all.len;
out:
    uses_deinit(&memories);
    uses_deinit(&reallocs);
    return error;
}
