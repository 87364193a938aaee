/* The world: whose interfaces are whose, which names stand for which types, and the text. */
#include "base/error.h"
#include "component/world_types.h"

/* ── names ── */

/* "ns:pkg/iface@1.2.3", or, where there is no "/", a name of its own. */
static world_interface_t split_name(world_t *world, const ast_name_t *name) {
    world_interface_t interface = {0};
    spin_slice_t full = name->implements.ptr != NULL ? name->implements : name->name;
    size_t slash = full.len;
    while (slash > 0 && full.ptr[slash - 1] != '/')
        slash--;
    if (slash == 0) {
        interface.name = full;
        return interface;
    }
    interface.package = spin_slice_of(full.ptr, slash - 1);
    spin_slice_t rest = slice_from(full, slash);
    size_t at = slice_find(rest, '@');
    interface.name = spin_slice_of(rest.ptr, at);
    interface.version = slice_from(rest, at + 1);
    if (name->version_suffix.ptr != NULL && name->version_suffix.len > 0) {
        interface.version = arena_printf(world->arena, "%.*s%.*s", SLICE_ARG(interface.version),
                                         SLICE_ARG(name->version_suffix));
        if (interface.version.ptr == NULL && world->error == NULL)
            world->error = error_no_memory();
    }
    return interface;
}

static bool is_same_package(const world_interface_t *a, const world_interface_t *b) {
    return slice_equal(a->package, b->package) && slice_equal(a->version, b->version);
}

/* ── collecting ── */

/* Interfaces, and types and functions of one: they are looked for one by one. */
enum { MAX_ENTRIES = 10000 };

/* The imports or exports as they will be written, and their interfaces. */
typedef struct collection {
    world_t *world;
    world_interface_t root;  /* the world itself: types and imported functions */
    world_list_t interfaces; /* world_interface_t: all that have packages */
} collection_t;

static world_interface_t *interface_for(collection_t *all, const ast_name_t *name) {
    world_interface_t wanted = split_name(all->world, name);
    for (uint32_t i = 0; i < all->interfaces.len && wanted.package.len > 0; i++) {
        world_interface_t *have = all->interfaces.items[i];
        if (is_same_package(have, &wanted) && slice_equal(have->name, wanted.name))
            return have;
    }
    world_interface_t *made = world_alloc(all->world, 1, sizeof *made);
    if (made == NULL)
        return NULL;
    *made = wanted;
    if (all->interfaces.len == MAX_ENTRIES)
        world_fail(all->world, SPIN_ERROR_LIMIT, "too many interfaces", (spin_slice_t){0});
    else if (wanted.package.len > 0)
        world_push(all->world, &all->interfaces, made);
    return made;
}

static bool needs_name(const world_type_t *type) {
    return type->is_resource || type->type->kind == AST_TYPE_RECORD ||
           type->type->kind == AST_TYPE_VARIANT || type->type->kind == AST_TYPE_FLAGS ||
           type->type->kind == AST_TYPE_ENUM;
}

/* Gives a type its name in `interface`, unless it had one: then it is used, and that is said. */
static void name_type(world_interface_t *interface, world_entry_t *entry) {
    world_type_t *type = entry->item.of;
    const world_type_t *known = type;
    while (known->owner == NULL && known->next != NULL)
        known = known->next;
    if (known->owner != NULL) {
        entry->used_owner = known->owner;
        entry->used_name = known->name;
    }
    for (; type != NULL && type->owner == NULL; type = (world_type_t *)type->next) {
        if (type->next == NULL && !needs_name(type))
            return; /* may be written out anywhere */
        type->owner = interface;
        type->name = entry->item.name.name;
    }
}

static const world_entry_t *find_entry(const world_interface_t *interface, spin_slice_t name) {
    for (uint32_t i = 0; i < interface->entries.len; i++) {
        const world_entry_t *entry = interface->entries.items[i];
        if (slice_equal(entry->item.name.name, name))
            return entry;
    }
    return NULL;
}

static void add_entry(collection_t *all, world_interface_t *interface, const world_item_t *item) {
    world_entry_t *entry = world_alloc(all->world, 1, sizeof *entry);
    if (entry == NULL)
        return;
    entry->item = *item;
    if (item->of == NULL || (item->sort != AST_TYPE && item->sort != AST_FUNC)) {
        world_fail(all->world, SPIN_ERROR_UNSUPPORTED,
                   "WIT has no words for a core module, component, value, or instance in an "
                   "instance",
                   item->name.name);
        return;
    }
    if (item->sort == AST_TYPE)
        name_type(interface, entry);
    /* An interface that is imported and exported: what both have stands there once. */
    if (interface->entries.len == MAX_ENTRIES)
        world_fail(all->world, SPIN_ERROR_LIMIT, "too many types and functions", item->name.name);
    else if (find_entry(interface, item->name.name) == NULL)
        world_push(all->world, &interface->entries, entry);
}

/* One import or export; `*out` is its interface, if it is one. */
static void collect(collection_t *all, const world_item_t *item, world_interface_t **out) {
    *out = NULL;
    if (item->sort != AST_INSTANCE || item->of == NULL) {
        add_entry(all, &all->root, item);
        return;
    }
    world_interface_t *interface = interface_for(all, &item->name);
    const world_instance_t *instance = item->of;
    for (uint32_t i = 0; interface != NULL && i < instance->count; i++)
        add_entry(all, interface, &instance->items[i]);
    *out = interface;
}

/* ── writing ── */

static void write_path(world_writer_t *writer, const world_interface_t *from,
                       const world_interface_t *to) {
    bool is_near = is_same_package(from, to) && !from->is_world;
    if (!is_near) {
        buf_append(writer->out, to->package);
        world_text(writer, "/");
    }
    world_identifier(writer, to->name);
    if (!is_near && to->version.len > 0)
        buf_printf(writer->out, "@%.*s", SLICE_ARG(to->version));
}

static bool is_use(const world_interface_t *interface, const world_entry_t *entry) {
    return entry->item.sort == AST_TYPE && entry->used_owner != NULL &&
           entry->used_owner != interface;
}

/* All `use`, those of one interface that follow each other together. */
static void write_uses(world_writer_t *writer, world_interface_t *interface) {
    const world_interface_t *open = NULL;
    for (uint32_t i = 0; i < interface->entries.len; i++) {
        const world_entry_t *entry = interface->entries.items[i];
        if (!is_use(interface, entry))
            continue;
        const world_interface_t *owner = entry->used_owner;
        if (owner->package.len == 0)
            world_fail(writer->world, SPIN_ERROR_UNSUPPORTED,
                       "WIT cannot use a type of the world or of an interface without a package",
                       entry->item.name.name);
        if (owner != open) {
            world_text(writer, open != NULL ? "};\n" : "");
            world_indent(writer);
            world_text(writer, "use ");
            write_path(writer, interface, owner);
            world_text(writer, ".{");
        } else {
            world_text(writer, ", ");
        }
        open = owner;
        world_identifier(writer, entry->used_name);
        if (!slice_equal(entry->used_name, entry->item.name.name)) {
            world_text(writer, " as ");
            world_identifier(writer, entry->item.name.name);
        }
        writer->has_items = true;
    }
    world_text(writer, open != NULL ? "};\n" : "");
}

static void write_types(world_writer_t *writer, world_interface_t *interface) {
    write_uses(writer, interface);
    for (uint32_t i = 0; i < interface->entries.len && writer->world->error == NULL; i++) {
        const world_entry_t *entry = interface->entries.items[i];
        if (entry->item.sort == AST_TYPE && !is_use(interface, entry))
            world_define(writer, interface, entry);
    }
}

static void write_body(world_writer_t *writer, world_interface_t *interface) {
    bool had_items = writer->has_items;
    spin_slice_t resource, function;
    writer->has_items = false;
    world_text(writer, " {\n");
    writer->indent++;
    write_types(writer, interface);
    for (uint32_t i = 0; i < interface->entries.len && writer->world->error == NULL; i++) {
        const world_entry_t *entry = interface->entries.items[i];
        spin_slice_t name = entry->item.name.name;
        if (entry->item.sort != AST_FUNC || world_role(name, &resource, &function) != ROLE_PLAIN)
            continue;
        world_begin_item(writer);
        world_identifier(writer, name);
        world_text(writer, ": ");
        world_function(writer, interface, entry->item.of, false, false);
        world_text(writer, ";\n");
    }
    writer->indent--;
    world_indent(writer);
    world_text(writer, "}\n");
    writer->has_items = had_items;
}

/* "import ns:pkg/i;", "import n: interface { … }", "import f: func();". `interface` NULL: a
 * function. */
static void write_extern(world_writer_t *writer, world_interface_t *root, const char *word,
                         const world_item_t *item, world_interface_t *interface) {
    world_indent(writer);
    buf_printf(writer->out, "%s ", word);
    bool is_labelled =
        interface == NULL || interface->package.len == 0 || item->name.implements.ptr != NULL;
    if (is_labelled) {
        world_identifier(writer, item->name.name);
        world_text(writer, ": ");
    }
    if (interface == NULL) {
        world_function(writer, root, item->of, false, false);
        world_text(writer, ";\n");
    } else if (interface->package.len == 0) {
        world_text(writer, "interface");
        write_body(writer, interface);
    } else {
        write_path(writer, root, interface);
        world_text(writer, ";\n");
    }
}

static bool is_plain_function(const world_item_t *item) {
    spin_slice_t resource, function;
    return item->sort == AST_FUNC && item->of != NULL &&
           world_role(item->name.name, &resource, &function) == ROLE_PLAIN;
}

/* The imports or exports that are interfaces, or that are functions. */
static bool write_externs(world_writer_t *writer, world_interface_t *root, const char *word,
                          const world_list_t *items, world_interface_t *const *interfaces,
                          bool with_interfaces, bool with_functions) {
    bool is_any = false;
    for (uint32_t i = 0; i < items->len && writer->world->error == NULL; i++) {
        const world_item_t *item = items->items[i];
        bool is_interface = interfaces[i] != NULL;
        if (is_interface ? !with_interfaces : !with_functions || !is_plain_function(item))
            continue;
        write_extern(writer, root, word, item, interfaces[i]);
        is_any = true;
    }
    return is_any;
}

/* Imported interfaces, types, functions, and then what is exported. */
static void write_world(world_writer_t *writer, collection_t *all,
                        world_interface_t *const *imports, world_interface_t *const *exports) {
    const world_t *world = writer->world;
    world_text(writer, "package root:component;\n\nworld root {\n");
    writer->indent++;
    writer->has_items =
        write_externs(writer, &all->root, "import", &world->imports, imports, true, false);
    write_types(writer, &all->root);
    writer->has_items |=
        write_externs(writer, &all->root, "import", &world->imports, imports, false, true);
    if (world->exports.len > 0 && writer->has_items)
        world_text(writer, "\n");
    write_externs(writer, &all->root, "export", &world->exports, exports, true, true);
    writer->indent--;
    world_text(writer, "}\n");
}

enum { MAX_PACKAGE_CHAIN = 100 };

static void write_package(world_writer_t *writer, const collection_t *all,
                          const world_interface_t *package, unsigned depth);

/* Packages that this one uses stand before it, as far as that can be told. */
static void write_used_packages(world_writer_t *writer, const collection_t *all,
                                const world_interface_t *interface, unsigned depth) {
    for (uint32_t i = 0; i < interface->entries.len; i++) {
        const world_entry_t *entry = interface->entries.items[i];
        const world_interface_t *owner = entry->used_owner;
        if (owner != NULL && owner->package.len > 0 && !owner->is_written)
            write_package(writer, all, owner, depth + 1);
    }
}

static void write_package(world_writer_t *writer, const collection_t *all,
                          const world_interface_t *package, unsigned depth) {
    if (package->is_written || depth == MAX_PACKAGE_CHAIN)
        return;
    for (uint32_t i = 0; i < all->interfaces.len; i++) {
        world_interface_t *interface = all->interfaces.items[i];
        interface->is_written |= is_same_package(interface, package);
    }
    for (uint32_t i = 0; i < all->interfaces.len; i++)
        if (is_same_package(all->interfaces.items[i], package))
            write_used_packages(writer, all, all->interfaces.items[i], depth);
    world_text(writer, writer->has_packages ? "\n\n" : "");
    writer->has_packages = true;
    buf_printf(writer->out, "package %.*s", SLICE_ARG(package->package));
    if (package->version.len > 0)
        buf_printf(writer->out, "@%.*s", SLICE_ARG(package->version));
    world_text(writer, " {\n");
    writer->indent++;
    for (uint32_t i = 0; i < all->interfaces.len && writer->world->error == NULL; i++) {
        world_interface_t *interface = all->interfaces.items[i];
        if (!is_same_package(interface, package))
            continue;
        world_indent(writer);
        world_text(writer, "interface ");
        world_identifier(writer, interface->name);
        write_body(writer, interface);
    }
    writer->indent--;
    world_text(writer, "}\n");
}

static void write_all(world_writer_t *writer, collection_t *all, world_interface_t *const *imports,
                      world_interface_t *const *exports) {
    for (uint32_t i = 0; i < all->interfaces.len; i++)
        ((world_interface_t *)all->interfaces.items[i])->is_written = false;
    writer->has_packages = false;
    write_world(writer, all, imports, exports);
    for (uint32_t i = 0; i < all->interfaces.len && writer->world->error == NULL; i++)
        write_package(writer, all, all->interfaces.items[i], 0);
}

static void tell(world_t *world, buf_t *out) {
    collection_t all = {.world = world, .root = {.is_world = true}};
    world_writer_t writer = {.world = world, .out = out};
    world_interface_t **imports = world_alloc(world, world->imports.len, sizeof *imports);
    world_interface_t **exports = world_alloc(world, world->exports.len, sizeof *exports);
    if (imports == NULL || exports == NULL)
        return;
    for (uint32_t i = 0; i < world->imports.len; i++)
        collect(&all, world->imports.items[i], &imports[i]);
    for (uint32_t i = 0; i < world->exports.len; i++)
        collect(&all, world->exports.items[i], &exports[i]);
    if (world->error != NULL)
        return;
    /* Twice: the first time finds the uses that nobody wrote down. */
    size_t start = out->len;
    for (int pass = 0; pass < 2; pass++) {
        if (!out->failed)
            out->len = start;
        write_all(&writer, &all, imports, exports);
    }
}

spin_error_t *component_world(const ast_component_t *component, buf_t *out) {
    arena_t arena = {0};
    world_t world = {.arena = &arena};
    world_scan(&world, component);
    if (world.error == NULL)
        tell(&world, out);
    arena_deinit(&arena);
    if (world.error == NULL && out->failed)
        return error_no_memory();
    return world.error;
}
