#include "host/outbound_redis/connections.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"

typedef struct connection {
    http_link_t link;
    redis_connections_t *owner;
    net_redis_t *redis;
    size_t address_len;
    uint8_t address[];
} connection_t;

void redis_connections_init(redis_connections_t *connections, uv_loop_t *loop, size_t limit,
                            const net_redis_options_t *options) {
    *connections = (redis_connections_t){.loop = loop, .limit = limit, .options = *options};
    http_list_init(&connections->list);
}

static void drop(connection_t *connection) {
    net_redis_free(connection->redis);
    http_list_remove(&connection->link);
    connection->owner->len--;
    mem_free(connection);
}

void redis_connections_deinit(redis_connections_t *connections) {
    if (connections->loop == NULL)
        return;
    while (!http_list_is_empty(&connections->list))
        drop(HTTP_LIST_ITEM(connections->list.next, connection_t, link));
    connections->loop = NULL;
}

/* Who waited for it has been told why. */
static void on_closed(spin_error_t *error, void *user) {
    connection_t *connection = user;
    if (error != NULL)
        LOG_INFO("a connection to Redis has ended", LOG_ERR("error", error));
    spin_error_free(error);
    drop(connection);
}

static connection_t *find(const redis_connections_t *connections, spin_slice_t address) {
    if (connections->loop == NULL)
        return NULL;
    for (http_link_t *at = connections->list.next; at != &connections->list; at = at->next) {
        connection_t *connection = HTTP_LIST_ITEM(at, connection_t, link);
        if (slice_equal(address, spin_slice_of(connection->address, connection->address_len)) &&
            net_redis_is_open(connection->redis))
            return connection;
    }
    return NULL;
}

net_redis_t *redis_connections_find(const redis_connections_t *connections, spin_slice_t address) {
    const connection_t *connection = find(connections, address);
    return connection != NULL ? connection->redis : NULL;
}

/* The one that was used longest ago, of those that nobody waits for. */
static bool make_room(redis_connections_t *connections) {
    for (http_link_t *at = connections->list.next; at != &connections->list; at = at->next) {
        connection_t *connection = HTTP_LIST_ITEM(at, connection_t, link);
        if (net_redis_is_open(connection->redis) && net_redis_waiting(connection->redis) == 0) {
            drop(connection);
            return true;
        }
    }
    return false;
}

static spin_error_t *open_redis(redis_connections_t *connections, connection_t *connection,
                                spin_slice_t address) {
    const net_redis_handler_t handler = {.closed = on_closed, .user = connection};
    arena_t arena = {0};
    net_redis_url_t url;
    spin_error_t *error = net_redis_url_parse(&arena, address, &url);
    if (error != NULL)
        error = error_wrap(error, "the address");
    else
        error = net_redis_new(connections->loop, &url, &connections->options, &handler,
                              &connection->redis);
    arena_deinit(&arena);
    return error;
}

spin_error_t *redis_connections_get(redis_connections_t *connections, spin_slice_t address,
                                    net_redis_t **out) {
    connection_t *connection = find(connections, address);
    if (connection != NULL) {
        http_list_remove(&connection->link);
        http_list_append(&connections->list, &connection->link);
        *out = connection->redis;
        return NULL;
    }
    if (connections->len == connections->limit && !make_room(connections))
        return error_new(SPIN_ERROR_LIMIT, "there are %zu connections to Redis already",
                         connections->limit);
    connection = mem_alloc(sizeof *connection + address.len);
    if (connection == NULL)
        return error_no_memory();
    *connection = (connection_t){.owner = connections, .address_len = address.len};
    if (address.len > 0)
        memcpy(connection->address, address.ptr, address.len);
    spin_error_t *error = open_redis(connections, connection, address);
    if (error != NULL) {
        mem_free(connection);
        return error;
    }
    http_list_append(&connections->list, &connection->link);
    connections->len++;
    *out = connection->redis;
    return NULL;
}
