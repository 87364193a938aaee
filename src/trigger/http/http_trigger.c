/* The public face: options, listening sockets, signals, and who serves. */
#include "spin/http.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <uv.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/options.h"
#include "net/http_server.h"
#include "trigger/http/worker.h"
#include "trigger/supervisor.h"

static const char default_listen[] = "127.0.0.1:3000";
static const uint64_t default_shutdown_ms = 30 * 1000;

struct spin_http_trigger {
    spin_http_options_t options;
    spin_application_t *application;
    int *fds; /* listening sockets, one for each worker */
    size_t fds_len;
    int stop_fd; /* eventfd */
    bool has_run;
    char address[64];
};

/* ── options ─────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *take_options(spin_http_trigger_t *trigger,
                                  const spin_http_options_t *options) {
    spin_http_options_t *own = &trigger->options;
    spin_error_t *error = options_take(own, sizeof *own, options, "spin_http_options_t");
    if (error != NULL)
        return error;
    if (own->listen == NULL)
        own->listen = default_listen;
    if (own->shutdown_timeout_ms == 0)
        own->shutdown_timeout_ms = default_shutdown_ms;
    if (own->workers > 0 && own->engine != NULL && own->engine->loop != NULL)
        return error_new(SPIN_ERROR_USAGE, "worker processes can't share the caller's loop");
    return NULL;
}

static void close_sockets(spin_http_trigger_t *trigger) {
    for (size_t i = 0; i < trigger->fds_len; i++)
        if (trigger->fds[i] >= 0)
            close(trigger->fds[i]);
    trigger->fds_len = 0;
}

static spin_error_t *open_sockets(spin_http_trigger_t *trigger) {
    size_t count = trigger->options.workers > 0 ? trigger->options.workers : 1;
    trigger->fds = mem_calloc(count, sizeof *trigger->fds);
    if (trigger->fds == NULL)
        return error_no_memory();
    spin_error_t *error = net_listen_group(trigger->options.listen, count, trigger->fds);
    if (error != NULL)
        return error;
    trigger->fds_len = count;
    return net_listen_address(trigger->fds[0], trigger->address, sizeof trigger->address);
}

spin_error_t *spin_http_trigger_new(spin_application_t *application,
                                    const spin_http_options_t *options, spin_http_trigger_t **out) {
    if (spin_application_trigger(application) != SPIN_TRIGGER_HTTP)
        return error_new(SPIN_ERROR_USAGE, "the application's trigger is not \"http\"");
    spin_http_trigger_t *trigger = mem_calloc(1, sizeof *trigger);
    if (trigger == NULL)
        return error_no_memory();
    trigger->application = spin_application_ref(application);
    trigger->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    spin_error_t *error = NULL;
    if (trigger->stop_fd < 0)
        error = error_from_errno(errno, "eventfd");
    if (error == NULL)
        error = take_options(trigger, options);
    if (error == NULL)
        error = open_sockets(trigger);
    if (error != NULL)
        spin_http_trigger_free(trigger);
    else
        *out = trigger;
    return error;
}

const char *spin_http_trigger_address(const spin_http_trigger_t *trigger) {
    return trigger->address;
}

void spin_http_trigger_stop(spin_http_trigger_t *trigger) {
    const uint64_t one = 1;
    int number = errno; /* a signal handler must leave it as it was */
    (void)!write(trigger->stop_fd, &one, sizeof one);
    errno = number;
}

void spin_http_trigger_free(spin_http_trigger_t *trigger) {
    if (trigger == NULL)
        return;
    close_sockets(trigger);
    mem_free(trigger->fds);
    if (trigger->stop_fd >= 0)
        close(trigger->stop_fd);
    spin_application_unref(trigger->application);
    mem_free(trigger);
}

/* ── signals ─────────────────────────────────────────────────────────────────────────────── */

static const int caught[] = {SIGINT, SIGTERM};
static const int ignored[] = {SIGHUP, SIGPIPE};
enum { CAUGHT = sizeof caught / sizeof *caught, IGNORED = sizeof ignored / sizeof *ignored };

typedef struct signals {
    bool taken;
    struct sigaction before_caught[CAUGHT];
    struct sigaction before_ignored[IGNORED];
} signals_t;

/* A process has one disposition for each signal: the first trigger that runs has them. */
static _Atomic(spin_http_trigger_t *) signal_target;

static void on_signal(int number) {
    (void)number;
    spin_http_trigger_t *trigger = atomic_load(&signal_target);
    if (trigger != NULL)
        spin_http_trigger_stop(trigger);
}

static void take_signals(spin_http_trigger_t *trigger, signals_t *signals) {
    spin_http_trigger_t *nobody = NULL;
    *signals = (signals_t){0};
    if (trigger->options.ignore_signals ||
        !atomic_compare_exchange_strong(&signal_target, &nobody, trigger))
        return;
    signals->taken = true;
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    for (size_t i = 0; i < CAUGHT; i++)
        sigaction(caught[i], &action, &signals->before_caught[i]);
    action.sa_handler = SIG_IGN;
    for (size_t i = 0; i < IGNORED; i++)
        sigaction(ignored[i], &action, &signals->before_ignored[i]);
}

static void give_back_signals(const signals_t *signals) {
    if (!signals->taken)
        return;
    for (size_t i = 0; i < CAUGHT; i++)
        sigaction(caught[i], &signals->before_caught[i], NULL);
    for (size_t i = 0; i < IGNORED; i++)
        sigaction(ignored[i], &signals->before_ignored[i], NULL);
    atomic_store(&signal_target, NULL);
}

/* ── serving ─────────────────────────────────────────────────────────────────────────────── */

/* A worker that runs until `fd` asks it to stop: an eventfd (in the caller's process), or the link
 * to the supervisor. */
typedef struct serving {
    spin_http_trigger_t *trigger;
    http_worker_t *worker;
    uv_loop_t *loop;
    uv_poll_t *poll;
    int fd;
    bool is_eventfd;
    bool warns;
    bool stopping;
    bool done;
} serving_t;

static void on_stopped(void *user) {
    ((serving_t *)user)->done = true;
}

static void on_stop_event(uv_poll_t *poll, int status, int events) {
    serving_t *serving = poll->data;
    uint64_t count = 1;
    (void)status, (void)events;
    if (serving->is_eventfd) {
        if (read(serving->fd, &count, sizeof count) != (ssize_t)sizeof count)
            return;
    } else {
        uv_poll_stop(poll); /* the end of the link stays readable */
    }
    bool at_once = serving->stopping || count > 1;
    serving->stopping = true;
    http_worker_stop(serving->worker, at_once ? 0 : serving->trigger->options.shutdown_timeout_ms,
                     on_stopped, serving);
}

static void free_handle(uv_handle_t *handle) {
    mem_free(handle);
}

static spin_error_t *watch_stop(serving_t *serving) {
    serving->poll = mem_alloc(sizeof *serving->poll);
    if (serving->poll == NULL)
        return error_no_memory();
    int code = uv_poll_init(serving->loop, serving->poll, serving->fd);
    if (code != 0) {
        mem_free(serving->poll);
        serving->poll = NULL;
        return error_new(SPIN_ERROR_IO, "event loop: %s", uv_strerror(code));
    }
    serving->poll->data = serving;
    uv_poll_start(serving->poll, UV_READABLE, on_stop_event);
    return NULL;
}

/* Builds a worker, serves `*socket` (given up once it does) until it is stopped. */
static spin_error_t *serve(serving_t *serving, int *socket, void (*ready)(serving_t *serving)) {
    spin_http_trigger_t *trigger = serving->trigger;
    spin_error_t *error = http_worker_new(trigger->application, &trigger->options, serving->loop,
                                          serving->warns, &serving->worker);
    if (error == NULL)
        error = http_worker_listen(serving->worker, *socket);
    if (error != NULL)
        goto out;
    close(*socket); /* or it would go on to listen after the server has stopped */
    *socket = -1;
    error = watch_stop(serving);
    if (error != NULL)
        goto out;
    ready(serving);
    while (!serving->done)
        uv_run(serving->loop, UV_RUN_ONCE);
out:
    if (serving->poll != NULL)
        uv_close((uv_handle_t *)serving->poll, free_handle);
    http_worker_free(serving->worker);
    return error;
}

/* ── in the caller's process ─────────────────────────────────────────────────────────────── */

static void call_ready(void *user) {
    const spin_http_trigger_t *trigger = user;
    if (trigger->options.ready != NULL)
        trigger->options.ready(trigger->address, trigger->options.user);
}

static void ready_here(serving_t *serving) {
    call_ready(serving->trigger);
}

static spin_error_t *run_here(spin_http_trigger_t *trigger) {
    const spin_engine_options_t *engine = trigger->options.engine;
    uv_loop_t own;
    serving_t serving = {
        .trigger = trigger, .fd = trigger->stop_fd, .is_eventfd = true, .warns = true};
    serving.loop = engine == NULL ? NULL : engine->loop;
    if (serving.loop != NULL)
        return serve(&serving, &trigger->fds[0], ready_here);
    int code = uv_loop_init(&own);
    if (code != 0)
        return error_new(SPIN_ERROR_IO, "event loop: %s", uv_strerror(code));
    serving.loop = &own;
    spin_error_t *error = serve(&serving, &trigger->fds[0], ready_here);
    uv_run(&own, UV_RUN_DEFAULT); /* what was closed last */
    uv_loop_close(&own);
    return error;
}

/* ── in worker processes ─────────────────────────────────────────────────────────────────── */

typedef struct child {
    serving_t serving; /* first */
    supervisor_link_t *link;
} child_t;

static _Atomic int child_link = -1;

/* A SIGTERM of its own has the worker leave gracefully too: it reads its link as ended. */
static void on_child_signal(int number) {
    (void)number;
    shutdown(atomic_load(&child_link), SHUT_RD);
}

static void ready_child(serving_t *serving) {
    child_t *child = (child_t *)(void *)serving;
    const struct sigaction action = {.sa_handler = on_child_signal, .sa_flags = SA_RESTART};
    atomic_store(&child_link, child->link->fd);
    sigaction(SIGTERM, &action, NULL);
    supervisor_worker_ready(child->link);
}

static spin_error_t *work(supervisor_link_t *link, void *user) {
    spin_http_trigger_t *trigger = user;
    uv_loop_t loop;
    for (size_t i = 0; i < trigger->fds_len; i++)
        if (i != link->slot) {
            close(trigger->fds[i]);
            trigger->fds[i] = -1;
        }
    trigger->stop_fd = -1;
    int code = uv_loop_init(&loop);
    if (code != 0)
        return error_new(SPIN_ERROR_IO, "event loop: %s", uv_strerror(code));
    child_t child = {
        .serving = {.trigger = trigger, .loop = &loop, .fd = link->fd, .warns = link->slot == 0},
        .link = link};
    return serve(&child.serving, &trigger->fds[link->slot], ready_child);
}

/* As long as a socket is open here clients are kept waiting for a worker that never comes. */
static void stopping(void *user) {
    close_sockets(user);
}

static spin_error_t *run_workers(spin_http_trigger_t *trigger) {
    const supervisor_options_t options = {
        .name = "http",
        .workers = trigger->options.workers,
        .work = work,
        .ready = call_ready,
        .stopping = stopping,
        .user = trigger,
        .stop_fd = trigger->stop_fd,
        .grace_ms = trigger->options.shutdown_timeout_ms,
    };
    return supervisor_run(&options);
}

static bool is_asked_to_stop(const spin_http_trigger_t *trigger) {
    struct pollfd stop = {.fd = trigger->stop_fd, .events = POLLIN};
    return poll(&stop, 1, 0) == 1;
}

spin_error_t *spin_http_trigger_run(spin_http_trigger_t *trigger) {
    signals_t signals;
    if (trigger->has_run)
        return error_new(SPIN_ERROR_USAGE, "this trigger has run already");
    trigger->has_run = true;
    if (is_asked_to_stop(trigger)) /* before anything is compiled */
        return NULL;
    take_signals(trigger, &signals);
    spin_error_t *error = trigger->options.workers == 0 ? run_here(trigger) : run_workers(trigger);
    give_back_signals(&signals);
    return error;
}
