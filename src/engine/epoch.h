/* The clock by which guests are preempted: a thread that advances the engine's epoch while guests
 * run, and sleeps while none does. */
#ifndef ENGINE_EPOCH_H
#define ENGINE_EPOCH_H

#include <wasmtime.h>

#include "spin/error.h"

typedef struct epoch_clock epoch_clock_t;

/* A guest runs for a slice before it must let others run. The first of its ticks may be due at
 * once, so that a slice lasts between one tick and two. */
enum { EPOCH_TICK_NS = 2 * 1000 * 1000, EPOCH_TICKS_PER_SLICE = 2 };

/* Starts the thread, with all signals blocked in it. */
spin_error_t *epoch_clock_new(wasm_engine_t *engine, epoch_clock_t **out);
void epoch_clock_free(epoch_clock_t *clock);

/* A guest starts to run, or has ended. Called by one thread only; lock-free but for the first guest
 * after a rest. */
void epoch_clock_enter(epoch_clock_t *clock);
void epoch_clock_leave(epoch_clock_t *clock);

#endif
