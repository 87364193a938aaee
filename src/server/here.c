/* A server without worker processes: one worker, on a loop of the server's own, in this process. */
#include <poll.h>
#include <unistd.h>
#include <uv.h>

#include "base/alloc.h"
#include "base/error.h"
#include "server/server.h"

/* A descriptor that the loop looks at: one of the server's watches, or its stop. */
typedef struct here_poll {
    uv_poll_t poll;
    server_crew_t *crew;
    const server_watch_t *watch; /* NULL: the stop */
} here_poll_t;

struct server_crew {
    spin_server_t *server;
    uv_loop_t loop;
    server_worker_t worker;
    here_poll_t *polls;
    size_t polls_len;
};

/* ── applications ────────────────────────────────────────────────────────────────────────── */

static spin_error_t *start(server_crew_t *crew, server_site_t *site) {
    site->started = true;
    return server_worker_put(&crew->worker, site_ref(site));
}

static spin_error_t *put(server_crew_t *crew, server_site_t *site) {
    spin_server_t *server = crew->server;
    server_site_t *old = NULL;
    spin_error_t *error = server_enter(server, site, &old);
    if (error != NULL)
        goto out;
    error = start(crew, site);
    if (error != NULL)
        server_put_back(server, site, old);
    else
        site_unref(old);
out:
    server_tell(server, error == NULL ? SPIN_SERVER_SERVING : SPIN_SERVER_FAILED, site->name, site,
                error);
    if (error != NULL)
        site_unref(site);
    spin_error_free(error);
    return NULL; /* it was told */
}

static spin_error_t *change(server_crew_t *crew, const char *name, server_site_t *site) {
    if (site != NULL)
        return put(crew, site);
    server_site_t *old = server_leave(crew->server, name);
    if (old == NULL)
        return error_new(SPIN_ERROR_NOT_FOUND, "no application \"%s\"", name);
    server_worker_remove(&crew->worker, name);
    server_tell(crew->server, SPIN_SERVER_REMOVED, name, NULL, NULL);
    site_unref(old);
    return NULL;
}

static void on_retired(server_worker_t *worker, uint64_t version) {
    (void)worker, (void)version; /* its tenant held the last reference */
}

static server_site_t *next_to_start(const spin_server_t *server) {
    for (size_t i = 0; i < server->sites.len; i++)
        if (!server->sites.items[i]->started)
            return server->sites.items[i];
    return NULL;
}

static bool is_asked_to_stop(const spin_server_t *server) {
    struct pollfd stop = {.fd = server->stop_fd, .events = POLLIN};
    return poll(&stop, 1, 0) == 1;
}

/* Whoever is told may change what there is to start, or stop it all. */
static void start_all(server_crew_t *crew) {
    spin_server_t *server = crew->server;
    server_site_t *site;
    while (!is_asked_to_stop(server) && (site = next_to_start(server)) != NULL) {
        spin_error_t *error = start(crew, site);
        site_ref(site);
        server_tell(server, error == NULL ? SPIN_SERVER_SERVING : SPIN_SERVER_FAILED, site->name,
                    site, error);
        site_unref(site);
        spin_error_free(error);
    }
    if (!is_asked_to_stop(server))
        server_tell_ready(server);
}

/* ── the loop ────────────────────────────────────────────────────────────────────────────── */

static void on_ended(server_worker_t *worker) {
    server_crew_t *crew = worker->user;
    for (size_t i = 0; i < crew->polls_len; i++)
        uv_close((uv_handle_t *)&crew->polls[i].poll, NULL);
}

/* What nobody reads any more would keep the loop busy. */
static void stop(server_crew_t *crew) {
    for (size_t i = 0; i < crew->polls_len; i++)
        if (crew->polls[i].watch != NULL)
            uv_poll_stop(&crew->polls[i].poll);
    server_worker_stop(&crew->worker);
}

static void on_readable(uv_poll_t *poll, int status, int events) {
    const here_poll_t *here = poll->data;
    server_crew_t *crew = here->crew;
    uint64_t count = 0;
    (void)status, (void)events;
    if (here->watch != NULL) {
        here->watch->fn(crew->server, here->watch->fd, here->watch->user);
    } else if (read(crew->server->stop_fd, &count, sizeof count) == (ssize_t)sizeof count) {
        stop(crew);
        if (count > 1)
            server_worker_stop(&crew->worker);
    }
}

static spin_error_t *add_poll(server_crew_t *crew, int fd, const server_watch_t *watch) {
    here_poll_t *here = &crew->polls[crew->polls_len];
    int failed = uv_poll_init(&crew->loop, &here->poll, fd);
    if (failed != 0)
        return error_new(SPIN_ERROR_IO, "event loop: %s", uv_strerror(failed));
    here->crew = crew;
    here->watch = watch;
    here->poll.data = here;
    crew->polls_len++;
    uv_poll_start(&here->poll, UV_READABLE, on_readable);
    return NULL;
}

static spin_error_t *add_polls(server_crew_t *crew) {
    const spin_server_t *server = crew->server;
    crew->polls = mem_calloc(1 + server->watches.len, sizeof *crew->polls);
    if (crew->polls == NULL)
        return error_no_memory();
    spin_error_t *error = add_poll(crew, server->stop_fd, NULL);
    for (size_t i = 0; i < server->watches.len && error == NULL; i++)
        error = add_poll(crew, server->watches.items[i].fd, &server->watches.items[i]);
    return error;
}

spin_error_t *server_run_here(spin_server_t *server) {
    server_crew_t crew = {.server = server};
    int failed = uv_loop_init(&crew.loop);
    if (failed != 0)
        return error_new(SPIN_ERROR_IO, "event loop: %s", uv_strerror(failed));
    crew.worker = (server_worker_t){.retired = on_retired, .ended = on_ended, .user = &crew};
    spin_error_t *error =
        server_worker_init(&crew.worker, &crew.loop, 0,
                           server->address[0] == '\0' ? -1 : server->fds[0], &server->options);
    if (error == NULL) {
        server_close_sockets(server); /* or they would listen when the front has stopped */
        error = add_polls(&crew);
        if (error == NULL) {
            server->crew = &crew;
            server->change = change;
            start_all(&crew);
        } else {
            server_worker_stop(&crew.worker);
        }
    }
    uv_run(&crew.loop, UV_RUN_DEFAULT);
    server->crew = NULL;
    uv_loop_close(&crew.loop);
    mem_free(crew.polls);
    return error;
}
