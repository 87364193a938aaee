/* From applications to bindles: what is in them, that they come whole or not at all, and what is
 * said of applications that can't be bindles. */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "assert_error.h"
#include "base/error.h"
#include "base/slice.h"
#include "bindle/cache.h"
#include "bindle/key_file.h"
#include "bindle/reference.h"
#include "bindle/sign.h"
#include "cmocka_all.h"
#include "digest/digest.h"
#include "failing_alloc.h"
#include "manifest/bindle.h"
#include "manifest/manifest.h"
#include "publish/app_manifest.h"
#include "publish/expand.h"
#include "publish/media_type.h"

#define GOLDEN    SPIN_SOURCE_DIR "/tests/golden/bindle"
#define MANIFESTS SPIN_SOURCE_DIR "/tests/golden/manifest"
#define WASM      "\0asm\1\0\0\0"
#define DIGEST    "93a44bbb96c751218e4c00d479e4c14358122a389acca16205b1e4d0dc5f9476" /* of it */

#define assert_text(slice, text) assert_true(slice_equal_text(slice, text))

/* A world of its own for each test: <base>/app is the application, <base>/out the staging folder.
 */
static char base[64];
static arena_t arena;

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk) {
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static int set_up(void **state) {
    (void)state;
    strcpy(base, "/tmp/test-publish-XXXXXX");
    return mkdtemp(base) == NULL ? -1 : 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_deinit(&arena);
    return nftw(base, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *in_base(const char *path) {
    char *whole = (char *)(uintptr_t)arena_printf(&arena, "%s/%s", base, path).ptr;
    for (char *slash = whole + strlen(base) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        mkdir(whole, 0755);
        *slash = '/';
    }
    return whole;
}

static void put(const char *path, const char *text, size_t len) {
    FILE *file = fopen(in_base(path), "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void put_text(const char *path, const char *text) {
    put(path, text, strlen(text));
}

#define MANIFEST(name, version)                                                                    \
    "spin_version = \"1\"\nname = \"" name "\"\nversion = \"" version                              \
    "\"\ntrigger = { type = \"http\" }\n[[component]]\nid = \"one\"\nsource = \"one.wasm\"\n"      \
    "files = [\"data/*\"]\n[component.trigger]\nroute = \"/\"\n"

static void put_app(void) {
    put_text("app/spin.toml", MANIFEST("hello", "1.0.0"));
    put("app/one.wasm", WASM, 8);
    put_text("app/data/a.txt", "first");
    put_text("app/data/b.html", "second");
}

/* `expected` has "BASE" for the test's folder. */
static void assert_shown_error(spin_error_t *error, spin_error_kind_t kind, const char *expected) {
    char message[1024], shown[1024];
    assert_kind(error, kind);
    spin_error_format(error, message, sizeof message);
    size_t len = 0;
    for (const char *at = message; *at != '\0' && len + 5 < sizeof shown;)
        if (strncmp(at, base, strlen(base)) == 0) {
            memcpy(shown + len, "BASE", 4);
            len += 4;
            at += strlen(base);
        } else
            shown[len++] = *at++;
    shown[len] = '\0';
    assert_string_equal(shown, expected);
    spin_error_free(error);
}

static spin_slice_t read_text(const char *path) {
    spin_slice_t text = {0};
    assert_good(key_file_read(path, "file", &arena, KEY_FILE_ANYBODY, &text));
    return text;
}

static void assert_golden(spin_slice_t text, const char *name) {
    spin_slice_t golden = read_text((const char *)arena_printf(&arena, "%s/%s", GOLDEN, name).ptr);
    if (!slice_equal(text, golden))
        fail_msg("%s is now:\n%.*s", name, SLICE_ARG(text));
}

/* ── what is in a bindle ─────────────────────────────────────────────────────────────────── */

static void an_application_becomes_a_bindle(void **state) {
    (void)state;
    publish_bindle_t bindle;
    spin_slice_t text;
    assert_good(publish_expand(&bindle, GOLDEN "/app", NULL, NULL));
    assert_text(bindle.id, "everything/1.2.3-rc.1");
    assert_golden(bindle.sources[0].bytes, "app.manifest.toml");
    assert_good(bindle_invoice_write(&bindle.invoice, &arena, &text));
    assert_golden(text, "app.invoice.toml");
    for (size_t i = 1; i < bindle.invoice.parcels_len; i++) {
        const publish_source_t *source = &bindle.sources[i];
        struct stat info;
        assert_true(source->bytes.ptr == NULL && source->path[0] == '/');
        assert_int_equal(stat(source->path, &info), 0);
        assert_int_equal(info.st_size, bindle.invoice.parcels[i].size_bytes);
    }
    publish_bindle_deinit(&bindle);
}

static void build_information_is_added_to_the_version(void **state) {
    (void)state;
    publish_bindle_t bindle;
    put_app();
    assert_good(publish_expand(&bindle, in_base("app"), "r12-a.b", NULL));
    assert_text(bindle.id, "hello/1.0.0+r12-a.b");
    assert_text(bindle.invoice.version, "1.0.0+r12-a.b");
    publish_bindle_deinit(&bindle);
    assert_shown_error(
        publish_expand(&bindle, in_base("app"), "a b", NULL), SPIN_ERROR_USAGE,
        "build information is letters, digits and \"-\", joined by dots, not \"a b\"");
    assert_shown_error(publish_expand(&bindle, in_base("app"), "", NULL), SPIN_ERROR_USAGE,
                       "build information is letters, digits and \"-\", joined by dots, not \"\"");
    put_text("app/spin.toml", MANIFEST("hello", "1.0.0+x"));
    assert_shown_error(publish_expand(&bindle, in_base("app"), "y", NULL), SPIN_ERROR_USAGE,
                       "the version 1.0.0+x has build information already; \"y\" can't be added");
    assert_good(publish_expand(&bindle, in_base("app"), NULL, NULL));
    publish_bindle_deinit(&bindle);
}

static void a_module_with_a_digest_is_one_too(void **state) {
    (void)state;
    publish_bindle_t bindle;
    put_app();
    char manifest[1024];
    snprintf(manifest, sizeof manifest,
             "spin_version = \"1\"\nname = \"a\"\nversion = \"1.0.0\"\n"
             "trigger = { type = \"http\" }\n[[component]]\nid = \"one\"\n"
             "source = { url = \"file://%s/app/one.wasm\", digest = \"sha256:"
             "93a44bbb96c751218e4c00d479e4c14358122a389acca16205b1e4d0dc5f9476\" }\n"
             "[component.trigger]\nroute = \"/\"\n",
             base);
    put_text("app/spin.toml", manifest);
    assert_good(publish_expand(&bindle, in_base("app"), NULL, NULL));
    assert_int_equal(bindle.invoice.parcels_len, 2);
    assert_text(bindle.invoice.parcels[1].name, "one.wasm");
    assert_int_equal(access(bindle.sources[1].path, R_OK), 0);
    publish_bindle_deinit(&bindle);
}

/* As if it had been fetched before: the server, which is not there, is not asked. */
static void put_into_cache(const char *cache_dir, const char *server) {
    static const char invoice[] =
        "bindleVersion = \"1.0.0\"\n[bindle]\nname = \"other\"\nversion = \"2.0.0\"\n"
        "[[parcel]]\nlabel = { sha256 = \"" DIGEST "\", name = \"a\", size = 8, mediaType = "
        "\"application/wasm\" }\n";
    bindle_cache_t cache = {cache_dir};
    bindle_cache_entry_t entry = {.fd = -1};
    bool present;
    assert_good(bindle_cache_put_invoice(&cache, server, SLICE_LITERAL("other/2.0.0"),
                                         spin_slice(invoice)));
    assert_good(bindle_cache_enter(&cache, &arena, DIGEST, 8, &entry, &present));
    assert_good(bindle_cache_append(&entry, spin_slice_of(WASM, 8)));
    assert_good(bindle_cache_commit(&entry));
    bindle_cache_leave(&entry);
}

static void a_module_of_another_bindle_is_taken_over(void **state) {
    (void)state;
    publish_bindle_t bindle;
    spin_bindle_options_t options = {.size = sizeof options,
                                     .server = "http://127.0.0.1:9/v1",
                                     .cache_dir = in_base("cache"),
                                     .connect_timeout_ms = 1000};
    put_into_cache(options.cache_dir, options.server);
    put_text("app/spin.toml", "spin_version = \"1\"\nname = \"a\"\nversion = \"1.0.0\"\n"
                              "trigger = { type = \"http\" }\n[[component]]\nid = \"one\"\n"
                              "source = { reference = \"other/2.0.0\", parcel = \"" DIGEST "\" }\n"
                              "[component.trigger]\nroute = \"/\"\n");
    assert_good(publish_expand(&bindle, in_base("app"), NULL, &options));
    assert_int_equal(bindle.invoice.parcels_len, 2);
    assert_text(bindle.invoice.parcels[1].name, "one.wasm");
    assert_text(bindle.invoice.parcels[1].origin, "other/2.0.0");
    assert_string_equal(bindle.invoice.parcels[1].sha256, DIGEST);
    assert_int_equal(access(bindle.sources[1].path, R_OK), 0);
    publish_bindle_deinit(&bindle);
}

static void media_types_follow_names(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"a.html", "text/html"},
        {"a/b.PNG", "image/png"},
        {"a.tar.gz", "application/gzip"},
        {"html", "application/octet-stream"},
        {".html", "application/octet-stream"},
        {"a/.html", "application/octet-stream"},
        {"a.html/b", "application/octet-stream"},
        {"a.", "application/octet-stream"},
        {"a.htmlx", "application/octet-stream"},
        {"", "application/octet-stream"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_text(media_type_of(spin_slice(cases[i][0])), cases[i][1]);
}

/* ── the manifest in it ──────────────────────────────────────────────────────────────────── */

/* What all of the application says but where modules and files are, and how they are built. */
static json_t *comparable(const spin_application_t *application) {
    static const char *const keys[] = {"source", "files", "exclude_files", "build"};
    char *text;
    json_t *component;
    size_t index;
    assert_good(spin_application_to_json(application, &text));
    for (char *nul; (nul = strstr(text, "\\u0000")) != NULL;)
        nul[5] = '1'; /* which jansson takes in keys */
    json_error_t mistake;
    json_t *json = json_loads(text, 0, &mistake);
    if (json == NULL)
        fail_msg("%s: %s", mistake.text, text);
    spin_string_free(text);
    json_object_del(json, "namespace");
    json_array_foreach(json_object_get(json, "component"), index, component) {
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
            json_object_del(component, keys[i]);
    }
    return json;
}

static void assert_same_behind_a_bindle(const char *path) {
    const char *digests[64];
    spin_application_t *application, *loaded;
    manifest_group_t *groups;
    buf_t text = {0};
    spin_error_t *error = manifest_parse(read_text(path), path, &application);
    if (error != NULL) { /* one that shows an error */
        spin_error_free(error);
        return;
    }
    for (size_t i = 0; i < 64; i++)
        digests[i] = DIGEST;
    app_manifest_write(&text, application, digests);
    assert_false(text.failed);
    manifest_invoice_t invoice = {.reference = SLICE_LITERAL("a/1.0.0"),
                                  .name = application->name,
                                  .version = application->version,
                                  .description = application->description,
                                  .authors = application->authors.items,
                                  .authors_len = application->authors.len};
    error = manifest_parse_bindle(buf_slice(&text), path, &invoice, &loaded, &groups);
    if (error != NULL)
        print_error("%.*s\n", SLICE_ARG(buf_slice(&text)));
    assert_good(error);
    json_t *before = comparable(application), *after = comparable(loaded);
    if (!json_equal(before, after))
        fail_msg("%s\n%s\n%s", path, json_dumps(before, 0), json_dumps(after, 0));
    for (size_t i = 0; i < application->components_len; i++)
        assert_int_equal(groups[i].name.ptr != NULL, application->components[i].files_len > 0);
    json_decref(before);
    json_decref(after);
    buf_deinit(&text);
    spin_application_unref(application);
    spin_application_unref(loaded);
}

static void a_bindle_s_manifest_says_what_the_application_s_does(void **state) {
    (void)state;
    glob_t found;
    assert_int_equal(glob(MANIFESTS "/*.toml", 0, NULL, &found), 0);
    assert_true(found.gl_pathc > 20);
    for (size_t i = 0; i < found.gl_pathc; i++)
        assert_same_behind_a_bindle(found.gl_pathv[i]);
    globfree(&found);
    assert_same_behind_a_bindle(GOLDEN "/app/spin.toml");
}

static void other_triggers_have_their_settings(void **state) {
    (void)state;
    static const char custom[] =
        "spin_version = \"1\"\nname = \"a\"\nversion = \"1.0.0\"\n"
        "trigger = { type = \"timer\", every = 1.5, at = 07:32:00, list = [1, { x = true }] }\n"
        "[[component]]\nid = \"one\"\nsource = \"one.wasm\"\n"
        "[component.trigger]\n\"odd key\" = \"\\u0000\"\n[component.trigger.deep.table]\nn = -1\n";
    static const char expected[] =
        "[trigger]\ntype = \"timer\"\nevery = 1.5\nat = 07:32:00\nlist = [1, { x = true }]\n"
        "\n[[component]]\nid = \"one\"\nsource = \"" DIGEST "\"\n"
        "\n[component.trigger]\n\"odd key\" = \"\\u0000\"\ndeep = { table = { n = -1 } }\n";
    static const char redis[] = "spin_version = \"1\"\nname = \"a\"\nversion = \"1.0.0\"\n"
                                "trigger = { type = \"redis\", address = \"redis://localhost\" }\n"
                                "[[component]]\nid = \"one\"\nsource = "
                                "\"one.wasm\"\n[component.trigger]\nchannel = \"c\"\n";
    const char *const digests[] = {DIGEST};
    spin_application_t *application;
    buf_t text = {0};
    assert_good(manifest_parse(spin_slice(custom), NULL, &application));
    app_manifest_write(&text, application, digests);
    assert_text(buf_slice(&text), expected);
    spin_application_unref(application);
    buf_clear(&text);
    assert_good(manifest_parse(spin_slice(redis), NULL, &application));
    app_manifest_write(&text, application, digests);
    assert_text(buf_slice(&text),
                "[trigger]\ntype = \"redis\"\naddress = \"redis://localhost\"\n\n[[component]]\n"
                "id = \"one\"\nsource = \"" DIGEST "\"\n\n[component.trigger]\nchannel = \"c\"\n");
    spin_application_unref(application);
    buf_deinit(&text);
}

/* ── applications that can't be bindles ──────────────────────────────────────────────────── */

static void assert_refused(spin_error_kind_t kind, const char *expected) {
    publish_bindle_t bindle;
    assert_shown_error(publish_expand(&bindle, in_base("app"), NULL, NULL), kind, expected);
    assert_null(bindle.application);
}

static void what_is_wrong_is_told_with_its_position(void **state) {
    (void)state;
    put_app();
    put_text("app/spin.toml", MANIFEST("hello world", "1.0.0"));
    assert_refused(SPIN_ERROR_INVALID,
                   "BASE/app/spin.toml:2:8: name \"hello world\", as a bindle's, may contain only "
                   "letters, digits and \"_-.~+/\"");
    put_text("app/spin.toml", MANIFEST("h\u00e9llo", "1.0.0"));
    assert_refused(SPIN_ERROR_INVALID,
                   "BASE/app/spin.toml:2:8: name \"h\u00e9llo\", as a bindle's, may "
                   "contain only ASCII letters: servers do not find others "
                   "again");
    put_text("app/data/a\\b", "x");
    put_text("app/spin.toml", MANIFEST("hello", "1.0.0"));
    assert_refused(SPIN_ERROR_INVALID,
                   "BASE/app/spin.toml:8:10: component \"one\": files: a bindle can't hold "
                   "\"data/a\\b\": rename it without its backslash");
    assert_int_equal(unlink(in_base("app/data/a\\b")), 0);
    put_text("app/spin.toml", MANIFEST("hello", "1.0"));
    assert_refused(SPIN_ERROR_INVALID, "BASE/app/spin.toml:3:11: version \"1.0\", as a bindle's, "
                                       "is not a semantic version such as 1.2.3");
    put_text("app/spin.toml", MANIFEST("hello", "1.0.0") "files = 1\n");
    assert_refused(SPIN_ERROR_INVALID,
                   "BASE/app/spin.toml:11:1: component \"one\": unknown key \"files\" in trigger");
    put_app();
    assert_int_equal(unlink(in_base("app/one.wasm")), 0);
    assert_refused(SPIN_ERROR_NOT_FOUND, "BASE/app/spin.toml:7:10: component \"one\": source "
                                         "\"one.wasm\": not found");
    put_app();
    assert_int_equal(symlink("/etc/passwd", in_base("app/data/leak")), 0);
    assert_refused(SPIN_ERROR_DENIED,
                   "BASE/app/spin.toml:8:10: component \"one\": files: "
                   "\"data/leak\" leads out of the manifest's folder through a symbolic link");
    assert_int_equal(unlink(in_base("app/data/leak")), 0);
    assert_int_equal(unlink(in_base("app/spin.toml")), 0);
    publish_bindle_t bindle;
    spin_error_t *error = publish_expand(&bindle, in_base("app"), NULL, NULL);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_NOT_FOUND);
    spin_error_free(error);
}

/* ── standalone bindles ──────────────────────────────────────────────────────────────────── */

static spin_bindle_options_t options_of_test(void) {
    return (spin_bindle_options_t){.size = sizeof(spin_bindle_options_t),
                                   .key_file = in_base("key.toml"),
                                   .label = "Ann <ann@example.com>"};
}

static spin_error_t *prepare(void) {
    char *id = NULL;
    spin_bindle_options_t options = options_of_test();
    spin_error_t *error = spin_bindle_prepare(in_base("app"), NULL, in_base("out"), &options, &id);
    if (error == NULL)
        assert_string_equal(id, "hello/1.0.0");
    spin_string_free(id);
    return error;
}

static const char *bindle_path(const char *name) {
    char digest[DIGEST_HEX + 1];
    bindle_reference_digest(SLICE_LITERAL("hello"), SLICE_LITERAL("1.0.0"), digest);
    return (const char *)arena_printf(&arena, "%s/out/%s%s", base, digest, name).ptr;
}

static size_t count_entries(const char *path) {
    size_t count = 0;
    DIR *folder = opendir(path);
    if (folder == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(folder);
    return count;
}

static void assert_parcel(const bindle_parcel_t *parcel) {
    const char *path =
        bindle_path((const char *)arena_printf(&arena, "/parcels/%s.dat", parcel->sha256).ptr);
    int fd = open(path, O_RDONLY);
    char hex[DIGEST_HEX + 1];
    uint64_t len;
    struct sha256_ctx hash;
    struct stat info;
    assert_true(fd >= 0);
    sha256_init(&hash);
    assert_int_equal(digest_file(fd, &hash, &len), 0);
    digest_hex(&hash, hex);
    assert_string_equal(hex, parcel->sha256);
    assert_int_equal(len, parcel->size_bytes);
    assert_int_equal(fstat(fd, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0644);
    close(fd);
}

/* Whole, signed and alone. */
static void assert_bindle(size_t files) {
    bindle_invoice_t invoice;
    bindle_key_t key;
    assert_good(bindle_invoice_parse(&invoice, &arena, read_text(bindle_path("/invoice.toml")),
                                     "invoice.toml"));
    assert_good(
        bindle_key_load(&key, &arena, in_base("key.toml"), SLICE_LITERAL("Ann <ann@example.com>")));
    assert_good(bindle_verify(&invoice, &(bindle_keyring_t){&key.public_key, 1}));
    assert_text(invoice.signatures.items[0].by, "Ann <ann@example.com>");
    assert_int_equal(count_entries(bindle_path("/parcels")), files);
    assert_int_equal(count_entries(bindle_path("")), 2);
    assert_int_equal(count_entries(in_base("out")), 1);
    for (size_t i = 0; i < invoice.parcels_len; i++)
        assert_parcel(&invoice.parcels[i]);
}

static void a_standalone_bindle_has_all_of_it(void **state) {
    (void)state;
    umask(022);
    put_app();
    assert_good(prepare());
    assert_bindle(4);
}

static void a_second_one_takes_the_place_of_the_first(void **state) {
    (void)state;
    put_app();
    assert_good(prepare());
    put_text("app/data/a.txt", "changed");
    put_text("app/data/c.txt", "changed"); /* the same content */
    assert_good(prepare());
    assert_bindle(4);
    assert_good(prepare());
    assert_bindle(4);
}

static void the_first_author_signs_where_nobody_is_named(void **state) {
    (void)state;
    char *id;
    bindle_invoice_t invoice;
    spin_bindle_options_t options = options_of_test();
    put_app();
    put_text("app/spin.toml", "authors = [\"Zoë\", \"Ann\"]\n" MANIFEST("hello", "1.0.0"));
    options.label = NULL;
    assert_good(spin_bindle_prepare(in_base("app/spin.toml"), NULL, in_base("out"), &options, &id));
    spin_string_free(id);
    assert_good(
        bindle_invoice_parse(&invoice, &arena, read_text(bindle_path("/invoice.toml")), NULL));
    assert_text(invoice.signatures.items[0].by, "Zoë");
    put_text("app/spin.toml", MANIFEST("hello", "1.0.0")); /* then it is the key's own label */
    assert_good(spin_bindle_prepare(in_base("app/spin.toml"), NULL, in_base("out"), &options, &id));
    spin_string_free(id);
    assert_good(
        bindle_invoice_parse(&invoice, &arena, read_text(bindle_path("/invoice.toml")), NULL));
    assert_text(invoice.signatures.items[0].by, "Zoë");
}

typedef struct told {
    size_t calls;
    size_t skipped;
    uint64_t bytes;
} told_t;

static void count_progress(const spin_bindle_progress_t *progress, void *user) {
    told_t *told = user;
    told->calls++;
    told->skipped += progress->skipped;
    assert_true(progress->done_bytes <= progress->total_bytes);
    assert_in_range(progress->parcel, 1, progress->parcels);
    if (progress->done_bytes == progress->total_bytes)
        told->bytes += progress->total_bytes;
}

static void progress_is_told(void **state) {
    (void)state;
    char *id;
    told_t told = {0};
    spin_bindle_options_t options = options_of_test();
    options.progress = count_progress;
    options.user = &told;
    put_app();
    put_text("app/data/b.html", "first");
    assert_int_equal(truncate(in_base("app/data/big"), 0), -1);
    put_text("app/data/big", "");
    assert_int_equal(truncate(in_base("app/data/big"), (5 << 20) + 1), 0);
    assert_good(spin_bindle_prepare(in_base("app"), NULL, in_base("out"), &options, &id));
    assert_int_equal(told.calls, 5 + 5);
    assert_int_equal(told.skipped, 1);
    assert_true(told.bytes > (5 << 20) + 1 + 8 + 5 + 5);
    spin_string_free(id);
}

/* The manifest's parcel comes first, and the application changes meanwhile. */
static void change_the_app(const spin_bindle_progress_t *progress, void *user) {
    (void)user;
    if (progress->parcel == 1)
        put_text("app/data/b.html", "SECOND");
}

static void a_file_that_changes_meanwhile_is_noticed(void **state) {
    (void)state;
    char *id;
    spin_bindle_options_t options = options_of_test();
    options.progress = change_the_app;
    put_app();
    assert_shown_error(
        spin_bindle_prepare(in_base("app"), NULL, in_base("out"), &options, &id),
        SPIN_ERROR_INVALID,
        "\"BASE/app/data/b.html\" has changed while the bindle was made of it; make it "
        "once more");
    assert_int_equal(count_entries(in_base("out")), 0);
    assert_good(prepare());
    assert_bindle(4);
}

static void what_is_in_the_way_stays(void **state) {
    (void)state;
    put_app();
    assert_int_equal(mkdir(in_base("out"), 0755), 0);
    int fd = open(bindle_path(""), O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    spin_error_t *error = prepare();
    assert_non_null(error);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_EXISTS);
    spin_error_free(error);
    assert_int_equal(count_entries(in_base("out")), 1);
    assert_int_equal(unlink(bindle_path("")), 0);
    assert_int_equal(mkdir(bindle_path(""), 0755), 0); /* an empty folder is not */
    assert_good(prepare());
    assert_bindle(4);
}

/* As a full disk, but in a test: what a process may write is limited. */
static void a_disk_without_space_is_an_error(void **state) {
    (void)state;
    struct rlimit before, small;
    put_app();
    assert_good(prepare()); /* the key */
    put_text("app/data/big", "");
    assert_int_equal(truncate(in_base("app/data/big"), 1 << 20), 0);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 100 << 10;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    spin_error_t *error = prepare();
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_non_null(error);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_IO);
    spin_error_free(error);
    assert_bindle(4); /* the old one */
    assert_good(prepare());
    assert_bindle(5);
}

/* ── processes ───────────────────────────────────────────────────────────────────────────── */

static void prepare_in_child(void) {
    spin_error_t *error = prepare();
    char message[512];
    if (error != NULL) {
        spin_error_format(error, message, sizeof message);
        fprintf(stderr, "%s\n", message);
    }
    _exit(error == NULL ? 0 : 1);
}

static void several_at_one_time_come_to_one_bindle(void **state) {
    (void)state;
    enum { PROCESSES = 8 };
    put_app();
    for (int i = 0; i < PROCESSES; i++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            prepare_in_child();
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_bindle(4);
}

static void a_killed_process_leaves_what_the_next_one_completes(void **state) {
    (void)state;
    put_app();
    put_text("app/data/big", "");
    assert_int_equal(truncate(in_base("app/data/big"), 1 << 20), 0);
    for (useconds_t delay_us = 0; delay_us < 16000; delay_us += 400) {
        int status;
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            prepare_in_child();
        usleep(delay_us);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (access(bindle_path(""), F_OK) == 0) /* where there is one, it is whole */
            assert_int_equal(count_entries(bindle_path("")), 2);
        if (delay_us % 2000 == 0) {
            assert_good(prepare());
            assert_bindle(5);
        }
    }
}

/* ── memory ──────────────────────────────────────────────────────────────────────────────── */

static void a_large_file_costs_no_memory(void **state) {
    (void)state;
    enum { SIZE = 96 << 20 };
    struct rusage before, after;
    put_app();
    assert_good(prepare());
    put_text("app/data/big", "");
    assert_int_equal(truncate(in_base("app/data/big"), SIZE), 0);
    getrusage(RUSAGE_SELF, &before);
    assert_good(prepare());
    getrusage(RUSAGE_SELF, &after);
    assert_true(after.ru_maxrss - before.ru_maxrss < 8 << 10); /* KiB */
}

typedef struct preparation {
    const char *from, *to;
    spin_bindle_options_t options;
} preparation_t;

static spin_error_t *prepare_once(void *user) {
    const preparation_t *preparation = user;
    char *id = NULL;
    spin_error_t *error =
        spin_bindle_prepare(preparation->from, "x", preparation->to, &preparation->options, &id);
    spin_string_free(id);
    return error;
}

static void running_out_of_memory_is_an_error(void **state) {
    (void)state;
    preparation_t preparation = {in_base("app"), in_base("out"), options_of_test()};
    put_app();
    assert_good(prepare());
    assert_int_equal(failing_alloc_each(prepare_once, &preparation, 20), 0);
    assert_int_equal(count_entries(preparation.to), 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_application_becomes_a_bindle, set_up, tear_down),
        cmocka_unit_test_setup_teardown(build_information_is_added_to_the_version, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_module_with_a_digest_is_one_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_module_of_another_bindle_is_taken_over, set_up,
                                        tear_down),
        cmocka_unit_test(media_types_follow_names),
        cmocka_unit_test_setup_teardown(a_bindle_s_manifest_says_what_the_application_s_does,
                                        set_up, tear_down),
        cmocka_unit_test(other_triggers_have_their_settings),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_told_with_its_position, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_standalone_bindle_has_all_of_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_second_one_takes_the_place_of_the_first, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_first_author_signs_where_nobody_is_named, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(progress_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_changes_meanwhile_is_noticed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_in_the_way_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_disk_without_space_is_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(several_at_one_time_come_to_one_bindle, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_killed_process_leaves_what_the_next_one_completes, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_large_file_costs_no_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(running_out_of_memory_is_an_error, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
