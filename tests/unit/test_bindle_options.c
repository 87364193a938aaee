#include <stdlib.h>

#include "assert_error.h"
#include "bindle/options.h"
#include "cmocka_all.h"

static const char *const variables[] = {"BINDLE_URL", "BINDLE_USERNAME", "BINDLE_PASSWORD",
                                        "XDG_CACHE_HOME", "XDG_DATA_HOME"};

static int set_up(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        unsetenv(variables[i]);
    return setenv("HOME", "/home/ann", 1);
}

static spin_bindle_options_t options_of(const char *server) {
    return (spin_bindle_options_t){.size = sizeof(spin_bindle_options_t), .server = server};
}

static void test_servers(void **state) {
    (void)state;
    static const struct {
        const char *given, *server, *username, *password;
    } rows[] = {
        {"http://a.example/v1", "http://a.example/v1", NULL, NULL},
        {"https://a.example:8443/v1//", "https://a.example:8443/v1", NULL, NULL},
        {"http://a.example", "http://a.example", NULL, NULL},
        {"http://ann:p%40ss@a.example/v1?x=1#y", "http://a.example/v1", "ann", "p@ss"},
        {"http://ann@a.example/v1", "http://a.example/v1", "ann", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        arena_t arena = {0};
        bindle_settings_t settings;
        spin_bindle_options_t options = options_of(rows[i].given);
        assert_null(bindle_settings_take(&settings, &arena, &options));
        assert_string_equal(settings.server, rows[i].server);
        if (rows[i].username == NULL)
            assert_null(settings.username);
        else
            assert_string_equal(settings.username, rows[i].username);
        if (rows[i].password != NULL)
            assert_string_equal(settings.password, rows[i].password);
        arena_deinit(&arena);
    }
}

static void test_servers_that_are_none(void **state) {
    (void)state;
    static const char *const bad[] = {"",           "a.example/v1",   "ftp://a.example/",
                                      "http://",    "http://a b/",    "file:///etc/passwd",
                                      "http://:x/", "localhost:8080", "http//a.example"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        arena_t arena = {0};
        bindle_settings_t settings;
        spin_bindle_options_t options = options_of(bad[i]);
        assert_error(bindle_settings_take(&settings, &arena, &options), SPIN_ERROR_USAGE,
                     "is not a URL such as");
        arena_deinit(&arena);
    }
}

static void test_passwords_are_not_shown(void **state) {
    (void)state;
    char text[512];
    arena_t arena = {0};
    bindle_settings_t settings;
    spin_bindle_options_t options = options_of("htp://ann:secret@a.example/");
    spin_error_t *error = bindle_settings_take(&settings, &arena, &options);
    assert_non_null(error);
    spin_error_format(error, text, sizeof text);
    assert_null(strstr(text, "secret"));
    spin_error_free(error);
    arena_deinit(&arena);
}

static void test_the_environment(void **state) {
    (void)state;
    arena_t arena = {0};
    bindle_settings_t settings;
    setenv("BINDLE_URL", "http://env.example/v1", 1);
    setenv("BINDLE_USERNAME", "ann", 1);
    assert_error(bindle_settings_take(&settings, &arena, NULL), SPIN_ERROR_USAGE,
                 "user name is given without its password");
    setenv("BINDLE_PASSWORD", "word", 1);
    setenv("XDG_CACHE_HOME", "/cache", 1);
    setenv("XDG_DATA_HOME", "relative", 1);
    assert_null(bindle_settings_take(&settings, &arena, NULL));
    assert_string_equal(settings.server, "http://env.example/v1");
    assert_string_equal(settings.username, "ann");
    assert_string_equal(settings.password, "word");
    assert_string_equal(settings.cache_dir, "/cache/spin/bindle");
    assert_string_equal(settings.key_file, "/home/ann/.local/share/spin/bindle-key.toml");
    assert_int_equal(settings.connect_timeout_ms, 10000);
    assert_int_equal(settings.stall_timeout_ms, 30000);
    spin_bindle_options_t options = options_of("http://given.example");
    options.username = "bob";
    options.password = "other";
    assert_null(bindle_settings_take(&settings, &arena, &options));
    assert_string_equal(settings.server, "http://given.example");
    assert_string_equal(settings.username, "bob");
    options.size = 3;
    assert_error(bindle_settings_take(&settings, &arena, &options), SPIN_ERROR_USAGE, "size");
    unsetenv("HOME");
    unsetenv("XDG_CACHE_HOME");
    assert_error(bindle_settings_take(&settings, &arena, NULL), SPIN_ERROR_USAGE,
                 "neither $XDG_DATA_HOME nor $HOME");
    arena_deinit(&arena);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_servers),
        TEST(test_servers_that_are_none),
        TEST(test_passwords_are_not_shown),
        TEST(test_the_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
