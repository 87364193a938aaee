/* A server with worker processes: changes while it runs, in the process that supervises them. One
 * change is under way at a time: compiled (rehearsal.h), entered, sent to every worker, and done
 * when all of them have said so. A worker that is forked meanwhile has it from the fork, so that
 * one that dies, or can't be told, is simply replaced. */
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "server/process.h"
#include "server/rehearsal.h"
#include "server/wire.h"

/* A version that workers may still use: its files stay. */
typedef struct retired {
    struct retired *next;
    server_site_t *site;
    bool users[]; /* by slot */
} retired_t;

/* One that waits, or is under way. */
typedef struct change {
    struct change *next;
    char *name;
    server_site_t *site; /* NULL: a removal */
    retired_t *retired;  /* for what it takes the place of: later there might be no memory */
    bool is_undo;        /* of one that failed in some worker: nobody is told */
} change_t;

struct server_crew {
    spin_server_t *server;
    supervisor_t *supervisor;
    unsigned workers;
    rehearsal_t rehearsal;
    bool ready;        /* all workers were, and it was told: changes begin */
    change_t *changes; /* the first one is under way, */
    bool busy;         /* if this is set */
    bool advancing;
    server_site_t *before; /* what the change under way has replaced; NULL: nothing */
    bool *waiting;         /* for the answer of that slot */
    spin_error_t *failure; /* the first worker's, of the change under way */
    retired_t *retired;
};

static void advance(server_crew_t *crew);

/* ── versions that go ────────────────────────────────────────────────────────────────────── */

static void free_unused(server_crew_t *crew) {
    retired_t **link = &crew->retired;
    while (*link != NULL) {
        retired_t *each = *link;
        unsigned slot = 0;
        while (slot < crew->workers && !each->users[slot])
            slot++;
        if (slot < crew->workers) {
            link = &each->next;
            continue;
        }
        *link = each->next;
        site_unref(each->site);
        mem_free(each);
    }
}

static retired_t *new_retired(const server_crew_t *crew) {
    return mem_calloc(1, sizeof(retired_t) + crew->workers * sizeof(bool));
}

/* Takes the reference. `site` NULL: the change takes the place of nothing. */
static void retire(server_crew_t *crew, server_site_t *site, change_t *change) {
    retired_t *retired = change->retired;
    if (site == NULL)
        return;
    change->retired = NULL;
    site_close_queue(site, 0);
    site_close_queue(site, 1);
    retired->site = site;
    for (unsigned slot = 0; slot < crew->workers; slot++)
        retired->users[slot] = supervisor_is_running(crew->supervisor, slot);
    retired->next = crew->retired;
    crew->retired = retired;
    free_unused(crew);
}

static void give_up_version(server_crew_t *crew, unsigned slot, uint64_t version) {
    for (retired_t *each = crew->retired; each != NULL; each = each->next)
        if (each->site->version == version)
            each->users[slot] = false;
    free_unused(crew);
}

/* ── one change ──────────────────────────────────────────────────────────────────────────── */

static void free_change(change_t *change) {
    mem_free(change->name);
    mem_free(change->retired);
    site_unref(change->site);
    mem_free(change);
}

/* Some workers have started the new version and others have not: all go back to the old one, which
 * is a change as any other, under a version of its own, and the next one. */
static spin_error_t *undo(server_crew_t *crew, change_t *failed) {
    spin_server_t *server = crew->server;
    server_site_t *site = NULL;
    spin_error_t *error = NULL;
    if (failed->retired == NULL && (failed->retired = new_retired(crew)) == NULL)
        return error_no_memory();
    if (crew->before != NULL)
        error = site_new(failed->name, ++server->versions, crew->before->application,
                         &crew->before->options, &site);
    if (error != NULL)
        return error;
    site_unref(failed->site);
    failed->site = site;
    failed->is_undo = true;
    return NULL;
}

static void end_change(server_crew_t *crew) {
    change_t *change = crew->changes;
    crew->changes = change->next;
    free_change(change);
}

static void tell(const server_crew_t *crew, const change_t *change, const spin_error_t *error) {
    spin_server_event_kind_t kind = error != NULL          ? SPIN_SERVER_FAILED
                                    : change->site == NULL ? SPIN_SERVER_REMOVED
                                                           : SPIN_SERVER_SERVING;
    if (!change->is_undo)
        server_tell(crew->server, kind, change->name, change->site, error);
    else if (error != NULL)
        LOG_ERROR("a change that failed can't be undone", LOG_TEXT("application", change->name),
                  LOG_ERR("error", error));
}

/* `entered`: workers were told, and some of them may have done it. */
static void finish(server_crew_t *crew, spin_error_t *error, bool entered) {
    change_t *change = crew->changes;
    spin_error_t *failure = NULL;
    tell(crew, change, error);
    if (error != NULL && entered && !change->is_undo)
        failure = undo(crew, change);
    else
        end_change(crew);
    if (failure != NULL) {
        LOG_ERROR("a change that failed can't be undone", LOG_ERR("error", failure));
        end_change(crew);
    }
    spin_error_free(failure);
    spin_error_free(error);
    site_unref(crew->before);
    crew->before = NULL;
    crew->busy = false;
    advance(crew);
}

static void finish_when_answered(server_crew_t *crew) {
    for (unsigned slot = 0; slot < crew->workers; slot++)
        if (crew->waiting[slot])
            return;
    spin_error_t *error = crew->failure;
    crew->failure = NULL;
    finish(crew, error, true);
}

/* A file without a name that holds `text`; -1 and errno where there is none to be had. */
static int make_file(spin_slice_t text) {
    int fd = memfd_create("spin", MFD_CLOEXEC);
    size_t done = 0;
    while (fd >= 0 && done < text.len) {
        ssize_t count = write(fd, text.ptr + done, text.len - done);
        if (count <= 0) {
            close(fd);
            return -1;
        }
        done += (size_t)count;
    }
    return fd;
}

/* The descriptors that go with a version, of which the first two are to be closed. */
static spin_error_t *make_files(const server_site_t *site, int *fds, uint32_t *fds_len) {
    buf_t options = {0};
    char *locked = NULL;
    spin_error_t *error = site_encode(site, &options);
    if (error == NULL)
        error = spin_application_to_locked(site->application, &locked);
    if (error == NULL) {
        fds[0] = make_file(buf_slice(&options));
        fds[1] = make_file(spin_slice(locked));
        fds[2] = site->queue[0];
        fds[3] = site->queue[1];
        *fds_len = fds[2] >= 0 ? 4 : 2;
        if (fds[0] < 0 || fds[1] < 0)
            error = error_new(SPIN_ERROR_IO, "a file in memory can't be made");
    }
    spin_string_free(locked);
    buf_deinit(&options);
    return error;
}

static void send_all(server_crew_t *crew, const wire_command_t *command, const int *fds) {
    for (unsigned slot = 0; slot < crew->workers; slot++) {
        if (!supervisor_is_running(crew->supervisor, slot))
            continue;
        crew->waiting[slot] = supervisor_send(
            crew->supervisor, slot, spin_slice_of(command, sizeof *command), fds, command->fds);
        if (!crew->waiting[slot]) {
            LOG_ERROR("a worker can't be told of a change and is replaced",
                      LOG_INT("worker", slot));
            supervisor_replace(crew->supervisor, slot);
        }
    }
}

/* Enters the version, so that new workers start with it, and tells those that there are. */
static spin_error_t *apply_put(server_crew_t *crew, change_t *change) {
    wire_command_t command = {.order = WIRE_PUT, .version = change->site->version};
    server_site_t *old = NULL;
    int fds[WIRE_MOST_FDS] = {-1, -1, -1, -1};
    spin_error_t *error = make_files(change->site, fds, &command.fds);
    if (error == NULL)
        error = server_enter(crew->server, change->site, &old);
    if (error == NULL) {
        site_ref(change->site);
        command.before = old == NULL ? 0 : old->version;
        crew->before = old == NULL ? NULL : site_ref(old);
        retire(crew, old, change);
        send_all(crew, &command, fds);
    }
    for (size_t i = 0; i < 2; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    return error;
}

/* There may be nothing of that name: what was put before has failed. */
static void apply_remove(server_crew_t *crew, change_t *change) {
    wire_command_t command = {.order = WIRE_REMOVE};
    server_site_t *old = server_leave(crew->server, change->name);
    if (old == NULL)
        return;
    command.before = old->version;
    memcpy(command.name, change->name, strlen(change->name) + 1);
    retire(crew, old, change);
    send_all(crew, &command, NULL);
}

static void apply(server_crew_t *crew) {
    change_t *change = crew->changes;
    spin_error_t *error = NULL;
    if (change->site != NULL)
        error = apply_put(crew, change);
    else
        apply_remove(crew, change);
    if (error != NULL)
        finish(crew, error, false);
    else
        finish_when_answered(crew);
}

static void on_rehearsed(rehearsal_t *rehearsal, spin_error_t *error) {
    server_crew_t *crew = rehearsal->user;
    if (error != NULL)
        finish(crew, error, false);
    else
        apply(crew);
}

/* Without a cache each worker has to compile for itself. */
static void begin_change(server_crew_t *crew) {
    const change_t *change = crew->changes;
    crew->busy = true;
    if (change->site == NULL || change->is_undo || crew->server->engine.disable_cache) {
        apply(crew);
        return;
    }
    spin_error_t *error = rehearsal_start(&crew->rehearsal, change->site);
    if (error != NULL)
        finish(crew, error, false);
}

/* A change may be over as soon as it has begun: then this is called from inside of itself. */
static void advance(server_crew_t *crew) {
    if (crew->advancing)
        return;
    crew->advancing = true;
    while (crew->ready && !crew->busy && crew->changes != NULL &&
           !supervisor_is_stopping(crew->supervisor))
        begin_change(crew);
    crew->advancing = false;
}

/* ── what is asked for ───────────────────────────────────────────────────────────────────── */

/* What waits for that name is not worth doing any more. */
static void drop_waiting(server_crew_t *crew, const char *name) {
    change_t **link = &crew->changes;
    if (crew->busy && *link != NULL)
        link = &(*link)->next;
    while (*link != NULL) {
        change_t *each = *link;
        if (strcmp(each->name, name) != 0) {
            link = &each->next;
            continue;
        }
        *link = each->next;
        free_change(each);
    }
}

/* When all that waits is done. */
static bool will_be_known(const server_crew_t *crew, const char *name) {
    bool known = server_find(crew->server, name) < crew->server->sites.len;
    for (const change_t *each = crew->changes; each != NULL; each = each->next)
        if (strcmp(each->name, name) == 0)
            known = each->site != NULL;
    return known;
}

static spin_error_t *change(server_crew_t *crew, const char *name, server_site_t *site) {
    if (site == NULL && !will_be_known(crew, name))
        return error_new(SPIN_ERROR_NOT_FOUND, "no application \"%s\"", name);
    change_t *change = mem_calloc(1, sizeof *change);
    if (change == NULL) {
        site_unref(site);
        return error_no_memory();
    }
    *change = (change_t){
        .name = mem_copy_text(spin_slice(name)), .site = site, .retired = new_retired(crew)};
    if (change->name == NULL || change->retired == NULL) {
        free_change(change);
        return error_no_memory();
    }
    drop_waiting(crew, name);
    change_t **link = &crew->changes;
    while (*link != NULL)
        link = &(*link)->next;
    *link = change;
    advance(crew);
    return NULL;
}

/* ── what workers tell ───────────────────────────────────────────────────────────────────── */

static server_site_t *find_version(const spin_server_t *server, uint64_t version) {
    for (size_t i = 0; i < server->sites.len; i++)
        if (server->sites.items[i]->version == version)
            return server->sites.items[i];
    return NULL;
}

/* At the start of a worker. The first one speaks for all; what others serve has not failed where a
 * later one can't start it, and the next one in its place may. */
static void on_failed_start(server_crew_t *crew, unsigned slot, uint64_t version,
                            const spin_error_t *error) {
    server_site_t *site = find_version(crew->server, version);
    if (site == NULL)
        return;
    if (crew->ready || slot != 0) {
        LOG_ERROR("a worker serves without an application", LOG_INT("worker", slot),
                  LOG_TEXT("application", site->name), LOG_ERR("error", error));
        return;
    }
    site->failed = true;
    server_tell(crew->server, SPIN_SERVER_FAILED, site->name, site, error);
}

static void on_failed(server_crew_t *crew, unsigned slot, const wire_reply_t *reply,
                      spin_slice_t text) {
    spin_error_t *error =
        error_new((spin_error_kind_t)reply->kind, "%.*s", (int)text.len, (const char *)text.ptr);
    if (!crew->waiting[slot] || crew->changes->site == NULL ||
        crew->changes->site->version != reply->version) {
        on_failed_start(crew, slot, reply->version, error);
        spin_error_free(error);
        return;
    }
    crew->waiting[slot] = false;
    if (crew->failure == NULL)
        crew->failure = error;
    else
        spin_error_free(error);
    finish_when_answered(crew);
}

static void on_message(supervisor_t *supervisor, unsigned slot, spin_slice_t message, void *user) {
    server_crew_t *crew = ((spin_server_t *)user)->crew;
    wire_reply_t reply;
    (void)supervisor;
    if (message.len < sizeof reply)
        return;
    memcpy(&reply, message.ptr, sizeof reply);
    if (reply.result == WIRE_RETIRED) {
        give_up_version(crew, slot, reply.version);
    } else if (reply.result == WIRE_FAILED) {
        on_failed(crew, slot, &reply, slice_from(message, sizeof reply));
    } else if (crew->waiting[slot]) {
        crew->waiting[slot] = false;
        finish_when_answered(crew);
    }
}

/* Its replacement starts with what is current. */
static void on_ended(supervisor_t *supervisor, unsigned slot, void *user) {
    server_crew_t *crew = ((spin_server_t *)user)->crew;
    (void)supervisor;
    for (retired_t *each = crew->retired; each != NULL; each = each->next)
        each->users[slot] = false;
    free_unused(crew);
    if (crew->waiting[slot]) {
        crew->waiting[slot] = false;
        finish_when_answered(crew);
    }
}

/* ── life ────────────────────────────────────────────────────────────────────────────────── */

static void on_watch(supervisor_t *supervisor, int fd, void *user) {
    const server_watch_t *watch = user;
    (void)supervisor;
    watch->fn(watch->server, fd, watch->user);
}

static spin_error_t *begin(supervisor_t *supervisor, void *user) {
    spin_server_t *server = user;
    spin_error_t *error = NULL;
    server->crew->supervisor = server->crew->rehearsal.supervisor = supervisor;
    server->change = change;
    for (size_t i = 0; i < server->watches.len && error == NULL; i++)
        error = supervisor_watch(supervisor, server->watches.items[i].fd, on_watch,
                                 &server->watches.items[i]);
    return error;
}

static void on_ready(void *user) {
    spin_server_t *server = user;
    server_crew_t *crew = server->crew;
    for (size_t i = 0; i < server->sites.len; i++) {
        const server_site_t *site = server->sites.items[i];
        if (!site->failed)
            server_tell(server, SPIN_SERVER_SERVING, site->name, site, NULL);
    }
    server_tell_ready(server);
    crew->ready = true;
    advance(crew);
}

/* Clients and queues wait for those that have the descriptors open. */
static void on_stopping(void *user) {
    spin_server_t *server = user;
    rehearsal_cancel(&server->crew->rehearsal);
    server_close_sockets(server);
    for (size_t i = 0; i < server->sites.len; i++) {
        site_close_queue(server->sites.items[i], 0);
        site_close_queue(server->sites.items[i], 1);
    }
}

static spin_error_t *work(supervisor_link_t *link, void *user) {
    spin_server_t *server = user;
    server->crew = NULL;
    return server_process_run(server, link);
}

static void free_crew(server_crew_t *crew) {
    while (crew->changes != NULL) {
        change_t *next = crew->changes->next;
        free_change(crew->changes);
        crew->changes = next;
    }
    while (crew->retired != NULL) {
        retired_t *next = crew->retired->next;
        site_unref(crew->retired->site);
        mem_free(crew->retired);
        crew->retired = next;
    }
    site_unref(crew->before);
    spin_error_free(crew->failure);
    mem_free(crew->waiting);
}

spin_error_t *server_run_processes(spin_server_t *server) {
    server_crew_t crew = {.server = server, .workers = server->options.workers};
    crew.rehearsal =
        (rehearsal_t){.process = CHILD_NONE, .server = server, .done = on_rehearsed, .user = &crew};
    crew.waiting = mem_calloc(crew.workers, sizeof *crew.waiting);
    if (crew.waiting == NULL)
        return error_no_memory();
    const supervisor_options_t options = {
        .name = "server",
        .workers = crew.workers,
        .work = work,
        .begin = begin,
        .ready = on_ready,
        .stopping = on_stopping,
        .message = on_message,
        .ended = on_ended,
        .user = server,
        .stop_fd = server->stop_fd,
        .grace_ms = server->options.shutdown_timeout_ms,
    };
    server->crew = &crew;
    spin_error_t *error = supervisor_run(&options);
    server->crew = NULL;
    free_crew(&crew);
    return error;
}
