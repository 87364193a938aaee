/* Addresses of Redis servers:
 *
 *     redis://[[user]:password@]host[:port][/database]     rediss:// with TLS
 *     unix:///path/of/socket[?db=N&user=U&pass=P]           also redis+unix://
 *
 * User, password, host and path may be percent-encoded; an IPv6 address stands in brackets. */
#ifndef NET_REDIS_URL_H
#define NET_REDIS_URL_H

#include <stdbool.h>

#include "base/arena.h"
#include "spin/error.h"

enum { NET_REDIS_PORT = 6379 };

typedef struct net_redis_url {
    bool tls;
    const char *host; /* without brackets; NULL: a Unix socket */
    uint16_t port;
    const char *path;      /* of the Unix socket; NULL: none */
    spin_slice_t user;     /* ptr NULL: none */
    spin_slice_t password; /* ptr NULL: none */
    uint32_t database;
    const char *shown; /* all of it but the password, for messages */
} net_redis_url_t;

/* Texts are made in `arena`. Errors: INVALID, which never shows the password; UNSUPPORTED (another
 * scheme); NO_MEMORY. */
spin_error_t *net_redis_url_parse(arena_t *arena, spin_slice_t text, net_redis_url_t *out);
/* With all its texts. Errors: NO_MEMORY. */
spin_error_t *net_redis_url_copy(arena_t *arena, const net_redis_url_t *url, net_redis_url_t *out);

#endif
