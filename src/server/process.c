#include "server/process.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "manifest/locked.h"
#include "server/wire.h"
#include "trigger/child.h"

typedef struct process {
    spin_server_t *server;
    supervisor_link_t *link;
    uv_loop_t loop;
    uv_poll_t poll;        /* the link */
    uv_signal_t terminate; /* a SIGTERM of its own has the worker leave gracefully too */
    server_worker_t worker;
} process_t;

/* ── replies ─────────────────────────────────────────────────────────────────────────────── */

static void reply(const process_t *process, wire_result_t result, uint64_t version,
                  const spin_error_t *error) {
    struct {
        wire_reply_t head;
        char text[CHILD_MESSAGE_SIZE - sizeof(wire_reply_t) - 1];
    } message = {.head = {.result = result, .version = version}};
    size_t len = 0;
    if (error != NULL) {
        message.head.kind = spin_error_kind(error);
        len = spin_error_format(error, message.text, sizeof message.text);
        if (len >= sizeof message.text)
            len = sizeof message.text - 1;
    }
    supervisor_worker_tell(process->link, spin_slice_of(&message, sizeof message.head + len));
}

static void on_retired(server_worker_t *worker, uint64_t version) {
    if (!worker->stopping) /* or nobody asks any more */
        reply(worker->user, WIRE_RETIRED, version, NULL);
}

/* ── orders ──────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *map_text(int fd, spin_slice_t *out) {
    struct stat info;
    *out = (spin_slice_t){NULL, 0};
    if (fstat(fd, &info) != 0)
        return error_from_errno(errno, "what is to be served");
    void *map = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
        return error_from_errno(errno, "what is to be served");
    *out = spin_slice_of(map, (size_t)info.st_size);
    return NULL;
}

static void unmap_text(spin_slice_t text) {
    if (text.ptr != NULL)
        munmap((void *)(uintptr_t)text.ptr, text.len);
}

static void close_all(const int *fds, size_t len) {
    for (size_t i = 0; i < len; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

/* The queue's descriptors are the site's from here on. */
static spin_error_t *decode(const int *fds, server_site_t **out) {
    spin_slice_t options = {NULL, 0}, locked = {NULL, 0};
    spin_application_t *application = NULL;
    const int queue[2] = {fds[2], fds[3]};
    spin_error_t *error = map_text(fds[0], &options);
    if (error == NULL)
        error = map_text(fds[1], &locked);
    if (error == NULL)
        error = locked_parse(locked, NULL, &application);
    if (error == NULL)
        error = site_decode(options, application, queue, out);
    else
        close_all(queue, 2);
    spin_application_unref(application);
    unmap_text(options);
    unmap_text(locked);
    close_all(fds, 2);
    return error;
}

/* The kernel leaves out the descriptors for which there is no room. */
static spin_error_t *receive(const wire_command_t *command, const int *fds, server_site_t **out) {
    if (fds[command->fds - 1] >= 0)
        return decode(fds, out);
    close_all(fds, command->fds);
    return error_new(SPIN_ERROR_LIMIT, "a worker may open no more files: raise their number "
                                       "(ulimit -n)");
}

/* Only one of the workers puts anything into a queue: it ends when that one has closed it. */
static void keep_own_end(const process_t *process, server_site_t *site) {
    if (process->worker.index != 0)
        site_close_queue(site, 1);
}

static void put(process_t *process, const wire_command_t *command, const int *fds) {
    server_site_t *site = NULL;
    spin_error_t *error = receive(command, fds, &site);
    if (error == NULL) {
        keep_own_end(process, site);
        error = server_worker_put(&process->worker, site);
    }
    reply(process, error == NULL ? WIRE_DONE : WIRE_FAILED, command->version, error);
    spin_error_free(error);
}

/* One that leaves takes no changes, and must not hold them up. */
static void carry_out(process_t *process, const wire_command_t *command, const int *fds) {
    if (process->worker.stopping) {
        close_all(fds, WIRE_MOST_FDS);
        reply(process, WIRE_DONE, command->version, NULL);
        return;
    }
    if (command->order == WIRE_PUT) {
        put(process, command, fds);
    } else {
        server_worker_remove(&process->worker, command->name);
        reply(process, WIRE_DONE, command->version, NULL);
    }
    if (command->before != 0 && !server_worker_has(&process->worker, command->before))
        reply(process, WIRE_RETIRED, command->before, NULL);
}

static void take_fds(struct msghdr *header, int *fds) {
    for (size_t i = 0; i < WIRE_MOST_FDS; i++)
        fds[i] = -1;
    for (struct cmsghdr *each = CMSG_FIRSTHDR(header); each != NULL;
         each = CMSG_NXTHDR(header, each))
        if (each->cmsg_level == SOL_SOCKET && each->cmsg_type == SCM_RIGHTS)
            memcpy(fds, CMSG_DATA(each), each->cmsg_len - CMSG_LEN(0));
}

static void on_link_end(process_t *process) {
    uv_poll_stop(&process->poll);
    if (!process->worker.stopping) /* or it leaves already: this is no second stop */
        server_worker_stop(&process->worker);
}

static void on_link(uv_poll_t *poll, int status, int events) {
    process_t *process = poll->data;
    wire_command_t command;
    int fds[WIRE_MOST_FDS];
    union {
        char bytes[CMSG_SPACE(sizeof fds)];
        struct cmsghdr align;
    } control;
    struct iovec part = {&command, sizeof command};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof control.bytes};
    (void)status, (void)events;
    ssize_t len = recvmsg(process->link->fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (len != (ssize_t)sizeof command) {
        on_link_end(process);
        return;
    }
    take_fds(&header, fds);
    carry_out(process, &command, fds);
}

static void on_terminate(uv_signal_t *handle, int number) {
    process_t *process = handle->data;
    (void)number;
    server_worker_stop(&process->worker);
}

/* ── life ────────────────────────────────────────────────────────────────────────────────── */

static void on_ended(server_worker_t *worker) {
    process_t *process = worker->user;
    uv_close((uv_handle_t *)&process->poll, NULL);
    uv_close((uv_handle_t *)&process->terminate, NULL);
}

static spin_error_t *open_handles(process_t *process) {
    int failed = uv_poll_init(&process->loop, &process->poll, process->link->fd);
    if (failed == 0)
        failed = uv_signal_init(&process->loop, &process->terminate);
    if (failed == 0)
        failed = uv_signal_start(&process->terminate, on_terminate, SIGTERM);
    if (failed != 0)
        return error_new(SPIN_ERROR_IO, "event loop: %s", uv_strerror(failed));
    process->poll.data = process->terminate.data = process;
    uv_poll_start(&process->poll, UV_READABLE, on_link);
    return NULL;
}

static void start_all(process_t *process) {
    const spin_server_t *server = process->server;
    for (size_t i = 0; i < server->sites.len; i++) {
        server_site_t *site = server->sites.items[i];
        keep_own_end(process, site);
        if (site->failed)
            continue;
        spin_error_t *error = server_worker_put(&process->worker, site_ref(site));
        if (error != NULL)
            reply(process, WIRE_FAILED, site->version, error);
        spin_error_free(error);
    }
}

spin_error_t *server_process_run(spin_server_t *server, supervisor_link_t *link) {
    process_t process = {.server = server, .link = link};
    int failed = uv_loop_init(&process.loop);
    if (failed != 0)
        return error_new(SPIN_ERROR_IO, "event loop: %s", uv_strerror(failed));
    process.worker = (server_worker_t){.retired = on_retired, .ended = on_ended, .user = &process};
    int fd = server->fds_len > link->slot ? server->fds[link->slot] : -1;
    spin_error_t *error =
        server_worker_init(&process.worker, &process.loop, link->slot, fd, &server->options);
    if (error == NULL)
        error = open_handles(&process);
    if (error != NULL)
        return error; /* the process ends with it */
    server_close_sockets(server);
    start_all(&process);
    supervisor_worker_ready(link);
    uv_run(&process.loop, UV_RUN_DEFAULT);
    uv_loop_close(&process.loop);
    return NULL;
}
