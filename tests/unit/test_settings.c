/* Settings of custom triggers: values, and the errors that show where in the manifest they stand.
 */
#include <stdio.h>

#include "base/slice.h"
#include "cmocka_all.h"
#include "failing_alloc.h"
#include "manifest/application.h"
#include "trigger/settings.h"

/* Line 4 is the trigger's table, line 5 its first own key; "x" has the table at line 9 and its keys
 * from line 10 on. */
#define MANIFEST(own, of_component)                                                                \
    "spin_version = '1'\nname = 'a'\nversion = '1'\n[trigger]\ntype = 'timer'\n" own               \
    "\n[[component]]\nid = 'x'\nsource = 'x.wasm'\n[component.trigger]\n" of_component "\n"

typedef struct fixture {
    spin_application_t *application;
    settings_set_t *set;
    spin_settings_t *own;
    spin_settings_t *component;
} fixture_t;

static fixture_t open_manifest(const char *text) {
    fixture_t fixture = {0};
    spin_error_t *error =
        spin_application_parse(spin_slice(text), "spin.toml", &fixture.application);
    assert_null(error);
    assert_null(settings_new(fixture.application, &fixture.set));
    fixture.own = settings_of_application(fixture.set);
    fixture.component =
        settings_of_component(fixture.set, spin_application_component(fixture.application, 0));
    assert_non_null(fixture.component);
    return fixture;
}

static void close_manifest(fixture_t *fixture) {
    settings_free(fixture->set);
    spin_application_unref(fixture->application);
}

static void assert_error(spin_error_t *error, const char *expected) {
    char message[1024];
    if (error == NULL)
        fail_msg("no error, where this was expected: %s", expected);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_INVALID);
    spin_error_format(error, message, sizeof message);
    spin_error_free(error);
    assert_string_equal(message, expected);
}

static void reads_each_type(void **state) {
    (void)state;
    fixture_t at = open_manifest(MANIFEST("text = 'über'\nempty = ''\nyes = true\nnumber = -7\n"
                                          "time = '250ms'\nwhole = 2\nlist = [1, 'a', { b = 1.5 }]",
                                          "size = 5\nday = 1979-05-27"));
    spin_slice_t text = {0};
    bool yes = false;
    int64_t number = 0;
    uint64_t time = 0;
    char *json = NULL;
    assert_null(spin_settings_text(at.own, "text", true, &text));
    assert_true(slice_equal_text(text, "über"));
    assert_null(spin_settings_text(at.own, "empty", true, &text));
    assert_non_null(text.ptr);
    assert_int_equal(text.len, 0);
    assert_null(spin_settings_boolean(at.own, "yes", true, &yes));
    assert_true(yes);
    assert_null(spin_settings_integer(at.own, "number", true, -7, -7, &number));
    assert_int_equal(number, -7);
    assert_null(spin_settings_duration_ms(at.own, "time", true, &time));
    assert_int_equal(time, 250);
    assert_null(spin_settings_duration_ms(at.own, "whole", true, &time));
    assert_int_equal(time, 2000);
    assert_null(spin_settings_json(at.own, "list", &json));
    assert_string_equal(json, "[1,\"a\",{\"b\":1.5}]");
    spin_string_free(json);
    assert_null(spin_settings_json(at.own, "text", &json));
    assert_string_equal(json, "\"über\"");
    spin_string_free(json);

    assert_null(spin_settings_integer(at.component, "size", true, 0, INT64_MAX, &number));
    assert_int_equal(number, 5);
    assert_null(spin_settings_json(at.component, "day", &json));
    assert_string_equal(json, "\"1979-05-27\"");
    spin_string_free(json);
    assert_null(settings_finish(at.set));
    close_manifest(&at);
}

static void leaves_defaults(void **state) {
    (void)state;
    fixture_t at = open_manifest(MANIFEST("", ""));
    spin_slice_t text = spin_slice("kept");
    bool yes = true;
    int64_t number = 42; /* also where it is out of range itself */
    uint64_t time = 1000;
    char *json = (char *)"not yet";
    assert_null(spin_settings_text(at.own, "text", false, &text));
    assert_null(spin_settings_boolean(at.own, "yes", false, &yes));
    assert_null(spin_settings_integer(at.own, "number", false, 0, 1, &number));
    assert_null(spin_settings_duration_ms(at.component, "time", false, &time));
    assert_null(spin_settings_json(at.component, "json", &json));
    assert_true(slice_equal_text(text, "kept"));
    assert_true(yes);
    assert_int_equal(number, 42);
    assert_int_equal(time, 1000);
    assert_null(json);
    assert_error(spin_settings_text(at.own, "text", true, &text),
                 "spin.toml:4:1: missing key \"text\" in trigger");
    assert_error(spin_settings_duration_ms(at.component, "time", true, &time),
                 "spin.toml:10:1: component \"x\": missing key \"time\" in trigger");
    assert_null(settings_finish(at.set));
    close_manifest(&at);
}

static void durations(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint64_t ms;
    } good[] = {{"'0ms'", 0},
                {"'250ms'", 250},
                {"'1s'", 1000},
                {"'5m'", 300000},
                {"'2h'", 7200000},
                {"0", 0},
                {"90", 90000},
                {"'007s'", 7000},
                {"9223372036", 9223372036000},
                {"'9223372036854ms'", 9223372036854}};
    static const char *const bad[] = {"''",    "'s'",   "'1'",         "'1 s'",        "'-1s'",
                                      "'+1s'", "' 1s'", "'1s '",       "'1S'",         "'1.5s'",
                                      "'1d'",  "'1sm'", "'1s\\u0000'", "\"1s\\u0000\""};
    static const char *const too_long[] = {"'9223372036855ms'", "'18446744073709551616ms'",
                                           "'999999999999999999999h'", "9223372036854775807",
                                           "'5124095576030432h'"};
    char text[512];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        snprintf(text, sizeof text, MANIFEST("t = %s", ""), good[i].text);
        fixture_t at = open_manifest(text);
        uint64_t ms = 77;
        assert_null(spin_settings_duration_ms(at.own, "t", true, &ms));
        assert_int_equal(ms, good[i].ms);
        close_manifest(&at);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(text, sizeof text, MANIFEST("t = %s", ""), bad[i]);
        fixture_t at = open_manifest(text);
        uint64_t ms = 77;
        spin_error_t *error = spin_settings_duration_ms(at.own, "t", true, &ms);
        assert_non_null(error);
        assert_non_null(strstr(spin_error_message(error), "must be a time such as"));
        spin_error_free(error);
        assert_int_equal(ms, 77);
        close_manifest(&at);
    }
    for (size_t i = 0; i < sizeof too_long / sizeof *too_long; i++) {
        snprintf(text, sizeof text, MANIFEST("t = %s", ""), too_long[i]);
        fixture_t at = open_manifest(text);
        uint64_t ms = 77;
        assert_error(spin_settings_duration_ms(at.own, "t", true, &ms),
                     "spin.toml:6:5: trigger.t must be less than 292 years");
        assert_int_equal(ms, 77);
        close_manifest(&at);
    }
}

static void errors_show_the_place(void **state) {
    (void)state;
    fixture_t at = open_manifest(MANIFEST("a = 1\nb = '1x'\nc = -1\nd = \"x\\u0000\"",
                                          "e = 'five'\n  f = 11\ng = 1979-05-27"));
    spin_slice_t text;
    bool yes;
    int64_t number;
    uint64_t ms;
    assert_error(spin_settings_text(at.own, "a", false, &text),
                 "spin.toml:6:5: trigger.a must be a string, not an integer");
    assert_error(spin_settings_boolean(at.own, "a", false, &yes),
                 "spin.toml:6:5: trigger.a must be true or false, not an integer");
    assert_error(spin_settings_integer(at.own, "b", false, 0, 1, &number),
                 "spin.toml:7:5: trigger.b must be a whole number, not a string");
    assert_error(spin_settings_duration_ms(at.own, "b", false, &ms),
                 "spin.toml:7:5: trigger.b \"1x\": must be a time such as \"250ms\", \"1s\", "
                 "\"5m\" or \"2h\", or a whole number of seconds");
    assert_error(spin_settings_duration_ms(at.own, "c", false, &ms),
                 "spin.toml:8:5: trigger.c must not be negative");
    assert_error(spin_settings_text(at.own, "d", false, &text),
                 "spin.toml:9:5: trigger.d: must not contain a NUL character");
    assert_error(spin_settings_integer(at.own, "a", false, 2, 9, &number),
                 "spin.toml:6:5: trigger.a must be between 2 and 9, not 1");
    assert_error(spin_settings_integer(at.own, "a", false, 2, INT64_MAX, &number),
                 "spin.toml:6:5: trigger.a must be at least 2, not 1");
    assert_error(spin_settings_integer(at.own, "a", false, INT64_MIN, 0, &number),
                 "spin.toml:6:5: trigger.a must be at most 0, not 1");
    assert_error(spin_settings_integer(at.component, "e", false, 0, 1, &number),
                 "spin.toml:14:5: component \"x\": trigger.e must be a whole number, not a string");
    assert_error(spin_settings_error(at.component, "f", "is %d too many", 1),
                 "spin.toml:15:7: component \"x\": trigger.f: is 1 too many");
    assert_error(spin_settings_error(at.own, "gone", "is needed here"),
                 "spin.toml:4:1: trigger.gone: is needed here");
    spin_error_t *error = spin_settings_text(at.component, "g", false, &text);
    assert_int_equal(spin_error_position(error).line, 16);
    assert_int_equal(spin_error_position(error).column, 5);
    assert_string_equal(spin_error_file(error), "spin.toml");
    spin_error_free(error);
    close_manifest(&at);
}

static void reports_what_nothing_asked_for(void **state) {
    (void)state;
    uint64_t ms = 0;
    int64_t number = 0;
    fixture_t at = open_manifest(MANIFEST("intervall = '1s'", ""));
    assert_error(settings_finish(at.set), "spin.toml:6:1: unknown key \"intervall\" in trigger");
    assert_null(spin_settings_duration_ms(at.own, "interval", false, &ms));
    assert_error(settings_finish(at.set), "spin.toml:6:1: unknown key \"intervall\" in trigger; "
                                          "did you mean \"interval\"?");
    /* What is asked for in one table is unknown in another. */
    assert_null(spin_settings_duration_ms(at.component, "intervall", false, &ms));
    assert_error(settings_finish(at.set), "spin.toml:6:1: unknown key \"intervall\" in trigger; "
                                          "did you mean \"interval\"?");
    assert_null(spin_settings_duration_ms(at.own, "intervall", false, &ms));
    assert_null(settings_finish(at.set));
    close_manifest(&at);

    at = open_manifest(MANIFEST("", "  type = 'x'"));
    assert_error(settings_finish(at.set),
                 "spin.toml:11:3: component \"x\": unknown key \"type\" in trigger");
    char key[] = "type"; /* the name needn't live on */
    assert_null(spin_settings_integer(at.component, "other", false, 0, 1, &number));
    char *json;
    assert_null(spin_settings_json(at.component, key, &json));
    spin_string_free(json);
    key[0] = 'h';
    assert_null(settings_finish(at.set));
    close_manifest(&at);
}

static void leaves_built_in_triggers_alone(void **state) {
    (void)state;
    fixture_t at = open_manifest(
        "spin_version = '1'\nname = 'a'\nversion = '1'\n"
        "trigger = { type = 'http', base = '/b' }\n[[component]]\nid = 'x'\nsource = 'x.wasm'\n"
        "trigger = { route = '/' }\n");
    assert_null(settings_finish(at.set));
    fixture_t other = open_manifest(MANIFEST("", ""));
    assert_null(settings_of_component(at.set, spin_application_component(other.application, 0)));
    close_manifest(&other);
    close_manifest(&at);
}

/* Reads and reports all that there is. */
static spin_error_t *run(const spin_application_t *application) {
    settings_set_t *set = NULL;
    spin_slice_t text;
    uint64_t ms;
    char *json = NULL;
    spin_error_t *error = settings_new(application, &set);
    if (error != NULL)
        return error;
    spin_settings_t *own = settings_of_application(set);
    error = spin_settings_text(own, "a", true, &text);
    if (error == NULL)
        error = spin_settings_json(own, "list", &json);
    spin_string_free(json);
    if (error == NULL)
        error = spin_settings_duration_ms(own, "b", true, &ms);
    if (error == NULL) {
        settings_free(set);
        return NULL;
    }
    spin_error_kind_t kind = spin_error_kind(error);
    spin_error_free(error);
    error = kind == SPIN_ERROR_NO_MEMORY ? NULL : settings_finish(set);
    settings_free(set);
    return error;
}

static void survives_allocation_failures(void **state) {
    (void)state;
    fixture_t at = open_manifest(MANIFEST("a = 'x'\nb = '1x'\nlist = [1]\nother = 1", ""));
    failing_alloc_install(SIZE_MAX);
    spin_error_free(run(at.application));
    size_t calls = failing_alloc_calls();
    assert_true(calls > 10);
    for (size_t i = 1; i <= calls; i++) {
        failing_alloc_install(i);
        spin_error_free(run(at.application));
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_remove();
    close_manifest(&at);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_type),
        cmocka_unit_test(leaves_defaults),
        cmocka_unit_test(durations),
        cmocka_unit_test(errors_show_the_place),
        cmocka_unit_test(reports_what_nothing_asked_for),
        cmocka_unit_test(leaves_built_in_triggers_alone),
        cmocka_unit_test(survives_allocation_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
