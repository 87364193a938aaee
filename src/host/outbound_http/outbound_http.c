#include "host/outbound_http/outbound_http.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "engine/instance.h"
#include "guest_outbound_http.h"
#include "host/outbound_http/allowed_hosts.h"
#include "net/http_client.h"

typedef guest_outbound_http_result_response_http_error_t result_t;
typedef guest_outbound_http_tuple2_string_string_t pair_t;

/* What the instances of a component share. */
typedef struct permissions {
    allowed_hosts_t allowed;
    spin_slice_t component;
} permissions_t;

/* What all contexts of an engine share. */
typedef struct outbound {
    uv_loop_t *loop;
    net_http_client_t *client; /* NULL: no guest has sent a request yet */
} outbound_t;

/* What an instance has: a guest makes one call at a time. */
typedef struct outbound_state {
    net_http_call_t *call; /* its answer is the guest's until it asks again, or ends */
    spin_host_call_t *waiting;
    result_t *ret;
    const permissions_t *permissions;
    bool denied; /* where a redirect leads to */
} outbound_state_t;

/* ── engine and components ── */

static spin_error_t *engine_init(spin_engine_t *engine, void **shared) {
    outbound_t *outbound = mem_calloc(1, sizeof *outbound);
    if (outbound == NULL)
        return error_no_memory();
    outbound->loop = spin_engine_loop(engine);
    *shared = outbound;
    return NULL;
}

static void engine_deinit(void *shared) {
    outbound_t *outbound = shared;
    net_http_client_free(outbound->client);
    mem_free(outbound);
}

static void component_deinit(void *shared) {
    permissions_t *permissions = shared;
    allowed_hosts_deinit(&permissions->allowed);
    mem_free(permissions);
}

/* The manifest has been checked. What passes there and is still no host of any request, such as
 * "*.example.com", allows nothing: the original took it too. */
static spin_error_t *add_entry(permissions_t *permissions, spin_slice_t entry) {
    spin_error_t *error = allowed_hosts_add(&permissions->allowed, entry);
    if (error == NULL || spin_error_kind(error) == SPIN_ERROR_NO_MEMORY)
        return error;
    LOG_WARN("an entry of allowed_http_hosts allows nothing",
             LOG_SLICE("component", permissions->component), LOG_SLICE("entry", entry),
             LOG_ERR("error", error));
    spin_error_free(error);
    return NULL;
}

static spin_error_t *component_init(const engine_component_settings_t *settings, void **shared) {
    spin_text_list_t entries = spin_component_allowed_http_hosts(settings->component);
    permissions_t *permissions = mem_calloc(1, sizeof *permissions);
    if (permissions == NULL)
        return error_no_memory();
    permissions->component = spin_component_id(settings->component);
    spin_error_t *error = NULL;
    for (size_t i = 0; error == NULL && i < entries.len; i++)
        error = add_entry(permissions, entries.items[i]);
    if (error == NULL)
        *shared = permissions;
    else
        component_deinit(permissions);
    return error;
}

/* ── answers ── */

static spin_error_t *refuse(result_t *ret, guest_outbound_http_http_error_t error) {
    *ret = (result_t){.is_error = true, .of.error = error};
    return NULL;
}

/* What the guest isn't told. Takes `error`. */
static void log_failure(const permissions_t *permissions, spin_error_t *error) {
    LOG_WARN("an outbound HTTP request failed", LOG_SLICE("component", permissions->component),
             LOG_ERR("error", error));
    spin_error_free(error);
}

static void log_denied(const permissions_t *permissions, const net_url_t *url) {
    char *shown = net_url_shown(url, false), *entry = allowed_hosts_entry_for(url);
    LOG_WARN("an outbound HTTP request is not allowed: add its host to the component's "
             "allowed_http_hosts in the manifest if it should be",
             LOG_SLICE("component", permissions->component), LOG_TEXT("url", shown),
             LOG_TEXT("host", entry));
    mem_free(shown);
    mem_free(entry);
}

static spin_error_t *take_headers(spin_host_call_t *call, const net_http_answer_t *answer,
                                  guest_outbound_http_response_t *response) {
    pair_t *pairs = spin_host_call_alloc(call, answer->headers_len * sizeof *pairs);
    if (pairs == NULL)
        return error_no_memory();
    for (size_t i = 0; i < answer->headers_len; i++) {
        const net_header_t *header = &answer->headers[i];
        if (!slice_is_utf8(header->value, NULL) || !slice_is_utf8(header->name, NULL))
            return error_new(SPIN_ERROR_INVALID, "the response's header \"%.*s\" is not UTF-8",
                             SLICE_ARG(header->name));
        pairs[i] = (pair_t){header->name, header->value};
    }
    response->headers.is_some = true;
    response->headers.value.items = pairs;
    response->headers.value.len = answer->headers_len;
    return NULL;
}

/* Takes `error`. */
static void fail(outbound_state_t *state, bool in_body, spin_error_t *error) {
    guest_outbound_http_http_error_t answered = GUEST_OUTBOUND_HTTP_HTTP_ERROR_RUNTIME_ERROR;
    if (state->denied)
        answered = GUEST_OUTBOUND_HTTP_HTTP_ERROR_DESTINATION_NOT_ALLOWED;
    else if (in_body)
        answered = GUEST_OUTBOUND_HTTP_HTTP_ERROR_REQUEST_ERROR;
    if (state->denied) /* said before */
        spin_error_free(error);
    else
        log_failure(state->permissions, error);
    refuse(state->ret, answered);
}

static spin_error_t *succeed(outbound_state_t *state, const net_http_answer_t *answer) {
    guest_outbound_http_response_t response = {.status = (uint16_t)answer->status};
    response.body.is_some = true;
    response.body.value = answer->body; /* lives as long as state->call */
    spin_error_t *error = take_headers(state->waiting, answer, &response);
    if (error == NULL)
        *state->ret = (result_t){.of.ok = response};
    return error;
}

static void on_done(const net_http_answer_t *answer, spin_error_t *error, void *user) {
    outbound_state_t *state = user;
    spin_host_call_t *waiting = state->waiting;
    bool in_body = error != NULL && answer->status != 0;
    if (error == NULL)
        error = succeed(state, answer);
    if (error != NULL && spin_error_kind(error) != SPIN_ERROR_NO_MEMORY) {
        fail(state, in_body, error);
        error = NULL;
    }
    state->waiting = NULL;
    spin_host_call_done(waiting, error);
}

static spin_error_t *on_redirect(const net_url_t *to, void *user) {
    outbound_state_t *state = user;
    if (allowed_hosts_have(&state->permissions->allowed, to))
        return NULL;
    log_denied(state->permissions, to);
    state->denied = true;
    return error_new(SPIN_ERROR_DENIED, "the redirect leads to a host that is not allowed");
}

/* ── requests ── */

static void on_cancel(spin_host_call_t *call, void *data) {
    outbound_state_t *state = data;
    (void)call;
    state->waiting = NULL;
    net_http_call_free(state->call);
    state->call = NULL;
}

/* What is wrong with an address. Takes `error`. */
static spin_error_t *refuse_url(const permissions_t *permissions, spin_error_t *error,
                                result_t *ret) {
    spin_error_kind_t kind = spin_error_kind(error);
    if (kind == SPIN_ERROR_NO_MEMORY)
        return error;
    log_failure(permissions, error_wrap(error, "the URL"));
    return refuse(ret, kind == SPIN_ERROR_UNSUPPORTED
                           ? GUEST_OUTBOUND_HTTP_HTTP_ERROR_DESTINATION_NOT_ALLOWED
                           : GUEST_OUTBOUND_HTTP_HTTP_ERROR_INVALID_URL);
}

static spin_error_t *start(spin_host_call_t *call, outbound_state_t *state, const net_url_t *url,
                           const guest_outbound_http_request_t *request) {
    static const char *const methods[] = {"GET",   "POST", "PUT",    "DELETE",
                                          "PATCH", "HEAD", "OPTIONS"};
    outbound_t *outbound =
        engine_host_shared(spin_host_call_instance(call), ENGINE_HOST_OUTBOUND_HTTP);
    const guest_outbound_http_list_tuple2_string_string_t *given = &request->headers;
    spin_error_t *error = NULL;
    if (outbound->client == NULL)
        error = net_http_client_new(outbound->loop, NULL, &outbound->client);
    if (error != NULL)
        return error;
    net_header_t *headers = spin_host_call_alloc(call, given->len * sizeof *headers);
    if (headers == NULL)
        return error_no_memory();
    for (size_t i = 0; i < given->len; i++)
        headers[i] = (net_header_t){given->items[i].f0, given->items[i].f1};
    const net_http_ask_t ask = {
        .method = methods[request->method],
        .url = url,
        .headers = headers,
        .headers_len = given->len,
        .body = request->body.is_some ? request->body.value : (spin_slice_t){NULL, 0},
        .follow = on_redirect,
    };
    return net_http_call_start(outbound->client, &ask, on_done, state, &state->call);
}

static spin_error_t *send_request(spin_host_call_t *call,
                                  const guest_outbound_http_request_t *request,
                                  const net_url_t *url, result_t *ret) {
    spin_instance_t *instance = spin_host_call_instance(call);
    outbound_state_t *state = engine_instance_state(instance, ENGINE_HOST_OUTBOUND_HTTP);
    net_http_call_free(state->call);
    *state = (outbound_state_t){.waiting = call,
                                .ret = ret,
                                .permissions =
                                    engine_instance_shared(instance, ENGINE_HOST_OUTBOUND_HTTP)};
    if (request->params.len > 0) /* as in the original, which has never sent them */
        LOG_DEBUG("the params of an outbound HTTP request are not sent: they belong into its URL",
                  LOG_SLICE("component", state->permissions->component));
    spin_error_t *error = start(call, state, url, request);
    if (error == NULL) {
        spin_host_call_wait(call, on_cancel, state);
        return NULL;
    }
    if (spin_error_kind(error) == SPIN_ERROR_NO_MEMORY)
        return error;
    log_failure(state->permissions, error);
    return refuse(ret, GUEST_OUTBOUND_HTTP_HTTP_ERROR_RUNTIME_ERROR);
}

static spin_error_t *request(spin_host_call_t *call, const guest_outbound_http_request_t *req,
                             result_t *ret) {
    const permissions_t *permissions =
        engine_instance_shared(spin_host_call_instance(call), ENGINE_HOST_OUTBOUND_HTTP);
    net_url_t url;
    spin_error_t *error = net_url_parse(req->uri, &url);
    if (error != NULL)
        return refuse_url(permissions, error, ret);
    if (allowed_hosts_have(&permissions->allowed, &url)) {
        error = send_request(call, req, &url, ret);
    } else {
        log_denied(permissions, &url);
        refuse(ret, GUEST_OUTBOUND_HTTP_HTTP_ERROR_DESTINATION_NOT_ALLOWED);
    }
    net_url_deinit(&url);
    return error;
}

static const guest_outbound_http_ops_t operations = {.size = sizeof operations, .request = request};

static spin_error_t *define(spin_engine_builder_t *builder) {
    return guest_outbound_http_link(builder, &operations, NULL);
}

static void instance_deinit(spin_instance_t *instance, void *state) {
    (void)instance;
    net_http_call_free(((outbound_state_t *)state)->call);
}

const engine_host_t outbound_http_host = {
    .id = ENGINE_HOST_OUTBOUND_HTTP,
    .name = "wasi-outbound-http",
    .state_size = sizeof(outbound_state_t),
    .engine_init = engine_init,
    .engine_deinit = engine_deinit,
    .define = define,
    .component_init = component_init,
    .component_deinit = component_deinit,
    .instance_deinit = instance_deinit,
};
