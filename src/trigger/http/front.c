#include "trigger/http/front.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "base/options.h"
#include "net/http_server.h"
#include "trigger/http/worker.h"

struct http_front {
    size_t refs; /* one is its handles' */
    uv_loop_t *loop;
    net_server_t *server; /* NULL: freed */
    http_sites_t sites;   /* http_worker_t */
    void (*closed)(void *user);
    void *closed_user;
};

/* ── references ──────────────────────────────────────────────────────────────────────────── */

http_front_t *http_front_ref(http_front_t *front) {
    front->refs++;
    return front;
}

void http_front_unref(http_front_t *front) {
    if (front != NULL && --front->refs == 0)
        mem_free(front);
}

bool http_front_is_freed(const http_front_t *front) {
    return front->server == NULL;
}

/* ── the server's events ─────────────────────────────────────────────────────────────────── */

static void answer(net_exchange_t *exchange, unsigned status, spin_slice_t body) {
    LOG_DEBUG("request", LOG_SLICE("method", exchange->method), LOG_SLICE("path", exchange->path),
              LOG_INT("status", status));
    net_response_send(exchange, status, NULL, 0, body);
}

static void on_request(net_exchange_t *exchange, void *user) {
    http_front_t *front = user;
    exchange->user = NULL;
    if (slice_equal(exchange->path, SLICE_LITERAL("/healthz"))) {
        answer(exchange, 200, SLICE_LITERAL("OK"));
        return;
    }
    http_worker_t *worker = http_sites_find(&front->sites, exchange->host, exchange->path);
    unsigned status = worker == NULL ? 404 : http_worker_take(worker, exchange);
    if (status != 0)
        answer(exchange, status, (spin_slice_t){NULL, 0});
}

static void on_gone(net_exchange_t *exchange, void *user) {
    (void)user;
    if (exchange->user != NULL)
        http_call_gone(exchange->user);
}

static void on_writable(net_exchange_t *exchange, void *user) {
    (void)user;
    if (exchange->user != NULL)
        http_call_writable(exchange->user);
}

/* ── sites ───────────────────────────────────────────────────────────────────────────────── */

spin_error_t *http_front_attach(http_front_t *front, const http_site_t *site, spin_slice_t base,
                                http_worker_t *worker) {
    if (front->server == NULL)
        return error_new(SPIN_ERROR_CANCELLED, "the server has ended");
    if (spin_worker_loop(worker->base) != front->loop)
        return error_new(SPIN_ERROR_USAGE, "an application runs on the loop of its server");
    return http_sites_put(&front->sites, site, base, worker);
}

void http_front_detach(http_front_t *front, const http_site_t *site, const http_worker_t *worker) {
    http_sites_remove(&front->sites, site->name, worker);
}

/* ── life ────────────────────────────────────────────────────────────────────────────────── */

static void set_if(size_t *limit, size_t value) {
    if (value != 0)
        *limit = value;
}

static void set_time_if(uint64_t *limit, uint64_t value) {
    if (value != 0)
        *limit = value;
}

static net_server_limits_t limits_of(const spin_http_options_t *options) {
    net_server_limits_t limits = net_server_limits_default();
    set_if(&limits.header_bytes, options->max_header_bytes);
    set_if(&limits.headers, options->max_headers);
    set_if(&limits.body_bytes, options->max_body_bytes);
    set_if(&limits.connections, options->max_connections);
    set_time_if(&limits.request_timeout_ms, options->request_timeout_ms);
    set_time_if(&limits.idle_timeout_ms, options->idle_timeout_ms);
    set_time_if(&limits.write_timeout_ms, options->write_timeout_ms);
    return limits;
}

spin_error_t *http_front_new(uv_loop_t *loop, int fd, const spin_http_options_t *options,
                             http_front_t **out) {
    spin_http_options_t own = {0};
    spin_error_t *error = options_take(&own, sizeof own, options, "spin_http_options_t");
    if (error != NULL)
        return error;
    http_front_t *front = mem_calloc(1, sizeof *front);
    if (front == NULL)
        return error_no_memory();
    const net_server_limits_t limits = limits_of(&own);
    const net_server_handler_t handler = {on_request, on_gone, on_writable, front};
    error = net_server_new(loop, fd, &limits, &handler, &front->server);
    if (error != NULL) {
        mem_free(front);
        return error;
    }
    front->refs = 1;
    front->loop = loop;
    *out = front;
    return NULL;
}

/* The grace is the caller's affair. */
void http_front_stop(http_front_t *front, void (*done)(void *user), void *user) {
    net_server_stop(front->server, UINT64_MAX, done, user);
}

static void on_closed(void *user) {
    http_front_t *front = user;
    if (front->closed != NULL)
        front->closed(front->closed_user);
    http_front_unref(front);
}

void http_front_free(http_front_t *front, void (*closed)(void *user), void *user) {
    if (front == NULL)
        return;
    net_server_t *server = front->server;
    front->server = NULL;
    front->closed = closed;
    front->closed_user = user;
    http_sites_deinit(&front->sites);
    net_server_free(server, on_closed, front); /* which tells of every request that it is gone */
}
