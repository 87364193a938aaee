/* Where calls of <spin/abi.h> end at the wrong moment: objects that were on their way, instances
 * that are freed by who is told of their end, steps that are many and short; and what guests may do
 * wrong, seen through generated bindings. */
#include "abi_fixture.h"
#include "base/error.h"
#include "canonical.h"

/* ── test:abi/edge ── */

typedef struct world {
    int opened, dropped;
    bool frees; /* the instance, in what tells of an end */
    bool calls; /* the instance, there */
    int told;
    bool later; /* `open` answers on a later turn */
    spin_host_call_t *waiting;
    uv_timer_t timer;
} world_t;

typedef struct opened {
    void *one;
    void *more[3];
    spin_slice_t text;
} opened_t;

static const spin_abi_resource_t thing;

static void thing_drop(spin_instance_t *instance, const void *operations, void *object,
                       void *user) {
    world_t *world = user;
    (void)operations;
    world->dropped++;
    free(object);
    if (world->frees)
        spin_instance_free(instance);
    if (world->calls) {
        wasmtime_func_t func = {0};
        assert_fails(spin_instance_start(instance, &func, NULL, 0, NULL, 0, NULL, NULL),
                     SPIN_ERROR_USAGE, "the instance is");
        assert_fails(spin_instance_function(instance, spin_slice("wait"), &func), SPIN_ERROR_USAGE,
                     "the instance is");
    }
}

static const spin_abi_resource_t thing = {sizeof thing, "thing", thing_drop};

static void on_timer(uv_timer_t *timer) {
    world_t *world = timer->data;
    spin_host_call_done(world->waiting, NULL);
    if (world->frees) /* before the guest has taken it */
        spin_instance_free(spin_host_call_instance(world->waiting));
}

static spin_error_t *open_things(spin_host_call_t *call, const void *operations,
                                 const void *context, void *args, void *result) {
    world_t *world = spin_host_call_user(call);
    opened_t *opened = result;
    (void)operations, (void)context, (void)args;
    opened->one = malloc(1);
    for (size_t i = 0; i < 3; i++)
        opened->more[i] = malloc(1);
    opened->text = spin_slice("text");
    world->opened += 4;
    if (world->later) {
        world->waiting = call;
        spin_host_call_wait(call, NULL, NULL);
        uv_timer_start(&world->timer, on_timer, 1, 0);
    }
    return NULL;
}

static void open_measure(spin_lower_t *lower, const void *context, const void *result) {
    const opened_t *opened = result;
    (void)context;
    spin_lower_measure(lower, 3, 4, 4);
    spin_lower_measure(lower, opened->text.len, 1, 1);
}

static void open_lower(spin_lower_t *lower, const void *context, const void *result,
                       spin_flat_t *flat, uint8_t *area) {
    const opened_t *opened = result;
    uint32_t list, text;
    (void)context, (void)flat;
    spin_store_u32(area, spin_lower_own(lower, &thing, opened->one));
    uint8_t *at = spin_lower_take(lower, 3, 4, 4, &list);
    for (size_t i = 0; at != NULL && i < 3; i++)
        spin_store_u32(at + 4 * i, spin_lower_own(lower, &thing, opened->more[i]));
    spin_lower_bytes(lower, opened->text, &text);
    spin_store_u32(area + 4, list);
    spin_store_u32(area + 8, 3);
    spin_store_u32(area + 12, text);
    spin_store_u32(area + 16, (uint32_t)opened->text.len);
}

static const spin_abi_import_t open_import = {.size = sizeof open_import,
                                              .name = "open",
                                              .params = "",
                                              .results = "iiiii",
                                              .result_size = 20,
                                              .result_align = 4,
                                              .c_result_size = sizeof(opened_t),
                                              .call = open_things,
                                              .measure = open_measure,
                                              .lower = open_lower};

typedef struct take_args {
    void *object;
    spin_string_t text;
} take_args_t;

static void take_lift(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                      const uint8_t *area, void *args) {
    take_args_t *take = args;
    (void)context, (void)area;
    take->object = spin_lift_own(lift, &thing, (uint32_t)flat[0]);
    take->text = spin_lift_text(lift, (uint32_t)flat[1], (uint32_t)flat[2]);
}

static spin_error_t *take(spin_host_call_t *call, const void *operations, const void *context,
                          void *args, void *result) {
    world_t *world = spin_host_call_user(call);
    (void)operations, (void)context, (void)result;
    world->dropped++;
    free(((take_args_t *)args)->object);
    return NULL;
}

static const spin_abi_import_t take_import = {.size = sizeof take_import,
                                              .name = "take",
                                              .params = "iii",
                                              .results = "",
                                              .c_args_size = sizeof(take_args_t),
                                              .lift = take_lift,
                                              .call = take};

static void on_cancel(spin_host_call_t *call, void *data) {
    world_t *world = data;
    world->told++;
    if (world->frees)
        spin_instance_free(spin_host_call_instance(call));
}

static spin_error_t *wait_for_ever(spin_host_call_t *call, const void *operations,
                                   const void *context, void *args, void *result) {
    (void)operations, (void)context, (void)args, (void)result;
    spin_host_call_wait(call, on_cancel, spin_host_call_user(call));
    return NULL;
}

static const spin_abi_import_t wait_import = {
    .size = sizeof wait_import, .name = "wait", .params = "", .results = "", .call = wait_for_ever};

static const spin_abi_interface_t interface = {
    sizeof interface,
    "test:abi/edge",
    (const spin_abi_import_t *const[]){&open_import, &take_import, &wait_import},
    3,
    (const spin_abi_resource_t *const[]){&thing},
    1};

/* ── what the guest exports ── */

static const spin_abi_export_t call_open = ABI_NUMBER_TO_NUMBER("open");
static const spin_abi_export_t call_give = ABI_NUMBER_TO_NUMBER("give");
static const spin_abi_export_t call_wait = ABI_NUMBER_TO_NUMBER("wait");

static void borrow_lower(spin_lower_t *lower, const void *context, const void *args,
                         spin_flat_t *flat, uint8_t *area) {
    (void)context, (void)area;
    flat[0] = spin_lower_borrow(lower, &thing, *(void *const *)args);
}

static const spin_abi_export_t call_keep = {.size = sizeof call_keep,
                                            .name = "keep",
                                            .export_name = "keep",
                                            .params = "i",
                                            .results = "ii",
                                            .result_size = 8,
                                            .result_align = 4,
                                            .c_args_size = sizeof(void *),
                                            .c_result_size = sizeof(spin_string_t),
                                            .lower = borrow_lower,
                                            .lift = abi_text_lift,
                                            .clear = abi_text_clear};

/* ── objects on their way ── */

static spin_execution_context_t *linked(world_t *world) {
    spin_engine_builder_t *builder = abi_builder("abi_edge");
    spin_execution_context_t *context;
    assert_ok(spin_abi_link(builder, &interface, NULL, world));
    assert_ok(spin_engine_builder_build(builder, &context));
    uv_timer_init(spin_execution_context_loop(context), &world->timer);
    world->timer.data = world;
    return context;
}

static void unlink_world(spin_execution_context_t *context, world_t *world) {
    uv_close((uv_handle_t *)&world->timer, NULL);
    spin_execution_context_free(context);
    assert_int_equal(world->opened, world->dropped);
}

static void what_is_given_away_in_vain_is_dropped(void **state) {
    (void)state;
    static const struct {
        int mode;
        uint32_t area;
        spin_error_kind_t kind;
        const char *part;
    } cases[] = {
        {1, 64, SPIN_ERROR_TRAP, "open: the guest trapped"},
        {2, 64, SPIN_ERROR_TRAP, "the guest's allocator answered 0xffff"},
        {3, 64, SPIN_ERROR_TIMEOUT, "open: the guest ran longer"},
        {0, 0xfffffff0, SPIN_ERROR_TRAP, "result: the area at 0xfffffff0"},
        {0, 65, SPIN_ERROR_TRAP, "result: the area at 0x41 is not aligned"},
    };
    for (int later = 0; later < 2; later++) {
        world_t world = {.later = later != 0};
        spin_execution_context_t *context = linked(&world);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            spin_instance_t *instance = abi_prepare_for(context, 100);
            abi_raw(instance, "set", 2, cases[i].mode, 0, 0);
            assert_fails(spin_abi_call(instance, &call_open, &cases[i].area, NULL), cases[i].kind,
                         cases[i].part);
            spin_instance_free(instance);
            assert_int_equal(world.opened, 4 * (int)(i + 1));
            assert_int_equal(world.dropped, world.opened);
        }
        unlink_world(context, &world);
    }
}

static void never(spin_instance_t *instance, spin_error_t *error, void *result,
                  void (*handler)(void), void *user) {
    (void)instance, (void)error, (void)result, (void)handler, (void)user;
    fail_msg("told of a call that was given up");
}

static void an_answer_that_nobody_takes_is_dropped(void **state) {
    (void)state;
    world_t world = {.later = true, .frees = true};
    spin_execution_context_t *context = linked(&world);
    const uint32_t area = 64;
    assert_ok(spin_abi_start(abi_prepare(context), &call_open, &area, never, NULL, NULL));
    while (world.dropped == 0)
        uv_run(spin_execution_context_loop(context), UV_RUN_ONCE);
    unlink_world(context, &world);
}

/* The handle is good and the text behind it is not: the guest still owns the object. */
static void what_was_not_taken_stays_the_guests(void **state) {
    (void)state;
    world_t world = {0};
    spin_execution_context_t *context = linked(&world);
    spin_instance_t *instance = abi_prepare(context);
    uint32_t len = 4;
    assert_ok(spin_abi_call(instance, &call_give, &len, NULL));
    assert_int_equal(world.dropped, 1);
    len = 0xffffffff;
    assert_fails(spin_abi_call(instance, &call_give, &len, NULL), SPIN_ERROR_TRAP,
                 "take: argument: string at 0x200");
    assert_int_equal(world.dropped, 1);
    spin_instance_free(instance);
    unlink_world(context, &world);
}

static void a_kept_borrow_leaves_no_result(void **state) {
    (void)state;
    world_t world = {0};
    spin_execution_context_t *context = linked(&world);
    spin_instance_t *instance = abi_prepare(context);
    void *object = &world;
    spin_string_t text = {.ptr = (const uint8_t *)"x", .len = 1};
    assert_fails(spin_abi_call(instance, &call_keep, &object, &text), SPIN_ERROR_TRAP,
                 "keep: it kept a borrowed handle");
    assert_null(text.ptr);
    assert_int_equal(text.len, 0);
    spin_instance_free(instance);
    unlink_world(context, &world);
}

/* ── freeing ── */

/* A deadline alone keeps no loop running. */
static void keep_alive(uv_timer_t *timer) {
    (void)timer;
}

static void who_is_told_of_the_end_may_free_the_instance(void **state) {
    (void)state;
    world_t world = {.frees = true};
    spin_execution_context_t *context = linked(&world);
    const uint32_t zero = 0, area = 64;
    uint32_t result;
    /* told by the time limit: once in a call that somebody waits for, once in another, */
    assert_fails(spin_abi_call(abi_prepare_for(context, 20), &call_wait, &zero, &result),
                 SPIN_ERROR_CANCELLED, "the instance was freed");
    assert_ok(spin_abi_start(abi_prepare_for(context, 20), &call_wait, &zero, never, NULL, NULL));
    uv_timer_start(&world.timer, keep_alive, 1, 1);
    while (world.told < 2)
        uv_run(spin_execution_context_loop(context), UV_RUN_ONCE);
    uv_timer_stop(&world.timer);
    /* by spin_instance_free, */
    spin_instance_t *instance = abi_prepare(context);
    assert_ok(spin_abi_start(instance, &call_wait, &zero, never, NULL, NULL));
    spin_instance_free(instance);
    assert_int_equal(world.told, 3);
    /* and by the end of what it holds */
    world.calls = true;
    instance = abi_prepare(context);
    assert_ok(spin_abi_call(instance, &call_open, &area, &result));
    spin_instance_free(instance);
    assert_int_equal(engine_context_live(context), 0);
    unlink_world(context, &world);
}

/* The same for calls without <spin/abi.h>. */
static void a_plain_call_ends_with_its_instance(void **state) {
    (void)state;
    world_t world = {.frees = true};
    spin_execution_context_t *context = linked(&world);
    spin_instance_t *instance = abi_prepare_for(context, 20);
    wasmtime_func_t func;
    wasmtime_val_t zero = {.kind = WASMTIME_I32}, result;
    assert_ok(spin_instance_function(instance, spin_slice("wait"), &func));
    assert_fails(spin_instance_call(instance, &func, &zero, 1, &result, 1), SPIN_ERROR_CANCELLED,
                 "the instance was freed");
    assert_int_equal(engine_context_live(context), 0);
    unlink_world(context, &world);
}

static void start_functions_may_drop(void **state) {
    (void)state;
    const spin_abi_export_t destroyed = ABI_NUMBER_TO_NUMBER("destroyed");
    spin_execution_context_t *context = abi_context("abi_start_drop");
    spin_instance_t *instance = abi_prepare(context);
    uint32_t zero = 0, result;
    assert_ok(spin_abi_call(instance, &destroyed, &zero, &result));
    assert_int_equal(result, 7);
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

/* ── many short steps ── */

static const char *const words[1000];

static void many_measure(spin_lower_t *lower, const void *context, const void *args) {
    (void)context, (void)args;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        spin_lower_measure(lower, 1, 1, 1);
}

static void many_lower(spin_lower_t *lower, const void *context, const void *args,
                       spin_flat_t *flat, uint8_t *area) {
    uint32_t ptr;
    (void)context, (void)args, (void)flat, (void)area;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        spin_lower_bytes(lower, spin_slice("x"), &ptr);
}

static void count_turn(uv_timer_t *timer) {
    ++*(int *)timer->data;
}

/* A thousand allocations, each shorter than a slice of time, do not hold up the loop, and are not
 * given more time than one call. */
static void short_steps_share_their_slice(void **state) {
    (void)state;
    const spin_abi_export_t many = {.size = sizeof many,
                                    .name = "many",
                                    .export_name = "many",
                                    .params = "ii",
                                    .results = "i",
                                    .c_result_size = 4,
                                    .measure = many_measure,
                                    .lower = many_lower,
                                    .lift = abi_u32_lift};
    world_t world = {0};
    spin_execution_context_t *context = linked(&world);
    uv_loop_t *loop = spin_execution_context_loop(context);
    spin_instance_t *instance = abi_prepare_for(context, 150);
    uv_timer_t timer;
    int turns = 0;
    uint32_t result;
    uv_timer_init(loop, &timer);
    timer.data = &turns;
    uv_timer_start(&timer, count_turn, 5, 5);
    abi_raw(instance, "set", 2, 0, 1000000, 0); /* less than a millisecond each */
    uint64_t begin = uv_hrtime();
    assert_fails(spin_abi_call(instance, &many, NULL, &result), SPIN_ERROR_TIMEOUT,
                 "many: cabi_realloc: the guest ran longer than 150 ms");
    assert_true(uv_hrtime() - begin < 1000u * 1000 * 1000);
    assert_true(turns >= 5);
    uv_close((uv_handle_t *)&timer, NULL);
    spin_instance_free(instance);
    unlink_world(context, &world);
}

/* ── many small things ── */

static void void_lift(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                      const uint8_t *area, void *result) {
    (void)context, (void)flat;
    uint32_t count = spin_load_u32(area + 4);
    assert_null(spin_lift_at(lift, spin_load_u32(area), count, 0, 1));
    *(void **)result = spin_lift_alloc(lift, count, 1);
}

/* In no mode are four thousand million elements that take no memory there four thousand million
 * here. */
static void elements_of_no_bytes_are_limited(void **state) {
    (void)state;
    const spin_abi_export_t all = {.size = sizeof all,
                                   .name = "void",
                                   .export_name = "void",
                                   .params = "",
                                   .results = "ii",
                                   .result_size = 8,
                                   .result_align = 4,
                                   .c_result_size = sizeof(void *),
                                   .lift = void_lift};
    world_t world = {0};
    spin_execution_context_t *context = linked(&world);
    spin_instance_t *instance = abi_prepare(context);
    void *result;
    assert_fails(spin_abi_call(instance, &all, NULL, &result), SPIN_ERROR_LIMIT,
                 "void: result: it is larger than all of the guest's memory");
    spin_instance_free(instance);
    unlink_world(context, &world);
}

/* ── through generated bindings ── */

static void generated_bindings_refuse_bad_guests(void **state) {
    (void)state;
    static const struct {
        int32_t mode;
        spin_error_kind_t kind;
        const char *part;
    } echoes[] = {
        {1, SPIN_ERROR_TRAP, "component \"it\": echo: result: string at 0xfffffff0, 2 bytes long"},
        {2, SPIN_ERROR_TRAP, "component \"it\": echo: result: the area at 0x41 is not aligned"},
        {4, SPIN_ERROR_INVALID, "component \"it\": echo: result: string at 0x400 is not UTF-8"},
        {5, SPIN_ERROR_TRAP, "component \"it\": echo: result: string"},
        {6, SPIN_ERROR_TRAP, "component \"it\": echo: the guest trapped"},
    };
    spin_execution_context_t *context = abi_context("abi_canonical");
    spin_instance_t *instance;
    spin_string_t text;
    for (size_t i = 0; i < sizeof echoes / sizeof *echoes; i++) {
        instance = abi_prepare(context);
        abi_raw(instance, "set", 2, 0, echoes[i].mode, 0);
        assert_fails(canonical_echo(instance, spin_slice("22"), &text), echoes[i].kind,
                     echoes[i].part);
        assert_null(text.ptr);
        spin_instance_free(instance);
    }
    instance = abi_prepare(context);
    spin_slice_t items[] = {spin_slice("1"), spin_slice("22")};
    const canonical_list_string_t texts = {items, 2};
    canonical_list_string_t lifted;
    abi_raw(instance, "set", 2, 0, 1, 0);
    assert_fails(canonical_identity(instance, &texts, &lifted), SPIN_ERROR_TRAP,
                 "component \"it\": identity: result: list at 0x");
    canonical_color_t color;
    abi_raw(instance, "set", 2, 0, 3, 0);
    assert_fails(canonical_color(instance, &color), SPIN_ERROR_INVALID,
                 "component \"it\": color: result: enum color: 3 is not a value");
    abi_raw(instance, "set", 2, 0, 2, 0);
    assert_ok(canonical_color(instance, &color));
    assert_int_equal(color, CANONICAL_COLOR_BLUE);
    assert_fails(canonical_wrong(instance, spin_slice(""), &text), SPIN_ERROR_INVALID,
                 "component \"it\": wrong: its export \"wrong\" is (i64) -> ()");
    assert_fails(canonical_missing(instance, spin_slice(""), &text), SPIN_ERROR_NOT_FOUND,
                 "component \"it\": missing: it does not export \"missing\"");
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

static void imports_have_their_signature(void **state) {
    (void)state;
    world_t world = {0};
    spin_engine_builder_t *builder = abi_builder("abi_bad_import");
    spin_execution_context_t *context;
    assert_ok(spin_abi_link(builder, &interface, NULL, &world));
    assert_fails(spin_engine_builder_build(builder, &context), SPIN_ERROR_INVALID,
                 "component \"it\": test:abi/edge: take: it imports (i64) -> (), and this host "
                 "offers (i32, i32, i32) -> ()");
}

/* Once in each instance, before the first function; a trap in it is the call's. */
static void reactors_of_today_are_initialized(void **state) {
    (void)state;
    static const spin_abi_export_t runs = {.size = sizeof runs,
                                           .name = "runs",
                                           .export_name = "runs",
                                           .params = "",
                                           .results = "i",
                                           .c_result_size = 4,
                                           .lift = abi_u32_lift};
    uint32_t answer = 0;
    spin_execution_context_t *context = abi_context("abi_initialize");
    for (int round = 0; round < 2; round++) {
        spin_instance_t *instance = abi_prepare(context);
        for (int i = 0; i < 3; i++) {
            assert_ok(spin_abi_call(instance, &runs, NULL, &answer));
            assert_int_equal(answer, 1);
        }
        spin_instance_free(instance);
    }
    spin_instance_t *instance = abi_prepare(context);
    abi_raw(instance, "break", 0, 0, 0, 0);
    assert_fails(spin_abi_call(instance, &runs, NULL, &answer), SPIN_ERROR_TRAP,
                 "component \"it\": runs: _initialize: ");
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reactors_of_today_are_initialized),
        cmocka_unit_test(what_is_given_away_in_vain_is_dropped),
        cmocka_unit_test(an_answer_that_nobody_takes_is_dropped),
        cmocka_unit_test(what_was_not_taken_stays_the_guests),
        cmocka_unit_test(a_kept_borrow_leaves_no_result),
        cmocka_unit_test(who_is_told_of_the_end_may_free_the_instance),
        cmocka_unit_test(a_plain_call_ends_with_its_instance),
        cmocka_unit_test(start_functions_may_drop),
        cmocka_unit_test(short_steps_share_their_slice),
        cmocka_unit_test(elements_of_no_bytes_are_limited),
        cmocka_unit_test(generated_bindings_refuse_bad_guests),
        cmocka_unit_test(imports_have_their_signature),
    };
    if (!abi_make_cache())
        return 1;
    return cmocka_run_group_tests_name("abi_edge", tests, NULL, abi_remove_cache);
}
