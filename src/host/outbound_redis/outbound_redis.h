/* The host interface `outbound-redis` (wit/outbound-redis.wit): guests send commands to Redis. */
#ifndef HOST_OUTBOUND_REDIS_OUTBOUND_REDIS_H
#define HOST_OUTBOUND_REDIS_OUTBOUND_REDIS_H

#include "engine/host.h"

extern const engine_host_t outbound_redis_host;

#endif
