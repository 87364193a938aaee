/* The guest's side of the imports of 2022, in both layouts: see docs/abi-2022.md. */
#include "spin_outbound.h"

#define IMPORT(module, name) __attribute__((import_module(module), import_name(name))) extern void

/* Values of a result lie in slots of eight bytes, or as the canonical ABI has them. */
#ifdef SPIN_LAYOUT_SLOTS
#define SLOT _Alignas(8)
typedef uint32_t case_t;
typedef uint32_t status_t;
#else
#define SLOT
typedef uint8_t case_t;
typedef uint16_t status_t;
#endif

/* Lists of headers lie in memory as spin_field_t has them. */
typedef struct http_result {
    SLOT case_t is_error;
    union {
        struct {
            SLOT status_t status;
            SLOT _Alignas(4) case_t has_headers;
            SLOT const spin_field_t *headers;
            SLOT size_t headers_len;
            SLOT _Alignas(4) case_t has_body;
            SLOT const char *body;
            SLOT size_t body_len;
        } ok;
        SLOT case_t error;
    };
} http_result_t;

typedef struct text {
    SLOT const char *ptr;
    SLOT size_t len;
} text_t;

typedef struct redis_result {
    SLOT case_t is_error;
    union {
        text_t text;
        SLOT int64_t number;
        SLOT case_t error;
    };
} redis_result_t;

/* Of those that have no number in them: it would move the rest. */
typedef struct redis_text_result {
    SLOT case_t is_error;
    union {
        text_t text;
        SLOT case_t error;
    };
} redis_text_result_t;

typedef struct config_result {
    SLOT case_t is_error;
    union {
        text_t ok;
        struct {
            SLOT case_t tag;
            text_t text;
        } error;
    };
} config_result_t;

#ifdef SPIN_LAYOUT_SLOTS
_Static_assert(offsetof(http_result_t, ok.body_len) == 56, "slots");
_Static_assert(offsetof(redis_result_t, number) == 8, "slots");
_Static_assert(offsetof(config_result_t, error.text) == 16, "slots");
#else
_Static_assert(offsetof(http_result_t, ok.body_len) == 28, "canonical");
_Static_assert(offsetof(redis_result_t, number) == 8, "canonical");
_Static_assert(offsetof(redis_text_result_t, text) == 4, "canonical");
_Static_assert(offsetof(config_result_t, error.text) == 8, "canonical");
#endif

/* ── HTTP ────────────────────────────────────────────────────────────────────────────────── */

IMPORT("wasi-outbound-http", "request")
import_request(uint32_t method, const char *url, size_t url_len, const spin_field_t *headers,
               size_t headers_len, const spin_field_t *params, size_t params_len, uint32_t has_body,
               const char *body, size_t body_len, http_result_t *result);

spin_http_error_t spin_outbound_send(const spin_outbound_request_t *request,
                                     spin_outbound_response_t *response) {
    http_result_t result;
    import_request(request->method, request->url.ptr, request->url.len, request->headers,
                   request->headers_len, NULL, 0, request->has_body, request->body.ptr,
                   request->body.len, &result);
    if (result.is_error)
        return (spin_http_error_t)result.error;
    response->status = (uint16_t)result.ok.status;
    response->headers = result.ok.headers;
    response->headers_len = result.ok.has_headers ? result.ok.headers_len : 0;
    response->body = (spin_str_t){result.ok.body, result.ok.has_body ? result.ok.body_len : 0};
    return SPIN_HTTP_OK;
}

spin_http_error_t spin_outbound_get(spin_str_t url, spin_outbound_response_t *response) {
    const spin_outbound_request_t request = {.method = SPIN_GET, .url = url};
    return spin_outbound_send(&request, response);
}

spin_str_t spin_outbound_header(const spin_outbound_response_t *response, spin_str_t name) {
    for (size_t i = 0; i < response->headers_len; i++)
        if (spin_str_equal(response->headers[i].name, name))
            return response->headers[i].value;
    return (spin_str_t){NULL, 0};
}

/* ── Redis ───────────────────────────────────────────────────────────────────────────────── */

IMPORT("outbound-redis", "get")
import_get(const char *address, size_t address_len, const char *key, size_t key_len,
           redis_text_result_t *result);
IMPORT("outbound-redis", "set")
import_set(const char *address, size_t address_len, const char *key, size_t key_len,
           const char *value, size_t value_len, redis_text_result_t *result);
IMPORT("outbound-redis", "incr")
import_incr(const char *address, size_t address_len, const char *key, size_t key_len,
            redis_result_t *result);
IMPORT("outbound-redis", "publish")
import_publish(const char *address, size_t address_len, const char *channel, size_t channel_len,
               const char *payload, size_t payload_len, redis_text_result_t *result);

bool spin_redis_get(spin_str_t address, spin_str_t key, spin_str_t *value) {
    redis_text_result_t result;
    import_get(address.ptr, address.len, key.ptr, key.len, &result);
    if (!result.is_error)
        *value = (spin_str_t){result.text.ptr, result.text.len};
    return !result.is_error;
}

bool spin_redis_set(spin_str_t address, spin_str_t key, spin_str_t value) {
    redis_text_result_t result;
    import_set(address.ptr, address.len, key.ptr, key.len, value.ptr, value.len, &result);
    return !result.is_error;
}

bool spin_redis_incr(spin_str_t address, spin_str_t key, int64_t *sum) {
    redis_result_t result;
    import_incr(address.ptr, address.len, key.ptr, key.len, &result);
    if (!result.is_error)
        *sum = result.number;
    return !result.is_error;
}

bool spin_redis_publish(spin_str_t address, spin_str_t channel, spin_str_t payload) {
    redis_text_result_t result;
    import_publish(address.ptr, address.len, channel.ptr, channel.len, payload.ptr, payload.len,
                   &result);
    return !result.is_error;
}

/* ── configuration ───────────────────────────────────────────────────────────────────────── */

IMPORT("spin-config", "get-config")
import_get_config(const char *key, size_t key_len, config_result_t *result);

bool spin_config_get(spin_str_t key, spin_str_t *value) {
    config_result_t result;
    import_get_config(key.ptr, key.len, &result);
    const text_t text = result.is_error ? result.error.text : result.ok;
    *value = (spin_str_t){text.ptr, text.len};
    return !result.is_error;
}
