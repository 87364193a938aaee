/* Addresses that are asked: http:// or https:// and what follows, read once. What is checked is
 * what libcurl is given, so that there is no second reader to disagree. */
#ifndef NET_CURL_URL_H
#define NET_CURL_URL_H

#include <curl/curl.h>
#include <stdbool.h>

#include "base/slice.h"
#include "spin/error.h"

typedef struct net_url {
    CURLU *parts;
    char *host;    /* lower-case ASCII; an IPv6 address in brackets, in its canonical spelling */
    uint16_t port; /* the scheme's own where none is written */
    bool tls;
} net_url_t;

/* Blanks at both ends are dropped; blanks and bytes that are not ASCII in path and query become
 * percent-encoded, an IPv4 address in another spelling (0x7f.1) its usual one. Errors: INVALID,
 * UNSUPPORTED (another scheme), NO_MEMORY; they show nothing of the text. */
spin_error_t *net_url_parse(spin_slice_t text, net_url_t *out);
/* `reference` as it stands in a document at `base`: a whole URL, or the part that differs. */
spin_error_t *net_url_resolve(const net_url_t *base, spin_slice_t reference, net_url_t *out);
spin_error_t *net_url_copy(const net_url_t *url, net_url_t *out);
/* Of a zeroed one too. */
void net_url_deinit(net_url_t *url);

/* For messages and the Referer header: without user, password and fragment. `with_query`: as it
 * says. On the heap, for mem_free; NULL when out of memory. */
char *net_url_shown(const net_url_t *url, bool with_query);

/* Also of the same scheme: what was told behind TLS is not for one without. */
bool net_url_same_server(const net_url_t *a, const net_url_t *b);
/* The port of "http" (80) or "https" (443). */
uint16_t net_url_default_port(bool tls);

#endif
