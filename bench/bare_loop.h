/* A component's request without libspin: what Wasmtime's C API itself costs. */
#ifndef BENCH_BARE_LOOP_H
#define BENCH_BARE_LOOP_H

#include <stdint.h>

typedef struct bare_loop bare_loop_t;

/* Compiles the module at `path`. Ends the process with a message where anything fails. */
bare_loop_t *bare_loop_new(const char *path);
/* `rounds` times: a store, an instance, one call of canonical_abi_realloc, one of
 * handle-http-request, a look at the status, the end of the store. Returns nanoseconds. */
uint64_t bare_loop_run(bare_loop_t *loop, unsigned rounds);

/* What each round passes, here and through libspin. */
#define BENCH_URI     "/hello"
#define BENCH_ENTRY   "handle-http-request"
#define BENCH_REALLOC "canonical_abi_realloc"
enum { BENCH_ENTRY_PARAMS = 10, BENCH_REALLOC_PARAMS = 4 };

uint64_t bench_now_ns(void);

#endif
