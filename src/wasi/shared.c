#include "wasi/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "manifest/application.h"

enum { BLOCK_BYTES = 256 }; /* most components have little to share, and there may be thousands */

static spin_error_t *open_mounts(wasi_shared_t *shared, const spin_component_t *component) {
    shared->mounts = arena_calloc(&shared->arena, component->mounts_len, sizeof *shared->mounts);
    if (shared->mounts == NULL)
        return error_no_memory();
    for (size_t i = 0; i < component->mounts_len; i++) {
        const manifest_mount_t *mount = &component->mounts[i];
        spin_slice_t name = arena_copy(&shared->arena, spin_slice(mount->guest_path));
        if (name.ptr == NULL)
            return error_no_memory();
        int fd = open(mount->host_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 && errno == EACCES) /* may be searched, not listed: enough to resolve paths */
            fd = open(mount->host_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
            return error_from_errno(errno, "mount \"%s\" at \"%s\"", mount->host_path,
                                    mount->guest_path);
        shared->mounts[shared->mounts_len++] = (wasi_mount_t){fd, name, mount->read_only};
    }
    return NULL;
}

static void share_descriptors(wasi_shared_t *shared) {
    enum { MOST = 1 << 20, LEAST_EACH = 16 };
    struct rlimit limit;
    bool known = getrlimit(RLIMIT_NOFILE, &limit) == 0;
    shared->host_fds = known && limit.rlim_cur < MOST ? (uint32_t)limit.rlim_cur / 2 : MOST / 2;
    shared->host_fds_each = shared->host_fds / 8 > LEAST_EACH ? shared->host_fds / 8 : LEAST_EACH;
}

static bool has_variable(const wasi_shared_t *shared, spin_slice_t key) {
    for (size_t i = 0; i < shared->variables_len; i++)
        if (slice_equal(shared->variables[i].key, key))
            return true;
    return false;
}

static spin_error_t *add_variable(wasi_shared_t *shared, spin_slice_t key, spin_slice_t value) {
    if (has_variable(shared, key))
        return NULL;
    spin_slice_t entry =
        arena_printf(&shared->arena, "%.*s=%.*s", SLICE_ARG(key), SLICE_ARG(value));
    if (entry.ptr == NULL)
        return error_no_memory();
    entry.len++;
    key.ptr = entry.ptr;
    shared->variables[shared->variables_len++] = (wasi_variable_t){key, entry};
    shared->variables_size += (uint32_t)entry.len;
    return NULL;
}

/* What the engine adds wins over the component's own, as it stands in front of it. */
static spin_error_t *build_environment(wasi_shared_t *shared,
                                       const engine_component_settings_t *settings) {
    spin_error_t *error = NULL;
    const manifest_pairs_t *own = &settings->component->environment;
    const size_t added = settings->environment_len;
    shared->variables = arena_calloc(&shared->arena, added + own->len, sizeof *shared->variables);
    if (shared->variables == NULL)
        return error_no_memory();
    for (size_t i = 0; error == NULL && i < added; i++)
        error = add_variable(shared, settings->environment[i].key, settings->environment[i].value);
    for (size_t i = 0; error == NULL && i < own->len; i++)
        error = add_variable(shared, own->items[i].key, own->items[i].value);
    return error;
}

spin_error_t *wasi_shared_init(const engine_component_settings_t *settings, void **out) {
    wasi_shared_t *shared = mem_calloc(1, sizeof *shared);
    if (shared == NULL)
        return error_no_memory();
    arena_init(&shared->arena, BLOCK_BYTES);
    share_descriptors(shared);
    spin_error_t *error = open_mounts(shared, settings->component);
    if (error == NULL)
        error = build_environment(shared, settings);
    if (error != NULL) {
        wasi_shared_deinit(shared);
        return error;
    }
    *out = shared;
    return NULL;
}

void wasi_shared_deinit(void *of) {
    wasi_shared_t *shared = of;
    for (size_t i = 0; i < shared->mounts_len; i++)
        close(shared->mounts[i].fd);
    arena_deinit(&shared->arena);
    mem_free(shared);
}
