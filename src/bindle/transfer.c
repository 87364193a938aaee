#include "bindle/transfer.h"

#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"

enum {
    MOST_REDIRECTS = 10,
    MOST_BODY_BYTES = 16 << 20,
    MOST_REFUSAL_BYTES = 64 << 10, /* of what comes with an error status; the rest is dropped */
    BUFFER_BYTES = 64 << 10,
};

struct transfer {
    const bindle_settings_t *settings;
    CURL *curl;
    char detail[CURL_ERROR_SIZE];
    /* of the request that runs */
    const transfer_request_t *request;
    transfer_reply_t *reply;
    uint64_t sent;
    curl_off_t moved; /* bytes in both directions at `moved_ms` */
    uint64_t moved_ms;
    bool begun;          /* the sink has got the head */
    char range[64];      /* Content-Range of the answer */
    spin_error_t *error; /* of a callback */
};

/* ── life ────────────────────────────────────────────────────────────────────────────────── */

static pthread_once_t global_once = PTHREAD_ONCE_INIT;
static CURLcode global_code;

static void init_global(void) {
    global_code = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static size_t on_header(char *line, size_t one, size_t len, void *user);
static size_t on_body(char *bytes, size_t one, size_t len, void *user);
static size_t on_read(char *buffer, size_t one, size_t size, void *user);
static int on_seek(void *user, curl_off_t offset, int origin);
static int on_time(void *user, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                   curl_off_t up);

/* Those of the environment that OpenSSL's own programs look at, and libcurl does not. */
static CURLcode set_trust(CURL *curl) {
    const char *file = getenv("SSL_CERT_FILE");
    const char *dir = getenv("SSL_CERT_DIR");
    CURLcode code = CURLE_OK;
    if (file != NULL && file[0] != '\0')
        code = curl_easy_setopt(curl, CURLOPT_CAINFO, file);
    if (code == CURLE_OK && dir != NULL && dir[0] != '\0')
        code = curl_easy_setopt(curl, CURLOPT_CAPATH, dir);
    return code;
}

#define SET(...) (code = code != CURLE_OK ? code : curl_easy_setopt(__VA_ARGS__))

static CURLcode set_for_all(transfer_t *transfer) {
    const bindle_settings_t *settings = transfer->settings;
    CURL *curl = transfer->curl;
    CURLcode code = CURLE_OK;
    /* What goes over TLS once is not sent without it because of a redirect. */
    bool tls = strncmp(settings->server, "https:", 6) == 0;
    SET(curl, CURLOPT_NOSIGNAL, 1L);
    SET(curl, CURLOPT_ERRORBUFFER, transfer->detail);
    SET(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(curl, CURLOPT_REDIR_PROTOCOLS_STR, tls ? "https" : "http,https");
    SET(curl, CURLOPT_FOLLOWLOCATION, 1L);
    SET(curl, CURLOPT_MAXREDIRS, (long)MOST_REDIRECTS);
    SET(curl, CURLOPT_POSTREDIR, (long)CURL_REDIR_POST_301 | CURL_REDIR_POST_302);
    SET(curl, CURLOPT_CONNECTTIMEOUT_MS,
        (long)(settings->connect_timeout_ms > LONG_MAX ? LONG_MAX : settings->connect_timeout_ms));
    SET(curl, CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
    SET(curl, CURLOPT_UPLOAD_BUFFERSIZE, (long)BUFFER_BYTES);
    SET(curl, CURLOPT_USERAGENT, "spin");
    SET(curl, CURLOPT_HEADERFUNCTION, on_header);
    SET(curl, CURLOPT_HEADERDATA, transfer);
    SET(curl, CURLOPT_WRITEFUNCTION, on_body);
    SET(curl, CURLOPT_WRITEDATA, transfer);
    SET(curl, CURLOPT_READFUNCTION, on_read);
    SET(curl, CURLOPT_READDATA, transfer);
    SET(curl, CURLOPT_SEEKFUNCTION, on_seek);
    SET(curl, CURLOPT_SEEKDATA, transfer);
    SET(curl, CURLOPT_NOPROGRESS, 0L);
    SET(curl, CURLOPT_XFERINFOFUNCTION, on_time);
    SET(curl, CURLOPT_XFERINFODATA, transfer);
    if (settings->insecure) {
        SET(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        SET(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    } else if (code == CURLE_OK) {
        code = set_trust(curl);
    }
    if (settings->username != NULL) {
        SET(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        SET(curl, CURLOPT_USERNAME, settings->username);
        SET(curl, CURLOPT_PASSWORD, settings->password);
    }
    return code;
}

spin_error_t *transfer_new(const bindle_settings_t *settings, transfer_t **out) {
    spin_error_t *error = bindle_settings_need_server(settings);
    if (error != NULL)
        return error;
    pthread_once(&global_once, init_global);
    if (global_code != CURLE_OK)
        return error_new(SPIN_ERROR_IO, "libcurl: %s", curl_easy_strerror(global_code));
    transfer_t *transfer = mem_calloc(1, sizeof *transfer);
    if (transfer == NULL)
        return error_no_memory();
    transfer->settings = settings;
    transfer->curl = curl_easy_init();
    CURLcode code = transfer->curl == NULL ? CURLE_OUT_OF_MEMORY : set_for_all(transfer);
    if (code != CURLE_OK) {
        transfer_free(transfer);
        return code == CURLE_OUT_OF_MEMORY
                   ? error_no_memory()
                   : error_new(SPIN_ERROR_IO, "libcurl: %s", curl_easy_strerror(code));
    }
    *out = transfer;
    return NULL;
}

void transfer_free(transfer_t *transfer) {
    if (transfer == NULL)
        return;
    curl_easy_cleanup(transfer->curl);
    mem_free(transfer);
}

/* ── silence ─────────────────────────────────────────────────────────────────────────────── */

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Comes whenever bytes have moved, and once a second when none do. libcurl's own limit is one of an
 * average, and so comes seconds late. */
static int on_time(void *user, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                   curl_off_t up) {
    (void)down_total, (void)up_total;
    transfer_t *transfer = user;
    const bindle_settings_t *settings = transfer->settings;
    curl_off_t connected = 0;
    uint64_t now = now_ms();
    curl_easy_getinfo(transfer->curl, CURLINFO_PRETRANSFER_TIME_T, &connected);
    if (connected == 0 || down + up != transfer->moved) {
        transfer->moved = down + up;
        transfer->moved_ms = now;
        return 0;
    }
    if (now - transfer->moved_ms < settings->stall_timeout_ms)
        return 0;
    transfer->reply->unreachable = true;
    if (transfer->error == NULL)
        transfer->error = error_new(SPIN_ERROR_TIMEOUT,
                                    "Bindle server %s: it takes too long: nothing has moved for "
                                    "%.1f s",
                                    settings->server, (double)settings->stall_timeout_ms / 1000);
    return 1;
}

/* ── what is sent ────────────────────────────────────────────────────────────────────────── */

static size_t on_read(char *buffer, size_t one, size_t size, void *user) {
    transfer_t *transfer = user;
    const transfer_request_t *request = transfer->request;
    uint64_t left = request->size - transfer->sent;
    size_t want = size * one < left ? size * one : (size_t)left;
    ssize_t got;
    if (request->bytes.ptr != NULL) {
        memcpy(buffer, request->bytes.ptr + transfer->sent, want);
        got = (ssize_t)want;
    } else {
        do
            got = pread(request->fd, buffer, want, (off_t)transfer->sent);
        while (got < 0 && errno == EINTR);
    }
    if (got < 0 || (got == 0 && want > 0)) {
        spin_error_free(transfer->error);
        transfer->error = got < 0 ? error_from_errno(errno, "can't read it")
                                  : error_new(SPIN_ERROR_IO, "it became shorter meanwhile");
        return CURL_READFUNC_ABORT;
    }
    transfer->sent += (uint64_t)got;
    if (request->moved != NULL)
        request->moved(transfer->sent, request->user);
    return (size_t)got;
}

/* A redirect or a dead connection: once more from the start. */
static int on_seek(void *user, curl_off_t offset, int origin) {
    transfer_t *transfer = user;
    if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > transfer->request->size)
        return CURL_SEEKFUNC_FAIL;
    transfer->sent = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

/* ── what comes ──────────────────────────────────────────────────────────────────────────── */

/* The value of the header `name`, where `line` is one. */
static bool header_value(spin_slice_t line, const char *name, spin_slice_t *value) {
    size_t len = strlen(name);
    if (line.len <= len || line.ptr[len] != ':' ||
        !slice_equal_ignore_case(spin_slice_of(line.ptr, len), spin_slice(name)))
        return false;
    *value = slice_from(line, len + 1);
    while (value->len > 0 && (value->ptr[0] == ' ' || value->ptr[0] == '\t'))
        *value = slice_from(*value, 1);
    while (value->len > 0 && value->ptr[value->len - 1] <= ' ')
        value->len--;
    return true;
}

static size_t on_header(char *line, size_t one, size_t len, void *user) {
    transfer_t *transfer = user;
    spin_slice_t text = spin_slice_of(line, one * len), value;
    if (slice_starts_with(text, SLICE_LITERAL("HTTP/"))) /* of a redirect, or 100 Continue */
        transfer->range[0] = '\0';
    else if (header_value(text, "Content-Range", &value) && value.len < sizeof transfer->range) {
        memcpy(transfer->range, value.ptr, value.len);
        transfer->range[value.len] = '\0';
    }
    return one * len;
}

static spin_error_t *begin(transfer_t *transfer, long status) {
    transfer_head_t head = {.status = status, .length = UINT64_MAX, .partial = status == 206};
    curl_off_t length = -1;
    curl_easy_getinfo(transfer->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (length >= 0)
        head.length = (uint64_t)length;
    if (head.partial && strncmp(transfer->range, "bytes ", 6) == 0)
        head.start = strtoull(transfer->range + 6, NULL, 10);
    transfer->begun = true;
    return transfer->request->sink->begin(&head, transfer->request->sink->user);
}

static spin_error_t *keep_body(transfer_t *transfer, spin_slice_t bytes, bool success) {
    buf_t *body = &transfer->reply->body;
    size_t most = success ? MOST_BODY_BYTES : MOST_REFUSAL_BYTES;
    if (bytes.len > most - body->len && success)
        return error_new(SPIN_ERROR_LIMIT, "the server's answer is longer than %d MiB",
                         MOST_BODY_BYTES >> 20);
    if (bytes.len > most - body->len)
        bytes.len = most - body->len;
    buf_append(body, bytes);
    return body->failed ? error_no_memory() : NULL;
}

static spin_error_t *take_body(transfer_t *transfer, spin_slice_t bytes) {
    const transfer_request_t *request = transfer->request;
    long status = 0;
    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    if (request->sink == NULL || status >= 300)
        return keep_body(transfer, bytes, status < 300);
    spin_error_t *error = transfer->begun ? NULL : begin(transfer, status);
    return error != NULL ? error : request->sink->write(bytes, request->sink->user);
}

static size_t on_body(char *bytes, size_t one, size_t len, void *user) {
    transfer_t *transfer = user;
    spin_error_t *error = take_body(transfer, spin_slice_of(bytes, one * len));
    if (error == NULL)
        return one * len;
    spin_error_free(transfer->error);
    transfer->error = error;
    return CURL_WRITEFUNC_ERROR;
}

/* ── a request ───────────────────────────────────────────────────────────────────────────── */

static const struct {
    CURLcode code;
    spin_error_kind_t kind;
    const char *words;
    bool unreachable; /* where no answer had begun */
} failures[] = {
    {CURLE_COULDNT_RESOLVE_HOST, SPIN_ERROR_NOT_FOUND, "no such server", true},
    {CURLE_COULDNT_RESOLVE_PROXY, SPIN_ERROR_NOT_FOUND, "no such proxy", true},
    {CURLE_COULDNT_CONNECT, SPIN_ERROR_NOT_FOUND, "can't connect to it", true},
    {CURLE_OPERATION_TIMEDOUT, SPIN_ERROR_TIMEOUT, "it takes too long", true},
    {CURLE_PEER_FAILED_VERIFICATION, SPIN_ERROR_DENIED,
     "its certificate is not trusted (--insecure takes any)", false},
    {CURLE_SSL_CACERT_BADFILE, SPIN_ERROR_NOT_FOUND, "the trusted certificates can't be read",
     false},
    {CURLE_SSL_CONNECT_ERROR, SPIN_ERROR_IO, "no TLS connection", false},
    {CURLE_TOO_MANY_REDIRECTS, SPIN_ERROR_INVALID, "it redirects in circles", false},
    {CURLE_UNSUPPORTED_PROTOCOL, SPIN_ERROR_INVALID, "it redirects to what is not to be followed",
     false},
    {CURLE_GOT_NOTHING, SPIN_ERROR_IO, "it closed the connection without an answer", true},
    {CURLE_PARTIAL_FILE, SPIN_ERROR_IO, "it broke off in the middle", false},
    {CURLE_SEND_ERROR, SPIN_ERROR_IO, "the connection broke", true},
    {CURLE_RECV_ERROR, SPIN_ERROR_IO, "the connection broke", true},
};

static spin_error_t *failure(transfer_t *transfer, CURLcode code) {
    if (code == CURLE_OUT_OF_MEMORY)
        return error_no_memory();
    const char *server = transfer->settings->server;
    const char *detail = transfer->detail[0] != '\0' ? transfer->detail : curl_easy_strerror(code);
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        if (failures[i].code != code)
            continue;
        transfer->reply->unreachable = failures[i].unreachable;
        return error_new(failures[i].kind, "Bindle server %s: %s: %s", server, failures[i].words,
                         detail);
    }
    return error_new(SPIN_ERROR_IO, "Bindle server %s: %s", server, detail);
}

static bool append_header(struct curl_slist **headers, const char *line) {
    struct curl_slist *grown = curl_slist_append(*headers, line);
    if (grown == NULL)
        return false;
    *headers = grown;
    return true;
}

/* `url` and `headers` are for the caller to free in each case. */
static CURLcode set_request(transfer_t *transfer, const transfer_request_t *request, char **url,
                            struct curl_slist **headers) {
    CURL *curl = transfer->curl;
    CURLcode code = CURLE_OK;
    buf_t text = {0};
    buf_printf(&text, "%s%s", transfer->settings->server, request->path);
    buf_append_byte(&text, '\0');
    *url = (char *)text.ptr;
    if (text.failed)
        return CURLE_OUT_OF_MEMORY;
    char line[128];
    snprintf(line, sizeof line, "Content-Type: %s",
             request->content_type != NULL ? request->content_type : "application/octet-stream");
    if (!append_header(headers, "Accept: application/toml, */*;q=0.5") ||
        (request->post && !append_header(headers, line)))
        return CURLE_OUT_OF_MEMORY;
    SET(curl, CURLOPT_URL, *url);
    SET(curl, CURLOPT_HTTPHEADER, *headers);
    if (request->post) {
        SET(curl, CURLOPT_POST, 1L);
        SET(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->size);
    } else {
        SET(curl, CURLOPT_HTTPGET, 1L);
    }
    char range[32];
    snprintf(range, sizeof range, "%llu-", (unsigned long long)request->range_start);
    SET(curl, CURLOPT_RANGE, request->range_start > 0 ? range : NULL);
    return code;
}

spin_error_t *transfer_run(transfer_t *transfer, const transfer_request_t *request,
                           transfer_reply_t *reply) {
    char *url = NULL;
    struct curl_slist *headers = NULL;
    transfer->request = request;
    transfer->reply = reply;
    transfer->sent = 0;
    transfer->begun = false;
    transfer->moved = 0;
    transfer->moved_ms = now_ms();
    transfer->detail[0] = transfer->range[0] = '\0';
    CURLcode code = set_request(transfer, request, &url, &headers);
    if (code == CURLE_OK)
        code = curl_easy_perform(transfer->curl);
    spin_error_t *error = transfer->error;
    transfer->error = NULL;
    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &reply->status);
    if (code == CURLE_SEND_ERROR && reply->status >= 400)
        code = CURLE_OK; /* it refused, and did not wait for the rest */
    if (error == NULL && code != CURLE_OK)
        error = failure(transfer, code);
    if (error == NULL && request->sink != NULL && reply->status < 300 && !transfer->begun)
        error = begin(transfer, reply->status); /* an empty body */
    reply->unreachable = reply->unreachable && reply->status == 0;
    curl_easy_setopt(transfer->curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
    mem_free(url);
    return error;
}
