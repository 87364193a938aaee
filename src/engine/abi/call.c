/* Calling a guest's export: give back, measure, allocate, lower, enter, lift.
 *
 * Each entry into the guest is a step, which may end at once or after turns of the loop; run() goes
 * on for as long as they end at once, so that thousands of allocations do not nest. */
#include "base/alloc.h"
#include "base/error.h"
#include "engine/abi/state.h"
#include "engine/abi/value.h"
#include "engine/async/async.h"
#include "engine/context.h"
#include "engine/model/model.h"

/* ── the state in an instance ── */

abi_instance_t *abi_instance_of(spin_instance_t *instance) {
    if (instance->abi == NULL) {
        instance->abi = mem_calloc(1, sizeof *instance->abi);
        if (instance->abi != NULL)
            instance->abi->instance = instance->abi->host.instance = instance;
    }
    return instance->abi;
}

void abi_instance_end(abi_instance_t *state) {
    if (state == NULL)
        return;
    const abi_call_t *call = &state->call;
    if (call->gone != NULL)
        *call->gone = true;
    if (call->outcome != NULL)
        *call->outcome = (abi_outcome_t){
            true, abi_error_name(
                      error_new(SPIN_ERROR_CANCELLED, "the instance was freed during the call"),
                      state->instance->component->component->id, call->function->name)};
    spin_error_free(call->error);
    abi_host_call_end(&state->host);
    model_instance_end(state->model);
    abi_handles_deinit(&state->handles, state->instance);
    if (state->owed.cap > ABI_KEPT_LOANS)
        VEC_FREE(&state->owed);
    VEC_FREE(&state->orphans);
    arena_clear(&state->arena);
    arena_clear(&state->host.arena);

    spin_instance_t *instance = state->instance;
    arena_t arena = state->arena, host_arena = state->host.arena;
    abi_loan_t *loans = state->owed.items;
    size_t loans_cap = state->owed.cap;
    memset(state, 0, sizeof *state);
    state->arena = arena;
    state->host.arena = host_arena;
    state->owed.items = loans;
    state->owed.cap = loans_cap;
    state->instance = state->host.instance = instance;
}

void abi_instance_free(abi_instance_t *state) {
    if (state == NULL)
        return;
    arena_deinit(&state->arena);
    arena_deinit(&state->host.arena);
    VEC_FREE(&state->owed);
    mem_free(state);
}

abi_memory_t abi_memory_of(spin_instance_t *instance) {
    abi_memory_t memory;
    const abi_instance_t *state = instance->abi;
    engine_instance_memory(instance, &memory.base, &memory.len);
    if (memory.base == NULL && state != NULL && state->has_memory) {
        memory.base = wasmtime_memory_data(instance->wasm, &state->memory);
        memory.len = wasmtime_memory_data_size(instance->wasm, &state->memory);
    }
    return memory;
}

/* ── lowering ── */

static spin_error_t *measure(abi_instance_t *state) {
    abi_call_t *call = &state->call;
    const spin_abi_export_t *function = call->function;
    spin_lower_t *lower = &call->lower;
    const model_export_t *model = call->bound->entry->model;
    abi_lower_begin(lower, state->instance, &state->arena, call->bound->entry->abi);
    if (model != NULL) {
        abi_lower_by(lower, state->model, model->options, model->lift->component);
        lower->loans = &call->loans;
    }
    if (function->params_size != 0)
        spin_lower_measure(lower, 1, function->params_size, function->params_align);
    if (function->measure != NULL)
        function->measure(lower, function->context, call->args);
    if (lower->error != NULL) {
        spin_error_t *error = lower->error;
        lower->error = NULL;
        return error;
    }
    return lower->count == 0 || call->bound->entry->helper != NULL ? NULL
                                                                   : abi_find_allocator(state);
}

spin_error_t *abi_call_lower(abi_instance_t *state, spin_flat_t *flat) {
    const abi_call_t *call = &state->call;
    const spin_abi_export_t *function = call->function;
    spin_lower_t *lower = &state->call.lower;
    uint8_t *area = NULL;
    uint32_t ptr;
    const model_export_t *model = call->bound->entry->model;
    abi_lower_write(lower, model != NULL ? model_memory(state->model, model->options, NULL)
                                         : abi_memory_of(state->instance));
    if (function->params_size != 0) {
        area = spin_lower_take(lower, 1, function->params_size, function->params_align, &ptr);
        flat[0] = ptr;
    }
    if (!lower->failed && function->lower != NULL)
        function->lower(lower, function->context, call->args, flat, area);
    return abi_lower_end(lower);
}

/* ── lifting ── */

/* Several results: where they are depends on the convention. */
static void lift_area(const abi_call_t *call, spin_lift_t *lift, bool lends) {
    const abi_entry_t *entry = call->bound->entry;
    const spin_abi_export_t *function = call->function;
    uint32_t ptr = (uint32_t)call->returned.of.i32;
    size_t slots_size = 8 * entry->results_len;
    bool is_slots = entry->abi == SPIN_ABI_2022_SLOTS;
    if (!entry->layout_known && ptr <= lift->memory.len && slots_size <= lift->memory.len - ptr)
        is_slots =
            !abi_area_is_canonical(lift->memory.base + ptr, entry->results, entry->results_len);
    const uint8_t *area =
        is_slots ? abi_lift_area(lift, ptr, (uint32_t)slots_size, 4)
                 : abi_lift_area(lift, ptr, function->result_size, function->result_align);
    lift->lends = lends; /* not the area: it is the guest's own */
    if (area == NULL)
        return;
    spin_flat_t few[ABI_MAX_FLAT];
    spin_flat_t *flat = few;
    if (is_slots && entry->results_len > ABI_MAX_FLAT) {
        flat = arena_calloc(lift->arena, entry->results_len, sizeof *flat);
        if (flat == NULL) {
            abi_lift_stop(lift, error_no_memory());
            return;
        }
    }
    if (is_slots)
        abi_slots_load(area, entry->results, entry->results_len, flat);
    function->lift(lift, function->context, is_slots ? flat : NULL, is_slots ? NULL : area,
                   call->result);
}

static spin_error_t *lift_result(abi_instance_t *state) {
    abi_call_t *call = &state->call;
    const spin_abi_export_t *function = call->function;
    const abi_entry_t *entry = call->bound->entry;
    bool is_owned = call->outcome != NULL;
    spin_lift_t lift;
    if (entry->post != NULL && entry->model == NULL) {
        state->owed_post = call->bound;
        state->owed_value = call->returned;
    }
    if (function->lift == NULL || call->result == NULL || entry->results_len == 0)
        return NULL;
    lift_mode_t mode = is_owned ? LIFT_OWNED : LIFT_VIEW;
    if (mode == LIFT_VIEW && entry->model != NULL && entry->post != NULL)
        mode = LIFT_ARENA; /* the guest takes it back at once */
    abi_lift_begin(&lift, state->instance, &state->arena, mode);
    if (entry->model != NULL)
        abi_lift_by(&lift, state->model, entry->model->options, entry->model->lift->component,
                    NULL);
    bool lends =
        entry->abi != SPIN_ABI_CANONICAL && state->instance->component->module->abi.has_free;
    if (entry->results_len > 1)
        lift_area(call, &lift, lends);
    else {
        const spin_flat_t flat = abi_flat(&call->returned);
        lift.lends = lends;
        function->lift(&lift, function->context, &flat, NULL, call->result);
    }
    spin_error_t *error = abi_lift_end(&lift);
    if (error == NULL)
        return NULL;
    if (is_owned && function->clear != NULL)
        function->clear(function->context, call->result);
    memset(call->result, 0, function->c_result_size);
    return error_wrap(error, "result");
}

/* ── the steps ── */

static void on_step(spin_instance_t *instance, spin_error_t *error, void *user);

static void enter(abi_instance_t *state, const wasmtime_func_t *func, size_t args_len,
                  size_t results_len) {
    abi_call_t *call = &state->call;
    bool is_first = call->is_first;
    call->is_first = false;
    instance_start_step(state->instance, is_first, func, call->values, args_len, &call->returned,
                        results_len, on_step, state);
}

static void start_post(abi_instance_t *state) {
    const abi_bound_t *bound = state->owed_post;
    state->owed_post = NULL;
    state->call.values[0] = state->owed_value;
    enter(state, &bound->post, bound->entry->results_len > 0, 0);
}

static void start_free(abi_instance_t *state) {
    const abi_loan_t *loan = &state->owed.items[--state->owed.len];
    state->call.values[0] = abi_val_i32(loan->ptr);
    state->call.values[1] = abi_val_i32(loan->size);
    state->call.values[2] = abi_val_i32(loan->align);
    enter(state, &state->release, 3, 0);
}

/* False: there is nothing left to drop. */
static bool start_drop(abi_instance_t *state) {
    while (state->orphans.len > 0) {
        const abi_orphan_t orphan = state->orphans.items[--state->orphans.len];
        wasmtime_func_t destructor;
        if (!abi_find_destructor(state->instance, &orphan, &destructor))
            continue;
        state->call.values[0] = abi_val_i32(orphan.representation);
        enter(state, &destructor, 1, 0);
        return true;
    }
    return false;
}

/* Size and alignment of the next part, or -1 where there is none. */
static int64_t next_part(const spin_lower_t *lower) {
    if (lower->at >= lower->count)
        return -1;
    const abi_part_t *part = &lower->parts[lower->at];
    return (int64_t)(part->size | (uint64_t)part->align << 32);
}

static spin_error_t *start_entry(abi_instance_t *state) {
    abi_call_t *call = &state->call;
    const abi_entry_t *entry = call->bound->entry;
    size_t results = entry->results_len > 0;
    if (entry->helper != NULL && entry->model != NULL) {
        call->values[0] = (wasmtime_val_t){.kind = WASMTIME_I64, .of.i64 = next_part(&call->lower)};
        enter(state, &call->bound->func, 1, entry->post != NULL ? 0 : results);
        return NULL;
    }
    if (entry->helper != NULL) {
        call->values[0] = abi_val_i32(call->lower.count);
        enter(state, &call->bound->func, 1, results);
        return NULL;
    }
    spin_flat_t flat[ABI_MAX_FLAT] = {0};
    spin_error_t *error = abi_call_lower(state, flat);
    if (error != NULL)
        return error;
    for (size_t i = 0; i < entry->params_len; i++)
        call->values[i] = abi_val(entry->params[i], flat[i]);
    enter(state, &call->bound->func, entry->params_len, results);
    return NULL;
}

/* False: there is nothing to initialize. */
static bool start_initialize(abi_instance_t *state) {
    wasmtime_func_t initializer;
    if (state->initialized || !abi_find_initializer(state, &initializer))
        return false;
    state->initialized = true;
    enter(state, &initializer, 0, 0);
    return true;
}

/* What a component gave away it takes back at once: the result was copied. False: nothing. */
static bool start_leave(abi_instance_t *state) {
    abi_call_t *call = &state->call;
    const abi_entry_t *entry = call->bound->entry;
    if (entry->helper != NULL && entry->post != NULL) /* it has done both */
        return false;
    call->error = lift_result(state);
    if (call->error != NULL || entry->post == NULL)
        return false;
    call->step = ABI_LEAVE;
    call->values[0] = call->returned;
    enter(state, &call->bound->post, call->bound->entry->results_len > 0, 0);
    return true;
}

static bool is_async(const abi_call_t *call) {
    const model_export_t *model = call->bound->entry->model;
    return model != NULL && model->is_async;
}

/* The whole call of an asynchronous component. False: it can't be called. */
static bool start_async(abi_instance_t *state) {
    abi_call_t *call = &state->call;
    const model_instance_t *model = state->model;
    const linked_lift_t *lifts = model->model->module->linked->lifts;
    const async_lift_t *lift =
        async_lift_at(model->model, (size_t)(call->bound->entry->model->lift - lifts));
    async_state_t *async = async_state_of(state->model);
    wasmtime_func_t idle;
    call->error = async == NULL ? error_no_memory()
                                : async_root_prepare(async, lift, call->function, call->args,
                                                     call->result, call->outcome != NULL, &idle);
    if (call->error == NULL) {
        call->step = ABI_ENTER;
        enter(state, &idle, 0, 0);
    }
    return call->error == NULL;
}

/* Starts what is next. False: the call is over. */
static bool next(abi_instance_t *state) {
    abi_call_t *call = &state->call;
    if (call->step == ABI_INITIALIZE) {
        if (start_initialize(state))
            return true;
        call->step = ABI_POST;
    }
    if (call->step == ABI_POST) {
        if (state->owed_post != NULL) {
            start_post(state);
            return true;
        }
        call->step = ABI_FREE;
    }
    if (call->step == ABI_FREE) {
        if (state->owed.len > 0) {
            start_free(state);
            return true;
        }
        call->step = ABI_DROP;
    }
    if (call->step == ABI_DROP) {
        if (start_drop(state))
            return true;
        call->step = ABI_ALLOCATE;
    }
    if (call->step == ABI_ALLOCATE && is_async(call))
        return start_async(state);
    if (call->step == ABI_ALLOCATE) {
        if (call->bound->entry->helper == NULL && call->lower.at < call->lower.count) {
            abi_part_values(&call->lower.parts[call->lower.at], call->values);
            enter(state, &state->allocator, 4, 1);
            return true;
        }
        call->step = ABI_ENTER;
        spin_error_t *error =
            start_entry(state); /* its end may have left one in the call already */
        if (error != NULL)
            call->error = error;
        return error == NULL;
    }
    return call->step == ABI_RETURNED && !is_async(call) && start_leave(state);
}

/* The calls' part in handles: what is lent comes back, and nothing may be kept. */
static spin_error_t *end_scope(abi_instance_t *state, spin_error_t *error) {
    abi_call_t *call = &state->call;
    state->model->is_dead |= error != NULL;
    if (!call->in_scope)
        return error;
    call->in_scope = false;
    bool kept = !model_scope_leave(state->model);
    model_return_loans(state->model, &call->loans);
    if (error == NULL && kept)
        error = error_new(SPIN_ERROR_TRAP, "borrow handles still remain at the end of the call");
    state->model->is_dead |= error != NULL;
    return error;
}

/* What a component gave and then trapped, or nobody wants: the host's objects in it are let go. */
static void drop_result(abi_instance_t *state, bool failed) {
    abi_call_t *call = &state->call;
    const spin_abi_export_t *function = call->function;
    const model_export_t *model = call->bound->entry->model;
    if (model == NULL || call->result == NULL || function->lift == NULL)
        return;
    bool is_value = function == model->value;
    if (is_value && (failed || ((const abi_value_args_t *)call->args)->unwanted))
        model_drop_value(state->model, model->lift->type->result.type, call->result);
    if (!failed)
        return;
    if (call->outcome != NULL && function->clear != NULL)
        function->clear(function->context, call->result);
    memset(call->result, 0, function->c_result_size);
}

static void finish(abi_instance_t *state) {
    abi_call_t *call = &state->call;
    const spin_abi_export_t *function = call->function;
    spin_instance_t *instance = state->instance;
    spin_error_t *error = call->error;
    call->error = NULL;
    if (error == NULL && state->handles.borrows > 0)
        error = error_new(SPIN_ERROR_TRAP, "it kept a borrowed handle");
    if (call->bound->entry->model != NULL)
        error = end_scope(state, error);
    else if (error == NULL)
        error = lift_result(state);
    abi_handles_end_borrows(&state->handles);
    drop_result(state, error != NULL);
    error = abi_error_name(error, instance->component->component->id, function->name);
    call->step = ABI_IDLE;
    if (call->outcome != NULL) {
        *call->outcome = (abi_outcome_t){true, error};
        call->outcome = NULL;
        return;
    }
    call->done(instance, error, error == NULL ? call->result : NULL, call->handler, call->user);
}

static void run(abi_instance_t *state) {
    abi_call_t *call = &state->call;
    bool gone = false;
    do {
        call->gone = &gone;
        call->stepping = true;
        call->stepped = false;
        bool started = next(state);
        if (gone)
            return;
        call->stepping = false;
        call->gone = NULL;
        if (!started) {
            finish(state);
            return;
        }
    } while (call->stepped);
}

static spin_error_t *step_error(const abi_instance_t *state, spin_error_t *error) {
    const abi_call_t *call = &state->call;
    if (error == NULL && state->instance->exited)
        error = error_new(SPIN_ERROR_EXIT, "the guest exited with status 0");
    if (error == NULL)
        return NULL;
    if (call->step == ABI_INITIALIZE)
        return error_wrap(error, "_initialize");
    if (call->step == ABI_POST)
        return error_wrap(error, "after the call before it");
    if (call->step == ABI_FREE)
        return error_wrap(error, "canonical_abi_free");
    if (call->step == ABI_DROP)
        return error_wrap(error, "a destructor");
    if (call->step == ABI_ALLOCATE)
        return error_wrap(error, "%s",
                          call->bound->entry->model != NULL
                              ? call->bound->entry->model->options->realloc
                              : state->instance->component->module->abi.allocator);
    return error;
}

static void on_step(spin_instance_t *instance, spin_error_t *error, void *user) {
    abi_instance_t *state = user;
    abi_call_t *call = &state->call;
    (void)instance;
    if (call->error != NULL) /* why the helper was stopped */
        spin_error_free(error);
    else
        call->error = step_error(state, error);
    bool is_over =
        call->step == ABI_LEAVE || (call->step == ABI_ENTER && call->bound->entry->model == NULL);
    if (call->error != NULL || is_over)
        call->step = ABI_ENDED;
    else if (call->step == ABI_ENTER)
        call->step = ABI_RETURNED;
    else if (call->step == ABI_ALLOCATE)
        call->lower.parts[call->lower.at++].ptr = (uint32_t)call->returned.of.i32;
    if (call->stepping)
        call->stepped = true;
    else
        run(state);
}

/* ── what a whole call asks for (fuse.h) ── */

/* The call that the helper of a component serves, or NULL where it has no business. */
static abi_instance_t *served(wasmtime_caller_t *caller) {
    spin_instance_t *instance = spin_instance_from_store(wasmtime_caller_context(caller));
    abi_instance_t *state = instance->abi;
    bool is_served = state != NULL && state->call.step == ABI_ENTER &&
                     state->call.bound->entry->model != NULL &&
                     state->call.bound->entry->helper != NULL && state->call.error == NULL;
    return is_served ? state : NULL;
}

/* `error`, if there is one, tells more than the trap. */
static wasm_trap_t *stop(wasmtime_caller_t *caller, abi_instance_t *state, spin_error_t *error) {
    spin_instance_t *instance = spin_instance_from_store(wasmtime_caller_context(caller));
    if (state != NULL)
        state->call.error = error;
    return abi_trap(instance, error_new(SPIN_ERROR_TRAP, "a call's helper, called out of turn"));
}

wasm_trap_t *abi_on_argument(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                             size_t len) {
    abi_instance_t *state = served(caller);
    (void)env, (void)len;
    if (state == NULL || state->call.filled)
        return stop(caller, NULL, NULL);
    spin_lower_t *lower = &state->call.lower;
    const size_t params_len = state->call.bound->entry->params_len;
    spin_flat_t flat[ABI_MAX_FLAT] = {0};
    if (lower->at < lower->count)
        lower->parts[lower->at++].ptr = (uint32_t)values[0].i32;
    const int64_t part = next_part(lower);
    if (part == -1) {
        state->call.filled = true;
        spin_error_t *error = abi_call_lower(state, flat);
        if (error != NULL)
            return stop(caller, state, error);
    }
    for (size_t i = 0; i < params_len; i++)
        values[i].i64 = (int64_t)flat[i];
    values[params_len].i64 = part;
    return NULL;
}

wasm_trap_t *abi_on_result(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                           size_t len) {
    abi_instance_t *state = served(caller);
    (void)env, (void)len;
    if (state == NULL || !state->call.filled)
        return stop(caller, NULL, NULL);
    abi_call_t *call = &state->call;
    const abi_entry_t *entry = call->bound->entry;
    if (entry->results_len > 1)
        call->returned = abi_val('i', (uint32_t)values[0].i32);
    else if (entry->results_len == 1)
        call->returned = abi_val(entry->results[0], (uint64_t)values[0].i64);
    spin_error_t *error = lift_result(state);
    return error == NULL ? NULL : stop(caller, state, error);
}

/* ── from outside ── */

static spin_error_t *enter_scope(abi_instance_t *state) {
    model_instance_t *model = model_instance_of(state->instance);
    if (model == NULL)
        return error_no_memory();
    if (model->is_dead)
        return error_new(SPIN_ERROR_TRAP, "cannot enter component instance");
    if (is_async(&state->call)) /* each task has its own */
        return NULL;
    spin_error_t *error = model_scope_enter(model);
    state->call.in_scope = error == NULL;
    return error;
}

/* Of a call that was not begun after all. */
static void leave_scope(abi_instance_t *state) {
    if (!state->call.in_scope)
        return;
    state->call.in_scope = false;
    model_scope_leave(state->model);
    model_return_loans(state->model, &state->call.loans);
}

static spin_error_t *begin(spin_instance_t *instance, const spin_abi_export_t *function,
                           const void *args, void *result, abi_outcome_t *outcome) {
    const abi_bound_t *bound;
    spin_error_t *error = instance_check_ready(instance);
    if (error != NULL)
        return error;
    abi_instance_t *state = abi_instance_of(instance);
    if (state == NULL)
        return error_no_memory();
    error = abi_bind(state, function, &bound);
    if (error != NULL)
        return error;
    abi_call_t *call = &state->call;
    arena_clear(&state->arena);
    call->function = function;
    call->bound = bound;
    call->args = args;
    call->result = result;
    call->step = bound->entry->abi == SPIN_ABI_CANONICAL ? ABI_INITIALIZE : ABI_POST;
    call->is_first = true;
    call->filled = false;
    if (bound->entry->model != NULL) {
        call->step = ABI_ALLOCATE;
        error = enter_scope(state);
        if (error != NULL)
            return error;
    }
    error = state->owed.len > 0 ? abi_find_release(state) : NULL;
    if (error == NULL && !is_async(call))
        error = measure(state);
    if (error == NULL)
        call->outcome = outcome;
    else {
        call->step = ABI_IDLE;
        leave_scope(state);
    }
    return error;
}

spin_error_t *spin_abi_call(spin_instance_t *instance, const spin_abi_export_t *function,
                            const void *args, void *result) {
    abi_outcome_t outcome = {0};
    scheduler_t *scheduler = &instance->component->context->engine->scheduler;
    if (result != NULL)
        memset(result, 0, function->c_result_size);
    spin_error_t *error = begin(instance, function, args, result, &outcome);
    if (error != NULL)
        return abi_error_name(error, instance->component->component->id, function->name);
    run(instance->abi);
    if (!outcome.ended)
        scheduler_turn_until(scheduler, &outcome.ended);
    return outcome.error;
}

/* The copies live in the arena that `begin` has cleared. */
static spin_error_t *keep(abi_instance_t *state) {
    abi_call_t *call = &state->call;
    const spin_abi_export_t *function = call->function;
    void *args = arena_alloc(&state->arena, function->c_args_size);
    call->result = NULL;
    if (function->lift != NULL && function->c_result_size > 0)
        call->result = arena_calloc(&state->arena, 1, function->c_result_size);
    bool no_result = call->result == NULL && function->lift != NULL && function->c_result_size > 0;
    if (args == NULL || no_result)
        return error_no_memory();
    if (function->c_args_size > 0)
        memcpy(args, call->args, function->c_args_size);
    call->args = args;
    return NULL;
}

spin_error_t *spin_abi_start(spin_instance_t *instance, const spin_abi_export_t *function,
                             const void *args, spin_abi_done_fn done, void (*handler)(void),
                             void *user) {
    spin_error_t *error = begin(instance, function, args, NULL, NULL);
    if (error == NULL) {
        error = keep(instance->abi);
        if (error != NULL)
            leave_scope(instance->abi);
    }
    if (error != NULL)
        return abi_error_name(error, instance->component->component->id, function->name);
    abi_call_t *call = &instance->abi->call;
    call->done = done;
    call->handler = handler;
    call->user = user;
    run(instance->abi);
    return NULL;
}
