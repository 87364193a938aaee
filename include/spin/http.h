/* The HTTP trigger: serves an application's components over HTTP/1.1. A trigger as any other:
 * <spin/trigger.h> says how it is run, stopped and freed. */
#ifndef SPIN_HTTP_H
#define SPIN_HTTP_H

#include <stdbool.h>

#include "spin/engine.h"
#include "spin/error.h"
#include "spin/manifest.h"
#include "spin/trigger.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero means "the default" everywhere. Everything pointed to is kept by the caller until
 * spin_trigger_free. */
typedef struct spin_http_options {
    size_t size; /* sizeof(spin_http_options_t) */
    /* "host:port", "[v6]:port" or ":port"; port 0 takes a free one. NULL: "127.0.0.1:3000". */
    const char *listen;
    unsigned workers; /* as in spin_trigger_options_t */
    /* Where each component's output goes, as ID_stdout.txt and ID_stderr.txt; made when needed.
     * NULL: .spin/APPLICATION/logs in the home directory. */
    const char *log_dir;
    /* Ids of the components whose output is copied to the process's own stdout and stderr. */
    const char *const *follow;
    size_t follow_len;
    bool follow_all;     /* copies the output of every component */
    bool quiet;          /* copies nothing, whatever the others say */
    bool ignore_signals; /* as there */

    size_t max_header_bytes;      /* request line and headers; 431 past it. Default 64 KiB */
    size_t max_headers;           /* header fields; 431 past it. Default 100 */
    size_t max_body_bytes;        /* 413 past it. Default 10 MiB */
    size_t max_connections;       /* per worker; further ones wait. Default 10,000 */
    uint64_t request_timeout_ms;  /* from a request's first byte to its last; then 408. 30,000 */
    uint64_t idle_timeout_ms;     /* of a connection between requests. 60,000 */
    uint64_t write_timeout_ms;    /* without progress in sending a response. 30,000 */
    uint64_t shutdown_timeout_ms; /* for what runs when a graceful stop begins. 30,000 */

    /* As there, all but `ready`. */
    const spin_engine_options_t *engine;
    spin_error_t *(*configure)(spin_engine_builder_t *builder, void *user);
    /* Called once, in the process that runs the trigger, when every worker accepts requests. */
    void (*ready)(const char *address, void *user);
    void *user;
} spin_http_options_t;

/* Makes an HTTP trigger for `application`, of which it takes a reference, and opens the listening
 * sockets; connections wait until it runs. `options` may be NULL. The caller frees `*out` with
 * spin_trigger_free.
 *
 * The path "/healthz" is answered with 200 "OK". A request that no route matches gets 404. A guest
 * that fails gives 500 and one that passes its deadline 504, with the reason in the log. When
 * `engine->max_instances` are busy requests wait in line, and past that get 503.
 * `engine->timeout_ms` bounds an answer from its start to its end, the time included for which the
 * guest stands still because the client reads slowly: no reader can keep an instance for longer. A
 * stop takes no new connections, and answers what is under way.
 *
 * Errors: USAGE (not an HTTP application, a bad options struct), INVALID (the address), EXISTS (it
 * is in use), DENIED, IO, NO_MEMORY. */
SPIN_API spin_error_t *spin_http_trigger_new(spin_application_t *application,
                                             const spin_http_options_t *options,
                                             spin_trigger_t **out);

/* "host:port" that is listened on, with the port that was taken. Lives as long as the trigger. NULL
 * for a trigger of another type. */
SPIN_API const char *spin_http_trigger_address(const spin_trigger_t *trigger);

#ifdef __cplusplus
}
#endif

#endif
