#include "up_apps.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"

#include "progress.h"

static const char settings_name[] = "spin-server.toml";

/* ── the list ────────────────────────────────────────────────────────────────────────────── */

static app_t *add(apps_t *apps, const char *path) {
    app_t **grown = realloc(apps->items, (apps->len + 1) * sizeof(app_t *));
    app_t *app = calloc(1, sizeof *app);
    if (grown != NULL)
        apps->items = grown;
    if (grown == NULL || app == NULL || (app->path = strdup(path)) == NULL) {
        free(app);
        return NULL;
    }
    apps->items[apps->len++] = app;
    return app;
}

static void free_app(app_t *app) {
    for (size_t i = 0; i < app->hosts_len; i++)
        free(app->hosts[i]);
    free(app->hosts);
    free(app->base);
    free(app->entry);
    free(app->name);
    free(app->path);
    free(app);
}

void apps_remove(apps_t *apps, app_t *app) {
    size_t at = 0;
    while (apps->items[at] != app)
        at++;
    apps->len--;
    memmove(&apps->items[at], &apps->items[at + 1], (apps->len - at) * sizeof *apps->items);
    free_app(app);
}

void apps_free(apps_t *apps) {
    for (size_t i = 0; i < apps->len; i++)
        free_app(apps->items[i]);
    free(apps->items);
}

app_t *apps_find(const apps_t *apps, const char *name) {
    for (size_t i = 0; i < apps->len; i++)
        if (apps->items[i]->name != NULL && strcmp(apps->items[i]->name, name) == 0)
            return apps->items[i];
    return NULL;
}

static app_t *find_path(const apps_t *apps, const char *path) {
    for (size_t i = 0; i < apps->len; i++)
        if (strcmp(apps->items[i]->path, path) == 0)
            return apps->items[i];
    return NULL;
}

/* ── a folder of applications ────────────────────────────────────────────────────────────── */

static app_t *find_entry(const apps_t *apps, const char *entry) {
    for (size_t i = 0; i < apps->len; i++)
        if (apps->items[i]->entry != NULL && strcmp(apps->items[i]->entry, entry) == 0)
            return apps->items[i];
    return NULL;
}

/* `wanted`, or its path where another one has that name. */
static bool choose_name(app_t *app, const apps_t *apps, const char *wanted) {
    char *name = strdup(wanted);
    for (unsigned n = 1; name != NULL && apps_find(apps, name) != NULL; n++) {
        free(name);
        if (asprintf(&name, n == 1 ? "%s" : "%s (%u)", app->path, n) < 0)
            name = NULL;
    }
    app->name = name;
    return name != NULL;
}

static bool add_entry(apps_t *apps, const char *folder, const char *entry) {
    char *path;
    if (asprintf(&path, "%s/%s", folder, entry) < 0)
        return false;
    app_t *app = add(apps, path);
    free(path);
    if (app == NULL)
        return false;
    app->seen = true;
    app->entry = strdup(entry);
    if (app->entry != NULL && choose_name(app, apps, entry))
        return true;
    apps_remove(apps, app);
    return false;
}

/* A manifest that is there and can't be read is an application that fails, and not none. */
static bool see(apps_t *apps, const char *folder, const char *entry) {
    struct stat info;
    char *manifest;
    if (entry[0] == '.')
        return true;
    if (asprintf(&manifest, "%s/%s/spin.toml", folder, entry) < 0)
        return false;
    bool found = stat(manifest, &info) == 0 || (errno != ENOENT && errno != ENOTDIR);
    free(manifest);
    if (!found)
        return true;
    app_t *app = find_entry(apps, entry);
    if (app == NULL)
        return add_entry(apps, folder, entry);
    app->seen = true;
    return true;
}

bool apps_scan(apps_t *apps, const char *folder) {
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort);
    if (count < 0)
        return false;
    bool ok = true;
    for (size_t i = 0; i < apps->len; i++)
        apps->items[i]->seen = apps->items[i]->entry == NULL;
    for (int i = 0; i < count; i++) {
        ok = ok && see(apps, folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    if (!ok)
        errno = ENOMEM;
    return ok;
}

/* ── the command line ────────────────────────────────────────────────────────────────────── */

/* Of "HOST=PATH" or "/BASE=PATH"; NULL where it has no such form. */
static const char *path_behind(const char *text) {
    const char *equals = strchr(text, '=');
    return equals == NULL || equals == text || equals[1] == '\0' ? NULL : equals + 1;
}

static bool add_host(app_t *app, const char *text, size_t len) {
    char **grown = realloc(app->hosts, (app->hosts_len + 1) * sizeof(char *));
    char *host = strndup(text, len);
    if (grown != NULL)
        app->hosts = grown;
    if (grown == NULL || host == NULL) {
        free(host);
        return false;
    }
    app->hosts[app->hosts_len++] = host;
    return true;
}

static bool set_base(app_t *app, const char *text, size_t len) {
    app->base = strndup(text, len);
    return app->base != NULL;
}

static bool no_memory(void) {
    fprintf(stderr, "Error: out of memory\n");
    return false;
}

/* Each names an application by its path, be it for the first time. */
static bool add_placed(apps_t *apps, const option_list_t *list, const char *option,
                       bool (*place)(app_t *app, const char *text, size_t len)) {
    for (size_t i = 0; i < list->len; i++) {
        const char *text = list->items[i];
        const char *path = path_behind(text);
        if (path == NULL) {
            fprintf(stderr, "Error: --%s takes %s=PATH, not \"%s\"\n", option,
                    option[0] == 'h' ? "HOST" : "/BASE", text);
            return false;
        }
        app_t *app = find_path(apps, path);
        if (app == NULL)
            app = add(apps, path);
        if (app != NULL && place == set_base && app->base != NULL) {
            fprintf(stderr, "Error: --%s %s: it has the base \"%s\" already\n", option, text,
                    app->base);
            return false;
        }
        if (app == NULL || !place(app, text, (size_t)(path - 1 - text)))
            return no_memory();
    }
    return true;
}

static bool add_folder(apps_t *apps, const char *folder, bool may_be_empty, int *code) {
    size_t before = apps->len;
    if (!apps_scan(apps, folder)) {
        report_problem(folder, "the folder can't be read: %s", strerror(errno));
        *code = 1;
        return false;
    }
    if (apps->len == before && !may_be_empty) {
        report_problem(folder, "no application: each is a folder in this one, with a spin.toml");
        *code = 1;
        return false;
    }
    return true;
}

bool apps_collect(apps_t *apps, const up_t *up, int *code) {
    *code = 2;
    for (size_t i = 0; i < up->files.len; i++)
        if (find_path(apps, up->files.items[i]) == NULL && add(apps, up->files.items[i]) == NULL)
            return no_memory();
    if (up->operand != NULL && add(apps, up->operand) == NULL)
        return no_memory();
    if (up->bindle != NULL) {
        app_t *app = add(apps, up->bindle);
        if (app == NULL)
            return no_memory();
        app->is_bindle = true;
    }
    if (!add_placed(apps, &up->hosts, "host", add_host) ||
        !add_placed(apps, &up->bases, "base", set_base))
        return false;
    if (up->apps != NULL && !add_folder(apps, up->apps, false, code))
        return false;
    if (up->watch_apps != NULL && !add_folder(apps, up->watch_apps, true, code))
        return false;
    if (apps->len == 0 && up->watch_apps == NULL)
        return add(apps, "spin.toml") != NULL || no_memory();
    return true;
}

/* ── loading ─────────────────────────────────────────────────────────────────────────────── */

/* NULL: there are none, or memory is out. */
static char *settings_path(const app_t *app) {
    struct stat info;
    char *path = NULL;
    bool is_folder = stat(app->path, &info) == 0 && S_ISDIR(info.st_mode);
    const char *slash = strrchr(app->path, '/');
    int len = is_folder ? (int)strlen(app->path) : slash == NULL ? 0 : (int)(slash - app->path);
    if (asprintf(&path, "%.*s%s%s", len, app->path, len > 0 || slash == app->path ? "/" : "",
                 settings_name) < 0)
        return NULL;
    if (access(path, F_OK) == 0)
        return path;
    free(path);
    return NULL;
}

static spin_error_t *load_settings(const app_t *app, spin_server_settings_t **out) {
    *out = NULL;
    char *path = app->is_bindle ? NULL : settings_path(app);
    spin_error_t *error = path == NULL ? NULL : spin_server_settings_load(path, out);
    free(path);
    return error;
}

spin_error_t *app_load(app_t *app, const up_t *up, spin_application_t **application,
                       spin_server_settings_t **settings) {
    progress_t progress;
    spin_bindle_options_t registry = up->registry;
    const spin_loader_options_t options = {
        .size = sizeof options,
        .temp_dir = up->temp_dir,
        .direct_mounts = up->direct_mounts,
        .locked = true,
        .bindle = &registry,
    };
    spin_error_t *error = load_settings(app, settings);
    if (error != NULL)
        return error;
    progress_init(&progress);
    if (!up->quiet)
        registry.progress = progress_show;
    registry.user = &progress;
    error = app->is_bindle ? spin_loader_load_bindle(app->path, &registry, &options, application)
                           : spin_loader_load_file(app->path, &options, application);
    progress_end(&progress);
    if (error != NULL)
        spin_server_settings_free(*settings);
    return error;
}

/* ── serving ─────────────────────────────────────────────────────────────────────────────── */

static bool take_own_name(app_t *app, const apps_t *apps, const spin_application_t *application) {
    spin_slice_t own = spin_application_name(application);
    char *name = strndup((const char *)own.ptr, own.len);
    bool ok = name != NULL && choose_name(app, apps, name);
    free(name);
    return ok;
}

/* In a folder of applications its name says where one is: a host, if it has a dot, else a base.
 * `*text` is for free, when the options were used. */
static bool place_by_name(const app_t *app, const spin_application_t *application,
                          spin_server_application_t *options, char **text) {
    if (app->entry == NULL || spin_application_trigger(application) != SPIN_TRIGGER_HTTP ||
        options->hosts_len > 0 || options->base != NULL)
        return true;
    if (strchr(app->entry, '.') != NULL) {
        options->hosts = (const char *const *)&app->entry;
        options->hosts_len = 1;
        return true;
    }
    if (spin_application_http_base(application).len > 1)
        return true;
    if (asprintf(text, "/%s", app->entry) < 0) {
        *text = NULL;
        return false;
    }
    options->base = *text;
    return true;
}

/* Below the folder that was asked for each has its own, unless there is only one. */
static bool place_logs(const app_t *app, const up_t *up, bool alone,
                       spin_server_application_t *options, char **text) {
    if (options->log_dir != NULL || up->log_dir == NULL)
        return true;
    options->log_dir = up->log_dir;
    if (alone)
        return true;
    if (asprintf(text, "%s/%s", up->log_dir, app->name) < 0) {
        *text = NULL;
        return false;
    }
    char *name = *text + strlen(up->log_dir) + 1; /* a path, maybe, but no way out of there */
    for (char *at = name; *at != '\0'; at++)
        if (*at == '/' || (*at == '.' && at == name))
            *at = '_';
    options->log_dir = *text;
    return true;
}

spin_error_t *app_put(app_t *app, const apps_t *apps, const up_t *up, bool alone,
                      spin_server_t *server, spin_application_t *application,
                      const spin_server_settings_t *settings) {
    spin_server_application_t options = {.size = sizeof options};
    char *base = NULL, *logs = NULL;
    spin_error_t *error = NULL;
    if (settings != NULL)
        options = *spin_server_settings_application(settings);
    if (app->hosts_len > 0) {
        options.hosts = (const char *const *)app->hosts;
        options.hosts_len = app->hosts_len;
    }
    if (app->base != NULL)
        options.base = app->base;
    options.follow = up->follow.items;
    options.follow_len = up->follow.len;
    options.follow_all = up->follow.len == 0;
    options.quiet = up->quiet;
    if ((app->name == NULL && !take_own_name(app, apps, application)) ||
        !place_by_name(app, application, &options, &base) ||
        !place_logs(app, up, alone, &options, &logs))
        error = spin_error_new(SPIN_ERROR_NO_MEMORY, "out of memory");
    if (alone && app->hosts_len == 0)
        options.hosts_len = 0;
    if (error == NULL)
        error = spin_server_put(server, app->name, application, &options);
    free(base);
    free(logs);
    return error;
}
