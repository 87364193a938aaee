/* The guest's side of the 2022 ABI: see docs/abi-2022.md for both layouts. */
#include "spin_http.h"

#define EXPORT(name) __attribute__((export_name(name)))

/* ── memory ──────────────────────────────────────────────────────────────────────────────── */

#ifdef SPIN_NO_LIBC

enum { PAGE = 65536 };

extern unsigned char __heap_base;

static void *bump(size_t size, size_t align) {
    static uintptr_t top;
    if (top == 0)
        top = (uintptr_t)&__heap_base;
    uintptr_t start = (top + align - 1) & ~(uintptr_t)(align - 1);
    size_t have = __builtin_wasm_memory_size(0) * PAGE;
    if (size > UINT32_MAX - PAGE - start)
        __builtin_trap();
    if (start + size > have) {
        size_t pages = (start + size - have + PAGE - 1) / PAGE;
        if (__builtin_wasm_memory_grow(0, pages) == SIZE_MAX)
            __builtin_trap();
    }
    top = start + size;
    return (void *)start;
}

void *spin_alloc(size_t size) {
    return bump(size, 8);
}

/* clang turns loops and assignments into calls of these two. */
void *memcpy(void *restrict to, const void *restrict from, size_t len) {
    for (size_t i = 0; i < len; i++)
        ((unsigned char *)to)[i] = ((const unsigned char *)from)[i];
    return to;
}

void *memset(void *to, int byte, size_t len) {
    for (size_t i = 0; i < len; i++)
        ((unsigned char *)to)[i] = (unsigned char)byte;
    return to;
}

EXPORT("canonical_abi_realloc")
void *canonical_abi_realloc(void *old, size_t old_size, size_t align, size_t size) {
    void *block = bump(size, align);
    if (old_size != 0)
        memcpy(block, old, old_size < size ? old_size : size);
    return block;
}

EXPORT("canonical_abi_free")
void canonical_abi_free(void *block, size_t size, size_t align) {
    (void)block;
    (void)size;
    (void)align;
}

static void construct(void) {}

#else

#include <stdlib.h>

void *spin_alloc(size_t size) {
    void *block = malloc(size != 0 ? size : 1);
    if (block == NULL)
        __builtin_trap();
    return block;
}

EXPORT("canonical_abi_realloc")
void *canonical_abi_realloc(void *old, size_t old_size, size_t align, size_t size) {
    if (size == 0)
        return (void *)align; /* an empty block: any aligned address that is not zero */
    void *block = realloc(old_size != 0 ? old : NULL, size);
    if (block == NULL)
        __builtin_trap();
    return block;
}

EXPORT("canonical_abi_free")
void canonical_abi_free(void *block, size_t size, size_t align) {
    (void)align;
    if (size != 0)
        free(block);
}

/* Constructors find the mounts. Naming them here also keeps the linker from wrapping each export in
 * constructor and destructor calls, as it does for WASI commands. */
extern void __wasm_call_ctors(void);
static void construct(void) {
    __wasm_call_ctors();
}

#endif

/* ── entry point ─────────────────────────────────────────────────────────────────────────── */

#ifdef SPIN_LAYOUT_SLOTS
typedef struct area {
    _Alignas(8) uint32_t status;
    _Alignas(8) uint32_t has_headers;
    _Alignas(8) const spin_field_t *headers;
    _Alignas(8) size_t headers_len;
    _Alignas(8) uint32_t has_body;
    _Alignas(8) const char *body;
    _Alignas(8) size_t body_len;
} area_t;
_Static_assert(offsetof(area_t, body_len) == 48, "slots are eight bytes wide");
#else
typedef struct area {
    uint16_t status;
    _Alignas(4) uint8_t has_headers;
    const spin_field_t *headers;
    size_t headers_len;
    uint8_t has_body;
    const char *body;
    size_t body_len;
} area_t;
_Static_assert(offsetof(area_t, headers) == 8 && offsetof(area_t, body_len) == 24, "canonical");
#endif

_Static_assert(sizeof(spin_field_t) == 16, "fields lie in memory as list elements do");

/* Static, and so zero before: the host may tell the layouts apart by that. */
static area_t area;
static spin_response_t response;

EXPORT("handle-http-request")
const area_t *spin_http_entry(uint32_t method, const char *uri, size_t uri_len,
                              const spin_field_t *headers, size_t headers_len,
                              const spin_field_t *params, size_t params_len, uint32_t has_body,
                              const char *body, size_t body_len) {
    construct();
    const spin_request_t request = {
        .method = (spin_method_t)method,
        .uri = {uri, uri_len},
        .headers = headers,
        .headers_len = headers_len,
        .params = params,
        .params_len = params_len,
        .has_body = has_body != 0,
        .body = {body, has_body != 0 ? body_len : 0},
    };
    response.status = 200;
    spin_http_handle(&request, &response);
    area.status = response.status;
    area.has_headers = response.headers_len != 0;
    area.headers = response.headers;
    area.headers_len = response.headers_len;
    area.has_body = response.has_body;
    area.body = response.body.ptr;
    area.body_len = response.body.len;
    return &area;
}

/* ── conveniences ────────────────────────────────────────────────────────────────────────── */

bool spin_str_equal(spin_str_t a, spin_str_t b) {
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (a.ptr[i] != b.ptr[i])
            return false;
    return true;
}

static spin_str_t find(const spin_field_t *fields, size_t len, spin_str_t name) {
    for (size_t i = 0; i < len; i++)
        if (spin_str_equal(fields[i].name, name))
            return fields[i].value;
    return (spin_str_t){NULL, 0};
}

spin_str_t spin_request_header(const spin_request_t *request, spin_str_t name) {
    return find(request->headers, request->headers_len, name);
}

spin_str_t spin_request_param(const spin_request_t *request, spin_str_t name) {
    return find(request->params, request->params_len, name);
}

spin_str_t spin_method_name(spin_method_t method) {
    static const spin_str_t names[] = {{"GET", 3},   {"POST", 4}, {"PUT", 3},    {"DELETE", 6},
                                       {"PATCH", 5}, {"HEAD", 4}, {"OPTIONS", 7}};
    size_t index = (size_t)method;
    return index < sizeof names / sizeof names[0] ? names[index] : (spin_str_t){"?", 1};
}

void spin_response_header(spin_response_t *to, spin_str_t name, spin_str_t value) {
    if (to->headers_len < SPIN_RESPONSE_HEADERS_MAX)
        to->headers[to->headers_len++] = (spin_field_t){name, value};
}

void spin_response_with(spin_response_t *to, uint16_t status, spin_str_t content_type,
                        spin_str_t body) {
    to->status = status;
    spin_response_header(to, spin_str("content-type"), content_type);
    to->has_body = true;
    to->body = body;
}
