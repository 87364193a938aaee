#include "host/outbound_redis/outbound_redis.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "engine/instance.h"
#include "host/outbound_redis/answer.h"
#include "host/outbound_redis/commands.h"
#include "host/outbound_redis/connections.h"

enum {
    MAX_SHARED = 1024, /* connections of an engine */
    MAX_OWN = 16,      /* of an instance */
    IDLE_MS = 60 * 1000,
    SILENCE_MS = 30 * 1000, /* while commands wait that are answered at once: it is broken */
    MAX_UNSENT = 64 << 20,
    NUMBER_SIZE = 24,
};

/* What all contexts of an engine share. */
typedef struct outbound {
    redis_connections_t connections;
} outbound_t;

/* What an instance has: a guest makes one call at a time. */
typedef struct outbound_state {
    net_redis_reply_t *reply; /* the guest's until it calls again, or ends */
    net_redis_t *redis;       /* that is asked; alive until it answers */
    net_redis_call_t *waiting;
    spin_host_call_t *call;
    redis_answer_kind_t kind;
    void *ret;
    redis_connections_t own; /* to servers to which it sent what others must not feel */
} outbound_state_t;

/* ── answers ── */

/* The guest is told that there is an error, and the log which. Takes `error`; no memory traps. */
static spin_error_t *fail(spin_host_call_t *call, redis_answer_kind_t kind, void *ret,
                          spin_error_t *error) {
    if (spin_error_kind(error) == SPIN_ERROR_NO_MEMORY)
        return error;
    const spin_component_t *component = spin_instance_component(spin_host_call_instance(call));
    LOG_WARN("an outbound Redis command failed",
             LOG_SLICE("component", spin_component_id(component)), LOG_ERR("error", error));
    spin_error_free(error);
    redis_answer_fail(kind, ret);
    return NULL;
}

static void on_reply(net_redis_reply_t *reply, spin_error_t *error, void *user) {
    outbound_state_t *state = user;
    state->waiting = NULL;
    state->reply = reply;
    if (error == NULL) {
        error = redis_answer_take(state->kind, state->call, reply, state->ret);
        if (error != NULL && spin_error_kind(error) != SPIN_ERROR_NO_MEMORY)
            error = error_wrap(error, "%s", net_redis_shown(state->redis));
    }
    if (error != NULL)
        error = fail(state->call, state->kind, state->ret, error);
    spin_host_call_done(state->call, error);
}

static void on_cancel(spin_host_call_t *call, void *data) {
    outbound_state_t *state = data;
    (void)call;
    net_redis_call_cancel(state->waiting);
    state->waiting = NULL;
}

/* ── commands ── */

/* An instance that has a connection of its own stays with it: MULTI counts for what follows. */
static spin_error_t *choose(spin_host_call_t *call, outbound_state_t *state, spin_slice_t address,
                            const spin_slice_t *args, size_t args_len, net_redis_t **out) {
    outbound_t *outbound =
        engine_host_shared(spin_host_call_instance(call), ENGINE_HOST_OUTBOUND_REDIS);
    *out = redis_connections_find(&state->own, address);
    if (*out != NULL)
        return NULL;
    if (redis_command_shares(args, args_len))
        return redis_connections_get(&outbound->connections, address, out);
    if (state->own.loop == NULL)
        redis_connections_init(&state->own, outbound->connections.loop, MAX_OWN,
                               &(net_redis_options_t){0});
    return redis_connections_get(&state->own, address, out);
}

static spin_error_t *send_command(spin_host_call_t *call, outbound_state_t *state,
                                  spin_slice_t address, const spin_slice_t *args, size_t args_len) {
    spin_error_t *error = choose(call, state, address, args, args_len, &state->redis);
    if (error == NULL && net_redis_unsent(state->redis) > MAX_UNSENT)
        error = error_new(SPIN_ERROR_LIMIT, "%s: the server takes no more",
                          net_redis_shown(state->redis));
    if (error == NULL)
        error = net_redis_command(state->redis, args, args_len, on_reply, state, &state->waiting);
    return error;
}

/* Sends `args`, of which the first is the command's name. */
static spin_error_t *run(spin_host_call_t *call, spin_slice_t address, const spin_slice_t *args,
                         size_t args_len, redis_answer_kind_t kind, void *ret) {
    outbound_state_t *state =
        engine_instance_state(spin_host_call_instance(call), ENGINE_HOST_OUTBOUND_REDIS);
    net_redis_reply_free(state->reply);
    state->reply = NULL;
    state->call = call;
    state->kind = kind;
    state->ret = ret;
    spin_error_t *error = send_command(call, state, address, args, args_len);
    if (error != NULL)
        return fail(call, kind, ret, error);
    spin_host_call_wait(call, on_cancel, state);
    return NULL;
}

static spin_error_t *publish(spin_host_call_t *call, spin_slice_t address, spin_slice_t channel,
                             spin_slice_t payload, guest_outbound_redis_result_void_error_t *ret) {
    const spin_slice_t args[] = {SLICE_LITERAL("PUBLISH"), channel, payload};
    return run(call, address, args, 3, REDIS_ANSWER_NOTHING, ret);
}

static spin_error_t *get(spin_host_call_t *call, spin_slice_t address, spin_slice_t key,
                         guest_outbound_redis_result_list_u8_error_t *ret) {
    const spin_slice_t args[] = {SLICE_LITERAL("GET"), key};
    return run(call, address, args, 2, REDIS_ANSWER_BYTES, ret);
}

static spin_error_t *set(spin_host_call_t *call, spin_slice_t address, spin_slice_t key,
                         spin_slice_t value, guest_outbound_redis_result_void_error_t *ret) {
    const spin_slice_t args[] = {SLICE_LITERAL("SET"), key, value};
    return run(call, address, args, 3, REDIS_ANSWER_NOTHING, ret);
}

static spin_error_t *incr(spin_host_call_t *call, spin_slice_t address, spin_slice_t key,
                          guest_outbound_redis_result_s64_error_t *ret) {
    const spin_slice_t args[] = {SLICE_LITERAL("INCR"), key};
    return run(call, address, args, 2, REDIS_ANSWER_NUMBER, ret);
}

/* A command, a key where there is one, and a list. */
static spin_error_t *run_list(spin_host_call_t *call, spin_slice_t address, const char *command,
                              const spin_slice_t *key,
                              const guest_outbound_redis_list_string_t *list,
                              guest_outbound_redis_result_s64_error_t *ret) {
    spin_slice_t *args = spin_host_call_alloc(call, (list->len + 2) * sizeof *args);
    size_t len = 0;
    if (args == NULL)
        return error_no_memory();
    args[len++] = spin_slice(command);
    if (key != NULL)
        args[len++] = *key;
    for (size_t i = 0; i < list->len; i++)
        args[len++] = list->items[i];
    return run(call, address, args, len, REDIS_ANSWER_NUMBER, ret);
}

static spin_error_t *del(spin_host_call_t *call, spin_slice_t address,
                         const guest_outbound_redis_list_string_t *keys,
                         guest_outbound_redis_result_s64_error_t *ret) {
    return run_list(call, address, "DEL", NULL, keys, ret);
}

static spin_error_t *sadd(spin_host_call_t *call, spin_slice_t address, spin_slice_t key,
                          const guest_outbound_redis_list_string_t *values,
                          guest_outbound_redis_result_s64_error_t *ret) {
    return run_list(call, address, "SADD", &key, values, ret);
}

static spin_error_t *srem(spin_host_call_t *call, spin_slice_t address, spin_slice_t key,
                          const guest_outbound_redis_list_string_t *values,
                          guest_outbound_redis_result_s64_error_t *ret) {
    return run_list(call, address, "SREM", &key, values, ret);
}

static spin_error_t *smembers(spin_host_call_t *call, spin_slice_t address, spin_slice_t key,
                              guest_outbound_redis_result_list_string_error_t *ret) {
    const spin_slice_t args[] = {SLICE_LITERAL("SMEMBERS"), key};
    return run(call, address, args, 2, REDIS_ANSWER_TEXTS, ret);
}

static spin_error_t *execute(spin_host_call_t *call, spin_slice_t address, spin_slice_t command,
                             const guest_outbound_redis_list_redis_parameter_t *arguments,
                             guest_outbound_redis_result_list_redis_result_error_t *ret) {
    spin_slice_t *args = spin_host_call_alloc(call, (arguments->len + 1) * sizeof *args);
    char(*numbers)[NUMBER_SIZE] = spin_host_call_alloc(call, arguments->len * sizeof *numbers);
    if (args == NULL || numbers == NULL)
        return error_no_memory();
    args[0] = command;
    for (size_t i = 0; i < arguments->len; i++) {
        const guest_outbound_redis_redis_parameter_t *argument = &arguments->items[i];
        if (argument->tag == GUEST_OUTBOUND_REDIS_REDIS_PARAMETER_INT64) {
            int len = snprintf(numbers[i], NUMBER_SIZE, "%" PRId64, argument->of.int64);
            args[i + 1] = spin_slice_of(numbers[i], (size_t)len);
        } else {
            args[i + 1] = argument->of.binary;
        }
    }
    return run(call, address, args, arguments->len + 1, REDIS_ANSWER_PARTS, ret);
}

/* ── registration ── */

static const guest_outbound_redis_ops_t operations = {
    .size = sizeof operations,
    .publish = publish,
    .get = get,
    .set = set,
    .incr = incr,
    .del = del,
    .sadd = sadd,
    .smembers = smembers,
    .srem = srem,
    .execute = execute,
};

static spin_error_t *define(spin_engine_builder_t *builder) {
    return guest_outbound_redis_link(builder, &operations, NULL);
}

static spin_error_t *engine_init(spin_engine_t *engine, void **shared) {
    const net_redis_options_t options = {.idle_timeout_ms = IDLE_MS,
                                         .response_timeout_ms = SILENCE_MS};
    outbound_t *outbound = mem_calloc(1, sizeof *outbound);
    if (outbound == NULL)
        return error_no_memory();
    redis_connections_init(&outbound->connections, spin_engine_loop(engine), MAX_SHARED, &options);
    *shared = outbound;
    return NULL;
}

static void engine_deinit(void *shared) {
    outbound_t *outbound = shared;
    redis_connections_deinit(&outbound->connections);
    mem_free(outbound);
}

static void instance_deinit(spin_instance_t *instance, void *state) {
    outbound_state_t *ours = state;
    (void)instance;
    redis_connections_deinit(&ours->own);
    net_redis_reply_free(ours->reply);
}

const engine_host_t outbound_redis_host = {
    .id = ENGINE_HOST_OUTBOUND_REDIS,
    .name = "outbound-redis",
    .state_size = sizeof(outbound_state_t),
    .engine_init = engine_init,
    .engine_deinit = engine_deinit,
    .define = define,
    .instance_deinit = instance_deinit,
};
