/* An application's requests that wait for an instance, in order of arrival. */
#ifndef TRIGGER_HTTP_LINE_H
#define TRIGGER_HTTP_LINE_H

#include <uv.h>

#include "trigger/http/executor.h"

/* Zero to begin with. */
typedef struct http_line {
    spin_execution_context_t *context;
    spin_slice_t application; /* its name, in the log */
    http_call_t *first;
    http_call_t **end;
    size_t len;
    size_t max;
    uint64_t timeout_ns;
    uv_timer_t *timer; /* the next one that is too late, or the next word about refusals */
    bool advancing;
    bool closed;
    http_component_t *refused_for; /* the last one that was refused; NULL: all were told of */
    uint64_t refused;              /* since the log had it last */
    uint64_t told_at;              /* uv_hrtime; 0: never */
} http_line_t;

/* Four requests may wait for each instance that the context may have, each no longer than an answer
 * may take. `name` outlives the line. http_line_deinit is due also where this fails. Errors:
 * NO_MEMORY. */
spin_error_t *http_line_init(http_line_t *line, spin_execution_context_t *context,
                             spin_slice_t name);
/* Nobody is in it. */
void http_line_deinit(http_line_t *line);

/* Starts the request, or has it wait, or refuses it. */
void http_line_take(http_line_t *line, http_call_t *request);
/* Takes the request out, if it is in it. */
void http_line_leave(http_line_t *line, http_call_t *request);
/* An instance may be free: starts those that come first. */
void http_line_advance(http_line_t *line);
/* Nothing is started any more. */
void http_line_close(http_line_t *line);

#endif
