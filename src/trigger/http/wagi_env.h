/* A request as a Wagi guest sees it: CGI's variables (RFC 3875 section 4.1), those that Wagi adds,
 * and arguments. */
#ifndef TRIGGER_HTTP_WAGI_ENV_H
#define TRIGGER_HTTP_WAGI_ENV_H

#include "net/http_server.h"
#include "spin/engine.h"
#include "trigger/http/routes.h"

typedef struct wagi_env {
    spin_pair_t *variables;
    size_t variables_len;
    spin_slice_t *args;
    size_t args_len;
} wagi_env_t;

/* `defaults`: HTTP_DEFAULT_COUNT values, complete; they win over CGI's own. `argv`: the template
 * with ${SCRIPT_NAME} and ${ARGS}, split at each space once these are filled in. All is made in the
 * exchange's arena. Errors: NO_MEMORY. */
spin_error_t *wagi_env_init(wagi_env_t *env, const net_exchange_t *exchange,
                            const http_route_t *route, const spin_slice_t *defaults,
                            spin_slice_t argv);

#endif
