#include "host/outbound_http/allowed_hosts.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"

/* Read as the URL of a request is, so that both are spelt alike. */
static spin_error_t *parse_entry(spin_slice_t entry, net_url_t *url) {
    buf_t text = {0};
    bool has_scheme = false;
    for (size_t i = 1; i < entry.len; i++)
        has_scheme |= entry.ptr[i - 1] == '/' && entry.ptr[i] == '/';
    if (!has_scheme)
        buf_append_text(&text, "http://");
    buf_append(&text, entry);
    spin_error_t *error = text.failed ? error_no_memory() : net_url_parse(buf_slice(&text), url);
    buf_deinit(&text);
    return error;
}

static bool writes_port(const net_url_t *url) {
    char *port = NULL;
    bool written = curl_url_get(url->parts, CURLUPART_PORT, &port, 0) == CURLUE_OK;
    curl_free(port);
    return written;
}

/* Only host and port may be there: the rest would promise a narrower permission than it gives. */
static bool has_more(const net_url_t *url) {
    static const CURLUPart parts[] = {CURLUPART_USER, CURLUPART_QUERY};
    char *text = NULL;
    bool more =
        curl_url_get(url->parts, CURLUPART_PATH, &text, 0) == CURLUE_OK && strcmp(text, "/") != 0;
    curl_free(text);
    for (size_t i = 0; !more && i < sizeof parts / sizeof *parts; i++) {
        text = NULL;
        more = curl_url_get(url->parts, parts[i], &text, 0) == CURLUE_OK;
        curl_free(text);
    }
    return more;
}

spin_error_t *allowed_hosts_add(allowed_hosts_t *allowed, spin_slice_t entry) {
    net_url_t url;
    if (slice_equal_text(entry, "insecure:allow-all")) {
        allowed->all = true;
        return NULL;
    }
    spin_error_t *error = parse_entry(entry, &url);
    if (error != NULL)
        return error;
    if (has_more(&url))
        error = error_new(SPIN_ERROR_INVALID, "only host and port count");
    else if (!VEC_PUSH(&allowed->hosts,
                       (allowed_host_t){url.host, writes_port(&url) ? url.port : 0}))
        error = error_no_memory();
    else
        url.host = NULL; /* taken */
    net_url_deinit(&url);
    return error;
}

bool allowed_hosts_have(const allowed_hosts_t *allowed, const net_url_t *url) {
    if (allowed->all)
        return true;
    for (size_t i = 0; i < allowed->hosts.len; i++) {
        const allowed_host_t *host = &allowed->hosts.items[i];
        uint16_t port = host->port != 0 ? host->port : net_url_default_port(url->tls);
        if (url->port == port && strcmp(url->host, host->host) == 0)
            return true;
    }
    return false;
}

void allowed_hosts_deinit(allowed_hosts_t *allowed) {
    for (size_t i = 0; i < allowed->hosts.len; i++)
        mem_free(allowed->hosts.items[i].host);
    VEC_FREE(&allowed->hosts);
}

char *allowed_hosts_entry_for(const net_url_t *url) {
    size_t size = strlen(url->host) + sizeof ":65535";
    char *entry = mem_alloc(size);
    if (entry == NULL)
        return NULL;
    if (url->port == net_url_default_port(url->tls))
        snprintf(entry, size, "%s", url->host);
    else
        snprintf(entry, size, "%s:%u", url->host, url->port);
    return entry;
}
