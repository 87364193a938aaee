/* That generated bindings compile and link against an installation. */
#include <stdio.h>

#include "echo.h"

int main(void) {
    spin_error_t *(*call)(spin_instance_t *, spin_slice_t, spin_string_t *) = echo_echo;
    return call == NULL ? 1 : 0;
}
