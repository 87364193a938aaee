/* Connections to Redis servers, one for each address as it is written, opened on first use. */
#ifndef HOST_OUTBOUND_REDIS_CONNECTIONS_H
#define HOST_OUTBOUND_REDIS_CONNECTIONS_H

#include "net/http_list.h"
#include "net/redis_client.h"

/* Caller's memory, which stays where it is. */
typedef struct redis_connections {
    uv_loop_t *loop; /* NULL: not initialised */
    http_link_t list;
    size_t len;
    size_t limit;
    net_redis_options_t options;
} redis_connections_t;

/* `options` is kept; `limit`: of connections at a time. Allocates nothing. */
void redis_connections_init(redis_connections_t *connections, uv_loop_t *loop, size_t limit,
                            const net_redis_options_t *options);
/* Closes them; calls that wait are not told. Of a zeroed one too. */
void redis_connections_deinit(redis_connections_t *connections);

/* The connection to that address, which takes commands; NULL: there is none. */
net_redis_t *redis_connections_find(const redis_connections_t *connections, spin_slice_t address);
/* The same, and opens one, at the limit in place of one that nobody waits for. It is borrowed: it
 * goes when it breaks, was idle for too long, or is in the way of another. Errors:
 * INVALID and UNSUPPORTED (the address, which the message does not show), LIMIT, NO_MEMORY, IO. */
spin_error_t *redis_connections_get(redis_connections_t *connections, spin_slice_t address,
                                    net_redis_t **out);

#endif
