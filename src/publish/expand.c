#include "publish/expand.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/vec.h"
#include "bindle/reference.h"
#include "digest/digest.h"
#include "loader/assets.h"
#include "loader/manifest_file.h"
#include "loader/source.h"
#include "manifest/bindle.h"
#include "publish/app_manifest.h"
#include "publish/media_type.h"

/* A file that was read. */
typedef struct hashed {
    char sha256[DIGEST_HEX + 1];
    uint64_t size;
} hashed_t;

typedef struct expander {
    publish_bindle_t *bindle;
    loading_t loading;
    manifest_file_t manifest;
    VEC(bindle_parcel_t) parcels;
    VEC(publish_source_t) sources;
    const char **digests; /* of the components' modules */
    map_t hashed;         /* hashed_t by absolute path */
    map_t modules;        /* what has a parcel as a module, by digest */
    map_t files;          /* the number of a file's parcel plus one, by digest and name */
} expander_t;

/* ── the bindle's name ───────────────────────────────────────────────────────────────────── */

static spin_error_t *fail_field(const expander_t *expander, const char *name, spin_slice_t text,
                                const char *reason) {
    const toml_pair_t *pair =
        toml_table_find(expander->loading.application->manifest, spin_slice(name));
    buf_t quoted = {0};
    buf_append_json(&quoted, text);
    spin_error_t *error = quoted.failed
                              ? error_no_memory()
                              : error_new(SPIN_ERROR_INVALID, "%s %.*s, as a bindle's, %s", name,
                                          SLICE_ARG(buf_slice(&quoted)), reason);
    buf_deinit(&quoted);
    if (pair == NULL)
        return error;
    return error_at(error, expander->manifest.name, pair->value.line, pair->value.column);
}

static spin_error_t *add_build_info(expander_t *expander, const char *build_info) {
    bindle_invoice_t *invoice = &expander->bindle->invoice;
    spin_slice_t plain = invoice->version;
    if (slice_find(plain, '+') < plain.len)
        return error_new(SPIN_ERROR_USAGE,
                         "the version %.*s has build information already; \"%s\" can't be added",
                         SLICE_ARG(plain), build_info);
    invoice->version =
        arena_printf(&expander->bindle->arena, "%.*s+%s", SLICE_ARG(plain), build_info);
    if (invoice->version.ptr == NULL)
        return error_no_memory();
    if (bindle_version_check(invoice->version) == NULL)
        return NULL;
    return error_new(SPIN_ERROR_USAGE,
                     "build information is letters, digits and \"-\", joined by dots, not \"%s\"",
                     build_info);
}

static bool is_ascii(spin_slice_t text) {
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] >= 0x80)
            return false;
    return true;
}

static spin_error_t *set_name(expander_t *expander, const char *build_info) {
    const spin_application_t *application = expander->loading.application;
    bindle_invoice_t *invoice = &expander->bindle->invoice;
    const char *reason = bindle_name_check(application->name);
    if (reason == NULL && !is_ascii(application->name))
        reason = "may contain only ASCII letters: servers do not find others again";
    if (reason != NULL)
        return fail_field(expander, "name", application->name, reason);
    reason = bindle_version_check(application->version);
    if (reason != NULL)
        return fail_field(expander, "version", application->version, reason);
    invoice->bindle_version = SLICE_LITERAL("1.0.0");
    invoice->name = application->name;
    invoice->version = application->version;
    if (application->description.len > 0)
        invoice->description = application->description;
    invoice->authors = (bindle_texts_t){application->authors.items, application->authors.len};
    if (build_info != NULL) {
        spin_error_t *error = add_build_info(expander, build_info);
        if (error != NULL)
            return error;
    }
    expander->bindle->id = arena_printf(&expander->bindle->arena, "%.*s/%.*s",
                                        SLICE_ARG(invoice->name), SLICE_ARG(invoice->version));
    return expander->bindle->id.ptr == NULL ? error_no_memory() : NULL;
}

/* ── files ───────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *hash(int fd, hashed_t *out) {
    struct stat info;
    if (fstat(fd, &info) != 0)
        return error_from_errno(errno, "can't read it");
    if (!S_ISREG(info.st_mode))
        return error_new(SPIN_ERROR_INVALID, "not a regular file");
    struct sha256_ctx context;
    sha256_init(&context);
    int number = digest_file(fd, &context, &out->size);
    digest_hex(&context, out->sha256);
    return number == 0 ? NULL : error_from_errno(number, "can't read it");
}

/* `relative`, where there is one, is what of `path` is below the manifest's folder. */
static spin_error_t *hash_once(expander_t *expander, const char *path, const char *relative,
                               const hashed_t **out) {
    hashed_t *hashed = map_get(&expander->hashed, spin_slice(path));
    *out = hashed;
    if (hashed != NULL)
        return NULL;
    enum { FLAGS = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY };
    int fd = relative == NULL ? open(path, FLAGS)
                              : beneath_open(&expander->manifest.root, relative, FLAGS);
    if (fd < 0)
        return relative == NULL ? error_from_errno(errno, "can't open \"%s\"", path)
                                : beneath_error(-fd, relative);
    hashed = arena_calloc(&expander->bindle->arena, 1, sizeof *hashed);
    spin_error_t *error = hashed == NULL ? error_no_memory() : hash(fd, hashed);
    close(fd);
    if (error != NULL)
        return error_wrap(error, "\"%s\"", relative == NULL ? path : relative);
    if (!map_set(&expander->hashed, spin_slice(path), hashed))
        return error_no_memory();
    *out = hashed;
    return NULL;
}

static spin_error_t *add_parcel(expander_t *expander, const hashed_t *hashed, spin_slice_t name,
                                spin_slice_t media_type, publish_source_t source) {
    bindle_parcel_t parcel = {.media_type = media_type, .name = name, .size_bytes = hashed->size};
    memcpy(parcel.sha256, hashed->sha256, sizeof parcel.sha256);
    if (!VEC_PUSH(&expander->parcels, parcel) || !VEC_PUSH(&expander->sources, source))
        return error_no_memory();
    return NULL;
}

/* ── modules ─────────────────────────────────────────────────────────────────────────────── */

/* A path as written but for needless parts; modules from elsewhere have none. */
static spin_error_t *name_module(expander_t *expander, const spin_component_t *component,
                                 spin_slice_t *out) {
    arena_t *arena = &expander->bindle->arena;
    if (component->source.kind != SPIN_SOURCE_PATH) {
        *out = arena_printf(arena, "%.*s.wasm", SLICE_ARG(component->id));
        return out->ptr == NULL ? error_no_memory() : NULL;
    }
    const char *path;
    spin_error_t *error = beneath_normalise(arena, component->source.path, &path);
    if (error == NULL)
        *out = spin_slice(path);
    return error;
}

static spin_error_t *add_module(expander_t *expander, size_t index) {
    spin_component_t *component = &expander->loading.application->components[index];
    const hashed_t *hashed;
    spin_slice_t name;
    spin_error_t *error = source_resolve(&expander->loading, component, &expander->manifest.root);
    if (error == NULL)
        error = hash_once(expander, component->source.file, NULL, &hashed);
    if (error == NULL)
        error = name_module(expander, component, &name);
    if (error != NULL)
        return error;
    expander->digests[index] = hashed->sha256;
    if (map_find(&expander->modules, spin_slice(hashed->sha256)) != NULL)
        return NULL;
    publish_source_t source = {.path = component->source.file};
    error = add_parcel(expander, hashed, name, SLICE_LITERAL("application/wasm"), source);
    if (error != NULL)
        return error;
    /* Not for what has features: the reference server can't write both. */
    if (component->source.kind == SPIN_SOURCE_BINDLE)
        expander->parcels.items[expander->parcels.len - 1].origin = component->source.reference;
    return map_set(&expander->modules, spin_slice(hashed->sha256), NULL) ? NULL : error_no_memory();
}

static spin_error_t *add_modules(expander_t *expander) {
    spin_application_t *application = expander->loading.application;
    for (size_t i = 0; i < application->components_len; i++) {
        const spin_component_t *component = &application->components[i];
        spin_error_t *error = add_module(expander, i);
        if (error != NULL)
            return error_at(error_wrap(error, "component \"%.*s\"", SLICE_ARG(component->id)),
                            expander->manifest.name, component->source.at.line,
                            component->source.at.column);
    }
    return NULL;
}

/* ── assets ──────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *join_group(expander_t *expander, bindle_parcel_t *parcel, spin_slice_t group) {
    bindle_texts_t *groups = &parcel->member_of;
    spin_slice_t *items = arena_calloc(&expander->bindle->arena, groups->len + 1, sizeof *items);
    if (items == NULL)
        return error_no_memory();
    if (groups->len > 0)
        memcpy(items, groups->items, groups->len * sizeof *items);
    items[groups->len] = group;
    *groups = (bindle_texts_t){items, groups->len + 1};
    return NULL;
}

/* What is a file of the application and no module. Wagi and Hippo look for this; to Spin, of
 * whatever version, the group says it all. */
static void mark_as_asset(bindle_parcel_t *parcel) {
    static const bindle_pair_t values[] = {{SLICE_INIT("file"), SLICE_INIT("true")}};
    static const bindle_feature_t features[] = {
        {SLICE_INIT("wagi"), {(bindle_pair_t *)(uintptr_t)values, 1}}};
    parcel->features = (bindle_feature_t *)(uintptr_t)features;
    parcel->features_len = 1;
}

static spin_error_t *add_asset(expander_t *expander, const asset_t *asset, spin_slice_t group) {
    arena_t *arena = &expander->bindle->arena;
    const char *root = expander->manifest.root.path;
    const char *slash = strcmp(root, "/") == 0 ? "" : "/";
    const char *path = (const char *)arena_printf(arena, "%s%s%s", root, slash, asset->source).ptr;
    if (path == NULL)
        return error_no_memory();
    const hashed_t *hashed;
    spin_error_t *error = hash_once(expander, path, asset->source, &hashed);
    if (error != NULL)
        return error;
    spin_slice_t identity = arena_printf(arena, "%s %s", hashed->sha256, asset->target);
    if (identity.ptr == NULL)
        return error_no_memory();
    uintptr_t number = (uintptr_t)map_get(&expander->files, identity);
    if (number == 0) {
        spin_slice_t name = slice_from(identity, DIGEST_HEX + 1);
        error = add_parcel(expander, hashed, name, media_type_of(name),
                           (publish_source_t){.path = path});
        if (error != NULL)
            return error;
        number = expander->parcels.len;
        mark_as_asset(&expander->parcels.items[number - 1]);
        if (!map_set(&expander->files, identity, (void *)number))
            return error_no_memory();
    }
    return join_group(expander, &expander->parcels.items[number - 1], group);
}

static spin_error_t *add_component_assets(expander_t *expander, const spin_component_t *component,
                                          spin_slice_t group) {
    assets_t assets = {0};
    spin_error_t *error =
        assets_collect(&assets, &expander->loading.scratch, &expander->manifest.root,
                       expander->manifest.name, component);
    for (const asset_t *asset = assets.first; error == NULL && asset != NULL; asset = asset->next) {
        if (strchr(asset->target, '\\') != NULL) /* where it is loaded that may be a separator */
            error = error_new(SPIN_ERROR_INVALID,
                              "a bindle can't hold \"%s\": rename it without its backslash",
                              asset->target);
        else
            error = add_asset(expander, asset, group);
        if (error != NULL)
            error = assets_error_at(error, expander->manifest.name, component, asset->at);
    }
    assets_deinit(&assets);
    return error;
}

static spin_error_t *add_assets(expander_t *expander) {
    const spin_application_t *application = expander->loading.application;
    arena_t *arena = &expander->bindle->arena;
    bindle_invoice_t *invoice = &expander->bindle->invoice;
    invoice->groups = arena_calloc(arena, application->components_len, sizeof *invoice->groups);
    if (invoice->groups == NULL)
        return error_no_memory();
    for (size_t i = 0; i < application->components_len; i++) {
        const spin_component_t *component = &application->components[i];
        spin_slice_t group = app_manifest_group(arena, component);
        if (group.ptr == NULL)
            return error_no_memory();
        invoice->groups[invoice->groups_len++] = (bindle_group_t){.name = group};
        spin_error_t *error = add_component_assets(expander, component, group);
        if (error != NULL)
            return error;
    }
    return NULL;
}

/* ── the manifest ────────────────────────────────────────────────────────────────────────── */

static spin_error_t *add_manifest(expander_t *expander) {
    arena_t *arena = &expander->bindle->arena;
    buf_t buf = {0};
    app_manifest_write(&buf, expander->loading.application, expander->digests);
    publish_source_t source = {0};
    if (!buf.failed)
        source.bytes = arena_copy(arena, buf_slice(&buf));
    buf_deinit(&buf);
    if (source.bytes.ptr == NULL)
        return error_no_memory();
    hashed_t hashed = {.size = source.bytes.len};
    struct sha256_ctx context;
    sha256_init(&context);
    sha256_update(&context, source.bytes.len, source.bytes.ptr);
    digest_hex(&context, hashed.sha256);
    spin_slice_t name = arena_printf(arena, "spin.%s.toml", hashed.sha256);
    if (name.ptr == NULL)
        return error_no_memory();
    return add_parcel(expander, &hashed, name, SLICE_LITERAL(MANIFEST_BINDLE_MEDIA_TYPE), source);
}

/* The manifest, which names the others by their digests, is made last and stands first. */
static spin_error_t *order_parcels(expander_t *expander) {
    publish_bindle_t *bindle = expander->bindle;
    size_t len = expander->parcels.len;
    bindle->invoice.parcels = arena_calloc(&bindle->arena, len, sizeof(bindle_parcel_t));
    bindle->sources = arena_calloc(&bindle->arena, len, sizeof *bindle->sources);
    if (bindle->invoice.parcels == NULL || bindle->sources == NULL)
        return error_no_memory();
    for (size_t i = 0; i < len; i++) {
        size_t to = (i + 1) % len;
        bindle->invoice.parcels[to] = expander->parcels.items[i];
        bindle->sources[to] = expander->sources.items[i];
    }
    bindle->invoice.parcels_len = len;
    return NULL;
}

/* ── all ─────────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *expand(expander_t *expander, const char *path, const char *build_info) {
    spin_error_t *error = manifest_file_open(&expander->manifest, &expander->loading, path);
    if (error != NULL)
        return error;
    size_t len = expander->loading.application->components_len;
    expander->digests = arena_calloc(&expander->bindle->arena, len, sizeof *expander->digests);
    if (expander->digests == NULL)
        return error_no_memory();
    error = set_name(expander, build_info);
    if (error == NULL)
        error = add_modules(expander);
    if (error == NULL)
        error = add_assets(expander);
    if (error == NULL)
        error = add_manifest(expander);
    return error == NULL ? order_parcels(expander) : error;
}

spin_error_t *publish_expand(publish_bindle_t *bindle, const char *path, const char *build_info,
                             const spin_bindle_options_t *options) {
    *bindle = (publish_bindle_t){0};
    expander_t expander = {.bindle = bindle, .manifest = {.root = {.fd = -1}}};
    spin_loader_options_t loading = {.size = sizeof loading, .bindle = options};
    spin_error_t *error = loading_begin(&expander.loading, &loading);
    if (error == NULL)
        error = expand(&expander, path, build_info);
    manifest_file_close(&expander.manifest);
    error = loading_end(&expander.loading, error, &bindle->application);
    VEC_FREE(&expander.parcels);
    VEC_FREE(&expander.sources);
    map_deinit(&expander.hashed);
    map_deinit(&expander.modules);
    map_deinit(&expander.files);
    if (error != NULL)
        publish_bindle_deinit(bindle);
    return error;
}

void publish_bindle_deinit(publish_bindle_t *bindle) {
    spin_application_unref(bindle->application);
    arena_deinit(&bindle->arena);
    *bindle = (publish_bindle_t){0};
}
