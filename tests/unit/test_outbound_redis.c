/* `outbound-redis` as guests see it (src/host/outbound_redis): a guest in either layout of 2022
 * (tests/e2e/guests/outbound.c) and a real server. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "abi_fixture.h"
#include "failing_alloc.h"

#include "base/buf.h"
#include "host/outbound_redis/commands.h"
#include "host/outbound_redis/connections.h"
#include "spin/log.h"

static const char *const guests[] = {"../../e2e/guests/outbound",
                                     "../../e2e/guests/outbound-slots"};
enum { GUESTS = sizeof guests / sizeof *guests };

static buf_t logged;

/* ── the server ── */

static struct {
    pid_t pid;
    uint16_t port;
} server;

static int connect_to_server(void) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons(server.port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static uint16_t free_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bind(fd, (struct sockaddr *)&address, len);
    getsockname(fd, (struct sockaddr *)&address, &len);
    close(fd);
    return ntohs(address.sin_port);
}

static void exec_server(void) {
    char port[8];
    int null = open("/dev/null", O_RDWR);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* also where this test is killed */
    dup2(null, 0);
    dup2(null, 1);
    dup2(null, 2);
    snprintf(port, sizeof port, "%u", server.port);
    execlp("redis-server", "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "",
           "--appendonly", "no", "--daemonize", "no", "--user", "alice", "on", ">s3cret", "~*",
           "&*", "+@all", (char *)NULL);
    _exit(127);
}

static void start_server(void) {
    int fd = -1;
    if (server.port == 0)
        server.port = free_port();
    server.pid = fork();
    if (server.pid == 0)
        exec_server();
    for (int i = 0; i < 2000 && (fd = connect_to_server()) < 0; i++) {
        if (waitpid(server.pid, NULL, WNOHANG) == server.pid)
            fail_msg("redis-server does not start: is its package (redis-server) installed?");
        usleep(5000);
    }
    assert_true(fd >= 0);
    close(fd);
}

static void stop_server(void) {
    kill(server.pid, SIGKILL);
    waitpid(server.pid, NULL, 0);
}

/* A number from its INFO. */
static long server_info(const char *name) {
    static char text[16384];
    int fd = connect_to_server();
    size_t len = 0;
    const char *at;
    send(fd, "INFO\r\n", 6, MSG_NOSIGNAL);
    while ((at = strstr(text, name)) == NULL || len < 4000) {
        ssize_t got = recv(fd, text + len, sizeof text - 1 - len, 0);
        if (got <= 0)
            break;
        len += (size_t)got;
        text[len] = '\0';
    }
    close(fd);
    at = strstr(text, name);
    assert_non_null(at);
    return strtol(at + strlen(name) + 1, NULL, 10);
}

/* ── a guest ── */

typedef struct world {
    spin_execution_context_t *context;
    spin_instance_t *instance;
} world_t;

static const spin_abi_export_t probe = ABI_ECHO("probe");

static void open_world(world_t *world, size_t guest, uint32_t instances) {
    buf_clear(&logged);
    assert_ok(
        spin_engine_builder_build(abi_builder_for(guests[guest], instances), &world->context));
    world->instance = abi_prepare(world->context);
}

static void close_world(world_t *world) {
    spin_instance_free(world->instance);
    spin_execution_context_free(world->context);
}

/* "%" in `command` is the server's "127.0.0.1:PORT". */
static const char *filled_in(const char *command) {
    static char text[512];
    const char *at = strchr(command, '%');
    snprintf(text, sizeof text, "%.*s127.0.0.1:%u%s", (int)(at - command), command, server.port,
             at + 1);
    return text;
}

static spin_error_t *ask(world_t *world, const char *command, spin_string_t *said) {
    return abi_call_text(world->instance, &probe, spin_slice(filled_in(command)), said);
}

static void expect(world_t *world, const char *command, const char *expected) {
    spin_string_t said;
    assert_ok(ask(world, command, &said));
    if (!slice_equal_text(said, expected))
        fail_msg("%s: got \"%.*s\", expected \"%s\"; log: %.*s", command, SLICE_ARG(said), expected,
                 SLICE_ARG(buf_slice(&logged)));
    spin_string_clear(&said);
}

static bool was_logged(const char *part) {
    return logged.ptr != NULL && memmem(logged.ptr, logged.len, part, strlen(part)) != NULL;
}

static void expect_error(world_t *world, const char *command, const char *reason) {
    buf_clear(&logged);
    expect(world, command, "error 1");
    if (!was_logged(reason) || !was_logged("component=it"))
        fail_msg("\"%s\" is not in the log: %.*s", reason, SLICE_ARG(buf_slice(&logged)));
    assert_false(was_logged("s3cret"));
    assert_false(was_logged("wrong"));
}

static void sink(spin_log_level_t level, spin_slice_t record, void *user) {
    (void)level, (void)user;
    buf_append(&logged, record);
}

/* ── the tests ── */

static void commands_are_answered(void **state) {
    (void)state;
    for (size_t i = 0; i < GUESTS; i++) {
        world_t world;
        open_world(&world, i, 4);
        expect(&world, "set redis://% key value", "ok");
        expect(&world, "get redis://% key", "ok value");
        expect(&world, "set redis://% key", "ok");
        expect(&world, "get redis://% key", "ok ");
        expect(&world, "get redis://% no-such-key", "ok ");
        expect(&world, "set redis://% number 41", "ok");
        expect(&world, "incr redis://% number", "ok 42");
        expect(&world, "set redis://% number -9223372036854775808", "ok");
        expect(&world, "incr redis://% number", "ok -9223372036854775807");
        expect(&world, "publish redis://% nobody-listens hello", "ok");
        expect(&world, "set redis://%/3 key other", "ok");
        expect(&world, "get redis://%/3 key", "ok other");
        expect(&world, "get redis://%/0 key", "ok ");
        expect(&world, "get redis://alice:s3cret@%/3 key", "ok other");
        assert_int_equal(logged.len, 0);
        close_world(&world);
    }
}

static void errors_are_logged(void **state) {
    (void)state;
    for (size_t i = 0; i < GUESTS; i++) {
        world_t world;
        open_world(&world, i, 4);
        expect(&world, "set redis://% text abc", "ok");
        expect_error(&world, "incr redis://% text", "value is not an integer");
        expect(&world, "set redis://% number 9223372036854775807", "ok");
        expect_error(&world, "incr redis://% number", "overflow");
        expect_error(&world, "get redis://alice:wrong@% key", "WRONGPASS");
        expect_error(&world, "get redis://%/99 key", "out of range");
        expect_error(&world, "get http://s3cret@% key", "the address");
        expect_error(&world, "get redis://s3cret@%:1:2 key", "the address");
        expect_error(&world, "get redis://a:s3cret@no-such-host.invalid/% key", "");
        expect(&world, "get redis://% text", "ok abc");
        close_world(&world);
    }
}

static void one_connection_serves_all(void **state) {
    world_t world;
    (void)state;
    open_world(&world, 0, 4);
    expect(&world, "get redis://% key", "ok ");
    long before = server_info("total_connections_received");
    for (int i = 0; i < 20; i++) {
        spin_instance_free(world.instance);
        world.instance = abi_prepare(world.context);
        expect(&world, "get redis://% key", "ok ");
    }
    assert_int_equal(server_info("total_connections_received") - before, 1); /* that of INFO */
    close_world(&world);
}

static void a_restart_is_survived(void **state) {
    world_t world;
    spin_string_t said;
    (void)state;
    open_world(&world, 0, 4);
    expect(&world, "set redis://% key value", "ok");
    stop_server();
    expect_error(&world, "get redis://% key", "127.0.0.1:");
    expect_error(&world, "get redis://% key", "refused");
    start_server();
    for (int i = 0; i < 3; i++) { /* what is left of the old connection costs one call at most */
        assert_ok(ask(&world, "get redis://% key", &said));
        bool good = slice_equal_text(said, "ok ");
        spin_string_clear(&said);
        if (good)
            break;
        assert_int_equal(i, 0);
    }
    close_world(&world);
}

static void a_deadline_ends_the_wait(void **state) {
    world_t world;
    spin_string_t said;
    (void)state;
    open_world(&world, 0, 4);
    expect(&world, "set redis://% key value", "ok");
    kill(server.pid, SIGSTOP);
    spin_instance_free(world.instance);
    world.instance = abi_prepare_for(world.context, 100);
    spin_error_t *error = ask(&world, "get redis://% key", &said);
    kill(server.pid, SIGCONT);
    assert_fails(error, SPIN_ERROR_TIMEOUT, "100 ms");
    spin_instance_free(world.instance);
    world.instance = abi_prepare(world.context);
    expect(&world, "get redis://% key", "ok value"); /* behind the answer that nobody wants */
    close_world(&world);
}

static void count_done(spin_instance_t *instance, spin_error_t *error, void *result,
                       void (*handler)(void), void *user) {
    const spin_string_t *said = result;
    (void)handler;
    assert_ok(error);
    assert_int_equal(memcmp(said->ptr, "ok ", 3), 0);
    ++*(size_t *)user;
    spin_instance_free(instance);
}

static void start(world_t *world, const spin_slice_t *command, size_t *done) {
    world->instance = abi_prepare(world->context);
    assert_ok(spin_abi_start(world->instance, &probe, command, count_done, NULL, done));
}

static void an_instance_is_freed_meanwhile(void **state) {
    const spin_slice_t command = spin_slice(filled_in("incr redis://% n"));
    world_t world;
    size_t done = 0;
    (void)state;
    open_world(&world, 0, 4);
    spin_instance_free(world.instance);
    kill(server.pid, SIGSTOP);
    for (int turns = 0; turns < 9; turns += 2) {
        start(&world, &command, &done);
        for (int i = 0; i < turns; i++)
            uv_run(spin_execution_context_loop(world.context), UV_RUN_NOWAIT);
        spin_instance_free(world.instance);
    }
    kill(server.pid, SIGCONT);
    assert_int_equal(done, 0);
    spin_execution_context_free(world.context); /* with a connection that waits */
}

static void many_guests_wait_at_once(void **state) {
    enum { MANY = 1000 };
    world_t world;
    size_t done = 0;
    char command[64], expected[32];
    (void)state;
    snprintf(command, sizeof command, "%s", filled_in("incr redis://% many"));
    const spin_slice_t incr = spin_slice(command);
    open_world(&world, 0, MANY + 1);
    expect(&world, "set redis://% many 0", "ok");
    long before = server_info("total_connections_received");
    spin_instance_t *last = world.instance;
    for (size_t i = 0; i < MANY; i++)
        start(&world, &incr, &done);
    assert_int_equal(done, 0);
    for (int turn = 0; done < MANY && turn < 20000; turn++) {
        uv_run(spin_execution_context_loop(world.context), UV_RUN_NOWAIT);
        usleep(100);
    }
    assert_int_equal(done, MANY);
    assert_int_equal(server_info("total_connections_received") - before, 1);
    world.instance = last;
    snprintf(expected, sizeof expected, "ok %d", MANY);
    expect(&world, "get redis://% many", expected);
    close_world(&world);
}

static bool ask_without_memory(size_t at, size_t guest, bool warm) {
    world_t world;
    spin_string_t said;
    char text[256];
    open_world(&world, guest, 4);
    if (warm)
        expect(&world, "set redis://% key value", "ok");
    failing_alloc_install(at);
    spin_error_t *error = ask(&world, "get redis://% key", &said);
    bool failed = failing_alloc_calls() >= at;
    failing_alloc_remove();
    if (error != NULL) {
        spin_error_format(error, text, sizeof text);
        if (!failed || strstr(text, "out of memory") == NULL)
            fail_msg("%s", text);
    } else {
        assert_true(slice_equal_text(said, "ok value"));
    }
    spin_error_free(error);
    spin_string_clear(&said);
    close_world(&world);
    return failed;
}

static void memory_may_be_short(void **state) {
    (void)state;
    spin_log_configure(NULL, NULL, SPIN_LOG_WARN, SPIN_LOG_TEXT);
    for (size_t i = 0; i < 2 * GUESTS; i++) {
        size_t at = 1;
        while (ask_without_memory(at, i / 2, i % 2 == 0))
            at++;
        assert_true(at > 3);
    }
    spin_log_configure(sink, NULL, SPIN_LOG_WARN, SPIN_LOG_TEXT);
}

static bool shares(spin_slice_t command) {
    return redis_command_shares(&command, 1);
}

static void commands_share_or_not(void **state) {
    static const char *const shared[] = {
        "GET",  "get",      "Set",         "hgetall", "APPEND",   "PING",
        "xadd", "SPUBLISH", "zunionstore", "ZUNION",  "BITCOUNT", "GEORADIUSBYMEMBER_RO"};
    static const char *const own[] = {
        "",          "SELECT",     "MULTI",   "EXEC",     "WATCH",
        "BLPOP",     "brpop",      "BLMOVE",  "BZPOPMIN", "WAIT",
        "SUBSCRIBE", "PSUBSCRIBE", "MONITOR", "CLIENT",   "AUTH",
        "HELLO",     "RESET",      "QUIT",    "XREAD",    "XREADGROUP",
        "SHUTDOWN",  "GETT",       "GE",      "GET ",     "A_COMMAND_LONGER_THAN_ANY_OF_THOSE",
        "EVAL",      "EVALSHA_RO", "FCALL"};
    (void)state;
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++)
        if (!shares(spin_slice(shared[i])))
            fail_msg("%s", shared[i]);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (shares(spin_slice(own[i])))
            fail_msg("%s", own[i]);
    assert_false(shares(spin_slice_of("GET\0", 4)));
}

/* A server cuts the connection on what is too large for it, and all wait behind it until then. */
static void large_commands_share_nothing(void **state) {
    enum { LARGE = 1 << 20, MANY = 100 * 1000 };
    spin_slice_t *args = calloc(MANY, sizeof *args);
    char *text = calloc(1, LARGE);
    (void)state;
    args[0] = spin_slice("SET");
    args[1] = spin_slice("key");
    args[2] = spin_slice_of(text, LARGE - 100);
    assert_true(redis_command_shares(args, 3));
    args[2].len = LARGE;
    assert_false(redis_command_shares(args, 3));
    args[0] = spin_slice("DEL");
    args[2].len = 0;
    assert_true(redis_command_shares(args, 1000));
    assert_false(redis_command_shares(args, MANY));
    free(args);
    free(text);
}

/* ── connections ── */

static spin_slice_t address_of(unsigned number) {
    static char text[64];
    snprintf(text, sizeof text, "redis://127.0.0.1:%u/%u", server.port, number);
    return spin_slice(text);
}

static void ignore_reply(net_redis_reply_t *reply, spin_error_t *error, void *user) {
    net_redis_reply_free(reply);
    assert_ok(error);
    ++*(unsigned *)user;
}

/* Whoever asks for many addresses does not keep others from theirs. */
static void idle_connections_make_room(void **state) {
    const net_redis_options_t options = {0};
    const spin_slice_t ping = SLICE_LITERAL("PING");
    redis_connections_t connections;
    net_redis_t *busy, *other;
    unsigned answered = 0;
    uv_loop_t loop;
    (void)state;
    uv_loop_init(&loop);
    redis_connections_init(&connections, &loop, 3, &options);
    assert_ok(redis_connections_get(&connections, address_of(0), &busy));
    assert_ok(net_redis_command(busy, &ping, 1, ignore_reply, &answered, NULL));
    for (unsigned i = 1; i < 10; i++) {
        assert_ok(redis_connections_get(&connections, address_of(i), &other));
        assert_true(connections.len <= 3);
    }
    assert_ptr_equal(redis_connections_find(&connections, address_of(0)), busy);
    assert_ok(net_redis_command(other, &ping, 1, ignore_reply, &answered, NULL));
    assert_ok(redis_connections_get(&connections, address_of(1), &other));
    assert_ok(net_redis_command(other, &ping, 1, ignore_reply, &answered, NULL));
    assert_fails(redis_connections_get(&connections, address_of(2), &other), SPIN_ERROR_LIMIT,
                 "3 connections");
    while (answered < 3)
        uv_run(&loop, UV_RUN_ONCE);
    assert_ok(redis_connections_get(&connections, address_of(0), &other)); /* used last */
    assert_ok(redis_connections_get(&connections, address_of(2), &other));
    assert_ok(redis_connections_get(&connections, address_of(3), &other));
    assert_ptr_equal(redis_connections_find(&connections, address_of(0)), busy);
    redis_connections_deinit(&connections);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

/* ── replies ── */

static spin_error_t *read_list(size_t items, size_t limit) {
    net_redis_reader_t *reader = net_redis_reader_new(limit);
    net_redis_reply_t *reply = NULL;
    buf_t text = {0};
    buf_printf(&text, "*%zu\r\n", items);
    for (size_t i = 0; i < items; i++)
        buf_append_text(&text, ":1\r\n");
    spin_error_t *error = net_redis_reader_feed(reader, buf_slice(&text));
    if (error == NULL)
        error = net_redis_reader_next(reader, &reply);
    if (error == NULL)
        assert_int_equal(reply->len, items);
    net_redis_reply_free(reply);
    net_redis_reader_free(reader);
    buf_deinit(&text);
    return error;
}

/* An item of four bytes takes many more here. */
static void small_items_count(void **state) {
    (void)state;
    assert_fails(read_list(20000, 1 << 20), SPIN_ERROR_LIMIT, "more than 1048576 bytes");
    assert_ok(read_list(20000, 2 << 20));
}

static int before_all(void **state) {
    (void)state;
    spin_log_configure(sink, NULL, SPIN_LOG_WARN, SPIN_LOG_TEXT);
    start_server();
    return abi_make_cache() ? 0 : -1;
}

static int after_all(void **state) {
    stop_server();
    buf_deinit(&logged);
    return abi_remove_cache(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_answered),
        cmocka_unit_test(errors_are_logged),
        cmocka_unit_test(one_connection_serves_all),
        cmocka_unit_test(a_restart_is_survived),
        cmocka_unit_test(a_deadline_ends_the_wait),
        cmocka_unit_test(an_instance_is_freed_meanwhile),
        cmocka_unit_test(many_guests_wait_at_once),
        cmocka_unit_test(memory_may_be_short),
        cmocka_unit_test(commands_share_or_not),
        cmocka_unit_test(large_commands_share_nothing),
        cmocka_unit_test(idle_connections_make_room),
        cmocka_unit_test(small_items_count),
    };
    return cmocka_run_group_tests_name("outbound_redis", tests, before_all, after_all);
}
