/* What the files of the component suite's runner share. They see the public headers only. */
#ifndef COMPONENT_SUITE_H
#define COMPONENT_SUITE_H

#include <jansson.h>
#include <stdbool.h>

#include "spin/component.h"

/* ── host.c: what the suites' components import ──────────────────────────────────────────── */

typedef struct host host_t;

host_t *host_new(void);
void host_free(host_t *host);
/* While `quiet` dropped resources are not counted: an instance that ends drops what it has left. */
void host_set_quiet(host_t *host, bool quiet);
/* Defines import `item` where the host has such a function. False: it has not, or `*error` says
 * what went wrong. */
bool host_define(host_t *host, spin_engine_builder_t *builder, const spin_component_item_t *item,
                 spin_error_t **error);
/* Defines all resources of the host. */
spin_error_t *host_define_resources(host_t *host, spin_engine_builder_t *builder);
/* Whether the host has something of another kind, or a function where an instance is imported. */
bool host_conflicts(const spin_component_item_t *item);
/* The core module "simple-module" of its instance "host". */
spin_slice_t host_module(void);
/* "a#b#c" is c of "a#b"; "c" is c of the root, whose name is empty. */
void host_split(spin_slice_t item, spin_slice_t *interface, spin_slice_t *name);

/* ── values.c: values as the suites' JSON has them ───────────────────────────────────────── */

/* Memory for values, freed at once. All zero is an empty one. */
typedef struct values {
    void **blocks;
    size_t len;
} values_t;

void values_clear(values_t *values);
/* Reads `json`, {"type": "u32", "value": "7"}, as a value of `type`. False: it is not one. */
bool values_read(values_t *values, const json_t *json, const spin_type_t *type, spin_value_t *out);
/* The same for an array of arguments. */
bool values_read_args(values_t *values, const json_t *json, const spin_function_t *function,
                      spin_value_t **out, size_t *len);

/* ── worlds.c: instances ─────────────────────────────────────────────────────────────────── */

typedef struct world world_t;
/* An instance and all that it stands on. */
typedef struct scene {
    struct scene *next;
    world_t *world;
    char *name; /* NULL: nobody imports it */
    spin_wasm_component_t *component;
    spin_execution_context_t *context;
    spin_instance_t *instance;
    char *identities; /* byte i stands for the resource that is export i */
    void **forwards;
    size_t forwards_len;
} scene_t;

/* All instances of a run. */
struct world {
    spin_engine_t *engine;
    host_t *host;
    scene_t *scenes;
    bool stub_imports; /* what nobody has traps when it is called */
    const char *cache_dir;
};

spin_error_t *world_open(world_t *world);
void world_close(world_t *world);
/* Instantiates the component in `bytes`. `name` may be NULL. */
spin_error_t *world_instantiate(world_t *world, spin_slice_t bytes, const char *name,
                                scene_t **out);
/* Frees an instance that nobody imports. */
void world_drop(world_t *world, scene_t *scene);

#endif
