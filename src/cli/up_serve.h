/* Serving applications: a server, what it prints, and changes while it runs. */
#ifndef CLI_UP_SERVE_H
#define CLI_UP_SERVE_H

#include "up_apps.h"

/* Serves `apps` until it is told to stop: SIGHUP loads them once more, and the folder of
 * --watch-apps is watched. `first` is the application of the first one where it is loaded already
 * (with `settings`, which may be NULL), else NULL; both are taken. Returns the exit code. */
int up_serve(const up_t *up, apps_t *apps, spin_application_t *first,
             spin_server_settings_t *settings);

#endif
