/* Handles messages as they say:
 *
 *     fail      returns an error            trap      traps
 *     spin      never returns               sleep MS  waits, then writes "slept MS"
 *     burn MS   keeps the processor busy for MS, then writes "burnt MS"
 *     #...      writes length and FNV-1a of the payload
 *
 * Everything else is written to stdout as a line, at once. */
#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))
#define WASI(name)                                                                                 \
    __attribute__((import_module("wasi_snapshot_preview1"), import_name(name))) extern uint32_t

/* A slot takes eight bytes. */
typedef struct result {
#ifdef SPIN_LAYOUT_SLOTS
    _Alignas(8) uint32_t is_error;
    _Alignas(8) uint32_t error;
#else
    uint8_t is_error;
    uint8_t error;
#endif
} result_t;

typedef struct part {
    const char *ptr;
    size_t len;
} part_t;

/* subscription and event of poll_oneoff, for a relative time of the monotonic clock */
typedef struct wait {
    uint64_t user;
    uint8_t type;
    _Alignas(8) uint32_t clock;
    uint64_t timeout_ns;
    uint64_t precision_ns;
    uint16_t flags;
} wait_t;

WASI("fd_write") wasi_write(uint32_t fd, const part_t *parts, size_t len, size_t *written);
WASI("clock_time_get") wasi_time(uint32_t clock, uint64_t precision, uint64_t *time);
WASI("poll_oneoff") wasi_poll(const wait_t *in, void *out, size_t len, size_t *events);

/* ── memory ── */

enum { PAGE = 65536, MONOTONIC = 1 };

extern char __heap_base;
static uintptr_t heap;

void *memcpy(void *restrict to, const void *restrict from, size_t len) {
    for (size_t i = 0; i < len; i++)
        ((char *)to)[i] = ((const char *)from)[i];
    return to;
}

EXPORT("canonical_abi_realloc")
void *canonical_abi_realloc(void *old, size_t old_size, size_t align, size_t size) {
    if (heap == 0)
        heap = (uintptr_t)&__heap_base;
    uintptr_t at = (heap + align - 1) & ~(uintptr_t)(align - 1);
    uintptr_t end = __builtin_wasm_memory_size(0) * PAGE;
    if (at + size > end &&
        __builtin_wasm_memory_grow(0, (at + size - end + PAGE - 1) / PAGE) == SIZE_MAX)
        __builtin_trap();
    heap = at + size;
    if (old_size > 0)
        memcpy((void *)at, old, old_size < size ? old_size : size);
    return (void *)at;
}

EXPORT("canonical_abi_free") void canonical_abi_free(void *block, size_t size, size_t align) {
    (void)block, (void)size, (void)align;
}

/* ── words and numbers ── */

static int begins(const char *text, size_t len, const char *with) {
    size_t i = 0;
    while (i < len && with[i] != '\0' && text[i] == with[i])
        i++;
    return with[i] == '\0';
}

static uint64_t number_in(const char *text, size_t len) {
    uint64_t number = 0;
    for (size_t i = 0; i < len; i++)
        if (text[i] >= '0' && text[i] <= '9')
            number = number * 10 + (uint64_t)(text[i] - '0');
    return number;
}

static size_t print_number(char *out, uint64_t number) {
    char digits[20];
    size_t len = 0, at = 0;
    do {
        digits[len++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    while (len > 0)
        out[at++] = digits[--len];
    return at;
}

static void write_line(const char *before, const char *text, size_t len) {
    size_t before_len = 0, written;
    while (before[before_len] != '\0')
        before_len++;
    const part_t parts[] = {{before, before_len}, {text, len}, {"\n", 1}};
    wasi_write(1, parts, 3, &written);
}

static void write_number(const char *before, uint64_t number) {
    char text[20];
    write_line(before, text, print_number(text, number));
}

/* ── what messages ask for ── */

static void sleep_ms(uint64_t ms) {
    const wait_t wait = {.clock = MONOTONIC, .timeout_ns = ms * 1000000};
    uint64_t event[4];
    size_t events;
    wasi_poll(&wait, event, 1, &events);
    write_number("slept ", ms);
}

static void burn_ms(uint64_t ms) {
    uint64_t begin, now;
    wasi_time(MONOTONIC, 1, &begin);
    do {
        wasi_time(MONOTONIC, 1, &now);
    } while (now - begin < ms * 1000000);
    write_number("burnt ", ms);
}

static void digest(const char *message, size_t len) {
    uint32_t hash = 2166136261u;
    char text[48];
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (uint8_t)message[i]) * 16777619u;
    size_t at = print_number(text, len);
    text[at++] = ' ';
    at += print_number(text + at, hash);
    write_line("", text, at);
}

static void spin(void) {
    for (volatile uint32_t turns = 0;; turns++)
        continue;
}

EXPORT("handle-redis-message")
const result_t *handle_redis_message(const char *message, size_t len) {
    static result_t area;
    if (begins(message, len, "trap"))
        __builtin_trap();
    else if (begins(message, len, "spin"))
        spin();
    else if (begins(message, len, "sleep "))
        sleep_ms(number_in(message, len));
    else if (begins(message, len, "burn "))
        burn_ms(number_in(message, len));
    else if (begins(message, len, "#"))
        digest(message, len);
    else if (!begins(message, len, "fail"))
        write_line("", message, len);
    area.is_error = begins(message, len, "fail") ? 1 : 0;
    area.error = area.is_error;
    return &area;
}
