/* Sleeps for the query's `ms`, then answers. */
#include <stdlib.h>
#include <time.h>

#include "spin_http.h"

void spin_http_handle(const spin_request_t *request, spin_response_t *response) {
    long ms = 0;
    spin_str_t text = spin_request_param(request, spin_str("ms"));
    for (size_t i = 0; i < text.len; i++)
        ms = ms * 10 + (text.ptr[i] - '0');
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
    spin_response_text(response, 200, "text/plain", spin_str("slept\n"));
}
