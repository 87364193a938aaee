#include "up_serve.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
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
    watch_t *watch;       /* NULL: nothing is watched */
    int pending_fd;       /* an eventfd: readable while some application is to be loaded again */
    bool watches_used_up; /* which was told of */
    bool alone;           /* one application, and there will be no others */
    bool *followed;       /* of up->follow: some application has such a component */
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
    if (!serving->alone)
        print_disarmed(stdout, event->name);
    if (!serving->alone || address != NULL)
        puts(serving->alone ? "Available Routes:" : ":");
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

static void print_change(const char *what, const char *name) {
    printf("%s ", what);
    print_disarmed(stdout, name);
    putchar('\n');
    fflush(stdout);
}

static void on_served(serving_t *serving, const spin_server_event_t *event) {
    app_t *app = apps_find(serving->apps, event->name);
    bool again = app != NULL && app->served;
    if (app != NULL)
        app->served = true;
    if (serving->ready)
        print_change(again ? "Reloaded" : "Added", event->name);
    else
        print_serving(serving, event);
}

static void on_event(spin_server_t *server, const spin_server_event_t *event, void *user) {
    serving_t *serving = user;
    (void)server;
    if (event->kind == SPIN_SERVER_FAILED)
        on_failed(serving, event);
    else if (event->kind == SPIN_SERVER_SERVING)
        on_served(serving, event);
    else
        print_change("Removed", event->name);
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

/* Misspelt, it would silently print nothing. It may be of one that is still to come, or that does
 * not load and was told of. */
static bool check_followed(const serving_t *serving) {
    const option_list_t *follow = &serving->up->follow;
    if (serving->watch != NULL || serving->code != 0)
        return true;
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
    if (serving->watch == NULL || app->entry == NULL)
        return;
    if (watch_follow(serving->watch, app->entry))
        return;
    if (!serving->watches_used_up)
        report_problem(app->name, "changes in it, and maybe in others, will not be seen: %s",
                       watch_reason(errno));
    serving->watches_used_up = true;
}

/* One at a time, and between two of them the server has its turn. */
static void on_pending(spin_server_t *server, int fd, void *user) {
    serving_t *serving = user;
    uint64_t count;
    (void)server;
    for (size_t i = 0; i < serving->apps->len; i++) {
        app_t *app = serving->apps->items[i];
        if (!app->pending)
            continue;
        app->pending = false;
        follow(serving, app); /* first: what changes while it is loaded must not be missed */
        load_again(serving, app);
        return;
    }
    (void)!read(fd, &count, sizeof count);
}

static void make_pending(const serving_t *serving, app_t *app) {
    const uint64_t one = 1;
    app->pending = true;
    (void)!write(serving->pending_fd, &one, sizeof one);
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

static bool is_among(const char *entry, const char *const *entries, size_t len) {
    for (size_t i = 0; i < len; i++)
        if (strcmp(entries[i], entry) == 0)
            return true;
    return false;
}

/* `entries` NULL: all of them. */
static void update(serving_t *serving, const char *folder, const char *const *entries, size_t len) {
    if (!apps_scan(serving->apps, folder)) {
        report_problem(folder, "the folder can't be read, and what it held stays: %s",
                       strerror(errno));
        return;
    }
    remove_gone(serving);
    for (size_t i = 0; i < serving->apps->len; i++) {
        app_t *app = serving->apps->items[i];
        if (app->entry != NULL && (entries == NULL || is_among(app->entry, entries, len)))
            make_pending(serving, app);
    }
}

static void on_changed(const char *const *entries, size_t len, void *user) {
    serving_t *serving = user;
    update(serving, serving->up->watch_apps, entries, len);
}

static void on_hang_up(spin_server_t *server, int fd, void *user) {
    serving_t *serving = user;
    struct signalfd_siginfo info;
    (void)server;
    if (read(fd, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    serving->watches_used_up = false;
    if (serving->watch != NULL)
        watch_again(serving->watch);
    else if (serving->up->apps != NULL)
        update(serving, serving->up->apps, NULL, 0);
    for (size_t i = 0; i < serving->apps->len; i++)
        if (serving->apps->items[i]->entry == NULL)
            make_pending(serving, serving->apps->items[i]);
}

static void on_watch(spin_server_t *server, int fd, void *user) {
    (void)server;
    watch_on_readable(((serving_t *)user)->watch, fd);
}

/* SIGHUP, which is blocked, as a descriptor; -1 where there is none to be had, or where it is
 * ignored: who started us under nohup wants hang-ups to mean nothing. */
static int open_hang_up(void) {
    struct sigaction action;
    sigset_t set;
    if (sigaction(SIGHUP, NULL, &action) != 0 || action.sa_handler == SIG_IGN)
        return -1;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
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
                              watch_reason(errno));
    watch_fds(serving->watch, fds);
    spin_error_t *error = spin_server_watch(serving->server, fds[0], on_watch, serving);
    if (error == NULL)
        error = spin_server_watch(serving->server, fds[1], on_watch, serving);
    for (size_t i = 0; error == NULL && i < serving->apps->len; i++)
        follow(serving, serving->apps->items[i]);
    return error;
}

/* What has the server look for changes. */
static spin_error_t *open_changes(serving_t *serving, int hang_up) {
    serving->pending_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (serving->pending_fd < 0)
        return spin_error_new(SPIN_ERROR_IO, "eventfd: %s", strerror(errno));
    spin_error_t *error =
        spin_server_watch(serving->server, serving->pending_fd, on_pending, serving);
    if (error == NULL && hang_up >= 0)
        error = spin_server_watch(serving->server, hang_up, on_hang_up, serving);
    return error != NULL ? error : open_watch(serving);
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
    spin_error_t *error = open_changes(serving, hang_up);
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
    if (serving->pending_fd >= 0)
        close(serving->pending_fd);
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
    serving_t serving = {.up = up, .apps = apps, .pending_fd = -1, .alone = first != NULL};
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
