#include "net/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"

struct net_tls {
    size_t refs;
    SSL_CTX *context;
};

struct net_tls_session {
    net_tls_t *tls;
    SSL *ssl;
    BIO *in;  /* from the server; the SSL's */
    BIO *out; /* to the server; the SSL's */
};

/* What OpenSSL says, and forgets. */
static spin_error_t *tls_error(spin_error_kind_t kind, const char *what) {
    unsigned long code = ERR_peek_last_error();
    const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);
    ERR_clear_error();
    return error_new(kind, "TLS: %s: %s", what, reason == NULL ? "unknown reason" : reason);
}

/* ── what connections share ── */

static spin_error_t *trust(SSL_CTX *context, const char *ca_file) {
    if (ca_file == NULL) /* none at all is no error here: then no certificate is trusted */
        return SSL_CTX_set_default_verify_paths(context) == 1
                   ? NULL
                   : tls_error(SPIN_ERROR_IO, "the system's certificates");
    if (access(ca_file, R_OK) != 0)
        return error_from_errno(errno, "certificates \"%s\"", ca_file);
    if (SSL_CTX_load_verify_file(context, ca_file) != 1)
        return error_wrap(tls_error(SPIN_ERROR_INVALID, "not PEM certificates"),
                          "certificates \"%s\"", ca_file);
    return NULL;
}

spin_error_t *net_tls_new(const char *ca_file, net_tls_t **out) {
    net_tls_t *tls = mem_calloc(1, sizeof *tls);
    if (tls == NULL)
        return error_no_memory();
    tls->refs = 1;
    ERR_clear_error();
    tls->context = SSL_CTX_new(TLS_client_method());
    if (tls->context == NULL) {
        mem_free(tls);
        return tls_error(SPIN_ERROR_NO_MEMORY, "OpenSSL");
    }
    SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION);
    SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(tls->context, SSL_MODE_AUTO_RETRY | SSL_MODE_RELEASE_BUFFERS);
    /* A server that goes away without a word is the protocol's above to judge. */
    SSL_CTX_set_options(tls->context, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION);
    spin_error_t *error = trust(tls->context, ca_file);
    if (error != NULL) {
        net_tls_unref(tls);
        return error;
    }
    *out = tls;
    return NULL;
}

net_tls_t *net_tls_ref(net_tls_t *tls) {
    tls->refs++;
    return tls;
}

void net_tls_unref(net_tls_t *tls) {
    if (tls == NULL || --tls->refs > 0)
        return;
    SSL_CTX_free(tls->context);
    mem_free(tls);
}

/* ── one connection ── */

static bool is_address(const char *host) {
    uint8_t bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

static bool expect_host(SSL *ssl, const char *host) {
    if (is_address(host)) /* which no server is told: RFC 6066 section 3 */
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

spin_error_t *net_tls_session_new(net_tls_t *tls, const char *host, net_tls_session_t **out) {
    net_tls_session_t *session = mem_calloc(1, sizeof *session);
    if (session == NULL)
        return error_no_memory();
    session->tls = net_tls_ref(tls);
    ERR_clear_error();
    session->ssl = SSL_new(tls->context);
    session->in = BIO_new(BIO_s_mem());
    session->out = BIO_new(BIO_s_mem());
    if (session->ssl == NULL || session->in == NULL || session->out == NULL) {
        BIO_free(session->in);
        BIO_free(session->out);
        net_tls_session_free(session);
        return tls_error(SPIN_ERROR_NO_MEMORY, "OpenSSL");
    }
    BIO_set_mem_eof_return(session->in, -1); /* empty means "not yet" */
    BIO_set_mem_eof_return(session->out, -1);
    SSL_set_bio(session->ssl, session->in, session->out);
    SSL_set_connect_state(session->ssl);
    if (!expect_host(session->ssl, host)) {
        net_tls_session_free(session);
        return error_wrap(tls_error(SPIN_ERROR_INVALID, "no name of a server"), "\"%s\"", host);
    }
    *out = session;
    return NULL;
}

void net_tls_session_free(net_tls_session_t *session) {
    if (session == NULL)
        return;
    SSL_free(session->ssl);
    net_tls_unref(session->tls);
    mem_free(session);
}

/* ── bytes ── */

static int clamp(size_t len) {
    const size_t most = 1 << 30;
    return (int)(len < most ? len : most);
}

spin_error_t *net_tls_feed(net_tls_session_t *session, spin_slice_t bytes) {
    while (bytes.len > 0) {
        int taken = BIO_write(session->in, bytes.ptr, clamp(bytes.len));
        if (taken <= 0)
            return error_no_memory();
        bytes = slice_from(bytes, (size_t)taken);
    }
    return NULL;
}

static bool is_waiting(const net_tls_session_t *session, int code) {
    int reason = SSL_get_error(session->ssl, code);
    return reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE;
}

spin_error_t *net_tls_handshake(net_tls_session_t *session, bool *done) {
    ERR_clear_error();
    int code = SSL_do_handshake(session->ssl);
    *done = code == 1;
    if (*done || is_waiting(session, code))
        return NULL;
    long verified = SSL_get_verify_result(session->ssl);
    if (verified == X509_V_OK)
        return tls_error(SPIN_ERROR_IO, "handshake");
    ERR_clear_error();
    return error_new(SPIN_ERROR_DENIED, "TLS: the server's certificate is not trusted: %s",
                     X509_verify_cert_error_string(verified));
}

spin_error_t *net_tls_read(net_tls_session_t *session, void *buffer, size_t size, size_t *len,
                           bool *ended) {
    *len = 0;
    *ended = false;
    ERR_clear_error();
    int code = SSL_read_ex(session->ssl, buffer, size, len);
    if (code == 1 || is_waiting(session, code))
        return NULL;
    *ended = SSL_get_error(session->ssl, code) == SSL_ERROR_ZERO_RETURN;
    return *ended ? NULL : tls_error(SPIN_ERROR_IO, "reading");
}

/* A memory BIO takes all there is. */
spin_error_t *net_tls_write(net_tls_session_t *session, spin_slice_t bytes) {
    while (bytes.len > 0) {
        size_t written = 0;
        ERR_clear_error();
        if (SSL_write_ex(session->ssl, bytes.ptr, (size_t)clamp(bytes.len), &written) != 1)
            return tls_error(SPIN_ERROR_IO, "writing");
        bytes = slice_from(bytes, written);
    }
    return NULL;
}

void net_tls_finish(net_tls_session_t *session) {
    ERR_clear_error();
    if (SSL_is_init_finished(session->ssl))
        SSL_shutdown(session->ssl);
    ERR_clear_error();
}

spin_slice_t net_tls_output(net_tls_session_t *session) {
    char *bytes = NULL;
    long len = BIO_get_mem_data(session->out, &bytes);
    return spin_slice_of(bytes, len > 0 ? (size_t)len : 0);
}

void net_tls_output_taken(net_tls_session_t *session) {
    (void)BIO_reset(session->out);
}
