/* The options of an HTTP trigger, whether it has a socket of its own or shares a front. */
#ifndef TRIGGER_HTTP_HTTP_OPTIONS_H
#define TRIGGER_HTTP_HTTP_OPTIONS_H

#include "spin/http.h"

/* Copies `options` (may be NULL) to `own`, and to `common` what the triggers of all types have, all
 * but `ready`. Errors: USAGE. */
spin_error_t *http_options_take(spin_http_options_t *own, const spin_http_options_t *options,
                                spin_trigger_options_t *common);

#endif
