#include "engine/module_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "component/legacy.h"
#include "engine/shim.h"
#include "spin/version.h"

enum { TRAILER = SHA256_DIGEST_SIZE };

static bool make_folders(char *path) {
    for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash != NULL)
            *slash = '\0';
        bool made = mkdir(path, 0700) == 0 || errno == EEXIST;
        if (slash == NULL)
            return made;
        *slash = '/';
    }
}

void module_cache_open(module_cache_t *cache, const char *dir) {
    cache->dir[0] = '\0';
    if (dir == NULL || dir[0] == '\0')
        return;
    char path[sizeof cache->dir];
    int len = snprintf(path, sizeof path, "%s/modules", dir);
    if (len < 0 || (size_t)len >= sizeof path) {
        LOG_WARN("module cache is off: its path is too long", LOG_TEXT("dir", dir));
        return;
    }
    struct stat info;
    if (!make_folders(path) || stat(path, &info) != 0) {
        LOG_WARN("module cache is off: its folder can't be made", LOG_TEXT("dir", path),
                 LOG_TEXT("reason", strerror(errno)));
        return;
    }
    /* What lies there is run as native code: nobody else may have put it there. */
    if ((info.st_uid != geteuid() && info.st_uid != 0) ||
        (info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        LOG_WARN("module cache is off: others may write to its folder", LOG_TEXT("dir", path));
        return;
    }
    memcpy(cache->dir, path, (size_t)len + 1);
}

static void to_hex(const uint8_t *bytes, size_t len, char *hex) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[2 * len] = '\0';
}

module_cache_key_t module_cache_key(spin_slice_t wasm, spin_slice_t flags) {
    struct sha256_ctx hash;
    uint8_t digest[SHA256_DIGEST_SIZE];
    char versions[96];
    int len = snprintf(versions, sizeof versions, "wasmtime %s, rewrite %d, ",
                       spin_engine_version(), LEGACY_REWRITE_VERSION);
    sha256_init(&hash);
    sha256_update(&hash, (size_t)len, (const uint8_t *)versions);
    sha256_update(&hash, flags.len, flags.ptr);
    sha256_update(&hash, wasm.len, wasm.ptr);
    sha256_digest(&hash, sizeof digest, digest);
    module_cache_key_t key;
    to_hex(digest, sizeof digest, key.hex);
    return key;
}

static void entry_path(const module_cache_t *cache, const module_cache_key_t *key, char *path) {
    snprintf(path, PATH_MAX, "%s/%s", cache->dir, key->hex);
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
    if (fstat(fd, &info) != 0 || info.st_size <= TRAILER)
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
    if (cache->dir[0] == '\0')
        return NULL;
    char path[PATH_MAX];
    entry_path(cache, key, path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    wasmtime_module_t *module = NULL;
    spin_error_t *error = NULL;
    if (!entry_is_whole(fd))
        error = error_new(SPIN_ERROR_INVALID, "its checksum does not match");
    else {
        /* By descriptor: what was checked is what is mapped, even if the name moves on. */
        char by_fd[64];
        snprintf(by_fd, sizeof by_fd, "/proc/self/fd/%d", fd);
        wasmtime_error_t *failure = wasmtime_module_deserialize_file(engine, by_fd, &module);
        if (failure != NULL)
            error = engine_error_take(failure, SPIN_ERROR_INVALID);
    }
    if (error != NULL) {
        LOG_WARN("module cache: damaged entry removed", LOG_TEXT("file", path),
                 LOG_ERR("reason", error));
        spin_error_free(error);
        unlink(path);
    }
    close(fd);
    return module;
}

static bool write_all(int fd, const void *bytes, size_t len) {
    const uint8_t *at = bytes;
    while (len > 0) {
        ssize_t written = write(fd, at, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        at += written;
        len -= (size_t)written;
    }
    return true;
}

void module_cache_put(const module_cache_t *cache, const module_cache_key_t *key,
                      const wasmtime_module_t *module) {
    if (cache->dir[0] == '\0')
        return;
    wasm_byte_vec_t artifact = {0};
    wasmtime_error_t *failure = wasmtime_module_serialize((wasmtime_module_t *)module, &artifact);
    if (failure != NULL) {
        spin_error_free(engine_error_take(failure, SPIN_ERROR_INTERNAL));
        return;
    }
    char path[PATH_MAX];
    char temporary[PATH_MAX];
    entry_path(cache, key, path);
    snprintf(temporary, sizeof temporary, "%s/.tmp-XXXXXX", cache->dir);
    uint8_t digest[TRAILER];
    digest_of((const uint8_t *)artifact.data, artifact.size, digest);

    int fd = mkostemp(temporary, O_CLOEXEC);
    bool kept = fd >= 0 && write_all(fd, artifact.data, artifact.size) &&
                write_all(fd, digest, sizeof digest) && rename(temporary, path) == 0;
    if (!kept) {
        LOG_WARN("module cache: entry not kept", LOG_TEXT("dir", cache->dir),
                 LOG_TEXT("reason", strerror(errno)));
        if (fd >= 0)
            unlink(temporary);
    }
    if (fd >= 0)
        close(fd);
    wasm_byte_vec_delete(&artifact);
}
