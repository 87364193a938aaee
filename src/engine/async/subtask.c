/* Subtasks: calls that a guest makes, from its side (CanonicalABI.md, "Subtask State", `canon
 * lower`). */
#include "base/alloc.h"
#include "base/error.h"
#include "engine/async/state.h"
#include "engine/context.h"

/* ── state ── */

static async_event_t deliver(async_waitable_t *waitable) {
    async_subtask_t *subtask = (async_subtask_t *)waitable;
    if (async_subtask_is_resolved(subtask))
        async_subtask_deliver(subtask);
    return (async_event_t){ASYNC_EVENT_SUBTASK, waitable->handle, (uint32_t)subtask->phase};
}

void async_subtask_deliver(async_subtask_t *subtask) {
    if (subtask->delivered)
        return;
    subtask->delivered = true;
    model_return_loans(subtask->state->model, &subtask->loans);
}

/* The guest that has a number for it is told. */
static void progress(async_subtask_t *subtask, async_subtask_phase_t phase) {
    subtask->phase = phase;
    if (subtask->has_number)
        async_waitable_tell(&subtask->waitable);
    else
        async_waiters_wake(&subtask->waitable.waiters);
}

void async_subtask_end_cancelled(async_subtask_t *subtask) {
    progress(subtask, subtask->phase == ASYNC_SUBTASK_STARTING
                          ? ASYNC_SUBTASK_CANCELLED_BEFORE_STARTED
                          : ASYNC_SUBTASK_CANCELLED_BEFORE_RETURNED);
}

void async_subtask_free(async_subtask_t *subtask) {
    async_host_call_drop(subtask);
    async_waitable_join(&subtask->waitable, NULL);
    *(subtask->prev != NULL ? &subtask->prev->next : &subtask->state->subtasks) = subtask->next;
    if (subtask->next != NULL)
        subtask->next->prev = subtask->prev;
    if (subtask->task != NULL)
        subtask->task->caller = NULL;
    model_return_loans(subtask->state->model, &subtask->loans);
    model_end_temps(subtask->state->model, &subtask->temps);
    mem_free(subtask);
}

/* ── its values ── */

static spin_error_t *lift_args(async_subtask_t *subtask, spin_value_t *args, arena_t *arena) {
    const async_lower_t *lower = subtask->lower;
    const spin_function_t *type = lower->linked->type;
    spin_flat_t flat[SIGNATURE_MAX] = {0};
    const uint8_t *area = NULL;
    spin_lift_t lift;
    size_t len = strlen(lower->signature.params);
    for (size_t i = 0; i < len; i++)
        flat[i] = abi_flat(&subtask->flat[i]);
    abi_lift_begin(&lift, subtask->state->model->instance, arena, LIFT_ARENA);
    abi_lift_by(&lift, subtask->state->model, lower->options, lower->linked->component, NULL);
    lift.loans = &subtask->loans;
    lift.temps = &subtask->temps;
    if (lower->signature.params_in_memory) {
        uint32_t size, align;
        async_params_layout(type, lower->options->linked->memory64, &size, &align);
        area = abi_lift_area(&lift, (uint32_t)flat[0], size, align);
    }
    if (!lift.failed && type->params_len > 0)
        abi_value_load_all(&lift, type, lower->signature.params_in_memory ? NULL : flat, area,
                           args);
    spin_error_t *error = abi_lift_end(&lift);
    return error == NULL ? NULL : error_wrap(error, "argument");
}

spin_error_t *async_subtask_start(async_subtask_t *subtask, spin_value_t *args, arena_t *arena) {
    progress(subtask, ASYNC_SUBTASK_STARTED);
    return lift_args(subtask, args, arena);
}

static spin_error_t *lower_result(async_subtask_t *subtask, const spin_value_t *result) {
    const async_lower_t *own = subtask->lower;
    const wit_type_t *type = own->linked->type->result.type;
    spin_flat_t flat[WIT_FLAT_MAX] = {0};
    spin_lower_t lower;
    arena_t arena = {0};
    abi_lower_begin(&lower, subtask->state->model->instance, &arena, SPIN_ABI_CANONICAL);
    abi_lower_by(&lower, subtask->state->model, own->options, own->linked->component);
    abi_value_measure(&lower, type, result);
    spin_error_t *error = async_allocate(subtask->state, &lower);
    if (error != NULL)
        goto out;
    const abi_memory_t memory = model_memory(subtask->state->model, own->options, NULL);
    abi_lower_write(&lower, memory);
    if (own->signature.result_in_memory) {
        const bool memory64 = own->options->linked->memory64;
        const uint64_t ptr = abi_flat(&subtask->flat[strlen(own->signature.params) - 1]);
        error = async_check_area(memory, ptr, signature_size(type, memory64),
                                 signature_align(type, memory64));
        if (error != NULL)
            goto out;
        abi_value_store(&lower, type, result, memory.base + ptr);
    } else {
        abi_value_flatten(&lower, type, result, flat);
        subtask->result = abi_val(own->signature.results[0], flat[0]);
    }
    error = abi_lower_end(&lower);
out:
    arena_deinit(&arena);
    return error == NULL ? NULL : error_wrap(error, "result");
}

spin_error_t *async_subtask_return(async_subtask_t *subtask, const spin_value_t *result) {
    spin_error_t *error = NULL;
    if (result != NULL && subtask->lower->linked->type->result.type != NULL)
        error = lower_result(subtask, result);
    model_end_temps(subtask->state->model, &subtask->temps);
    if (error == NULL)
        progress(subtask, ASYNC_SUBTASK_RETURNED);
    return error;
}

/* ── the call ── */

static spin_error_t *add_number(async_subtask_t *subtask) {
    model_instance_t *model = subtask->state->model;
    handle_t entry = {.kind = HANDLE_SUBTASK, .of.other = subtask};
    spin_error_t *error = handle_table_add(model_table(model, subtask->lower->linked->component),
                                           model->arena, entry, &subtask->waitable.handle);
    subtask->has_number = error == NULL;
    return error;
}

/* What an asynchronous lower returns. */
static spin_error_t *answer(async_subtask_t *subtask, wasmtime_val_t *results) {
    if (async_subtask_is_resolved(subtask)) {
        async_subtask_deliver(subtask);
        async_subtask_free(subtask);
        results[0] = abi_val_i32(ASYNC_SUBTASK_RETURNED);
        return NULL;
    }
    spin_error_t *error = add_number(subtask);
    if (error != NULL)
        return error;
    results[0] = abi_val_i32((uint32_t)subtask->phase | subtask->waitable.handle << 4);
    return NULL;
}

static void answer_sync(async_subtask_t *subtask, wasmtime_val_t *results) {
    async_subtask_deliver(subtask);
    const abi_import_t *import = subtask->lower->import;
    if (subtask->lower->signature.results[0] != 0)
        results[0] = subtask->result;
    else if (import != NULL && import->has_parts)
        results[0] = abi_val_i32(0); /* all is there: the module need not allocate */
    async_subtask_free(subtask);
}

static async_waiters_t *hold(const async_thread_t *thread) {
    async_subtask_t *subtask = thread->waits_for;
    return async_subtask_is_resolved(subtask) ? NULL : &subtask->waitable.waiters;
}

bool async_subtask_finish(async_subtask_t *subtask, spin_error_t *error) {
    async_state_t *state = subtask->state;
    wasm_trap_t **trap = subtask->trap;
    if (error == NULL && subtask->lower->options->linked->is_async) {
        error = answer(subtask, subtask->results);
    } else if (error == NULL && async_subtask_is_resolved(subtask)) {
        answer_sync(subtask, subtask->results);
    } else if (error == NULL && state->threads.current == NULL) {
        error = async_cannot_block();
    } else if (error == NULL) {
        subtask->thread = state->threads.current;
        async_thread_block(subtask->thread, hold, subtask, false);
        return false;
    }
    if (error != NULL)
        *trap = abi_trap(state->model->instance, error);
    return true;
}

bool async_subtask_go_on(void *env) {
    async_subtask_t *subtask = env;
    spin_error_t *error = NULL;
    if (subtask->thread == NULL) /* the callee was preempted */
        return async_task_go_on(subtask->task, &error) && async_subtask_finish(subtask, error);
    if (!async_thread_goes_on(subtask->thread))
        return false;
    answer_sync(subtask, subtask->results);
    return true;
}

static bool is_over(void *env) {
    (void)env;
    return true;
}

static async_subtask_t *subtask_new(async_state_t *state, const async_lower_t *lower,
                                    const wasmtime_val_t *values, size_t values_len) {
    async_subtask_t *subtask = mem_calloc(1, sizeof *subtask);
    if (subtask == NULL)
        return NULL;
    subtask->waitable.deliver = deliver;
    subtask->state = state;
    subtask->lower = lower;
    memcpy(subtask->flat, values, values_len * sizeof *values);
    subtask->next = state->subtasks;
    if (subtask->next != NULL)
        subtask->next->prev = subtask;
    state->subtasks = subtask;
    return subtask;
}

static bool may_call(const async_subtask_t *subtask) {
    const async_lower_t *lower = subtask->lower;
    return lower->options->linked->is_async || !lower->linked->type->is_async ||
           async_may_block(subtask->state);
}

/* Makes it known what start functions may need of what they call, or are. */
static spin_error_t *prepare(async_subtask_t *subtask, wasmtime_caller_t *caller) {
    const async_lower_t *lower = subtask->lower;
    model_instance_t *model = subtask->state->model;
    if (model->instance->phase == INSTANCE_PREPARING) {
        model_find(model, lower->options, caller);
        model_find(model, lower->lift->options, caller);
    }
    return async_find_functions(subtask->state, lower->lift, caller);
}

async_subtask_t *async_subtask_begin(const async_lower_t *lower, wasmtime_caller_t *caller,
                                     const wasmtime_val_t *values, size_t values_len,
                                     wasmtime_val_t *results, wasm_trap_t **trap,
                                     wasmtime_async_continuation_t *continuation) {
    spin_instance_t *instance = spin_instance_from_store(wasmtime_caller_context(caller));
    async_state_t *state = async_state_of(model_instance_of(instance));
    *continuation = (wasmtime_async_continuation_t){is_over, NULL, NULL};
    async_subtask_t *subtask = state == NULL ? NULL : subtask_new(state, lower, values, values_len);
    if (subtask == NULL) {
        *trap = abi_trap(instance, error_no_memory());
        return NULL;
    }
    subtask->results = results;
    subtask->trap = trap;
    return subtask;
}

void async_on_call(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *values,
                   size_t values_len, wasmtime_val_t *results, size_t results_len,
                   wasm_trap_t **trap, wasmtime_async_continuation_t *continuation) {
    const async_lower_t *lower = env;
    async_subtask_t *subtask =
        async_subtask_begin(lower, caller, values, values_len, results, trap, continuation);
    (void)results_len;
    if (subtask == NULL)
        return;
    spin_error_t *error = may_call(subtask) ? prepare(subtask, caller) : async_cannot_block();
    bool ended = true;
    if (error == NULL) {
        subtask->task = async_task_new(subtask->state, lower->lift, subtask);
        if (subtask->task == NULL)
            error = async_threads_exhausted(&subtask->state->threads);
        else
            ended = async_task_run(subtask->task, lower->linked->component, &error);
    }
    if (!ended || !async_subtask_finish(subtask, error))
        *continuation = (wasmtime_async_continuation_t){async_subtask_go_on, subtask, NULL};
}
