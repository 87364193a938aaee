/* Watching a folder of applications for changes (inotify): which of them have changed, once it has
 * become quiet. */
#ifndef CLI_UP_WATCH_H
#define CLI_UP_WATCH_H

#include <stdbool.h>
#include <stddef.h>

typedef struct watch watch_t;

/* The applications in the folders `entries` were added, have changed or are gone. NULL: any of them
 * may be (the kernel has lost count, or the folder of them all is another one). */
typedef void (*watch_changed_fn)(const char *const *entries, size_t len, void *user);

/* NULL: errno says why. */
watch_t *watch_new(const char *folder, watch_changed_fn changed, void *user);
/* Two descriptors that are to be looked at, each by watch_on_readable. */
void watch_fds(const watch_t *watch, int fds[2]);
void watch_on_readable(watch_t *watch, int fd);
/* Also looks at all that is below that application's folder, as it is now. False: errno says why.
 */
bool watch_follow(watch_t *watch, const char *entry);
/* Looks for the folder anew, for its name may lead elsewhere by now; then everything has changed.
 */
void watch_again(watch_t *watch);
/* What errno means to who watches, and what to do. */
const char *watch_reason(int number);
void watch_free(watch_t *watch);

#endif
