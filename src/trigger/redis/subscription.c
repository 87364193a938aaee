#include "trigger/redis/subscription.h"

#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"

static const redis_subscription_times_t default_times = {
    .connect_ms = 10 * 1000,
    .retry_ms = 100,
    .most_retry_ms = 10 * 1000,
    .ping_interval_ms = 15 * 1000,
    .ping_timeout_ms = 10 * 1000,
    .confirm_ms = 2000,
};

enum { LASTED_MS = 5000 }; /* a connection that did not is no end of the trouble */

typedef enum phase {
    PHASE_WAITING = 0, /* for the next attempt */
    PHASE_CONNECTING,
    PHASE_SUBSCRIBING, /* not all channels are confirmed */
    PHASE_SUBSCRIBED,
    PHASE_ENDING, /* unsubscribed, and not confirmed */
    PHASE_ENDED,
    PHASE_FREED,
} phase_t;

/* A command whose confirmation has not come. An error that comes instead does not say of what. */
typedef struct asked {
    struct asked *next;
    size_t len;
    uint8_t name[];
} asked_t;

struct redis_subscription {
    uv_loop_t *loop;
    arena_t arena; /* the address */
    net_redis_url_t url;
    net_tls_t *tls;
    redis_subscription_times_t times;
    redis_subscription_owner_t owner;
    phase_t phase;
    net_redis_t *redis; /* NULL: none */
    uv_timer_t timer;   /* the next attempt, the confirmation of the end, or of what was refused */
    bool paused;
    bool settled;
    bool heard; /* something came since the timer was set */
    void (*done)(void *user);

    asked_t *asked; /* in their order */
    asked_t **asked_end;
    size_t refused;      /* channels, by the last commands */
    size_t told_refused; /* the number in the log */

    unsigned attempts; /* since all was well */
    uint64_t random;
    uint64_t lost_at;             /* on the loop's clock; 0: it is not lost */
    uint64_t since;               /* when it was subscribed */
    spin_error_kind_t told_error; /* the kind of the last one in the log, while it is lost */
};

static void on_timer(uv_timer_t *timer);

static void arm(redis_subscription_t *subscription, uint64_t wait_ms) {
    subscription->heard = false;
    uv_update_time(subscription->loop);
    uv_timer_start(&subscription->timer, on_timer, wait_ms, 0);
}

/* ── what was asked for ──────────────────────────────────────────────────────────────────── */

static void forget_asked(redis_subscription_t *subscription) {
    while (subscription->asked != NULL) {
        asked_t *next = subscription->asked->next;
        mem_free(subscription->asked);
        subscription->asked = next;
    }
    subscription->asked_end = &subscription->asked;
}

static spin_error_t *ask(redis_subscription_t *subscription, const redis_channel_t *channel) {
    const spin_slice_t args[] = {
        channel->is_pattern ? SLICE_LITERAL("PSUBSCRIBE") : SLICE_LITERAL("SUBSCRIBE"),
        channel->name,
    };
    asked_t *asked = mem_alloc(sizeof *asked + channel->name.len);
    if (asked == NULL)
        return error_no_memory();
    spin_error_t *error = net_redis_send(subscription->redis, args, 2);
    if (error != NULL) {
        mem_free(asked);
        return error;
    }
    *asked = (asked_t){.len = channel->name.len};
    if (asked->len > 0)
        memcpy(asked->name, channel->name.ptr, asked->len);
    *subscription->asked_end = asked;
    subscription->asked_end = &asked->next;
    return NULL;
}

/* ── losing and finding it ───────────────────────────────────────────────────────────────── */

static void settle(redis_subscription_t *subscription) {
    if (subscription->settled)
        return;
    subscription->settled = true;
    if (subscription->owner.settled != NULL)
        subscription->owner.settled(subscription->owner.user);
}

static uint64_t next_random(redis_subscription_t *subscription) {
    uint64_t x = subscription->random;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return subscription->random = x;
}

/* Somewhere in the upper half: all who have lost one server do not come back at once. */
static uint64_t retry_delay(redis_subscription_t *subscription, spin_error_kind_t kind) {
    const redis_subscription_times_t *times = &subscription->times;
    uint64_t delay = times->most_retry_ms;
    if (kind != SPIN_ERROR_DENIED && subscription->attempts < 32 &&
        times->retry_ms << subscription->attempts < delay)
        delay = times->retry_ms << subscription->attempts;
    return delay / 2 + next_random(subscription) % (delay / 2 + 1);
}

/* Once for each outage, and once more where it turns out that waiting does not help. */
static void tell_lost(redis_subscription_t *subscription, const spin_error_t *error,
                      uint64_t delay) {
    spin_error_kind_t kind = spin_error_kind(error);
    bool first = subscription->lost_at == 0;
    bool refused = kind == SPIN_ERROR_DENIED && subscription->told_error != kind;
    if (!first && !refused) {
        LOG_DEBUG("Redis can't be reached yet", LOG_ERR("error", error),
                  LOG_INT("retry_ms", delay));
        return;
    }
    subscription->told_error = kind;
    if (kind == SPIN_ERROR_DENIED)
        LOG_ERROR("Redis can't be subscribed to; it is tried again, slowly",
                  LOG_ERR("error", error));
    else if (subscription->settled)
        LOG_WARN("the connection to Redis is lost, and messages with it; it is tried again",
                 LOG_ERR("error", error));
    else
        LOG_WARN("Redis can't be reached; it is tried again", LOG_ERR("error", error));
}

static void lose(redis_subscription_t *subscription, spin_error_t *error) {
    uint64_t now = uv_now(subscription->loop);
    bool lasted = subscription->phase == PHASE_SUBSCRIBED && now - subscription->since >= LASTED_MS;
    net_redis_free(subscription->redis);
    subscription->redis = NULL;
    subscription->phase = PHASE_WAITING;
    forget_asked(subscription);
    if (lasted)
        subscription->attempts = 0;
    uint64_t delay = retry_delay(subscription, spin_error_kind(error));
    tell_lost(subscription, error, delay);
    spin_error_free(error);
    if (subscription->lost_at == 0)
        subscription->lost_at = now;
    subscription->attempts++;
    arm(subscription, delay);
    settle(subscription);
}

static void tell_found(redis_subscription_t *subscription) {
    uint64_t lost_at = subscription->lost_at;
    if (lost_at != 0)
        LOG_WARN("subscribed again", LOG_TEXT("address", subscription->url.shown),
                 LOG_INT("after_ms", subscription->since - lost_at));
    else
        LOG_INFO("subscribed", LOG_TEXT("address", subscription->url.shown),
                 LOG_INT("channels", subscription->owner.channels->len));
    subscription->lost_at = 0;
    subscription->told_error = 0;
}

static void apply_pause(redis_subscription_t *subscription) {
    if (subscription->redis == NULL || subscription->phase < PHASE_SUBSCRIBED)
        return; /* what confirms that is read in any case */
    if (subscription->paused)
        net_redis_pause(subscription->redis);
    else
        net_redis_resume(subscription->redis);
}

/* Every channel is confirmed, or refused. */
static void on_complete(redis_subscription_t *subscription) {
    if (subscription->phase == PHASE_SUBSCRIBING) {
        subscription->phase = PHASE_SUBSCRIBED;
        subscription->since = uv_now(subscription->loop);
        tell_found(subscription);
        apply_pause(subscription);
    } else if (subscription->told_refused > 0 && subscription->refused == 0) {
        LOG_WARN("Redis allows all channels now", LOG_TEXT("address", subscription->url.shown));
    }
    subscription->told_refused = subscription->refused;
    if (subscription->refused > 0 && subscription->phase == PHASE_SUBSCRIBED)
        arm(subscription, subscription->times.most_retry_ms);
    settle(subscription);
}

static void confirm(redis_subscription_t *subscription, const net_redis_reply_t *error) {
    asked_t *asked = subscription->asked;
    if (error != NULL) {
        subscription->refused++;
        if (subscription->refused > subscription->told_refused)
            LOG_ERROR("Redis refuses a channel; it is tried again, slowly",
                      LOG_TEXT("address", subscription->url.shown),
                      LOG_SLICE("channel", spin_slice_of(asked->name, asked->len)),
                      LOG_SLICE("reason", error->text));
    }
    subscription->asked = asked->next;
    mem_free(asked);
    if (subscription->asked == NULL) {
        subscription->asked_end = &subscription->asked;
        on_complete(subscription);
    }
}

/* ── what the server says ────────────────────────────────────────────────────────────────── */

static void finish(redis_subscription_t *subscription) {
    net_redis_free(subscription->redis);
    subscription->redis = NULL;
    subscription->phase = PHASE_ENDED;
    uv_timer_stop(&subscription->timer);
    subscription->done(subscription->owner.user);
}

/* [message, channel, payload] or [pmessage, pattern, channel, payload] */
static void take_message(redis_subscription_t *subscription, net_redis_reply_t *reply) {
    const redis_subscription_owner_t *owner = &subscription->owner;
    bool is_pattern = reply->len == 4;
    const redis_channel_t *channel =
        redis_channels_find(owner->channels, reply->items[1]->text, is_pattern);
    if (channel != NULL)
        owner->message(channel, reply->items[reply->len - 2]->text,
                       reply->items[reply->len - 1]->text, reply, owner->user);
    else /* unsubscribed meanwhile */
        net_redis_reply_free(reply);
}

static bool is_array_of(const net_redis_reply_t *reply, size_t len, const char *first) {
    return reply->kind == NET_REDIS_ARRAY && reply->len == len &&
           net_redis_reply_is(reply->items[0], first);
}

static void on_pushed(net_redis_reply_t *reply, void *user) {
    redis_subscription_t *subscription = user;
    subscription->heard = true;
    if (is_array_of(reply, 3, "message") || is_array_of(reply, 4, "pmessage")) {
        take_message(subscription, reply);
        return;
    }
    bool left = is_array_of(reply, 3, "unsubscribe") || is_array_of(reply, 3, "punsubscribe");
    if (is_array_of(reply, 3, "subscribe") || is_array_of(reply, 3, "psubscribe")) {
        if (subscription->asked != NULL)
            confirm(subscription, NULL);
    } else if (reply->kind == NET_REDIS_ERROR) {
        if (subscription->asked != NULL)
            confirm(subscription, reply);
        else if (subscription->phase == PHASE_ENDING) /* it may not even leave */
            finish(subscription);
    } else if (left && subscription->phase == PHASE_ENDING && reply->items[2]->integer == 0) {
        finish(subscription);
    }
    net_redis_reply_free(reply);
}

static void on_closed(spin_error_t *error, void *user) {
    redis_subscription_t *subscription = user;
    if (subscription->phase == PHASE_ENDING) {
        LOG_WARN("the connection to Redis is lost while a stop unsubscribes",
                 LOG_ERR("error", error));
        spin_error_free(error);
        finish(subscription);
    } else {
        lose(subscription, error);
    }
}

static spin_error_t *ask_for_all(redis_subscription_t *subscription) {
    const redis_channels_t *channels = subscription->owner.channels;
    spin_error_t *error = NULL;
    subscription->refused = 0;
    for (size_t i = 0; error == NULL && i < channels->len; i++)
        error = ask(subscription, &channels->items[i]);
    return error;
}

static void on_connected(void *user) {
    redis_subscription_t *subscription = user;
    subscription->phase = PHASE_SUBSCRIBING;
    subscription->told_refused = 0;
    spin_error_t *error = ask_for_all(subscription);
    if (error != NULL)
        lose(subscription, error);
    else if (subscription->asked == NULL)
        on_complete(subscription);
}

/* ── attempts ────────────────────────────────────────────────────────────────────────────── */

static void attempt(redis_subscription_t *subscription) {
    const net_redis_handler_t handler = {
        .connected = on_connected,
        .closed = on_closed,
        .pushed = on_pushed,
        .user = subscription,
    };
    spin_error_t *error = NULL;
    if (subscription->url.tls && subscription->tls == NULL)
        error = net_tls_new(NULL, &subscription->tls);
    const net_redis_options_t options = {
        .tls = subscription->tls,
        .connect_timeout_ms = subscription->times.connect_ms,
        .ping_interval_ms = subscription->times.ping_interval_ms,
        .ping_timeout_ms = subscription->times.ping_timeout_ms,
    };
    subscription->phase = PHASE_CONNECTING;
    if (error == NULL)
        error = net_redis_new(subscription->loop, &subscription->url, &options, &handler,
                              &subscription->redis);
    if (error != NULL)
        lose(subscription, error_wrap(error, "%s", subscription->url.shown));
}

/* The confirmation may be behind what is not read yet. */
static void give_up_end(redis_subscription_t *subscription) {
    bool waits = subscription->redis != NULL;
    if (waits && (subscription->paused || subscription->heard)) {
        arm(subscription, subscription->times.confirm_ms);
        return;
    }
    if (waits)
        LOG_WARN("Redis does not confirm that a subscription ends",
                 LOG_TEXT("address", subscription->url.shown));
    finish(subscription);
}

static void on_timer(uv_timer_t *timer) {
    redis_subscription_t *subscription = timer->data;
    switch (subscription->phase) {
    case PHASE_WAITING: attempt(subscription); return;
    case PHASE_SUBSCRIBED: { /* not with all channels */
        spin_error_t *error = subscription->asked == NULL ? ask_for_all(subscription) : NULL;
        if (error != NULL)
            lose(subscription, error);
        return;
    }
    case PHASE_ENDING: give_up_end(subscription); return;
    default: return;
    }
}

/* ── the owner's side ────────────────────────────────────────────────────────────────────── */

void redis_subscription_pause(redis_subscription_t *subscription) {
    subscription->paused = true;
    apply_pause(subscription);
}

void redis_subscription_resume(redis_subscription_t *subscription) {
    subscription->paused = false;
    subscription->heard = true; /* as if: it could not speak */
    apply_pause(subscription);
}

static spin_error_t *leave(redis_subscription_t *subscription, const redis_channel_t *channel) {
    const spin_slice_t args[] = {
        channel->is_pattern ? SLICE_LITERAL("PUNSUBSCRIBE") : SLICE_LITERAL("UNSUBSCRIBE"),
        channel->name,
    };
    return net_redis_send(subscription->redis, args, 2);
}

/* The confirmation of the last one that there is says that none is left. */
static spin_error_t *leave_all(redis_subscription_t *subscription) {
    const redis_channels_t *channels = subscription->owner.channels;
    const spin_slice_t exact = SLICE_LITERAL("UNSUBSCRIBE");
    const spin_slice_t patterns = SLICE_LITERAL("PUNSUBSCRIBE");
    spin_error_t *error = NULL;
    if (channels->exact.len > 0)
        error = net_redis_send(subscription->redis, &exact, 1);
    if (error == NULL && channels->patterns.len > 0)
        error = net_redis_send(subscription->redis, &patterns, 1);
    return error;
}

void redis_subscription_end(redis_subscription_t *subscription, void (*done)(void *user)) {
    bool is_subscribed =
        subscription->phase == PHASE_SUBSCRIBING || subscription->phase == PHASE_SUBSCRIBED;
    spin_error_t *error = is_subscribed ? leave_all(subscription) : NULL;
    subscription->done = done;
    subscription->settled = true;
    subscription->phase = PHASE_ENDING;
    if (!is_subscribed || error != NULL) { /* then nothing comes any more */
        net_redis_free(subscription->redis);
        subscription->redis = NULL;
    }
    spin_error_free(error);
    arm(subscription, subscription->redis == NULL ? 0 : subscription->times.confirm_ms);
}

void redis_subscription_move(redis_subscription_t *subscription,
                             const redis_subscription_owner_t *owner) {
    const redis_channels_t *before = subscription->owner.channels;
    const redis_channels_t *now = owner->channels;
    bool is_subscribed =
        subscription->phase == PHASE_SUBSCRIBING || subscription->phase == PHASE_SUBSCRIBED;
    spin_error_t *error = NULL;
    subscription->owner = *owner;
    for (size_t i = 0; is_subscribed && error == NULL && i < now->len; i++)
        if (redis_channels_find(before, now->items[i].name, now->items[i].is_pattern) == NULL)
            error = ask(subscription, &now->items[i]);
    for (size_t i = 0; is_subscribed && error == NULL && i < before->len; i++)
        if (redis_channels_find(now, before->items[i].name, before->items[i].is_pattern) == NULL)
            error = leave(subscription, &before->items[i]);
    if (error != NULL)
        lose(subscription, error);
    else
        redis_subscription_resume(subscription);
}

bool redis_subscription_is_of(const redis_subscription_t *subscription,
                              const net_redis_url_t *url) {
    return strcmp(subscription->url.shown, url->shown) == 0 &&
           slice_equal(subscription->url.password, url->password);
}

/* ── life ────────────────────────────────────────────────────────────────────────────────── */

static void on_timer_closed(uv_handle_t *timer) {
    redis_subscription_t *subscription = timer->data;
    forget_asked(subscription);
    net_tls_unref(subscription->tls);
    arena_deinit(&subscription->arena);
    mem_free(subscription);
}

void redis_subscription_free(redis_subscription_t *subscription) {
    if (subscription == NULL || subscription->phase == PHASE_FREED)
        return;
    subscription->phase = PHASE_FREED;
    net_redis_free(subscription->redis);
    subscription->redis = NULL;
    uv_close((uv_handle_t *)&subscription->timer, on_timer_closed);
}

static void take_time(uint64_t *time, uint64_t given) {
    if (given != 0)
        *time = given;
}

static void take_times(redis_subscription_times_t *own, const redis_subscription_times_t *times) {
    *own = default_times;
    take_time(&own->connect_ms, times->connect_ms);
    take_time(&own->retry_ms, times->retry_ms);
    take_time(&own->most_retry_ms, times->most_retry_ms);
    take_time(&own->ping_interval_ms, times->ping_interval_ms);
    take_time(&own->ping_timeout_ms, times->ping_timeout_ms);
    take_time(&own->confirm_ms, times->confirm_ms);
}

spin_error_t *redis_subscription_new(uv_loop_t *loop, const net_redis_url_t *url,
                                     const redis_subscription_times_t *times,
                                     const redis_subscription_owner_t *owner,
                                     redis_subscription_t **out) {
    redis_subscription_t *subscription = mem_calloc(1, sizeof *subscription);
    if (subscription == NULL)
        return error_no_memory();
    spin_error_t *error = net_redis_url_copy(&subscription->arena, url, &subscription->url);
    if (error != NULL) {
        arena_deinit(&subscription->arena);
        mem_free(subscription);
        return error;
    }
    subscription->loop = loop;
    subscription->owner = *owner;
    subscription->asked_end = &subscription->asked;
    subscription->random = uv_hrtime() ^ (uint64_t)getpid() << 32 ^ 1;
    take_times(&subscription->times, times);
    uv_timer_init(loop, &subscription->timer);
    subscription->timer.data = subscription;
    arm(subscription, 0);
    *out = subscription;
    return NULL;
}
