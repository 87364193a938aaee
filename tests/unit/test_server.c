/* Many applications in one server, through <spin/server.h>. */
#include "failing_alloc.h"
#include "server/server.h"
#include "server_scene.h"

/* ── changes while it runs ── */

static void replace_a(scene_t *scene) {
    put(scene, "a", "/a", "a2");
}

static void break_a(scene_t *scene) {
    assert_null(put_as(scene->server, "a", "/a", "a3", "README.md"));
}

/* What no compiler sees: an address that only the trigger looks at. */
static void spoil_a(scene_t *scene) {
    spin_application_t *application =
        application_of("type = \"redis\", address = \"nonsense\"", "examples/wagi/env.wasm");
    assert_null(spin_server_put(scene->server, "a", application, NULL));
    spin_application_unref(application);
}

static void add_c(scene_t *scene) {
    put(scene, "c", "/c", "c1");
}

static void
take_place_of_b(scene_t *scene) { /* told while it does not run, an event while it does */
    assert_null(put_as(scene->server, "d", "/b", "d1", "examples/wagi/env.wasm"));
}

static void remove_b(scene_t *scene) {
    assert_null(spin_server_remove(scene->server, "b"));
    assert_refused(spin_server_remove(scene->server, "nobody"), SPIN_ERROR_NOT_FOUND, "nobody");
}

static void move_a(scene_t *scene) {
    put(scene, "a", "/elsewhere", "a4");
}

static void change_all(scene_t *scene) {
    expect(scene, "/a/x", "<a1>");
    expect(scene, "/b", "<b1>");
    expect(scene, "/c", "404");
    ask(scene, replace_a, 's');
    expect(scene, "/a", "<a2>");
    ask(scene, break_a, 'f');
    expect(scene, "/a", "<a2>");
    ask(scene, spoil_a, 'f');
    expect(scene, "/a", "<a2>");
    ask(scene, add_c, 's');
    expect(scene, "/a", "<a2>");
    expect(scene, "/c", "<c1>");
    ask(scene, take_place_of_b, 'f');
    expect(scene, "/b", "<b1>");
    ask(scene, remove_b, 'r');
    expect(scene, "/b", "404");
    ask(scene, take_place_of_b, 's');
    expect(scene, "/b", "<d1>");
    ask(scene, move_a, 's');
    expect(scene, "/a", "404");
    expect(scene, "/elsewhere", "<a4>");
    expect(scene, "/c", "<c1>");
}

static void test_changes(unsigned workers) {
    scene_t scene;
    new_server(&scene, workers);
    put(&scene, "a", "/a", "a0");
    put(&scene, "a", "/a", "a1");
    put(&scene, "b", "/b", "b1");
    play(&scene, change_all);
    assert_memory_equal(scene.before, "ss", 2);
    end(&scene);
}

static void test_changes_here(void **state) {
    (void)state;
    test_changes(0);
}

static void test_changes_in_workers(void **state) {
    (void)state;
    test_changes(2);
}

/* ── starts ── */

static void expect_b_only(scene_t *scene) {
    expect(scene, "/a", "404");
    expect(scene, "/b", "<b1>");
}

static void test_one_that_fails(unsigned workers) {
    scene_t scene;
    new_server(&scene, workers);
    assert_null(put_as(scene.server, "a", "/a", "a1", "README.md"));
    put(&scene, "b", "/b", "b1");
    play(&scene, expect_b_only);
    assert_memory_equal(scene.before, "fs", 2);
    end(&scene);
}

static void test_one_that_fails_here(void **state) {
    (void)state;
    test_one_that_fails(0);
}

static void test_one_that_fails_in_workers(void **state) {
    (void)state;
    test_one_that_fails(2);
}

static void stop_at_once(scene_t *scene) {
    expect(scene, "/healthz", "OK");
}

static void test_without_applications(void **state) {
    scene_t scene;
    (void)state;
    for (unsigned workers = 0; workers < 2; workers++) {
        new_server(&scene, workers);
        play(&scene, stop_at_once);
        assert_refused(spin_server_run(scene.server), SPIN_ERROR_USAGE, "has run");
        end(&scene);
    }
}

/* ── what is refused ── */

static void test_refusals(void **state) {
    scene_t scene;
    (void)state;
    new_server(&scene, 0);
    put(&scene, "a", "/a/", "a1");
    assert_refused(put_as(scene.server, "b", "/a", "b1", "README.md"), SPIN_ERROR_EXISTS, "a");
    spin_application_t *custom = application_of("type = \"timer\"", "README.md");
    assert_refused(spin_server_put(scene.server, "c", custom, NULL), SPIN_ERROR_UNSUPPORTED,
                   "timer");
    spin_application_unref(custom);
    spin_application_t *http = application_of("type = \"http\"", "README.md");
    spin_server_application_t options = {0};
    assert_refused(spin_server_put(scene.server, "c", http, &options), SPIN_ERROR_USAGE, "size");
    const char *const hosts[] = {"a:80"};
    options = (spin_server_application_t){.size = sizeof options, .hosts = hosts, .hosts_len = 1};
    assert_refused(spin_server_put(scene.server, "c", http, &options), SPIN_ERROR_USAGE, "a:80");
    options = (spin_server_application_t){.size = sizeof options, .base = "a"};
    assert_refused(spin_server_put(scene.server, "c", http, &options), SPIN_ERROR_USAGE, "\"a\"");
    assert_refused(spin_server_remove(scene.server, "c"), SPIN_ERROR_NOT_FOUND, "c");
    spin_application_t *redis =
        application_of("type = \"redis\", address = \"redis://127.0.0.1:1\"", "README.md");
    assert_refused(spin_server_put(scene.server, "c", redis, &options), SPIN_ERROR_USAGE, "base");
    assert_null(spin_server_put(scene.server, "c", redis, NULL));
    spin_application_unref(redis);
    end(&scene);

    const spin_server_options_t silent = {.size = sizeof silent};
    spin_server_t *server;
    assert_null(spin_server_new(&silent, &server));
    assert_null(spin_server_address(server));
    assert_refused(spin_server_put(server, "a", http, NULL), SPIN_ERROR_UNSUPPORTED, "HTTP");
    spin_server_free(server);
    spin_application_unref(http);
}

/* ── a site as text ── */

static void test_site_as_text(void **state) {
    const char *const hosts[] = {"a.example", "*.example"}, *const variables[] = {"k=\"v\"\n"};
    const spin_server_application_t options = {.size = sizeof options,
                                               .hosts = hosts,
                                               .hosts_len = 2,
                                               .base = "/b",
                                               .max_instances = 7,
                                               .max_memory_bytes = 1ull << 32,
                                               .timeout_ms = 99,
                                               .variables = variables,
                                               .variables_len = 1,
                                               .state_dir = "s",
                                               .follow_all = true};
    spin_application_t *application = application_of("type = \"http\"", "README.md");
    server_site_t *site, *copy;
    const int queue[2] = {-1, -1};
    buf_t text = {0};
    (void)state;
    assert_null(site_new("name", 42, application, &options, &site));
    assert_null(site_encode(site, &text));
    assert_null(site_decode(buf_slice(&text), application, queue, &copy));
    assert_string_equal(copy->name, "name");
    assert_int_equal(copy->version, 42);
    assert_int_equal(copy->options.hosts_len, 2);
    assert_string_equal(copy->options.hosts[1], "*.example");
    assert_string_equal(copy->options.base, "/b");
    assert_int_equal(copy->options.max_instances, 7);
    assert_true(copy->options.max_memory_bytes == 1ull << 32);
    assert_int_equal(copy->options.timeout_ms, 99);
    assert_int_equal(copy->options.environment_len, 0);
    assert_string_equal(copy->options.variables[0], "k=\"v\"\n");
    assert_string_equal(copy->options.state_dir, "s");
    assert_null(copy->options.log_dir);
    assert_true(copy->options.follow_all);
    assert_false(copy->options.quiet);
    site_unref(copy);
    assert_refused(site_decode(SLICE_LITERAL("{\"name\": 1"), application, queue, &copy),
                   SPIN_ERROR_INVALID, "options");
    buf_deinit(&text);
    site_unref(site);
    spin_application_unref(application);
}

/* ── out of memory ── */

static spin_error_t *make_and_put(void *user) {
    spin_application_t *application = user;
    const char *const hosts[] = {"a.example"};
    const spin_server_application_t options = {
        .size = sizeof options, .hosts = hosts, .hosts_len = 1, .base = "/b"};
    const spin_server_options_t silent = {.size = sizeof silent};
    spin_http_options_t http = {.size = sizeof http, .listen = "127.0.0.1:0"};
    spin_server_options_t loud = silent;
    loud.http = &http;
    spin_server_t *server = NULL;
    spin_error_t *error = spin_server_new(&loud, &server);
    if (error == NULL)
        error = spin_server_put(server, "a", application, &options);
    spin_server_free(server);
    return error;
}

static void test_out_of_memory(void **state) {
    spin_application_t *application = application_of("type = \"http\"", "README.md");
    (void)state;
    failing_alloc_install(SIZE_MAX);
    assert_null(make_and_put(application));
    size_t calls = failing_alloc_calls();
    assert_true(calls > 5);
    for (size_t at = 1; at <= calls; at++) {
        failing_alloc_install(at);
        assert_refused(make_and_put(application), SPIN_ERROR_NO_MEMORY, "memory");
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_remove();
    spin_application_unref(application);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes_here),
        cmocka_unit_test(test_changes_in_workers),
        cmocka_unit_test(test_one_that_fails_here),
        cmocka_unit_test(test_one_that_fails_in_workers),
        cmocka_unit_test(test_without_applications),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_site_as_text),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, make_cache, remove_cache);
}
