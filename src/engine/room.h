/* Who waits for an instance, and gets the next one that is free. Contexts take turns there too:
 * while some wait, only the one that is told of room may take an instance, and one for each time.
 */
#ifndef ENGINE_ROOM_H
#define ENGINE_ROOM_H

#include <stdbool.h>

#include "spin/engine.h"

/* Contexts that wait for an instance of the engine, the next one first. */
typedef struct room_ring {
    spin_execution_context_t *first;
    spin_execution_context_t *last;
    size_t len;
    spin_execution_context_t *told; /* may take one, and has not yet */
    bool is_due;                    /* something was freed since they were told last */
} room_ring_t;

/* A context's place in it. */
typedef struct room_place {
    void (*fn)(void *user); /* NULL: nobody waits */
    void *user;
    bool in_ring; /* else it waits for one of its own instances */
    spin_execution_context_t *next;
    spin_execution_context_t *prev;
} room_place_t;

/* NULL where the context may take an instance now, else LIMIT. */
spin_error_t *room_check(const spin_execution_context_t *context);
/* It has taken one. */
void room_taken(spin_execution_context_t *context);
/* One of its instances has gone. */
void room_freed(spin_execution_context_t *context);
/* The context goes. */
void room_leave(spin_execution_context_t *context);

/* Whether there is somebody to tell, and telling them; for the scheduler. */
bool room_is_due(const spin_engine_t *engine);
void room_tell(spin_engine_t *engine);

#endif
