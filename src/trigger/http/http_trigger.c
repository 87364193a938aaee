/* The HTTP trigger's table of operations: its options, and the listening sockets, one for each
 * worker. */
#include "spin/http.h"

#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "net/http_server.h"
#include "trigger/http/http_options.h"
#include "trigger/http/worker.h"
#include "trigger/trigger.h"

static const char default_listen[] = "127.0.0.1:3000";

typedef struct http_trigger {
    spin_http_options_t options;
    http_front_t *front; /* in the process that serves */
    int *fds;            /* listening sockets, one for each worker; -1: not here */
    size_t fds_len;
    char address[64];
} http_trigger_t;

/* ── sockets ─────────────────────────────────────────────────────────────────────────────── */

static void close_socket(int *fd) {
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* As long as one is open in the supervisor clients are kept waiting for a worker that never comes.
 */
static void withdraw(void *state) {
    http_trigger_t *http = state;
    for (size_t i = 0; i < http->fds_len; i++)
        close_socket(&http->fds[i]);
}

static spin_error_t *open_sockets(http_trigger_t *http) {
    size_t count = http->options.workers > 0 ? http->options.workers : 1;
    http->fds = mem_calloc(count, sizeof *http->fds);
    if (http->fds == NULL)
        return error_no_memory();
    spin_error_t *error = net_listen_group(http->options.listen, count, http->fds);
    if (error != NULL)
        return error;
    http->fds_len = count;
    return net_listen_address(http->fds[0], http->address, sizeof http->address);
}

/* ── operations ──────────────────────────────────────────────────────────────────────────── */

static void close_trigger(void *state) {
    http_trigger_t *http = state;
    withdraw(http);
    mem_free(http->fds);
    mem_free(http);
}

static spin_error_t *open_trigger(spin_trigger_t *trigger, void *user, void **state) {
    (void)trigger;
    http_trigger_t *http = mem_calloc(1, sizeof *http);
    if (http == NULL)
        return error_no_memory();
    http->options = *(const spin_http_options_t *)user;
    spin_error_t *error = open_sockets(http);
    if (error != NULL)
        close_trigger(http);
    else
        *state = http;
    return error;
}

/* All that arrives is for the one application. */
static const http_site_t own_site = {.name = ""};

static spin_error_t *start(spin_worker_t *worker, void *state) {
    http_trigger_t *http = state;
    unsigned index = spin_worker_index(worker);
    for (size_t i = 0; i < http->fds_len; i++)
        if (i != index)
            close_socket(&http->fds[i]);
    spin_error_t *error = http_worker_begin(worker, &http->options, &own_site);
    if (error == NULL)
        error = http_front_new(spin_worker_loop(worker), http->fds[index], &http->options,
                               &http->front);
    if (error == NULL)
        error = http_worker_attach(worker, http->front);
    if (error == NULL)
        close_socket(&http->fds[index]); /* or it would listen when the server has stopped */
    return error;
}

static void release(void *worker) {
    spin_worker_release(worker);
}

/* Until the connections that there are have been served. */
static void stop(spin_worker_t *worker, void *state) {
    http_trigger_t *http = state;
    spin_worker_hold(worker);
    http_front_stop(http->front, release, worker);
}

static void end(spin_worker_t *worker, void *state) {
    http_trigger_t *http = state;
    if (http->front != NULL) {
        http_front_free(http->front, release, worker);
        http->front = NULL;
        spin_worker_hold(worker);
    }
    http_worker_end(worker);
}

static const spin_trigger_type_t http_type = {
    .size = sizeof http_type,
    .name = "http",
    .open = open_trigger,
    .close = close_trigger,
    .start = start,
    .stop = stop,
    .end = end,
    .withdraw = withdraw,
};

/* ── the public face ─────────────────────────────────────────────────────────────────────── */

static void call_ready(spin_trigger_t *trigger, void *user) {
    const http_trigger_t *http = spin_trigger_state(trigger);
    http->options.ready(http->address, user);
}

spin_error_t *spin_http_trigger_new(spin_application_t *application,
                                    const spin_http_options_t *options, spin_trigger_t **out) {
    spin_http_options_t own;
    spin_trigger_options_t common;
    spin_error_t *error = http_options_take(&own, options, &common);
    if (error != NULL)
        return error;
    if (own.listen == NULL)
        own.listen = default_listen;
    if (own.ready != NULL)
        common.ready = call_ready;
    return spin_trigger_new(&http_type, &own, application, &common, out);
}

const char *spin_http_trigger_address(const spin_trigger_t *trigger) {
    const http_trigger_t *http = trigger->state;
    return trigger->type.open == open_trigger ? http->address : NULL;
}
