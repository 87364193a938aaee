/* Which world or interface is meant, and what belongs to it. */
#include "base/error.h"
#include "wit/bindgen/gen.h"

static const wit_package_t *loaded(const gen_t *gen) {
    const spin_wit_t *wit = gen->wit;
    return wit->packages_len == 0 ? NULL : wit->packages[wit->packages_len - 1];
}

/* ── finding ─────────────────────────────────────────────────────────────────────────────── */

typedef enum fit { FIT_NOT = 0, FIT_BUT_VERSION, FIT_EXACT } fit_t;

/* "name", "ns:pkg/name" or "ns:pkg/name@1.0.0" as the item `name` of `package`. Without a package
 * only what was loaded is meant. */
static fit_t fits(const gen_t *gen, const wit_package_t *package, spin_slice_t name,
                  const char *wanted) {
    if (wanted == NULL)
        return package == loaded(gen) ? FIT_EXACT : FIT_NOT;
    spin_slice_t text = spin_slice(wanted);
    if (slice_equal(text, name))
        return package == loaded(gen) || package->id.len == 0 ? FIT_EXACT : FIT_NOT;
    size_t bare = slice_find(package->id, '@');
    if (bare == 0 || text.len <= bare + 1 || memcmp(text.ptr, package->id.ptr, bare) != 0 ||
        text.ptr[bare] != '/')
        return FIT_NOT;
    spin_slice_t rest = slice_from(text, bare + 1), version = slice_from(package->id, bare);
    if (!slice_starts_with(rest, name))
        return FIT_NOT;
    rest = slice_from(rest, name.len);
    if (slice_equal(rest, version))
        return FIT_EXACT;
    return rest.len == 0 ? FIT_BUT_VERSION : FIT_NOT;
}

typedef struct found {
    const void *item;
    fit_t fit;               /* how well `item` does */
    size_t count;            /* of those that do as well */
    VEC(const char *) names; /* of all that could have been meant */
} found_t;

static void consider(gen_t *gen, found_t *found, const wit_package_t *package, const void *item,
                     spin_slice_t name, const char *wanted) {
    fit_t fit = fits(gen, package, name, wanted);
    if (fit != FIT_NOT && fit >= found->fit) {
        found->count = fit == found->fit ? found->count + 1 : 1;
        found->item = item;
        found->fit = fit;
    }
    if (package == loaded(gen) && !VEC_PUSH(&found->names, gen_text(gen, "%.*s", SLICE_ARG(name))))
        gen_no_memory(gen);
}

/* `wanted` NULL: the only one. */
static spin_error_t *pick(const found_t *found, const char *kind, const char *wanted) {
    const char *const *names = found->names.items;
    if (found->count == 1)
        return NULL;
    if (wanted == NULL && found->count == 0)
        return error_new(SPIN_ERROR_NOT_FOUND, "there is no %s", kind);
    if (wanted == NULL)
        return error_new(SPIN_ERROR_INVALID,
                         "there are %zu %ss: one must be chosen, such as \"%s\"", found->count,
                         kind, names[0]);
    if (found->count > 1)
        return error_new(SPIN_ERROR_INVALID, "%s \"%s\" is there %zu times: its version is needed",
                         kind, wanted, found->count);
    const char *nearest = spin_nearest_name(spin_slice(wanted), names, found->names.len);
    if (nearest != NULL)
        return error_new(SPIN_ERROR_NOT_FOUND, "there is no %s \"%s\": did you mean \"%s\"?", kind,
                         wanted, nearest);
    return error_new(SPIN_ERROR_NOT_FOUND, "there is no %s \"%s\"", kind, wanted);
}

static spin_error_t *find_world(gen_t *gen, const char *wanted) {
    found_t found = {0};
    for (size_t i = 0; i < gen->wit->packages_len; i++) {
        const wit_package_t *package = gen->wit->packages[i];
        for (size_t j = 0; j < package->worlds_len; j++)
            consider(gen, &found, package, package->worlds[j], package->worlds[j]->name, wanted);
    }
    spin_error_t *error = gen->error == NULL ? pick(&found, "world", wanted) : NULL;
    gen->world = error == NULL ? found.item : NULL;
    VEC_FREE(&found.names);
    return error;
}

static spin_error_t *find_interface(gen_t *gen, const char *wanted) {
    found_t found = {0};
    for (size_t i = 0; i < gen->wit->packages_len; i++) {
        const wit_package_t *package = gen->wit->packages[i];
        for (size_t j = 0; j < package->interfaces_len; j++) {
            const wit_interface_t *interface = package->interfaces[j];
            spin_slice_t name = interface->name.len > 0 ? interface->name : interface->id;
            consider(gen, &found, package, interface, name, wanted);
        }
    }
    spin_error_t *error = gen->error == NULL ? pick(&found, "interface", wanted) : NULL;
    gen->interface = error == NULL ? found.item : NULL;
    VEC_FREE(&found.names);
    return error;
}

/* ── units ───────────────────────────────────────────────────────────────────────────────── */

static void note_interface(gen_t *gen, const wit_interface_t *interface) {
    for (size_t i = 0; i < gen->qualifiers.len; i++)
        if (gen->qualifiers.items[i].interface == interface)
            return;
    if (!VEC_PUSH(&gen->qualifiers, (gen_qualifier_t){interface, ""}))
        gen_no_memory(gen);
}

/* A file of 2022 gives its name to the interface, and nothing says what may be in that. */
static void check_module(gen_t *gen, const char *module) {
    for (const char *c = module; *c != '\0'; c++)
        if ((*c < ' ' || *c > '~' || strchr("\"\\?*", *c) != NULL) && gen->error == NULL)
            gen->error = error_new(SPIN_ERROR_INVALID,
                                   "interface \"%s\": its name can't stand in C", module);
}

static gen_unit_t *add_unit(gen_t *gen, gen_side_t side, const wit_interface_t *interface) {
    const char *module =
        interface == NULL ? "$root" : gen_text(gen, "%.*s", SLICE_ARG(interface->id));
    check_module(gen, module);
    gen_unit_t unit = {.side = side, .interface = interface, .module = module, .qualifier = ""};
    if (!VEC_PUSH(&gen->units, unit)) {
        gen_no_memory(gen);
        return NULL;
    }
    return &gen->units.items[gen->units.len - 1];
}

static void add_function(gen_t *gen, gen_unit_t *unit, const wit_function_t *function) {
    if (!VEC_PUSH(&unit->functions, function))
        gen_no_memory(gen);
}

static void add_resource(gen_t *gen, gen_unit_t *unit, const wit_typedef_t *resource) {
    if (!VEC_PUSH(&unit->resources, resource))
        gen_no_memory(gen);
    for (size_t i = 0; i < resource->functions_len; i++)
        add_function(gen, unit, resource->functions[i]);
}

static bool declares_resource(const wit_typedef_t *def) {
    return def->is_resource && def->used == NULL && !def->is_alias;
}

static void add_interface(gen_t *gen, gen_side_t side, const wit_interface_t *interface) {
    for (size_t i = 0; i < gen->units.len; i++)
        if (gen->units.items[i].interface == interface && gen->units.items[i].side == side)
            return;
    note_interface(gen, interface);
    gen_unit_t *unit = add_unit(gen, side, interface);
    if (unit == NULL)
        return;
    for (size_t i = 0; i < interface->types_len; i++)
        if (declares_resource(interface->types[i]))
            add_resource(gen, unit, interface->types[i]);
    for (size_t i = 0; i < interface->functions_len; i++)
        add_function(gen, unit, interface->functions[i]);
}

/* A single interface says nothing of those that it uses. Resources among them are the host's, and
 * it must implement them. The list of qualifiers is the worklist. */
static void add_used(gen_t *gen) {
    for (size_t i = 0; i < gen->qualifiers.len; i++) {
        const wit_interface_t *interface = gen->qualifiers.items[i].interface;
        for (size_t j = 0; j < interface->types_len; j++) {
            const wit_typedef_t *origin = gen_origin(interface->types[j]);
            if (origin->interface == NULL || origin->interface == interface)
                continue;
            if (origin->is_resource && origin->interface != gen->interface)
                add_interface(gen, GEN_HOST, origin->interface);
            note_interface(gen, origin->interface);
        }
    }
}

static void add_world_items(gen_t *gen, gen_side_t side, const wit_world_item_t *items,
                            size_t len) {
    for (size_t i = 0; i < len; i++)
        if (items[i].interface != NULL)
            add_interface(gen, side, items[i].interface);
    gen_unit_t *unit = add_unit(gen, side, NULL);
    for (size_t i = 0; i < len && unit != NULL; i++) {
        if (items[i].function != NULL)
            add_function(gen, unit, items[i].function);
        else if (items[i].type != NULL && declares_resource(items[i].type))
            add_resource(gen, unit, items[i].type);
        else if (items[i].type != NULL && items[i].type->used != NULL &&
                 gen_origin(items[i].type)->interface != NULL)
            note_interface(gen, gen_origin(items[i].type)->interface);
    }
}

static bool has_bindings(const gen_t *gen) {
    for (size_t i = 0; i < gen->units.len; i++)
        if (gen->units.items[i].functions.len > 0 || gen->units.items[i].resources.len > 0)
            return true;
    return false;
}

spin_slice_t gen_own_name(const gen_t *gen) {
    if (gen->world != NULL)
        return gen->world->name;
    return gen->interface->name.len > 0 ? gen->interface->name : gen->interface->id;
}

static spin_error_t *choose_prefix(gen_t *gen, const spin_bindgen_options_t *options) {
    spin_slice_t name = gen_own_name(gen);
    if (options->prefix != NULL)
        name = spin_slice(options->prefix);
    gen->prefix = gen_snake(gen, name);
    gen->upper = gen_upper(gen, gen->prefix);
    bool wrong = name.len == 0 || name.ptr[0] == '_' || (name.ptr[0] >= '0' && name.ptr[0] <= '9');
    for (size_t i = 0; i < name.len; i++)
        if (gen->prefix[i] == '_' && name.ptr[i] != '-' && name.ptr[i] != '_')
            wrong = true;
    if (wrong)
        return error_new(SPIN_ERROR_USAGE, "prefix \"%.*s\" can't begin a name in C",
                         SLICE_ARG(name));
    /* What <spin/abi.h> brings along. */
    static const char *const taken[] = {"spin", "wasi", "wasm", "wasmtime"};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcmp(gen->prefix, taken[i]) == 0)
            return error_new(SPIN_ERROR_USAGE,
                             "prefix \"%s\": a library has names that begin with it, another is "
                             "needed",
                             gen->prefix);
    return NULL;
}

/* Where a world has one interface and nothing else, its name adds nothing. */
static void bare_if_alone(gen_t *gen) {
    const wit_interface_t *only = NULL;
    for (size_t i = 0; i < gen->units.len; i++) {
        const gen_unit_t *unit = &gen->units.items[i];
        bool empty = unit->functions.len == 0 && unit->resources.len == 0;
        if (!empty && (unit->interface == NULL || (only != NULL && only != unit->interface)))
            return;
        if (!empty)
            only = unit->interface;
    }
    gen->interface = only;
}

spin_error_t *gen_select(gen_t *gen, const spin_bindgen_options_t *options) {
    const wit_package_t *package = loaded(gen);
    if (options->world != NULL && options->interface != NULL)
        return error_new(SPIN_ERROR_USAGE, "a world and an interface exclude each other");
    bool world = options->interface == NULL &&
                 (options->world != NULL || (package != NULL && package->worlds_len > 0));
    bool both = !options->import_bindings && !options->export_bindings;
    if (world && !both)
        return error_new(SPIN_ERROR_USAGE,
                         "import or export bindings alone are for an interface: a "
                         "world says by itself what it imports and exports");
    spin_error_t *error =
        world ? find_world(gen, options->world) : find_interface(gen, options->interface);
    if (error == NULL && gen->error == NULL)
        error = choose_prefix(gen, options);
    if (error != NULL || gen->error != NULL)
        return error;
    if (world) {
        add_world_items(gen, GEN_HOST, gen->world->imports, gen->world->imports_len);
        add_world_items(gen, GEN_GUEST, gen->world->exports, gen->world->exports_len);
        bare_if_alone(gen);
    } else {
        note_interface(gen, gen->interface);
        if (both || options->export_bindings)
            add_interface(gen, GEN_HOST, gen->interface);
        if (both || options->import_bindings)
            add_interface(gen, GEN_GUEST, gen->interface);
        add_used(gen);
    }
    gen_qualify(gen);
    for (size_t i = 0; i < gen->units.len; i++)
        if (gen->units.items[i].interface != NULL)
            gen->units.items[i].qualifier = gen_qualifier(gen, gen->units.items[i].interface);
    if (!has_bindings(gen) && gen->error == NULL)
        return error_new(SPIN_ERROR_INVALID, "%s \"%.*s\" has no function",
                         world ? "world" : "interface", SLICE_ARG(gen_own_name(gen)));
    return NULL;
}
