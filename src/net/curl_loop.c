#include "net/curl_loop.h"

#include <pthread.h>

#include "base/alloc.h"
#include "base/error.h"
#include "net/http_list.h"

struct curl_loop {
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timer;
    curl_loop_done_fn done;
    http_link_t watches;
    size_t transfers;
    size_t handles; /* of libuv's, closing ones included */
    bool is_dead;   /* libcurl was told that a socket can't be watched: all transfers fail */
    bool freed;
};

/* A socket of libcurl's. */
typedef struct curl_watch {
    http_link_t link; /* into curl_loop.watches */
    uv_poll_t poll;
    curl_loop_t *owner;
    curl_socket_t fd;
} curl_watch_t;

/* ── life of the handles ── */

static void release(curl_loop_t *curl_loop) {
    if (--curl_loop->handles == 0 && curl_loop->freed)
        mem_free(curl_loop);
}

static void on_timer_closed(uv_handle_t *handle) {
    release(handle->data);
}

static void on_socket_closed(uv_handle_t *handle) {
    curl_watch_t *watch = handle->data;
    release(watch->owner);
    mem_free(watch);
}

static void close_watch(curl_watch_t *watch) {
    http_list_remove(&watch->link);
    uv_close((uv_handle_t *)&watch->poll, on_socket_closed);
}

/* An idle connection waits for nobody. */
static void count_transfer(curl_loop_t *curl_loop, bool begins) {
    curl_loop->transfers += begins ? 1 : (size_t)-1;
    if (curl_loop->transfers != 0)
        uv_ref((uv_handle_t *)&curl_loop->timer);
    else
        uv_unref((uv_handle_t *)&curl_loop->timer);
}

/* ── what libcurl and libuv tell each other ── */

static void take_ended(curl_loop_t *curl_loop) {
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(curl_loop->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        curl_loop_remove(curl_loop, easy);
        curl_loop->done(easy, code);
    }
}

static void on_timer(uv_timer_t *timer);

static void arm_timer(curl_loop_t *curl_loop, long timeout_ms) {
    if (timeout_ms > 0) /* the loop's time may be that of a guest's slice ago */
        uv_update_time(curl_loop->loop);
    uv_timer_start(&curl_loop->timer, on_timer, (uint64_t)timeout_ms, 0);
}

static void on_timer(uv_timer_t *timer) {
    curl_loop_t *curl_loop = timer->data;
    int running;
    if (curl_loop->is_dead) { /* have every transfer notice */
        curl_loop->is_dead = false;
        curl_multi_perform(curl_loop->multi, &running);
    } else {
        curl_multi_socket_action(curl_loop->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    /* A timer that was early by a part of a millisecond finds nothing to do, and libcurl does not
     * ask for the same time again. */
    long timeout_ms = -1;
    if (!uv_is_active((uv_handle_t *)timer)) {
        curl_multi_timeout(curl_loop->multi, &timeout_ms);
        if (timeout_ms >= 0)
            arm_timer(curl_loop, timeout_ms > 0 ? timeout_ms : 1);
    }
    take_ended(curl_loop);
}

static int on_timeout_wanted(CURLM *multi, long timeout_ms, void *user) {
    curl_loop_t *curl_loop = user;
    (void)multi;
    if (curl_loop->freed)
        return 0;
    if (timeout_ms < 0)
        uv_timer_stop(&curl_loop->timer);
    else
        arm_timer(curl_loop, timeout_ms);
    return 0;
}

static void on_socket(uv_poll_t *poll, int status, int events) {
    curl_watch_t *watch = poll->data;
    curl_loop_t *curl_loop = watch->owner;
    int running, flags = status < 0 ? CURL_CSELECT_ERR : 0;
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    curl_multi_socket_action(curl_loop->multi, watch->fd, flags, &running);
    take_ended(curl_loop);
}

static curl_watch_t *open_socket(curl_loop_t *curl_loop, curl_socket_t fd) {
    curl_watch_t *watch = mem_calloc(1, sizeof *watch);
    if (watch == NULL)
        return NULL;
    watch->owner = curl_loop;
    watch->fd = fd;
    if (uv_poll_init_socket(curl_loop->loop, &watch->poll, fd) != 0) {
        mem_free(watch);
        return NULL;
    }
    watch->poll.data = watch;
    curl_loop->handles++;
    http_list_append(&curl_loop->watches, &watch->link);
    if (curl_multi_assign(curl_loop->multi, fd, watch) == CURLM_OK)
        return watch;
    close_watch(watch);
    return NULL;
}

/* There is no memory, or no poll: libcurl knows no other way to go on than to fail all. */
static int fail_all(curl_loop_t *curl_loop) {
    curl_loop->is_dead = true;
    if (!curl_loop->freed)
        arm_timer(curl_loop, 0);
    return -1;
}

static int on_socket_wanted(CURL *easy, curl_socket_t fd, int what, void *user, void *assigned) {
    curl_loop_t *curl_loop = user;
    curl_watch_t *watch = assigned;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watch != NULL)
            close_watch(watch);
        return 0;
    }
    if (watch == NULL)
        watch = open_socket(curl_loop, fd);
    if (watch == NULL)
        return fail_all(curl_loop);
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    return uv_poll_start(&watch->poll, events, on_socket) == 0 ? 0 : fail_all(curl_loop);
}

/* ── transfers ── */

CURLM *curl_loop_multi(curl_loop_t *curl_loop) {
    return curl_loop->multi;
}

spin_error_t *curl_loop_add(curl_loop_t *curl_loop, CURL *easy) {
    CURLMcode code = curl_multi_add_handle(curl_loop->multi, easy);
    if (code == CURLM_OUT_OF_MEMORY)
        return error_no_memory();
    if (code != CURLM_OK)
        return error_new(SPIN_ERROR_INTERNAL, "libcurl: %s", curl_multi_strerror(code));
    count_transfer(curl_loop, true);
    return NULL;
}

void curl_loop_remove(curl_loop_t *curl_loop, CURL *easy) {
    curl_multi_remove_handle(curl_loop->multi, easy);
    count_transfer(curl_loop, false);
}

/* ── life ── */

static CURLcode global_code;

/* Never undone: others in the process may use libcurl too. */
static void init_libcurl(void) {
    global_code = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static spin_error_t *make_multi(curl_loop_t *curl_loop) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init_libcurl);
    if (global_code != CURLE_OK)
        return error_new(SPIN_ERROR_IO, "libcurl: %s", curl_easy_strerror(global_code));
    CURLM *multi = curl_multi_init();
    if (multi == NULL)
        return error_no_memory();
    curl_loop->multi = multi;
    /* By default it keeps four for each transfer that is under way, and so closes them between two
     * bursts. */
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)CURL_LOOP_IDLE);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket_wanted);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, curl_loop);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timeout_wanted);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, curl_loop);
    return NULL;
}

spin_error_t *curl_loop_new(uv_loop_t *loop, curl_loop_done_fn done, curl_loop_t **out) {
    curl_loop_t *curl_loop = mem_calloc(1, sizeof *curl_loop);
    if (curl_loop == NULL)
        return error_no_memory();
    http_list_init(&curl_loop->watches);
    curl_loop->loop = loop;
    curl_loop->done = done;
    spin_error_t *error = make_multi(curl_loop);
    if (error != NULL) {
        mem_free(curl_loop);
        return error;
    }
    uv_timer_init(loop, &curl_loop->timer);
    uv_unref((uv_handle_t *)&curl_loop->timer);
    curl_loop->timer.data = curl_loop;
    curl_loop->handles = 1;
    *out = curl_loop;
    return NULL;
}

void curl_loop_free(curl_loop_t *curl_loop) {
    if (curl_loop == NULL)
        return;
    curl_loop->freed = true;
    curl_multi_cleanup(curl_loop->multi); /* closes sockets, and mostly says so above */
    while (!http_list_is_empty(&curl_loop->watches))
        close_watch(HTTP_LIST_ITEM(curl_loop->watches.next, curl_watch_t, link));
    uv_close((uv_handle_t *)&curl_loop->timer, on_timer_closed);
}
