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

spin_error_t *async_task_request_cancel(async_task_t *task, uint32_t from) {
    async_state_t *state = task->state;
    task->pins++;
    if (task->phase == ASYNC_TASK_INITIAL) {
        task->phase = ASYNC_TASK_CANCEL_DELIVERED;
        async_thread_resume(task->implicit, true);
    } else {
        uint32_t component = task->component;
        async_thread_t *thread = cancellable_thread(task);
        if (thread == NULL || !async_may_enter(state, component, from)) {
            task->phase = ASYNC_TASK_PENDING_CANCEL;
            task->pins--;
            return NULL;
        }
        task->phase = ASYNC_TASK_CANCEL_DELIVERED;
        async_enter(state, component, from);
        async_thread_resume(thread, true);
        async_leave(state, component, from);
    }
    task->pins--;
    async_task_release(task);
    spin_error_t *error = state->threads.error;
    state->threads.error = NULL;
    return error;
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
        component->exclusive = NULL;
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

static bool may_begin(const async_thread_t *thread) {
    return !is_held_back(thread);
}

static bool may_go_on(const async_thread_t *thread) {
    return component_of(thread->task)->exclusive == NULL;
}

static bool has_event(const async_thread_t *thread) {
    return may_go_on(thread) && async_set_ready(thread->waits_for) != NULL;
}

static void enter(async_thread_t *thread) {
    async_task_t *task = thread->task;
    async_component_t *component = component_of(task);
    if (!is_async_type(task)) {
        task->step = ASYNC_STEP_START;
        return;
    }
    bool has_waited = thread->ready == may_begin;
    if (has_waited) {
        thread->ready = NULL;
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
        async_thread_block(thread, may_begin, NULL, true);
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
        component->exclusive = NULL;
        task->step = ASYNC_STEP_YIELDED;
        thread->cancelled = async_task_take_cancel(task, true);
        if (!thread->cancelled)
            async_thread_block(thread, may_go_on, NULL, true);
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
        component->exclusive = NULL;
        task->step = ASYNC_STEP_WAITED;
        task->waits_in = entry->of.other;
        task->waits_in->waiting++;
        thread->cancelled = async_task_take_cancel(task, true);
        if (!thread->cancelled)
            async_thread_block(thread, has_event, task->waits_in, true);
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

/* A synchronous function that blocks goes on at once where others in its instance can help. */
static spin_error_t *help(async_task_t *task) {
    async_state_t *state = task->state;
    async_component_t *component = component_of(task);
    while (task->phase != ASYNC_TASK_RESOLVED && state->threads.error == NULL) {
        async_thread_t *ready = NULL;
        for (size_t i = 0; i < component->threads.len && ready == NULL; i++) {
            async_thread_t *thread = component->threads.items[i];
            if (thread != NULL && thread != component->exclusive && async_thread_is_ready(thread))
                ready = thread;
        }
        if (ready == NULL)
            return error_new(SPIN_ERROR_TRAP, "cannot block a synchronous task before returning");
        async_thread_resume(ready, false);
    }
    return NULL;
}

spin_error_t *async_task_run(async_task_t *task, uint32_t from) {
    async_state_t *state = task->state;
    const uint32_t component = task->component;
    bool is_sync = !is_async_type(task);
    if (!async_may_enter(state, component, from))
        return error_new(SPIN_ERROR_TRAP, "cannot enter component instance");
    task->pins++;
    async_enter(state, component, from);
    async_thread_resume(task->implicit, false);
    spin_error_t *error = is_sync && state->threads.error == NULL ? help(task) : NULL;
    async_leave(state, component, from);
    if (state->threads.error != NULL) {
        spin_error_free(error);
        error = state->threads.error;
        state->threads.error = NULL;
    }
    task->pins--;
    async_task_release(task);
    return error;
}
