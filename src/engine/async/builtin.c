/* Built-ins of tasks, subtasks, waitable sets, threads and error contexts (CanonicalABI.md,
 * "Canonical Definitions"). */
#include "base/alloc.h"
#include "base/error.h"
#include "engine/async/state.h"
#include "engine/context.h"

static const uint32_t blocked = UINT32_MAX;

/* ── what they share ── */

static uint32_t arg(const async_builtin_call_t *call, size_t index) {
    return (uint32_t)call->args[index];
}

static handle_table_t *table_of(const async_builtin_call_t *call) {
    return model_table(call->state->model, call->builtin->component);
}

static async_component_t *component_of(const async_builtin_call_t *call) {
    return &call->state->components[call->builtin->component];
}

static spin_error_t *get(const async_builtin_call_t *call, uint32_t number, uint8_t kind,
                         const char *what, handle_t **out) {
    *out = handle_table_get(table_of(call), number);
    if (*out == NULL)
        return error_new(SPIN_ERROR_TRAP, "unknown handle index %u", number);
    if ((*out)->kind != kind)
        return error_new(SPIN_ERROR_TRAP,
                         "handle index %u used with the wrong type: it is not a %s", number, what);
    return NULL;
}

static spin_error_t *add(const async_builtin_call_t *call, uint8_t kind, void *object,
                         uint32_t *out) {
    const handle_t entry = {.kind = kind, .of.other = object};
    return handle_table_add(table_of(call), call->state->model->arena, entry, out);
}

spin_error_t *async_builtin_block(async_builtin_call_t *call, async_hold_fn hold, void *waits_for,
                                  bool cancellable) {
    if (call->thread == NULL)
        return async_cannot_block();
    call->subject = waits_for;
    async_thread_block(call->thread, hold, waits_for, cancellable);
    return NULL;
}

static spin_error_t *no_task(void) {
    return error_new(SPIN_ERROR_TRAP, "called outside of any task");
}

/* ── tasks ── */

static spin_error_t *on_backpressure_inc(async_builtin_call_t *call) {
    if (++component_of(call)->backpressure > UINT16_MAX)
        return error_new(SPIN_ERROR_TRAP, "backpressure counter overflow");
    return NULL;
}

static spin_error_t *on_backpressure_dec(async_builtin_call_t *call) {
    if (component_of(call)->backpressure == 0)
        return error_new(SPIN_ERROR_TRAP, "backpressure counter overflow: it was 0");
    if (--component_of(call)->backpressure == 0)
        async_waiters_wake(&component_of(call)->waiters);
    return NULL;
}

static spin_error_t *on_task_return(async_builtin_call_t *call) {
    async_task_t *task = async_task_current(call->state);
    const linked_builtin_t *builtin = call->builtin;
    if (task == NULL || !task->lift->options->linked->is_async)
        return error_new(SPIN_ERROR_TRAP, "`task.return` called by a task that is synchronous");
    if (task->phase == ASYNC_TASK_RESOLVED)
        return error_new(SPIN_ERROR_TRAP,
                         "`task.return` or `task.cancel` called more than once for current task");
    const model_options_t *options = task->lift->options;
    if (builtin->options != LINKED_NONE)
        options = &call->model->module->options[builtin->options];
    const linked_options_t *own = options->linked, *lift = task->lift->options->linked;
    if (!async_is_same_type(builtin->type, task->lift->linked->type->result.type) ||
        own->encoding != lift->encoding || own->memory_number != lift->memory_number)
        return error_new(SPIN_ERROR_TRAP,
                         "invalid `task.return` signature and/or options for current task");
    wasmtime_val_t values[SIGNATURE_MAX];
    signature_t signature = signature_of_builtin(call->model->module->linked, builtin);
    for (size_t i = 0; signature.params[i] != 0; i++)
        values[i] = abi_val(signature.params[i], call->args[i]);
    spin_error_t *error = async_lift_result(task, options, values, signature.params_in_memory);
    return error == NULL ? async_task_return(task) : error;
}

static spin_error_t *on_task_cancel(async_builtin_call_t *call) {
    async_task_t *task = async_task_current(call->state);
    if (task == NULL || !task->lift->options->linked->is_async)
        return error_new(SPIN_ERROR_TRAP, "`task.cancel` called by a task that is synchronous");
    if (task->phase == ASYNC_TASK_RESOLVED)
        return error_new(SPIN_ERROR_TRAP,
                         "`task.return` or `task.cancel` called more than once for current task");
    return async_task_cancel(task);
}

static uint64_t *slot_of(const async_builtin_call_t *call) {
    async_state_t *state = call->state;
    uint64_t *slots = call->thread != NULL ? call->thread->context : state->start_context;
    if (call->thread == NULL && state->start_component != call->builtin->component) {
        state->start_component = call->builtin->component;
        slots[0] = slots[1] = 0;
    }
    return &slots[call->builtin->slot & 1];
}

static spin_error_t *on_context_get(async_builtin_call_t *call) {
    call->results[0] = abi_val(call->builtin->slot_type == CORE_I64 ? 'I' : 'i', *slot_of(call));
    return NULL;
}

static spin_error_t *on_context_set(async_builtin_call_t *call) {
    *slot_of(call) = call->args[0];
    return NULL;
}

/* ── subtasks ── */

static async_waiters_t *hold_unresolved(const async_thread_t *thread) {
    async_subtask_t *subtask = thread->waits_for;
    return async_subtask_is_resolved(subtask) ? NULL : &subtask->waitable.waiters;
}

static void take_payload(async_builtin_call_t *call, async_waitable_t *waitable) {
    waitable->has_sync_waiter = false;
    async_answer(call, async_waitable_take(waitable).payload);
}

/* It was asked to end, and has gone on for as long as it can. */
static spin_error_t *answer_cancel(async_builtin_call_t *call, async_subtask_t *subtask) {
    if (async_subtask_is_resolved(subtask)) {
        take_payload(call, &subtask->waitable);
        return NULL;
    }
    if (call->builtin->is_async) {
        async_answer(call, blocked);
        return NULL;
    }
    subtask->waitable.has_sync_waiter = true;
    return async_builtin_block(call, hold_unresolved, subtask, false);
}

static spin_error_t *cancel_subtask(async_builtin_call_t *call, async_subtask_t *subtask) {
    spin_error_t *error = NULL;
    subtask->cancel_requested = true;
    call->subject = subtask;
    if (subtask->task != NULL)
        call->is_preempted =
            !async_task_request_cancel(subtask->task, call->builtin->component, &error);
    else if (subtask->host != NULL)
        error = async_host_call_cancel(subtask);
    return error != NULL || call->is_preempted ? error : answer_cancel(call, subtask);
}

static spin_error_t *go_on_cancelling(async_builtin_call_t *call) {
    async_subtask_t *subtask = call->subject;
    spin_error_t *error = NULL;
    if (subtask->task != NULL && subtask->task->running != NULL) {
        call->is_preempted = !async_task_go_on(subtask->task, &error);
        return error != NULL || call->is_preempted ? error : answer_cancel(call, subtask);
    }
    take_payload(call, &subtask->waitable);
    return NULL;
}

static spin_error_t *on_subtask_cancel(async_builtin_call_t *call) {
    handle_t *entry;
    if (call->again)
        return go_on_cancelling(call);
    if (!call->builtin->is_async && !async_may_block(call->state))
        return async_cannot_block();
    spin_error_t *error = get(call, arg(call, 0), HANDLE_SUBTASK, "subtask", &entry);
    if (error != NULL)
        return error;
    async_subtask_t *subtask = entry->of.other;
    if (subtask->delivered)
        return error_new(SPIN_ERROR_TRAP,
                         "`subtask.cancel` called after terminal status delivered");
    if (subtask->cancel_requested)
        return error_new(SPIN_ERROR_TRAP, "`subtask.cancel` called twice for the same subtask");
    if (subtask->waitable.set != NULL && !call->builtin->is_async)
        return error_new(SPIN_ERROR_TRAP,
                         "waitable cannot be used synchronously while added to a waitable set");
    return async_subtask_is_resolved(subtask) ? answer_cancel(call, subtask)
                                              : cancel_subtask(call, subtask);
}

static spin_error_t *on_subtask_drop(async_builtin_call_t *call) {
    handle_t *entry;
    spin_error_t *error = get(call, arg(call, 0), HANDLE_SUBTASK, "subtask", &entry);
    if (error != NULL)
        return error;
    async_subtask_t *subtask = entry->of.other;
    if (!subtask->delivered)
        return error_new(SPIN_ERROR_TRAP, "cannot drop a subtask which has not yet resolved");
    handle_table_remove(table_of(call), arg(call, 0));
    async_subtask_free(subtask);
    return NULL;
}

/* ── waitable sets ── */

static spin_error_t *on_set_new(async_builtin_call_t *call) {
    uint32_t number = 0;
    async_set_t *set = mem_calloc(1, sizeof *set);
    if (set == NULL)
        return error_no_memory();
    spin_error_t *error = add(call, HANDLE_SET, set, &number);
    if (error != NULL)
        mem_free(set);
    async_answer(call, number);
    return error;
}

static spin_error_t *answer_event(async_builtin_call_t *call, async_event_t event) {
    const linked_options_t linked = {.memory_number = call->builtin->memory_number};
    const model_options_t options = {.linked = &linked, .memory = call->env->memory};
    const uint64_t ptr = call->args[1];
    const abi_memory_t memory = model_memory(call->state->model, &options, NULL);
    spin_error_t *error = async_check_area(memory, ptr, 8, 4);
    if (error != NULL)
        return error;
    spin_store_u32(memory.base + ptr, event.index);
    spin_store_u32(memory.base + ptr + 4, event.payload);
    async_answer(call, event.code);
    return NULL;
}

static async_waiters_t *hold_quiet(const async_thread_t *thread) {
    async_set_t *set = thread->waits_for;
    return async_set_ready(set) != NULL ? NULL : &set->waiters;
}

static spin_error_t *on_set_wait(async_builtin_call_t *call) {
    const async_event_t cancelled = {ASYNC_EVENT_TASK_CANCELLED, 0, 0};
    handle_t *entry;
    if (call->again) {
        async_set_t *set = call->subject;
        set->waiting--;
        return answer_event(
            call, call->thread->cancelled ? cancelled : async_waitable_take(async_set_ready(set)));
    }
    spin_error_t *error = get(call, arg(call, 0), HANDLE_SET, "waitable set", &entry);
    if (error != NULL)
        return error;
    async_set_t *set = entry->of.other;
    async_task_t *task = async_task_current(call->state);
    if (task != NULL && async_task_take_cancel(task, call->builtin->cancellable))
        return answer_event(call, cancelled);
    if (async_set_ready(set) != NULL)
        return answer_event(call, async_waitable_take(async_set_ready(set)));
    set->waiting++;
    return async_builtin_block(call, hold_quiet, set, call->builtin->cancellable);
}

static spin_error_t *on_set_poll(async_builtin_call_t *call) {
    async_event_t event = {ASYNC_EVENT_NONE, 0, 0};
    handle_t *entry;
    spin_error_t *error = get(call, arg(call, 0), HANDLE_SET, "waitable set", &entry);
    if (error != NULL)
        return error;
    async_waitable_t *ready = async_set_ready(entry->of.other);
    async_task_t *task = async_task_current(call->state);
    if (task != NULL && async_task_take_cancel(task, call->builtin->cancellable))
        event.code = ASYNC_EVENT_TASK_CANCELLED;
    else if (ready != NULL)
        event = async_waitable_take(ready);
    return answer_event(call, event);
}

static spin_error_t *on_set_drop(async_builtin_call_t *call) {
    handle_t *entry;
    spin_error_t *error = get(call, arg(call, 0), HANDLE_SET, "waitable set", &entry);
    if (error != NULL)
        return error;
    async_set_t *set = entry->of.other;
    if (!async_set_is_empty(set))
        return error_new(SPIN_ERROR_TRAP, "cannot drop waitable set with members");
    if (set->waiting > 0)
        return error_new(SPIN_ERROR_TRAP, "cannot drop waitable set with waiters");
    handle_table_remove(table_of(call), arg(call, 0));
    mem_free(set);
    return NULL;
}

static spin_error_t *on_waitable_join(async_builtin_call_t *call) {
    handle_t *entry, *set = NULL;
    const uint32_t number = arg(call, 0);
    entry = handle_table_get(table_of(call), number);
    if (entry == NULL)
        return error_new(SPIN_ERROR_TRAP, "unknown handle index %u", number);
    if (entry->kind != HANDLE_SUBTASK && entry->kind != HANDLE_END)
        return error_new(SPIN_ERROR_TRAP,
                         "handle index %u used with the wrong type: it is not a waitable", number);
    async_waitable_t *waitable = entry->of.other;
    if (waitable->has_sync_waiter)
        return error_new(SPIN_ERROR_TRAP,
                         "waitable cannot join a waitable set while used synchronously");
    spin_error_t *error = NULL;
    if (arg(call, 1) != 0)
        error = get(call, arg(call, 1), HANDLE_SET, "waitable set", &set);
    if (error == NULL)
        async_waitable_join(waitable, set == NULL ? NULL : set->of.other);
    return error;
}

/* ── threads ── */

static spin_error_t *answer_cancelled(async_builtin_call_t *call, bool is_cancelled) {
    async_answer(call, is_cancelled);
    return NULL;
}

/* Suspends (NULL) or yields. */
static spin_error_t *hold(async_builtin_call_t *call, async_hold_fn how, async_thread_t *other) {
    bool cancellable = call->builtin->cancellable;
    if (call->thread == NULL)
        return how != NULL ? answer_cancelled(call, false) : no_task();
    if (async_task_take_cancel(call->thread->task, cancellable))
        return answer_cancelled(call, true);
    call->thread->switch_to = other;
    return async_builtin_block(call, how, NULL, cancellable);
}

static spin_error_t *on_thread_yield(async_builtin_call_t *call) {
    return call->again ? answer_cancelled(call, call->thread->cancelled)
                       : hold(call, async_hold_never, NULL);
}

static spin_error_t *on_thread_suspend(async_builtin_call_t *call) {
    return call->again ? answer_cancelled(call, call->thread->cancelled) : hold(call, NULL, NULL);
}

static spin_error_t *other_thread(const async_builtin_call_t *call, async_thread_t **out) {
    const async_component_t *component = component_of(call);
    const uint32_t index = arg(call, 0);
    *out =
        index == 0 || index > component->threads.len ? NULL : component->threads.items[index - 1];
    return *out != NULL ? NULL : error_new(SPIN_ERROR_TRAP, "unknown thread index %u", index);
}

static spin_error_t *suspended_thread(const async_builtin_call_t *call, async_thread_t **out) {
    spin_error_t *error = other_thread(call, out);
    if (error == NULL && (*out)->state != ASYNC_THREAD_SUSPENDED)
        error = error_new(SPIN_ERROR_TRAP, "cannot resume thread which is not suspended");
    return error;
}

static spin_error_t *switch_to(async_builtin_call_t *call, async_hold_fn how) {
    async_thread_t *other;
    if (call->again)
        return answer_cancelled(call, call->thread->cancelled);
    spin_error_t *error = suspended_thread(call, &other);
    return error == NULL ? hold(call, how, other) : error;
}

static spin_error_t *on_suspend_then_resume(async_builtin_call_t *call) {
    return switch_to(call, NULL);
}

static spin_error_t *on_yield_then_resume(async_builtin_call_t *call) {
    return switch_to(call, async_hold_never);
}

static spin_error_t *promote(async_builtin_call_t *call, async_hold_fn how) {
    async_thread_t *other;
    if (call->again)
        return answer_cancelled(call, call->thread->cancelled);
    spin_error_t *error = other_thread(call, &other);
    if (error != NULL)
        return error;
    return hold(call, how, async_thread_is_ready(other) ? other : NULL);
}

static spin_error_t *on_suspend_then_promote(async_builtin_call_t *call) {
    return promote(call, NULL);
}

static spin_error_t *on_yield_then_promote(async_builtin_call_t *call) {
    return promote(call, async_hold_never);
}

static spin_error_t *on_resume_later(async_builtin_call_t *call) {
    async_thread_t *other;
    spin_error_t *error = suspended_thread(call, &other);
    if (error == NULL)
        async_thread_resume_later(other);
    return error;
}

/* Calls the function once; its arguments are there. */
static void advance(async_thread_t *thread) {
    async_task_t *task = thread->task;
    if (!thread->has_begun) {
        thread->has_begun = true;
        async_thread_call(thread, &thread->func, 2, 0);
        return;
    }
    spin_error_t *error = async_task_unregister(task, thread);
    if (error != NULL)
        async_thread_fail(thread, error);
    else
        async_thread_end(thread);
    async_task_release(task);
}

/* What calls the element of the table. That it is a function of the right type shows when it is
 * called; Wasmtime's own reads the table here. */
static spin_error_t *find_start(const async_builtin_call_t *call, wasmtime_func_t *out) {
    spin_instance_t *instance = call->state->model->instance;
    const async_builtin_env_t *env = call->env;
    wasmtime_extern_t table, start;
    if (!instance_export(instance, spin_slice(env->table), WASMTIME_EXTERN_TABLE, &table, NULL) ||
        !instance_export(instance, spin_slice(env->start), WASMTIME_EXTERN_FUNC, &start, NULL))
        return error_new(SPIN_ERROR_INTERNAL, "it does not export \"%s\"", env->start);
    if (call->args[0] >= wasmtime_table_size(instance->wasm, &table.of.table))
        return error_new(SPIN_ERROR_TRAP, "a table access was out of bounds");
    *out = start.of.func;
    return NULL;
}

static spin_error_t *on_thread_new(async_builtin_call_t *call) {
    const char *params = signature_of_builtin(call->model->module->linked, call->builtin).params;
    wasmtime_func_t func;
    async_task_t *task = async_task_current(call->state);
    if (task == NULL)
        return no_task();
    spin_error_t *error = find_start(call, &func);
    if (error != NULL)
        return error;
    async_thread_t *thread = async_thread_new(&call->state->threads, task, advance);
    if (thread == NULL)
        return async_threads_exhausted(&call->state->threads);
    thread->func = func;
    thread->values[0] = abi_val(params[0], call->args[0]);
    thread->values[1] = abi_val(params[1], call->args[1]);
    error = async_task_register(task, thread);
    if (error != NULL) {
        async_thread_free(thread);
        return error;
    }
    async_answer(call, thread->index);
    return NULL;
}

static spin_error_t *on_thread_index(async_builtin_call_t *call) {
    if (call->thread == NULL)
        return no_task();
    async_answer(call, call->thread->index);
    return NULL;
}

/* ── error contexts ── */

static spin_error_t *on_error_context_drop(async_builtin_call_t *call) {
    handle_t *entry;
    spin_error_t *error = get(call, arg(call, 0), HANDLE_ERROR_CONTEXT, "error context", &entry);
    if (error != NULL)
        return error;
    async_error_context_release(call->state, entry->of.other);
    handle_table_remove(table_of(call), arg(call, 0));
    return NULL;
}

static spin_error_t *on_error_context_new(async_builtin_call_t *call) {
    const model_options_t *options = &call->model->module->options[call->builtin->options];
    arena_t arena = {0};
    spin_lift_t lift;
    uint32_t number = 0;
    abi_lift_begin(&lift, call->state->model->instance, &arena, LIFT_ARENA);
    abi_lift_by(&lift, call->state->model, options, call->builtin->component, NULL);
    spin_slice_t text = spin_lift_text(&lift, arg(call, 0), arg(call, 1));
    spin_error_t *error = abi_lift_end(&lift);
    async_error_context_t *context = NULL;
    if (error == NULL) {
        context = async_error_context_new(call->state, text);
        error =
            context == NULL ? error_no_memory() : add(call, HANDLE_ERROR_CONTEXT, context, &number);
    }
    if (error != NULL && context != NULL)
        async_error_context_release(call->state, context);
    arena_deinit(&arena);
    async_answer(call, number);
    return error;
}

static spin_error_t *on_error_context_message(async_builtin_call_t *call) {
    const model_options_t *options = &call->model->module->options[call->builtin->options];
    const wit_type_t text = {
        .kind = SPIN_TYPE_STRING, .has_pointers = true, .layout = {.size = 8, .align = 4}};
    const uint64_t ptr = call->args[1];
    const uint32_t size = options->linked->memory64 ? 16 : 8;
    handle_t *entry;
    spin_error_t *error = get(call, arg(call, 0), HANDLE_ERROR_CONTEXT, "error context", &entry);
    if (error != NULL)
        return error;
    const async_error_context_t *context = entry->of.other;
    const spin_value_t value = {.kind = SPIN_TYPE_STRING, .of.text = context->message};
    arena_t arena = {0};
    spin_lower_t lower;
    abi_lower_begin(&lower, call->state->model->instance, &arena, SPIN_ABI_CANONICAL);
    abi_lower_by(&lower, call->state->model, options, call->builtin->component);
    abi_value_measure(&lower, &text, &value);
    error = async_allocate(call->state, &lower);
    const abi_memory_t memory = model_memory(call->state->model, options, NULL);
    if (error == NULL)
        error = async_check_area(memory, ptr, size, size / 2);
    if (error == NULL) {
        abi_lower_write(&lower, memory);
        abi_value_store(&lower, &text, &value, memory.base + ptr);
        error = abi_lower_end(&lower);
    }
    arena_deinit(&arena);
    return error;
}

/* ── the table ── */

static const struct {
    ast_canon_kind_t kind;
    async_builtin_fn function;
} builtins[] = {
    {AST_CANON_BACKPRESSURE_INC, on_backpressure_inc},
    {AST_CANON_BACKPRESSURE_DEC, on_backpressure_dec},
    {AST_CANON_TASK_RETURN, on_task_return},
    {AST_CANON_TASK_CANCEL, on_task_cancel},
    {AST_CANON_CONTEXT_GET, on_context_get},
    {AST_CANON_CONTEXT_SET, on_context_set},
    {AST_CANON_SUBTASK_CANCEL, on_subtask_cancel},
    {AST_CANON_SUBTASK_DROP, on_subtask_drop},
    {AST_CANON_WAITABLE_SET_NEW, on_set_new},
    {AST_CANON_WAITABLE_SET_WAIT, on_set_wait},
    {AST_CANON_WAITABLE_SET_POLL, on_set_poll},
    {AST_CANON_WAITABLE_SET_DROP, on_set_drop},
    {AST_CANON_WAITABLE_JOIN, on_waitable_join},
    {AST_CANON_THREAD_YIELD, on_thread_yield},
    {AST_CANON_THREAD_SUSPEND, on_thread_suspend},
    {AST_CANON_THREAD_SUSPEND_THEN_RESUME, on_suspend_then_resume},
    {AST_CANON_THREAD_YIELD_THEN_RESUME, on_yield_then_resume},
    {AST_CANON_THREAD_SUSPEND_THEN_PROMOTE, on_suspend_then_promote},
    {AST_CANON_THREAD_YIELD_THEN_PROMOTE, on_yield_then_promote},
    {AST_CANON_THREAD_RESUME_LATER, on_resume_later},
    {AST_CANON_THREAD_INDEX, on_thread_index},
    {AST_CANON_THREAD_NEW_INDIRECT, on_thread_new},
    {AST_CANON_ERROR_CONTEXT_NEW, on_error_context_new},
    {AST_CANON_ERROR_CONTEXT_DEBUG_MESSAGE, on_error_context_message},
    {AST_CANON_ERROR_CONTEXT_DROP, on_error_context_drop},
};

async_builtin_fn async_builtin_find(ast_canon_kind_t kind) {
    for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++)
        if (builtins[i].kind == kind)
            return builtins[i].function;
    return async_stream_builtin_find(kind);
}
