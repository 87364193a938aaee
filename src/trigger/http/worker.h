/* The HTTP trigger in one worker: a server on its loop, its execution context, and what lies
 * between them. */
#ifndef TRIGGER_HTTP_WORKER_H
#define TRIGGER_HTTP_WORKER_H

#include "spin/http.h"

/* Serves what arrives at `fd`, which stays the caller's. All is kept by the caller until after
 * http_worker_end, which is due also where this fails. Worker 0 warns about what is odd in the
 * application. */
spin_error_t *http_worker_start(spin_worker_t *worker, const spin_http_options_t *options, int fd);

/* Takes no new connections. The worker is held until those that there are have been served. */
void http_worker_stop(spin_worker_t *worker);

/* Cuts off what runs. The worker is held until all handles are closed. */
void http_worker_end(spin_worker_t *worker);

#endif
