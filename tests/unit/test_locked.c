/* The locked form: what comes back is what was written, positions included; and hostile text is
 * refused in words. */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"
#include "cmocka_all.h"
#include "failing_alloc.h"
#include "loader/file.h"
#include "manifest/file_url.h"
#include "manifest/locked.h"
#include "manifest/manifest.h"
#include "spin/loader.h"

#define GOLDEN SPIN_SOURCE_DIR "/tests/golden/manifest"

#define DIGEST "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

/* What a loader would add: paths with bytes that no JSON holds. */
static void load_pretence(spin_application_t *application) {
    static manifest_mount_t mounts[] = {
        {(char *)"/tmp/\xFF a%", (char *)"/", true},
        {(char *)"/srv/x", (char *)"/data/ä", false},
    };
    application->origin = SLICE_LITERAL("/srv/\xFE?/spin.toml");
    for (size_t i = 0; i < application->components_len; i++) {
        application->components[i].source.file = (char *)"/tmp/#\xFF.wasm";
        if (i % 2 == 0)
            application->components[i].source.file_digest = spin_slice(DIGEST);
        application->components[i].mounts = mounts;
        application->components[i].mounts_len = i % 3;
    }
}

static spin_application_t *parse(spin_slice_t text, const char *file) {
    spin_application_t *application = NULL;
    spin_error_t *error = manifest_parse(text, file, &application);
    if (error != NULL) {
        spin_error_free(error);
        return NULL;
    }
    load_pretence(application);
    return application;
}

/* Not inlined: GCC 12 takes the text for one that ends with the function, and warns. */
__attribute__((noinline)) static char *lock(const spin_application_t *application) {
    char *text = NULL;
    assert_null(spin_application_to_locked(application, &text));
    return text;
}

static spin_application_t *unlock(const char *text) {
    spin_application_t *application = NULL;
    spin_error_t *error = locked_parse(spin_slice(text), "locked.json", &application);
    if (error != NULL) {
        char message[1024];
        spin_error_format(error, message, sizeof message);
        spin_error_free(error);
        fail_msg("%s\n%s", message, text);
    }
    return application;
}

/* ── round trip ──────────────────────────────────────────────────────────────────────────── */

static void assert_same_slice(spin_slice_t a, spin_slice_t b) {
    assert_true(slice_equal(a, b));
}

static void assert_same_toml(const toml_value_t *a, const toml_value_t *b) {
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->line, b->line);
    assert_int_equal(a->column, b->column);
    switch (a->type) {
    case TOML_STRING: assert_same_slice(a->of.string, b->of.string); break;
    case TOML_INTEGER: assert_true(a->of.integer == b->of.integer); break;
    case TOML_FLOAT:
        assert_true(isnan(a->of.number)
                        ? isnan(b->of.number)
                        : memcmp(&a->of.number, &b->of.number, sizeof(double)) == 0);
        break;
    case TOML_BOOLEAN: assert_int_equal(a->of.boolean, b->of.boolean); break;
    case TOML_OFFSET_DATETIME:
    case TOML_LOCAL_DATETIME:
    case TOML_LOCAL_DATE:
    case TOML_LOCAL_TIME: assert_same_slice(a->of.datetime, b->of.datetime); break;
    case TOML_ARRAY:
        assert_int_equal(a->of.array.len, b->of.array.len);
        for (size_t i = 0; i < a->of.array.len; i++)
            assert_same_toml(&a->of.array.items[i], &b->of.array.items[i]);
        break;
    case TOML_TABLE:
        assert_int_equal(a->of.table.len, b->of.table.len);
        for (size_t i = 0; i < a->of.table.len; i++) {
            assert_same_slice(a->of.table.pairs[i].key, b->of.table.pairs[i].key);
            assert_int_equal(a->of.table.pairs[i].key_line, b->of.table.pairs[i].key_line);
            assert_int_equal(a->of.table.pairs[i].key_column, b->of.table.pairs[i].key_column);
            assert_same_toml(&a->of.table.pairs[i].value, &b->of.table.pairs[i].value);
        }
        break;
    }
}

static void assert_same_component(const spin_component_t *a, const spin_component_t *b) {
    assert_string_equal(a->source.file, b->source.file);
    assert_int_equal(a->source.file_digest.ptr == NULL, b->source.file_digest.ptr == NULL);
    assert_same_slice(a->source.file_digest, b->source.file_digest);
    assert_int_equal(a->at.line, b->at.line);
    assert_int_equal(a->source.at.column, b->source.at.column);
    assert_same_toml(a->trigger.table, b->trigger.table);
    assert_int_equal(a->mounts_len, b->mounts_len);
    for (size_t i = 0; i < a->mounts_len; i++) {
        assert_string_equal(a->mounts[i].host_path, b->mounts[i].host_path);
        assert_string_equal(a->mounts[i].guest_path, b->mounts[i].guest_path);
        assert_int_equal(a->mounts[i].read_only, b->mounts[i].read_only);
    }
}

/* Equal in all that getters and JSON show, and in what only errors show. */
static void assert_same(const spin_application_t *a, const spin_application_t *b) {
    char *left = NULL, *right = NULL;
    assert_null(spin_application_to_json(a, &left));
    assert_null(spin_application_to_json(b, &right));
    assert_string_equal(left, right);
    spin_string_free(left);
    spin_string_free(right);
    assert_same_slice(a->origin, b->origin);
    assert_int_equal(a->file == NULL, b->file == NULL);
    if (a->file != NULL)
        assert_string_equal(a->file, b->file);
    assert_same_toml(a->manifest, b->manifest);
    assert_int_equal(a->components_len, b->components_len);
    for (size_t i = 0; i < a->components_len; i++)
        assert_same_component(&a->components[i], &b->components[i]);
}

static bool check_round_trip(const char *name) {
    char path[512];
    buf_t text = {0};
    snprintf(path, sizeof path, GOLDEN "/%s", name);
    assert_null(file_read(path, "golden file", &text));
    buf_append_byte(&text, '\0');
    for (char *at; (at = strstr((char *)text.ptr, "\\u0000")) != NULL;)
        memset(at, '0', 6); /* a key with NUL can't be locked: needs_a_loader */
    spin_application_t *application = parse(spin_slice((char *)text.ptr), name);
    buf_deinit(&text);
    if (application == NULL)
        return false;
    char *locked = lock(application);
    spin_application_t *again = unlock(locked);
    assert_same(application, again);
    char *twice = lock(again);
    assert_string_equal(locked, twice);
    spin_string_free(locked);
    spin_string_free(twice);
    spin_application_unref(application);
    spin_application_unref(again);
    return true;
}

static void golden_manifests_come_back(void **state) {
    (void)state;
    DIR *folder = opendir(GOLDEN);
    assert_non_null(folder);
    size_t valid = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (slice_ends_with(spin_slice(entry->d_name), SLICE_LITERAL(".toml")))
            valid += check_round_trip(entry->d_name);
    closedir(folder);
    assert_true(valid >= 12);
}

/* Line 4 is the trigger. */
#define MANIFEST(settings)                                                                         \
    "spin_version = '1'\nname = 'a'\nversion = '1'\ntrigger = { type = 'timer', " settings         \
    " }\n[[component]]\nid = 'x'\nsource = 'x.wasm'\ntrigger = { a = { b = [1, 'c'] } }\n"

static void each_type_comes_back(void **state) {
    (void)state;
    spin_application_t *application = parse(
        SLICE_LITERAL(MANIFEST(
            "s = \"\\u0000é\\\"\", e = '', i = -9223372036854775808, f = 1.0, g = 1e300, h = -0.0, "
            "j = nan, k = -inf, l = inf, m = true, n = 1979-05-27T07:32:00.5+01:00, "
            "o = 1979-05-27T07:32:00, p = 1979-05-27, q = 07:32:00, r = [], t = {}, u = [[1], "
            "[{}]], "
            "'' = 1, 'a.b' = '1979-05-27', v = 'inf'")),
        NULL);
    assert_non_null(application);
    char *locked = lock(application);
    spin_application_t *again = unlock(locked);
    assert_same(application, again);
    assert_null(again->file);
    spin_string_free(locked);
    spin_application_unref(application);
    spin_application_unref(again);
}

static void errors_point_into_the_manifest(void **state) {
    (void)state;
    /* Only what reads the locked form finds the mistake: as if the manifest's rules were others. */
    spin_application_t *application = parse(SLICE_LITERAL(MANIFEST("a = 1")), "dir/spin.toml");
    char *locked = lock(application);
    char *source = strstr(locked, "\"source\":\"x.wasm\"");
    assert_non_null(source);
    memcpy(source, "\"sauce\" :", 9);
    spin_application_t *again = NULL;
    spin_error_t *error = locked_parse(spin_slice(locked), "locked.json", &again);
    assert_non_null(error);
    assert_null(again);
    char message[512];
    spin_error_format(error, message, sizeof message);
    assert_string_equal(message, "dir/spin.toml:7:1: component \"x\": unknown key \"sauce\"; did "
                                 "you mean \"source\"?");
    spin_error_free(error);
    spin_string_free(locked);
    spin_application_unref(application);
}

/* Older versions wrote none. */
static void a_digest_may_be_missing(void **state) {
    (void)state;
    static const char member[] = ",\"digest\":\"" DIGEST "\"";
    spin_application_t *application = parse(SLICE_LITERAL(MANIFEST("a = 1")), "spin.toml");
    char *locked = lock(application);
    char *at = strstr(locked, member);
    assert_non_null(at);
    memmove(at, at + strlen(member), strlen(at + strlen(member)) + 1);
    spin_application_t *again = unlock(locked);
    assert_null(again->components[0].source.file_digest.ptr);
    application->components[0].source.file_digest = (spin_slice_t){NULL, 0};
    assert_same(application, again);
    spin_string_free(locked);
    spin_application_unref(application);
    spin_application_unref(again);
}

static void needs_a_loader(void **state) {
    (void)state;
    spin_application_t *application = NULL;
    assert_null(manifest_parse(SLICE_LITERAL(MANIFEST("a = 1")), "spin.toml", &application));
    char *locked = NULL;
    spin_error_t *error = spin_application_to_locked(application, &locked);
    assert_non_null(error);
    assert_null(locked);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_USAGE);
    spin_error_free(error);
    spin_application_unref(application);

    application = parse(SLICE_LITERAL(MANIFEST("a = [{ \"n\\u0000\" = 1 }]")), "spin.toml");
    error = spin_application_to_locked(application, &locked);
    assert_non_null(error);
    assert_null(locked);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_UNSUPPORTED);
    assert_int_equal(spin_error_position(error).line, 4);
    spin_error_free(error);
    spin_application_unref(application);
}

/* ── hostile text ────────────────────────────────────────────────────────────────────────── */

static void assert_refused(spin_slice_t text, spin_error_kind_t kind, const char *part) {
    spin_application_t *application = NULL;
    spin_error_t *error = locked_parse(text, "locked.json", &application);
    assert_null(application);
    if (error == NULL)
        fail_msg("taken: %.*s", SLICE_ARG(text));
    char message[1024];
    spin_error_format(error, message, sizeof message);
    if (spin_error_kind(error) != kind || strstr(message, part) == NULL)
        fail_msg("got \"%s\", expected \"%s\"", message, part);
    spin_error_free(error);
}

/* The locked form of a small application in which `from` is replaced. */
static void assert_edit_refused(const char *from, const char *to, spin_error_kind_t kind,
                                const char *part) {
    spin_application_t *application =
        parse(SLICE_LITERAL(MANIFEST("d = 1979-05-27, f = inf, s = 'q'")), "spin.toml");
    application->components[0].mounts_len = 1;
    application->components[0].mounts = &(manifest_mount_t){(char *)"/tmp/m", (char *)"/", true};
    char *locked = lock(application);
    char *at = strstr(locked, from);
    if (at == NULL)
        fail_msg("%s is not in %s", from, locked);
    buf_t edited = {0};
    buf_append(&edited, spin_slice_of(locked, (size_t)(at - locked)));
    buf_append_text(&edited, to);
    buf_append_text(&edited, at + strlen(from));
    assert_refused(buf_slice(&edited), kind, part);
    buf_deinit(&edited);
    spin_string_free(locked);
    spin_application_unref(application);
}

static const struct {
    const char *from, *to, *part;
} edits[] = {
    {"\"libspin_lock_version\":1", "\"libspin_lock_version\":\"1\"", "no libspin_lock_version"},
    {"\"libspin_lock_version\":1", "\"spin_lock_version\":1", "no libspin_lock_version"},
    {"\"metadata\":", "\"more\":1,\"metadata\":", "more"},
    {"\"metadata\":", "\"metadata\":1,\"metadata\":", "duplicate"},
    {"\"metadata\":{", "\"metadata\":{\"more\":1,", "metadata: "},
    {"\"manifest\":\"spin.toml\"", "\"manifest\":7", "metadata: the names must be texts"},
    {"\"manifest\":\"spin.toml\"", "\"manifest\":\"a\\u0000b\"", "metadata: the names"},
    {"\"origin\":\"file:///", "\"origin\":\"file://h/", "origin: the URL must begin with"},
    {"file:///tmp/%23%FF.wasm", "/tmp/x.wasm", "item 1: the URL must begin with file:///"},
    {"file:///tmp/%23%FF.wasm", "file://tmp/x.wasm", "must begin with file:///"},
    {"file:///tmp/%23%FF.wasm", "file:///tmp/%0", "without two hexadecimal digits"},
    {"file:///tmp/%23%FF.wasm", "file:///tmp/%G0", "without two hexadecimal digits"},
    {"file:///tmp/%23%FF.wasm", "file:///tmp/%00", "must not contain a NUL"},
    {"file:///tmp/%23%FF.wasm", "file:///tmp/\\u0000", "must not contain a NUL"},
    {"file:///tmp/%23%FF.wasm", "file:///tmp/x?y", "neither query nor fragment"},
    {"application/wasm", "text/plain", "content_type is not application/wasm"},
    {"\"source\":\"file:///tmp/%23%FF.wasm\"", "\"source\":7", "must begin with file:///"},
    {"\"source\":{\"content_type\"", "\"source\":7,\"s\":{\"content_type\"", "item 1: "},
    {"\"digest\":", "\"digests\":", "item 1: source: "},
    {"\"digest\":\"sha256:ba", "\"digest\":\"sha256:BA", "item 1: digest must be"},
    {"\"digest\":\"sha256:b", "\"digest\":\"sha256:", "item 1: digest must be"},
    {"\"digest\":\"sha256:", "\"digest\":\"sha512:", "item 1: digest must be"},
    {"\"" DIGEST "\"", "7", "item 1: digest must be"},
    {"\"" DIGEST "\"", "null", "item 1: digest must be"},
    {"file:///tmp/m", "m", "must begin with file:///"},
    {"\"path\":\"/\"", "\"path\":\"\"", "files: the path must be an absolute path"},
    {"\"path\":\"/\"", "\"path\":\"/a/../b\"", "files: the path must not contain \"..\""},
    {"\"path\":\"/\"", "\"path\":\"/\\u0000\"", "files: the path must not contain a NUL"},
    {"\"path\":\"/\"", "\"path\":true", "files: the path must be an absolute path"},
    {"\"read_only\":true", "\"read_only\":1", "files: "},
    {"\"read_only\":true", "\"read_only\":true,\"x\":1", "files: "},
    {"\"components\":[{\"id\":\"x\"", "\"components\":[{\"id\":\"y\"", "not the id"},
    {"\"components\":[{\"id\":\"x\"", "\"components\":[7,{\"id\":\"x\"", "the manifest's 1"},
    {"\"components\":[", "\"components\":[],\"c\":[", "unpacked"},
    {"\"s\":\"q\"", "\"s\":null", "a null"},
    {"\"d\":\"1979-05-27\"", "\"d\":\"never\"", "no date, time or float"},
    {"\"d\":\"1979-05-27\"", "\"d\":\"1\"", "no date, time or float"},
    {"\"d\":\"1979-05-27\"", "\"d\":\"1979-05-27\\nw=1\"", "no date, time or float"},
    {"\"d\":\"1979-05-27\"", "\"d\":7", "no date, time or float"},
    {"\"s\":\"q\"", "\"s\":18446744073709551616", "not a locked application: too big"},
    {"\"s\":\"q\"", "\"s\":\"q\",\"z\":1", "positions: item"},
    {",\"s\":\"q\"", "", "positions: "},
    {"\"positions\":[[1,1],", "\"positions\":[[1,0],", "positions: item 1 is"},
    {"\"positions\":[[1,1],", "\"positions\":[[1,4294967296],", "positions: item 1 is"},
    {"\"positions\":[[1,1],", "\"positions\":[[1,1.5],", "positions: item 1 is"},
    {"\"positions\":[[1,1],", "\"positions\":[[1,1,1],", "positions: item 1 is"},
    {"\"positions\":[[1,1],", "\"positions\":[[1,1,\"toml\",2],", "positions: item 1 is"},
    {"\"positions\":[[1,1],", "\"positions\":[7,", "positions: item 1 is"},
    {"\"positions\":[", "\"positions\":7,\"p\":[", "unpacked"},
    {"\"manifest\":{", "\"manifest\":[],\"m\":{", "unpacked"},
    {"\"spin_version\":\"1\",", "", "not a locked application: "},
    {"\"source\":\"x.wasm\"", "\"source\":\"\"", "spin.toml:7:10: component \"x\": source"},
};

static void refuses_edits(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++)
        assert_edit_refused(edits[i].from, edits[i].to, SPIN_ERROR_INVALID, edits[i].part);
    assert_edit_refused("\"libspin_lock_version\":1", "\"libspin_lock_version\":2",
                        SPIN_ERROR_UNSUPPORTED, "version 2 of the locked form");
    assert_edit_refused("\"spin_version\":\"1\"", "\"spin_version\":\"2\"", SPIN_ERROR_UNSUPPORTED,
                        "spin.toml:1:16: manifest version");
}

static void refuses_other_text(void **state) {
    (void)state;
    static const char *const texts[] = {"", "{", "[]", "7", "{}", "null", "\xFF", "{\"a\":1}x"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_refused(spin_slice(texts[i]), SPIN_ERROR_INVALID, "locked.json:");
    spin_application_t *application = NULL;
    spin_error_t *error = locked_parse(spin_slice("{\n \"a\": ?"), "l", &application);
    assert_int_equal(spin_error_position(error).line, 2);
    spin_error_free(error);

    buf_t deep = {0};
    buf_append_text(&deep, "{\"libspin_lock_version\":1,\"metadata\":{\"origin\":\"\"},"
                           "\"components\":[],\"manifest\":");
    for (size_t i = 0; i < 400; i++)
        buf_append_text(&deep, "[");
    for (size_t i = 0; i < 400; i++)
        buf_append_text(&deep, "]");
    buf_append_text(&deep, ",\"positions\":[[1,1]");
    for (size_t i = 0; i < 399; i++)
        buf_append_text(&deep, ",[1,1]");
    buf_append_text(&deep, "]}");
    assert_refused(buf_slice(&deep), SPIN_ERROR_INVALID, "nested deeper than 256");
    buf_deinit(&deep);
}

static void refuses_each_beginning(void **state) {
    (void)state;
    spin_application_t *application = parse(SLICE_LITERAL(MANIFEST("a = [1.5, {}]")), "spin.toml");
    char *locked = lock(application);
    size_t len = strlen(locked);
    for (size_t i = 0; i < len; i++)
        assert_refused(spin_slice_of(locked, i), SPIN_ERROR_INVALID, "not a locked application");
    spin_string_free(locked);
    spin_application_unref(application);
}

/* ── files and URLs ──────────────────────────────────────────────────────────────────────── */

static void urls_hold_any_path(void **state) {
    (void)state;
    char all[257] = "/";
    for (int byte = 1; byte < 256; byte++)
        all[byte] = (char)byte;
    all[256] = '\0';
    arena_t arena = {0};
    const char *url = file_url_write(&arena, all);
    assert_non_null(url);
    assert_int_equal(strncmp(url, "file:///%01%02", 8), 0);
    char *path = NULL;
    all[0] = '/';
    assert_null(file_url_read(&arena, spin_slice(file_url_write(&arena, all)), &path));
    assert_string_equal(path, all);
    arena_deinit(&arena);
}

static void loads_what_the_environment_names(void **state) {
    (void)state;
    char folder[] = "/tmp/test locked-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/locked.json", folder);
    spin_application_t *application = parse(SLICE_LITERAL(MANIFEST("a = 1")), "spin.toml");
    char *locked = lock(application);
    assert_null(file_write_private(path, spin_slice(locked)));
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    spin_error_t *error = file_write_private(path, spin_slice("other"));
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_EXISTS);
    spin_error_free(error);

    spin_application_t *again = NULL;
    assert_null(spin_loader_load_locked(path, &again));
    assert_same(application, again);
    spin_application_unref(again);
    arena_t arena = {0};
    setenv("SPIN_LOCKED_URL", file_url_write(&arena, path), 1);
    again = NULL;
    assert_null(spin_loader_load_locked(NULL, &again));
    assert_same(application, again);
    spin_application_unref(again);

    unlink(path);
    again = NULL;
    error = spin_loader_load_locked(NULL, &again);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_NOT_FOUND);
    assert_non_null(strstr(spin_error_message(error), "locked.json\": not found"));
    spin_error_free(error);
    setenv("SPIN_LOCKED_URL", "http://example.com/locked.json", 1);
    error = spin_loader_load_locked(NULL, &again);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_INVALID);
    spin_error_free(error);
    unsetenv("SPIN_LOCKED_URL");
    error = spin_loader_load_locked(NULL, &again);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_NOT_FOUND);
    spin_error_free(error);
    assert_null(again);
    rmdir(folder);
    arena_deinit(&arena);
    spin_string_free(locked);
    spin_application_unref(application);
}

static void put(const char *folder, const char *name, const char *text) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_null(file_write_private(path, spin_slice(text)));
}

static void drop(const char *folder, const char *name) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(remove(path), 0);
}

static void a_loader_leaves_it_for_custom_triggers(void **state) {
    (void)state;
    char folder[] = "/tmp/test-locked-XXXXXX";
    assert_non_null(mkdtemp(folder));
    setenv("TMPDIR", folder, 1);
    put(folder, "x.wasm", "");
    put(folder, "timer.toml", MANIFEST("a = 1"));
    put(folder, "http.toml",
        "spin_version = '1'\nname = 'a'\nversion = '1'\ntrigger = { type = 'http' }\n"
        "[[component]]\nid = 'x'\nsource = 'x.wasm'\ntrigger = { route = '/' }\n");
    char path[128];
    const spin_loader_options_t options = {.size = sizeof options, .locked = true};
    spin_application_t *application = NULL, *again = NULL;
    snprintf(path, sizeof path, "%s/http.toml", folder);
    assert_null(spin_loader_load_file(path, &options, &application));
    assert_null(spin_application_locked_file(application).ptr);
    spin_application_unref(application);

    snprintf(path, sizeof path, "%s/timer.toml", folder);
    assert_null(spin_loader_load_file(path, NULL, &application));
    assert_null(spin_application_locked_file(application).ptr);
    spin_application_unref(application);
    assert_null(spin_loader_load_file(path, &options, &application));
    const char *locked = (const char *)spin_application_locked_file(application).ptr;
    struct stat info;
    assert_int_equal(stat(locked, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_null(spin_loader_load_locked(locked, &again));
    assert_same(application, again);
    spin_application_unref(again); /* who made the working directory lives */
    assert_int_equal(stat(locked, &info), 0);
    spin_application_unref(application);

    failing_alloc_install(SIZE_MAX);
    assert_null(spin_loader_load_file(path, &options, &application));
    spin_application_unref(application);
    size_t calls = failing_alloc_calls();
    for (size_t i = 1; i <= calls; i++) {
        failing_alloc_install(i);
        spin_error_t *error = spin_loader_load_file(path, &options, &application);
        if (error == NULL)
            spin_application_unref(application);
        spin_error_free(error);
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_remove();
    drop(folder, "x.wasm");
    drop(folder, "timer.toml");
    drop(folder, "http.toml");
    assert_int_equal(rmdir(folder), 0); /* nothing else was left there */
    unsetenv("TMPDIR");
}

/* ── out of memory ───────────────────────────────────────────────────────────────────────── */

static char *locked_everything(void) {
    spin_application_t *application =
        parse(SLICE_LITERAL(MANIFEST("d = 1979-05-27, l = [1, 'a']")), "spin.toml");
    char *locked = lock(application);
    char *copy = strdup(locked);
    spin_string_free(locked);
    spin_application_unref(application);
    return copy;
}

static spin_error_t *run(const char *text) {
    spin_application_t *application = NULL;
    char *locked = NULL;
    spin_error_t *error = locked_parse(spin_slice(text), "locked.json", &application);
    if (error == NULL)
        error = spin_application_to_locked(application, &locked);
    spin_string_free(locked);
    spin_application_unref(application);
    return error;
}

static void assert_no_memory(spin_error_t *error) {
    assert_non_null(error);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
    spin_error_free(error);
}

static void survives_allocation_failures(void **state) {
    (void)state;
    char *text = locked_everything();
    failing_alloc_install(SIZE_MAX);
    assert_null(run(text));
    size_t calls = failing_alloc_calls();
    assert_true(calls > 5);
    for (size_t i = 1; i <= calls; i++) {
        failing_alloc_install(i);
        assert_no_memory(run(text));
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_remove();
    free(text);
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

static void survives_failures_in_json(void **state) {
    (void)state;
    char *text = locked_everything();
    json_set_alloc_funcs(json_alloc, json_release);
    size_t no_memory = 0;
    bool failed = true;
    for (json_fail_at = 1; failed; json_fail_at++) {
        json_calls = 0;
        spin_error_t *error = run(text);
        failed = json_calls >= json_fail_at;
        /* Jansson's parser does not always know itself that it was for want of memory. */
        assert_true((error != NULL) == failed);
        no_memory += error != NULL && spin_error_kind(error) == SPIN_ERROR_NO_MEMORY;
        spin_error_free(error);
        assert_int_equal(json_live, 0);
    }
    assert_true(json_fail_at > 100);
    assert_true(no_memory > json_fail_at / 2);
    json_set_alloc_funcs(malloc, free);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_manifests_come_back),
        cmocka_unit_test(each_type_comes_back),
        cmocka_unit_test(errors_point_into_the_manifest),
        cmocka_unit_test(a_digest_may_be_missing),
        cmocka_unit_test(needs_a_loader),
        cmocka_unit_test(refuses_edits),
        cmocka_unit_test(refuses_other_text),
        cmocka_unit_test(refuses_each_beginning),
        cmocka_unit_test(urls_hold_any_path),
        cmocka_unit_test(loads_what_the_environment_names),
        cmocka_unit_test(a_loader_leaves_it_for_custom_triggers),
        cmocka_unit_test(survives_allocation_failures),
        cmocka_unit_test(survives_failures_in_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
