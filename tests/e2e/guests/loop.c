/* Never returns. */
#include "spin_http.h"

void spin_http_handle(const spin_request_t *request, spin_response_t *response) {
    (void)request;
    for (volatile uint32_t turns = 0;; turns++)
        response->status = (uint16_t)turns;
}
