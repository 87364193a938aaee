/* Two component instances made by hand, a caller and a callee, whose adapter is fused and run. Both
 * have the same core module but for the function in question:
 *
 *   the caller's "run" passes what stands in its slots ARGS to the import and stores the result;
 *   the callee's "f" stores its parameters into its slots ARGS and returns what stands in RESULT;
 *   "realloc" notes what it is asked for and gives new memory, or what ANSWER says. */
#ifndef TESTS_ADAPTER_SCENE_H
#define TESTS_ADAPTER_SCENE_H

#include <stdlib.h>

#include "cmocka_all.h"

#include "base/buf.h"
#include "component/adapter_code.h"
#include "component/signature.h"
#include "engine/engine.h"
#include "spin/wit.h"
#include "wasm/writer.h"
#include "wasm_signals.h"

/* Addresses in both memories; slots are 8 bytes. */
enum {
    SCENE_ARGS = 0,
    SCENE_RESULT = 256,
    SCENE_ANSWER = 264,  /* if not 0: what realloc answers */
    SCENE_NEXT = 272,    /* what it gives next */
    SCENE_LOGGED = 280,  /* how many calls it noted */
    SCENE_LOG = 288,     /* four slots for each: old, old size, alignment, size */
    SCENE_POSTED = 1024, /* what post-return was given, plus 1 */
    SCENE_DATA = 2048,   /* free for tests */
    SCENE_HEAP = 16384,
    SCENE_PAGES = 2,
    SCENE_MEMORY = SCENE_PAGES * 65536,
};

typedef struct scene_side {
    ast_encoding_t encoding;
    bool memory64;
    bool post_return;
} scene_side_t;

enum { CALLEE = 0, CALLER = 1 };

typedef struct scene {
    arena_t arena;
    spin_wit_t *wit;
    buf_t fused;
    linked_component_t linked;
    wasm_engine_t *engine;
    wasmtime_store_t *store;
    wasmtime_context_t *context;
    wasmtime_memory_t memories[2];
    wasmtime_func_t run;
    wasmtime_global_t flags[2];
    int32_t trapped; /* the code; -1: none */
    buf_t calls;     /* what the runtime was asked for: "borrow(0,1,0,7) " */
} scene_t;

static inline void scene_ok(spin_error_t *error) {
    if (error == NULL)
        return;
    char text[512];
    spin_error_format(error, text, sizeof text);
    fail_msg("%s", text);
}

/* ── core modules ──────────────────────────────────────────────────────────────────────── */

static inline uint8_t scene_type(char letter) {
    return letter == 'I'   ? CORE_I64
           : letter == 'f' ? CORE_F32
           : letter == 'F' ? CORE_F64
                           : CORE_I32;
}

static inline void scene_put_types(buf_t *out, const char *letters) {
    core_put_u32(out, (uint32_t)strlen(letters));
    for (; *letters != '\0'; letters++)
        buf_append_byte(out, scene_type(*letters));
}

static inline void scene_put_func_type(buf_t *out, const char *params, const char *results) {
    buf_append_byte(out, CORE_TYPE_FUNC);
    scene_put_types(out, params);
    scene_put_types(out, results);
}

static inline void scene_load(code_t *code, char p, char letter, uint32_t at) {
    static const char letters[] = "iIfF";
    static const uint32_t ops[] = {OP_I32_LOAD, OP_I64_LOAD, OP_F32_LOAD, OP_F64_LOAD};
    code_const(code, p, 0);
    code_load(code, ops[strchr(letters, letter) - letters], (code_memory_t){0}, at);
}

static inline void scene_store(code_t *code, char letter, uint32_t at) {
    static const char letters[] = "iIfF";
    static const uint32_t ops[] = {OP_I32_STORE, OP_I64_STORE, OP_F32_STORE, OP_F64_STORE};
    code_store(code, ops[strchr(letters, letter) - letters], (code_memory_t){0}, at);
}

static inline void scene_put_body(buf_t *out, code_t *code) {
    size_t mark = core_put_sized_begin(out);
    code_finish(code, out);
    core_put_sized_end(out, mark);
}

static inline void scene_put_realloc(buf_t *out, char p) {
    enum { OLD, OLD_SIZE, ALIGN, SIZE, POINTER };
    code_t code;
    char params[] = {p, p, p, p, 0};
    code_init(&code, NULL, params);
    uint32_t pointer = code_local(&code, p), log = code_local(&code, p);
    scene_load(&code, p, p, SCENE_LOGGED);
    code_const(&code, p, 32);
    code_int(&code, p, OP_MUL);
    code_set(&code, log);
    for (uint32_t i = OLD; i <= SIZE; i++) {
        code_get(&code, log);
        code_get(&code, i);
        scene_store(&code, p, SCENE_LOG + 8 * i);
    }
    code_const(&code, p, 0);
    scene_load(&code, p, p, SCENE_LOGGED);
    code_const(&code, p, 1);
    code_int(&code, p, OP_ADD);
    scene_store(&code, p, SCENE_LOGGED);
    scene_load(&code, p, p, SCENE_ANSWER);
    code_tee(&code, pointer);
    code_convert(&code, p, 'i');
    code_if(&code);
    code_get(&code, pointer);
    code_op(&code, OP_RETURN);
    code_end(&code);
    /* pointer = (next + align - 1) & -align */
    scene_load(&code, p, p, SCENE_NEXT);
    code_get(&code, ALIGN);
    code_int(&code, p, OP_ADD);
    code_const(&code, p, 1);
    code_int(&code, p, OP_SUB);
    code_const(&code, p, 0);
    code_get(&code, ALIGN);
    code_int(&code, p, OP_SUB);
    code_int(&code, p, OP_AND);
    code_set(&code, pointer);
    code_const(&code, p, 0);
    code_get(&code, pointer);
    code_get(&code, SIZE);
    code_int(&code, p, OP_ADD);
    scene_store(&code, p, SCENE_NEXT);
    code_get(&code, pointer);
    code_get(&code, OLD);
    code_get(&code, OLD_SIZE);
    code_get(&code, SIZE);
    code_get(&code, OLD_SIZE);
    code_get(&code, SIZE);
    code_int(&code, p, OP_LT_U);
    code_op(&code, 0x1b); /* select the smaller */
    code_memory_copy(&code, (code_memory_t){0}, (code_memory_t){0});
    code_get(&code, pointer);
    scene_put_body(out, &code);
}

/* The callee's "f": parameters into slots, the result from one. */
static inline void scene_put_callee(buf_t *out, char p, const signature_t *signature) {
    code_t code;
    code_init(&code, NULL, signature->params);
    for (uint32_t i = 0; signature->params[i] != 0; i++) {
        code_const(&code, p, 0);
        code_get(&code, i);
        scene_store(&code, signature->params[i], SCENE_ARGS + 8 * i);
    }
    if (signature->results[0] != 0)
        scene_load(&code, p, signature->results[0], SCENE_RESULT);
    scene_put_body(out, &code);
}

/* The caller's "run": function 0 is the import. */
static inline void scene_put_caller(buf_t *out, char p, const signature_t *signature) {
    code_t code;
    code_init(&code, NULL, "");
    if (signature->results[0] != 0)
        code_const(&code, p, 0);
    for (uint32_t i = 0; signature->params[i] != 0; i++)
        scene_load(&code, p, signature->params[i], SCENE_ARGS + 8 * i);
    code_call(&code, 0);
    if (signature->results[0] != 0)
        scene_store(&code, signature->results[0], SCENE_RESULT);
    scene_put_body(out, &code);
}

static inline void scene_put_post(buf_t *out, char p, const char *params) {
    code_t code;
    code_init(&code, NULL, params);
    code_const(&code, p, 0);
    if (params[0] == 0)
        code_const(&code, 'I', 0);
    else
        code_get(&code, 0);
    code_convert(&code, params[0] == 0 ? 'I' : params[0], 'I');
    code_const(&code, 'I', 1);
    code_int(&code, 'I', OP_ADD);
    scene_store(&code, 'I', SCENE_POSTED);
    scene_put_body(out, &code);
}

/* Functions, after the caller's import: 0 realloc, 1 the function itself, 2 post-return. */
static inline spin_slice_t scene_module(scene_t *scene, bool is_caller, bool memory64,
                                        const signature_t *signature) {
    buf_t out = {0};
    char p = memory64 ? 'I' : 'i';
    core_put_preamble(&out);
    size_t mark = core_put_section_begin(&out, CORE_SECTION_TYPE);
    core_put_u32(&out, 4);
    scene_put_func_type(&out, memory64 ? "IIII" : "iiii", memory64 ? "I" : "i");
    scene_put_func_type(&out, signature->params, signature->results);
    scene_put_func_type(&out, "", "");
    scene_put_func_type(&out, signature->results, "");
    core_put_sized_end(&out, mark);
    if (is_caller) {
        mark = core_put_section_begin(&out, CORE_SECTION_IMPORT);
        core_put_u32(&out, 1);
        core_put_name(&out, spin_slice("m"));
        core_put_name(&out, spin_slice("f"));
        buf_append(&out, spin_slice_of((const uint8_t[]){CORE_EXTERN_FUNC, 1}, 2));
        core_put_sized_end(&out, mark);
    }
    mark = core_put_section_begin(&out, CORE_SECTION_FUNCTION);
    buf_append(&out, spin_slice_of((const uint8_t[]){3, 0, is_caller ? 2 : 1, 3}, 4));
    core_put_sized_end(&out, mark);
    mark = core_put_section_begin(&out, CORE_SECTION_MEMORY);
    buf_append(&out,
               spin_slice_of((const uint8_t[]){1, memory64 ? 5 : 1, SCENE_PAGES, SCENE_PAGES}, 4));
    core_put_sized_end(&out, mark);
    mark = core_put_section_begin(&out, CORE_SECTION_CODE);
    core_put_u32(&out, 3);
    scene_put_realloc(&out, p);
    if (is_caller)
        scene_put_caller(&out, p, signature);
    else
        scene_put_callee(&out, p, signature);
    scene_put_post(&out, p, signature->results);
    core_put_sized_end(&out, mark);
    spin_slice_t kept = arena_copy(&scene->arena, buf_slice(&out));
    assert_false(out.failed);
    buf_deinit(&out);
    return kept;
}

/* ── the linked component ──────────────────────────────────────────────────────────────── */

static inline linked_item_t scene_item(core_extern_kind_t sort, uint32_t owner, uint32_t index) {
    return (linked_item_t){LINKED_DEFINED, sort, owner, index};
}

static inline const spin_function_t *scene_function(scene_t *scene, const char *types,
                                                    const char *function) {
    buf_t text = {0};
    buf_printf(&text, "package t:t;\ninterface i {\n%s\nf: func%s;\nnothing: func();\n}\n", types,
               function);
    const spin_function_t *found;
    scene_ok(spin_wit_parse(buf_slice(&text), "t.wit", NULL, &scene->wit));
    scene_ok(spin_wit_function(scene->wit, spin_slice("f"), &found));
    buf_deinit(&text);
    return found;
}

#define SCENE_NEW(scene, type) ((type *)arena_calloc(&(scene)->arena, 8, sizeof(type)))

static inline void scene_link(scene_t *scene, const spin_function_t *type,
                              const scene_side_t *callee, const scene_side_t *caller) {
    linked_options_t *options = SCENE_NEW(scene, linked_options_t);
    const scene_side_t *sides[2] = {callee, caller};
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t imported = i == CALLER ? 1 : 0;
        options[i] = (linked_options_t){.encoding = sides[i]->encoding,
                                        .memory64 = sides[i]->memory64,
                                        .memory = scene_item(CORE_EXTERN_MEMORY, i, 0),
                                        .realloc = scene_item(CORE_EXTERN_FUNC, i, imported),
                                        .memory_number = i,
                                        .realloc_number = i};
        if (sides[i]->post_return)
            options[i].post_return = scene_item(CORE_EXTERN_FUNC, i, imported + 2);
    }
    options[2] = (linked_options_t){.memory_number = LINKED_NONE, .realloc_number = LINKED_NONE};
    signature_t lift = signature_of_lift(type, &options[CALLEE]);
    signature_t lower = signature_of_lower(type, &options[CALLER]);

    linked_module_t *modules = SCENE_NEW(scene, linked_module_t);
    linked_instance_t *instances = SCENE_NEW(scene, linked_instance_t);
    linked_component_instance_t *components = SCENE_NEW(scene, linked_component_instance_t);
    linked_item_t *imports = SCENE_NEW(scene, linked_item_t);
    components[0].parent = LINKED_NONE;
    imports[0] = (linked_item_t){.kind = LINKED_LOWER, .sort = CORE_EXTERN_FUNC};
    for (uint32_t i = 0; i < 2; i++) {
        core_module_t *module = SCENE_NEW(scene, core_module_t);
        modules[i].bytes =
            scene_module(scene, i == CALLER, sides[i]->memory64, i == CALLER ? &lower : &lift);
        scene_ok(core_module_read(&scene->arena, modules[i].bytes, module));
        modules[i].module = module;
        instances[i] = (linked_instance_t){i, i + 1, imports};
        components[i + 1].parent = 0;
    }
    linked_lift_t *lifts = SCENE_NEW(scene, linked_lift_t);
    linked_lower_t *lowers = SCENE_NEW(scene, linked_lower_t);
    const spin_function_t *nothing;
    scene_ok(spin_wit_function(scene->wit, spin_slice("nothing"), &nothing));
    lifts[0] = (linked_lift_t){.func = scene_item(CORE_EXTERN_FUNC, CALLEE, 1),
                               .options = CALLEE,
                               .component = 1,
                               .type = type};
    lifts[1] = (linked_lift_t){.func = scene_item(CORE_EXTERN_FUNC, CALLER, 2),
                               .options = 2,
                               .component = 2,
                               .type = nothing,
                               .export_name = spin_slice("run")};
    lowers[0] = (linked_lower_t){.options = CALLER, .component = 2, .type = type};
    scene->linked = (linked_component_t){.arena = &scene->arena,
                                         .modules = modules,
                                         .instances = instances,
                                         .components = components,
                                         .options = options,
                                         .lifts = lifts,
                                         .lowers = lowers,
                                         .module_count = 2,
                                         .instance_count = 2,
                                         .component_count = 3,
                                         .option_count = 3,
                                         .lift_count = 2,
                                         .lower_count = 1,
                                         .memory_count = 2,
                                         .realloc_count = 2};
}

/* ── running ───────────────────────────────────────────────────────────────────────────── */

static inline wasm_trap_t *scene_trap(void *env, wasmtime_caller_t *caller,
                                      const wasmtime_val_t *args, size_t nargs,
                                      wasmtime_val_t *results, size_t nresults) {
    scene_t *scene = env;
    (void)caller, (void)nargs, (void)results, (void)nresults;
    scene->trapped = args[0].of.i32;
    return wasmtime_trap_new("trap", 4);
}

/* Transfers give the handle plus 100. */
static inline wasm_trap_t *scene_note(void *env, wasmtime_caller_t *caller,
                                      const wasmtime_val_t *args, size_t nargs,
                                      wasmtime_val_t *results, size_t nresults) {
    scene_t *scene = env;
    (void)caller;
    buf_append_text(&scene->calls, nresults > 0 ? "transfer" : "call");
    for (size_t i = 0; i < nargs; i++)
        buf_printf(&scene->calls, " %d", args[i].of.i32);
    buf_append_text(&scene->calls, ";");
    for (size_t i = 0; i < nresults; i++)
        results[i] = (wasmtime_val_t){.kind = WASMTIME_I32, .of.i32 = args[nargs - 1].of.i32 + 100};
    return NULL;
}

static inline void scene_wasmtime_ok(wasmtime_error_t *error) {
    if (error == NULL)
        return;
    wasm_name_t text;
    wasmtime_error_message(error, &text);
    fail_msg("%.*s", (int)text.size, text.data);
}

static inline wasmtime_extern_t scene_export(scene_t *scene, const wasmtime_instance_t *instance,
                                             const char *name) {
    wasmtime_extern_t found;
    if (!wasmtime_instance_export_get(scene->context, instance, name, strlen(name), &found))
        fail_msg("no export \"%s\"", name);
    return found;
}

static inline void scene_define(scene_t *scene, wasmtime_linker_t *linker,
                                wasmtime_module_t *module) {
    wasm_importtype_vec_t imports;
    wasmtime_module_imports(module, &imports);
    for (size_t i = 0; i < imports.size; i++) {
        const wasm_name_t *from = wasm_importtype_module(imports.data[i]);
        const wasm_name_t *name = wasm_importtype_name(imports.data[i]);
        bool is_trap = name->size == 4 && memcmp(name->data, "trap", 4) == 0;
        const wasm_functype_t *type =
            wasm_externtype_as_functype_const(wasm_importtype_type(imports.data[i]));
        scene_wasmtime_ok(
            wasmtime_linker_define_func(linker, from->data, from->size, name->data, name->size,
                                        type, is_trap ? scene_trap : scene_note, scene, NULL));
    }
    wasm_importtype_vec_delete(&imports);
}

static inline void scene_instantiate(scene_t *scene) {
    wasm_config_t *config = wasm_config_new();
    wasmtime_config_wasm_multi_memory_set(config, true);
    wasmtime_config_wasm_memory64_set(config, true);
    scene->engine = wasm_engine_new_with_config(config);
    wasmtime_module_t *module;
    scene_wasmtime_ok(
        wasmtime_module_new(scene->engine, scene->fused.ptr, scene->fused.len, &module));
    scene->store = wasmtime_store_new(scene->engine, NULL, NULL);
    scene->context = wasmtime_store_context(scene->store);
    wasmtime_linker_t *linker = wasmtime_linker_new(scene->engine);
    scene_define(scene, linker, module);
    wasmtime_instance_t instance;
    wasm_trap_t *trap = NULL;
    scene_wasmtime_ok(
        wasmtime_linker_instantiate(linker, scene->context, module, &instance, &trap));
    assert_null(trap);
    scene->memories[CALLEE] = scene_export(scene, &instance, "memory").of.memory;
    scene->memories[CALLER] = scene_export(scene, &instance, "memory:1").of.memory;
    scene->flags[CALLEE] = scene_export(scene, &instance, "spin:flags:1").of.global;
    scene->flags[CALLER] = scene_export(scene, &instance, "spin:flags:2").of.global;
    scene->run = scene_export(scene, &instance, "run").of.func;
    wasmtime_linker_delete(linker);
    wasmtime_module_delete(module);
}

static inline uint8_t *scene_at(scene_t *scene, int side, uint32_t address) {
    return wasmtime_memory_data(scene->context, &scene->memories[side]) + address;
}

static inline uint64_t scene_slot(scene_t *scene, int side, uint32_t address) {
    uint64_t value;
    memcpy(&value, scene_at(scene, side, address), sizeof value);
    return value;
}

static inline void scene_set(scene_t *scene, int side, uint32_t address, uint64_t value) {
    memcpy(scene_at(scene, side, address), &value, sizeof value);
}

/* `types` are declarations, `function` parameters and result: "(a: string) -> u8". */
static inline void scene_open(scene_t *scene, const char *types, const char *function,
                              scene_side_t caller, scene_side_t callee) {
    *scene = (scene_t){.trapped = -1};
    wasm_signals_restore();
    scene_link(scene, scene_function(scene, types, function), &callee, &caller);
    scene_ok(component_fuse(&scene->linked, NULL, &scene->fused));
    scene_instantiate(scene);
    for (int i = 0; i < 2; i++)
        scene_set(scene, i, SCENE_NEXT, SCENE_HEAP);
}

static inline bool scene_run(scene_t *scene) {
    wasm_trap_t *trap = NULL;
    scene->trapped = -1;
    wasmtime_error_t *error =
        wasmtime_func_call(scene->context, &scene->run, NULL, 0, NULL, 0, &trap);
    bool is_done = trap == NULL && error == NULL;
    if (trap != NULL)
        wasm_trap_delete(trap);
    if (error != NULL)
        wasmtime_error_delete(error);
    return is_done;
}

static inline void scene_close(scene_t *scene) {
    wasmtime_store_delete(scene->store);
    wasm_engine_delete(scene->engine);
    buf_deinit(&scene->fused);
    buf_deinit(&scene->calls);
    spin_wit_free(scene->wit);
    arena_deinit(&scene->arena);
}

#endif
