/* A standalone bindle (standalone bindle specification): a folder that is named by the digest of
 * "NAME/VERSION", and holds the invoice and the parcels. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file_write.h"
#include "bindle/reference.h"
#include "digest/digest.h"
#include "loader/workdir.h"
#include "publish/expand.h"

enum {
    CHUNK_BYTES = 1 << 16,
    PROGRESS_BYTES = 1 << 20, /* of a parcel, between two calls */
    MODE_FOLDER = 0777,       /* the umask takes away what it should */
    MODE_FILE = 0666,
};

typedef struct staging {
    publish_bindle_t *bindle;
    const bindle_settings_t *settings;
    const char *workdir; /* in the staging folder; NULL before it is made */
    const char *folder;  /* the bindle as long as it grows, in the working directory */
    uint8_t *chunk;
} staging_t;

/* One parcel on its way. */
typedef struct parcel_copy {
    const staging_t *staging;
    size_t index;
    const char *name;
    const char *target;
    struct sha256_ctx hash;
    uint64_t done;
    int fd;
} parcel_copy_t;

/* ── parcels ─────────────────────────────────────────────────────────────────────────────── */

static void report(const parcel_copy_t *copy, bool skipped) {
    const bindle_settings_t *settings = copy->staging->settings;
    const bindle_invoice_t *invoice = &copy->staging->bindle->invoice;
    if (settings->progress == NULL)
        return;
    spin_bindle_progress_t progress = {.size = sizeof progress,
                                       .what = copy->name,
                                       .done_bytes = copy->done,
                                       .total_bytes = invoice->parcels[copy->index].size_bytes,
                                       .parcel = copy->index + 1,
                                       .parcels = invoice->parcels_len,
                                       .skipped = skipped};
    settings->progress(&progress, settings->user);
}

static spin_error_t *append(parcel_copy_t *copy, spin_slice_t bytes) {
    int number = file_write_all(copy->fd, bytes);
    if (number != 0)
        return error_from_errno(number, "can't write \"%s\"", copy->target);
    uint64_t before = copy->done;
    sha256_update(&copy->hash, bytes.len, bytes.ptr);
    copy->done += bytes.len;
    if (before / PROGRESS_BYTES != copy->done / PROGRESS_BYTES)
        report(copy, false);
    return NULL;
}

static spin_error_t *append_file(parcel_copy_t *copy, const char *path) {
    int from = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (from < 0)
        return error_from_errno(errno, "can't open \"%s\"", path);
    spin_error_t *error = NULL;
    while (error == NULL) {
        ssize_t got = read(from, copy->staging->chunk, CHUNK_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            error = error_from_errno(errno, "can't read \"%s\"", path);
        if (got <= 0)
            break;
        error = append(copy, spin_slice_of(copy->staging->chunk, (size_t)got));
    }
    close(from);
    return error;
}

/* What was signed is what must be there. */
static spin_error_t *check(parcel_copy_t *copy, const char *path) {
    const bindle_parcel_t *parcel = &copy->staging->bindle->invoice.parcels[copy->index];
    char hex[DIGEST_HEX + 1];
    digest_hex(&copy->hash, hex);
    if (strcmp(hex, parcel->sha256) == 0)
        return NULL;
    return error_new(SPIN_ERROR_INVALID,
                     "\"%s\" has changed while the bindle was made of it; make it once more", path);
}

static spin_error_t *write_parcel(const staging_t *staging, size_t index) {
    const bindle_parcel_t *parcel = &staging->bindle->invoice.parcels[index];
    const publish_source_t *source = &staging->bindle->sources[index];
    arena_t *arena = &staging->bindle->arena;
    parcel_copy_t copy = {.staging = staging, .index = index};
    copy.name = arena_copy_text(arena, parcel->name);
    copy.target =
        (const char *)arena_printf(arena, "%s/parcels/%s.dat", staging->folder, parcel->sha256).ptr;
    if (copy.name == NULL || copy.target == NULL)
        return error_no_memory();
    copy.fd = open(copy.target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, MODE_FILE);
    if (copy.fd < 0 && errno == EEXIST) { /* another file with the same content */
        copy.done = parcel->size_bytes;
        report(&copy, true);
        return NULL;
    }
    if (copy.fd < 0)
        return error_from_errno(errno, "can't make \"%s\"", copy.target);
    sha256_init(&copy.hash);
    spin_error_t *error =
        source->path == NULL ? append(&copy, source->bytes) : append_file(&copy, source->path);
    if (close(copy.fd) != 0 && error == NULL)
        error = error_from_errno(errno, "can't write \"%s\"", copy.target);
    if (error == NULL)
        error = check(&copy, source->path == NULL ? copy.name : source->path);
    if (error == NULL)
        report(&copy, false);
    return error;
}

/* ── the folder ──────────────────────────────────────────────────────────────────────────── */

static spin_error_t *write_invoice(const staging_t *staging) {
    arena_t *arena = &staging->bindle->arena;
    spin_slice_t text;
    spin_error_t *error = bindle_invoice_write(&staging->bindle->invoice, arena, &text);
    if (error != NULL)
        return error;
    const char *path = (const char *)arena_printf(arena, "%s/invoice.toml", staging->folder).ptr;
    if (path == NULL)
        return error_no_memory();
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, MODE_FILE);
    if (fd < 0)
        return error_from_errno(errno, "can't make \"%s\"", path);
    int number = file_write_all(fd, text);
    if (close(fd) != 0 && number == 0)
        number = errno;
    return number == 0 ? NULL : error_from_errno(number, "can't write \"%s\"", path);
}

static spin_error_t *make_folder(const char *path) {
    if (path == NULL)
        return error_no_memory();
    if (mkdir(path, MODE_FOLDER) == 0)
        return NULL;
    return error_from_errno(errno, "can't make the folder \"%s\"", path);
}

static spin_error_t *write_folder(staging_t *staging) {
    arena_t *arena = &staging->bindle->arena;
    staging->folder = (const char *)arena_printf(arena, "%s/bindle", staging->workdir).ptr;
    spin_error_t *error = make_folder(staging->folder);
    if (error == NULL)
        error = make_folder((const char *)arena_printf(arena, "%s/parcels", staging->folder).ptr);
    for (size_t i = 0; error == NULL && i < staging->bindle->invoice.parcels_len; i++)
        error = write_parcel(staging, i);
    return error == NULL ? write_invoice(staging) : error;
}

/* Gives `made` the name `path` in one step; what had it before, an earlier bindle, goes into the
 * working directory. Returns an errno. */
static int put_in_place(const char *made, const char *path, const char *aside) {
    if (rename(made, path) == 0) /* it is new, or an empty folder */
        return 0;
    if (errno != EEXIST && errno != ENOTEMPTY)
        return errno == ENOTDIR ? EEXIST : errno; /* a file has the name */
    if (renameat2(AT_FDCWD, made, AT_FDCWD, path, RENAME_EXCHANGE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS) /* what a file system says that can't */
        return errno;
    return rename(path, aside) == 0 && rename(made, path) == 0 ? 0 : errno;
}

static spin_error_t *publish_folder(const staging_t *staging) {
    arena_t *arena = &staging->bindle->arena;
    const bindle_invoice_t *invoice = &staging->bindle->invoice;
    char digest[DIGEST_HEX + 1];
    bindle_reference_digest(invoice->name, invoice->version, digest);
    int root = (int)(strrchr(staging->workdir, '/') - staging->workdir);
    const char *path =
        (const char *)arena_printf(arena, "%.*s/%s", root, staging->workdir, digest).ptr;
    const char *aside = (const char *)arena_printf(arena, "%s/old", staging->workdir).ptr;
    if (path == NULL || aside == NULL)
        return error_no_memory();
    int number = put_in_place(staging->folder, path, aside);
    return number == 0 ? NULL : error_from_errno(number, "can't make the bindle \"%s\"", path);
}

static spin_error_t *stage(staging_t *staging, const char *staging_dir) {
    staging->chunk = mem_alloc(CHUNK_BYTES);
    if (staging->chunk == NULL)
        return error_no_memory();
    spin_error_t *error = workdir_new(staging_dir, &staging->workdir);
    if (error == NULL)
        error = write_folder(staging);
    if (error == NULL)
        error = publish_folder(staging);
    if (staging->workdir != NULL)
        workdir_remove(staging->workdir);
    mem_free(staging->chunk);
    return error;
}

/* ── all ─────────────────────────────────────────────────────────────────────────────────── */

spin_error_t *spin_bindle_prepare(const char *path, const char *build_info, const char *staging_dir,
                                  const spin_bindle_options_t *options, char **id) {
    arena_t arena = {0};
    bindle_settings_t settings;
    publish_bindle_t bindle = {0};
    staging_t staging = {.bindle = &bindle, .settings = &settings};
    spin_error_t *error = bindle_settings_take(&settings, &arena, options);
    if (error == NULL)
        error = publish_expand(&bindle, path, build_info, options);
    if (error == NULL)
        error = publish_sign(&bindle, &settings);
    if (error == NULL)
        error = stage(&staging, staging_dir);
    if (error == NULL) {
        *id = mem_copy_text(bindle.id);
        if (*id == NULL)
            error = error_no_memory();
    }
    publish_bindle_deinit(&bindle);
    arena_deinit(&arena);
    return error;
}
