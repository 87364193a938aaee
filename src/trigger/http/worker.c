#include "trigger/http/worker.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"

static const http_executor_t *const executors[] = {
    [SPIN_EXECUTOR_SPIN] = &http_spin_executor,
    [SPIN_EXECUTOR_WAGI] = &http_wagi_executor,
};

/* ── components ──────────────────────────────────────────────────────────────────────────── */

static spin_error_t *add_route(http_worker_t *worker, http_component_t *component) {
    int replaced;
    spin_error_t *error = http_routes_add(&worker->routes, &component->route, &replaced);
    if (error == NULL && replaced != HTTP_NO_ROUTE && worker->warns)
        LOG_WARN("a route is declared twice: the later component answers",
                 LOG_SLICE("application", worker->name),
                 LOG_SLICE("route", component->route.pattern),
                 LOG_SLICE("component", component->id),
                 LOG_SLICE("instead_of", worker->components[replaced].id));
    return error;
}

/* A component that can't be called takes nothing from the others: it answers with 500. */
static void check_component(http_worker_t *worker, http_component_t *component) {
    spin_error_t *error = component->executor->check(component, worker->context);
    if (error != NULL && worker->warns)
        LOG_WARN("a component can't answer requests", LOG_SLICE("application", worker->name),
                 LOG_SLICE("component", component->id), LOG_ERR("error", error));
    spin_error_free(error);
}

static spin_slice_t base_of(const http_worker_t *worker) {
    return http_site_base(worker->site, spin_execution_context_application(worker->context));
}

static spin_error_t *init_component(http_worker_t *worker, http_component_t *component,
                                    const spin_component_t *source,
                                    const component_output_t *output) {
    spin_slice_t base = base_of(worker);
    spin_slice_t route = spin_component_route(source);
    component->id = spin_component_id(source);
    component->executor = executors[spin_component_executor(source)];
    component->argv = spin_component_wagi_argv(source);
    component->entrypoint = spin_component_wagi_entrypoint(source);
    spin_error_t *error = component_logs_init(&component->out, &component->err, &worker->arena,
                                              output, component->id);
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
    const spin_http_options_t *options = worker->options;
    component_output_t output = {
        .log_dir = options->log_dir,
        .follow = options->follow,
        .follow_len = options->follow_len,
        .follow_all = options->follow_all,
        .quiet = options->quiet,
    };
    spin_error_t *error =
        component_output_init(&output, &worker->arena, spin_application_name(application));
    worker->components = arena_calloc(&worker->arena, count, sizeof *worker->components);
    if (error == NULL && worker->components == NULL)
        error = error_no_memory();
    while (error == NULL && worker->components_len < count) {
        size_t at = worker->components_len++;
        error = init_component(worker, &worker->components[at],
                               spin_application_component(application, at), &output);
    }
    return error;
}

/* ── life ────────────────────────────────────────────────────────────────────────────────── */

spin_error_t *http_worker_begin(spin_worker_t *base, const spin_http_options_t *options,
                                const http_site_t *site) {
    http_worker_t *worker = mem_calloc(1, sizeof *worker);
    if (worker == NULL)
        return error_no_memory();
    spin_worker_set_data(base, worker);
    worker->base = base;
    worker->options = options;
    worker->site = site;
    worker->context = spin_worker_context(base);
    worker->name = spin_slice(site->name);
    if (worker->name.len == 0)
        worker->name = spin_application_name(spin_execution_context_application(worker->context));
    worker->warns = spin_worker_index(base) == 0;
    spin_error_t *error = http_line_init(&worker->line, worker->context, worker->name);
    return error != NULL ? error : init_components(worker);
}

spin_error_t *http_worker_attach(spin_worker_t *base, http_front_t *front) {
    http_worker_t *worker = spin_worker_data(base);
    worker->front = http_front_ref(front);
    return http_front_attach(front, worker->site, base_of(worker), worker);
}

void http_worker_detach(spin_worker_t *base) {
    http_worker_t *worker = spin_worker_data(base);
    if (worker->front != NULL)
        http_front_detach(worker->front, worker->site, worker);
}

void http_worker_cut_off(spin_worker_t *base) {
    http_worker_t *worker = spin_worker_data(base);
    size_t count = 0;
    http_line_close(&worker->line);
    for (; worker->calls != NULL; count++)
        http_call_cut_off(worker->calls);
    if (count > 0)
        LOG_WARN("requests were cut off", LOG_SLICE("application", worker->name),
                 LOG_INT("requests", count));
}

void http_worker_end(spin_worker_t *base) {
    http_worker_t *worker = spin_worker_data(base);
    if (worker == NULL)
        return;
    http_worker_detach(base);
    http_worker_cut_off(base);
    http_front_unref(worker->front);
    http_line_deinit(&worker->line);
    for (size_t i = 0; i < worker->components_len; i++) {
        component_log_deinit(&worker->components[i].out);
        component_log_deinit(&worker->components[i].err);
    }
    http_routes_deinit(&worker->routes);
    arena_deinit(&worker->arena);
    mem_free(worker);
    spin_worker_set_data(base, NULL);
}
