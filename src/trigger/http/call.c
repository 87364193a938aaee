/* A request on its way through an application: from the front to an executor and back. */
#include "base/error.h"
#include "base/log.h"
#include "trigger/http/worker.h"

/* ── under way ───────────────────────────────────────────────────────────────────────────── */

static void add(http_worker_t *worker, http_call_t *request) {
    request->others = worker->calls;
    request->self = &worker->calls;
    if (worker->calls != NULL)
        worker->calls->self = &request->others;
    worker->calls = request;
    request->exchange->user = request;
    spin_worker_hold(worker->base);
}

/* Its exchange may go, and takes the request along. */
static void forget(http_call_t *request) {
    *request->self = request->others;
    if (request->others != NULL)
        request->others->self = request->self;
    request->exchange->user = NULL;
}

/* One that was forgotten is over, its instance freed. */
static void is_over(http_worker_t *worker) {
    http_line_advance(&worker->line);
    spin_worker_release(worker->base);
}

/* ── for executors ───────────────────────────────────────────────────────────────────────── */

spin_execution_context_t *http_call_context(const http_call_t *request) {
    return request->worker->context;
}

bool http_call_take_out(spin_slice_t bytes, void *user) {
    http_call_t *request = user;
    log_lines_add(&request->out, request->exchange->arena, &request->component->out, bytes);
    return true;
}

bool http_call_take_err(spin_slice_t bytes, void *user) {
    http_call_t *request = user;
    log_lines_add(&request->err, request->exchange->arena, &request->component->err, bytes);
    return true;
}

static void flush_logs(http_call_t *request) {
    if (request->out.len > 0)
        log_lines_flush(&request->out, &request->component->out);
    if (request->err.len > 0)
        log_lines_flush(&request->err, &request->component->err);
}

void http_call_free_instance(http_call_t *request) {
    flush_logs(request);
    spin_instance_free(request->instance);
    request->instance = NULL;
}

static void log_access(const http_call_t *request, unsigned status) {
    LOG_DEBUG("request", LOG_SLICE("method", request->exchange->method),
              LOG_SLICE("path", request->exchange->path), LOG_INT("status", status),
              LOG_SLICE("application", request->worker->name),
              LOG_SLICE("component", request->component->id));
}

void http_call_reply(http_call_t *request, unsigned status, const net_header_t *headers,
                     size_t headers_len, spin_slice_t body) {
    http_worker_t *worker = request->worker;
    net_exchange_t *exchange = request->exchange;
    spin_instance_t *instance = request->instance;
    log_access(request, status);
    flush_logs(request);
    forget(request);
    net_response_send(exchange, status, headers, headers_len, body);
    spin_instance_free(instance); /* until now it held the body */
    is_over(worker);
}

static void log_failure(const http_call_t *request, unsigned status, const spin_error_t *error) {
    LOG_ERROR("request failed", LOG_SLICE("application", request->worker->name),
              LOG_SLICE("component", request->component->id),
              LOG_SLICE("route", request->component->route.pattern), LOG_INT("status", status),
              LOG_ERR("error", error));
}

void http_call_fail(http_call_t *request, spin_error_t *error) {
    unsigned status = spin_error_kind(error) == SPIN_ERROR_TIMEOUT ? 504 : 500;
    log_failure(request, status, error);
    spin_error_free(error);
    http_call_free_instance(request);
    http_call_reply(request, status, NULL, 0, (spin_slice_t){NULL, 0});
}

void http_call_start_stream(http_call_t *request, unsigned status, const net_header_t *headers,
                            size_t headers_len) {
    request->streaming = true;
    net_response_start(request->exchange, status, headers, headers_len, -1);
}

void http_call_end_stream(http_call_t *request, unsigned status, spin_error_t *error) {
    http_worker_t *worker = request->worker;
    net_exchange_t *exchange = request->exchange;
    log_access(request, status);
    http_call_free_instance(request);
    if (error != NULL)
        log_failure(request, status, error);
    forget(request);
    if (error != NULL)
        net_response_abort(exchange);
    else
        net_response_end(exchange);
    spin_error_free(error);
    is_over(worker);
}

/* ── for the front ───────────────────────────────────────────────────────────────────────── */

/* A guest's strings are UTF-8. */
static bool is_text(const net_exchange_t *exchange) {
    bool ok = slice_is_utf8(exchange->target, NULL) && slice_is_utf8(exchange->host, NULL);
    for (size_t i = 0; ok && i < exchange->headers_len; i++)
        ok = slice_is_utf8(exchange->headers[i].value, NULL);
    return ok;
}

static http_call_t *new_request(http_worker_t *worker, net_exchange_t *exchange,
                                http_component_t *component) {
    http_call_t *request = arena_calloc(exchange->arena, 1, component->executor->request_size);
    if (request == NULL)
        return NULL;
    request->exchange = exchange;
    request->worker = worker;
    request->component = component;
    memcpy(request->defaults, component->defaults, sizeof request->defaults);
    if (!http_defaults_complete(request->defaults, &component->route, exchange))
        return NULL;
    add(worker, request);
    return request;
}

unsigned http_worker_take(http_worker_t *worker, net_exchange_t *exchange) {
    int number = http_routes_find(&worker->routes, exchange->path);
    if (number == HTTP_NO_ROUTE)
        return 404;
    if (!is_text(exchange))
        return 400;
    http_call_t *request = new_request(worker, exchange, &worker->components[number]);
    if (request == NULL)
        return 500;
    http_line_take(&worker->line, request);
    return 0;
}

static void let_go(http_call_t *request) {
    http_line_leave(&request->worker->line, request);
    http_call_free_instance(request);
    if (request->component->executor->gone != NULL)
        request->component->executor->gone(request);
    forget(request);
}

void http_call_gone(http_call_t *request) {
    http_worker_t *worker = request->worker;
    let_go(request);
    if (http_front_is_freed(worker->front)) /* the next in line is gone as well */
        spin_worker_release(worker->base);
    else
        is_over(worker);
}

void http_call_writable(http_call_t *request) {
    if (request->component->executor->writable != NULL)
        request->component->executor->writable(request);
}

void http_call_cut_off(http_call_t *request) {
    static const net_header_t retry = {SLICE_INIT("retry-after"), SLICE_INIT("1")};
    http_worker_t *worker = request->worker;
    net_exchange_t *exchange = request->exchange;
    bool streaming = request->streaming;
    let_go(request);
    if (streaming)
        net_response_abort(exchange);
    else
        net_response_send(exchange, 503, &retry, 1, (spin_slice_t){NULL, 0});
    is_over(worker);
}
