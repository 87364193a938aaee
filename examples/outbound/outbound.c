/* Counts its visitors in Redis, tells whoever listens there, and asks a web server. */
#include "spin_outbound.h"

/* ── text ── */

static char text[512];
static size_t text_len;

static void say(spin_str_t part) {
    for (size_t i = 0; i < part.len && text_len < sizeof text; i++)
        text[text_len++] = part.ptr[i];
}

static void say_number(uint64_t number) {
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    say((spin_str_t){digits + at, sizeof digits - at});
}

/* ── the two servers ── */

static bool count_visit(const spin_request_t *request) {
    spin_str_t redis;
    int64_t visits;
    if (!spin_config_get(spin_str("redis"), &redis) ||
        !spin_redis_incr(redis, spin_str("visits"), &visits) ||
        !spin_redis_publish(redis, spin_str("visits"), request->uri)) {
        say(spin_str("Redis does not count: see Spin's log\n"));
        return false;
    }
    say(spin_str("visit "));
    say_number((uint64_t)visits);
    say(spin_str("\n"));
    return true;
}

static bool ask_upstream(void) {
    static const spin_str_t errors[] = {{"?", 1},
                                        {"is not in allowed_http_hosts", 28},
                                        {"is no URL", 9},
                                        {"has broken off", 14},
                                        {"does not answer: see Spin's log", 31},
                                        {"has had enough", 14}};
    spin_outbound_response_t answer;
    spin_str_t url;
    if (!spin_config_get(spin_str("upstream"), &url)) {
        say(url);
        return false;
    }
    spin_http_error_t error = spin_outbound_get(url, &answer);
    say(url);
    say(spin_str(" "));
    if (error != SPIN_HTTP_OK) {
        say(errors[(size_t)error < 6 ? (size_t)error : 0]);
        say(spin_str("\n"));
        return false;
    }
    say(spin_str("answers "));
    say_number(answer.status);
    say(spin_str(" with "));
    say_number(answer.body.len);
    say(spin_str(" bytes of "));
    say(spin_outbound_header(&answer, spin_str("content-type")));
    say(spin_str("\n"));
    return true;
}

void spin_http_handle(const spin_request_t *request, spin_response_t *response) {
    bool counted = count_visit(request);
    bool answered = ask_upstream();
    spin_response_text(response, counted && answered ? 200 : 502, "text/plain",
                       ((spin_str_t){text, text_len}));
}
