/* One worker: an engine and a server on a loop, and what lies between them. */
#ifndef TRIGGER_HTTP_WORKER_H
#define TRIGGER_HTTP_WORKER_H

#include "net/http_server.h"
#include "spin/http.h"

typedef struct http_worker http_worker_t;

/* Builds the engine for `application` (compiling what is not cached), with the functions that the
 * options' hook adds, on `loop`. All is kept by the caller until after http_worker_free; `options`
 * is complete. `warns`: about what is odd in the application, which one of several workers does.
 * Errors: those of spin_engine_builder_build. */
spin_error_t *http_worker_new(spin_application_t *application, const spin_http_options_t *options,
                              uv_loop_t *loop, bool warns, http_worker_t **out);

/* Serves what arrives at `fd`, which stays the caller's. */
spin_error_t *http_worker_listen(http_worker_t *worker, int fd);

/* Graceful stop; `done` comes from the loop when nothing is under way any more. Called again with a
 * shorter grace it cuts off what is left. */
void http_worker_stop(http_worker_t *worker, uint64_t grace_ms, void (*done)(void *user),
                      void *user);

/* Cuts off what runs and turns the loop until all handles are closed. NULL is allowed. */
void http_worker_free(http_worker_t *worker);

#endif
