/* Asks another component, and answers in capital letters. */
#include "shout.h"

void exports_test_guests_text_greet(shout_string_t *name, shout_string_t *ret) {
    test_guests_text_greet(name, ret);
    for (size_t i = 0; i < ret->len; i++)
        if (ret->ptr[i] >= 'a' && ret->ptr[i] <= 'z')
            ret->ptr[i] = (uint8_t)(ret->ptr[i] - 'a' + 'A');
    shout_string_free(name);
}

void exports_test_guests_text_echo(shout_list_u8_t *bytes, shout_list_u8_t *ret) {
    test_guests_text_echo(bytes, ret);
    shout_list_u8_free(bytes);
}
