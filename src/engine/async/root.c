/* The host's calls: the instance's idle function, as the scheduler's future, in which all threads
 * have their turns. */
#include "base/error.h"
#include "base/log.h"
#include "engine/async/state.h"
#include "engine/context.h"

static const char idle_name[] = "spin:idle";

/* False: the task was preempted. */
static bool begin(async_state_t *state) {
    async_root_t *root = &state->root;
    bool ended = true;
    if (root->entering != NULL) {
        ended = async_task_go_on(root->entering, &root->error);
    } else {
        root->begun = true;
        root->error = async_find_functions(state, root->lift, NULL);
        if (root->error != NULL)
            return true;
        async_task_t *task = async_task_new(state, root->lift, NULL);
        if (task == NULL) {
            root->error = async_threads_exhausted(&state->threads);
            return true;
        }
        task->function = root->function;
        task->args = root->args;
        task->result = root->result;
        root->entering = task;
        ended = async_task_run(task, LINKED_NONE, &root->error);
    }
    if (ended)
        root->entering = NULL;
    return ended;
}

typedef enum turn {
    TURN_NONE, /* nobody is ready */
    TURN_TAKEN,
    TURN_PREEMPTED,
} turn_t;

/* One thread's turn. */
static turn_t take_turn(async_state_t *state) {
    async_root_t *root = &state->root;
    async_thread_t *thread = root->preempted;
    if (thread == NULL)
        thread = async_threads_next(&state->threads, NULL, NULL);
    if (thread == NULL)
        return TURN_NONE;
    uint32_t component = thread->task->component;
    async_enter(state, component, LINKED_NONE);
    root->preempted =
        root->preempted != NULL ? async_thread_go_on(thread) : async_thread_resume(thread, false);
    async_leave(state, component, LINKED_NONE);
    root->error = state->threads.error;
    state->threads.error = NULL;
    return root->preempted != NULL ? TURN_PREEMPTED : TURN_TAKEN;
}

static spin_error_t *deadlock(void) {
    return error_new(SPIN_ERROR_TRAP, "deadlock detected: event loop cannot make further progress");
}

/* Whether anybody could go on who does not just yield. */
static bool has_work(const async_state_t *state) {
    const async_thread_t *at = state->threads.ready.first;
    while (at != NULL &&
           (at->hold == async_hold_never || at->hold == async_hold_yielded || at->hold(at) != NULL))
        at = at->queue_next;
    return at != NULL;
}

/* Where the call has its result already, what goes wrong later ends the instance alone. */
static void judge_error(async_state_t *state, bool was_resolved) {
    async_root_t *root = &state->root;
    if (root->error == NULL || !was_resolved)
        return;
    LOG_WARN("a component failed after its call had returned",
             LOG_SLICE("component", state->model->instance->component->component->id),
             LOG_ERR("error", root->error));
    spin_error_free(root->error);
    root->error = NULL;
    root->ended = true;
    state->model->is_dead = true;
}

/* Until the call is over, its slice of time is used up, or all wait for the loop. What an
 * asynchronous function began and did not finish goes on until it waits, or does no more than
 * yield. */
static bool run(async_state_t *state) {
    async_root_t *root = &state->root;
    spin_instance_t *instance = state->model->instance;
    uint64_t end_ns = uv_hrtime() + EPOCH_TICK_NS;
    instance->waiting = false;
    if ((!root->begun || root->entering != NULL) && !begin(state))
        return false;
    root->ended = root->resolved && !root->lift->linked->type->is_async;
    while (root->error == NULL && !root->ended) {
        bool was_resolved = root->resolved;
        root->error = async_host_calls_finish(state);
        turn_t turn = root->error == NULL ? take_turn(state) : TURN_TAKEN;
        judge_error(state, was_resolved);
        if (turn == TURN_PREEMPTED)
            return false;
        if (turn == TURN_TAKEN && (root->error != NULL || root->ended || uv_hrtime() < end_ns))
            continue;
        if (turn == TURN_TAKEN)
            return root->resolved && !has_work(state);
        if (root->resolved)
            break;
        if (state->host_calls > 0) {
            instance->waiting = true;
            return false;
        }
        root->error = deadlock();
    }
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
