/* Functions: reading them, and finding one by its name. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/vec.h"
#include "wit/model.h"

spin_slice_t spin_function_name(const spin_function_t *function) {
    return function->name;
}

size_t spin_function_param_count(const spin_function_t *function) {
    return function->params_len;
}

spin_slice_t spin_function_param_name(const spin_function_t *function, size_t index) {
    return index < function->params_len ? function->params[index].name : (spin_slice_t){0};
}

const spin_type_t *spin_function_param_type(const spin_function_t *function, size_t index) {
    return index < function->params_len ? function->params[index].ref.type : NULL;
}

const spin_type_t *spin_function_result_type(const spin_function_t *function) {
    return function->result.type;
}

/* ── finding ─────────────────────────────────────────────────────────────────────────────── */

typedef struct search {
    spin_slice_t interface; /* empty: any */
    spin_slice_t name;
    const wit_function_t *found;
    const wit_function_t *other; /* a second one */
    bool is_export;              /* `found` is a world's export: it goes before an import */
    size_t nearest_distance;
    spin_slice_t nearest;
    bool has_interface;
} search_t;

enum { NEAR = 3 };

/* "get", "[method]store.get", or "store.get". */
static bool is_named(const wit_function_t *function, spin_slice_t name) {
    if (slice_equal(function->core_name, name))
        return true;
    size_t close = slice_find(function->core_name, ']');
    return close < function->core_name.len &&
           slice_equal(slice_from(function->core_name, close + 1), name);
}

static void consider(search_t *search, const wit_function_t *function, bool is_export) {
    if (!is_named(function, search->name)) {
        size_t distance = slice_edit_distance(search->name, function->core_name, NEAR);
        if (distance < search->nearest_distance) {
            search->nearest_distance = distance;
            search->nearest = function->core_name;
        }
        return;
    }
    if (search->found == NULL || (is_export && !search->is_export)) {
        search->other = NULL;
        search->found = function;
        search->is_export = is_export;
    } else if (search->found != function && is_export == search->is_export) {
        search->other = function;
    }
}

static void search_resources(search_t *search, const wit_typedef_t *type) {
    for (size_t i = 0; type->used == NULL && i < type->functions_len; i++)
        consider(search, type->functions[i], false);
}

/* By its id, its id without version, or its name. */
static bool is_interface(const wit_interface_t *interface, spin_slice_t name) {
    spin_slice_t id = interface->id;
    return slice_equal(id, name) || slice_equal(interface->name, name) ||
           slice_equal(spin_slice_of(id.ptr, slice_find(id, '@')), name);
}

static void search_interface(search_t *search, const wit_interface_t *interface, bool is_export) {
    if (search->interface.len > 0 && !is_interface(interface, search->interface))
        return;
    search->has_interface = true;
    for (size_t i = 0; i < interface->functions_len; i++)
        consider(search, interface->functions[i], is_export);
    for (size_t i = 0; i < interface->types_len; i++)
        search_resources(search, interface->types[i]);
}

static void search_items(search_t *search, const wit_world_item_t *items, size_t len,
                         bool is_export) {
    for (size_t i = 0; i < len; i++) {
        const wit_world_item_t *item = &items[i];
        if (item->interface != NULL && item->interface->name.len == 0) /* inline */
            search_interface(search, item->interface, is_export);
        if (search->interface.len > 0)
            continue;
        if (item->function != NULL)
            consider(search, item->function, is_export);
        if (item->type != NULL)
            search_resources(search, item->type);
    }
}

static void search_package(search_t *search, const wit_package_t *package) {
    for (size_t i = 0; i < package->interfaces_len; i++)
        search_interface(search, package->interfaces[i], false);
    for (size_t i = 0; i < package->worlds_len; i++) {
        const wit_world_t *world = package->worlds[i];
        search_items(search, world->imports, world->imports_len, false);
        search_items(search, world->exports, world->exports_len, true);
    }
}

static spin_slice_t owner_of(const wit_function_t *function) {
    return function->interface == NULL ? SLICE_LITERAL("a world") : function->interface->id;
}

static spin_error_t *report(const search_t *search, spin_slice_t name) {
    if (search->found != NULL && search->other != NULL) {
        spin_slice_t first = owner_of(search->found);
        spin_slice_t second = owner_of(search->other);
        return error_new(SPIN_ERROR_INVALID,
                         "function \"%.*s\" is ambiguous: it is in %.*s and in %.*s",
                         SLICE_ARG(name), SLICE_ARG(first), SLICE_ARG(second));
    }
    if (search->interface.len > 0 && !search->has_interface)
        return error_new(SPIN_ERROR_NOT_FOUND, "no interface \"%.*s\" for function \"%.*s\"",
                         SLICE_ARG(search->interface), SLICE_ARG(search->name));
    if (search->nearest.len > 0)
        return error_new(SPIN_ERROR_NOT_FOUND, "no function \"%.*s\", did you mean \"%.*s\"?",
                         SLICE_ARG(name), SLICE_ARG(search->nearest));
    return error_new(SPIN_ERROR_NOT_FOUND, "no function \"%.*s\"", SLICE_ARG(name));
}

spin_error_t *spin_wit_function(const spin_wit_t *wit, spin_slice_t name,
                                const spin_function_t **out) {
    size_t hash = slice_find(name, '#');
    search_t search = {.name = name, .nearest_distance = NEAR + 1};
    if (hash < name.len) {
        search.interface = spin_slice_of(name.ptr, hash);
        search.name = slice_from(name, hash + 1);
    }
    /* What was loaded goes before what it depends on; files of 2022 are all alike. */
    size_t last = wit->packages_len - 1;
    search_package(&search, wit->packages[last]);
    if (search.found == NULL || wit->dialect == WIT_DIALECT_2022)
        for (size_t i = 0; i < last; i++)
            search_package(&search, wit->packages[i]);
    *out = NULL;
    if (search.found == NULL || search.other != NULL)
        return report(&search, name);
    *out = search.found;
    return NULL;
}
