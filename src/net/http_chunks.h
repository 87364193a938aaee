/* Reads the chunked transfer coding (RFC 9112 section 7.1) without buffering. Strict whatever the
 * llhttp at hand: version 8 takes any two bytes behind a chunk unless built in its strict mode. */
#ifndef NET_HTTP_CHUNKS_H
#define NET_HTTP_CHUNKS_H

#include "base/slice.h"

typedef enum http_chunks_state {
    CHUNKS_SIZE_FIRST,
    CHUNKS_SIZE,
    CHUNKS_EXTENSION,
    CHUNKS_SIZE_LF,
    CHUNKS_DATA,
    CHUNKS_DATA_CR,
    CHUNKS_DATA_LF,
    CHUNKS_TRAILER_FIRST,
    CHUNKS_TRAILER_NAME,
    CHUNKS_TRAILER_VALUE,
    CHUNKS_TRAILER_LF,
    CHUNKS_END_LF,
    CHUNKS_BAD,
} http_chunks_state_t;

/* Caller's memory; zero but for `extra_limit` to begin with. */
typedef struct http_chunks {
    http_chunks_state_t state;
    uint64_t left;      /* of the chunk */
    size_t extra;       /* bytes of extensions and trailers so far, which nobody sees */
    size_t extra_limit; /* BAD past it */
} http_chunks_t;

typedef enum http_chunks_event {
    CHUNKS_MORE, /* all of `input` is used up */
    CHUNKS_BODY, /* `*data` is a piece of the body */
    CHUNKS_DONE, /* the message ends here; `input` begins behind it */
    CHUNKS_ERROR,
} http_chunks_event_t;

/* Takes from the front of `input`; `*data` points into it. */
http_chunks_event_t http_chunks_next(http_chunks_t *chunks, spin_slice_t *input,
                                     spin_slice_t *data);

#endif
