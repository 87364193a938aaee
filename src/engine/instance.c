#include "engine/instance.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/options.h"
#include "engine/context.h"

enum { MAX_SPARE = 64 };

static spin_execution_context_t *context_of(const spin_instance_t *instance) {
    return instance->component->context;
}

/* ── making and freeing ── */

static spin_instance_t *take_spare(engine_component_t *component) {
    spin_engine_t *engine = component->context->engine;
    spin_instance_t *instance = engine->spare;
    if (instance != NULL) {
        engine->spare = instance->next;
        engine->spare_len--;
        arena_t arena = instance->arena;
        abi_instance_t *abi = instance->abi;
        memset(instance, 0, sizeof *instance + engine->states_size);
        instance->arena = arena;
        instance->abi = abi;
    } else {
        instance = mem_calloc(1, sizeof *instance + engine->states_size);
        if (instance == NULL)
            return NULL;
    }
    instance->component = component;
    room_taken(component->context);
    return instance;
}

static void free_memory(spin_instance_t *instance) {
    abi_instance_free(instance->abi);
    arena_deinit(&instance->arena);
    mem_free(instance);
}

static void give_back(spin_engine_t *engine, spin_instance_t *instance) {
    if (engine->spare_len == MAX_SPARE) {
        free_memory(instance);
        return;
    }
    arena_clear(&instance->arena);
    instance->next = engine->spare;
    engine->spare = instance;
    engine->spare_len++;
}

void engine_free_spares(spin_engine_t *engine) {
    while (engine->spare != NULL) {
        spin_instance_t *next = engine->spare->next;
        free_memory(engine->spare);
        engine->spare = next;
    }
}

/* How a call or preparation ended that somebody waits for. */
typedef struct outcome {
    bool ended;
    bool gone; /* the instance was freed: it is not told any more */
    spin_error_t *error;
} outcome_t;

static void keep_outcome(spin_instance_t *instance, spin_error_t *error, void *user) {
    (void)instance;
    *(outcome_t *)user = (outcome_t){.ended = true, .error = error};
}

/* Nothing of the instance runs any more, and nothing will: neither from what is told of that. */
static void close_instance(spin_instance_t *instance) {
    bool is_awaited = instance->phase == INSTANCE_PREPARING || instance->phase == INSTANCE_CALLING;
    if (is_awaited && instance->done == keep_outcome)
        *(outcome_t *)instance->done_user = (outcome_t){
            .ended = true,
            .gone = true,
            .error = error_new(SPIN_ERROR_CANCELLED, "the instance was freed meanwhile")};
    instance->polling = true;
    if (instance->phase != INSTANCE_NEW)
        instance->phase = INSTANCE_FAILED;
}

void spin_instance_free(spin_instance_t *instance) {
    if (instance == NULL)
        return;
    if (instance->polling) { /* by its own host function: the guest's stack is in use */
        instance->doomed = true;
        return;
    }
    spin_execution_context_t *context = context_of(instance);
    const engine_host_t *const *hosts = context->engine->hosts;
    scheduler_cancel(instance);
    close_instance(instance);
    abi_instance_end(instance->abi);
    spin_error_free(instance_take_outcome(instance));
    if (instance->phase != INSTANCE_NEW)
        for (size_t i = 0; i < ENGINE_HOST_COUNT; i++)
            if (hosts[i] != NULL && hosts[i]->instance_deinit != NULL)
                hosts[i]->instance_deinit(instance,
                                          engine_instance_state(instance, (engine_host_id_t)i));
    if (instance->store != NULL)
        wasmtime_store_delete(instance->store);
    give_back(context->engine, instance);
    room_freed(context);
    if (context->freed != NULL)
        context->freed(context->freed_user);
}

uint32_t engine_context_max_instances(const spin_execution_context_t *context) {
    return context->settings.max_instances;
}

uint64_t engine_context_timeout_ms(const spin_execution_context_t *context) {
    return context->settings.timeout_ms;
}

size_t engine_context_live(const spin_execution_context_t *context) {
    return context->live;
}

void engine_context_on_freed(spin_execution_context_t *context, void (*freed)(void *user),
                             void *user) {
    context->freed = freed;
    context->freed_user = user;
}

static spin_error_t *init_hosts(spin_instance_t *instance, const spin_prepare_options_t *options) {
    spin_execution_context_t *context = context_of(instance);
    for (size_t i = 0; i < ENGINE_HOST_COUNT; i++) {
        const engine_host_t *host = context->engine->hosts[i];
        if (host == NULL || host->instance_init == NULL)
            continue;
        spin_error_t *error =
            host->instance_init(instance, engine_instance_state(instance, host->id),
                                instance->component->shared[i], options);
        if (error != NULL)
            return error_wrap(error, "%s", host->name);
    }
    return NULL;
}

static spin_error_t *init_store(spin_instance_t *instance) {
    spin_execution_context_t *context = context_of(instance);
    instance->store = wasmtime_store_new(context->engine->wasm, instance, NULL);
    if (instance->store == NULL)
        return error_no_memory();
    instance->wasm = wasmtime_store_context(instance->store);
    instance->budget.limit_bytes = context->settings.max_memory_bytes;
    instance->budget.table_elements_limit = ENGINE_TABLE_ELEMENTS;
    spin_wasmtime_store_budget_set(instance->store, &instance->budget);
    wasmtime_context_epoch_deadline_async_yield_and_update(instance->wasm, EPOCH_TICKS_PER_SLICE);
    return NULL;
}

bool instance_export(spin_instance_t *instance, spin_slice_t name, wasmtime_extern_kind_t kind,
                     wasmtime_extern_t *out, bool *found) {
    bool exists = wasmtime_instance_export_get(instance->wasm, &instance->handle,
                                               (const char *)name.ptr, name.len, out);
    if (found != NULL)
        *found = exists;
    if (!exists)
        return false;
    if (out->kind == kind)
        return true;
    wasmtime_extern_delete(out);
    return false;
}

static void find_memory(spin_instance_t *instance) {
    wasmtime_extern_t memory;
    instance->has_memory =
        instance_export(instance, SLICE_LITERAL("memory"), WASMTIME_EXTERN_MEMORY, &memory, NULL);
    if (instance->has_memory)
        instance->memory = memory.of.memory;
}

void instance_finish(spin_instance_t *instance, spin_error_t *error) {
    spin_error_t *outcome = instance_take_outcome(instance);
    if (error != NULL)
        spin_error_free(outcome);
    else
        error = outcome;
    if (instance->phase == INSTANCE_PREPARING && error == NULL)
        find_memory(instance);
    bool failed = instance->phase == INSTANCE_PREPARING && error != NULL;
    instance->phase = failed ? INSTANCE_FAILED : INSTANCE_READY;
    instance->done(instance, error, instance->done_user);
}

static engine_component_t *find_component(spin_execution_context_t *context, spin_slice_t id,
                                          spin_error_t **error) {
    engine_component_t *component = map_get(&context->by_id, id);
    if (component == NULL)
        *error = error_new(SPIN_ERROR_NOT_FOUND, "no component \"%.*s\" in application \"%.*s\"",
                           SLICE_ARG(id), SLICE_ARG(context->application->name));
    else
        *error = room_check(context);
    return component;
}

/* A hundred years are for ever, and leave room for sums. */
static uint64_t timeout_ns(uint64_t timeout_ms) {
    const uint64_t most_ms = 100ull * 365 * 24 * 3600 * 1000;
    return 1000000 * (timeout_ms < most_ms ? timeout_ms : most_ms);
}

spin_error_t *spin_execution_context_start_component(spin_execution_context_t *context,
                                                     spin_slice_t id,
                                                     const spin_prepare_options_t *options,
                                                     spin_ready_fn ready, void *user,
                                                     spin_instance_t **out) {
    spin_prepare_options_t given = {0};
    spin_error_t *error = options_take(&given, sizeof given, options, "spin_prepare_options_t");
    if (error != NULL)
        return error;
    engine_component_t *component = find_component(context, id, &error);
    if (error != NULL)
        return error;
    spin_instance_t *instance = take_spare(component);
    if (instance == NULL)
        return error_no_memory();
    instance->user = given.user;
    instance->timeout_ns =
        timeout_ns(given.timeout_ms != 0 ? given.timeout_ms : context->settings.timeout_ms);
    error = init_store(instance);
    if (error != NULL)
        goto out;
    instance->phase = INSTANCE_PREPARING;
    error = init_hosts(instance, &given);
    if (error == NULL && context->store_hook != NULL)
        error = context->store_hook(instance, instance->wasm, context->store_hook_user);
    if (error != NULL)
        goto out;
    *out = instance;
    instance->done = ready;
    instance->done_user = user;
    instance->future = wasmtime_instance_pre_instantiate_async(
        component->pre, instance->wasm, &instance->handle, &instance->trap, &instance->error);
    scheduler_start(instance);
    return NULL;
out:
    spin_instance_free(instance);
    return error;
}

spin_error_t *spin_execution_context_prepare_component(spin_execution_context_t *context,
                                                       spin_slice_t id,
                                                       const spin_prepare_options_t *options,
                                                       spin_instance_t **out) {
    outcome_t outcome = {0};
    spin_instance_t *instance = NULL;
    spin_error_t *error = spin_execution_context_start_component(context, id, options, keep_outcome,
                                                                 &outcome, &instance);
    if (error != NULL)
        return error;
    if (!outcome.ended)
        scheduler_turn_until(&context->engine->scheduler, &outcome.ended);
    if (outcome.error != NULL) {
        if (!outcome.gone)
            spin_instance_free(instance);
        return outcome.error;
    }
    *out = instance;
    return NULL;
}

/* ── calling ── */

spin_error_t *instance_check_ready(const spin_instance_t *instance) {
    if (instance->phase == INSTANCE_READY)
        return NULL;
    return error_new(SPIN_ERROR_USAGE, "the instance is %s",
                     instance->phase == INSTANCE_CALLING ? "in a call" : "not prepared");
}

static void make_future(spin_instance_t *instance, const wasmtime_func_t *func,
                        const wasmtime_val_t *args, size_t args_len, wasmtime_val_t *results,
                        size_t results_len, spin_call_done_fn done, void *user) {
    instance->phase = INSTANCE_CALLING;
    instance->exited = false;
    instance->func = *func;
    instance->done = done;
    instance->done_user = user;
    instance->future =
        wasmtime_func_call_async(instance->wasm, &instance->func, args, args_len, results,
                                 results_len, &instance->trap, &instance->error);
}

spin_error_t *spin_instance_start(spin_instance_t *instance, const wasmtime_func_t *func,
                                  const wasmtime_val_t *args, size_t args_len,
                                  wasmtime_val_t *results, size_t results_len,
                                  spin_call_done_fn done, void *user) {
    spin_error_t *error = instance_check_ready(instance);
    if (error != NULL)
        return error;
    make_future(instance, func, args, args_len, results, results_len, done, user);
    scheduler_start(instance);
    return NULL;
}

void instance_start_step(spin_instance_t *instance, bool is_first, const wasmtime_func_t *func,
                         const wasmtime_val_t *args, size_t args_len, wasmtime_val_t *results,
                         size_t results_len, spin_call_done_fn done, void *user) {
    make_future(instance, func, args, args_len, results, results_len, done, user);
    if (is_first)
        scheduler_start(instance);
    else
        scheduler_continue(instance);
}

spin_error_t *spin_instance_call(spin_instance_t *instance, const wasmtime_func_t *func,
                                 const wasmtime_val_t *args, size_t args_len,
                                 wasmtime_val_t *results, size_t results_len) {
    outcome_t outcome = {0};
    scheduler_t *scheduler = &context_of(instance)->engine->scheduler;
    spin_error_t *error = spin_instance_start(instance, func, args, args_len, results, results_len,
                                              keep_outcome, &outcome);
    if (error != NULL)
        return error;
    if (!outcome.ended)
        scheduler_turn_until(scheduler, &outcome.ended);
    return outcome.error;
}

/* ── looking inside ── */

wasmtime_context_t *spin_instance_store(spin_instance_t *instance) {
    return instance->wasm;
}

const wasmtime_instance_t *spin_instance_wasm(spin_instance_t *instance) {
    return &instance->handle;
}

const spin_component_t *spin_instance_component(spin_instance_t *instance) {
    return instance->component->component;
}

spin_execution_context_t *spin_instance_context(spin_instance_t *instance) {
    return context_of(instance);
}

void *spin_instance_user(spin_instance_t *instance) {
    return instance->user;
}

spin_instance_t *spin_instance_from_store(const wasmtime_context_t *store) {
    return wasmtime_context_get_data(store);
}

spin_error_t *spin_instance_function(spin_instance_t *instance, spin_slice_t name,
                                     wasmtime_func_t *out) {
    wasmtime_extern_t function;
    bool found;
    if (instance->phase != INSTANCE_CALLING) {
        spin_error_t *error = instance_check_ready(instance);
        if (error != NULL)
            return error;
    }
    if (instance_export(instance, name, WASMTIME_EXTERN_FUNC, &function, &found)) {
        *out = function.of.func;
        return NULL;
    }
    if (!found)
        return error_new(SPIN_ERROR_NOT_FOUND, "component \"%.*s\" does not export \"%.*s\"",
                         SLICE_ARG(instance->component->component->id), SLICE_ARG(name));
    return error_new(SPIN_ERROR_INVALID,
                     "component \"%.*s\": its export \"%.*s\" is not a function",
                     SLICE_ARG(instance->component->component->id), SLICE_ARG(name));
}

void *engine_instance_state(spin_instance_t *instance, engine_host_id_t id) {
    return instance->states + context_of(instance)->engine->state_offsets[id];
}

const void *engine_instance_shared(const spin_instance_t *instance, engine_host_id_t id) {
    return instance->component->shared[id];
}

arena_t *engine_instance_arena(spin_instance_t *instance) {
    return &instance->arena;
}

void engine_instance_memory(spin_instance_t *instance, uint8_t **base, size_t *len) {
    if (!instance->has_memory) {
        *base = NULL;
        *len = 0;
        return;
    }
    *base = wasmtime_memory_data(instance->wasm, &instance->memory);
    *len = wasmtime_memory_data_size(instance->wasm, &instance->memory);
}

spin_error_t *spin_instance_memory(spin_instance_t *instance, uint64_t offset, uint64_t len,
                                   uint32_t align, uint8_t **out) {
    uint8_t *base;
    size_t size;
    engine_instance_memory(instance, &base, &size);
    if (offset > size || len > size - offset)
        return error_new(SPIN_ERROR_TRAP,
                         "component \"%.*s\": %llu bytes at 0x%llx are outside of its memory",
                         SLICE_ARG(instance->component->component->id), (unsigned long long)len,
                         (unsigned long long)offset);
    if ((offset & (align - 1)) != 0)
        return error_new(SPIN_ERROR_TRAP, "component \"%.*s\": 0x%llx is not aligned to %u",
                         SLICE_ARG(instance->component->component->id), (unsigned long long)offset,
                         align);
    *out = base + offset;
    return NULL;
}
