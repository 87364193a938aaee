#include "trigger/redis/runner.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "engine/instance.h"
#include "guest_redis.h"
#include "trigger/redis/packet.h"

enum { PER_TURN = 64, MAX_SPARE = 64 };

/* A message that a component handles. */
typedef struct job {
    struct job *next;
    struct job **link; /* what points to it */
    redis_runner_t *runner;
    redis_component_t *component;
    arena_t arena;
    spin_slice_t channel;
    spin_slice_t payload;
    void *map; /* of a large payload; NULL: it is in the arena */
    spin_instance_t *instance;
    log_lines_t out;
    log_lines_t err;
} job_t;

struct redis_runner {
    redis_runner_site_t site;
    job_t *jobs;
    job_t *waiting; /* one of them, for which there was no instance; NULL: none */
    job_t *spare;   /* by next */
    size_t spare_len;
    bool advancing;
    bool closed; /* takes nothing more */
    void (*drained)(void *user);
    void *drained_user;

    size_t handles;
    bool polling;
    uv_poll_t poll;
    uv_timer_t soon;
};

/* ── jobs ────────────────────────────────────────────────────────────────────────────────── */

static job_t *take_spare(redis_runner_t *runner) {
    job_t *job = runner->spare;
    if (job == NULL)
        return mem_calloc(1, sizeof *job);
    runner->spare = job->next;
    runner->spare_len--;
    arena_t arena = job->arena;
    *job = (job_t){.arena = arena};
    return job;
}

static job_t *new_job(redis_runner_t *runner) {
    job_t *job = take_spare(runner);
    if (job == NULL)
        return NULL;
    job->runner = runner;
    job->next = runner->jobs;
    job->link = &runner->jobs;
    if (job->next != NULL)
        job->next->link = &job->next;
    runner->jobs = job;
    return job;
}

static void unmap(job_t *job) {
    if (job->map != NULL)
        munmap(job->map, job->payload.len);
    job->map = NULL;
}

static void free_job(job_t *job) {
    redis_runner_t *runner = job->runner;
    *job->link = job->next;
    if (job->next != NULL)
        job->next->link = job->link;
    spin_instance_free(job->instance);
    unmap(job);
    if (runner->spare_len < MAX_SPARE) {
        arena_clear(&job->arena);
        job->next = runner->spare;
        runner->spare = job;
        runner->spare_len++;
    } else {
        arena_deinit(&job->arena);
        mem_free(job);
    }
}

static void flush_logs(job_t *job) {
    if (job->out.len > 0)
        log_lines_flush(&job->out, &job->component->out);
    if (job->err.len > 0)
        log_lines_flush(&job->err, &job->component->err);
}

static void log_failure(const job_t *job, const char *what, const spin_error_t *error) {
    if (error != NULL)
        LOG_ERROR(what, LOG_SLICE("application", job->runner->site.application),
                  LOG_SLICE("component", job->component->id), LOG_SLICE("channel", job->channel),
                  LOG_INT("bytes", job->payload.len), LOG_ERR("error", error));
    else
        LOG_ERROR(what, LOG_SLICE("application", job->runner->site.application),
                  LOG_SLICE("component", job->component->id), LOG_SLICE("channel", job->channel),
                  LOG_INT("bytes", job->payload.len));
}

static void do_soon(redis_runner_t *runner);
static void poll_queue(redis_runner_t *runner, bool poll);

/* A runner that is asked to drain looks again whether the queue is empty. */
static void end_job(job_t *job) {
    redis_runner_t *runner = job->runner;
    flush_logs(job);
    free_job(job);
    if (runner->drained != NULL)
        do_soon(runner);
}

static void fail_job(job_t *job, spin_error_t *error) {
    log_failure(job, "a message was not handled", error);
    spin_error_free(error);
    end_job(job);
}

/* ── guests ──────────────────────────────────────────────────────────────────────────────── */

static bool take_out(spin_slice_t bytes, void *user) {
    job_t *job = user;
    log_lines_add(&job->out, &job->arena, &job->component->out, bytes);
    return true;
}

static bool take_err(spin_slice_t bytes, void *user) {
    job_t *job = user;
    log_lines_add(&job->err, &job->arena, &job->component->err, bytes);
    return true;
}

static void on_handled(spin_instance_t *instance, spin_error_t *error,
                       const guest_redis_result_void_error_t *result, void *user) {
    job_t *job = user;
    (void)instance;
    if (error != NULL) {
        fail_job(job, error);
        return;
    }
    if (result->is_error)
        log_failure(job, "a component returned an error for a message", NULL);
    else
        LOG_DEBUG("message", LOG_SLICE("component", job->component->id),
                  LOG_SLICE("channel", job->channel), LOG_INT("bytes", job->payload.len));
    end_job(job);
}

static void on_ready(spin_instance_t *instance, spin_error_t *error, void *user) {
    job_t *job = user;
    if (error == NULL)
        error = guest_redis_handle_redis_message_start(instance, job->payload, on_handled, job);
    if (error != NULL)
        fail_job(job, error);
}

/* False: there is no instance for it now. */
static bool start(job_t *job) {
    const spin_prepare_options_t options = {
        .size = sizeof options,
        .out = {.kind = SPIN_REDIRECT_SINK, .sink = take_out, .user = job},
        .err = {.kind = SPIN_REDIRECT_SINK, .sink = take_err, .user = job},
        .user = job,
    };
    spin_error_t *error = spin_execution_context_start_component(
        job->runner->site.context, job->component->id, &options, on_ready, job, &job->instance);
    if (error == NULL)
        return true;
    if (spin_error_kind(error) == SPIN_ERROR_LIMIT) {
        spin_error_free(error);
        return false;
    }
    fail_job(job, error);
    return true;
}

/* ── packets ─────────────────────────────────────────────────────────────────────────────── */

static int take_fd(struct msghdr *header) {
    int fd = -1;
    struct cmsghdr *control = CMSG_FIRSTHDR(header);
    if (control != NULL && control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(control), sizeof fd);
    return fd;
}

/* The file can't become shorter: it is sealed. */
static spin_error_t *map_payload(job_t *job, int fd, size_t len) {
    struct stat info;
    if (fd < 0)
        return error_new(SPIN_ERROR_IO, "its payload did not arrive");
    if (fstat(fd, &info) != 0 || (uint64_t)info.st_size < len)
        return error_new(SPIN_ERROR_IO, "its payload is cut off");
    void *map = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
        return error_from_errno(errno, "its payload");
    job->map = map;
    job->payload = spin_slice_of(map, len);
    return NULL;
}

static spin_error_t *copy_payload(job_t *job, spin_slice_t payload) {
    job->payload = arena_copy(&job->arena, payload);
    return job->payload.ptr == NULL ? error_no_memory() : NULL;
}

/* NULL: it is no packet of ours, or, with an error, there is no memory. */
static job_t *unpack(redis_runner_t *runner, spin_slice_t packet, int fd, spin_error_t **error) {
    redis_packet_t head;
    if (packet.len < sizeof head)
        return NULL;
    memcpy(&head, packet.ptr, sizeof head);
    spin_slice_t rest = slice_from(packet, sizeof head);
    bool large = head.payload_len > REDIS_PACKET_PAYLOAD;
    if (head.component >= runner->site.components_len || head.channel_len > rest.len ||
        (!large && rest.len - head.channel_len != head.payload_len))
        return NULL;
    job_t *job = new_job(runner);
    if (job == NULL) {
        *error = error_no_memory();
        return NULL;
    }
    job->component = &runner->site.components[head.component];
    job->channel = arena_copy(&job->arena, spin_slice_of(rest.ptr, head.channel_len));
    if (job->channel.ptr == NULL)
        *error = error_no_memory();
    else if (large)
        *error = map_payload(job, fd, head.payload_len);
    else
        *error = copy_payload(job, slice_from(rest, head.channel_len));
    return job;
}

/* False: the queue is empty; for ever, where `*ended`. Not inline: its buffer shall not be on the
 * stack below a guest. */
static __attribute__((noinline)) bool receive(redis_runner_t *runner, bool *ended, job_t **job,
                                              spin_error_t **error) {
    uint8_t packet[REDIS_PACKET_MAX];
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec part = {packet, sizeof packet};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof control.bytes};
    ssize_t len;
    do {
        len = recvmsg(runner->site.fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (len < 0 && errno == EINTR);
    *ended = len == 0;
    if (len <= 0)
        return false;
    int fd = take_fd(&header);
    *job = unpack(runner, spin_slice_of(packet, (size_t)len), fd, error);
    if (fd >= 0)
        close(fd);
    return true;
}

/* False: there is nothing in the queue. */
static bool take_next(redis_runner_t *runner) {
    job_t *job = NULL;
    spin_error_t *error = NULL;
    bool ended;
    if (!receive(runner, &ended, &job, &error)) {
        if (ended) /* nobody can put anything into it any more */
            poll_queue(runner, false);
        return false;
    }
    if (job == NULL) {
        if (error == NULL)
            error = error_new(SPIN_ERROR_INTERNAL, "a packet of another form");
        LOG_ERROR("a message is lost on its way to a worker", LOG_ERR("error", error));
        spin_error_free(error);
    } else if (error != NULL) {
        fail_job(job, error);
    } else if (!start(job)) {
        runner->waiting = job;
    }
    return true;
}

/* ── taking ──────────────────────────────────────────────────────────────────────────────── */

static void on_readable(uv_poll_t *poll, int status, int events);
static void on_soon(uv_timer_t *soon);
static void advance(redis_runner_t *runner);

static void do_soon(redis_runner_t *runner) {
    if (!runner->closed)
        uv_timer_start(&runner->soon, on_soon, 0, 0);
}

static void poll_queue(redis_runner_t *runner, bool poll) {
    if (poll && !runner->polling)
        uv_poll_start(&runner->poll, UV_READABLE, on_readable);
    else if (!poll && runner->polling)
        uv_poll_stop(&runner->poll);
    runner->polling = poll;
}

static void close_queue(redis_runner_t *runner) {
    runner->closed = true;
    poll_queue(runner, false);
    uv_timer_stop(&runner->soon);
    engine_context_on_room(runner->site.context, NULL, NULL);
}

static void on_room(void *user) {
    redis_runner_t *runner = user;
    job_t *job = runner->waiting;
    if (runner->closed)
        return;
    if (job == NULL) {
        poll_queue(runner, true);
        advance(runner);
        return;
    }
    runner->waiting = NULL;
    if (start(job)) {
        poll_queue(runner, true);
        do_soon(runner);
    } else {
        runner->waiting = job;
        engine_context_on_room(runner->site.context, on_room, runner);
    }
}

static bool is_full(const redis_runner_t *runner) {
    const spin_execution_context_t *context = runner->site.context;
    return engine_context_live(context) >= engine_context_max_instances(context);
}

/* Guests that wait cost little, and may be many. But while some could run and do not come to it, a
 * message is better left to another worker; each would only take the longer, up to its deadline. */
static bool may_take(const redis_runner_t *runner) {
    return !runner->closed && runner->waiting == NULL && !is_full(runner) &&
           (runner->jobs == NULL || !engine_context_is_busy(runner->site.context));
}

/* Guests that end at once come back to this from within. */
static void advance(redis_runner_t *runner) {
    bool empty = false;
    unsigned left = PER_TURN;
    if (runner->advancing)
        return;
    runner->advancing = true;
    while (!empty && left > 0 && may_take(runner)) {
        empty = !take_next(runner);
        left--;
    }
    runner->advancing = false;
    if (empty && runner->drained != NULL && !runner->closed) {
        close_queue(runner);
        runner->drained(runner->drained_user);
    } else if (!runner->closed && (runner->waiting != NULL || is_full(runner))) {
        poll_queue(runner, false);
        engine_context_on_room(runner->site.context, on_room, runner);
    } else if (left == 0 && runner->drained != NULL) {
        do_soon(runner);
    }
}

static void on_readable(uv_poll_t *poll, int status, int events) {
    (void)status, (void)events;
    advance(poll->data);
}

static void on_soon(uv_timer_t *soon) {
    advance(soon->data);
}

void redis_runner_drain(redis_runner_t *runner, void (*drained)(void *user), void *user) {
    runner->drained = drained;
    runner->drained_user = user;
    if (runner->closed)
        drained(user);
    else
        advance(runner);
}

void redis_runner_give_up(redis_runner_t *runner) {
    if (!runner->closed)
        close_queue(runner);
    while (runner->jobs != NULL) {
        job_t *job = runner->jobs;
        fail_job(job, error_new(SPIN_ERROR_CANCELLED, "the time to stop is over"));
    }
    runner->waiting = NULL;
}

/* ── life ────────────────────────────────────────────────────────────────────────────────── */

static void on_closed(uv_handle_t *handle) {
    redis_runner_t *runner = handle->data;
    if (--runner->handles > 0)
        return;
    while (runner->spare != NULL) {
        job_t *next = runner->spare->next;
        arena_deinit(&runner->spare->arena);
        mem_free(runner->spare);
        runner->spare = next;
    }
    mem_free(runner);
}

void redis_runner_free(redis_runner_t *runner) {
    if (runner == NULL)
        return;
    redis_runner_give_up(runner);
    uv_close((uv_handle_t *)&runner->poll, on_closed);
    uv_close((uv_handle_t *)&runner->soon, on_closed);
}

spin_error_t *redis_runner_new(const redis_runner_site_t *site, redis_runner_t **out) {
    redis_runner_t *runner = mem_calloc(1, sizeof *runner);
    if (runner == NULL)
        return error_no_memory();
    int code = uv_poll_init(site->loop, &runner->poll, site->fd);
    if (code != 0) {
        mem_free(runner);
        return error_new(SPIN_ERROR_IO, "event loop: %s", uv_strerror(code));
    }
    uv_timer_init(site->loop, &runner->soon);
    runner->poll.data = runner->soon.data = runner;
    runner->handles = 2;
    runner->site = *site;
    poll_queue(runner, true);
    *out = runner;
    return NULL;
}
