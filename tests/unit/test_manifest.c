/* Every tests/golden/manifest/NAME.toml is parsed: NAME.json is what it prints as, or NAME.err the
 * whole text of its error. So is every tests/golden/bindle-manifest/NAME.toml, as a manifest inside
 * of a bindle. With SPIN_GOLDEN_UPDATE=1 in the environment the answers are written anew: read the
 * difference before you commit it. */
#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"
#include "cmocka_all.h"
#include "failing_alloc.h"
#include "manifest/bindle.h"
#include "manifest/locked.h"
#include "manifest/manifest.h"

#define GOLDEN        SPIN_SOURCE_DIR "/tests/golden/manifest"
#define BINDLE_GOLDEN SPIN_SOURCE_DIR "/tests/golden/bindle-manifest"

static bool read_file(const char *path, buf_t *out) {
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    char chunk[4096];
    size_t len;
    while ((len = fread(chunk, 1, sizeof chunk, file)) > 0)
        buf_append(out, spin_slice_of(chunk, len));
    fclose(file);
    assert_false(out->failed);
    return true;
}

static void assert_text(spin_slice_t slice, const char *expected) {
    if (!slice_equal_text(slice, expected))
        fail_msg("got \"%.*s\", expected \"%s\"", SLICE_ARG(slice), expected);
}

static spin_application_t *parse(const char *text) {
    spin_application_t *application = NULL;
    spin_error_t *error = spin_application_parse(spin_slice(text), "t.toml", &application);
    if (error != NULL) {
        char message[512];
        spin_error_format(error, message, sizeof message);
        spin_error_free(error);
        fail_msg("%s", message);
    }
    return application;
}

/* ── golden files ────────────────────────────────────────────────────────────────────────── */

typedef spin_error_t *(*parse_fn)(spin_slice_t text, const char *file, spin_application_t **out);

/* As inside of the bindle "weather/1.0.0+build.7". */
static spin_error_t *parse_in_bindle(spin_slice_t text, const char *file,
                                     spin_application_t **out) {
    spin_slice_t authors[] = {SLICE_LITERAL("Ann"), SLICE_LITERAL("Bob <bob@example.com>")};
    manifest_invoice_t invoice = {.reference = SLICE_LITERAL("weather/1.0.0+build.7"),
                                  .name = SLICE_LITERAL("weather"),
                                  .version = SLICE_LITERAL("1.0.0+build.7"),
                                  .description = SLICE_LITERAL("Rain and shine"),
                                  .authors = authors,
                                  .authors_len = 2};
    manifest_group_t *groups;
    return manifest_parse_bindle(text, file, &invoice, out, &groups);
}

/* What the manifest prints as, or its error; with a newline at the end. */
static bool answer(parse_fn parser, spin_slice_t text, const char *name, buf_t *out) {
    spin_application_t *application = NULL;
    spin_error_t *error = parser(text, name, &application);
    if (error != NULL) {
        char message[2048];
        assert_true(spin_error_format(error, message, sizeof message) < sizeof message);
        spin_error_free(error);
        buf_printf(out, "%s\n", message);
        return false;
    }
    char *json = NULL;
    error = spin_application_to_json(application, &json);
    assert_null(error);
    buf_printf(out, "%s\n", json);
    spin_string_free(json);
    spin_application_unref(application);
    return true;
}

static spin_slice_t next_line(spin_slice_t *text) {
    size_t len = slice_find(*text, '\n');
    spin_slice_t line = {text->ptr, len};
    *text = slice_from(*text, len + 1);
    return line;
}

/* Prints the first line that differs, as a diff does. */
static bool same(const char *path, spin_slice_t expected, spin_slice_t got) {
    if (slice_equal(expected, got))
        return true;
    for (int number = 1; expected.len > 0 || got.len > 0; number++) {
        spin_slice_t left = next_line(&expected), right = next_line(&got);
        if (!slice_equal(left, right)) {
            print_error("%s:%d\n- %.*s\n+ %.*s\n", path, number, SLICE_ARG(left), SLICE_ARG(right));
            return false;
        }
    }
    print_error("%s: the newline at the end differs\n", path);
    return false;
}

static bool check_golden(const char *folder, parse_fn parser, const char *name) {
    char path[512];
    buf_t text = {0}, expected = {0}, got = {0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_true(read_file(path, &text));
    size_t stem = strlen(path) - strlen(".toml");
    bool parsed = answer(parser, buf_slice(&text), name, &got);
    snprintf(path + stem, sizeof path - stem, "%s", parsed ? ".err" : ".json");
    if (getenv("SPIN_GOLDEN_UPDATE") != NULL)
        unlink(path);
    bool ok = access(path, F_OK) != 0;
    if (!ok)
        print_error("%s is there, but the manifest gives\n%.*s", path, SLICE_ARG(buf_slice(&got)));

    snprintf(path + stem, sizeof path - stem, "%s", parsed ? ".json" : ".err");
    if (getenv("SPIN_GOLDEN_UPDATE") != NULL) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fwrite(got.ptr, 1, got.len, file);
        fclose(file);
    }
    read_file(path, &expected); /* where it is missing, all of the answer is a difference */
    ok = same(path, buf_slice(&expected), buf_slice(&got)) && ok;
    buf_deinit(&text);
    buf_deinit(&expected);
    buf_deinit(&got);
    return ok;
}

static int is_toml(const struct dirent *entry) {
    return slice_ends_with(spin_slice(entry->d_name), SLICE_LITERAL(".toml"));
}

static void check_folder(const char *folder, parse_fn parser) {
    struct dirent **entries = NULL;
    int len = scandir(folder, &entries, is_toml, alphasort);
    assert_true(len > 0);
    int failed = 0;
    for (int i = 0; i < len; i++) {
        failed += !check_golden(folder, parser, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    if (failed > 0)
        fail_msg("%d of %d golden files differ", failed, len);
}

static void golden_files(void **state) {
    (void)state;
    check_folder(GOLDEN, manifest_parse);
}

static void golden_files_of_bindles(void **state) {
    (void)state;
    check_folder(BINDLE_GOLDEN, parse_in_bindle);
}

/* ── getters ─────────────────────────────────────────────────────────────────────────────── */

static spin_application_t *parse_file(const char *path, parse_fn parser, const char *name) {
    buf_t text = {0};
    assert_true(read_file(path, &text));
    spin_application_t *application = NULL;
    assert_null(parser(buf_slice(&text), name, &application));
    buf_deinit(&text); /* nothing may still point into it */
    return application;
}

static spin_application_t *parse_golden(const char *name) {
    char path[512];
    snprintf(path, sizeof path, GOLDEN "/%s", name);
    return parse_file(path, manifest_parse, name);
}

static void reads_the_application(void **state) {
    (void)state;
    spin_application_t *app = parse_golden("http_everything.toml");
    assert_text(spin_application_name(app), "everything");
    assert_text(spin_application_version(app), "6.11.2");
    assert_text(spin_application_description(app), "Uses every key there is");
    assert_text(spin_application_namespace(app), "shelf");
    assert_text(spin_application_origin(app), "http_everything.toml");
    assert_int_equal(spin_application_authors(app).len, 2);
    assert_text(spin_application_authors(app).items[1], "Blaise");
    assert_int_equal(spin_application_trigger(app), SPIN_TRIGGER_HTTP);
    assert_text(spin_application_trigger_type(app), "http");
    assert_text(spin_application_http_base(app), "/base");
    assert_null(spin_application_redis_address(app).ptr);

    assert_int_equal(spin_application_variable_count(app), 3);
    const spin_variable_t *greeting = spin_application_variable(app, 0);
    assert_text(spin_variable_name(greeting), "greeting");
    assert_text(spin_variable_default(greeting), "hello");
    assert_false(spin_variable_required(greeting));
    assert_false(spin_variable_secret(greeting));
    const spin_variable_t *nothing = spin_application_variable(app, 1);
    assert_non_null(spin_variable_default(nothing).ptr);
    assert_int_equal(spin_variable_default(nothing).len, 0);
    const spin_variable_t *password = spin_application_variable(app, 2);
    assert_null(spin_variable_default(password).ptr);
    assert_true(spin_variable_required(password));
    assert_true(spin_variable_secret(password));
    assert_null(spin_application_variable(app, 3));

    assert_int_equal(spin_application_component_count(app), 3);
    assert_null(spin_application_component(app, 3));
    assert_ptr_equal(spin_application_component_by_id(app, spin_slice("second")),
                     spin_application_component(app, 1));
    assert_null(spin_application_component_by_id(app, spin_slice("secon")));
    assert_null(spin_application_component_by_id(app, spin_slice("")));
    spin_application_unref(app);
}

static void reads_a_component(void **state) {
    (void)state;
    spin_application_t *app = parse_golden("http_everything.toml");
    const spin_component_t *first = spin_application_component(app, 0);
    assert_text(spin_component_id(first), "first");
    assert_text(spin_component_description(first), "The first");
    assert_int_equal(spin_component_source(first), SPIN_SOURCE_PATH);
    assert_text(spin_component_source_path(first), "target/first.wasm");
    assert_null(spin_component_source_url(first).ptr);
    assert_null(spin_component_source_file(first).ptr);

    spin_setting_list_t environment = spin_component_environment(first);
    assert_int_equal(environment.len, 3);
    assert_text(environment.items[1].key, "second");
    assert_text(environment.items[1].value, "two words");
    assert_non_null(environment.items[2].value.ptr);
    assert_int_equal(spin_component_config(first).len, 2);
    assert_text(spin_component_config(first).items[0].value, "{{ greeting }}, world");

    spin_files_entry_t entry;
    assert_true(spin_component_files_entry(first, 1, &entry));
    assert_text(entry.pattern, "static/**/*");
    assert_true(spin_component_files_entry(first, 2, &entry));
    assert_null(entry.pattern.ptr);
    assert_text(entry.source, "assets");
    assert_text(entry.destination, "/");
    assert_false(spin_component_files_entry(first, 3, &entry));
    assert_text(spin_component_exclude_files(first).items[0], "static/secret/*");
    assert_text(spin_component_allowed_http_hosts(first).items[2], "[::1]:3000");
    assert_text(spin_component_key_value_stores(first).items[1], "mixed_CASE_words");
    assert_text(spin_component_sqlite_databases(first).items[0], "default");
    assert_text(spin_component_ai_models(first).items[0], "llama2-chat");

    assert_text(spin_component_build_command(first), "make first");
    assert_text(spin_component_build_workdir(first), "first");
    assert_text(spin_component_build_watch(first).items[1], "Makefile");
    assert_true(first->build.present);
    assert_text(spin_component_route(first), "/first/...");
    assert_int_equal(spin_component_executor(first), SPIN_EXECUTOR_SPIN);
    assert_null(spin_component_wagi_argv(first).ptr);
    assert_ptr_equal(first->application, app);
    assert_int_equal(first->at.line, 16);
    assert_int_equal(first->source.at.column, 10);
    spin_application_unref(app);
}

static void reads_sources_and_executors(void **state) {
    (void)state;
    spin_application_t *app = parse_golden("http_everything.toml");
    const spin_component_t *second = spin_application_component(app, 1);
    assert_int_equal(spin_component_source(second), SPIN_SOURCE_URL);
    assert_text(spin_component_source_url(second), "https://example.com/m.wasm?v=2");
    assert_int_equal(spin_component_source_digest(second).len, 71);
    assert_int_equal(spin_component_executor(second), SPIN_EXECUTOR_WAGI);
    assert_text(spin_component_wagi_argv(second), "prog ${ARGS} --x");
    assert_text(spin_component_wagi_entrypoint(second), "main");
    assert_null(spin_component_build_command(second).ptr);
    assert_false(second->build.present);

    const spin_component_t *third = spin_application_component(app, 2);
    assert_int_equal(spin_component_source(third), SPIN_SOURCE_BINDLE);
    assert_text(spin_component_source_reference(third), "example.com/third/1.0.0");
    assert_text(spin_component_source_parcel(third),
                "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
    assert_text(spin_component_wagi_argv(third), "${SCRIPT_NAME} ${ARGS}");
    assert_text(spin_component_wagi_entrypoint(third), "_start");
    spin_application_unref(app);
}

static void reads_redis(void **state) {
    (void)state;
    spin_application_t *app = parse_golden("redis.toml");
    assert_int_equal(spin_application_trigger(app), SPIN_TRIGGER_REDIS);
    assert_text(spin_application_redis_address(app), "redis://localhost:6379");
    const spin_component_t *echo = spin_application_component(app, 0);
    assert_text(spin_component_channel(echo), "messages");
    assert_null(spin_component_route(echo).ptr);
    spin_application_unref(app);
}

static void reads_custom_triggers(void **state) {
    (void)state;
    spin_application_t *app = parse_golden("custom_trigger.toml");
    assert_int_equal(spin_application_trigger(app), SPIN_TRIGGER_CUSTOM);
    assert_text(spin_application_trigger_type(app), "timer");
    char *json = NULL;
    assert_null(spin_application_trigger_json(app, &json));
    assert_non_null(strstr(json, "{\"type\":\"timer\",\"speedup\":2,"));
    spin_string_free(json);
    assert_null(spin_component_trigger_json(spin_application_component(app, 1), &json));
    assert_string_equal(json, "{}");
    spin_string_free(json);
    spin_application_unref(app);
}

#define SMALL                                                                                      \
    "spin_version = '1'\nname = 'a'\nversion = '1'\ntrigger = { type = 'http' }\n"                 \
    "[[component]]\nid = 'c'\nsource = 'c.wasm'\ntrigger = { route = '/' }\n"

/* ── life ────────────────────────────────────────────────────────────────────────────────── */

static int removals;

static void remove_workdir(const char *path) {
    assert_string_equal(path, "/tmp/work");
    removals++;
}

static void last_reference_removes_the_workdir(void **state) {
    (void)state;
    spin_application_t *app = parse(SMALL);
    app->workdir = arena_copy_text(&app->arena, spin_slice("/tmp/work"));
    app->workdir_remove = remove_workdir;
    assert_ptr_equal(spin_application_ref(app), app);
    removals = 0;
    spin_application_unref(app);
    assert_int_equal(removals, 0);
    spin_application_unref(app);
    assert_int_equal(removals, 1);
    spin_application_unref(NULL);
}

static void prints_what_a_loader_added(void **state) {
    (void)state;
    spin_application_t *app = NULL;
    assert_null(spin_application_parse(spin_slice(SMALL), NULL, &app));
    assert_int_equal(spin_application_origin(app).len, 0);
    char module[] = "/tmp/\xFF.wasm", host[] = "/tmp/assets", guest[] = "/";
    manifest_mount_t mounts[] = {{host, guest, true}};
    app->components[0].source.file = module;
    app->components[0].mounts = mounts;
    app->components[0].mounts_len = 1;

    spin_mount_t mount;
    assert_true(spin_component_mount(&app->components[0], 0, &mount));
    assert_text(mount.host_path, host);
    assert_text(mount.guest_path, guest);
    assert_true(mount.read_only);
    assert_false(spin_component_mount(&app->components[0], 1, &mount));
    assert_text(spin_component_source_file(&app->components[0]), module);

    char *json = NULL;
    assert_null(spin_application_to_json(app, &json));
    json_t *root = json_loads(json, 0, NULL);
    assert_non_null(root);
    assert_null(json_object_get(root, "origin"));
    json_t *component = json_array_get(json_object_get(root, "component"), 0);
    assert_string_equal(json_string_value(json_object_get(component, "module")),
                        "/tmp/\xEF\xBF\xBD.wasm");
    json_t *first = json_array_get(json_object_get(component, "mounts"), 0);
    assert_string_equal(json_string_value(json_object_get(first, "host")), host);
    assert_string_equal(json_string_value(json_object_get(first, "guest")), guest);
    assert_true(json_is_true(json_object_get(first, "read_only")));
    json_decref(root);
    spin_string_free(json);
    spin_application_unref(app);
}

/* ── inside of a bindle ──────────────────────────────────────────────────────────────────── */

#define DIGEST "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

static void reads_the_groups_of_files(void **state) {
    (void)state;
    static const char text[] = "trigger = { type = 'http' }\n"
                               "[[component]]\nid = 'a'\nsource = '" DIGEST "'\n"
                               "[component.trigger]\nroute = '/'\n"
                               "[[component]]\nid = 'b'\nsource = '" DIGEST "'\nfiles = 'files-b'\n"
                               "[component.trigger]\nroute = '/'\n"
                               "[[component]]\nid = 'c'\nsource = '" DIGEST "'\nfiles = ''\n"
                               "[component.trigger]\nroute = '/'\n";
    manifest_invoice_t invoice = {.reference = SLICE_LITERAL("a/1.0.0"),
                                  .name = SLICE_LITERAL("a"),
                                  .version = SLICE_LITERAL("1.0.0")};
    spin_application_t *app;
    manifest_group_t *groups;
    assert_null(manifest_parse_bindle(spin_slice(text), NULL, &invoice, &app, &groups));
    assert_null(groups[0].name.ptr);
    assert_text(groups[1].name, "files-b");
    assert_int_equal(groups[1].at.line, 10);
    assert_int_equal(groups[1].at.column, 9);
    assert_non_null(groups[2].name.ptr); /* there, and empty */
    assert_int_equal(groups[2].name.len, 0);
    const spin_component_t *component = spin_application_component(app, 1);
    assert_int_equal(spin_component_source(component), SPIN_SOURCE_BINDLE);
    assert_text(spin_component_source_reference(component), "a/1.0.0");
    assert_text(spin_component_source_parcel(component), DIGEST);
    assert_int_equal(component->source.at.line, 9);
    assert_int_equal(component->source.at.column, 10);
    assert_int_equal(component->files_len, 0);
    assert_null(spin_application_description(app).ptr);
    assert_int_equal(spin_application_authors(app).len, 0);
    spin_application_unref(app);
}

/* What an invoice says keeps the manifest's rules too. */
static void refuses_a_hostile_invoice(void **state) {
    (void)state;
    static const char text[] = "trigger = { type = 'http' }\ncomponent = []\n";
    manifest_invoice_t invoice = {.reference = SLICE_LITERAL("a/1.0.0"),
                                  .name = SLICE_LITERAL("a"),
                                  .version = SLICE_LITERAL("1.0.0"),
                                  .description = SLICE_LITERAL("a\0b")};
    spin_application_t *app = NULL;
    manifest_group_t *groups;
    spin_error_t *error = manifest_parse_bindle(spin_slice(text), "m", &invoice, &app, &groups);
    assert_non_null(error);
    assert_null(app);
    char message[256];
    spin_error_format(error, message, sizeof message);
    assert_string_equal(message,
                        "m:1:1: description \"a\\u0000b\": must not contain a NUL character");
    spin_error_free(error);
}

/* The locked form holds what was read, under the names of spin.toml. */
static void locks_what_was_in_a_bindle(void **state) {
    (void)state;
    static const char *const names[] = {"http_0_6.toml", "http_1_5.toml", "custom.toml"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[512];
        snprintf(path, sizeof path, BINDLE_GOLDEN "/%s", names[i]);
        spin_application_t *app = parse_file(path, parse_in_bindle, names[i]);
        app->components[0].source.file = (char *)"/m.wasm";
        char *locked = NULL, *json = NULL, *again = NULL;
        assert_null(spin_application_to_locked(app, &locked));
        assert_null(spin_application_to_json(app, &json));
        spin_application_t *read;
        assert_null(locked_parse(spin_slice(locked), "locked.json", &read));
        assert_null(spin_application_to_json(read, &again));
        assert_string_equal(again, json);
        assert_int_equal(read->components[0].source.at.line, app->components[0].source.at.line);
        spin_application_unref(read);
        spin_application_unref(app);
        spin_string_free(locked);
        spin_string_free(json);
        spin_string_free(again);
    }
}

/* ── errors ──────────────────────────────────────────────────────────────────────────────── */

static void errors_have_kind_and_position(void **state) {
    (void)state;
    static const struct {
        const char *text;
        spin_error_kind_t kind;
        uint32_t line, column;
    } cases[] = {
        {"", SPIN_ERROR_INVALID, 1, 1},
        {"\n  spin_version = '2'", SPIN_ERROR_UNSUPPORTED, 2, 18},
        {"spin_manifest_version = 2", SPIN_ERROR_UNSUPPORTED, 1, 25},
        {"spin_version = '1'\nname = 1", SPIN_ERROR_INVALID, 2, 8},
        {"spin_version = '1'\n\xC3\x28 = 1", SPIN_ERROR_INVALID, 2, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        spin_application_t *app = NULL;
        spin_error_t *error = manifest_parse(spin_slice(cases[i].text), NULL, &app);
        assert_non_null(error);
        assert_null(app);
        assert_int_equal(spin_error_kind(error), cases[i].kind);
        assert_int_equal(spin_error_position(error).line, cases[i].line);
        assert_int_equal(spin_error_position(error).column, cases[i].column);
        assert_null(spin_error_file(error));
        spin_error_free(error);
    }
}

/* ── out of memory ───────────────────────────────────────────────────────────────────────── */

/* Parses and prints all there is; frees everything. */
static spin_error_t *run(parse_fn parser, spin_slice_t text) {
    spin_application_t *app = NULL;
    char *all = NULL, *trigger = NULL, *component = NULL;
    spin_error_t *error = parser(text, "t.toml", &app);
    if (error == NULL)
        error = spin_application_to_json(app, &all);
    if (error == NULL)
        error = spin_application_trigger_json(app, &trigger);
    if (error == NULL)
        error = spin_component_trigger_json(spin_application_component(app, 0), &component);
    spin_string_free(all);
    spin_string_free(trigger);
    spin_string_free(component);
    spin_application_unref(app);
    return error;
}

/* Takes `text`, a heap copy, for what buf_t holds must not be freed by another allocator. */
static void survives_each_allocation_failure(parse_fn parser, char *text, bool valid) {
    spin_slice_t slice = spin_slice(text);
    failing_alloc_install(SIZE_MAX);
    spin_error_t *error = run(parser, slice);
    size_t calls = failing_alloc_calls();
    assert_true((error == NULL) == valid);
    spin_error_free(error);
    assert_int_equal(failing_alloc_live(), 0);
    for (size_t at = 1; at <= calls; at++) {
        failing_alloc_install(at);
        error = run(parser, slice);
        assert_non_null(error);
        if (valid)
            assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
        spin_error_free(error);
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_remove();
    assert_true(calls > 5);
    free(text);
}

static char *golden_text(const char *folder, const char *name) {
    char path[512];
    buf_t text = {0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_true(read_file(path, &text));
    char *copy = strndup((const char *)text.ptr, text.len);
    assert_non_null(copy);
    buf_deinit(&text);
    return copy;
}

/* Tables and arrays of `len`, and as many components. */
static char *large_text(int len) {
    buf_t text = {0};
    buf_append_text(&text, "spin_version = '1'\nname = 'a'\nversion = '1'\nauthors = [");
    for (int i = 0; i < len; i++)
        buf_append_text(&text, "'a',");
    buf_append_text(&text, "]\ntrigger = { type = 'http' }\n[variables]\n");
    for (int i = 0; i < len; i++)
        buf_printf(&text, "v%d = { required = true }\n", i);
    for (int i = 0; i < len; i++)
        buf_printf(&text,
                   "[[component]]\nid = 'c%d'\nsource = 'c'\n[component.trigger]\nroute = '/%d'\n",
                   i, i);
    buf_append_text(&text, "[component.environment]\n");
    for (int i = 0; i < len; i++)
        buf_printf(&text, "E%d = ''\n", i);
    buf_append_byte(&text, '\0');
    assert_false(text.failed);
    char *copy = strdup((const char *)text.ptr);
    assert_non_null(copy);
    buf_deinit(&text);
    return copy;
}

static void reads_many(void **state) {
    (void)state;
    char *text = large_text(5000);
    spin_application_t *app = parse(text);
    free(text);
    assert_int_equal(spin_application_authors(app).len, 5000);
    assert_int_equal(spin_application_variable_count(app), 5000);
    assert_int_equal(spin_application_component_count(app), 5000);
    const spin_component_t *last = spin_application_component_by_id(app, spin_slice("c4999"));
    assert_text(spin_component_route(last), "/4999");
    assert_text(spin_component_environment(last).items[4999].key, "E4999");
    spin_application_unref(app);
}

static void allocation_failures(void **state) {
    (void)state;
    static const char *const valid[] = {"http_everything.toml", "custom_trigger.toml",
                                        "redis.toml"};
    static const char *const invalid[] = {"err_component_key_near.toml",
                                          "err_executor_unknown.toml", "err_id_duplicate.toml",
                                          "err_environment_name.toml", "err_version_two_text.toml"};
    for (size_t i = 0; i < sizeof valid / sizeof *valid; i++)
        survives_each_allocation_failure(manifest_parse, golden_text(GOLDEN, valid[i]), true);
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++)
        survives_each_allocation_failure(manifest_parse, golden_text(GOLDEN, invalid[i]), false);
    survives_each_allocation_failure(manifest_parse, large_text(100), true);
}

static void allocation_failures_in_bindles(void **state) {
    (void)state;
    static const char *const valid[] = {"http_0_6.toml", "http_0_3_config.toml", "custom.toml"};
    static const char *const invalid[] = {"err_near.toml", "err_source_path.toml",
                                          "err_files_list.toml"};
    for (size_t i = 0; i < sizeof valid / sizeof *valid; i++)
        survives_each_allocation_failure(parse_in_bindle, golden_text(BINDLE_GOLDEN, valid[i]),
                                         true);
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++)
        survives_each_allocation_failure(parse_in_bindle, golden_text(BINDLE_GOLDEN, invalid[i]),
                                         false);
}

static size_t json_calls, json_fail_at, json_live;

static void *json_alloc(size_t size) {
    void *ptr = ++json_calls == json_fail_at ? NULL : malloc(size);
    json_live += ptr != NULL;
    return ptr;
}

static void json_release(void *ptr) {
    json_live -= ptr != NULL;
    free(ptr);
}

static void json_failures(void **state) {
    (void)state;
    static const char *const names[] = {"http_everything.toml", "custom_trigger.toml"};
    for (size_t i = 0; i < 2; i++) {
        spin_application_t *app = parse_golden(names[i]);
        manifest_mount_t mounts[] = {{(char *)"/host", (char *)"/", true}};
        app->components[0].source.file = (char *)"/tmp/\xFF.wasm";
        app->components[0].mounts = mounts;
        app->components[0].mounts_len = 1;
        json_set_alloc_funcs(json_alloc, json_release);
        json_live = 0;
        bool failed = true;
        for (json_fail_at = 1; failed; json_fail_at++) {
            json_calls = 0;
            char *json = NULL;
            spin_error_t *error = spin_application_to_json(app, &json);
            failed = json_calls >= json_fail_at;
            assert_true((error != NULL) == failed);
            if (failed)
                assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
            spin_error_free(error);
            spin_string_free(json);
            assert_int_equal(json_live, 0);
        }
        assert_true(json_fail_at > 50);
        json_set_alloc_funcs(malloc, free);
        spin_application_unref(app);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_files),
        cmocka_unit_test(golden_files_of_bindles),
        cmocka_unit_test(reads_the_application),
        cmocka_unit_test(reads_a_component),
        cmocka_unit_test(reads_sources_and_executors),
        cmocka_unit_test(reads_redis),
        cmocka_unit_test(reads_custom_triggers),
        cmocka_unit_test(reads_many),
        cmocka_unit_test(last_reference_removes_the_workdir),
        cmocka_unit_test(prints_what_a_loader_added),
        cmocka_unit_test(errors_have_kind_and_position),
        cmocka_unit_test(reads_the_groups_of_files),
        cmocka_unit_test(refuses_a_hostile_invoice),
        cmocka_unit_test(locks_what_was_in_a_bindle),
        cmocka_unit_test(allocation_failures),
        cmocka_unit_test(allocation_failures_in_bindles),
        cmocka_unit_test(json_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
