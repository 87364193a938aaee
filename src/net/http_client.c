#include "net/http_client.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "net/curl_head.h"
#include "net/curl_loop.h"
#include "net/curl_request.h"
#include "net/http_list.h"

enum {
    SPARE_HANDLES = 64,
    DEFAULT_BODY_BYTES = 64 << 20,
    DEFAULT_HEAD_BYTES = 256 << 10,
    DEFAULT_CONNECT_MS = 30 * 1000,
    DEFAULT_REDIRECTS = 10,
};

struct net_http_client {
    curl_loop_t *curl_loop;
    net_http_client_options_t options;
    curl_settings_t settings;
    http_link_t calls;
    size_t running;
    CURL *spare[SPARE_HANDLES]; /* reset, for the next request */
    size_t spare_len;
};

struct net_http_call {
    http_link_t link;          /* into net_http_client.calls */
    net_http_client_t *client; /* NULL: it is gone */
    net_http_ask_t ask;
    net_http_done_fn done;
    void *user;

    /* the request as it is now */
    net_url_t url;
    curl_request_t request;
    char *referer;
    unsigned redirects;

    CURL *easy; /* NULL: nothing is under way */
    struct curl_slist *headers;
    bool unpacks;
    char detail[CURL_ERROR_SIZE];
    spin_error_t *error; /* why a callback broke it off */

    curl_head_t head;
    buf_t body;
    net_http_answer_t answer;
};

/* ── handles ── */

static CURL *take_handle(net_http_client_t *client) {
    return client->spare_len > 0 ? client->spare[--client->spare_len] : curl_easy_init();
}

static void give_handle(net_http_client_t *client, CURL *easy) {
    curl_easy_reset(easy);
    if (client->spare_len < SPARE_HANDLES)
        client->spare[client->spare_len++] = easy;
    else
        curl_easy_cleanup(easy);
}

/* The transfer is out of the loop. */
static void drop_transfer(net_http_call_t *call) {
    give_handle(call->client, call->easy);
    curl_slist_free_all(call->headers);
    call->easy = NULL;
    call->headers = NULL;
    http_list_remove(&call->link);
    call->client->running--;
}

static void break_off(net_http_call_t *call) {
    if (call->easy == NULL)
        return;
    curl_loop_remove(call->client->curl_loop, call->easy);
    drop_transfer(call);
}

/* ── what comes in ── */

static size_t stop_with(net_http_call_t *call, spin_error_t *error) {
    if (call->error == NULL)
        call->error = error;
    else
        spin_error_free(error);
    return 0; /* not what libcurl expects, so it breaks off */
}

static size_t on_header(char *bytes, size_t size, size_t count, void *user) {
    net_http_call_t *call = user;
    if (curl_head_take(&call->head, spin_slice_of(bytes, size * count)))
        return size * count;
    if (call->head.failed)
        return stop_with(call, error_no_memory());
    return stop_with(call, error_new(SPIN_ERROR_LIMIT,
                                     "the response's headers are larger than "
                                     "%zu bytes",
                                     call->head.limit_bytes));
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user) {
    net_http_call_t *call = user;
    size_t len = size * count, limit = call->client->options.max_body_bytes;
    if (len > limit - call->body.len)
        return stop_with(call, error_new(SPIN_ERROR_LIMIT,
                                         "the response's body is larger than "
                                         "%zu bytes",
                                         limit));
    buf_append(&call->body, spin_slice_of(bytes, len));
    return call->body.failed ? stop_with(call, error_no_memory()) : len;
}

/* ── sending ── */

static CURLcode set_callbacks(net_http_call_t *call) {
    CURL *easy = call->easy;
    CURLcode code = curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->detail);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    return code;
}

static spin_error_t *send_request(net_http_call_t *call) {
    net_http_client_t *client = call->client;
    call->detail[0] = '\0';
    call->easy = take_handle(client);
    if (call->easy == NULL)
        return error_no_memory();
    http_list_append(&client->calls, &call->link);
    client->running++;
    CURLcode code = set_callbacks(call);
    spin_error_t *error = code == CURLE_OK ? NULL : curl_request_error(code, "");
    if (error == NULL)
        error = curl_request_apply(&call->request, &client->settings, call->easy, &call->headers,
                                   &call->unpacks);
    if (error == NULL)
        error = curl_loop_add(client->curl_loop, call->easy);
    if (error != NULL)
        drop_transfer(call);
    return error;
}

/* ── redirects ── */

static bool is_redirect(unsigned status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* The request as the redirect wants it; takes `to`. */
static spin_error_t *turn_to(net_http_call_t *call, net_url_t *to) {
    curl_request_t *request = &call->request;
    mem_free(call->referer);
    request->referer = call->referer = NULL;
    if (to->tls || !call->url.tls) {
        request->referer = call->referer = net_url_shown(&call->url, true);
        if (call->referer == NULL) {
            net_url_deinit(to);
            return error_no_memory();
        }
    }
    if (call->head.status <= 303) {
        if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0)
            request->method = "GET";
        request->body = (spin_slice_t){NULL, 0};
        request->without_content = true;
    }
    request->without_credentials |= !net_url_same_server(&call->url, to);
    net_url_deinit(&call->url);
    call->url = *to;
    return NULL;
}

/* Whether the answer is a redirect that was followed or failed to be; else it is the answer. */
static bool follow_redirect(net_http_call_t *call, spin_error_t **error) {
    spin_slice_t location = curl_head_find(&call->head, "location");
    net_url_t to;
    if (call->ask.follow == NULL || !is_redirect(call->head.status) || location.ptr == NULL)
        return false;
    *error = net_url_resolve(&call->url, location, &to);
    if (*error != NULL && spin_error_kind(*error) == SPIN_ERROR_INVALID) {
        spin_error_free(*error); /* whoever asked may know what to do with it */
        *error = NULL;
        return false;
    }
    if (*error != NULL) {
        *error = error_wrap(*error, "redirect");
        curl_head_clear(&call->head);
        return true;
    }
    if (call->redirects++ == call->client->options.max_redirects)
        *error = error_new(SPIN_ERROR_LIMIT, "more than %u redirects",
                           call->client->options.max_redirects);
    if (*error == NULL)
        *error = call->ask.follow(&to, call->user);
    if (*error == NULL)
        *error = turn_to(call, &to);
    else
        net_url_deinit(&to);
    curl_head_clear(&call->head);
    buf_clear(&call->body);
    if (*error == NULL)
        *error = send_request(call);
    return true;
}

/* ── the end ── */

/* Adds what was asked. */
static spin_error_t *name_request(net_http_call_t *call, spin_error_t *error) {
    if (spin_error_kind(error) == SPIN_ERROR_NO_MEMORY)
        return error;
    char *shown = net_url_shown(&call->url, false);
    if (shown != NULL)
        error = error_wrap(error, "%s %s", call->request.method, shown);
    mem_free(shown);
    return error;
}

/* The bytes are not those that these describe. */
static void describe_unpacked(net_http_call_t *call) {
    spin_slice_t encoding = curl_head_find(&call->head, "content-encoding");
    if (!call->unpacks || encoding.ptr == NULL || strcmp(call->request.method, "HEAD") == 0)
        return;
    curl_head_remove(&call->head, "content-encoding");
    curl_head_remove(&call->head, "content-length");
}

static void tell(net_http_call_t *call, spin_error_t *error) {
    if (call->head.is_whole) {
        describe_unpacked(call);
        call->answer = (net_http_answer_t){.status = call->head.status,
                                           .headers = call->head.fields.items,
                                           .headers_len = call->head.fields.len,
                                           .body = buf_slice(&call->body)};
    }
    call->done(&call->answer, error != NULL ? name_request(call, error) : NULL, call->user);
}

/* libcurl says "out of memory" also of a line that is longer than it takes: no reason for a guest
 * to trap, since any server can send one. */
static spin_error_t *transfer_error(const net_http_call_t *call, CURLcode code) {
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return error_no_memory();
    if (code == CURLE_OUT_OF_MEMORY)
        return error_new(SPIN_ERROR_LIMIT,
                         "a line of the response is too long, or there is no memory for it");
    return curl_request_error(code, call->detail);
}

static void on_ended(CURL *easy, CURLcode code) {
    char *private = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
    net_http_call_t *call = (void *)private;
    spin_error_t *error = call->error;
    call->error = NULL;
    if (error == NULL && code != CURLE_OK)
        error = transfer_error(call, code);
    drop_transfer(call);
    if (error == NULL && !call->head.is_whole)
        error = error_new(SPIN_ERROR_INVALID, "the response ends in the middle of its headers");
    if (error == NULL && follow_redirect(call, &error) && error == NULL)
        return;
    tell(call, error);
}

spin_error_t *net_http_call_start(net_http_client_t *client, const net_http_ask_t *ask,
                                  net_http_done_fn done, void *user, net_http_call_t **out) {
    net_http_call_t *call = mem_calloc(1, sizeof *call);
    if (call == NULL)
        return error_no_memory();
    http_list_init(&call->link);
    call->client = client;
    call->ask = *ask;
    call->done = done;
    call->user = user;
    call->head.limit_bytes = client->options.max_head_bytes;
    spin_error_t *error = net_url_copy(ask->url, &call->url);
    call->request = (curl_request_t){.method = ask->method,
                                     .url = &call->url,
                                     .headers = ask->headers,
                                     .headers_len = ask->headers_len,
                                     .body = ask->body};
    if (error == NULL)
        error = send_request(call);
    if (error == NULL)
        *out = call;
    else
        net_http_call_free(call);
    return error;
}

void net_http_call_free(net_http_call_t *call) {
    if (call == NULL)
        return;
    break_off(call);
    net_url_deinit(&call->url);
    mem_free(call->referer);
    spin_error_free(call->error);
    curl_head_deinit(&call->head);
    buf_deinit(&call->body);
    mem_free(call);
}

/* ── the client ── */

static void set_defaults(net_http_client_options_t *options) {
    if (options->max_body_bytes == 0)
        options->max_body_bytes = DEFAULT_BODY_BYTES;
    if (options->max_head_bytes == 0)
        options->max_head_bytes = DEFAULT_HEAD_BYTES;
    if (options->connect_timeout_ms == 0)
        options->connect_timeout_ms = DEFAULT_CONNECT_MS;
    if (options->max_redirects == 0)
        options->max_redirects = DEFAULT_REDIRECTS;
}

spin_error_t *net_http_client_new(uv_loop_t *loop, const net_http_client_options_t *options,
                                  net_http_client_t **out) {
    net_http_client_t *client = mem_calloc(1, sizeof *client);
    if (client == NULL)
        return error_no_memory();
    http_list_init(&client->calls);
    if (options != NULL)
        client->options = *options;
    set_defaults(&client->options);
    spin_error_t *error = curl_settings_init(&client->settings, &client->options);
    if (error == NULL)
        error = curl_loop_new(loop, on_ended, &client->curl_loop);
    if (error == NULL)
        *out = client;
    else
        net_http_client_free(client);
    return error;
}

void net_http_client_free(net_http_client_t *client) {
    if (client == NULL)
        return;
    while (!http_list_is_empty(&client->calls)) {
        net_http_call_t *call = HTTP_LIST_ITEM(client->calls.next, net_http_call_t, link);
        break_off(call);
        call->client = NULL;
    }
    while (client->spare_len > 0)
        curl_easy_cleanup(client->spare[--client->spare_len]);
    curl_loop_free(client->curl_loop);
    curl_settings_deinit(&client->settings);
    mem_free(client);
}

size_t net_http_client_running(const net_http_client_t *client) {
    return client->running;
}
