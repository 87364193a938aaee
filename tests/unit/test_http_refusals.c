/* What the HTTP server refuses, and with which status. */
#include "http_fixture.h"

typedef struct refusal {
    unsigned status;
    const char *request;
} refusal_t;

#define REQUEST(line, rest) line "\r\nHost: a\r\n" rest
#define POST(headers)       REQUEST("POST / HTTP/1.1", headers "\r\n")
#define CHUNKED(body)       POST("Transfer-Encoding: chunked\r\n") body

static const refusal_t refusals[] = {
    /* request line */
    {400, "\x16\x03\x01\x02\r\n\r\n"},
    {400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/1.1\nHost: a\n\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\n\n"},
    {400, "GET / RTSP/1.0\r\nHost: a\r\n\r\n"},
    {400, REQUEST("GET relative HTTP/1.1", "\r\n")},
    {400, REQUEST("GET ftp://a/ HTTP/1.1", "\r\n")},
    {400, REQUEST("GET http:///x HTTP/1.1", "\r\n")},
    {400, REQUEST("GET http://user@a/ HTTP/1.1", "\r\n")},
    {400, REQUEST("GET /a#b HTTP/1.1", "\r\n")},
    {400, REQUEST("GET /\xff HTTP/1.1", "\r\n")},
    {400, REQUEST("GET * HTTP/1.1", "\r\n")},
    {501, REQUEST("BREW / HTTP/1.1", "\r\n")},
    {501, REQUEST("GETS / HTTP/1.1", "\r\n")},
    {501, "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n"},
    {505, REQUEST("GET / HTTP/2.0", "\r\n")},
    {505, REQUEST("GET / HTTP/3.7", "\r\n")},
    {505, "GET /\r\n\r\n"},
    {505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
    {400, "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"},
    {505, REQUEST("GET / HTTP/1.1 ", "\r\n")},
    {400, "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    /* headers */
    {400, "GET / HTTP/1.1\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
    {400, REQUEST("GET / HTTP/1.1", "A b: c\r\n\r\n")},
    {400, REQUEST("GET / HTTP/1.1", "A: b\r\n c\r\n\r\n")},
    {400, REQUEST("GET / HTTP/1.1", "A:\r\n\tc\r\n\r\n")},
    {400, REQUEST("GET / HTTP/1.1", "A: b\nC: d\r\n\r\n")},
    {400, REQUEST("GET / HTTP/1.1", "A: b\rC: d\r\n\r\n")},
    {400, REQUEST("GET / HTTP/1.1", "A: b\x01\r\n\r\n")},
    {400, REQUEST("GET / HTTP/1.1", "A: b\x7f\r\n\r\n")},
    {400, REQUEST("GET / HTTP/1.1", ": b\r\n\r\n")},
    {400, REQUEST("GET / HTTP/1.1", "nocolon\r\n\r\n")},
    {400, "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\n\r\r\n"},
    {417, POST("Expect: something\r\nContent-Length: 1\r\n")},
    /* the body's length */
    {400, POST("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n")},
    {400, POST("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n")},
    {400, POST("Content-Length: 3\r\nContent-Length: 4\r\n")},
    {400, POST("Content-Length: 3, 4\r\n")},
    {400, POST("Content-Length: -1\r\n")},
    {400, POST("Content-Length: +1\r\n")},
    {400, POST("Content-Length: 0x1\r\n")},
    {400, POST("Content-Length: 1 1\r\n")},
    {400, POST("Content-Length:\r\n")},
    {400, POST("Content-Length: 99999999999999999999\r\n")},
    {400, POST("Content-Length: 3\r\nContent-Length: 3\r\n") "abc"},
    {400, POST("Content-Length : 3\r\n") "abc"},
    {400, POST("Content-Length: 3\x0b\r\n") "abc"},
    {413, POST("Content-Length: 9999999999\r\n")},
    {413, POST("Content-Length: 9999999999\r\nExpect: 100-continue\r\n")},
    {400, POST("Transfer-Encoding: gzip\r\n")},
    {400, POST("Transfer-Encoding: chunked, gzip\r\n")},
    {400, POST("Transfer-Encoding: chunked, chunked\r\n")},
    {400, POST("Transfer-Encoding: xchunked\r\n")},
    {400, POST("Transfer-Encoding: identity\r\n")},
    {400, POST("Transfer-Encoding:\r\n")},
    {400, POST("Transfer-Encoding : chunked\r\n")},
    {400, POST("Transfer-Encoding: \x0b"
               "chunked\r\n")},
    {400, POST("Transfer-Encoding: \"chunked\"\r\n")},
    {400, POST("Transfer-Encoding: chunked;q=1\r\n")},
    {400, POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n")},
    {400, POST("Transfer-Encoding:\r\n chunked\r\n")},
    {501, POST("Transfer-Encoding: identity, chunked\r\n")},
    {501, POST("Transfer-Encoding: gzip, chunked\r\n")},
    {501, POST("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n")},
    {400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
    /* chunks */
    {400, CHUNKED("3\nabc\r\n0\r\n\r\n")},
    {400, CHUNKED("3\rXabc\r\n0\r\n\r\n")},
    {400, CHUNKED("3\r\nabcXX0\r\n\r\n")},
    {400, CHUNKED("3\r\nabc\n0\r\n\r\n")},
    {400, CHUNKED("3 \r\nabc\r\n0\r\n\r\n")},
    {400, CHUNKED("0x3\r\nabc\r\n0\r\n\r\n")},
    {400, CHUNKED("\r\nabc\r\n0\r\n\r\n")},
    {400, CHUNKED("-3\r\nabc\r\n0\r\n\r\n")},
    {400, CHUNKED("11111111111111111\r\nabc")},
    {400, CHUNKED("3;a\nb\r\nabc\r\n0\r\n\r\n")},
    {400, CHUNKED("3;a\rb\r\nabc\r\n0\r\n\r\n")},
    {400, CHUNKED("3\t\r\nabc\r\n0\r\n\r\n")},
    {400, CHUNKED("3\r\nabcd\r\n0\r\n\r\n")},
    {400, CHUNKED("3\r\nab\r\n0\r\n\r\n")},
    {400, CHUNKED("+3\r\nabc\r\n0\r\n\r\n")},
    {400, CHUNKED("1_0\r\nabc\r\n0\r\n\r\n")},
    {400, CHUNKED("0\r\n\n")},
    {400, CHUNKED("0\r\nA: b\n\r\n")},
    {400, CHUNKED("0\r\nA b: c\r\n\r\n")},
    {400, CHUNKED("0\r\n folded\r\n\r\n")},
    {400, CHUNKED("0\r\n\rX")},
};

static void test_refusals(void **state) {
    fixture_t *fixture = *state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const char *request = refusals[i].request;
        expect_refusal(fixture, request, strlen(request), refusals[i].status);
    }
}

/* Nothing behind a refused request is taken for one (RFC 9112 section 11.2). */
static void test_nothing_behind_a_refusal(void **state) {
    static const char *const refused[] = {
        POST("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n") "0\r\n\r\n",
        POST("Content-Length: 99999999\r\n"),
        CHUNKED("zz\r\n"),
        "BREW / HTTP/1.1\r\nHost: a\r\n\r\n",
        POST("Expect: something\r\nContent-Length: 1\r\n") "x",
    };
    static const unsigned statuses[] = {400, 413, 400, 501, 417};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char request[512];
        snprintf(request, sizeof request, "%s%s%s", refused[i], REQUEST("GET / HTTP/1.1", "\r\n"),
                 REQUEST("GET / HTTP/1.1", "\r\n"));
        expect_refusal(*state, request, strlen(request), statuses[i]);
    }
}

static void test_nul_in_value(void **state) {
    static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\nA: b\0c\r\n\r\n";
    expect_refusal(*state, request, sizeof request - 1, 400);
}

/* A head of exactly `len` bytes; the padding goes into the target or a header. */
static buf_t padded(size_t len, bool in_target) {
    buf_t request = {0};
    const char *front = in_target ? "GET /" : "GET / HTTP/1.1\r\nHost: a\r\nA: ";
    const char *back = in_target ? " HTTP/1.1\r\nHost: a\r\n\r\n" : "\r\n\r\n";
    buf_append_text(&request, front);
    while (request.len + strlen(back) < len)
        buf_append_byte(&request, 'x');
    buf_append_text(&request, back);
    return request;
}

static void test_header_limit(void **state) {
    fixture_t *fixture = *state;
    static const size_t limits[] = {100, 1000, 16 * 1024 - 32, 20000, 65536};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        fixture->limits.header_bytes = limits[i];
        restart(fixture);
        client_t client = dial(fixture);
        for (int in_target = 0; in_target < 2; in_target++) {
            buf_t fits = padded(limits[i], in_target);
            say_bytes(&client, fits.ptr, fits.len);
            hear_times(&client, "HTTP/1.1 200 OK", (size_t)in_target + 1);
            buf_deinit(&fits);
            buf_t over = padded(limits[i] + 1, in_target);
            expect_refusal(fixture, (char *)over.ptr, over.len, 431);
            buf_deinit(&over);
        }
        hang_up(&client);
    }
    buf_t over = padded(70000, true);
    expect_refusal(fixture, (char *)over.ptr, over.len, 414);
    buf_deinit(&over);
}

static void test_header_count(void **state) {
    fixture_t *fixture = *state;
    buf_t request = {0};
    buf_append_text(&request, "GET / HTTP/1.1\r\nHost: a\r\n");
    for (int i = 0; i < 99; i++)
        buf_append_text(&request, "A: b\r\n");
    size_t len = request.len;
    buf_append_text(&request, "\r\n");
    client_t client = dial(fixture);
    say_bytes(&client, request.ptr, request.len);
    hear(&client, "HTTP/1.1 200 OK");
    hang_up(&client);
    request.len = len;
    buf_append_text(&request, "A: b\r\n\r\n");
    expect_refusal(fixture, (char *)request.ptr, request.len, 431);
    buf_deinit(&request);
}

static void test_body_limit(void **state) {
    fixture_t *fixture = *state;
    fixture->limits.body_bytes = 10;
    restart(fixture);
    client_t client = dial(fixture);
    say(&client,
        POST("Content-Length: 10\r\n") "0123456789" CHUNKED("a\r\n0123456789\r\n0\r\n\r\n"));
    hear_times(&client, "HTTP/1.1 200 OK", 2);
    hang_up(&client);
    static const char *const over[] = {POST("Content-Length: 11\r\n") "01234567890",
                                       CHUNKED("b\r\n01234567890\r\n0\r\n\r\n"),
                                       CHUNKED("5\r\n01234\r\n6\r\n012345\r\n0\r\n\r\n")};
    for (size_t i = 0; i < sizeof over / sizeof *over; i++)
        expect_refusal(fixture, over[i], strlen(over[i]), 413);
}

/* The client goes on sending a body that was refused at once, and still gets the answer. */
static void test_refused_upload_is_drained(void **state) {
    fixture_t *fixture = *state;
    fixture->limits.body_bytes = 1000;
    restart(fixture);
    client_t client = dial(fixture);
    say(&client, POST("Content-Length: 8000000\r\n"));
    char *body = calloc(1, 8000000);
    say_bytes(&client, body, 8000000);
    free(body);
    hear(&client, "HTTP/1.1 413 ");
    hear_end(&client);
    hang_up(&client);
}

static void test_extension_limit(void **state) {
    buf_t request = {0};
    buf_append_text(&request, CHUNKED("3;"));
    for (int i = 0; i < 70000; i++)
        buf_append_byte(&request, 'x');
    expect_refusal(*state, (char *)request.ptr, request.len, 400);
    buf_deinit(&request);
}

static void test_slow_request(void **state) {
    fixture_t *fixture = *state;
    fixture->limits.request_timeout_ms = 80;
    restart(fixture);
    static const char *const slow[] = {"G", "GET / HTTP/1.1\r\nHost:", "\r\n",
                                       POST("Content-Length: 3\r\n") "ab", CHUNKED("3\r\nab")};
    for (size_t i = 0; i < sizeof slow / sizeof *slow; i++)
        expect_refusal(fixture, slow[i], strlen(slow[i]), 408);
}

/* Bytes that trickle in do not renew the time of a request. */
static void test_trickle(void **state) {
    fixture_t *fixture = *state;
    fixture->limits.request_timeout_ms = 100;
    restart(fixture);
    client_t client = dial(fixture);
    say(&client, "GET / HTTP/1.1\r\nA: ");
    uint64_t begin = now_ms();
    HEAR_WHILE(&client, client.got.len == 0) {
        say(&client, "x");
    }
    assert_int_equal(count_of(&client, "HTTP/1.1 408 "), 1);
    assert_in_range(now_ms() - begin, 90, 1000);
    hang_up(&client);
}

static void test_idle_close_is_silent(void **state) {
    fixture_t *fixture = *state;
    fixture->limits.idle_timeout_ms = 80;
    restart(fixture);
    client_t fresh = dial(fixture);
    client_t used = dial(fixture);
    say(&used, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    hear(&used, "\r\n\r\n/");
    size_t len = used.got.len;
    hear_end(&fresh);
    hear_end(&used);
    assert_int_equal(fresh.got.len, 0);
    assert_int_equal(used.got.len, len);
    hang_up(&fresh);
    hang_up(&used);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_refusals),
        TEST(test_nothing_behind_a_refusal),
        TEST(test_nul_in_value),
        TEST(test_header_limit),
        TEST(test_header_count),
        TEST(test_body_limit),
        TEST(test_refused_upload_is_drained),
        TEST(test_extension_limit),
        TEST(test_slow_request),
        TEST(test_trickle),
        TEST(test_idle_close_is_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
