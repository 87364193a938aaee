/* The HTTP trigger for an application that shares a front with others. */
#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "trigger/http/http_options.h"
#include "trigger/http/worker.h"
#include "trigger/trigger.h"

typedef struct site_trigger {
    arena_t arena;
    http_front_t *front;
    http_site_t site;
    spin_http_options_t options;
} site_trigger_t;

/* What open is given. */
typedef struct site_arguments {
    http_front_t *front;
    const http_site_t *site;
    const spin_http_options_t *options;
} site_arguments_t;

static bool copy_text(arena_t *arena, const char *text, const char **out) {
    *out = text == NULL ? NULL : arena_copy_text(arena, spin_slice(text));
    return text == NULL || *out != NULL;
}

static bool copy_site(site_trigger_t *own, const http_site_t *site) {
    const char **hosts = arena_calloc(&own->arena, site->hosts_len + 1, sizeof *hosts);
    if (hosts == NULL || !copy_text(&own->arena, site->name, &own->site.name) ||
        !copy_text(&own->arena, site->base, &own->site.base))
        return false;
    for (size_t i = 0; i < site->hosts_len; i++)
        if (!copy_text(&own->arena, site->hosts[i], &hosts[i]))
            return false;
    own->site.hosts = hosts;
    own->site.hosts_len = site->hosts_len;
    return true;
}

/* ── operations ──────────────────────────────────────────────────────────────────────────── */

static void close_trigger(void *state) {
    site_trigger_t *own = state;
    http_front_unref(own->front);
    arena_deinit(&own->arena);
    mem_free(own);
}

static spin_error_t *open_trigger(spin_trigger_t *trigger, void *user, void **state) {
    const site_arguments_t *given = user;
    (void)trigger;
    site_trigger_t *own = mem_calloc(1, sizeof *own);
    if (own == NULL)
        return error_no_memory();
    arena_init(&own->arena, 256);
    own->front = http_front_ref(given->front);
    own->options = *given->options;
    if (!copy_site(own, given->site)) {
        close_trigger(own);
        return error_no_memory();
    }
    *state = own;
    return NULL;
}

static spin_error_t *start(spin_worker_t *worker, void *state) {
    site_trigger_t *own = state;
    spin_error_t *error = http_worker_begin(worker, &own->options, &own->site);
    return error != NULL ? error : http_worker_attach(worker, own->front);
}

static void stop(spin_worker_t *worker, void *state) {
    (void)state;
    http_worker_detach(worker);
}

static void drain(spin_worker_t *worker, void *state) {
    (void)state;
    http_worker_cut_off(worker);
}

static void end(spin_worker_t *worker, void *state) {
    (void)state;
    http_worker_end(worker);
}

static const spin_trigger_type_t site_type = {
    .size = sizeof site_type,
    .name = "http",
    .open = open_trigger,
    .close = close_trigger,
    .start = start,
    .stop = stop,
    .drain = drain,
    .end = end,
};

/* ── from outside ────────────────────────────────────────────────────────────────────────── */

static void call_ready(spin_trigger_t *trigger, void *user) {
    const site_trigger_t *own = spin_trigger_state(trigger);
    own->options.ready(NULL, user);
}

spin_error_t *http_trigger_new_on(http_front_t *front, spin_application_t *application,
                                  const http_site_t *site, const spin_http_options_t *options,
                                  spin_trigger_t **out) {
    spin_http_options_t own;
    spin_trigger_options_t common;
    spin_error_t *error = http_options_take(&own, options, &common);
    if (error != NULL)
        return error;
    common.workers = 0; /* it is in one already */
    common.ignore_signals = true;
    if (own.ready != NULL)
        common.ready = call_ready;
    site_arguments_t arguments = {front, site, &own};
    return spin_trigger_new(&site_type, &arguments, application, &common, out);
}
