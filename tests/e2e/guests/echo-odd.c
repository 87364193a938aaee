/* `echo: function(msg: string) -> string` (examples/spin-timer-echo) that traps on every message
 * with an odd digit at its end, and fails in other ways where the message has a 6 or an 8 there. */
static char memory[4096];

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
    char last = message[len - 1];
    if (last % 2 != 0)
        __builtin_trap();
    result[0] = last == '6' ? (const void *)0xfffffff0u : message; /* outside of the memory */
    result[1] = (const void *)len;
    if (last == '8')
        memory[0] = (char)0xFF; /* not UTF-8 */
    return result;
}
