#include "net/curl_request.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "net/http_chars.h"

/* ── settings ── */

static spin_error_t *copy_text(const char *text, char **out) {
    if (text == NULL || *text == '\0')
        return NULL;
    *out = mem_copy_text(spin_slice(text));
    return *out != NULL ? NULL : error_no_memory();
}

/* The first of the variables that is set. */
static const char *from_environment(const char *const *names) {
    const char *value = NULL;
    for (; *names != NULL && (value == NULL || *value == '\0'); names++)
        value = getenv(*names);
    return value;
}

static spin_error_t *take_proxies(curl_settings_t *settings) {
    static const char *const https[] = {"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy",
                                        NULL};
    static const char *const http[] = {"HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", NULL};
    static const char *const none[] = {"NO_PROXY", "no_proxy", NULL};
    bool is_cgi = getenv("REQUEST_METHOD") != NULL;
    spin_error_t *error = copy_text(from_environment(http + is_cgi), &settings->http_proxy);
    if (error == NULL)
        error = copy_text(from_environment(https), &settings->https_proxy);
    if (error == NULL)
        error = copy_text(from_environment(none), &settings->no_proxy);
    return error;
}

spin_error_t *curl_settings_init(curl_settings_t *settings,
                                 const net_http_client_options_t *options) {
    static const char *const files[] = {"SSL_CERT_FILE", NULL};
    static const char *const paths[] = {"SSL_CERT_DIR", NULL};
    bool named = options->ca_file != NULL;
    settings->connect_timeout_ms = (long)options->connect_timeout_ms;
    settings->timeout_ms = (long)options->timeout_ms;
    spin_error_t *error =
        copy_text(named ? options->ca_file : from_environment(files), &settings->ca_file);
    if (error == NULL && !named)
        error = copy_text(from_environment(paths), &settings->ca_path);
    return error != NULL ? error : take_proxies(settings);
}

void curl_settings_deinit(curl_settings_t *settings) {
    mem_free(settings->ca_file);
    mem_free(settings->ca_path);
    mem_free(settings->http_proxy);
    mem_free(settings->https_proxy);
    mem_free(settings->no_proxy);
}

/* ── headers ── */

typedef enum header_kind {
    HEADER_OWN = 1, /* of the connection, or of how the body is sent: libcurl's affair */
    HEADER_CONTENT,
    HEADER_CREDENTIAL,
    HEADER_ENCODING, /* the guest wants to unpack by itself, or a part of the packed bytes */
} header_kind_t;

static const struct {
    const char *name;
    header_kind_t kind;
} known_headers[] = {
    {"connection", HEADER_OWN},
    {"content-length", HEADER_OWN},
    {"expect", HEADER_OWN},
    {"http2-settings", HEADER_OWN},
    {"keep-alive", HEADER_OWN},
    {"proxy-connection", HEADER_OWN},
    {"te", HEADER_OWN},
    {"trailer", HEADER_OWN},
    {"transfer-encoding", HEADER_OWN},
    {"upgrade", HEADER_OWN},
    {"content-encoding", HEADER_CONTENT},
    {"content-type", HEADER_CONTENT},
    {"authorization", HEADER_CREDENTIAL},
    {"cookie", HEADER_CREDENTIAL},
    {"cookie2", HEADER_CREDENTIAL},
    {"host", HEADER_CREDENTIAL},
    {"proxy-authorization", HEADER_CREDENTIAL},
    {"www-authenticate", HEADER_CREDENTIAL},
    {"accept-encoding", HEADER_ENCODING},
    {"range", HEADER_ENCODING},
};

/* 0: any other. */
static header_kind_t kind_of(spin_slice_t name) {
    for (size_t i = 0; i < sizeof known_headers / sizeof *known_headers; i++)
        if (slice_equal_ignore_case(name, spin_slice(known_headers[i].name)))
            return known_headers[i].kind;
    return 0;
}

static const char *check_header(const net_header_t *header) {
    if (header->name.len == 0)
        return "a header has no name";
    for (size_t i = 0; i < header->name.len; i++)
        if (http_token_lower[header->name.ptr[i]] == 0)
            return "a header's name has a character that none can have";
    for (size_t i = 0; i < header->value.len; i++)
        if (!http_is_value_byte(header->value.ptr[i]))
            return "a header's value has a control character";
    return NULL;
}

/* "name: value", or "name;" which is libcurl's way to say that there is an empty value. */
static void append_header(buf_t *line, const net_header_t *header) {
    spin_slice_t value = http_trim(header->value);
    buf_clear(line);
    for (size_t i = 0; i < header->name.len; i++)
        buf_append_byte(line, http_token_lower[header->name.ptr[i]]);
    buf_append_text(line, value.len == 0 ? ";" : ": ");
    buf_append(line, value);
    buf_append_byte(line, '\0');
}

static spin_error_t *add_line(struct curl_slist **list, const char *line) {
    struct curl_slist *longer = line == NULL ? NULL : curl_slist_append(*list, line);
    if (longer == NULL)
        return error_no_memory();
    *list = longer;
    return NULL;
}

static spin_error_t *add_header(struct curl_slist **list, buf_t *line, const net_header_t *header) {
    append_header(line, header);
    return add_line(list, line->failed ? NULL : (const char *)line->ptr);
}

static bool is_left_out(const curl_request_t *request, header_kind_t kind) {
    return kind == HEADER_OWN || (kind == HEADER_CONTENT && request->without_content) ||
           (kind == HEADER_CREDENTIAL && request->without_credentials);
}

static spin_error_t *make_headers(const curl_request_t *request, struct curl_slist **list,
                                  bool *unpacks) {
    buf_t line = {0};
    bool has_type = false, has_referer = false;
    spin_error_t *error = NULL;
    *unpacks = true;
    for (size_t i = 0; error == NULL && i < request->headers_len; i++) {
        const net_header_t *header = &request->headers[i];
        const char *reason = check_header(header);
        header_kind_t kind = kind_of(header->name);
        if (reason != NULL)
            error = error_new(SPIN_ERROR_INVALID, "%s", reason);
        else if (!is_left_out(request, kind))
            error = add_header(list, &line, header);
        if (kind == HEADER_ENCODING)
            *unpacks = false;
        has_type |= slice_equal_ignore_case(header->name, SLICE_LITERAL("content-type"));
        has_referer |= slice_equal_ignore_case(header->name, SLICE_LITERAL("referer"));
    }
    /* libcurl would add some of its own. */
    if (error == NULL && (!has_type || request->without_content))
        error = add_line(list, "Content-Type:");
    if (error == NULL)
        error = add_line(list, "Expect:");
    if (error == NULL && request->referer != NULL && !has_referer)
        error = add_header(list, &line,
                           &(net_header_t){SLICE_LITERAL("referer"), spin_slice(request->referer)});
    buf_deinit(&line);
    return error;
}

/* ── the request ── */

#define SET(option, value)                                                                         \
    do {                                                                                           \
        if (code == CURLE_OK)                                                                      \
            code = curl_easy_setopt(easy, option, value);                                          \
    } while (0)

static CURLcode set_body(const curl_request_t *request, CURL *easy) {
    static const char *const with_length[] = {"POST", "PUT", "PATCH"}; /* RFC 9110 section 8.6 */
    CURLcode code = CURLE_OK;
    bool sends = request->body.len > 0;
    for (size_t i = 0; i < sizeof with_length / sizeof *with_length; i++)
        sends |= strcmp(request->method, with_length[i]) == 0;
    if (strcmp(request->method, "HEAD") == 0) {
        SET(CURLOPT_NOBODY, 1L);
        return code;
    }
    if (sends) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
        SET(CURLOPT_POSTFIELDS, request->body.len > 0 ? (const char *)request->body.ptr : "");
    }
    SET(CURLOPT_CUSTOMREQUEST, request->method);
    return code;
}

static CURLcode set_connection(const curl_request_t *request, const curl_settings_t *settings,
                               CURL *easy) {
    CURLcode code = CURLE_OK;
    const char *proxy = request->url->tls ? settings->https_proxy : settings->http_proxy;
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_PROXY, proxy != NULL ? proxy : ""); /* "": don't look at the environment */
    SET(CURLOPT_NOPROXY, settings->no_proxy != NULL ? settings->no_proxy : "");
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (settings->ca_file != NULL)
        SET(CURLOPT_CAINFO, settings->ca_file);
    if (settings->ca_path != NULL)
        SET(CURLOPT_CAPATH, settings->ca_path);
    SET(CURLOPT_CONNECTTIMEOUT_MS, settings->connect_timeout_ms);
    SET(CURLOPT_TIMEOUT_MS, settings->timeout_ms);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L); /* breaking off does not wait for a name that is looked up */
    return code;
}

spin_error_t *curl_request_apply(const curl_request_t *request, const curl_settings_t *settings,
                                 CURL *easy, struct curl_slist **list, bool *unpacks) {
    spin_error_t *error = make_headers(request, list, unpacks);
    if (error != NULL)
        return error;
    CURLcode code = set_connection(request, settings, easy);
    if (code == CURLE_OK)
        code = set_body(request, easy);
    SET(CURLOPT_CURLU, request->url->parts);
    SET(CURLOPT_HTTPHEADER, *list);
    if (*unpacks)
        SET(CURLOPT_ACCEPT_ENCODING, "gzip");
    return code == CURLE_OK ? NULL : curl_request_error(code, "");
}

/* ── what went wrong ── */

static spin_error_kind_t kind_of_error(CURLcode code) {
    switch (code) {
    case CURLE_OUT_OF_MEMORY: return SPIN_ERROR_NO_MEMORY;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return SPIN_ERROR_NOT_FOUND;
    case CURLE_PEER_FAILED_VERIFICATION: return SPIN_ERROR_DENIED;
    case CURLE_OPERATION_TIMEDOUT: return SPIN_ERROR_TIMEOUT;
    case CURLE_FILESIZE_EXCEEDED: return SPIN_ERROR_LIMIT;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL: /* "HTTP/0.9 when not allowed" */
    case CURLE_BAD_CONTENT_ENCODING: return SPIN_ERROR_INVALID;
    default: return SPIN_ERROR_IO;
    }
}

spin_error_t *curl_request_error(CURLcode code, const char *detail) {
    spin_error_kind_t kind = kind_of_error(code);
    if (kind == SPIN_ERROR_NO_MEMORY)
        return error_no_memory();
    return error_new(kind, "%s", *detail != '\0' ? detail : curl_easy_strerror(code));
}
