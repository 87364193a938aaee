#include "trigger/http/http_options.h"

#include "base/options.h"

spin_error_t *http_options_take(spin_http_options_t *own, const spin_http_options_t *options,
                                spin_trigger_options_t *common) {
    *own = (spin_http_options_t){0};
    spin_error_t *error = options_take(own, sizeof *own, options, "spin_http_options_t");
    *common = (spin_trigger_options_t){
        .size = sizeof *common,
        .workers = own->workers,
        .ignore_signals = own->ignore_signals,
        .shutdown_timeout_ms = own->shutdown_timeout_ms,
        .engine = own->engine,
        .configure = own->configure,
        .user = own->user,
    };
    return error;
}
