/* What legacy_rewrite tells of the layouts of entry points of a module's own. */
#include <stdio.h>
#include <time.h>
#include <wasmtime.h>

#include "cmocka_all.h"
#include "component/legacy.h"
#include "engine/shim.h" /* for CMake: links Wasmtime */
#include "failing_alloc.h"
#include "legacy_guest.h"
#include "wasm/module.h"
#include "wasm/writer.h"

/* A function: "ii" are its parameters, `body` its locals and code without `end`. */
typedef struct function {
    const char *name; /* NULL: not exported */
    const char *params;
    const char *results;
    spin_slice_t body;
} function_t;

#define CODE(text) SLICE_INIT("\0" text) /* no locals */
/* Instructions as bytes of a string; `at` is an offset such as "\x08". */
#define AREA       "\x41\x80\x08" /* i32.const 1024 */
#define PUT8(at)   AREA "\x41\x07\x3a\0" at
#define PUT16(at)  AREA "\x41\x07\x3b\0" at
#define PUT32(at)  AREA "\x41\x07\x36\0" at
#define PUT64(at)  AREA "\x42\x07\x37\0" at
#define PUTF32(at) AREA "\x43\0\0\0\0\x38\0" at
#define PUT128(at)                                                                                 \
    AREA "\xfd\x0c"                                                                                \
         "0123456789abcdef\xfd\x0b\0" at
#define CALL(index) "\x10" index

static arena_t arena;

static const function_t allocator = {"canonical_abi_realloc", "iiii", "i", CODE("\x41\x10")};
#define SLOTS_BODY     CODE(PUT32("\0") PUT32("\x08") AREA)
#define CANONICAL_BODY CODE(PUT32("\0") PUT32("\x04") AREA)

static void put_types(buf_t *out, const char *types) {
    core_put_u32(out, (uint32_t)strlen(types));
    for (; *types != 0; types++)
        buf_append_byte(out, *types == 'i'   ? CORE_I32
                             : *types == 'I' ? CORE_I64
                             : *types == 'f' ? CORE_F32
                                             : CORE_F64);
}

static void put_exports(buf_t *out, const function_t *functions, uint32_t count) {
    uint32_t exported = 1;
    for (uint32_t i = 0; i < count; i++)
        exported += functions[i].name != NULL;
    core_put_u32(out, exported);
    guest_export(out, "memory", 2, 0);
    for (uint32_t i = 0; i < count; i++)
        if (functions[i].name != NULL)
            guest_export(out, functions[i].name, 0, i);
}

/* A module of `functions`; the first one should be the allocator. */
static spin_slice_t make(const function_t *functions, uint32_t count) {
    buf_t out = {0};
    core_put_preamble(&out);
    size_t mark = core_put_section_begin(&out, CORE_SECTION_TYPE);
    core_put_u32(&out, count);
    for (uint32_t i = 0; i < count; i++) {
        buf_append_byte(&out, 0x60);
        put_types(&out, functions[i].params);
        put_types(&out, functions[i].results);
    }
    core_put_sized_end(&out, mark);
    mark = core_put_section_begin(&out, CORE_SECTION_FUNCTION);
    core_put_u32(&out, count);
    for (uint32_t i = 0; i < count; i++)
        core_put_u32(&out, i);
    core_put_sized_end(&out, mark);
    guest_simple_section(&out, CORE_SECTION_MEMORY, SLICE_LITERAL("\1\0\1"));
    mark = core_put_section_begin(&out, CORE_SECTION_EXPORT);
    put_exports(&out, functions, count);
    core_put_sized_end(&out, mark);
    mark = core_put_section_begin(&out, CORE_SECTION_CODE);
    core_put_u32(&out, count);
    for (uint32_t i = 0; i < count; i++) {
        size_t body = core_put_sized_begin(&out);
        buf_append(&out, functions[i].body);
        buf_append_byte(&out, 0x0b);
        core_put_sized_end(&out, body);
    }
    core_put_sized_end(&out, mark);
    mark = core_put_section_begin(&out, CORE_SECTION_CUSTOM);
    core_put_name(&out, SLICE_LITERAL(".debug_info"));
    core_put_sized_end(&out, mark);
    return guest_finish(&out, &arena);
}

static spin_slice_t rewrite(spin_slice_t module) {
    spin_slice_t out;
    assert_null(legacy_rewrite(&arena, module, &out));
    return out;
}

static legacy_layouts_t layouts_of(spin_slice_t module, const char *function) {
    core_module_t decoded;
    legacy_layouts_t layouts = {0};
    assert_null(core_module_read(&arena, module, &decoded));
    for (uint32_t i = 0; i < decoded.export_count; i++)
        legacy_layouts_add(&layouts, spin_slice(function), decoded.exports[i].name);
    return layouts;
}

static legacy_layouts_t told(const function_t *functions, uint32_t count, const char *function) {
    return layouts_of(rewrite(make(functions, count)), function);
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

enum { UNKNOWN = LEGACY_LAYOUT_UNKNOWN, SLOTS = LEGACY_LAYOUT_SLOTS };
enum { CANONICAL = LEGACY_LAYOUT_CANONICAL };

static void judges_stores_without_knowing_the_type(void **state) {
    (void)state;
    static const struct {
        spin_slice_t body;
        int layout;
    } cases[] = {
        {SLOTS_BODY, SLOTS},
        {CANONICAL_BODY, CANONICAL},
        {CODE(PUT32("\x10") PUT32("\x08") PUT32("\0") AREA), SLOTS}, /* the last one first */
        {CODE(PUT8("\0") AREA), CANONICAL},                          /* a discriminant */
        {CODE(PUT16("\0") AREA), CANONICAL},
        {CODE(PUT8("\0") PUT64("\x08") AREA), CANONICAL},
        {CODE(PUTF32("\0") PUTF32("\x08") AREA), SLOTS},
        {CODE(PUT64("\0") PUT32("\x08") PUT32("\x10") AREA), SLOTS},
        /* Nothing but what both layouts may have: merged, or of 64 bits. */
        {CODE(PUT64("\0") PUT64("\x08") AREA), UNKNOWN},
        {CODE(PUT64("\0") PUT32("\x08") AREA), UNKNOWN},
        {CODE(PUT32("\0") PUT64("\x08") AREA), UNKNOWN},
        {CODE(PUT128("\0") PUT64("\x10") AREA), UNKNOWN},
        {CODE(PUT32("\0") AREA), UNKNOWN},
        {CODE(AREA), UNKNOWN},
        /* Another variable behind the area, or before it. */
        {CODE(PUT32("\0") PUT32("\x08") PUT8("\x14") AREA), SLOTS},
        {CODE(PUT32("\x04") PUT32("\x08") AREA), UNKNOWN},
        /* A number, and an address so low that it can't be one. */
        {CODE("\x41\xc0\0\x41\x07\x36\0\0\x20\0"), UNKNOWN},
        {CODE("\x41\x20\x41\x07\x3a\0\0\x41\x20"), UNKNOWN},
        /* Two areas that contradict each other. */
        {CODE("\x20\0\x04\x40" PUT32("\0") PUT32("\x08") AREA
              "\x0f\x0b"
              "\x41\x80\x10\x41\1\x3a\0\0\x41\x80\x10"),
         UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const function_t functions[] = {allocator, {"echo", "ii", "i", cases[i].body}};
        legacy_layouts_t layouts = told(functions, 2, "echo");
        if ((int)layouts.function != cases[i].layout)
            fail_msg("case %zu: %d instead of %d", i, (int)layouts.function, cases[i].layout);
        assert_int_equal(layouts.module, layouts.function);
        assert_int_equal(legacy_layouts_best(&layouts), layouts.function);
    }
}

static void looks_through_wrappers_and_into_callees(void **state) {
    (void)state;
    static const function_t functions[] = {
        {"canonical_abi_realloc", "iiii", "i", CODE("\x41\x10")},
        {"echo", "ii", "i", CODE(CALL("\2") "\x20\0\x20\1" CALL("\3") CALL("\2"))},
        {NULL, "", "", CODE("")}, /* constructors, destructors */
        {NULL, "ii", "i", CODE(AREA "\x20\0" CALL("\4") "\x1a" AREA)},
        {NULL, "ii", "i", CODE("\x20\0\x20\1\x36\0\0\x20\0\x20\1\x36\0\x08\x41\0")},
        /* The area goes to memset, whose bytes say nothing, and then to what fills it. */
        {"zeroed", "", "i",
         CODE(AREA "\x41\0\x41\x10" CALL("\6") "\x1a" AREA "\x41\1" CALL("\4") "\x1a" AREA)},
        {NULL, "iii", "i", CODE("\x20\0\x20\1\x3a\0\0\x20\0")},
    };
    assert_int_equal(told(functions, 7, "echo").function, SLOTS);
    assert_int_equal(told(functions, 7, "zeroed").function, SLOTS);
}

static void tells_only_of_what_may_be_an_entry_point(void **state) {
    (void)state;
    static const struct {
        const char *name, *params, *results;
        bool told;
    } cases[] = {
        {"echo", "", "i", true},
        {"echo", "iIfF", "i", true},
        {"echo", "iiiiiiiiiiiiiiii", "i", true},
        {"echo", "iiiiiiiiiiiiiiiii", "i", false},
        {"handle-http-request", "ii", "i", true}, /* of another type: a function like any */
        {"malloc", "i", "i", false},
        {"__main_void", "", "i", false},
        {"canonical_abi_other", "", "i", false},
        {"spin:x", "", "i", false},
        {"", "", "i", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const function_t functions[] = {
            allocator, {cases[i].name, cases[i].params, cases[i].results, SLOTS_BODY}};
        spin_slice_t module = make(functions, 2);
        assert_int_equal(rewrite(module).ptr != module.ptr, cases[i].told);
        assert_int_equal(told(functions, 2, cases[i].name).function, cases[i].told ? SLOTS : 0);
    }
    static const function_t others[] = {
        {"canonical_abi_realloc", "iiii", "i", SLOTS_BODY},
        {"of-64-bits", "", "I", CODE("\x42\0")},
        {"nothing", "", "", CODE("")},
    };
    spin_slice_t module = make(others, 3);
    assert_ptr_equal(rewrite(module).ptr, module.ptr);
    /* Not of 2022: no such allocator. */
    static const function_t today[] = {{"cabi_realloc", "iiii", "i", CODE("\x41\x10")},
                                       {"echo", "ii", "i", SLOTS_BODY}};
    module = make(today, 2);
    assert_ptr_equal(rewrite(module).ptr, module.ptr);
}

/* handle-http-request: ten parameters; w4 at 0, 8, ..., or today's places. */
#define HTTP_SLOTS                                                                                 \
    { "handle-http-request", "iiiiiiiiii", "i", CODE(PUT32("\x20") AREA) }
#define HTTP_CANONICAL                                                                             \
    { "handle-http-request", "iiiiiiiiii", "i", CODE(PUT32("\x0c") AREA) }

static void the_module_goes_by_its_known_entry_point_then_by_the_most(void **state) {
    (void)state;
    static const struct {
        function_t functions[3];
        int module;
    } cases[] = {
        {{{"a", "", "i", SLOTS_BODY}, {"b", "", "i", SLOTS_BODY}, HTTP_CANONICAL}, CANONICAL},
        {{{"a", "", "i", CANONICAL_BODY}, {"b", "", "i", CANONICAL_BODY}, HTTP_SLOTS}, SLOTS},
        {{{"a", "", "i", SLOTS_BODY}, {"b", "", "i", SLOTS_BODY}, {"c", "", "i", CANONICAL_BODY}},
         SLOTS},
        {{{"a", "", "i", SLOTS_BODY}, {"b", "", "i", CODE(AREA)}, {"c", "", "i", CANONICAL_BODY}},
         UNKNOWN},
        /* Names that WIT does not have count for nothing but themselves. */
        {{{"a-1", "", "i", SLOTS_BODY},
          {"aB", "", "i", CANONICAL_BODY},
          {"c_d", "", "i", CANONICAL_BODY}},
         SLOTS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        function_t functions[4] = {allocator};
        memcpy(functions + 1, cases[i].functions, sizeof cases[i].functions);
        assert_int_equal(told(functions, 4, "").module, cases[i].module);
        legacy_layouts_t layouts = told(functions, 4, functions[1].name);
        assert_int_not_equal(layouts.function, UNKNOWN);
        assert_int_equal(legacy_layouts_best(&layouts), layouts.function);
        layouts = told(functions, 4, "not-there");
        assert_int_equal(legacy_layouts_best(&layouts), cases[i].module);
    }
}

static void changes_nothing_but_the_exports(void **state) {
    (void)state;
    static const function_t functions[] = {{"canonical_abi_realloc", "iiii", "i", CODE("\x41\x10")},
                                           {"echo", "ii", "i", SLOTS_BODY}};
    spin_slice_t module = make(functions, 2), rewritten = rewrite(module);
    core_module_t before, after;
    assert_ptr_equal(rewrite(rewritten).ptr, rewritten.ptr);
    assert_null(core_module_read(&arena, module, &before));
    assert_null(core_module_read(&arena, rewritten, &after));
    assert_int_equal(after.import_count, 0);
    assert_int_equal(after.export_count, before.export_count + 2);
    assert_int_equal(after.section_count, before.section_count);
    for (uint32_t i = 0; i < before.section_count; i++) {
        const core_section_t *a = &before.sections[i], *b = &after.sections[i];
        assert_int_equal(a->id, b->id);
        if (a->id == CORE_SECTION_EXPORT)
            continue;
        assert_int_equal(core_reader_left(&a->body), core_reader_left(&b->body));
        assert_memory_equal(a->body.at, b->body.at, core_reader_left(&a->body));
    }
    wasm_engine_t *engine = wasm_engine_new();
    wasmtime_module_t *compiled = NULL;
    wasmtime_error_t *error = wasmtime_module_new(engine, rewritten.ptr, rewritten.len, &compiled);
    assert_null(error);
    wasmtime_store_t *store = wasmtime_store_new(engine, NULL, NULL);
    wasmtime_context_t *context = wasmtime_store_context(store);
    wasmtime_instance_t instance;
    wasm_trap_t *trap = NULL;
    assert_null(wasmtime_instance_new(context, compiled, NULL, 0, &instance, &trap));
    static const char name[] = "spin:layout/echo@slots";
    wasmtime_extern_t item;
    assert_true(wasmtime_instance_export_get(context, &instance, name, strlen(name), &item));
    wasmtime_val_t args[2] = {{.kind = WASMTIME_I32}, {.kind = WASMTIME_I32}}, result;
    assert_null(wasmtime_func_call(context, &item.of.func, args, 2, &result, 1, &trap));
    assert_int_equal(result.of.i32, 1024);
    wasmtime_store_delete(store);
    wasmtime_module_delete(compiled);
    wasm_engine_delete(engine);
}

static void leaves_modules_alone_that_tell_by_themselves(void **state) {
    (void)state;
    static const char *const names[] = {"spin:layout@slots", "spin:layout/echo@canonical",
                                        "spin:layout", "spin:handle-http-request@slots"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const function_t functions[] = {
            allocator, {"echo", "ii", "i", SLOTS_BODY}, {names[i], "", "", CODE("")}};
        spin_slice_t module = make(functions, 3);
        assert_ptr_equal(rewrite(module).ptr, module.ptr);
    }
}

/* More work than a scan may do: it ends soon, and the module is the worse off for it. */
static void gives_up_on_too_much(void **state) {
    (void)state;
    enum { COUNT = 3000, NOPS = 20000 };
    function_t *functions = arena_calloc(&arena, COUNT + 2, sizeof *functions);
    uint8_t *code = arena_alloc_bytes(&arena, NOPS + 32);
    static const char end[] = PUT32("\0") PUT32("\x08") AREA;
    memset(code, 1, NOPS);
    code[0] = 0;
    memcpy(code + NOPS, end, sizeof end - 1);
    functions[0] = allocator;
    functions[1] = (function_t){"first", "ii", "i", SLOTS_BODY};
    for (uint32_t i = 2; i < COUNT + 2; i++) {
        char *name = arena_alloc_bytes(&arena, 16);
        snprintf(name, 16, "f%u", (unsigned)i);
        functions[i] = (function_t){name, "ii", "i", {code, NOPS + sizeof end - 1}};
    }
    spin_slice_t module = make(functions, COUNT + 2);
    clock_t start = clock();
    spin_slice_t rewritten = rewrite(module);
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 5);
    assert_int_equal(layouts_of(rewritten, "first").function, SLOTS);
    assert_int_equal(layouts_of(rewritten, "f2").function, SLOTS);
    assert_int_equal(layouts_of(rewritten, "f3001").function, UNKNOWN);
    assert_int_equal(layouts_of(rewritten, "f3001").module, SLOTS);
    /* Many small ones: at most 256 are told of. */
    for (uint32_t i = 2; i < COUNT + 2; i++)
        functions[i].body = functions[1].body;
    core_module_t decoded;
    assert_null(core_module_read(&arena, rewrite(make(functions, COUNT + 2)), &decoded));
    assert_int_equal(decoded.export_count, COUNT + 3 + 256 + 1);
}

static void survives_every_changed_byte(void **state) {
    (void)state;
    static const function_t functions[] = {
        {"canonical_abi_realloc", "iiii", "i", CODE("\x41\x10")},
        {"echo", "ii", "i", CODE(CALL("\2") "\x20\0\x20\1" CALL("\3") CALL("\2"))},
        {NULL, "", "", CODE("")},
        {NULL, "ii", "i", CODE(AREA "\x20\0" CALL("\4") "\x1a" AREA)},
        {NULL, "ii", "i", CODE("\x20\0\x20\1\x36\0\0\x20\0\x20\1\x36\0\x08\x41\0")},
    };
    spin_slice_t module = make(functions, 5);
    size_t accepted = 0;
    for (size_t at = 0; at < module.len; at++) {
        for (unsigned step = 0; step < 256; step += step < 4 ? 1 : 9) {
            arena_t own = {0};
            spin_slice_t out, changed = arena_copy(&own, module);
            ((uint8_t *)(uintptr_t)changed.ptr)[at] ^= (uint8_t)step;
            spin_error_t *error = legacy_rewrite(&own, changed, &out);
            if (error != NULL)
                assert_int_equal(spin_error_kind(error), SPIN_ERROR_INVALID);
            accepted += error == NULL;
            spin_error_free(error);
            arena_deinit(&own);
        }
    }
    assert_true(accepted > module.len);
}

static void reports_every_failed_allocation(void **state) {
    (void)state;
    static const function_t functions[] = {{"canonical_abi_realloc", "iiii", "i", CODE("\x41\x10")},
                                           {"echo", "ii", "i", SLOTS_BODY}};
    spin_slice_t module = make(functions, 2);
    size_t calls = 0;
    for (size_t at = SIZE_MAX; at != 0 && at != calls + 1; at = at == SIZE_MAX ? 1 : at + 1) {
        arena_t own = {0};
        spin_slice_t out;
        failing_alloc_install(at);
        spin_error_t *error = legacy_rewrite(&own, module, &out);
        if (at == SIZE_MAX)
            calls = failing_alloc_calls();
        else
            assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
        assert_int_equal(error == NULL, at == SIZE_MAX);
        spin_error_free(error);
        arena_deinit(&own);
        assert_int_equal(failing_alloc_live(), 0);
        failing_alloc_remove();
    }
    assert_true(calls > 5);
}

static void reads_names(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int function, module;
    } cases[] = {
        {"spin:layout/echo@slots", SLOTS, 0},
        {"spin:layout/echo@canonical", CANONICAL, 0},
        {"spin:layout@slots", 0, SLOTS},
        {"spin:layout@canonical", 0, CANONICAL},
        {"spin:layout@x", 0, 0},
        {"spin:layout@", 0, 0},
        {"spin:layout", 0, 0},
        {"spin:layout/echo@", 0, 0},
        {"spin:layout/echo", 0, 0},
        {"spin:layout/ech@slots", 0, 0},
        {"spin:layout/echoo@slots", 0, 0},
        {"spin:layouts/echo@slots", 0, 0},
        {"echo", 0, 0},
        {"", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        legacy_layouts_t layouts = {0};
        legacy_layouts_add(&layouts, SLICE_LITERAL("echo"), spin_slice(cases[i].name));
        assert_int_equal(layouts.function, cases[i].function);
        assert_int_equal(layouts.module, cases[i].module);
    }
    legacy_layouts_t both = {.function = LEGACY_LAYOUT_SLOTS, .module = LEGACY_LAYOUT_CANONICAL};
    assert_int_equal(legacy_layouts_best(&both), SLOTS);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(judges_stores_without_knowing_the_type),
        TEST(looks_through_wrappers_and_into_callees),
        TEST(tells_only_of_what_may_be_an_entry_point),
        TEST(the_module_goes_by_its_known_entry_point_then_by_the_most),
        TEST(changes_nothing_but_the_exports),
        TEST(leaves_modules_alone_that_tell_by_themselves),
        TEST(gives_up_on_too_much),
        TEST(survives_every_changed_byte),
        TEST(reports_every_failed_allocation),
        TEST(reads_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
