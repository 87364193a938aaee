/* Streams to a server: names and addresses, TLS, backpressure, and an end at any moment. */
#include "net_peer.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/un.h>

#include "failing_alloc.h"
#include "net/stream.h"

typedef struct client {
    peer_t peer;
    net_stream_t *stream;
    bool connected;
    bool writable;
    bool broken;
    spin_error_t *error;
    buf_t got;
    bool pauses; /* in each `received` */
    unsigned received;
    void (*act)(struct client *client); /* in the next callback */
} client_t;

static void act(client_t *client) {
    if (client->act == NULL)
        return;
    void (*what)(client_t *) = client->act;
    client->act = NULL;
    what(client);
}

static void on_connected(void *user) {
    client_t *client = user;
    client->connected = true;
    act(client);
}

static void on_received(spin_slice_t bytes, void *user) {
    client_t *client = user;
    buf_append(&client->got, bytes);
    client->received++;
    if (client->pauses)
        net_stream_pause(client->stream);
    act(client);
}

static void on_writable(void *user) {
    client_t *client = user;
    client->writable = true;
    act(client);
}

static void on_broken(spin_error_t *error, void *user) {
    client_t *client = user;
    assert_false(client->broken);
    client->broken = true;
    client->error = error;
    act(client);
}

static spin_error_t *try_open(client_t *client, const char *host, uint16_t port, net_tls_t *tls,
                              uint64_t timeout_ms) {
    const net_stream_target_t target = {
        .host = host, .port = port, .tls = tls, .timeout_ms = timeout_ms};
    const net_stream_handler_t handler = {on_connected, on_received, on_writable, on_broken,
                                          client};
    return net_stream_open(&client->peer.loop, &target, &handler, &client->stream);
}

static void open_tls(client_t *client, const char *host, net_tls_t *tls) {
    assert_null(try_open(client, host, client->peer.port, tls, PATIENCE_MS));
}

static void open_plain(client_t *client) {
    open_tls(client, "127.0.0.1", NULL);
}

static void close_stream(client_t *client) {
    net_stream_close(client->stream);
    client->stream = NULL;
}

static void write_text(client_t *client, const char *text) {
    net_stream_write(client->stream, spin_slice(text));
}

static int set_up(void **state) {
    client_t *client = calloc(1, sizeof *client);
    peer_init(&client->peer);
    *state = client;
    return 0;
}

static int tear_down(void **state) {
    client_t *client = *state;
    close_stream(client);
    peer_deinit(&client->peer);
    spin_error_free(client->error);
    buf_deinit(&client->got);
    free(client);
    return 0;
}

static void assert_got(client_t *client, const char *text) {
    wait_for(&client->peer, client->got.len >= strlen(text));
    assert_true(slice_equal_text(buf_slice(&client->got), text));
}

static spin_error_t *take_error(client_t *client) {
    spin_error_t *error = client->error;
    client->error = NULL;
    return error;
}

static void assert_broken(client_t *client, spin_error_kind_t kind, const char *part) {
    wait_for(&client->peer, client->broken);
    assert_error(take_error(client), kind, part);
}

/* ── plain ── */

static void test_there_and_back(void **state) {
    client_t *client = *state;
    open_plain(client);
    assert_false(client->connected);
    write_text(client, "early ");
    write_text(client, "words");
    peer_accept(&client->peer);
    peer_expect(&client->peer, "early words");
    assert_true(client->connected);
    peer_send(&client->peer, "answer");
    assert_got(client, "answer");
    write_text(client, "late");
    assert_int_equal(net_stream_unsent(client->stream), 4);
    peer_expect(&client->peer, "late");
    peer_hang_up(&client->peer);
    wait_for(&client->peer, client->broken);
    assert_null(client->error);
    write_text(client, "to nobody");
}

static void test_a_name(void **state) {
    client_t *client = *state;
    open_tls(client, "localhost", NULL);
    write_text(client, "hello");
    peer_accept(&client->peer);
    peer_expect(&client->peer, "hello");
}

static void test_what_is_sent_last(void **state) {
    client_t *client = *state;
    open_plain(client);
    peer_accept(&client->peer);
    wait_for(&client->peer, client->connected);
    write_text(client, "good bye");
    close_stream(client);
    peer_expect(&client->peer, "good bye");
    peer_expect_end(&client->peer);
}

static void test_unix_socket(void **state) {
    client_t *client = *state;
    char folder[] = "/tmp/spin-test-stream-XXXXXX";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    assert_non_null(mkdtemp(folder));
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", folder);
    close(client->peer.listener);
    client->peer.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(client->peer.listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(client->peer.listener, 1), 0);
    const net_stream_target_t target = {.path = address.sun_path, .timeout_ms = PATIENCE_MS};
    const net_stream_handler_t handler = {on_connected, on_received, on_writable, on_broken,
                                          client};
    assert_null(net_stream_open(&client->peer.loop, &target, &handler, &client->stream));
    write_text(client, "hello");
    peer_accept(&client->peer);
    peer_expect(&client->peer, "hello");
    close_stream(client);
    unlink(address.sun_path);
    rmdir(folder);
    assert_null(net_stream_open(&client->peer.loop, &target, &handler, &client->stream));
    assert_broken(client, SPIN_ERROR_IO, "socket\": No such file");
}

static void test_a_path_that_is_too_long(void **state) {
    client_t *client = *state;
    char path[200] = {0};
    memset(path, '/', sizeof path - 1);
    const net_stream_target_t target = {.path = path};
    const net_stream_handler_t handler = {on_connected, on_received, on_writable, on_broken,
                                          client};
    assert_null(net_stream_open(&client->peer.loop, &target, &handler, &client->stream));
    assert_broken(client, SPIN_ERROR_IO, "name too long");
}

static void test_reset(void **state) {
    client_t *client = *state;
    open_plain(client);
    peer_accept(&client->peer);
    wait_for(&client->peer, client->connected);
    peer_abort(&client->peer);
    assert_broken(client, SPIN_ERROR_IO, "reset");
}

static void test_write_after_the_peer_left(void **state) {
    client_t *client = *state;
    open_plain(client);
    peer_accept(&client->peer);
    wait_for(&client->peer, client->connected);
    net_stream_pause(client->stream); /* does not see the end */
    peer_abort(&client->peer);
    write_text(client, "hello"); /* and no SIGPIPE */
    wait_for(&client->peer, client->broken);
    assert_non_null(client->error);
}

/* ── getting no connection ── */

static void test_refused(void **state) {
    client_t *client = *state;
    close(client->peer.listener);
    client->peer.listener = -1;
    char expected[64];
    snprintf(expected, sizeof expected, "can't connect to 127.0.0.1 port %u: Connection refused",
             client->peer.port);
    open_plain(client);
    assert_broken(client, SPIN_ERROR_IO, expected);
}

static void test_no_such_host(void **state) {
    client_t *client = *state;
    open_tls(client, "no-such-host.invalid", NULL);
    assert_broken(client, SPIN_ERROR_IO, "no address of \"no-such-host.invalid\"");
}

/* A listener whose queue is full drops what comes. */
static void fill_queue(client_t *client, int *fds, size_t len) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    close(client->peer.listener);
    peer_listen(&client->peer, 0);
    address.sin_port = htons(client->peer.port);
    for (size_t i = 0; i < len; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)!connect(fds[i], (struct sockaddr *)&address, sizeof address);
    }
    usleep(20 * 1000);
}

static void test_no_answer(void **state) {
    client_t *client = *state;
    int fds[4];
    fill_queue(client, fds, 4);
    assert_null(try_open(client, "127.0.0.1", client->peer.port, NULL, 100));
    assert_broken(client, SPIN_ERROR_TIMEOUT, ": no answer within 100 ms");
    for (size_t i = 0; i < 4; i++)
        close(fds[i]);
}

/* ── backpressure ── */

static void test_slow_reader(void **state) {
    client_t *client = *state;
    uint8_t *block = calloc(1, NET_STREAM_ENOUGH);
    size_t sent = 0;
    buf_t got = {0};
    open_plain(client);
    peer_accept(&client->peer);
    wait_for(&client->peer, client->connected);
    bool more = true;
    for (unsigned i = 0; i < 64 && more; i++) {
        memset(block, (int)i, NET_STREAM_ENOUGH);
        more = net_stream_write(client->stream, spin_slice_of(block, NET_STREAM_ENOUGH));
        sent += NET_STREAM_ENOUGH;
        if (more)
            turn_for(&client->peer, 2);
    }
    assert_false(more);
    assert_false(client->writable);
    assert_true(net_stream_unsent(client->stream) > NET_STREAM_ENOUGH);
    while (got.len < sent)
        wait_for(&client->peer, peer_try_read(&client->peer, &got, 65536));
    wait_for(&client->peer, client->writable);
    assert_int_equal(net_stream_unsent(client->stream), 0);
    for (size_t i = 0; i < sent; i++)
        if (got.ptr[i] != i / NET_STREAM_ENOUGH)
            fail_msg("byte %zu", i);
    buf_deinit(&got);
    free(block);
}

static void test_pause(void **state) {
    client_t *client = *state;
    open_plain(client);
    peer_accept(&client->peer);
    wait_for(&client->peer, client->connected);
    client->pauses = true;
    peer_send(&client->peer, "one");
    assert_got(client, "one");
    peer_send(&client->peer, "two");
    peer_hang_up(&client->peer);
    turn_for(&client->peer, 20);
    assert_int_equal(client->received, 1);
    assert_false(client->broken);
    client->pauses = false;
    net_stream_resume(client->stream);
    assert_got(client, "onetwo");
    wait_for(&client->peer, client->broken);
}

static void test_unref(void **state) {
    client_t *client = *state;
    open_plain(client);
    peer_accept(&client->peer);
    wait_for(&client->peer, client->connected);
    turn(&client->peer);
    assert_true(peer_is_alive(&client->peer));
    net_stream_set_ref(client->stream, false);
    assert_false(peer_is_alive(&client->peer));
    net_stream_set_ref(client->stream, true);
    assert_true(peer_is_alive(&client->peer));
}

/* ── closing at any moment: tear_down sees to it that nothing is left ── */

static void test_close_at_once(void **state) {
    open_plain(*state);
}

static void test_close_in_lookup(void **state) {
    client_t *client = *state;
    open_tls(client, "no-such-host.invalid", NULL);
    turn(&client->peer);
}

static void test_close_while_connecting(void **state) {
    client_t *client = *state;
    int fds[4];
    fill_queue(client, fds, 4);
    open_plain(client);
    turn_for(&client->peer, 5);
    assert_false(client->connected);
    for (size_t i = 0; i < 4; i++)
        close(fds[i]);
}

static void test_close_in_connected(void **state) {
    client_t *client = *state;
    client->act = close_stream;
    open_plain(client);
    wait_for(&client->peer, client->connected);
}

static void test_close_in_received(void **state) {
    client_t *client = *state;
    open_plain(client);
    peer_accept(&client->peer);
    wait_for(&client->peer, client->connected);
    client->act = close_stream;
    peer_send(&client->peer, "one");
    assert_got(client, "one");
}

static void test_close_in_broken(void **state) {
    client_t *client = *state;
    open_plain(client);
    peer_accept(&client->peer);
    wait_for(&client->peer, client->connected);
    client->act = close_stream;
    peer_hang_up(&client->peer);
    wait_for(&client->peer, client->broken);
    assert_null(client->stream);
}

/* ── TLS ── */

/* What the servers of these tests have: a certificate for localhost and 127.0.0.1, self-signed. */
typedef struct identity {
    EVP_PKEY *key;
    X509 *certificate;
    char file[64];
} identity_t;

static void add_extension(X509 *certificate, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

static void make_identity(identity_t *identity, const char *names, long lasts_s) {
    identity->key = EVP_EC_gen("P-256");
    identity->certificate = X509_new();
    X509 *certificate = identity->certificate;
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -7200);
    X509_gmtime_adj(X509_getm_notAfter(certificate), lasts_s);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_set_pubkey(certificate, identity->key);
    add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate, NID_subject_alt_name, names);
    X509_sign(certificate, identity->key, EVP_sha256());
    strcpy(identity->file, "/tmp/spin-test-ca-XXXXXX");
    int fd = mkstemp(identity->file);
    FILE *file = fdopen(fd, "w");
    PEM_write_X509(file, certificate);
    fclose(file);
}

static void free_identity(identity_t *identity) {
    unlink(identity->file);
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
}

typedef struct server {
    client_t *client;
    SSL_CTX *context;
    SSL *ssl;
} server_t;

static void serve(server_t *server, client_t *client, const identity_t *identity) {
    server->client = client;
    server->context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(server->context, identity->certificate);
    SSL_CTX_use_PrivateKey(server->context, identity->key);
    server->ssl = SSL_new(server->context);
    SSL_set_accept_state(server->ssl);
    peer_accept(&client->peer);
    SSL_set_fd(server->ssl, client->peer.fd);
}

static void stop_serving(server_t *server) {
    SSL_free(server->ssl);
    SSL_CTX_free(server->context);
    ERR_clear_error();
}

static bool is_shaken(server_t *server) {
    ERR_clear_error();
    int code = SSL_do_handshake(server->ssl);
    return code == 1 || SSL_get_error(server->ssl, code) != SSL_ERROR_WANT_READ;
}

static void tls_send(server_t *server, const uint8_t *bytes, size_t len) {
    SSL_set_mode(server->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE);
    const uint64_t until = now_ms() + PATIENCE_MS;
    for (size_t sent = 0, count; sent < len; sent += count) {
        count = 0;
        assert_true(now_ms() < until);
        if (SSL_write_ex(server->ssl, bytes + sent, len - sent, &count) != 1)
            turn(&server->client->peer);
    }
}

static void tls_expect(server_t *server, const uint8_t *bytes, size_t len) {
    uint8_t buffer[16384];
    const uint64_t until = now_ms() + PATIENCE_MS;
    for (size_t got = 0, count; got < len; got += count) {
        count = 0;
        assert_true(now_ms() < until);
        if (SSL_read_ex(server->ssl, buffer, sizeof buffer, &count) != 1)
            turn(&server->client->peer);
        assert_memory_equal(buffer, bytes + got, count);
    }
}

/* The client's error where it does not trust `identity` under `host`; NULL: it does. */
static spin_error_t *shake_hands(client_t *client, const char *host, const identity_t *identity,
                                 const char *ca_file) {
    net_tls_t *tls;
    server_t server;
    assert_null(net_tls_new(ca_file, &tls));
    open_tls(client, host, tls);
    net_tls_unref(tls);
    serve(&server, client, identity);
    wait_for(&client->peer, is_shaken(&server));
    wait_for(&client->peer, client->connected || client->broken);
    stop_serving(&server);
    return take_error(client);
}

static void test_tls(void **state) {
    client_t *client = *state;
    identity_t identity;
    net_tls_t *tls;
    server_t server;
    const size_t len = 3 << 20;
    uint8_t *bytes = malloc(len);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 1000);
    make_identity(&identity, "DNS:localhost,IP:127.0.0.1", 3600);
    assert_null(net_tls_new(identity.file, &tls));
    open_tls(client, "localhost", tls);
    net_tls_unref(tls);
    write_text(client, "early");
    serve(&server, client, &identity);
    wait_for(&client->peer, is_shaken(&server));
    tls_expect(&server, (const uint8_t *)"early", 5);
    assert_string_equal(SSL_get_servername(server.ssl, TLSEXT_NAMETYPE_host_name), "localhost");
    net_stream_write(client->stream, spin_slice_of(bytes, len));
    tls_expect(&server, bytes, len);
    tls_send(&server, bytes, len);
    wait_for(&client->peer, client->got.len == len);
    assert_memory_equal(client->got.ptr, bytes, len);
    SSL_shutdown(server.ssl);
    wait_for(&client->peer, client->broken);
    assert_null(client->error);
    stop_serving(&server);
    free_identity(&identity);
    free(bytes);
}

/* Bytes that were read already and wait decrypted are handed out when it goes on. */
static void test_tls_pause(void **state) {
    client_t *client = *state;
    identity_t identity;
    net_tls_t *tls;
    server_t server;
    make_identity(&identity, "IP:127.0.0.1", 3600);
    assert_null(net_tls_new(identity.file, &tls));
    open_tls(client, "127.0.0.1", tls);
    net_tls_unref(tls);
    serve(&server, client, &identity);
    wait_for(&client->peer, is_shaken(&server));
    wait_for(&client->peer, client->connected);
    net_stream_pause(client->stream);
    client->pauses = true;
    for (char text = 'a'; text < 'f'; text++)
        tls_send(&server, (const uint8_t *)&text, 1);
    turn_for(&client->peer, 10);
    assert_int_equal(client->received, 0);
    for (unsigned i = 1; i <= 5; i++) {
        net_stream_resume(client->stream);
        wait_for(&client->peer, client->received == i);
    }
    assert_got(client, "abcde");
    SSL_shutdown(server.ssl);
    net_stream_resume(client->stream);
    wait_for(&client->peer, client->broken);
    stop_serving(&server);
    free_identity(&identity);
}

static void test_tls_says_good_bye(void **state) {
    client_t *client = *state;
    identity_t identity;
    net_tls_t *tls;
    server_t server;
    char byte;
    make_identity(&identity, "IP:127.0.0.1", 3600);
    assert_null(net_tls_new(identity.file, &tls));
    open_tls(client, "127.0.0.1", tls);
    net_tls_unref(tls);
    serve(&server, client, &identity);
    wait_for(&client->peer, is_shaken(&server) && client->connected);
    close_stream(client);
    turn_for(&client->peer, 5);
    int code = SSL_read(server.ssl, &byte, 1);
    assert_int_equal(SSL_get_error(server.ssl, code), SSL_ERROR_ZERO_RETURN);
    stop_serving(&server);
    free_identity(&identity);
}

static void test_tls_address(void **state) {
    identity_t identity;
    make_identity(&identity, "IP:127.0.0.1", 3600);
    assert_null(shake_hands(*state, "127.0.0.1", &identity, identity.file));
    free_identity(&identity);
}

static void test_tls_wrong_name(void **state) {
    identity_t identity;
    make_identity(&identity, "DNS:example.org,IP:127.0.0.2", 3600);
    assert_error(shake_hands(*state, "localhost", &identity, identity.file), SPIN_ERROR_DENIED,
                 "not trusted: hostname mismatch");
    free_identity(&identity);
}

static void test_tls_wrong_address(void **state) {
    identity_t identity;
    make_identity(&identity, "DNS:127.0.0.1,IP:127.0.0.2", 3600);
    assert_error(shake_hands(*state, "127.0.0.1", &identity, identity.file), SPIN_ERROR_DENIED,
                 "not trusted: IP address mismatch");
    free_identity(&identity);
}

static void test_tls_not_trusted(void **state) {
    identity_t identity;
    make_identity(&identity, "IP:127.0.0.1", 3600);
    assert_error(shake_hands(*state, "127.0.0.1", &identity, NULL), SPIN_ERROR_DENIED,
                 "not trusted: self");
    free_identity(&identity);
}

static void test_tls_expired(void **state) {
    identity_t identity;
    make_identity(&identity, "IP:127.0.0.1", -3600);
    assert_error(shake_hands(*state, "127.0.0.1", &identity, identity.file), SPIN_ERROR_DENIED,
                 "not trusted: certificate has expired");
    free_identity(&identity);
}

/* OpenSSL looks at SSL_CERT_FILE itself. */
static void test_tls_file_of_the_environment(void **state) {
    identity_t identity;
    make_identity(&identity, "IP:127.0.0.1", 3600);
    setenv("SSL_CERT_FILE", identity.file, 1);
    spin_error_t *error = shake_hands(*state, "127.0.0.1", &identity, NULL);
    unsetenv("SSL_CERT_FILE");
    assert_null(error);
    free_identity(&identity);
}

static void test_tls_files(void **state) {
    net_tls_t *tls;
    (void)state;
    assert_error(net_tls_new("/no/such/file", &tls), SPIN_ERROR_NOT_FOUND, "/no/such/file");
    assert_error(net_tls_new("/dev/null", &tls), SPIN_ERROR_INVALID, "not PEM certificates");
}

static void open_with_tls(client_t *client, const char *host) {
    net_tls_t *tls;
    assert_null(net_tls_new(NULL, &tls));
    open_tls(client, host, tls);
    net_tls_unref(tls);
}

static void test_tls_peer_speaks_plain(void **state) {
    client_t *client = *state;
    open_with_tls(client, "127.0.0.1");
    peer_accept(&client->peer);
    peer_send(&client->peer, "-ERR unknown command\r\n");
    assert_broken(client, SPIN_ERROR_IO, "TLS: handshake: wrong version number");
}

static void test_tls_peer_leaves(void **state) {
    client_t *client = *state;
    open_with_tls(client, "127.0.0.1");
    peer_accept(&client->peer);
    peer_expect(&client->peer, "\x16"); /* a handshake record */
    shutdown(client->peer.fd, SHUT_WR);
    assert_broken(client, SPIN_ERROR_IO, "does it speak TLS?");
}

static void test_tls_peer_is_silent(void **state) {
    client_t *client = *state;
    net_tls_t *tls;
    assert_null(net_tls_new(NULL, &tls));
    assert_null(try_open(client, "127.0.0.1", client->peer.port, tls, 100));
    net_tls_unref(tls);
    assert_broken(client, SPIN_ERROR_TIMEOUT, "TLS: handshake: no answer within 100 ms");
}

static void test_tls_close_in_handshake(void **state) {
    client_t *client = *state;
    open_with_tls(client, "127.0.0.1");
    peer_accept(&client->peer);
    turn_for(&client->peer, 5);
}

/* ── memory ── */

static bool run_once(client_t *client) {
    client->connected = client->broken = false;
    client->error = NULL;
    spin_error_t *error = try_open(client, "127.0.0.1", client->peer.port, NULL, PATIENCE_MS);
    if (error != NULL) {
        assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
        spin_error_free(error);
        return false;
    }
    write_text(client, "hello");
    wait_for(&client->peer, client->connected || client->broken);
    turn_for(&client->peer, 2);
    bool ok = client->connected && !client->broken;
    if (client->error != NULL)
        assert_int_equal(spin_error_kind(client->error), SPIN_ERROR_NO_MEMORY);
    spin_error_free(take_error(client));
    close_stream(client);
    turn(&client->peer);
    while (peer_try_accept(&client->peer))
        peer_hang_up(&client->peer);
    return ok;
}

static void test_out_of_memory(void **state) {
    client_t *client = *state;
    failing_alloc_install(SIZE_MAX);
    assert_true(run_once(client));
    size_t calls = failing_alloc_calls();
    assert_true(calls > 3);
    for (size_t at = 1; at <= calls; at++) {
        failing_alloc_install(at);
        assert_false(run_once(client));
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_remove();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_there_and_back),
        TEST(test_a_name),
        TEST(test_what_is_sent_last),
        TEST(test_unix_socket),
        TEST(test_a_path_that_is_too_long),
        TEST(test_reset),
        TEST(test_write_after_the_peer_left),
        TEST(test_refused),
        TEST(test_no_such_host),
        TEST(test_no_answer),
        TEST(test_slow_reader),
        TEST(test_pause),
        TEST(test_unref),
        TEST(test_close_at_once),
        TEST(test_close_in_lookup),
        TEST(test_close_while_connecting),
        TEST(test_close_in_connected),
        TEST(test_close_in_received),
        TEST(test_close_in_broken),
        TEST(test_tls),
        TEST(test_tls_pause),
        TEST(test_tls_says_good_bye),
        TEST(test_tls_address),
        TEST(test_tls_wrong_name),
        TEST(test_tls_wrong_address),
        TEST(test_tls_not_trusted),
        TEST(test_tls_expired),
        TEST(test_tls_file_of_the_environment),
        TEST(test_tls_files),
        TEST(test_tls_peer_speaks_plain),
        TEST(test_tls_peer_leaves),
        TEST(test_tls_peer_is_silent),
        TEST(test_tls_close_in_handshake),
        TEST(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
