/* Functions that guests import: lift, call, and lower the result, for which the guest's allocator
 * is called from inside the host function. */
#include "base/alloc.h"
#include "base/error.h"
#include "engine/abi/state.h"
#include "engine/builder.h"
#include "engine/context.h"
#include "engine/model/model.h"

/* ── traps ── */

wasm_trap_t *abi_trap(spin_instance_t *instance, spin_error_t *error) {
    static const char message[] = "a host function failed"; /* what it said is kept here */
    spin_error_free(instance->said);
    instance->said = error;
    return wasmtime_trap_new(message, sizeof message - 1);
}

static wasm_trap_t *trap_of(spin_instance_t *instance, const abi_import_t *import,
                            spin_error_t *error) {
    return abi_trap(instance, error_wrap(error, "%s: %s", import->module, import->name));
}

/* ── the end of a call ── */

/* What the result owns goes nowhere: lowering it once more drops that. */
void abi_host_call_discard(spin_host_call_t *call) {
    const spin_abi_import_t *function = call->import->function;
    size_t flat_len = call->import->results_len;
    if (flat_len == 0 || call->instance->component->context->links.resources == NULL)
        return;
    spin_flat_t *flat = arena_calloc(&call->arena, flat_len, sizeof *flat);
    uint8_t *area = arena_calloc(&call->arena, 1, function->result_size);
    if (flat == NULL || area == NULL)
        return;
    abi_lower_begin(&call->lower, call->instance, &call->arena, SPIN_ABI_CANONICAL);
    if (call->import->options != NULL)
        abi_lower_by(&call->lower, call->instance->abi->model, call->import->options,
                     call->import->component);
    call->lower.failed = call->lower.discards = true;
    function->lower(&call->lower, function->context, call->result, flat,
                    flat_len > 1 ? area : NULL);
}

/* Also where the guest is given up in the middle of one. */
static void clear(spin_host_call_t *call) {
    abi_instance_t *state = call->instance->abi;
    bool cancelled = call->step == HOST_WAITING;
    if (call->answered)
        abi_host_call_discard(call);
    if (state->model != NULL) {
        model_return_loans(state->model, &call->loans);
        model_end_temps(state->model, &call->temps);
    }
    call->answered = false;
    call->step = HOST_IDLE;
    state->leaving = false;
    if (cancelled && call->cancel != NULL)
        call->cancel(call, call->data);
    abi_callback_end(&call->allocation, call->instance);
    spin_error_free(call->error);
    call->error = NULL;
    arena_clear(&call->arena);
}

/* With parts the call goes on in the guest. */
static void finalize(void *env) {
    spin_host_call_t *call = env;
    if (call->step != HOST_PARTS)
        clear(call);
}

static bool is_over(void *env) {
    (void)env;
    return true;
}

static void end(spin_host_call_t *call, spin_error_t *error) {
    if (error != NULL)
        *call->trap_out = trap_of(call->instance, call->import, error);
    call->step = HOST_ENDED;
}

/* ── the result ── */

static spin_abi_t convention_of(const spin_host_call_t *call) {
    return abi_component_of(call->instance)->abi;
}

/* Several results: into the guest's area. */
static spin_error_t *lower_area(spin_host_call_t *call, abi_memory_t memory) {
    const spin_abi_import_t *function = call->import->function;
    size_t len = call->import->results_len;
    bool is_slots = convention_of(call) == SPIN_ABI_2022_SLOTS;
    uint64_t size = is_slots ? 8 * len : function->result_size;
    uint32_t align = is_slots ? 4 : function->result_align;
    if (call->area > memory.len || size > memory.len - call->area)
        return error_new(SPIN_ERROR_TRAP,
                         "result: the area at 0x%x, %llu bytes long, is outside of its memory",
                         call->area, (unsigned long long)size);
    if ((call->area & (align - 1)) != 0)
        return error_new(SPIN_ERROR_TRAP, "result: the area at 0x%x is not aligned to %u",
                         call->area, align);
    uint8_t *area = memory.base + call->area;
    spin_flat_t *flat = NULL;
    if (is_slots) {
        flat = arena_calloc(&call->arena, len, sizeof *flat);
        if (flat == NULL)
            return error_no_memory();
    }
    call->answered = false;
    function->lower(&call->lower, function->context, call->result, flat, is_slots ? NULL : area);
    if (is_slots && !call->lower.failed)
        abi_slots_store(area, function->results, len, flat);
    return NULL;
}

static void lower_result(spin_host_call_t *call, wasmtime_caller_t *caller) {
    const spin_abi_import_t *function = call->import->function;
    const model_options_t *options = call->import->options;
    spin_error_t *error = NULL;
    spin_flat_t flat = 0;
    abi_memory_t memory = options == NULL
                              ? abi_memory_of(call->instance)
                              : model_memory(call->instance->abi->model, options, caller);
    abi_lower_write(&call->lower, memory);
    if (call->import->results_len > 1)
        error = lower_area(call, memory);
    else if (call->import->results_len == 1) {
        call->answered = false;
        function->lower(&call->lower, function->context, call->result, &flat, NULL);
        *call->returned = abi_val(function->results[0], flat);
    }
    if (error == NULL)
        error = abi_lower_end(&call->lower);
    end(call, error);
}

/* ── the guest's allocator ── */

static bool start_allocation(spin_host_call_t *call) {
    abi_part_values(&call->lower.parts[call->lower.at], call->values);
    return abi_callback_start(&call->allocation, call->instance, ABI_REASON_ALLOCATOR,
                              &call->instance->abi->allocator, call->values, 4, &call->pointer, 1);
}

/* Takes what the allocator left. False: it trapped, and so does this call. */
static bool take_allocation(spin_host_call_t *call) {
    abi_callback_t *allocation = &call->allocation;
    abi_callback_end(allocation, call->instance);
    if (allocation->trap != NULL) {
        *call->trap_out = allocation->trap;
        allocation->trap = NULL;
        call->step = HOST_ENDED;
        return false;
    }
    if (allocation->failure != NULL) {
        spin_error_t *error = engine_error_take(allocation->failure, SPIN_ERROR_TRAP);
        spin_error_t *said = call->instance->said;
        allocation->failure = NULL;
        if (said != NULL) { /* the allocator called a host function, and that failed */
            spin_error_free(error);
            error = said;
            call->instance->said = NULL;
        }
        end(call, error_wrap(error, "%s", abi_component_of(call->instance)->allocator));
        return false;
    }
    call->lower.parts[call->lower.at++].ptr = (uint32_t)call->pointer.of.i32;
    return true;
}

/* False: the guest is still at it, or waits for its turn. */
static bool allocate(spin_host_call_t *call) {
    while (call->lower.at < call->lower.count) {
        if (call->allocation.future == NULL && !start_allocation(call))
            return false;
        if (!wasmtime_call_future_poll(call->allocation.future))
            return false;
        if (!take_allocation(call))
            return true;
    }
    call->instance->abi->leaving = false;
    lower_result(call, NULL);
    return true;
}

/* The operation has answered. `caller` is there where it did so at once. */
static void begin_lower(spin_host_call_t *call, wasmtime_caller_t *caller) {
    const spin_abi_import_t *function = call->import->function;
    abi_instance_t *state = call->instance->abi;
    spin_lower_t *lower = &call->lower;
    spin_error_t *error = call->error;
    call->error = NULL;
    abi_lower_begin(lower, call->instance, &call->arena, convention_of(call));
    lower->discards = true;
    if (call->import->options != NULL)
        abi_lower_by(lower, state->model, call->import->options, call->import->component);
    if (error == NULL && function->measure != NULL) {
        function->measure(lower, function->context, call->result);
        error = lower->error;
        lower->error = NULL;
        if (error == NULL && lower->count > 0 && call->import->options == NULL)
            error = abi_find_allocator(state);
        if (error == NULL && lower->count > 0 && call->import->options != NULL &&
            !call->import->has_parts)
            error = error_new(SPIN_ERROR_INTERNAL, "nobody allocates for its result");
    }
    if (error != NULL)
        end(call, error);
    else if (call->import->has_parts) {
        *call->returned = abi_val_i32(lower->count);
        lower->at = 0;
        call->step = HOST_PARTS;
    } else if (lower->count == 0)
        lower_result(call, caller);
    else {
        call->step = HOST_ALLOCATING;
        state->leaving = true;
    }
}

/* The continuation: true when the call is over. */
static bool go_on(void *env) {
    spin_host_call_t *call = env;
    if (call->step == HOST_WAITING)
        return false;
    if (call->step == HOST_RUNNING)
        begin_lower(call, NULL);
    return call->step == HOST_ALLOCATING ? allocate(call) : true;
}

/* ── the beginning ── */

/* While a module's start function runs its exports show only to host functions. */
static void look_around(abi_instance_t *state, wasmtime_caller_t *caller) {
    wasmtime_extern_t found;
    const char *allocator = abi_component_of(state->instance)->allocator;
    if (state->searched || state->instance->phase != INSTANCE_PREPARING)
        return;
    state->searched = true;
    if (wasmtime_caller_export_get(caller, "memory", 6, &found)) {
        state->has_memory = found.kind == WASMTIME_EXTERN_MEMORY;
        if (state->has_memory)
            state->memory = found.of.memory;
        wasmtime_extern_delete(&found);
    }
    if (allocator != NULL &&
        wasmtime_caller_export_get(caller, allocator, strlen(allocator), &found)) {
        state->has_allocator = found.kind == WASMTIME_EXTERN_FUNC &&
                               !state->instance->component->module->abi.bad_allocator;
        if (state->has_allocator)
            state->allocator = found.of.func;
        wasmtime_extern_delete(&found);
    }
}

static spin_error_t *lift_args(spin_host_call_t *call, const wasmtime_val_t *values,
                               wasmtime_caller_t *caller) {
    const spin_abi_import_t *function = call->import->function;
    spin_flat_t flat[ABI_MAX_FLAT] = {0};
    const uint8_t *area = NULL;
    spin_lift_t lift;
    if (function->lift == NULL)
        return NULL;
    for (size_t i = 0; i < call->import->params_len; i++)
        flat[i] = abi_flat(&values[i]);
    abi_lift_begin(&lift, call->instance, &call->arena, LIFT_ARENA);
    if (call->import->options != NULL) {
        abi_lift_by(&lift, call->instance->abi->model, call->import->options,
                    call->import->component, caller);
        lift.loans = &call->loans;
        lift.temps = &call->temps;
    }
    if (function->params_size != 0)
        area =
            abi_lift_area(&lift, (uint32_t)flat[0], function->params_size, function->params_align);
    if (!lift.failed)
        function->lift(&lift, function->context, function->params_size != 0 ? NULL : flat, area,
                       call->args);
    spin_error_t *error = abi_lift_end(&lift);
    return error == NULL ? NULL : error_wrap(error, "argument");
}

static spin_error_t *operate(spin_host_call_t *call, const wasmtime_val_t *values,
                             wasmtime_caller_t *caller) {
    const abi_import_t *import = call->import;
    const spin_abi_import_t *function = import->function;
    call->args = arena_calloc(&call->arena, 1, function->c_args_size);
    call->result = arena_calloc(&call->arena, 1, function->c_result_size);
    if (call->args == NULL || call->result == NULL)
        return error_no_memory();
    spin_error_t *error = lift_args(call, values, caller);
    if (error != NULL)
        return error;
    if (import->value != NULL)
        error =
            import->value(call, function->context, call->args,
                          function->c_args_size / sizeof(spin_value_t), call->result, import->user);
    else
        error =
            function->call(call, import->operations, function->context, call->args, call->result);
    if (error != NULL && call->step == HOST_WAITING) {
        call->step = HOST_RUNNING;
        engine_instance_wake(call->instance);
    }
    return error;
}

void abi_on_call(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *values,
                 size_t values_len, wasmtime_val_t *results, size_t results_len, wasm_trap_t **trap,
                 wasmtime_async_continuation_t *continuation) {
    const abi_import_t *import = env;
    spin_instance_t *instance = spin_instance_from_store(wasmtime_caller_context(caller));
    abi_instance_t *state = abi_instance_of(instance);
    (void)results_len;
    *continuation = (wasmtime_async_continuation_t){is_over, NULL, NULL};
    if (state == NULL || (import->options != NULL && model_instance_of(instance) == NULL)) {
        *trap = trap_of(instance, import, error_no_memory());
        return;
    }
    spin_host_call_t *call = &state->host;
    if (state->leaving || call->step != HOST_IDLE) {
        *trap = trap_of(
            instance, import,
            error_new(SPIN_ERROR_TRAP, "called while the guest allocates for another call"));
        return;
    }
    call->import = import;
    call->step = HOST_RUNNING;
    call->cancel = NULL;
    call->returned = results;
    call->trap_out = trap;
    call->area = import->results_len > 1 ? (uint32_t)values[values_len - 1].of.i32 : 0;
    if (import->options == NULL)
        look_around(state, caller);
    else if (instance->phase == INSTANCE_PREPARING) /* it may answer later, without a caller */
        model_memory(state->model, import->options, caller);
    spin_error_t *error = operate(call, values, caller);
    if (error != NULL) {
        spin_error_free(call->error);
        call->error = error;
    }
    if (call->step == HOST_RUNNING) {
        call->answered = call->error == NULL;
        begin_lower(call, caller);
    }
    if (call->step == HOST_ENDED)
        clear(call);
    else if (call->step != HOST_PARTS)
        *continuation = (wasmtime_async_continuation_t){go_on, call, finalize};
}

/* Where the fused module allocates: it asks for one part after the other. */
wasm_trap_t *abi_on_part(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                         size_t len) {
    spin_instance_t *instance = spin_instance_from_store(wasmtime_caller_context(caller));
    spin_host_call_t *call = &instance->abi->host;
    spin_lower_t *lower = &call->lower;
    wasm_trap_t *trap = NULL;
    uint32_t ptr = (uint32_t)values[0].i32;
    (void)env, (void)len;
    values[0].i64 = -1;
    if (call->step != HOST_PARTS) /* what needed none has its result already */
        return NULL;
    if (lower->at > 0)
        lower->parts[lower->at - 1].ptr = ptr;
    if (lower->at < lower->count) {
        const abi_part_t *part = &lower->parts[lower->at++];
        values[0].i64 = (int64_t)(part->size | (uint64_t)part->align << 32);
        return NULL;
    }
    call->trap_out = &trap;
    lower_result(call, caller);
    clear(call);
    return trap;
}

void abi_host_call_end(spin_host_call_t *call) {
    if (call->step == HOST_PARTS)
        clear(call);
}

/* ── for the operations ── */

spin_instance_t *spin_host_call_instance(spin_host_call_t *call) {
    return call->instance;
}

void *spin_host_call_user(spin_host_call_t *call) {
    return call->import->user;
}

void *spin_host_call_alloc(spin_host_call_t *call, size_t size) {
    return arena_calloc(&call->arena, 1, size);
}

void spin_host_call_wait(spin_host_call_t *call, void (*cancel)(spin_host_call_t *call, void *data),
                         void *data) {
    call->step = HOST_WAITING;
    call->cancel = cancel;
    call->data = data;
    engine_instance_wait(call->instance);
}

void spin_host_call_done(spin_host_call_t *call, spin_error_t *error) {
    if (call->step != HOST_WAITING) {
        spin_error_free(error);
        return;
    }
    call->error = error;
    call->answered = error == NULL;
    call->step = HOST_RUNNING;
    if (call->answers != NULL)
        ++*call->answers;
    engine_instance_wake(call->instance);
}

/* ── linking ── */

void abi_links_deinit(abi_links_t *links) {
    if (links->linker != NULL)
        wasmtime_linker_delete(links->linker);
    arena_deinit(&links->arena);
}

static wasm_valtype_t *valtype_of(char letter) {
    return wasm_valtype_new(letter == 'I'   ? WASM_I64
                            : letter == 'f' ? WASM_F32
                            : letter == 'F' ? WASM_F64
                                            : WASM_I32);
}

static wasm_functype_t *functype_of(const char *params, bool has_area, const char *results) {
    wasm_valtype_t *types[ABI_MAX_FLAT + 1];
    wasm_valtype_vec_t inputs, outputs;
    size_t len = 0;
    for (; params[len] != '\0'; len++)
        types[len] = valtype_of(params[len]);
    if (has_area)
        types[len++] = valtype_of('i');
    wasm_valtype_vec_new(&inputs, len, types);
    wasm_valtype_vec_new_empty(&outputs);
    if (!has_area && results[0] != '\0') {
        types[0] = valtype_of(results[0]);
        wasm_valtype_vec_new(&outputs, 1, types);
    }
    return wasm_functype_new(&inputs, &outputs);
}

static bool is_descriptor(const spin_abi_import_t *function) {
    return function->size >= sizeof *function && function->name != NULL &&
           function->params != NULL && function->results != NULL && function->call != NULL &&
           strlen(function->params) <= ABI_MAX_FLAT &&
           (function->params_size == 0 || strcmp(function->params, "i") == 0) &&
           (function->results[0] == '\0' || function->lower != NULL);
}

static spin_error_t *define_function(abi_links_t *links, const char *module,
                                     const spin_abi_import_t *function, const void *operations,
                                     void *user) {
    if (!is_descriptor(function))
        return error_new(SPIN_ERROR_INTERNAL, "a bad descriptor");
    abi_import_t *import = arena_calloc(&links->arena, 1, sizeof *import);
    if (import == NULL)
        return error_no_memory();
    *import = (abi_import_t){.next = links->imports,
                             .function = function,
                             .module = module,
                             .name = function->name,
                             .operations = operations,
                             .user = user,
                             .params_len = strlen(function->params),
                             .results_len = strlen(function->results)};
    links->imports = import;
    wasm_functype_t *type =
        functype_of(function->params, import->results_len > 1, function->results);
    wasmtime_error_t *failure =
        wasmtime_linker_define_async_func(links->linker, module, strlen(module), function->name,
                                          strlen(function->name), type, abi_on_call, import, NULL);
    wasm_functype_delete(type);
    return failure == NULL ? NULL : engine_error_take(failure, SPIN_ERROR_INTERNAL);
}

spin_error_t *spin_abi_link(spin_engine_builder_t *builder, const spin_abi_interface_t *interface,
                            const void *operations, void *user) {
    if (interface->size < sizeof *interface || interface->module == NULL)
        return error_new(SPIN_ERROR_INTERNAL, "a bad descriptor of an interface");
    abi_links_t *links = builder_links(builder);
    const char *module = arena_copy_text(&links->arena, spin_slice(interface->module));
    if (module == NULL)
        return error_no_memory();
    for (size_t i = 0; i < interface->functions_len; i++) {
        spin_error_t *error =
            define_function(links, module, interface->functions[i], operations, user);
        if (error != NULL)
            return error_wrap(error, "%s: %s", module, interface->functions[i]->name);
    }
    for (size_t i = 0; i < interface->resources_len; i++) {
        spin_error_t *error =
            abi_resource_define(links, module, interface->resources[i], operations, user);
        if (error != NULL)
            return error_wrap(error, "%s: %s", module, interface->resources[i]->name);
    }
    return NULL;
}
