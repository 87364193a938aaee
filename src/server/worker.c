#include "server/worker.h"

#include "base/error.h"
#include "base/log.h"
#include "base/options.h"
#include "server/tenant.h"
#include "trigger/redis/redis_trigger.h"

/* ── ending ──────────────────────────────────────────────────────────────────────────────── */

static void on_grace_closed(uv_handle_t *timer) {
    server_worker_t *worker = timer->data;
    worker->ended(worker);
}

static void end_when_idle(server_worker_t *worker);

static void on_front_closed(void *user) {
    server_worker_t *worker = user;
    worker->front_busy = false;
    end_when_idle(worker);
}

/* Looked at whenever something is over. What is given up is still answered, with 503, and so the
 * front goes after the tenants; the last of all is the timer. */
static void end_when_idle(server_worker_t *worker) {
    if (!worker->stopping || worker->ending || worker->tenants != NULL)
        return;
    if (worker->front != NULL && (worker->given_up || !worker->front_busy)) {
        worker->front_busy = true;
        http_front_free(worker->front, on_front_closed, worker);
        worker->front = NULL;
    }
    if (worker->front_busy)
        return;
    worker->ending = true;
    spin_engine_unref(worker->engine);
    worker->engine = NULL;
    uv_close((uv_handle_t *)&worker->grace, on_grace_closed);
}

static void on_tenant_ended(server_tenant_t *tenant) {
    server_worker_t *worker = tenant->worker;
    uint64_t version = tenant->site->version;
    server_tenant_t **link = &worker->tenants;
    while (*link != tenant)
        link = &(*link)->next;
    *link = tenant->next;
    tenant_free(tenant);
    worker->retired(worker, version);
    end_when_idle(worker);
}

/* All, or those that have nothing to do with HTTP. */
static void stop_tenants(server_worker_t *worker, bool http_too) {
    for (server_tenant_t *tenant = worker->tenants; tenant != NULL; tenant = tenant->next)
        if (!tenant->stopping && (http_too || !site_is_http(tenant->site)))
            tenant_stop(tenant);
}

/* Every request that came is answered: the applications may go. */
static void on_front_served(void *user) {
    server_worker_t *worker = user;
    worker->front_busy = false;
    stop_tenants(worker, true);
    end_when_idle(worker);
}

static void give_up(server_worker_t *worker) {
    if (worker->given_up || worker->ending)
        return;
    worker->given_up = true;
    uv_timer_stop(&worker->grace);
    stop_tenants(worker, true);
    for (server_tenant_t *tenant = worker->tenants; tenant != NULL; tenant = tenant->next)
        tenant_stop(tenant); /* once more: at once */
    end_when_idle(worker);
}

static void on_grace(uv_timer_t *timer) {
    give_up(timer->data);
}

void server_worker_stop(server_worker_t *worker) {
    if (worker->stopping) {
        give_up(worker);
        return;
    }
    worker->stopping = true;
    uv_update_time(worker->loop);
    uv_timer_start(&worker->grace, on_grace, worker->options->shutdown_timeout_ms, 0);
    stop_tenants(worker, worker->front == NULL);
    if (worker->front != NULL) {
        worker->front_busy = true;
        http_front_stop(worker->front, on_front_served, worker);
    }
    end_when_idle(worker);
}

/* ── applications ────────────────────────────────────────────────────────────────────────── */

static server_tenant_t *current(const server_worker_t *worker, const char *name) {
    for (server_tenant_t *tenant = worker->tenants; tenant != NULL; tenant = tenant->next)
        if (!tenant->stopping && strcmp(tenant->site->name, name) == 0)
            return tenant;
    return NULL;
}

spin_error_t *server_worker_put(server_worker_t *worker, server_site_t *site) {
    server_tenant_t *tenant = NULL;
    if (worker->stopping) {
        site_unref(site);
        return error_new(SPIN_ERROR_CANCELLED, "the server stops");
    }
    server_tenant_t *old = current(worker, site->name);
    spin_error_t *error = tenant_start(worker, site, on_tenant_ended, &tenant);
    if (error != NULL)
        return error;
    if (old != NULL) {
        redis_trigger_take_over(tenant->trigger, old->trigger);
        tenant_stop(old);
    }
    tenant->next = worker->tenants;
    worker->tenants = tenant;
    return NULL;
}

bool server_worker_has(const server_worker_t *worker, uint64_t version) {
    const server_tenant_t *tenant = worker->tenants;
    while (tenant != NULL && tenant->site->version != version)
        tenant = tenant->next;
    return tenant != NULL;
}

void server_worker_remove(server_worker_t *worker, const char *name) {
    server_tenant_t *tenant = current(worker, name);
    if (tenant != NULL)
        tenant_stop(tenant);
}

/* ── beginning ───────────────────────────────────────────────────────────────────────────── */

static spin_error_t *new_engine(server_worker_t *worker) {
    spin_engine_options_t engine = {0};
    spin_error_t *error =
        options_take(&engine, sizeof engine, worker->options->engine, "spin_engine_options_t");
    if (error != NULL)
        return error;
    engine.size = sizeof engine;
    engine.loop = worker->loop;
    return spin_engine_new(&engine, &worker->engine);
}

spin_error_t *server_worker_init(server_worker_t *worker, uv_loop_t *loop, unsigned index, int fd,
                                 const spin_server_options_t *options) {
    worker->loop = loop;
    worker->options = options;
    worker->index = index;
    spin_error_t *error = new_engine(worker);
    if (error == NULL && fd >= 0)
        error = http_front_new(loop, fd, options->http, &worker->front);
    if (error != NULL) {
        spin_engine_unref(worker->engine);
        return error;
    }
    uv_timer_init(loop, &worker->grace);
    worker->grace.data = worker;
    return NULL;
}
