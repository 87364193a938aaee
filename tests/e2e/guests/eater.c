/* Takes memory until it is refused, then answers with the number of pages it has; with `trap` in
 * the query it traps instead. */
#include "spin_http.h"

void spin_http_handle(const spin_request_t *request, spin_response_t *response) {
    size_t pages;
    while ((pages = __builtin_wasm_memory_grow(0, 1)) != SIZE_MAX)
        *(volatile char *)(pages * 65536) = 1;
    if (spin_request_param(request, spin_str("trap")).ptr != NULL)
        __builtin_trap();

    static char text[16];
    char *at = text + sizeof text;
    *--at = '\n';
    for (pages = __builtin_wasm_memory_size(0); pages != 0; pages /= 10)
        *--at = (char)('0' + pages % 10);
    spin_response_text(response, 200, "text/plain",
                       ((spin_str_t){at, (size_t)(text + sizeof text - at)}));
}
