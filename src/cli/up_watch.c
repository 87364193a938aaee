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
    DEEPEST = 64,   /* folders in folders; links may lead in circles */
};

static const uint32_t interesting = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
                                    IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

/* A folder below the one that is watched, and whose application's it is. */
typedef struct place {
    int wd;
    char *name;
} place_t;

struct watch {
    char *folder;
    int inotify;
    int timer;
    int root; /* the watch descriptor of the folder itself */
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

static const char *name_of(const watch_t *watch, int wd) {
    for (size_t i = 0; i < watch->places_len; i++)
        if (watch->places[i].wd == wd)
            return watch->places[i].name;
    return NULL;
}

static bool remember(watch_t *watch, int wd, const char *name) {
    if (name_of(watch, wd) != NULL)
        return true;
    place_t *grown = realloc(watch->places, (watch->places_len + 1) * sizeof *grown);
    char *copy = strdup(name);
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

static void forget_at(watch_t *watch, size_t at) {
    free(watch->places[at].name);
    watch->places[at] = watch->places[--watch->places_len];
}

static void forget(watch_t *watch, const char *name) {
    for (size_t i = 0; i < watch->places_len;) {
        if (strcmp(watch->places[i].name, name) != 0) {
            i++;
            continue;
        }
        inotify_rm_watch(watch->inotify, watch->places[i].wd);
        forget_at(watch, i);
    }
}

static bool follow(watch_t *watch, const char *path, const char *name, unsigned depth) {
    int wd = inotify_add_watch(watch->inotify, path, interesting | IN_ONLYDIR);
    if (wd < 0) /* it may be gone already */
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES;
    if (wd == watch->root || !remember(watch, wd, name))
        return wd == watch->root;
    DIR *folder = depth < DEEPEST ? opendir(path) : NULL;
    const struct dirent *entry;
    bool ok = true;
    while (ok && folder != NULL && (entry = readdir(folder)) != NULL) {
        char *below;
        if (entry->d_name[0] == '.' || (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN))
            continue;
        if (asprintf(&below, "%s/%s", path, entry->d_name) < 0) {
            errno = ENOMEM;
            ok = false;
            break;
        }
        ok = follow(watch, below, name, depth + 1);
        free(below);
    }
    if (folder != NULL)
        closedir(folder);
    return ok;
}

bool watch_follow(watch_t *watch, const char *name) {
    char *path;
    forget(watch, name);
    if (asprintf(&path, "%s/%s", watch->folder, name) < 0) {
        errno = ENOMEM;
        return false;
    }
    bool ok = follow(watch, path, name, 0);
    int number = errno;
    free(path);
    errno = number;
    return ok;
}

/* ── changes ─────────────────────────────────────────────────────────────────────────────── */

static long long now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void arm(watch_t *watch) {
    long long now = now_ms();
    if (watch->first_ms == 0)
        watch->first_ms = now;
    long long wait = watch->first_ms + MOST_MS - now;
    if (wait > QUIET_MS)
        wait = QUIET_MS;
    if (wait < 1)
        wait = 1;
    const struct itimerspec when = {.it_value = {wait / 1000, wait % 1000 * 1000000}};
    timerfd_settime(watch->timer, 0, &when, NULL);
}

static void mark(watch_t *watch, const char *name) {
    arm(watch);
    if (name == NULL || watch->all_dirty) {
        watch->all_dirty = true;
        return;
    }
    for (size_t i = 0; i < watch->dirty_len; i++)
        if (strcmp(watch->dirty[i], name) == 0)
            return;
    char **grown = realloc(watch->dirty, (watch->dirty_len + 1) * sizeof *grown);
    char *copy = strdup(name);
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

static void on_event(watch_t *watch, const struct inotify_event *event) {
    if (event->mask & IN_Q_OVERFLOW) {
        mark(watch, NULL);
        return;
    }
    if (event->len > 0 && is_passed_over(event->name))
        return;
    if (event->wd == watch->root) {
        if ((event->mask & IN_ISDIR) != 0 && (event->mask & (IN_CREATE | IN_MOVED_TO)) != 0)
            watch_follow(watch, event->name); /* its manifest may come much later */
        if (event->len > 0)
            mark(watch, event->name);
        return;
    }
    const char *name = name_of(watch, event->wd);
    if (name == NULL)
        return;
    mark(watch, name);
    for (size_t i = 0; (event->mask & IN_IGNORED) != 0 && i < watch->places_len; i++)
        if (watch->places[i].wd == event->wd) {
            forget_at(watch, i);
            break;
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
    if (all)
        watch->changed(NULL, watch->user);
    for (size_t i = 0; i < len; i++) {
        if (!all)
            watch->changed(dirty[i], watch->user);
        free(dirty[i]);
    }
    free(dirty);
}

void watch_on_readable(watch_t *watch, int fd) {
    uint64_t count;
    if (fd == watch->inotify)
        read_events(watch);
    else if (read(fd, &count, sizeof count) == (ssize_t)sizeof count)
        tell(watch);
}

void watch_fds(const watch_t *watch, int fds[2]) {
    fds[0] = watch->inotify;
    fds[1] = watch->timer;
}

/* ── life ────────────────────────────────────────────────────────────────────────────────── */

/* Also those that are no applications: they may become some. Where this fails the caller's own
 * watch_follow will tell. */
static void follow_all(watch_t *watch) {
    DIR *folder = opendir(watch->folder);
    const struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL)
        if (entry->d_name[0] != '.')
            watch_follow(watch, entry->d_name);
    if (folder != NULL)
        closedir(folder);
}

watch_t *watch_new(const char *folder, watch_changed_fn changed, void *user) {
    watch_t *watch = calloc(1, sizeof *watch);
    if (watch == NULL)
        return NULL;
    *watch = (watch_t){.changed = changed, .user = user, .folder = strdup(folder)};
    watch->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    watch->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    watch->root = watch->inotify < 0
                      ? -1
                      : inotify_add_watch(watch->inotify, folder, interesting | IN_ONLYDIR);
    if (watch->folder != NULL && watch->timer >= 0 && watch->root >= 0) {
        follow_all(watch);
        return watch;
    }
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
