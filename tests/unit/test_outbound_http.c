/* `wasi-outbound-http` as guests see it (src/host/outbound_http): a guest in either layout of 2022
 * (tests/e2e/guests/outbound.c) asks a server that answers as it is told. */
#include "abi_fixture.h"
#include "failing_alloc.h"
#include "http_peer.h"

#include "base/buf.h"
#include "host/outbound_http/allowed_hosts.h"
#include "spin/log.h"

static const char *const guests[] = {"outbound", "outbound-slots"};
enum { GUESTS = sizeof guests / sizeof *guests };

static peer_t peer;
static buf_t logged;

/* ── the server ── */

static bool answer(peer_t *one, int fd, const char *request) {
    const char *path = strchr(request, ' ') + 1;
    char text[256];
    (void)one;
    if (strncmp(path, "/ok", 3) == 0)
        peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\nx-a: 2\r\n\r\nok");
    else if (strncmp(path, "/none", 5) == 0)
        peer_say(fd, "HTTP/1.1 204 None\r\n\r\n");
    else if (strncmp(path, "/latin", 6) == 0)
        peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-A: \xe4\r\n\r\n");
    else if (strncmp(path, "/utf8", 5) == 0)
        peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-A: \xc3\xa4\r\n\r\n");
    else if (strncmp(path, "/away", 5) == 0)
        peer_say(fd, "HTTP/1.1 302 Found\r\nLocation: http://away.example/\r\n"
                     "Content-Length: 0\r\n\r\n");
    else if (strncmp(path, "/here", 5) == 0)
        peer_say(fd, "HTTP/1.1 302 Found\r\nLocation: ok\r\nContent-Length: 0\r\n\r\n");
    else if (strncmp(path, "/round", 6) == 0)
        peer_say(fd, "HTTP/1.1 302 Found\r\nLocation: round\r\nContent-Length: 0\r\n\r\n");
    else if (strncmp(path, "/half", 5) == 0) {
        peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
        return false;
    } else if (strncmp(path, "/line", 5) == 0) { /* the request line and the body, in one */
        snprintf(text, sizeof text, "HTTP/1.1 201 Made\r\nContent-Length: %zu\r\n\r\n",
                 strcspn(request, "\r") + strlen(strstr(request, "\r\n\r\n") + 4));
        peer_say(fd, text);
        peer_send(fd, request, strcspn(request, "\r"));
        peer_say(fd, strstr(request, "\r\n\r\n") + 4);
    } else {
        peer_hang(fd);
        return false;
    }
    return true;
}

/* ── a guest ── */

typedef struct world {
    spin_execution_context_t *context;
    spin_instance_t *instance;
} world_t;

static spin_execution_context_t *make_context(size_t guest, const char *allowed,
                                              uint32_t instances) {
    char manifest[1024], file[512];
    spin_application_t *application;
    spin_engine_builder_t *builder;
    spin_execution_context_t *context;
    snprintf(manifest, sizeof manifest,
             "spin_version = \"1\"\nname = \"test\"\nversion = \"1.0.0\"\n"
             "trigger = { type = \"http\", base = \"/\" }\n[[component]]\nid = \"it\"\n"
             "source = \"it.wasm\"\nallowed_http_hosts = [%s]\n"
             "[component.trigger]\nroute = \"/...\"\n",
             allowed);
    assert_ok(manifest_parse(spin_slice(manifest), "spin.toml", &application));
    snprintf(file, sizeof file, "%s/tests/e2e/guests/%s.wasm", SPIN_SOURCE_DIR, guests[guest]);
    application->components[0].source.file = arena_copy_text(&application->arena, spin_slice(file));
    const spin_engine_options_t options = {.size = sizeof options,
                                           .max_instances = instances,
                                           .max_memory_bytes = 4 << 20,
                                           .timeout_ms = 5000,
                                           .cache_dir = abi_cache_dir};
    wasm_signals_restore();
    assert_ok(spin_engine_builder_new(application, &options, &builder));
    spin_application_unref(application);
    assert_ok(spin_engine_builder_build(builder, &context));
    return context;
}

static void open_world(world_t *world, size_t guest, const char *allowed) {
    char here[64];
    snprintf(here, sizeof here, "\"127.0.0.1:%u\"", peer.port);
    buf_clear(&logged);
    world->context = make_context(guest, allowed != NULL ? allowed : here, 4);
    world->instance = abi_prepare(world->context);
}

static void close_world(world_t *world) {
    spin_instance_free(world->instance);
    spin_execution_context_free(world->context);
}

static const spin_abi_export_t probe = ABI_ECHO("probe");

/* "%" in `command` is the server: "http GET %/path". */
static spin_error_t *ask(world_t *world, const char *command, spin_string_t *said) {
    char text[512];
    const char *at = strchr(command, '%');
    if (at == NULL)
        snprintf(text, sizeof text, "%s", command);
    else
        snprintf(text, sizeof text, "%.*shttp://127.0.0.1:%u%s", (int)(at - command), command,
                 peer.port, at + 1);
    return abi_call_text(world->instance, &probe, spin_slice(text), said);
}

static void expect(world_t *world, const char *command, const char *expected) {
    spin_string_t said;
    assert_ok(ask(world, command, &said));
    if (!slice_equal_text(said, expected))
        fail_msg("%s: got \"%.*s\", expected \"%s\"", command, SLICE_ARG(said), expected);
    spin_string_clear(&said);
}

static bool was_logged(const char *part) {
    return logged.ptr != NULL && memmem(logged.ptr, logged.len, part, strlen(part)) != NULL;
}

static void assert_logged(const char *part) {
    if (!was_logged(part))
        fail_msg("\"%s\" is not in the log: %.*s", part, SLICE_ARG(buf_slice(&logged)));
}

static void sink(spin_log_level_t level, spin_slice_t record, void *user) {
    (void)level, (void)user;
    buf_append(&logged, record);
}

/* ── the tests ── */

static void guests_get_answers(void **state) {
    (void)state;
    for (size_t i = 0; i < GUESTS; i++) {
        world_t world;
        open_world(&world, i, NULL);
        expect(&world, "http GET %/ok", "200 [content-length=2;x-a=1;x-a=2;] body ok");
        expect(&world, "http GET %/none", "204 [] body ");
        expect(&world, "http GET %/utf8", "200 [content-length=0;x-a=\xc3\xa4;] body ");
        expect(&world, "http HEAD %/ok", "200 [content-length=2;x-a=1;x-a=2;] body ");
        expect(&world, "http GET %/here", "200 [content-length=2;x-a=1;x-a=2;] body ok");
        assert_int_equal(logged.len, 0);
        static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"};
        for (size_t m = 0; m < 6; m++) { /* the guest's params are not sent */
            char command[64], expected[128];
            snprintf(command, sizeof command, "http %s %%/line?a=b body", methods[m]);
            snprintf(expected, sizeof expected,
                     "201 [content-length=%zu;] body %s /line?a=b HTTP/1.1body",
                     strlen(methods[m]) + 23, methods[m]);
            expect(&world, command, expected);
        }
        close_world(&world);
    }
}

static void errors_have_their_numbers(void **state) {
    static const char *const cases[][3] = {
        {"http GET http://evil.example/a?secret", "error 1", "host=evil.example"},
        {"http GET https://evil.example/", "error 1", "host=evil.example"},
        {"http GET http://127.0.0.1/", "error 1", "host=127.0.0.1"},
        {"http GET http://me:secret@evil.example:81/", "error 1", "host=evil.example:81"},
        {"http GET %/away", "error 1", "url=http://away.example/"},
        {"http GET ftp://127.0.0.1/", "error 1", "only http://"},
        {"http GET file:///etc/passwd", "error 1", "only http://"},
        {"http GET /relative", "error 2", "the URL"},
        {"http GET http://", "error 2", "the URL"},
        {"http GET %secret\\@evil.example/", "error 2", "the URL"},
        {"http GET %/half", "error 3", "/half"},
        {"http GET %/latin", "error 4", "is not UTF-8"},
        {"http GET %/round", "error 4", "more than 10 redirects"},
    };
    (void)state;
    for (size_t i = 0; i < GUESTS; i++) {
        world_t world;
        open_world(&world, i, NULL);
        for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
            buf_clear(&logged);
            expect(&world, cases[c][0], cases[c][1]);
            assert_logged(cases[c][2]);
            assert_logged("component=it");
            assert_false(was_logged("secret"));
        }
        expect(&world, "http GET %/ok", "200 [content-length=2;x-a=1;x-a=2;] body ok");
        close_world(&world);
    }
}

static void nobody_answers(void **state) {
    world_t world;
    peer_t gone;
    char command[64];
    (void)state;
    peer_start(&gone, answer);
    peer_stop(&gone);
    snprintf(command, sizeof command, "http GET http://127.0.0.1:%u/", gone.port);
    open_world(&world, 0, "\"insecure:allow-all\"");
    expect(&world, command, "error 4");
    assert_logged("GET http://127.0.0.1:");
    expect(&world, "http GET http://no-such-host.invalid/", "error 4");
    close_world(&world);
}

static void nothing_is_allowed_without_a_list(void **state) {
    world_t world;
    (void)state;
    open_world(&world, 0, "");
    expect(&world, "http GET %/ok", "error 1");
    assert_logged("allowed_http_hosts");
    close_world(&world);
}

static void odd_entries_allow_nothing(void **state) {
    world_t world;
    (void)state;
    open_world(&world, 0, "\"*.example.com\"");
    assert_logged("allows nothing");
    assert_logged("entry=*.example.com");
    expect(&world, "http GET http://a.example.com/", "error 1");
    close_world(&world);
}

static void a_deadline_ends_the_wait(void **state) {
    (void)state;
    for (size_t i = 0; i < GUESTS; i++) {
        world_t world;
        spin_string_t said;
        open_world(&world, i, NULL);
        spin_instance_free(world.instance);
        world.instance = abi_prepare_for(world.context, 100);
        assert_fails(ask(&world, "http GET %/hang", &said), SPIN_ERROR_TIMEOUT, "100 ms");
        close_world(&world);
    }
}

static void count_done(spin_instance_t *instance, spin_error_t *error, void *result,
                       void (*handler)(void), void *user) {
    const spin_string_t *said = result;
    (void)handler;
    assert_ok(error);
    assert_int_equal(memcmp(said->ptr, "200 [", 5), 0);
    ++*(size_t *)user;
    spin_instance_free(instance);
}

static void start(world_t *world, const spin_slice_t *command, size_t *done) {
    spin_instance_t *instance = abi_prepare(world->context);
    assert_ok(spin_abi_start(instance, &probe, command, count_done, NULL, done));
    world->instance = instance;
}

static void an_instance_is_freed_meanwhile(void **state) {
    char text[64];
    world_t world;
    size_t done = 0;
    (void)state;
    world.context = make_context(0, "\"insecure:allow-all\"", 4);
    snprintf(text, sizeof text, "http GET http://127.0.0.1:%u/hang", peer.port);
    const spin_slice_t command = spin_slice(text);
    for (int turns = 0; turns < 40; turns += 13) { /* before it is connected, and after */
        start(&world, &command, &done);
        for (int i = 0; i < turns; i++) {
            uv_run(spin_execution_context_loop(world.context), UV_RUN_NOWAIT);
            usleep(500);
        }
        spin_instance_free(world.instance);
    }
    assert_int_equal(done, 0);
    spin_execution_context_free(world.context);
}

static void many_guests_wait_at_once(void **state) {
    enum { MANY = 100 };
    char text[64];
    world_t world;
    size_t done = 0;
    (void)state;
    world.context = make_context(0, "\"insecure:allow-all\"", MANY);
    snprintf(text, sizeof text, "http GET http://127.0.0.1:%u/ok", peer.port);
    const spin_slice_t command = spin_slice(text);
    for (size_t i = 0; i < MANY; i++)
        start(&world, &command, &done);
    assert_int_equal(done, 0);
    for (int turn = 0; done < MANY && turn < 10000; turn++) {
        uv_run(spin_execution_context_loop(world.context), UV_RUN_NOWAIT);
        usleep(200);
    }
    assert_int_equal(done, MANY);
    spin_execution_context_free(world.context);
}

static void hosts_are_compared(void **state) {
    static const struct {
        const char *entry;
        const char *url;
        bool allowed;
    } cases[] = {
        {"h.example", "http://h.example/", true},
        {"h.example", "https://h.example/x", true},
        {"h.example", "https://H.EXAMPLE:443/", true},
        {"H.Example", "http://h.example/", true},
        {"h.example", "http://h.example:8080/", false},
        {"h.example", "http://h.example:443/", false},
        {"h.example", "http://x.h.example/", false},
        {"h.example", "http://h.example.x/", false},
        {"h.example", "http://h.example./", false},
        {"h.example", "http://h.example@x/", false},
        {"h.example", "http://x/?h.example", false},
        {"h.example", "http://x/#h.example", false},
        {"h.example", "http://h%2eexample/", true},
        {"http://h.example", "https://h.example/", true},
        {"https://h.example/", "http://h.example/", true},
        {"h.example:8080", "http://h.example:8080/", true},
        {"h.example:8080", "https://h.example:8080/", true},
        {"h.example:8080", "http://h.example/", false},
        {"h.example:443", "https://h.example/", true},
        {"h.example:443", "http://h.example/", false},
        {"http://h.example:8080/", "http://h.example:8080/", true},
        {"127.0.0.1", "http://2130706433/", true},
        {"127.0.0.1", "http://0177.0.0.1/", true},
        {"127.0.0.1", "http://[::ffff:127.0.0.1]/", false},
        {"localhost", "http://127.0.0.1/", false},
        {"[::1]", "http://[0:0:0:0:0:0:0:1]/", true},
        {"[::1]:80", "http://[::1]/", true},
        {"[::1]", "http://[::2]/", false},
        {"insecure:allow-all", "http://any.example:1/", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        allowed_hosts_t allowed = {0};
        net_url_t url;
        assert_ok(allowed_hosts_add(&allowed, spin_slice("other.example")));
        assert_ok(allowed_hosts_add(&allowed, spin_slice(cases[i].entry)));
        assert_ok(net_url_parse(spin_slice(cases[i].url), &url));
        if (allowed_hosts_have(&allowed, &url) != cases[i].allowed)
            fail_msg("\"%s\" and %s", cases[i].entry, cases[i].url);
        char *entry = allowed_hosts_entry_for(&url);
        assert_ok(allowed_hosts_add(&allowed, spin_slice(entry)));
        assert_true(allowed_hosts_have(&allowed, &url));
        free(entry);
        net_url_deinit(&url);
        allowed_hosts_deinit(&allowed);
    }
}

static void bad_entries_are_refused(void **state) {
    static const char *const entries[] = {"",
                                          "h/path",
                                          "http://",
                                          "ftp://h",
                                          "h:0",
                                          "h:65536",
                                          "h?q",
                                          "user@h",
                                          "*.example",
                                          "a b",
                                          "m\xc3\xbc",
                                          "//h",
                                          "[::1",
                                          "h\\x",
                                          "http://h/",
                                          "http://h//",
                                          "insecure:allow",
                                          "http://h/?x=y"};
    (void)state;
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        allowed_hosts_t allowed = {0};
        spin_error_t *error = allowed_hosts_add(&allowed, spin_slice(entries[i]));
        if ((error == NULL) != (strcmp(entries[i], "http://h/") == 0))
            fail_msg("\"%s\"", entries[i]);
        assert_int_equal(allowed.hosts.len, error == NULL);
        assert_false(allowed.all);
        spin_error_free(error);
        allowed_hosts_deinit(&allowed);
    }
}

/* The call's allocation number `at` fails: the guest gets an answer, or the caller an error that
 * says so. False: there are fewer. */
static bool ask_without_memory(size_t at, size_t guest, bool warm) {
    world_t world;
    spin_string_t said;
    char text[256];
    open_world(&world, guest, NULL);
    if (warm) /* with a client and a connection that are there already */
        expect(&world, "http GET %/ok", "200 [content-length=2;x-a=1;x-a=2;] body ok");
    failing_alloc_install(at);
    spin_error_t *error = ask(&world, "http GET %/here", &said);
    bool failed = failing_alloc_calls() >= at;
    failing_alloc_remove();
    if (error != NULL) {
        spin_error_format(error, text, sizeof text);
        if (!failed || strstr(text, "out of memory") == NULL)
            fail_msg("%s", text);
    } else {
        assert_true(slice_starts_with(said, spin_slice("200 [")));
    }
    spin_error_free(error);
    spin_string_clear(&said);
    close_world(&world);
    return failed;
}

static void memory_may_be_short(void **state) {
    (void)state;
    spin_log_configure(NULL, NULL, SPIN_LOG_WARN, SPIN_LOG_TEXT);
    for (size_t i = 0; i < 2 * GUESTS; i++) {
        size_t at = 1;
        while (ask_without_memory(at, i / 2, i % 2 == 1))
            at++;
        assert_true(at > 15);
    }
    spin_log_configure(sink, NULL, SPIN_LOG_WARN, SPIN_LOG_TEXT);
}

static int before_all(void **state) {
    (void)state;
    peer_start(&peer, answer);
    spin_log_configure(sink, NULL, SPIN_LOG_WARN, SPIN_LOG_TEXT);
    return abi_make_cache() ? 0 : -1;
}

static int after_all(void **state) {
    peer_stop(&peer);
    buf_deinit(&logged);
    return abi_remove_cache(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guests_get_answers),
        cmocka_unit_test(errors_have_their_numbers),
        cmocka_unit_test(nobody_answers),
        cmocka_unit_test(nothing_is_allowed_without_a_list),
        cmocka_unit_test(odd_entries_allow_nothing),
        cmocka_unit_test(a_deadline_ends_the_wait),
        cmocka_unit_test(an_instance_is_freed_meanwhile),
        cmocka_unit_test(many_guests_wait_at_once),
        cmocka_unit_test(hosts_are_compared),
        cmocka_unit_test(bad_entries_are_refused),
        cmocka_unit_test(memory_may_be_short),
    };
    return cmocka_run_group_tests_name("outbound_http", tests, before_all, after_all);
}
