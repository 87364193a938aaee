/* Watching a folder of applications for changes (inotify): which of them have changed, once it has
 * become quiet. */
#ifndef CLI_UP_WATCH_H
#define CLI_UP_WATCH_H

#include <stdbool.h>

typedef struct watch watch_t;

/* The application in the folder `name` was added, has changed or is gone. NULL: any of them may be
 * (the kernel has lost count). */
typedef void (*watch_changed_fn)(const char *name, void *user);

/* NULL: errno says why. */
watch_t *watch_new(const char *folder, watch_changed_fn changed, void *user);
/* Two descriptors that are to be looked at, each by watch_on_readable. */
void watch_fds(const watch_t *watch, int fds[2]);
void watch_on_readable(watch_t *watch, int fd);
/* Also looks at all that is below that application's folder, as it is now. False: errno says why;
 * ENOSPC means that the user may watch no more (fs.inotify.max_user_watches). */
bool watch_follow(watch_t *watch, const char *name);
void watch_free(watch_t *watch);

#endif
