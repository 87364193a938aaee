/* Built-ins of streams and futures (CanonicalABI.md, "`canon {stream,future}.…`"). */
#include "base/error.h"
#include "engine/async/state.h"

static const uint32_t blocked = UINT32_MAX;

static uint32_t arg(const async_builtin_call_t *call, size_t index) {
    return (uint32_t)call->args[index];
}

static spin_error_t *end_of(const async_builtin_call_t *call, bool is_writable, async_end_t **out) {
    return async_end_of(call->state, call->builtin->component, call->builtin->type, arg(call, 0),
                        is_writable, out);
}

/* ── new ── */

static spin_error_t *add(const async_builtin_call_t *call, async_end_t *end) {
    model_instance_t *model = call->state->model;
    const handle_t entry = {.kind = HANDLE_END, .of.other = end};
    return handle_table_add(model_table(model, call->builtin->component), model->arena, entry,
                            &end->waitable.handle);
}

static spin_error_t *on_new(async_builtin_call_t *call) {
    const wit_type_t *type = call->builtin->type;
    async_end_t *readable, *writable;
    if (!async_ends_new(type->parts_len > 0 ? type->parts[0].ref.type : NULL,
                        type->kind == SPIN_TYPE_FUTURE, &readable, &writable))
        return error_no_memory();
    spin_error_t *error = add(call, readable);
    if (error != NULL) {
        async_end_free(readable);
        async_end_free(writable);
        return error;
    }
    error = add(call, writable);
    if (error != NULL) {
        async_end_free(writable);
        return error;
    }
    call->results[0] =
        abi_val('I', readable->waitable.handle | (uint64_t)writable->waitable.handle << 32);
    return NULL;
}

/* ── read and write ── */

/* Without any option it is synchronous. */
static bool is_async_of(const async_builtin_call_t *call) {
    const uint32_t options = call->builtin->options;
    return options != LINKED_NONE && call->model->module->options[options].linked->is_async;
}

static async_waiters_t *hold(const async_thread_t *thread) {
    async_waitable_t *waitable = thread->waits_for;
    return waitable->has_event ? NULL : &waitable->waiters;
}

static spin_error_t *answer(async_builtin_call_t *call, async_waitable_t *waitable) {
    waitable->has_sync_waiter = false;
    const wasmtime_val_t value =
        abi_val(signature_of_builtin(call->model->module->linked, call->builtin).results[0],
                async_waitable_take(waitable).payload);
    call->results[0] = value;
    return NULL;
}

/* The event, if it is there; else the guest waits for it or is told that there is none yet. */
static spin_error_t *answer_or_wait(async_builtin_call_t *call, async_end_t *end, bool is_async) {
    if (end->waitable.has_event)
        return answer(call, &end->waitable);
    if (is_async) {
        call->results[0] = abi_val(
            signature_of_builtin(call->model->module->linked, call->builtin).results[0], blocked);
        return NULL;
    }
    end->waitable.has_sync_waiter = true;
    return async_builtin_block(call, hold, &end->waitable, false);
}

static spin_error_t *check_idle(const async_end_t *end, bool is_async) {
    static const char *const done[2][2] = {
        {"cannot read after being notified that the writable end dropped",
         "cannot read from future after previous read succeeded"},
        {"cannot write after being notified that the readable end dropped",
         "cannot write to future after previous write succeeded or readable end dropped"}};
    if (end->state == ASYNC_END_DONE)
        return error_new(SPIN_ERROR_TRAP, "%s",
                         done[end->is_writable][end->result == ASYNC_COPY_COMPLETED]);
    if (end->state != ASYNC_END_IDLE)
        return error_new(SPIN_ERROR_TRAP,
                         "cannot have concurrent operations active on a future/stream");
    if (end->waitable.set != NULL && !is_async)
        return error_new(SPIN_ERROR_TRAP,
                         "waitable cannot be used synchronously while added to a waitable set");
    return NULL;
}

static spin_error_t *set_buffer(const async_builtin_call_t *call, async_end_t *end) {
    const linked_builtin_t *builtin = call->builtin;
    const wit_type_t *element = end->shared->element;
    const uint64_t length = end->shared->is_future ? 1 : call->args[2];
    if (length > ASYNC_MAX_LENGTH)
        return error_new(SPIN_ERROR_TRAP, "stream read/write count too large: %llu",
                         (unsigned long long)length);
    end->buffer = (async_buffer_t){.ptr = call->args[1],
                                   .length = (uint32_t)length,
                                   .component = builtin->component,
                                   .options = builtin->options};
    if (element == NULL || length == 0)
        return NULL;
    const model_options_t *options = &call->model->module->options[builtin->options];
    const bool memory64 = options->linked->memory64;
    const abi_memory_t memory = model_memory(call->state->model, options, NULL);
    const uint64_t size = length * signature_size(element, memory64);
    if ((call->args[1] & (signature_align(element, memory64) - 1)) != 0)
        return error_new(SPIN_ERROR_TRAP, "%s pointer not aligned",
                         end->is_writable ? "write" : "read");
    if (call->args[1] > memory.len || size > memory.len - call->args[1])
        return error_new(SPIN_ERROR_TRAP, "%s pointer out of bounds of memory",
                         end->is_writable ? "write" : "read");
    return NULL;
}

static spin_error_t *copy(async_builtin_call_t *call, bool is_writable) {
    const bool is_async = is_async_of(call);
    async_end_t *end;
    if (call->again)
        return answer(call, call->subject);
    if (!is_async && !async_may_block(call->state))
        return async_cannot_block();
    spin_error_t *error = end_of(call, is_writable, &end);
    if (error == NULL)
        error = check_idle(end, is_async);
    if (error == NULL)
        error = set_buffer(call, end);
    if (error == NULL)
        error = async_end_copy(end, async_transfer, call->state);
    return error == NULL ? answer_or_wait(call, end, is_async) : error;
}

static spin_error_t *on_read(async_builtin_call_t *call) {
    return copy(call, false);
}

static spin_error_t *on_write(async_builtin_call_t *call) {
    return copy(call, true);
}

/* ── cancel ── */

static spin_error_t *cancel(async_builtin_call_t *call, bool is_writable) {
    async_end_t *end;
    if (call->again)
        return answer(call, call->subject);
    if (!call->builtin->is_async && !async_may_block(call->state))
        return async_cannot_block();
    spin_error_t *error = end_of(call, is_writable, &end);
    if (error != NULL)
        return error;
    if (end->state != ASYNC_END_COPYING || end->waitable.has_sync_waiter)
        return error_new(SPIN_ERROR_TRAP, "%s cancelled when no %s is pending",
                         end->shared->is_future ? "future" : "stream",
                         is_writable ? "write" : "read");
    if (end->waitable.set != NULL && !call->builtin->is_async)
        return error_new(SPIN_ERROR_TRAP,
                         "waitable cannot be used synchronously while added to a waitable set");
    end->state = ASYNC_END_CANCELLING;
    if (!end->waitable.has_event)
        async_end_cancel(end);
    return answer_or_wait(call, end, call->builtin->is_async);
}

static spin_error_t *on_cancel_read(async_builtin_call_t *call) {
    return cancel(call, false);
}

static spin_error_t *on_cancel_write(async_builtin_call_t *call) {
    return cancel(call, true);
}

/* ── drop ── */

static spin_error_t *drop(async_builtin_call_t *call, bool is_writable) {
    async_end_t *end;
    spin_error_t *error = end_of(call, is_writable, &end);
    if (error == NULL)
        error = async_end_drop(end);
    if (error != NULL)
        return error;
    handle_table_remove(model_table(call->state->model, call->builtin->component), arg(call, 0));
    async_end_free(end);
    return NULL;
}

static spin_error_t *on_drop_readable(async_builtin_call_t *call) {
    return drop(call, false);
}

static spin_error_t *on_drop_writable(async_builtin_call_t *call) {
    return drop(call, true);
}

/* ── the table ── */

static const struct {
    ast_canon_kind_t kind;
    async_builtin_fn function;
} builtins[] = {
    {AST_CANON_STREAM_NEW, on_new},
    {AST_CANON_STREAM_READ, on_read},
    {AST_CANON_STREAM_WRITE, on_write},
    {AST_CANON_STREAM_CANCEL_READ, on_cancel_read},
    {AST_CANON_STREAM_CANCEL_WRITE, on_cancel_write},
    {AST_CANON_STREAM_DROP_READABLE, on_drop_readable},
    {AST_CANON_STREAM_DROP_WRITABLE, on_drop_writable},
    {AST_CANON_FUTURE_NEW, on_new},
    {AST_CANON_FUTURE_READ, on_read},
    {AST_CANON_FUTURE_WRITE, on_write},
    {AST_CANON_FUTURE_CANCEL_READ, on_cancel_read},
    {AST_CANON_FUTURE_CANCEL_WRITE, on_cancel_write},
    {AST_CANON_FUTURE_DROP_READABLE, on_drop_readable},
    {AST_CANON_FUTURE_DROP_WRITABLE, on_drop_writable},
};

async_builtin_fn async_stream_builtin_find(ast_canon_kind_t kind) {
    for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++)
        if (builtins[i].kind == kind)
            return builtins[i].function;
    return NULL;
}
