/* Many applications in one server: one address, one set of worker processes, one engine in each of
 * them. Applications are added, replaced and removed while it runs.
 *
 * A trigger runs one application; the server runs one trigger for each application in every worker,
 * and hands each HTTP request to the application of its host and path. What one application does,
 * fails at or uses up is not the others' affair: each has limits, logs and variables of its own.
 *
 * Thread rule: a server belongs to one thread, but spin_server_stop may be called from any. */
#ifndef SPIN_SERVER_H
#define SPIN_SERVER_H

#include <stdbool.h>

#include "spin/engine.h"
#include "spin/error.h"
#include "spin/http.h"
#include "spin/manifest.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An address, and the applications behind it. */
typedef struct spin_server spin_server_t;

/* How one application is served. Zero means "the default" everywhere; all is copied. */
typedef struct spin_server_application {
    size_t size; /* sizeof(spin_server_application_t) */
    /* Host names without port, in lower case; "*.example" stands for all names below it. None: any
     * host that no other application names. */
    const char *const *hosts;
    size_t hosts_len;
    /* The path in front of its routes, in place of the manifest's `base`. NULL: the manifest's. */
    const char *base;
    uint32_t max_instances;    /* within the server's */
    uint64_t max_memory_bytes; /* likewise */
    uint64_t timeout_ms;
    const char *const *environment; /* as in spin_engine_options_t */
    size_t environment_len;
    const char *const *variables; /* likewise */
    size_t variables_len;
    /* Where it keeps what it writes; its logs are in logs/. NULL: ~/.spin/NAME. */
    const char *state_dir;
    const char *log_dir; /* NULL: as above */
    const char *const *follow;
    size_t follow_len;
    bool follow_all;
    bool quiet;
} spin_server_application_t;

/* What happened to an application. */
typedef enum spin_server_event_kind {
    SPIN_SERVER_SERVING = 0, /* every worker hands requests to this version */
    SPIN_SERVER_FAILED,      /* it does not start: what was there before goes on, if anything was */
    SPIN_SERVER_REMOVED,     /* no worker hands requests to it any more */
} spin_server_event_kind_t;

/* One change, told while it is looked at: nothing in it outlives the call. */
typedef struct spin_server_event {
    size_t size; /* sizeof(spin_server_event_t), of the library that calls */
    spin_server_event_kind_t kind;
    const char *name;                /* the application's in this server */
    spin_application_t *application; /* the version that it is about; NULL after a removal */
    const spin_server_application_t *options; /* how it is served; likewise */
    const spin_error_t *error;                /* of FAILED */
} spin_server_event_t;

/* Zero means "the default" everywhere. Everything pointed to is kept by the caller until
 * spin_server_free. */
typedef struct spin_server_options {
    size_t size;      /* sizeof(spin_server_options_t) */
    unsigned workers; /* as in spin_trigger_options_t */
    bool ignore_signals;
    uint64_t shutdown_timeout_ms;
    /* Of each worker's engine, which all applications share: `max_instances` and `max_memory_bytes`
     * bound all of them, `environment` is in front of each one's own. No `loop`. */
    const spin_engine_options_t *engine;
    /* Where and how to listen: the address, and the limits of connections and requests; the rest is
     * not used. NULL: no HTTP, only other applications are taken. */
    const spin_http_options_t *http;
    /* Called once, in the process that runs the server, when every worker takes events. What does
     * not start has been told of before. May be NULL. */
    void (*ready)(spin_server_t *server, void *user);
    /* Called in the process that runs the server. May be NULL. */
    void (*event)(spin_server_t *server, const spin_server_event_t *event, void *user);
    void *user;
} spin_server_options_t;

/* What a file says about how an application is served. */
typedef struct spin_server_settings spin_server_settings_t;

/* Reads such a file: TOML with `hosts`, `base`, `max_instances`, `max_memory` ("64M"), `timeout`
 * ("10s"), `state_dir` (relative to the file's folder), `log_dir` (likewise), and the tables
 * `environment` and `variables`. All may be left out; any other key is an error. `*out` is for
 * spin_server_settings_free. Errors: NOT_FOUND, INVALID (with position), LIMIT (larger than 1 MiB),
 * DENIED, IO, NO_MEMORY. Any thread. */
SPIN_API spin_error_t *spin_server_settings_load(const char *path, spin_server_settings_t **out);
/* For spin_server_put; borrowed, and lives as long as the settings. */
SPIN_API const spin_server_application_t *
spin_server_settings_application(const spin_server_settings_t *settings);
/* NULL is allowed. */
SPIN_API void spin_server_settings_free(spin_server_settings_t *settings);

/* Opens the address. `options` may be NULL. The caller frees `*out` with spin_server_free. Errors:
 * as spin_http_trigger_new. */
SPIN_API spin_error_t *spin_server_new(const spin_server_options_t *options, spin_server_t **out);

/* Adds `application`, of which it takes a reference, under `name`, or puts it in the place of the
 * one of that name. Before the server runs it is only noted. While it runs, from its callbacks: the
 * application is compiled beside the workers, then each starts it, hands it what arrives from then
 * on, and lets the old one finish; `event` tells when that is done, or that the old one stays and
 * why. The last call for a name counts. `options` may be NULL. Errors: EXISTS (its host and base
 * are those of another application, which the message names), UNSUPPORTED (neither an HTTP nor a
 * Redis application, or HTTP without an address), USAGE, NO_MEMORY, IO; while it runs EXISTS is an
 * event.
 */
SPIN_API spin_error_t *spin_server_put(spin_server_t *server, const char *name,
                                       spin_application_t *application,
                                       const spin_server_application_t *options);
/* Takes it away; what runs is finished. Errors: NOT_FOUND. */
SPIN_API spin_error_t *spin_server_remove(spin_server_t *server, const char *name);

/* While the server runs, calls `fn` when `fd` is readable, in the process that runs it; `fn` reads
 * it. The descriptor stays the caller's; workers close theirs. Before it runs. Errors: NO_MEMORY,
 * USAGE. */
typedef void (*spin_server_watch_fn)(spin_server_t *server, int fd, void *user);
SPIN_API spin_error_t *spin_server_watch(spin_server_t *server, int fd, spin_server_watch_fn fn,
                                         void *user);

/* Runs until it is stopped, then returns NULL. Once for each server. An application that does not
 * start is an event; the others are served. Errors: what keeps the server itself from starting. */
SPIN_API spin_error_t *spin_server_run(spin_server_t *server);
/* As spin_trigger_stop. */
SPIN_API void spin_server_stop(spin_server_t *server);
/* Not while it runs. NULL is allowed. */
SPIN_API void spin_server_free(spin_server_t *server);
/* "host:port" that is listened on, as long as the server lives. */
SPIN_API const char *spin_server_address(const spin_server_t *server);

#ifdef __cplusplus
}
#endif

#endif
