/* Runs WASI commands as CGI programs: the request in variables, arguments and stdin, the response
 * from stdout. A small response goes out in one piece when the guest is done, a larger one is
 * streamed while it runs. */
#include "base/error.h"
#include "engine/instance.h"
#include "trigger/http/executor.h"
#include "trigger/http/wagi_env.h"
#include "trigger/http/wagi_response.h"

enum {
    FIRST_CAP = 512,
    STREAM_FROM = 16 * 1024, /* bytes of output before streaming begins */
};

typedef struct wagi_call {
    http_call_t base;
    wagi_env_t env;  /* made once, however often a request in line is tried */
    uint8_t *output; /* in the exchange's arena; no more is collected once streaming has begun */
    size_t output_len;
    size_t output_cap;
    size_t scanned;
    size_t body_at; /* 0: the headers are not complete */
    wagi_response_t response;
    spin_error_t *failure; /* of its output; told when the guest has ended */
} wagi_call_t;

/* ── output ── */

static bool collect(wagi_call_t *call, spin_slice_t bytes) {
    size_t len = call->output_len + bytes.len;
    if (len > call->output_cap) {
        size_t cap = call->output_cap == 0 ? FIRST_CAP : call->output_cap;
        while (cap < len)
            cap *= 2;
        uint8_t *grown = arena_alloc_bytes(call->base.exchange->arena, cap);
        if (grown == NULL)
            return false;
        if (call->output_len > 0)
            memcpy(grown, call->output, call->output_len);
        call->output = grown;
        call->output_cap = cap;
    }
    if (bytes.len > 0)
        memcpy(call->output + call->output_len, bytes.ptr, bytes.len);
    call->output_len = len;
    return true;
}

static spin_error_t *parse_head(wagi_call_t *call) {
    return wagi_response_parse(&call->response, call->base.exchange->arena,
                               spin_slice_of(call->output, call->body_at));
}

static void write_on(wagi_call_t *call, spin_slice_t bytes) {
    if (bytes.len > 0 && !net_response_write(call->base.exchange, bytes))
        engine_instance_pause(call->base.instance);
}

static spin_error_t *begin_stream(wagi_call_t *call) {
    spin_error_t *error = parse_head(call);
    if (error != NULL)
        return error;
    http_call_start_stream(&call->base, call->response.status, call->response.headers,
                           call->response.headers_len);
    write_on(call, slice_from(spin_slice_of(call->output, call->output_len), call->body_at));
    return NULL;
}

static bool take_output(spin_slice_t bytes, void *user) {
    wagi_call_t *call = user;
    if (call->base.streaming) {
        write_on(call, bytes);
        return true;
    }
    if (call->failure != NULL)
        return false;
    if (!collect(call, bytes)) {
        call->failure = error_no_memory();
        return false;
    }
    if (call->body_at == 0)
        call->body_at =
            wagi_response_body_at(spin_slice_of(call->output, call->output_len), &call->scanned);
    if (call->body_at == 0 && call->output_len > WAGI_MAX_HEAD)
        call->failure = wagi_response_too_large();
    else if (call->body_at != 0 && call->output_len > STREAM_FROM)
        call->failure = begin_stream(call);
    return call->failure == NULL;
}

/* ── the end ── */

static spin_error_t *check_output(wagi_call_t *call) {
    if (call->failure != NULL)
        return call->failure;
    if (call->output_len == 0)
        return error_new(SPIN_ERROR_INVALID,
                         "it wrote nothing to stdout: is it meant for the Wagi executor?");
    if (call->body_at == 0)
        return error_new(SPIN_ERROR_INVALID, "no empty line ends the headers in its output");
    return parse_head(call);
}

static void on_done(spin_instance_t *instance, spin_error_t *error, void *user) {
    wagi_call_t *call = user;
    (void)instance;
    if (call->base.streaming) {
        http_call_end_stream(&call->base, call->response.status, error);
        return;
    }
    if (call->failure != NULL || error == NULL) {
        spin_error_free(error); /* it comes of the failure */
        error = check_output(call);
    }
    if (error != NULL) {
        http_call_fail(&call->base, error);
        return;
    }
    http_call_free_instance(&call->base);
    http_call_reply(&call->base, call->response.status, call->response.headers,
                    call->response.headers_len,
                    slice_from(spin_slice_of(call->output, call->output_len), call->body_at));
}

/* ── the start ── */

static void on_ready(spin_instance_t *instance, spin_error_t *error, void *user) {
    wagi_call_t *call = user;
    wasmtime_func_t func;
    if (error == NULL)
        error = spin_instance_function(instance, call->base.component->entrypoint, &func);
    if (error == NULL)
        error = spin_instance_start(instance, &func, NULL, 0, NULL, 0, on_done, call);
    if (error != NULL)
        on_done(instance, error, user);
}

static spin_error_t *check(http_component_t *component, spin_execution_context_t *context) {
    wasm_exporttype_vec_t exports;
    bool found = false;
    if (engine_context_has_model(context, component->id))
        return error_new(SPIN_ERROR_UNSUPPORTED,
                         "the Wagi executor runs core modules that export \"%.*s\", and this is a "
                         "component of the component model: build it as a core module",
                         SLICE_ARG(component->entrypoint));
    wasmtime_module_exports(spin_execution_context_module(context, component->id), &exports);
    for (size_t i = 0; i < exports.size && !found; i++) {
        const wasm_name_t *name = wasm_exporttype_name(exports.data[i]);
        found = slice_equal(spin_slice_of(name->data, name->size), component->entrypoint) &&
                wasm_externtype_kind(wasm_exporttype_type(exports.data[i])) == WASM_EXTERN_FUNC;
    }
    wasm_exporttype_vec_delete(&exports);
    if (found)
        return NULL;
    return error_new(SPIN_ERROR_INVALID,
                     "it does not export \"%.*s\": is it meant for the Spin executor?",
                     SLICE_ARG(component->entrypoint));
}

static spin_error_t *start(http_call_t *request) {
    wagi_call_t *call = (wagi_call_t *)(void *)request;
    wagi_env_t *env = &call->env;
    spin_error_t *error = NULL;
    if (env->variables == NULL)
        error = wagi_env_init(env, request->exchange, &request->component->route, request->defaults,
                              request->component->argv);
    if (error != NULL)
        return error;
    const spin_prepare_options_t options = {
        .size = sizeof options,
        .args = env->args,
        .args_len = env->args_len,
        .environment = env->variables,
        .environment_len = env->variables_len,
        .in = {.kind = SPIN_REDIRECT_BYTES, .bytes = request->exchange->body},
        .out = {.kind = SPIN_REDIRECT_SINK, .sink = take_output, .user = request},
        .err = {.kind = SPIN_REDIRECT_SINK, .sink = http_call_take_err, .user = request},
        .user = request,
    };
    return spin_execution_context_start_component(http_call_context(request),
                                                  request->component->id, &options, on_ready,
                                                  request, &request->instance);
}

static void writable(http_call_t *request) {
    if (request->instance != NULL)
        engine_instance_resume(request->instance);
}

static void gone(http_call_t *request) {
    wagi_call_t *call = (wagi_call_t *)(void *)request;
    spin_error_free(call->failure);
}

const http_executor_t http_wagi_executor = {
    .request_size = sizeof(wagi_call_t),
    .check = check,
    .start = start,
    .writable = writable,
    .gone = gone,
};
