/* A component's binary (component model): to load, to look at, to print, to fuse. To run one see
 * <spin/component.h>, which includes this. */
#ifndef SPIN_WASM_COMPONENT_H
#define SPIN_WASM_COMPONENT_H

#include <stdbool.h>

#include "spin/error.h"
#include "spin/slice.h"
#include "spin/value.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A component's binary, decoded, valid and linked. Does not change; any thread may read it. */
typedef struct spin_wasm_component spin_wasm_component_t;

/* A core module that is given for an import of one. */
typedef struct spin_component_module {
    spin_slice_t name;  /* of the import; "instance#name" of one in an instance */
    spin_slice_t bytes; /* copied */
} spin_component_module_t;

/* How a component is read. */
typedef struct spin_wasm_component_options {
    size_t size; /* sizeof(spin_wasm_component_options_t) */
    /* Core modules for imports of them. */
    const spin_component_module_t *modules;
    size_t modules_len;
    /* It can be looked at but not run; also where its imports can't be satisfied by any host: then
     * what is in its instances is not listed. */
    bool definition_only;
} spin_wasm_component_options_t;

/* Reads `path`. `options` may be NULL. What core modules do is not looked at here, only what they
 * import and export: their function bodies are validated when an engine loads it for the first time
 * (spin_engine_builder_build: INVALID). The caller drops `*out` with spin_wasm_component_unref.
 * Errors: INVALID, with the byte offset and the reason; UNSUPPORTED; NOT_FOUND (the file; a core
 * module that it imports); LIMIT; IO; NO_MEMORY; USAGE. */
SPIN_API spin_error_t *spin_wasm_component_load(const char *path,
                                                const spin_wasm_component_options_t *options,
                                                spin_wasm_component_t **out);
/* The same for bytes, which are copied. */
SPIN_API spin_error_t *spin_wasm_component_parse(spin_slice_t bytes,
                                                 const spin_wasm_component_options_t *options,
                                                 spin_wasm_component_t **out);
/* One more reference; returns `component`. Any thread. */
SPIN_API spin_wasm_component_t *spin_wasm_component_ref(spin_wasm_component_t *component);
/* One less; NULL is allowed. Any thread. */
SPIN_API void spin_wasm_component_unref(spin_wasm_component_t *component);

/* What is imported or exported. The numbers are part of the ABI. */
typedef enum spin_component_item_kind {
    SPIN_COMPONENT_FUNCTION = 1,
    SPIN_COMPONENT_INSTANCE,
    SPIN_COMPONENT_TYPE,
    SPIN_COMPONENT_RESOURCE,
    SPIN_COMPONENT_MODULE,
    SPIN_COMPONENT_COMPONENT,
} spin_component_item_kind_t;
/* An import or export, borrowed from the component. Those in an instance are named with it:
 * "wasi:io/poll@0.2.0#poll". */
typedef struct spin_component_item {
    size_t size; /* sizeof(spin_component_item_t) */
    spin_component_item_kind_t kind;
    spin_slice_t name;
    const spin_function_t *function; /* FUNCTION */
    const spin_type_t *type;         /* TYPE */
} spin_component_item_t;

/* All of them, those in instances after their instance. */
SPIN_API size_t spin_wasm_component_import_count(const spin_wasm_component_t *component);
SPIN_API size_t spin_wasm_component_export_count(const spin_wasm_component_t *component);
/* Fills in `out`, whose `size` is set. False: there is no such index. */
SPIN_API bool spin_wasm_component_import(const spin_wasm_component_t *component, size_t index,
                                         spin_component_item_t *out);
SPIN_API bool spin_wasm_component_export(const spin_wasm_component_t *component, size_t index,
                                         spin_component_item_t *out);
/* An exported core module's bytes, borrowed. Errors: NOT_FOUND. */
SPIN_API spin_error_t *spin_wasm_component_module(const spin_wasm_component_t *component,
                                                  spin_slice_t name, spin_slice_t *out);

/* Its world as WIT. `*out` is for spin_string_clear. Errors: UNSUPPORTED (what WIT has no words
 * for), NO_MEMORY. */
SPIN_API spin_error_t *spin_wasm_component_wit(const spin_wasm_component_t *component,
                                               spin_string_t *out);
/* Its definitions as text, core modules in outline. */
SPIN_API spin_error_t *spin_wasm_component_print(const spin_wasm_component_t *component,
                                                 spin_string_t *out);
/* The core module that it is run as. Errors: USAGE (a definition only), INVALID, UNSUPPORTED,
 * LIMIT, NO_MEMORY. */
SPIN_API spin_error_t *spin_wasm_component_fuse(const spin_wasm_component_t *component,
                                                spin_string_t *out);

#ifdef __cplusplus
}
#endif

#endif
