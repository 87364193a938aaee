/* The servers that a component may send requests to: its `allowed_http_hosts`. */
#ifndef HOST_OUTBOUND_HTTP_ALLOWED_HOSTS_H
#define HOST_OUTBOUND_HTTP_ALLOWED_HOSTS_H

#include "base/vec.h"
#include "net/curl_url.h"
#include "spin/manifest.h"

typedef struct allowed_host {
    char *host;    /* as in net_url_t */
    uint16_t port; /* 0: that of the scheme, whichever it is */
} allowed_host_t;

/* Caller's memory, zero to begin with. */
typedef struct allowed_hosts {
    bool all; /* "insecure:allow-all" is among them */
    VEC(allowed_host_t) hosts;
} allowed_hosts_t;

/* Reads one entry: "host", "host:port", "[::1]:port", or one of these behind http:// or https://.
 * The scheme does not count. Errors: INVALID, UNSUPPORTED (no host that a request could have),
 * NO_MEMORY. */
spin_error_t *allowed_hosts_add(allowed_hosts_t *allowed, spin_slice_t entry);
bool allowed_hosts_have(const allowed_hosts_t *allowed, const net_url_t *url);
void allowed_hosts_deinit(allowed_hosts_t *allowed);

/* The entry that would allow `url`, on the heap for mem_free; NULL when out of memory. */
char *allowed_hosts_entry_for(const net_url_t *url);

#endif
