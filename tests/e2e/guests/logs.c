/* Writes the query's `text` to standard output and standard error. */
#include <stdio.h>

#include "spin_http.h"

void spin_http_handle(const spin_request_t *request, spin_response_t *response) {
    spin_str_t text = spin_request_param(request, spin_str("text"));
    printf("out: %.*s\n", (int)text.len, text.ptr);
    fflush(stdout);
    fprintf(stderr, "err: %.*s\n", (int)text.len, text.ptr);
    spin_response_text(response, 200, "text/plain", spin_str("logged\n"));
}
