/* Which components a message is for. */
#ifndef TRIGGER_REDIS_CHANNELS_H
#define TRIGGER_REDIS_CHANNELS_H

#include "base/arena.h"
#include "base/map.h"
#include "spin/manifest.h"

/* A channel, or a pattern of channels, that is subscribed to. */
typedef struct redis_channel {
    spin_slice_t name;
    bool is_pattern;
    uint32_t *components; /* that get its messages: their places in the application */
    size_t components_len;
} redis_channel_t;

/* All of an application. Zero to begin with. */
typedef struct redis_channels {
    arena_t arena;
    redis_channel_t *items; /* in the order of the manifest, each once */
    size_t len;
    map_t exact;
    map_t patterns;
} redis_channels_t;

/* Names are borrowed from the application. redis_channels_deinit is due in any case. Errors:
 * NO_MEMORY. */
spin_error_t *redis_channels_init(redis_channels_t *channels,
                                  const spin_application_t *application);
void redis_channels_deinit(redis_channels_t *channels);

/* NULL: nobody asked for it. */
const redis_channel_t *redis_channels_find(const redis_channels_t *channels, spin_slice_t name,
                                           bool is_pattern);

#endif
