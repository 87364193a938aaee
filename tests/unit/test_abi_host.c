/* Functions and resources that guests import by <spin/abi.h>. */
#include "abi_fixture.h"
#include "base/error.h"
#include "engine/abi/state.h"
#include "engine/context.h"
#include "failing_alloc.h"

/* ── test:abi/host ── */

typedef struct world {
    int greetings;
    int cancelled;
    int drops;
    void *dropped;
    spin_host_call_t *waiting;
    uint32_t *waiting_result;
    bool at_once;     /* answers inside the call */
    bool fails;       /* refuses */
    bool frees;       /* frees the instance inside the call */
    bool large;       /* greets at length */
    bool later_fails; /* the answer is an error */
    uv_timer_t timer;
} world_t;

static spin_error_t *greet(spin_host_call_t *call, const void *operations, const void *context,
                           void *args, void *result) {
    world_t *world = spin_host_call_user(call);
    const spin_slice_t *name = args;
    spin_slice_t *text = result;
    (void)context;
    assert_string_equal(operations, "operations");
    world->greetings++;
    if (world->frees)
        spin_instance_free(spin_host_call_instance(call));
    if (world->fails)
        return error_new(SPIN_ERROR_DENIED, "no greetings today");
    size_t len = world->large ? 30000 : name->len + 7;
    char *made = spin_host_call_alloc(call, len);
    if (made == NULL)
        return error_no_memory();
    memset(made, '.', len);
    memcpy(made, "hello, ", 7);
    if (!world->large)
        memcpy(made + 7, name->ptr, name->len);
    *text = spin_slice_of(made, len);
    return NULL;
}

static const spin_abi_import_t greet_import = {.size = sizeof greet_import,
                                               .name = "greet",
                                               .params = "ii",
                                               .results = "ii",
                                               .result_size = 8,
                                               .result_align = 4,
                                               .c_args_size = sizeof(spin_string_t),
                                               .c_result_size = sizeof(spin_slice_t),
                                               .lift = abi_text_lift,
                                               .call = greet,
                                               .measure = abi_text_measure,
                                               .lower = abi_text_lower};

static void on_timer(uv_timer_t *timer) {
    world_t *world = timer->data;
    *world->waiting_result += 1;
    spin_host_call_done(world->waiting,
                        world->later_fails ? error_new(SPIN_ERROR_IO, "it broke") : NULL);
}

static void on_cancel(spin_host_call_t *call, void *data) {
    world_t *world = data;
    assert_ptr_equal(call, world->waiting);
    uv_timer_stop(&world->timer);
    world->cancelled++;
}

static spin_error_t *later(spin_host_call_t *call, const void *operations, const void *context,
                           void *args, void *result) {
    world_t *world = spin_host_call_user(call);
    (void)operations, (void)context;
    world->waiting = call;
    world->waiting_result = result;
    *(uint32_t *)result = *(const uint32_t *)args;
    spin_host_call_wait(call, on_cancel, world);
    if (world->fails)
        return error_new(SPIN_ERROR_DENIED, "changed its mind");
    if (world->at_once)
        on_timer(&world->timer);
    else
        uv_timer_start(&world->timer, on_timer, *(const uint32_t *)args, 0);
    return NULL;
}

static const spin_abi_import_t later_import = {.size = sizeof later_import,
                                               .name = "later",
                                               .params = "i",
                                               .results = "i",
                                               .c_args_size = 4,
                                               .c_result_size = 4,
                                               .is_async = true,
                                               .lift = abi_u32_lift,
                                               .call = later,
                                               .lower = abi_u32_lower};

/* ── the resource ── */

static void drop_counter(spin_instance_t *instance, const void *operations, void *object,
                         void *user) {
    world_t *world = user;
    assert_non_null(instance);
    assert_string_equal(operations, "operations");
    world->drops++;
    world->dropped = object;
    free(object);
}

static const spin_abi_resource_t counter = {sizeof counter, "counter", drop_counter};

static spin_error_t *make_counter(spin_host_call_t *call, const void *operations,
                                  const void *context, void *args, void *result) {
    uint32_t *made = malloc(sizeof *made);
    (void)call, (void)operations, (void)context;
    *made = *(const uint32_t *)args;
    *(uint32_t **)result = made;
    return NULL;
}

static void own_lower(spin_lower_t *lower, const void *context, const void *result,
                      spin_flat_t *flat, uint8_t *area) {
    (void)context, (void)area;
    flat[0] = spin_lower_own(lower, &counter, *(uint32_t *const *)result);
}

static const spin_abi_import_t constructor_import = {.size = sizeof constructor_import,
                                                     .name = "[constructor]counter",
                                                     .params = "i",
                                                     .results = "i",
                                                     .c_args_size = 4,
                                                     .c_result_size = sizeof(uint32_t *),
                                                     .lift = abi_u32_lift,
                                                     .call = make_counter,
                                                     .lower = own_lower};

typedef struct add_args {
    uint32_t *self;
    uint32_t number;
} add_args_t;

static void add_lift(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                     const uint8_t *area, void *args) {
    add_args_t *add = args;
    (void)context, (void)area;
    add->self = spin_lift_borrow(lift, &counter, (uint32_t)flat[0]);
    add->number = (uint32_t)flat[1];
}

static spin_error_t *add_counter(spin_host_call_t *call, const void *operations,
                                 const void *context, void *args, void *result) {
    const add_args_t *add = args;
    (void)call, (void)operations, (void)context;
    *(uint32_t *)result = *add->self += add->number;
    return NULL;
}

static const spin_abi_import_t add_import = {.size = sizeof add_import,
                                             .name = "[method]counter.add",
                                             .params = "ii",
                                             .results = "i",
                                             .c_args_size = sizeof(add_args_t),
                                             .c_result_size = 4,
                                             .lift = add_lift,
                                             .call = add_counter,
                                             .lower = abi_u32_lower};

static void own_lift(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                     const uint8_t *area, void *args) {
    (void)context, (void)area;
    *(uint32_t **)args = spin_lift_own(lift, &counter, (uint32_t)flat[0]);
}

static spin_error_t *consume(spin_host_call_t *call, const void *operations, const void *context,
                             void *args, void *result) {
    uint32_t *taken = *(uint32_t **)args;
    (void)call, (void)operations, (void)context;
    *(uint32_t *)result = *taken;
    free(taken);
    return NULL;
}

static const spin_abi_import_t consume_import = {.size = sizeof consume_import,
                                                 .name = "consume",
                                                 .params = "i",
                                                 .results = "i",
                                                 .c_args_size = sizeof(uint32_t *),
                                                 .c_result_size = 4,
                                                 .lift = own_lift,
                                                 .call = consume,
                                                 .lower = abi_u32_lower};

static const spin_abi_interface_t interface = {
    sizeof interface,
    "test:abi/host",
    (const spin_abi_import_t *const[]){&greet_import, &later_import, &constructor_import,
                                       &add_import, &consume_import},
    5,
    (const spin_abi_resource_t *const[]){&counter},
    1};

/* ── what the guest exports ── */

static const spin_abi_export_t greeting = {.size = sizeof greeting,
                                           .name = "greeting",
                                           .export_name = "greeting",
                                           .params = "",
                                           .results = "ii",
                                           .result_size = 8,
                                           .result_align = 4,
                                           .c_result_size = sizeof(spin_string_t),
                                           .lower = abi_nothing_lower,
                                           .lift = abi_text_lift,
                                           .clear = abi_text_clear};

static const spin_abi_export_t call_later = ABI_NUMBER_TO_NUMBER("later");
static const spin_abi_export_t count = ABI_NUMBER_TO_NUMBER("count");

typedef struct pointers {
    uint32_t ptr, len, area;
} pointers_t;

static void pointers_lower(spin_lower_t *lower, const void *context, const void *args,
                           spin_flat_t *flat, uint8_t *area) {
    const pointers_t *pointers = args;
    (void)lower, (void)context, (void)area;
    flat[0] = pointers->ptr;
    flat[1] = pointers->len;
    flat[2] = pointers->area;
}

static const spin_abi_export_t bad_greeting = {.size = sizeof bad_greeting,
                                               .name = "bad-greeting",
                                               .export_name = "bad-greeting",
                                               .params = "iii",
                                               .results = "i",
                                               .c_args_size = sizeof(pointers_t),
                                               .c_result_size = 4,
                                               .lower = pointers_lower,
                                               .lift = abi_u32_lift};

typedef struct borrow_args {
    uint32_t *counter;
    uint32_t keep;
} borrow_args_t;

static void borrow_lower(spin_lower_t *lower, const void *context, const void *args,
                         spin_flat_t *flat, uint8_t *area) {
    const borrow_args_t *borrow = args;
    (void)context, (void)area;
    flat[0] = spin_lower_borrow(lower, &counter, borrow->counter);
    flat[1] = borrow->keep;
}

static const spin_abi_export_t borrowed = {.size = sizeof borrowed,
                                           .name = "borrowed",
                                           .export_name = "borrowed",
                                           .params = "ii",
                                           .results = "i",
                                           .c_args_size = sizeof(borrow_args_t),
                                           .c_result_size = 4,
                                           .lower = borrow_lower,
                                           .lift = abi_u32_lift};

/* ── the tests ── */

static spin_execution_context_t *linked_with(const char *guest, world_t *world) {
    spin_engine_builder_t *builder = abi_builder(guest);
    spin_execution_context_t *context;
    assert_ok(spin_abi_link(builder, &interface, "operations", world));
    assert_ok(spin_engine_builder_build(builder, &context));
    uv_timer_init(spin_execution_context_loop(context), &world->timer);
    world->timer.data = world;
    return context;
}

static spin_execution_context_t *linked(world_t *world) {
    return linked_with("abi_host", world);
}

static void unlink_world(spin_execution_context_t *context, world_t *world) {
    uv_close((uv_handle_t *)&world->timer, NULL);
    spin_execution_context_free(context);
}

static void results_are_allocated_by_the_guest(void **state) {
    (void)state;
    world_t world = {0};
    spin_execution_context_t *context = linked(&world);
    spin_instance_t *instance = abi_prepare(context);
    spin_string_t text;
    for (int i = 0; i < 3; i++) {
        assert_ok(spin_abi_call(instance, &greeting, NULL, &text));
        assert_int_equal(text.len, 17);
        assert_memory_equal(text.ptr, "hello, wide world", 17);
        spin_string_clear(&text);
    }
    abi_raw(instance, "set", 1, 5, 0, 0); /* its allocator lets others run meanwhile */
    assert_ok(spin_abi_call(instance, &greeting, NULL, &text));
    assert_memory_equal(text.ptr, "hello, wide world", 17);
    spin_string_clear(&text);
    assert_int_equal(world.greetings, 4);
    spin_instance_free(instance);
    unlink_world(context, &world);
}

static void on_greeting(spin_instance_t *instance, spin_error_t *error, void *result,
                        void (*handler)(void), void *user) {
    (void)instance, (void)handler;
    assert_ok(error);
    assert_int_equal(((spin_string_t *)result)->len, 17);
    ++*(int *)user;
}

/* More guests are in their allocators at a time than there are stacks for that: they take turns. */
static void callbacks_wait_for_a_stack(void **state) {
    (void)state;
    enum { INSTANCES = ENGINE_CALLBACK_STACKS + 8 };
    world_t world = {0};
    int ended = 0;
    spin_execution_context_t *context;
    spin_engine_builder_t *builder = abi_builder_for("abi_host", INSTANCES);
    assert_ok(spin_abi_link(builder, &interface, "operations", &world));
    assert_ok(spin_engine_builder_build(builder, &context));
    spin_instance_t *instances[INSTANCES];
    for (int i = 0; i < INSTANCES; i++) {
        instances[i] = abi_prepare_for(context, 30000);
        abi_raw(instances[i], "set", 1, 5, 0, 0);
    }
    for (int i = 0; i < INSTANCES; i++)
        assert_ok(spin_abi_start(instances[i], &greeting, NULL, on_greeting, NULL, &ended));
    assert_int_equal(context->engine->callbacks[ABI_REASON_ALLOCATOR], ENGINE_CALLBACK_STACKS);
    while (ended < INSTANCES)
        uv_run(spin_execution_context_loop(context), UV_RUN_ONCE);
    assert_int_equal(context->engine->callbacks[ABI_REASON_ALLOCATOR], 0);
    for (int i = 0; i < INSTANCES; i++)
        spin_instance_free(instances[i]);
    spin_execution_context_free(context);
}

/* In slots; and for a start function, which runs when nothing of the guest is exported yet. */
static void other_guests_are_served(void **state) {
    (void)state;
    static const char *const guests[] = {"abi_host_2022", "abi_start"};
    static const spin_abi_t conventions[] = {SPIN_ABI_2022_SLOTS, SPIN_ABI_CANONICAL};
    for (size_t i = 0; i < 2; i++) {
        world_t world = {0};
        spin_execution_context_t *context = linked_with(guests[i], &world);
        for (int round = 0; round < 2; round++) {
            spin_instance_t *instance = abi_prepare(context);
            spin_string_t text;
            assert_int_equal(spin_abi_of(instance), conventions[i]);
            assert_ok(spin_abi_call(instance, &greeting, NULL, &text));
            assert_int_equal(text.len, 17);
            assert_memory_equal(text.ptr, "hello, wide world", 17);
            spin_string_clear(&text);
            spin_instance_free(instance);
            assert_int_equal(world.greetings, round + 1);
        }
        unlink_world(context, &world);
    }
}

static void bad_allocators_trap(void **state) {
    (void)state;
    static const struct {
        int mode;
        spin_error_kind_t kind;
        const char *part;
    } cases[] = {
        {1, SPIN_ERROR_TRAP, "component \"it\": greeting: the guest trapped: it reached"},
        {2, SPIN_ERROR_TRAP, "test:abi/host: greet: the guest's allocator answered 0xffff"},
        {3, SPIN_ERROR_TRAP,
         "greet: cabi_realloc: test:abi/host: later: called while the guest allocates"},
        {4, SPIN_ERROR_TIMEOUT, "greeting: the guest ran longer"},
    };
    world_t world = {0};
    spin_execution_context_t *context = linked(&world);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        spin_instance_t *instance = abi_prepare_for(context, 100);
        spin_string_t text;
        abi_raw(instance, "set", 1, cases[i].mode, 0, 0);
        assert_fails(spin_abi_call(instance, &greeting, NULL, &text), cases[i].kind, cases[i].part);
        abi_raw(instance, "set", 1, 0, 0, 0);
        assert_ok(spin_abi_call(instance, &greeting, NULL, &text));
        spin_string_clear(&text);
        spin_instance_free(instance);
    }
    unlink_world(context, &world);
}

static void bad_pointers_trap(void **state) {
    (void)state;
    static const struct {
        pointers_t args;
        const char *part;
    } cases[] = {
        {{0xfffffff0, 2, 64},
         "component \"it\": bad-greeting: the guest trapped: test:abi/host: greet: argument: "
         "string at 0xfffffff0, 2 bytes"},
        {{512, 0xffffffff, 64}, "4294967295 bytes long, is outside"},
        {{512, 4, 65}, "result: the area at 0x41 is not aligned to 4"},
        {{512, 4, 0xfffc}, "result: the area at 0xfffc, 8 bytes long, is outside"},
        {{512, 4, 0xfffffffc}, "result: the area at 0xfffffffc, 8 bytes long, is outside"},
    };
    world_t world = {0};
    spin_execution_context_t *context = linked(&world);
    spin_instance_t *instance = abi_prepare(context);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_fails(spin_abi_call(instance, &bad_greeting, &cases[i].args, NULL), SPIN_ERROR_TRAP,
                     cases[i].part);
    world.fails = true;
    const pointers_t good = {512, 4, 64};
    assert_fails(spin_abi_call(instance, &bad_greeting, &good, NULL), SPIN_ERROR_TRAP,
                 "greet: no greetings today");
    spin_instance_free(instance);
    unlink_world(context, &world);
}

static void host_functions_may_wait(void **state) {
    (void)state;
    world_t world = {0};
    spin_execution_context_t *context = linked(&world);
    spin_instance_t *instance = abi_prepare(context);
    uint32_t ms = 20, result;
    assert_ok(spin_abi_call(instance, &call_later, &ms, &result));
    assert_int_equal(result, 21);
    world.at_once = true;
    assert_ok(spin_abi_call(instance, &call_later, &ms, &result));
    assert_int_equal(result, 21);
    world.later_fails = true;
    assert_fails(spin_abi_call(instance, &call_later, &ms, &result), SPIN_ERROR_TRAP,
                 "later: it broke");
    world.at_once = false;
    assert_fails(spin_abi_call(instance, &call_later, &ms, &result), SPIN_ERROR_TRAP,
                 "later: it broke");
    world.fails = true;
    assert_fails(spin_abi_call(instance, &call_later, &ms, &result), SPIN_ERROR_TRAP,
                 "later: changed its mind");
    assert_int_equal(world.cancelled, 0);
    spin_instance_free(instance);
    unlink_world(context, &world);
}

static void never(spin_instance_t *instance, spin_error_t *error, void *result,
                  void (*handler)(void), void *user) {
    (void)instance, (void)error, (void)result, (void)handler, (void)user;
    fail_msg("told of a call that was given up");
}

static void waits_are_cancelled(void **state) {
    (void)state;
    world_t world = {0};
    spin_execution_context_t *context = linked(&world);
    uint32_t long_ms = 10000;
    spin_instance_t *instance = abi_prepare(context);
    assert_ok(spin_abi_start(instance, &call_later, &long_ms, never, NULL, NULL));
    spin_instance_free(instance);
    assert_int_equal(world.cancelled, 1);

    instance = abi_prepare_for(context, 20);
    assert_fails(spin_abi_call(instance, &call_later, &long_ms, NULL), SPIN_ERROR_TIMEOUT,
                 "component \"it\": later: the guest ran longer than 20 ms");
    assert_int_equal(world.cancelled, 2);
    spin_instance_free(instance);
    assert_int_equal(world.cancelled, 2);

    instance = abi_prepare(context); /* in the middle of an allocation */
    abi_raw(instance, "set", 1, 4, 0, 0);
    assert_ok(spin_abi_start(instance, &greeting, NULL, never, NULL, NULL));
    uv_run(spin_execution_context_loop(context), UV_RUN_NOWAIT);
    spin_instance_free(instance);
    unlink_world(context, &world);
}

static void an_instance_may_be_freed_by_its_host_function(void **state) {
    (void)state;
    world_t world = {.frees = true};
    spin_execution_context_t *context = linked(&world);
    spin_string_t text;
    assert_fails(spin_abi_call(abi_prepare(context), &greeting, NULL, &text), SPIN_ERROR_CANCELLED,
                 "the instance was freed during the call");
    assert_ok(spin_abi_start(abi_prepare(context), &greeting, NULL, never, NULL, NULL));
    unlink_world(context, &world);
}

static void handles_are_checked(void **state) {
    (void)state;
    static const struct {
        uint32_t how;
        int drops_before_free, drops;
        const char *part; /* NULL: 42 */
    } cases[] = {
        {0, 0, 1, NULL},
        {1, 1, 1, NULL},
        {2, 1, 1, "[resource-drop]counter: 1 is not such a handle"},
        {3, 0, 1, "[method]counter.add: argument: 77 is not a handle of that resource"},
        {4, 0, 0, "[method]counter.add: argument: 1 is not a handle of that resource"},
        {5, 0, 0, NULL},
    };
    world_t world = {0};
    spin_execution_context_t *context = linked(&world);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        spin_instance_t *instance = abi_prepare(context);
        uint32_t result;
        world.drops = 0;
        spin_error_t *error = spin_abi_call(instance, &count, &cases[i].how, &result);
        if (cases[i].part != NULL)
            assert_fails(error, SPIN_ERROR_TRAP, cases[i].part);
        else {
            assert_ok(error);
            assert_int_equal(result, 42);
        }
        assert_int_equal(world.drops, cases[i].drops_before_free);
        spin_instance_free(instance);
        assert_int_equal(world.drops, cases[i].drops);
    }
    unlink_world(context, &world);
}

static void borrows_end_with_the_call(void **state) {
    (void)state;
    world_t world = {0};
    spin_execution_context_t *context = linked(&world);
    spin_instance_t *instance = abi_prepare(context);
    uint32_t number = 1, result;
    borrow_args_t args = {&number, 0};
    assert_ok(spin_abi_call(instance, &borrowed, &args, &result));
    assert_int_equal(result, 6);
    args.keep = 1;
    assert_fails(spin_abi_call(instance, &borrowed, &args, &result), SPIN_ERROR_TRAP,
                 "borrowed: it kept a borrowed handle");
    assert_int_equal(number, 11);
    args.keep = 0;
    assert_ok(spin_abi_call(instance, &borrowed, &args, &result));
    spin_instance_free(instance);
    assert_int_equal(world.drops, 0);
    unlink_world(context, &world);
}

static void many_handles_are_kept_apart(void **state) {
    (void)state;
    world_t world = {0};
    spin_execution_context_t *context = linked(&world);
    spin_instance_t *instance = abi_prepare(context);
    for (uint32_t i = 0; i < 2000; i++) { /* kept: one in two */
        uint32_t how = i % 2, result;
        assert_ok(spin_abi_call(instance, &count, &how, &result));
        assert_int_equal(result, 42);
    }
    assert_int_equal(world.drops, 1000);
    spin_instance_free(instance);
    assert_int_equal(world.drops, 2000);
    unlink_world(context, &world);
}

static void bad_descriptors_are_refused(void **state) {
    (void)state;
    spin_abi_import_t bad = later_import;
    bad.call = NULL;
    const spin_abi_interface_t bad_interface = {
        sizeof bad_interface, "x:y/z", (const spin_abi_import_t *const[]){&bad}, 1, NULL, 0};
    spin_engine_builder_t *builder = abi_builder("abi_host");
    assert_fails(spin_abi_link(builder, &bad_interface, NULL, NULL), SPIN_ERROR_INTERNAL,
                 "x:y/z: later: a bad descriptor");
    spin_engine_builder_free(builder);
}

/* ── resources of the guest's own ── */

static const spin_abi_export_t make = ABI_NUMBER_TO_NUMBER("make");
static const spin_abi_export_t look = ABI_NUMBER_TO_NUMBER("look");
static const spin_abi_export_t drop = ABI_NUMBER_TO_NUMBER("drop");
static const spin_abi_export_t bare = ABI_NUMBER_TO_NUMBER("bare");

static uint32_t number_of(spin_instance_t *instance, const spin_abi_export_t *function,
                          uint32_t number) {
    uint32_t result;
    assert_ok(spin_abi_call(instance, function, &number, &result));
    return result;
}

static void guests_have_resources_of_their_own(void **state) {
    (void)state;
    spin_execution_context_t *context = abi_context("abi_resource");
    spin_instance_t *instance = abi_prepare(context);
    uint32_t first = number_of(instance, &make, 77);
    uint32_t second = number_of(instance, &make, 78);
    assert_int_not_equal(first, second);
    assert_int_equal(number_of(instance, &look, first), 77);
    assert_int_equal(number_of(instance, &look, second), 78);
    assert_int_equal(number_of(instance, &drop, first), 1);
    assert_fails(spin_abi_call(instance, &look, &first, NULL), SPIN_ERROR_TRAP,
                 "is not a handle that it owns");
    assert_int_equal(number_of(instance, &look, second), 78);
    assert_int_equal(number_of(instance, &bare, 0), 1);
    const uint32_t other = 1;
    assert_fails(spin_abi_call(instance, &bare, &other, NULL), SPIN_ERROR_TRAP,
                 "thing: 1 is not a handle that it owns");
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

static void guest_borrow_lower(spin_lower_t *lower, const void *context, const void *args,
                               spin_flat_t *flat, uint8_t *area) {
    (void)context, (void)area;
    flat[0] = spin_lower_guest_borrow(lower, *(const uint32_t *)args);
}

static void the_host_uses_resources_of_guests(void **state) {
    (void)state;
    spin_abi_export_t twice = ABI_NUMBER_TO_NUMBER("twice");
    const spin_abi_export_t destroyed = ABI_NUMBER_TO_NUMBER("destroyed");
    spin_execution_context_t *context = abi_context("abi_resource");
    spin_instance_t *instance = abi_prepare(context);
    twice.lower = guest_borrow_lower;
    assert_fails(spin_abi_drop(instance, 1), SPIN_ERROR_INVALID, "1 is not a handle");
    uint32_t handle = number_of(instance, &make, 21);
    assert_int_equal(number_of(instance, &twice, handle), 42);
    assert_ok(spin_abi_drop(instance, handle));
    assert_fails(spin_abi_drop(instance, handle), SPIN_ERROR_INVALID,
                 "component \"it\": 1 is not a handle of its resources");
    assert_fails(spin_abi_call(instance, &twice, &handle, NULL), SPIN_ERROR_INVALID,
                 "component \"it\": twice: handle of a guest's resource: 1 is not a value");
    assert_int_equal(number_of(instance, &destroyed, 0), 1);
    handle = number_of(instance, &make, 2); /* its destructor traps */
    assert_ok(spin_abi_drop(instance, handle));
    assert_fails(spin_abi_call(instance, &destroyed, &handle, NULL), SPIN_ERROR_TRAP,
                 "destroyed: a destructor: the guest trapped");
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

static void destructors_do_not_nest(void **state) {
    (void)state;
    spin_execution_context_t *context = abi_context("abi_resource");
    spin_instance_t *instance = abi_prepare(context);
    assert_int_equal(number_of(instance, &drop, number_of(instance, &make, 1000 + 5000)), 5001);
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

static void destructors_may_fail(void **state) {
    (void)state;
    spin_execution_context_t *context = abi_context("abi_resource");
    spin_instance_t *instance = abi_prepare(context);
    uint32_t handle = number_of(instance, &make, 2);
    assert_fails(spin_abi_call(instance, &drop, &handle, NULL), SPIN_ERROR_TRAP,
                 "component \"it\": drop: the guest trapped: it reached");
    spin_instance_free(instance);
    instance = abi_prepare_for(context, 50);
    handle = number_of(instance, &make, 3);
    assert_fails(spin_abi_call(instance, &drop, &handle, NULL), SPIN_ERROR_TIMEOUT, "drop");
    spin_instance_free(instance);
    instance = abi_prepare(context);
    handle = number_of(instance, &make, 3);
    assert_ok(spin_abi_start(instance, &drop, &handle, never, NULL, NULL));
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

/* ── out of memory ── */

static spin_error_t *greet_without_memory(spin_execution_context_t *context) {
    spin_instance_t *instance;
    spin_string_t text = {NULL, 0};
    uint32_t how = 0, result;
    spin_error_t *error =
        spin_execution_context_prepare_component(context, spin_slice("it"), NULL, &instance);
    if (error != NULL)
        return error;
    error = spin_abi_call(instance, &greeting, NULL, &text);
    spin_string_clear(&text);
    if (error == NULL)
        error = spin_abi_call(instance, &count, &how, &result);
    spin_instance_free(instance);
    return error;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    world_t world = {.large = true};
    failing_alloc_install(SIZE_MAX);
    spin_execution_context_t *context = linked(&world);
    size_t before = failing_alloc_calls();
    assert_ok(greet_without_memory(context));
    size_t calls = failing_alloc_calls() - before;
    assert_true(calls > 5);
    unlink_world(context, &world);
    assert_int_equal(failing_alloc_live(), 0);
    for (size_t at = 1; at <= calls; at++) {
        failing_alloc_install(SIZE_MAX);
        context = linked(&world);
        failing_alloc_state.fail_at = failing_alloc_calls() + at;
        spin_error_t *error = greet_without_memory(context);
        assert_non_null(error);
        char text[512];
        spin_error_format(error, text, sizeof text);
        assert_non_null(strstr(text, "out of memory"));
        spin_error_free(error);
        assert_ok(greet_without_memory(context));
        unlink_world(context, &world);
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_remove();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_allocated_by_the_guest),
        cmocka_unit_test(other_guests_are_served),
        cmocka_unit_test(bad_allocators_trap),
        cmocka_unit_test(bad_pointers_trap),
        cmocka_unit_test(host_functions_may_wait),
        cmocka_unit_test(waits_are_cancelled),
        cmocka_unit_test(an_instance_may_be_freed_by_its_host_function),
        cmocka_unit_test(handles_are_checked),
        cmocka_unit_test(borrows_end_with_the_call),
        cmocka_unit_test(callbacks_wait_for_a_stack),
        cmocka_unit_test(many_handles_are_kept_apart),
        cmocka_unit_test(bad_descriptors_are_refused),
        cmocka_unit_test(guests_have_resources_of_their_own),
        cmocka_unit_test(the_host_uses_resources_of_guests),
        cmocka_unit_test(destructors_do_not_nest),
        cmocka_unit_test(destructors_may_fail),
        cmocka_unit_test(every_allocation_may_fail),
    };
    if (!abi_make_cache())
        return 1;
    return cmocka_run_group_tests_name("abi_host", tests, NULL, abi_remove_cache);
}
