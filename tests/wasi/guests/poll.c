/* poll_oneoff where something is ready at once, and where only time passes. stdin holds "input". */
#include "guest.h"

static __wasi_subscription_t subs[4];
static __wasi_event_t events[4];
static __wasi_size_t count;

static uint64_t now(__wasi_clockid_t clock) {
    __wasi_timestamp_t time;
    OK(__wasi_clock_time_get(clock, 1, &time));
    return time;
}

static void on_clock(unsigned index, __wasi_clockid_t clock, uint64_t timeout, uint16_t flags) {
    memset(&subs[index], 0, sizeof subs[index]);
    subs[index].userdata = 100 + index;
    subs[index].u.tag = __WASI_EVENTTYPE_CLOCK;
    subs[index].u.u.clock = (__wasi_subscription_clock_t){clock, timeout, 0, flags};
}

static void on_fd(unsigned index, uint8_t tag, __wasi_fd_t fd) {
    memset(&subs[index], 0, sizeof subs[index]);
    subs[index].userdata = 100 + index;
    subs[index].u.tag = tag;
    subs[index].u.u.fd_read.file_descriptor = fd;
}

static void times(void) {
    const uint64_t ms = 1000 * 1000;
    static const __wasi_clockid_t clocks[] = {__WASI_CLOCKID_REALTIME, __WASI_CLOCKID_MONOTONIC};
    __wasi_timestamp_t resolution;
    for (unsigned i = 0; i < 2; i++) {
        OK(__wasi_clock_res_get(clocks[i], &resolution));
        CHECK(resolution > 0);
        uint64_t start = now(__WASI_CLOCKID_MONOTONIC);
        on_clock(0, clocks[i], 20 * ms, 0);
        on_clock(1, clocks[i], 5000 * ms, 0);
        OK(__wasi_poll_oneoff(subs, events, 2, &count));
        uint64_t took = now(__WASI_CLOCKID_MONOTONIC) - start;
        CHECK(count == 1 && events[0].userdata == 100 && events[0].error == 0);
        CHECK(events[0].type == __WASI_EVENTTYPE_CLOCK);
        CHECK(took >= 20 * ms && took < 2000 * ms);

        start = now(__WASI_CLOCKID_MONOTONIC);
        on_clock(0, clocks[i], now(clocks[i]) + 10 * ms, 1);
        OK(__wasi_poll_oneoff(subs, events, 1, &count));
        CHECK(count == 1 && now(__WASI_CLOCKID_MONOTONIC) - start >= 10 * ms);

        on_clock(0, clocks[i], 1, 1); /* long past */
        on_clock(1, clocks[i], 0, 0);
        OK(__wasi_poll_oneoff(subs, events, 2, &count));
        CHECK(count == 2 && events[1].userdata == 101);
    }
    on_clock(0, __WASI_CLOCKID_THREAD_CPUTIME_ID, 1, 0);
    on_clock(1, 9, 1, 0);
    OK(__wasi_poll_oneoff(subs, events, 2, &count));
    CHECK(count == 2);
    EXPECT(NOTSUP, events[0].error);
    EXPECT(INVAL, events[1].error);
}

static void descriptors(void) {
    __wasi_fd_t fd;
    OK(open_at(ROOT, "hello", 0, READ, &fd));
    on_fd(0, __WASI_EVENTTYPE_FD_READ, 0);
    on_fd(1, __WASI_EVENTTYPE_FD_WRITE, 1);
    on_fd(2, __WASI_EVENTTYPE_FD_READ, fd);
    on_clock(3, __WASI_CLOCKID_MONOTONIC, UINT64_MAX, 0);
    OK(__wasi_poll_oneoff(subs, events, 4, &count));
    CHECK(count == 3);
    CHECK(events[0].userdata == 100 && events[0].fd_readwrite.nbytes == 5);
    CHECK(events[1].userdata == 101 && events[1].type == __WASI_EVENTTYPE_FD_WRITE);
    CHECK(events[2].userdata == 102 && events[2].fd_readwrite.nbytes == 6);

    on_fd(0, __WASI_EVENTTYPE_FD_READ, 55);
    OK(__wasi_poll_oneoff(subs, events, 1, &count));
    CHECK(count == 1);
    EXPECT(BADF, events[0].error);
    on_fd(0, 3, 0);
    EXPECT(INVAL, __wasi_poll_oneoff(subs, events, 1, &count));
    EXPECT(INVAL, __wasi_poll_oneoff(subs, events, 0, &count));
}

void _start(void) {
    times();
    descriptors();
    OK(__wasi_sched_yield());
}
