/* The addresses of a host, looked up in a thread that nobody has to wait for. */
#ifndef NET_STREAM_LOOKUP_H
#define NET_STREAM_LOOKUP_H

#include <netdb.h>
#include <uv.h>

#include "spin/error.h"

typedef struct net_lookup net_lookup_t;

/* `infos` is the callee's, for freeaddrinfo; NULL after an error, which is the callee's too. The
 * lookup is over and gone. */
typedef void (*net_lookup_fn)(struct addrinfo *infos, spin_error_t *error, void *user);

/* `fn` comes from the loop unless it is cancelled before. Errors: NO_MEMORY, IO. */
spin_error_t *net_lookup_start(uv_loop_t *loop, const char *host, uint16_t port, net_lookup_fn fn,
                               void *user, net_lookup_t **out);
/* Its handle is gone with the loop's next turn; a thread that still waits for an answer touches
 * nothing but what is its own. */
void net_lookup_cancel(net_lookup_t *lookup);

/* The same without asking anybody, for addresses in digits; NULL for all else. */
struct addrinfo *net_lookup_numeric(const char *host, uint16_t port);

#endif
