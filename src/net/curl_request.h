/* What libcurl is told about a request. */
#ifndef NET_CURL_REQUEST_H
#define NET_CURL_REQUEST_H

#include "net/http_client.h"

/* What all requests of a client have in common. Zero to begin with. */
typedef struct curl_settings {
    char *ca_file; /* NULL: as libcurl was built */
    char *ca_path;
    char *http_proxy; /* NULL: none */
    char *https_proxy;
    char *no_proxy;
    long connect_timeout_ms;
    long timeout_ms;
} curl_settings_t;

/* From options and environment. Errors: NO_MEMORY; the settings are to be deinited all the same. */
spin_error_t *curl_settings_init(curl_settings_t *settings,
                                 const net_http_client_options_t *options);
void curl_settings_deinit(curl_settings_t *settings);

/* One request on its way: the first, or what a redirect has made of it. Nothing is copied. */
typedef struct curl_request {
    const char *method;
    const net_url_t *url;
    const net_header_t *headers;
    size_t headers_len;
    spin_slice_t body;
    bool without_content;     /* of headers: those that describe the body */
    bool without_credentials; /* of headers: those that are for the first server only */
    const char *referer;      /* NULL: none */
} curl_request_t;

/* Sets up `easy`, which is new or reset. `*list` is what it needs kept, for curl_slist_free_all,
 * also after an error. `*unpacks`: gzip is offered and undone. Errors: INVALID (a header),
 * NO_MEMORY. */
spin_error_t *curl_request_apply(const curl_request_t *request, const curl_settings_t *settings,
                                 CURL *easy, struct curl_slist **list, bool *unpacks);

/* What went wrong. `detail` is libcurl's own text or empty. */
spin_error_t *curl_request_error(CURLcode code, const char *detail);

#endif
