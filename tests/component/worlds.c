/* Instances, and how one imports what another exports. */
#include <stdio.h>
#include <stdlib.h>

#include "suite.h"

static spin_error_t *no_memory(void) {
    return spin_error_new(SPIN_ERROR_NO_MEMORY, "out of memory");
}

/* ── functions of other instances ────────────────────────────────────────────────────────── */

/* A function that `scene` exports, which another one imports. */
typedef struct forward {
    scene_t *scene;
    spin_slice_t name; /* the component's */
} forward_t;

/* One call of it. */
typedef struct relay {
    spin_host_call_t *call; /* NULL: nobody waits any more */
    spin_value_t *result;
    spin_error_t *error;
    bool returned; /* the host function did: the end comes later */
    bool ended;
} relay_t;

static void relay_end(spin_instance_t *instance, spin_error_t *error, const spin_value_t *result,
                      void *user) {
    (void)instance;
    relay_t *relay = user;
    if (relay->call != NULL && error == NULL && result != NULL)
        *relay->result = *result; /* lives until that instance is called again */
    relay->error = error;
    relay->ended = true;
    if (!relay->returned)
        return;
    if (relay->call != NULL)
        spin_host_call_done(relay->call, error);
    else
        spin_error_free(error);
    free(relay);
}

static void relay_forget(spin_host_call_t *call, void *data) {
    (void)call;
    ((relay_t *)data)->call = NULL;
}

static spin_error_t *forward_call(spin_host_call_t *call, const spin_function_t *type,
                                  const spin_value_t *args, size_t args_len, spin_value_t *result,
                                  void *user) {
    (void)type;
    const forward_t *forward = user;
    relay_t *relay = calloc(1, sizeof *relay);
    if (relay == NULL)
        return no_memory();
    relay->call = call;
    relay->result = result;
    spin_error_t *error = spin_component_start(forward->scene->instance, forward->name, args,
                                               args_len, relay_end, relay);
    if (error == NULL && !relay->ended) {
        relay->returned = true;
        spin_host_call_wait(call, relay_forget, relay);
        return NULL;
    }
    if (error == NULL)
        error = relay->error;
    free(relay);
    return error;
}

/* Which instance, and which of its exports, `item` names: "instance#export". */
static scene_t *find_export(const world_t *world, spin_slice_t item, spin_component_item_t *out,
                            size_t *index) {
    for (scene_t *scene = world->scenes; scene != NULL; scene = scene->next) {
        size_t len = scene->name == NULL ? 0 : strlen(scene->name);
        if (len == 0 || item.len <= len || memcmp(item.ptr, scene->name, len) != 0 ||
            item.ptr[len] != '#')
            continue;
        spin_slice_t name = spin_slice_of(item.ptr + len + 1, item.len - len - 1);
        *out = (spin_component_item_t){.size = sizeof *out};
        for (*index = 0; spin_wasm_component_export(scene->component, *index, out); ++*index)
            if (out->name.len == name.len && memcmp(out->name.ptr, name.ptr, name.len) == 0)
                return scene;
        return NULL; /* the newest one of that name counts */
    }
    return NULL;
}

static forward_t *add_forward(scene_t *scene, scene_t *target, spin_slice_t name) {
    void **all = realloc(scene->forwards, (scene->forwards_len + 1) * sizeof *all);
    if (all == NULL)
        return NULL;
    scene->forwards = all;
    forward_t *forward = calloc(1, sizeof *forward);
    if (forward == NULL)
        return NULL;
    *forward = (forward_t){target, name};
    return scene->forwards[scene->forwards_len++] = forward;
}

/* ── what an instance imports ────────────────────────────────────────────────────────────── */

static spin_error_t *stub(spin_host_call_t *call, const spin_function_t *type,
                          const spin_value_t *args, size_t args_len, spin_value_t *result,
                          void *user) {
    (void)call, (void)args, (void)args_len, (void)result, (void)user;
    spin_slice_t name = spin_function_name(type);
    return spin_error_new(SPIN_ERROR_TRAP, "import \"%.*s\" is a stub", (int)name.len,
                          (const char *)name.ptr);
}

static spin_error_t *define_import(scene_t *scene, spin_engine_builder_t *builder,
                                   const spin_component_item_t *item) {
    world_t *world = scene->world;
    spin_error_t *error;
    if (host_define(world->host, builder, item, &error) || error != NULL)
        return error;
    if (host_conflicts(item))
        return spin_error_new(SPIN_ERROR_INVALID, "import \"%.*s\" is of another kind",
                              (int)item->name.len, (const char *)item->name.ptr);
    spin_slice_t interface, name;
    host_split(item->name, &interface, &name);
    spin_component_item_t export;
    size_t index;
    scene_t *target = find_export(world, item->name, &export, &index);
    if (item->kind == SPIN_COMPONENT_RESOURCE && world->stub_imports)
        return spin_component_define_resource(builder, interface, name, NULL, NULL, NULL);
    if (item->kind != SPIN_COMPONENT_FUNCTION)
        return NULL;
    if (target != NULL && export.kind == SPIN_COMPONENT_FUNCTION) {
        forward_t *forward = add_forward(scene, target, export.name);
        return forward == NULL ? no_memory()
                               : spin_component_define_function(builder, interface, name,
                                                                forward_call, forward);
    }
    return world->stub_imports
               ? spin_component_define_function(builder, interface, name, stub, NULL)
               : NULL; /* for the builder to miss */
}

/* The resources that `target` exports, unless a newer instance has its name. */
static spin_error_t *define_exported(const world_t *world, scene_t *target,
                                     spin_engine_builder_t *builder) {
    spin_component_item_t item = {.size = sizeof item}, other;
    spin_error_t *error = NULL;
    for (size_t i = 0; error == NULL && spin_wasm_component_export(target->component, i, &item);
         i++) {
        char full[400];
        size_t index;
        int len = snprintf(full, sizeof full, "%s#%.*s", target->name, (int)item.name.len,
                           (const char *)item.name.ptr);
        if (item.kind != SPIN_COMPONENT_RESOURCE || (size_t)len >= sizeof full ||
            find_export(world, spin_slice(full), &other, &index) != target)
            continue;
        spin_slice_t interface, name;
        host_split(spin_slice(full), &interface, &name);
        error = spin_component_define_resource(builder, interface, name, &target->identities[i],
                                               NULL, NULL);
    }
    return error;
}

/* Resources are defined whether they are imported or not: one that is imported as another one need
 * not be there, so that the list of imports has it not, but it must be the same if it is. */
static spin_error_t *define_imports(scene_t *scene, spin_engine_builder_t *builder) {
    spin_component_item_t item = {.size = sizeof item};
    spin_error_t *error = NULL;
    for (size_t i = 0; error == NULL && spin_wasm_component_import(scene->component, i, &item); i++)
        error = define_import(scene, builder, &item);
    if (error == NULL)
        error = host_define_resources(scene->world->host, builder);
    for (scene_t *each = scene->world->scenes; error == NULL && each != NULL; each = each->next)
        if (each->name != NULL)
            error = define_exported(scene->world, each, builder);
    return error;
}

/* Core modules that are given for imports of them, with the names that they are imported by. */
typedef struct offer {
    spin_component_module_t *modules;
    size_t len;
    char **names;
} offer_t;

static bool offer_add(offer_t *offer, const char *instance, spin_slice_t name, spin_slice_t bytes) {
    size_t size = strlen(instance) + name.len + 2;
    void *modules = realloc(offer->modules, (offer->len + 1) * sizeof *offer->modules);
    if (modules != NULL)
        offer->modules = modules;
    void *names = realloc(offer->names, (offer->len + 1) * sizeof *offer->names);
    if (names != NULL)
        offer->names = names;
    char *full = modules == NULL || names == NULL ? NULL : malloc(size);
    if (full == NULL)
        return false;
    snprintf(full, size, "%s#%.*s", instance, (int)name.len, (const char *)name.ptr);
    offer->names[offer->len] = full;
    offer->modules[offer->len++] = (spin_component_module_t){spin_slice(full), bytes};
    return true;
}

/* All that the host and other instances have: which of them are imported shows when it is linked.
 * The newest instance of a name comes first, and counts. */
static bool offer_all(offer_t *offer, const world_t *world) {
    bool good = offer_add(offer, "host", spin_slice("simple-module"), host_module());
    for (const scene_t *scene = world->scenes; good && scene != NULL; scene = scene->next) {
        spin_component_item_t item = {.size = sizeof item};
        for (size_t i = 0;
             good && scene->name != NULL && spin_wasm_component_export(scene->component, i, &item);
             i++) {
            spin_slice_t bytes = {0};
            if (item.kind != SPIN_COMPONENT_MODULE)
                continue;
            spin_error_free(spin_wasm_component_module(scene->component, item.name, &bytes));
            if (bytes.len > 0)
                good = offer_add(offer, scene->name, item.name, bytes);
        }
    }
    return good;
}

static spin_error_t *read_component(world_t *world, spin_slice_t bytes,
                                    spin_wasm_component_t **out) {
    offer_t offer = {0};
    spin_error_t *error = no_memory();
    if (offer_all(&offer, world)) {
        spin_wasm_component_options_t options = {
            .size = sizeof options, .modules = offer.modules, .modules_len = offer.len};
        spin_error_free(error);
        error = spin_wasm_component_parse(bytes, &options, out);
    }
    for (size_t i = 0; i < offer.len; i++)
        free(offer.names[i]);
    free(offer.names);
    free(offer.modules);
    return error;
}

/* ── instances ───────────────────────────────────────────────────────────────────────────── */

spin_error_t *world_open(world_t *world) {
    spin_engine_options_t options = {
        .size = sizeof options,
        .max_memory_bytes = 1ULL << 34, /* some components have several memories of 4 GiB */
        .max_instances = 100,
        .timeout_ms = 20 * 1000,
        .cache_dir = world->cache_dir,
        .disable_cache = world->cache_dir == NULL,
    };
    world->host = host_new();
    return world->host == NULL ? no_memory() : spin_engine_new(&options, &world->engine);
}

static void scene_free(scene_t *scene) {
    if (scene == NULL)
        return;
    host_set_quiet(scene->world->host, true);
    spin_instance_free(scene->instance);
    spin_execution_context_free(scene->context);
    host_set_quiet(scene->world->host, false);
    spin_wasm_component_unref(scene->component);
    for (size_t i = 0; i < scene->forwards_len; i++)
        free(scene->forwards[i]);
    free(scene->forwards);
    free(scene->identities);
    free(scene->name);
    free(scene);
}

void world_drop(world_t *world, scene_t *scene) {
    if (scene == NULL || scene->name != NULL)
        return;
    for (scene_t **each = &world->scenes; *each != NULL; each = &(*each)->next) {
        if (*each == scene) {
            *each = scene->next;
            break;
        }
    }
    scene_free(scene);
}

void world_close(world_t *world) {
    while (world->scenes != NULL) { /* the newest first: it imports from older ones */
        scene_t *scene = world->scenes;
        world->scenes = scene->next;
        scene_free(scene);
    }
    spin_engine_unref(world->engine);
    host_free(world->host);
}

spin_error_t *world_instantiate(world_t *world, spin_slice_t bytes, const char *name,
                                scene_t **out) {
    spin_engine_builder_t *builder = NULL;
    spin_engine_options_t options = {.size = sizeof options, .engine = world->engine};
    scene_t *scene = calloc(1, sizeof *scene);
    if (scene == NULL)
        return no_memory();
    scene->world = world;
    spin_error_t *error = read_component(world, bytes, &scene->component);
    if (error == NULL)
        error = spin_engine_builder_new(NULL, &options, &builder);
    if (error == NULL)
        error = spin_engine_builder_add_component(builder, spin_slice("it"), scene->component);
    if (error == NULL)
        error = define_imports(scene, builder);
    if (error == NULL) {
        error = spin_engine_builder_build(builder, &scene->context);
        builder = NULL;
    }
    spin_engine_builder_free(builder);
    if (error == NULL)
        error = spin_execution_context_prepare_component(scene->context, spin_slice("it"), NULL,
                                                         &scene->instance);
    if (error == NULL) {
        scene->identities = calloc(1, spin_wasm_component_export_count(scene->component) + 1);
        scene->name = name == NULL ? NULL : strdup(name);
        if (scene->identities == NULL || (name != NULL && scene->name == NULL))
            error = no_memory();
    }
    if (error != NULL) {
        scene_free(scene);
        return error;
    }
    scene->next = world->scenes;
    world->scenes = scene;
    *out = scene;
    return NULL;
}
