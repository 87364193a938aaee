/* `echo: function(msg: string) -> string` (examples/spin-timer-echo) that takes half a second. */
__attribute__((import_module("wasi_snapshot_preview1"), import_name("clock_time_get"))) int
clock_time_get(int clock, long long precision, unsigned long long *out);

static char memory[4096];

static unsigned long long now_ns(void) {
    unsigned long long ns = 0;
    clock_time_get(1, 1, &ns);
    return ns;
}

__attribute__((export_name("canonical_abi_realloc"))) void *
canonical_abi_realloc(void *old, int old_size, int align, int size) {
    (void)old, (void)old_size, (void)align;
    return size <= (int)sizeof memory ? memory : (void *)0;
}

__attribute__((export_name("canonical_abi_free"))) void canonical_abi_free(void *ptr, int size,
                                                                           int align) {
    (void)ptr, (void)size, (void)align;
}

__attribute__((export_name("echo"))) const void **echo(const char *message, int len) {
    static const void *result[2];
    unsigned long long begin = now_ns();
    while (now_ns() - begin < 500 * 1000000ull)
        continue;
    result[0] = message;
    result[1] = (const void *)len;
    return result;
}
