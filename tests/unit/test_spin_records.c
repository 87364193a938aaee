/* From a request to the record that a guest of 2022 takes, and from its response's record to what
 * can be sent. Lowering and lifting are tested with <spin/abi.h> (test_abi_*). */
#include "cmocka_all.h"

#include "trigger/http/spin_request.h"
#include "trigger/http/spin_response.h"

#define TEXT(text) SLICE_LITERAL(text)

static arena_t arena;

static int tear_down(void **state) {
    (void)state;
    arena_deinit(&arena);
    arena = (arena_t){0};
    return 0;
}

/* ── requests ── */

static const net_header_t headers[] = {
    {SLICE_INIT("host"), SLICE_INIT("h")},
    {SLICE_INIT("spin-full-url"), SLICE_INIT("forged")},
    {SLICE_INIT("x-empty"), SLICE_INIT("")},
};
static const net_header_t extra = {SLICE_INIT("spin-full-url"), SLICE_INIT("http://h/p")};

static guest_http_request_t request_of(const char *query, size_t headers_len) {
    const net_exchange_t exchange = {
        .arena = &arena,
        .method = TEXT("POST"),
        .path = TEXT("/p"),
        .query = spin_slice(query),
        .headers = headers,
        .headers_len = headers_len,
        .body = TEXT("body"),
    };
    guest_http_request_t request;
    assert_true(http_method_parse(exchange.method, &request.method));
    assert_null(http_request_init(&request, &exchange, TEXT("/p?q"), &extra, headers_len > 0));
    return request;
}

static void assert_pairs(const guest_http_list_tuple2_string_string_t *list,
                         const char *const (*pairs)[2], size_t len) {
    assert_int_equal(list->len, len);
    for (size_t i = 0; i < len; i++) {
        assert_true(slice_equal_text(list->items[i].f0, pairs[i][0]));
        assert_true(slice_equal_text(list->items[i].f1, pairs[i][1]));
    }
}

static void test_request(void **state) {
    (void)state;
    static const char *const expected[][2] = {
        {"host", "h"}, {"x-empty", ""}, {"spin-full-url", "http://h/p"}};
    guest_http_request_t request = request_of(NULL, 3);
    assert_int_equal(request.method, GUEST_HTTP_METHOD_POST);
    assert_true(slice_equal(request.uri, TEXT("/p?q")));
    assert_pairs(&request.headers, expected, 3);
    assert_int_equal(request.params.len, 0);
    assert_true(request.body.is_some && slice_equal(request.body.value, TEXT("body")));
}

static void test_params(void **state) {
    (void)state;
    static const char *const expected[][2] = {
        {"a", "1"}, {"b", "x y z"}, {"c", ""}, {"", "\xef\xbf\xbd"}, {"d", "="}};
    guest_http_request_t request = request_of("a=1&b=x%20y+z&&c&=%ff&d==&", 0);
    assert_pairs(&request.params, expected, 5);
    assert_int_equal(request.headers.len, 0);
    request = request_of("", 0);
    assert_int_equal(request.params.len, 0);
    request = request_of("&&&", 0);
    assert_int_equal(request.params.len, 0);
}

static void test_methods(void **state) {
    (void)state;
    guest_http_method_t method;
    assert_true(http_method_parse(TEXT("GET"), &method));
    assert_int_equal(method, 0);
    assert_true(http_method_parse(TEXT("OPTIONS"), &method));
    assert_int_equal(method, 6);
    assert_false(http_method_parse(TEXT("get"), &method));
    assert_false(http_method_parse(TEXT("TRACE"), &method));
    assert_false(http_method_parse(TEXT(""), &method));
}

/* ── responses ── */

static spin_error_t *reply_to(uint16_t status, guest_http_tuple2_string_string_t *pairs, size_t len,
                              http_reply_t *reply) {
    const guest_http_response_t response = {
        .status = status,
        .headers = {len > 0, {pairs, len}},
        .body = {true, TEXT("body")},
    };
    return http_reply_init(reply, &arena, &response);
}

static void assert_refused(uint16_t status, guest_http_tuple2_string_string_t *pairs, size_t len) {
    http_reply_t reply;
    spin_error_t *error = reply_to(status, pairs, len, &reply);
    assert_non_null(error);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_INVALID);
    spin_error_free(error);
}

static void test_reply(void **state) {
    (void)state;
    guest_http_tuple2_string_string_t pair = {TEXT("name"), TEXT("\xc3\xa9 value")};
    http_reply_t reply;
    assert_null(reply_to(207, &pair, 1, &reply));
    assert_int_equal(reply.status, 207);
    assert_int_equal(reply.headers_len, 1);
    assert_true(slice_equal(reply.headers[0].name, pair.f0));
    assert_true(slice_equal(reply.headers[0].value, pair.f1));
    assert_true(slice_equal(reply.body, TEXT("body")));

    const guest_http_response_t bare = {.status = 204};
    assert_null(http_reply_init(&reply, &arena, &bare));
    assert_int_equal(reply.headers_len, 0);
    assert_int_equal(reply.body.len, 0);
}

static void test_bad_status(void **state) {
    (void)state;
    static const uint16_t bad[] = {0, 99, 100, 199, 1000, 65535};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused(bad[i], NULL, 0);
}

static void test_bad_headers(void **state) {
    (void)state;
    guest_http_tuple2_string_string_t bad[] = {
        {TEXT(""), TEXT("v")},   {TEXT("a:"), TEXT("v")},  {TEXT("a "), TEXT("v")},
        {TEXT("a"), TEXT("\n")}, {TEXT("a"), TEXT("x\r")}, {TEXT("a"), TEXT("x\0")},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused(200, &bad[i], 1);
}

/* Headers may share their bytes: a small memory must not ask for a large answer. */
static void test_headers_in_sum(void **state) {
    (void)state;
    static uint8_t value[10000];
    static guest_http_tuple2_string_string_t pairs[1025];
    http_reply_t reply;
    memset(value, 'v', sizeof value);
    for (size_t len = 100; len <= sizeof value; len *= 100) {
        for (size_t i = 0; i < 1025; i++)
            pairs[i] = (guest_http_tuple2_string_string_t){TEXT("n"), spin_slice_of(value, len)};
        if (len == 100)
            assert_null(reply_to(200, pairs, 1024, &reply));
        else
            assert_refused(200, pairs, 1024);
        assert_refused(200, pairs, 1025);
    }
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_request),    TEST(test_params),      TEST(test_methods),        TEST(test_reply),
        TEST(test_bad_status), TEST(test_bad_headers), TEST(test_headers_in_sum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
