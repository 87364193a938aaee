/* Wasmtime turns SIGSEGV, SIGILL and SIGFPE of guests into traps; cmocka puts its own handlers in
 * their place in front of every test. A test that runs guests which trap calls wasm_signals_keep
 * before cmocka starts and wasm_signals_restore inside the test. */
#ifndef WASM_SIGNALS_H
#define WASM_SIGNALS_H

#include <signal.h>
#include <wasmtime.h>

static const int wasm_signals[] = {SIGSEGV, SIGILL, SIGFPE, SIGBUS};
static struct sigaction wasm_signal_actions[4];

static inline void wasm_signals_keep(void) {
    wasm_engine_delete(wasm_engine_new()); /* the process's first engine installs the handlers */
    for (size_t i = 0; i < 4; i++)
        sigaction(wasm_signals[i], NULL, &wasm_signal_actions[i]);
}

static inline void wasm_signals_restore(void) {
    for (size_t i = 0; i < 4; i++)
        sigaction(wasm_signals[i], &wasm_signal_actions[i], NULL);
}

#endif
