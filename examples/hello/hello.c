#include "spin_http.h"

void spin_http_handle(const spin_request_t *request, spin_response_t *response) {
    (void)request;
    spin_response_text(response, 200, "text/plain", spin_str("Hello, Spin in C!\n"));
}
