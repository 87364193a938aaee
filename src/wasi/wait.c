#include "wasi/wait.h"

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <uv.h>

#include "base/alloc.h"
#include "wasi/errno.h"

struct wasi_wait {
    spin_instance_t *instance; /* NULL once it has been woken or stopped */
    uv_timer_t timer;
    uv_poll_t poll;
    int epoll; /* -1: no descriptors */
    int open;  /* handles that the loop still knows */
};

static void wake(wasi_wait_t *wait) {
    spin_instance_t *instance = wait->instance;
    wait->instance = NULL;
    if (instance != NULL)
        engine_instance_wake(instance);
}

static void on_timer(uv_timer_t *timer) {
    wake(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events) {
    (void)status;
    (void)events;
    uv_poll_stop(poll);
    wake(poll->data);
}

static void on_closed(uv_handle_t *handle) {
    wasi_wait_t *wait = handle->data;
    if (--wait->open > 0)
        return;
    if (wait->epoll >= 0)
        close(wait->epoll);
    mem_free(wait);
}

static wasi_errno_t start_timer(wasi_wait_t *wait, uv_loop_t *loop, uint64_t timeout_ns) {
    static const uint64_t ns_per_ms = 1000 * 1000;
    uint64_t timeout_ms = timeout_ns / ns_per_ms + (timeout_ns % ns_per_ms != 0 ? 1 : 0);
    uv_timer_init(loop, &wait->timer);
    wait->timer.data = wait;
    wait->open++;
    if (timeout_ns == UINT64_MAX)
        return WASI_ERRNO_SUCCESS;
    uv_update_time(loop); /* else the time that the guest ran would count as waited */
    return uv_timer_start(&wait->timer, on_timer, timeout_ms, 0) == 0 ? WASI_ERRNO_SUCCESS
                                                                      : WASI_ERRNO_INVAL;
}

/* libuv watches an epoll descriptor of ours, not the host's: it would make those non-blocking for
 * every process that shares them, and refuse one that the loop watches already. */
static wasi_errno_t start_poll(wasi_wait_t *wait, uv_loop_t *loop, const wasi_wait_plan_t *plan) {
    if (plan->fds_len == 0)
        return WASI_ERRNO_SUCCESS;
    wait->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (wait->epoll < 0)
        return wasi_errno_of(-1);
    for (size_t i = 0; i < plan->fds_len; i++) {
        struct epoll_event event = {.events = (uint32_t)plan->fds[i].events};
        if (epoll_ctl(wait->epoll, EPOLL_CTL_ADD, plan->fds[i].fd, &event) != 0)
            return wasi_errno_of(-1);
    }
    int failed = uv_poll_init(loop, &wait->poll, wait->epoll);
    if (failed != 0)
        return wasi_errno_from_host(-failed);
    wait->poll.data = wait;
    wait->open++;
    failed = uv_poll_start(&wait->poll, UV_READABLE, on_poll);
    return failed == 0 ? WASI_ERRNO_SUCCESS : wasi_errno_from_host(-failed);
}

wasi_errno_t wasi_wait_start(spin_instance_t *instance, const wasi_wait_plan_t *plan,
                             wasi_wait_t **out) {
    uv_loop_t *loop = spin_execution_context_loop(spin_instance_context(instance));
    wasi_wait_t *wait = mem_calloc(1, sizeof *wait);
    if (wait == NULL)
        return WASI_ERRNO_NOMEM;
    wait->epoll = -1;
    wait->instance = instance;
    wasi_errno_t error = start_timer(wait, loop, plan->timeout_ns);
    if (error == WASI_ERRNO_SUCCESS)
        error = start_poll(wait, loop, plan);
    if (error != WASI_ERRNO_SUCCESS) {
        wasi_wait_stop(wait);
        return error;
    }
    engine_instance_wait(instance);
    *out = wait;
    return WASI_ERRNO_SUCCESS;
}

void wasi_wait_stop(wasi_wait_t *wait) {
    if (wait == NULL)
        return;
    wait->instance = NULL;
    uv_close((uv_handle_t *)&wait->timer, on_closed);
    if (wait->poll.data != NULL)
        uv_close((uv_handle_t *)&wait->poll, on_closed);
}
