#include "trigger/redis/worker.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "guest_redis.h"
#include "trigger/redis/runner.h"
#include "trigger/redis/sender.h"
#include "trigger/redis/subscription.h"

typedef struct redis_worker redis_worker_t;

struct redis_worker {
    arena_t arena;
    spin_worker_t *base;
    const redis_trigger_t *redis;
    redis_component_t *components;
    size_t components_len;
    redis_runner_t *runner;
    bool stopping;

    /* worker 0 */
    redis_subscription_t *subscription; /* NULL: none, or another trigger's by now */
    redis_sender_t *sender;
    bool settled;                /* the first attempt to subscribe is over */
    redis_worker_t *predecessor; /* is subscribed until this one is; NULL: none */
    redis_worker_t *successor;   /* the other way round */
};

/* ── stopping, step by step ──────────────────────────────────────────────────────────────── */

static void on_drained(void *user) {
    redis_worker_t *worker = user;
    spin_worker_release(worker->base);
}

static void on_sent(void *user) {
    redis_worker_t *worker = user;
    redis_runner_drain(worker->runner, on_drained, worker);
}

static void on_unsubscribed(void *user) {
    redis_worker_t *worker = user;
    redis_sender_drain(worker->sender);
}

static void unsubscribe(redis_worker_t *worker) {
    if (worker->subscription != NULL)
        redis_subscription_end(worker->subscription, on_unsubscribed);
    else if (worker->sender != NULL)
        redis_sender_drain(worker->sender);
    else
        redis_runner_drain(worker->runner, on_drained, worker);
}

void redis_worker_stop(spin_worker_t *base) {
    redis_worker_t *worker = spin_worker_data(base);
    worker->stopping = true;
    spin_worker_hold(base);
    if (worker->successor == NULL)
        unsubscribe(worker);
}

/* ── one version after the other ─────────────────────────────────────────────────────────── */

static void release_predecessor(redis_worker_t *worker) {
    redis_worker_t *before = worker->predecessor;
    worker->predecessor = NULL;
    if (before == NULL)
        return;
    before->successor = NULL;
    if (before->stopping)
        unsubscribe(before);
}

static void on_settled(void *user) {
    redis_worker_t *worker = user;
    worker->settled = true;
    release_predecessor(worker);
}

static void on_message(const redis_channel_t *channel, spin_slice_t name, spin_slice_t payload,
                       net_redis_reply_t *reply, void *user) {
    redis_worker_t *worker = user;
    redis_sender_put(worker->sender, channel, name, payload, reply);
}

static redis_subscription_owner_t as_owner(redis_worker_t *worker) {
    return (redis_subscription_owner_t){
        .channels = &worker->redis->channels,
        .message = on_message,
        .settled = on_settled,
        .user = worker,
    };
}

void redis_worker_take_over(spin_worker_t *base, spin_worker_t *from) {
    redis_worker_t *worker = spin_worker_data(base);
    redis_worker_t *before = spin_worker_data(from);
    if (worker == NULL || before == NULL || worker->subscription == NULL ||
        before->subscription == NULL || before->stopping || worker->settled)
        return;
    if (!redis_subscription_is_of(before->subscription, &worker->redis->url)) {
        worker->predecessor = before;
        before->successor = worker;
        return;
    }
    const redis_subscription_owner_t owner = as_owner(worker);
    redis_subscription_free(worker->subscription);
    worker->subscription = before->subscription;
    before->subscription = NULL;
    redis_subscription_move(worker->subscription, &owner);
}

/* ── starting ────────────────────────────────────────────────────────────────────────────── */

/* A component that can't be called takes nothing from the others. */
static void check_component(redis_worker_t *worker, spin_slice_t id) {
    spin_error_t *error = spin_abi_check(spin_worker_context(worker->base), id,
                                         &guest_redis_handle_redis_message_export);
    if (error != NULL && spin_worker_index(worker->base) == 0)
        LOG_WARN("a component can't handle messages", LOG_SLICE("component", id),
                 LOG_ERR("error", error));
    spin_error_free(error);
}

static spin_error_t *init_component(redis_worker_t *worker, redis_component_t *component,
                                    const spin_component_t *source,
                                    const component_output_t *output) {
    component->id = spin_component_id(source);
    check_component(worker, component->id);
    return component_logs_init(&component->out, &component->err, &worker->arena, output,
                               component->id);
}

static spin_error_t *init_components(redis_worker_t *worker) {
    spin_application_t *application =
        spin_execution_context_application(spin_worker_context(worker->base));
    size_t count = spin_application_component_count(application);
    const spin_redis_options_t *options = &worker->redis->options;
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

static spin_error_t *start_runner(redis_worker_t *worker) {
    spin_execution_context_t *context = spin_worker_context(worker->base);
    const redis_runner_site_t site = {
        .loop = spin_worker_loop(worker->base),
        .context = context,
        .application = spin_application_name(spin_execution_context_application(context)),
        .components = worker->components,
        .components_len = worker->components_len,
        .fd = worker->redis->queue[0],
    };
    return redis_runner_new(&site, &worker->runner);
}

static void on_full(bool is_full, void *user) {
    redis_worker_t *worker = user;
    if (worker->subscription == NULL)
        return;
    if (is_full)
        redis_subscription_pause(worker->subscription);
    else
        redis_subscription_resume(worker->subscription);
}

static spin_error_t *subscribe(redis_worker_t *worker) {
    const redis_trigger_t *redis = worker->redis;
    uv_loop_t *loop = spin_worker_loop(worker->base);
    const redis_sender_owner_t sender = {.full = on_full, .drained = on_sent, .user = worker};
    const redis_subscription_owner_t owner = as_owner(worker);
    const redis_subscription_times_t times = {.connect_ms = redis->options.connect_timeout_ms};
    spin_error_t *error = redis_sender_new(loop, redis->queue[1], redis->options.max_waiting_bytes,
                                           &sender, &worker->sender);
    return error != NULL
               ? error
               : redis_subscription_new(loop, &redis->url, &times, &owner, &worker->subscription);
}

spin_error_t *redis_worker_start(spin_worker_t *base, redis_trigger_t *redis) {
    redis_worker_t *worker = mem_calloc(1, sizeof *worker);
    if (worker == NULL)
        return error_no_memory();
    spin_worker_set_data(base, worker);
    worker->base = base;
    worker->redis = redis;
    spin_error_t *error = init_components(worker);
    if (error == NULL)
        error = start_runner(worker);
    if (error == NULL && spin_worker_index(base) == 0)
        error = subscribe(worker);
    return error;
}

/* ── ending ──────────────────────────────────────────────────────────────────────────────── */

static void drop_sender(redis_worker_t *worker) {
    size_t lost = worker->sender == NULL ? 0 : redis_sender_len(worker->sender);
    if (lost > 0)
        LOG_WARN("messages that waited are not handled: the time to stop is over",
                 LOG_INT("messages", lost));
    redis_sender_free(worker->sender);
    worker->sender = NULL;
}

void redis_worker_give_up(spin_worker_t *base) {
    redis_worker_t *worker = spin_worker_data(base);
    redis_subscription_free(worker->subscription);
    worker->subscription = NULL;
    drop_sender(worker);
    redis_runner_give_up(worker->runner);
}

void redis_worker_end(spin_worker_t *base) {
    redis_worker_t *worker = spin_worker_data(base);
    if (worker == NULL)
        return;
    release_predecessor(worker);
    if (worker->successor != NULL)
        worker->successor->predecessor = NULL;
    redis_subscription_free(worker->subscription);
    drop_sender(worker);
    redis_runner_free(worker->runner);
    for (size_t i = 0; i < worker->components_len; i++) {
        component_log_deinit(&worker->components[i].out);
        component_log_deinit(&worker->components[i].err);
    }
    arena_deinit(&worker->arena);
    mem_free(worker);
    spin_worker_set_data(base, NULL);
}
