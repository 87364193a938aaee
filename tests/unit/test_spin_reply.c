/* Lowering a request into guest memory and lifting a response out of it, in both layouts. */
#include "cmocka_all.h"

#include <stdlib.h>

#include "trigger/http/spin_request.h"
#include "trigger/http/spin_response.h"

#define TEXT(text) SLICE_LITERAL(text)

enum { SIZE = 4096, AREA = 1024, LIST = 2048, TEXTS = 3072 };

typedef struct guest {
    uint8_t bytes[SIZE];
    arena_t arena;
} guest_t;

static guest_memory_t memory_of(guest_t *guest) {
    return (guest_memory_t){guest->bytes, sizeof guest->bytes};
}

static void put(guest_t *guest, size_t at, uint32_t value) {
    guest_store_u32(guest->bytes + at, value);
}

static int set_up(void **state) {
    *state = calloc(1, sizeof(guest_t));
    return *state == NULL;
}

static int tear_down(void **state) {
    guest_t *guest = *state;
    arena_deinit(&guest->arena);
    free(guest);
    return 0;
}

/* ── responses ── */

/* One header "name: value" at LIST and the body "body" at TEXTS + 16. */
static void put_texts(guest_t *guest) {
    memcpy(guest->bytes + TEXTS, "namevalue", 9);
    memcpy(guest->bytes + TEXTS + 16, "body", 4);
    put(guest, LIST, TEXTS);
    put(guest, LIST + 4, 4);
    put(guest, LIST + 8, TEXTS + 4);
    put(guest, LIST + 12, 5);
}

static void put_canonical(guest_t *guest, unsigned status, bool headers, bool body) {
    put_texts(guest);
    put(guest, AREA, status);
    guest->bytes[AREA + 4] = headers;
    put(guest, AREA + 8, headers ? LIST : 0);
    put(guest, AREA + 12, headers ? 1 : 0);
    guest->bytes[AREA + 16] = body;
    put(guest, AREA + 20, body ? TEXTS + 16 : 0);
    put(guest, AREA + 24, body ? 4 : 0);
}

static void put_slots(guest_t *guest, unsigned status, bool headers, bool body) {
    put_texts(guest);
    put(guest, AREA, status);
    put(guest, AREA + 8, headers);
    put(guest, AREA + 16, headers ? LIST : 0);
    put(guest, AREA + 24, headers ? 1 : 0);
    put(guest, AREA + 32, body);
    put(guest, AREA + 40, body ? TEXTS + 16 : 0);
    put(guest, AREA + 48, body ? 4 : 0);
}

static void assert_reply(guest_t *guest, legacy_layout_t layout, bool headers, bool body) {
    http_reply_t reply;
    spin_error_t *error = http_reply_lift(&reply, &guest->arena, memory_of(guest), AREA, layout);
    if (error != NULL)
        fail_msg("%s", spin_error_message(error));
    assert_int_equal(reply.status, 207);
    assert_int_equal(reply.headers_len, headers);
    if (headers) {
        assert_true(slice_equal(reply.headers[0].name, TEXT("name")));
        assert_true(slice_equal(reply.headers[0].value, TEXT("value")));
    }
    assert_true(slice_equal(reply.body, body ? TEXT("body") : TEXT("")));
}

static void test_both_layouts(void **state) {
    guest_t *guest = *state;
    for (unsigned i = 0; i < 4; i++) {
        bool headers = i & 1, body = i & 2;
        memset(guest->bytes, 0, SIZE);
        put_canonical(guest, 207, headers, body);
        assert_reply(guest, LEGACY_LAYOUT_CANONICAL, headers, body);
        assert_reply(guest, LEGACY_LAYOUT_UNKNOWN, headers, body);
        memset(guest->bytes, 0, SIZE);
        put_slots(guest, 207, headers, body);
        assert_reply(guest, LEGACY_LAYOUT_SLOTS, headers, body);
        assert_reply(guest, LEGACY_LAYOUT_UNKNOWN, headers, body);
    }
}

static void test_area_at_the_end(void **state) {
    guest_t *guest = *state;
    http_reply_t reply;
    guest->bytes[SIZE - 28] = 204;
    assert_null(
        http_reply_lift(&reply, &guest->arena, memory_of(guest), SIZE - 28, LEGACY_LAYOUT_UNKNOWN));
    assert_int_equal(reply.status, 204);
}

static void assert_refused(guest_t *guest, uint32_t area, legacy_layout_t layout,
                           spin_error_kind_t kind) {
    http_reply_t reply;
    spin_error_t *error = http_reply_lift(&reply, &guest->arena, memory_of(guest), area, layout);
    assert_non_null(error);
    assert_int_equal(spin_error_kind(error), kind);
    spin_error_free(error);
}

static void test_bad_areas(void **state) {
    static const uint32_t areas[] = {SIZE, SIZE - 4, SIZE - 27, 0xffffffff, 0xfffffffc, AREA + 1};
    static const legacy_layout_t layouts[] = {LEGACY_LAYOUT_UNKNOWN, LEGACY_LAYOUT_SLOTS,
                                              LEGACY_LAYOUT_CANONICAL};
    for (size_t i = 0; i < sizeof areas / sizeof *areas; i++)
        for (size_t j = 0; j < 3; j++)
            assert_refused(*state, areas[i], layouts[j], SPIN_ERROR_TRAP);
    assert_refused(*state, SIZE - 28, LEGACY_LAYOUT_SLOTS, SPIN_ERROR_TRAP);
}

/* Where each field stands, and what must not stand there. */
static const struct {
    size_t canonical, slots;
    uint32_t value;
    spin_error_kind_t kind;
} bad_fields[] = {
    {0, 0, 0, SPIN_ERROR_INVALID},
    {0, 0, 99, SPIN_ERROR_INVALID},
    {0, 0, 100, SPIN_ERROR_INVALID},
    {0, 0, 1000, SPIN_ERROR_INVALID},
    {4, 8, 2, SPIN_ERROR_INVALID},
    {16, 32, 255, SPIN_ERROR_INVALID},
    {8, 16, SIZE, SPIN_ERROR_TRAP},
    {8, 16, SIZE - 12, SPIN_ERROR_TRAP},
    {8, 16, 0xfffffff0, SPIN_ERROR_TRAP},
    {8, 16, LIST + 2, SPIN_ERROR_TRAP},
    {12, 24, SIZE / 16, SPIN_ERROR_TRAP},
    {12, 24, 0x10000001, SPIN_ERROR_INVALID},
    {12, 24, 0xffffffff, SPIN_ERROR_INVALID},
    {20, 40, SIZE - 3, SPIN_ERROR_TRAP},
    {20, 40, 0xffffffff, SPIN_ERROR_TRAP},
    {24, 48, SIZE, SPIN_ERROR_TRAP},
    {24, 48, 0xffffffff, SPIN_ERROR_TRAP},
};

static void test_bad_fields(void **state) {
    guest_t *guest = *state;
    for (size_t i = 0; i < sizeof bad_fields / sizeof *bad_fields; i++) {
        put_canonical(guest, 207, true, true);
        put(guest, AREA + bad_fields[i].canonical, bad_fields[i].value);
        assert_refused(guest, AREA, LEGACY_LAYOUT_CANONICAL, bad_fields[i].kind);
        put_slots(guest, 207, true, true);
        put(guest, AREA + bad_fields[i].slots, bad_fields[i].value);
        assert_refused(guest, AREA, LEGACY_LAYOUT_SLOTS, bad_fields[i].kind);
        memset(guest->bytes, 0, SIZE);
    }
}

static void test_bad_headers(void **state) {
    guest_t *guest = *state;
    static const struct {
        size_t at;
        uint32_t value;
        spin_error_kind_t kind;
    } cases[] = {
        {LIST, SIZE, SPIN_ERROR_TRAP},
        {LIST, 0xffffffff, SPIN_ERROR_TRAP},
        {LIST + 4, 0xffffffff, SPIN_ERROR_TRAP},
        {LIST + 4, 0, SPIN_ERROR_INVALID}, /* an empty name */
        {LIST + 8, SIZE - 4, SPIN_ERROR_TRAP},
        {LIST + 12, SIZE, SPIN_ERROR_TRAP},
        {TEXTS, 'a' | ':' << 8, SPIN_ERROR_INVALID},
        {TEXTS, 'a' | ' ' << 8, SPIN_ERROR_INVALID},
        {TEXTS + 4, 'a' | '\n' << 8, SPIN_ERROR_INVALID},
        {TEXTS + 4, 'a' | '\r' << 8, SPIN_ERROR_INVALID},
        {TEXTS + 4, 'a', SPIN_ERROR_INVALID}, /* zero bytes */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put_canonical(guest, 207, true, true);
        put(guest, cases[i].at, cases[i].value);
        assert_refused(guest, AREA, LEGACY_LAYOUT_CANONICAL, cases[i].kind);
    }
}

/* Headers may share their bytes: a small memory must not ask for a large copy of it. */
static void test_headers_in_sum(void **state) {
    enum { MEMORY = 64 * 1024, COUNT = 1000, VALUES = 32 * 1024 };
    guest_t *guest = *state;
    guest_memory_t memory = {calloc(1, MEMORY), MEMORY};
    http_reply_t reply;
    assert_non_null(memory.base);
    guest_store_u32(memory.base, 200);
    memory.base[4] = 1;
    guest_store_u32(memory.base + 8, 64);
    guest_store_u32(memory.base + 12, COUNT);
    memset(memory.base + VALUES, 'v', MEMORY - VALUES);
    for (uint32_t len = 100; len <= 10000; len *= 100) {
        for (uint32_t i = 0; i < COUNT; i++) {
            uint8_t *pair = memory.base + 64 + (size_t)16 * i;
            guest_store_u32(pair, VALUES);
            guest_store_u32(pair + 4, 1);
            guest_store_u32(pair + 8, VALUES);
            guest_store_u32(pair + 12, len);
        }
        spin_error_t *error =
            http_reply_lift(&reply, &guest->arena, memory, 0, LEGACY_LAYOUT_CANONICAL);
        assert_int_equal(error != NULL, len == 10000);
        if (error != NULL)
            assert_int_equal(spin_error_kind(error), SPIN_ERROR_INVALID);
        spin_error_free(error);
    }
    free(memory.base);
}

/* Whatever stands there, nothing outside of the memory is touched (the sanitizers watch). */
static void test_random_areas(void **state) {
    guest_t *guest = *state;
    uint64_t seed = 7;
    size_t lifted = 0;
    for (unsigned round = 0; round < 200000; round++) {
        arena_t arena = {0};
        http_reply_t reply;
        if (round % 2 == 0)
            put_canonical(guest, 207, true, true);
        else
            put_slots(guest, 207, true, true);
        for (unsigned i = 0; i < 2; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            size_t at = (i == 0 ? AREA + (seed >> 33) % 56 : LIST + (seed >> 33) % 16);
            guest->bytes[at] = (uint8_t)(seed >> 56);
        }
        spin_error_t *error =
            http_reply_lift(&reply, &arena, memory_of(guest), AREA, (legacy_layout_t)(round % 3));
        lifted += error == NULL;
        for (size_t i = 0; error == NULL && i < reply.headers_len; i++)
            assert_true(http_header_is_valid(reply.headers[i].name, reply.headers[i].value));
        spin_error_free(error);
        arena_deinit(&arena);
        memset(guest->bytes + AREA, 0, 56);
    }
    assert_true(lifted > 1000);
}

/* ── requests ── */

static const net_header_t headers[] = {
    {SLICE_INIT("host"), SLICE_INIT("h")},
    {SLICE_INIT("spin-full-url"), SLICE_INIT("forged")},
    {SLICE_INIT("x-empty"), SLICE_INIT("")},
};
static const net_header_t extra = {SLICE_INIT("spin-full-url"), SLICE_INIT("http://h/p")};

static net_exchange_t exchange_of(guest_t *guest, const char *query, spin_slice_t body) {
    return (net_exchange_t){
        .arena = &guest->arena,
        .method = TEXT("POST"),
        .path = TEXT("/p"),
        .query = spin_slice(query),
        .headers = headers,
        .headers_len = 3,
        .body = body,
    };
}

static spin_slice_t read_text(guest_t *guest, size_t at) {
    uint32_t ptr = guest_load_u32(guest->bytes + at);
    uint32_t len = guest_load_u32(guest->bytes + at + 4);
    assert_true(ptr != 0 && ptr + len <= SIZE);
    return spin_slice_of(guest->bytes + ptr, len);
}

/* Does what the helper in the guest does, and checks all it was told. */
static void test_lower(void **state) {
    guest_t *guest = *state;
    enum { TABLE = 64 };
    net_exchange_t exchange = exchange_of(guest, "a=1&b=x%20y+z&&c&=%ff", TEXT("body"));
    http_lower_t lower;
    assert_null(http_lower_init(&lower, &exchange, TEXT("/p?a"), &extra, 1));
    assert_int_equal(lower.headers_len, 3);
    assert_int_equal(lower.params_len, 4);
    assert_true(http_lower_sizes(&lower, memory_of(guest), TABLE, lower.count));
    uint32_t bump = AREA;
    for (uint32_t i = 0; i < lower.count; i++) {
        uint32_t size = guest_load_u32(guest->bytes + TABLE + 8 * i);
        uint32_t align = guest_load_u32(guest->bytes + TABLE + 8 * i + 4);
        assert_true(align == 1 || align == 4);
        bump = (bump + align - 1) & ~(align - 1);
        put(guest, TABLE + 8 * i, bump);
        bump += size;
    }
    assert_true(http_lower_fill(&lower, memory_of(guest), TABLE, lower.count));
    assert_int_equal(guest_load_u32(guest->bytes + TABLE), HTTP_METHOD_POST);
    assert_true(slice_equal(read_text(guest, TABLE + 4), TEXT("/p?a")));
    assert_int_equal(guest_load_u32(guest->bytes + TABLE + 28), 1);
    assert_true(slice_equal(read_text(guest, TABLE + 32), TEXT("body")));

    static const char *const pairs[2][8] = {
        {"host", "h", "x-empty", "", "spin-full-url", "http://h/p"},
        {"a", "1", "b", "x y z", "c", "", "", "\xef\xbf\xbd"},
    };
    for (uint32_t list = 0; list < 2; list++) {
        uint32_t at = guest_load_u32(guest->bytes + TABLE + 12 + 8 * list);
        uint32_t len = guest_load_u32(guest->bytes + TABLE + 16 + 8 * list);
        assert_int_equal(at % 4, 0);
        assert_int_equal(len, list == 0 ? 3 : 4);
        for (uint32_t i = 0; i < 2 * len; i++)
            assert_true(slice_equal_text(read_text(guest, at + 8 * i), pairs[list][i]));
    }
}

/* What the guest gave for empty strings goes back to it, since it may free all: even outside. */
static void test_lower_empty(void **state) {
    guest_t *guest = *state;
    net_exchange_t exchange = exchange_of(guest, NULL, TEXT(""));
    exchange.headers_len = 0;
    http_lower_t lower;
    uint32_t args[LOWER_ARGS];
    assert_null(http_lower_init(&lower, &exchange, TEXT(""), NULL, 0));
    assert_int_equal(lower.count, LOWER_STRINGS);
    for (uint32_t i = 0; i < LOWER_STRINGS; i++)
        lower.pointers[i] = 10 * i + SIZE;
    assert_true(http_lower_write(&lower, memory_of(guest), args));
    static const uint32_t expected[LOWER_ARGS] = {1,         SIZE, 0, SIZE + 10, 0,
                                                  SIZE + 20, 0,    1, SIZE + 30, 0};
    assert_memory_equal(args, expected, sizeof args);
    assert_true(http_lower_fill(&lower, memory_of(guest), SIZE - 40, lower.count));
    assert_false(http_lower_fill(&lower, memory_of(guest), SIZE - 36, lower.count));
}

static void test_lower_hostile(void **state) {
    guest_t *guest = *state;
    net_exchange_t exchange = exchange_of(guest, "a=b", TEXT("body"));
    http_lower_t lower;
    uint32_t args[LOWER_ARGS];
    assert_null(http_lower_init(&lower, &exchange, TEXT("/p"), &extra, 1));
    guest_memory_t memory = memory_of(guest);
    assert_false(http_lower_sizes(&lower, memory, 0, lower.count + 1));
    assert_false(http_lower_sizes(&lower, memory, 0, 0xffffffff));
    assert_false(http_lower_sizes(&lower, memory, SIZE - 8, lower.count));
    assert_false(http_lower_sizes(&lower, memory, 0xffffffff, lower.count));
    assert_false(http_lower_sizes(&lower, memory, 2, lower.count));
    assert_false(http_lower_fill(&lower, memory, 0, lower.count - 1));
    assert_false(http_lower_fill(&lower, memory, 0xfffffffc, lower.count));
    static const uint32_t bad[] = {SIZE, SIZE - 1, 0xffffffff};
    for (uint32_t part = 0; part < lower.count; part++) {
        if (lower.parts[part].len < 2)
            continue;
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            for (uint32_t j = 0; j < lower.count; j++)
                lower.pointers[j] = AREA;
            assert_true(http_lower_write(&lower, memory, args));
            lower.pointers[part] = bad[i];
            assert_false(http_lower_write(&lower, memory, args));
        }
    }
    lower.pointers[LOWER_HEADERS] = AREA + 2; /* not aligned */
    assert_false(http_lower_write(&lower, memory, args));
}

static void test_methods(void **state) {
    (void)state;
    assert_int_equal(http_method_parse(TEXT("GET")), 0);
    assert_int_equal(http_method_parse(TEXT("OPTIONS")), 6);
    assert_int_equal(http_method_parse(TEXT("get")), HTTP_METHOD_OTHER);
    assert_int_equal(http_method_parse(TEXT("TRACE")), HTTP_METHOD_OTHER);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_both_layouts),  TEST(test_area_at_the_end), TEST(test_bad_areas),
        TEST(test_bad_fields),    TEST(test_bad_headers),     TEST(test_headers_in_sum),
        TEST(test_random_areas),  TEST(test_lower),           TEST(test_lower_empty),
        TEST(test_lower_hostile), TEST(test_methods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
