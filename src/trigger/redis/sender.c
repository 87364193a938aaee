#include "trigger/redis/sender.h"

#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "trigger/redis/packet.h"

enum {
    BATCH = 32,          /* packets of one system call */
    MESSAGE_BYTES = 448, /* that a message costs beside its own */
    RETRY_MS = 20,       /* where the system is short of something, or the queue holds too much */
    PARTS = 3,
};

typedef struct message {
    struct message *next;
    const redis_channel_t *channel;
    size_t sent; /* to so many of its components */
    spin_slice_t name;
    spin_slice_t payload;
    net_redis_reply_t *reply;
} message_t;

struct redis_sender {
    uv_loop_t *loop;
    redis_sender_owner_t owner;
    int fd;
    size_t max_bytes;

    message_t *first;
    message_t **end;
    size_t len;
    size_t bytes;
    size_t in_files; /* payloads that were put into the queue since it was last seen empty */
    bool full;
    bool draining;
    bool freed;

    size_t handles;
    uv_timer_t soon;
    uv_poll_t poll;
    bool polling;
};

/* One packet, as sendmmsg takes it. */
typedef struct outgoing {
    redis_packet_t head;
    struct iovec parts[PARTS];
    int fd; /* of the payload; -1: it is in the packet */
    alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
} outgoing_t;

/* ── the line ────────────────────────────────────────────────────────────────────────────── */

static size_t cost(const message_t *message) {
    return message->payload.len + message->name.len + MESSAGE_BYTES;
}

static void drop_first(redis_sender_t *sender) {
    message_t *message = sender->first;
    sender->first = message->next;
    if (sender->first == NULL)
        sender->end = &sender->first;
    sender->len--;
    sender->bytes -= cost(message);
    net_redis_reply_free(message->reply);
    mem_free(message);
}

static void advance(redis_sender_t *sender, size_t packets) {
    while (packets-- > 0)
        if (++sender->first->sent == sender->first->channel->components_len)
            drop_first(sender);
}

/* ── packets ─────────────────────────────────────────────────────────────────────────────── */

static void close_fd(int fd) {
    int number = errno;
    if (fd >= 0)
        close(fd);
    errno = number;
}

/* -1 and errno. */
static int make_file(spin_slice_t payload) {
    int fd = memfd_create("spin-message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    while (fd >= 0 && payload.len > 0) {
        ssize_t written = write(fd, payload.ptr, payload.len);
        if (written > 0) {
            payload = slice_from(payload, (size_t)written);
        } else if (written < 0 && errno != EINTR) {
            close_fd(fd);
            return -1;
        }
    }
    /* Its reader maps it, and must not die of a file that became shorter. */
    if (fd >= 0)
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
    return fd;
}

/* False and errno where there is no file for it. */
static bool fill(outgoing_t *packet, struct msghdr *header, const message_t *message, size_t at) {
    spin_slice_t name = message->name, payload = message->payload;
    if (name.len > REDIS_PACKET_CHANNEL)
        name.len = REDIS_PACKET_CHANNEL;
    packet->head = (redis_packet_t){.component = message->channel->components[at],
                                    .channel_len = (uint32_t)name.len,
                                    .payload_len = payload.len};
    packet->parts[0] = (struct iovec){&packet->head, sizeof packet->head};
    packet->parts[1] = (struct iovec){(void *)(uintptr_t)name.ptr, name.len};
    packet->parts[2] = (struct iovec){(void *)(uintptr_t)payload.ptr, payload.len};
    packet->fd = -1;
    *header = (struct msghdr){.msg_iov = packet->parts, .msg_iovlen = PARTS};
    if (payload.len <= REDIS_PACKET_PAYLOAD)
        return true;
    packet->fd = make_file(payload);
    if (packet->fd < 0)
        return false;
    header->msg_iovlen = PARTS - 1;
    header->msg_control = packet->control;
    header->msg_controllen = sizeof packet->control;
    struct cmsghdr *control = CMSG_FIRSTHDR(header);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(control), &packet->fd, sizeof(int));
    return true;
}

/* The packets at the front of the line, a large one alone; how many, or -1 and errno. */
static int fill_batch(const redis_sender_t *sender, outgoing_t *packets, struct mmsghdr *headers) {
    int count = 0;
    for (const message_t *message = sender->first; message != NULL; message = message->next) {
        bool large = message->payload.len > REDIS_PACKET_PAYLOAD;
        if (large && count > 0)
            break;
        for (size_t at = message->sent; at < message->channel->components_len; at++) {
            if (!fill(&packets[count], &headers[count].msg_hdr, message, at))
                return -1;
            count++;
            if (count == BATCH || large)
                return count;
        }
    }
    return count;
}

/* How many were sent, or -1 and errno. */
static int send_batch(redis_sender_t *sender) {
    outgoing_t packets[BATCH];
    struct mmsghdr headers[BATCH];
    int count = fill_batch(sender, packets, headers);
    if (count <= 0)
        return count;
    int sent = sendmmsg(sender->fd, headers, (unsigned)count, MSG_DONTWAIT | MSG_NOSIGNAL);
    close_fd(packets[0].fd); /* only the first can have one */
    return sent;
}

/* ── sending ─────────────────────────────────────────────────────────────────────────────── */

static void on_writable(uv_poll_t *poll, int status, int events);

static void wait_for_room(redis_sender_t *sender, bool wait) {
    if (wait && !sender->polling)
        uv_poll_start(&sender->poll, UV_WRITABLE, on_writable);
    else if (!wait && sender->polling)
        uv_poll_stop(&sender->poll);
    sender->polling = wait;
}

static void on_soon(uv_timer_t *soon);

/* Half of it must be free before it goes on: not a pause for each message. */
static void settle(redis_sender_t *sender) {
    bool full = sender->bytes > (sender->full ? sender->max_bytes / 2 : sender->max_bytes);
    if (full != sender->full) {
        sender->full = full;
        sender->owner.full(full, sender->owner.user);
    }
    if (sender->draining && sender->first == NULL && !sender->freed) {
        sender->draining = false;
        sender->owner.drained(sender->owner.user);
    }
}

static bool is_shortage(int number) {
    return number == EMFILE || number == ENFILE || number == ENOMEM || number == ENOBUFS ||
           number == ETOOMANYREFS || number == ENOSPC;
}

static void lose_first(redis_sender_t *sender, int number) {
    LOG_ERROR("a message can't be handed to a worker, and is lost",
              LOG_SLICE("channel", sender->first->name),
              LOG_INT("bytes", sender->first->payload.len), LOG_TEXT("reason", strerror(number)));
    drop_first(sender);
}

/* The kernel counts a packet, and not the file that goes with it. */
static bool is_too_much(redis_sender_t *sender) {
    size_t len = sender->first->payload.len;
    int unread = 0;
    if (len <= REDIS_PACKET_PAYLOAD || sender->in_files == 0 ||
        sender->in_files + len <= sender->max_bytes)
        return false;
    if (ioctl(sender->fd, SIOCOUTQ, &unread) == 0 && unread > 0)
        return true;
    sender->in_files = 0;
    return false;
}

/* Takes them off the line. */
static void count_sent(redis_sender_t *sender, size_t packets) {
    if (sender->first->payload.len > REDIS_PACKET_PAYLOAD)
        sender->in_files += sender->first->payload.len; /* such a packet is sent alone */
    advance(sender, packets);
}

static void flush(redis_sender_t *sender) {
    bool blocked = false, short_of = false;
    while (sender->first != NULL && !blocked && !short_of) {
        short_of = is_too_much(sender);
        if (short_of)
            break;
        int sent = send_batch(sender);
        int number = errno;
        if (sent > 0)
            count_sent(sender, (size_t)sent);
        else if (number == EAGAIN || number == EWOULDBLOCK)
            blocked = true;
        else if (is_shortage(number))
            short_of = true;
        else if (number != EINTR)
            lose_first(sender, number);
    }
    wait_for_room(sender, blocked);
    if (short_of)
        uv_timer_start(&sender->soon, on_soon, RETRY_MS, 0);
    settle(sender);
}

static void on_writable(uv_poll_t *poll, int status, int events) {
    (void)status, (void)events;
    flush(poll->data);
}

static void on_soon(uv_timer_t *soon) {
    flush(soon->data);
}

static void send_soon(redis_sender_t *sender) {
    if (!sender->polling && !uv_is_active((uv_handle_t *)&sender->soon))
        uv_timer_start(&sender->soon, on_soon, 0, 0);
}

void redis_sender_put(redis_sender_t *sender, const redis_channel_t *channel, spin_slice_t name,
                      spin_slice_t payload, net_redis_reply_t *reply) {
    message_t *message = mem_alloc(sizeof *message);
    if (message == NULL) {
        LOG_ERROR("out of memory: a message is lost", LOG_SLICE("channel", name),
                  LOG_INT("bytes", payload.len));
        net_redis_reply_free(reply);
        return;
    }
    *message = (message_t){.channel = channel, .name = name, .payload = payload, .reply = reply};
    *sender->end = message;
    sender->end = &message->next;
    sender->len++;
    sender->bytes += cost(message);
    settle(sender);
    send_soon(sender);
}

void redis_sender_drain(redis_sender_t *sender) {
    sender->draining = true;
    send_soon(sender);
}

size_t redis_sender_len(const redis_sender_t *sender) {
    return sender->len;
}

/* ── life ────────────────────────────────────────────────────────────────────────────────── */

static void on_closed(uv_handle_t *handle) {
    redis_sender_t *sender = handle->data;
    if (--sender->handles > 0)
        return;
    while (sender->first != NULL)
        drop_first(sender);
    mem_free(sender);
}

void redis_sender_free(redis_sender_t *sender) {
    if (sender == NULL || sender->freed)
        return;
    sender->freed = true;
    uv_close((uv_handle_t *)&sender->soon, on_closed);
    uv_close((uv_handle_t *)&sender->poll, on_closed);
}

spin_error_t *redis_sender_new(uv_loop_t *loop, int fd, size_t max_bytes,
                               const redis_sender_owner_t *owner, redis_sender_t **out) {
    redis_sender_t *sender = mem_calloc(1, sizeof *sender);
    if (sender == NULL)
        return error_no_memory();
    int code = uv_poll_init(loop, &sender->poll, fd);
    if (code != 0) {
        mem_free(sender);
        return error_new(SPIN_ERROR_IO, "event loop: %s", uv_strerror(code));
    }
    uv_timer_init(loop, &sender->soon);
    sender->poll.data = sender->soon.data = sender;
    sender->handles = 2;
    sender->loop = loop;
    sender->fd = fd;
    sender->max_bytes = max_bytes;
    sender->owner = *owner;
    sender->end = &sender->first;
    *out = sender;
    return NULL;
}
