/* The head of a response, from the lines in which libcurl hands it over. */
#ifndef NET_CURL_HEAD_H
#define NET_CURL_HEAD_H

#include "base/arena.h"
#include "base/vec.h"
#include "net/http_server.h"

/* Caller's memory; zero but for the limit. */
typedef struct curl_head {
    arena_t arena;
    VEC(net_header_t) fields;
    size_t bytes;
    size_t limit_bytes; /* of names and values */
    unsigned status;    /* of the last head that has begun */
    bool is_whole;
    bool too_large;
    bool failed; /* out of memory */
} curl_head_t;

/* Takes a line, its end included. A status line begins a new head (after 100, or another try);
 * trailers are left out, but count. False: `too_large` or `failed`. */
bool curl_head_take(curl_head_t *head, spin_slice_t line);
/* The first value of a field, `name` in lower case; ptr NULL: there is none. */
spin_slice_t curl_head_find(const curl_head_t *head, const char *name);
void curl_head_remove(curl_head_t *head, const char *name);
/* Forgets all but the limit. */
void curl_head_clear(curl_head_t *head);
void curl_head_deinit(curl_head_t *head);

#endif
