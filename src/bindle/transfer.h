/* HTTP requests of the Bindle client, over libcurl: one after the other on one connection, bodies
 * in both directions streamed. */
#ifndef BINDLE_TRANSFER_H
#define BINDLE_TRANSFER_H

#include <stdbool.h>

#include "base/buf.h"
#include "bindle/options.h"

typedef struct transfer transfer_t;

/* How an answer begins. */
typedef struct transfer_head {
    long status;
    uint64_t length; /* of what follows; UINT64_MAX: unknown */
    bool partial;    /* 206: what follows begins at `start` of the whole */
    uint64_t start;
} transfer_head_t;

/* Where the body of a successful answer goes. An error ends the transfer and comes out of
 * transfer_run. */
typedef struct transfer_sink {
    spin_error_t *(*begin)(const transfer_head_t *head, void *user);
    spin_error_t *(*write)(spin_slice_t bytes, void *user);
    void *user;
} transfer_sink_t;

typedef struct transfer_request {
    bool post;                /* else GET */
    const char *path;         /* behind the server's URL, with its slash */
    const char *content_type; /* of the body sent */
    int fd;                   /* what to send, from its start; with `size` > 0 */
    spin_slice_t bytes;       /* or this; likewise */
    uint64_t size;
    uint64_t range_start;        /* ask for what follows this many bytes; 0: for all */
    const transfer_sink_t *sink; /* NULL: the body goes to `reply`, at most 16 MiB */
    void (*moved)(uint64_t bytes, void *user); /* of the body, in either direction; may be NULL */
    void *user;                                /* for `moved` */
} transfer_request_t;

typedef struct transfer_reply {
    long status;
    buf_t body;       /* what the sink did not get */
    bool unreachable; /* an error, and no server has answered */
} transfer_reply_t;

/* `settings` outlive it. Errors: NO_MEMORY, USAGE (no server). */
spin_error_t *transfer_new(const bindle_settings_t *settings, transfer_t **out);
void transfer_free(transfer_t *transfer); /* NULL is allowed */

/* Does a request and follows its redirects. An answer of any status is a success here; only one
 * below 300 reaches the sink. `reply` is zero to begin with, and its body is freed by the caller in
 * each case. Errors, which name the server: NOT_FOUND (no such host, or nobody listens), DENIED
 * (the certificate), TIMEOUT, LIMIT (too long an answer), IO, NO_MEMORY; and those of the sink. */
spin_error_t *transfer_run(transfer_t *transfer, const transfer_request_t *request,
                           transfer_reply_t *reply);

#endif
