/* A server that answers what a test wants, lies included: a thread, one connection at a time. */
#ifndef TESTS_BINDLE_FAKE_H
#define TESTS_BINDLE_FAKE_H

#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmocka_all.h"

enum { FAKE_RULES = 16, FAKE_LOG_BYTES = 1 << 20 };

/* The answer to requests that begin with `request`. Rules are used up in order, the last fitting
 * one is used again and again. */
typedef struct fake_rule {
    const char *request; /* "GET /v1/_i/a/1.0.0 " */
    const char *head;    /* without its end and without a length; NULL: nothing is said */
    const char *body;
    size_t body_len;
    size_t claimed;   /* Content-Length; 0: that of the body; SIZE_MAX: chunked */
    bool break_off;   /* the connection ends behind the body */
    bool fall_silent; /* nothing happens behind the body */
    bool used;
} fake_rule_t;

typedef struct fake {
    int listener;
    uint16_t port;
    pthread_t thread;
    pthread_mutex_t lock;
    fake_rule_t rules[FAKE_RULES];
    size_t len;
    char log[FAKE_LOG_BYTES]; /* all requests with their bodies */
    size_t logged;
    int silent[FAKE_RULES]; /* connections that are kept open */
    size_t silent_len;
} fake_t;

/* `request` is the head of one. NULL: no rule fits. */
static inline fake_rule_t *fake_find(fake_t *fake, const char *request) {
    fake_rule_t *last = NULL;
    for (size_t i = 0; i < fake->len; i++) {
        fake_rule_t *rule = &fake->rules[i];
        if (strncmp(request, rule->request, strlen(rule->request)) != 0)
            continue;
        last = rule;
        if (!rule->used)
            break;
    }
    if (last != NULL)
        last->used = true;
    return last;
}

static inline void fake_send(int fd, const char *bytes, size_t len) {
    while (len > 0) {
        ssize_t put = send(fd, bytes, len, MSG_NOSIGNAL);
        if (put <= 0)
            return;
        bytes += put;
        len -= (size_t)put;
    }
}

/* Returns whether the connection goes on. */
static inline bool fake_answer(fake_t *fake, int fd, const fake_rule_t *rule) {
    char head[1024];
    if (rule->fall_silent)
        fake->silent[fake->silent_len++] = fd;
    if (rule->head == NULL)
        return false;
    size_t claimed = rule->claimed != 0 ? rule->claimed : rule->body_len;
    int len = snprintf(head, sizeof head, "HTTP/1.1 %s\r\n", rule->head);
    if (claimed == SIZE_MAX)
        len += snprintf(head + len, sizeof head - (size_t)len,
                        "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", rule->body_len);
    else
        len +=
            snprintf(head + len, sizeof head - (size_t)len, "Content-Length: %zu\r\n\r\n", claimed);
    fake_send(fd, head, (size_t)len);
    fake_send(fd, rule->body, rule->body_len);
    if (claimed == SIZE_MAX)
        fake_send(fd, "\r\n0\r\n\r\n", 7);
    return !rule->break_off && !rule->fall_silent;
}

/* Changes a rule while the server runs. */
static inline void fake_set(fake_t *fake, bool *field, bool value) {
    pthread_mutex_lock(&fake->lock);
    *field = value;
    pthread_mutex_unlock(&fake->lock);
}

/* Forgets the requests that have come. */
static inline void fake_forget(fake_t *fake) {
    pthread_mutex_lock(&fake->lock);
    fake->log[0] = '\0';
    fake->logged = 0;
    pthread_mutex_unlock(&fake->lock);
}

/* One request. Returns whether the connection goes on. */
static inline bool fake_serve(fake_t *fake, int fd) {
    static const fake_rule_t none = {.head = "404 Not Found"};
    static char start[FAKE_LOG_BYTES]; /* there is one such thread */
    char *end = NULL;
    size_t have = 0, need = SIZE_MAX;
    while (have < need) {
        ssize_t got = recv(fd, start + have, sizeof start - have - 1, 0);
        if (got <= 0)
            return false;
        have += (size_t)got;
        start[have] = '\0';
        if (end == NULL && (end = strstr(start, "\r\n\r\n")) != NULL) {
            const char *length = strcasestr(start, "\r\nContent-Length:");
            size_t body = length != NULL && length < end ? strtoul(length + 17, NULL, 10) : 0;
            need = (size_t)(end - start) + 4 + body;
            if (strcasestr(start, "\r\nExpect: 100-continue") != NULL)
                fake_send(fd, "HTTP/1.1 100 Continue\r\n\r\n", 25);
        }
    }
    pthread_mutex_lock(&fake->lock);
    if (have > sizeof fake->log - fake->logged - 1)
        have = sizeof fake->log - fake->logged - 1;
    memcpy(fake->log + fake->logged, start, have);
    fake->logged += have;
    fake->log[fake->logged] = '\0';
    fake_rule_t *found = fake_find(fake, start);
    fake_rule_t rule = found != NULL ? *found : none;
    pthread_mutex_unlock(&fake->lock);
    return fake_answer(fake, fd, &rule);
}

static inline void *fake_run(void *user) {
    fake_t *fake = user;
    for (;;) {
        int fd = accept(fake->listener, NULL, NULL);
        if (fd < 0)
            return NULL;
        size_t silent = fake->silent_len;
        while (fake_serve(fake, fd))
            ;
        if (silent == fake->silent_len)
            close(fd);
    }
}

static inline void fake_start(fake_t *fake) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    memset(fake, 0, sizeof *fake);
    pthread_mutex_init(&fake->lock, NULL);
    fake->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fake->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fake->listener, 16), 0);
    assert_int_equal(getsockname(fake->listener, (struct sockaddr *)&address, &len), 0);
    fake->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&fake->thread, NULL, fake_run, fake), 0);
}

/* No connection may be open any more: its client comes first. */
static inline void fake_stop(fake_t *fake) {
    shutdown(fake->listener, SHUT_RDWR);
    pthread_join(fake->thread, NULL);
    close(fake->listener);
    for (size_t i = 0; i < fake->silent_len; i++)
        close(fake->silent[i]);
    pthread_mutex_destroy(&fake->lock);
}

static inline fake_rule_t *fake_add(fake_t *fake, const char *request, const char *head,
                                    const void *body, size_t body_len) {
    pthread_mutex_lock(&fake->lock);
    assert_true(fake->len < FAKE_RULES);
    fake_rule_t *rule = &fake->rules[fake->len++];
    *rule = (fake_rule_t){.request = request, .head = head, .body = body, .body_len = body_len};
    pthread_mutex_unlock(&fake->lock);
    return rule;
}

static inline size_t fake_count(const fake_t *fake, const char *words) {
    size_t count = 0, len = strlen(words);
    const char *at = fake->log, *end = fake->log + fake->logged;
    while ((at = memmem(at, (size_t)(end - at), words, len)) != NULL) {
        count++;
        at++;
    }
    return count;
}

#endif
