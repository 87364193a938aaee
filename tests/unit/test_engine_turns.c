/* How the contexts of an engine take turns: at the processor, and at its instances. */
#include "engine_fixture.h"

/* ── turns ── */

/* How many thousand rounds the guest makes in that time. */
static int32_t rounds_for(spin_execution_context_t *context, uint64_t ns) {
    enum { TRIAL = 2000 };
    uint64_t best = UINT64_MAX;
    int32_t answer;
    spin_instance_t *instance = prepare(context);
    for (int i = 0; i < 5; i++) {
        uint64_t begin = uv_hrtime();
        assert_ok(call(instance, "spin", TRIAL, &answer));
        uint64_t took = uv_hrtime() - begin;
        best = took < best ? took : best;
    }
    spin_instance_free(instance);
    return (int32_t)(TRIAL * ns / best);
}

enum { MANY = 50 };

static spin_engine_t *roomy_engine(void) {
    const spin_engine_options_t options = {
        .size = sizeof options, .max_instances = MANY + 10, .cache_dir = abi_cache_dir};
    spin_engine_t *engine;
    assert_ok(spin_engine_new(&options, &engine));
    return engine;
}

/* However many guests of one context burn the processor, another's gets every second slice. */
static void busy_guests_take_turns_by_context(void **state) {
    (void)state;
    static running_t many[MANY];
    running_t one;
    size_t ended = 0, ended_first;
    spin_engine_t *engine = roomy_engine();
    spin_execution_context_t *a = context_of("busy", engine);
    spin_execution_context_t *b = context_of("busy", engine);
    int32_t rounds = rounds_for(a, 20ull * 1000 * 1000);
    for (size_t i = 0; i < MANY; i++)
        start(&many[i], a, "spin", rounds, &ended);
    start(&one, b, "spin", rounds, NULL);
    assert_false(one.ended);
    while (!one.ended)
        uv_run(spin_engine_loop(engine), UV_RUN_ONCE);
    ended_first = ended;
    assert_ok(one.error);
    while (ended < MANY)
        uv_run(spin_engine_loop(engine), UV_RUN_ONCE);
    assert_true(ended_first < MANY / 5);
    for (size_t i = 0; i < MANY; i++) {
        assert_ok(many[i].error);
        assert_int_equal(many[i].result.of.i32, 42);
        spin_instance_free(many[i].instance);
    }
    spin_instance_free(one.instance);
    spin_execution_context_free(a);
    spin_execution_context_free(b);
    spin_engine_unref(engine);
}

typedef struct burst {
    spin_execution_context_t *a;
    spin_execution_context_t *b;
    int32_t rounds;
    running_t many[MANY];
    running_t one;
    size_t ended;
} burst_t;

static void on_burst(uv_async_t *async) {
    burst_t *burst = async->data;
    for (size_t i = 0; i < MANY; i++)
        start(&burst->many[i], burst->a, "spin", burst->rounds, &burst->ended);
    start(&burst->one, burst->b, "spin", 1, NULL);
    uv_close((uv_handle_t *)async, NULL);
}

/* A hundred requests at once: the one that comes last is not the last that is answered. */
static void a_burst_stands_in_line(void **state) {
    (void)state;
    static burst_t burst;
    uv_async_t async = {.data = &burst};
    spin_engine_t *engine = roomy_engine();
    burst = (burst_t){.a = context_of("busy", engine), .b = context_of("busy", engine)};
    burst.rounds = rounds_for(burst.a, 1700 * 1000);
    uv_async_init(spin_engine_loop(engine), &async, on_burst);
    uv_async_send(&async);
    while (!burst.one.ended)
        uv_run(spin_engine_loop(engine), UV_RUN_ONCE);
    assert_true(burst.ended < MANY / 5);
    while (burst.ended < MANY)
        uv_run(spin_engine_loop(engine), UV_RUN_ONCE);
    for (size_t i = 0; i < MANY; i++) {
        assert_ok(burst.many[i].error);
        spin_instance_free(burst.many[i].instance);
    }
    assert_ok(burst.one.error);
    spin_instance_free(burst.one.instance);
    spin_execution_context_free(burst.a);
    spin_execution_context_free(burst.b);
    spin_engine_unref(engine);
}

/* One that stands in line can be freed there, and its deadline counts. */
static void on_short_burst(uv_async_t *async) {
    burst_t *burst = async->data;
    for (size_t i = 0; i < 6; i++)
        start(&burst->many[i], i % 2 == 0 ? burst->a : burst->b, "spin", burst->rounds,
              &burst->ended);
    assert_non_null(burst->many[5].instance->queue);
    spin_instance_free(burst->many[5].instance);
    spin_instance_free(burst->many[0].instance);
    uv_close((uv_handle_t *)async, NULL);
}

static void those_in_line_have_an_end(void **state) {
    (void)state;
    static burst_t burst;
    uv_async_t async = {.data = &burst};
    spin_engine_t *engine = roomy_engine();
    burst = (burst_t){
        .a = context_with("busy", (spin_engine_options_t){.engine = engine, .timeout_ms = 40}),
        .b = context_of("busy", engine)};
    burst.rounds = rounds_for(burst.a, 100ull * 1000 * 1000);
    uv_async_init(spin_engine_loop(engine), &async, on_short_burst);
    uv_async_send(&async);
    while (burst.ended < 4)
        uv_run(spin_engine_loop(engine), UV_RUN_ONCE);
    for (size_t i = 1; i < 5; i++) {
        if (i % 2 == 0)
            assert_fails(burst.many[i].error, SPIN_ERROR_TIMEOUT, "40 ms");
        else
            assert_ok(burst.many[i].error);
        spin_instance_free(burst.many[i].instance);
    }
    assert_false(burst.many[0].ended || burst.many[5].ended);
    spin_execution_context_free(burst.a);
    spin_execution_context_free(burst.b);
    spin_engine_unref(engine);
}

/* ── room ── */

typedef struct waiter {
    spin_execution_context_t *context;
    size_t wanted; /* instances that it still wants */
    size_t told;
    size_t refused;
    spin_instance_t *held[2 * ENGINE_INSTANCES];
    size_t held_len;
} waiter_t;

static void take_and_wait(void *user) {
    waiter_t *waiter = user;
    while (waiter->wanted > 0) {
        spin_error_t *error = try_prepare(waiter->context, &waiter->held[waiter->held_len]);
        if (error != NULL) {
            assert_int_equal(spin_error_kind(error), SPIN_ERROR_LIMIT);
            spin_error_free(error);
            waiter->refused++;
            engine_context_on_room(waiter->context, take_and_wait, waiter);
            return;
        }
        waiter->held_len++;
        waiter->wanted--;
    }
}

static void on_room(void *user) {
    ((waiter_t *)user)->told++;
    take_and_wait(user);
}

static void release(waiter_t *waiter, size_t count) {
    for (; count > 0; count--)
        spin_instance_free(waiter->held[--waiter->held_len]);
}

static void turn(spin_engine_t *engine) {
    for (int i = 0; i < 20; i++)
        uv_run(spin_engine_loop(engine), UV_RUN_NOWAIT);
}

/* The one with the long line does not get all that is freed, although it is its own. */
static void room_goes_round(void **state) {
    (void)state;
    spin_engine_t *engine = new_engine(NULL);
    waiter_t a = {.context = context_of("loop", engine), .wanted = 2 * ENGINE_INSTANCES};
    waiter_t b = {.context = context_of("loop", engine), .wanted = 3};
    waiter_t c = {.context = context_of("loop", engine), .wanted = 1};
    take_and_wait(&a);
    assert_int_equal(a.held_len, ENGINE_INSTANCES);
    take_and_wait(&b);
    take_and_wait(&c);
    turn(engine);
    assert_int_equal(a.held_len + b.held_len + c.held_len, ENGINE_INSTANCES);
    release(&a, 4);
    assert_int_equal(b.held_len + c.held_len, 0); /* not before the loop has turned */
    turn(engine);
    assert_int_equal(b.held_len, 2); /* b, c, a, b */
    assert_int_equal(c.held_len, 1);
    assert_int_equal(a.held_len, 5);
    release(&a, 3);
    turn(engine);
    assert_int_equal(b.held_len, 3); /* a, b, a */
    assert_int_equal(a.held_len, 4);
    release(&b, 3);
    release(&c, 1);
    turn(engine); /* all is a's then, up to the engine's limit */
    assert_int_equal(a.held_len, ENGINE_INSTANCES);
    release(&a, 1);
    turn(engine);
    assert_int_equal(a.wanted, 0);
    release(&a, a.held_len);
    turn(engine);
    assert_int_equal(engine->room.len, 0);
    spin_execution_context_free(a.context);
    spin_execution_context_free(b.context);
    spin_execution_context_free(c.context);
    spin_engine_unref(engine);
}

/* While another waits, an instance is to be had in turn only. */
static void nobody_jumps_the_line(void **state) {
    (void)state;
    spin_instance_t *refused;
    spin_engine_t *engine = new_engine(NULL);
    waiter_t a = {.context = context_of("loop", engine), .wanted = ENGINE_INSTANCES};
    waiter_t b = {.context = context_of("loop", engine), .wanted = 1};
    take_and_wait(&a);
    take_and_wait(&b);
    assert_int_equal(b.refused, 1);
    release(&a, 1);
    assert_fails(try_prepare(a.context, &refused), SPIN_ERROR_LIMIT, "waited for by others");
    turn(engine);
    assert_int_equal(b.held_len, 1);
    release(&b, 1);
    spin_instance_free(prepare(a.context)); /* nobody waits any more */
    release(&a, a.held_len);
    spin_execution_context_free(a.context);
    spin_execution_context_free(b.context);
    spin_engine_unref(engine);
}

/* Its own instances are what it lacks: others that are freed are no news. */
static void room_within_the_own_limit(void **state) {
    (void)state;
    spin_engine_t *engine = new_engine(NULL);
    waiter_t a = {.context = context_with(
                      "loop", (spin_engine_options_t){.engine = engine, .max_instances = 2}),
                  .wanted = 2};
    waiter_t b = {.context = context_of("loop", engine), .wanted = 2};
    take_and_wait(&a);
    take_and_wait(&b);
    engine_context_on_room(a.context, on_room, &a);
    release(&b, 1);
    turn(engine);
    assert_int_equal(a.told, 0);
    release(&a, 1);
    assert_int_equal(a.told, 0);
    turn(engine);
    assert_int_equal(a.told, 1);
    release(&a, 1);
    turn(engine);
    assert_int_equal(a.told, 1); /* once for each time it asks */
    release(&b, 1);
    spin_execution_context_free(a.context);
    spin_execution_context_free(b.context);
    spin_engine_unref(engine);
}

static void waiting_has_an_end(void **state) {
    (void)state;
    spin_engine_t *engine = new_engine(NULL);
    waiter_t a = {.context = context_of("loop", engine), .wanted = ENGINE_INSTANCES};
    waiter_t b = {.context = context_of("loop", engine)};
    waiter_t c = {.context = context_of("loop", engine)};
    waiter_t d = {.context = context_of("loop", engine), .wanted = 1};
    take_and_wait(&a);
    engine_context_on_room(b.context, on_room, &b);
    engine_context_on_room(c.context, on_room, &c);
    engine_context_on_room(d.context, on_room, &d);
    engine_context_on_room(b.context, NULL, NULL);
    spin_execution_context_free(c.context);
    release(&a, 1);
    turn(engine);
    assert_int_equal(b.told, 0);
    assert_int_equal(c.told, 0);
    assert_int_equal(d.held_len, 1); /* what the others left does not get lost */
    release(&d, 1);
    release(&a, a.held_len);
    spin_execution_context_free(a.context);
    spin_execution_context_free(b.context);
    spin_execution_context_free(d.context);
    spin_engine_unref(engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(busy_guests_take_turns_by_context),
        cmocka_unit_test(a_burst_stands_in_line),
        cmocka_unit_test(those_in_line_have_an_end),
        cmocka_unit_test(room_goes_round),
        cmocka_unit_test(nobody_jumps_the_line),
        cmocka_unit_test(room_within_the_own_limit),
        cmocka_unit_test(waiting_has_an_end),
    };
    if (!abi_make_cache())
        return 1;
    return cmocka_run_group_tests_name("engine_turns", tests, NULL, abi_remove_cache);
}
