/* The loader of bindles: an invoice, the manifest that is one of its parcels, and the parcels that
 * are modules and files. */
#include "spin/bindle.h"

#include <limits.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"
#include "loader/file.h"
#include "loader/parcels.h"
#include "loader/source.h"
#include "manifest/bindle.h"

typedef struct loader {
    loading_t loading;
    spin_slice_t reference;
    const bindle_invoice_t *invoice;
    manifest_group_t *groups; /* one for each component */
    map_t needed;             /* by digest: the parcel, and once it is fetched, its path */
} loader_t;

/* ── the manifest ────────────────────────────────────────────────────────────────────────── */

static spin_error_t *find_manifest(loader_t *loader, const bindle_parcel_t **out) {
    const bindle_invoice_t *invoice = loader->invoice;
    spin_slice_t media_type = SLICE_LITERAL(MANIFEST_BINDLE_MEDIA_TYPE);
    *out = NULL;
    for (size_t i = 0; i < invoice->parcels_len; i++) {
        if (!slice_equal(invoice->parcels[i].media_type, media_type))
            continue;
        if (*out != NULL)
            return error_new(SPIN_ERROR_INVALID,
                             "it has more than one Spin manifest: the parcels %s and %s",
                             parcels_quote(&loader->loading, (*out)->name),
                             parcels_quote(&loader->loading, invoice->parcels[i].name));
        *out = &invoice->parcels[i];
    }
    if (*out == NULL)
        return error_new(SPIN_ERROR_INVALID,
                         "it is no Spin application: none of its %zu parcels is a Spin manifest, "
                         "of media type " MANIFEST_BINDLE_MEDIA_TYPE,
                         invoice->parcels_len);
    if ((*out)->size_bytes > FILE_MOST_BYTES) /* nobody waits for it in vain */
        return error_new(SPIN_ERROR_LIMIT, "its manifest, the parcel %s, is larger than %d MiB",
                         parcels_quote(&loader->loading, (*out)->name), FILE_MOST_BYTES >> 20);
    return NULL;
}

/* What errors call the manifest: "bindle:NAME/VERSION/PARCEL". */
static const char *name_of_manifest(loader_t *loader, const bindle_parcel_t *parcel) {
    spin_slice_t name = parcel->name;
    bool plain = name.len > 0 && name.len <= 128;
    for (size_t i = 0; i < name.len; i++)
        plain = plain && name.ptr[i] > ' ' && name.ptr[i] < 0x7F && name.ptr[i] != ':';
    if (!plain)
        name = spin_slice(parcel->sha256);
    return (const char *)arena_printf(&loader->loading.scratch, "bindle:%.*s/%.*s",
                                      SLICE_ARG(loader->reference), SLICE_ARG(name))
        .ptr;
}

static spin_error_t *parse_manifest(loader_t *loader, const char *name, const char *path) {
    const bindle_invoice_t *invoice = loader->invoice;
    manifest_invoice_t info = {.reference = loader->reference,
                               .name = invoice->name,
                               .version = invoice->version,
                               .description = invoice->description,
                               .authors = invoice->authors.items,
                               .authors_len = invoice->authors.len};
    buf_t text = {0};
    spin_error_t *error = file_read(path, "manifest", &text);
    if (error == NULL)
        error = manifest_parse_bindle(buf_slice(&text), name, &info, &loader->loading.application,
                                      &loader->groups);
    buf_deinit(&text);
    return error;
}

/* The form that Spin in Rust has for it. */
static spin_error_t *set_origin(loader_t *loader) {
    spin_application_t *application = loader->loading.application;
    const char *server = bindle_client_settings(loader->loading.bindle)->server;
    application->origin = arena_printf(&application->arena, "bindle+%s?id=%.*s",
                                       server == NULL ? "" : server, SLICE_ARG(loader->reference));
    return application->origin.ptr == NULL ? error_no_memory() : NULL;
}

static spin_error_t *read_manifest(loader_t *loader) {
    const bindle_parcel_t *parcel;
    const char *path;
    spin_error_t *error = parcels_invoice(&loader->loading, loader->reference, &loader->invoice);
    if (error == NULL)
        error = find_manifest(loader, &parcel);
    if (error != NULL)
        return error_wrap(error, "bindle %s", parcels_quote(&loader->loading, loader->reference));
    error = parcels_fetch(&loader->loading, loader->reference, &parcel, 1, &path);
    if (error != NULL)
        return error;
    const char *name = name_of_manifest(loader, parcel);
    if (name == NULL)
        return error_no_memory();
    error = parse_manifest(loader, name, path);
    return error != NULL ? error : set_origin(loader);
}

/* ── what the components need ────────────────────────────────────────────────────────────── */

static spin_error_t *at_component(loader_t *loader, spin_error_t *error, size_t index,
                                  manifest_position_t at) {
    const spin_application_t *application = loader->loading.application;
    error = error_wrap(error, "component \"%.*s\"", SLICE_ARG(application->components[index].id));
    return error_at(error, application->file, at.line, at.column);
}

static spin_error_t *need(loader_t *loader, const bindle_parcel_t *parcel) {
    spin_slice_t digest = spin_slice(parcel->sha256);
    if (map_get(&loader->needed, digest) != NULL)
        return NULL;
    return map_set(&loader->needed, digest, (void *)(uintptr_t)parcel) ? NULL : error_no_memory();
}

static const char *path_of(const loader_t *loader, spin_slice_t digest) {
    return map_get(&loader->needed, digest);
}

static spin_error_t *need_module(loader_t *loader, size_t index) {
    const manifest_source_t *source = &loader->loading.application->components[index].source;
    const bindle_parcel_t *parcel = bindle_invoice_parcel(loader->invoice, source->parcel);
    if (parcel != NULL)
        return need(loader, parcel);
    return at_component(loader,
                        error_new(SPIN_ERROR_NOT_FOUND,
                                  "source: the bindle \"%.*s\" has no parcel %.*s",
                                  SLICE_ARG(loader->reference), SLICE_ARG(source->parcel)),
                        index, source->at);
}

/* Groups mean no more than that, as ever: what `requires` and `satisfiedBy` say is not for us. */
static bool is_member(const bindle_parcel_t *parcel, spin_slice_t group) {
    for (size_t i = 0; i < parcel->member_of.len; i++)
        if (slice_equal(parcel->member_of.items[i], group))
            return true;
    return false;
}

static bool is_declared(const bindle_invoice_t *invoice, spin_slice_t group) {
    for (size_t i = 0; i < invoice->groups_len; i++)
        if (slice_equal(invoice->groups[i].name, group))
            return true;
    return false;
}

static spin_error_t *need_files(loader_t *loader, size_t index) {
    const manifest_group_t *group = &loader->groups[index];
    if (group->name.ptr == NULL)
        return NULL;
    if (loader->loading.options.direct_mounts)
        return at_component(loader,
                            error_new(SPIN_ERROR_INVALID,
                                      "files: direct mounts need folders, and a bindle has none; "
                                      "run without them"),
                            index, group->at);
    size_t found = 0;
    for (size_t i = 0; i < loader->invoice->parcels_len; i++) {
        const bindle_parcel_t *parcel = &loader->invoice->parcels[i];
        if (!is_member(parcel, group->name))
            continue;
        spin_error_t *error = need(loader, parcel);
        if (error != NULL)
            return error;
        found++;
    }
    if (found == 0 && !is_declared(loader->invoice, group->name))
        LOG_WARN("no parcel is in the group of a component's files",
                 LOG_SLICE("bindle", loader->reference), LOG_SLICE("group", group->name));
    return NULL;
}

static spin_error_t *fetch(loader_t *loader) {
    size_t len = loader->needed.len;
    arena_t *scratch = &loader->loading.scratch;
    const bindle_parcel_t **parcels = arena_calloc(scratch, len, sizeof *parcels);
    const char **paths = arena_calloc(scratch, len, sizeof *paths);
    if (parcels == NULL || paths == NULL)
        return error_no_memory();
    for (size_t i = 0; i < len; i++)
        parcels[i] = loader->needed.entries[i].value;
    spin_error_t *error = parcels_fetch(&loader->loading, loader->reference, parcels, len, paths);
    for (size_t i = 0; i < len && error == NULL; i++)
        loader->needed.entries[i].value = (void *)(uintptr_t)paths[i];
    return error;
}

/* ── the working directory ───────────────────────────────────────────────────────────────── */

/* A parcel's name as a path in a component's folder. */
static spin_error_t *path_of_name(arena_t *arena, spin_slice_t name, const char **out) {
    if (name.len == 0)
        return error_new(SPIN_ERROR_INVALID, "it has no name");
    if (name.len > PATH_MAX / 2)
        return error_new(SPIN_ERROR_LIMIT, "its name is longer than %d bytes", PATH_MAX / 2);
    if (name.ptr[0] == '/')
        return error_new(SPIN_ERROR_DENIED, "its name must not be absolute");
    char *path = arena_alloc_bytes(arena, name.len + 1);
    if (path == NULL)
        return error_no_memory();
    size_t len = 0;
    for (spin_slice_t rest = name; rest.len > 0;) {
        spin_slice_t part = spin_slice_of(rest.ptr, slice_find(rest, '/'));
        rest = slice_from(rest, part.len + 1);
        if (slice_equal(part, SLICE_LITERAL("..")))
            return error_new(SPIN_ERROR_DENIED, "its name must not have \"..\" in it");
        if (slice_find(part, '\\') < part.len || slice_find(part, '\0') < part.len)
            return error_new(SPIN_ERROR_DENIED,
                             "its name must have neither backslashes nor NUL characters in it");
        if (part.len > NAME_MAX)
            return error_new(SPIN_ERROR_LIMIT, "its name has a part of more than %d bytes",
                             NAME_MAX);
        if (part.len == 0 || slice_equal(part, SLICE_LITERAL(".")))
            continue;
        if (len > 0)
            path[len++] = '/';
        memcpy(path + len, part.ptr, part.len);
        len += part.len;
    }
    if (len == 0)
        return error_new(SPIN_ERROR_INVALID, "its name stands for no file");
    path[len] = '\0';
    *out = path;
    return NULL;
}

/* `taken`: the digests of what is there, by path. */
static spin_error_t *place_file(loader_t *loader, const bindle_parcel_t *parcel, const char *folder,
                                map_t *taken) {
    const char *path = NULL;
    spin_error_t *error = path_of_name(&loader->loading.scratch, parcel->name, &path);
    if (error != NULL)
        return error;
    const char *other = map_get(taken, spin_slice(path));
    if (other != NULL && strcmp(other, parcel->sha256) == 0)
        return NULL;
    if (other != NULL)
        return error_new(SPIN_ERROR_EXISTS, "the parcel with the digest %s has that name as well",
                         other);
    const char *target =
        (const char *)arena_printf(&loader->loading.scratch, "%s/%s", folder, path).ptr;
    if (target == NULL || !map_set(taken, spin_slice(path), (void *)(uintptr_t)parcel->sha256))
        return error_no_memory();
    return parcels_place(&loader->loading, path_of(loader, spin_slice(parcel->sha256)), target);
}

static spin_error_t *place_files(loader_t *loader, size_t index) {
    const manifest_group_t *group = &loader->groups[index];
    if (group->name.ptr == NULL)
        return NULL;
    spin_component_t *component = &loader->loading.application->components[index];
    map_t taken = {0};
    const char *folder;
    spin_error_t *error = loading_make_folder(&loader->loading, component, &folder);
    for (size_t i = 0; error == NULL && i < loader->invoice->parcels_len; i++) {
        const bindle_parcel_t *parcel = &loader->invoice->parcels[i];
        if (!is_member(parcel, group->name))
            continue;
        error = place_file(loader, parcel, folder, &taken);
        if (error != NULL)
            error = at_component(loader,
                                 error_wrap(error, "files: parcel %s (%s)",
                                            parcels_quote(&loader->loading, parcel->name),
                                            parcel->sha256),
                                 index, group->at);
    }
    if (error == NULL)
        error = loading_make_mounts(component, 1);
    if (error == NULL)
        error = loading_add_mount(component, folder, "/");
    map_deinit(&taken);
    return error;
}

static spin_error_t *place_module(loader_t *loader, size_t index) {
    spin_component_t *component = &loader->loading.application->components[index];
    manifest_source_t *source = &component->source;
    char *file;
    spin_error_t *error = loading_module_path(&loader->loading, component, &file);
    if (error == NULL)
        error = parcels_place(&loader->loading, path_of(loader, source->parcel), file);
    if (error == NULL)
        error = source_set_parcel(component, file);
    return error == NULL ? NULL
                         : at_component(loader, error_wrap(error, "source"), index, source->at);
}

/* ── all ─────────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *load(loader_t *loader) {
    spin_error_t *error = read_manifest(loader);
    if (error != NULL)
        return error;
    size_t len = loader->loading.application->components_len;
    for (size_t i = 0; error == NULL && i < len; i++) {
        error = need_module(loader, i);
        if (error == NULL)
            error = need_files(loader, i);
    }
    if (error == NULL)
        error = fetch(loader);
    for (size_t i = 0; error == NULL && i < len; i++) {
        error = place_module(loader, i);
        if (error == NULL)
            error = place_files(loader, i);
    }
    return error;
}

spin_error_t *spin_loader_load_bindle(const char *reference, const spin_bindle_options_t *bindle,
                                      const spin_loader_options_t *options,
                                      spin_application_t **out) {
    loader_t loader = {.reference = spin_slice(reference)};
    spin_error_t *error = loading_begin(&loader.loading, options);
    if (bindle != NULL)
        loader.loading.options.bindle = bindle;
    if (error == NULL)
        error = load(&loader);
    map_deinit(&loader.needed);
    return loading_end(&loader.loading, error, out);
}
