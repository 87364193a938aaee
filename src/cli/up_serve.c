#include "up_serve.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "report.h"
#include "up_print.h"
#include "up_watch.h"

enum { FEW = 20 }; /* applications, of which every route is printed */

typedef struct serving {
    const up_t *up;
    apps_t *apps;
    spin_server_t *server;
    watch_t *watch; /* NULL: nothing is watched */
    bool alone;     /* one application, and there will be no others */
    bool *followed; /* of up->follow: some application has such a component */
    bool announced;
    bool ready;
    int code; /* of what did not start, at first */
} serving_t;

/* ── what is printed ─────────────────────────────────────────────────────────────────────── */

static void complain(const serving_t *serving, const char *name, const spin_error_t *error,
                     const char *consequence) {
    report_error(serving->alone ? "" : name, error, consequence);
}

/* Once, before any application. */
static void print_address(serving_t *serving) {
    const char *address = spin_server_address(serving->server);
    if (address != NULL && !serving->announced)
        printf("\nServing http://%s\n", address);
    serving->announced = true;
}

static void print_serving(serving_t *serving, const spin_server_event_t *event) {
    const char *address = spin_server_address(serving->server);
    print_address(serving);
    if (serving->alone)
        printf("%s", address != NULL ? "Available Routes:\n" : "");
    else
        printf("%s:\n", event->name);
    if (serving->apps->len <= FEW)
        up_print_application(event->application, address, event->options->hosts,
                             event->options->hosts_len, event->options->base);
}

/* ── events ──────────────────────────────────────────────────────────────────────────────── */

static bool any_is_served(const serving_t *serving) {
    for (size_t i = 0; i < serving->apps->len; i++)
        if (!serving->apps->items[i]->failed)
            return true;
    return serving->watch != NULL;
}

static void on_failed(serving_t *serving, const spin_server_event_t *event) {
    app_t *app = apps_find(serving->apps, event->name);
    bool goes_on = app != NULL && app->served;
    complain(serving, event->name, event->error, goes_on ? "; the version before goes on" : "");
    if (app == NULL || goes_on)
        return;
    app->failed = true;
    serving->code = spin_error_exit_code(spin_error_kind(event->error));
    if (!serving->ready && !any_is_served(serving))
        spin_server_stop(serving->server);
}

static void on_event(spin_server_t *server, const spin_server_event_t *event, void *user) {
    serving_t *serving = user;
    (void)server;
    if (event->kind == SPIN_SERVER_FAILED) {
        on_failed(serving, event);
        return;
    }
    if (event->kind == SPIN_SERVER_REMOVED) {
        printf("Removed %s\n", event->name);
    } else {
        app_t *app = apps_find(serving->apps, event->name);
        bool again = app != NULL && app->served;
        if (app != NULL)
            app->served = true;
        if (serving->ready)
            printf("%s %s\n", again ? "Reloaded" : "Added", event->name);
        else
            print_serving(serving, event);
    }
    if (serving->ready)
        fflush(stdout);
}

static void on_ready(spin_server_t *server, void *user) {
    serving_t *serving = user;
    (void)server;
    serving->ready = true;
    print_address(serving);
    fflush(stdout);
}

/* ── loading ─────────────────────────────────────────────────────────────────────────────── */

static void note_followed(serving_t *serving, const spin_application_t *application) {
    const option_list_t *follow = &serving->up->follow;
    for (size_t i = 0; i < follow->len; i++)
        if (spin_application_component_by_id(application, spin_slice(follow->items[i])) != NULL)
            serving->followed[i] = true;
}

/* Misspelt, it would silently print nothing. */
static bool check_followed(const serving_t *serving) {
    const option_list_t *follow = &serving->up->follow;
    for (size_t i = 0; i < follow->len; i++)
        if (!serving->followed[i]) {
            fprintf(stderr, "Error: --follow: %s has %s component \"%s\"\n",
                    serving->alone ? "the application" : "none of the applications",
                    serving->alone ? "no" : "a", follow->items[i]);
            return false;
        }
    return true;
}

/* Takes the application and the settings. */
static spin_error_t *put(serving_t *serving, app_t *app, spin_application_t *application,
                         spin_server_settings_t *settings) {
    note_followed(serving, application);
    spin_error_t *error = app_put(app, serving->apps, serving->up, serving->alone, serving->server,
                                  application, settings);
    spin_application_unref(application);
    spin_server_settings_free(settings);
    return error;
}

static spin_error_t *load_and_put(serving_t *serving, app_t *app) {
    spin_application_t *application;
    spin_server_settings_t *settings;
    spin_error_t *error = app_load(app, serving->up, &application, &settings);
    return error != NULL ? error : put(serving, app, application, settings);
}

static void load_again(serving_t *serving, app_t *app) {
    spin_error_t *error = load_and_put(serving, app);
    if (error != NULL)
        complain(serving, app->name != NULL ? app->name : app->path, error,
                 app->served ? "; the version before goes on" : "");
    spin_error_free(error);
}

/* Those that do not load are told of, and are no hindrance to the others. */
static void load_all(serving_t *serving) {
    for (size_t i = 0; i < serving->apps->len; i++) {
        app_t *app = serving->apps->items[i];
        if (app->name != NULL && !app->in_folder) /* the first, which was loaded */
            continue;
        spin_error_t *error = load_and_put(serving, app);
        app->failed = error != NULL;
        if (error == NULL)
            continue;
        complain(serving, app->name != NULL ? app->name : app->path, error, "");
        serving->code = spin_error_exit_code(spin_error_kind(error));
        spin_error_free(error);
    }
}

/* ── changes ─────────────────────────────────────────────────────────────────────────────── */

static void follow(serving_t *serving, const app_t *app) {
    if (serving->watch == NULL || watch_follow(serving->watch, app->name))
        return;
    fprintf(stderr, "Error: %s: changes in it will not be seen: %s%s\n", app->name, strerror(errno),
            errno == ENOSPC ? " (raise fs.inotify.max_user_watches)" : "");
}

/* What was in a folder of applications, and is not any more. */
static void remove_gone(serving_t *serving) {
    for (size_t i = serving->apps->len; i-- > 0;) {
        app_t *app = serving->apps->items[i];
        if (app->seen)
            continue;
        spin_error_free(spin_server_remove(serving->server, app->name)); /* or it never was there */
        apps_remove(serving->apps, app);
    }
}

/* `name` NULL: all of them. */
static void update(serving_t *serving, const char *folder, const char *name) {
    if (!apps_scan(serving->apps, folder)) {
        fprintf(stderr, "Error: the folder \"%s\" can't be read: %s\n", folder, strerror(errno));
        return;
    }
    remove_gone(serving);
    for (size_t i = 0; i < serving->apps->len; i++) {
        app_t *app = serving->apps->items[i];
        if (!app->in_folder || (name != NULL && strcmp(app->name, name) != 0))
            continue;
        follow(serving, app); /* first: what changes while it is loaded must not be missed */
        load_again(serving, app);
    }
}

static void on_changed(const char *name, void *user) {
    serving_t *serving = user;
    update(serving, serving->up->watch_apps, name);
}

static void on_hang_up(spin_server_t *server, int fd, void *user) {
    serving_t *serving = user;
    struct signalfd_siginfo info;
    const up_t *up = serving->up;
    (void)server;
    if (read(fd, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    const char *folder = up->watch_apps != NULL ? up->watch_apps : up->apps;
    if (folder != NULL)
        update(serving, folder, NULL);
    for (size_t i = 0; i < serving->apps->len; i++)
        if (!serving->apps->items[i]->in_folder)
            load_again(serving, serving->apps->items[i]);
}

static void on_watch(spin_server_t *server, int fd, void *user) {
    (void)server;
    watch_on_readable(((serving_t *)user)->watch, fd);
}

/* SIGHUP as a descriptor; -1 and errno where there is none to be had. */
static int open_hang_up(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static spin_error_t *open_watch(serving_t *serving) {
    const char *folder = serving->up->watch_apps;
    if (folder == NULL)
        return NULL;
    int fds[2];
    serving->watch = watch_new(folder, on_changed, serving);
    if (serving->watch == NULL)
        return spin_error_new(SPIN_ERROR_IO, "the folder \"%s\" can't be watched: %s", folder,
                              strerror(errno));
    watch_fds(serving->watch, fds);
    spin_error_t *error = spin_server_watch(serving->server, fds[0], on_watch, serving);
    if (error == NULL)
        error = spin_server_watch(serving->server, fds[1], on_watch, serving);
    for (size_t i = 0; error == NULL && i < serving->apps->len; i++)
        if (serving->apps->items[i]->in_folder)
            follow(serving, serving->apps->items[i]);
    return error;
}

/* ── the server ──────────────────────────────────────────────────────────────────────────── */

/* Connections and guests' files are descriptors: the customary 1024 are for programs that use
 * select, and so are left to other triggers' programs. */
static void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static spin_error_t *new_server(serving_t *serving, const spin_engine_options_t *engine,
                                bool has_http) {
    const up_t *up = serving->up;
    const spin_http_options_t http = {.size = sizeof http, .listen = up->listen};
    const spin_server_options_t options = {
        .size = sizeof options,
        .workers = (unsigned)up->workers,
        .engine = engine,
        .http = has_http ? &http : NULL,
        .ready = on_ready,
        .event = on_event,
        .user = serving,
    };
    return spin_server_new(&options, &serving->server);
}

static spin_error_t *run(serving_t *serving, spin_application_t *first,
                         spin_server_settings_t *settings) {
    int hang_up = open_hang_up();
    spin_error_t *error =
        hang_up < 0 ? NULL : spin_server_watch(serving->server, hang_up, on_hang_up, serving);
    if (error == NULL)
        error = open_watch(serving);
    if (error == NULL && first != NULL)
        error = put(serving, serving->apps->items[0], first, settings);
    if (error == NULL && first == NULL)
        load_all(serving);
    if (error == NULL && any_is_served(serving)) {
        if (!check_followed(serving))
            serving->code = 2;
        else
            error = spin_server_run(serving->server);
    }
    if (hang_up >= 0)
        close(hang_up);
    return error;
}

int up_serve(const up_t *up, apps_t *apps, spin_application_t *first,
             spin_server_settings_t *settings) {
    const spin_engine_options_t engine = {
        .size = sizeof engine,
        .max_instances = (uint32_t)up->max_instances,
        .max_memory_bytes = up->max_memory_bytes,
        .timeout_ms = up->timeout_ms,
        .cache_dir = up->cache_dir,
        .disable_cache = up->disable_cache,
        .environment = up->env.items,
        .environment_len = up->env.len,
    };
    serving_t serving = {.up = up, .apps = apps, .alone = first != NULL};
    serving.followed = calloc(up->follow.len + 1, sizeof *serving.followed);
    if (serving.followed == NULL)
        return command_report(spin_error_new(SPIN_ERROR_NO_MEMORY, "out of memory"));
    bool has_http = first == NULL || spin_application_trigger(first) == SPIN_TRIGGER_HTTP;
    raise_descriptor_limit();
    spin_error_t *error = new_server(&serving, &engine, has_http);
    if (error == NULL)
        error = run(&serving, first, settings);
    free(serving.followed);
    watch_free(serving.watch);
    spin_server_free(serving.server);
    if (error != NULL)
        return command_report(error);
    return serving.ready ? 0 : serving.code;
}
