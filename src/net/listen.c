/* Listening sockets and their addresses. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/slice.h"
#include "net/http_server.h"

typedef struct endpoint {
    char host[256]; /* empty: every address */
    char port[8];
} endpoint_t;

static spin_error_t *invalid(const char *address) {
    return error_new(SPIN_ERROR_INVALID,
                     "address \"%s\": expected host:port, [v6 address]:port or :port", address);
}

/* "host:port", "[v6]:port", ":port". */
static spin_error_t *split(const char *address, endpoint_t *endpoint) {
    const char *colon = strrchr(address, ':');
    if (colon == NULL)
        return invalid(address);
    const char *host = address;
    size_t host_len = (size_t)(colon - address);
    if (host_len >= 2 && host[0] == '[' && host[host_len - 1] == ']') {
        host++;
        host_len -= 2;
    } else if (memchr(host, ':', host_len) != NULL) {
        return invalid(address);
    }
    unsigned long port = 0;
    size_t digits = strspn(colon + 1, "0123456789");
    if (digits == 0 || digits > 5 || colon[1 + digits] != '\0' || host_len >= sizeof endpoint->host)
        return invalid(address);
    for (const char *at = colon + 1; *at != '\0'; at++)
        port = port * 10 + (unsigned long)(*at - '0');
    if (port > UINT16_MAX)
        return invalid(address);
    memcpy(endpoint->host, host, host_len);
    endpoint->host[host_len] = '\0';
    memcpy(endpoint->port, colon + 1, digits + 1);
    return NULL;
}

static bool set_option(int fd, int level, int option, int value) {
    return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

/* A bound socket, or -1 and errno. `shared`: others with SO_REUSEPORT may be there already. Set
 * after binding, the option lets only later ones join. */
static int bind_socket(const struct addrinfo *info, bool shared) {
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    bool ok = set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (info->ai_family == AF_INET6) /* "[::]" serves IPv4 too */
        ok = ok && set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    if (shared)
        ok = ok && set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    ok = ok && bind(fd, info->ai_addr, info->ai_addrlen) == 0;
    if (!shared)
        ok = ok && set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (ok)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static spin_error_t *open_error(const char *address) {
    int number = errno;
    if (number == EADDRINUSE)
        return error_new(SPIN_ERROR_EXISTS, "address \"%s\" is in use", address);
    return error_from_errno(number, "can't listen on \"%s\"", address);
}

/* Binds and listens on the first of the addresses that works. */
static spin_error_t *open_first(const char *address, bool shared, int *fd) {
    endpoint_t endpoint = {0};
    spin_error_t *error = split(address, &endpoint);
    if (error != NULL)
        return error;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    bool any = endpoint.host[0] == '\0';
    if (any) {
        hints.ai_family = AF_INET6; /* and IPv4 through it */
        hints.ai_flags |= AI_PASSIVE;
    }
    struct addrinfo *infos = NULL;
    int code = getaddrinfo(any ? NULL : endpoint.host, endpoint.port, &hints, &infos);
    if (code != 0)
        return error_new(SPIN_ERROR_INVALID, "address \"%s\": %s", address, gai_strerror(code));
    int bound = -1;
    for (const struct addrinfo *info = infos; bound < 0 && info != NULL; info = info->ai_next)
        bound = bind_socket(info, shared);
    int number = errno;
    freeaddrinfo(infos);
    errno = number;
    if (bound < 0 && any && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {
        char v4[sizeof "0.0.0.0:65535"]; /* a host without IPv6 */
        snprintf(v4, sizeof v4, "0.0.0.0:%.5s", endpoint.port);
        return open_first(v4, shared, fd);
    }
    if (bound < 0)
        return open_error(address);
    if (listen(bound, SOMAXCONN) != 0) {
        error = open_error(address);
        close(bound);
        return error;
    }
    *fd = bound;
    return NULL;
}

spin_error_t *net_listen(const char *address, int *fd) {
    return open_first(address, true, fd);
}

spin_error_t *net_listen_group(const char *address, size_t count, int *fds) {
    spin_error_t *error = open_first(address, false, &fds[0]);
    if (error != NULL)
        return error;
    char exact[INET6_ADDRSTRLEN + sizeof "[]:65535"]; /* with the port that was taken */
    error = net_listen_address(fds[0], exact, sizeof exact);
    size_t open = 1;
    while (error == NULL && open < count) {
        error = open_first(exact, true, &fds[open]);
        open += error == NULL;
    }
    if (error != NULL)
        while (open > 0)
            close(fds[--open]);
    return error;
}

spin_error_t *net_listen_address(int fd, char *buffer, size_t size) {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {.v6 = {0}};
    socklen_t len = sizeof address;
    char host[INET6_ADDRSTRLEN];
    if (getsockname(fd, &address.any, &len) != 0)
        return error_from_errno(errno, "listening socket");
    bool v6 = address.any.sa_family == AF_INET6;
    const void *source = v6 ? (const void *)&address.v6.sin6_addr : &address.v4.sin_addr;
    inet_ntop(address.any.sa_family, source, host, sizeof host);
    snprintf(buffer, size, v6 ? "[%s]:%u" : "%s:%u", host, ntohs(address.v6.sin6_port));
    return NULL;
}
