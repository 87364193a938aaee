#include "server/site.h"

#include <errno.h>
#include <jansson.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/options.h"
#include "base/slice.h"

/* ── making and freeing ──────────────────────────────────────────────────────────────────── */

/* Workers get it as JSON: what is no text would be served from the start on, and never changed. */
static spin_error_t *copy_text(arena_t *arena, const char **text) {
    if (*text == NULL)
        return NULL;
    if (!slice_is_utf8(spin_slice(*text), NULL))
        return error_new(SPIN_ERROR_USAGE, "\"%s\" is not UTF-8", *text);
    *text = arena_copy_text(arena, spin_slice(*text));
    return *text == NULL ? error_no_memory() : NULL;
}

static spin_error_t *copy_list(arena_t *arena, const char *const **items, size_t len) {
    const char **copy = arena_calloc(arena, len + 1, sizeof *copy);
    spin_error_t *error = NULL;
    if (copy == NULL)
        return error_no_memory();
    for (size_t i = 0; error == NULL && i < len; i++) {
        copy[i] = (*items)[i];
        error = copy_text(arena, &copy[i]);
    }
    *items = copy;
    return error;
}

static spin_error_t *copy_options(server_site_t *site, const spin_server_application_t *options) {
    spin_server_application_t *own = &site->options;
    arena_t *arena = &site->arena;
    spin_error_t *error = options_take(own, sizeof *own, options, "spin_server_application_t");
    own->size = sizeof *own;
    if (error == NULL)
        error = copy_text(arena, &site->name);
    if (error == NULL)
        error = copy_list(arena, &own->hosts, own->hosts_len);
    if (error == NULL)
        error = copy_text(arena, &own->base);
    if (error == NULL)
        error = copy_list(arena, &own->environment, own->environment_len);
    if (error == NULL)
        error = copy_list(arena, &own->variables, own->variables_len);
    if (error == NULL)
        error = copy_list(arena, &own->follow, own->follow_len);
    if (error == NULL)
        error = copy_text(arena, &own->state_dir);
    return error != NULL ? error : copy_text(arena, &own->log_dir);
}

static server_site_t *alloc_site(const char *name, uint64_t version,
                                 spin_application_t *application) {
    server_site_t *site = mem_calloc(1, sizeof *site);
    if (site == NULL)
        return NULL;
    arena_init(&site->arena, 512);
    site->refs = 1;
    site->name = name;
    site->version = version;
    site->application = spin_application_ref(application);
    site->queue[0] = site->queue[1] = -1;
    return site;
}

static spin_error_t *open_queue(server_site_t *site) {
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, site->queue) == 0)
        return NULL;
    site->queue[0] = site->queue[1] = -1;
    return error_from_errno(errno, "the queue of messages");
}

static spin_error_t *check(const server_site_t *site) {
    spin_trigger_kind_t trigger = spin_application_trigger(site->application);
    spin_slice_t type = spin_application_trigger_type(site->application);
    if (trigger != SPIN_TRIGGER_HTTP && trigger != SPIN_TRIGGER_REDIS)
        return error_new(
            SPIN_ERROR_UNSUPPORTED,
            "an application whose trigger is \"%.*s\" can't be one of a server: start it "
            "by a spin up of its own",
            (int)type.len, (const char *)type.ptr);
    if (strlen(site->name) > SITE_MAX_NAME)
        return error_new(SPIN_ERROR_USAGE, "an application's name has at most %d bytes",
                         SITE_MAX_NAME);
    if (trigger == SPIN_TRIGGER_REDIS &&
        (site->options.hosts_len > 0 || site->options.base != NULL))
        return error_new(SPIN_ERROR_USAGE, "a Redis application has neither host nor base");
    return NULL;
}

spin_error_t *site_new(const char *name, uint64_t version, spin_application_t *application,
                       const spin_server_application_t *options, server_site_t **out) {
    server_site_t *site = alloc_site(name, version, application);
    if (site == NULL)
        return error_no_memory();
    spin_error_t *error = copy_options(site, options);
    if (error == NULL)
        error = check(site);
    if (error == NULL && !site_is_http(site))
        error = open_queue(site);
    if (error == NULL)
        *out = site;
    else
        site_unref(site);
    return error;
}

void site_close_queue(server_site_t *site, int end) {
    if (site->queue[end] >= 0)
        close(site->queue[end]);
    site->queue[end] = -1;
}

server_site_t *site_ref(server_site_t *site) {
    site->refs++;
    return site;
}

void site_unref(server_site_t *site) {
    if (site == NULL || --site->refs > 0)
        return;
    site_close_queue(site, 0);
    site_close_queue(site, 1);
    spin_application_unref(site->application);
    arena_deinit(&site->arena);
    mem_free(site);
}

bool site_is_http(const server_site_t *site) {
    return spin_application_trigger(site->application) == SPIN_TRIGGER_HTTP;
}

http_site_t site_place(const server_site_t *site) {
    return (http_site_t){.name = site->name,
                         .hosts = site->options.hosts,
                         .hosts_len = site->options.hosts_len,
                         .base = site->options.base};
}

/* ── as text ─────────────────────────────────────────────────────────────────────────────── */

static json_t *list_to_json(const char *const *items, size_t len) {
    json_t *list = json_array();
    for (size_t i = 0; list != NULL && i < len; i++)
        if (json_array_append_new(list, json_string(items[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static int append_json(const char *text, size_t len, void *out) {
    buf_append(out, spin_slice_of(text, len));
    return 0;
}

spin_error_t *site_encode(const server_site_t *site, buf_t *out) {
    const spin_server_application_t *options = &site->options;
    json_t *json = json_pack(
        "{s:s, s:I, s:o, s:s?, s:I, s:I, s:I, s:o, s:o, s:s?, s:s?, s:o, s:b, s:b}", /* in order: */
        "name", site->name, "version", (json_int_t)site->version, "hosts",
        list_to_json(options->hosts, options->hosts_len), "base", options->base, "max_instances",
        (json_int_t)options->max_instances, "max_memory_bytes",
        (json_int_t)options->max_memory_bytes, "timeout_ms", (json_int_t)options->timeout_ms,
        "environment", list_to_json(options->environment, options->environment_len), "variables",
        list_to_json(options->variables, options->variables_len), "state_dir", options->state_dir,
        "log_dir", options->log_dir, "follow", list_to_json(options->follow, options->follow_len),
        "follow_all", options->follow_all, "quiet", options->quiet);
    if (json == NULL)
        return error_no_memory();
    json_dump_callback(json, append_json, out, JSON_COMPACT);
    json_decref(json);
    return out->failed ? error_no_memory() : NULL;
}

/* What is not there, or of another type, is left out: the text is this library's own. Texts are
 * borrowed from `json`. */
static const char *text_from(const json_t *json, const char *key) {
    return json_string_value(json_object_get(json, key));
}

static uint64_t number_from(const json_t *json, const char *key) {
    return (uint64_t)json_integer_value(json_object_get(json, key));
}

static bool list_from(const json_t *json, const char *key, arena_t *arena,
                      const char *const **items, size_t *len) {
    const json_t *list = json_object_get(json, key);
    const char **texts = arena_calloc(arena, json_array_size(list) + 1, sizeof *texts);
    if (texts == NULL)
        return false;
    for (*len = 0; *len < json_array_size(list); ++*len)
        texts[*len] = json_string_value(json_array_get(list, *len));
    *items = texts;
    return true;
}

static bool options_from(const json_t *json, arena_t *arena, spin_server_application_t *options) {
    *options = (spin_server_application_t){
        .size = sizeof *options,
        .base = text_from(json, "base"),
        .max_instances = (uint32_t)number_from(json, "max_instances"),
        .max_memory_bytes = number_from(json, "max_memory_bytes"),
        .timeout_ms = number_from(json, "timeout_ms"),
        .state_dir = text_from(json, "state_dir"),
        .log_dir = text_from(json, "log_dir"),
        .follow_all = json_is_true(json_object_get(json, "follow_all")),
        .quiet = json_is_true(json_object_get(json, "quiet")),
    };
    return list_from(json, "hosts", arena, &options->hosts, &options->hosts_len) &&
           list_from(json, "environment", arena, &options->environment,
                     &options->environment_len) &&
           list_from(json, "variables", arena, &options->variables, &options->variables_len) &&
           list_from(json, "follow", arena, &options->follow, &options->follow_len);
}

static void close_both(const int queue[2]) {
    for (int end = 0; end < 2; end++)
        if (queue[end] >= 0)
            close(queue[end]);
}

spin_error_t *site_decode(spin_slice_t text, spin_application_t *application, const int queue[2],
                          server_site_t **out) {
    arena_t scratch = {0};
    spin_server_application_t options;
    server_site_t *site = NULL;
    spin_error_t *error = NULL;
    json_error_t failure;
    json_t *json = json_loadb((const char *)text.ptr, text.len, 0, &failure);
    const char *name = text_from(json, "name");
    if (name == NULL)
        error = error_new(SPIN_ERROR_INVALID, "an application's options: %s", failure.text);
    else if (options_from(json, &scratch, &options))
        site = alloc_site(name, number_from(json, "version"), application);
    if (error == NULL && site == NULL)
        error = error_no_memory();
    if (site != NULL)
        memcpy(site->queue, queue, sizeof site->queue);
    else
        close_both(queue);
    if (error == NULL && site != NULL)
        error = copy_options(site, &options);
    if (error == NULL)
        *out = site;
    else
        site_unref(site);
    json_decref(json);
    arena_deinit(&scratch);
    return error;
}
