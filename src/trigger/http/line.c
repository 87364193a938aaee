#include "trigger/http/line.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "engine/instance.h"

enum { PER_INSTANCE = 4 }; /* requests that wait, for each instance there may be */

static const uint64_t ns_per_ms = 1000 * 1000;
static const uint64_t tell_every_ns = 1000 * 1000 * 1000; /* of refusals */

static void on_timer(uv_timer_t *timer);

/* ── order ───────────────────────────────────────────────────────────────────────────────── */

static void put_last(http_line_t *line, http_call_t *request) {
    request->next = NULL;
    request->link = line->end;
    *line->end = request;
    line->end = &request->next;
    line->len++;
}

static void put_first(http_line_t *line, http_call_t *request) {
    request->next = line->first;
    request->link = &line->first;
    if (line->first != NULL)
        line->first->link = &request->next;
    else
        line->end = &request->next;
    line->first = request;
    line->len++;
}

static bool take_out(http_line_t *line, http_call_t *request) {
    if (request->link == NULL)
        return false;
    *request->link = request->next;
    if (request->next != NULL)
        request->next->link = request->link;
    else
        line->end = request->link;
    request->link = NULL;
    line->len--;
    return true;
}

/* ── refusing ────────────────────────────────────────────────────────────────────────────── */

static void arm_timer(http_line_t *line) {
    uint64_t at = UINT64_MAX;
    if (line->first != NULL)
        at = line->first->arrived_ns + line->timeout_ns;
    if (line->refused > 0 && line->told_at + tell_every_ns < at)
        at = line->told_at + tell_every_ns;
    if (at == UINT64_MAX)
        return;
    uint64_t now = uv_hrtime();
    uv_update_time(line->timer->loop);
    uv_timer_start(line->timer, on_timer, at <= now ? 0 : (at - now) / ns_per_ms + 1, 0);
}

static void tell_refused(http_line_t *line, uint64_t now) {
    const http_component_t *component = line->refused_for;
    LOG_WARN("no instance is free", LOG_SLICE("application", line->application),
             LOG_SLICE("component", component->id), LOG_SLICE("route", component->route.pattern),
             LOG_INT("status", 503), LOG_INT("refused", line->refused),
             LOG_INT("waiting", line->len));
    line->refused = 0;
    line->told_at = now;
}

/* At once where it has been quiet for a while, else with all others of this second. */
static void note_refused(http_line_t *line, http_component_t *component) {
    uint64_t now = uv_hrtime();
    line->refused_for = component;
    line->refused++;
    if (line->told_at == 0 || now - line->told_at >= tell_every_ns)
        tell_refused(line, now);
    else if (line->refused == 1)
        arm_timer(line);
}

static void refuse(http_line_t *line, http_call_t *request) {
    static const net_header_t retry = {SLICE_INIT("retry-after"), SLICE_INIT("1")};
    note_refused(line, request->component);
    http_call_reply(request, 503, &retry, 1, (spin_slice_t){NULL, 0});
}

/* ── moving ──────────────────────────────────────────────────────────────────────────────── */

/* False: no instance is free. */
static bool try_start(http_call_t *request) {
    spin_error_t *error = request->component->executor->start(request);
    if (error == NULL)
        return true;
    if (spin_error_kind(error) == SPIN_ERROR_LIMIT && request->instance == NULL) {
        spin_error_free(error);
        return false;
    }
    http_call_fail(request, error);
    return true;
}

static void on_room(void *line) {
    http_line_advance(line);
}

/* Those instances that others have are missed too: the engine says when it has room. */
static void wait_for_room(http_line_t *line) {
    engine_context_on_room(line->context, line->first == NULL ? NULL : on_room, line);
}

/* A guest that ends at once calls this again from within: the loop below goes on then. */
void http_line_advance(http_line_t *line) {
    if (line->advancing || line->closed || line->first == NULL)
        return;
    line->advancing = true;
    while (line->first != NULL) {
        http_call_t *request = line->first;
        take_out(line, request);
        if (try_start(request))
            continue;
        put_first(line, request);
        break;
    }
    line->advancing = false;
    wait_for_room(line);
}

void http_line_take(http_line_t *line, http_call_t *request) {
    if (line->first == NULL && try_start(request))
        return;
    if (line->len >= line->max) {
        refuse(line, request);
        return;
    }
    request->arrived_ns = uv_hrtime();
    put_last(line, request);
    if (line->len > 1)
        return;
    arm_timer(line);
    wait_for_room(line);
}

static void on_timer(uv_timer_t *timer) {
    http_line_t *line = timer->data;
    while (line->first != NULL && uv_hrtime() - line->first->arrived_ns >= line->timeout_ns) {
        http_call_t *late = line->first;
        take_out(line, late);
        refuse(line, late);
    }
    uint64_t now = uv_hrtime();
    if (line->refused > 0 && now - line->told_at >= tell_every_ns)
        tell_refused(line, now);
    arm_timer(line);
    if (line->first == NULL)
        wait_for_room(line);
}

void http_line_leave(http_line_t *line, http_call_t *request) {
    if (take_out(line, request) && line->first == NULL)
        wait_for_room(line);
}

/* ── life ────────────────────────────────────────────────────────────────────────────────── */

void http_line_close(http_line_t *line) {
    line->closed = true;
    if (line->context != NULL)
        engine_context_on_room(line->context, NULL, NULL);
}

spin_error_t *http_line_init(http_line_t *line, spin_execution_context_t *context,
                             spin_slice_t name) {
    uint64_t timeout_ms = engine_context_timeout_ms(context);
    line->end = &line->first;
    line->application = name;
    line->max = PER_INSTANCE * (size_t)engine_context_max_instances(context);
    line->timeout_ns =
        timeout_ms < UINT64_MAX / 2 / ns_per_ms ? timeout_ms * ns_per_ms : UINT64_MAX / 2;
    line->timer = mem_alloc(sizeof *line->timer);
    if (line->timer == NULL)
        return error_no_memory();
    uv_timer_init(spin_execution_context_loop(context), line->timer);
    uv_unref((uv_handle_t *)line->timer); /* connections keep the loop alive */
    line->timer->data = line;
    line->context = context;
    return NULL;
}

static void free_timer(uv_handle_t *timer) {
    mem_free(timer);
}

void http_line_deinit(http_line_t *line) {
    http_line_close(line);
    if (line->refused > 0)
        tell_refused(line, 0);
    if (line->timer != NULL)
        uv_close((uv_handle_t *)line->timer, free_timer);
}
