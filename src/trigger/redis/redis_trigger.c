/* The Redis trigger's table of operations: its options, its address, and the queue between its
 * workers. */
#include "trigger/redis/redis_trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/options.h"
#include "trigger/redis/worker.h"
#include "trigger/trigger.h"

static const size_t default_waiting_bytes = 64u << 20;

/* What open is given. */
typedef struct arguments {
    const spin_redis_options_t *options;
    const int *queue; /* NULL: one is made */
} arguments_t;

/* ── the queue ───────────────────────────────────────────────────────────────────────────── */

static void close_end(int *fd) {
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Both ends stay open in the supervisor: what is in it outlives a worker. */
static spin_error_t *open_queue(redis_trigger_t *redis, const int *given) {
    static const char what[] = "the queue of messages";
    redis->queue[0] = redis->queue[1] = -1;
    if (given == NULL) {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
            return error_from_errno(errno, what);
        memcpy(redis->queue, ends, sizeof ends);
        return NULL;
    }
    for (size_t i = 0; i < 2; i++) {
        redis->queue[i] = given[i] < 0 ? -1 : fcntl(given[i], F_DUPFD_CLOEXEC, 0);
        if (given[i] >= 0 && redis->queue[i] < 0)
            return error_from_errno(errno, what);
    }
    return NULL;
}

/* ── operations ──────────────────────────────────────────────────────────────────────────── */

static void close_trigger(void *state) {
    redis_trigger_t *redis = state;
    close_end(&redis->queue[0]);
    close_end(&redis->queue[1]);
    redis_channels_deinit(&redis->channels);
    arena_deinit(&redis->arena);
    mem_free(redis);
}

static spin_error_t *parse_address(spin_trigger_t *trigger, redis_trigger_t *redis) {
    char text[1024];
    spin_slice_t address = spin_application_redis_address(spin_trigger_application(trigger));
    spin_error_t *error = net_redis_url_parse(&redis->arena, address, &redis->url);
    if (error == NULL || spin_error_kind(error) == SPIN_ERROR_NO_MEMORY)
        return error;
    spin_error_format(error, text, sizeof text);
    spin_error_free(error);
    return spin_settings_error(spin_trigger_settings(trigger), "address", "%s", text);
}

static spin_error_t *open_trigger(spin_trigger_t *trigger, void *user, void **state) {
    const arguments_t *arguments = user;
    redis_trigger_t *redis = mem_calloc(1, sizeof *redis);
    if (redis == NULL)
        return error_no_memory();
    redis->options = *arguments->options;
    if (redis->options.max_waiting_bytes == 0)
        redis->options.max_waiting_bytes = default_waiting_bytes;
    spin_error_t *error = open_queue(redis, arguments->queue);
    if (error == NULL)
        error = parse_address(trigger, redis);
    if (error == NULL)
        error = redis_channels_init(&redis->channels, spin_trigger_application(trigger));
    if (error != NULL)
        close_trigger(redis);
    else
        *state = redis;
    return error;
}

static spin_error_t *start(spin_worker_t *worker, void *state) {
    redis_trigger_t *redis = state;
    if (spin_worker_index(worker) != 0)
        close_end(&redis->queue[1]);
    return redis_worker_start(worker, redis);
}

static void stop(spin_worker_t *worker, void *state) {
    (void)state;
    redis_worker_stop(worker);
}

static void drain(spin_worker_t *worker, void *state) {
    (void)state;
    redis_worker_give_up(worker);
}

static void end(spin_worker_t *worker, void *state) {
    (void)state;
    redis_worker_end(worker);
}

static const spin_trigger_type_t redis_type = {
    .size = sizeof redis_type,
    .name = "redis",
    .open = open_trigger,
    .close = close_trigger,
    .start = start,
    .stop = stop,
    .drain = drain,
    .end = end,
};

/* ── making one ──────────────────────────────────────────────────────────────────────────── */

spin_error_t *redis_trigger_new_shared(spin_application_t *application,
                                       const spin_redis_options_t *options, const int queue[2],
                                       spin_trigger_t **out) {
    spin_redis_options_t own = {0};
    spin_error_t *error = options_take(&own, sizeof own, options, "spin_redis_options_t");
    if (error != NULL)
        return error;
    const spin_trigger_options_t common = {
        .size = sizeof common,
        .workers = own.workers,
        .ignore_signals = own.ignore_signals,
        .shutdown_timeout_ms = own.shutdown_timeout_ms,
        .engine = own.engine,
        .configure = own.configure,
        .ready = own.ready,
        .user = own.user,
    };
    arguments_t arguments = {.options = &own, .queue = queue};
    return spin_trigger_new(&redis_type, &arguments, application, &common, out);
}

spin_error_t *spin_redis_trigger_new(spin_application_t *application,
                                     const spin_redis_options_t *options, spin_trigger_t **out) {
    return redis_trigger_new_shared(application, options, NULL, out);
}

/* ── one after the other ─────────────────────────────────────────────────────────────────── */

void redis_trigger_take_over(spin_trigger_t *trigger, spin_trigger_t *from) {
    if (trigger->type.open == open_trigger && from->type.open == open_trigger &&
        trigger->worker.phase == WORKER_RUNNING && from->worker.phase == WORKER_RUNNING)
        redis_worker_take_over(&trigger->worker, &from->worker);
}
