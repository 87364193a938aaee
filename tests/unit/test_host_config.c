/* What the keys of a component's configuration stand for. How guests ask is tested by
 * tests/e2e/test_config.py. */
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"

#include "base/buf.h"
#include "base/slice.h"
#include "failing_alloc.h"
#include "host/config/config.h"
#include "host/config/resolve.h"
#include "manifest/application.h"
#include "manifest/manifest.h"

/* ── an application ── */

static spin_application_t *parse(const char *variables, const char *config) {
    buf_t text = {0};
    spin_application_t *application = NULL;
    buf_printf(&text,
               "spin_version = \"1\"\nname = \"test\"\nversion = \"1.0.0\"\n"
               "trigger = { type = \"http\", base = \"/\" }\n[variables]\n%s\n"
               "[[component]]\nid = \"child\"\nsource = \"a.wasm\"\n"
               "trigger = { route = \"/a\" }\n[component.config]\n%s\n"
               "[[component]]\nid = \"child.grand\"\nsource = \"b.wasm\"\n"
               "trigger = { route = \"/b\" }\n[component.config]\n"
               "up = '{{ ..own }}'\nmixed = '{{ top }}/{{...top}}/{{ ..own }}/{{ child.own }}'\n"
               "far = '{{ ....top }}'\n",
               variables, config);
    spin_error_t *error = manifest_parse(buf_slice(&text), "spin.toml", &application);
    if (error != NULL) {
        char message[512];
        spin_error_format(error, message, sizeof message);
        fail_msg("%s", message);
    }
    buf_deinit(&text);
    return application;
}

/* The value, or the error's case and a colon in front of its text. */
static void expect_given(spin_application_t *application, const spin_pair_t *given,
                         size_t given_len, const char *id, const char *key, const char *expected) {
    static const char *const cases[] = {"provider", "invalid-key", "invalid-schema", "other"};
    const spin_component_t *component =
        spin_application_component_by_id(application, spin_slice(id));
    const engine_component_settings_t settings = {
        .component = component, .variables = given, .variables_len = given_len};
    arena_t arena = {0};
    config_answer_t answer;
    assert_null(config_resolve(&settings, spin_slice(key), &arena, &answer));
    spin_slice_t got = answer.is_error
                           ? arena_printf(&arena, "%s: %.*s", cases[answer.of.error.tag],
                                          SLICE_ARG(answer.of.error.of.other))
                           : answer.of.ok;
    if (!slice_equal_text(got, expected))
        fail_msg("%s.%s: got \"%.*s\", expected \"%s\"", id, key, SLICE_ARG(got), expected);
    arena_deinit(&arena);
}

static void expect(spin_application_t *application, const char *id, const char *key,
                   const char *expected) {
    expect_given(application, NULL, 0, id, key, expected);
}

static const char variables[] = "top = { default = 'TOP' }\n"
                                "twice = { default = '{{ top }}+{{.top}}' }\n"
                                "needed = { required = true }\n"
                                "x = { default = '{{ y }}' }\ny = { default = '{{x}}' }\n";

/* ── the tests ── */

static void templates_are_filled_in(void **state) {
    static const char *const cases[][2] = {
        {"", ""},
        {"plain", "plain"},
        {"{{ top }}", "TOP"},
        {"a-{{top}}-b", "a-TOP-b"},
        {"{{\ttop\n}}{{ top}}", "TOPTOP"},
        {"{ top } }}", "{ top } }}"},
        {"{{ twice }}.", "TOP+TOP."},
        {"{{ .own }}", "sub"},
        {"{{ ..twice }}", "TOP+TOP"},
        {"{{ child.own }}", "sub"},
        {"{{ child.grand.up }}", "sub"},
        {"{{{ top }}", "invalid-key: an expression that is no name: \"{ top\""},
        {"{{ }}", "invalid-key: an expression that is no name: \"\""},
        {"{{ Top }}", "invalid-key: an expression that is no name: \"Top\""},
        {"{{ a..b }}", "invalid-key: an expression that is no name: \"a..b\""},
        {"{{ own }}", "other: there is no such variable: \"own\""},
        {"{{ . }}", "other: there is no such value: \"child.\""},
        {"{{ .. }}", "other: there is no such variable: \"\""},
        {"{{ .other }}", "other: there is no such value: \"child.other\""},
        {"{{ nobody.own }}", "other: there is no such value: \"nobody.own\""},
        {"{{ ...top }}", "other: too many dots in an expression: \"...top\""},
        {"{{ needed }}", "provider: no value for the required variable: \"needed\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char config[256];
        snprintf(config, sizeof config, "own = 'sub'\nit = '''%s'''", cases[i][0]);
        spin_application_t *application = parse(variables, config);
        expect(application, "child", "it", cases[i][1]);
        spin_application_unref(application);
    }
}

static void paths_lead_up(void **state) {
    (void)state;
    spin_application_t *application = parse(variables, "own = 'sub'");
    expect(application, "child.grand", "up", "sub");
    expect(application, "child.grand", "mixed", "TOP/TOP/sub/sub");
    expect(application, "child.grand", "far", "other: too many dots in an expression: \"....top\"");
    spin_application_unref(application);
}

static void the_environment_is_asked(void **state) {
    (void)state;
    spin_application_t *application =
        parse(variables, "own = 'sub'\nit = '{{ top }}'\nneeded = '{{ needed }}'\nx = '{{ x }}'");
    setenv("SPIN_APP_TOP", "{{ needed }}", 1); /* no template */
    setenv("SPIN_APP_NEEDED", "", 1);
    setenv("SPIN_APP_OWN", "no", 1);
    setenv("SPIN_APP_X", "a\xff", 1);
    expect(application, "child", "it", "{{ needed }}");
    expect(application, "child", "needed", "");
    expect(application, "child", "own", "sub");
    expect(application, "child", "x", "provider: not UTF-8, in the environment: \"SPIN_APP_X\"");
    unsetenv("SPIN_APP_TOP");
    unsetenv("SPIN_APP_NEEDED");
    unsetenv("SPIN_APP_OWN");
    unsetenv("SPIN_APP_X");
    expect(application, "child", "it", "TOP");
    spin_application_unref(application);
}

static void given_values_win(void **state) {
    (void)state;
    static const spin_pair_t given[] = {
        {SLICE_INIT("top"), SLICE_INIT("first")},    {SLICE_INIT("top"), SLICE_INIT("{{ x }}")},
        {SLICE_INIT("needed"), SLICE_INIT("there")}, {SLICE_INIT("nobody"), SLICE_INIT("new")},
        {SLICE_INIT("y"), SLICE_INIT("\xff")},
    };
    enum { GIVEN = sizeof given / sizeof *given };
    spin_application_t *application =
        parse(variables, "own = '{{ top }}'\nit = '{{ twice }}'\nmust = '{{ needed }}'\n"
                         "no = '{{ nobody }}'\nbad = '{{ x }}'");
    assert_int_equal(setenv("SPIN_APP_TOP", "environment", 1), 0);
    assert_int_equal(setenv("SPIN_APP_NEEDED", "environment", 1), 0);
    expect_given(application, given, 1, "child", "own", "first");
    expect_given(application, given, 1, "child", "must", "environment");
    expect_given(application, given, GIVEN, "child", "own", "{{ x }}"); /* as it is */
    expect_given(application, given, GIVEN, "child", "it", "{{ x }}+{{ x }}");
    expect_given(application, given, GIVEN, "child", "must", "there");
    expect_given(application, given, GIVEN, "child", "no",
                 "other: there is no such variable: \"nobody\"");
    expect_given(application, given, GIVEN, "child", "bad",
                 "provider: not UTF-8, as given for the variable: \"y\"");
    unsetenv("SPIN_APP_TOP");
    unsetenv("SPIN_APP_NEEDED");
    spin_application_unref(application);
}

static void there_is_an_end_to_everything(void **state) {
    buf_t text = {0};
    (void)state;
    spin_application_t *application =
        parse(variables, "x = '{{ x }}'\nown = '{{ .own }}'\nit = '{{.own}}'");
    expect(application, "child", "x",
           "other: it leads to itself, or through too many values: \"y\"");
    expect(application, "child", "it",
           "other: it leads to itself, or through too many values: \"child.own\"");
    spin_application_unref(application);

    /* v0 is 2^40 times nothing. */
    for (int i = 0; i < 40; i++)
        buf_printf(&text, "v%d = { default = '{{ v%d }}{{ v%d }}' }\n", i, i + 1, i + 1);
    buf_append_text(&text, "v40 = { default = '' }\nw = { default = '");
    for (int i = 0; i < 2000; i++)
        buf_append_byte(&text, 'w');
    buf_append_text(&text, "' }");
    buf_append_byte(&text, 0);
    buf_t config = {0};
    buf_append_text(&config, "v = '{{ v0 }}'\nown = '");
    for (int i = 0; i < 1000; i++)
        buf_append_text(&config, "{{w}}");
    buf_append_byte(&config, '\'');
    buf_append_byte(&config, 0);
    application = parse((char *)text.ptr, (char *)config.ptr);
    expect(application, "child", "v", "other: too many expressions: \"child.v\"");
    expect(application, "child", "own", "other: the value becomes too long: \"child.own\"");
    spin_application_unref(application);
    buf_deinit(&text);
    buf_deinit(&config);
}

static void open_braces_are_refused(void **state) {
    static const char *const cases[][3] = {
        {"", "own = 'a {{ b'", "config \"own\": \"{{\" has no end"},
        {"", "own = '{{ a }} {{ b }'", "config \"own\": \"{{\" has no end"},
        {"v = { default = '{{' }", "own = ''", "variable \"v\": \"{{\" has no end"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        spin_application_t *application = parse(cases[i][0], cases[i][1]);
        spin_error_t *error = config_check(spin_application_component(application, 0));
        char message[128];
        assert_non_null(error);
        assert_int_equal(spin_error_kind(error), SPIN_ERROR_INVALID);
        spin_error_format(error, message, sizeof message);
        assert_string_equal(message, cases[i][2]);
        spin_error_free(error);
        spin_application_unref(application);
    }
}

static spin_error_t *init_and_deinit(const spin_component_t *component) {
    void *shared = NULL;
    spin_error_t *error =
        config_host.component_init(&(engine_component_settings_t){.component = component}, &shared);
    assert_true((error == NULL) == (shared != NULL));
    if (shared != NULL)
        config_host.component_deinit(shared);
    return error;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    spin_application_t *application =
        parse(variables, "own = 'sub'\nit = '{{ .own }}{{ twice }}'\nbad = '{{ nobody }}'");
    const spin_component_t *component = spin_application_component(application, 0);
    failing_alloc_install(SIZE_MAX);
    assert_null(init_and_deinit(component));
    size_t calls = failing_alloc_calls();
    assert_true(calls > 3);
    for (size_t at = 1; at <= calls; at++) {
        failing_alloc_install(at);
        spin_error_t *error = init_and_deinit(component);
        assert_non_null(error);
        assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
        spin_error_free(error);
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_remove();
    spin_application_unref(application);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(templates_are_filled_in),       cmocka_unit_test(paths_lead_up),
        cmocka_unit_test(the_environment_is_asked),      cmocka_unit_test(given_values_win),
        cmocka_unit_test(there_is_an_end_to_everything), cmocka_unit_test(open_braces_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("host_config", tests, NULL, NULL);
}
