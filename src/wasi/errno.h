/* From the host's error numbers to WASI's. */
#ifndef WASI_ERRNO_H
#define WASI_ERRNO_H

#include "wasi/abi.h"

/* `number` is an errno of the host, or 0 for success; one that WASI has no name for becomes
 * WASI_ERRNO_IO. */
wasi_errno_t wasi_errno_from_host(int number);

/* WASI_ERRNO_SUCCESS for a system call's result of 0 or more, else what errno says. */
wasi_errno_t wasi_errno_of(long result);

#endif
