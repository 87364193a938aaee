#include "server/tenant.h"

#include "base/alloc.h"
#include "base/error.h"
#include "trigger/component_log.h"
#include "trigger/redis/redis_trigger.h"
#include "trigger/trigger.h"

/* ── options ─────────────────────────────────────────────────────────────────────────────── */

/* The application's own environment in front of the server's, so that it wins. */
static spin_error_t *join_environments(server_tenant_t *tenant,
                                       const spin_engine_options_t *common) {
    const spin_server_application_t *own = &tenant->site->options;
    size_t len = 0;
    tenant->environment = arena_calloc(
        &tenant->site->arena, common->environment_len + own->environment_len + 1, sizeof(char *));
    if (tenant->environment == NULL)
        return error_no_memory();
    for (size_t i = 0; i < own->environment_len; i++)
        tenant->environment[len++] = own->environment[i];
    for (size_t i = 0; i < common->environment_len; i++)
        tenant->environment[len++] = common->environment[i];
    tenant->engine.environment = tenant->environment;
    tenant->engine.environment_len = len;
    return NULL;
}

static spin_error_t *choose_log_dir(server_tenant_t *tenant) {
    const spin_server_application_t *own = &tenant->site->options;
    arena_t *arena = &tenant->site->arena;
    tenant->log_dir = own->log_dir;
    if (tenant->log_dir == NULL && own->state_dir != NULL)
        tenant->log_dir = (const char *)arena_printf(arena, "%s/logs", own->state_dir).ptr;
    else if (tenant->log_dir == NULL)
        tenant->log_dir = component_log_default_dir(arena, spin_slice(tenant->site->name));
    return tenant->log_dir == NULL ? error_no_memory() : NULL;
}

static spin_error_t *init_options(server_tenant_t *tenant) {
    const server_worker_t *worker = tenant->worker;
    const spin_server_application_t *own = &tenant->site->options;
    static const spin_engine_options_t none = {0};
    const spin_engine_options_t *common =
        worker->options->engine != NULL ? worker->options->engine : &none;
    tenant->engine = (spin_engine_options_t){
        .size = sizeof tenant->engine,
        .loop = worker->loop,
        .engine = worker->engine,
        .max_instances = own->max_instances,
        .max_memory_bytes = own->max_memory_bytes,
        .timeout_ms = own->timeout_ms != 0 ? own->timeout_ms : common->timeout_ms,
        .variables = own->variables,
        .variables_len = own->variables_len,
    };
    spin_error_t *error = join_environments(tenant, common);
    return error != NULL ? error : choose_log_dir(tenant);
}

/* ── triggers ────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *new_http_trigger(server_tenant_t *tenant) {
    const server_worker_t *worker = tenant->worker;
    const spin_server_application_t *own = &tenant->site->options;
    const http_site_t place = site_place(tenant->site);
    const spin_http_options_t options = {
        .size = sizeof options,
        .log_dir = tenant->log_dir,
        .follow = own->follow,
        .follow_len = own->follow_len,
        .follow_all = own->follow_all,
        .quiet = own->quiet,
        .shutdown_timeout_ms = worker->options->shutdown_timeout_ms,
        .engine = &tenant->engine,
    };
    return http_trigger_new_on(worker->front, tenant->site->application, &place, &options,
                               &tenant->trigger);
}

static spin_error_t *new_redis_trigger(server_tenant_t *tenant) {
    const server_worker_t *worker = tenant->worker;
    const spin_server_application_t *own = &tenant->site->options;
    const spin_redis_options_t options = {
        .size = sizeof options,
        .log_dir = tenant->log_dir,
        .follow = own->follow,
        .follow_len = own->follow_len,
        .follow_all = own->follow_all,
        .quiet = own->quiet,
        .shutdown_timeout_ms = worker->options->shutdown_timeout_ms,
        .engine = &tenant->engine,
    };
    return redis_trigger_new_shared(tenant->site->application, &options, tenant->site->queue,
                                    &tenant->trigger);
}

/* What did not start leaves handles on the loop, which is turning now. */
static void free_ended(spin_worker_t *worker) {
    tenant_free(worker->trigger->ended_user);
}

static void abandon(server_tenant_t *tenant) {
    spin_trigger_t *trigger = tenant->trigger;
    worker_phase_t phase = trigger == NULL ? WORKER_NONE : trigger->worker.phase;
    if (phase == WORKER_NONE || phase == WORKER_ENDED) {
        tenant_free(tenant);
        return;
    }
    trigger->ended_user = tenant;
    trigger->worker.ended = free_ended;
}

/* ── a tenant ────────────────────────────────────────────────────────────────────────────── */

static void on_ended(spin_trigger_t *trigger, void *user) {
    server_tenant_t *tenant = user;
    (void)trigger;
    tenant->ended(tenant);
}

spin_error_t *tenant_start(server_worker_t *worker, server_site_t *site,
                           void (*ended)(server_tenant_t *tenant), server_tenant_t **out) {
    server_tenant_t *tenant = mem_calloc(1, sizeof *tenant);
    if (tenant == NULL) {
        site_unref(site);
        return error_no_memory();
    }
    tenant->worker = worker;
    tenant->site = site;
    tenant->ended = ended;
    spin_error_t *error = init_options(tenant);
    if (error == NULL)
        error = site_is_http(site) ? new_http_trigger(tenant) : new_redis_trigger(tenant);
    if (error == NULL) {
        trigger_set_index(tenant->trigger, worker->index);
        error = spin_trigger_start(tenant->trigger, on_ended, tenant);
    }
    if (error != NULL) {
        abandon(tenant);
        return error;
    }
    *out = tenant;
    return NULL;
}

void tenant_stop(server_tenant_t *tenant) {
    tenant->stopping = true;
    spin_trigger_stop(tenant->trigger);
}

void tenant_free(server_tenant_t *tenant) {
    spin_trigger_free(tenant->trigger);
    site_unref(tenant->site);
    mem_free(tenant);
}
