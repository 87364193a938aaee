#include "engine/async/copy.h"

#include "base/alloc.h"
#include "base/error.h"

/* ── events ── */

static async_event_code_t code_of(const async_end_t *end) {
    if (end->shared->is_future)
        return end->is_writable ? ASYNC_EVENT_FUTURE_WRITE : ASYNC_EVENT_FUTURE_READ;
    return end->is_writable ? ASYNC_EVENT_STREAM_WRITE : ASYNC_EVENT_STREAM_READ;
}

static async_event_t deliver(async_waitable_t *waitable) {
    async_end_t *end = (async_end_t *)waitable;
    async_shared_t *shared = end->shared;
    async_event_t event = {code_of(end), waitable->handle, (uint32_t)end->result};
    if (end->reclaims && shared->pending == end)
        shared->pending = NULL;
    bool is_over = end->result == ASYNC_COPY_DROPPED ||
                   (shared->is_future && end->result == ASYNC_COPY_COMPLETED);
    /* What was copied of a stream before it was cancelled is no end of its own. */
    if (end->state == ASYNC_END_CANCELLING && !shared->is_future &&
        end->result == ASYNC_COPY_COMPLETED)
        event.payload = ASYNC_COPY_CANCELLED;
    end->state = is_over ? ASYNC_END_DONE : ASYNC_END_IDLE;
    if (!shared->is_future)
        event.payload |= end->buffer.progress << 4;
    return event;
}

/* Some of it was copied, and more may be until the guest takes the event. */
static void tell_progress(async_end_t *end) {
    end->result = ASYNC_COPY_COMPLETED;
    end->reclaims = true;
    async_waitable_tell(&end->waitable);
}

static void tell_end(async_end_t *end, async_copy_result_t result) {
    end->result = result;
    end->reclaims = false;
    async_waitable_tell(&end->waitable);
}

static void end_pending(async_shared_t *shared, async_copy_result_t result) {
    async_end_t *pending = shared->pending;
    shared->pending = NULL;
    tell_end(pending, result);
}

/* ── life ── */

static async_end_t *end_new(async_shared_t *shared, bool is_writable) {
    async_end_t *end = mem_calloc(1, sizeof *end);
    if (end == NULL)
        return NULL;
    end->waitable.deliver = deliver;
    end->shared = shared;
    end->is_writable = is_writable;
    shared->ends++;
    return end;
}

bool async_ends_new(const wit_type_t *element, bool is_future, async_end_t **readable,
                    async_end_t **writable) {
    async_shared_t *shared = mem_calloc(1, sizeof *shared);
    if (shared == NULL)
        return false;
    shared->element = element;
    shared->is_future = is_future;
    *readable = end_new(shared, false);
    *writable = end_new(shared, true);
    if (*readable != NULL && *writable != NULL)
        return true;
    if (shared->ends == 0)
        mem_free(shared);
    async_end_free(*readable);
    async_end_free(*writable);
    return false;
}

void async_end_free(async_end_t *end) {
    if (end == NULL)
        return;
    async_shared_t *shared = end->shared;
    async_waitable_join(&end->waitable, NULL);
    if (shared->pending == end)
        shared->pending = NULL;
    if (--shared->ends == 0)
        mem_free(shared);
    mem_free(end);
}

/* ── copies ── */

static bool is_number(const wit_type_t *type) {
    return type == NULL || (type->kind >= SPIN_TYPE_S8 && type->kind <= SPIN_TYPE_F64);
}

static spin_error_t *transfer_some(async_end_t *end, async_end_t *other, async_transfer_fn transfer,
                                   void *user) {
    async_end_t *to = end->is_writable ? other : end;
    async_end_t *from = end->is_writable ? end : other;
    uint32_t room = async_buffer_remain(&to->buffer), there = async_buffer_remain(&from->buffer);
    return transfer(user, end->shared->element, &to->buffer, &from->buffer,
                    room < there ? room : there);
}

static spin_error_t *copy_future(async_end_t *end, async_end_t *other, async_transfer_fn transfer,
                                 void *user) {
    spin_error_t *error = transfer_some(end, other, transfer, user);
    if (error != NULL)
        return error;
    end_pending(end->shared, ASYNC_COPY_COMPLETED);
    tell_end(end, ASYNC_COPY_COMPLETED);
    return NULL;
}

static spin_error_t *copy_stream(async_end_t *end, async_end_t *other, async_transfer_fn transfer,
                                 void *user) {
    async_shared_t *shared = end->shared;
    if (async_buffer_remain(&other->buffer) > 0) {
        if (async_buffer_remain(&end->buffer) > 0) {
            spin_error_t *error = transfer_some(end, other, transfer, user);
            if (error != NULL)
                return error;
            tell_progress(other);
        }
        tell_end(end, ASYNC_COPY_COMPLETED);
    } else if (end->is_writable && end->buffer.length == 0 && other->buffer.length == 0) {
        tell_end(end, ASYNC_COPY_COMPLETED);
    } else {
        end_pending(shared, ASYNC_COPY_COMPLETED);
        shared->pending = end;
    }
    return NULL;
}

spin_error_t *async_end_copy(async_end_t *end, async_transfer_fn transfer, void *user) {
    async_shared_t *shared = end->shared;
    end->state = ASYNC_END_COPYING;
    if (shared->dropped) {
        tell_end(end, ASYNC_COPY_DROPPED);
        return NULL;
    }
    async_end_t *other = shared->pending;
    if (other == NULL) {
        shared->pending = end;
        return NULL;
    }
    if (other->buffer.component == end->buffer.component && !is_number(shared->element))
        return error_new(SPIN_ERROR_TRAP,
                         "cannot read from and write to intra-component future/stream with "
                         "non-numeric payload");
    return shared->is_future ? copy_future(end, other, transfer, user)
                             : copy_stream(end, other, transfer, user);
}

void async_end_cancel(async_end_t *end) {
    if (end->shared->pending == end)
        end_pending(end->shared, ASYNC_COPY_CANCELLED);
}

spin_error_t *async_end_drop(async_end_t *end) {
    async_shared_t *shared = end->shared;
    if (shared->is_future && end->is_writable && end->state != ASYNC_END_DONE)
        return error_new(SPIN_ERROR_TRAP,
                         "cannot drop future write end without first writing a value");
    if (async_end_is_copying(end))
        return error_new(SPIN_ERROR_TRAP, "cannot %s busy %s", end->is_writable ? "drop" : "remove",
                         shared->is_future ? "future" : "stream");
    if (!shared->dropped) {
        shared->dropped = true;
        if (shared->pending != NULL)
            end_pending(shared, ASYNC_COPY_DROPPED);
    }
    return NULL;
}
