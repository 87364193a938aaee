#include "up_watch.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum {
    QUIET_MS = 200, /* without a change before anything is done: files are copied one by one */
    MOST_MS = 2000, /* after the first change, however it goes on */
    AGAIN_MS = 500, /* until the folder, which is gone, is looked for again */
    DEEPEST = 64,   /* folders in folders; links may lead in circles */
};

static const uint32_t interesting = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
                                    IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

/* A folder below the one that is watched, and whose application's it is. By links one may be
 * several ones'. */
typedef struct place {
    int wd;
    char *entry;
} place_t;

struct watch {
    char *folder;
    int inotify;
    int timer;
    int root; /* the watch descriptor of the folder itself; -1: it is gone */
    watch_changed_fn changed;
    void *user;
    place_t *places;
    size_t places_len;
    char **dirty; /* names */
    size_t dirty_len;
    bool all_dirty;
    long long first_ms; /* when the first of them became so; 0: none is */
};

/* ── the places ──────────────────────────────────────────────────────────────────────────── */

static bool is_watched(const watch_t *watch, int wd) {
    for (size_t i = 0; i < watch->places_len; i++)
        if (watch->places[i].wd == wd)
            return true;
    return false;
}

/* False: out of memory. */
static bool remember(watch_t *watch, int wd, const char *entry) {
    place_t *grown = realloc(watch->places, (watch->places_len + 1) * sizeof *grown);
    char *copy = strdup(entry);
    if (grown != NULL)
        watch->places = grown;
    if (grown == NULL || copy == NULL) {
        free(copy);
        errno = ENOMEM;
        return false;
    }
    watch->places[watch->places_len++] = (place_t){wd, copy};
    return true;
}

static bool is_remembered(const watch_t *watch, int wd, const char *entry) {
    for (size_t i = 0; i < watch->places_len; i++)
        if (watch->places[i].wd == wd && strcmp(watch->places[i].entry, entry) == 0)
            return true;
    return false;
}

static void forget_at(watch_t *watch, size_t at) {
    char *entry = watch->places[at].entry;
    place_t *last = &watch->places[--watch->places_len];
    watch->places[at] = *last;
    last->entry = NULL;
    free(entry);
}

static void forget(watch_t *watch, const char *entry) {
    for (size_t i = 0; i < watch->places_len;) {
        int wd = watch->places[i].wd;
        if (strcmp(watch->places[i].entry, entry) != 0) {
            i++;
            continue;
        }
        forget_at(watch, i);
        if (!is_watched(watch, wd))
            inotify_rm_watch(watch->inotify, wd);
    }
}

static bool follow(watch_t *watch, const char *path, const char *entry, unsigned depth);

static bool follow_below(watch_t *watch, const char *path, const char *entry, unsigned depth) {
    DIR *folder = depth <= DEEPEST ? opendir(path) : NULL;
    const struct dirent *each;
    bool ok = true;
    while (ok && folder != NULL && (each = readdir(folder)) != NULL) {
        char *below;
        if (each->d_name[0] == '.' || (each->d_type != DT_DIR && each->d_type != DT_UNKNOWN))
            continue;
        if (asprintf(&below, "%s/%s", path, each->d_name) < 0) {
            errno = ENOMEM;
            ok = false;
            break;
        }
        ok = follow(watch, below, entry, depth);
        free(below);
    }
    int number = errno;
    if (folder != NULL)
        closedir(folder);
    errno = number;
    return ok;
}

/* An application may be a link to its folder; those below it are not followed, or they would lead
 * in circles. */
static bool follow(watch_t *watch, const char *path, const char *entry, unsigned depth) {
    uint32_t mask = interesting | IN_ONLYDIR | (depth > 0 ? IN_DONT_FOLLOW : 0);
    int wd = inotify_add_watch(watch->inotify, path, mask);
    if (wd < 0) /* it may be gone already */
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ELOOP;
    if (wd == watch->root || is_remembered(watch, wd, entry))
        return true;
    return remember(watch, wd, entry) && follow_below(watch, path, entry, depth + 1);
}

bool watch_follow(watch_t *watch, const char *entry) {
    char *path;
    forget(watch, entry);
    if (asprintf(&path, "%s/%s", watch->folder, entry) < 0) {
        errno = ENOMEM;
        return false;
    }
    bool ok = follow(watch, path, entry, 0);
    int number = errno;
    free(path);
    errno = number;
    return ok;
}

/* Also those that are no applications: they may become some. Where this fails the caller's own
 * watch_follow will tell. */
static void follow_all(watch_t *watch) {
    DIR *folder = opendir(watch->folder);
    const struct dirent *each;
    while (folder != NULL && (each = readdir(folder)) != NULL)
        if (each->d_name[0] != '.')
            watch_follow(watch, each->d_name);
    if (folder != NULL)
        closedir(folder);
}

/* ── changes ─────────────────────────────────────────────────────────────────────────────── */

static long long now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void wake_in(watch_t *watch, long long wait) {
    const struct itimerspec when = {.it_value = {wait / 1000, wait % 1000 * 1000000}};
    timerfd_settime(watch->timer, 0, &when, NULL);
}

static void arm(watch_t *watch) {
    long long now = now_ms();
    if (watch->first_ms == 0)
        watch->first_ms = now;
    long long wait = watch->first_ms + MOST_MS - now;
    wake_in(watch, wait > QUIET_MS ? QUIET_MS : wait < 1 ? 1 : wait);
}

/* NULL: all. */
static void mark(watch_t *watch, const char *entry) {
    arm(watch);
    if (entry == NULL || watch->all_dirty) {
        watch->all_dirty = true;
        return;
    }
    for (size_t i = 0; i < watch->dirty_len; i++)
        if (strcmp(watch->dirty[i], entry) == 0)
            return;
    char **grown = realloc(watch->dirty, (watch->dirty_len + 1) * sizeof *grown);
    char *copy = strdup(entry);
    if (grown != NULL)
        watch->dirty = grown;
    if (grown == NULL || copy == NULL) {
        free(copy);
        watch->all_dirty = true; /* which needs no memory */
        return;
    }
    watch->dirty[watch->dirty_len++] = copy;
}

/* What editors and deployments write first, and the logs of components, which may be kept beside
 * the application: a reload closes them, and would so cause the next one. */
static bool is_passed_over(const char *name) {
    static const char *const logs[] = {"_stdout.txt", "_stderr.txt"};
    size_t len = strlen(name);
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++)
        if (len > strlen(logs[i]) && strcmp(name + len - strlen(logs[i]), logs[i]) == 0)
            return true;
    return name[0] == '.';
}

/* Where the folder is not there, it is looked for until it is. */
static bool find_root(watch_t *watch) {
    watch->root = inotify_add_watch(watch->inotify, watch->folder, interesting | IN_ONLYDIR);
    if (watch->root < 0)
        return false;
    follow_all(watch);
    return true;
}

void watch_again(watch_t *watch) {
    while (watch->places_len > 0)
        forget(watch, watch->places[0].entry);
    if (watch->root >= 0)
        inotify_rm_watch(watch->inotify, watch->root);
    find_root(watch);
    mark(watch, NULL);
}

static void on_root_event(watch_t *watch, const struct inotify_event *event) {
    if (event->len == 0 && (event->mask & (IN_MOVE_SELF | IN_IGNORED)) != 0)
        watch_again(watch); /* it is another one now, or none */
    if (event->len == 0)
        return;
    if ((event->mask & (IN_CREATE | IN_MOVED_TO)) != 0)
        watch_follow(watch, event->name); /* its manifest may come much later */
    mark(watch, event->name);
}

static void on_event(watch_t *watch, const struct inotify_event *event) {
    if (event->mask & IN_Q_OVERFLOW) {
        follow_all(watch);
        mark(watch, NULL);
        return;
    }
    if (event->len > 0 && is_passed_over(event->name))
        return;
    if (event->wd == watch->root) {
        on_root_event(watch, event);
        return;
    }
    for (size_t i = 0; i < watch->places_len;) {
        if (watch->places[i].wd != event->wd) {
            i++;
            continue;
        }
        mark(watch, watch->places[i].entry);
        if ((event->mask & IN_IGNORED) != 0)
            forget_at(watch, i);
        else
            i++;
    }
}

static void read_events(watch_t *watch) {
    _Alignas(struct inotify_event) char buffer[16 * 1024];
    ssize_t len = read(watch->inotify, buffer, sizeof buffer);
    for (ssize_t at = 0; at < len;) {
        const struct inotify_event *event = (const void *)(buffer + at);
        on_event(watch, event);
        at += (ssize_t)(sizeof *event + event->len);
    }
}

static void tell(watch_t *watch) {
    char **dirty = watch->dirty;
    size_t len = watch->dirty_len;
    bool all = watch->all_dirty;
    watch->dirty = NULL;
    watch->dirty_len = 0;
    watch->all_dirty = false;
    watch->first_ms = 0;
    if (all || len > 0)
        watch->changed(all ? NULL : (const char *const *)dirty, all ? 0 : len, watch->user);
    for (size_t i = 0; i < len; i++)
        free(dirty[i]);
    free(dirty);
}

void watch_on_readable(watch_t *watch, int fd) {
    uint64_t count;
    if (fd == watch->inotify) {
        read_events(watch);
    } else if (read(fd, &count, sizeof count) == (ssize_t)sizeof count) {
        if (watch->root < 0 && find_root(watch))
            mark(watch, NULL);
        else
            tell(watch);
        if (watch->root < 0)
            wake_in(watch, AGAIN_MS);
    }
}

void watch_fds(const watch_t *watch, int fds[2]) {
    fds[0] = watch->inotify;
    fds[1] = watch->timer;
}

/* ── life ────────────────────────────────────────────────────────────────────────────────── */

const char *watch_reason(int number) {
    switch (number) {
    case ENOSPC: return "no more folders may be watched; raise fs.inotify.max_user_watches";
    case EMFILE:
        return "no more may be watched; raise fs.inotify.max_user_instances, or the number of "
               "files";
    default: return strerror(number);
    }
}

watch_t *watch_new(const char *folder, watch_changed_fn changed, void *user) {
    watch_t *watch = calloc(1, sizeof *watch);
    if (watch == NULL)
        return NULL;
    *watch = (watch_t){.changed = changed, .user = user, .folder = strdup(folder), .root = -1};
    watch->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    watch->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch->folder != NULL && watch->inotify >= 0 && watch->timer >= 0 && find_root(watch))
        return watch;
    int number = errno;
    watch_free(watch);
    errno = number;
    return NULL;
}

void watch_free(watch_t *watch) {
    if (watch == NULL)
        return;
    while (watch->places_len > 0)
        forget_at(watch, 0);
    free(watch->places);
    for (size_t i = 0; i < watch->dirty_len; i++)
        free(watch->dirty[i]);
    free(watch->dirty);
    if (watch->inotify >= 0)
        close(watch->inotify);
    if (watch->timer >= 0)
        close(watch->timer);
    free(watch->folder);
    free(watch);
}
