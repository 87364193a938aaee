/* Functions of the host, called by components that use anything asynchronous: any number at a time,
 * each a subtask of its caller. */
#include "base/alloc.h"
#include "base/error.h"
#include "engine/async/state.h"
#include "engine/context.h"

static void end(async_subtask_t *subtask) {
    spin_host_call_t *call = subtask->host;
    subtask->host = NULL;
    if (call->answered)
        abi_host_call_discard(call);
    spin_error_free(call->error);
    arena_deinit(&call->arena);
    mem_free(call);
}

/* The host function that waits is told that nobody does any more. */
void async_host_call_drop(async_subtask_t *subtask) {
    spin_host_call_t *call = subtask->host;
    if (call == NULL)
        return;
    if (call->step == HOST_WAITING && call->cancel != NULL)
        call->cancel(call, call->data);
    if (call->step == HOST_RUNNING)
        subtask->state->answered--;
    subtask->state->host_calls--;
    end(subtask);
}

/* ── values ── */

static spin_error_t *lift_args(async_subtask_t *subtask, void *args) {
    const async_lower_t *lower = subtask->lower;
    const spin_abi_import_t *function = lower->import->function;
    spin_flat_t flat[SIGNATURE_MAX] = {0};
    const uint8_t *area = NULL;
    spin_lift_t lift;
    if (function->lift == NULL)
        return NULL;
    for (size_t i = 0; lower->signature.params[i] != 0; i++)
        flat[i] = abi_flat(&subtask->flat[i]);
    abi_lift_begin(&lift, subtask->state->model->instance, &subtask->host->arena, LIFT_ARENA);
    abi_lift_by(&lift, subtask->state->model, lower->options, lower->linked->component, NULL);
    lift.loans = &subtask->loans;
    lift.temps = &subtask->temps;
    if (lower->signature.params_in_memory) {
        uint32_t size, align;
        async_params_layout(lower->linked->type, lower->options->linked->memory64, &size, &align);
        area = abi_lift_area(&lift, (uint32_t)flat[0], size, align);
    }
    if (!lift.failed)
        function->lift(&lift, function->context, area != NULL ? NULL : flat, area, args);
    spin_error_t *error = abi_lift_end(&lift);
    return error == NULL ? NULL : error_wrap(error, "argument");
}

static spin_error_t *lower_result(async_subtask_t *subtask) {
    const async_lower_t *own = subtask->lower;
    const spin_abi_import_t *function = own->import->function;
    const wit_type_t *type = own->linked->type->result.type;
    model_instance_t *model = subtask->state->model;
    spin_flat_t flat[WIT_FLAT_MAX] = {0};
    spin_lower_t lower;
    abi_lower_begin(&lower, model->instance, &subtask->host->arena, SPIN_ABI_CANONICAL);
    abi_lower_by(&lower, model, own->options, own->linked->component);
    lower.discards = true; /* what can't be given is dropped */
    if (function->measure != NULL)
        function->measure(&lower, function->context, subtask->host->result);
    spin_error_t *error = async_allocate(subtask->state, &lower);
    if (error != NULL)
        return error;
    const abi_memory_t memory = model_memory(model, own->options, NULL);
    abi_lower_write(&lower, memory);
    if (own->signature.result_in_memory) {
        const bool memory64 = own->options->linked->memory64;
        const uint64_t ptr = abi_flat(&subtask->flat[strlen(own->signature.params) - 1]);
        error = async_check_area(memory, ptr, signature_size(type, memory64),
                                 signature_align(type, memory64));
        if (error != NULL)
            return error_wrap(error, "result");
        subtask->host->answered = false;
        function->lower(&lower, function->context, subtask->host->result, NULL, memory.base + ptr);
    } else {
        subtask->host->answered = false;
        function->lower(&lower, function->context, subtask->host->result, flat, NULL);
        subtask->result = abi_val(own->signature.results[0], flat[0]);
    }
    return abi_lower_end(&lower);
}

/* It has answered. */
static spin_error_t *finish(async_subtask_t *subtask) {
    spin_host_call_t *call = subtask->host;
    spin_error_t *error = call->error;
    call->error = NULL;
    if (error == NULL && subtask->lower->linked->type->result.type != NULL)
        error = lower_result(subtask);
    else
        call->answered = false;
    end(subtask);
    if (error == NULL)
        error = async_subtask_return(subtask, NULL);
    return error;
}

/* The same for one that has waited. */
static spin_error_t *finish_late(async_subtask_t *subtask) {
    subtask->state->host_calls--;
    subtask->state->answered--;
    return finish(subtask);
}

spin_error_t *async_host_calls_finish(async_state_t *state) {
    spin_error_t *error = NULL;
    async_subtask_t *next;
    for (async_subtask_t *at = state->subtasks; state->answered > 0 && at != NULL && error == NULL;
         at = next) {
        next = at->next;
        if (at->host != NULL && at->host->step == HOST_RUNNING)
            error = finish_late(at);
    }
    return error;
}

spin_error_t *async_host_call_cancel(async_subtask_t *subtask) {
    if (subtask->host->step == HOST_RUNNING) /* too late */
        return finish_late(subtask);
    async_host_call_drop(subtask);
    model_end_temps(subtask->state->model, &subtask->temps);
    async_subtask_end_cancelled(subtask);
    return NULL;
}

/* ── the call ── */

static spin_error_t *answer(spin_host_call_t *call) {
    const abi_import_t *import = call->import;
    const spin_abi_import_t *function = import->function;
    if (import->value != NULL)
        return import->value(call, function->context, call->args,
                             function->c_args_size / sizeof(spin_value_t), call->result,
                             import->user);
    return function->call(call, import->operations, function->context, call->args, call->result);
}

static spin_error_t *begin(async_subtask_t *subtask) {
    const abi_import_t *import = subtask->lower->import;
    const spin_abi_import_t *function = import->function;
    spin_host_call_t *call = mem_calloc(1, sizeof *call);
    if (call == NULL)
        return error_no_memory();
    subtask->host = call;
    call->instance = subtask->state->model->instance;
    call->import = import;
    call->step = HOST_RUNNING;
    call->args = arena_calloc(&call->arena, 1, function->c_args_size);
    call->result = arena_calloc(&call->arena, 1, function->c_result_size);
    spin_error_t *error = call->args == NULL || call->result == NULL ? error_no_memory() : NULL;
    if (error == NULL)
        error = lift_args(subtask, call->args);
    subtask->phase = ASYNC_SUBTASK_STARTED;
    if (error == NULL)
        error = answer(call);
    call->instance->waiting = false; /* the guest goes on */
    call->answered = error == NULL && call->step == HOST_RUNNING;
    if (error != NULL) {
        end(subtask);
    } else if (call->step == HOST_WAITING) {
        call->answers = &subtask->state->answered;
        subtask->state->host_calls++;
    } else {
        error = finish(subtask);
    }
    return error;
}

void async_on_host_call(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *values,
                        size_t values_len, wasmtime_val_t *results, size_t results_len,
                        wasm_trap_t **trap, wasmtime_async_continuation_t *continuation) {
    const async_lower_t *lower = env;
    async_subtask_t *subtask =
        async_subtask_begin(lower, caller, values, values_len, results, trap, continuation);
    (void)results_len;
    if (subtask == NULL)
        return;
    model_instance_t *model = subtask->state->model;
    if (model->instance->phase == INSTANCE_PREPARING)
        model_find(model, lower->options, caller);
    spin_error_t *error = begin(subtask);
    if (error != NULL)
        error = error_wrap(error, "%s: %s", lower->import->module, lower->import->name);
    if (!async_subtask_finish(subtask, error))
        *continuation = (wasmtime_async_continuation_t){async_subtask_go_on, subtask, NULL};
}
