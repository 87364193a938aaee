#include "net/http_target.h"

#include "base/slice.h"

bool http_host_is_valid(spin_slice_t host) {
    size_t at = 0;
    if (host.len > 0 && host.ptr[0] == '[') { /* IP-literal */
        at = slice_find(host, ']');
        if (at == host.len || at < 3)
            return false;
        for (size_t i = 1; i < at; i++)
            if (strchr("0123456789abcdefABCDEF:.vV", host.ptr[i]) == NULL || host.ptr[i] == '\0')
                return false;
        at++;
        if (at < host.len && host.ptr[at] != ':')
            return false;
    } else {
        for (; at < host.len && host.ptr[at] != ':'; at++) {
            uint8_t byte = host.ptr[at]; /* reg-name: unreserved, sub-delims, pct-encoded */
            bool alnum =
                (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
            if (!alnum && (byte == '\0' || strchr("-._~!$&'()*+,;=%", byte) == NULL))
                return false;
        }
        if (at == 0 && host.len > 0)
            return false;
    }
    for (at++; at < host.len; at++)
        if (host.ptr[at] < '0' || host.ptr[at] > '9')
            return false;
    return true;
}

/* "http://authority", "https://authority": what stands behind is left in `rest`. False where
 * `target` does not begin so. */
static bool cut_authority(spin_slice_t target, spin_slice_t *authority, spin_slice_t *rest) {
    static const spin_slice_t schemes[] = {{(const uint8_t *)"http://", 7},
                                           {(const uint8_t *)"https://", 8}};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t len = schemes[i].len;
        if (target.len < len ||
            !slice_equal_ignore_case((spin_slice_t){target.ptr, len}, schemes[i]))
            continue;
        size_t end = len;
        while (end < target.len && target.ptr[end] != '/' && target.ptr[end] != '?')
            end++;
        *authority = (spin_slice_t){target.ptr + len, end - len};
        *rest = (spin_slice_t){target.ptr + end, target.len - end};
        return true;
    }
    return false;
}

unsigned http_target_split(net_exchange_t *exchange) {
    spin_slice_t target = exchange->target;
    if (slice_equal(exchange->method, SLICE_LITERAL("CONNECT")))
        return 501; /* we are no proxy */
    for (size_t i = 0; i < target.len; i++)
        if (target.ptr[i] <= ' ' || target.ptr[i] >= 0x7f || target.ptr[i] == '#')
            return 400;

    if (slice_equal(target, SLICE_LITERAL("*"))) {
        exchange->path = target;
        return slice_equal(exchange->method, SLICE_LITERAL("OPTIONS")) ? 0 : 400;
    }
    if (target.len == 0)
        return 400;
    if (target.ptr[0] != '/') {
        spin_slice_t authority;
        if (!cut_authority(target, &authority, &target) || authority.len == 0 ||
            !http_host_is_valid(authority))
            return 400;
        exchange->host = authority; /* the target's wins over the header's (section 3.2.2) */
    }
    size_t mark = slice_find(target, '?');
    exchange->path = (spin_slice_t){target.ptr, mark};
    if (mark == 0)
        exchange->path = SLICE_LITERAL("/");
    if (mark < target.len)
        exchange->query = (spin_slice_t){target.ptr + mark + 1, target.len - mark - 1};
    return 0;
}
