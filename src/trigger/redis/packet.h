/* A message on its way from the worker that is subscribed to the one that handles it: a packet of a
 * socket pair, sent once for each component that gets the message. Both ends are the same program.
 *
 * Behind the head: the channel, which is only for the log and may be cut, and then the payload;
 * where that is large, it is in a file of memory whose descriptor comes with the packet. */
#ifndef TRIGGER_REDIS_PACKET_H
#define TRIGGER_REDIS_PACKET_H

#include <stdint.h>

typedef struct redis_packet {
    uint32_t component; /* its place in the application */
    uint32_t channel_len;
    uint64_t payload_len;
} redis_packet_t;

enum {
    REDIS_PACKET_CHANNEL = 256,       /* bytes of it, at most */
    REDIS_PACKET_PAYLOAD = 60 * 1024, /* past it, in a file */
    REDIS_PACKET_MAX = sizeof(redis_packet_t) + REDIS_PACKET_CHANNEL + REDIS_PACKET_PAYLOAD,
};

#endif
