/* Values as they go from one component instance to another, by their types. */
#include "base/alloc.h"
#include "base/error.h"
#include "engine/async/state.h"
#include "engine/context.h"

/* ── calls that end at once ── */

/* Sets the slots of the thread that runs; the old ones go to `before`, unless that is NULL. */
static void swap_context(async_state_t *state, uint64_t before[2], const uint64_t after[2]) {
    uint64_t *slots =
        state->threads.current != NULL ? state->threads.current->context : state->start_context;
    if (before != NULL)
        memcpy(before, slots, sizeof state->start_context);
    memcpy(slots, after, sizeof state->start_context);
}

spin_error_t *async_call_now(async_state_t *state, const wasmtime_func_t *func,
                             const wasmtime_val_t *args, size_t args_len, wasmtime_val_t *result,
                             size_t result_len) {
    spin_instance_t *instance = state->model->instance;
    wasm_trap_t *trap = NULL;
    wasmtime_error_t *failure = NULL;
    bool is_late = false;
    uint64_t none[2] = {0}, context[2]; /* a call of its own has slots of its own */
    spin_error_t *error = async_stack_take(instance);
    if (error != NULL)
        return error;
    swap_context(state, context, none);
    wasmtime_call_future_t *future = wasmtime_func_call_async(instance->wasm, func, args, args_len,
                                                              result, result_len, &trap, &failure);
    while (!is_late && !wasmtime_call_future_poll(future))
        is_late = uv_hrtime() >= instance->deadline_ns;
    wasmtime_call_future_delete(future);
    async_stack_give(instance);
    swap_context(state, NULL, context);
    error = async_take_outcome(instance, trap, failure);
    if (error == NULL && is_late)
        error = error_new(SPIN_ERROR_TIMEOUT, "the guest's allocator ran past the call's deadline");
    return error;
}

spin_error_t *async_allocate(async_state_t *state, spin_lower_t *lower) {
    wasmtime_func_t allocator;
    spin_error_t *error = lower->error;
    lower->error = NULL;
    if (error != NULL || lower->count == 0)
        return error;
    error = model_allocator(state->model, lower->options, &allocator);
    for (lower->at = 0; error == NULL && lower->at < lower->count; lower->at++) {
        wasmtime_val_t values[4], pointer = {0};
        abi_part_t *part = &lower->parts[lower->at];
        abi_part_values(part, values);
        error = async_call_now(state, &allocator, values, 4, &pointer, 1);
        part->ptr = (uint32_t)abi_flat(&pointer);
    }
    return error;
}

spin_error_t *async_check_area(abi_memory_t memory, uint64_t ptr, uint32_t size, uint32_t align) {
    if (ptr > memory.len || size > memory.len - ptr)
        return error_new(SPIN_ERROR_TRAP,
                         "the area at 0x%llx, %u bytes long, is outside of its "
                         "memory",
                         (unsigned long long)ptr, size);
    if ((ptr & (align - 1)) != 0)
        return error_new(SPIN_ERROR_TRAP, "the area at 0x%llx is not aligned to %u",
                         (unsigned long long)ptr, align);
    return NULL;
}

void async_params_layout(const spin_function_t *type, bool memory64, uint32_t *size,
                         uint32_t *align) {
    uint64_t end = 0;
    *align = 1;
    for (size_t i = 0; i < type->params_len; i++) {
        const wit_layout_t *layout = signature_layout(type->params[i].ref.type, memory64);
        end = abi_align_up(end, layout->align) + layout->size;
        *align = layout->align > *align ? layout->align : *align;
    }
    end = abi_align_up(end, *align);
    *size = end > UINT32_MAX ? UINT32_MAX : (uint32_t)end;
}

/* ── arguments and results ── */

spin_error_t *async_lower_args(async_task_t *task, const spin_abi_export_t *function,
                               const void *args, wasmtime_val_t *values) {
    const async_lift_t *lift = task->lift;
    model_instance_t *model = task->state->model;
    spin_flat_t flat[SIGNATURE_MAX] = {0};
    uint8_t *area = NULL;
    uint32_t size = 0, align = 1;
    spin_lower_t lower;
    abi_lower_begin(&lower, model->instance, &task->arena, SPIN_ABI_CANONICAL);
    abi_lower_by(&lower, model, lift->options, task->component);
    lower.loans = &task->loans;
    if (lift->signature.params_in_memory) {
        async_params_layout(lift->linked->type, lift->options->linked->memory64, &size, &align);
        spin_lower_measure(&lower, 1, size, align);
    }
    if (function->measure != NULL)
        function->measure(&lower, function->context, args);
    spin_error_t *error = async_allocate(task->state, &lower);
    if (error != NULL)
        return error;
    abi_lower_write(&lower, model_memory(model, lift->options, NULL));
    if (lift->signature.params_in_memory) {
        uint32_t ptr;
        area = spin_lower_take(&lower, 1, size, align, &ptr);
        flat[0] = ptr;
    }
    model->scope_now = task->scope;
    if (!lower.failed && function->lower != NULL)
        function->lower(&lower, function->context, args, flat, area);
    for (size_t i = 0; lift->signature.params[i] != 0; i++)
        values[i] = abi_val(lift->signature.params[i], flat[i]);
    return abi_lower_end(&lower);
}

spin_error_t *async_lift_result(async_task_t *task, const model_options_t *options,
                                const wasmtime_val_t *values, bool in_memory) {
    const spin_abi_export_t *function = task->function;
    const wit_type_t *type = task->lift->linked->type->result.type;
    model_instance_t *model = task->state->model;
    arena_t *arena = task->caller != NULL ? &task->arena : &model->instance->abi->arena;
    spin_flat_t flat[WIT_FLAT_MAX] = {0};
    const uint8_t *area = NULL;
    spin_lift_t lift;
    if (type == NULL)
        return NULL;
    if (task->caller != NULL)
        task->result = arena_calloc(arena, 1, sizeof(spin_value_t));
    if (task->caller != NULL && task->result == NULL)
        return error_no_memory();
    abi_lift_begin(&lift, model->instance, arena,
                   task->caller == NULL && task->state->root.owns_result ? LIFT_OWNED : LIFT_ARENA);
    abi_lift_by(&lift, model, options, task->component, NULL);
    const bool memory64 = options->linked->memory64;
    const uint32_t flat_len = signature_layout(type, memory64)->flat_len;
    if (in_memory)
        area = abi_lift_area(&lift, (uint32_t)abi_flat(&values[0]), signature_size(type, memory64),
                             signature_align(type, memory64));
    for (uint32_t i = 0; !in_memory && i < flat_len; i++)
        flat[i] = abi_flat(&values[i]);
    if (!lift.failed && function->lift != NULL && task->result != NULL)
        function->lift(&lift, function->context, in_memory ? NULL : flat, area, task->result);
    spin_error_t *error = abi_lift_end(&lift);
    return error == NULL ? NULL : error_wrap(error, "result");
}

/* ── streams, futures and error contexts in values ── */

static uint32_t host_table(const async_state_t *state) {
    return state->model->model->module->linked->component_count;
}

bool async_is_same_type(const wit_type_t *a, const wit_type_t *b) {
    return a == b || (a != NULL && b != NULL && slice_equal(a->text, b->text));
}

spin_error_t *async_end_of(async_state_t *state, uint32_t component, const wit_type_t *type,
                           uint32_t number, bool is_writable, async_end_t **out) {
    const char *what = type->kind == SPIN_TYPE_FUTURE ? "future" : "stream";
    const handle_t *entry = handle_table_get(model_table(state->model, component), number);
    if (entry == NULL)
        return error_new(SPIN_ERROR_TRAP, "unknown handle index %u", number);
    async_end_t *end = entry->kind == HANDLE_END ? entry->of.other : NULL;
    if (end == NULL || end->shared->is_future != (type->kind == SPIN_TYPE_FUTURE) ||
        end->is_writable != is_writable)
        return error_new(SPIN_ERROR_TRAP,
                         "handle index %u used with the wrong type: it is not the %s end of a %s",
                         number, is_writable ? "writable" : "readable", what);
    if (!async_is_same_type(end->shared->element,
                            type->parts_len > 0 ? type->parts[0].ref.type : NULL))
        return error_new(SPIN_ERROR_TRAP,
                         "handle index %u used with the wrong type: a %s of "
                         "another element type",
                         number, what);
    *out = end;
    return NULL;
}

/* From one table to the other. */
static spin_error_t *move(async_state_t *state, uint32_t from, uint32_t to, uint32_t number,
                          uint32_t *out) {
    handle_table_t *source = model_table(state->model, from);
    const handle_t entry = source->items[number];
    spin_error_t *error =
        handle_table_add(model_table(state->model, to), state->model->arena, entry, out);
    if (error != NULL)
        return error;
    handle_table_remove(source, number);
    if (entry.kind == HANDLE_END)
        ((async_end_t *)entry.of.other)->waitable.handle = *out;
    return NULL;
}

static spin_error_t *check_end(async_state_t *state, uint32_t component, const spin_type_t *type,
                               uint32_t number) {
    const char *what = type->kind == SPIN_TYPE_FUTURE ? "future" : "stream";
    async_end_t *end;
    spin_error_t *error = async_end_of(state, component, type, number, false, &end);
    if (error != NULL)
        return error;
    if (end->state == ASYNC_END_DONE)
        return error_new(SPIN_ERROR_TRAP,
                         end->result == ASYNC_COPY_COMPLETED
                             ? "cannot lift %s after previous read succeeded"
                             : "cannot lift %s after being notified that the writable end dropped",
                         what);
    if (end->state != ASYNC_END_IDLE)
        return error_new(SPIN_ERROR_TRAP, "cannot remove busy %s", what);
    if (end->waitable.set != NULL)
        return error_new(SPIN_ERROR_TRAP, "cannot lift %s while it's in a waitable set", what);
    return NULL;
}

static spin_error_t *check_error_context(async_state_t *state, uint32_t component,
                                         uint32_t number) {
    const handle_t *entry = handle_table_get(model_table(state->model, component), number);
    if (entry == NULL)
        return error_new(SPIN_ERROR_TRAP, "unknown handle index %u", number);
    if (entry->kind != HANDLE_ERROR_CONTEXT)
        return error_new(SPIN_ERROR_TRAP,
                         "handle index %u used with the wrong type: it is not an error context",
                         number);
    return NULL;
}

/* An error context is copied: the guest that passes one keeps its own. */
static spin_error_t *share(async_state_t *state, uint32_t from, uint32_t to, uint32_t number,
                           uint32_t *out) {
    const handle_t entry = model_table(state->model, from)->items[number];
    spin_error_t *error =
        handle_table_add(model_table(state->model, to), state->model->arena, entry, out);
    if (error == NULL)
        ((async_error_context_t *)entry.of.other)->users++;
    return error;
}

spin_error_t *async_lift_value(async_state_t *state, uint32_t component, const spin_type_t *type,
                               uint32_t number, uint64_t *out) {
    uint32_t own = 0;
    bool is_context = type->kind == SPIN_TYPE_ERROR_CONTEXT;
    spin_error_t *error = is_context ? check_error_context(state, component, number)
                                     : check_end(state, component, type, number);
    if (error == NULL)
        error = is_context ? share(state, component, host_table(state), number, &own)
                           : move(state, component, host_table(state), number, &own);
    *out = own;
    return error;
}

spin_error_t *async_lower_value(async_state_t *state, uint32_t component, const spin_type_t *type,
                                uint64_t value, uint32_t *out) {
    if (value > UINT32_MAX)
        return error_new(SPIN_ERROR_INVALID, "%llu is not a handle", (unsigned long long)value);
    const uint32_t host = host_table(state), number = (uint32_t)value;
    spin_error_t *error = type->kind == SPIN_TYPE_ERROR_CONTEXT
                              ? check_error_context(state, host, number)
                              : check_end(state, host, type, number);
    return error == NULL ? move(state, host, component, number, out) : error;
}

/* ── elements of streams and futures ── */

static abi_memory_t memory_of(async_state_t *state, const async_buffer_t *buffer) {
    return model_memory(state->model, &state->model->model->module->options[buffer->options], NULL);
}

/* `*left` bytes may be read for them, and for those that follow. */
static spin_error_t *lift_elements(async_state_t *state, const wit_type_t *element,
                                   const async_buffer_t *from, uint32_t count, arena_t *arena,
                                   spin_value_t *values, uint64_t *left) {
    const model_options_t *options = &state->model->model->module->options[from->options];
    const uint32_t size = signature_size(element, options->linked->memory64);
    spin_lift_t lift;
    abi_lift_begin(&lift, state->model->instance, arena, LIFT_ARENA);
    abi_lift_by(&lift, state->model, options, from->component, NULL);
    if (*left < lift.budget)
        lift.budget = *left;
    for (uint32_t i = 0; i < count && !lift.failed; i++)
        abi_value_load(&lift, element, lift.memory.base + from->ptr + (uint64_t)i * size,
                       &values[i]);
    *left = lift.budget;
    return abi_lift_end(&lift);
}

static spin_error_t *lower_elements(async_state_t *state, const wit_type_t *element,
                                    const async_buffer_t *to, uint32_t count, arena_t *arena,
                                    const spin_value_t *values) {
    const model_options_t *options = &state->model->model->module->options[to->options];
    const uint32_t size = signature_size(element, options->linked->memory64);
    spin_lower_t lower;
    abi_lower_begin(&lower, state->model->instance, arena, SPIN_ABI_CANONICAL);
    abi_lower_by(&lower, state->model, options, to->component);
    for (uint32_t i = 0; i < count; i++)
        abi_value_measure(&lower, element, &values[i]);
    spin_error_t *error = async_allocate(state, &lower);
    if (error != NULL)
        return error;
    abi_lower_write(&lower, model_memory(state->model, options, NULL));
    for (uint32_t i = 0; i < count && !lower.failed; i++)
        abi_value_store(&lower, element, &values[i],
                        lower.memory.base + to->ptr + (uint64_t)i * size);
    return abi_lower_end(&lower);
}

static bool is_plain(const wit_type_t *type) {
    return type->kind >= SPIN_TYPE_S8 && type->kind <= SPIN_TYPE_F64;
}

static void advance(const async_state_t *state, const wit_type_t *element, async_buffer_t *buffer,
                    uint32_t count) {
    const model_options_t *options = &state->model->model->module->options[buffer->options];
    buffer->progress += count;
    if (element != NULL)
        buffer->ptr += (uint64_t)count * signature_size(element, options->linked->memory64);
}

/* A piece at a time: a value takes more room here than in the guest. */
static spin_error_t *transfer_values(async_state_t *state, const wit_type_t *element,
                                     async_buffer_t *to, async_buffer_t *from, uint32_t count) {
    enum { PIECE = 1024 };
    spin_error_t *error = NULL;
    uint64_t budget = UINT64_MAX;
    arena_t arena = {0};
    while (count > 0 && error == NULL) {
        const uint32_t some = element != NULL && count > PIECE ? PIECE : count;
        spin_value_t *values = element == NULL ? NULL : arena_calloc(&arena, some, sizeof *values);
        if (element != NULL)
            error = values == NULL
                        ? error_no_memory()
                        : lift_elements(state, element, from, some, &arena, values, &budget);
        if (element != NULL && error == NULL)
            error = lower_elements(state, element, to, some, &arena, values);
        advance(state, element, from, some);
        advance(state, element, to, some);
        arena_clear(&arena);
        count -= some;
    }
    arena_deinit(&arena);
    return error;
}

spin_error_t *async_transfer(void *user, const wit_type_t *element, async_buffer_t *to,
                             async_buffer_t *from, uint32_t count) {
    async_state_t *state = user;
    if (element == NULL || !is_plain(element))
        return transfer_values(state, element, to, from, count);
    memmove(memory_of(state, to).base + to->ptr, memory_of(state, from).base + from->ptr,
            (size_t)count * element->layout.size);
    advance(state, element, from, count);
    advance(state, element, to, count);
    return NULL;
}
