#include "wasi/poll.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wasi/call.h"
#include "wasi/clock_random.h"
#include "wasi/memory.h"
#include "wasi/wait.h"

/* Each may take a few calls of the system, and all are looked at in one go. */
enum { MAX_SUBSCRIPTIONS = 4096 };

/* ── one subscription ── */

/* Whether its time has come; else `*left_ns` says how long that takes. */
static wasi_errno_t check_clock(const wasi_poll_t *poll, const wasi_subscription_t *subscription,
                                bool *ready, uint64_t *left_ns) {
    uint32_t clock = subscription->of.clock.id;
    uint64_t until = subscription->of.clock.timeout;
    uint64_t now = 0;
    if (clock > WASI_CLOCK_MONOTONIC) /* nothing can wait for the time that a guest computes */
        return clock > WASI_CLOCK_THREAD_CPUTIME ? WASI_ERRNO_INVAL : WASI_ERRNO_NOTSUP;
    if ((subscription->of.clock.flags & WASI_SUBCLOCK_ABSTIME) == 0 &&
        __builtin_add_overflow(until, poll->start[clock], &until))
        until = UINT64_MAX;
    wasi_errno_t error = wasi_clock_now(clock, &now);
    *ready = now >= until;
    *left_ns = until - now;
    return error;
}

static uint64_t bytes_left(const wasi_call_t *call, const wasi_fd_t *entry) {
    struct stat info;
    int queued;
    if (entry->kind == WASI_FD_BYTES)
        return call->state->stdio[0].bytes.len - call->state->stdin_at;
    if (entry->host < 0 || fstat(entry->host, &info) != 0)
        return 0;
    if (!S_ISREG(info.st_mode))
        return ioctl(entry->host, FIONREAD, &queued) == 0 && queued > 0 ? (uint64_t)queued : 0;
    off_t at = lseek(entry->host, 0, SEEK_CUR);
    return at >= 0 && at < info.st_size ? (uint64_t)(info.st_size - at) : 0;
}

static void plan_fd(wasi_wait_plan_t *plan, int fd, short events) {
    for (size_t i = 0; i < plan->fds_len; i++) {
        if (plan->fds[i].fd == fd) {
            plan->fds[i].events |= events;
            return;
        }
    }
    if (plan->fds_len < WASI_WAIT_MAX_FDS) { /* only stdio can make a guest wait: three at most */
        plan->fds[plan->fds_len].fd = fd;
        plan->fds[plan->fds_len++].events = events;
    }
}

/* Whether it can be read or written without waiting. Files always can, as in poll(2). */
static wasi_errno_t check_fd(wasi_call_t *call, const wasi_subscription_t *subscription,
                             wasi_wait_plan_t *plan, bool *ready, wasi_event_t *event) {
    wasi_fd_t *entry;
    bool reads = subscription->tag == WASI_EVENT_FD_READ;
    wasi_errno_t error = fd_table_get(call, subscription->of.fd, 0, &entry);
    *ready = true;
    if (error != WASI_ERRNO_SUCCESS)
        return error;
    if (entry->kind == WASI_FD_STREAM) {
        struct pollfd host = {.fd = entry->host, .events = reads ? POLLIN : POLLOUT};
        *ready = poll(&host, 1, 0) != 0;
        if (!*ready)
            plan_fd(plan, entry->host, host.events);
        if ((host.revents & (POLLHUP | POLLERR)) != 0)
            event->flags = WASI_EVENT_HANGUP;
    }
    if (*ready && reads)
        event->nbytes = bytes_left(call, entry);
    return WASI_ERRNO_SUCCESS;
}

/* ── all of them ── */

/* Fills the guest's events; `*found` 0 means to wait as `plan` says. */
static wasi_errno_t collect(wasi_call_t *call, const wasi_poll_t *poll, wasi_wait_plan_t *plan,
                            uint32_t *found) {
    const uint8_t *in = memory_at(call, poll->in, poll->count * sizeof(wasi_subscription_t), 8);
    uint8_t *out = memory_at(call, poll->out, poll->count * sizeof(wasi_event_t), 8);
    *plan = (wasi_wait_plan_t){.timeout_ns = UINT64_MAX};
    *found = 0;
    if (in == NULL || out == NULL)
        return WASI_ERRNO_FAULT;
    if (poll->count > MAX_SUBSCRIPTIONS)
        return WASI_ERRNO_INVAL;
    for (uint32_t i = 0; i < poll->count; i++) {
        wasi_subscription_t subscription;
        memcpy(&subscription, in + i * sizeof subscription, sizeof subscription);
        wasi_event_t event = {.userdata = subscription.userdata, .type = subscription.tag};
        wasi_errno_t error;
        bool ready = true;
        uint64_t left_ns = 0;
        if (subscription.tag > WASI_EVENT_FD_WRITE)
            return WASI_ERRNO_INVAL;
        if (subscription.tag == WASI_EVENT_CLOCK)
            error = check_clock(poll, &subscription, &ready, &left_ns);
        else
            error = check_fd(call, &subscription, plan, &ready, &event);
        if (!ready && error == WASI_ERRNO_SUCCESS) {
            if (subscription.tag == WASI_EVENT_CLOCK && left_ns < plan->timeout_ns)
                plan->timeout_ns = left_ns;
            continue;
        }
        event.error = (uint16_t)error;
        memcpy(out + *found * sizeof event, &event, sizeof event);
        ++*found;
    }
    return WASI_ERRNO_SUCCESS;
}

/* Answers the guest or starts to wait. True: it is answered. */
static bool try_poll(wasi_call_t *call, wasi_poll_t *poll) {
    wasi_wait_plan_t plan;
    uint32_t found;
    wasi_errno_t error = collect(call, poll, &plan, &found);
    if (error == WASI_ERRNO_SUCCESS && found == 0) {
        error = wasi_wait_start(call->instance, &plan, &poll->wait);
        if (error == WASI_ERRNO_SUCCESS)
            return false;
    }
    if (error == WASI_ERRNO_SUCCESS)
        error = memory_store_u32(call, poll->count_out, found);
    poll->result->of.i32 = (int32_t)error;
    *poll->trap = wasi_call_trap(call, "poll_oneoff");
    return true;
}

static bool go_on(void *env) {
    wasi_poll_t *poll = env;
    wasi_call_t call;
    wasi_wait_stop(poll->wait);
    poll->wait = NULL;
    wasi_call_init(&call, poll->instance, NULL);
    return try_poll(&call, poll);
}

void wasi_poll_oneoff(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *args,
                      size_t args_len, wasmtime_val_t *results, size_t results_len,
                      wasm_trap_t **trap, wasmtime_async_continuation_t *continuation) {
    wasi_call_t call;
    (void)env;
    (void)args_len;
    (void)results_len;
    wasi_call_init(&call, spin_instance_from_store(wasmtime_caller_context(caller)), caller);
    wasi_poll_t *poll = &call.state->poll;
    *poll = (wasi_poll_t){
        .instance = call.instance,
        .result = &results[0],
        .trap = trap,
        .in = (uint32_t)args[0].of.i32,
        .out = (uint32_t)args[1].of.i32,
        .count = (uint32_t)args[2].of.i32,
        .count_out = (uint32_t)args[3].of.i32,
    };
    results[0].kind = WASMTIME_I32;
    results[0].of.i32 = WASI_ERRNO_INVAL; /* witx: no subscriptions */
    *continuation = (wasmtime_async_continuation_t){.callback = wasi_call_is_over, .env = poll};
    wasi_clock_now(WASI_CLOCK_REALTIME, &poll->start[WASI_CLOCK_REALTIME]);
    wasi_clock_now(WASI_CLOCK_MONOTONIC, &poll->start[WASI_CLOCK_MONOTONIC]);
    if (poll->count > 0 && !try_poll(&call, poll))
        continuation->callback = go_on;
}

void wasi_poll_cancel(wasi_poll_t *poll) {
    wasi_wait_stop(poll->wait);
    poll->wait = NULL;
}
