/* A server that answers as a test has it, well or badly: a thread for each connection, so that the
 * loop under test stays free. */
#ifndef TESTS_HTTP_PEER_H
#define TESTS_HTTP_PEER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmocka_all.h"

enum { PEER_CONNECTIONS = 256, PEER_REQUEST = 64 * 1024 };

typedef struct peer peer_t;

/* One request of a connection, NUL-terminated: head, and body as its Content-Length says. False
 * closes the connection. */
typedef bool (*peer_answer_fn)(peer_t *peer, int fd, const char *request);

struct peer {
    int fd;
    uint16_t port;
    peer_answer_fn answer;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_t threads[PEER_CONNECTIONS];
    int fds[PEER_CONNECTIONS];
    atomic_size_t connections;
    atomic_size_t requests;
    atomic_bool stopping;
};

static inline void peer_send(int fd, const char *bytes, size_t len) {
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes += sent;
        len -= (size_t)sent;
    }
}

static inline void peer_say(int fd, const char *text) {
    peer_send(fd, text, strlen(text));
}

/* Waits until the client has gone. */
static inline void peer_hang(int fd) {
    char byte;
    while (recv(fd, &byte, 1, 0) > 0)
        ;
}

static inline size_t peer_body_length(const char *head) {
    const char *at = strcasestr(head, "\r\ncontent-length:");
    return at == NULL ? 0 : strtoul(at + 17, NULL, 10);
}

typedef struct peer_connection {
    peer_t *peer;
    int fd;
} peer_connection_t;

static inline void *peer_serve(void *user) {
    peer_connection_t connection = *(peer_connection_t *)user;
    char *request = calloc(1, PEER_REQUEST);
    size_t len = 0;
    bool open = request != NULL;
    free(user);
    while (open) {
        ssize_t got = recv(connection.fd, request + len, PEER_REQUEST - 1 - len, 0);
        if (got <= 0)
            break;
        len += (size_t)got;
        request[len] = '\0';
        const char *end = strstr(request, "\r\n\r\n");
        size_t head = end == NULL ? 0 : (size_t)(end + 4 - request);
        if (end == NULL || len < head + peer_body_length(request))
            continue;
        connection.peer->requests++;
        open = connection.peer->answer(connection.peer, connection.fd, request);
        len = 0; /* nobody sends two at once */
        request[0] = '\0';
    }
    shutdown(connection.fd, SHUT_RDWR);
    free(request);
    return NULL;
}

static inline void *peer_accept(void *user) {
    peer_t *peer = user;
    int fd;
    while ((fd = accept(peer->fd, NULL, NULL)) >= 0 && !peer->stopping) {
        peer_connection_t *connection = malloc(sizeof *connection);
        *connection = (peer_connection_t){peer, fd};
        pthread_mutex_lock(&peer->lock);
        size_t index = peer->connections++;
        peer->fds[index] = fd;
        if (index == PEER_CONNECTIONS ||
            pthread_create(&peer->threads[index], NULL, peer_serve, connection) != 0)
            abort();
        pthread_mutex_unlock(&peer->lock);
    }
    if (fd >= 0)
        close(fd);
    return NULL;
}

static inline void peer_start(peer_t *peer, peer_answer_fn answer) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    *peer = (peer_t){.fd = socket(AF_INET, SOCK_STREAM, 0), .answer = answer};
    pthread_mutex_init(&peer->lock, NULL);
    assert_int_equal(bind(peer->fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(peer->fd, PEER_CONNECTIONS), 0);
    assert_int_equal(getsockname(peer->fd, (struct sockaddr *)&address, &len), 0);
    peer->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&peer->thread, NULL, peer_accept, peer), 0);
}

static inline void peer_stop(peer_t *peer) {
    peer->stopping = true;
    shutdown(peer->fd, SHUT_RDWR);
    pthread_join(peer->thread, NULL);
    for (size_t i = 0; i < peer->connections; i++) {
        shutdown(peer->fds[i], SHUT_RDWR);
        pthread_join(peer->threads[i], NULL);
        close(peer->fds[i]);
    }
    close(peer->fd);
    pthread_mutex_destroy(&peer->lock);
}

#endif
