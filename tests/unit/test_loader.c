#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "assert_error.h"
#include "base/slice.h"
#include "cmocka_all.h"
#include "failing_alloc.h"
#include "loader/source.h"
#include "manifest/application.h"
#include "spin/loader.h"

/* A world of its own for each test: <base>/app holds the application, <base>/tmp the copies. */
static char base[64];
static char app[72];
static char tmp[72];

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk) {
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static int set_up(void **state) {
    (void)state;
    strcpy(base, "/tmp/test-loader-XXXXXX");
    if (mkdtemp(base) == NULL)
        return -1;
    snprintf(app, sizeof app, "%s/app", base);
    snprintf(tmp, sizeof tmp, "%s/tmp", base);
    setenv("TMPDIR", tmp, 1);
    return mkdir(app, 0755) == 0 && mkdir(tmp, 0755) == 0 ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    return nftw(base, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* `path` below <base>; its folders are made. */
static const char *in_base(const char *path) {
    static char whole[2 * PATH_MAX];
    size_t len = (size_t)snprintf(whole, sizeof whole, "%s/", base);
    snprintf(whole + len, sizeof whole - len, "%s", path);
    for (size_t at = len; whole[at] != '\0'; at++)
        if (whole[at] == '/') {
            whole[at] = '\0';
            mkdir(whole, 0755);
            whole[at] = '/';
        }
    return whole;
}

static void put(const char *path, const char *text) {
    FILE *file = fopen(in_base(path), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void link_to(const char *path, const char *target) {
    assert_int_equal(symlink(target, in_base(path)), 0);
}

/* A manifest of one component "x", whose further lines are `lines`; line 7 is their first. */
static void put_manifest(const char *lines) {
    char text[2048];
    snprintf(text, sizeof text,
             "spin_version = \"1\"\nname = \"a\"\nversion = \"1.0.0\"\n"
             "trigger = { type = \"http\", base = \"/\" }\n"
             "[[component]]\nid = \"x\"\n%s\n[component.trigger]\nroute = \"/\"\n",
             lines);
    put("app/spin.toml", text);
}

static size_t count_entries(const char *path) {
    DIR *folder = opendir(path);
    assert_non_null(folder);
    size_t count = 0;
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count - 2;
}

static spin_application_t *load_with(const spin_loader_options_t *options) {
    spin_application_t *application = NULL;
    assert_good(spin_loader_load_file(app, options, &application));
    return application;
}

static spin_application_t *load(void) {
    return load_with(NULL);
}

/* Fails with that kind and text, whose %s is the folder of the application, leaving nothing. */
static void assert_fails_with(const spin_loader_options_t *options, spin_error_kind_t kind,
                              const char *expected) {
    spin_application_t *application = NULL;
    spin_error_t *error = spin_loader_load_file(app, options, &application);
    assert_null(application);
    char whole[2048];
    snprintf(whole, sizeof whole, "%s/spin.toml:%s", app, expected);
    assert_error_text(error, kind, whole);
    assert_int_equal(count_entries(tmp), 0);
}

static void assert_fails(spin_error_kind_t kind, const char *expected) {
    assert_fails_with(NULL, kind, expected);
}

static const manifest_mount_t *only_mount(const spin_application_t *application) {
    assert_int_equal(application->components[0].mounts_len, 1);
    return &application->components[0].mounts[0];
}

static const char *in_mount(const spin_application_t *application, const char *path) {
    static char whole[2 * PATH_MAX];
    snprintf(whole, sizeof whole, "%s/%s", only_mount(application)->host_path, path);
    return whole;
}

static void assert_holds(const spin_application_t *application, const char *path,
                         const char *expected) {
    FILE *file = fopen(in_mount(application, path), "r");
    if (file == NULL)
        fail_msg("no %s", in_mount(application, path));
    char text[64];
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    assert_string_equal(text, expected);
}

static void assert_lacks(const spin_application_t *application, const char *path) {
    assert_int_equal(access(in_mount(application, path), F_OK), -1);
}

#define SOURCE "source = \"x.wasm\"\n"
/* SHA-256 of "module". */
#define MODULE "120970d812836f19888625587a4606a5ad23cef31c8684e601771552548fc6b9"

/* ── what is copied ──────────────────────────────────────────────────────────────────────── */

static void resolves_source_and_origin(void **state) {
    (void)state;
    put("app/sub/x.wasm", "module");
    put_manifest("source = \"./sub//x.wasm\"");
    spin_application_t *application = load();
    char expected[PATH_MAX + 32];
    snprintf(expected, sizeof expected, "%s/sub/x.wasm", app);
    assert_string_equal(application->components[0].source.file, expected);
    assert_true(slice_equal_text(application->components[0].source.file_digest, "sha256:" MODULE));
    snprintf(expected, sizeof expected, "%s/spin.toml", app);
    assert_true(slice_equal_text(application->origin, expected));
    assert_int_equal(application->components[0].mounts_len, 0);
    assert_null(application->workdir);
    assert_int_equal(count_entries(tmp), 0); /* nothing to copy: no folder */
    spin_application_unref(application);
}

static void copies_what_patterns_name(void **state) {
    (void)state;
    put("app/x.wasm", "");
    put("app/top.txt", "top");
    put("app/static/a.js", "a");
    put("app/static/.hidden", "h");
    put("app/static/deep/er/b.js", "b");
    put("app/static/deep/c.css", "c");
    put("app/img/1.png", "1");
    put("app/img/2.png", "2");
    put("app/img/10.png", "10");
    put("app/all/one", "one");
    put("app/all/sub/two", "two");
    put_manifest(SOURCE
                 "files = [\"./top.txt\", \"static/**/*.js\", \"static/.h*\", \"img/?.png\", "
                 "\"all\", \"none/*\", \"static/**\"]");
    spin_application_t *application = load();
    const manifest_mount_t *mount = only_mount(application);
    assert_string_equal(mount->guest_path, "/");
    assert_true(mount->read_only);
    assert_int_equal(strncmp(mount->host_path, tmp, strlen(tmp)), 0);
    assert_holds(application, "top.txt", "top");
    assert_holds(application, "static/a.js", "a");
    assert_holds(application, "static/deep/er/b.js", "b");
    assert_holds(application, "static/.hidden", "h");
    assert_holds(application, "img/1.png", "1");
    assert_holds(application, "img/2.png", "2");
    assert_holds(application, "all/one", "one");
    assert_holds(application, "all/sub/two", "two");
    assert_lacks(application, "static/deep/c.css");
    assert_lacks(application, "img/10.png");
    assert_lacks(application, "x.wasm");
    assert_lacks(application, "none");
    spin_application_unref(application);
    assert_int_equal(count_entries(tmp), 0);
}

static void copies_placements_and_excludes(void **state) {
    (void)state;
    put("app/x.wasm", "");
    put("app/index.html", "pattern");
    put("app/static/index.html", "placed");
    put("app/static/secret/key", "k");
    put("app/static/secret/deep/key", "k");
    put("app/static/keep", "kept");
    put("app/data/d", "d");
    put_manifest(SOURCE "files = [{ source = \"static/\", destination = \"/\" }, "
                        "{ source = \"./data\", destination = \"/var/lib\" }, \"index.html\"]\n"
                        "exclude_files = [\"static/secret/*\"]");
    spin_application_t *application = load();
    assert_holds(application, "index.html", "placed");
    assert_holds(application, "keep", "kept");
    assert_holds(application, "var/lib/d", "d");
    assert_lacks(application, "secret/key");
    assert_lacks(application, "secret/deep/key");
    spin_application_unref(application);
}

static void keeps_content_mode_and_time(void **state) {
    (void)state;
    enum { SIZE = 3000001 };
    put("app/x.wasm", "");
    FILE *file = fopen(in_base("app/big"), "w");
    for (unsigned i = 0; i < SIZE; i++)
        putc((int)((i * 2654435761u) >> 24), file);
    fclose(file);
    struct timespec times[2] = {{1000000000, 0}, {1234567890, 123456789}};
    assert_int_equal(utimensat(AT_FDCWD, in_base("app/big"), times, 0), 0);
    assert_int_equal(chmod(in_base("app/big"), 0541), 0);
    put_manifest(SOURCE "files = [\"big\"]");
    spin_application_t *application = load();
    struct stat info;
    assert_int_equal(stat(in_mount(application, "big"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0541);
    assert_int_equal(info.st_size, SIZE);
    assert_int_equal(info.st_mtim.tv_sec, 1234567890);
    assert_int_equal(info.st_mtim.tv_nsec, 123456789);
    file = fopen(in_mount(application, "big"), "r");
    for (unsigned i = 0; i < SIZE; i++)
        if (getc(file) != (int)((i * 2654435761u) >> 24))
            fail_msg("byte %u differs", i);
    fclose(file);
    spin_application_unref(application);
}

static void follows_links_inside(void **state) {
    (void)state;
    char absolute[PATH_MAX + 32];
    put("app/x.wasm", "");
    put("app/real/file", "file");
    link_to("app/links/relative", "../real/file");
    snprintf(absolute, sizeof absolute, "%s/real/file", app);
    link_to("app/links/absolute", absolute);
    link_to("app/links/folder", "../real");
    link_to("app/links/loop", "..");
    link_to("app/links/self", "self");
    link_to("app/links/broken", "nowhere");
    put_manifest(SOURCE "files = [\"links/**/*\"]");
    spin_application_t *application = load();
    assert_holds(application, "links/relative", "file");
    assert_holds(application, "links/absolute", "file");
    assert_holds(application, "links/folder/file", "file");
    assert_lacks(application, "links/self");
    assert_lacks(application, "links/broken");
    assert_lacks(application, "links/loop/links/loop/links"); /* once round, at most */
    spin_application_unref(application);
}

static void components_have_their_own_files(void **state) {
    (void)state;
    put("app/x.wasm", "");
    put("app/f", "f");
    put("app/g", "g");
    put_manifest(SOURCE "files = [\"f\"]\n[component.trigger]\nroute = \"/1\"\n"
                        "[[component]]\nid = \"x y.z\"\n" SOURCE "files = [\"g\"]\n");
    spin_application_t *application = load();
    assert_int_equal(application->components_len, 2);
    const char *first = application->components[0].mounts[0].host_path;
    const char *second = application->components[1].mounts[0].host_path;
    assert_string_not_equal(first, second);
    assert_int_equal(count_entries(first), 1);
    assert_int_equal(count_entries(second), 1);
    spin_application_unref(application);
}

/* ── what is refused ─────────────────────────────────────────────────────────────────────── */

static void names_what_is_missing(void **state) {
    (void)state;
    put_manifest(SOURCE);
    assert_fails(SPIN_ERROR_NOT_FOUND, "7:10: component \"x\": source \"x.wasm\": not found");
    put_manifest(SOURCE "[component.build]\ncommand = \"make x\"");
    assert_fails(SPIN_ERROR_NOT_FOUND, "7:10: component \"x\": source \"x.wasm\": not found; build "
                                       "it first with \"make x\"");
    put("app/x.wasm", "");
    put_manifest(SOURCE "files = [\n  \"lost.txt\" ]");
    assert_fails(SPIN_ERROR_NOT_FOUND, "9:3: component \"x\": files: \"lost.txt\" not found");
    put_manifest(SOURCE "files = [{ source = \"lost\", destination = \"/\" }]");
    assert_fails(SPIN_ERROR_NOT_FOUND, "8:10: component \"x\": files: \"lost\" not found");
    put_manifest(SOURCE "files = [{ source = \"x.wasm\", destination = \"/\" }]");
    assert_fails(SPIN_ERROR_INVALID, "8:10: component \"x\": files: \"x.wasm\" is not a folder; "
                                     "only folders have a destination");
    put_manifest("source = \".\"");
    assert_fails(SPIN_ERROR_INVALID, "7:10: component \"x\": source \".\": not a regular file");
    put_manifest(SOURCE "files = [\"a[b\"]");
    assert_fails(
        SPIN_ERROR_INVALID,
        "8:10: component \"x\": files: \"a[b\" is not a pattern: \"[\" has no closing \"]\"");
    put_manifest(SOURCE "files = []\nexclude_files = [\"**a\"]");
    spin_application_unref(load()); /* nothing to exclude from */
    put_manifest(SOURCE "files = [\"x.wasm\"]\nexclude_files = [\"**a\"]");
    assert_fails(
        SPIN_ERROR_INVALID,
        "6:6: component \"x\": files: exclude_files: \"**a\" is not a pattern: \"**\" must "
        "stand alone between slashes");
}

static void keeps_inside_the_folder(void **state) {
    (void)state;
    static const char through_link[] =
        "8:10: component \"x\": files: \"%s\" leads out of the manifest's folder through a "
        "symbolic link";
    char expected[512];
    put("outside/secret", "s");
    put("app/x.wasm", "");

    put_manifest(SOURCE "files = [\"../outside/secret\"]");
    assert_fails(SPIN_ERROR_DENIED,
                 "8:10: component \"x\": files: \"../outside/secret\" leaves the "
                 "manifest's folder: \"..\" is not allowed");
    put_manifest(SOURCE "files = [\"sub/../../outside/*\"]");
    assert_fails(SPIN_ERROR_DENIED, "8:10: component \"x\": files: \"sub/../../outside/*\" leaves "
                                    "the manifest's folder: \"..\" is not allowed");
    put_manifest(SOURCE "files = [\"/etc/passwd\"]");
    assert_fails(SPIN_ERROR_DENIED,
                 "8:10: component \"x\": files: \"/etc/passwd\" is absolute; name "
                 "it relative to the manifest's folder");
    put_manifest("source = \"../outside/secret\"");
    assert_fails(
        SPIN_ERROR_DENIED,
        "7:10: component \"x\": source \"../outside/secret\": \"../outside/secret\" leaves "
        "the manifest's folder: \"..\" is not allowed");

    link_to("app/out/file", "../../outside/secret");
    put_manifest(SOURCE "files = [\"out/file\"]");
    snprintf(expected, sizeof expected, through_link, "out/file");
    assert_fails(SPIN_ERROR_DENIED, expected);
    put_manifest(SOURCE "files = [\"out/*\"]");
    assert_fails(SPIN_ERROR_DENIED, expected);
    put_manifest(SOURCE "files = [{ source = \"out\", destination = \"/\" }]");
    assert_fails(SPIN_ERROR_DENIED, expected);
    put_manifest("source = \"out/file\"");
    assert_fails(SPIN_ERROR_DENIED,
                 "7:10: component \"x\": source \"out/file\": \"out/file\" leads "
                 "out of the manifest's folder through a symbolic link");

    link_to("app/dir/out", "../../outside");
    snprintf(expected, sizeof expected, through_link, "dir/out");
    put_manifest(SOURCE "files = [\"dir/**/*\"]");
    assert_fails(SPIN_ERROR_DENIED, expected);
    put_manifest(SOURCE "files = [{ source = \"dir/out\", destination = \"/\" }]");
    assert_fails(SPIN_ERROR_DENIED, expected);
    assert_fails_with(
        &(spin_loader_options_t){.size = sizeof(spin_loader_options_t), .direct_mounts = true},
        SPIN_ERROR_DENIED, expected);
    put_manifest(SOURCE "files = [\"dir/out/secret\"]");
    snprintf(expected, sizeof expected, through_link, "dir/out/secret");
    assert_fails(SPIN_ERROR_DENIED, expected);

    char absolute[PATH_MAX + 32]; /* a neighbour whose path begins like ours */
    put("app-too/secret", "s");
    snprintf(absolute, sizeof absolute, "%s-too/secret", app);
    link_to("app/near", absolute);
    put_manifest(SOURCE "files = [\"near\"]");
    snprintf(expected, sizeof expected, through_link, "near");
    assert_fails(SPIN_ERROR_DENIED, expected);
}

static void refuses_a_file_in_a_folders_place(void **state) {
    (void)state;
    put("app/x.wasm", "");
    put("app/one/name", "a file");
    put("app/two/inner", "a file");
    put_manifest(SOURCE "files = [{ source = \"one\", destination = \"/\" },\n"
                        "{ source = \"two\", destination = \"/name\" }]");
    spin_application_t *application = NULL;
    spin_error_t *error = spin_loader_load_file(app, NULL, &application);
    assert_non_null(error);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_EXISTS);
    assert_int_equal(spin_error_position(error).line, 9);
    spin_error_free(error);
    assert_int_equal(count_entries(tmp), 0);
}

static void skips_what_is_no_file(void **state) {
    (void)state;
    put("app/x.wasm", "");
    put("app/d/file", "f");
    assert_int_equal(mkfifo(in_base("app/d/pipe"), 0600), 0);
    put_manifest(SOURCE "files = [\"d/*\"]");
    spin_application_t *application = load();
    assert_holds(application, "d/file", "f");
    assert_lacks(application, "d/pipe");
    spin_application_unref(application);
    put_manifest(SOURCE "files = [\"d/pipe\"]");
    assert_fails(SPIN_ERROR_INVALID,
                 "8:10: component \"x\": files: \"d/pipe\" is neither a file nor a folder");
}

/* ── options ─────────────────────────────────────────────────────────────────────────────── */

static void keeps_copies_in_a_named_folder(void **state) {
    (void)state;
    char kept[PATH_MAX + 32];
    snprintf(kept, sizeof kept, "%s/not/there/yet", base);
    spin_loader_options_t options = {.size = sizeof options, .temp_dir = kept};
    put("app/x.wasm", "");
    put("app/f", "f");
    put("app/bad", "");
    put_manifest(SOURCE "files = [\"f\"]\n[component.trigger]\nroute = \"/1\"\n"
                        "[[component]]\nid = \"y\"\nsource = \"lost\"\n");
    spin_application_t *application = NULL;
    spin_error_t *error = spin_loader_load_file(app, &options, &application);
    assert_non_null(error);
    spin_error_free(error);
    assert_int_equal(access(in_base("not"), F_OK), -1); /* the failed load made and removed it */

    put_manifest(SOURCE "files = [\"f\"]");
    for (size_t i = 1; i <= 2; i++) { /* the second load does not sweep the first one's copies */
        application = load_with(&options);
        assert_holds(application, "f", "f");
        char host[PATH_MAX];
        snprintf(host, sizeof host, "%s", only_mount(application)->host_path);
        spin_application_unref(application);
        assert_int_equal(access(host, F_OK), 0);
        assert_int_equal(count_entries(kept), i);
    }
    assert_int_equal(count_entries(tmp), 0);
}

/* Else every load would copy what those before it have copied. */
static void copies_are_no_files_of_the_application(void **state) {
    (void)state;
    char inside[PATH_MAX];
    snprintf(inside, sizeof inside, "%s/out", app);
    spin_loader_options_t options = {.size = sizeof options, .temp_dir = inside};
    put("app/x.wasm", "");
    put("app/f", "f");
    link_to("app/again", "out");
    put_manifest(SOURCE "files = [\"**/*\"]\n[component.trigger]\nroute = \"/1\"\n"
                        "[[component]]\nid = \"y\"\n" SOURCE
                        "files = [\"**/f\", { source = \".\", destination = \"/t\" }, \"out\"]\n");
    for (int i = 0; i < 3; i++) {
        spin_application_t *application = load_with(&options);
        assert_int_equal(count_entries(application->components[0].mounts[0].host_path), 3);
        const char *second = application->components[1].mounts[0].host_path;
        assert_int_equal(count_entries(second), 2); /* f, t */
        char below[2 * PATH_MAX];
        snprintf(below, sizeof below, "%s/t", second);
        assert_int_equal(count_entries(below), 3);
        spin_application_unref(application);
    }
}

static void mounts_folders_in_place(void **state) {
    (void)state;
    spin_loader_options_t options = {.size = sizeof options, .direct_mounts = true};
    put("app/x.wasm", "");
    put("app/static/a", "a");
    put("app/file", "f");
    put_manifest(SOURCE
                 "files = [{ source = \"static\", destination = \"/assets/\" }, \"./static\"]");
    spin_application_t *application = load_with(&options);
    const spin_component_t *component = &application->components[0];
    char host[PATH_MAX + 32];
    snprintf(host, sizeof host, "%s/static", app);
    assert_int_equal(component->mounts_len, 2);
    assert_string_equal(component->mounts[0].host_path, host);
    assert_string_equal(component->mounts[0].guest_path, "/assets");
    assert_string_equal(component->mounts[1].host_path, host);
    assert_string_equal(component->mounts[1].guest_path, "/static");
    assert_true(component->mounts[0].read_only);
    spin_application_unref(application);
    assert_int_equal(count_entries(tmp), 0);

    put_manifest(SOURCE "files = [\"static/*\"]");
    assert_fails_with(&options, SPIN_ERROR_INVALID,
                      "8:10: component \"x\": files: direct mounts need folders, and \"static/*\" "
                      "is a pattern; run without them");
    put_manifest(SOURCE "files = [\"file\"]");
    assert_fails_with(&options, SPIN_ERROR_INVALID,
                      "8:10: component \"x\": files: direct mounts need folders, and \"file\" is "
                      "none; run without them");
    put_manifest(SOURCE "files = [\"lost\"]");
    assert_fails_with(&options, SPIN_ERROR_NOT_FOUND,
                      "8:10: component \"x\": files: \"lost\" not found");
    put_manifest(SOURCE "files = [\"static\"]\nexclude_files = [\"static/a\"]");
    assert_fails_with(
        &options, SPIN_ERROR_INVALID,
        "6:6: component \"x\": files: exclude_files can't be kept with direct mounts; "
        "run without them");
}

static void finds_the_manifest(void **state) {
    (void)state;
    put("app/x.wasm", "");
    put_manifest(SOURCE);
    spin_application_t *application;
    assert_null(spin_loader_load_file(in_base("app/spin.toml"), NULL, &application));
    spin_application_unref(application);
    assert_int_equal(chdir(app), 0);
    assert_null(spin_loader_load_file("spin.toml", NULL, &application));
    char expected[PATH_MAX + 32];
    snprintf(expected, sizeof expected, "%s/spin.toml", app);
    assert_true(slice_equal_text(application->origin, expected));
    spin_application_unref(application);
    assert_int_equal(chdir("/"), 0);

    application = NULL;
    spin_error_t *error = spin_loader_load_file(in_base("lost.toml"), NULL, &application);
    assert_non_null(error);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_NOT_FOUND);
    spin_error_free(error);
    error = spin_loader_load_file(app, &(spin_loader_options_t){.size = 1}, &application);
    assert_non_null(error);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_USAGE);
    spin_error_free(error);
    assert_null(application);
}

/* ── digests ─────────────────────────────────────────────────────────────────────────────── */

/* SHA-256 of "abc": FIPS 180-4's own example. */
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

/* The source alone, of an application without a manifest. */
static spin_error_t *resolve_url(spin_application_t *application, spin_component_t *component,
                                 const char *url) {
    *component = (spin_component_t){
        .application = application,
        .source = {.kind = SPIN_SOURCE_URL,
                   .url = spin_slice(url),
                   .digest = SLICE_LITERAL("sha256:" ABC)},
    };
    application->components = component - 7;
    loading_t loading = {.application = application, .workdir = tmp};
    beneath_t root = {.fd = -1};
    assert_null(beneath_init(&root, app));
    spin_error_t *error = source_resolve(&loading, component, &root);
    beneath_deinit(&root);
    arena_deinit(&loading.scratch);
    return error;
}

static void assert_url_fails(const char *url, spin_error_kind_t kind, const char *expected) {
    spin_application_t application = {.refs = 1};
    spin_component_t components[8], *component = &components[7];
    spin_error_t *error = resolve_url(&application, component, url);
    assert_non_null(error);
    char message[1024], whole[1024];
    spin_error_format(error, message, sizeof message);
    snprintf(whole, sizeof whole, "source \"%s\": %s", url, expected);
    assert_string_equal(message, whole);
    assert_int_equal(spin_error_kind(error), kind);
    assert_null(component->source.file);
    assert_null(component->source.file_digest.ptr);
    spin_error_free(error);
    arena_deinit(&application.arena);
}

static void verifies_digests(void **state) {
    (void)state;
    spin_application_t application = {.refs = 1};
    spin_component_t components[8], *component = &components[7];
    char url[128], expected[256];
    put("elsewhere/m 1.wasm", "abc");
    snprintf(url, sizeof url, "file://%s/elsewhere/m%%201.wasm", base);
    assert_null(resolve_url(&application, component, url));
    snprintf(expected, sizeof expected, "%s/modules/7.wasm", tmp); /* the copy that was verified */
    assert_string_equal(component->source.file, expected);
    assert_true(slice_equal_text(component->source.file_digest, "sha256:" ABC));
    arena_deinit(&application.arena);
    struct stat info;
    assert_int_equal(stat(in_base("tmp/modules/7.wasm"), &info), 0);
    assert_int_equal(info.st_size, 3);
    assert_int_equal(unlink(in_base("tmp/modules/7.wasm")), 0);

    put("elsewhere/m 1.wasm", "abd");
    assert_url_fails(url, SPIN_ERROR_INVALID,
                     "its digest is "
                     "sha256:a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65cbe86298449c9, but "
                     "the manifest expects sha256:" ABC);
    assert_url_fails("file:///not/there.wasm", SPIN_ERROR_NOT_FOUND,
                     "can't open \"/not/there.wasm\": No such file or directory");
    assert_url_fails("file://host/m.wasm", SPIN_ERROR_INVALID,
                     "a file URL has the form file:///absolute/path");
    assert_url_fails("file:///m%4", SPIN_ERROR_INVALID,
                     "\"%\" in it is not followed by two hexadecimal digits of a character");
}

static void refuses_remote_sources(void **state) {
    (void)state;
    put_manifest("source = { url = \"https://example.com/m.wasm\", digest = \"sha256:" ABC "\" }");
    assert_fails(
        SPIN_ERROR_UNSUPPORTED,
        "7:10: component \"x\": source \"https://example.com/m.wasm\": only file:// URLs can "
        "be loaded so far; download the module and name it by its path");
}

/* ── failures half-way ───────────────────────────────────────────────────────────────────── */

static void reports_failing_copies(void **state) {
    (void)state;
    put("app/x.wasm", "");
    put("app/a", "small");
    char big[4096];
    memset(big, 'b', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    put("app/big", big);
    put_manifest(SOURCE "files = [\"a\",\n \"big\"]");

    struct rlimit whole, small;
    getrlimit(RLIMIT_FSIZE, &whole);
    small = (struct rlimit){1000, whole.rlim_max};
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    spin_application_t *application = NULL;
    spin_error_t *error = spin_loader_load_file(app, NULL, &application);
    setrlimit(RLIMIT_FSIZE, &whole);
    signal(SIGXFSZ, before);

    assert_non_null(error);
    assert_null(application);
    char message[2048], prefix[PATH_MAX + 128];
    spin_error_format(error, message, sizeof message);
    snprintf(prefix, sizeof prefix,
             "%s/spin.toml:9:2: component \"x\": files: can't copy \"big\" to \"%s/spin-", app,
             tmp);
    assert_int_equal(strncmp(message, prefix, strlen(prefix)), 0);
    assert_non_null(strstr(message, "/assets/0-x/big\": File too large"));
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_IO);
    spin_error_free(error);
    assert_int_equal(count_entries(tmp), 0);
}

static void reports_a_temporary_folder_that_is_none(void **state) {
    (void)state;
    put("app/x.wasm", "");
    put("app/f", "");
    put("blocked", "a file");
    put_manifest(SOURCE "files = [\"f\"]");
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/blocked/tmp", base);
    spin_application_t *application = NULL;
    spin_error_t *error = spin_loader_load_file(
        app, &(spin_loader_options_t){.size = sizeof(spin_loader_options_t), .temp_dir = path},
        &application);
    assert_non_null(error);
    char message[2048];
    spin_error_format(error, message, sizeof message);
    assert_non_null(strstr(message, path));
    spin_error_free(error);
}

/* A process that dies with an application loaded leaves its folder, until the next load. */
static void sweeps_what_a_killed_process_left(void **state) {
    (void)state;
    put("app/x.wasm", "");
    put("app/f", "f");
    put_manifest(SOURCE "files = [\"f\"]");
    pid_t child = fork();
    if (child == 0) {
        spin_application_t *application;
        if (spin_loader_load_file(app, NULL, &application) == NULL)
            raise(SIGKILL);
        _exit(1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_int_equal(count_entries(tmp), 1);
    assert_int_equal(mkdir(in_base("tmp/spin-abcdef"), 0700),
                     0); /* somebody else's: no lock file */

    spin_application_t *application = load();
    assert_int_equal(count_entries(tmp), 2);
    assert_holds(application, "f", "f");
    spin_application_t *again = load(); /* the first one is alive: it stays */
    assert_int_equal(count_entries(tmp), 3);
    assert_holds(application, "f", "f");
    spin_application_unref(again);
    spin_application_unref(application);
    assert_int_equal(count_entries(tmp), 1);
}

/* One that dies while it makes its folder, or removes it. */
static void sweeps_folders_without_a_lock(void **state) {
    (void)state;
    put("app/x.wasm", "");
    put("app/f", "f");
    put_manifest(SOURCE "files = [\"f\"]");
    assert_int_equal(mkdir(in_base("tmp/.spin-abcdef"), 0700), 0);
    assert_int_equal(mkdir(in_base("tmp/.spin-ghijkl"), 0700), 0);
    put("tmp/.spin-ghijkl/.spin-workdir-lock", "");
    assert_int_equal(mkdir(in_base("tmp/.spin-others"), 0700), 0);
    put("tmp/.spin-others/something", "");
    spin_application_unref(load());
    assert_int_equal(count_entries(tmp), 1);
    assert_int_equal(access(in_base("tmp/.spin-others/something"), F_OK), 0);
}

static void a_forked_process_leaves_the_copies(void **state) {
    (void)state;
    put("app/x.wasm", "");
    put("app/f", "f");
    put_manifest(SOURCE "files = [\"f\"]");
    spin_application_t *application = load();
    pid_t child = fork();
    if (child == 0) {
        spin_application_unref(application);
        _exit(0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_holds(application, "f", "f");
    spin_application_unref(application);
    assert_int_equal(count_entries(tmp), 0);
}

static size_t count_descriptors(void) {
    return count_entries("/proc/self/fd");
}

static spin_error_t *load_once(void *descriptors) {
    spin_application_t *application = NULL;
    spin_error_t *error = spin_loader_load_file(app, NULL, &application);
    spin_application_unref(application);
    assert_int_equal(count_descriptors(), *(size_t *)descriptors);
    assert_int_equal(count_entries(tmp), 0);
    return error;
}

static void survives_failing_allocations(void **state) {
    (void)state;
    put("app/x.wasm", "");
    put("app/s/a", "a");
    put("app/s/sub/b", "b");
    put("app/one", "1");
    put_manifest(SOURCE "files = [\"s/**/*\", \"one\", { source = \"s\", destination = \"/t\" }]\n"
                        "exclude_files = [\"s/a\"]");
    size_t descriptors = count_descriptors();
    failing_alloc_each(load_once, &descriptors, 10); /* a log line may be lost, nothing else */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(resolves_source_and_origin),
        TEST(copies_what_patterns_name),
        TEST(copies_placements_and_excludes),
        TEST(keeps_content_mode_and_time),
        TEST(follows_links_inside),
        TEST(components_have_their_own_files),
        TEST(names_what_is_missing),
        TEST(keeps_inside_the_folder),
        TEST(refuses_a_file_in_a_folders_place),
        TEST(skips_what_is_no_file),
        TEST(keeps_copies_in_a_named_folder),
        TEST(copies_are_no_files_of_the_application),
        TEST(mounts_folders_in_place),
        TEST(finds_the_manifest),
        TEST(verifies_digests),
        TEST(refuses_remote_sources),
        TEST(reports_failing_copies),
        TEST(reports_a_temporary_folder_that_is_none),
        TEST(sweeps_what_a_killed_process_left),
        TEST(sweeps_folders_without_a_lock),
        TEST(a_forked_process_leaves_the_copies),
        TEST(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
