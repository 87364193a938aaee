/* The front of the HTTP trigger: one listening socket on one loop, and behind it any number of
 * applications, each of them a trigger of its own. A request belongs to the application of its host
 * and path (sites.h), and from then on is that trigger's affair alone.
 *
 * Thread rule: all calls from the loop's thread. */
#ifndef TRIGGER_HTTP_FRONT_H
#define TRIGGER_HTTP_FRONT_H

#include "spin/http.h"
#include "trigger/http/sites.h"

typedef struct http_front http_front_t;

/* Serves what arrives at `fd`, which stays the caller's, within the limits and time-outs of
 * `options` (nothing else of them counts; NULL: the defaults): 404 while there is no application,
 * and "/healthz" in any case. Errors: USAGE, NO_MEMORY, IO. */
spin_error_t *http_front_new(uv_loop_t *loop, int fd, const spin_http_options_t *options,
                             http_front_t **out);

/* No new connection begins. What is under way is answered, and what idle connections send within a
 * short grace: the applications are to stay until `done` comes from the loop. */
void http_front_stop(http_front_t *front, void (*done)(void *user), void *user);

/* Cuts off every connection; `closed` (may be NULL) is called from the loop when no handle is left.
 * Triggers on the front may live on, and end in any order: they have no requests any more, and get
 * none. Not from inside a request's callbacks. NULL is allowed: nothing is called then. */
void http_front_free(http_front_t *front, void (*closed)(void *user), void *user);

/* An HTTP trigger for `application` on `front`, for spin_trigger_start (its loop is the front's).
 * `site` is copied. Of `options` count `log_dir`, `follow…`, `quiet`, `shutdown_timeout_ms`,
 * `engine`, `configure`, `ready` (address: NULL) and `user`; its engine's `loop`, or that of the
 * engine it shares, is the front's.
 *
 * Its start takes the site: requests that arrive from then on are its own, and where another
 * trigger has the site's name they no longer are that one's, which finishes what it has. An error
 * of the start leaves everything as it was: EXISTS (see http_sites_put), CANCELLED (the front is
 * freed). Its stop gives the site up if it still has it; the trigger ends when its last request is
 * answered. After `shutdown_timeout_ms`, or a second stop, those that are left get 503, or break
 * off where the answer has begun. No connection is closed by any of this but those. */
spin_error_t *http_trigger_new_on(http_front_t *front, spin_application_t *application,
                                  const http_site_t *site, const spin_http_options_t *options,
                                  spin_trigger_t **out);

/* ── for the triggers behind it ──────────────────────────────────────────────────────────── */

typedef struct http_worker http_worker_t;

/* As long as somebody has a reference its memory stays, freed or not. Returns `front`. */
http_front_t *http_front_ref(http_front_t *front);
/* NULL is allowed. */
void http_front_unref(http_front_t *front);
bool http_front_is_freed(const http_front_t *front);

/* Hands the requests of that site to `worker` from now on. Errors: those of http_sites_put,
 * CANCELLED (the front is freed), USAGE (another loop). */
spin_error_t *http_front_attach(http_front_t *front, const http_site_t *site, spin_slice_t base,
                                http_worker_t *worker);
/* Hands it no more, nothing where the site is not (or no longer) its own. */
void http_front_detach(http_front_t *front, const http_site_t *site, const http_worker_t *worker);

#endif
