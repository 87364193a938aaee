/* Addresses of Redis servers: what is taken can be used, and no password is in any message. */
#include <stdlib.h>

#include "base/error.h"
#include "base/slice.h"
#include "net/redis_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

static bool is_in(const char *text, spin_slice_t part) {
    return memmem(text, strlen(text), part.ptr, part.len) != NULL;
}

/* One with this in it can't be anything else. */
static bool is_secret(spin_slice_t password) {
    return password.len > 12 && is_in((const char *)password.ptr, spin_slice("~secret~"));
}

static void check(const net_redis_url_t *url) {
    require((url->host == NULL) != (url->path == NULL));
    require(url->host == NULL || (url->host[0] != '\0' && url->port != 0));
    require(url->path == NULL || (url->path[0] == '/' && !url->tls));
    require(url->database <= INT32_MAX);
    require(url->shown[0] != '\0');
    if (is_secret(url->password) && url->user.ptr == NULL &&
        (url->host == NULL || !is_in(url->host, url->password)) &&
        (url->path == NULL || !is_in(url->path, url->password)))
        require(!is_in(url->shown, url->password));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    arena_t arena = {0}, other = {0};
    net_redis_url_t url, copy;
    spin_slice_t text = spin_slice_of(data, size);
    spin_error_t *error = net_redis_url_parse(&arena, text, &url);
    if (error == NULL) {
        check(&url);
        require(net_redis_url_copy(&other, &url, &copy) == NULL);
        arena_deinit(&arena);
        check(&copy);
    } else {
        char message[512];
        spin_error_format(error, message, sizeof message);
        require(!is_in(message, spin_slice("~secret~")));
    }
    spin_error_free(error);
    arena_deinit(&arena);
    arena_deinit(&other);
    return 0;
}
