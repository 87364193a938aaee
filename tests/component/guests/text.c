/* A guest in C, as `wit-bindgen c` wants it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"

void exports_test_guests_text_greet(guest_string_t *name, guest_string_t *ret) {
    static const char before[] = "Hello, ";
#ifdef WITH_WASI
    if (name->len == 0) /* so that the C library's streams, and with them WASI, are linked */
        printf("nobody\n");
#endif
    ret->len = sizeof before - 1 + name->len + 1;
    ret->ptr = malloc(ret->len);
    memcpy(ret->ptr, before, sizeof before - 1);
    memcpy(ret->ptr + sizeof before - 1, name->ptr, name->len);
    ret->ptr[ret->len - 1] = '!';
    guest_string_free(name);
}

void exports_test_guests_text_echo(guest_list_u8_t *bytes, guest_list_u8_t *ret) {
    *ret = *bytes;
}
