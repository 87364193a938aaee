#include "cmocka_all.h"

#include "trigger/http/wagi_response.h"

/* Feeds `output` in pieces of `step` bytes, then parses what was found. */
static spin_error_t *run(arena_t *arena, const char *output, size_t step, size_t *body_at,
                         wagi_response_t *response) {
    size_t scanned = 0, len = strlen(output);
    *body_at = 0;
    for (size_t end = step < len ? step : len; *body_at == 0; end += step) {
        if (end > len)
            end = len;
        *body_at = wagi_response_body_at(spin_slice_of(output, end), &scanned);
        if (end == len)
            break;
    }
    return wagi_response_parse(response, arena, spin_slice_of(output, *body_at));
}

static const net_header_t *find(const wagi_response_t *response, const char *name) {
    for (size_t i = 0; i < response->headers_len; i++)
        if (slice_equal_ignore_case(response->headers[i].name, spin_slice(name)))
            return &response->headers[i];
    return NULL;
}

typedef struct good_case {
    const char *output;
    unsigned status;
    const char *name, *value; /* of one header */
    size_t headers;
    const char *body;
} good_case_t;

static const good_case_t good_cases[] = {
    {"content-type: text/plain\n\nhi", 200, "content-type", "text/plain", 1, "hi"},
    {"Content-Type: text/plain\r\n\r\nhi\n\n", 200, "content-type", "text/plain", 1, "hi\n\n"},
    {"content-type:a\r\n\nx", 200, "content-type", "a", 1, "x"},
    {"content-type: a\ncontent-type: b\n\n", 200, "content-type", "b", 1, ""},
    {"status: 404 Not Found\n\n", 404, NULL, NULL, 0, ""},
    {"Status: 201\nContent-Type: a/b\n\n", 201, "content-type", "a/b", 1, ""},
    {"location: /x\n\n", 302, "location", "/x", 1, ""},
    {"location: /x\nstatus: 301 Moved\n\n", 301, "location", "/x", 1, ""},
    {"status: 303\nlocation: http://h/?a:b\n\n", 303, "location", "http://h/?a:b", 1, ""},
    {"status: many\n\nx", 502, NULL, NULL, 0, "x"},
    {"status: 099\n\n", 502, NULL, NULL, 0, ""},
    {"status: 101 Switching\n\n", 502, NULL, NULL, 0, ""},
    {"status: 20\n\n", 502, NULL, NULL, 0, ""},
    {"content-type: a\nno colon\nx ok: 1\n: 2\nx-fine:  3 \t\n\n", 200, "x-fine", "3", 2, ""},
    {"content-type: a\nset-cookie: 1\nset-cookie: 2\n\n", 200, "set-cookie", "1", 3, ""},
    {"\ncontent-type: a\n\n\n", 200, "content-type", "a", 1, "\n"},
};

static void test_good(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof good_cases / sizeof *good_cases; i++)
        for (size_t step = 1; step < 40; step += 3) {
            const good_case_t *good = &good_cases[i];
            arena_t arena = {0};
            wagi_response_t response;
            size_t body_at;
            spin_error_t *error = run(&arena, good->output, step, &body_at, &response);
            if (error != NULL)
                fail_msg("case %zu: %s", i, spin_error_message(error));
            assert_int_equal(response.status, good->status);
            assert_int_equal(response.headers_len, good->headers);
            assert_string_equal(good->output + body_at, good->body);
            if (good->name != NULL) {
                const net_header_t *header = find(&response, good->name);
                assert_non_null(header);
                assert_true(slice_equal_text(header->value, good->value));
            }
            arena_deinit(&arena);
        }
}

static void test_bad(void **state) {
    static const char *const outputs[] = {
        "x-only: 1\n\nbody",       "\n\nbody",
        "content-type: a\x01\n\n", "content-type: a\nx-bell: \a\n\n",
        "no headers at all\n\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
        arena_t arena = {0};
        wagi_response_t response;
        size_t body_at;
        spin_error_t *error = run(&arena, outputs[i], 7, &body_at, &response);
        if (error == NULL)
            fail_msg("case %zu was taken", i);
        assert_int_equal(spin_error_kind(error), SPIN_ERROR_INVALID);
        spin_error_free(error);
        arena_deinit(&arena);
    }
}

static void test_unfinished(void **state) {
    static const char *const outputs[] = {"",         "\n",       "a",      "a: b\n",
                                          "a: b\r\n", "a: b\n\r", "a\r\r\n"};
    (void)state;
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
        size_t scanned = 0;
        assert_int_equal(wagi_response_body_at(spin_slice(outputs[i]), &scanned), 0);
        assert_true(scanned <= strlen(outputs[i]));
    }
}

/* One write may bring any amount of it. */
static void test_too_large(void **state) {
    enum { LEN = WAGI_MAX_HEAD + 16 };
    static const char type[] = "content-type: a\n";
    static char head[LEN];
    arena_t arena = {0};
    wagi_response_t response;
    (void)state;
    for (size_t i = 0; i < LEN; i++)
        head[i] = "a:\n"[i % 3];
    memcpy(head, type, sizeof type - 1);
    assert_null(wagi_response_parse(&response, &arena, spin_slice_of(head, WAGI_MAX_HEAD)));
    spin_error_t *error = wagi_response_parse(&response, &arena, spin_slice_of(head, LEN));
    assert_non_null(error);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_LIMIT);
    spin_error_free(error);
    arena_deinit(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_unfinished),
        cmocka_unit_test(test_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
