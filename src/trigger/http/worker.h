/* One application of the HTTP trigger in one worker: its components and the requests that they
 * have, from when its front hands them over until they are answered. */
#ifndef TRIGGER_HTTP_WORKER_H
#define TRIGGER_HTTP_WORKER_H

#include "trigger/http/executor.h"
#include "trigger/http/front.h"
#include "trigger/http/line.h"

struct http_worker {
    arena_t arena;
    spin_worker_t *base;
    const spin_http_options_t *options;
    const http_site_t *site;
    spin_slice_t name; /* in the log */
    spin_execution_context_t *context;
    http_front_t *front; /* NULL before it is attached to one */
    http_routes_t routes;
    http_component_t *components; /* by the number of their route */
    size_t components_len;
    http_call_t *calls; /* all that are under way */
    http_line_t line;   /* those among them that wait */
    bool warns;         /* of what is odd in the application: one worker is enough */
};

/* ── life (worker.c) ── */

/* Checks the application's components and makes the worker's data. All is kept by the caller until
 * after http_worker_end, which is due also where this fails. Worker 0 warns about what is odd in
 * the application. */
spin_error_t *http_worker_begin(spin_worker_t *base, const spin_http_options_t *options,
                                const http_site_t *site);
/* Takes the site at the front: requests come from now on. Errors: those of http_front_attach. */
spin_error_t *http_worker_attach(spin_worker_t *base, http_front_t *front);
/* Gives it up, if it still has it. */
void http_worker_detach(spin_worker_t *base);
/* Ends all requests: 503 where the answer has not begun, else it breaks off. */
void http_worker_cut_off(spin_worker_t *base);
/* All of these, and frees the data. */
void http_worker_end(spin_worker_t *base);

/* ── requests (call.c) ── */

/* What a front hands on. The exchange, whose `user` is NULL, becomes a request, its `user`; or it
 * can't, and stays the front's, to be answered with the status that is returned. 0: taken. */
unsigned http_worker_take(http_worker_t *worker, net_exchange_t *exchange);
void http_call_gone(http_call_t *request);
void http_call_writable(http_call_t *request);

/* Ends one request as http_worker_cut_off does. */
void http_call_cut_off(http_call_t *request);

#endif
