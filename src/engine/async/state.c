/* What an instance of an asynchronous component has beside its handles. */
#include "engine/async/state.h"

#include "base/alloc.h"
#include "base/error.h"
#include "engine/context.h"

/* ── life ── */

async_state_t *async_state_of(model_instance_t *model) {
    if (model == NULL || model->async != NULL)
        return model == NULL ? NULL : model->async;
    const linked_component_t *linked = model->model->module->linked;
    async_state_t *state = arena_calloc(model->arena, 1, sizeof *state);
    if (state == NULL)
        return NULL;
    state->model = model;
    state->threads.instance = model->instance;
    state->components =
        arena_calloc(model->arena, linked->component_count, sizeof *state->components);
    state->functions = arena_calloc(model->arena, linked->lift_count, sizeof *state->functions);
    if (state->components == NULL || (state->functions == NULL && linked->lift_count > 0))
        return NULL;
    model->async = state;
    return state;
}

static void end_table(handle_table_t *table) {
    for (uint32_t i = 1; i < table->len; i++) {
        handle_t *entry = &table->items[i];
        if (entry->kind == HANDLE_END)
            async_end_free(entry->of.other);
        else if (entry->kind == HANDLE_ERROR_CONTEXT)
            async_error_context_release(entry->of.other);
        else if (entry->kind == HANDLE_SET)
            async_set_clear(entry->of.other);
        else
            continue;
        *entry = (handle_t){0};
    }
}

void async_state_end(async_state_t *state) {
    if (state == NULL)
        return;
    const linked_component_t *linked = state->model->model->module->linked;
    async_threads_deinit(&state->threads); /* calls go before what they look at */
    for (uint32_t i = 0; i <= linked->component_count; i++)
        end_table(&state->model->tables[i]);
    while (state->subtasks != NULL)
        async_subtask_free(state->subtasks);
    while (state->tasks != NULL)
        async_task_free(state->tasks);
    for (uint32_t i = 0; i < linked->component_count; i++) {
        VEC_FREE(&state->components[i].threads);
        VEC_FREE(&state->components[i].free);
    }
    spin_error_free(state->root.error);
    state->model->async = NULL;
}

/* ── functions of lifts ── */

static spin_error_t *find(spin_instance_t *instance, const char *name, wasmtime_func_t *out) {
    wasmtime_extern_t found;
    if (name == NULL)
        return NULL;
    if (!instance_export(instance, spin_slice(name), WASMTIME_EXTERN_FUNC, &found, NULL))
        return error_new(SPIN_ERROR_INTERNAL, "the fused module does not export \"%s\"", name);
    *out = found.of.func;
    return NULL;
}

spin_error_t *async_find_functions(async_state_t *state, const async_lift_t *lift) {
    const linked_component_t *linked = state->model->model->module->linked;
    async_functions_t *functions = &state->functions[lift->linked - linked->lifts];
    spin_instance_t *instance = state->model->instance;
    if (functions->found)
        return NULL;
    if (instance->phase == INSTANCE_PREPARING)
        return error_new(SPIN_ERROR_UNSUPPORTED,
                         "a start function calls another component of an asynchronous composition");
    spin_error_t *error = find(instance, lift->core, &functions->core);
    if (error == NULL)
        error = find(instance, lift->post, &functions->post);
    if (error == NULL)
        error = find(instance, lift->callback, &functions->callback);
    functions->found = error == NULL;
    return error;
}

/* ── error contexts ── */

async_error_context_t *async_error_context_new(spin_slice_t message) {
    async_error_context_t *context = mem_alloc(sizeof *context + message.len);
    if (context == NULL)
        return NULL;
    uint8_t *text = (uint8_t *)(context + 1);
    if (message.len > 0)
        memcpy(text, message.ptr, message.len);
    *context = (async_error_context_t){.users = 1, .message = spin_slice_of(text, message.len)};
    return context;
}

void async_error_context_release(async_error_context_t *context) {
    if (--context->users == 0)
        mem_free(context);
}

/* ── built-ins ── */

static bool is_over(void *env) {
    (void)env;
    return true;
}

/* What is left to do when the built-in has answered, or its thread goes on. */
static bool run(async_builtin_call_t *call, const async_builtin_env_t *env) {
    spin_error_t *error = env->function(call);
    if (error != NULL) {
        *call->trap = abi_trap(call->state->model->instance, error_wrap(error, "%s", env->name));
        return true;
    }
    return call->thread == NULL || !call->thread->blocked;
}

static bool go_on(void *user) {
    async_thread_t *thread = user;
    if (!async_thread_goes_on(thread))
        return false;
    async_builtin_call_t *call = thread->builtin;
    call->again = true;
    return run(call, call->env);
}

void async_on_builtin(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *values,
                      size_t values_len, wasmtime_val_t *results, size_t results_len,
                      wasm_trap_t **trap, wasmtime_async_continuation_t *continuation) {
    const async_builtin_env_t *own = env;
    spin_instance_t *instance = spin_instance_from_store(wasmtime_caller_context(caller));
    async_state_t *state = async_state_of(model_instance_of(instance));
    *continuation = (wasmtime_async_continuation_t){is_over, NULL, NULL};
    if (state == NULL) {
        *trap = abi_trap(instance, error_no_memory());
        return;
    }
    async_builtin_call_t call = {.state = state,
                                 .env = own,
                                 .builtin = own->builtin,
                                 .model = own->model,
                                 .thread = state->threads.current,
                                 .results = results,
                                 .trap = trap};
    for (size_t i = 0; i < values_len; i++)
        call.args[i] = abi_flat(&values[i]);
    for (size_t i = 0; i < results_len; i++)
        results[i] = abi_val_i32(0);
    if (run(&call, own))
        return;
    async_thread_t *thread = call.thread;
    if (thread->builtin == NULL)
        thread->builtin = mem_alloc(sizeof call);
    if (thread->builtin == NULL) {
        *trap = abi_trap(instance, error_no_memory());
        return;
    }
    *thread->builtin = call;
    *continuation = (wasmtime_async_continuation_t){go_on, thread, NULL};
}
