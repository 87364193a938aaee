#include "bindle/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/file_write.h"
#include "base/log.h"
#include "digest/digest.h"

enum {
    MOST_INVOICE_BYTES = 16 << 20,
    MODE_FOLDER = 0700,
};

/* ── files and folders ───────────────────────────────────────────────────────────────────── */

/* Opens a file in a folder of the cache, which is made when it is not there. Negative: -errno. */
static int open_for_writing(const char *path) {
    for (int turn = 0;; turn++) {
        int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd >= 0 || errno != ENOENT || turn > 0)
            return fd >= 0 ? fd : -errno;
        int number = file_make_parents(path, MODE_FOLDER);
        if (number != 0)
            return -number;
    }
}

/* So that the name, too, is still there after a power cut. */
static void sync_folder(const char *path) {
    const char *slash = strrchr(path, '/');
    buf_t folder = {0};
    buf_append(&folder, spin_slice_of(path, (size_t)(slash - path)));
    buf_append_byte(&folder, '\0');
    int fd = folder.failed ? -1 : open((char *)folder.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    buf_deinit(&folder);
}

static spin_error_t *cache_error(int number, const char *what, const char *path) {
    return error_from_errno(number, "Bindle cache: can't %s \"%s\"", what, path);
}

/* ── parcels ─────────────────────────────────────────────────────────────────────────────── */

static bool is_digest(const char *text) {
    return strspn(text, "0123456789abcdef") == DIGEST_HEX && text[DIGEST_HEX] == '\0';
}

/* Whether the whole parcel is there; what has its name and is something else goes. */
static spin_error_t *find_whole(const bindle_cache_entry_t *entry, bool *present) {
    struct sha256_ctx hash;
    struct stat info;
    char hex[DIGEST_HEX + 1];
    uint64_t len = 0;
    *present = false;
    int fd = open(entry->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? NULL : cache_error(errno, "open", entry->path);
    bool regular = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    sha256_init(&hash);
    int number = regular ? digest_file(fd, &hash, &len) : 0;
    close(fd);
    if (number != 0)
        return cache_error(number, "read", entry->path);
    digest_hex(&hash, hex);
    bool good = regular && strcmp(hex, entry->sha256) == 0;
    if (good && len != entry->size)
        return error_new(SPIN_ERROR_INVALID,
                         "the invoice says %" PRIu64
                         " bytes, and what has the digest %s is %" PRIu64 " bytes long",
                         entry->size, entry->sha256, len);
    *present = good;
    if (good)
        return NULL;
    LOG_WARN("Bindle cache: a damaged parcel is removed", LOG_TEXT("path", entry->path));
    return unlink(entry->path) == 0 || errno == ENOENT
               ? NULL
               : cache_error(errno, "remove the damaged", entry->path);
}

/* Opens and locks the beginning. `*ours` is false when it is not what has the name now: whoever had
 * the lock before has finished or removed it. */
static spin_error_t *lock_part(bindle_cache_entry_t *entry, bool *ours) {
    struct stat by_fd, by_name;
    int fd = open_for_writing(entry->part);
    if (fd < 0)
        return cache_error(-fd, "make", entry->part);
    int locked;
    do
        locked = flock(fd, LOCK_EX);
    while (locked != 0 && errno == EINTR);
    if (locked != 0) {
        spin_error_t *error = cache_error(errno, "lock", entry->part);
        close(fd);
        return error;
    }
    *ours = fstat(fd, &by_fd) == 0 && stat(entry->part, &by_name) == 0 &&
            by_fd.st_ino == by_name.st_ino && by_fd.st_dev == by_name.st_dev;
    if (*ours)
        entry->fd = fd;
    else
        close(fd);
    return NULL;
}

static bool hash_fits(const bindle_cache_entry_t *entry) {
    struct sha256_ctx hash = entry->hash; /* which goes on */
    char hex[DIGEST_HEX + 1];
    digest_hex(&hash, hex);
    return strcmp(hex, entry->sha256) == 0;
}

/* Takes up what is there of the parcel. */
static spin_error_t *read_part(bindle_cache_entry_t *entry) {
    struct stat info;
    sha256_init(&entry->hash);
    entry->have = 0;
    if (fstat(entry->fd, &info) != 0)
        return cache_error(errno, "read", entry->part);
    if ((uint64_t)info.st_size > entry->size)
        return bindle_cache_rewind(entry);
    int number = digest_file(entry->fd, &entry->hash, &entry->have);
    if (number != 0)
        return cache_error(number, "read", entry->part);
    return entry->have < entry->size || hash_fits(entry) ? NULL : bindle_cache_rewind(entry);
}

/* Better now than after an hour. */
static spin_error_t *check_space(const bindle_cache_entry_t *entry) {
    struct statvfs info;
    if (fstatvfs(entry->fd, &info) != 0)
        return NULL;
    uint64_t left = entry->size - entry->have, block = info.f_frsize;
    if (block == 0 || left / block <= info.f_bavail)
        return NULL;
    return error_new(SPIN_ERROR_IO,
                     "Bindle cache: \"%s\" takes %" PRIu64 " more bytes, and the disk has room for "
                     "%" PRIu64,
                     entry->part, left, (uint64_t)info.f_bavail * block);
}

const char *bindle_cache_path(const bindle_cache_t *cache, arena_t *arena, const char *sha256) {
    return (char *)arena_printf(arena, "%s/parcels/%s", cache->dir, sha256).ptr;
}

spin_error_t *bindle_cache_enter(const bindle_cache_t *cache, arena_t *arena, const char *sha256,
                                 uint64_t size, bindle_cache_entry_t *entry, bool *present) {
    *entry = (bindle_cache_entry_t){.fd = -1, .sha256 = sha256, .size = size};
    if (!is_digest(sha256))
        return error_new(SPIN_ERROR_INVALID, "\"%.80s\" is not a SHA-256 digest", sha256);
    entry->path = bindle_cache_path(cache, arena, sha256);
    entry->part = (char *)arena_printf(arena, "%s/parcels/%s.part", cache->dir, sha256).ptr;
    if (entry->path == NULL || entry->part == NULL)
        return error_no_memory();
    for (;;) {
        bool ours = false;
        spin_error_t *error = find_whole(entry, present);
        if (error != NULL || *present)
            return error;
        error = lock_part(entry, &ours);
        if (error != NULL)
            return error;
        if (!ours)
            continue;
        if (access(entry->path, F_OK) != 0)
            break;
        bindle_cache_leave(entry); /* somebody was quicker between the look and the lock */
    }
    spin_error_t *error = read_part(entry);
    return error != NULL ? error : check_space(entry);
}

spin_error_t *bindle_cache_append(bindle_cache_entry_t *entry, spin_slice_t bytes) {
    if (bytes.len > entry->size - entry->have)
        return error_new(SPIN_ERROR_INVALID,
                         "the server sends more than the %" PRIu64 " bytes that the invoice says",
                         entry->size);
    int number = lseek(entry->fd, (off_t)entry->have, SEEK_SET) < 0
                     ? errno
                     : file_write_all(entry->fd, bytes);
    if (number != 0)
        return cache_error(number, "write", entry->part);
    sha256_update(&entry->hash, bytes.len, bytes.ptr);
    entry->have += bytes.len;
    return NULL;
}

spin_error_t *bindle_cache_rewind(bindle_cache_entry_t *entry) {
    sha256_init(&entry->hash);
    entry->have = 0;
    return ftruncate(entry->fd, 0) == 0 ? NULL : cache_error(errno, "empty", entry->part);
}

static spin_error_t *check_content(bindle_cache_entry_t *entry) {
    char hex[DIGEST_HEX + 1];
    if (entry->have != entry->size)
        return error_new(SPIN_ERROR_INVALID,
                         "the server sent %" PRIu64 " bytes, and the invoice says %" PRIu64,
                         entry->have, entry->size);
    digest_hex(&entry->hash, hex);
    if (strcmp(hex, entry->sha256) == 0)
        return NULL;
    return error_new(SPIN_ERROR_INVALID,
                     "what the server sent has the digest %s, and the invoice says %s", hex,
                     entry->sha256);
}

spin_error_t *bindle_cache_commit(bindle_cache_entry_t *entry) {
    spin_error_t *error = check_content(entry);
    if (error != NULL) {
        unlink(entry->part);
        return error;
    }
    if (fchmod(entry->fd, 0444) != 0 || fsync(entry->fd) != 0)
        return cache_error(errno, "write", entry->part);
    if (rename(entry->part, entry->path) != 0)
        return cache_error(errno, "make", entry->path);
    sync_folder(entry->path);
    return NULL;
}

void bindle_cache_leave(bindle_cache_entry_t *entry) {
    if (entry->fd < 0)
        return;
    if (entry->have == 0) /* what has the name is ours, as we have the lock, or a parcel by now */
        unlink(entry->part);
    close(entry->fd);
    entry->fd = -1;
}

/* ── invoices ────────────────────────────────────────────────────────────────────────────── */

static const char *invoice_path(const bindle_cache_t *cache, arena_t *arena, const char *server,
                                spin_slice_t reference) {
    struct sha256_ctx hash;
    char hex[DIGEST_HEX + 1];
    sha256_init(&hash);
    sha256_update(&hash, strlen(server) + 1, (const uint8_t *)server);
    sha256_update(&hash, reference.len, reference.ptr);
    digest_hex(&hash, hex);
    return (char *)arena_printf(arena, "%s/invoices/%s.toml", cache->dir, hex).ptr;
}

static spin_error_t *put_file(arena_t *arena, const char *path, spin_slice_t text) {
    char *beside = (char *)(uintptr_t)arena_printf(arena, "%s.XXXXXX", path).ptr;
    if (beside == NULL)
        return error_no_memory();
    int number = file_make_parents(path, MODE_FOLDER);
    if (number != 0)
        return cache_error(number, "make the folder of", path);
    number = file_write_temporary(beside, text);
    if (number == 0 && rename(beside, path) != 0) {
        number = errno;
        unlink(beside);
    }
    return number == 0 ? NULL : cache_error(number, "write", path);
}

spin_error_t *bindle_cache_put_invoice(const bindle_cache_t *cache, const char *server,
                                       spin_slice_t reference, spin_slice_t text) {
    arena_t arena = {0};
    const char *path = invoice_path(cache, &arena, server, reference);
    spin_error_t *error = path == NULL ? error_no_memory() : put_file(&arena, path, text);
    arena_deinit(&arena);
    return error;
}

spin_error_t *bindle_cache_get_invoice(const bindle_cache_t *cache, arena_t *arena,
                                       const char *server, spin_slice_t reference,
                                       spin_slice_t *text, const char **path) {
    struct stat info;
    spin_error_t *error = NULL;
    *path = invoice_path(cache, arena, server, reference);
    if (*path == NULL)
        return error_no_memory();
    int fd = open(*path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return cache_error(errno, "open", *path);
    uint8_t *bytes = NULL;
    ssize_t got = -1;
    if (fstat(fd, &info) != 0)
        error = cache_error(errno, "read", *path);
    else if (!S_ISREG(info.st_mode) || info.st_size > MOST_INVOICE_BYTES)
        error = error_new(SPIN_ERROR_LIMIT, "Bindle cache: \"%s\" is no invoice of ours", *path);
    else if ((bytes = arena_alloc_bytes(arena, (size_t)info.st_size + 1)) == NULL)
        error = error_no_memory();
    else if ((got = pread(fd, bytes, (size_t)info.st_size, 0)) != info.st_size)
        error = cache_error(got < 0 ? errno : EIO, "read", *path);
    close(fd);
    if (error == NULL)
        *text = spin_slice_of(bytes, (size_t)info.st_size);
    return error;
}
