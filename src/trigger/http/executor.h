/* What a worker and its executors share: the components as the trigger sees them, and one request
 * on its way. */
#ifndef TRIGGER_HTTP_EXECUTOR_H
#define TRIGGER_HTTP_EXECUTOR_H

#include "net/http_server.h"
#include "spin/engine.h"
#include "trigger/component_log.h"
#include "trigger/http/default_headers.h"

typedef struct http_worker http_worker_t;
typedef struct http_call http_call_t;
typedef struct http_component http_component_t;

/* How a component is run. A new executor is a new table, and a line in worker.c. */
typedef struct http_executor {
    size_t request_size; /* of its http_call_t, extended */
    /* Looks for the export that this executor calls, once, before anything runs. Errors: NOT_FOUND,
     * INVALID; such a component can't answer, others can. */
    spin_error_t *(*check)(http_component_t *component, spin_execution_context_t *context);
    /* Begins to answer: sets request->instance with the engine's start_component. An error is the
     * worker's to report; LIMIT makes the request wait in line. Called again then. */
    spin_error_t *(*start)(http_call_t *request);
    /* The client can take more. May be NULL. */
    void (*writable)(http_call_t *request);
    /* The client left before the answer was complete: gives back what the arena does not hold. The
     * instance is freed already. May be NULL. */
    void (*gone)(http_call_t *request);
} http_executor_t;

extern const http_executor_t http_spin_executor;
extern const http_executor_t http_wagi_executor;

struct http_component {
    spin_slice_t id;
    http_route_t route;
    const http_executor_t *executor;
    spin_slice_t defaults[HTTP_DEFAULT_COUNT];
    component_log_t out; /* Spin executor only: Wagi's stdout is the response */
    component_log_t err;
    spin_slice_t argv;       /* Wagi executor: the template, */
    spin_slice_t entrypoint; /* and the export to call */
};

/* Lives in the exchange's arena. Executors extend it. */
struct http_call {
    net_exchange_t *exchange;
    http_worker_t *worker;
    http_component_t *component;
    spin_instance_t *instance; /* NULL: not started, or freed */
    spin_slice_t defaults[HTTP_DEFAULT_COUNT];
    log_lines_t out;
    log_lines_t err;
    bool streaming;      /* its answer has begun */
    http_call_t *others; /* of the same worker */
    http_call_t **self;  /* what points to it */
    uint64_t arrived_ns; /* while it waits in line */
    http_call_t *next;
    http_call_t **link; /* what points to it; NULL: not in line */
};

/* ── call.c ── */

spin_execution_context_t *http_call_context(const http_call_t *request);

/* Sinks, with the request as `user`. */
bool http_call_take_out(spin_slice_t bytes, void *request);
bool http_call_take_err(spin_slice_t bytes, void *request);

/* Writes the request's logs and frees its instance, if there is one. */
void http_call_free_instance(http_call_t *request);

/* Begins a response of unknown length, for net_response_write and http_call_end_stream. */
void http_call_start_stream(http_call_t *request, unsigned status, const net_header_t *headers,
                            size_t headers_len);

/* Each of these ends the request: its logs are written, its instance is freed and the next in line
 * gets its turn. The request is gone afterwards. */
/* Sends a whole response, whose texts may lie in the guest's memory. */
void http_call_reply(http_call_t *request, unsigned status, const net_header_t *headers,
                     size_t headers_len, spin_slice_t body);
/* Sends 500, or 504 for a timeout; logs and frees `error`. */
void http_call_fail(http_call_t *request, spin_error_t *error);
/* The end of a response that was streamed; on an error (freed) the connection breaks. */
void http_call_end_stream(http_call_t *request, unsigned status, spin_error_t *error);

#endif
