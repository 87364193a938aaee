/* Calling exports by <spin/abi.h>, of guests that behave and of guests that do not. */
#include "abi_fixture.h"
#include "failing_alloc.h"

/* ── descriptors ── */

/* identity: func(list: list<string>) -> list<string> */
typedef struct texts {
    spin_slice_t *items;
    size_t len;
} texts_t;

static void texts_measure(spin_lower_t *lower, const void *context, const void *args) {
    const texts_t *texts = args;
    (void)context;
    spin_lower_measure(lower, texts->len, 8, 4);
    for (size_t i = 0; i < texts->len; i++)
        spin_lower_measure(lower, texts->items[i].len, 1, 1);
}

static void texts_lower(spin_lower_t *lower, const void *context, const void *args,
                        spin_flat_t *flat, uint8_t *area) {
    const texts_t *texts = args;
    uint32_t list;
    (void)context, (void)area;
    uint8_t *at = spin_lower_take(lower, texts->len, 8, 4, &list);
    for (size_t i = 0; at != NULL && i < texts->len; i++) {
        uint32_t ptr;
        spin_lower_bytes(lower, texts->items[i], &ptr);
        spin_store_u32(at + 8 * i, ptr);
        spin_store_u32(at + 8 * i + 4, (uint32_t)texts->items[i].len);
    }
    flat[0] = list;
    flat[1] = texts->len;
}

static void texts_lift(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                       const uint8_t *area, void *result) {
    texts_t *texts = result;
    uint32_t ptr = area != NULL ? spin_load_u32(area) : (uint32_t)flat[0];
    uint32_t count = area != NULL ? spin_load_u32(area + 4) : (uint32_t)flat[1];
    (void)context;
    const uint8_t *at = spin_lift_at(lift, ptr, count, 8, 4);
    texts->items = spin_lift_alloc(lift, at == NULL ? 0 : count, sizeof *texts->items);
    if (texts->items == NULL)
        return;
    texts->len = count;
    for (uint32_t i = 0; i < count; i++)
        texts->items[i] =
            spin_lift_text(lift, spin_load_u32(at + 8 * i), spin_load_u32(at + 8 * i + 4));
}

static void texts_clear(const void *context, void *result) {
    texts_t *texts = result;
    (void)context;
    for (size_t i = 0; i < texts->len; i++)
        spin_string_clear(&texts->items[i]);
    spin_memory_release(texts->items);
    *texts = (texts_t){0};
}

static const spin_abi_export_t identity = {.size = sizeof identity,
                                           .name = "identity",
                                           .export_name = "identity",
                                           .params = "ii",
                                           .results = "ii",
                                           .result_size = 8,
                                           .result_align = 4,
                                           .c_args_size = sizeof(texts_t),
                                           .c_result_size = sizeof(texts_t),
                                           .measure = texts_measure,
                                           .lower = texts_lower,
                                           .lift = texts_lift,
                                           .clear = texts_clear};

static void sum_lower(spin_lower_t *lower, const void *context, const void *args, spin_flat_t *flat,
                      uint8_t *area) {
    (void)lower, (void)context, (void)flat;
    for (size_t i = 0; i < 17; i++)
        spin_store_u64(area + 8 * i, ((const uint64_t *)args)[i]);
}

static void sum_lift(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                     const uint8_t *area, void *result) {
    (void)lift, (void)context, (void)area;
    *(uint64_t *)result = flat[0];
}

static const spin_abi_export_t sum = {.size = sizeof sum,
                                      .name = "sum",
                                      .export_name = "sum",
                                      .params = "i",
                                      .results = "I",
                                      .params_size = 136,
                                      .params_align = 8,
                                      .c_args_size = 136,
                                      .c_result_size = 8,
                                      .lower = sum_lower,
                                      .lift = sum_lift};

static void color_lift(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                       const uint8_t *area, void *result) {
    (void)context, (void)area;
    if (flat[0] > 2)
        spin_lift_fail(lift, "enum color", flat[0]);
    *(uint32_t *)result = (uint32_t)flat[0];
}

static const spin_abi_export_t color = {.size = sizeof color,
                                        .name = "color",
                                        .export_name = "color",
                                        .params = "",
                                        .results = "i",
                                        .c_result_size = 4,
                                        .lower = abi_nothing_lower,
                                        .lift = color_lift};

static void zero_lower(spin_lower_t *lower, const void *context, const void *args,
                       spin_flat_t *flat, uint8_t *area) {
    (void)lower, (void)context, (void)args, (void)area;
    flat[0] = 0;
}

static void one_lower(spin_lower_t *lower, const void *context, const void *args, spin_flat_t *flat,
                      uint8_t *area) {
    (void)lower, (void)context, (void)args, (void)area;
    flat[0] = 1;
}

static void mix_lower(spin_lower_t *lower, const void *context, const void *args, spin_flat_t *flat,
                      uint8_t *area) {
    (void)lower, (void)context, (void)args, (void)area;
    flat[0] = 1;
    flat[1] = (uint64_t)-2;
    flat[2] = spin_flat_of_f32(0.5F);
    flat[3] = spin_flat_of_f64(0.25);
}

static void mix_lift(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                     const uint8_t *area, void *result) {
    (void)lift, (void)context, (void)area;
    *(double *)result = spin_flat_f64(flat[0]);
}

static const spin_abi_export_t mix = {.size = sizeof mix,
                                      .name = "mix",
                                      .export_name = "mix",
                                      .params = "iIfF",
                                      .results = "F",
                                      .c_result_size = 8,
                                      .lower = mix_lower,
                                      .lift = mix_lift};

/* ── guests that behave ── */

static void assert_echo(spin_instance_t *instance, const spin_abi_export_t *function,
                        spin_slice_t text) {
    spin_string_t result;
    assert_ok(abi_call_text(instance, function, text, &result));
    assert_int_equal(result.len, text.len);
    if (text.len > 0)
        assert_memory_equal(result.ptr, text.ptr, text.len);
    spin_string_clear(&result);
}

static void echoes_texts(void **state) {
    (void)state;
    spin_execution_context_t *context = abi_context("abi_canonical");
    spin_instance_t *instance = abi_prepare(context);
    assert_int_equal(spin_abi_of(instance), SPIN_ABI_CANONICAL);
    assert_echo(instance, &abi_echo, spin_slice("hello"));
    assert_echo(instance, &abi_echo, spin_slice(""));
    assert_echo(instance, &abi_echo, spin_slice("gr\xc3\xbc\xc3\x9f"));
    assert_int_equal(abi_raw(instance, "posts", 0, 0, 0, 1), 2); /* the last one is still owed */
    size_t len = 1 << 20;
    char *large = malloc(len);
    memset(large, 'x', len);
    assert_echo(instance, &abi_echo, spin_slice_of(large, len));
    free(large);
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

static void passes_all_kinds(void **state) {
    (void)state;
    spin_execution_context_t *context = abi_context("abi_canonical");
    spin_instance_t *instance = abi_prepare(context);
    uint64_t numbers[17], total, expected = 0;
    double mixed;
    uint32_t which;
    for (size_t i = 0; i < 17; i++)
        expected += numbers[i] = 1000000007u * (uint64_t)(i + 1) << i;
    assert_ok(spin_abi_call(instance, &sum, numbers, &total));
    assert_true(total == expected);
    assert_ok(spin_abi_call(instance, &mix, NULL, &mixed));
    assert_true(mixed == -0.25);
    abi_raw(instance, "set", 2, 0, 2, 0);
    assert_ok(spin_abi_call(instance, &color, NULL, &which));
    assert_int_equal(which, 2);
    assert_ok(spin_abi_call(instance, &color, NULL, NULL)); /* nobody wants to know */
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

static void thousands_of_parts_do_not_nest(void **state) {
    (void)state;
    enum { COUNT = 20000 };
    spin_execution_context_t *context = abi_context("abi_canonical");
    spin_instance_t *instance = abi_prepare_for(context, 60000);
    texts_t args = {calloc(COUNT, sizeof *args.items), COUNT}, result;
    for (size_t i = 0; i < COUNT; i++)
        args.items[i] = spin_slice_of("0123456789", i % 11);
    assert_ok(spin_abi_call(instance, &identity, &args, &result));
    assert_int_equal(result.len, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(result.items[i].len, i % 11);
    texts_clear(NULL, &result);
    free(args.items);
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

/* ── the conventions of 2022 ── */

static void reads_both_layouts(void **state) {
    (void)state;
    static const spin_abi_export_t functions[] = {
        ABI_ECHO("echo-slots"), ABI_ECHO("echo-canonical"), ABI_ECHO("hidden-slots"),
        ABI_ECHO("hidden-canonical")};
    spin_execution_context_t *told = abi_context("abi_2022");
    spin_execution_context_t *hidden = abi_context("abi_hidden");
    for (size_t i = 0; i < 4; i++) {
        spin_instance_t *instance = abi_prepare(i < 2 ? told : hidden);
        assert_int_not_equal(spin_abi_of(instance), SPIN_ABI_CANONICAL);
        for (size_t round = 0; round < 3; round++)
            assert_echo(instance, &functions[i], spin_slice("of 2022"));
        assert_echo(instance, &functions[i], spin_slice(""));
        assert_int_equal(abi_raw(instance, "live", 0, 0, 0, 1), 0);
        spin_instance_free(instance);
    }
    spin_execution_context_free(told);
    spin_execution_context_free(hidden);
}

static void a_loop_does_not_use_up_memory(void **state) {
    (void)state;
    static const spin_abi_export_t echo = ABI_ECHO("echo-slots");
    spin_execution_context_t *context = abi_context("abi_2022");
    spin_instance_t *instance = abi_prepare(context);
    char text[1024];
    memset(text, 'y', sizeof text);
    for (size_t i = 0; i < 20000; i++) /* 20 MB through a guest of 4 */
        assert_echo(instance, &echo, spin_slice_of(text, sizeof text));
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

typedef struct handled {
    bool is_error;
    uint32_t error;
} handled_t;

static void handled_lift(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                         const uint8_t *area, void *result) {
    handled_t *handled = result;
    uint32_t tag = area != NULL ? spin_load_u8(area) : (uint32_t)flat[0];
    (void)context;
    if (tag > 1)
        spin_lift_fail(lift, "expected", tag);
    handled->is_error = tag == 1;
    handled->error = area != NULL ? spin_load_u8(area + 1) : (uint32_t)flat[1];
}

static const spin_abi_export_t redis = {.size = sizeof redis,
                                        .name = "handle-redis-message",
                                        .export_name = "handle-redis-message",
                                        .params = "ii",
                                        .results = "ii",
                                        .result_size = 2,
                                        .result_align = 1,
                                        .c_args_size = sizeof(spin_slice_t),
                                        .c_result_size = sizeof(handled_t),
                                        .measure = abi_text_measure,
                                        .lower = abi_text_lower,
                                        .lift = handled_lift};

static void the_helper_does_a_call_in_one(void **state) {
    (void)state;
    spin_execution_context_t *context = abi_context("abi_2022");
    spin_instance_t *instance = abi_prepare(context);
    handled_t handled;
    spin_slice_t payload = spin_slice("\7 times");
    assert_ok(spin_abi_call(instance, &redis, &payload, &handled));
    assert_true(handled.is_error);
    assert_int_equal(handled.error, 7);
    payload.len = 0;
    assert_ok(spin_abi_call(instance, &redis, &payload, &handled));
    assert_false(handled.is_error);
    assert_ok(spin_abi_call(instance, &redis, &payload, &handled));
    assert_int_equal(abi_raw(instance, "live", 0, 0, 0, 1), 8); /* the last call's table */
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

static void entry_points_of_2022_stay_so_in_newer_modules(void **state) {
    (void)state;
    spin_execution_context_t *context = abi_context("abi_mixed");
    spin_instance_t *instance = abi_prepare(context);
    handled_t handled;
    const spin_slice_t payload = spin_slice("\7 times");
    assert_ok(spin_abi_check(context, spin_slice("it"), &redis));
    assert_ok(spin_abi_call(instance, &redis, &payload, &handled));
    assert_true(handled.is_error);
    assert_int_equal(handled.error, 7);
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

/* ── what is wrong with a component ── */

static void signatures_are_checked(void **state) {
    (void)state;
    static const spin_abi_export_t missing = ABI_ECHO("missing");
    static const spin_abi_export_t wrong = ABI_ECHO("wrong");
    static const spin_abi_export_t memory = ABI_ECHO("memory");
    spin_execution_context_t *context = abi_context("abi_canonical");
    const spin_slice_t it = spin_slice("it");
    assert_ok(spin_abi_check(context, it, &abi_echo));
    assert_ok(spin_abi_check(context, it, &sum));
    assert_fails(spin_abi_check(context, spin_slice("other"), &abi_echo), SPIN_ERROR_NOT_FOUND,
                 "no component \"other\"");
    assert_fails(spin_abi_check(context, it, &missing), SPIN_ERROR_NOT_FOUND,
                 "component \"it\": missing: it does not export \"missing\"");
    assert_fails(spin_abi_check(context, it, &wrong), SPIN_ERROR_INVALID,
                 "component \"it\": wrong: its export \"wrong\" is (i64) -> (), and must be "
                 "(i32, i32) -> (i32)");
    assert_fails(spin_abi_check(context, it, &memory), SPIN_ERROR_INVALID, "is not a function");
    spin_instance_t *instance = abi_prepare(context);
    spin_string_t result;
    assert_fails(abi_call_text(instance, &missing, it, &result), SPIN_ERROR_NOT_FOUND,
                 "component \"it\": missing: it does not export");
    assert_null(result.ptr);
    assert_echo(instance, &abi_echo, it);
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

static void an_allocator_is_needed_for_texts_only(void **state) {
    (void)state;
    static const spin_abi_export_t add = {.size = sizeof add,
                                          .name = "add",
                                          .export_name = "add",
                                          .params = "ii",
                                          .results = "i",
                                          .c_result_size = 4,
                                          .measure = abi_text_measure,
                                          .lower = abi_text_lower,
                                          .lift = color_lift};
    spin_execution_context_t *context = abi_context("add");
    spin_instance_t *instance = abi_prepare(context);
    spin_slice_t text = {(const uint8_t *)"1", 1};
    assert_fails(spin_abi_call(instance, &add, &text, NULL), SPIN_ERROR_NOT_FOUND,
                 "component \"it\": add: it exports no allocator");
    text.len = 0; /* at 1, nothing: their sum */
    uint32_t three;
    assert_ok(spin_abi_call(instance, &add, &text, &three));
    assert_int_equal(three, 1);
    assert_fails(spin_abi_check(context, spin_slice("it"), &add), SPIN_ERROR_NOT_FOUND,
                 "component \"it\": add: it exports no allocator");
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

/* ── hostile guests ── */

static void hostile_guests_are_errors(void **state) {
    (void)state;
    static const struct {
        const spin_abi_export_t *function;
        int32_t alloc_mode, result_mode;
        spin_error_kind_t kind;
        const char *part;
    } cases[] = {
        {&abi_echo, 1, 0, SPIN_ERROR_TRAP,
         "it\": echo: the guest's allocator answered 0xfffffff0 for 2 bytes"},
        {&identity, 2, 0, SPIN_ERROR_TRAP,
         "identity: the guest's allocator answered 0x1001, which"},
        {&abi_echo, 3, 0, SPIN_ERROR_TRAP, "echo: cabi_realloc: the guest trapped"},
        {&sum, 3, 0, SPIN_ERROR_TRAP, "sum: cabi_realloc: the guest trapped"},
        {&abi_echo, 4, 0, SPIN_ERROR_TIMEOUT, "echo: cabi_realloc: the guest ran longer"},
        {&abi_echo, 5, 0, SPIN_ERROR_EXIT, "echo: cabi_realloc: the guest exited"},
        {&abi_echo, 0, 1, SPIN_ERROR_TRAP,
         "component \"it\": echo: result: string at 0xfffffff0, 2 bytes long, is outside"},
        {&abi_echo, 0, 2, SPIN_ERROR_TRAP, "echo: result: the area at 0x41 is not aligned to 4"},
        {&abi_echo, 0, 3, SPIN_ERROR_TRAP, "echo: result: the area at 0x1fffc, 8 bytes long"},
        {&abi_echo, 0, 4, SPIN_ERROR_INVALID,
         "echo: result: string at 0x400 is not UTF-8: byte 0 is 0xff"},
        {&abi_echo, 0, 5, SPIN_ERROR_TRAP, "4294967295 bytes long, is outside"},
        {&abi_echo, 0, 6, SPIN_ERROR_TRAP, "echo: the guest trapped: it reached an \"unreach"},
        {&abi_echo, 0, 7, SPIN_ERROR_EXIT, "echo: the guest exited with status 0"},
        {&abi_echo, 0, 8, SPIN_ERROR_TIMEOUT, "echo: the guest ran longer than 100 ms"},
        {&identity, 0, 1, SPIN_ERROR_TRAP, "identity: result: list at 0x1000, 4294967304 bytes"},
        {&identity, 0, 2, SPIN_ERROR_TRAP, "identity: result: list at 0x2 is not aligned to 4"},
        {&color, 0, 3, SPIN_ERROR_INVALID, "color: result: enum color: 3 is not a value"},
    };
    spin_execution_context_t *context = abi_context("abi_canonical");
    spin_slice_t texts[] = {spin_slice("1"), spin_slice("22")};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t result[3], numbers[17] = {0};
        const texts_t two = {texts, 2};
        const void *args = cases[i].function == &sum        ? (const void *)numbers
                           : cases[i].function == &abi_echo ? (const void *)&texts[1]
                                                            : (const void *)&two;
        spin_instance_t *instance = abi_prepare_for(context, 100);
        abi_raw(instance, "set", 2, cases[i].alloc_mode, cases[i].result_mode, 0);
        memset(result, 0xaa, sizeof result);
        assert_fails(spin_abi_call(instance, cases[i].function, args, result), cases[i].kind,
                     cases[i].part);
        uint8_t zeros[sizeof result] = {0};
        assert_memory_equal(result, zeros, cases[i].function->c_result_size);
        spin_instance_free(instance);
    }
    spin_execution_context_free(context);
}

static void post_return_may_fail(void **state) {
    (void)state;
    spin_execution_context_t *context = abi_context("abi_canonical");
    spin_instance_t *instance = abi_prepare(context);
    spin_string_t result;
    assert_echo(instance, &abi_echo, spin_slice("1"));
    abi_raw(instance, "set", 2, 0, 9, 0);
    assert_fails(abi_call_text(instance, &abi_echo, spin_slice("2"), &result), SPIN_ERROR_TRAP,
                 "echo: after the call before it: the guest trapped");
    abi_raw(instance, "set", 2, 0, 0, 0);
    assert_echo(instance, &abi_echo, spin_slice("3"));
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

/* The same string a thousand times over is not a thousand copies of it. */
static void copies_are_limited(void **state) {
    (void)state;
    spin_abi_export_t many = identity;
    many.name = many.export_name = "many";
    spin_execution_context_t *context = abi_context("abi_canonical");
    spin_instance_t *instance = abi_prepare(context);
    const texts_t none = {NULL, 0};
    texts_t result;
    assert_fails(spin_abi_call(instance, &many, &none, &result), SPIN_ERROR_LIMIT,
                 "component \"it\": many: result: it is larger than all of the guest's memory");
    assert_null(result.items);
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

/* Each allocation is over in time, and all of them together are not. */
static void the_time_limit_is_for_the_whole_call(void **state) {
    (void)state;
    spin_execution_context_t *context = abi_context("abi_canonical");
    spin_instance_t *instance = abi_prepare_for(context, 100);
    spin_slice_t texts[1000];
    const texts_t args = {texts, 1000};
    for (size_t i = 0; i < 1000; i++)
        texts[i] = spin_slice("x");
    abi_raw(instance, "set", 2, 6, 0, 0);
    texts_t result;
    assert_fails(spin_abi_call(instance, &identity, &args, &result), SPIN_ERROR_TIMEOUT,
                 "identity: cabi_realloc: the guest ran longer than 100 ms");
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

static void helpers_are_not_trusted(void **state) {
    (void)state;
    static const struct {
        int mode;
        const char *part;
    } cases[] = {
        {1, "handle-redis-message: the guest trapped: spin:legacy: called with a bad table"},
        {2, "handle-redis-message: the guest's allocator answered 0xfffffff0 for 7 bytes"},
    };
    spin_execution_context_t *context = abi_context("abi_2022");
    spin_slice_t payload = spin_slice("\7 times");
    for (size_t i = 0; i < 2; i++) {
        spin_instance_t *instance = abi_prepare(context);
        abi_raw(instance, "set", 1, cases[i].mode, 0, 0);
        assert_fails(spin_abi_call(instance, &redis, &payload, NULL), SPIN_ERROR_TRAP,
                     cases[i].part);
        spin_instance_free(instance);
    }
    spin_execution_context_free(context);

    context = abi_context("abi_legacy");
    spin_instance_t *instance = abi_prepare(context);
    spin_abi_export_t later = color;
    later.name = later.export_name = "later";
    later.params = "i";
    later.lower = zero_lower;
    assert_fails(spin_abi_call(instance, &later, NULL, NULL), SPIN_ERROR_TRAP, "or out of turn");
    later.lower = one_lower;
    assert_fails(spin_abi_call(instance, &later, NULL, NULL), SPIN_ERROR_TRAP, "or out of turn");
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

/* ── without waiting ── */

typedef struct seen {
    int calls;
    bool free_instance;
    spin_error_t *error;
    char text[16];
    void (*handler)(void);
} seen_t;

static void note(spin_instance_t *instance, spin_error_t *error, void *result,
                 void (*handler)(void), void *user) {
    seen_t *seen = user;
    const spin_string_t *text = result;
    seen->calls++;
    seen->error = error;
    seen->handler = handler;
    if (text != NULL)
        memcpy(seen->text, text->ptr, text->len < 15 ? text->len : 15);
    if (seen->free_instance)
        spin_instance_free(instance);
}

static void some_handler(void) {}

static void turn_until_seen(spin_execution_context_t *context, const seen_t *seen) {
    while (seen->calls == 0)
        uv_run(spin_execution_context_loop(context), UV_RUN_ONCE);
}

static void starts_without_waiting(void **state) {
    (void)state;
    spin_execution_context_t *context = abi_context("abi_canonical");
    for (int free_in_done = 0; free_in_done < 2; free_in_done++) {
        spin_instance_t *instance = abi_prepare(context);
        seen_t seen = {.free_instance = free_in_done};
        spin_slice_t text = spin_slice("later");
        assert_ok(spin_abi_start(instance, &abi_echo, &text, note, some_handler, &seen));
        turn_until_seen(context, &seen);
        assert_ok(seen.error);
        assert_string_equal(seen.text, "later");
        assert_ptr_equal(seen.handler, some_handler);
        assert_int_equal(seen.calls, 1);
        if (!free_in_done)
            spin_instance_free(instance);
    }
    spin_execution_context_free(context);
}

static void a_running_call_can_be_given_up(void **state) {
    (void)state;
    spin_execution_context_t *context = abi_context("abi_canonical");
    for (int where = 0; where < 2; where++) {
        spin_instance_t *instance = abi_prepare(context);
        seen_t seen = {0};
        spin_slice_t text = spin_slice("x");
        spin_string_t result;
        abi_raw(instance, "set", 2, where == 0 ? 4 : 0, where == 0 ? 0 : 8, 0);
        assert_ok(spin_abi_start(instance, &abi_echo, &text, note, NULL, &seen));
        assert_fails(abi_call_text(instance, &abi_echo, text, &result), SPIN_ERROR_USAGE,
                     "component \"it\": echo: the instance is in a call");
        assert_int_equal(seen.calls, 0);
        spin_instance_free(instance);
        assert_int_equal(seen.calls, 0);
    }
    spin_execution_context_free(context);
}

static void errors_come_to_done(void **state) {
    (void)state;
    spin_execution_context_t *context = abi_context("abi_canonical");
    spin_instance_t *instance = abi_prepare(context);
    seen_t seen = {0};
    spin_slice_t text = spin_slice("x");
    abi_raw(instance, "set", 2, 0, 4, 0);
    assert_ok(spin_abi_start(instance, &abi_echo, &text, note, NULL, &seen));
    turn_until_seen(context, &seen);
    assert_fails(seen.error, SPIN_ERROR_INVALID, "component \"it\": echo: result: string");
    assert_string_equal(seen.text, "");
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

static void contexts_do_not_see_each_other(void **state) {
    (void)state;
    spin_execution_context_t *today = abi_context("abi_canonical");
    spin_execution_context_t *old = abi_context("abi_2022");
    static const spin_abi_export_t slots = ABI_ECHO("echo-slots");
    spin_instance_t *first = abi_prepare(today);
    spin_instance_t *second = abi_prepare(old);
    seen_t seen = {0};
    spin_slice_t text = spin_slice("x");
    abi_raw(first, "set", 2, 0, 8, 0); /* never ends */
    assert_ok(spin_abi_start(first, &abi_echo, &text, note, NULL, &seen));
    assert_echo(second, &slots, spin_slice("meanwhile"));
    assert_fails(spin_abi_check(old, spin_slice("it"), &abi_echo), SPIN_ERROR_NOT_FOUND, "echo");
    spin_instance_free(first);
    spin_instance_free(second);
    spin_execution_context_free(today);
    spin_execution_context_free(old);
}

/* ── out of memory ── */

static spin_error_t *run_without_memory(spin_execution_context_t *context) {
    spin_instance_t *instance;
    spin_slice_t texts[12];
    texts_t args = {texts, 12}, result = {0};
    for (size_t i = 0; i < 12; i++)
        texts[i] = spin_slice("some text");
    spin_error_t *error =
        spin_execution_context_prepare_component(context, spin_slice("it"), NULL, &instance);
    if (error != NULL)
        return error;
    for (int i = 0; i < 2 && error == NULL; i++) {
        error = spin_abi_call(instance, &identity, &args, &result);
        texts_clear(NULL, &result);
    }
    spin_instance_free(instance);
    return error;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    failing_alloc_install(SIZE_MAX);
    spin_execution_context_t *context = abi_context("abi_canonical");
    size_t before = failing_alloc_calls();
    assert_ok(run_without_memory(context));
    size_t calls = failing_alloc_calls() - before;
    assert_true(calls > 10);
    spin_execution_context_free(context);
    assert_int_equal(failing_alloc_live(), 0);
    for (size_t at = 1; at <= calls; at++) {
        failing_alloc_install(SIZE_MAX);
        context = abi_context("abi_canonical");
        failing_alloc_state.fail_at = failing_alloc_calls() + at;
        spin_error_t *error = run_without_memory(context);
        assert_non_null(error);
        assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
        spin_error_free(error);
        assert_ok(run_without_memory(context));
        spin_execution_context_free(context);
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_remove();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(echoes_texts),
        cmocka_unit_test(passes_all_kinds),
        cmocka_unit_test(thousands_of_parts_do_not_nest),
        cmocka_unit_test(reads_both_layouts),
        cmocka_unit_test(a_loop_does_not_use_up_memory),
        cmocka_unit_test(the_helper_does_a_call_in_one),
        cmocka_unit_test(entry_points_of_2022_stay_so_in_newer_modules),
        cmocka_unit_test(signatures_are_checked),
        cmocka_unit_test(an_allocator_is_needed_for_texts_only),
        cmocka_unit_test(hostile_guests_are_errors),
        cmocka_unit_test(post_return_may_fail),
        cmocka_unit_test(copies_are_limited),
        cmocka_unit_test(the_time_limit_is_for_the_whole_call),
        cmocka_unit_test(helpers_are_not_trusted),
        cmocka_unit_test(starts_without_waiting),
        cmocka_unit_test(a_running_call_can_be_given_up),
        cmocka_unit_test(errors_come_to_done),
        cmocka_unit_test(contexts_do_not_see_each_other),
        cmocka_unit_test(every_allocation_may_fail),
    };
    if (!abi_make_cache())
        return 1;
    return cmocka_run_group_tests_name("abi_call", tests, NULL, abi_remove_cache);
}
