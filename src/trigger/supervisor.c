#include "trigger/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "base/vec.h"
#include "trigger/child.h"

enum {
    FIRST_DELAY_MS = 50, /* before a worker that just began is replaced; doubled each time */
    MAX_DELAY_MS = 5000,
    SETTLED_MS = 10 * 1000, /* having lived that long it is replaced at once */
    KILL_AFTER_MS = 2000,   /* the workers' own grace has ended by then */
};

/* The first byte of what a worker sends; an error is child.h's. */
enum { REPORT_READY = 'r', REPORT_MESSAGE = 'm' };

typedef struct worker {
    child_t process;
    bool ready;    /* since its start */
    int64_t since; /* when it started, in milliseconds */
    int64_t due;   /* when the next one starts, where none runs */
    int64_t delay; /* before the next replacement */
} worker_t;

typedef struct watch {
    int fd;
    supervisor_watch_fn fn;
    void *user;
} watch_t;

struct supervisor {
    const supervisor_options_t *options;
    worker_t *workers;
    VEC(watch_t) watches;
    VEC(struct pollfd) polls; /* the stop descriptor, then two for each worker, then the watches */
    unsigned starting;        /* the slot whose worker is being forked */
    bool announced;           /* all were ready once */
    bool stopping;
    int64_t kill_at; /* while stopping */
    spin_error_t *error;
};

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void close_fd(int *fd) {
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* ── in the worker ───────────────────────────────────────────────────────────────────────── */

void supervisor_worker_ready(supervisor_link_t *link) {
    const char report = REPORT_READY;
    (void)!send(link->fd, &report, 1, MSG_NOSIGNAL);
}

void supervisor_worker_tell(supervisor_link_t *link, spin_slice_t message) {
    char report = REPORT_MESSAGE;
    struct iovec parts[] = {{&report, 1}, {(void *)(uintptr_t)message.ptr, message.len}};
    const struct msghdr header = {.msg_iov = parts, .msg_iovlen = 2};
    (void)!sendmsg(link->fd, &header, MSG_NOSIGNAL);
}

static spin_error_t *run_worker(int fd, void *user) {
    supervisor_t *supervisor = user;
    const supervisor_options_t *options = supervisor->options;
    for (unsigned i = 0; i < options->workers; i++) {
        close_fd(&supervisor->workers[i].process.pidfd);
        close_fd(&supervisor->workers[i].process.link);
    }
    for (size_t i = 0; i < supervisor->watches.len; i++)
        close_fd(&supervisor->watches.items[i].fd);
    close(options->stop_fd);
    supervisor_link_t link = {supervisor->starting, fd};
    return options->work(&link, options->user);
}

/* ── starting ────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *start_worker(supervisor_t *supervisor, unsigned slot) {
    worker_t *worker = &supervisor->workers[slot];
    supervisor->starting = slot;
    spin_error_t *error = child_start(&worker->process, "a worker", run_worker, supervisor);
    worker->ready = false;
    worker->since = now_ms();
    return error;
}

static void put_off(worker_t *worker) {
    worker->due = now_ms() + worker->delay;
    worker->delay = worker->delay == 0 ? FIRST_DELAY_MS : worker->delay * 2;
    if (worker->delay > MAX_DELAY_MS)
        worker->delay = MAX_DELAY_MS;
}

/* The first worker prepares what the others use. */
static bool may_start(const supervisor_t *supervisor, unsigned slot) {
    return slot == 0 || supervisor->announced || supervisor->workers[0].ready;
}

static void start_due(supervisor_t *supervisor) {
    for (unsigned i = 0; i < supervisor->options->workers && !supervisor->stopping; i++) {
        worker_t *worker = &supervisor->workers[i];
        if (worker->process.pid != 0 || worker->due > now_ms() || !may_start(supervisor, i))
            continue;
        spin_error_t *error = start_worker(supervisor, i);
        if (error == NULL)
            continue;
        if (!supervisor->announced) {
            supervisor->error = error;
            return;
        }
        LOG_ERROR("a worker can't be started", LOG_INT("worker", i), LOG_ERR("error", error));
        spin_error_free(error);
        put_off(worker);
    }
}

/* ── stopping ────────────────────────────────────────────────────────────────────────────── */

static void kill_all(supervisor_t *supervisor) {
    for (unsigned i = 0; i < supervisor->options->workers; i++)
        child_kill(&supervisor->workers[i].process);
    supervisor->kill_at = INT64_MAX;
}

/* Those that are not ready yet hear nothing and have nothing to finish. */
static void begin_stop(supervisor_t *supervisor) {
    const supervisor_options_t *options = supervisor->options;
    if (supervisor->stopping)
        return;
    supervisor->stopping = true;
    supervisor->kill_at = now_ms() + KILL_AFTER_MS;
    if (options->grace_ms < INT64_MAX / 2)
        supervisor->kill_at += (int64_t)options->grace_ms;
    if (options->stopping != NULL)
        options->stopping(options->user);
    supervisor->watches.len = 0; /* what nobody reads any more would keep the loop busy */
    for (unsigned i = 0; i < options->workers; i++) {
        worker_t *worker = &supervisor->workers[i];
        if (!worker->ready)
            child_kill(&worker->process);
        else if (worker->process.link >= 0)
            shutdown(worker->process.link, SHUT_WR);
    }
}

static void on_stop_event(supervisor_t *supervisor) {
    uint64_t count = 0;
    if (read(supervisor->options->stop_fd, &count, sizeof count) != (ssize_t)sizeof count)
        return;
    if (supervisor->stopping || count > 1) {
        begin_stop(supervisor);
        kill_all(supervisor);
    } else {
        begin_stop(supervisor);
    }
}

/* ── what workers tell ───────────────────────────────────────────────────────────────────── */

static void announce_when_complete(supervisor_t *supervisor) {
    const supervisor_options_t *options = supervisor->options;
    for (unsigned i = 0; i < options->workers; i++)
        if (!supervisor->workers[i].ready)
            return;
    supervisor->announced = true;
    if (options->ready != NULL)
        options->ready(options->user);
}

/* Keeps the first error of a start; later ones are logged. */
static void take_error(supervisor_t *supervisor, unsigned slot, spin_error_t *error) {
    if (!supervisor->announced && !supervisor->stopping && supervisor->error == NULL) {
        supervisor->error = error;
        return;
    }
    LOG_ERROR("a worker failed", LOG_INT("worker", slot), LOG_ERR("error", error));
    spin_error_free(error);
}

static void take_report(supervisor_t *supervisor, unsigned slot, const char *report, size_t len) {
    const supervisor_options_t *options = supervisor->options;
    spin_error_t *error;
    if (report[0] == REPORT_READY) {
        supervisor->workers[slot].ready = true;
        if (!supervisor->announced && !supervisor->stopping)
            announce_when_complete(supervisor);
    } else if (report[0] == REPORT_MESSAGE) {
        if (options->message != NULL)
            options->message(supervisor, slot, spin_slice_of(report + 1, len - 1), options->user);
    } else if (child_message_error(report, len, &error)) {
        take_error(supervisor, slot, error);
    }
}

/* False: there is nothing to read. */
static bool on_report(supervisor_t *supervisor, unsigned slot) {
    worker_t *worker = &supervisor->workers[slot];
    char report[CHILD_MESSAGE_SIZE];
    ssize_t len = recv(worker->process.link, report, sizeof report, MSG_DONTWAIT);
    if (len < 0 && errno == EINTR)
        return true;
    if (len < 0 && errno == EAGAIN)
        return false;
    if (len <= 0) {
        close_fd(&worker->process.link);
        return false;
    }
    take_report(supervisor, slot, report, (size_t)len);
    return true;
}

static void on_end(supervisor_t *supervisor, unsigned slot) {
    worker_t *worker = &supervisor->workers[slot];
    const char *name = supervisor->options->name;
    char how[96];
    while (on_report(supervisor, slot)) /* its last words */
        continue;
    child_reap(&worker->process, how, sizeof how);
    worker->ready = false;
    if (supervisor->options->ended != NULL)
        supervisor->options->ended(supervisor, slot, supervisor->options->user);
    if (supervisor->stopping)
        return;
    if (!supervisor->announced) {
        if (supervisor->error == NULL)
            supervisor->error =
                error_new(SPIN_ERROR_INTERNAL, "%s: worker %u %s at its start", name, slot, how);
        return;
    }
    if (now_ms() - worker->since >= SETTLED_MS)
        worker->delay = 0;
    LOG_ERROR("a worker died and is replaced", LOG_TEXT("trigger", name), LOG_INT("worker", slot),
              LOG_TEXT("reason", how), LOG_INT("after_ms", worker->delay));
    put_off(worker);
}

/* ── the loop ────────────────────────────────────────────────────────────────────────────── */

static bool any_runs(const supervisor_t *supervisor) {
    for (unsigned i = 0; i < supervisor->options->workers; i++)
        if (supervisor->workers[i].process.pid != 0)
            return true;
    return false;
}

static int poll_timeout(const supervisor_t *supervisor) {
    int64_t next = supervisor->stopping ? supervisor->kill_at : INT64_MAX;
    for (unsigned i = 0; i < supervisor->options->workers && !supervisor->stopping; i++) {
        const worker_t *worker = &supervisor->workers[i];
        if (worker->process.pid == 0 && may_start(supervisor, i) && worker->due < next)
            next = worker->due;
    }
    if (next == INT64_MAX)
        return -1;
    int64_t wait = next - now_ms();
    return wait < 0 ? 0 : wait > 60000 ? 60000 : (int)wait;
}

/* There is room: for the workers from the start, for each watch since it is one. */
static void list_polls(supervisor_t *supervisor) {
    unsigned workers = supervisor->options->workers;
    supervisor->polls.len = 0;
    (void)!VEC_PUSH(&supervisor->polls,
                    (struct pollfd){.fd = supervisor->options->stop_fd, .events = POLLIN});
    for (unsigned i = 0; i < workers; i++) {
        const child_t *process = &supervisor->workers[i].process;
        (void)!VEC_PUSH(&supervisor->polls, (struct pollfd){.fd = process->link, .events = POLLIN});
        (void)!VEC_PUSH(&supervisor->polls,
                        (struct pollfd){.fd = process->pidfd, .events = POLLIN});
    }
    for (size_t i = 0; i < supervisor->watches.len; i++)
        (void)!VEC_PUSH(&supervisor->polls,
                        (struct pollfd){.fd = supervisor->watches.items[i].fd, .events = POLLIN});
}

/* A callback may add watches and take them away: what is gone is not called any more. */
static void call_watch(supervisor_t *supervisor, int fd) {
    for (size_t i = 0; i < supervisor->watches.len; i++)
        if (supervisor->watches.items[i].fd == fd) {
            const watch_t watch = supervisor->watches.items[i];
            watch.fn(supervisor, fd, watch.user);
            return;
        }
}

static void wait_for_events(supervisor_t *supervisor) {
    unsigned workers = supervisor->options->workers;
    list_polls(supervisor);
    size_t len = supervisor->polls.len;
    if (poll(supervisor->polls.items, len, poll_timeout(supervisor)) <= 0)
        return;
    /* First, and also where it came only now: what ends with it is no failure. */
    on_stop_event(supervisor);
    for (unsigned i = 0; i < workers; i++) {
        if (supervisor->polls.items[1 + 2 * i].revents != 0)
            on_report(supervisor, i);
        if (supervisor->polls.items[2 + 2 * i].revents != 0)
            on_end(supervisor, i);
    }
    for (size_t i = 1 + 2 * (size_t)workers; i < len; i++)
        if (supervisor->polls.items[i].revents != 0)
            call_watch(supervisor, supervisor->polls.items[i].fd);
}

static void free_all(supervisor_t *supervisor) {
    VEC_FREE(&supervisor->polls);
    VEC_FREE(&supervisor->watches);
    mem_free(supervisor->workers);
}

spin_error_t *supervisor_run(const supervisor_options_t *options) {
    supervisor_t supervisor = {.options = options};
    supervisor.workers = mem_calloc(options->workers, sizeof *supervisor.workers);
    if (supervisor.workers == NULL ||
        !VEC_RESERVE(&supervisor.polls, 1 + 2 * (size_t)options->workers)) {
        free_all(&supervisor);
        return error_no_memory();
    }
    for (unsigned i = 0; i < options->workers; i++)
        supervisor.workers[i].process = CHILD_NONE;
    list_polls(&supervisor);
    if (options->begin != NULL)
        supervisor.error = options->begin(&supervisor, options->user);
    if (supervisor.error != NULL) {
        free_all(&supervisor);
        return supervisor.error;
    }
    do {
        start_due(&supervisor);
        wait_for_events(&supervisor);
        if (supervisor.error != NULL && !supervisor.stopping) {
            begin_stop(&supervisor);
            kill_all(&supervisor);
        }
        if (supervisor.stopping && now_ms() >= supervisor.kill_at) {
            LOG_WARN("workers that do not leave are killed", LOG_TEXT("trigger", options->name));
            kill_all(&supervisor);
        }
    } while (!supervisor.stopping || any_runs(&supervisor));
    free_all(&supervisor);
    return supervisor.error;
}

/* ── for who uses it ─────────────────────────────────────────────────────────────────────── */

bool supervisor_is_running(const supervisor_t *supervisor, unsigned slot) {
    return supervisor->workers[slot].process.pid != 0;
}

bool supervisor_is_stopping(const supervisor_t *supervisor) {
    return supervisor->stopping;
}

void supervisor_replace(supervisor_t *supervisor, unsigned slot) {
    child_kill(&supervisor->workers[slot].process);
}

bool supervisor_send(supervisor_t *supervisor, unsigned slot, spin_slice_t message, const int *fds,
                     size_t fds_len) {
    union {
        char bytes[CMSG_SPACE(SUPERVISOR_MOST_FDS * sizeof(int))];
        struct cmsghdr align;
    } control = {0};
    struct iovec part = {(void *)(uintptr_t)message.ptr, message.len};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    if (fds_len > 0) {
        header.msg_control = control.bytes;
        header.msg_controllen = CMSG_SPACE(fds_len * sizeof(int));
        struct cmsghdr *first = CMSG_FIRSTHDR(&header);
        first->cmsg_level = SOL_SOCKET;
        first->cmsg_type = SCM_RIGHTS;
        first->cmsg_len = CMSG_LEN(fds_len * sizeof(int));
        memcpy(CMSG_DATA(first), fds, fds_len * sizeof(int));
    }
    int link = supervisor->workers[slot].process.link;
    return link >= 0 && sendmsg(link, &header, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

spin_error_t *supervisor_watch(supervisor_t *supervisor, int fd, supervisor_watch_fn fn,
                               void *user) {
    return VEC_RESERVE(&supervisor->polls, supervisor->watches.len + 1) &&
                   VEC_PUSH(&supervisor->watches, (watch_t){fd, fn, user})
               ? NULL
               : error_no_memory();
}

void supervisor_unwatch(supervisor_t *supervisor, int fd) {
    for (size_t i = 0; i < supervisor->watches.len; i++)
        if (supervisor->watches.items[i].fd == fd) {
            supervisor->watches.items[i] = supervisor->watches.items[--supervisor->watches.len];
            return;
        }
}
