/* How an application is served, as spin-server.toml says it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/units.h"
#include "cmocka_all.h"
#include "failing_alloc.h"
#include "server/settings.h"

static void check_no_error(spin_error_t *error) {
    if (error == NULL)
        return;
    char message[1024];
    spin_error_format(error, message, sizeof message);
    fail_msg("%s", message);
}

static spin_server_settings_t *parse(const char *path, const char *text) {
    spin_server_settings_t *settings = NULL;
    check_no_error(server_settings_parse(spin_slice(text), path, &settings));
    return settings;
}

static void assert_list(const char *const *items, size_t len, const char *const *expected) {
    size_t i = 0;
    for (; expected[i] != NULL; i++) {
        assert_true(i < len);
        assert_string_equal(items[i], expected[i]);
    }
    assert_int_equal(len, i);
}

#define ASSERT_LIST(items, len, ...)                                                               \
    assert_list((items), (len), (const char *const[]){__VA_ARGS__, NULL})

/* ── what is right ───────────────────────────────────────────────────────────────────────── */

static const char everything[] = "hosts = [\"a.example\", \"*.b.example\", \"[::1]\"]\n"
                                 "base = \"/shop\"\n"
                                 "max_instances = 20\n"
                                 "max_memory = \"32M\"\n"
                                 "timeout = \"1500ms\"\n"
                                 "state_dir = \"state\"\n"
                                 "log_dir = \"/var/log/shop\"\n"
                                 "[environment]\n"
                                 "GREETING = \"good = morning\"\n"
                                 "EMPTY = \"\"\n"
                                 "[variables]\n"
                                 "api_key = \"x\\u00e9\"\n";

static void everything_is_read(void **state) {
    (void)state;
    spin_server_settings_t *settings = parse("apps/shop/spin-server.toml", everything);
    const spin_server_application_t *got = spin_server_settings_application(settings);
    assert_int_equal(got->size, sizeof *got);
    ASSERT_LIST(got->hosts, got->hosts_len, "a.example", "*.b.example", "[::1]");
    assert_string_equal(got->base, "/shop");
    assert_int_equal(got->max_instances, 20);
    assert_int_equal(got->max_memory_bytes, 32 << 20);
    assert_int_equal(got->timeout_ms, 1500);
    assert_string_equal(got->state_dir, "apps/shop/state");
    assert_string_equal(got->log_dir, "/var/log/shop");
    ASSERT_LIST(got->environment, got->environment_len, "GREETING=good = morning", "EMPTY=");
    ASSERT_LIST(got->variables, got->variables_len, "api_key=x\xc3\xa9");
    spin_server_settings_free(settings);
}

static void nothing_is_the_default(void **state) {
    (void)state;
    spin_server_settings_t *settings = parse("spin-server.toml", "# nothing\n");
    spin_server_application_t got = *spin_server_settings_application(settings);
    assert_int_equal(got.hosts_len + got.environment_len + got.variables_len, 0);
    got.hosts = got.environment = got.variables = NULL;
    const spin_server_application_t none = {.size = sizeof none};
    assert_memory_equal(&got, &none, sizeof none);
    spin_server_settings_free(settings);
    spin_server_settings_free(NULL);
}

/* The text is gone when the settings are used. */
static void nothing_points_into_the_text(void **state) {
    (void)state;
    char *text = strdup(everything);
    spin_server_settings_t *settings = parse("x/y.toml", text);
    memset(text, '#', strlen(text));
    free(text);
    const spin_server_application_t *got = spin_server_settings_application(settings);
    assert_string_equal(got->hosts[0], "a.example");
    assert_string_equal(got->base, "/shop");
    assert_string_equal(got->environment[0], "GREETING=good = morning");
    assert_string_equal(got->state_dir, "x/state");
    spin_server_settings_free(settings);
}

static void folders_are_relative_to_the_file(void **state) {
    static const char *const cases[][3] = {
        {"spin-server.toml", "state", "state"},
        {"./spin-server.toml", "../state", "./../state"},
        {"/apps/a/spin-server.toml", "state", "/apps/a/state"},
        {"/spin-server.toml", "state", "/state"},
        {"apps/a/spin-server.toml", "/state", "/state"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[128];
        snprintf(text, sizeof text, "state_dir = '%s'\nlog_dir = '%s'", cases[i][1], cases[i][1]);
        spin_server_settings_t *settings = parse(cases[i][0], text);
        const spin_server_application_t *got = spin_server_settings_application(settings);
        assert_string_equal(got->state_dir, cases[i][2]);
        assert_string_equal(got->log_dir, cases[i][2]);
        spin_server_settings_free(settings);
    }
}

static void numbers_have_units(void **state) {
    static const struct {
        const char *text;
        uint64_t memory, timeout;
    } cases[] = {
        {"max_memory = '64K'", 64 << 10, 0},  {"max_memory = '65536'", 64 << 10, 0},
        {"max_memory = 65_536", 64 << 10, 0}, {"max_memory = '100MiB'", 100 << 20, 0},
        {"max_memory = '4G'", 4ull << 30, 0}, {"timeout = '1ms'", 0, 1},
        {"timeout = '90s'", 0, 90 * 1000},    {"timeout = 90", 0, 90 * 1000},
        {"timeout = '5m'", 0, 5 * 60 * 1000}, {"timeout = '2h'", 0, 2 * 60 * 60 * 1000},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        spin_server_settings_t *settings = parse("f", cases[i].text);
        const spin_server_application_t *got = spin_server_settings_application(settings);
        assert_int_equal(got->max_memory_bytes, cases[i].memory);
        assert_int_equal(got->timeout_ms, cases[i].timeout);
        spin_server_settings_free(settings);
    }
}

/* An empty base is the root, and not the manifest's. */
static void an_empty_base_is_one(void **state) {
    (void)state;
    spin_server_settings_t *settings = parse("f", "base = ''");
    assert_string_equal(spin_server_settings_application(settings)->base, "");
    spin_server_settings_free(settings);
}

static void units_overflow_to_the_most(void **state) {
    (void)state;
    uint64_t value = 0;
    assert_true(units_parse_size(SLICE_LITERAL("17179869184G"), &value));
    assert_true(value == UINT64_MAX);
    assert_true(units_parse_size(SLICE_LITERAL("18446744073709551616"), &value));
    assert_true(value == UINT64_MAX);
    assert_true(units_parse_size(SLICE_LITERAL("18446744073709551615"), &value));
    assert_true(value == UINT64_MAX);
    assert_true(units_parse_duration_ms(SLICE_LITERAL("99999999999999999999h"), &value));
    assert_true(value == UINT64_MAX);
    static const char *const wrong[] = {"", "K", "1 K", "-1", "+1", "1.5M", "1k", "1KB", "0x10"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(units_parse_size(spin_slice(wrong[i]), &value));
    assert_false(units_parse_duration_ms(SLICE_LITERAL("10"), &value));
}

/* ── what is wrong ───────────────────────────────────────────────────────────────────────── */

static const char a_size[] = "a size such as \"64M\" or \"1G\", or a whole number of bytes";
static const char a_time[] =
    "a time such as \"250ms\", \"10s\" or \"5m\", or a whole number of seconds";
static const struct {
    const char *text, *error, *expected;
} mistakes[] = {
    {"host = []", "1:1: unknown key \"host\"; did you mean \"hosts\"?", NULL},
    {"\n  memory = 1", "2:3: unknown key \"memory\"", NULL},
    {"[environmant]\na = 'b'",
     "1:2: unknown key \"environmant\"; did you mean "
     "\"environment\"?",
     NULL},
    {"hosts = 'a'", "1:9: hosts must be an array of strings, not a string", NULL},
    {"hosts = ['a', 1]", "1:15: hosts must be an array of strings, but item 2 is an integer", NULL},
    {"hosts = ['a',\n '']", "2:2: host \"\": neither a host name, nor \"*.\" in front of one",
     NULL},
    {"hosts = ['a.example:80']", "1:10: host \"a.example:80\": a host is named without a port",
     NULL},
    {"hosts = ['a/b']", "1:10: host \"a/b\": neither a host name, nor \"*.\" in front of one",
     NULL},
    {"hosts = ['a.*']", "1:10: host \"a.*\": neither a host name, nor \"*.\" in front of one",
     NULL},
    {"hosts = ['http://a']", "1:10: host \"http://a\": a host is named without a port", NULL},
    {"hosts = [\"a\\u0000.example\"]",
     "1:10: hosts \"a\\u0000.example\": must not contain a NUL character", NULL},
    {"base = 1", "1:8: base must be a string, not an integer", NULL},
    {"base = 'shop'", "1:8: base \"shop\": must begin with \"/\"", NULL},
    {"base = '/a/...'", "1:8: base \"/a/...\": must not contain \"/...\"", NULL},
    {"base = '/a b'", "1:8: base \"/a b\": no path of a request begins like that", NULL},
    {"base = \"/a\\u0000b\"", "1:8: base \"/a\\u0000b\": must not contain a NUL character", NULL},
    {"max_instances = 0", "1:17: max_instances must be between 1 and 100000, not 0", NULL},
    {"max_instances = -1", "1:17: max_instances must be between 1 and 100000, not -1", NULL},
    {"max_instances = 100001", "1:17: max_instances must be between 1 and 100000, not 100001",
     NULL},
    {"max_instances = 4294967297",
     "1:17: max_instances must be between 1 and 100000, not 4294967297", NULL},
    {"max_instances = '1'", "1:17: max_instances must be a whole number, not a string", NULL},
    {"max_memory = '63K'", "1:14: max_memory must be between \"64K\", one page, and \"4G\"", NULL},
    {"max_memory = 4294967297", "1:14: max_memory must be between \"64K\", one page, and \"4G\"",
     NULL},
    {"max_memory = '99999999999999999999G'",
     "1:14: max_memory must be between \"64K\", one page, and \"4G\"", NULL},
    {"max_memory = -1", "1:14: max_memory must not be negative", NULL},
    {"max_memory = '64 M'", "1:14: max_memory \"64 M\": must be ", a_size},
    {"max_memory = \"64M\\u0000\"", "1:14: max_memory \"64M\\u0000\": must be ", a_size},
    {"max_memory = 1.5", "1:14: max_memory must be ", a_size},
    {"timeout = 0", "1:11: timeout must be more than zero", NULL},
    {"timeout = '0ms'", "1:11: timeout must be more than zero", NULL},
    {"timeout = '3000000h'", "1:11: timeout must be less than 292 years", NULL},
    {"timeout = 9223372036854775807", "1:11: timeout must be less than 292 years", NULL},
    {"timeout = '10'", "1:11: timeout \"10\": must be ", a_time},
    {"timeout = true", "1:11: timeout must be ", a_time},
    {"state_dir = ''", "1:13: state_dir \"\": must not be empty", NULL},
    {"log_dir = \"a\\u0000\"", "1:11: log_dir \"a\\u0000\": must not contain a NUL character",
     NULL},
    {"environment = 1", "1:15: environment must be a table of strings, not an integer", NULL},
    {"[environment]\nA = 1", "2:5: environment must be a table of strings, but \"A\" is an integer",
     NULL},
    {"[environment]\n'A=B' = 'c'",
     "2:1: environment key \"A=B\": must contain neither \"=\" "
     "nor a NUL character",
     NULL},
    {"[environment]\n\"A\\u0000\" = 'c'",
     "2:1: environment key \"A\\u0000\": must contain "
     "neither \"=\" nor a NUL character",
     NULL},
    {"[environment]\n'' = 'c'", "2:1: environment key \"\": must not be empty", NULL},
    {"[environment]\nA = \"c\\u0000\"",
     "2:5: environment \"c\\u0000\": must not contain a NUL character", NULL},
    {"[variables]\nApi = 'c'",
     "2:1: variables key \"Api\": may contain only lower-case "
     "letters, digits and underscores",
     NULL},
    {"[variables]\n'a=b' = 'c'",
     "2:1: variables key \"a=b\": may contain only lower-case "
     "letters, digits and underscores",
     NULL},
    {"[variables]\na = \"c\\u0000\"",
     "2:5: variables \"c\\u0000\": must not contain a NUL character", NULL},
    {"base = '/a'\nbase = '/b'", "2:1: ", ""},
    {"hosts = [", "1:9: ", ""},
};

static void mistakes_have_positions(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        char expected[512], got[512];
        spin_server_settings_t *settings = NULL;
        spin_error_t *error =
            server_settings_parse(spin_slice(mistakes[i].text), "s.toml", &settings);
        if (error == NULL)
            fail_msg("%s: no error", mistakes[i].text);
        assert_null(settings);
        assert_int_equal(spin_error_kind(error), SPIN_ERROR_INVALID);
        spin_error_format(error, got, sizeof got);
        int len = snprintf(expected, sizeof expected, "s.toml:%s", mistakes[i].error);
        bool same = mistakes[i].expected == NULL ? strcmp(got, expected) == 0
                                                 : strncmp(got, expected, (size_t)len) == 0 &&
                                                       strstr(got, mistakes[i].expected) != NULL;
        if (!same)
            fail_msg("%s: got \"%s\", expected \"%s\"", mistakes[i].text, got, expected);
        spin_error_free(error);
    }
}

static spin_error_t *parse_long_text(size_t len) {
    buf_t text = {0};
    spin_server_settings_t *settings = NULL;
    buf_append_byte(&text, '#');
    while (text.len < len)
        buf_append_byte(&text, 'x');
    assert_false(text.failed);
    spin_error_t *error = server_settings_parse(buf_slice(&text), "s.toml", &settings);
    spin_server_settings_free(settings);
    buf_deinit(&text);
    return error;
}

static void there_is_a_largest_file(void **state) {
    (void)state;
    check_no_error(parse_long_text(1 << 20));
    spin_error_t *error = parse_long_text((1 << 20) + 1);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_LIMIT);
    assert_non_null(strstr(spin_error_message(error), "\"s.toml\": larger than 1 MiB"));
    spin_error_free(error);
}

/* ── files ───────────────────────────────────────────────────────────────────────────────── */

typedef struct folder {
    char path[64];
    char file[96];
} folder_t;

static int make_folder(void **state) {
    static folder_t folder;
    strcpy(folder.path, "/tmp/spin-settings-XXXXXX");
    if (mkdtemp(folder.path) == NULL)
        return -1;
    snprintf(folder.file, sizeof folder.file, "%s/spin-server.toml", folder.path);
    *state = &folder;
    return 0;
}

static int remove_folder(void **state) {
    const folder_t *folder = *state;
    unlink(folder->file);
    rmdir(folder->file);
    return rmdir(folder->path);
}

static void write_file(const char *path, const char *text, off_t len) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    if (len > 0)
        assert_int_equal(ftruncate(fd, len), 0);
    close(fd);
}

static void assert_load_fails(const char *path, spin_error_kind_t kind, const char *reason) {
    char message[512];
    spin_server_settings_t *settings = NULL;
    spin_error_t *error = spin_server_settings_load(path, &settings);
    assert_non_null(error);
    assert_null(settings);
    assert_int_equal(spin_error_kind(error), kind);
    spin_error_format(error, message, sizeof message);
    if (strstr(message, path) == NULL || strstr(message, reason) == NULL)
        fail_msg("got \"%s\", expected \"%s\"", message, reason);
    spin_error_free(error);
}

static void a_file_is_loaded(void **state) {
    const folder_t *folder = *state;
    char expected[128];
    write_file(folder->file, everything, 0);
    spin_server_settings_t *settings = NULL;
    check_no_error(spin_server_settings_load(folder->file, &settings));
    const spin_server_application_t *got = spin_server_settings_application(settings);
    snprintf(expected, sizeof expected, "%s/state", folder->path);
    assert_string_equal(got->state_dir, expected);
    assert_string_equal(got->base, "/shop");
    spin_server_settings_free(settings);
}

static void a_file_can_be_no_file(void **state) {
    const folder_t *folder = *state;
    assert_load_fails(folder->file, SPIN_ERROR_NOT_FOUND, "not found");
    assert_int_equal(mkdir(folder->file, 0700), 0);
    assert_load_fails(folder->file, SPIN_ERROR_INVALID, "not a regular file");
    assert_int_equal(rmdir(folder->file), 0);
    write_file(folder->file, "base = '/a'\nhost = 1\n", 0);
    assert_load_fails(folder->file, SPIN_ERROR_INVALID, "spin-server.toml:2:1: unknown key");
    write_file(folder->file, "", (1 << 20) + 1);
    assert_load_fails(folder->file, SPIN_ERROR_LIMIT, "larger than 1 MiB");
    write_file(folder->file, "", (off_t)64 << 20);
    assert_load_fails(folder->file, SPIN_ERROR_LIMIT, "larger than 1 MiB");
}

/* ── memory ──────────────────────────────────────────────────────────────────────────────── */

/* Every allocation fails once; also on the way to an error. */
static void memory_runs_out(void **state) {
    static const char *const texts[] = {everything, "hosts = ['a:1']", "base = '/a/...'",
                                        "host = 1"};
    const folder_t *folder = *state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        write_file(folder->file, texts[i], 0);
        size_t calls = SIZE_MAX;
        for (size_t at = 0; at <= calls; at++) {
            spin_server_settings_t *settings = NULL;
            failing_alloc_install(at == 0 ? SIZE_MAX : at);
            spin_error_t *error = spin_server_settings_load(folder->file, &settings);
            bool first = at == 0;
            if (first)
                calls = failing_alloc_calls();
            if (i == 0)
                assert_true(first ? error == NULL : spin_error_kind(error) == SPIN_ERROR_NO_MEMORY);
            else
                assert_non_null(error);
            assert_true((error == NULL) == (settings != NULL));
            spin_server_settings_free(settings);
            spin_error_free(error);
            assert_int_equal(failing_alloc_live(), 0);
            failing_alloc_remove();
        }
        assert_true(calls > 3);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_read),
        cmocka_unit_test(nothing_is_the_default),
        cmocka_unit_test(nothing_points_into_the_text),
        cmocka_unit_test(folders_are_relative_to_the_file),
        cmocka_unit_test(numbers_have_units),
        cmocka_unit_test(an_empty_base_is_one),
        cmocka_unit_test(units_overflow_to_the_most),
        cmocka_unit_test(mistakes_have_positions),
        cmocka_unit_test(there_is_a_largest_file),
        cmocka_unit_test_setup_teardown(a_file_is_loaded, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_file_can_be_no_file, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(memory_runs_out, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
