/* Which applications `spin up` is to serve, where from and where to. */
#ifndef CLI_UP_APPS_H
#define CLI_UP_APPS_H

#include "up.h"

typedef struct app {
    char *name; /* in the server; NULL until it was loaded once */
    char *path; /* the manifest or its folder; for a bindle its reference */
    bool is_bindle;
    char *entry;  /* of a folder of applications: what it is called there; NULL: in none */
    char **hosts; /* of the command line */
    size_t hosts_len;
    char *base;   /* likewise; NULL: none */
    bool served;  /* some version of it is */
    bool failed;  /* the first one does not start */
    bool seen;    /* by the last look into the folder */
    bool pending; /* to be loaded again */
} app_t;

typedef struct apps {
    app_t **items;
    size_t len;
} apps_t;

/* From the options. False: said on stderr, with `*code` to leave with. */
bool apps_collect(apps_t *apps, const up_t *up, int *code);
/* Looks into a folder of applications: new ones are added, those that are gone have `seen` false.
 * False: it can't be read, errno says why. */
bool apps_scan(apps_t *apps, const char *folder);
/* By its name in the server; NULL where there is none. */
app_t *apps_find(const apps_t *apps, const char *name);
void apps_remove(apps_t *apps, app_t *app);
void apps_free(apps_t *apps);

/* Loads its files, and its settings where there are some: a spin-server.toml beside the manifest.
 * `*settings` may be NULL. */
spin_error_t *app_load(app_t *app, const up_t *up, spin_application_t **application,
                       spin_server_settings_t **settings);
/* Hands a loaded version on to the server. `alone`: it is the only one, and answers at any host. */
spin_error_t *app_put(app_t *app, const apps_t *apps, const up_t *up, bool alone,
                      spin_server_t *server, spin_application_t *application,
                      const spin_server_settings_t *settings);

#endif
