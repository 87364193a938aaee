/* Bindles in a cache of parcels, and a server that does not answer, so that they are loaded from
 * there. Each test has a world of its own. */
#ifndef TESTS_BINDLE_WORLD_H
#define TESTS_BINDLE_WORLD_H

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/slice.h"
#include "bindle/cache.h"
#include "bindle/options.h"
#include "cmocka_all.h"
#include "manifest/application.h"
#include "spin/bindle.h"
#include "spin/loader.h"

#define SERVER "http://127.0.0.1:1/v1" /* where nobody listens */
#define ID     "shop/1.2.0"

/* A world of its own for each test: <base>/cache holds parcels, <base>/tmp the working
 * directories. */
static char base[64];
static char cache[72];
static char tmp[72];
static char manifest_digest[65]; /* of the last put_manifest */
static buf_t invoice;            /* as it grows */
static spin_bindle_options_t bindle;

static inline int remove_entry(const char *path, const struct stat *info, int type,
                               struct FTW *walk) {
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static inline int set_up(void **state) {
    (void)state;
    strcpy(base, "/tmp/test-loader-bindle-XXXXXX");
    if (mkdtemp(base) == NULL)
        return -1;
    snprintf(cache, sizeof cache, "%s/cache", base);
    snprintf(tmp, sizeof tmp, "%s/tmp", base);
    setenv("TMPDIR", tmp, 1);
    unsetenv("BINDLE_URL");
    unsetenv("http_proxy");
    bindle = (spin_bindle_options_t){.size = sizeof bindle, .server = SERVER, .cache_dir = cache};
    buf_append_text(&invoice,
                    "bindleVersion = \"1.0.0\"\n[bindle]\nname = \"shop\"\n"
                    "version = \"1.2.0\"\ndescription = \"Sells\"\nauthors = [\"Ann\"]\n");
    char parcels[96];
    snprintf(parcels, sizeof parcels, "%s/parcels", cache);
    return mkdir(cache, 0755) == 0 && mkdir(parcels, 0755) == 0 && mkdir(tmp, 0755) == 0 ? 0 : -1;
}

static inline int tear_down(void **state) {
    (void)state;
    buf_deinit(&invoice);
    return nftw(base, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* ── bindles ─────────────────────────────────────────────────────────────────────────────── */

static inline void digest_of(const char *content, char out[65]) {
    struct sha256_ctx hash;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&hash);
    sha256_update(&hash, strlen(content), (const uint8_t *)content);
    sha256_digest(&hash, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

static inline const char *parcel_path(const char *digest) {
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/parcels/%s", cache, digest);
    return path;
}

static inline void put_parcel(const char *content, char digest[65]) {
    digest_of(content, digest);
    FILE *file = fopen(parcel_path(digest), "w");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* Adds a parcel to the invoice; `name` is the inside of a TOML string, `groups` of an array. */
static inline void list(const char *digest, size_t size, const char *name, const char *media_type,
                        const char *groups) {
    buf_printf(&invoice,
               "[[parcel]]\n[parcel.label]\nsha256 = \"%s\"\nmediaType = \"%s\"\nname = \"%s\"\n"
               "size = %zu\n",
               digest, media_type, name, size);
    if (groups != NULL)
        buf_printf(&invoice, "[parcel.conditions]\nmemberOf = [%s]\n", groups);
}

/* Content into the cache and onto the invoice. */
static inline const char *put(const char *name, const char *content, const char *groups) {
    static char digest[65];
    put_parcel(content, digest);
    list(digest, strlen(content), name, groups == NULL ? "application/wasm" : "text/plain", groups);
    return digest;
}

static inline void put_manifest(const char *text) {
    put_parcel(text, manifest_digest);
    list(manifest_digest, strlen(text), "spin.toml", "application/vnd.fermyon.spin+toml", NULL);
}

/* The manifest of one component "web"; its module is the parcel with the content "module". */
static inline void put_one(const char *lines) {
    char text[1024];
    snprintf(text, sizeof text,
             "trigger = { type = \"http\", base = \"/\" }\n[[component]]\nid = \"web\"\n"
             "source = \"%s\"\n%s[component.trigger]\nroute = \"/...\"\n",
             put("web.wasm", "module", NULL), lines);
    put_manifest(text);
}

#define FILES "files = \"files-web\"\n"

/* The invoice into the cache, where it is found without a server. */
static inline void publish(void) {
    assert_false(invoice.failed);
    bindle_cache_t cached = {cache};
    assert_null(bindle_cache_put_invoice(&cached, SERVER, SLICE_LITERAL(ID), buf_slice(&invoice)));
}

/* ── loading ─────────────────────────────────────────────────────────────────────────────── */

static inline size_t count_entries(const char *path) {
    DIR *folder = opendir(path);
    assert_non_null(folder);
    size_t count = 0;
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count - 2;
}

static inline spin_application_t *load_with(const spin_loader_options_t *options) {
    publish();
    spin_application_t *application = NULL;
    spin_error_t *error = spin_loader_load_bindle(ID, &bindle, options, &application);
    if (error != NULL) {
        char message[1024];
        spin_error_format(error, message, sizeof message);
        spin_error_free(error);
        fail_msg("%s", message);
    }
    return application;
}

static inline spin_application_t *load(void) {
    return load_with(NULL);
}

static inline const char *in_mount(const spin_application_t *application, size_t component,
                                   const char *path) {
    static char whole[2 * PATH_MAX];
    assert_int_equal(application->components[component].mounts_len, 1);
    snprintf(whole, sizeof whole, "%s/%s", application->components[component].mounts[0].host_path,
             path);
    return whole;
}

static inline void assert_content(const char *path, const char *expected) {
    char content[256];
    FILE *file = fopen(path, "r");
    if (file == NULL)
        fail_msg("%s is not there", path);
    size_t len = fread(content, 1, sizeof content - 1, file);
    fclose(file);
    content[len] = '\0';
    assert_string_equal(content, expected);
}

static inline void assert_text(spin_slice_t slice, const char *expected) {
    if (!slice_equal_text(slice, expected))
        fail_msg("got \"%.*s\", expected \"%s\"", SLICE_ARG(slice), expected);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
