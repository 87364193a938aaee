/* libcurl's transfers on a libuv loop: one multi handle, a poll for each of its sockets, one timer.
 *
 * Thread rule: all calls from the loop's thread. */
#ifndef NET_CURL_LOOP_H
#define NET_CURL_LOOP_H

#include <curl/curl.h>
#include <uv.h>

#include "spin/error.h"

typedef struct curl_loop curl_loop_t;

/* Connections that are kept for the next transfer. */
enum { CURL_LOOP_IDLE = 256 };

/* A transfer has ended and left the loop again. `easy` is the owner's (CURLOPT_PRIVATE says whose).
 * It comes from the loop, never from inside a call of the owner's, and may begin and remove
 * others. `code` ABORTED_BY_CALLBACK: there was no memory, or no poll, for its socket. */
typedef void (*curl_loop_done_fn)(CURL *easy, CURLcode code);

/* Initialises libcurl where nobody has yet, from any thread. The caller frees `*out`. Errors:
 * NO_MEMORY, IO. */
spin_error_t *curl_loop_new(uv_loop_t *loop, curl_loop_done_fn done, curl_loop_t **out);
/* To set its limits. */
CURLM *curl_loop_multi(curl_loop_t *curl_loop);

/* Begins a transfer. Errors: NO_MEMORY, INTERNAL. */
spin_error_t *curl_loop_add(curl_loop_t *curl_loop, CURL *easy);
/* Breaks one off: `done` is not called. */
void curl_loop_remove(curl_loop_t *curl_loop, CURL *easy);

/* Closes all connections. Its transfers are over or removed. Not from inside `done`. The handles
 * are gone with the loop's next turn; while nothing is under way they keep no loop alive. NULL is
 * allowed. */
void curl_loop_free(curl_loop_t *curl_loop);

#endif
