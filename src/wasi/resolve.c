#include "wasi/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/vec.h"
#include "wasi/errno.h"

/* As in the kernel (MAXSYMLINKS), and how often it may see the tree change under "..". */
enum { MAX_LINKS = 40, MAX_RACES = 8 };

static wasi_errno_t give(int fd, int *out) {
    *out = fd;
    return wasi_errno_of(fd);
}

/* ── by the kernel ── */

static int open_beneath(int root, const char *path, int flags, mode_t mode) {
    struct open_how how = {
        .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
        .mode = (flags & O_CREAT) != 0 ? mode : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

enum { METHOD_UNKNOWN, METHOD_KERNEL, METHOD_WALK };
static atomic_int method;

static bool kernel_resolves(void) {
    int found = atomic_load_explicit(&method, memory_order_relaxed);
    if (found == METHOD_UNKNOWN) {
        int fd = open_beneath(AT_FDCWD, ".", O_PATH, 0);
        found = fd >= 0 || (errno != ENOSYS && errno != EPERM) ? METHOD_KERNEL : METHOD_WALK;
        if (fd >= 0)
            close(fd);
        atomic_store_explicit(&method, found, memory_order_relaxed);
    }
    return found == METHOD_KERNEL;
}

void resolve_force_walk(bool walk) {
    atomic_store(&method, walk ? METHOD_WALK : METHOD_UNKNOWN);
}

/* ── by hand ── */

typedef struct walk {
    int root;
    VEC(int) dirs; /* below the root, outermost first: ".." goes back through them */
    int links;
    char rest[PATH_MAX];
} walk_t;

typedef struct component {
    char name[NAME_MAX + 1];
    const char *next; /* in walk.rest, after the slashes */
    bool slash;       /* whether there were any */
} component_t;

static int walk_here(const walk_t *walk) {
    return walk->dirs.len == 0 ? walk->root : walk->dirs.items[walk->dirs.len - 1];
}

static wasi_errno_t next_component(const char *at, component_t *out) {
    size_t len = strcspn(at, "/");
    if (len > NAME_MAX)
        return WASI_ERRNO_NAMETOOLONG;
    memcpy(out->name, at, len);
    out->name[len] = '\0';
    out->next = at + len + strspn(at + len, "/");
    out->slash = at[len] == '/';
    return WASI_ERRNO_SUCCESS;
}

static wasi_errno_t walk_up(walk_t *walk) {
    if (walk->dirs.len == 0)
        return WASI_ERRNO_NOTCAPABLE;
    close(walk->dirs.items[--walk->dirs.len]);
    return WASI_ERRNO_SUCCESS;
}

static wasi_errno_t walk_down(walk_t *walk, const char *name) {
    if (!VEC_RESERVE(&walk->dirs, 1))
        return WASI_ERRNO_NOMEM;
    int fd = openat(walk_here(walk), name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
        walk->dirs.items[walk->dirs.len++] = fd;
    return wasi_errno_of(fd);
}

/* Puts a link's target in front of what is left. `*is_link` is false where the component is
 * something else, or is not there. */
static wasi_errno_t walk_link(walk_t *walk, const component_t *component, bool *is_link) {
    char target[PATH_MAX];
    ssize_t len = readlinkat(walk_here(walk), component->name, target, sizeof target);
    *is_link = len >= 0;
    if (len < 0)
        return errno == EINVAL || errno == ENOENT ? WASI_ERRNO_SUCCESS : wasi_errno_of(-1);
    if (++walk->links > MAX_LINKS)
        return WASI_ERRNO_LOOP;
    if (len == 0)
        return WASI_ERRNO_NOENT;
    if (target[0] == '/')
        return WASI_ERRNO_NOTCAPABLE;
    size_t rest = strlen(component->next);
    size_t slash = component->slash ? 1 : 0;
    if ((size_t)len + slash + rest >= sizeof walk->rest)
        return WASI_ERRNO_NAMETOOLONG;
    memmove(walk->rest + (size_t)len + slash, component->next, rest + 1);
    memcpy(walk->rest, target, (size_t)len);
    if (slash != 0)
        walk->rest[len] = '/';
    return WASI_ERRNO_SUCCESS;
}

static wasi_errno_t walk_end(const walk_t *walk, const component_t *last, int flags, mode_t mode,
                             int *out) {
    if (last->slash && (flags & O_CREAT) != 0)
        return WASI_ERRNO_ISDIR;
    if (last->slash)
        flags |= O_DIRECTORY;
    return give(openat(walk_here(walk), last->name, flags | O_NOFOLLOW | O_CLOEXEC, mode), out);
}

static wasi_errno_t walk_open(walk_t *walk, int flags, mode_t mode, int *out) {
    const int exclusive = O_CREAT | O_EXCL;
    const char *at = walk->rest;
    for (;;) {
        component_t component;
        wasi_errno_t error = next_component(at, &component);
        bool last = error == WASI_ERRNO_SUCCESS && *component.next == '\0';
        bool is_link = false;
        if (error == WASI_ERRNO_SUCCESS && strcmp(component.name, "..") == 0) {
            error = walk_up(walk);
            strcpy(component.name, ".");
        } else if (error == WASI_ERRNO_SUCCESS && strcmp(component.name, ".") != 0) {
            if (!last || component.slash ||
                ((flags & O_NOFOLLOW) == 0 && (flags & exclusive) != exclusive))
                error = walk_link(walk, &component, &is_link);
            if (error == WASI_ERRNO_SUCCESS && !is_link && !last)
                error = walk_down(walk, component.name);
        }
        if (error != WASI_ERRNO_SUCCESS)
            return error;
        if (last && !is_link)
            return walk_end(walk, &component, flags, mode, out);
        at = is_link ? walk->rest : component.next;
    }
}

static wasi_errno_t open_walking(int root, const char *path, int flags, mode_t mode, int *out) {
    walk_t walk = {.root = root};
    size_t len = strlen(path);
    if (len >= sizeof walk.rest)
        return WASI_ERRNO_NAMETOOLONG;
    memcpy(walk.rest, path, len + 1);
    wasi_errno_t error = walk_open(&walk, flags, mode, out);
    while (walk.dirs.len > 0)
        walk_up(&walk);
    VEC_FREE(&walk.dirs);
    return error;
}

/* ── both ── */

wasi_errno_t resolve_open(int root, const char *path, int flags, mode_t mode, int *out) {
    if (path[0] == '/')
        return WASI_ERRNO_NOTCAPABLE;
    if (path[0] == '\0')
        return WASI_ERRNO_NOENT;
    for (int race = 0; race < MAX_RACES && kernel_resolves(); race++) {
        int fd = open_beneath(root, path, flags, mode);
        if (fd < 0 && errno == EXDEV)
            return WASI_ERRNO_NOTCAPABLE;
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
            return give(fd, out);
    }
    return open_walking(root, path, flags, mode, out);
}

wasi_errno_t resolve_place(int root, char *path, resolve_place_t *out) {
    size_t end = strlen(path);
    while (end > 0 && path[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/')
        start--;
    const char *name = path + start;
    bool dots = (end - start == 1 && name[0] == '.') ||
                (end - start == 2 && name[0] == '.' && name[1] == '.');
    *out = (resolve_place_t){.dir = root, .name = dots ? "." : name};
    if (path[0] == '/')
        return WASI_ERRNO_NOTCAPABLE;
    if (end == 0)
        return WASI_ERRNO_NOENT;
    if (start == 0 && !dots)
        return WASI_ERRNO_SUCCESS;
    if (!dots)
        path[start - 1] = '\0';
    wasi_errno_t error = resolve_open(root, path, O_PATH | O_DIRECTORY, 0, &out->dir);
    out->owned = error == WASI_ERRNO_SUCCESS;
    return error;
}

void resolve_place_close(resolve_place_t *place) {
    if (place->owned)
        close(place->dir);
}
