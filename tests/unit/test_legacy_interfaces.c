/* The bindings that spin-bindgen writes for Spin's interfaces of 2022 (wit/), with guests in either
 * layout (tests/e2e/guests/outbound.c): the guest says what it got, the operations here check what
 * they are asked. */
#include "abi_fixture.h"
#include "base/error.h"
#include "base/slice.h"
#include "guest_config.h"
#include "guest_outbound_http.h"
#include "guest_outbound_redis.h"
#include "guest_redis.h"

static const char *const guests[] = {"../../e2e/guests/outbound",
                                     "../../e2e/guests/outbound-slots"};
enum { GUESTS = sizeof guests / sizeof *guests };

/* ── the operations ── */

typedef struct world {
    spin_execution_context_t *context;
    spin_instance_t *instance;
    bool waits;   /* answers from the loop */
    bool refuses; /* answers with an error of the host */
    uv_timer_t timer;
    spin_host_call_t *waiting;
    int calls;
    int cancelled;
} world_t;

static void assert_text(spin_slice_t text, const char *expected) {
    if (!slice_equal_text(text, expected))
        fail_msg("got \"%.*s\", expected \"%s\"", SLICE_ARG(text), expected);
}

static void on_timer(uv_timer_t *timer) {
    world_t *world = timer->data;
    spin_host_call_done(world->waiting,
                        world->refuses ? error_new(SPIN_ERROR_DENIED, "not today") : NULL);
}

static void on_cancel(spin_host_call_t *call, void *data) {
    world_t *world = data;
    assert_ptr_equal(call, world->waiting);
    uv_timer_stop(&world->timer);
    world->cancelled++;
}

/* The answer is there: now, or in a while. */
static spin_error_t *answer(spin_host_call_t *call) {
    world_t *world = spin_host_call_user(call);
    assert_ptr_equal(spin_host_call_instance(call), world->instance);
    world->calls++;
    if (!world->waits)
        return world->refuses ? error_new(SPIN_ERROR_DENIED, "not today") : NULL;
    world->waiting = call;
    spin_host_call_wait(call, on_cancel, world);
    uv_timer_start(&world->timer, on_timer, 1, 0);
    return NULL;
}

/* "error-3" is 3. */
static uint8_t number_in(spin_slice_t text) {
    return (uint8_t)(text.ptr[text.len - 1] - '0');
}

static spin_error_t *get_config(spin_host_call_t *call, spin_slice_t key,
                                guest_config_result_string_error_t *ret) {
    ret->is_error = slice_starts_with(key, spin_slice("error-"));
    if (!ret->is_error) {
        ret->of.ok = slice_equal_text(key, "empty") ? spin_slice("") : spin_slice("värde");
        return answer(call);
    }
    const spin_slice_t text = spin_slice("because");
    ret->of.error.tag = number_in(key);
    switch (ret->of.error.tag) {
    case GUEST_CONFIG_ERROR_PROVIDER: ret->of.error.of.provider = text; break;
    case GUEST_CONFIG_ERROR_INVALID_KEY: ret->of.error.of.invalid_key = text; break;
    case GUEST_CONFIG_ERROR_INVALID_SCHEMA: ret->of.error.of.invalid_schema = text; break;
    default: ret->of.error.of.other = text; break;
    }
    return answer(call);
}

static void check_request(const guest_outbound_http_request_t *request) {
    assert_int_equal(request->headers.len, 2);
    assert_text(request->headers.items[0].f0, "x-one");
    assert_text(request->headers.items[0].f1, "1");
    assert_text(request->headers.items[1].f0, "x-empty");
    assert_text(request->headers.items[1].f1, "");
    assert_int_equal(request->params.len, 1);
    assert_text(request->params.items[0].f0, "q");
    assert_text(request->params.items[0].f1, "v w");
    if (request->method == GUEST_OUTBOUND_HTTP_METHOD_POST) {
        assert_true(request->body.is_some);
        assert_text(request->body.value, "payload");
    } else {
        assert_false(request->body.is_some);
    }
}

/* The status says which method it was. */
static spin_error_t *request(spin_host_call_t *call, const guest_outbound_http_request_t *req,
                             guest_outbound_http_result_response_http_error_t *ret) {
    guest_outbound_http_response_t *response = &ret->of.ok;
    check_request(req);
    if (slice_starts_with(req->uri, spin_slice("http://error-"))) {
        ret->is_error = true;
        ret->of.error = number_in(req->uri);
        return answer(call);
    }
    response->status = (uint16_t)(200 + req->method);
    if (!slice_equal_text(req->uri, "http://bare")) {
        response->headers.is_some = true;
        response->body.is_some = true;
    }
    if (slice_equal_text(req->uri, "http://full")) {
        guest_outbound_http_tuple2_string_string_t *headers =
            spin_host_call_alloc(call, 2 * sizeof *headers);
        assert_non_null(headers);
        headers[0].f0 = spin_slice("a");
        headers[0].f1 = spin_slice("1");
        headers[1].f0 = spin_slice("b");
        response->headers.value.items = headers;
        response->headers.value.len = 2;
        response->body.value = spin_slice_of("by\0te", 5);
    }
    return answer(call);
}

static spin_error_t *publish(spin_host_call_t *call, spin_slice_t address, spin_slice_t channel,
                             spin_slice_t payload, guest_outbound_redis_result_void_error_t *ret) {
    if (slice_equal_text(address, "redis://relay")) {
        assert_text(channel, "out");
        assert_text(payload, "relay");
        return answer(call);
    }
    assert_text(address, "redis://a");
    assert_text(payload, "hello");
    ret->is_error = slice_starts_with(channel, spin_slice("error-"));
    if (ret->is_error)
        ret->of.error = number_in(channel);
    return answer(call);
}

static spin_error_t *get(spin_host_call_t *call, spin_slice_t address, spin_slice_t key,
                         guest_outbound_redis_result_list_u8_error_t *ret) {
    assert_text(address, "redis://a");
    ret->is_error = slice_starts_with(key, spin_slice("error-"));
    if (ret->is_error)
        ret->of.error = number_in(key);
    else if (!slice_equal_text(key, "empty"))
        ret->of.ok = spin_slice_of("\xff\0", 2); /* bytes, and no text */
    return answer(call);
}

static spin_error_t *set(spin_host_call_t *call, spin_slice_t address, spin_slice_t key,
                         spin_slice_t value, guest_outbound_redis_result_void_error_t *ret) {
    assert_text(address, "redis://a");
    assert_text(value, slice_equal_text(key, "empty") ? "" : "value");
    ret->is_error = slice_starts_with(key, spin_slice("error-"));
    if (ret->is_error)
        ret->of.error = number_in(key);
    return answer(call);
}

static spin_error_t *incr(spin_host_call_t *call, spin_slice_t address, spin_slice_t key,
                          guest_outbound_redis_result_s64_error_t *ret) {
    assert_text(address, "redis://a");
    ret->is_error = slice_starts_with(key, spin_slice("error-"));
    if (ret->is_error)
        ret->of.error = number_in(key);
    else
        ret->of.ok = slice_equal_text(key, "most")    ? INT64_MAX
                     : slice_equal_text(key, "least") ? INT64_MIN
                                                      : -1;
    return answer(call);
}

static const guest_config_ops_t config = {.size = sizeof config, .get_config = get_config};
static const guest_outbound_http_ops_t http = {.size = sizeof http, .request = request};
static const guest_outbound_redis_ops_t redis = {
    .size = sizeof redis, .publish = publish, .get = get, .set = set, .incr = incr};

/* ── a guest and its world ── */

static void open_with(world_t *world, size_t guest, const guest_config_ops_t *config_ops,
                      const guest_outbound_http_ops_t *http_ops,
                      const guest_outbound_redis_ops_t *redis_ops) {
    spin_engine_builder_t *builder = abi_builder(guests[guest]);
    *world = (world_t){0};
    assert_ok(guest_config_link(builder, config_ops, world)); /* in place of the library's own */
    assert_ok(guest_outbound_http_link(builder, http_ops, world));
    assert_ok(guest_outbound_redis_link(builder, redis_ops, world));
    assert_ok(spin_engine_builder_build(builder, &world->context));
    uv_timer_init(spin_execution_context_loop(world->context), &world->timer);
    world->timer.data = world;
    world->instance = abi_prepare(world->context);
    assert_int_equal(spin_abi_of(world->instance),
                     guest == 0 ? SPIN_ABI_2022_CANONICAL : SPIN_ABI_2022_SLOTS);
}

static void open_world(world_t *world, size_t guest) {
    open_with(world, guest, &config, &http, &redis);
}

static void close_world(world_t *world) {
    spin_instance_free(world->instance);
    uv_close((uv_handle_t *)&world->timer, NULL);
    spin_execution_context_free(world->context);
}

/* After a trap a guest is not to be asked again. */
static void replace_instance(world_t *world) {
    spin_instance_free(world->instance);
    world->instance = abi_prepare(world->context);
}

static const spin_abi_export_t probe = ABI_ECHO("probe");

static void expect_bytes(world_t *world, const char *command, spin_slice_t expected) {
    spin_string_t said;
    assert_ok(abi_call_text(world->instance, &probe, spin_slice(command), &said));
    if (!slice_equal(said, expected))
        fail_msg("%s: got \"%.*s\", expected \"%.*s\"", command, SLICE_ARG(said),
                 SLICE_ARG(expected));
    spin_string_clear(&said);
}

static void expect(world_t *world, const char *command, const char *expected) {
    expect_bytes(world, command, spin_slice(expected));
}

static void expect_trap(world_t *world, const char *command, const char *part) {
    spin_string_t said;
    char expected[256];
    snprintf(expected, sizeof expected, "component \"it\": probe: the guest trapped: %s", part);
    spin_error_t *error = abi_call_text(world->instance, &probe, spin_slice(command), &said);
    assert_int_equal(said.len, 0);
    assert_fails(error, SPIN_ERROR_TRAP, expected);
    replace_instance(world);
}

/* ── the tests ── */

static void ask_config(world_t *world) {
    expect(world, "config key", "ok värde");
    expect(world, "config empty", "ok ");
    expect(world, "config error-0", "error 0 because");
    expect(world, "config error-1", "error 1 because");
    expect(world, "config error-2", "error 2 because");
    expect(world, "config error-3", "error 3 because");
    assert_int_equal(world->calls, 6);
}

static void ask_http(world_t *world) {
    static const char *const methods[] = {"GET",   "POST", "PUT",    "DELETE",
                                          "PATCH", "HEAD", "OPTIONS"};
    for (size_t i = 0; i < 7; i++) {
        char command[64], expected[64];
        snprintf(command, sizeof command, "http %s http://bare%s", methods[i],
                 i == GUEST_OUTBOUND_HTTP_METHOD_POST ? " payload" : "");
        snprintf(expected, sizeof expected, "%d no headers no body", (int)(200 + i));
        expect(world, command, expected);
    }
    expect(world, "http GET http://empty", "200 [] body ");
    const char full[] = "200 [a=1;b=;] body by\0te";
    expect_bytes(world, "http GET http://full", spin_slice_of(full, sizeof full - 1));
    for (int i = 0; i <= GUEST_OUTBOUND_HTTP_HTTP_ERROR_TOO_MANY_REQUESTS; i++) {
        char command[64], expected[64];
        snprintf(command, sizeof command, "http GET http://error-%d", i);
        snprintf(expected, sizeof expected, "error %d", i);
        expect(world, command, expected);
    }
    assert_int_equal(world->calls, 15);
}

static void ask_redis(world_t *world) {
    expect(world, "publish redis://a channel hello", "ok");
    expect(world, "publish redis://a error-0 hello", "error 0");
    expect(world, "publish redis://a error-1 hello", "error 1");
    expect(world, "set redis://a key value", "ok");
    expect(world, "set redis://a empty", "ok");
    expect(world, "set redis://a error-1 value", "error 1");
    expect(world, "get redis://a empty", "ok ");
    expect(world, "get redis://a error-0", "error 0");
    expect(world, "get redis://a error-1", "error 1");
    expect(world, "incr redis://a key", "ok -1");
    expect(world, "incr redis://a most", "ok 9223372036854775807");
    expect(world, "incr redis://a least", "ok -9223372036854775808");
    expect(world, "incr redis://a error-0", "error 0");
    expect(world, "incr redis://a error-1", "error 1");
    assert_int_equal(world->calls, 14);
}

/* In both layouts, at once and after a wait. */
static void in_every_way(void (*ask)(world_t *world)) {
    for (size_t i = 0; i < 2 * (size_t)GUESTS; i++) {
        world_t world;
        open_world(&world, i % GUESTS);
        world.waits = i >= GUESTS;
        ask(&world);
        assert_int_equal(world.cancelled, 0);
        close_world(&world);
    }
}

static void config_is_asked(void **state) {
    (void)state;
    in_every_way(ask_config);
}

static void requests_go_out(void **state) {
    (void)state;
    in_every_way(ask_http);
}

static void redis_is_asked(void **state) {
    (void)state;
    in_every_way(ask_redis);
}

static void refuse(world_t *world) {
    static const char *const commands[][2] = {
        {"config key", "spin-config: get-config: not today"},
        {"http GET http://bare", "wasi-outbound-http: request: not today"},
        {"publish redis://a channel hello", "outbound-redis: publish: not today"},
        {"get redis://a key", "outbound-redis: get: not today"},
        {"set redis://a key value", "outbound-redis: set: not today"},
        {"incr redis://a key", "outbound-redis: incr: not today"},
    };
    world->refuses = true;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        expect_trap(world, commands[i][0], commands[i][1]);
}

static void errors_of_the_host_trap(void **state) {
    (void)state;
    in_every_way(refuse);
}

static void operations_may_be_missing(void **state) {
    static const guest_config_ops_t no_config = {.size = sizeof no_config};
    static const guest_outbound_http_ops_t no_http = {.size = sizeof no_http};
    static const guest_outbound_redis_ops_t old_redis = {
        /* had no `get` yet */
        .size = offsetof(guest_outbound_redis_ops_t, get),
        .publish = publish,
        .get = get};
    (void)state;
    for (size_t i = 0; i < GUESTS; i++) {
        world_t world;
        open_with(&world, i, &no_config, &no_http, &old_redis);
        expect_trap(&world, "config key", "spin-config: get-config: ");
        expect_trap(&world, "http GET http://bare", "wasi-outbound-http: request: ");
        expect_trap(&world, "get redis://a key", "outbound-redis: get: ");
        expect_trap(&world, "incr redis://a key", "outbound-redis: incr: ");
        assert_int_equal(world.calls, 0);
        expect(&world, "publish redis://a channel hello", "ok");
        close_world(&world);
    }
}

static void bad_arguments_trap(void **state) {
    static const char *const cases[][2] = {
        {"bad-text", "spin-config: get-config: argument: "},
        {"bad-pointer", "spin-config: get-config: argument: "},
        {"bad-list", "wasi-outbound-http: request: argument: "},
        {"bad-method", "wasi-outbound-http: request: argument: enum method"},
    };
    (void)state;
    for (size_t i = 0; i < GUESTS; i++) {
        world_t world;
        open_world(&world, i);
        for (size_t j = 0; j < sizeof cases / sizeof *cases; j++)
            expect_trap(&world, cases[j][0], cases[j][1]);
        assert_int_equal(world.calls, 0);
        expect_trap(&world, "bad-area", "spin-config: get-config: result: the area");
        expect_trap(&world, "odd-area", "spin-config: get-config: result: the area");
        assert_int_equal(world.calls, 2);
        close_world(&world);
    }
}

/* A case that there is not, in what the host answers. */
static void bad_answers_trap(void **state) {
    (void)state;
    for (size_t i = 0; i < GUESTS; i++) {
        world_t world;
        open_world(&world, i);
        expect_trap(&world, "config error-4", "spin-config: get-config: ");
        expect_trap(&world, "http GET http://error-6", "wasi-outbound-http: request: ");
        expect_trap(&world, "incr redis://a error-2", "outbound-redis: incr: ");
        close_world(&world);
    }
}

static void on_never(spin_instance_t *instance, spin_error_t *error, void *result,
                     void (*handler)(void), void *user) {
    (void)instance, (void)result, (void)handler, (void)user;
    spin_error_free(error);
    fail_msg("the call was given up");
}

static void waits_are_cancelled(void **state) {
    const spin_slice_t command = spin_slice("incr redis://a key");
    (void)state;
    for (size_t i = 0; i < GUESTS; i++) {
        world_t world;
        open_world(&world, i);
        world.waits = true;
        assert_ok(spin_abi_start(world.instance, &probe, &command, on_never, NULL, NULL));
        while (world.calls == 0)
            uv_run(spin_execution_context_loop(world.context), UV_RUN_ONCE);
        replace_instance(&world);
        assert_int_equal(world.cancelled, 1);
        expect(&world, "incr redis://a key", "ok -1");
        close_world(&world);
    }
}

/* ── handle-redis-message ── */

static void handle(world_t *world) {
    guest_redis_result_void_error_t result = {0};
    assert_ok(guest_redis_handle_redis_message(world->instance, spin_slice("hello"), &result));
    assert_false(result.is_error);
    assert_ok(guest_redis_handle_redis_message(world->instance, spin_slice(""), &result));
    assert_false(result.is_error);
    assert_ok(guest_redis_handle_redis_message(world->instance, spin_slice("fail"), &result));
    assert_true(result.is_error);
    assert_int_equal(result.of.error, GUEST_REDIS_ERROR_ERROR);
    assert_int_equal(world->calls, 0);
    assert_ok(guest_redis_handle_redis_message(world->instance, spin_slice("relay"), &result));
    assert_false(result.is_error);
    assert_int_equal(world->calls, 1);
}

static void messages_are_handled(void **state) {
    (void)state;
    in_every_way(handle);
}

typedef struct handled {
    int times;
    bool is_error;
} handled_t;

static void on_handled(spin_instance_t *instance, spin_error_t *error,
                       const guest_redis_result_void_error_t *ret, void *user) {
    handled_t *handled = user;
    assert_non_null(instance);
    assert_ok(error);
    handled->times++;
    handled->is_error = ret->is_error;
}

static void handle_later(world_t *world) {
    handled_t handled = {0};
    assert_ok(guest_redis_handle_redis_message_start(world->instance, spin_slice("relay"),
                                                     on_handled, &handled));
    assert_int_equal(handled.times, !world->waits);
    while (handled.times == 0)
        uv_run(spin_execution_context_loop(world->context), UV_RUN_ONCE);
    assert_false(handled.is_error);
    assert_ok(guest_redis_handle_redis_message_start(world->instance, spin_slice("fail"),
                                                     on_handled, &handled));
    assert_int_equal(handled.times, 2);
    assert_true(handled.is_error);
}

static void messages_are_handled_on_the_loop(void **state) {
    (void)state;
    in_every_way(handle_later);
}

static void bad_handlers_are_errors(void **state) {
    static const char part[] = "component \"it\": handle-redis-message: ";
    (void)state;
    for (size_t i = 0; i < GUESTS; i++) {
        world_t world;
        guest_redis_result_void_error_t result;
        open_world(&world, i);
        assert_ok(spin_abi_check(world.context, spin_slice("it"),
                                 &guest_redis_handle_redis_message_export));
        assert_fails(guest_redis_handle_redis_message(world.instance, spin_slice("case"), &result),
                     SPIN_ERROR_INVALID, part);
        assert_false(result.is_error);
        replace_instance(&world);
        assert_fails(guest_redis_handle_redis_message(world.instance, spin_slice("away"), &result),
                     SPIN_ERROR_TRAP, part);
        close_world(&world);
    }
    spin_execution_context_t *context = abi_context("../../e2e/guests/hello-slots");
    assert_fails(
        spin_abi_check(context, spin_slice("it"), &guest_redis_handle_redis_message_export),
        SPIN_ERROR_NOT_FOUND, "handle-redis-message");
    spin_execution_context_free(context);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config_is_asked),
        cmocka_unit_test(requests_go_out),
        cmocka_unit_test(redis_is_asked),
        cmocka_unit_test(errors_of_the_host_trap),
        cmocka_unit_test(operations_may_be_missing),
        cmocka_unit_test(bad_arguments_trap),
        cmocka_unit_test(bad_answers_trap),
        cmocka_unit_test(waits_are_cancelled),
        cmocka_unit_test(messages_are_handled),
        cmocka_unit_test(messages_are_handled_on_the_loop),
        cmocka_unit_test(bad_handlers_are_errors),
    };
    if (!abi_make_cache())
        return 1;
    return cmocka_run_group_tests_name("legacy_interfaces", tests, NULL, abi_remove_cache);
}
