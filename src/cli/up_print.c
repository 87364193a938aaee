#include "up_print.h"

#include <stdio.h>
#include <string.h>

#define TEXT(slice) (int)(slice).len, (const char *)(slice).ptr

static void print_description(const spin_component_t *component) {
    spin_slice_t description = spin_component_description(component);
    if (description.len > 0)
        printf("    %.*s\n", TEXT(description));
}

/* "127.0.0.1:3000" at host "a.example" is "a.example:3000". */
static void print_authority(const char *address, const char *host) {
    const char *port = strrchr(address, ':');
    if (host == NULL)
        printf("http://%s", address);
    else
        printf("http://%s%s", host, port == NULL ? "" : port);
}

static void print_route(const spin_component_t *component, const char *address, const char *host,
                        spin_slice_t base) {
    spin_slice_t id = spin_component_id(component);
    spin_slice_t route = spin_component_route(component);
    bool wildcard = route.len >= 4 && memcmp(route.ptr + route.len - 4, "/...", 4) == 0;
    route.len -= wildcard ? 4 : 0;
    printf("  %.*s: ", TEXT(id));
    print_authority(address, host);
    printf("%.*s%.*s%s\n", TEXT(base), TEXT(route), wildcard ? " (wildcard)" : "");
    print_description(component);
}

/* Without the password that may stand in front of the host, or behind a socket's path. */
static void print_redis(const spin_application_t *application) {
    spin_slice_t address = spin_application_redis_address(application);
    const char *text = (const char *)address.ptr;
    const char *query = address.len == 0 ? NULL : memchr(text, '?', address.len);
    if (query != NULL)
        address.len = (size_t)(query - text);
    const char *at = address.len == 0 ? NULL : memrchr(text, '@', address.len);
    const char *scheme = address.len == 0 ? NULL : memmem(text, address.len, "://", 3);
    if (at != NULL && scheme != NULL && at > scheme)
        printf("Subscribing to %.*s%.*s\nAvailable Channels:\n", (int)(scheme + 3 - text), text,
               (int)(text + address.len - at - 1), at + 1);
    else
        printf("Subscribing to %.*s\nAvailable Channels:\n", TEXT(address));
    for (size_t i = 0; i < spin_application_component_count(application); i++) {
        const spin_component_t *component = spin_application_component(application, i);
        printf("  %.*s: %.*s\n", TEXT(spin_component_id(component)),
               TEXT(spin_component_channel(component)));
        print_description(component);
    }
}

void up_print_application(const spin_application_t *application, const char *address,
                          const char *const *hosts, size_t hosts_len, const char *base) {
    if (spin_application_trigger(application) != SPIN_TRIGGER_HTTP) {
        print_redis(application);
        return;
    }
    spin_slice_t path = base != NULL ? spin_slice(base) : spin_application_http_base(application);
    while (path.len > 0 && path.ptr[path.len - 1] == '/')
        path.len--;
    for (size_t i = 0; i < spin_application_component_count(application); i++)
        print_route(spin_application_component(application, i), address,
                    hosts_len > 0 ? hosts[0] : NULL, path);
}
