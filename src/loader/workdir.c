#include "loader/workdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file_write.h"
#include "base/log.h"

#define NAME_PREFIX "spin-"
/* In front of a folder's name while it has no lock file yet, or none any more. An empty folder of
 * such a name is nobody's. */
#define HIDDEN    "."
#define LOCK_NAME ".spin-workdir-lock"
#define KEPT_NAME ".spin-workdir-kept"

enum { OPEN_FOLDERS = 16 };

typedef struct workdir {
    int lock;
    pid_t owner;
    size_t found_len; /* of the part of the path that was there before */
    char path[PATH_MAX];
} workdir_t;

static workdir_t *workdir_of(const char *path) {
    return (workdir_t *)((char *)(uintptr_t)path - offsetof(workdir_t, path));
}

/* ── removal ─────────────────────────────────────────────────────────────────────────────── */

/* The lock file goes last, so that a removal which is cut short is taken up by the next sweep. */
static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk) {
    (void)info;
    (void)type;
    bool is_lock = walk->level == 1 && strcmp(path + walk->base, LOCK_NAME) == 0;
    if (walk->level > 0 && !is_lock)
        remove(path);
    return 0;
}

/* "a/spin-b" as "a/.spin-b"; false where it does not fit, or is hidden already. */
static bool hidden_path(const char *path, char out[PATH_MAX]) {
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash[1] == HIDDEN[0])
        return false;
    int len = snprintf(out, PATH_MAX, "%.*s/" HIDDEN "%s", (int)(slash - path), path, slash + 1);
    return len > 0 && len < PATH_MAX;
}

static void remove_tree(const char *path) {
    nftw(path, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    char lock[PATH_MAX], hidden[PATH_MAX];
    if (hidden_path(path, hidden) && rename(path, hidden) == 0)
        path = hidden;
    int len = snprintf(lock, sizeof lock, "%s/" LOCK_NAME, path);
    if (len > 0 && (size_t)len < sizeof lock)
        unlink(lock);
    if (rmdir(path) != 0 && errno != ENOENT)
        LOG_WARN("can't remove a working directory", LOG_TEXT("path", path),
                 LOG_INT("errno", errno));
}

/* Removes the folders above `path` down to `found_len` while they are empty. */
static void remove_parents(char *path, size_t found_len) {
    for (char *slash; (slash = strrchr(path, '/')) != NULL && (size_t)(slash - path) > found_len;) {
        *slash = '\0';
        if (rmdir(path) != 0)
            return;
    }
}

void workdir_remove(const char *path) {
    workdir_t *workdir = workdir_of(path);
    bool ours = workdir->owner == getpid();
    if (ours)
        remove_tree(workdir->path);
    close(workdir->lock);
    if (ours)
        remove_parents(workdir->path, workdir->found_len);
    mem_free(workdir);
}

void workdir_keep(const char *path) {
    workdir_t *workdir = workdir_of(path);
    char lock[PATH_MAX], kept[PATH_MAX];
    int len = snprintf(lock, sizeof lock, "%s/" LOCK_NAME, path);
    int kept_len = snprintf(kept, sizeof kept, "%s/" KEPT_NAME, path);
    bool fits =
        len > 0 && kept_len > 0 && (size_t)len < sizeof lock && (size_t)kept_len < sizeof kept;
    if (fits && rename(lock, kept) != 0)
        unlink(lock);
    close(workdir->lock);
    mem_free(workdir);
}

bool workdir_is_one(int folder) {
    return faccessat(folder, LOCK_NAME, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
           faccessat(folder, KEPT_NAME, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* ── sweep ───────────────────────────────────────────────────────────────────────────────── */

static bool has_our_form(const char *name) {
    size_t len = sizeof NAME_PREFIX - 1;
    if (name[0] == HIDDEN[0])
        name++;
    return strncmp(name, NAME_PREFIX, len) == 0 && strlen(name) == len + 6;
}

/* The lock of a folder that its owner left behind, now ours; -1 for every other folder. */
static int take_stale_lock(int temp, const char *name) {
    struct stat info;
    int folder = openat(temp, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        return -1;
    int lock = -1;
    if (fstat(folder, &info) == 0 && info.st_uid == geteuid() && (info.st_mode & 0077) == 0) {
        lock = openat(folder, LOCK_NAME, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
        if (lock < 0 && errno == ENOENT && name[0] == HIDDEN[0])
            unlinkat(temp, name, AT_REMOVEDIR); /* where it is empty */
    }
    close(folder);
    if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) != 0) {
        close(lock);
        lock = -1;
    }
    return lock;
}

void workdir_remove_left(const char *path) {
    const char *slash = strrchr(path, '/');
    int lock = slash != NULL && has_our_form(slash + 1) ? take_stale_lock(AT_FDCWD, path) : -1;
    if (lock < 0)
        return;
    remove_tree(path);
    close(lock);
}

static void sweep(const char *temp_dir) {
    DIR *temp = opendir(temp_dir);
    if (temp == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(temp)) != NULL;) {
        if (!has_our_form(entry->d_name))
            continue;
        int lock = take_stale_lock(dirfd(temp), entry->d_name);
        if (lock < 0)
            continue;
        char path[PATH_MAX];
        int len = snprintf(path, sizeof path, "%s/%s", temp_dir, entry->d_name);
        if (len > 0 && (size_t)len < sizeof path) {
            LOG_INFO("removing what a killed process left", LOG_TEXT("path", path));
            remove_tree(path);
        }
        close(lock);
    }
    closedir(temp);
}

/* ── making ──────────────────────────────────────────────────────────────────────────────── */

/* Makes the lock file and takes the lock. False with EAGAIN when a sweep came in between. */
static bool lock_folder(workdir_t *workdir) {
    char path[PATH_MAX];
    int len = snprintf(path, sizeof path, "%s/" LOCK_NAME, workdir->path);
    if (len < 0 || (size_t)len >= sizeof path) {
        errno = ENAMETOOLONG;
        return false;
    }
    workdir->lock = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (workdir->lock < 0) {
        errno = errno == ENOENT ? EAGAIN : errno;
        return false;
    }
    struct stat info;
    if (flock(workdir->lock, LOCK_EX | LOCK_NB) == 0 && fstat(workdir->lock, &info) == 0 &&
        info.st_nlink > 0)
        return true;
    close(workdir->lock);
    errno = EAGAIN;
    return false;
}

/* How much of `path` exists; 0: nothing of a relative one. */
static size_t existing_len(const char *path) {
    char part[PATH_MAX];
    size_t len = strlen(path);
    memcpy(part, path, len + 1);
    while (len > 0 && access(part, F_OK) != 0) {
        do
            len--;
        while (len > 0 && part[len] != '/');
        part[len] = '\0';
    }
    return len;
}

/* Puts `temp_dir` into `workdir` as an absolute path and makes what is missing of it. */
static bool enter_temp_dir(workdir_t *workdir, const char *temp_dir) {
    char found[PATH_MAX];
    if (strlen(temp_dir) >= sizeof found) {
        errno = ENAMETOOLONG;
        return false;
    }
    size_t len = existing_len(temp_dir);
    memcpy(found, temp_dir, len);
    found[len] = '\0';
    const char *base = len > 0 ? found : temp_dir[0] == '/' ? "/" : ".";
    if (realpath(base, workdir->path) == NULL) {
        workdir->path[0] = '\0'; /* it may hold a part, which is not ours to remove */
        return false;
    }
    workdir->found_len = strlen(workdir->path);
    const char *missing = temp_dir + len;
    while (*missing == '/')
        missing++;
    size_t room = sizeof workdir->path - workdir->found_len;
    const char *slash = *missing == '\0' || workdir->found_len == 1 ? "" : "/";
    int added = snprintf(workdir->path + workdir->found_len, room, "%s%s", slash, missing);
    if (added < 0 || (size_t)added >= room) {
        errno = ENAMETOOLONG;
        return false;
    }
    errno = file_make_folders(workdir->path, workdir->found_len, 0755);
    return errno == 0;
}

/* Gives the folder the name it keeps. False with EAGAIN when there is one of that name. */
static bool show_folder(workdir_t *workdir, size_t parent_len) {
    char shown[PATH_MAX];
    size_t skip = parent_len + sizeof "/" HIDDEN - 1;
    snprintf(shown, sizeof shown, "%.*s/%s", (int)parent_len, workdir->path, workdir->path + skip);
    int failed = renameat2(AT_FDCWD, workdir->path, AT_FDCWD, shown, RENAME_NOREPLACE);
    if (failed != 0 && (errno == EINVAL || errno == ENOSYS)) /* some network file systems */
        failed = rename(workdir->path, shown);
    if (failed != 0) {
        close(workdir->lock);
        errno = errno == EEXIST || errno == ENOTEMPTY ? EAGAIN : errno;
        return false;
    }
    memcpy(workdir->path, shown, strlen(shown) + 1);
    return true;
}

static bool make_folder(workdir_t *workdir) {
    size_t len = strlen(workdir->path);
    size_t room = sizeof workdir->path - len;
    for (int tries = 0; tries < 8; tries++) {
        int added = snprintf(workdir->path + len, room, "/" HIDDEN NAME_PREFIX "XXXXXX");
        if (added < 0 || (size_t)added >= room) {
            errno = ENAMETOOLONG;
            return false;
        }
        if (mkdtemp(workdir->path) == NULL)
            return false;
        if (lock_folder(workdir) && show_folder(workdir, len))
            return true;
        int number = errno;
        remove_tree(workdir->path);
        errno = number;
        if (number != EAGAIN)
            return false;
    }
    return false;
}

spin_error_t *workdir_new(const char *temp_dir, const char **out) {
    if (temp_dir == NULL)
        temp_dir = getenv("TMPDIR");
    if (temp_dir == NULL || temp_dir[0] == '\0')
        temp_dir = "/tmp";
    workdir_t *workdir = mem_calloc(1, sizeof *workdir);
    if (workdir == NULL)
        return error_no_memory();
    workdir->owner = getpid();
    bool entered = enter_temp_dir(workdir, temp_dir);
    if (entered)
        sweep(workdir->path);
    if (!entered || !make_folder(workdir)) {
        spin_error_t *error =
            error_from_errno(errno, "can't make a working directory in \"%s\"", temp_dir);
        remove_parents(workdir->path, workdir->found_len);
        mem_free(workdir);
        return error;
    }
    *out = workdir->path;
    return NULL;
}
