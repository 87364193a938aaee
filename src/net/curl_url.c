#include "net/curl_url.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"

/* Of any scheme, so that "another scheme" and "no URL" are told apart. */
static const unsigned parse_flags = CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE | CURLU_ALLOW_SPACE;

static spin_error_t *url_error(CURLUcode code) {
    if (code == CURLUE_OUT_OF_MEMORY)
        return error_no_memory();
    return error_new(SPIN_ERROR_INVALID, "%s", curl_url_strerror(code));
}

void net_url_deinit(net_url_t *url) {
    curl_url_cleanup(url->parts);
    mem_free(url->host);
    *url = (net_url_t){0};
}

uint16_t net_url_default_port(bool tls) {
    return tls ? 443 : 80;
}

static spin_error_t *take_scheme(net_url_t *url) {
    char *scheme;
    CURLUcode code = curl_url_get(url->parts, CURLUPART_SCHEME, &scheme, 0);
    if (code != CURLUE_OK)
        return url_error(code);
    url->tls = strcmp(scheme, "https") == 0;
    bool known = url->tls || strcmp(scheme, "http") == 0;
    curl_free(scheme);
    return known ? NULL
                 : error_new(SPIN_ERROR_UNSUPPORTED, "only http:// and https:// are offered");
}

/* Whether a name resolver could take it for an IPv4 address: its last label is a number. */
static bool ends_in_number(const char *host) {
    size_t end = strlen(host);
    if (end > 0 && host[end - 1] == '.')
        end--;
    size_t start = end;
    while (start > 0 && host[start - 1] != '.')
        start--;
    bool hex = end - start >= 2 && host[start] == '0' && host[start + 1] == 'x';
    for (size_t i = hex ? start + 2 : start; i < end; i++)
        if (host[i] < '0' || (host[i] > '9' && (!hex || host[i] < 'a' || host[i] > 'f')))
            return false;
    return start < end;
}

/* "[" ... "]" has been checked and respelt by libcurl. Anything else that it lets through must be
 * letters, digits, and what stands in names: the host that was checked is compared byte by byte. */
static const char *check_host(const char *host) {
    if (host[0] == '[')
        return NULL;
    for (const char *at = host; *at != '\0'; at++) {
        uint8_t byte = (uint8_t)*at;
        bool letter = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
        if (byte >= 0x80)
            return "a host name with other letters than ASCII's must be written in its \"xn--\" "
                   "form";
        if (!letter && byte != '-' && byte != '.' && byte != '_')
            return "Bad hostname";
    }
    struct in_addr address; /* libcurl has respelt the odd ones, but for those with a "%" in them */
    if (ends_in_number(host) && inet_pton(AF_INET, host, &address) != 1)
        return "Bad IPv4 address";
    return NULL;
}

static void lower(char *text) {
    for (; *text != '\0'; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text + 32);
}

static bool has_zone(const net_url_t *url) {
    char *zone = NULL;
    bool found = curl_url_get(url->parts, CURLUPART_ZONEID, &zone, 0) == CURLUE_OK;
    curl_free(zone);
    return found;
}

static spin_error_t *take_host(net_url_t *url) {
    char *host;
    CURLUcode code = curl_url_get(url->parts, CURLUPART_HOST, &host, 0);
    if (code != CURLUE_OK)
        return url_error(code);
    url->host = mem_copy_text(spin_slice(host));
    curl_free(host);
    if (url->host == NULL)
        return error_no_memory();
    lower(url->host);
    const char *reason = check_host(url->host);
    if (reason == NULL && has_zone(url))
        reason = "an address with a zone is not taken";
    if (reason != NULL)
        return error_new(SPIN_ERROR_INVALID, "%s", reason);
    code = curl_url_set(url->parts, CURLUPART_HOST, url->host, 0);
    return code == CURLUE_OK ? NULL : url_error(code);
}

static spin_error_t *take_port(net_url_t *url) {
    char *port;
    CURLUcode code = curl_url_get(url->parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
    if (code != CURLUE_OK)
        return url_error(code);
    url->port = (uint16_t)strtoul(port, NULL, 10);
    curl_free(port);
    return url->port != 0 ? NULL : error_new(SPIN_ERROR_INVALID, "there is no port 0");
}

static bool is_blank(uint8_t byte) {
    return byte <= ' ';
}

/* A C string of it on the heap. */
static spin_error_t *take_text(spin_slice_t text, char **out) {
    while (text.len > 0 && is_blank(text.ptr[text.len - 1]))
        text.len--;
    while (text.len > 0 && is_blank(text.ptr[0]))
        text = slice_from(text, 1);
    for (size_t i = 0; i < text.len && text.ptr[i] != '?' && text.ptr[i] != '#'; i++)
        if (text.ptr[i] == '\\') /* a "/" for browsers, and not for others */
            return error_new(SPIN_ERROR_INVALID, "there is a backslash in it");
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < ' ' || text.ptr[i] == 0x7f)
            return error_new(SPIN_ERROR_INVALID, "there is a control character in it");
    *out = mem_copy_text(text);
    return *out != NULL ? NULL : error_no_memory();
}

/* Reads `text` into parts that are empty, or hold its base. */
static spin_error_t *read_into(spin_slice_t text, net_url_t *url) {
    char *copy = NULL;
    spin_error_t *error = take_text(text, &copy);
    if (error == NULL) {
        CURLUcode code = curl_url_set(url->parts, CURLUPART_URL, copy, parse_flags);
        if (code != CURLUE_OK)
            error = url_error(code);
    }
    mem_free(copy);
    if (error == NULL)
        error = take_scheme(url);
    if (error == NULL)
        error = take_host(url);
    if (error == NULL)
        error = take_port(url);
    if (error == NULL)
        curl_url_set(url->parts, CURLUPART_FRAGMENT, NULL, 0);
    else
        net_url_deinit(url);
    return error;
}

spin_error_t *net_url_parse(spin_slice_t text, net_url_t *out) {
    *out = (net_url_t){.parts = curl_url()};
    return out->parts == NULL ? error_no_memory() : read_into(text, out);
}

spin_error_t *net_url_resolve(const net_url_t *base, spin_slice_t reference, net_url_t *out) {
    *out = (net_url_t){.parts = curl_url_dup(base->parts)};
    return out->parts == NULL ? error_no_memory() : read_into(reference, out);
}

spin_error_t *net_url_copy(const net_url_t *url, net_url_t *out) {
    *out = (net_url_t){.parts = curl_url_dup(url->parts),
                       .host = mem_copy_text(spin_slice(url->host)),
                       .port = url->port,
                       .tls = url->tls};
    if (out->parts != NULL && out->host != NULL)
        return NULL;
    net_url_deinit(out);
    return error_no_memory();
}

char *net_url_shown(const net_url_t *url, bool with_query) {
    static const CURLUPart secret[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS,
                                       CURLUPART_FRAGMENT, CURLUPART_QUERY};
    char *whole = NULL, *shown = NULL;
    CURLU *parts = curl_url_dup(url->parts);
    bool hidden = parts != NULL;
    for (size_t i = 0; hidden && i < sizeof secret / sizeof *secret - with_query; i++)
        hidden = curl_url_set(parts, secret[i], NULL, 0) == CURLUE_OK;
    if (hidden && curl_url_get(parts, CURLUPART_URL, &whole, 0) == CURLUE_OK)
        shown = mem_copy_text(spin_slice(whole));
    curl_free(whole);
    curl_url_cleanup(parts);
    return shown;
}

bool net_url_same_server(const net_url_t *a, const net_url_t *b) {
    return a->tls == b->tls && a->port == b->port && strcmp(a->host, b->host) == 0;
}
