#include "engine/epoch.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "base/alloc.h"
#include "base/error.h"

enum { TICKS_BEFORE_REST = 50 };

struct epoch_clock {
    wasm_engine_t *engine;
    pthread_t thread;
    bool started;
    atomic_size_t running; /* guests */
    atomic_bool resting;
    atomic_bool stop;
    pthread_mutex_t mutex; /* only around going to rest and waking */
    pthread_cond_t wake;
};

static bool must_rest(epoch_clock_t *clock) {
    return atomic_load(&clock->running) == 0 && !atomic_load(&clock->stop);
}

static void rest(epoch_clock_t *clock) {
    pthread_mutex_lock(&clock->mutex);
    atomic_store(&clock->resting, true);
    /* A guest that entered before `resting` was seen is seen here; one that enters after, wakes. */
    while (must_rest(clock))
        pthread_cond_wait(&clock->wake, &clock->mutex);
    atomic_store(&clock->resting, false);
    pthread_mutex_unlock(&clock->mutex);
}

static void *tick(void *user) {
    epoch_clock_t *clock = user;
    const struct timespec period = {.tv_nsec = EPOCH_TICK_NS};
    for (unsigned idle = 0; !atomic_load(&clock->stop);) {
        clock_nanosleep(CLOCK_MONOTONIC, 0, &period, NULL);
        wasmtime_engine_increment_epoch(clock->engine);
        idle = must_rest(clock) ? idle + 1 : 0;
        if (idle > TICKS_BEFORE_REST) {
            rest(clock);
            idle = 0;
        }
    }
    return NULL;
}

spin_error_t *epoch_clock_new(wasm_engine_t *engine, epoch_clock_t **out) {
    epoch_clock_t *clock = mem_calloc(1, sizeof *clock);
    if (clock == NULL)
        return error_no_memory();
    clock->engine = engine;
    pthread_mutex_init(&clock->mutex, NULL);
    pthread_cond_init(&clock->wake, NULL);

    sigset_t all;
    sigset_t before;
    sigfillset(&all); /* signals are the embedder's, on the embedder's threads */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&clock->thread, NULL, tick, clock);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    clock->started = failed == 0;
    if (failed != 0) {
        epoch_clock_free(clock);
        return error_from_errno(failed, "the epoch thread can't be started");
    }
    *out = clock;
    return NULL;
}

static void wake(epoch_clock_t *clock) {
    pthread_mutex_lock(&clock->mutex);
    pthread_cond_signal(&clock->wake);
    pthread_mutex_unlock(&clock->mutex);
}

void epoch_clock_free(epoch_clock_t *clock) {
    if (clock == NULL)
        return;
    atomic_store(&clock->stop, true);
    if (clock->started) {
        wake(clock);
        pthread_join(clock->thread, NULL);
    }
    pthread_cond_destroy(&clock->wake);
    pthread_mutex_destroy(&clock->mutex);
    mem_free(clock);
}

void epoch_clock_enter(epoch_clock_t *clock) {
    atomic_fetch_add(&clock->running, 1);
    if (atomic_load(&clock->resting))
        wake(clock);
}

void epoch_clock_leave(epoch_clock_t *clock) {
    atomic_fetch_sub(&clock->running, 1);
}
