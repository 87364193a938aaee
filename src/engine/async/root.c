/* The host's calls: the instance's idle function, as the scheduler's future, in which all threads
 * have their turns. */
#include "base/error.h"
#include "engine/async/state.h"
#include "engine/context.h"

static const char idle_name[] = "spin:idle";

static spin_error_t *begin(async_state_t *state) {
    async_root_t *root = &state->root;
    root->begun = true;
    spin_error_t *error = async_find_functions(state, root->lift);
    if (error != NULL)
        return error;
    async_task_t *task = async_task_new(state, root->lift, NULL);
    if (task == NULL)
        return error_no_memory();
    task->function = root->function;
    task->args = root->args;
    task->result = root->result;
    return async_task_run(task, LINKED_NONE);
}

static bool may_run(const async_thread_t *thread) {
    const async_task_t *task = thread->task;
    return async_may_enter(task->state, task->component, LINKED_NONE);
}

/* One thread's turn. False: none is ready. */
static bool take_turn(async_state_t *state) {
    async_thread_t *thread = async_threads_next(&state->threads, may_run);
    if (thread == NULL)
        return false;
    uint32_t component = thread->task->component;
    async_enter(state, component, LINKED_NONE);
    async_thread_resume(thread, false);
    async_leave(state, component, LINKED_NONE);
    return true;
}

static spin_error_t *deadlock(void) {
    return error_new(SPIN_ERROR_TRAP, "deadlock detected: event loop cannot make further progress");
}

/* Until the call is over, its slice of time is used up, or all wait for the loop. What its task
 * began and did not finish goes on until it waits. */
static bool run(async_state_t *state) {
    async_root_t *root = &state->root;
    spin_instance_t *instance = state->model->instance;
    uint64_t end_ns = uv_hrtime() + EPOCH_TICK_NS;
    if (!root->begun)
        root->error = begin(state);
    while (root->error == NULL) {
        root->error = async_host_calls_finish(state);
        if (root->error != NULL)
            break;
        bool ran = take_turn(state);
        if (state->threads.error != NULL) {
            root->error = state->threads.error;
            state->threads.error = NULL;
        } else if (!ran && root->resolved) {
            break;
        } else if (!ran && state->host_calls == 0) {
            root->error = deadlock();
        } else if (!ran) {
            instance->waiting = true;
            return false;
        } else if (uv_hrtime() >= end_ns && !root->resolved) {
            instance->waiting = false;
            return false;
        }
    }
    instance->waiting = false;
    return true;
}

static bool go_on(void *env) {
    async_state_t *state = env;
    if (!run(state))
        return false;
    if (state->root.error != NULL) {
        *state->root.trap = abi_trap(state->model->instance, state->root.error);
        state->root.error = NULL;
    }
    return true;
}

void async_on_idle(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *values,
                   size_t values_len, wasmtime_val_t *results, size_t results_len,
                   wasm_trap_t **trap, wasmtime_async_continuation_t *continuation) {
    spin_instance_t *instance = spin_instance_from_store(wasmtime_caller_context(caller));
    async_state_t *state = async_state_of(model_instance_of(instance));
    (void)env, (void)values, (void)values_len, (void)results, (void)results_len;
    state->root.trap = trap; /* there is a state: the call was begun with it */
    *continuation = (wasmtime_async_continuation_t){go_on, state, NULL};
}

spin_error_t *async_root_prepare(async_state_t *state, const async_lift_t *lift,
                                 const spin_abi_export_t *function, const void *args, void *result,
                                 bool owns_result, wasmtime_func_t *idle) {
    wasmtime_extern_t found;
    spin_instance_t *instance = state->model->instance;
    if (!instance_export(instance, spin_slice(idle_name), WASMTIME_EXTERN_FUNC, &found, NULL))
        return error_new(SPIN_ERROR_INTERNAL, "the fused module does not export \"%s\"", idle_name);
    *idle = found.of.func;
    state->root = (async_root_t){.lift = lift,
                                 .function = function,
                                 .args = args,
                                 .result = result,
                                 .owns_result = owns_result};
    return NULL;
}
