/* What the process that runs a server and its workers say to each other: one message each, of this
 * form, with text behind it in replies. */
#ifndef SERVER_WIRE_H
#define SERVER_WIRE_H

#include <stdint.h>

#include "server/site.h"

typedef enum wire_order {
    /* Start a version: descriptors of its options, of its application (locked), and the queue's two
     * where it has one. */
    WIRE_PUT = 1,
    WIRE_REMOVE, /* stop what has that name */
} wire_order_t;

typedef struct wire_command {
    uint32_t order;
    uint32_t fds;
    uint64_t version;
    uint64_t before;              /* the version in whose place it is; 0: none */
    char name[SITE_MAX_NAME + 1]; /* NUL-terminated */
} wire_command_t;

enum { WIRE_MOST_FDS = 4 };

typedef enum wire_result {
    WIRE_DONE = 1, /* the order was carried out */
    WIRE_FAILED,   /* this version does not start; the reason follows */
    WIRE_RETIRED,  /* nothing of this version is left here */
} wire_result_t;

typedef struct wire_reply {
    uint32_t result;
    uint32_t kind; /* of the error, of WIRE_FAILED */
    uint64_t version;
} wire_reply_t;

#endif
