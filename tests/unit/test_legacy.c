#include <stdio.h>
#include <wasmtime.h>

#include "cmocka_all.h"
#include "component/legacy.h"
#include "engine/shim.h" /* for CMake: links Wasmtime */
#include "failing_alloc.h"
#include "legacy_guest.h"
#include "wasm/instr.h"
#include "wasm/module.h"

/* The strings that the host side of the tests passes, as entries of the helper's table. */
static const char *const uri = "/a/path";
static const char *const strings[] = {"host", "localhost", "empty", ""};
static const char *const body = "the body";
enum { HEADER_COUNT = 2, ENTRY_COUNT = 3 + 2 * HEADER_COUNT };

typedef struct host {
    unsigned sizes_calls;
    unsigned fill_calls;
    uint32_t noted; /* by env.note */
    uint32_t pointers[ENTRY_COUNT];
} host_t;

typedef struct guest {
    wasm_engine_t *engine;
    wasmtime_store_t *store;
    wasmtime_linker_t *linker;
    wasmtime_context_t *context;
    wasmtime_instance_t instance;
    host_t host;
} guest_t;

static arena_t arena;

static void check_error(spin_error_t *error) {
    char message[256];
    if (error == NULL)
        return;
    spin_error_format(error, message, sizeof message);
    spin_error_free(error);
    fail_msg("%s", message);
}

static void check_wasmtime(wasmtime_error_t *error, wasm_trap_t *trap) {
    wasm_byte_vec_t message;
    if (error == NULL && trap == NULL)
        return;
    if (error != NULL)
        wasmtime_error_message(error, &message);
    else
        wasm_trap_message(trap, &message);
    fail_msg("%.*s", (int)message.size, message.data);
}

static spin_slice_t make(const guest_options_t *options) {
    buf_t out = {0};
    guest_make(&out, options);
    return guest_finish(&out, &arena);
}

static spin_slice_t rewrite(spin_slice_t module) {
    spin_slice_t out;
    check_error(legacy_rewrite(&arena, module, &out));
    return out;
}

static uint8_t *caller_memory(wasmtime_caller_t *caller) {
    wasmtime_extern_t memory;
    assert_true(wasmtime_caller_export_get(caller, "memory", 6, &memory));
    return wasmtime_memory_data(wasmtime_caller_context(caller), &memory.of.memory);
}

static uint32_t read_u32(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, at, 4);
    return value;
}

static void write_u32(uint8_t *at, uint32_t value) {
    memcpy(at, &value, 4);
}

static uint32_t entry_size(size_t entry) {
    switch (entry) {
    case 0: return (uint32_t)strlen(uri);
    case 1: return 16 * HEADER_COUNT;
    case 2: return (uint32_t)strlen(body);
    default: return (uint32_t)strlen(strings[entry - 3]);
    }
}

static wasm_trap_t *host_sizes(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *args,
                               size_t arg_count, wasmtime_val_t *results, size_t result_count) {
    (void)results, (void)result_count;
    host_t *host = env;
    assert_int_equal(arg_count, 2);
    host->sizes_calls++;
    uint8_t *table = caller_memory(caller) + args[0].of.i32;
    for (size_t i = 0; i < (size_t)args[1].of.i32; i++) {
        write_u32(table + 8 * i, entry_size(i));
        write_u32(table + 8 * i + 4, i == 1 ? 4 : 1);
    }
    return NULL;
}

static wasm_trap_t *host_fill(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *args,
                              size_t arg_count, wasmtime_val_t *results, size_t result_count) {
    (void)arg_count, (void)results, (void)result_count;
    host_t *host = env;
    host->fill_calls++;
    uint8_t *memory = caller_memory(caller), *table = memory + args[0].of.i32;
    uint32_t *at = host->pointers;
    for (size_t i = 0; i < (size_t)args[1].of.i32; i++) {
        at[i] = read_u32(table + 8 * i);
        assert_in_range(at[i], GUEST_HEAP, 65536 - entry_size(i));
    }
    memcpy(memory + at[0], uri, entry_size(0));
    memcpy(memory + at[2], body, entry_size(2));
    for (size_t i = 0; i < (size_t)2 * HEADER_COUNT; i++) {
        memcpy(memory + at[3 + i], strings[i], strlen(strings[i]));
        write_u32(memory + at[1] + 8 * i, at[3 + i]);
        write_u32(memory + at[1] + 8 * i + 4, entry_size(3 + i));
    }
    const uint32_t params[10] = {2, at[0], entry_size(0), at[1],        HEADER_COUNT, 0,
                                 0, 1,     at[2],         entry_size(2)};
    for (size_t i = 0; i < 10; i++)
        write_u32(table + 4 * i, params[i]);
    return NULL;
}

static wasm_trap_t *host_note(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *args,
                              size_t arg_count, wasmtime_val_t *results, size_t result_count) {
    (void)caller, (void)arg_count, (void)results, (void)result_count;
    ((host_t *)env)->noted = (uint32_t)args[0].of.i32;
    return NULL;
}

static void define(guest_t *guest, const char *module, const char *name, wasm_functype_t *type,
                   wasmtime_func_callback_t callback) {
    check_wasmtime(wasmtime_linker_define_func(guest->linker, module, strlen(module), name,
                                               strlen(name), type, callback, &guest->host, NULL),
                   NULL);
    wasm_functype_delete(type);
}

static void guest_open(guest_t *guest, spin_slice_t bytes) {
    wasmtime_module_t *module = NULL;
    wasm_trap_t *trap = NULL;
    *guest = (guest_t){.engine = wasm_engine_new()};
    guest->store = wasmtime_store_new(guest->engine, NULL, NULL);
    guest->context = wasmtime_store_context(guest->store);
    guest->linker = wasmtime_linker_new(guest->engine);
    define(guest, "spin:legacy", "sizes",
           wasm_functype_new_2_0(wasm_valtype_new_i32(), wasm_valtype_new_i32()), host_sizes);
    define(guest, "spin:legacy", "fill",
           wasm_functype_new_2_0(wasm_valtype_new_i32(), wasm_valtype_new_i32()), host_fill);
    define(guest, "env", "note", wasm_functype_new_1_0(wasm_valtype_new_i32()), host_note);
    check_wasmtime(wasmtime_module_new(guest->engine, bytes.ptr, bytes.len, &module), NULL);
    wasmtime_error_t *error =
        wasmtime_linker_instantiate(guest->linker, guest->context, module, &guest->instance, &trap);
    wasmtime_module_delete(module);
    check_wasmtime(error, trap);
}

static void guest_close(guest_t *guest) {
    wasmtime_linker_delete(guest->linker);
    wasmtime_store_delete(guest->store);
    wasm_engine_delete(guest->engine);
}

static wasmtime_extern_t get_export(guest_t *guest, const char *name) {
    wasmtime_extern_t item;
    assert_true(
        wasmtime_instance_export_get(guest->context, &guest->instance, name, strlen(name), &item));
    return item;
}

static const uint8_t *guest_memory(guest_t *guest) {
    wasmtime_extern_t memory = get_export(guest, "memory");
    return wasmtime_memory_data(guest->context, &memory.of.memory);
}

static int32_t global_value(guest_t *guest, const char *name) {
    wasmtime_extern_t item = get_export(guest, name);
    wasmtime_val_t value;
    wasmtime_global_get(guest->context, &item.of.global, &value);
    return value.of.i32;
}

static uint32_t call_helper(guest_t *guest, const char *name, int32_t count) {
    wasmtime_extern_t item = get_export(guest, name);
    wasmtime_val_t result, argument = {.kind = WASMTIME_I32, .of.i32 = count};
    wasm_trap_t *trap = NULL;
    wasmtime_error_t *error =
        wasmtime_func_call(guest->context, &item.of.func, &argument, 1, &result, 1, &trap);
    check_wasmtime(error, trap);
    return (uint32_t)result.of.i32;
}

static void helper_name(char *name, size_t size, const char *prefix, legacy_layout_t layout) {
    static const char *const layouts[] = {"unknown", "slots", "canonical"};
    snprintf(name, size, "%s@%s", prefix, layouts[layout]);
}

/* Finds in `area` what the guest of legacy_guest.h answers, written in `layout`. */
static void check_answer(guest_t *guest, const guest_options_t *options, uint32_t area) {
    const uint8_t *memory = guest_memory(guest);
    bool slots = options->layout == LEGACY_LAYOUT_SLOTS;
    uint32_t status = 2 + (uint32_t)strlen(uri) + 1000 + (options->start ? 70000 : 0);
    const uint8_t *at = memory + area;
    assert_int_equal(area, GUEST_AREA);
    assert_int_equal(slots ? read_u32(at) : read_u32(at) & 0xffff,
                     slots ? status : status & 0xffff);
    assert_int_equal(at[slots ? 8 : 4], 1);
    assert_int_equal(at[slots ? 32 : 16], 1);
    const uint8_t *headers = memory + read_u32(at + (slots ? 16 : 8));
    assert_int_equal(read_u32(at + (slots ? 24 : 12)), HEADER_COUNT);
    for (size_t i = 0; i < (size_t)2 * HEADER_COUNT; i++) {
        assert_int_equal(read_u32(headers + 8 * i + 4), strlen(strings[i]));
        assert_memory_equal(memory + read_u32(headers + 8 * i), strings[i], strlen(strings[i]));
    }
    assert_int_equal(read_u32(at + (slots ? 48 : 24)), strlen(body));
    assert_memory_equal(memory + read_u32(at + (slots ? 40 : 20)), body, strlen(body));
}

/* Rewrites, compiles, runs. */
static void run_guest(const guest_options_t *options) {
    guest_t guest;
    char name[64];
    spin_slice_t module = make(options), rewritten = rewrite(module);
    assert_ptr_not_equal(rewritten.ptr, module.ptr);
    assert_ptr_equal(rewrite(rewritten).ptr, rewritten.ptr);
    guest_open(&guest, rewritten);
    helper_name(name, sizeof name, LEGACY_HTTP_EXPORT, options->layout);
    uint32_t area = call_helper(&guest, name, ENTRY_COUNT);
    check_answer(&guest, options, area);
    assert_int_equal(guest.host.sizes_calls, 1);
    assert_int_equal(guest.host.fill_calls, 1);
    assert_int_equal(guest.host.noted, options->imports ? guest.host.pointers[0] : 0);
    /* The table and every string, the empty one too. */
    assert_int_equal(global_value(&guest, "calls"), 1 + ENTRY_COUNT);
    assert_int_equal(global_value(&guest, "ctors"), options->wrapped);
    assert_int_equal(global_value(&guest, "dtors"), options->wrapped);
    guest_close(&guest);
}

static int set_up(void **state) {
    (void)state;
    arena_init(&arena, 0);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static void runs_every_kind_of_module(void **state) {
    (void)state;
    for (unsigned bits = 0; bits < 128; bits++) {
        guest_options_t options = {
            .layout = (bits & 1) != 0 ? LEGACY_LAYOUT_SLOTS : LEGACY_LAYOUT_CANONICAL,
            .imports = (bits & 2) != 0,
            .wrapped = (bits & 4) != 0,
            .start = (bits & 8) != 0,
            .passive = (bits & 8) != 0 && (bits & 16) != 0,
            .expressions = (bits & 32) != 0,
            .names = (bits & 64) != 0,
        };
        run_guest(&options);
    }
}

static void tells_layouts_in_every_shape(void **state) {
    (void)state;
    for (int shape = GUEST_CONSTANT; shape <= GUEST_BLOCK; shape++)
        for (int layout = LEGACY_LAYOUT_SLOTS; layout <= LEGACY_LAYOUT_CANONICAL; layout++)
            for (int wrapped = 0; wrapped < 2; wrapped++)
                run_guest(&(guest_options_t){.layout = (legacy_layout_t)layout,
                                             .shape = (guest_shape_t)shape,
                                             .imports = true,
                                             .wrapped = wrapped != 0});
}

static legacy_layout_t layout_of(const guest_options_t *options, const char *prefix) {
    core_module_t module;
    legacy_layout_t layout = LEGACY_LAYOUT_SLOTS;
    check_error(core_module_read(&arena, rewrite(make(options)), &module));
    for (uint32_t i = 0; i < module.export_count; i++)
        if (legacy_export_layout(module.exports[i].name, prefix, &layout))
            return layout;
    fail_msg("no export %s", prefix);
    return layout;
}

static void is_honest_where_nothing_tells(void **state) {
    (void)state;
    guest_options_t silent = {.layout = LEGACY_LAYOUT_UNKNOWN};
    assert_int_equal(layout_of(&silent, LEGACY_HTTP_EXPORT), LEGACY_LAYOUT_UNKNOWN);
    for (int layout = LEGACY_LAYOUT_SLOTS; layout <= LEGACY_LAYOUT_CANONICAL; layout++) {
        guest_options_t torn = {.layout = (legacy_layout_t)layout, .both = true};
        assert_int_equal(layout_of(&torn, LEGACY_HTTP_EXPORT), LEGACY_LAYOUT_UNKNOWN);
    }
}

static void redis_helper_passes_the_payload(void **state) {
    (void)state;
    for (int layout = LEGACY_LAYOUT_SLOTS; layout <= LEGACY_LAYOUT_CANONICAL; layout++) {
        guest_options_t options = {
            .layout = (legacy_layout_t)layout, .imports = true, .redis = true};
        guest_t guest;
        char name[64];
        assert_int_equal(layout_of(&options, LEGACY_REDIS_EXPORT), layout);
        guest_open(&guest, rewrite(make(&options)));
        helper_name(name, sizeof name, LEGACY_REDIS_EXPORT, options.layout);
        /* The host writes ten parameters; this one reads the first two: 2 and the uri. */
        uint32_t area = call_helper(&guest, name, ENTRY_COUNT);
        const uint8_t *at = guest_memory(&guest) + area;
        bool slots = layout == LEGACY_LAYOUT_SLOTS;
        assert_int_equal(area, GUEST_AREA);
        assert_int_equal(at[0], 1);
        assert_int_equal(at[slots ? 8 : 1], 7);
        guest_close(&guest);
    }
}

/* All options at once, for tests that want a large module. */
static const guest_options_t everything = {.layout = LEGACY_LAYOUT_SLOTS,
                                           .imports = true,
                                           .wrapped = true,
                                           .start = true,
                                           .passive = true,
                                           .expressions = true,
                                           .names = true,
                                           .redis = true};

static const core_section_t *find_custom(const core_module_t *module, const char *name) {
    for (uint32_t i = 0; i < module->section_count; i++)
        if (module->sections[i].id == CORE_SECTION_CUSTOM &&
            slice_equal_text(module->sections[i].name, name))
            return &module->sections[i];
    return NULL;
}

static void keeps_names_and_drops_stale_sections(void **state) {
    (void)state;
    core_module_t module;
    check_error(core_module_read(&arena, rewrite(make(&everything)), &module));
    assert_null(find_custom(&module, ".debug_info"));
    assert_null(find_custom(&module, "sourceMappingURL"));
    assert_non_null(find_custom(&module, "producers"));
    const core_section_t *names = find_custom(&module, "name");
    assert_non_null(names);
    /* One import of its own, two added, then the handler behind the allocator. */
    static const uint8_t expected[] = {1,   14,  1,   4,   11,  't', 'h', 'e', ' ',
                                       'h', 'a', 'n', 'd', 'l', 'e', 'r', 2,   9,
                                       1,   4,   1,   10,  4,   'a', 'r', 'e', 'a'};
    assert_int_equal(core_reader_left(&names->body), sizeof expected);
    assert_memory_equal(names->body.at, expected, sizeof expected);
}

static void append_custom(buf_t *out, spin_slice_t name, spin_slice_t content) {
    size_t mark = core_put_section_begin(out, CORE_SECTION_CUSTOM);
    core_put_name(out, name);
    buf_append(out, content);
    core_put_sized_end(out, mark);
}

static void leaves_out_broken_names(void **state) {
    (void)state;
    guest_options_t options = {.layout = LEGACY_LAYOUT_SLOTS};
    core_module_t module;
    buf_t bytes = {0};
    guest_make(&bytes, &options);
    append_custom(&bytes, SLICE_LITERAL("name"), SLICE_LITERAL("\1\4\1\0\x7fz"));
    append_custom(&bytes, SLICE_LITERAL("component-type:x"), SLICE_LITERAL("kept"));
    spin_slice_t rewritten = rewrite(buf_slice(&bytes));
    assert_ptr_not_equal(rewritten.ptr, bytes.ptr);
    check_error(core_module_read(&arena, rewritten, &module));
    assert_null(find_custom(&module, "name"));
    const core_section_t *kept = find_custom(&module, "component-type:x");
    assert_non_null(kept);
    assert_memory_equal(kept->body.at, "kept", 4);
    buf_deinit(&bytes);
}

static void leaves_other_modules_alone(void **state) {
    (void)state;
    guest_options_t unknown = {.layout = LEGACY_LAYOUT_SLOTS, .unknown = true};
    spin_slice_t module = make(&unknown);
    assert_ptr_equal(rewrite(module).ptr, module.ptr);
    spin_slice_t empty = SLICE_LITERAL("\0asm\1\0\0\0");
    assert_ptr_equal(rewrite(empty).ptr, empty.ptr);
    /* An entry point of another type: `handle-http-request` renamed onto the allocator. */
    buf_t bytes = {0};
    guest_make(&bytes, &(guest_options_t){.layout = LEGACY_LAYOUT_SLOTS});
    uint8_t *name = memmem(bytes.ptr, bytes.len, "handle-http-request", 19);
    assert_non_null(name);
    name[20] = GUEST_ALLOC; /* after the name: kind, index */
    assert_ptr_equal(rewrite(buf_slice(&bytes)).ptr, bytes.ptr);
    buf_deinit(&bytes);
}

static void reports_broken_code_with_its_offset(void **state) {
    (void)state;
    buf_t bytes = {0};
    guest_make(&bytes, &(guest_options_t){.layout = LEGACY_LAYOUT_SLOTS});
    static const uint8_t thousand[] = {5, 0, 0x41, 0xe8, 7, 0x0b}; /* the body of GUEST_THOUSAND */
    uint8_t *at = memmem(bytes.ptr, bytes.len, thousand, sizeof thousand);
    assert_non_null(at);
    size_t offset = (size_t)(at - bytes.ptr);
    static const struct {
        uint8_t body[6];
        uint8_t at; /* where the error is, from the body's size on */
        const char *reason;
    } cases[] = {
        {{5, 0, 0x41, 0xe8, 0x87, 0x8b}, 6, "unexpected end of an integer"},
        {{5, 0, 0x41, 0, 0x0b, 0x0b}, 5, "bytes left after the end of a function"},
        {{5, 0, 0x41, 0, 0x1a, 0x01}, 6, "unexpected end"},
        {{5, 1, 0x01, 0x20, 0, 0x0b}, 3, "malformed value type"},
        {{5, 0, 0x02, 0xff, 0x7f, 0x0b}, 2, "malformed block type"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        spin_slice_t out;
        memcpy(at, cases[i].body, sizeof thousand);
        spin_error_t *error = legacy_rewrite(&arena, buf_slice(&bytes), &out);
        assert_non_null(error);
        assert_int_equal(spin_error_kind(error), SPIN_ERROR_INVALID);
        assert_string_equal(spin_error_message(error), cases[i].reason);
        assert_true(spin_error_position(error).has_offset);
        assert_int_equal(spin_error_position(error).offset, offset + cases[i].at);
        spin_error_free(error);
    }
    buf_deinit(&bytes);
}

static void survives_every_prefix(void **state) {
    (void)state;
    spin_slice_t module = make(&everything);
    for (size_t len = 0; len < module.len; len++) {
        arena_t own = {0};
        spin_slice_t out, prefix = {module.ptr, len};
        spin_error_t *error = legacy_rewrite(&own, prefix, &out);
        if (error != NULL) {
            assert_int_equal(spin_error_kind(error), SPIN_ERROR_INVALID);
            assert_true(spin_error_position(error).offset <= len);
        }
        spin_error_free(error);
        arena_deinit(&own);
    }
}

static void reports_every_failed_allocation(void **state) {
    (void)state;
    spin_slice_t module = make(&everything);
    size_t calls = 0;
    for (size_t at = SIZE_MAX; at != 0 && at != calls + 1; at = at == SIZE_MAX ? 1 : at + 1) {
        arena_t own = {0};
        spin_slice_t out;
        failing_alloc_install(at);
        spin_error_t *error = legacy_rewrite(&own, module, &out);
        if (at == SIZE_MAX) {
            calls = failing_alloc_calls();
            check_error(error);
        } else {
            assert_non_null(error);
            assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
        }
        spin_error_free(error);
        arena_deinit(&own);
        assert_int_equal(failing_alloc_live(), 0);
        failing_alloc_remove();
    }
    assert_true(calls > 10);
}

static void reads_layouts_off_names(void **state) {
    (void)state;
    static const struct {
        const char *name;
        bool is;
        legacy_layout_t layout;
    } cases[] = {
        {"spin:handle-http-request@slots", true, LEGACY_LAYOUT_SLOTS},
        {"spin:handle-http-request@canonical", true, LEGACY_LAYOUT_CANONICAL},
        {"spin:handle-http-request@unknown", true, LEGACY_LAYOUT_UNKNOWN},
        {"spin:handle-http-request@", true, LEGACY_LAYOUT_UNKNOWN},
        {"spin:handle-http-request", false, 0},
        {"spin:handle-http-requests@slots", false, 0},
        {"", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        legacy_layout_t layout;
        bool is = legacy_export_layout(spin_slice(cases[i].name), LEGACY_HTTP_EXPORT, &layout);
        assert_int_equal(is, cases[i].is);
        if (is)
            assert_int_equal(layout, cases[i].layout);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(runs_every_kind_of_module, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_layouts_in_every_shape, set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_honest_where_nothing_tells, set_up, tear_down),
        cmocka_unit_test_setup_teardown(redis_helper_passes_the_payload, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_names_and_drops_stale_sections, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaves_out_broken_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaves_other_modules_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reports_broken_code_with_its_offset, set_up, tear_down),
        cmocka_unit_test_setup_teardown(survives_every_prefix, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reports_every_failed_allocation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_layouts_off_names, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
