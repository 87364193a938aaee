/* A server from outside: its applications, before it runs and while it does. */
#include "server/server.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "base/options.h"
#include "net/http_server.h"
#include "trigger/signals.h"

static const uint64_t default_shutdown_ms = 30 * 1000;

/* ── making one ──────────────────────────────────────────────────────────────────────────── */

static spin_error_t *take_options(spin_server_t *server, const spin_server_options_t *options) {
    spin_server_options_t *own = &server->options;
    spin_error_t *error = options_take(own, sizeof *own, options, "spin_server_options_t");
    if (error == NULL)
        error = options_take(&server->engine, sizeof server->engine, own->engine,
                             "spin_engine_options_t");
    if (error == NULL)
        error = options_take(&server->http, sizeof server->http, own->http, "spin_http_options_t");
    if (error != NULL)
        return error;
    if (server->engine.loop != NULL || server->engine.engine != NULL)
        return error_new(SPIN_ERROR_USAGE, "a server makes its loop and its engine itself");
    server->engine.size = sizeof server->engine;
    server->http.size = sizeof server->http;
    own->engine = &server->engine;
    own->http = own->http == NULL ? NULL : &server->http;
    if (own->shutdown_timeout_ms == 0)
        own->shutdown_timeout_ms = default_shutdown_ms;
    return NULL;
}

static spin_error_t *open_sockets(spin_server_t *server) {
    static const char default_listen[] = "127.0.0.1:3000";
    size_t count = server->options.workers > 0 ? server->options.workers : 1;
    const char *listen = server->http.listen != NULL ? server->http.listen : default_listen;
    server->fds = mem_calloc(count, sizeof *server->fds);
    if (server->fds == NULL)
        return error_no_memory();
    spin_error_t *error = net_listen_group(listen, count, server->fds);
    if (error != NULL)
        return error;
    server->fds_len = count;
    return net_listen_address(server->fds[0], server->address, sizeof server->address);
}

spin_error_t *spin_server_new(const spin_server_options_t *options, spin_server_t **out) {
    spin_server_t *server = mem_calloc(1, sizeof *server);
    if (server == NULL)
        return error_no_memory();
    server->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    spin_error_t *error = server->stop_fd < 0 ? error_from_errno(errno, "eventfd") : NULL;
    if (error == NULL)
        error = take_options(server, options);
    if (error == NULL && server->options.http != NULL)
        error = open_sockets(server);
    if (error == NULL)
        *out = server;
    else
        spin_server_free(server);
    return error;
}

void server_close_sockets(spin_server_t *server) {
    for (size_t i = 0; i < server->fds_len; i++) {
        if (server->fds[i] >= 0)
            close(server->fds[i]);
        server->fds[i] = -1;
    }
}

void spin_server_free(spin_server_t *server) {
    if (server == NULL)
        return;
    for (size_t i = 0; i < server->sites.len; i++)
        site_unref(server->sites.items[i]);
    VEC_FREE(&server->sites);
    VEC_FREE(&server->watches);
    http_sites_deinit(&server->places);
    server_close_sockets(server);
    mem_free(server->fds);
    if (server->stop_fd >= 0)
        close(server->stop_fd);
    mem_free(server);
}

const char *spin_server_address(const spin_server_t *server) {
    return server->address[0] != '\0' ? server->address : NULL;
}

/* ── applications ────────────────────────────────────────────────────────────────────────── */

size_t server_find(const spin_server_t *server, const char *name) {
    size_t at = 0;
    while (at < server->sites.len && strcmp(server->sites.items[at]->name, name) != 0)
        at++;
    return at;
}

static spin_error_t *take_place(spin_server_t *server, server_site_t *site) {
    if (!site_is_http(site)) {
        http_sites_remove(&server->places, site->name, http_sites_get(&server->places, site->name));
        return NULL;
    }
    const http_site_t place = site_place(site);
    return http_sites_put(&server->places, &place, http_site_base(&place, site->application), site);
}

spin_error_t *server_enter(spin_server_t *server, server_site_t *site, server_site_t **old) {
    if (!VEC_RESERVE(&server->sites, 1))
        return error_no_memory();
    spin_error_t *error = take_place(server, site);
    if (error != NULL)
        return error;
    size_t at = server_find(server, site->name);
    *old = at < server->sites.len ? server->sites.items[at] : NULL;
    if (*old == NULL)
        server->sites.len++;
    server->sites.items[at] = site;
    return NULL;
}

server_site_t *server_leave(spin_server_t *server, const char *name) {
    size_t at = server_find(server, name);
    if (at == server->sites.len)
        return NULL;
    server_site_t *site = server->sites.items[at];
    http_sites_remove(&server->places, name, site);
    server->sites.len--;
    memmove(&server->sites.items[at], &server->sites.items[at + 1],
            (server->sites.len - at) * sizeof *server->sites.items);
    return site;
}

void server_put_back(spin_server_t *server, server_site_t *site, server_site_t *old) {
    if (old == NULL) {
        server_leave(server, site->name);
        return;
    }
    server->sites.items[server_find(server, old->name)] = old;
    spin_error_t *error = take_place(server, old);
    if (error == NULL)
        return;
    http_sites_remove(&server->places, old->name, site);
    LOG_ERROR("an application's place is not known any more", LOG_TEXT("application", old->name),
              LOG_ERR("error", error));
    spin_error_free(error);
}

static spin_error_t *enter_before(spin_server_t *server, server_site_t *site) {
    server_site_t *old = NULL;
    spin_error_t *error = server_enter(server, site, &old);
    site_unref(error == NULL ? old : site);
    return error;
}

spin_error_t *spin_server_put(spin_server_t *server, const char *name,
                              spin_application_t *application,
                              const spin_server_application_t *options) {
    server_site_t *site;
    spin_error_t *error = site_new(name, ++server->versions, application, options, &site);
    if (error != NULL)
        return error;
    if (site_is_http(site) && server->options.http == NULL) {
        site_unref(site);
        return error_new(SPIN_ERROR_UNSUPPORTED, "this server has no HTTP");
    }
    return server->crew != NULL ? server->change(server->crew, name, site)
                                : enter_before(server, site);
}

spin_error_t *spin_server_remove(spin_server_t *server, const char *name) {
    if (server->crew != NULL)
        return server->change(server->crew, name, NULL);
    server_site_t *site = server_leave(server, name);
    if (site == NULL)
        return error_new(SPIN_ERROR_NOT_FOUND, "no application \"%s\"", name);
    site_unref(site);
    return NULL;
}

spin_error_t *spin_server_watch(spin_server_t *server, int fd, spin_server_watch_fn fn,
                                void *user) {
    if (server->used)
        return error_new(SPIN_ERROR_USAGE, "this server runs already");
    return VEC_PUSH(&server->watches, (server_watch_t){server, fd, fn, user}) ? NULL
                                                                              : error_no_memory();
}

/* ── running ─────────────────────────────────────────────────────────────────────────────── */

void server_tell(spin_server_t *server, spin_server_event_kind_t kind, const char *name,
                 const server_site_t *site, const spin_error_t *error) {
    const spin_server_event_t event = {
        .size = sizeof event,
        .kind = kind,
        .name = name,
        .application = site == NULL ? NULL : site->application,
        .options = site == NULL ? NULL : &site->options,
        .error = error,
    };
    if (server->options.event != NULL)
        server->options.event(server, &event, server->options.user);
}

void server_tell_ready(spin_server_t *server) {
    if (server->options.ready != NULL)
        server->options.ready(server, server->options.user);
}

spin_error_t *spin_server_run(spin_server_t *server) {
    signals_t signals = {0};
    if (server->used)
        return error_new(SPIN_ERROR_USAGE, "this server has run already");
    server->used = true;
    if (!server->options.ignore_signals)
        signals_take(&signals, server->stop_fd);
    spin_error_t *error =
        server->options.workers == 0 ? server_run_here(server) : server_run_processes(server);
    signals_give_back(&signals);
    return error;
}

void spin_server_stop(spin_server_t *server) {
    const uint64_t one = 1;
    int number = errno; /* a signal handler must leave it as it was */
    (void)!write(server->stop_fd, &one, sizeof one);
    errno = number;
}
