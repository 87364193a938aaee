#include "trigger/signals.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include "spin/trigger.h"

/* One request to stop may come as several signals: a process group, or all processes of a service,
 * get theirs, and the one in front hands its own on; `timeout` signals its child and then the
 * group. A second stop gives up what is under way, so these must count once. */
enum {
    REPEATED_MS = 100, /* faster than anybody asks twice */
    JOINED_MS = 2000,  /* from a signal to its copy by the other way */
};

enum { CAUGHT = 2, IGNORED = 2 };
static const int caught[CAUGHT] = {SIGINT, SIGTERM};
static const int ignored[IGNORED] = {SIGHUP, SIGPIPE};

/* Over the list's changes and the dispositions. Handlers only follow the links. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(signals_t *) first;
static atomic_uint handling; /* handlers that may have seen an entry, on any thread */
static struct sigaction before_caught[CAUGHT], before_ignored[IGNORED];

/* ── the handler ─────────────────────────────────────────────────────────────────────────── */

static struct {
    int number;   /* 0: none yet */
    bool came[2]; /* on its own, handed on */
    int64_t at_ms;
} request;
/* Over `request`. It can't be taken twice on one thread: handlers block the caught signals. */
static atomic_flag request_lock = ATOMIC_FLAG_INIT;

static bool is_handed_on(const siginfo_t *info) {
    return info->si_code == SI_QUEUE && info->si_value.sival_int == SPIN_SIGNAL_HANDED_ON;
}

/* Whether it is a request of its own, not one more signal of the last one. */
static bool is_request(int number, bool handed_on) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    while (atomic_flag_test_and_set(&request_lock))
        sched_yield();
    int64_t age = now_ms - request.at_ms;
    bool same = number == request.number &&
                (age < REPEATED_MS || (age < JOINED_MS && !request.came[handed_on]));
    if (!same) {
        request.number = number;
        request.at_ms = now_ms;
        request.came[!handed_on] = false;
    }
    request.came[handed_on] = true;
    atomic_flag_clear(&request_lock);
    return !same;
}

static void ask_to_stop(int stop_fd) {
    const uint64_t one = 1;
    (void)!write(stop_fd, &one, sizeof one);
}

static void on_signal(int number, siginfo_t *info, void *context) {
    int before = errno;
    (void)context;
    if (!is_request(number, is_handed_on(info)))
        return;
    atomic_fetch_add(&handling, 1);
    for (signals_t *each = atomic_load(&first); each != NULL; each = atomic_load(&each->next))
        ask_to_stop(each->stop_fd);
    atomic_fetch_sub(&handling, 1);
    errno = before;
}

/* ── taking and giving back ──────────────────────────────────────────────────────────────── */

/* Who blocks one takes it another way; and to ignore it would lose the one that waits. */
static void ignore(int number, const struct sigaction *action, struct sigaction *before) {
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    sigaction(number, sigismember(&blocked, number) ? NULL : action, before);
}

static void take_dispositions(void) {
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_RESTART | SA_SIGINFO};
    while (atomic_flag_test_and_set(&request_lock)) /* a handler of the last ones may be at it */
        sched_yield();
    request.number = 0;
    atomic_flag_clear(&request_lock);
    for (size_t i = 0; i < CAUGHT; i++)
        sigaddset(&action.sa_mask, caught[i]);
    for (size_t i = 0; i < CAUGHT; i++)
        sigaction(caught[i], &action, &before_caught[i]);
    action = (struct sigaction){.sa_handler = SIG_IGN};
    for (size_t i = 0; i < IGNORED; i++)
        ignore(ignored[i], &action, &before_ignored[i]);
}

static void give_back_dispositions(void) {
    for (size_t i = 0; i < CAUGHT; i++)
        sigaction(caught[i], &before_caught[i], NULL);
    for (size_t i = 0; i < IGNORED; i++)
        sigaction(ignored[i], &before_ignored[i], NULL);
}

void signals_take(signals_t *signals, int stop_fd) {
    pthread_mutex_lock(&mutex);
    signals_t *others = atomic_load(&first);
    signals->stop_fd = stop_fd;
    signals->taken = true;
    atomic_store(&signals->next, others);
    atomic_store(&first, signals);
    if (others == NULL)
        take_dispositions();
    pthread_mutex_unlock(&mutex);
}

void signals_give_back(signals_t *signals) {
    if (!signals->taken)
        return;
    pthread_mutex_lock(&mutex);
    _Atomic(signals_t *) *link = &first;
    while (atomic_load(link) != signals)
        link = &atomic_load(link)->next;
    atomic_store(link, atomic_load(&signals->next));
    if (atomic_load(&first) == NULL)
        give_back_dispositions();
    pthread_mutex_unlock(&mutex);
    while (atomic_load(&handling) != 0)
        sched_yield();
}
