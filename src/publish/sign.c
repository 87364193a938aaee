#include <time.h>

#include "bindle/sign.h"
#include "publish/expand.h"

spin_error_t *publish_sign(publish_bindle_t *bindle, const bindle_settings_t *settings) {
    bindle_key_t key = {0};
    bindle_invoice_t *invoice = &bindle->invoice;
    spin_slice_t label = spin_slice(settings->label);
    if (label.len == 0 && invoice->authors.len > 0)
        label = invoice->authors.items[0];
    spin_error_t *error = bindle_key_load(&key, &bindle->arena, settings->key_file, label);
    if (error == NULL)
        error = bindle_sign(invoice, &bindle->arena, &key,
                            label.len > 0 ? label : key.public_key.label, (int64_t)time(NULL));
    bindle_key_clear(&key);
    return error;
}
