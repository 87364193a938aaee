/* Runs components with the entry point of 2022, see docs/abi-2022.md. */
#include "trigger/http/spin_executor.h"

#include "base/error.h"
#include "component/legacy.h"
#include "engine/builder.h"
#include "engine/instance.h"
#include "trigger/http/executor.h"
#include "trigger/http/spin_request.h"
#include "trigger/http/spin_response.h"

/* How a component is entered: by one of the helpers that the engine adds, or without one. */
struct http_entry {
    spin_slice_t name;
    legacy_layout_t layout;
    bool is_plain;
};

static const http_entry_t entries[] = {
    {SLICE_INIT(LEGACY_HTTP_EXPORT "@canonical"), LEGACY_LAYOUT_CANONICAL, false},
    {SLICE_INIT(LEGACY_HTTP_EXPORT "@slots"), LEGACY_LAYOUT_SLOTS, false},
    {SLICE_INIT(LEGACY_HTTP_EXPORT "@unknown"), LEGACY_LAYOUT_UNKNOWN, false},
    {SLICE_INIT("handle-http-request"), LEGACY_LAYOUT_UNKNOWN, true},
};

typedef struct spin_call {
    http_call_t base;
    const http_entry_t *entry;
    http_lower_t lower; /* parts NULL: not there yet */
    wasmtime_val_t result;

    /* without a helper: one guest call for each part, then the entry point */
    wasmtime_func_t realloc;
    uint32_t at; /* the part that is allocated next */
    bool stepping;
    bool stepped; /* the call ended at once */
    spin_error_t *failure;
} spin_call_t;

static guest_memory_t memory_of(spin_instance_t *instance) {
    guest_memory_t memory;
    engine_instance_memory(instance, &memory.base, &memory.len);
    return memory;
}

/* ── the helper's imports ── */

typedef bool (*lower_step_fn)(const http_lower_t *lower, guest_memory_t memory, uint32_t table,
                              uint32_t count);

/* A guest may also import these by itself and call them at any time. */
static wasm_trap_t *run_step(wasmtime_caller_t *caller, const wasmtime_val_raw_t *args,
                             lower_step_fn step) {
    static const char message[] = "spin:legacy: called with a bad table, or out of turn";
    spin_instance_t *instance = spin_instance_from_store(wasmtime_caller_context(caller));
    const http_call_t *request = spin_instance_user(instance);
    bool is_ours = request != NULL && request->component->executor == &http_spin_executor;
    const spin_call_t *call = (const spin_call_t *)(const void *)request;
    if (is_ours && call->lower.parts != NULL &&
        step(&call->lower, memory_of(instance), (uint32_t)args[0].i32, (uint32_t)args[1].i32))
        return NULL;
    return wasmtime_trap_new(message, sizeof message - 1);
}

static wasm_trap_t *host_sizes(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *args,
                               size_t args_len) {
    (void)env, (void)args_len;
    return run_step(caller, args, http_lower_sizes);
}

static wasm_trap_t *host_fill(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *args,
                              size_t args_len) {
    (void)env, (void)args_len;
    return run_step(caller, args, http_lower_fill);
}

spin_error_t *http_legacy_define(spin_engine_builder_t *builder) {
    return engine_define_legacy(spin_engine_builder_linker(builder), host_sizes, host_fill);
}

/* ── the reply ── */

static void on_result(spin_instance_t *instance, spin_error_t *error, void *user) {
    spin_call_t *call = user;
    http_reply_t reply;
    if (error == NULL)
        error = http_reply_lift(&reply, call->base.exchange->arena, memory_of(instance),
                                (uint32_t)call->result.of.i32, call->entry->layout);
    if (error != NULL)
        http_call_fail(&call->base, error);
    else
        http_call_reply(&call->base, reply.status, reply.headers, reply.headers_len, reply.body);
}

/* ── without a helper ── */

static wasmtime_val_t val_i32(uint32_t value) {
    return (wasmtime_val_t){.kind = WASMTIME_I32, .of.i32 = (int32_t)value};
}

static spin_error_t *enter_plain(spin_call_t *call, const wasmtime_func_t *func) {
    uint32_t flat[LOWER_ARGS];
    wasmtime_val_t args[LOWER_ARGS];
    spin_instance_t *instance = call->base.instance;
    if (!http_lower_write(&call->lower, memory_of(instance), flat))
        return error_new(SPIN_ERROR_TRAP,
                         "its canonical_abi_realloc returned a pointer outside of its memory");
    for (size_t i = 0; i < LOWER_ARGS; i++)
        args[i] = val_i32(flat[i]);
    return spin_instance_start(instance, func, args, LOWER_ARGS, &call->result, 1, on_result, call);
}

static void run_plain(spin_call_t *call);

static void on_allocated(spin_instance_t *instance, spin_error_t *error, void *user) {
    spin_call_t *call = user;
    (void)instance;
    if (error != NULL)
        call->failure = error_wrap(error, "canonical_abi_realloc");
    else
        call->lower.pointers[call->at++] = (uint32_t)call->result.of.i32;
    if (call->stepping)
        call->stepped = true; /* the loop goes on: thousands of parts must not nest */
    else
        run_plain(call);
}

static void allocate(spin_call_t *call) {
    const wasmtime_val_t args[] = {val_i32(0), val_i32(0), val_i32(http_lower_align(call->at)),
                                   val_i32((uint32_t)call->lower.parts[call->at].len)};
    call->stepping = true;
    call->stepped = false;
    spin_error_t *error = spin_instance_start(call->base.instance, &call->realloc, args, 4,
                                              &call->result, 1, on_allocated, call);
    call->stepping = false;
    if (error != NULL)
        call->failure = error;
}

static void run_plain(spin_call_t *call) {
    wasmtime_func_t func;
    while (call->failure == NULL && call->at < call->lower.count) {
        allocate(call);
        if (call->failure == NULL && !call->stepped)
            return; /* on_allocated goes on */
    }
    spin_error_t *error = call->failure;
    if (error == NULL)
        error = spin_instance_function(call->base.instance, call->entry->name, &func);
    if (error == NULL)
        error = enter_plain(call, &func);
    if (error != NULL)
        http_call_fail(&call->base, error);
}

static spin_error_t *start_plain(spin_call_t *call) {
    spin_error_t *error = spin_instance_function(
        call->base.instance, SLICE_LITERAL("canonical_abi_realloc"), &call->realloc);
    if (error != NULL)
        return error;
    run_plain(call);
    return NULL;
}

/* ── with a helper ── */

static spin_error_t *start_helper(spin_call_t *call) {
    wasmtime_func_t func;
    spin_error_t *error = spin_instance_function(call->base.instance, call->entry->name, &func);
    if (error != NULL)
        return error;
    const wasmtime_val_t count = val_i32(call->lower.count);
    return spin_instance_start(call->base.instance, &func, &count, 1, &call->result, 1, on_result,
                               call);
}

/* ── from the start ── */

static spin_error_t *no_entry(void) {
    return error_new(SPIN_ERROR_INVALID,
                     "it does not export \"handle-http-request\": is it meant for the Wagi "
                     "executor?");
}

static spin_error_t *check(http_component_t *component, const wasm_exporttype_vec_t *exports) {
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        if (http_exports_function(exports, entries[i].name)) {
            component->entry = &entries[i];
            return NULL;
        }
    return no_entry();
}

static spin_error_t *lower(spin_call_t *call) {
    const net_exchange_t *exchange = call->base.exchange;
    net_header_t extra[HTTP_DEFAULT_COUNT];
    for (size_t i = 0; i < HTTP_DEFAULT_COUNT; i++)
        extra[i] = (net_header_t){http_default_names[i].header, call->base.defaults[i]};
    bool path_only = call->entry->layout == LEGACY_LAYOUT_SLOTS;
    spin_slice_t uri = exchange->path;
    if (!path_only && exchange->query.ptr != NULL) /* it stands right behind the path */
        uri.len += 1 + exchange->query.len;
    return http_lower_init(&call->lower, exchange, uri, extra, HTTP_DEFAULT_COUNT);
}

static void on_ready(spin_instance_t *instance, spin_error_t *error, void *user) {
    spin_call_t *call = user;
    (void)instance;
    call->entry = call->base.component->entry;
    if (error == NULL)
        error = lower(call);
    if (error == NULL)
        error = call->entry->is_plain ? start_plain(call) : start_helper(call);
    if (error != NULL)
        http_call_fail(&call->base, error);
}

static spin_error_t *start(http_call_t *request) {
    const spin_prepare_options_t options = {
        .size = sizeof options,
        .out = {.kind = SPIN_REDIRECT_SINK, .sink = http_call_take_out, .user = request},
        .err = {.kind = SPIN_REDIRECT_SINK, .sink = http_call_take_err, .user = request},
        .user = request,
    };
    if (http_method_parse(request->exchange->method) == HTTP_METHOD_OTHER) {
        static const net_header_t allow = {
            SLICE_INIT("allow"), SLICE_INIT("GET, POST, PUT, DELETE, PATCH, HEAD, OPTIONS")};
        http_call_reply(request, 405, &allow, 1, (spin_slice_t){NULL, 0});
        return NULL;
    }
    if (request->component->entry == NULL)
        return no_entry();
    return spin_execution_context_start_component(http_call_context(request),
                                                  request->component->id, &options, on_ready,
                                                  request, &request->instance);
}

static void gone(http_call_t *request) {
    spin_call_t *call = (spin_call_t *)(void *)request;
    spin_error_free(call->failure);
}

const http_executor_t http_spin_executor = {
    .request_size = sizeof(spin_call_t),
    .check = check,
    .start = start,
    .gone = gone,
};
