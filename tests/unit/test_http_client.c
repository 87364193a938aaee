/* Requests to other servers (src/net/http_client.h): against one that answers as it is told. */
#include <unistd.h>

#include "http_peer.h"

#include "base/error.h"
#include "base/slice.h"
#include "failing_alloc.h"
#include "net/http_client.h"

/* ── the server ── */

static const struct {
    const char *path;
    const char *response;
    bool closes;
} pages[] = {
    {"/ok", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-One: 1\r\n\r\nhello", false},
    {"/empty", "HTTP/1.1 204 No Content\r\n\r\n", false},
    {"/close", "HTTP/1.1 200 OK\r\n\r\nuntil the end", true},
    {"/chunks",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x\r\n\r\n"
     "5\r\nhello\r\n6\r\n world\r\n0\r\nX-Late: no\r\nHTTP/1.1 500 No: no\r\n\r\n",
     false},
    {"/headers",
     "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\n"
     "X-Empty:\r\nX-Fold: one\r\n two\r\nX-Blank:  v \t\r\n\r\n",
     false},
    {"/early",
     "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
     "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno",
     false},
    {"/short", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", true},
    {"/badchunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello", true},
    {"/cut", "HTTP/1.1 200 OK\r\nContent-", true},
    {"/nothing", "", true},
    {"/old", "hello, I am HTTP/0.9\r\n", true},
    {"/plaingzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
     false},
    {"/301", "HTTP/1.1 301 Moved\r\nLocation: echo?q=1\r\nContent-Length: 3\r\n\r\nold", false},
    {"/303", "HTTP/1.1 303 See Other\r\nLocation: /echo\r\nContent-Length: 0\r\n\r\n", false},
    {"/307", "HTTP/1.1 307 Temporary\r\nLocation: /echo\r\nContent-Length: 0\r\n\r\n", false},
    {"/308", "HTTP/1.1 308 Permanent\r\nLocation: /echo\r\nContent-Length: 0\r\n\r\n", false},
    {"/304", "HTTP/1.1 304 Not Modified\r\nLocation: /echo\r\n\r\n", false},
    {"/round", "HTTP/1.1 302 Found\r\nLocation: /round\r\nContent-Length: 0\r\n\r\n", false},
    {"/nowhere", "HTTP/1.1 302 Found\r\nLocation: http://[\r\nContent-Length: 3\r\n\r\nodd", false},
    {"/bare", "HTTP/1.1 302 Found\r\nContent-Length: 4\r\n\r\nbare", false},
    {"/file", "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
     false},
    {"/evil", "HTTP/1.1 302 Found\r\nLocation: http://evil.example/x\r\nContent-Length: 0\r\n\r\n",
     false},
};

/* "hello", packed. */
static const unsigned char packed[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                       0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x86,
                                       0xa6, 0x10, 0x36, 0x05, 0x00, 0x00, 0x00};

static void say_echo(int fd, const char *request) {
    char head[128];
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", strlen(request));
    peer_say(fd, head);
    if (strncmp(request, "HEAD", 4) != 0)
        peer_say(fd, request);
}

static void say_many(int fd, size_t headers, size_t body) {
    char line[1024];
    snprintf(line, sizeof line, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n", body);
    peer_say(fd, line);
    memset(line, 'x', sizeof line);
    memcpy(line, "X-Long: ", 8);
    memcpy(line + sizeof line - 2, "\r\n", 2);
    for (size_t i = 0; i < headers; i++)
        peer_send(fd, line, sizeof line);
    peer_say(fd, "\r\n");
    for (; body >= sizeof line; body -= sizeof line)
        peer_send(fd, line, sizeof line);
    peer_send(fd, line, body);
}

static void redirect_to(int fd, const char *url) {
    char text[256];
    snprintf(text, sizeof text,
             "HTTP/1.1 307 Elsewhere\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", url);
    peer_say(fd, text);
}

static bool answer(peer_t *peer, int fd, const char *request) {
    const char *target = strchr(request, ' ') + 1;
    const char *path = strchr(target + (target[0] == '/' ? 0 : strlen("http://")), '/');
    size_t len = strcspn(path, " ?");
    char url[64];
    (void)peer;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (strlen(pages[i].path) == len && strncmp(pages[i].path, path, len) == 0) {
            peer_say(fd, pages[i].response);
            return !pages[i].closes;
        }
    if (strncmp(path, "/echo", 5) == 0) {
        say_echo(fd, request);
    } else if (strncmp(path, "/gzip", 5) == 0) {
        peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 25\r\n\r\n");
        if (strncmp(request, "HEAD", 4) != 0)
            peer_send(fd, (const char *)packed, sizeof packed);
    } else if (strncmp(path, "/many", 5) == 0) {
        say_many(fd, strtoul(path + 5, NULL, 10), 0);
    } else if (strncmp(path, "/huge", 5) == 0) {
        say_many(fd, 0, strtoul(path + 5, NULL, 10));
    } else if (strncmp(path, "/other", 6) == 0) { /* the same server under another name */
        snprintf(url, sizeof url, "http://localhost:%u/echo", peer->port);
        redirect_to(fd, url);
    } else {
        peer_hang(fd); /* "/hang" */
    }
    return true;
}

/* ── the client ── */

typedef struct scene {
    uv_loop_t loop;
    net_http_client_t *client;
} scene_t;

static peer_t peer;

static void open_scene_with(scene_t *scene, const net_http_client_options_t *options) {
    assert_int_equal(uv_loop_init(&scene->loop), 0);
    assert_null(net_http_client_new(&scene->loop, options, &scene->client));
}

static void open_scene(scene_t *scene) {
    open_scene_with(scene, NULL);
}

/* All handles are gone with one turn. */
static void close_scene(scene_t *scene) {
    net_http_client_free(scene->client);
    uv_run(&scene->loop, UV_RUN_NOWAIT);
    assert_int_equal(uv_loop_close(&scene->loop), 0);
}

typedef struct asked {
    net_http_call_t *call;
    const net_http_answer_t *answer;
    spin_error_t *error;
    bool ended;
    unsigned followed;
} asked_t;

static void on_done(const net_http_answer_t *answer_, spin_error_t *error, void *user) {
    asked_t *asked = user;
    assert_false(asked->ended);
    asked->ended = true;
    asked->answer = answer_;
    asked->error = error;
}

static spin_error_t *follow(const net_url_t *to, void *user) {
    asked_t *asked = user;
    asked->followed++;
    return strcmp(to->host, "evil.example") != 0 ? NULL : error_new(SPIN_ERROR_DENIED, "not there");
}

static void make_url(const char *path, net_url_t *url) {
    char text[256];
    if (path[0] == '/')
        snprintf(text, sizeof text, "http://127.0.0.1:%u%s", peer.port, path);
    else
        snprintf(text, sizeof text, "%s", path);
    assert_null(net_url_parse(spin_slice(text), url));
}

static spin_error_t *start(scene_t *scene, net_http_ask_t ask, const char *path, asked_t *asked) {
    net_url_t url;
    make_url(path, &url);
    *asked = (asked_t){0};
    ask.url = &url;
    spin_error_t *error = net_http_call_start(scene->client, &ask, on_done, asked, &asked->call);
    net_url_deinit(&url);
    return error;
}

/* Where nothing is under way any more the loop has nothing to live for. */
static void finish(scene_t *scene) {
    uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_int_equal(net_http_client_running(scene->client), 0);
}

static void ask_with(scene_t *scene, net_http_ask_t ask, const char *path, asked_t *asked) {
    assert_null(start(scene, ask, path, asked));
    finish(scene);
    assert_true(asked->ended);
}

static void ask_for(scene_t *scene, const char *method, const char *path, asked_t *asked) {
    ask_with(scene, (net_http_ask_t){.method = method, .follow = follow}, path, asked);
}

static void assert_answer(const asked_t *asked, unsigned status, const char *body) {
    if (asked->error != NULL) {
        char text[256];
        spin_error_format(asked->error, text, sizeof text);
        fail_msg("%s", text);
    }
    assert_int_equal(asked->answer->status, status);
    if (!slice_equal_text(asked->answer->body, body))
        fail_msg("got \"%.*s\", expected \"%s\"", SLICE_ARG(asked->answer->body), body);
}

static void end(asked_t *asked) {
    spin_error_free(asked->error);
    net_http_call_free(asked->call);
}

static bool body_has(const asked_t *asked, const char *part) {
    spin_slice_t body = asked->answer->body;
    return memmem(body.ptr, body.len, part, strlen(part)) != NULL;
}

static void assert_failed(asked_t *asked, spin_error_kind_t kind, unsigned status,
                          const char *part) {
    char text[512];
    assert_non_null(asked->error);
    spin_error_format(asked->error, text, sizeof text);
    if (strstr(text, part) == NULL || spin_error_kind(asked->error) != kind)
        fail_msg("\"%s\" (%s) is not in: %s (%s)", part, spin_error_kind_name(kind), text,
                 spin_error_kind_name(spin_error_kind(asked->error)));
    assert_int_equal(asked->answer->status, status);
    end(asked);
}

static spin_slice_t header(const asked_t *asked, const char *name) {
    for (size_t i = 0; i < asked->answer->headers_len; i++)
        if (slice_equal_text(asked->answer->headers[i].name, name))
            return asked->answer->headers[i].value;
    return (spin_slice_t){NULL, 0};
}

/* ── answers ── */

static void answers_are_taken(void **state) {
    static const struct {
        const char *path;
        unsigned status;
        const char *body;
    } cases[] = {{"/ok", 200, "hello"},
                 {"/empty", 204, ""},
                 {"/close", 200, "until the end"},
                 {"/chunks", 200, "hello world"},
                 {"/early", 404, "no"},
                 {"/gzip", 200, "hello"},
                 {"/304", 304, ""},
                 {"/bare", 302, "bare"},
                 {"/nowhere", 302, "odd"}};
    scene_t scene;
    (void)state;
    open_scene(&scene);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        asked_t asked;
        ask_for(&scene, "GET", cases[i].path, &asked);
        assert_answer(&asked, cases[i].status, cases[i].body);
        assert_null(header(&asked, "x-late").ptr);
        end(&asked);
    }
    close_scene(&scene);
}

static void headers_are_taken(void **state) {
    scene_t scene;
    asked_t asked;
    (void)state;
    open_scene(&scene);
    ask_for(&scene, "GET", "/headers", &asked);
    assert_answer(&asked, 200, "");
    static const char *const expected[][2] = {{"content-length", "0"}, {"set-cookie", "a=1"},
                                              {"set-cookie", "b=2"},   {"x-empty", ""},
                                              {"x-fold", "one two"},   {"x-blank", "v"}};
    assert_int_equal(asked.answer->headers_len, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_true(slice_equal_text(asked.answer->headers[i].name, expected[i][0]));
        assert_true(slice_equal_text(asked.answer->headers[i].value, expected[i][1]));
    }
    end(&asked);
    close_scene(&scene);
}

static void connections_are_kept(void **state) {
    scene_t scene;
    (void)state;
    open_scene(&scene);
    size_t before = peer.connections;
    for (int i = 0; i < 20; i++) {
        asked_t asked;
        ask_for(&scene, "GET", "/ok", &asked);
        assert_answer(&asked, 200, "hello");
        end(&asked);
    }
    assert_int_equal(peer.connections - before, 1);
    close_scene(&scene);
}

/* ── requests ── */

static void requests_are_sent(void **state) {
    static const net_header_t headers[] = {{SLICE_INIT("X-One"), SLICE_INIT("a: b; c")},
                                           {SLICE_INIT("x-one"), SLICE_INIT("2")},
                                           {SLICE_INIT("X-Empty"), SLICE_INIT("")},
                                           {SLICE_INIT("Host"), SLICE_INIT("other")},
                                           {SLICE_INIT("Content-Length"), SLICE_INIT("9")},
                                           {SLICE_INIT("TE"), SLICE_INIT("gzip")},
                                           {SLICE_INIT("transfer-encoding"), SLICE_INIT("chunked")},
                                           {SLICE_INIT("connection"), SLICE_INIT("close")}};
    scene_t scene;
    asked_t asked;
    (void)state;
    open_scene(&scene);
    ask_with(
        &scene,
        (net_http_ask_t){
            .method = "PATCH", .headers = headers, .headers_len = 8, .body = SLICE_INIT("body")},
        "/echo?a=b#fragment", &asked);
    assert_null(asked.error);
    assert_true(body_has(&asked, "PATCH /echo?a=b HTTP/1.1\r\n"));
    assert_true(body_has(&asked, "\r\nx-one: a: b; c\r\nx-one: 2\r\nx-empty:\r\n"));
    assert_true(body_has(&asked, "\r\nHost: other\r\n"));
    assert_true(body_has(&asked, "\r\nContent-Length: 4\r\n"));
    assert_true(body_has(&asked, "\r\nAccept: */*\r\n"));
    assert_true(body_has(&asked, "\r\nAccept-Encoding: gzip\r\n"));
    assert_true(body_has(&asked, "\r\n\r\nbody"));
    static const char *const absent[] = {"Content-Type", "Expect", "User-Agent", "ransfer-",
                                         "onnection",    "TE:",    "te:",        ": 9"};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        assert_false(body_has(&asked, absent[i]));
    end(&asked);
    close_scene(&scene);
}

static void methods_are_sent(void **state) {
    static const struct {
        const char *method;
        const char *body;
        const char *length; /* NULL: none */
    } cases[] = {{"GET", "", NULL},      {"GET", "x", "1"},    {"POST", "", "0"},
                 {"POST", "xy", "2"},    {"PUT", "", "0"},     {"PATCH", "", "0"},
                 {"DELETE", "", NULL},   {"DELETE", "x", "1"}, {"OPTIONS", "", NULL},
                 {"OPTIONS", "xyz", "3"}};
    scene_t scene;
    (void)state;
    open_scene(&scene);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        asked_t asked;
        char line[64];
        ask_with(&scene,
                 (net_http_ask_t){.method = cases[i].method, .body = spin_slice(cases[i].body)},
                 "/echo", &asked);
        assert_null(asked.error);
        snprintf(line, sizeof line, "%s /echo HTTP/1.1\r\n", cases[i].method);
        assert_true(body_has(&asked, line));
        snprintf(line, sizeof line, "Content-Length: %s\r\n",
                 cases[i].length != NULL ? cases[i].length : "");
        assert_int_equal(body_has(&asked, "Content-Length"), cases[i].length != NULL);
        assert_true(cases[i].length == NULL || body_has(&asked, line));
        end(&asked);
    }
    asked_t asked;
    ask_for(&scene, "HEAD", "/gzip", &asked);
    assert_answer(&asked, 200, "");
    assert_true(slice_equal_text(header(&asked, "content-length"), "25"));
    end(&asked);
    close_scene(&scene);
}

static void packed_bytes_are_unpacked_or_not(void **state) {
    static const net_header_t own = {SLICE_INIT("Accept-Encoding"), SLICE_INIT("gzip")};
    scene_t scene;
    asked_t asked;
    (void)state;
    open_scene(&scene);
    ask_for(&scene, "GET", "/gzip", &asked);
    assert_answer(&asked, 200, "hello");
    assert_int_equal(asked.answer->headers_len, 0); /* they described the packed bytes */
    end(&asked);
    ask_with(&scene, (net_http_ask_t){.method = "GET", .headers = &own, .headers_len = 1}, "/gzip",
             &asked);
    assert_null(asked.error);
    assert_int_equal(asked.answer->body.len, sizeof packed);
    assert_true(slice_equal_text(header(&asked, "content-encoding"), "gzip"));
    end(&asked);
    ask_for(&scene, "GET", "/plaingzip", &asked);
    assert_failed(&asked, SPIN_ERROR_INVALID, 200, "GET http://127.0.0.1:");
    close_scene(&scene);
}

static void bad_headers_are_refused(void **state) {
    static const net_header_t bad[] = {
        {SLICE_INIT(""), SLICE_INIT("v")},          {SLICE_INIT("a b"), SLICE_INIT("v")},
        {SLICE_INIT("a:b"), SLICE_INIT("v")},       {SLICE_INIT("n\xc3\xa4me"), SLICE_INIT("v")},
        {SLICE_INIT("a"), SLICE_INIT("v\r\nx: y")}, {SLICE_INIT("a"), SLICE_INIT("v\nx: y")},
        {SLICE_INIT("a"), SLICE_INIT("v\0")},       {SLICE_INIT("a"), SLICE_INIT("\x7f")}};
    scene_t scene;
    asked_t asked;
    (void)state;
    open_scene(&scene);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        spin_error_t *error =
            start(&scene, (net_http_ask_t){.method = "GET", .headers = &bad[i], .headers_len = 1},
                  "/ok", &asked);
        assert_non_null(error);
        assert_int_equal(spin_error_kind(error), SPIN_ERROR_INVALID);
        spin_error_free(error);
    }
    finish(&scene);
    assert_false(asked.ended);
    close_scene(&scene);
}

/* ── redirects ── */

static void redirects_are_followed(void **state) {
    static const net_header_t headers[] = {{SLICE_INIT("Content-Type"), SLICE_INIT("text/x")},
                                           {SLICE_INIT("Authorization"), SLICE_INIT("secret")},
                                           {SLICE_INIT("X-Own"), SLICE_INIT("1")}};
    static const struct {
        const char *path;
        const char *method;
        const char *first_line;
        bool keeps_body;
    } cases[] = {{"/301", "POST", "GET /echo?q=1 ", false},
                 {"/301", "HEAD", NULL, false},
                 {"/303", "PUT", "GET /echo ", false},
                 {"/307", "POST", "POST /echo ", true},
                 {"/308", "PUT", "PUT /echo ", true}};
    scene_t scene;
    (void)state;
    open_scene(&scene);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        asked_t asked;
        char referer[64];
        ask_with(&scene,
                 (net_http_ask_t){.method = cases[i].method,
                                  .headers = headers,
                                  .headers_len = 3,
                                  .body = SLICE_INIT("content"),
                                  .follow = follow},
                 cases[i].path, &asked);
        assert_null(asked.error);
        assert_int_equal(asked.answer->status, 200);
        assert_int_equal(asked.followed, 1);
        if (cases[i].first_line != NULL) {
            snprintf(referer, sizeof referer, "\r\nreferer: http://127.0.0.1:%u%s\r\n", peer.port,
                     cases[i].path);
            assert_true(body_has(&asked, cases[i].first_line));
            assert_int_equal(body_has(&asked, "content"), cases[i].keeps_body);
            assert_int_equal(body_has(&asked, "text/x"), cases[i].keeps_body);
            assert_true(body_has(&asked, "authorization: secret\r\n"));
            assert_true(body_has(&asked, "x-own: 1\r\n"));
            assert_true(body_has(&asked, referer));
        }
        end(&asked);
    }
    close_scene(&scene);
}

static void another_server_gets_no_credentials(void **state) {
    static const net_header_t headers[] = {{SLICE_INIT("authorization"), SLICE_INIT("secret")},
                                           {SLICE_INIT("cookie"), SLICE_INIT("secret")},
                                           {SLICE_INIT("host"), SLICE_INIT("secret")},
                                           {SLICE_INIT("x-own"), SLICE_INIT("1")}};
    scene_t scene;
    asked_t asked;
    (void)state;
    open_scene(&scene);
    char path[64];
    snprintf(path, sizeof path, "http://me:secret@127.0.0.1:%u/other", peer.port);
    ask_with(
        &scene,
        (net_http_ask_t){.method = "GET", .headers = headers, .headers_len = 4, .follow = follow},
        path, &asked);
    assert_null(asked.error);
    assert_int_equal(asked.answer->status, 200);
    assert_true(body_has(&asked, "\r\nx-own: 1\r\n"));
    assert_true(body_has(&asked, "\r\nHost: localhost:"));
    assert_false(body_has(&asked, "secret"));
    assert_false(body_has(&asked, "uthorization"));
    assert_true(body_has(&asked, "\r\nreferer: http://127.0.0.1:"));
    end(&asked);
    close_scene(&scene);
}

static void credentials_of_the_address_are_sent(void **state) {
    scene_t scene;
    asked_t asked;
    char path[64];
    (void)state;
    open_scene(&scene);
    snprintf(path, sizeof path, "http://me:a%%40b@127.0.0.1:%u/echo", peer.port);
    ask_for(&scene, "GET", path, &asked);
    assert_null(asked.error);
    assert_true(body_has(&asked, "\r\nAuthorization: Basic bWU6YUBi\r\n"));
    end(&asked);
    close_scene(&scene);
}

static void redirects_end(void **state) {
    scene_t scene;
    asked_t asked;
    (void)state;
    open_scene(&scene);
    ask_for(&scene, "GET", "/round", &asked);
    assert_int_equal(asked.followed, 10);
    assert_failed(&asked, SPIN_ERROR_LIMIT, 0, "more than 10 redirects");
    ask_for(&scene, "GET", "/evil", &asked);
    assert_failed(&asked, SPIN_ERROR_DENIED, 0, "not there");
    ask_for(&scene, "GET", "/file", &asked);
    assert_int_equal(asked.followed, 0);
    assert_failed(&asked, SPIN_ERROR_UNSUPPORTED, 0, "redirect: only http://");
    ask_with(&scene, (net_http_ask_t){.method = "GET"}, "/301", &asked);
    assert_answer(&asked, 301, "old");
    end(&asked);
    close_scene(&scene);
}

/* ── what goes wrong ── */

static void broken_answers_are_errors(void **state) {
    static const struct {
        const char *path;
        spin_error_kind_t kind;
        unsigned status;
    } cases[] = {{"/short", SPIN_ERROR_IO, 200},
                 {"/badchunk", SPIN_ERROR_IO, 200},
                 {"/cut", SPIN_ERROR_INVALID, 0},
                 {"/nothing", SPIN_ERROR_IO, 0},
                 {"/old", SPIN_ERROR_INVALID, 0}};
    scene_t scene;
    (void)state;
    open_scene(&scene);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        asked_t asked;
        char part[64];
        char path[32];
        snprintf(path, sizeof path, "%s?secret", cases[i].path);
        snprintf(part, sizeof part, "GET http://127.0.0.1:%u%s: ", peer.port, cases[i].path);
        ask_for(&scene, "GET", path, &asked);
        assert_failed(&asked, cases[i].kind, cases[i].status, part);
    }
    close_scene(&scene);
}

static void nobody_is_there(void **state) {
    scene_t scene;
    asked_t asked;
    peer_t gone;
    char url[64];
    (void)state;
    peer_start(&gone, answer);
    peer_stop(&gone);
    open_scene(&scene);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", gone.port);
    ask_for(&scene, "GET", url, &asked);
    assert_failed(&asked, SPIN_ERROR_IO, 0, "GET http://127.0.0.1:");
    ask_for(&scene, "GET", "http://no-such-host.invalid/", &asked);
    assert_failed(&asked, SPIN_ERROR_NOT_FOUND, 0, "GET http://no-such-host.invalid/");
    close_scene(&scene);
}

static void limits_hold(void **state) {
    scene_t scene;
    asked_t asked;
    (void)state;
    open_scene_with(&scene, &(net_http_client_options_t){.max_body_bytes = 4096,
                                                         .max_head_bytes = 10000,
                                                         .timeout_ms = 200});
    ask_for(&scene, "GET", "/huge4096", &asked);
    assert_null(asked.error);
    assert_int_equal(asked.answer->body.len, 4096);
    end(&asked);
    ask_for(&scene, "GET", "/huge4097", &asked);
    assert_failed(&asked, SPIN_ERROR_LIMIT, 200, "the response's body is larger than 4096 bytes");
    ask_for(&scene, "GET", "/huge100000000", &asked);
    assert_failed(&asked, SPIN_ERROR_LIMIT, 200, "4096");
    ask_for(&scene, "GET", "/many5", &asked);
    assert_answer(&asked, 200, "");
    end(&asked);
    ask_for(&scene, "GET", "/many20", &asked);
    assert_failed(&asked, SPIN_ERROR_LIMIT, 0, "headers are larger than 10000 bytes");
    ask_for(&scene, "GET", "/hang", &asked);
    assert_failed(&asked, SPIN_ERROR_TIMEOUT, 0, "/hang");
    close_scene(&scene);
}

static void calls_are_broken_off(void **state) {
    scene_t scene;
    asked_t asked[3];
    (void)state;
    open_scene(&scene);
    for (size_t i = 0; i < 3; i++)
        assert_null(start(&scene, (net_http_ask_t){.method = "GET"}, "/hang", &asked[i]));
    for (int i = 0; i < 50; i++)
        uv_run(&scene.loop, UV_RUN_NOWAIT);
    assert_int_equal(net_http_client_running(scene.client), 3);
    net_http_call_free(asked[0].call);
    assert_int_equal(net_http_client_running(scene.client), 2);
    assert_null(start(&scene, (net_http_ask_t){.method = "GET"}, "http://no-such-host.invalid/",
                      &asked[0]));
    uv_run(&scene.loop, UV_RUN_NOWAIT);
    close_scene(&scene); /* breaks off the rest */
    for (size_t i = 0; i < 3; i++) {
        assert_true(i == 0 || !asked[i].ended); /* a quick resolver may have been there first */
        end(&asked[i]);
    }
}

static void free_in_done(const net_http_answer_t *answer_, spin_error_t *error, void *user) {
    asked_t *asked = user;
    assert_int_equal(answer_->status, 200);
    assert_null(error);
    for (size_t i = 0; i < 3; i++)
        net_http_call_free(asked[i].call);
    asked->ended = true;
}

static void others_are_freed_in_done(void **state) {
    scene_t scene;
    asked_t asked[3] = {0};
    net_url_t url;
    (void)state;
    open_scene(&scene);
    make_url("/ok", &url);
    for (size_t i = 0; i < 3; i++) {
        const net_http_ask_t ask = {.method = "GET", .url = &url};
        assert_null(net_http_call_start(scene.client, &ask, free_in_done, asked, &asked[i].call));
    }
    net_url_deinit(&url);
    finish(&scene);
    assert_true(asked[0].ended);
    close_scene(&scene);
}

static void many_at_once(void **state) {
    enum { MANY = 100 };
    scene_t scene;
    static asked_t asked[MANY];
    (void)state;
    open_scene(&scene);
    for (size_t i = 0; i < MANY; i++)
        assert_null(start(&scene, (net_http_ask_t){.method = "GET"}, "/ok", &asked[i]));
    finish(&scene);
    for (size_t i = 0; i < MANY; i++) {
        assert_answer(&asked[i], 200, "hello");
        end(&asked[i]);
    }
    close_scene(&scene);
}

static void proxies_are_used(void **state) {
    scene_t scene;
    asked_t asked;
    char proxy[64];
    (void)state;
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", peer.port);
    setenv("HTTP_PROXY", proxy, 1);
    setenv("NO_PROXY", "127.0.0.1", 1);
    open_scene(&scene);
    ask_for(&scene, "GET", "http://far.example/echo", &asked);
    assert_null(asked.error);
    assert_true(body_has(&asked, "GET http://far.example/echo HTTP/1.1"));
    end(&asked);
    ask_for(&scene, "GET", "/echo", &asked);
    assert_true(body_has(&asked, "GET /echo HTTP/1.1"));
    end(&asked);
    close_scene(&scene);
    setenv("REQUEST_METHOD", "GET", 1);
    open_scene(&scene);
    ask_for(&scene, "GET", "http://no-such-host.invalid/", &asked);
    assert_failed(&asked, SPIN_ERROR_NOT_FOUND, 0, "");
    close_scene(&scene);
    unsetenv("REQUEST_METHOD");
    unsetenv("HTTP_PROXY");
    unsetenv("NO_PROXY");
}

/* ── without memory ── */

static spin_error_t *once(uv_loop_t *loop, const char *path) {
    net_http_client_t *client;
    asked_t asked = {0};
    net_url_t url = {0};
    char text[64];
    static const net_header_t headers[] = {{SLICE_INIT("a"), SLICE_INIT("b")}};
    snprintf(text, sizeof text, "http://127.0.0.1:%u%s", peer.port, path);
    spin_error_t *error = net_http_client_new(loop, NULL, &client);
    if (error != NULL)
        return error;
    error = net_url_parse(spin_slice(text), &url);
    const net_http_ask_t ask = {
        .method = "GET", .url = &url, .headers = headers, .headers_len = 1, .follow = follow};
    if (error == NULL)
        error = net_http_call_start(client, &ask, on_done, &asked, &asked.call);
    if (error == NULL) {
        uv_run(loop, UV_RUN_DEFAULT);
        assert_true(asked.ended);
        error = asked.error;
        assert_int_equal(asked.answer->status, error == NULL ? 200 : asked.answer->status);
        net_http_call_free(asked.call);
    }
    net_url_deinit(&url);
    net_http_client_free(client);
    uv_run(loop, UV_RUN_NOWAIT);
    return error;
}

static void every_allocation_may_fail(void **state) {
    static const char *const paths[] = {"/ok", "/301", "/headers"};
    uv_loop_t loop;
    (void)state;
    uv_loop_init(&loop);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        failing_alloc_install(SIZE_MAX);
        assert_null(once(&loop, paths[i]));
        assert_int_equal(failing_alloc_live(), 0);
        size_t calls = failing_alloc_calls();
        assert_true(calls > 8);
        for (size_t at = 1; at <= calls; at++) {
            failing_alloc_install(at);
            spin_error_t *error = once(&loop, paths[i]);
            assert_non_null(error);
            assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
            spin_error_free(error);
            assert_int_equal(failing_alloc_live(), 0);
        }
        failing_alloc_remove();
    }
    assert_int_equal(uv_loop_close(&loop), 0);
}

static int before_all(void **state) {
    static const char *const names[] = {"HTTP_PROXY", "http_proxy", "ALL_PROXY",
                                        "all_proxy",  "NO_PROXY",   "no_proxy"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
    peer_start(&peer, answer);
    return 0;
}

static int after_all(void **state) {
    (void)state;
    peer_stop(&peer);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_taken),
        cmocka_unit_test(headers_are_taken),
        cmocka_unit_test(connections_are_kept),
        cmocka_unit_test(requests_are_sent),
        cmocka_unit_test(methods_are_sent),
        cmocka_unit_test(packed_bytes_are_unpacked_or_not),
        cmocka_unit_test(bad_headers_are_refused),
        cmocka_unit_test(redirects_are_followed),
        cmocka_unit_test(another_server_gets_no_credentials),
        cmocka_unit_test(credentials_of_the_address_are_sent),
        cmocka_unit_test(redirects_end),
        cmocka_unit_test(broken_answers_are_errors),
        cmocka_unit_test(nobody_is_there),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(calls_are_broken_off),
        cmocka_unit_test(others_are_freed_in_done),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(proxies_are_used),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("http_client", tests, before_all, after_all);
}
