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

static void free_set(async_set_t *set) {
    async_set_clear(set);
    mem_free(set);
}

static void end_table(async_state_t *state, handle_table_t *table) {
    for (uint32_t i = 1; i < table->len; i++) {
        handle_t *entry = &table->items[i];
        if (entry->kind == HANDLE_END)
            async_end_free(entry->of.other);
        else if (entry->kind == HANDLE_ERROR_CONTEXT)
            async_error_context_release(state, entry->of.other);
        else if (entry->kind == HANDLE_SET)
            free_set(entry->of.other);
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
        end_table(state, &state->model->tables[i]);
    while (state->subtasks != NULL)
        async_subtask_free(state->subtasks);
    while (state->tasks != NULL)
        async_task_free(state->tasks);
    for (uint32_t i = 0; i < linked->component_count; i++) {
        VEC_FREE(&state->components[i].threads);
        VEC_FREE(&state->components[i].free);
    }
    spin_error_free(state->root.error);
    mem_free(state->start_call);
    state->model->async = NULL;
}

/* ── functions of lifts ── */

static spin_error_t *find(spin_instance_t *instance, wasmtime_caller_t *caller, const char *name,
                          wasmtime_func_t *out) {
    wasmtime_extern_t found;
    if (name == NULL)
        return NULL;
    bool exists =
        instance->phase == INSTANCE_PREPARING /* there is no instance to ask yet */
            ? caller != NULL && wasmtime_caller_export_get(caller, name, strlen(name), &found) &&
                  found.kind == WASMTIME_EXTERN_FUNC
            : instance_export(instance, spin_slice(name), WASMTIME_EXTERN_FUNC, &found, NULL);
    if (!exists)
        return error_new(SPIN_ERROR_INTERNAL, "the fused module does not export \"%s\"", name);
    *out = found.of.func;
    return NULL;
}

spin_error_t *async_find_functions(async_state_t *state, const async_lift_t *lift,
                                   wasmtime_caller_t *caller) {
    const linked_component_t *linked = state->model->model->module->linked;
    async_functions_t *functions = &state->functions[lift->linked - linked->lifts];
    spin_instance_t *instance = state->model->instance;
    if (functions->found)
        return NULL;
    spin_error_t *error = find(instance, caller, lift->core, &functions->core);
    if (error == NULL)
        error = find(instance, caller, lift->post, &functions->post);
    if (error == NULL)
        error = find(instance, caller, lift->callback, &functions->callback);
    functions->found = error == NULL;
    return error;
}

/* ── error contexts ── */

/* Of all messages of an instance: a guest must not fill the host's memory by them. What is beyond
 * is left out, as the specification allows. */
enum { MOST_MESSAGES = 1 << 20 };

async_error_context_t *async_error_context_new(async_state_t *state, spin_slice_t message) {
    if (message.len > MOST_MESSAGES - state->messages)
        message.len = 0;
    async_error_context_t *context = mem_alloc(sizeof *context + message.len);
    if (context == NULL)
        return NULL;
    uint8_t *text = (uint8_t *)(context + 1);
    if (message.len > 0)
        memcpy(text, message.ptr, message.len);
    *context = (async_error_context_t){.users = 1, .message = spin_slice_of(text, message.len)};
    state->messages += message.len;
    return context;
}

void async_error_context_release(async_state_t *state, async_error_context_t *context) {
    if (--context->users > 0)
        return;
    state->messages -= context->message.len;
    mem_free(context);
}

/* ── built-ins ── */

static bool is_over(void *env) {
    (void)env;
    return true;
}

/* What is left to do when the built-in has answered, or its thread goes on. */
static bool run(async_builtin_call_t *call, const async_builtin_env_t *env) {
    call->is_preempted = false;
    spin_error_t *error = env->function(call);
    if (error != NULL) {
        *call->trap = abi_trap(call->state->model->instance, error_wrap(error, "%s", env->name));
        return true;
    }
    return !call->is_preempted && (call->thread == NULL || !call->thread->blocked);
}

static bool go_on(void *user) {
    async_builtin_call_t *call = user;
    if (call->thread != NULL && !async_thread_goes_on(call->thread))
        return false;
    call->again = true;
    return run(call, call->env);
}

/* What start functions may need of it. */
static void find_all(model_instance_t *model, const async_builtin_env_t *env,
                     wasmtime_caller_t *caller) {
    const linked_builtin_t *builtin = env->builtin;
    const linked_options_t linked = {.memory_number = builtin->memory_number};
    const model_options_t memory = {.linked = &linked, .memory = env->memory};
    model_find(model, &memory, caller);
    if (builtin->options != LINKED_NONE)
        model_find(model, &model->model->module->options[builtin->options], caller);
}

static bool keep(async_builtin_call_t **place, const async_builtin_call_t *call) {
    if (*place == NULL)
        *place = mem_alloc(sizeof **place);
    if (*place != NULL)
        **place = *call;
    return *place != NULL;
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
    if (instance->phase == INSTANCE_PREPARING)
        find_all(state->model, own, caller);
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
    async_builtin_call_t **place = call.thread != NULL ? &call.thread->builtin : &state->start_call;
    if (keep(place, &call))
        *continuation = (wasmtime_async_continuation_t){go_on, *place, NULL};
    else
        *trap = abi_trap(instance, error_no_memory());
}
