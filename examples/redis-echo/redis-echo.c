/* A component of a Redis application: writes each message to its output. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define EXPORT(name) __attribute__((export_name(name)))

/* What spin asks for memory with, to put the message into. */
EXPORT("canonical_abi_realloc")
void *canonical_abi_realloc(void *old, size_t old_size, size_t align, size_t size) {
    (void)old_size, (void)align;
    void *block = realloc(old, size > 0 ? size : 1);
    if (block == NULL)
        abort();
    return block;
}

EXPORT("canonical_abi_free") void canonical_abi_free(void *block, size_t size, size_t align) {
    (void)size, (void)align;
    free(block);
}

/* expected<unit, error> of wit/spin-redis.wit */
typedef struct outcome {
    uint8_t is_error;
    uint8_t error;
} outcome_t;

EXPORT("handle-redis-message") const outcome_t *handle_redis_message(char *message, size_t len) {
    static outcome_t outcome;
    size_t written = fwrite(message, 1, len, stdout);
    putchar('\n');
    outcome.is_error = written != len || fflush(stdout) != 0;
    outcome.error = outcome.is_error;
    free(message);
    return &outcome;
}
