#include "trigger/redis/channels.h"

#include "base/error.h"

static map_t *map_of(redis_channels_t *channels, bool is_pattern) {
    return is_pattern ? &channels->patterns : &channels->exact;
}

static spin_error_t *find_or_add(redis_channels_t *channels, spin_slice_t name, bool is_pattern,
                                 size_t most, redis_channel_t **out) {
    map_t *map = map_of(channels, is_pattern);
    redis_channel_t *channel = map_get(map, name);
    if (channel == NULL) {
        channel = &channels->items[channels->len];
        *channel = (redis_channel_t){.name = name, .is_pattern = is_pattern};
        channel->components = arena_calloc(&channels->arena, most, sizeof *channel->components);
        if (channel->components == NULL || !map_set(map, name, channel))
            return error_no_memory();
        channels->len++;
    }
    *out = channel;
    return NULL;
}

spin_error_t *redis_channels_init(redis_channels_t *channels,
                                  const spin_application_t *application) {
    size_t count = spin_application_component_count(application);
    spin_error_t *error = NULL;
    *channels = (redis_channels_t){0};
    channels->items = arena_calloc(&channels->arena, count, sizeof *channels->items);
    if (channels->items == NULL)
        return error_no_memory();
    for (size_t i = 0; error == NULL && i < count; i++) {
        const spin_component_t *component = spin_application_component(application, i);
        redis_channel_t *channel;
        error = find_or_add(channels, spin_component_channel(component),
                            spin_component_channel_is_pattern(component), count - i, &channel);
        if (error == NULL)
            channel->components[channel->components_len++] = (uint32_t)i;
    }
    return error;
}

void redis_channels_deinit(redis_channels_t *channels) {
    map_deinit(&channels->exact);
    map_deinit(&channels->patterns);
    arena_deinit(&channels->arena);
    *channels = (redis_channels_t){0};
}

const redis_channel_t *redis_channels_find(const redis_channels_t *channels, spin_slice_t name,
                                           bool is_pattern) {
    return map_get(is_pattern ? &channels->patterns : &channels->exact, name);
}
