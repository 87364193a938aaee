#ifndef WASI_CLOCK_RANDOM_H
#define WASI_CLOCK_RANDOM_H

#include "wasi/abi.h"

/* The time of a guest's clock in nanoseconds. Errors: INVAL (no such clock), OVERFLOW. */
wasi_errno_t wasi_clock_now(uint32_t clock, uint64_t *out);

#endif
