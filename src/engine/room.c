#include "engine/room.h"

#include "base/error.h"
#include "engine/context.h"

/* ── the ring ── */

static bool is_full(const spin_execution_context_t *context) {
    return context->live >= context->settings.max_instances;
}

static void ring_join(spin_execution_context_t *context) {
    room_ring_t *ring = &context->engine->room;
    context->room.prev = ring->last;
    context->room.next = NULL;
    *(ring->last != NULL ? &ring->last->room.next : &ring->first) = context;
    ring->last = context;
    ring->len++;
    context->room.in_ring = true;
}

static void ring_leave(spin_execution_context_t *context) {
    room_ring_t *ring = &context->engine->room;
    room_place_t *at = &context->room;
    if (!at->in_ring)
        return;
    *(at->prev != NULL ? &at->prev->room.next : &ring->first) = at->next;
    *(at->next != NULL ? &at->next->room.prev : &ring->last) = at->prev;
    at->next = at->prev = NULL;
    at->in_ring = false;
    ring->len--;
}

void engine_context_on_room(spin_execution_context_t *context, void (*fn)(void *user), void *user) {
    context->room.fn = fn;
    context->room.user = user;
    if (fn == NULL)
        ring_leave(context);
    else if (!context->room.in_ring && !is_full(context))
        ring_join(context);
}

void room_leave(spin_execution_context_t *context) {
    engine_context_on_room(context, NULL, NULL);
    if (context->engine->room.told == context)
        context->engine->room.told = NULL;
}

/* ── taking and freeing ── */

/* Whether the next free instance is another context's. */
static bool others_wait(const spin_execution_context_t *context) {
    const room_ring_t *ring = &context->engine->room;
    return ring->told != context && ring->len > (context->room.in_ring ? 1 : 0);
}

spin_error_t *room_check(const spin_execution_context_t *context) {
    const spin_engine_t *engine = context->engine;
    if (is_full(context))
        return error_new(SPIN_ERROR_LIMIT, "all %u instances are in use",
                         context->settings.max_instances);
    if (engine->live >= engine->settings.max_instances || others_wait(context))
        return error_new(SPIN_ERROR_LIMIT,
                         "all %u instances of the engine are in use, or waited for by others",
                         engine->settings.max_instances);
    return NULL;
}

void room_taken(spin_execution_context_t *context) {
    context->live++;
    context->engine->live++;
    if (context->engine->room.told == context)
        context->engine->room.told = NULL;
}

void room_freed(spin_execution_context_t *context) {
    spin_engine_t *engine = context->engine;
    context->live--;
    engine->live--;
    if (context->room.fn != NULL && !context->room.in_ring)
        ring_join(context);
    if (engine->room.first == NULL)
        return;
    engine->room.is_due = true;
    scheduler_keep_turning(&engine->scheduler);
}

/* ── telling ── */

static bool has_room(const spin_engine_t *engine) {
    return engine->live < engine->settings.max_instances;
}

bool room_is_due(const spin_engine_t *engine) {
    return engine->room.is_due && engine->room.first != NULL && has_room(engine);
}

/* Each of those that wait now, once at most. Where all took what they were given the rest is given
 * out in the next turn; where some did not, whatever it was that kept them from it will be freed.
 */
void room_tell(spin_engine_t *engine) {
    room_ring_t *ring = &engine->room;
    bool any_taken = false;
    ring->is_due = false;
    for (size_t left = ring->len; left > 0 && ring->first != NULL && has_room(engine); left--) {
        spin_execution_context_t *context = ring->first;
        void (*fn)(void *user) = context->room.fn;
        ring_leave(context);
        context->room.fn = NULL;
        ring->told = context;
        if (fn != NULL)
            fn(context->room.user);
        any_taken |= ring->told != context;
        ring->told = NULL;
    }
    ring->is_due |= any_taken;
}
