/* Tasks: calls of lifted functions (CanonicalABI.md, "Tasks", `canon lift`). */
#include "base/alloc.h"
#include "base/error.h"
#include "engine/async/state.h"
#include "engine/context.h"

enum { CALLBACK_EXIT = 0, CALLBACK_YIELD = 1, CALLBACK_WAIT = 2 };

static async_component_t *component_of(const async_task_t *task) {
    return &task->state->components[task->component];
}

static bool is_async_type(const async_task_t *task) {
    return task->lift->linked->type->is_async;
}

static bool is_async_lift(const async_task_t *task) {
    return task->lift->options->linked->is_async;
}

static bool needs_exclusive(const async_task_t *task) {
    return !is_async_lift(task) || task->lift->callback != NULL;
}

/* ── who may be entered ── */

/* Calls `visit` for `to` and those around it that are not around `from` too. */
static bool all_entered(const async_state_t *state, uint32_t to, uint32_t from, int set) {
    const linked_component_t *linked = state->model->model->module->linked;
    for (; to != LINKED_NONE; to = linked->components[to].parent) {
        uint32_t at = from;
        while (at != LINKED_NONE && at != to)
            at = linked->components[at].parent;
        if (at == to)
            break; /* and so are all further ones */
        if (set < 0 && state->components[to].entered)
            return false;
        if (set >= 0)
            state->components[to].entered = set > 0;
    }
    return true;
}

bool async_may_enter(const async_state_t *state, uint32_t to, uint32_t from) {
    return all_entered(state, to, from, -1);
}

void async_enter(async_state_t *state, uint32_t to, uint32_t from) {
    all_entered(state, to, from, 1);
}

void async_leave(async_state_t *state, uint32_t to, uint32_t from) {
    all_entered(state, to, from, 0);
}

/* ── threads of a task ── */

spin_error_t *async_task_register(async_task_t *task, async_thread_t *thread) {
    async_component_t *component = component_of(task);
    if (component->free.len > 0) {
        thread->index = component->free.items[--component->free.len];
        component->threads.items[thread->index - 1] = thread;
    } else if (VEC_PUSH(&component->threads, thread)) {
        thread->index = (uint32_t)component->threads.len;
    } else {
        return error_no_memory();
    }
    task->threads++;
    return NULL;
}

spin_error_t *async_task_unregister(async_task_t *task, async_thread_t *thread) {
    async_component_t *component = component_of(task);
    if (--task->threads == 0 && task->phase != ASYNC_TASK_RESOLVED)
        return error_new(SPIN_ERROR_TRAP, "async-lifted export failed to produce a result");
    component->threads.items[thread->index - 1] = NULL;
    if (!VEC_PUSH(&component->free, thread->index))
        return error_no_memory();
    thread->index = 0;
    return NULL;
}

void async_release_exclusive(async_component_t *component) {
    component->exclusive = NULL;
    async_waiters_wake(&component->waiters);
}

/* ── running ── */

/* Threads of the same instance that can use the stack. Those that need their instance for
 * themselves can't, as a synchronous function is inside. */
static bool may_help(const async_thread_t *thread, const void *user) {
    const async_task_t *task = user, *other = thread->task;
    bool is_exclusive = thread == other->implicit && is_async_type(other) && needs_exclusive(other);
    return other->component == task->component && thread->index != 0 && !is_exclusive;
}

bool async_may_block(async_state_t *state) {
    const async_task_t *task = async_task_current(state);
    return task != NULL && (is_async_type(task) || task->phase == ASYNC_TASK_RESOLVED ||
                            async_threads_next(&state->threads, may_help, task) != NULL);
}

spin_error_t *async_cannot_block(void) {
    return error_new(SPIN_ERROR_TRAP, "cannot block a synchronous task before returning");
}

/* A synchronous function that blocks goes on at once where others in its instance can help. */
static spin_error_t *help(async_task_t *task) {
    async_thread_t *thread = async_threads_next(&task->state->threads, may_help, task);
    if (thread == NULL)
        return async_cannot_block();
    task->running = async_thread_resume(thread, false);
    return NULL;
}

static bool may_make_way(const async_thread_t *thread, const void *user) {
    const async_task_t *task = user;
    return thread->task->component == task->component &&
           (thread == component_of(task)->exclusive || thread->task->phase == ASYNC_TASK_INITIAL);
}

/* A function that is not let in yet begins at once where who is inside can go on and leave. */
static bool make_way(async_task_t *task) {
    async_thread_t *thread = async_threads_next(&task->state->threads, may_make_way, task);
    if (thread != NULL)
        task->running = async_thread_resume(thread, false);
    return thread != NULL;
}

/* What else is to be run for it now. False: it has blocked, or is over. */
static bool has_more(async_task_t *task, spin_error_t **error) {
    bool ran = true;
    while (task->running == NULL && ran && *error == NULL && task->phase != ASYNC_TASK_RESOLVED &&
           task->state->threads.error == NULL) {
        if (!is_async_type(task))
            *error = help(task);
        else
            ran = task->phase == ASYNC_TASK_INITIAL && make_way(task);
    }
    return task->running != NULL;
}

/* Goes on until that, or preempted. */
static bool run_on(async_task_t *task, spin_error_t **error) {
    async_state_t *state = task->state;
    spin_error_t *own = NULL;
    if (task->running != NULL || has_more(task, &own))
        return false;
    if (task->is_inside)
        async_leave(state, task->component, task->from);
    *error = state->threads.error != NULL ? state->threads.error : own;
    if (state->threads.error != NULL)
        spin_error_free(own);
    state->threads.error = NULL;
    task->pins--;
    async_task_release(task);
    return true;
}

static bool run(async_task_t *task, async_thread_t *thread, uint32_t from, bool enters,
                bool cancelled, spin_error_t **error) {
    task->pins++;
    task->from = from;
    task->is_inside = enters;
    if (enters)
        async_enter(task->state, task->component, from);
    task->running = async_thread_resume(thread, cancelled);
    return run_on(task, error);
}

static bool is_inside_of(const async_state_t *state, uint32_t inner, uint32_t outer) {
    const linked_component_t *linked = state->model->model->module->linked;
    while (inner != LINKED_NONE && inner != outer)
        inner = linked->components[inner].parent;
    return inner == outer;
}

/* Calls between a component and one that it contains trap, for now (as between synchronous ones).
 */
static bool is_recursive(const async_state_t *state, uint32_t to, uint32_t from) {
    return from != LINKED_NONE && (is_inside_of(state, to, from) || is_inside_of(state, from, to));
}

bool async_task_run(async_task_t *task, uint32_t from, spin_error_t **error) {
    if (is_recursive(task->state, task->component, from) ||
        !async_may_enter(task->state, task->component, from)) {
        *error = error_new(SPIN_ERROR_TRAP, "cannot enter component instance");
        return true;
    }
    return run(task, task->implicit, from, true, false, error);
}

bool async_task_go_on(async_task_t *task, spin_error_t **error) {
    task->running = async_thread_go_on(task->running);
    return run_on(task, error);
}

/* ── cancellation ── */

bool async_task_take_cancel(async_task_t *task, bool cancellable) {
    if (!cancellable || task->phase != ASYNC_TASK_PENDING_CANCEL)
        return false;
    task->phase = ASYNC_TASK_CANCEL_DELIVERED;
    return true;
}

static async_thread_t *cancellable_thread(const async_task_t *task) {
    const async_component_t *component = component_of(task);
    bool implicit_may = !needs_exclusive(task) || component->exclusive == NULL ||
                        component->exclusive == task->implicit;
    for (size_t i = 0; i < component->threads.len; i++) {
        async_thread_t *thread = component->threads.items[i];
        if (thread != NULL && thread->task == task && thread->cancellable &&
            (thread != task->implicit || implicit_may))
            return thread;
    }
    return NULL;
}

bool async_task_request_cancel(async_task_t *task, uint32_t from, spin_error_t **error) {
    async_state_t *state = task->state;
    async_thread_t *thread = task->implicit;
    bool is_initial = task->phase == ASYNC_TASK_INITIAL;
    if (!is_initial) {
        thread = cancellable_thread(task);
        if (thread == NULL || !async_may_enter(state, task->component, from)) {
            task->phase = ASYNC_TASK_PENDING_CANCEL;
            return true;
        }
    }
    task->phase = ASYNC_TASK_CANCEL_DELIVERED;
    return run(task, thread, from, !is_initial, true, error);
}

/* ── the end ── */

static spin_error_t *settle(async_task_t *task) {
    model_instance_t *model = task->state->model;
    if (model->scopes[task->scope].borrows > 0)
        return error_new(SPIN_ERROR_TRAP, "borrow handles still remain at the end of the call");
    model_return_loans(model, &task->loans);
    task->phase = ASYNC_TASK_RESOLVED;
    return NULL;
}

spin_error_t *async_task_return(async_task_t *task) {
    async_subtask_t *caller = task->caller;
    spin_error_t *error = settle(task);
    if (error != NULL)
        return error;
    if (caller != NULL)
        return async_subtask_return(caller, task->result);
    task->state->root.resolved = true;
    return NULL;
}

spin_error_t *async_task_cancel(async_task_t *task) {
    if (task->phase != ASYNC_TASK_CANCEL_DELIVERED)
        return error_new(SPIN_ERROR_TRAP,
                         "`task.cancel` called by task which has not been cancelled");
    spin_error_t *error = settle(task);
    if (error == NULL && task->caller != NULL)
        async_subtask_end_cancelled(task->caller);
    return error;
}

static void end(async_thread_t *thread) {
    async_task_t *task = thread->task;
    async_component_t *component = component_of(task);
    spin_error_t *error = async_task_unregister(task, thread);
    if (is_async_type(task) && needs_exclusive(task))
        async_release_exclusive(component);
    task->implicit = NULL;
    if (error != NULL)
        async_thread_fail(thread, error);
    else
        async_thread_end(thread);
    async_task_release(task);
}

/* ── the steps of its implicit thread ── */

static bool is_held_back(const async_thread_t *thread) {
    const async_component_t *component = component_of(thread->task);
    return component->backpressure > 0 ||
           (needs_exclusive(thread->task) && component->exclusive != NULL);
}

static async_waiters_t *hold_at_entry(const async_thread_t *thread) {
    return is_held_back(thread) ? &component_of(thread->task)->waiters : NULL;
}

async_waiters_t *async_hold_yielded(const async_thread_t *thread) {
    async_component_t *component = component_of(thread->task);
    return component->exclusive != NULL ? &component->waiters : NULL;
}

static async_waiters_t *hold_callback(const async_thread_t *thread) {
    async_set_t *set = thread->waits_for;
    return async_set_ready(set) == NULL ? &set->waiters : async_hold_yielded(thread);
}

static void enter(async_thread_t *thread) {
    async_task_t *task = thread->task;
    async_component_t *component = component_of(task);
    if (!is_async_type(task)) {
        task->step = ASYNC_STEP_START;
        return;
    }
    bool has_waited = thread->hold == hold_at_entry;
    if (has_waited) {
        thread->hold = NULL;
        component->waiting--;
        if (thread->cancelled) {
            spin_error_t *error = async_task_cancel(task);
            task->implicit = NULL;
            if (error != NULL)
                async_thread_fail(thread, error);
            else
                async_thread_end(thread);
            async_task_release(task);
            return;
        }
    } else if (is_held_back(thread) || component->waiting > 0) {
        component->waiting++;
        async_thread_block(thread, hold_at_entry, NULL, true);
        return;
    }
    if (needs_exclusive(task))
        component->exclusive = thread;
    task->step = ASYNC_STEP_START;
}

static const async_functions_t *functions_of(const async_task_t *task) {
    const linked_component_t *linked = task->state->model->model->module->linked;
    return &task->state->functions[task->lift->linked - linked->lifts];
}

static spin_error_t *start_call(async_thread_t *thread) {
    async_task_t *task = thread->task;
    const async_lift_t *lift = task->lift;
    task->phase = ASYNC_TASK_STARTED;
    task->step = ASYNC_STEP_RETURNED;
    if (task->caller != NULL) {
        spin_value_t *args =
            arena_calloc(&task->arena, lift->linked->type->params_len + 1, sizeof *args);
        abi_value_args_t *given = arena_alloc(&task->arena, sizeof *given);
        if (args == NULL || given == NULL)
            return error_no_memory();
        given->items = args;
        task->args = given;
        spin_error_t *error = async_subtask_start(task->caller, args, &task->arena);
        if (error != NULL)
            return error;
    }
    spin_error_t *error = async_lower_args(task, task->function, task->args, thread->values);
    if (error != NULL)
        return error;
    async_thread_call(thread, &functions_of(task)->core, strlen(lift->signature.params),
                      strlen(lift->signature.results));
    return NULL;
}

static void start(async_thread_t *thread) {
    spin_error_t *error = async_task_register(thread->task, thread);
    if (error == NULL)
        error = start_call(thread);
    if (error != NULL)
        async_thread_fail(thread, error);
}

/* A synchronous function has returned its result. */
static spin_error_t *take_result(async_thread_t *thread) {
    async_task_t *task = thread->task;
    const async_lift_t *lift = task->lift;
    spin_error_t *error =
        async_lift_result(task, lift->options, &thread->returned, lift->signature.result_in_memory);
    if (error == NULL)
        error = async_task_return(task);
    if (error != NULL)
        return error;
    task->step = ASYNC_STEP_POSTED;
    if (lift->post == NULL)
        return NULL;
    thread->values[0] = thread->returned;
    async_thread_call(thread, &functions_of(task)->post, strlen(lift->signature.results), 0);
    return NULL;
}

/* What a callback wants next. */
static spin_error_t *take_code(async_thread_t *thread) {
    async_task_t *task = thread->task;
    async_component_t *component = component_of(task);
    uint32_t packed = (uint32_t)thread->returned.of.i32, number = packed >> 4;
    switch (packed & 0xf) {
    case CALLBACK_EXIT: end(thread); return NULL;
    case CALLBACK_YIELD:
        async_release_exclusive(component);
        task->step = ASYNC_STEP_YIELDED;
        thread->cancelled = async_task_take_cancel(task, true);
        if (!thread->cancelled)
            async_thread_block(thread, async_hold_yielded, NULL, true);
        return NULL;
    case CALLBACK_WAIT: {
        const handle_t *entry =
            handle_table_get(model_table(task->state->model, task->component), number);
        if (entry == NULL)
            return error_new(SPIN_ERROR_TRAP, "unknown handle index %u", number);
        if (entry->kind != HANDLE_SET)
            return error_new(SPIN_ERROR_TRAP,
                             "handle index %u used with the wrong type: it is "
                             "not a waitable set",
                             number);
        async_release_exclusive(component);
        task->step = ASYNC_STEP_WAITED;
        task->waits_in = entry->of.other;
        task->waits_in->waiting++;
        thread->cancelled = async_task_take_cancel(task, true);
        if (!thread->cancelled)
            async_thread_block(thread, hold_callback, task->waits_in, true);
        return NULL;
    }
    default: return error_new(SPIN_ERROR_TRAP, "unsupported callback code: %u", packed & 0xf);
    }
}

static void call_back(async_thread_t *thread, async_event_t event) {
    async_task_t *task = thread->task;
    component_of(task)->exclusive = thread;
    task->step = ASYNC_STEP_RETURNED;
    thread->values[0] = abi_val_i32(event.code);
    thread->values[1] = abi_val_i32(event.index);
    thread->values[2] = abi_val_i32(event.payload);
    async_thread_call(thread, &functions_of(task)->callback, 3, 1);
}

static void go_on(async_thread_t *thread) {
    async_task_t *task = thread->task;
    async_event_t event = {ASYNC_EVENT_NONE, 0, 0};
    if (task->step == ASYNC_STEP_WAITED) {
        task->waits_in->waiting--;
        if (!thread->cancelled)
            event = async_waitable_take(async_set_ready(task->waits_in));
        task->waits_in = NULL;
    }
    if (thread->cancelled)
        event.code = ASYNC_EVENT_TASK_CANCELLED;
    call_back(thread, event);
}

static void advance(async_thread_t *thread) {
    async_task_t *task = thread->task;
    spin_error_t *error = NULL;
    switch (task->step) {
    case ASYNC_STEP_ENTER: enter(thread); break;
    case ASYNC_STEP_START: start(thread); break;
    case ASYNC_STEP_RETURNED:
        if (!is_async_lift(task))
            error = take_result(thread);
        else if (task->lift->callback == NULL)
            end(thread);
        else
            error = take_code(thread);
        break;
    case ASYNC_STEP_YIELDED:
    case ASYNC_STEP_WAITED: go_on(thread); break;
    case ASYNC_STEP_POSTED: end(thread); break;
    }
    if (error != NULL)
        async_thread_fail(thread, error);
}

/* ── life ── */

async_task_t *async_task_new(async_state_t *state, const async_lift_t *lift,
                             async_subtask_t *caller) {
    async_task_t *task = mem_calloc(1, sizeof *task);
    if (task == NULL)
        return NULL;
    task->state = state;
    task->lift = lift;
    task->component = lift->linked->component;
    task->caller = caller;
    task->function = &lift->value;
    task->implicit = async_thread_new(&state->threads, task, advance);
    if (task->implicit == NULL || !model_scope_open(state->model, &task->scope)) {
        if (task->implicit != NULL)
            async_thread_free(task->implicit);
        mem_free(task);
        return NULL;
    }
    task->next = state->tasks;
    if (task->next != NULL)
        task->next->prev = task;
    state->tasks = task;
    return task;
}

void async_task_free(async_task_t *task) {
    async_state_t *state = task->state;
    *(task->prev != NULL ? &task->prev->next : &state->tasks) = task->next;
    if (task->next != NULL)
        task->next->prev = task->prev;
    if (task->caller != NULL)
        task->caller->task = NULL;
    model_return_loans(state->model, &task->loans);
    model_scope_close(state->model, task->scope);
    arena_deinit(&task->arena);
    mem_free(task);
}

void async_task_release(async_task_t *task) {
    if (task->pins == 0 && task->implicit == NULL && task->threads == 0)
        async_task_free(task);
}

async_task_t *async_task_current(const async_state_t *state) {
    return state->threads.current == NULL ? NULL : state->threads.current->task;
}
