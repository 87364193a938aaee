/* Requests to other servers, on a libuv loop: HTTP/1.1, and HTTP/2 where a server offers it behind
 * TLS. Connections are kept for the next request. No cookies, no .netrc, no protocol but the two.
 *
 *     net_http_client_new ──▶ net_http_call_start … ──▶ done ──▶ net_http_call_free
 *
 * Thread rule: all calls from the loop's thread. */
#ifndef NET_HTTP_CLIENT_H
#define NET_HTTP_CLIENT_H

#include <uv.h>

#include "net/curl_url.h"
#include "net/http_server.h"

typedef struct net_http_client net_http_client_t;
typedef struct net_http_call net_http_call_t;

/* Zero: the default. Texts are copied. */
typedef struct net_http_client_options {
    const char *ca_file; /* PEM; NULL: those of SSL_CERT_FILE and SSL_CERT_DIR, else the system's */
    size_t max_body_bytes;       /* of a response, unpacked. 64 MiB */
    size_t max_head_bytes;       /* names and values of its headers. 256 KiB */
    uint64_t connect_timeout_ms; /* name, connection, TLS. 30,000 */
    uint64_t timeout_ms;         /* of each request, redirects apart. 0: none */
    unsigned max_redirects;      /* that are followed; past it is an error. 10 */
} net_http_client_options_t;

/* Reads the proxies from the environment: http_proxy, https_proxy, all_proxy, no_proxy, in either
 * case (HTTP_PROXY not where REQUEST_METHOD is set: a CGI program gets it from its client).
 * `options` may be NULL. The caller frees `*out`. Errors: NO_MEMORY, IO. */
spin_error_t *net_http_client_new(uv_loop_t *loop, const net_http_client_options_t *options,
                                  net_http_client_t **out);
/* Closes all connections. Its handles are gone with the loop's next turn. Calls that are under way
 * end without being told, and are still to be freed. Not from inside `done`. NULL is allowed. */
void net_http_client_free(net_http_client_t *client);

/* What is asked. All but `url` is kept by the caller until the call is over. */
typedef struct net_http_ask {
    const char *method; /* "GET" */
    const net_url_t *url;
    /* Those that belong to the connection (Connection, Content-Length, Transfer-Encoding ...) are
     * left out. */
    const net_header_t *headers;
    size_t headers_len;
    spin_slice_t body;
    /* Whether a redirect may be followed: NULL for yes, else why not, which then ends the call.
     * Redirects are followed as browsers do it: what is not GET or HEAD becomes GET after 301, 302
     * and 303; another server gets neither credentials nor cookies. `follow` NULL: none is. */
    spin_error_t *(*follow)(const net_url_t *to, void *user);
} net_http_ask_t;

/* What came; lives until the call is freed. */
typedef struct net_http_answer {
    unsigned status;             /* 0: nothing came */
    const net_header_t *headers; /* names in lower case, in order; values may be any bytes */
    size_t headers_len;
    spin_slice_t body; /* gzip, which is offered where `headers` do not say what is, is unpacked */
} net_http_answer_t;

/* Told once, from the loop. `error` is the callee's; it names method and address, and no query.
 * With a status, it broke in the middle of the body. Kinds: NOT_FOUND (the host's name), DENIED
 * (its certificate), TIMEOUT, LIMIT, INVALID (what came is not HTTP), NO_MEMORY, IO, and those of
 * `follow`. The call may be freed here. */
typedef void (*net_http_done_fn)(const net_http_answer_t *answer, spin_error_t *error, void *user);

/* Begins. The caller frees `*out`. Errors: INVALID (a header that can't be sent), NO_MEMORY. */
spin_error_t *net_http_call_start(net_http_client_t *client, const net_http_ask_t *ask,
                                  net_http_done_fn done, void *user, net_http_call_t **out);
/* In any state; one that is under way is broken off, and `done` is not called. NULL is allowed. */
void net_http_call_free(net_http_call_t *call);

/* Calls under way. */
size_t net_http_client_running(const net_http_client_t *client);

#endif
