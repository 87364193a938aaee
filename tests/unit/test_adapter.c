/* Adapters between two component instances: every kind of type, flat and in memory, and what they
 * trap on. Strings are in test_adapter_text.c. */
#include "adapter_scene.h"

static const scene_side_t plain = {.encoding = AST_UTF8};
static const scene_side_t wide = {.encoding = AST_UTF8, .memory64 = true};

/* Opens a scene without declarations of types, between memories of 32 bits. */
static void open_plain(scene_t *scene, const char *function) {
    scene_open(scene, "", function, plain, plain);
}

static void put_args(scene_t *scene, const uint64_t *args, size_t count) {
    for (uint32_t i = 0; i < count; i++)
        scene_set(scene, CALLER, SCENE_ARGS + 8 * i, args[i]);
}
#define PUT_ARGS(scene, ...)                                                                       \
    put_args((scene), (const uint64_t[]){__VA_ARGS__},                                             \
             sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

static uint64_t got_arg(scene_t *scene, uint32_t index) {
    return scene_slot(scene, CALLEE, SCENE_ARGS + 8 * index);
}

static void assert_traps(scene_t *scene, fuse_trap_t trap) {
    assert_false(scene_run(scene));
    assert_int_equal(scene->trapped, trap);
}

/* ── flat values ─────────────────────────────────────────────────────────────────────────── */

static void test_numbers_are_brought_into_range(void **state) {
    (void)state;
    scene_t scene;
    open_plain(&scene, "(a: u8, b: s8, c: u16, d: s16, e: u32, g: s64, h: bool, i: bool) -> u8");
    PUT_ARGS(&scene, 0x1ff, 0x180, 0x1ffff, 0x18000, 0xffffffff, (uint64_t)-5, 7, 0);
    scene_set(&scene, CALLEE, SCENE_RESULT, 0x301);
    assert_true(scene_run(&scene));
    const uint64_t expected[] = {0xff,       0xffffff80,   0xffff, 0xffff8000,
                                 0xffffffff, (uint64_t)-5, 1,      0};
    for (uint32_t i = 0; i < 8; i++)
        assert_int_equal(got_arg(&scene, i), expected[i]);
    assert_int_equal(scene_slot(&scene, CALLER, SCENE_RESULT), 1);
    scene_close(&scene);
}

static void test_floats_and_chars_pass(void **state) {
    (void)state;
    scene_t scene;
    open_plain(&scene, "(a: f32, b: f64, c: char) -> f64");
    PUT_ARGS(&scene, 0x3fc00000, 0x3ff8000000000000, 0x10ffff);
    scene_set(&scene, CALLEE, SCENE_RESULT, 0xbff0000000000000);
    assert_true(scene_run(&scene));
    assert_int_equal(got_arg(&scene, 0), 0x3fc00000);
    assert_int_equal(got_arg(&scene, 1), 0x3ff8000000000000);
    assert_int_equal(got_arg(&scene, 2), 0x10ffff);
    assert_int_equal(scene_slot(&scene, CALLER, SCENE_RESULT), 0xbff0000000000000);
    scene_close(&scene);
}

static void test_bad_chars_trap(void **state) {
    (void)state;
    static const uint32_t bad[] = {0xd800, 0xdbff, 0xdfff, 0x110000, 0xffffffff};
    static const uint32_t good[] = {0, 0xd7ff, 0xe000, 0x10ffff};
    scene_t scene;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        open_plain(&scene, "(a: char)");
        PUT_ARGS(&scene, bad[i]);
        assert_traps(&scene, FUSE_TRAP_BAD_CHAR);
        scene_close(&scene);
    }
    open_plain(&scene, "(a: char)");
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        PUT_ARGS(&scene, good[i]);
        assert_true(scene_run(&scene));
        assert_int_equal(got_arg(&scene, 0), good[i]);
    }
    scene_close(&scene);
}

static void test_flags_lose_unknown_bits(void **state) {
    (void)state;
    scene_t scene;
    scene_open(&scene, "flags a { x, y, z }\nflags b { p, q, r, s, t, u, v, w, x }",
               "(a: a, b: b) -> a", plain, plain);
    PUT_ARGS(&scene, 0xffffffff, 0xffffffff);
    scene_set(&scene, CALLEE, SCENE_RESULT, 0xfe);
    assert_true(scene_run(&scene));
    assert_int_equal(got_arg(&scene, 0), 7);
    assert_int_equal(got_arg(&scene, 1), 0x1ff);
    assert_int_equal(scene_slot(&scene, CALLER, SCENE_RESULT), 6);
    scene_close(&scene);
}

/* The payload is joined as an i64, and what the case has not is 0. */
static void test_variants_are_joined(void **state) {
    (void)state;
    scene_t scene;
    scene_open(&scene, "variant v { a(u8), b(f32), c(f64), d, e(tuple<u64, f32>) }", "(v: v)",
               plain, plain);
    const uint64_t junk = 0xabcdef0012345678;
    const uint64_t payloads[5][2] = {{0x78, 0}, {0x12345678, 0}, {junk, 0}, {0, 0}, {junk, 0x5}};
    for (uint32_t i = 0; i < 5; i++) {
        PUT_ARGS(&scene, i, junk, 5);
        assert_true(scene_run(&scene));
        assert_int_equal(got_arg(&scene, 0), i);
        assert_int_equal(got_arg(&scene, 1), payloads[i][0]);
        assert_int_equal(got_arg(&scene, 2), payloads[i][1]);
    }
    PUT_ARGS(&scene, 5);
    assert_traps(&scene, FUSE_TRAP_BAD_DISCRIMINANT);
    scene_close(&scene);
}

static void test_discriminants_are_checked(void **state) {
    (void)state;
    static const char *const types[] = {"e", "option<u32>", "result", "result<u8, s8>"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        scene_t scene;
        char function[64];
        snprintf(function, sizeof function, "(a: %s)", types[i]);
        scene_open(&scene, "enum e { x, y }", function, plain, plain);
        PUT_ARGS(&scene, 1, 0xff);
        assert_true(scene_run(&scene));
        assert_int_equal(got_arg(&scene, 0), 1);
        PUT_ARGS(&scene, 2);
        assert_traps(&scene, FUSE_TRAP_BAD_DISCRIMINANT);
        scene_close(&scene);
    }
}

static void test_a_result_has_one_payload_of_two(void **state) {
    (void)state;
    scene_t scene;
    open_plain(&scene, "(a: result<u8, s8>)");
    for (uint32_t i = 0; i < 2; i++) {
        PUT_ARGS(&scene, i, 0xff);
        assert_true(scene_run(&scene));
        assert_int_equal(got_arg(&scene, 1), i == 0 ? 0xff : 0xffffffff);
    }
    scene_close(&scene);
}

/* ── in memory ───────────────────────────────────────────────────────────────────────────── */

#define SIXTEEN "a: u8, b: u8, c: u8, d: u8, e: u8, g: u8, h: u8, i: u8, "
#define MANY    SIXTEEN "j: u8, k: u8, l: u8, m: u8, n: u8, o: u8, p: u8, q: u64, r: string"

static void check_many(scene_side_t caller, scene_side_t callee) {
    scene_t scene;
    scene_open(&scene, "", "(" MANY ") -> tuple<u64, string>", caller, callee);
    uint32_t area = SCENE_DATA, text = SCENE_DATA + 512, size = callee.memory64 ? 40 : 32;
    for (uint32_t i = 0; i < 15; i++)
        *scene_at(&scene, CALLER, area + i) = (uint8_t)(i + 1);
    scene_set(&scene, CALLER, area + 16, 0x1122334455667788);
    scene_set(&scene, CALLER, area + 24, caller.memory64 ? text : text | 5ULL << 32);
    if (caller.memory64)
        scene_set(&scene, CALLER, area + 32, 5);
    memcpy(scene_at(&scene, CALLER, text), "hello", 5);
    PUT_ARGS(&scene, area, SCENE_DATA + 256);
    /* what comes back */
    scene_set(&scene, CALLEE, SCENE_RESULT, SCENE_DATA);
    scene_set(&scene, CALLEE, SCENE_DATA, 42);
    scene_set(&scene, CALLEE, SCENE_DATA + 8,
              callee.memory64 ? SCENE_DATA + 64 : (SCENE_DATA + 64) | 3ULL << 32);
    if (callee.memory64)
        scene_set(&scene, CALLEE, SCENE_DATA + 16, 3);
    memcpy(scene_at(&scene, CALLEE, SCENE_DATA + 64), "bye", 3);
    assert_true(scene_run(&scene));

    uint32_t got = (uint32_t)got_arg(&scene, 0);
    assert_int_equal(got, SCENE_HEAP);
    assert_int_equal(scene_slot(&scene, CALLEE, SCENE_LOG + 16), 8);
    assert_int_equal(scene_slot(&scene, CALLEE, SCENE_LOG + 24), size);
    assert_memory_equal(scene_at(&scene, CALLEE, got), scene_at(&scene, CALLER, area), 24);
    uint64_t pointer = scene_slot(&scene, CALLEE, got + 24);
    uint64_t len = callee.memory64 ? scene_slot(&scene, CALLEE, got + 32) : pointer >> 32;
    assert_int_equal(len, 5);
    assert_memory_equal(scene_at(&scene, CALLEE, (uint32_t)pointer), "hello", 5);

    uint32_t result = SCENE_DATA + 256;
    assert_int_equal(scene_slot(&scene, CALLER, result), 42);
    pointer = scene_slot(&scene, CALLER, result + 8);
    len = caller.memory64 ? scene_slot(&scene, CALLER, result + 16) : pointer >> 32;
    assert_int_equal(len, 3);
    assert_memory_equal(scene_at(&scene, CALLER, (uint32_t)pointer), "bye", 3);
    scene_close(&scene);
}

static void test_many_parameters_go_through_memory(void **state) {
    (void)state;
    check_many(plain, plain);
    check_many(wide, plain);
    check_many(plain, wide);
    check_many(wide, wide);
}

static void test_areas_are_checked(void **state) {
    (void)state;
    static const struct {
        uint64_t params, result;
        fuse_trap_t trap;
    } bad[] = {
        {SCENE_DATA + 4, SCENE_DATA, FUSE_TRAP_POINTER_ALIGN},
        {SCENE_MEMORY - 24, SCENE_DATA, FUSE_TRAP_POINTER_RANGE},
        {0xfffffff8, SCENE_DATA, FUSE_TRAP_POINTER_RANGE},
        {SCENE_DATA, SCENE_DATA + 1, FUSE_TRAP_POINTER_ALIGN},
        {SCENE_DATA, SCENE_MEMORY - 8, FUSE_TRAP_POINTER_RANGE},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        scene_t scene;
        open_plain(&scene, "(" MANY ") -> tuple<u64, u64>");
        PUT_ARGS(&scene, bad[i].params, bad[i].result);
        scene_set(&scene, CALLEE, SCENE_RESULT, SCENE_DATA);
        assert_traps(&scene, bad[i].trap);
        scene_close(&scene);
    }
}

static void test_the_callees_area_is_checked(void **state) {
    (void)state;
    static const struct {
        uint64_t result;
        fuse_trap_t trap;
    } bad[] = {
        {SCENE_DATA + 4, FUSE_TRAP_POINTER_ALIGN},
        {SCENE_MEMORY - 8, FUSE_TRAP_POINTER_RANGE},
        {SCENE_MEMORY, FUSE_TRAP_POINTER_RANGE},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        scene_t scene;
        open_plain(&scene, "() -> tuple<u64, u64>");
        PUT_ARGS(&scene, SCENE_DATA);
        scene_set(&scene, CALLEE, SCENE_RESULT, bad[i].result);
        assert_traps(&scene, bad[i].trap);
        scene_close(&scene);
    }
}

static void test_allocators_are_not_trusted(void **state) {
    (void)state;
    static const struct {
        uint64_t answer;
        fuse_trap_t trap;
    } bad[] = {
        {SCENE_DATA + 2, FUSE_TRAP_REALLOC_ALIGN},
        {SCENE_MEMORY - 4, FUSE_TRAP_REALLOC_RANGE},
        {0xfffffffc, FUSE_TRAP_REALLOC_RANGE},
        {0xffffffff, FUSE_TRAP_REALLOC_ALIGN},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        scene_t scene;
        open_plain(&scene, "(a: list<u32>)");
        PUT_ARGS(&scene, SCENE_DATA, 2);
        scene_set(&scene, CALLEE, SCENE_ANSWER, bad[i].answer);
        assert_traps(&scene, bad[i].trap);
        scene_close(&scene);
    }
}

/* In 64 bits the end of a range must not wrap around. */
static void test_wide_pointers_are_checked(void **state) {
    (void)state;
    static const struct {
        uint64_t pointer, len;
        fuse_trap_t trap;
    } bad[] = {
        {UINT64_MAX - 7, 2, FUSE_TRAP_POINTER_RANGE}, {UINT64_MAX - 7, 1, FUSE_TRAP_POINTER_RANGE},
        {8, 0x100000000, FUSE_TRAP_LIST_TOO_LONG},    {8, 0x20000000, FUSE_TRAP_LIST_TOO_LONG},
        {8, 0x1fffffff, FUSE_TRAP_POINTER_RANGE},     {4, 1, FUSE_TRAP_POINTER_ALIGN},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        scene_t scene;
        scene_open(&scene, "", "(a: list<u64>)", wide, plain);
        PUT_ARGS(&scene, bad[i].pointer, bad[i].len);
        assert_traps(&scene, bad[i].trap);
        scene_close(&scene);
    }
}

/* ── lists ───────────────────────────────────────────────────────────────────────────────── */

static void test_bytes_are_copied(void **state) {
    (void)state;
    const scene_side_t sides[] = {plain, wide};
    for (int i = 0; i < 4; i++) {
        scene_t scene;
        scene_open(&scene, "", "(a: list<u8>)", sides[i & 1], sides[i >> 1]);
        for (uint32_t k = 0; k < 1000; k++)
            *scene_at(&scene, CALLER, SCENE_DATA + 1 + k) = (uint8_t)(k * 7);
        PUT_ARGS(&scene, SCENE_DATA + 1, 1000);
        assert_true(scene_run(&scene));
        assert_int_equal(got_arg(&scene, 0), SCENE_HEAP);
        assert_int_equal(got_arg(&scene, 1), 1000);
        assert_memory_equal(scene_at(&scene, CALLEE, SCENE_HEAP),
                            scene_at(&scene, CALLER, SCENE_DATA + 1), 1000);
        PUT_ARGS(&scene, SCENE_MEMORY, 0); /* the very end is inside */
        assert_true(scene_run(&scene));
        assert_int_equal(scene_slot(&scene, CALLEE, SCENE_LOGGED), 2);
        PUT_ARGS(&scene, SCENE_MEMORY - 1, 2);
        assert_traps(&scene, FUSE_TRAP_POINTER_RANGE);
        scene_close(&scene);
    }
}

/* Elements of other sizes on both sides, with texts in them. */
static void test_lists_of_records(void **state) {
    (void)state;
    const scene_side_t sides[] = {plain, wide};
    for (int i = 0; i < 4; i++) {
        bool from64 = (i & 1) != 0, to64 = (i >> 1) != 0;
        scene_t scene;
        scene_open(&scene, "record r { a: u8, b: string, c: option<u16> }", "(a: list<r>)",
                   sides[i & 1], sides[i >> 1]);
        uint32_t from_size = from64 ? 32 : 16, to_size = to64 ? 32 : 16;
        for (uint32_t k = 0; k < 3; k++) {
            uint32_t at = SCENE_DATA + k * from_size, text = SCENE_DATA + 1024 + k;
            *scene_at(&scene, CALLER, at) = (uint8_t)(k + 1);
            memcpy(scene_at(&scene, CALLER, at + (from64 ? 8 : 4)), &text, 4);
            *scene_at(&scene, CALLER, at + (from64 ? 16 : 8)) = (uint8_t)(k + 1);
            *scene_at(&scene, CALLER, at + (from64 ? 24 : 12)) = k != 1;
            *scene_at(&scene, CALLER, at + (from64 ? 26 : 14)) = (uint8_t)(0x40 + k);
        }
        memcpy(scene_at(&scene, CALLER, SCENE_DATA + 1024), "abcdef", 6);
        PUT_ARGS(&scene, SCENE_DATA, 3);
        assert_true(scene_run(&scene));
        assert_int_equal(got_arg(&scene, 1), 3);
        for (uint32_t k = 0; k < 3; k++) {
            uint32_t at = (uint32_t)got_arg(&scene, 0) + k * to_size, text;
            assert_int_equal(*scene_at(&scene, CALLEE, at), k + 1);
            memcpy(&text, scene_at(&scene, CALLEE, at + (to64 ? 8 : 4)), 4);
            assert_int_equal(*scene_at(&scene, CALLEE, at + (to64 ? 16 : 8)), k + 1);
            assert_memory_equal(scene_at(&scene, CALLEE, text), &"abcdef"[k], k + 1);
            assert_int_equal(*scene_at(&scene, CALLEE, at + (to64 ? 24 : 12)), k != 1);
            assert_int_equal(*scene_at(&scene, CALLEE, at + (to64 ? 26 : 14)),
                             k != 1 ? 0x40 + k : 0);
        }
        scene_close(&scene);
    }
}

/* What must be checked or has padding is not copied as it is. */
static void test_lists_are_not_copied_blindly(void **state) {
    (void)state;
    scene_t scene;
    open_plain(&scene, "(a: list<bool>)");
    memcpy(scene_at(&scene, CALLER, SCENE_DATA), "\0\1\2\xff", 4);
    PUT_ARGS(&scene, SCENE_DATA, 4);
    assert_true(scene_run(&scene));
    assert_memory_equal(scene_at(&scene, CALLEE, SCENE_HEAP), "\0\1\1\1", 4);
    scene_close(&scene);

    open_plain(&scene, "(a: list<tuple<u32, u8>>)");
    memset(scene_at(&scene, CALLER, SCENE_DATA), 0x55, 16);
    PUT_ARGS(&scene, SCENE_DATA, 2);
    assert_true(scene_run(&scene));
    assert_memory_equal(scene_at(&scene, CALLEE, SCENE_HEAP), "UUUUU\0\0\0UUUUU\0\0\0", 16);
    scene_close(&scene);

    open_plain(&scene, "(a: list<char>)");
    memset(scene_at(&scene, CALLER, SCENE_DATA), 0xff, 16);
    PUT_ARGS(&scene, SCENE_DATA, 2);
    assert_traps(&scene, FUSE_TRAP_BAD_CHAR);
    scene_close(&scene);
}

static void test_maps_and_fixed_lists(void **state) {
    (void)state;
    scene_t scene;
    open_plain(&scene, "(a: map<u8, u32>, b: list<u16, 3>) -> list<bool, 20>");
    for (uint32_t k = 0; k < 2; k++) {
        *scene_at(&scene, CALLER, SCENE_DATA + 8 * k) = (uint8_t)k;
        memcpy(scene_at(&scene, CALLER, SCENE_DATA + 8 * k + 4), &(uint32_t){1000 + k}, 4);
    }
    PUT_ARGS(&scene, SCENE_DATA, 2, 0x10001, 2, 3, SCENE_DATA + 512);
    scene_set(&scene, CALLEE, SCENE_RESULT, SCENE_DATA);
    memset(scene_at(&scene, CALLEE, SCENE_DATA), 9, 20);
    assert_true(scene_run(&scene));
    assert_memory_equal(scene_at(&scene, CALLEE, SCENE_HEAP), scene_at(&scene, CALLER, SCENE_DATA),
                        16);
    assert_int_equal(got_arg(&scene, 2), 1);
    assert_int_equal(got_arg(&scene, 4), 3);
    for (uint32_t k = 0; k < 20; k++)
        assert_int_equal(*scene_at(&scene, CALLER, SCENE_DATA + 512 + k), 1);
    assert_int_equal(*scene_at(&scene, CALLER, SCENE_DATA + 532), 0);
    scene_close(&scene);
}

/* ── the call ────────────────────────────────────────────────────────────────────────────── */

static void test_post_return_gets_the_result(void **state) {
    (void)state;
    scene_t scene;
    scene_side_t cleaning = {.encoding = AST_UTF8, .post_return = true};
    scene_open(&scene, "", "() -> u32", plain, cleaning);
    scene_set(&scene, CALLEE, SCENE_RESULT, 41);
    assert_true(scene_run(&scene));
    assert_int_equal(scene_slot(&scene, CALLEE, SCENE_POSTED), 42);
    scene_close(&scene);
}

static void set_flags(scene_t *scene, int side, int32_t flags) {
    wasmtime_val_t value = {.kind = WASMTIME_I32, .of.i32 = flags};
    scene_wasmtime_ok(wasmtime_global_set(scene->context, &scene->flags[side], &value));
}

static int32_t flags_of(scene_t *scene, int side) {
    wasmtime_val_t value;
    wasmtime_global_get(scene->context, &scene->flags[side], &value);
    return value.of.i32;
}

static void test_flags_are_set_and_checked(void **state) {
    (void)state;
    scene_t scene;
    scene_side_t cleaning = {.encoding = AST_UTF8, .post_return = true};
    scene_open(&scene, "", "(a: string) -> u32", plain, cleaning);
    assert_true(scene_run(&scene));
    assert_int_equal(flags_of(&scene, CALLEE), 0);
    assert_int_equal(flags_of(&scene, CALLER), 0);
    set_flags(&scene, CALLEE, FUSE_FLAG_ENTERED);
    assert_traps(&scene, FUSE_TRAP_CANNOT_ENTER);
    scene_close(&scene);

    open_plain(&scene, "()");
    set_flags(&scene, CALLER, FUSE_FLAG_NO_LEAVE);
    assert_traps(&scene, FUSE_TRAP_CANNOT_LEAVE);
    scene_close(&scene);
}

/* Between an instance and one around it nothing is called. */
static void test_no_calls_to_ancestors(void **state) {
    (void)state;
    static const uint32_t parents[][2] = {{0, 1}, {2, 0}};
    for (size_t i = 0; i < 2; i++) {
        scene_t scene;
        open_plain(&scene, "()");
        linked_component_instance_t components[3] = {
            {.parent = LINKED_NONE}, {.parent = parents[i][0]}, {.parent = parents[i][1]}};
        scene.linked.components = components;
        buf_t fused = {0};
        scene_ok(component_fuse(&scene.linked, NULL, &fused));
        assert_true(fused.len < scene.fused.len); /* nothing but a trap */
        buf_deinit(&fused);
        scene_close(&scene);
    }
}

static void test_handles_go_through_the_runtime(void **state) {
    (void)state;
    scene_t scene = {.trapped = -1};
    wasm_signals_restore();
    const spin_function_t *type =
        scene_function(&scene, "resource q;\nresource r;", "(a: own<r>, b: borrow<q>) -> own<r>");
    scene_link(&scene, type, &plain, &plain);
    linked_resource_t resources[2] = {{.is_host = true, .type = type->params[1].ref.type->resource},
                                      {.is_host = true, .type = type->result.type->resource}};
    scene.linked.resources = resources;
    scene.linked.resource_count = 2;
    scene_ok(component_fuse(&scene.linked, NULL, &scene.fused));
    scene_instantiate(&scene);
    PUT_ARGS(&scene, 3, 4);
    scene_set(&scene, CALLEE, SCENE_RESULT, 5);
    assert_true(scene_run(&scene));
    assert_int_equal(got_arg(&scene, 0), 103);
    assert_int_equal(got_arg(&scene, 1), 104);
    assert_int_equal(scene_slot(&scene, CALLER, SCENE_RESULT), 105);
    buf_append_byte(&scene.calls, 0);
    assert_string_equal((const char *)scene.calls.ptr,
                        "call 0;transfer 1 2 1 3;transfer 0 2 1 4;call 0;transfer 1 1 2 5;");
    scene_close(&scene);
}

/* Types whose parts are shared grow in code by what is new in them only. */
static void test_code_stays_small(void **state) {
    (void)state;
    scene_t scene;
    buf_t types = {0};
    buf_append_text(&types, "variant v0 { a(string), b(list<string>), c(u8) }\n");
    for (int i = 1; i < 40; i++)
        buf_printf(&types, "variant v%d { a(v%d), b(tuple<v%d, u8>), c(list<v%d>) }\n", i, i - 1,
                   i - 1, i - 1);
    buf_append_byte(&types, 0);
    scene_open(&scene, (const char *)types.ptr, "(a: v39) -> v39", plain, plain);
    assert_true(scene.fused.len < 500 * 1000);
    buf_deinit(&types);

    PUT_ARGS(&scene, SCENE_DATA, SCENE_DATA + 1024); /* the first case, down to a text */
    scene_set(&scene, CALLEE, SCENE_RESULT, SCENE_DATA);
    scene_set(&scene, CALLER, SCENE_DATA + 40 * 4, SCENE_DATA + 512 + (3ULL << 32));
    memcpy(scene_at(&scene, CALLER, SCENE_DATA + 512), "abc", 3);
    assert_true(scene_run(&scene));
    uint32_t got = (uint32_t)got_arg(&scene, 0);
    uint64_t text = scene_slot(&scene, CALLEE, got + 40 * 4);
    assert_int_equal(text >> 32, 3);
    assert_memory_equal(scene_at(&scene, CALLEE, (uint32_t)text), "abc", 3);
    *scene_at(&scene, CALLER, SCENE_DATA + 30 * 4) = 3;
    assert_traps(&scene, FUSE_TRAP_BAD_DISCRIMINANT);
    scene_close(&scene);
}

static void test_parameters_fit_an_address_space(void **state) {
    (void)state;
    scene_t scene = {.trapped = -1};
    const spin_function_t *type = scene_function(&scene, "type half = list<u64, 268435456>;",
                                                 "(a: half, b: half, c: half, d: u8)");
    scene_link(&scene, type, &plain, &plain);
    spin_error_t *error = component_fuse(&scene.linked, NULL, &scene.fused);
    assert_non_null(error);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_LIMIT);
    spin_error_free(error);
    buf_deinit(&scene.fused);
    spin_wit_free(scene.wit);
    arena_deinit(&scene.arena);
}

int main(void) {
    wasm_signals_keep();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_brought_into_range),
        cmocka_unit_test(test_floats_and_chars_pass),
        cmocka_unit_test(test_bad_chars_trap),
        cmocka_unit_test(test_flags_lose_unknown_bits),
        cmocka_unit_test(test_variants_are_joined),
        cmocka_unit_test(test_discriminants_are_checked),
        cmocka_unit_test(test_a_result_has_one_payload_of_two),
        cmocka_unit_test(test_many_parameters_go_through_memory),
        cmocka_unit_test(test_areas_are_checked),
        cmocka_unit_test(test_the_callees_area_is_checked),
        cmocka_unit_test(test_allocators_are_not_trusted),
        cmocka_unit_test(test_wide_pointers_are_checked),
        cmocka_unit_test(test_bytes_are_copied),
        cmocka_unit_test(test_lists_of_records),
        cmocka_unit_test(test_lists_are_not_copied_blindly),
        cmocka_unit_test(test_maps_and_fixed_lists),
        cmocka_unit_test(test_post_return_gets_the_result),
        cmocka_unit_test(test_flags_are_set_and_checked),
        cmocka_unit_test(test_no_calls_to_ancestors),
        cmocka_unit_test(test_handles_go_through_the_runtime),
        cmocka_unit_test(test_code_stays_small),
        cmocka_unit_test(test_parameters_fit_an_address_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
