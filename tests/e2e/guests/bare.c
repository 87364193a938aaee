/* Answers as little as the ABI allows: a status, neither headers nor body. */
#include "spin_http.h"

void spin_http_handle(const spin_request_t *request, spin_response_t *response) {
    (void)request;
    response->status = 204;
}
