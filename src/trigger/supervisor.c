#include "trigger/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"

enum {
    FIRST_DELAY_MS = 50, /* before a worker that just began is replaced; doubled each time */
    MAX_DELAY_MS = 5000,
    SETTLED_MS = 10 * 1000, /* having lived that long it is replaced at once */
    REPORT_SIZE = 4096,
    KILL_AFTER_MS = 2000, /* the workers' own grace has ended by then */
};

/* What a worker sends: one byte of these, then for an error its kind and text. */
enum { REPORT_READY = 'r', REPORT_ERROR = 'e' };

typedef struct worker {
    pid_t pid;     /* 0: none runs */
    int pidfd;     /* readable when it has ended */
    int link;      /* -1: closed */
    bool ready;    /* since its start */
    int64_t since; /* when it started, in milliseconds */
    int64_t due;   /* when the next one starts, where none runs */
    int64_t delay; /* before the next replacement */
} worker_t;

typedef struct supervisor {
    const supervisor_options_t *options;
    worker_t *workers;
    struct pollfd *polls; /* the stop descriptor, then two for each worker */
    pid_t pid;
    bool announced; /* all were ready once */
    bool stopping;
    int64_t kill_at; /* while stopping */
    spin_error_t *error;
} supervisor_t;

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Unlike a process id it never means another process, even where the caller's own code has waited
 * for the worker. */
static void send_kill(const worker_t *worker) {
    if (worker->pid != 0)
        syscall(SYS_pidfd_send_signal, worker->pidfd, SIGKILL, NULL, 0);
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

static void report_error(int fd, const spin_error_t *error) {
    char report[REPORT_SIZE] = {REPORT_ERROR, (char)spin_error_kind(error)};
    size_t len = spin_error_format(error, report + 2, sizeof report - 2);
    if (len > sizeof report - 3)
        len = sizeof report - 3;
    (void)!send(fd, report, len + 2, MSG_NOSIGNAL);
}

/* A terminal's Ctrl-C and hang-up reach the whole group, but it is the supervisor that decides. The
 * worker's own SIGTERM ends it as any process until it has a use for it. */
static void reset_signals(void) {
    sigset_t none;
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void run_worker(supervisor_t *supervisor, unsigned slot, int fd) {
    const supervisor_options_t *options = supervisor->options;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != supervisor->pid) /* it died before the line above */
        _exit(1);
    reset_signals();
    for (unsigned i = 0; i < options->workers; i++) {
        close_fd(&supervisor->workers[i].pidfd);
        close_fd(&supervisor->workers[i].link);
    }
    close(options->stop_fd);
    supervisor_link_t link = {slot, fd};
    spin_error_t *error = options->work(&link, options->user);
    if (error != NULL)
        report_error(fd, error);
    _exit(error == NULL ? 0 : 1);
}

/* ── starting ────────────────────────────────────────────────────────────────────────────── */

/* Signals come to the worker only once it has dispositions of its own: with the caller's handlers
 * it would act in the caller's name. */
static pid_t fork_silently(void) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    int number = errno;
    if (pid != 0)
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = number;
    return pid;
}

static spin_error_t *start_worker(supervisor_t *supervisor, unsigned slot) {
    worker_t *worker = &supervisor->workers[slot];
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return error_from_errno(errno, "worker %u", slot);
    pid_t pid = fork_silently();
    if (pid == 0) {
        close(ends[0]);
        run_worker(supervisor, slot, ends[1]);
    }
    int number = errno;
    close(ends[1]);
    int pidfd = pid < 0 ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);
    if (pidfd < 0) {
        number = pid < 0 ? number : errno;
        if (pid > 0) {
            kill(pid, SIGKILL);
            waitpid(pid, NULL, 0);
        }
        close(ends[0]);
        return error_from_errno(number, "worker %u", slot);
    }
    worker->pid = pid;
    worker->pidfd = pidfd;
    worker->link = ends[0];
    worker->ready = false;
    worker->since = now_ms();
    return NULL;
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
        if (worker->pid != 0 || worker->due > now_ms() || !may_start(supervisor, i))
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
        send_kill(&supervisor->workers[i]);
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
    for (unsigned i = 0; i < options->workers; i++) {
        worker_t *worker = &supervisor->workers[i];
        if (!worker->ready)
            send_kill(worker);
        else if (worker->link >= 0)
            shutdown(worker->link, SHUT_WR);
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

/* False: there is nothing to read. */
static bool on_report(supervisor_t *supervisor, unsigned slot) {
    worker_t *worker = &supervisor->workers[slot];
    char report[REPORT_SIZE];
    ssize_t len = recv(worker->link, report, sizeof report, MSG_DONTWAIT);
    if (len < 0 && errno == EINTR)
        return true;
    if (len < 0 && errno == EAGAIN)
        return false;
    if (len <= 0) {
        close_fd(&worker->link);
        return false;
    }
    if (report[0] == REPORT_READY) {
        worker->ready = true;
        if (!supervisor->announced)
            announce_when_complete(supervisor);
    } else if (len > 2) {
        take_error(supervisor, slot,
                   error_new((spin_error_kind_t)report[1], "%.*s", (int)len - 2, report + 2));
    }
    return true;
}

static void describe_end(int status, char *text, size_t size) {
    if (WIFSIGNALED(status))
        snprintf(text, size, "ended by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(text, size, "exited with status %d", WEXITSTATUS(status));
}

static void on_end(supervisor_t *supervisor, unsigned slot) {
    worker_t *worker = &supervisor->workers[slot];
    const char *name = supervisor->options->name;
    int status = 0;
    char how[96];
    while (on_report(supervisor, slot)) /* its last words */
        continue;
    close_fd(&worker->link); /* a process that it started may hold the other end */
    if (waitpid(worker->pid, &status, 0) < 0)
        status = 0;
    describe_end(status, how, sizeof how);
    close_fd(&worker->pidfd);
    worker->pid = 0;
    worker->ready = false;
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
        if (supervisor->workers[i].pid != 0)
            return true;
    return false;
}

static int poll_timeout(const supervisor_t *supervisor) {
    int64_t next = supervisor->stopping ? supervisor->kill_at : INT64_MAX;
    for (unsigned i = 0; i < supervisor->options->workers && !supervisor->stopping; i++) {
        const worker_t *worker = &supervisor->workers[i];
        if (worker->pid == 0 && may_start(supervisor, i) && worker->due < next)
            next = worker->due;
    }
    if (next == INT64_MAX)
        return -1;
    int64_t wait = next - now_ms();
    return wait < 0 ? 0 : wait > 60000 ? 60000 : (int)wait;
}

static void wait_for_events(supervisor_t *supervisor) {
    unsigned workers = supervisor->options->workers;
    struct pollfd *polls = supervisor->polls;
    polls[0] = (struct pollfd){.fd = supervisor->options->stop_fd, .events = POLLIN};
    for (unsigned i = 0; i < workers; i++) {
        const worker_t *worker = &supervisor->workers[i];
        polls[1 + 2 * i] = (struct pollfd){.fd = worker->link, .events = POLLIN};
        polls[2 + 2 * i] = (struct pollfd){.fd = worker->pidfd, .events = POLLIN};
    }
    if (poll(polls, 1 + 2 * (nfds_t)workers, poll_timeout(supervisor)) <= 0)
        return;
    /* First, and also where it came only now: what ends with it is no failure. */
    on_stop_event(supervisor);
    for (unsigned i = 0; i < workers; i++) {
        if (polls[1 + 2 * i].revents != 0)
            on_report(supervisor, i);
        if (polls[2 + 2 * i].revents != 0)
            on_end(supervisor, i);
    }
}

spin_error_t *supervisor_run(const supervisor_options_t *options) {
    spin_error_t *error = NULL;
    supervisor_t supervisor = {.options = options, .pid = getpid()};
    supervisor.workers = mem_calloc(options->workers, sizeof *supervisor.workers);
    supervisor.polls = mem_calloc(1 + 2 * (size_t)options->workers, sizeof *supervisor.polls);
    if (supervisor.workers == NULL || supervisor.polls == NULL) {
        error = error_no_memory();
        goto out;
    }
    for (unsigned i = 0; i < options->workers; i++)
        supervisor.workers[i].pidfd = supervisor.workers[i].link = -1;
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
    error = supervisor.error;
out:
    mem_free(supervisor.polls);
    mem_free(supervisor.workers);
    return error;
}
