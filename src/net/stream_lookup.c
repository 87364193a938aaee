#include "net/stream_lookup.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Memory of the C library, as the addresses are: a thread that waits for a name server may outlive
 * all of libspin that its caller knows of, and the allocator that it was given. */
struct net_lookup {
    uv_async_t done;
    net_lookup_fn fn;
    void *user;
    char *host;
    char port[6];

    pthread_mutex_t mutex; /* over what follows */
    unsigned refs;         /* the thread's and the loop's */
    bool cancelled;
    int code; /* of getaddrinfo */
    struct addrinfo *infos;
};

static void format_port(char *text, size_t size, uint16_t port) {
    snprintf(text, size, "%u", (unsigned)port);
}

static const struct addrinfo hints = {
    .ai_socktype = SOCK_STREAM,
    .ai_flags = AI_NUMERICSERV,
};

static void lookup_unref(net_lookup_t *lookup) {
    pthread_mutex_lock(&lookup->mutex);
    bool last = --lookup->refs == 0;
    pthread_mutex_unlock(&lookup->mutex);
    if (!last)
        return;
    if (lookup->infos != NULL)
        freeaddrinfo(lookup->infos);
    pthread_mutex_destroy(&lookup->mutex);
    free(lookup->host);
    free(lookup);
}

static void *look_up(void *user) {
    net_lookup_t *lookup = user;
    struct addrinfo *infos = NULL;
    int code = getaddrinfo(lookup->host, lookup->port, &hints, &infos);
    pthread_mutex_lock(&lookup->mutex);
    lookup->code = code;
    lookup->infos = infos;
    if (!lookup->cancelled)
        uv_async_send(&lookup->done);
    pthread_mutex_unlock(&lookup->mutex);
    lookup_unref(lookup);
    return NULL;
}

static void on_closed(uv_handle_t *handle) {
    lookup_unref(handle->data);
}

/* Once this has the mutex the thread does not touch the handle any more. */
void net_lookup_cancel(net_lookup_t *lookup) {
    pthread_mutex_lock(&lookup->mutex);
    lookup->cancelled = true;
    pthread_mutex_unlock(&lookup->mutex);
    uv_close((uv_handle_t *)&lookup->done, on_closed);
}

static void on_done(uv_async_t *async) {
    net_lookup_t *lookup = async->data;
    spin_error_t *error = NULL;
    net_lookup_cancel(lookup); /* now both are this thread's */
    struct addrinfo *infos = lookup->infos;
    lookup->infos = NULL;
    if (infos == NULL)
        error = error_new(SPIN_ERROR_IO, "no address of \"%s\" is found: %s", lookup->host,
                          lookup->code == 0 ? "it has none" : gai_strerror(lookup->code));
    lookup->fn(infos, error, lookup->user);
}

/* Signals are for the threads that were there before. */
static int start_thread(net_lookup_t *lookup) {
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = pthread_create(&thread, &attributes, look_up, lookup);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return number;
}

spin_error_t *net_lookup_start(uv_loop_t *loop, const char *host, uint16_t port, net_lookup_fn fn,
                               void *user, net_lookup_t **out) {
    net_lookup_t *lookup = calloc(1, sizeof *lookup);
    if (lookup == NULL)
        return error_no_memory();
    lookup->host = strdup(host);
    int code = lookup->host == NULL ? UV_ENOMEM : uv_async_init(loop, &lookup->done, on_done);
    if (code != 0) {
        free(lookup->host);
        free(lookup);
        return code == UV_ENOMEM ? error_no_memory()
                                 : error_new(SPIN_ERROR_IO, "event loop: %s", uv_strerror(code));
    }
    lookup->done.data = lookup;
    lookup->fn = fn;
    lookup->user = user;
    lookup->refs = 2;
    format_port(lookup->port, sizeof lookup->port, port);
    pthread_mutex_init(&lookup->mutex, NULL);
    int number = start_thread(lookup);
    if (number != 0) {
        lookup->refs = 1;
        net_lookup_cancel(lookup);
        return error_from_errno(number, "thread to look up \"%s\"", host);
    }
    *out = lookup;
    return NULL;
}

struct addrinfo *net_lookup_numeric(const char *host, uint16_t port) {
    struct addrinfo only_digits = hints, *infos = NULL;
    char text[6];
    only_digits.ai_flags = AI_NUMERICSERV | AI_NUMERICHOST;
    format_port(text, sizeof text, port);
    return getaddrinfo(host, text, &only_digits, &infos) == 0 ? infos : NULL;
}
