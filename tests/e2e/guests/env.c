/* The environment, a line each. */
#include <stdio.h>
#include <string.h>

#include "spin_http.h"

extern char **environ;

void spin_http_handle(const spin_request_t *request, spin_response_t *response) {
    static char out[64 * 1024];
    size_t len = 0;
    (void)request;
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++)
        len += (size_t)snprintf(out + len, sizeof out - len, "%s\n", *entry);
    spin_response_text(response, 200, "text/plain", ((spin_str_t){out, len}));
}
