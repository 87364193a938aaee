/* Breaks the ABI's rules; the last character of the URI says which. */
#include <stdint.h>

extern unsigned char __heap_base;

typedef struct pair {
    const char *name;
    uint32_t name_len;
    const char *value;
    uint32_t value_len;
} pair_t;

static struct {
    uint16_t status;
    uint16_t padding;
    uint32_t has_headers;
    const pair_t *headers;
    uint32_t headers_len;
    uint32_t has_body;
    const char *body;
    uint32_t body_len;
} reply;
static pair_t header;

#define HEADER(n, v)                                                                               \
    header = (pair_t) {                                                                            \
        (n), sizeof(n) - 1, (v), sizeof(v) - 1                                                     \
    }

__attribute__((export_name("canonical_abi_realloc"))) void *
canonical_abi_realloc(void *old, uint32_t old_size, uint32_t align, uint32_t size) {
    static uintptr_t top;
    (void)old;
    (void)old_size;
    if (top == 0)
        top = (uintptr_t)&__heap_base;
    uintptr_t start = (top + align - 1) & ~(uintptr_t)(align - 1);
    top = start + size;
    return (void *)start;
}

__attribute__((export_name("handle-http-request"))) const void *
entry(uint32_t method, const char *uri, uint32_t uri_len, const pair_t *headers,
      uint32_t headers_len, const pair_t *params, uint32_t params_len, uint32_t has_body,
      const char *body, uint32_t body_len) {
    (void)method, (void)headers, (void)headers_len, (void)params, (void)params_len;
    (void)has_body, (void)body, (void)body_len;
    HEADER("content-type", "text/plain");
    reply.status = 200;
    reply.has_headers = 1;
    reply.headers = &header;
    reply.headers_len = 1;
    reply.has_body = 1;
    reply.body = "still here\n";
    reply.body_len = 11;
    switch (uri[uri_len - 1]) {
    case '0': return (const void *)0xfffffff0u;
    case '1': return (const char *)&reply + 1;
    case '2': reply.status = 99; break;
    case '3': reply.status = 65535; break;
    case '4': HEADER("x-evil", "a\r\nset-cookie: evil=1"); break;
    case '5': HEADER("bad name", "x"); break;
    case '6': HEADER("x-text", "\xff\xfe"); break;
    case '7': reply.headers_len = 0x20000001; break; /* times 16: wraps in 32 bits */
    case '8': reply.body_len = 0xffffffff; break;
    case '9': header.value = (const char *)0xffffff00u; break;
    case 'a': reply.has_body = 2; break;
    case 'b': reply.has_headers = 7; break;
    case 'c': reply.headers = (const pair_t *)((const char *)&header + 2); break;
    case 'd': header.name_len = 0; break;
    case 'e': reply.status = 0; break;
    case 'f': reply.body = (const char *)0xfffffff0u; break;
    default: break; /* and this is sound */
    }
    return &reply;
}
