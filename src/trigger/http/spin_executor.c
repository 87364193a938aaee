/* Runs components with the entry point of 2022, `handle-http-request` of wit/spin-http.wit. */
#include "base/error.h"
#include "engine/instance.h"
#include "trigger/http/executor.h"
#include "trigger/http/spin_request.h"
#include "trigger/http/spin_response.h"

typedef struct spin_call {
    http_call_t base;
    guest_http_request_t request;
} spin_call_t;

static spin_error_t *check(http_component_t *component, spin_execution_context_t *context) {
    spin_error_t *error =
        spin_abi_check(context, component->id, &guest_http_handle_http_request_export);
    if (error != NULL && engine_context_has_model(context, component->id))
        error = error_wrap(error, "this component of the component model is not made for this "
                                  "trigger, which calls one function");
    else if (error != NULL && spin_error_kind(error) == SPIN_ERROR_NOT_FOUND)
        error = error_wrap(error, "it can't be called: is it meant for the Wagi executor?");
    return error;
}

static void on_response(spin_instance_t *instance, spin_error_t *error,
                        const guest_http_response_t *response, void *user) {
    spin_call_t *call = user;
    http_reply_t reply;
    (void)instance;
    if (error == NULL)
        error = http_reply_init(&reply, call->base.exchange->arena, response);
    if (error != NULL)
        http_call_fail(&call->base, error);
    else
        http_call_reply(&call->base, reply.status, reply.headers, reply.headers_len, reply.body);
}

/* Guests of Spin 0.1 have the path only: the query is in `params`. */
static spin_slice_t uri_of(const net_exchange_t *exchange, spin_instance_t *instance) {
    spin_slice_t uri = exchange->path;
    if (spin_abi_of(instance) != SPIN_ABI_2022_SLOTS && exchange->query.ptr != NULL)
        uri.len += 1 + exchange->query.len; /* it stands right behind the path */
    return uri;
}

static spin_error_t *enter(spin_call_t *call, spin_instance_t *instance) {
    const net_exchange_t *exchange = call->base.exchange;
    net_header_t extra[HTTP_DEFAULT_COUNT];
    for (size_t i = 0; i < HTTP_DEFAULT_COUNT; i++)
        extra[i] = (net_header_t){http_default_names[i].header, call->base.defaults[i]};
    spin_error_t *error = http_request_init(&call->request, exchange, uri_of(exchange, instance),
                                            extra, HTTP_DEFAULT_COUNT);
    if (error == NULL)
        error = guest_http_handle_http_request_start(instance, &call->request, on_response, call);
    return error;
}

static void on_ready(spin_instance_t *instance, spin_error_t *error, void *user) {
    spin_call_t *call = user;
    if (error == NULL)
        error = enter(call, instance);
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
    spin_call_t *call = (spin_call_t *)(void *)request;
    if (!http_method_parse(request->exchange->method, &call->request.method)) {
        static const net_header_t allow = {
            SLICE_INIT("allow"), SLICE_INIT("GET, POST, PUT, DELETE, PATCH, HEAD, OPTIONS")};
        http_call_reply(request, 405, &allow, 1, (spin_slice_t){NULL, 0});
        return NULL;
    }
    return spin_execution_context_start_component(http_call_context(request),
                                                  request->component->id, &options, on_ready,
                                                  request, &request->instance);
}

const http_executor_t http_spin_executor = {
    .request_size = sizeof(spin_call_t),
    .check = check,
    .start = start,
};
