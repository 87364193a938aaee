/* `wasi-outbound-http` and `outbound-redis` of 2022 as a guest sees them. */
#ifndef GUESTS_OUTBOUND_IMPORTS_H
#define GUESTS_OUTBOUND_IMPORTS_H

#include "imports.h"

typedef struct pair {
    const char *name;
    size_t name_len;
    const char *value;
    size_t value_len;
} pair_t;

typedef struct http_result {
    SLOT case_t is_error;
    union {
        struct {
            SLOT status_t status;
            SLOT _Alignas(4) case_t has_headers; /* an option is aligned as what is in it */
            SLOT const pair_t *headers;
            SLOT size_t headers_len;
            SLOT _Alignas(4) case_t has_body;
            SLOT const char *body;
            SLOT size_t body_len;
        } ok;
        SLOT case_t error;
    };
} http_result_t;

#ifdef SPIN_LAYOUT_SLOTS
_Static_assert(offsetof(http_result_t, ok.has_headers) == 16, "slots");
_Static_assert(offsetof(http_result_t, ok.body_len) == 56 && offsetof(http_result_t, error) == 8,
               "slots");
#else
_Static_assert(offsetof(http_result_t, ok.has_headers) == 8, "canonical");
_Static_assert(offsetof(http_result_t, ok.body_len) == 28 && offsetof(http_result_t, error) == 4,
               "canonical");
#endif

typedef struct unit_result {
    SLOT case_t is_error;
    SLOT case_t error;
} unit_result_t;

typedef struct payload_result {
    SLOT case_t is_error;
    union {
        view_t ok;
        SLOT case_t error;
    };
} payload_result_t;

typedef struct number_result {
    SLOT case_t is_error;
    union {
        SLOT int64_t ok;
        SLOT case_t error;
    };
} number_result_t;

IMPORT("wasi-outbound-http", "request")
import_request(uint32_t method, const char *uri, size_t uri_len, const pair_t *headers,
               size_t headers_len, const pair_t *params, size_t params_len, uint32_t has_body,
               const char *body, size_t body_len, http_result_t *result);
IMPORT("outbound-redis", "publish")
import_publish(const char *address, size_t address_len, const char *channel, size_t channel_len,
               const char *payload, size_t payload_len, unit_result_t *result);
IMPORT("outbound-redis", "get")
import_get(const char *address, size_t address_len, const char *key, size_t key_len,
           payload_result_t *result);
IMPORT("outbound-redis", "set")
import_set(const char *address, size_t address_len, const char *key, size_t key_len,
           const char *value, size_t value_len, unit_result_t *result);
IMPORT("outbound-redis", "incr")
import_incr(const char *address, size_t address_len, const char *key, size_t key_len,
            number_result_t *result);

/* Since Spin 0.7 and 0.9. */

typedef struct parameter {
    uint8_t tag; /* 0: number, 1: bytes */
    union {
        _Alignas(8) int64_t number;
        struct {
            const char *ptr;
            size_t len;
        } bytes;
    };
} parameter_t;

typedef struct part {
    uint8_t tag; /* 0: nothing, 1: status, 2: number, 3: bytes */
    union {
        _Alignas(8) int64_t number;
        struct {
            const char *ptr;
            size_t len;
        } bytes;
    };
} part_t;
_Static_assert(sizeof(parameter_t) == 16 && sizeof(part_t) == 16, "elements are canonical");

typedef struct text {
    const char *ptr;
    size_t len;
} text_t;

typedef struct texts_result {
    SLOT case_t is_error;
    union {
        struct {
            SLOT const text_t *items;
            SLOT size_t len;
        } ok;
        SLOT case_t error;
    };
} texts_result_t;

typedef struct parts_result {
    SLOT case_t is_error;
    union {
        struct {
            SLOT const part_t *items;
            SLOT size_t len;
        } ok;
        SLOT case_t error;
    };
} parts_result_t;

IMPORT("outbound-redis", "del")
import_del(const char *address, size_t address_len, const text_t *keys, size_t keys_len,
           number_result_t *result);
IMPORT("outbound-redis", "sadd")
import_sadd(const char *address, size_t address_len, const char *key, size_t key_len,
            const text_t *values, size_t values_len, number_result_t *result);
IMPORT("outbound-redis", "srem")
import_srem(const char *address, size_t address_len, const char *key, size_t key_len,
            const text_t *values, size_t values_len, number_result_t *result);
IMPORT("outbound-redis", "smembers")
import_smembers(const char *address, size_t address_len, const char *key, size_t key_len,
                texts_result_t *result);
IMPORT("outbound-redis", "execute")
import_execute(const char *address, size_t address_len, const char *command, size_t command_len,
               const parameter_t *arguments, size_t arguments_len, parts_result_t *result);

#endif
