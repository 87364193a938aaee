/* An entry of allowed_http_hosts, a URL, and a redirect from there: what is let through goes to the
 * host and port that the entry names, whatever they look like. */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/slice.h"
#include "host/outbound_http/allowed_hosts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

/* Takes what stands in front of the next NUL. */
static spin_slice_t take(spin_slice_t *rest) {
    size_t end = slice_find(*rest, 0);
    spin_slice_t text = spin_slice_of(rest->ptr, end);
    *rest = slice_from(*rest, end + 1);
    return text;
}

static void require_kind(spin_error_t *error) {
    spin_error_kind_t kind = spin_error_kind(error);
    require(kind == SPIN_ERROR_INVALID || kind == SPIN_ERROR_UNSUPPORTED);
    spin_error_free(error);
}

static void check_host(const char *host) {
    require(host[0] != '\0');
    for (const char *at = host; *at != '\0'; at++) {
        bool in_name = (*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') || *at == '.' ||
                       *at == '-' || *at == '_';
        require(in_name || (host[0] == '[' && (*at == '[' || *at == ']' || *at == ':')));
    }
}

/* What libcurl is given is read by it once more as the same. */
static void check_url(const net_url_t *url) {
    net_url_t again, copy;
    char *whole = net_url_shown(url, true);
    check_host(url->host);
    require(url->port != 0 && whole != NULL);
    require(strchr(whole, '#') == NULL);
    spin_error_t *error = net_url_parse(spin_slice(whole), &again);
    require(error == NULL);
    require(net_url_same_server(url, &again) && url->tls == again.tls);
    require(net_url_copy(&again, &copy) == NULL && net_url_same_server(url, &copy));
    net_url_deinit(&copy);
    net_url_deinit(&again);
    mem_free(whole);
}

static void check_permission(const allowed_hosts_t *allowed, const net_url_t *url) {
    allowed_hosts_t more = {0};
    char *entry = allowed_hosts_entry_for(url);
    if (allowed_hosts_have(allowed, url) && !allowed->all) {
        require(allowed->hosts.len == 1);
        const allowed_host_t *host = &allowed->hosts.items[0];
        require(strcmp(host->host, url->host) == 0);
        require(url->port == (host->port != 0 ? host->port : net_url_default_port(url->tls)));
    }
    require(allowed_hosts_add(&more, spin_slice(entry)) == NULL);
    require(allowed_hosts_have(&more, url));
    allowed_hosts_deinit(&more);
    mem_free(entry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    spin_slice_t rest = spin_slice_of(data, size);
    spin_slice_t entry = take(&rest), text = take(&rest);
    allowed_hosts_t allowed = {0};
    net_url_t url, next;
    spin_error_t *error = allowed_hosts_add(&allowed, entry);
    if (error != NULL)
        require_kind(error);
    require(allowed.hosts.len + allowed.all == (error == NULL));
    error = net_url_parse(text, &url);
    if (error == NULL) {
        check_url(&url);
        check_permission(&allowed, &url);
        error = net_url_resolve(&url, rest, &next);
        if (error == NULL) {
            check_url(&next);
            check_permission(&allowed, &next);
            net_url_deinit(&next);
        }
        net_url_deinit(&url);
    }
    if (error != NULL)
        require_kind(error);
    allowed_hosts_deinit(&allowed);
    return 0;
}
