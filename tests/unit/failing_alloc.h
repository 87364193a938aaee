/* An allocator for tests: fails the n-th call and knows how many blocks are alive. What gives an
 * error is run with failing_alloc_each, below. By hand:
 *
 *     failing_alloc_install(SIZE_MAX);          count only
 *     run(); size_t calls = failing_alloc_calls();
 *     for (size_t at = 1; at <= calls; at++) {
 *         failing_alloc_install(at);
 *         run();                                must report out of memory
 *         assert_int_equal(failing_alloc_live(), 0);
 *     }
 *     failing_alloc_remove();
 *
 * Only the chosen call fails, so that the clean-up and what follows are exercised too. Blocks
 * made before `install` may be freed afterwards but are not counted: let them not overlap. */
#ifndef TESTS_FAILING_ALLOC_H
#define TESTS_FAILING_ALLOC_H

#include <stdint.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "spin/allocator.h"
#include "spin/error.h"

static struct {
    size_t fail_at;
    size_t calls;
    size_t live;
} failing_alloc_state;

static inline int failing_alloc_refuses(void) {
    return ++failing_alloc_state.calls == failing_alloc_state.fail_at;
}

static inline void *failing_alloc_alloc(size_t size, void *user) {
    (void)user;
    void *ptr = failing_alloc_refuses() ? NULL : malloc(size);
    failing_alloc_state.live += ptr != NULL;
    return ptr;
}

static inline void *failing_alloc_resize(void *ptr, size_t size, void *user) {
    (void)user;
    void *moved = failing_alloc_refuses() ? NULL : realloc(ptr, size);
    failing_alloc_state.live += ptr == NULL && moved != NULL;
    return moved;
}

static inline void failing_alloc_release(void *ptr, void *user) {
    (void)user;
    failing_alloc_state.live -= ptr != NULL;
    free(ptr);
}

/* Resets the counts. The call number `fail_at` (from 1) fails; SIZE_MAX: none does. */
static inline void failing_alloc_install(size_t fail_at) {
    failing_alloc_state.fail_at = fail_at;
    failing_alloc_state.calls = 0;
    failing_alloc_state.live = 0;
    spin_allocator_set(&(spin_allocator_t){failing_alloc_alloc, failing_alloc_resize,
                                           failing_alloc_release, NULL});
}

/* Calls (allocations and resizes) since the last install. */
static inline size_t failing_alloc_calls(void) {
    return failing_alloc_state.calls;
}

/* Blocks alive since the last install. */
static inline size_t failing_alloc_live(void) {
    return failing_alloc_state.live;
}

/* Back to the C library's allocator. The counts stay readable. */
static inline void failing_alloc_remove(void) {
    spin_allocator_set(NULL);
}

typedef spin_error_t *(*failing_alloc_run_fn)(void *user);

/* Runs it with all memory there is, where it makes `least` calls or more and gives no error; then
 * once for every call, which fails. All that it makes it frees. Returns how often it gave no error
 * although a call had failed; every other error is NO_MEMORY. */
static inline size_t failing_alloc_each(failing_alloc_run_fn run, void *user, size_t least) {
    size_t unnoticed = 0;
    failing_alloc_install(SIZE_MAX);
    assert_null(run(user));
    assert_int_equal(failing_alloc_live(), 0);
    size_t calls = failing_alloc_calls();
    assert_true(calls >= least);
    for (size_t at = 1; at <= calls; at++) {
        failing_alloc_install(at);
        spin_error_t *error = run(user);
        unnoticed += error == NULL;
        if (error != NULL)
            assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
        spin_error_free(error);
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_remove();
    return unnoticed;
}

#endif
