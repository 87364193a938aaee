/* Applications out of bindles, from a cache of parcels alone. tests/e2e/test_up_bindle.py has a
 * server. */
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "bindle_world.h"
#include "failing_alloc.h"

/* Fails with that kind and text, leaving nothing. */
static void assert_fails_with(const spin_loader_options_t *options, spin_error_kind_t kind,
                              const char *expected) {
    publish();
    spin_application_t *application = NULL;
    spin_error_t *error = spin_loader_load_bindle(ID, &bindle, options, &application);
    assert_null(application);
    if (error == NULL)
        fail_msg("no error, where this was expected: %s", expected);
    char message[2048];
    spin_error_format(error, message, sizeof message);
    assert_string_equal(message, expected);
    assert_int_equal(spin_error_kind(error), kind);
    spin_error_free(error);
    assert_int_equal(count_entries(tmp), 0);
}

static void assert_fails(spin_error_kind_t kind, const char *expected) {
    assert_fails_with(NULL, kind, expected);
}

/* ── tests ───────────────────────────────────────────────────────────────────────────────── */

static void loads_modules_and_files(void **state) {
    (void)state;
    put_one(FILES "description = \"shows\"\n");
    put("a.txt", "A", "\"files-web\"");
    put("static/css/b.css", "B", "\"files-web\"");
    put("other.txt", "O", "\"files-other\"");
    put("free.txt", "F", NULL);
    spin_application_t *application = load();
    assert_text(spin_application_name(application), "shop");
    assert_text(spin_application_version(application), "1.2.0");
    assert_text(spin_application_description(application), "Sells");
    assert_int_equal(spin_application_authors(application).len, 1);
    assert_text(spin_application_origin(application), "bindle+" SERVER "?id=" ID);
    assert_text(spin_application_http_base(application), "/");

    const spin_component_t *web = spin_application_component(application, 0);
    assert_text(spin_component_description(web), "shows");
    assert_int_equal(spin_component_source(web), SPIN_SOURCE_BINDLE);
    assert_text(spin_component_source_reference(web), ID);
    assert_content(web->source.file, "module");
    assert_text(web->source.file_digest,
                "sha256:120970d812836f19888625587a4606a5ad23cef31c8684e601771552548fc6b9");
    spin_mount_t mount;
    assert_true(spin_component_mount(web, 0, &mount));
    assert_text(mount.guest_path, "/");
    assert_true(mount.read_only);
    assert_int_equal(count_entries(web->mounts[0].host_path), 2);
    assert_content(in_mount(application, 0, "a.txt"), "A");
    assert_content(in_mount(application, 0, "static/css/b.css"), "B");

    assert_int_equal(count_entries(tmp), 1);
    spin_application_unref(application);
    assert_int_equal(count_entries(tmp), 0);
}

static void needs_no_files(void **state) {
    (void)state;
    put_one("");
    put("a.txt", "A", "\"files-web\"");
    spin_application_t *application = load();
    assert_int_equal(application->components[0].mounts_len, 0);
    spin_application_unref(application);
}

static void a_group_may_be_empty(void **state) {
    (void)state;
    put_one(FILES);
    spin_application_t *application = load();
    assert_int_equal(count_entries(in_mount(application, 0, "")), 0);
    spin_application_unref(application);
}

static void components_share_parcels(void **state) {
    (void)state;
    char text[1024], module[65];
    strcpy(module, put("one.wasm", "module", NULL));
    snprintf(text, sizeof text,
             "trigger = { type = \"http\" }\n"
             "[[component]]\nid = \"a\"\nsource = \"%s\"\nfiles = \"files-a\"\n"
             "[component.trigger]\nroute = \"/a\"\n"
             "[[component]]\nid = \"b\"\nsource = \"%s\"\nfiles = \"files-b\"\n"
             "[component.trigger]\nroute = \"/b\"\n",
             module, module);
    put_manifest(text);
    put("both.txt", "both", "\"files-a\", \"files-b\"");
    put("renamed.txt", "both", "\"files-b\"");
    put("both.txt", "both", "\"files-a\""); /* listed twice: no matter */
    put("both.wasm", "module", "\"files-a\"");
    spin_application_t *application = load();
    assert_int_equal(count_entries(in_mount(application, 0, "")), 2);
    assert_int_equal(count_entries(in_mount(application, 1, "")), 2);
    assert_content(in_mount(application, 0, "both.wasm"), "module");
    assert_content(in_mount(application, 1, "renamed.txt"), "both");
    assert_content(application->components[1].source.file, "module");
    spin_application_unref(application);
}

static bool same_file(const char *a, const char *b) {
    struct stat first, second;
    assert_int_equal(stat(a, &first), 0);
    assert_int_equal(stat(b, &second), 0);
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/* So that a large bindle costs neither time nor space, and an emptied cache does no harm. */
static void shares_the_files_of_the_cache(void **state) {
    (void)state;
    put_one(FILES);
    char digest[65];
    strcpy(digest, put("a.txt", "A", "\"files-web\""));
    spin_application_t *application = load();
    assert_true(same_file(in_mount(application, 0, "a.txt"), parcel_path(digest)));
    assert_int_equal(nftw(cache, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
    assert_content(in_mount(application, 0, "a.txt"), "A");
    assert_content(application->components[0].source.file, "module");
    spin_application_unref(application);
}

/* What the user keeps he may write to, which must not reach the cache. */
static void copies_into_a_named_folder(void **state) {
    (void)state;
    char kept[96];
    snprintf(kept, sizeof kept, "%s/kept", base);
    spin_loader_options_t options = {.size = sizeof options, .temp_dir = kept};
    put_one(FILES);
    char digest[65], host[PATH_MAX];
    strcpy(digest, put("a/b.txt", "B", "\"files-web\""));
    spin_application_t *application = load_with(&options);
    snprintf(host, sizeof host, "%s", in_mount(application, 0, "a/b.txt"));
    assert_false(same_file(host, parcel_path(digest)));
    spin_application_unref(application);
    assert_content(host, "B");
    assert_int_equal(count_entries(tmp), 0);
}

#define LONG78 "123456789012345678901234567890123456789012345678901234567890123456789012345678"
#define LONG   LONG78 LONG78 LONG78 LONG78

static void names_stay_in_the_folder(void **state) {
    (void)state;
    static const struct {
        const char *name;
        spin_error_kind_t kind;
        const char *shown, *reason;
    } cases[] = {
        {"/etc/passwd", SPIN_ERROR_DENIED, "/etc/passwd", "its name must not be absolute"},
        {"../up", SPIN_ERROR_DENIED, "../up", "its name must not have \"..\" in it"},
        {"a/../../up", SPIN_ERROR_DENIED, "a/../../up", "its name must not have \"..\" in it"},
        {"a/..", SPIN_ERROR_DENIED, "a/..", "its name must not have \"..\" in it"},
        {"..\\\\up", SPIN_ERROR_DENIED, "..\\\\up",
         "its name must have neither backslashes nor NUL characters in it"},
        {"C:\\\\x", SPIN_ERROR_DENIED, "C:\\\\x",
         "its name must have neither backslashes nor NUL characters in it"},
        {"./.", SPIN_ERROR_INVALID, "./.", "its name stands for no file"},
        {"a/" LONG, SPIN_ERROR_LIMIT, "a/" LONG78, "its name has a part of more than 255 bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t before = invoice.len;
        put_one(FILES);
        char digest[65], expected[512];
        strcpy(digest, put(cases[i].name, "evil", "\"files-web\""));
        snprintf(expected, sizeof expected,
                 "bindle:" ID "/spin.toml:5:9: component \"web\": files: parcel \"%s\"%s (%s): %s",
                 cases[i].shown, cases[i].kind == SPIN_ERROR_LIMIT ? "..." : "", digest,
                 cases[i].reason);
        assert_fails(cases[i].kind, expected);
        invoice.len = before;
    }
}

static void names_are_made_plain(void **state) {
    (void)state;
    put_one(FILES);
    put("./a//b/./c.txt", "C", "\"files-web\"");
    put("\xC3\xA9t\xC3\xA9 \xE2\x98\x80", "sun", "\"files-web\"");
    put("...", "dots", "\"files-web\"");
    put("A/b/c.txt", "other case", "\"files-web\"");
    spin_application_t *application = load();
    assert_content(in_mount(application, 0, "a/b/c.txt"), "C");
    assert_content(in_mount(application, 0, "A/b/c.txt"), "other case");
    assert_content(in_mount(application, 0, "\xC3\xA9t\xC3\xA9 \xE2\x98\x80"), "sun");
    assert_content(in_mount(application, 0, "..."), "dots");
    spin_application_unref(application);
}

static void refuses_two_parcels_of_one_name(void **state) {
    (void)state;
    put_one(FILES);
    char first[65], second[65], expected[512];
    strcpy(first, put("a.txt", "1", "\"files-web\""));
    strcpy(second, put("./a.txt", "2", "\"files-web\""));
    snprintf(expected, sizeof expected,
             "bindle:" ID "/spin.toml:5:9: component \"web\": files: parcel \"./a.txt\" (%s): "
             "the parcel with the digest %s has that name as well",
             second, first);
    assert_fails(SPIN_ERROR_EXISTS, expected);
}

static void refuses_a_file_in_a_folders_place(void **state) {
    (void)state;
    static const char *const orders[][2] = {{"a", "a/b"}, {"a/b", "a"}};
    for (size_t i = 0; i < 2; i++) {
        size_t before = invoice.len;
        put_one(FILES);
        put(orders[i][0], "1", "\"files-web\"");
        put(orders[i][1], "2", "\"files-web\"");
        publish();
        spin_application_t *application = NULL;
        spin_error_t *error = spin_loader_load_bindle(ID, &bindle, NULL, &application);
        assert_non_null(error);
        assert_int_equal(spin_error_kind(error), SPIN_ERROR_EXISTS);
        char message[2048];
        spin_error_format(error, message, sizeof message);
        assert_non_null(strstr(message, "a file and a folder would have the same name"));
        assert_non_null(strstr(message, orders[i][1]));
        spin_error_free(error);
        assert_int_equal(count_entries(tmp), 0);
        invoice.len = before;
    }
}

static void needs_one_manifest(void **state) {
    (void)state;
    put("a.wasm", "module", NULL);
    assert_fails(SPIN_ERROR_INVALID,
                 "bindle \"" ID "\": it is no Spin application: none of its 1 parcels is a Spin "
                 "manifest, of media type application/vnd.fermyon.spin+toml");
    put_manifest("a");
    put_manifest("b");
    assert_fails(SPIN_ERROR_INVALID, "bindle \"" ID "\": it has more than one Spin manifest: the "
                                     "parcels \"spin.toml\" and \"spin.toml\"");
}

static void takes_no_huge_manifest(void **state) {
    (void)state;
    char digest[65];
    digest_of("not even there", digest);
    list(digest, (16 << 20) + 1, "spin.toml", "application/vnd.fermyon.spin+toml", NULL);
    assert_fails(SPIN_ERROR_LIMIT, "bindle \"" ID "\": its manifest, the parcel \"spin.toml\", is "
                                   "larger than 16 MiB");
}

static void positions_are_those_of_the_parcel(void **state) {
    (void)state;
    put_manifest("trigger = { type = \"http\" }\n[[component]]\nid = 1\n");
    assert_fails(SPIN_ERROR_INVALID, "bindle:" ID "/spin.toml:3:6: component 1: id must be a "
                                     "string, not an integer");
}

/* A name that is no good in a message gives way to the digest. */
static void shows_no_hostile_name(void **state) {
    (void)state;
    char digest[65], expected[256];
    put_parcel("x", digest);
    list(digest, 1, "\\u001b[2Jx", "application/vnd.fermyon.spin+toml", NULL);
    snprintf(expected, sizeof expected,
             "bindle:" ID "/%s:1:2: expected \"=\" after the key, found the end of the file",
             digest);
    assert_fails(SPIN_ERROR_INVALID, expected);
}

static void needs_the_module(void **state) {
    (void)state;
    char digest[65], text[512], expected[512];
    digest_of("nowhere", digest);
    snprintf(text, sizeof text,
             "trigger = { type = \"http\" }\n[[component]]\nid = \"web\"\nsource = \"%s\"\n"
             "[component.trigger]\nroute = \"/\"\n",
             digest);
    put_manifest(text);
    snprintf(expected, sizeof expected,
             "bindle:" ID "/spin.toml:4:10: component \"web\": source: the bindle \"" ID
             "\" has no parcel %s",
             digest);
    assert_fails(SPIN_ERROR_NOT_FOUND, expected);
}

static void mounts_no_folders(void **state) {
    (void)state;
    spin_loader_options_t options = {.size = sizeof options, .direct_mounts = true};
    put_one(FILES);
    assert_fails_with(&options, SPIN_ERROR_INVALID,
                      "bindle:" ID "/spin.toml:5:9: component \"web\": files: direct mounts need "
                      "folders, and a bindle has none; run without them");
    invoice.len = 0;
    tear_down(NULL);
    set_up(NULL);
    put_one("");
    spin_application_unref(load_with(&options));
}

static void writes_the_locked_form(void **state) {
    (void)state;
    spin_loader_options_t options = {.size = sizeof options, .locked = true};
    char text[512];
    snprintf(text, sizeof text,
             "[trigger]\ntype = \"timer\"\n[[component]]\nid = \"tick\"\nsource = \"%s\"\n"
             "files = \"files-tick\"\n[component.trigger]\nevery = \"1s\"\n",
             put("tick.wasm", "module", NULL));
    put_manifest(text);
    put("a.txt", "A", "\"files-tick\"");
    spin_application_t *application = load_with(&options), *locked;
    assert_null(spin_loader_load_locked((const char *)spin_application_locked_file(application).ptr,
                                        &locked));
    assert_text(spin_application_origin(locked), "bindle+" SERVER "?id=" ID);
    assert_string_equal(locked->components[0].source.file, application->components[0].source.file);
    assert_true(slice_equal(locked->components[0].source.file_digest,
                            application->components[0].source.file_digest));
    assert_content(in_mount(locked, 0, "a.txt"), "A");
    assert_string_equal(locked->file, "bindle:" ID "/spin.toml");
    spin_application_unref(locked);
    spin_application_unref(application);
    assert_int_equal(count_entries(tmp), 0);
}

/* ── parcels that are not there ──────────────────────────────────────────────────────────── */

static void assert_fails_near(const char *const parts[], size_t len) {
    publish();
    spin_application_t *application = NULL;
    spin_error_t *error = spin_loader_load_bindle(ID, &bindle, NULL, &application);
    assert_non_null(error);
    assert_null(application);
    char message[2048];
    spin_error_format(error, message, sizeof message);
    spin_error_free(error);
    for (size_t i = 0; i < len; i++)
        if (strstr(message, parts[i]) == NULL)
            fail_msg("\"%s\" is not in: %s", parts[i], message);
    assert_int_equal(count_entries(tmp), 0);
}

static void says_which_parcel_is_missing(void **state) {
    (void)state;
    put_one(FILES);
    char digest[65];
    strcpy(digest, put("static/lost.txt", "lost", "\"files-web\""));
    assert_int_equal(unlink(parcel_path(digest)), 0);
    const char *const parts[] = {"bindle \"" ID "\"", "static/lost.txt", digest, "127.0.0.1:1"};
    assert_fails_near(parts, 4);

    assert_int_equal(unlink(parcel_path(manifest_digest)), 0);
    const char *const of_manifest[] = {"bindle \"" ID "\"", "spin.toml", manifest_digest,
                                       "127.0.0.1:1"};
    assert_fails_near(of_manifest, 4);
}

/* A parcel is looked at each time it is taken: what a hand has changed is not run. */
static void takes_no_damaged_parcel(void **state) {
    (void)state;
    put_one(FILES);
    char digest[65];
    strcpy(digest, put("a.txt", "good", "\"files-web\""));
    FILE *file = fopen(parcel_path(digest), "w");
    fputs("evil", file);
    fclose(file);
    const char *const parts[] = {"bindle \"" ID "\"", digest};
    assert_fails_near(parts, 2);
}

static void needs_the_invoice(void **state) {
    (void)state;
    spin_application_t *application = NULL;
    spin_error_t *error = spin_loader_load_bindle("lost/1.0.0", &bindle, NULL, &application);
    assert_non_null(error);
    char message[1024];
    spin_error_format(error, message, sizeof message);
    spin_error_free(error);
    assert_non_null(strstr(message, "lost/1.0.0"));
    assert_non_null(strstr(message, "127.0.0.1:1"));
    static const char *const references[] = {"",       "shop",     "shop/",     "/1.2.0",
                                             "shop/x", "../1.0.0", "a b/1.0.0", "shop/1.0.0/"};
    for (size_t i = 0; i < sizeof references / sizeof *references; i++) {
        error = spin_loader_load_bindle(references[i], &bindle, NULL, &application);
        assert_non_null(error);
        assert_int_equal(spin_error_kind(error), SPIN_ERROR_INVALID);
        spin_error_free(error);
    }
    assert_null(application);
}

static void needs_a_server(void **state) {
    (void)state;
    bindle.server = NULL;
    spin_application_t *application = NULL;
    spin_error_t *error = spin_loader_load_bindle(ID, &bindle, NULL, &application);
    assert_non_null(error);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_USAGE);
    char message[1024];
    spin_error_format(error, message, sizeof message);
    assert_non_null(strstr(message, "BINDLE_URL"));
    spin_error_free(error);

    bindle.server = SERVER;
    error = spin_loader_load_bindle(ID, &bindle, &(spin_loader_options_t){.size = 1}, &application);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_USAGE);
    spin_error_free(error);
    bindle.size = 1;
    error = spin_loader_load_bindle(ID, &bindle, NULL, &application);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_USAGE);
    spin_error_free(error);
    assert_null(application);
}

/* With a keyring, an invoice that nobody has signed is not loaded, from the cache neither. */
static void asks_for_a_signature(void **state) {
    (void)state;
    char path[96];
    snprintf(path, sizeof path, "%s/keyring.toml", base);
    FILE *file = fopen(path, "w");
    fputs("version = \"1.0\"\n[[key]]\nlabel = \"Ann\"\nroles = [\"creator\"]\n"
          "key = \"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n",
          file);
    fclose(file);
    put_one("");
    bindle.keyring = path;
    const char *const parts[] = {"bindle \"" ID "\"", "sign"};
    assert_fails_near(parts, 2);
}

/* ── sources of local manifests ──────────────────────────────────────────────────────────── */

static spin_error_t *load_local(const char *parcel, const spin_bindle_options_t *options,
                                spin_application_t **out) {
    char path[96];
    snprintf(path, sizeof path, "%s/spin.toml", base);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "spin_version = \"1\"\nname = \"a\"\nversion = \"1.0.0\"\n"
                  "trigger = { type = \"http\" }\n");
    for (int i = 1; i <= 2; i++)
        fprintf(file,
                "[[component]]\nid = \"%d\"\nsource = { reference = \"" ID "\", parcel = \"%s\" }\n"
                "[component.trigger]\nroute = \"/\"\n",
                i, parcel);
    fclose(file);
    spin_loader_options_t loader = {.size = sizeof loader, .bindle = options};
    return spin_loader_load_file(path, &loader, out);
}

static void local_manifests_name_parcels(void **state) {
    (void)state;
    char digest[65];
    strcpy(digest, put("lib.wasm", "module", NULL));
    publish();
    spin_application_t *application = NULL;
    assert_null(load_local(digest, &bindle, &application));
    assert_content(application->components[0].source.file, "module");
    assert_content(application->components[1].source.file, "module");
    assert_true(same_file(application->components[1].source.file, parcel_path(digest)));
    spin_application_unref(application);
    assert_int_equal(count_entries(tmp), 0);

    char other[65], message[1024], expected[1024];
    digest_of("other", other);
    spin_error_t *error = load_local(other, &bindle, &application);
    assert_non_null(error);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_NOT_FOUND);
    spin_error_format(error, message, sizeof message);
    snprintf(expected, sizeof expected,
             "%s/spin.toml:7:10: component \"1\": source: bindle \"" ID "\": it has no parcel %s",
             base, other);
    assert_string_equal(message, expected);
    spin_error_free(error);

    bindle.server = NULL;
    error = load_local(digest, &bindle, &application);
    assert_non_null(error);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_USAGE);
    spin_error_format(error, message, sizeof message);
    assert_non_null(strstr(message, "/spin.toml:7:10: component \"1\": source: bindle \"" ID "\""));
    assert_non_null(strstr(message, "BINDLE_URL"));
    spin_error_free(error);
    assert_int_equal(count_entries(tmp), 0);
}

/* ── what goes wrong half-way ────────────────────────────────────────────────────────────── */

/* Whenever a load is killed, the next one succeeds, and leaves nothing but its own. */
static void survives_kills(void **state) {
    (void)state;
    put_one(FILES);
    for (int i = 0; i < 200; i++) {
        char name[32], content[32];
        snprintf(name, sizeof name, "d%d/f%d", i % 7, i);
        snprintf(content, sizeof content, "content %d", i);
        put(name, content, "\"files-web\"");
    }
    publish();
    unsigned killed = 0;
    for (long delay_us = 0; delay_us < 20000; delay_us += 400) {
        pid_t child = fork();
        if (child == 0) {
            spin_application_t *application;
            spin_error_t *error = spin_loader_load_bindle(ID, &bindle, NULL, &application);
            _exit(error == NULL ? 0 : 1); /* the application stays: as if killed now */
        }
        nanosleep(&(struct timespec){.tv_nsec = delay_us * 1000}, NULL);
        kill(child, SIGKILL);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
        killed += WIFSIGNALED(status);
        spin_application_t *application = NULL;
        assert_null(spin_loader_load_bindle(ID, &bindle, NULL, &application));
        assert_content(in_mount(application, 0, "d3/f199"), "content 199");
        spin_application_unref(application);
        assert_int_equal(count_entries(tmp), 0);
    }
    assert_true(killed > 0);
}

static size_t count_descriptors(void) {
    return count_entries("/proc/self/fd");
}

typedef struct loading_once {
    const char *local_parcel; /* NULL: all comes from a bindle */
    size_t descriptors;
} loading_once_t;

static spin_error_t *load_once(void *user) {
    const loading_once_t *once = user;
    spin_application_t *application = NULL;
    spin_error_t *error = once->local_parcel == NULL
                              ? spin_loader_load_bindle(ID, &bindle, NULL, &application)
                              : load_local(once->local_parcel, &bindle, &application);
    spin_application_unref(application);
    assert_int_equal(count_descriptors(), once->descriptors);
    assert_int_equal(count_entries(tmp), 0);
    return error;
}

static void survives_failing_allocations(void **state) {
    (void)state;
    put_one(FILES);
    put("a/b.txt", "B", "\"files-web\"");
    char module[65];
    digest_of("module", module);
    publish();
    loading_once_t once = {.descriptors = count_descriptors()};
    failing_alloc_each(load_once, &once, 10); /* a log line may be lost, nothing else */
    once.local_parcel = module;
    failing_alloc_each(load_once, &once, 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(loads_modules_and_files),
        TEST(needs_no_files),
        TEST(a_group_may_be_empty),
        TEST(components_share_parcels),
        TEST(shares_the_files_of_the_cache),
        TEST(copies_into_a_named_folder),
        TEST(names_stay_in_the_folder),
        TEST(names_are_made_plain),
        TEST(refuses_two_parcels_of_one_name),
        TEST(refuses_a_file_in_a_folders_place),
        TEST(needs_one_manifest),
        TEST(takes_no_huge_manifest),
        TEST(positions_are_those_of_the_parcel),
        TEST(shows_no_hostile_name),
        TEST(needs_the_module),
        TEST(mounts_no_folders),
        TEST(writes_the_locked_form),
        TEST(says_which_parcel_is_missing),
        TEST(takes_no_damaged_parcel),
        TEST(needs_the_invoice),
        TEST(needs_a_server),
        TEST(asks_for_a_signature),
        TEST(local_manifests_name_parcels),
        TEST(survives_kills),
        TEST(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
