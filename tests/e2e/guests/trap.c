/* Traps, in the way that the query's `how` names. */
#include "spin_http.h"

static volatile int zero, seven = 7;

/* Reading `zero` after the call keeps it from becoming a loop. */
static int descend(int depth) {
    return zero == 0 ? descend(depth + 1) + zero : depth;
}

void spin_http_handle(const spin_request_t *request, spin_response_t *response) {
    spin_str_t how = spin_request_param(request, spin_str("how"));
    if (spin_str_equal(how, spin_str("divide")))
        response->status = (uint16_t)(seven / zero);
    if (spin_str_equal(how, spin_str("memory")))
        response->status = *(volatile uint16_t *)(uintptr_t)0xfffffff0u;
    if (spin_str_equal(how, spin_str("stack")))
        response->status = (uint16_t)descend(zero);
    __builtin_trap();
}
