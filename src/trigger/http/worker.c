#include "trigger/http/worker.h"

#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "base/options.h"
#include "trigger/http/executor.h"

enum {
    LINE_PER_INSTANCE = 4, /* requests that wait, for each instance there may be */
};

static const uint64_t ns_per_ms = 1000 * 1000;

struct http_worker {
    arena_t arena;
    spin_worker_t *base;
    const spin_http_options_t *options;
    uv_loop_t *loop;
    spin_execution_context_t *context;
    net_server_t *server;
    http_routes_t routes;
    http_component_t *components; /* by the number of their route */
    size_t components_len;

    /* requests that wait for an instance, in order of arrival */
    http_call_t *line;
    http_call_t **line_end;
    size_t line_len;
    size_t line_max;
    uint64_t line_timeout_ns;
    uv_timer_t *line_timer;
    bool advancing;

    bool warns; /* of what is odd in the application: one worker is enough */
};

static const http_executor_t *const executors[] = {
    [SPIN_EXECUTOR_SPIN] = &http_spin_executor,
    [SPIN_EXECUTOR_WAGI] = &http_wagi_executor,
};

/* ── the line ────────────────────────────────────────────────────────────────────────────── */

static void line_remove(http_call_t *request) {
    http_worker_t *worker = request->worker;
    if (request->link == NULL)
        return;
    *request->link = request->next;
    if (request->next != NULL)
        request->next->link = request->link;
    else
        worker->line_end = request->link;
    request->link = NULL;
    worker->line_len--;
}

static void on_line_timer(uv_timer_t *timer);

static void arm_line_timer(http_worker_t *worker) {
    uint64_t deadline = worker->line->arrived_ns + worker->line_timeout_ns;
    uint64_t now = uv_hrtime();
    uv_update_time(worker->loop);
    uv_timer_start(worker->line_timer, on_line_timer,
                   deadline <= now ? 0 : (deadline - now) / ns_per_ms + 1, 0);
}

static void refuse_busy(http_call_t *request) {
    static const net_header_t retry = {SLICE_INIT("retry-after"), SLICE_INIT("1")};
    LOG_WARN("no instance is free", LOG_SLICE("component", request->component->id),
             LOG_SLICE("route", request->component->route.pattern), LOG_INT("status", 503),
             LOG_INT("waiting", request->worker->line_len));
    http_call_reply(request, 503, &retry, 1, (spin_slice_t){NULL, 0});
}

static void on_line_timer(uv_timer_t *timer) {
    http_worker_t *worker = timer->data;
    while (worker->line != NULL &&
           uv_hrtime() - worker->line->arrived_ns >= worker->line_timeout_ns) {
        http_call_t *late = worker->line;
        line_remove(late);
        refuse_busy(late);
    }
    if (worker->line != NULL)
        arm_line_timer(worker);
}

static void line_append(http_call_t *request) {
    http_worker_t *worker = request->worker;
    if (worker->line_len >= worker->line_max) {
        refuse_busy(request);
        return;
    }
    request->arrived_ns = uv_hrtime();
    request->next = NULL;
    request->link = worker->line_end;
    *worker->line_end = request;
    worker->line_end = &request->next;
    if (worker->line_len++ == 0)
        arm_line_timer(worker);
}

/* False: no instance is free. */
static bool try_start(http_call_t *request) {
    spin_error_t *error = request->component->executor->start(request);
    if (error == NULL)
        return true;
    if (spin_error_kind(error) == SPIN_ERROR_LIMIT && request->instance == NULL) {
        spin_error_free(error);
        return false;
    }
    http_call_fail(request, error);
    return true;
}

/* A guest that ends at once calls this again from within: the loop below goes on then. */
static void line_advance(http_worker_t *worker) {
    if (worker->advancing)
        return;
    worker->advancing = true;
    while (worker->line != NULL) {
        http_call_t *first = worker->line;
        http_call_t **place = first->link;
        http_call_t *second = first->next;
        line_remove(first);
        if (try_start(first))
            continue;
        first->next = second; /* back to the front */
        first->link = place;
        if (second != NULL)
            second->link = &first->next;
        else
            worker->line_end = &first->next;
        *place = first;
        worker->line_len++;
        break;
    }
    worker->advancing = false;
}

/* ── requests ────────────────────────────────────────────────────────────────────────────── */

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
              LOG_SLICE("component", request->component->id));
}

void http_call_reply(http_call_t *request, unsigned status, const net_header_t *headers,
                     size_t headers_len, spin_slice_t body) {
    http_worker_t *worker = request->worker;
    spin_instance_t *instance = request->instance;
    log_access(request, status);
    flush_logs(request);
    request->exchange->user = NULL;
    net_response_send(request->exchange, status, headers, headers_len, body);
    spin_instance_free(instance); /* until now it held the body */
    line_advance(worker);
}

static void log_failure(const http_call_t *request, unsigned status, const spin_error_t *error) {
    LOG_ERROR("request failed", LOG_SLICE("component", request->component->id),
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

void http_call_end_stream(http_call_t *request, unsigned status, spin_error_t *error) {
    http_worker_t *worker = request->worker;
    net_exchange_t *exchange = request->exchange;
    log_access(request, status);
    http_call_free_instance(request);
    exchange->user = NULL;
    if (error != NULL) {
        log_failure(request, status, error);
        spin_error_free(error);
        net_response_abort(exchange);
    } else {
        net_response_end(exchange);
    }
    line_advance(worker);
}

/* ── the server's events ─────────────────────────────────────────────────────────────────── */

static void send_plain(net_exchange_t *exchange, unsigned status, spin_slice_t body) {
    LOG_DEBUG("request", LOG_SLICE("method", exchange->method), LOG_SLICE("path", exchange->path),
              LOG_INT("status", status));
    net_response_send(exchange, status, NULL, 0, body);
}

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
    exchange->user = request;
    return request;
}

static void on_request(net_exchange_t *exchange, void *user) {
    http_worker_t *worker = user;
    exchange->user = NULL;
    if (slice_equal(exchange->path, SLICE_LITERAL("/healthz"))) {
        send_plain(exchange, 200, SLICE_LITERAL("OK"));
        return;
    }
    int number = http_routes_find(&worker->routes, exchange->path);
    if (number == HTTP_NO_ROUTE || !is_text(exchange)) {
        send_plain(exchange, number == HTTP_NO_ROUTE ? 404 : 400, (spin_slice_t){NULL, 0});
        return;
    }
    http_call_t *request = new_request(worker, exchange, &worker->components[number]);
    if (request == NULL)
        send_plain(exchange, 500, (spin_slice_t){NULL, 0});
    else if (worker->line != NULL || !try_start(request))
        line_append(request);
}

static void on_gone(net_exchange_t *exchange, void *user) {
    http_worker_t *worker = user;
    http_call_t *request = exchange->user;
    if (request == NULL)
        return;
    line_remove(request);
    http_call_free_instance(request);
    if (request->component->executor->gone != NULL)
        request->component->executor->gone(request);
    line_advance(worker);
}

static void on_writable(net_exchange_t *exchange, void *user) {
    http_call_t *request = exchange->user;
    (void)user;
    if (request != NULL && request->component->executor->writable != NULL)
        request->component->executor->writable(request);
}

/* ── life ────────────────────────────────────────────────────────────────────────────────── */

static bool is_followed(const spin_http_options_t *options, spin_slice_t id) {
    if (options->quiet || options->follow_all)
        return !options->quiet;
    for (size_t i = 0; i < options->follow_len; i++)
        if (slice_equal_text(id, options->follow[i]))
            return true;
    return false;
}

static spin_error_t *init_logs(http_worker_t *worker, http_component_t *component,
                               const char *dir) {
    bool followed = is_followed(worker->options, component->id);
    spin_error_t *error = component_log_init(&component->out, &worker->arena, dir, component->id,
                                             "stdout", followed ? STDOUT_FILENO : -1);
    return error != NULL ? error
                         : component_log_init(&component->err, &worker->arena, dir, component->id,
                                              "stderr", followed ? STDERR_FILENO : -1);
}

static spin_error_t *add_route(http_worker_t *worker, http_component_t *component) {
    int replaced;
    spin_error_t *error = http_routes_add(&worker->routes, &component->route, &replaced);
    if (error == NULL && replaced != HTTP_NO_ROUTE && worker->warns)
        LOG_WARN("a route is declared twice: the later component answers",
                 LOG_SLICE("route", component->route.pattern),
                 LOG_SLICE("component", component->id),
                 LOG_SLICE("instead_of", worker->components[replaced].id));
    return error;
}

/* A component that can't be called takes nothing from the others: it answers with 500. */
static void check_component(http_worker_t *worker, http_component_t *component) {
    spin_error_t *error = component->executor->check(component, worker->context);
    if (error != NULL && worker->warns)
        LOG_WARN("a component can't answer requests", LOG_SLICE("component", component->id),
                 LOG_ERR("error", error));
    spin_error_free(error);
}

static spin_error_t *init_component(http_worker_t *worker, http_component_t *component,
                                    const spin_component_t *source, const char *log_dir) {
    spin_slice_t base =
        spin_application_http_base(spin_execution_context_application(worker->context));
    spin_slice_t route = spin_component_route(source);
    component->id = spin_component_id(source);
    component->executor = executors[spin_component_executor(source)];
    component->argv = spin_component_wagi_argv(source);
    component->entrypoint = spin_component_wagi_entrypoint(source);
    spin_error_t *error = init_logs(worker, component, log_dir);
    if (error == NULL)
        error = http_route_init(&component->route, &worker->arena, base, route);
    if (error != NULL)
        return error;
    check_component(worker, component);
    http_defaults_init(component->defaults, &component->route, base, route);
    return add_route(worker, component);
}

static spin_error_t *init_components(http_worker_t *worker) {
    spin_application_t *application = spin_execution_context_application(worker->context);
    size_t count = spin_application_component_count(application);
    const char *log_dir = worker->options->log_dir;
    if (log_dir == NULL)
        log_dir = component_log_default_dir(&worker->arena, spin_application_name(application));
    worker->components = arena_calloc(&worker->arena, count, sizeof *worker->components);
    if (log_dir == NULL || worker->components == NULL)
        return error_no_memory();
    spin_error_t *error = NULL;
    while (error == NULL && worker->components_len < count) {
        size_t at = worker->components_len++;
        worker->components[at].out.fd = worker->components[at].err.fd = -1;
        error = init_component(worker, &worker->components[at],
                               spin_application_component(application, at), log_dir);
    }
    return error;
}

static spin_error_t *init_line(http_worker_t *worker) {
    spin_engine_options_t engine = {0};
    spin_error_t *error =
        options_take(&engine, sizeof engine, worker->options->engine, "spin_engine_options_t");
    if (error != NULL)
        return error;
    worker->line_end = &worker->line;
    worker->line_max =
        LINE_PER_INSTANCE *
        (size_t)(engine.max_instances != 0 ? engine.max_instances : SPIN_ENGINE_DEFAULT_INSTANCES);
    worker->line_timeout_ns = engine.timeout_ms == 0 ? ns_per_ms * SPIN_ENGINE_DEFAULT_TIMEOUT_MS
                              : engine.timeout_ms < UINT64_MAX / 2 / ns_per_ms
                                  ? ns_per_ms * engine.timeout_ms
                                  : UINT64_MAX / 2;
    worker->line_timer = mem_alloc(sizeof *worker->line_timer);
    if (worker->line_timer == NULL)
        return error_no_memory();
    uv_timer_init(worker->loop, worker->line_timer);
    uv_unref((uv_handle_t *)worker->line_timer); /* the server's connections keep the loop alive */
    worker->line_timer->data = worker;
    return NULL;
}

static void set_if(size_t *limit, size_t value) {
    if (value != 0)
        *limit = value;
}

static void set_time_if(uint64_t *limit, uint64_t value) {
    if (value != 0)
        *limit = value;
}

static spin_error_t *listen_at(http_worker_t *worker, int fd) {
    const spin_http_options_t *options = worker->options;
    net_server_limits_t limits = net_server_limits_default();
    set_if(&limits.header_bytes, options->max_header_bytes);
    set_if(&limits.headers, options->max_headers);
    set_if(&limits.body_bytes, options->max_body_bytes);
    set_if(&limits.connections, options->max_connections);
    set_time_if(&limits.request_timeout_ms, options->request_timeout_ms);
    set_time_if(&limits.idle_timeout_ms, options->idle_timeout_ms);
    set_time_if(&limits.write_timeout_ms, options->write_timeout_ms);
    const net_server_handler_t handler = {on_request, on_gone, on_writable, worker};
    return net_server_new(worker->loop, fd, &limits, &handler, &worker->server);
}

spin_error_t *http_worker_start(spin_worker_t *base, const spin_http_options_t *options, int fd) {
    http_worker_t *worker = mem_calloc(1, sizeof *worker);
    if (worker == NULL)
        return error_no_memory();
    spin_worker_set_data(base, worker);
    worker->base = base;
    worker->options = options;
    worker->loop = spin_worker_loop(base);
    worker->context = spin_worker_context(base);
    worker->warns = spin_worker_index(base) == 0;
    spin_error_t *error = init_line(worker);
    if (error == NULL)
        error = init_components(worker);
    return error != NULL ? error : listen_at(worker, fd);
}

static void on_served(void *user) {
    spin_worker_release(((http_worker_t *)user)->base);
}

/* The grace is the worker's affair. */
void http_worker_stop(spin_worker_t *base) {
    http_worker_t *worker = spin_worker_data(base);
    spin_worker_hold(base);
    net_server_stop(worker->server, UINT64_MAX, on_served, worker);
}

static void free_worker(http_worker_t *worker) {
    for (size_t i = 0; i < worker->components_len; i++) {
        component_log_deinit(&worker->components[i].out);
        component_log_deinit(&worker->components[i].err);
    }
    http_routes_deinit(&worker->routes);
    arena_deinit(&worker->arena);
    mem_free(worker);
}

static void on_server_closed(void *user) {
    http_worker_t *worker = user;
    spin_worker_release(worker->base);
    free_worker(worker);
}

static void free_timer(uv_handle_t *timer) {
    mem_free(timer);
}

void http_worker_end(spin_worker_t *base) {
    http_worker_t *worker = spin_worker_data(base);
    if (worker == NULL)
        return;
    if (worker->line_timer != NULL)
        uv_close((uv_handle_t *)worker->line_timer, free_timer);
    if (worker->server == NULL) {
        free_worker(worker);
        return;
    }
    worker->advancing = true; /* nothing new is started */
    spin_worker_hold(base);
    net_server_free(worker->server, on_server_closed, worker);
}
