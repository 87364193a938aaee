/* Strings between all encodings: what arrives, and which allocations are asked for. */
#include "adapter_scene.h"

enum { TEXT_MAX = 300 };

typedef struct text {
    uint32_t points[TEXT_MAX];
    size_t len;
} text_t;

/* A text as it stands in a guest's memory, with its length as the guest gives it. */
typedef struct encoded {
    uint8_t bytes[TEXT_MAX * 4];
    size_t size;
    uint64_t len;
} encoded_t;

static uint64_t tag_of(bool memory64) {
    return memory64 ? (uint64_t)1 << 63 : (uint64_t)1 << 31;
}

static void put_utf8(encoded_t *out, uint32_t point) {
    uint8_t *at = out->bytes + out->size;
    if (point < 0x80) {
        at[0] = (uint8_t)point;
        out->size += 1;
    } else if (point < 0x800) {
        at[0] = (uint8_t)(0xc0 | point >> 6);
        at[1] = (uint8_t)(0x80 | (point & 0x3f));
        out->size += 2;
    } else if (point < 0x10000) {
        at[0] = (uint8_t)(0xe0 | point >> 12);
        at[1] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
        at[2] = (uint8_t)(0x80 | (point & 0x3f));
        out->size += 3;
    } else {
        at[0] = (uint8_t)(0xf0 | point >> 18);
        at[1] = (uint8_t)(0x80 | (point >> 12 & 0x3f));
        at[2] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
        at[3] = (uint8_t)(0x80 | (point & 0x3f));
        out->size += 4;
    }
}

static void put_unit(encoded_t *out, uint32_t unit) {
    out->bytes[out->size++] = (uint8_t)unit;
    out->bytes[out->size++] = (uint8_t)(unit >> 8);
}

static void put_utf16(encoded_t *out, uint32_t point) {
    if (point < 0x10000) {
        put_unit(out, point);
    } else {
        put_unit(out, 0xd800 + ((point - 0x10000) >> 10));
        put_unit(out, 0xdc00 + ((point - 0x10000) & 0x3ff));
    }
}

static bool is_latin1(const text_t *text) {
    for (size_t i = 0; i < text->len; i++)
        if (text->points[i] > 0xff)
            return false;
    return true;
}

/* `spread`: latin1+utf16 as UTF-16 even where it could be Latin-1. */
static encoded_t encode(const text_t *text, ast_encoding_t encoding, bool memory64, bool spread) {
    encoded_t out = {.size = 0};
    bool narrow = encoding == AST_LATIN1_UTF16 && !spread && is_latin1(text);
    for (size_t i = 0; i < text->len; i++) {
        if (narrow)
            out.bytes[out.size++] = (uint8_t)text->points[i];
        else if (encoding == AST_UTF8)
            put_utf8(&out, text->points[i]);
        else
            put_utf16(&out, text->points[i]);
    }
    out.len = narrow || encoding == AST_UTF8 ? out.size : out.size / 2;
    if (encoding == AST_LATIN1_UTF16 && !narrow)
        out.len |= tag_of(memory64);
    return out;
}

static void open_text(scene_t *scene, scene_side_t caller, scene_side_t callee) {
    scene_open(scene, "", "(a: string)", caller, callee);
}

/* Passes what stands at SCENE_DATA. */
static bool pass(scene_t *scene, uint64_t pointer, uint64_t len) {
    scene_set(scene, CALLER, SCENE_ARGS, pointer);
    scene_set(scene, CALLER, SCENE_ARGS + 8, len);
    scene_set(scene, CALLEE, SCENE_NEXT, SCENE_HEAP);
    scene_set(scene, CALLEE, SCENE_LOGGED, 0);
    return scene_run(scene);
}

static bool pass_bytes(scene_t *scene, const void *bytes, size_t size, uint64_t len) {
    memcpy(scene_at(scene, CALLER, SCENE_DATA), bytes, size);
    return pass(scene, SCENE_DATA, len);
}

static void check_text(scene_t *scene, const text_t *text, scene_side_t caller, scene_side_t callee,
                       bool spread) {
    encoded_t from = encode(text, caller.encoding, caller.memory64, spread);
    /* What was Latin-1 comes out as it, whatever it was. */
    encoded_t to = encode(text, callee.encoding, callee.memory64, false);
    assert_true(pass_bytes(scene, from.bytes, from.size, from.len));
    assert_int_equal(scene_slot(scene, CALLEE, SCENE_ARGS + 8), to.len);
    assert_memory_equal(scene_at(scene, CALLEE, (uint32_t)scene_slot(scene, CALLEE, SCENE_ARGS)),
                        to.bytes, to.size);
    /* Nothing was written behind the memory that was asked for. */
    uint32_t end = (uint32_t)scene_slot(scene, CALLEE, SCENE_NEXT);
    assert_int_equal(scene_slot(scene, CALLEE, end), 0);
    memset(scene_at(scene, CALLEE, SCENE_HEAP), 0, end - SCENE_HEAP);
}

static uint64_t random_state = 1;

static uint32_t random_below(uint32_t limit) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 20) % limit;
}

/* Mostly of one alphabet, with a few of the later ones. */
static text_t random_text(uint32_t alphabet) {
    static const uint32_t first[] = {0x20, 0x80, 0x100, 0x800, 0xe000, 0x10000};
    static const uint32_t last[] = {0x7f, 0xff, 0x7ff, 0xd7ff, 0xffff, 0x10ffff};
    text_t text = {.len = random_below(3) == 0 ? random_below(8) : random_below(TEXT_MAX)};
    for (size_t i = 0; i < text.len; i++) {
        uint32_t from = random_below(12) == 0 ? alphabet : random_below(2) == 0 ? 0 : alphabet / 2;
        text.points[i] = first[from] + random_below(last[from] - first[from] + 1);
    }
    return text;
}

static void test_texts_arrive(void **state) {
    (void)state;
    for (uint32_t pair = 0; pair < 36; pair++) {
        scene_side_t caller = {.encoding = (ast_encoding_t)(pair % 3), .memory64 = pair / 9 & 1};
        scene_side_t callee = {.encoding = (ast_encoding_t)(pair / 3 % 3), .memory64 = pair / 18};
        scene_t scene;
        open_text(&scene, caller, callee);
        for (uint32_t i = 0; i < 120; i++) {
            text_t text = random_text(i % 6);
            check_text(&scene, &text, caller, callee, i % 4 == 3);
        }
        check_text(&scene, &(text_t){.len = 0}, caller, callee, false);
        check_text(&scene, &(text_t){.len = 0}, caller, callee, true);
        scene_close(&scene);
    }
}

/* ── broken texts ────────────────────────────────────────────────────────────────────────── */

static void test_broken_utf8_traps(void **state) {
    (void)state;
    static const char *const bad[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc2",
        "\xc2\x41",
        "\xc3\xc3",
        "\xe0\x80\x80",
        "\xe0\x9f\xbf",
        "\xe1\x80",
        "\xe1\x80\x41",
        "\xe1\x41\x80",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xef\xbf",
        "\xf0\x80\x80\x80",
        "\xf0\x8f\xbf\xbf",
        "\xf0\x90\x80",
        "\xf1\x80\x80\x41",
        "\xf1\x80\x41\x80",
        "\xf1\x41\x80\x80",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xf8",
        "\xff",
        "0123456789abcdef\x80",
        "0123456789abcdef0123456\xc3",
        "\xe2\x82\xac\xe2\x82",
    };
    for (uint32_t to = 0; to < 3; to++) {
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            scene_t scene;
            open_text(&scene, (scene_side_t){0}, (scene_side_t){.encoding = (ast_encoding_t)to});
            size_t len = strlen(bad[i]);
            memset(scene_at(&scene, CALLER, SCENE_DATA), 0x80, 64); /* tails, behind the end */
            if (pass_bytes(&scene, bad[i], len, len))
                fail_msg("%u, %zu", to, i);
            assert_int_equal(scene.trapped, FUSE_TRAP_BAD_UTF8);
            scene_close(&scene);
        }
    }
}

static void test_broken_utf16_traps(void **state) {
    (void)state;
    static const struct {
        uint16_t units[9];
        uint32_t len;
    } bad[] = {
        {{0xd800}, 1},         {{0xdc00}, 1},
        {{0xdbff, 0x41}, 2},   {{0xd800, 0xd800}, 2},
        {{0xdfff, 0xdc00}, 2}, {{0x41, 0x41, 0x41, 0x41, 0x41, 0xd800}, 6},
        {{0xd83d, 0xe000}, 2}, {{0x41, 0x141, 0x41, 0x41, 0xdc00, 0xd800, 0x41, 0x41, 0x41}, 9},
    };
    for (uint32_t pair = 0; pair < 6; pair++) {
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            scene_t scene;
            bool is_tagged = pair >= 3;
            open_text(&scene, (scene_side_t){.encoding = is_tagged ? AST_LATIN1_UTF16 : AST_UTF16},
                      (scene_side_t){.encoding = (ast_encoding_t)(pair % 3)});
            memcpy(scene_at(&scene, CALLER, SCENE_DATA + 2 * bad[i].len), "\0\xdc", 2);
            uint64_t tag = is_tagged ? tag_of(false) : 0;
            if (pass_bytes(&scene, bad[i].units, 2 * bad[i].len, bad[i].len | tag))
                fail_msg("%u, %zu", pair, i);
            assert_int_equal(scene.trapped, FUSE_TRAP_BAD_UTF16);
            scene_close(&scene);
        }
    }
}

static void test_ranges_are_checked(void **state) {
    (void)state;
    static const struct {
        ast_encoding_t encoding;
        uint64_t pointer, len;
        int trap; /* -1: none */
    } cases[] = {
        {AST_UTF8, SCENE_MEMORY, 0, -1},
        {AST_UTF8, SCENE_MEMORY - 3, 3, -1},
        {AST_UTF8, SCENE_MEMORY - 3, 4, FUSE_TRAP_POINTER_RANGE},
        {AST_UTF8, SCENE_MEMORY + 1, 0, FUSE_TRAP_POINTER_RANGE},
        {AST_UTF8, 0xffffffff, 0x7fffffff, FUSE_TRAP_POINTER_RANGE},
        {AST_UTF8, 0, 0x80000000, FUSE_TRAP_STRING_TOO_LONG},
        {AST_UTF16, SCENE_MEMORY - 4, 2, -1},
        {AST_UTF16, SCENE_MEMORY - 4, 3, FUSE_TRAP_POINTER_RANGE},
        {AST_UTF16, SCENE_DATA + 1, 0, FUSE_TRAP_POINTER_ALIGN},
        {AST_UTF16, 0, 0x3fffffff, FUSE_TRAP_POINTER_RANGE},
        {AST_UTF16, 0, 0x40000000, FUSE_TRAP_STRING_TOO_LONG},
        {AST_LATIN1_UTF16, SCENE_DATA + 1, 1, FUSE_TRAP_POINTER_ALIGN},
        {AST_LATIN1_UTF16, SCENE_MEMORY - 2, 2, -1},
        {AST_LATIN1_UTF16, SCENE_MEMORY - 2, 3, FUSE_TRAP_POINTER_RANGE},
        {AST_LATIN1_UTF16, SCENE_MEMORY - 2, 0x80000001, -1},
        {AST_LATIN1_UTF16, SCENE_MEMORY - 2, 0x80000002, FUSE_TRAP_POINTER_RANGE},
        {AST_LATIN1_UTF16, 0, 0xc0000000, FUSE_TRAP_STRING_TOO_LONG},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scene_t scene;
        open_text(&scene, (scene_side_t){.encoding = cases[i].encoding}, (scene_side_t){0});
        bool is_done = pass(&scene, cases[i].pointer, cases[i].len);
        if (is_done != (cases[i].trap < 0) || scene.trapped != cases[i].trap)
            fail_msg("case %zu: %d", i, scene.trapped);
        scene_close(&scene);
    }
}

/* ── allocations ─────────────────────────────────────────────────────────────────────────── */

/* Sizes in the order that they are asked for, each with the size before it: "0>5 5>10". */
static void assert_allocations(scene_t *scene, uint64_t align, const char *expected) {
    buf_t got = {0};
    uint64_t count = scene_slot(scene, CALLEE, SCENE_LOGGED), before = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t log = SCENE_LOG + 32 * i;
        assert_int_equal(scene_slot(scene, CALLEE, log + 16), align);
        assert_int_equal(scene_slot(scene, CALLEE, log) == 0, i == 0);
        assert_int_equal(scene_slot(scene, CALLEE, log + 8), before);
        before = scene_slot(scene, CALLEE, log + 24);
        buf_printf(&got, "%s%u", i == 0 ? "" : ">", (unsigned)before);
    }
    buf_append_byte(&got, 0);
    assert_string_equal((const char *)got.ptr, expected);
    buf_deinit(&got);
}

static void test_allocations_are_the_specifications(void **state) {
    (void)state;
    static const uint32_t ascii[] = {'a', 'b', 'c'}, latin[] = {'a', 0xe9, 'c'},
                          greek[] = {'a', 0x3b1, 'c'}, astral[] = {'a', 0x1f600, 'c'};
    static const uint32_t *const texts[] = {ascii, latin, greek, astral};
    static const struct {
        ast_encoding_t from, to;
        bool spread;
        uint64_t align;
        const char *sizes[4];
    } cases[] = {
        {AST_UTF8, AST_UTF8, false, 1, {"3", "4", "4", "6"}},
        {AST_UTF8, AST_UTF16, false, 2, {"6", "8>6", "8>6", "12>8"}},
        {AST_UTF8, AST_LATIN1_UTF16, false, 2, {"3", "4>3", "4>8>6", "6>12>8"}},
        {AST_UTF16, AST_UTF8, false, 1, {"3", "3>9>4", "3>9>4", "4>12>6"}},
        {AST_UTF16, AST_UTF16, false, 2, {"6", "6", "6", "8"}},
        {AST_UTF16, AST_LATIN1_UTF16, false, 2, {"3", "3", "3>6", "4>8"}},
        {AST_LATIN1_UTF16, AST_UTF8, false, 1, {"3", "3>6>4", "3>9>4", "4>12>6"}},
        {AST_LATIN1_UTF16, AST_UTF16, false, 2, {"6", "6", "6", "8"}},
        {AST_LATIN1_UTF16, AST_LATIN1_UTF16, false, 2, {"3", "3", "6", "8"}},
        {AST_LATIN1_UTF16, AST_LATIN1_UTF16, true, 2, {"6>3", "6>3", "6", "8"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scene_t scene;
        open_text(&scene, (scene_side_t){.encoding = cases[i].from},
                  (scene_side_t){.encoding = cases[i].to});
        for (size_t k = 0; k < 4; k++) {
            text_t text = {.len = 3};
            memcpy(text.points, texts[k], 3 * sizeof *texts[k]);
            encoded_t from = encode(&text, cases[i].from, false, cases[i].spread);
            assert_true(pass_bytes(&scene, from.bytes, from.size, from.len));
            assert_allocations(&scene, cases[i].align, cases[i].sizes[k]);
        }
        assert_true(pass(&scene, SCENE_DATA, 0));
        assert_allocations(&scene, cases[i].align, "0");
        scene_close(&scene);
    }
}

int main(void) {
    wasm_signals_keep();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_arrive),
        cmocka_unit_test(test_broken_utf8_traps),
        cmocka_unit_test(test_broken_utf16_traps),
        cmocka_unit_test(test_ranges_are_checked),
        cmocka_unit_test(test_allocations_are_the_specifications),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
