#include "loader/source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "digest/digest.h"
#include "loader/copy.h"
#include "loader/parcels.h"

/* "sha256:" and the digits of what `fd` holds. */
static spin_error_t *digest_of(arena_t *arena, int fd, spin_slice_t *out) {
    struct sha256_ctx hash;
    char hex[DIGEST_HEX + 1];
    uint64_t len;
    sha256_init(&hash);
    int number = digest_file(fd, &hash, &len);
    digest_hex(&hash, hex);
    if (number != 0)
        return error_from_errno(number, "can't read it");
    *out = arena_printf(arena, "sha256:%s", hex);
    return out->ptr == NULL ? error_no_memory() : NULL;
}

/* ── paths ───────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *fail_missing(const spin_component_t *component) {
    if (!component->build.present || component->build.command.len == 0)
        return error_new(SPIN_ERROR_NOT_FOUND, "not found");
    return error_new(SPIN_ERROR_NOT_FOUND, "not found; build it first with \"%.*s\"",
                     SLICE_ARG(component->build.command));
}

static spin_error_t *open_path(const spin_component_t *component, arena_t *arena,
                               const beneath_t *root, int *out) {
    const char *path;
    spin_error_t *error = beneath_normalise(arena, component->source.path, &path);
    if (error != NULL)
        return error;
    int fd = beneath_open(root, path, O_PATH);
    if (fd == -ENOENT || fd == -ENOTDIR)
        return fail_missing(component);
    if (fd < 0)
        return beneath_error(-fd, path);
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(fd);
        return error_new(SPIN_ERROR_INVALID, "not a regular file");
    }
    *out = fd;
    return NULL;
}

static spin_error_t *resolve_path(spin_component_t *component, const beneath_t *root) {
    arena_t *arena = &component->application->arena;
    int fd = -1;
    spin_error_t *error = open_path(component, arena, root, &fd);
    if (error == NULL) {
        error = beneath_path(arena, fd, &component->source.file);
        close(fd);
    }
    if (error == NULL)
        return NULL;
    return error_wrap(error, "source \"%.*s\"", SLICE_ARG(component->source.path));
}

static spin_error_t *measure(spin_component_t *component) {
    manifest_source_t *source = &component->source;
    int fd = open(source->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return errno == ENOENT ? fail_missing(component) : error_from_errno(errno, "can't open it");
    spin_error_t *error = digest_of(&component->application->arena, fd, &source->file_digest);
    close(fd);
    return error;
}

spin_error_t *source_digest(spin_component_t *component) {
    if (component->source.file_digest.ptr != NULL)
        return NULL;
    spin_error_t *error = measure(component);
    if (error == NULL)
        return NULL;
    return error_wrap(error, "source \"%.*s\"", SLICE_ARG(component->source.path));
}

/* ── URLs ────────────────────────────────────────────────────────────────────────────────── */

static int hex_value(uint8_t c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The path of "file:///path" or "file://localhost/path" (RFC 8089), percent-decoded. */
static spin_error_t *path_of_url(arena_t *arena, spin_slice_t url, char **out) {
    spin_slice_t scheme = SLICE_LITERAL("file://"), host = SLICE_LITERAL("localhost");
    if (!slice_starts_with(url, scheme))
        return error_new(SPIN_ERROR_UNSUPPORTED,
                         "only file:// URLs can be loaded so far; download the module and name it "
                         "by its path");
    spin_slice_t path = slice_from(url, scheme.len);
    if (slice_starts_with(path, host))
        path = slice_from(path, host.len);
    if (path.len == 0 || path.ptr[0] != '/')
        return error_new(SPIN_ERROR_INVALID, "a file URL has the form file:///absolute/path");
    char *text = arena_alloc_bytes(arena, path.len + 1);
    if (text == NULL)
        return error_no_memory();
    size_t len = 0;
    for (size_t i = 0; i < path.len; i++) {
        uint8_t c = path.ptr[i];
        if (c == '%') {
            int high = i + 2 < path.len ? hex_value(path.ptr[i + 1]) : -1;
            int low = i + 2 < path.len ? hex_value(path.ptr[i + 2]) : -1;
            c = (uint8_t)(high * 16 + low);
            if (high < 0 || low < 0 || c == 0)
                return error_new(SPIN_ERROR_INVALID, "\"%%\" in it is not followed by two "
                                                     "hexadecimal digits of a character");
            i += 2;
        }
        text[len++] = (char)c;
    }
    text[len] = '\0';
    *out = text;
    return NULL;
}

static spin_error_t *verify(arena_t *scratch, int fd, spin_slice_t expected) {
    spin_slice_t actual;
    spin_error_t *error = digest_of(scratch, fd, &actual);
    if (error != NULL || slice_equal(actual, expected))
        return error;
    return error_new(SPIN_ERROR_INVALID, "its digest is %.*s, but the manifest expects %.*s",
                     SLICE_ARG(actual), SLICE_ARG(expected));
}

static spin_error_t *copy_and_verify(arena_t *scratch, const char *path, const char *copy,
                                     spin_slice_t digest) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return error_from_errno(errno, "can't open \"%s\"", path);
    spin_error_t *error = copy_descriptor(fd, path, copy);
    close(fd);
    if (error != NULL)
        return error;
    fd = open(copy, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_from_errno(errno, "can't open \"%s\"", copy);
    error = verify(scratch, fd, digest);
    close(fd);
    return error;
}

static spin_error_t *resolve_url(loading_t *loading, spin_component_t *component) {
    manifest_source_t *source = &component->source;
    char *path, *copy;
    spin_error_t *error = path_of_url(&loading->scratch, source->url, &path);
    if (error == NULL)
        error = loading_module_path(loading, component, &copy);
    if (error == NULL)
        error = copy_and_verify(&loading->scratch, path, copy, source->digest);
    if (error != NULL)
        return error_wrap(error, "source \"%.*s\"", SLICE_ARG(source->url));
    source->file = copy;
    source->file_digest = source->digest;
    return NULL;
}

/* ── bindles ─────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *find_parcel(loading_t *loading, const manifest_source_t *source,
                                 const bindle_parcel_t **out) {
    const bindle_invoice_t *invoice;
    spin_error_t *error = parcels_invoice(loading, source->reference, &invoice);
    if (error == NULL) {
        *out = bindle_invoice_parcel(invoice, source->parcel);
        if (*out == NULL)
            error =
                error_new(SPIN_ERROR_NOT_FOUND, "it has no parcel %.*s", SLICE_ARG(source->parcel));
    }
    if (error == NULL)
        return NULL;
    return error_wrap(error, "bindle %s", parcels_quote(loading, source->reference));
}

spin_error_t *source_set_parcel(spin_component_t *component, char *file) {
    manifest_source_t *source = &component->source;
    source->file = file;
    source->file_digest =
        arena_printf(&component->application->arena, "sha256:%.*s", SLICE_ARG(source->parcel));
    return source->file_digest.ptr == NULL ? error_no_memory() : NULL;
}

static spin_error_t *resolve_parcel(loading_t *loading, spin_component_t *component) {
    manifest_source_t *source = &component->source;
    const bindle_parcel_t *parcel;
    const char *cached;
    char *file;
    spin_error_t *error = find_parcel(loading, source, &parcel);
    if (error == NULL)
        error = parcels_fetch(loading, source->reference, &parcel, 1, &cached);
    if (error == NULL)
        error = loading_module_path(loading, component, &file);
    if (error == NULL)
        error = parcels_place(loading, cached, file);
    if (error == NULL)
        error = source_set_parcel(component, file);
    return error == NULL ? NULL : error_wrap(error, "source");
}

spin_error_t *source_resolve(loading_t *loading, spin_component_t *component,
                             const beneath_t *root) {
    switch (component->source.kind) {
    case SPIN_SOURCE_PATH: return resolve_path(component, root);
    case SPIN_SOURCE_URL: return resolve_url(loading, component);
    case SPIN_SOURCE_BINDLE: return resolve_parcel(loading, component);
    }
    return error_new(SPIN_ERROR_INTERNAL, "source: of no known kind");
}
