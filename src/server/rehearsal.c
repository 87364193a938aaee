#include "server/rehearsal.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/error.h"

/* What the process says in the end; an error is child.h's. */
static const char compiled = 'c';

/* ── in the process ──────────────────────────────────────────────────────────────────────── */

/* One instance is enough: none is made. */
static spin_error_t *compile(int link, void *user) {
    rehearsal_t *rehearsal = user;
    spin_engine_options_t options = rehearsal->server->engine;
    spin_engine_builder_t *builder;
    spin_execution_context_t *context;
    spin_error_t *error = spin_engine_builder_new(rehearsal->site->application, &options, &builder);
    if (error == NULL)
        error = spin_engine_builder_build(builder, &context);
    if (error == NULL)
        (void)!send(link, &compiled, sizeof compiled, MSG_NOSIGNAL);
    return error; /* the process ends, and with it all that was made */
}

/* ── in the supervisor ───────────────────────────────────────────────────────────────────── */

static void unwatch(rehearsal_t *rehearsal) {
    supervisor_unwatch(rehearsal->supervisor, rehearsal->process.link);
    supervisor_unwatch(rehearsal->supervisor, rehearsal->process.pidfd);
}

static void read_link(rehearsal_t *rehearsal) {
    char message[CHILD_MESSAGE_SIZE];
    spin_error_t *error;
    ssize_t len = recv(rehearsal->process.link, message, sizeof message, MSG_DONTWAIT);
    if (len == (ssize_t)sizeof compiled && message[0] == compiled) {
        rehearsal->compiled = true;
    } else if (len > 0 && child_message_error(message, (size_t)len, &error)) {
        spin_error_free(rehearsal->failure);
        rehearsal->failure = error;
    }
    if (len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR))
        supervisor_unwatch(rehearsal->supervisor, rehearsal->process.link);
}

static void on_link(supervisor_t *supervisor, int fd, void *user) {
    (void)supervisor, (void)fd;
    read_link(user);
}

static void on_end(supervisor_t *supervisor, int fd, void *user) {
    rehearsal_t *rehearsal = user;
    char how[96];
    (void)supervisor, (void)fd;
    read_link(rehearsal); /* its last words */
    unwatch(rehearsal);
    child_reap(&rehearsal->process, how, sizeof how);
    spin_error_t *error = rehearsal->failure;
    rehearsal->failure = NULL;
    if (error == NULL && !rehearsal->compiled)
        error = error_new(SPIN_ERROR_INTERNAL, "its compiler %s", how);
    rehearsal->done(rehearsal, error);
}

spin_error_t *rehearsal_start(rehearsal_t *rehearsal, server_site_t *site) {
    rehearsal->site = site;
    rehearsal->compiled = false;
    spin_error_t *error = child_start(&rehearsal->process, "its compiler", compile, rehearsal);
    if (error != NULL)
        return error;
    error = supervisor_watch(rehearsal->supervisor, rehearsal->process.link, on_link, rehearsal);
    if (error == NULL)
        error =
            supervisor_watch(rehearsal->supervisor, rehearsal->process.pidfd, on_end, rehearsal);
    if (error != NULL)
        rehearsal_cancel(rehearsal);
    return error;
}

void rehearsal_cancel(rehearsal_t *rehearsal) {
    char how[96];
    if (rehearsal->process.pid == 0)
        return;
    child_kill(&rehearsal->process);
    unwatch(rehearsal);
    child_reap(&rehearsal->process, how, sizeof how);
    spin_error_free(rehearsal->failure);
    rehearsal->failure = NULL;
}
