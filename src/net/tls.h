/* TLS for clients, with OpenSSL 3. No input or output: bytes go in and come out. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>

#include "base/slice.h"
#include "spin/error.h"

/* What connections share: the certificates that are trusted. Reading these takes some milliseconds:
 * make it once. Counted. */
typedef struct net_tls net_tls_t;
/* One connection. */
typedef struct net_tls_session net_tls_session_t;

/* TLS 1.2 or newer. `ca_file`: PEM certificates to trust; NULL: the system's, or those that the
 * environment names (SSL_CERT_FILE, SSL_CERT_DIR). Errors: INVALID, NOT_FOUND (the file),
 * NO_MEMORY. */
spin_error_t *net_tls_new(const char *ca_file, net_tls_t **out);
net_tls_t *net_tls_ref(net_tls_t *tls);
/* NULL is allowed. */
void net_tls_unref(net_tls_t *tls);

/* `host`: a name, which is also sent to the server (SNI), or an address; its certificate must be
 * for it. Errors: INVALID (the name), NO_MEMORY. */
spin_error_t *net_tls_session_new(net_tls_t *tls, const char *host, net_tls_session_t **out);
/* NULL is allowed. */
void net_tls_session_free(net_tls_session_t *session);

/* Bytes from the server. Errors: NO_MEMORY. */
spin_error_t *net_tls_feed(net_tls_session_t *session, spin_slice_t bytes);
/* Goes on with the handshake as far as possible; `*done` when it is over. Errors: DENIED (the
 * certificate: the message says why), IO. */
spin_error_t *net_tls_handshake(net_tls_session_t *session, bool *done);
/* Decrypts up to `size` bytes into `buffer`; `*len` 0: more bytes are needed first, or, where
 * `*ended`, the server said that nothing follows. Errors: IO. */
spin_error_t *net_tls_read(net_tls_session_t *session, void *buffer, size_t size, size_t *len,
                           bool *ended);
/* Encrypts; the result is in net_tls_output. After the handshake. Errors: IO, NO_MEMORY. */
spin_error_t *net_tls_write(net_tls_session_t *session, spin_slice_t bytes);
/* Says that nothing follows. */
void net_tls_finish(net_tls_session_t *session);
/* What is to be sent to the server, after any of the calls above; borrowed until the next one. */
spin_slice_t net_tls_output(net_tls_session_t *session);
/* All of that was taken. */
void net_tls_output_taken(net_tls_session_t *session);

#endif
