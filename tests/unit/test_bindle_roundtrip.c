/* What is published as a bindle and loaded from there is the application that it was. */
#include <jansson.h>

#include "bindle_world.h"
#include "publish/expand.h"

/* ── there and back ──────────────────────────────────────────────────────────────────────── */

static void write_in_base(const char *path, const char *text) {
    char whole[PATH_MAX];
    snprintf(whole, sizeof whole, "%s/app/%s", base, path);
    for (char *slash = strchr(whole + 5, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(whole, 0755);
        *slash = '/';
    }
    FILE *file = fopen(whole, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void copy_to_cache(const bindle_parcel_t *parcel, const publish_source_t *source) {
    spin_slice_t bytes = source->bytes;
    char content[4096];
    if (source->path != NULL) {
        FILE *file = fopen(source->path, "r");
        assert_non_null(file);
        bytes = spin_slice_of(content, fread(content, 1, sizeof content, file));
        fclose(file);
    }
    FILE *file = fopen(parcel_path(parcel->sha256), "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, file), bytes.len);
    assert_int_equal(fclose(file), 0);
}

/* Makes a bindle of <base>/app, and puts all of it into the cache. */
static void publish_app(void) {
    char path[96];
    snprintf(path, sizeof path, "%s/app", base);
    publish_bindle_t published;
    spin_error_t *error = publish_expand(&published, path, NULL, &bindle);
    if (error != NULL) {
        char message[1024];
        spin_error_format(error, message, sizeof message);
        fail_msg("%s", message);
    }
    assert_text(published.id, ID);
    for (size_t i = 0; i < published.invoice.parcels_len; i++)
        copy_to_cache(&published.invoice.parcels[i], &published.sources[i]);
    spin_slice_t text;
    assert_null(bindle_invoice_write(&published.invoice, &published.arena, &text));
    buf_clear(&invoice);
    buf_append(&invoice, text);
    publish_bindle_deinit(&published);
}

/* What a bindle has of an application, as JSON. */
static json_t *as_published(const spin_application_t *application) {
    char *text = NULL;
    assert_null(spin_application_to_json(application, &text));
    json_t *json = json_loads(text, JSON_ALLOW_NUL, NULL);
    assert_non_null(json);
    spin_string_free(text);
    static const char *const gone[] = {"source", "files",  "exclude_files",
                                       "build",  "module", "mounts"};
    json_object_del(json, "origin");
    json_object_del(json, "namespace");
    size_t i;
    json_t *component;
    json_array_foreach(json_object_get(json, "component"), i,
                       component) for (size_t key = 0; key < sizeof gone / sizeof *gone; key++)
        json_object_del(component, gone[key]);
    return json;
}

/* Published and loaded, it is the application that it was. */
static void assert_comes_back(const char *manifest) {
    write_in_base("spin.toml", manifest);
    char path[96];
    snprintf(path, sizeof path, "%s/app", base);
    spin_application_t *local, *loaded;
    spin_error_t *error = spin_loader_load_file(path, NULL, &local);
    if (error != NULL) {
        char message[1024];
        spin_error_format(error, message, sizeof message);
        fail_msg("%s", message);
    }
    publish_app();
    loaded = load();
    json_t *before = as_published(local), *after = as_published(loaded);
    if (!json_equal(before, after)) {
        char *expected = json_dumps(before, JSON_INDENT(1)),
             *got = json_dumps(after, JSON_INDENT(1));
        fail_msg("was: %s\nis: %s", expected, got);
    }
    json_decref(before);
    json_decref(after);
    for (size_t i = 0; i < local->components_len; i++) {
        assert_int_equal(loaded->components[i].mounts_len, local->components[i].mounts_len);
        if (local->components[i].mounts_len == 0)
            continue;
        char command[2 * PATH_MAX];
        snprintf(command, sizeof command, "diff -r '%s' '%s'",
                 local->components[i].mounts[0].host_path,
                 loaded->components[i].mounts[0].host_path);
        assert_int_equal(system(command), 0);
    }
    spin_application_unref(local);
    spin_application_unref(loaded);
}

#define HEAD "spin_version = \"1\"\nname = \"shop\"\nversion = \"1.2.0\"\n"

static void what_is_published_is_what_is_loaded(void **state) {
    (void)state;
    write_in_base("a.wasm", "module a");
    write_in_base("target/b.wasm", "module b");
    write_in_base("static/x.txt", "x");
    write_in_base("static/sub/y.txt", "y");
    write_in_base("static/sub/empty", "");
    write_in_base("static/\xC3\xBC \"quoted\" %41 #?.txt", "odd");
    write_in_base("static/..dots", "dots");
    write_in_base("static/skipped.log", "log");
    assert_comes_back(HEAD
                      "description = \"With \\\"quotes\\\", \\n lines, \\u00e9\\u0001\\u007f and "
                      "\\U0001F300\"\n"
                      "authors = [\"Ann <ann@example.com>\", \"B'ob\"]\nnamespace = \"n\"\n"
                      "trigger = { type = \"http\", base = \"/b\" }\n"
                      "[variables]\nplain = { default = \"a \\\"b\\\" 'c' {{ x }}\\n\" }\n"
                      "secret = { required = true, secret = true }\nempty = { default = \"\" }\n"
                      "[[component]]\nid = \"first one \\\"1\\\" \\u00e9\"\ndescription = \"one\"\n"
                      "source = \"a.wasm\"\nfiles = [\"static/**/*\", { source = \"static\", "
                      "destination = \"/mnt\" }]\nexclude_files = [\"**/*.log\"]\n"
                      "allowed_http_hosts = [\"https://example.com\", \"self\"]\n"
                      "key_value_stores = [\"default\"]\nsqlite_databases = [\"a\", \"b\"]\n"
                      "ai_models = [\"m\"]\n"
                      "environment = { \"A B\" = \"1\", EMPTY = \"\", \"\\u00e9\" = \"\\t\" }\n"
                      "[component.config]\nkey = \"{{ plain }}\"\n"
                      "[component.build]\ncommand = \"make\"\n"
                      "[component.trigger]\nroute = \"/...\"\n"
                      "[[component]]\nid = \"second\"\nsource = \"target/b.wasm\"\n"
                      "files = [\"static/x.txt\"]\n"
                      "[component.trigger]\nroute = \"/w\"\n"
                      "executor = { type = \"wagi\", argv = \"a ${ARGS}\", entrypoint = \"go\" }\n"
                      "[[component]]\nid = \"third\"\nsource = \"a.wasm\"\nfiles = [\"none/*\"]\n"
                      "[component.trigger]\nroute = \"/3\"\nexecutor = { type = \"spin\" }\n");
}

static void other_triggers_come_back(void **state) {
    (void)state;
    write_in_base("a.wasm", "module a");
    assert_comes_back(HEAD "trigger = { type = \"redis\", address = \"redis://u:p@h:1/2\" }\n"
                           "[[component]]\nid = \"a\"\nsource = \"a.wasm\"\n"
                           "[component.trigger]\nchannel = \"c*\"\npattern = true\n");
    assert_comes_back(
        HEAD "[trigger]\ntype = \"timer\"\n\"quoted \\\" key\" = 1\ninf = [inf, -inf, nan, 0.1, "
             "1e300, -0.0]\nint = [9223372036854775807, -9223372036854775808, 0x10]\n"
             "when = [1979-05-27T07:32:00.5Z, 1979-05-27T07:32:00-08:00, 1979-05-27]\n"
             "at = 07:32:00\nlocal = 1979-05-27T07:32:00\n"
             "text = \"\"\"a\n\\\"\\\"\\\" \\\\ \\u0000\\b\"\"\"\nnested = [[], [{ a = [{}] }], "
             "[true]]\n"
             "[trigger.table.\"\"]\n\"a.b\" = { c.d = \"e\" }\n"
             "[[component]]\nid = \"a\"\nsource = \"a.wasm\"\n[component.trigger]\n"
             "[[component.trigger.list]]\nx = 1\n[[component.trigger.list]]\n"
             "[[component]]\nid = \"b\"\nsource = \"a.wasm\"\n[component.trigger]\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(what_is_published_is_what_is_loaded),
        TEST(other_triggers_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
