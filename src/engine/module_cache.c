#include "engine/module_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file_write.h"
#include "base/log.h"
#include "component/legacy.h"
#include "engine/shim.h"
#include "spin/version.h"

enum { TRAILER = SHA256_DIGEST_SIZE };

/* What lies in the cache is run as native code: nobody else may have put it there. */
static bool is_trusted(const struct stat *info) {
    return (info->st_uid == geteuid() || info->st_uid == 0) &&
           (info->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

void module_cache_open(module_cache_t *cache, const char *dir) {
    cache->dir = -1;
    if (dir == NULL || dir[0] == '\0')
        return;
    arena_t arena = {0};
    struct stat info;
    const char *path = (const char *)arena_printf(&arena, "%s/modules", dir).ptr;
    errno = path == NULL ? ENOMEM : file_make_folders(path, 0, 0700);
    if (errno == 0)
        cache->dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (cache->dir < 0 || fstat(cache->dir, &info) != 0) {
        LOG_WARN("module cache is off: its folder can't be used", LOG_TEXT("dir", dir),
                 LOG_TEXT("reason", strerror(errno)));
        module_cache_close(cache);
    } else if (!is_trusted(&info)) {
        LOG_WARN("module cache is off: others may write to its folder", LOG_TEXT("dir", path));
        module_cache_close(cache);
    }
    arena_deinit(&arena);
}

void module_cache_close(module_cache_t *cache) {
    if (cache->dir >= 0)
        close(cache->dir);
    cache->dir = -1;
}

module_cache_key_t module_cache_key(spin_slice_t digest, spin_slice_t flags) {
    struct sha256_ctx hash;
    module_cache_key_t key;
    char versions[96];
    int len = snprintf(versions, sizeof versions, "wasmtime %s, rewrite %d, ",
                       spin_engine_version(), LEGACY_REWRITE_VERSION);
    sha256_init(&hash);
    sha256_update(&hash, (size_t)len, (const uint8_t *)versions);
    sha256_update(&hash, flags.len, flags.ptr);
    sha256_update(&hash, 1, (const uint8_t *)" ");
    sha256_update(&hash, digest.len, digest.ptr);
    digest_hex(&hash, key.hex);
    return key;
}

static void digest_of(const uint8_t *bytes, size_t len, uint8_t *digest) {
    struct sha256_ctx hash;
    sha256_init(&hash);
    sha256_update(&hash, len, bytes);
    sha256_digest(&hash, SHA256_DIGEST_SIZE, digest);
}

/* Whether the entry ends with the digest of what is in front of it. */
static bool entry_is_whole(int fd) {
    struct stat info;
    if (fstat(fd, &info) != 0 || !is_trusted(&info) || info.st_size <= TRAILER)
        return false;
    size_t size = (size_t)info.st_size;
    uint8_t *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (bytes == MAP_FAILED)
        return false;
    uint8_t digest[TRAILER];
    digest_of(bytes, size - TRAILER, digest);
    bool whole = memcmp(digest, bytes + size - TRAILER, TRAILER) == 0;
    munmap(bytes, size);
    return whole;
}

wasmtime_module_t *module_cache_get(const module_cache_t *cache, const module_cache_key_t *key,
                                    wasm_engine_t *engine) {
    if (cache->dir < 0)
        return NULL;
    int fd = openat(cache->dir, key->hex, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    wasmtime_module_t *module = NULL;
    if (!entry_is_whole(fd)) {
        LOG_WARN("module cache: damaged entry removed", LOG_TEXT("entry", key->hex));
        unlinkat(cache->dir, key->hex, 0);
        goto out;
    }
    /* By descriptor: what was checked is what is mapped, even if the name moves on. */
    char by_fd[64];
    snprintf(by_fd, sizeof by_fd, "/proc/self/fd/%d", fd);
    wasmtime_error_t *failure = wasmtime_module_deserialize_file(engine, by_fd, &module);
    if (failure != NULL) {
        spin_error_t *error = engine_error_take(failure, SPIN_ERROR_INVALID);
        LOG_INFO("module cache: entry not usable here", LOG_TEXT("entry", key->hex),
                 LOG_ERR("reason", error));
        spin_error_free(error);
    }
out:
    close(fd);
    return module;
}

/* Writes artifact and digest under a name of their own, then moves them into place. */
static bool write_entry(const module_cache_t *cache, const module_cache_key_t *key,
                        const wasm_byte_vec_t *artifact) {
    uint8_t digest[TRAILER];
    char temporary[sizeof key->hex + 32];
    digest_of((const uint8_t *)artifact->data, artifact->size, digest);
    snprintf(temporary, sizeof temporary, ".%s.%ld", key->hex, (long)getpid());
    int fd =
        openat(cache->dir, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    int number = file_write_all(fd, spin_slice_of(artifact->data, artifact->size));
    if (number == 0)
        number = file_write_all(fd, spin_slice_of(digest, sizeof digest));
    if (number == 0 && renameat(cache->dir, temporary, cache->dir, key->hex) != 0)
        number = errno;
    if (number != 0)
        unlinkat(cache->dir, temporary, 0);
    close(fd);
    errno = number;
    return number == 0;
}

bool module_cache_put(const module_cache_t *cache, const module_cache_key_t *key,
                      const wasmtime_module_t *module) {
    if (cache->dir < 0)
        return false;
    wasm_byte_vec_t artifact = {0};
    wasmtime_error_t *failure = wasmtime_module_serialize((wasmtime_module_t *)module, &artifact);
    if (failure != NULL) {
        spin_error_t *error = engine_error_take(failure, SPIN_ERROR_INTERNAL);
        LOG_WARN("module cache: entry not kept", LOG_ERR("reason", error));
        spin_error_free(error);
        return false;
    }
    bool kept = write_entry(cache, key, &artifact);
    if (!kept)
        LOG_WARN("module cache: entry not kept", LOG_TEXT("entry", key->hex),
                 LOG_TEXT("reason", strerror(errno)));
    wasm_byte_vec_delete(&artifact);
    return kept;
}
