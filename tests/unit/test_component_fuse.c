/* The fused modules of tests/component/data/fuse_*.wasm (the text is beside each; make them again
 * with `wasm-tools parse`), by what is in them and by running them. */
#include <stdio.h>
#include <stdlib.h>
#include <wasmtime.h>

#include "cmocka_all.h"
#include "component/fuse.h"
#include "engine/shim.h" /* for CMake: links Wasmtime */
#include "failing_alloc.h"
#include "wasm/module.h"
#include "wasm/writer.h"
#include "wasm_signals.h"

typedef struct guest guest_t;

/* What an import does: writes into `log`, may set the result. */
typedef wasm_trap_t *import_fn(guest_t *guest, wasmtime_caller_t *caller, const char *name,
                               const wasmtime_val_t *args, wasmtime_val_t *results);

typedef struct binding {
    guest_t *guest;
    char name[80];
    wasm_valkind_t result;
} binding_t;

struct guest {
    arena_t arena;
    buf_t fused;
    buf_t bytes;
    core_module_t module;
    wasm_engine_t *engine;
    wasmtime_store_t *store;
    wasmtime_linker_t *linker;
    wasmtime_instance_t instance;
    binding_t bindings[16];
    import_fn *import;
    char log[400];
    int step;
};

static void check_error(spin_error_t *error) {
    char message[256];
    if (error == NULL)
        return;
    spin_error_format(error, message, sizeof message);
    spin_error_free(error);
    fail_msg("%s", message);
}

static void read_file(const char *name, buf_t *out) {
    char path[400];
    snprintf(path, sizeof path, "%s/tests/component/data/%s.wasm", SPIN_SOURCE_DIR, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    uint8_t bytes[4096];
    for (size_t len; (len = fread(bytes, 1, sizeof bytes, file)) > 0;)
        buf_append(out, spin_slice_of(bytes, len));
    fclose(file);
}

static spin_error_t *fuse_bytes(arena_t *arena, spin_slice_t bytes, buf_t *out) {
    const ast_component_t *component;
    linked_component_t linked;
    spin_error_t *error = component_decode(arena, bytes, &component);
    if (error == NULL)
        error = component_link(arena, component, NULL, &linked);
    return error == NULL ? component_fuse(&linked, NULL, out) : error;
}

static guest_t *fuse_file(const char *name) {
    guest_t *guest = calloc(1, sizeof *guest);
    assert_non_null(guest);
    read_file(name, &guest->bytes);
    check_error(fuse_bytes(&guest->arena, buf_slice(&guest->bytes), &guest->fused));
    check_error(core_module_read(&guest->arena, buf_slice(&guest->fused), &guest->module));
    return guest;
}

static void free_guest(guest_t *guest) {
    if (guest->linker != NULL)
        wasmtime_linker_delete(guest->linker);
    if (guest->store != NULL)
        wasmtime_store_delete(guest->store);
    if (guest->engine != NULL)
        wasm_engine_delete(guest->engine);
    buf_deinit(&guest->fused);
    buf_deinit(&guest->bytes);
    arena_deinit(&guest->arena);
    free(guest);
}

/* ── running ── */

static void note(guest_t *guest, const char *text) {
    size_t len = strlen(guest->log);
    snprintf(guest->log + len, sizeof guest->log - len, "%s%s", len == 0 ? "" : "; ", text);
}

static wasm_trap_t *on_import(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *args,
                              size_t arg_count, wasmtime_val_t *results, size_t result_count) {
    const binding_t *binding = env;
    char line[200];
    if (strcmp(binding->name, "spin:runtime trap") == 0) {
        const char *text = fuse_trap_text((fuse_trap_t)args[0].of.i32);
        return wasmtime_trap_new(text, strlen(text));
    }
    int len = snprintf(line, sizeof line, "%s", binding->name);
    for (size_t i = 0; i < arg_count; i++)
        len += snprintf(line + len, sizeof line - (size_t)len, " %d", (int)args[i].of.i32);
    note(binding->guest, line);
    for (size_t i = 0; i < result_count; i++)
        results[i] = (wasmtime_val_t){.kind = binding->result};
    if (binding->guest->import == NULL)
        return NULL;
    return binding->guest->import(binding->guest, caller, binding->name, args, results);
}

/* The message of an error or trap, or NULL. */
static const char *message_of(guest_t *guest, wasmtime_error_t *error, wasm_trap_t *trap) {
    wasm_byte_vec_t message;
    if (error == NULL && trap == NULL)
        return NULL;
    if (error != NULL)
        wasmtime_error_message(error, &message);
    else
        wasm_trap_message(trap, &message);
    char *copy = arena_copy_text(&guest->arena, spin_slice_of(message.data, message.size));
    wasm_byte_vec_delete(&message);
    if (error != NULL)
        wasmtime_error_delete(error);
    if (trap != NULL)
        wasm_trap_delete(trap);
    return copy;
}

static void define_imports(guest_t *guest, const wasmtime_module_t *module) {
    wasm_importtype_vec_t imports;
    wasmtime_module_imports(module, &imports);
    assert_in_range(imports.size, 0, 16);
    for (size_t i = 0; i < imports.size; i++) {
        const wasm_name_t *from = wasm_importtype_module(imports.data[i]);
        const wasm_name_t *name = wasm_importtype_name(imports.data[i]);
        binding_t *binding = &guest->bindings[i];
        binding->guest = guest;
        snprintf(binding->name, sizeof binding->name, "%.*s %.*s", (int)from->size, from->data,
                 (int)name->size, name->data);
        const wasm_functype_t *type =
            wasm_externtype_as_functype_const(wasm_importtype_type(imports.data[i]));
        if (wasm_functype_results(type)->size > 0)
            binding->result = wasm_valtype_kind(wasm_functype_results(type)->data[0]);
        assert_null(wasmtime_linker_define_func(guest->linker, from->data, from->size, name->data,
                                                name->size, type, on_import, binding, NULL));
    }
    wasm_importtype_vec_delete(&imports);
}

/* Instantiates; the message of the trap, or NULL. */
static const char *start(guest_t *guest, import_fn *import) {
    wasmtime_module_t *module;
    wasm_trap_t *trap = NULL;
    wasm_signals_restore();
    guest->import = import;
    wasm_config_t *config = wasm_config_new();
    guest->engine = wasm_engine_new_with_config(config);
    guest->store = wasmtime_store_new(guest->engine, NULL, NULL);
    guest->linker = wasmtime_linker_new(guest->engine);
    wasmtime_error_t *error =
        wasmtime_module_new(guest->engine, guest->fused.ptr, guest->fused.len, &module);
    if (error != NULL)
        fail_msg("%s", message_of(guest, error, NULL));
    define_imports(guest, module);
    error = wasmtime_linker_instantiate(guest->linker, wasmtime_store_context(guest->store), module,
                                        &guest->instance, &trap);
    wasmtime_module_delete(module);
    return message_of(guest, error, trap);
}

/* Calls an export with at most one parameter and result, both i32. */
static const char *call(guest_t *guest, const char *name, int32_t param, int32_t *result) {
    wasmtime_context_t *context = wasmtime_store_context(guest->store);
    wasmtime_extern_t found;
    wasm_trap_t *trap = NULL;
    assert_true(
        wasmtime_instance_export_get(context, &guest->instance, name, strlen(name), &found));
    assert_int_equal(found.kind, WASMTIME_EXTERN_FUNC);
    wasm_functype_t *type = wasmtime_func_type(context, &found.of.func);
    size_t params = wasm_functype_params(type)->size, results = wasm_functype_results(type)->size;
    wasm_functype_delete(type);
    wasmtime_val_t arg = {.kind = WASMTIME_I32, .of.i32 = param}, value = {0};
    wasmtime_error_t *error =
        wasmtime_func_call(context, &found.of.func, &arg, params, &value, results, &trap);
    if (result != NULL)
        *result = value.of.i32;
    return message_of(guest, error, trap);
}

static void check_contains(const char *text, const char *part) {
    assert_non_null(text);
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", part, text);
}

/* ── the tests ── */

static void shims_are_seen_through(void **state) {
    (void)state;
    guest_t *guest = fuse_file("fuse_shim");
    assert_int_equal(guest->module.table_count, 0);
    for (uint32_t i = 0; i < guest->module.function_count; i++)
        assert_null(memchr(guest->module.bodies[i].ptr, 0x11, guest->module.bodies[i].len));
    assert_null(start(guest, NULL));
    assert_null(call(guest, "run", 0, NULL));
    assert_string_equal(guest->log, "$root log 16 5");
    free_guest(guest);
}

static void shims_stay_where_code_runs_before(void **state) {
    (void)state;
    guest_t *guest = fuse_file("fuse_shim_start");
    assert_int_equal(guest->module.table_count, 1);
    assert_true(guest->module.has_start);
    assert_int_equal(guest->module.elements[0].mode, CORE_SEGMENT_PASSIVE);
    assert_null(start(guest, NULL));
    assert_null(call(guest, "run", 0, NULL));
    assert_string_equal(guest->log, "$root log 16 5");
    free_guest(guest);
}

static void segments_and_starts_keep_their_order(void **state) {
    (void)state;
    guest_t *guest = fuse_file("fuse_order");
    static const core_segment_mode_t data[] = {CORE_SEGMENT_ACTIVE, CORE_SEGMENT_ACTIVE,
                                               CORE_SEGMENT_PASSIVE, CORE_SEGMENT_PASSIVE};
    assert_int_equal(guest->module.data_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(guest->module.data[i].mode, data[i]);
    assert_int_equal(guest->module.elements[0].mode, CORE_SEGMENT_ACTIVE);
    assert_int_equal(guest->module.elements[1].mode, CORE_SEGMENT_PASSIVE);
    int32_t value = 0;
    assert_null(start(guest, NULL));
    assert_null(call(guest, "get", 0, &value));
    /* 2 by "early" and 10; 1 and 10, then 7 by "late"; 1; 9 by "late" */
    assert_int_equal(value, 12 | 7 << 8 | 1 << 16 | 9 << 24);
    free_guest(guest);
}

static void segments_out_of_bounds_trap_in_their_turn(void **state) {
    (void)state;
    guest_t *guest = fuse_file("fuse_bounds");
    check_contains(start(guest, NULL), "out of bounds memory access");
    assert_string_equal(guest->log, "$root note");
    free_guest(guest);
}

/* "name" is a string of 6 bytes in one part; "note" may call the guest again. */
static wasm_trap_t *flags_import(guest_t *guest, wasmtime_caller_t *caller, const char *name,
                                 const wasmtime_val_t *args, wasmtime_val_t *results) {
    wasmtime_extern_t memory;
    assert_true(wasmtime_caller_export_get(caller, "memory", 6, &memory));
    uint8_t *bytes = wasmtime_memory_data(wasmtime_caller_context(caller), &memory.of.memory);
    if (strcmp(name, "$root name") == 0) {
        results[0].of.i32 = 1;
        guest->step = 0;
    } else if (strcmp(name, "spin:runtime part") == 0 && guest->step++ == 0) {
        results[0].of.i64 = 6 | (int64_t)1 << 32;
    } else if (strcmp(name, "spin:runtime part") == 0) {
        uint32_t result[2] = {(uint32_t)args[0].of.i32, 6};
        memcpy(bytes + 8, result, sizeof result);
        results[0].of.i64 = -1;
    } else if (guest->step == 100) {
        check_contains(call(guest, "ask", 0, NULL), "cannot enter component instance");
        note(guest, "refused");
    }
    return NULL;
}

static void parts_are_allocated_one_by_one(void **state) {
    (void)state;
    guest_t *guest = fuse_file("fuse_flags");
    int32_t value = 0;
    assert_null(start(guest, flags_import));
    assert_null(call(guest, "ask", 0, &value));
    assert_int_equal(value, 1008 * 6);
    assert_string_equal(guest->log, "$root name 8; spin:runtime part 0; spin:runtime part 1008");
    free_guest(guest);
}

/* Nothing is to be allocated. */
static wasm_trap_t *whole_import(guest_t *guest, wasmtime_caller_t *caller, const char *name,
                                 const wasmtime_val_t *args, wasmtime_val_t *results) {
    (void)guest, (void)caller, (void)args;
    if (strcmp(name, "spin:argument ") == 0)
        results[0].of.i64 = -1;
    return NULL;
}

/* Gets the arguments, calls, gives the result, and only then calls post-return. */
static void a_whole_call_is_one_entry(void **state) {
    (void)state;
    guest_t *guest = fuse_file("fuse_flags");
    assert_null(start(guest, whole_import));
    wasmtime_context_t *context = wasmtime_store_context(guest->store);
    wasmtime_extern_t found;
    wasm_trap_t *trap = NULL;
    assert_true(
        wasmtime_instance_export_get(context, &guest->instance, "spin:call:text", 14, &found));
    wasmtime_val_t part = {.kind = WASMTIME_I64, .of.i64 = -1};
    wasmtime_error_t *error = wasmtime_func_call(context, &found.of.func, &part, 1, NULL, 0, &trap);
    check_contains(message_of(guest, error, trap), "cannot leave component instance");
    assert_string_equal(guest->log, "spin:argument  0; spin:result i 8");
    free_guest(guest);
}

static void allocators_and_post_returns_cannot_leave(void **state) {
    (void)state;
    guest_t *guest = fuse_file("fuse_flags");
    int32_t value = 0;
    assert_null(start(guest, flags_import));
    assert_null(call(guest, "text", 0, &value));
    assert_int_equal(value, 8);
    check_contains(call(guest, "cabi_post_text", 8, NULL), "cannot leave component instance");
    free_guest(guest);
    guest = fuse_file("fuse_flags");
    assert_null(start(guest, flags_import));
    assert_null(call(guest, "set", 1, NULL));
    check_contains(call(guest, "ask", 0, NULL), "cannot leave component instance");
    free_guest(guest);
}

static void instances_are_not_entered_again(void **state) {
    (void)state;
    guest_t *guest = fuse_file("fuse_flags");
    assert_null(start(guest, flags_import));
    guest->step = 100;
    assert_null(call(guest, "again", 0, NULL));
    assert_string_equal(guest->log, "$root note; refused");
    assert_null(call(guest, "again", 0, NULL)); /* after it was left */
    free_guest(guest);
}

/* The handle is the representation; dropping 7 only ends a borrow. */
static wasm_trap_t *drop_import(guest_t *guest, wasmtime_caller_t *caller, const char *name,
                                const wasmtime_val_t *args, wasmtime_val_t *results) {
    (void)guest, (void)caller;
    if (strcmp(name, "spin:builtin resource.new:0") == 0)
        results[0].of.i32 = args[0].of.i32;
    else if (strcmp(name, "spin:builtin resource.drop:1") == 0)
        results[0].of.i64 = args[0].of.i32 == 7 ? -1 : args[0].of.i32;
    return NULL;
}

static void destructors_are_called_by_the_module(void **state) {
    (void)state;
    guest_t *guest = fuse_file("fuse_drop");
    assert_null(start(guest, drop_import));
    assert_null(call(guest, "make", 5, NULL));
    assert_string_equal(guest->log, "spin:builtin resource.new:0 5; spin:builtin resource.drop:1 "
                                    "5; $root note 5");
    guest->log[0] = 0;
    assert_null(call(guest, "make", 7, NULL));
    assert_string_equal(guest->log,
                        "spin:builtin resource.new:0 7; spin:builtin resource.drop:1 7");
    guest->log[0] = 0;
    assert_null(call(guest, "spin:dtor:0", 9, NULL));
    assert_string_equal(guest->log, "$root note 9");
    free_guest(guest);
}

/* The engine runs no exceptions yet: that the call is inside a try_table is all that can be seen.
 */
static void exceptions_are_caught(void **state) {
    (void)state;
    guest_t *guest = fuse_file("fuse_throw");
    size_t catching = 0;
    for (uint32_t i = 0; i < guest->module.function_count; i++) {
        spin_slice_t body = guest->module.bodies[i];
        static const uint8_t wanted[] = {0x1f, CORE_I32, 1, 2, 0}; /* catch_all */
        catching += memmem(body.ptr, body.len, wanted, sizeof wanted) != NULL;
    }
    assert_int_equal(catching, 1);
    free_guest(guest);
}

/* ref.func wants its function declared: the export that did so is gone. */
static void references_stay_declared(void **state) {
    (void)state;
    guest_t *guest = fuse_file("fuse_drop");
    int32_t value = 1;
    assert_int_equal(guest->module.element_count, 1);
    assert_int_equal(guest->module.elements[0].mode, CORE_SEGMENT_DECLARED);
    assert_int_equal(guest->module.elements[0].count, 1);
    assert_null(start(guest, drop_import));
    assert_null(call(guest, "by-reference", 0, &value));
    assert_int_equal(value, 0);
    free_guest(guest);
}

static spin_slice_t custom_of(const core_module_t *module, const char *name) {
    for (uint32_t i = 0; i < module->section_count; i++)
        if (module->sections[i].id == CORE_SECTION_CUSTOM &&
            slice_equal_text(module->sections[i].name, name))
            return spin_slice_of(module->sections[i].body.at,
                                 core_reader_left(&module->sections[i].body));
    return (spin_slice_t){0};
}

static void names_and_origins_survive(void **state) {
    (void)state;
    guest_t *guest = fuse_file("fuse_shim");
    spin_slice_t names = custom_of(&guest->module, "name");
    static const char *const wanted[] = {"run", "spin:lower log"};
    for (size_t i = 0; i < 2; i++)
        assert_non_null(memmem(names.ptr, names.len, wanted[i], strlen(wanted[i])));
    /* Two runs: the shim's function, and two of main. */
    static const uint8_t map[] = {2, 2, 1, 0, 0, 0, 3, 2, 1, 1, 1};
    assert_true(slice_equal(custom_of(&guest->module, "spin:map"), spin_slice_of(map, sizeof map)));
    free_guest(guest);
}

/* Where the last such byte of a function stands in its module. */
static size_t last_of(const core_module_t *module, uint32_t function, uint8_t opcode) {
    spin_slice_t body = module->bodies[function - module->imported[CORE_EXTERN_FUNC]];
    const uint8_t *at = memrchr(body.ptr, opcode, body.len);
    assert_non_null(at);
    return (size_t)(at - module->bytes.ptr);
}

static void functions_lead_to_their_origin(void **state) {
    (void)state;
    enum { CALL = 0x10, MAIN = 1, MAIN_FIRST = 3 };
    guest_t *guest = fuse_file("fuse_shim");
    const ast_component_t *component;
    linked_component_t linked;
    fuse_origin_t origin;
    size_t offset;
    check_error(component_decode(&guest->arena, buf_slice(&guest->bytes), &component));
    check_error(component_link(&guest->arena, component, NULL, &linked));
    const core_module_t *main = linked.modules[MAIN].module;
    const core_module_t *fused = &guest->module;

    assert_false(fuse_map_find(fused, 0, &origin));
    assert_false(fuse_map_find(fused, MAIN_FIRST + main->function_count, &origin));
    assert_false(fuse_map_find(main, 0, &origin)); /* no such section */
    assert_true(fuse_map_find(fused, MAIN_FIRST, &origin));
    assert_int_equal(origin.instance, 1);
    assert_int_equal(origin.module, MAIN);
    assert_int_equal(origin.function, 1); /* after its import */

    size_t here = last_of(fused, MAIN_FIRST, CALL), there = last_of(main, 1, CALL);
    assert_true(fuse_map_offset(fused, MAIN_FIRST, main, &origin, here, &offset));
    assert_int_equal(offset, there);
    assert_true(fuse_map_offset(fused, MAIN_FIRST, main, &origin, here + 1, &offset));
    assert_int_equal(offset, there);
    assert_false(fuse_map_offset(fused, MAIN_FIRST, main, &origin, 0, &offset));
    assert_false(fuse_map_offset(fused, MAIN_FIRST, main, &origin, fused->bytes.len, &offset));
    /* The shim's body is another one: nobody gets there. */
    assert_true(fuse_map_find(fused, MAIN_FIRST - 1, &origin));
    assert_false(
        fuse_map_offset(fused, MAIN_FIRST - 1, linked.modules[0].module, &origin, here, &offset));
    free_guest(guest);
}

static void same_types_are_one(void **state) {
    (void)state;
    guest_t *guest = fuse_file("fuse_order");
    assert_int_equal(guest->module.type_count, 3);
    free_guest(guest);
}

static spin_error_t *fuse_once(void *bytes) {
    arena_t arena = {0};
    buf_t out = {0};
    spin_error_t *error = fuse_bytes(&arena, buf_slice(bytes), &out);
    buf_deinit(&out);
    arena_deinit(&arena);
    return error;
}

/* Function bodies and constant expressions are not the validator's: what is wrong there is found
 * when they are written. */
static void a_global_that_is_not_there_is_an_error(void **state) {
    static const char bytes[] = "\0asm\x0d\0\1\0"        /* a component */
                                "\1\x10\0asm\1\0\0\0"    /* with a core module, */
                                "\6\6\1\x7f\0\x23\1\x0b" /* whose only global is as global 1, */
                                "\2\4\1\0\0\0";          /* that is instantiated */
    arena_t arena = {0};
    buf_t out = {0};
    spin_error_t *error = fuse_bytes(&arena, spin_slice_of(bytes, sizeof bytes - 1), &out);
    (void)state;
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_INVALID);
    assert_string_equal(spin_error_message(error), "unknown global 1");
    assert_int_equal(spin_error_position(error).offset, 23);
    spin_error_free(error);
    buf_deinit(&out);
    arena_deinit(&arena);
}

static void put_section(buf_t *out, uint8_t id, const buf_t *content) {
    buf_append_byte(out, id);
    core_put_u32(out, (uint32_t)content->len);
    buf_append(out, buf_slice(content));
}

/* A small component can have many instances of a large module. */
static void code_is_bounded(void **state) {
    enum { MODULE_BYTES = 1024 * 1024, INSTANCES = 513 };
    arena_t arena = {0};
    buf_t custom = {0}, module = {0}, instances = {0}, bytes = {0}, out = {0};
    (void)state;
    assert_true(buf_reserve(&custom, MODULE_BYTES));
    memset(custom.ptr, 0, MODULE_BYTES);
    custom.len = MODULE_BYTES;
    core_put_preamble(&module);
    put_section(&module, CORE_SECTION_CUSTOM, &custom);
    core_put_u32(&instances, INSTANCES);
    for (int i = 0; i < INSTANCES; i++)
        buf_append(&instances, SLICE_LITERAL("\0\0\0"));
    buf_append(&bytes, SLICE_LITERAL("\0asm\x0d\0\1\0"));
    put_section(&bytes, 1, &module);
    put_section(&bytes, 2, &instances);
    spin_error_t *error = fuse_bytes(&arena, buf_slice(&bytes), &out);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_LIMIT);
    spin_error_free(error);
    buf_deinit(&custom);
    buf_deinit(&module);
    buf_deinit(&instances);
    buf_deinit(&bytes);
    buf_deinit(&out);
    arena_deinit(&arena);
}

static void lack_of_memory_is_an_error(void **state) {
    (void)state;
    static const char *const names[] = {"fuse_drop", "fuse_order", "fuse_shim", "fuse_flags"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        buf_t bytes = {0};
        read_file(names[i], &bytes);
        assert_int_equal(failing_alloc_each(fuse_once, &bytes, 20), 0);
        buf_deinit(&bytes);
    }
}

int main(void) {
    wasm_signals_keep();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shims_are_seen_through),
        cmocka_unit_test(shims_stay_where_code_runs_before),
        cmocka_unit_test(segments_and_starts_keep_their_order),
        cmocka_unit_test(segments_out_of_bounds_trap_in_their_turn),
        cmocka_unit_test(parts_are_allocated_one_by_one),
        cmocka_unit_test(a_whole_call_is_one_entry),
        cmocka_unit_test(allocators_and_post_returns_cannot_leave),
        cmocka_unit_test(instances_are_not_entered_again),
        cmocka_unit_test(destructors_are_called_by_the_module),
        cmocka_unit_test(exceptions_are_caught),
        cmocka_unit_test(references_stay_declared),
        cmocka_unit_test(names_and_origins_survive),
        cmocka_unit_test(functions_lead_to_their_origin),
        cmocka_unit_test(same_types_are_one),
        cmocka_unit_test(a_global_that_is_not_there_is_an_error),
        cmocka_unit_test(code_is_bounded),
        cmocka_unit_test(lack_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
