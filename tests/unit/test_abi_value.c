/* spin_value_call and spin_value_start: functions whose type is known only at run time. */
#include "abi_fixture.h"
#include "spin/wit.h"

static const char world[] = "package test:it@1.0.0;\n"
                            "interface api {\n"
                            "  record person { name: string, tags: list<u8>, age: option<u32> }\n"
                            "  variant choice { a(u32), b(f32), c(u64), d }\n"
                            "  enum hue { red, green, blue }\n"
                            "  resource thing { constructor(n: u32); get: func() -> u32; }\n"
                            "  echo: func(msg: string) -> string;\n"
                            "  people: func(all: list<person>) -> list<person>;\n"
                            "  last: func(all: tuple<string, string, string, string, string,\n"
                            "    string, string, string, string>) -> string;\n"
                            "  choose: func(c: choice) -> choice;\n"
                            "  sum: func(a: s8, b: s16) -> s32;\n"
                            "  color: func() -> hue;\n"
                            "  nothing: func();\n"
                            "  wrong: func(a: u32);\n"
                            "  absent: func();\n"
                            "  text: func() -> string;\n"
                            "  far: func() -> list<u64>;\n"
                            "}\n"
                            "world w { export api; export plain: func(x: string) -> string; }\n";

static spin_wit_t *wit_of(const char *text) {
    spin_wit_t *wit;
    assert_ok(spin_wit_parse(spin_slice(text), "it.wit", NULL, &wit));
    return wit;
}

static const spin_function_t *function_of(const spin_wit_t *wit, const char *name) {
    const spin_function_t *function;
    assert_ok(spin_wit_function(wit, spin_slice(name), &function));
    return function;
}

static spin_value_t text_of(const char *text) {
    return (spin_value_t){.kind = SPIN_TYPE_STRING, .of.text = spin_slice(text)};
}

static void assert_text(const spin_value_t *value, const char *text) {
    assert_int_equal(value->kind, SPIN_TYPE_STRING);
    assert_int_equal(value->of.text.len, strlen(text));
    assert_memory_equal(value->of.text.ptr, text, strlen(text));
}

typedef struct fixture {
    spin_wit_t *wit;
    spin_execution_context_t *context;
    spin_instance_t *instance;
} fixture_t;

static fixture_t open_guest(const char *guest, const char *text) {
    fixture_t fixture = {.wit = wit_of(text), .context = abi_context(guest)};
    fixture.instance = abi_prepare(fixture.context);
    return fixture;
}

static void close_guest(fixture_t *fixture) {
    spin_instance_free(fixture->instance);
    spin_execution_context_free(fixture->context);
    spin_wit_free(fixture->wit);
}

static spin_error_t *call(const fixture_t *fixture, const char *name, const spin_value_t *args,
                          size_t len, spin_value_t *result) {
    return spin_value_call(fixture->instance, function_of(fixture->wit, name), args, len, result);
}

static void texts_and_lists_come_back(void **state) {
    (void)state;
    fixture_t it = open_guest("abi_value", world);
    static const char *const names[] = {"test:it/api@1.0.0#echo", "echo", "plain"};
    spin_value_t result;
    for (size_t i = 0; i < 3; i++) {
        spin_value_t arg = text_of("h\xc3\xa9llo");
        assert_ok(call(&it, names[i], &arg, 1, &result));
        assert_text(&result, "h\xc3\xa9llo");
        spin_value_clear(&result);
        assert_ok(call(&it, names[i], &arg, 1, NULL));
    }
    spin_value_t age = {.kind = SPIN_TYPE_U32, .of.natural = 42};
    spin_value_t ann[3] = {text_of("Ann"),
                           {.kind = SPIN_TYPE_BYTES, .of.text = SLICE_INIT("\1\2")},
                           {.kind = SPIN_TYPE_OPTION, .of.variant = {1, &age}}};
    spin_value_t bob[3] = {text_of(""), {.kind = SPIN_TYPE_LIST}, {.kind = SPIN_TYPE_OPTION}};
    spin_value_t people[2] = {{.kind = SPIN_TYPE_RECORD, .of.list = {ann, 3}},
                              {.kind = SPIN_TYPE_RECORD, .of.list = {bob, 3}}};
    spin_value_t list = {.kind = SPIN_TYPE_LIST, .of.list = {people, 2}};
    assert_ok(call(&it, "people", &list, 1, &result));
    assert_true(spin_value_equal(&result, &list));
    spin_value_clear(&result);
    close_guest(&it);
}

static void numbers_take_their_places(void **state) {
    (void)state;
    fixture_t it = open_guest("abi_value", world);
    spin_value_t result, numbers[2] = {{.kind = SPIN_TYPE_S8, .of.integer = -100},
                                       {.kind = SPIN_TYPE_S16, .of.integer = -30000}};
    assert_ok(call(&it, "sum", numbers, 2, &result));
    assert_int_equal(result.kind, SPIN_TYPE_S32);
    assert_int_equal(result.of.integer, -30100);
    spin_value_t payloads[3] = {{.kind = SPIN_TYPE_U32, .of.natural = 0xfffffffe},
                                {.kind = SPIN_TYPE_F32, .of.f32 = -1.5f},
                                {.kind = SPIN_TYPE_U64, .of.natural = UINT64_MAX - 1}};
    for (uint32_t i = 0; i < 4; i++) {
        spin_value_t choice = {.kind = SPIN_TYPE_VARIANT,
                               .of.variant = {i, i < 3 ? &payloads[i] : NULL}};
        assert_ok(call(&it, "choose", &choice, 1, &result));
        assert_true(spin_value_equal(&result, &choice));
        spin_value_clear(&result);
    }
    spin_value_t texts[9];
    for (size_t i = 0; i < 9; i++)
        texts[i] = text_of(i == 8 ? "the last" : "another");
    spin_value_t all = {.kind = SPIN_TYPE_TUPLE, .of.list = {texts, 9}};
    assert_ok(call(&it, "last", &all, 1, &result));
    assert_text(&result, "the last");
    spin_value_clear(&result);
    memset(&result, 0xaa, sizeof result);
    assert_ok(call(&it, "nothing", NULL, 0, &result));
    assert_int_equal(result.kind, 0);
    close_guest(&it);
}

static void handles_are_numbers(void **state) {
    (void)state;
    fixture_t it = open_guest("abi_value", world);
    spin_value_t handle, result, number = {.kind = SPIN_TYPE_U32, .of.natural = 6};
    assert_ok(call(&it, "[constructor]thing", &number, 1, &handle));
    assert_int_equal(handle.kind, SPIN_TYPE_OWN);
    assert_int_equal(handle.of.natural, 7);
    handle.kind = SPIN_TYPE_BORROW;
    assert_ok(call(&it, "thing.get", &handle, 1, &result));
    assert_int_equal(result.of.natural, 70);
    close_guest(&it);
}

static void the_layouts_of_2022_are_read(void **state) {
    (void)state;
    static const char text[] = "echo-slots: function(msg: string) -> string\n"
                               "echo-canonical: function(msg: string) -> string\n"
                               "enum error { success, failure }\n"
                               "handle-redis-message: function(payload: list<u8>) ->"
                               " expected<_, error>\n";
    fixture_t it = open_guest("abi_2022", text);
    spin_value_t result, arg = text_of("old times");
    static const char *const names[] = {"echo-slots", "echo-canonical"};
    for (size_t i = 0; i < 2; i++) {
        assert_ok(call(&it, names[i], &arg, 1, &result));
        assert_text(&result, "old times");
        spin_value_clear(&result);
    }
    spin_value_t bytes = {.kind = SPIN_TYPE_BYTES, .of.text = SLICE_INIT("\1")};
    assert_ok(call(&it, "handle-redis-message", &bytes, 1, &result));
    assert_int_equal(result.kind, SPIN_TYPE_RESULT);
    assert_int_equal(result.of.variant.index, 1);
    assert_int_equal(result.of.variant.payload->of.variant.index, 1);
    spin_value_clear(&result);
    bytes.of.text.len = 0;
    assert_ok(call(&it, "handle-redis-message", &bytes, 1, &result));
    assert_int_equal(result.of.variant.index, 0);
    spin_value_clear(&result);
    close_guest(&it);
}

static void mistakes_name_component_and_function(void **state) {
    (void)state;
    fixture_t it = open_guest("abi_value", world);
    spin_value_t good = text_of("x"), number = {.kind = SPIN_TYPE_U32, .of.natural = 1};
    spin_value_t not_utf8 = text_of("\xff");
    static const char in[] = "component \"it\": api.";
    struct {
        const char *name;
        const spin_value_t *args;
        size_t len;
        spin_error_kind_t kind;
        const char *part;
    } cases[] = {
        {"echo", NULL, 0, SPIN_ERROR_INVALID, "echo: it takes 1 argument and got 0"},
        {"echo", &number, 1, SPIN_ERROR_INVALID, "echo: argument \"msg\": a value of kind u32"},
        {"echo", &not_utf8, 1, SPIN_ERROR_INVALID, "echo: argument \"msg\": a string that is not"},
        {"nothing", &good, 1, SPIN_ERROR_INVALID, "nothing: it takes 0 arguments and got 1"},
        {"absent", NULL, 0, SPIN_ERROR_NOT_FOUND, "absent: it does not export \"test:it/api@1"},
        {"wrong", &number, 1, SPIN_ERROR_INVALID, "wrong: its export \"test:it/api@1.0.0#wrong\""},
        {"color", NULL, 0, SPIN_ERROR_INVALID, "color: result: enum hue: 3 is not"},
        {"text", NULL, 0, SPIN_ERROR_INVALID, "text: result: string at 0x400 is not UTF-8"},
        {"far", NULL, 0, SPIN_ERROR_TRAP, "far: result: list at 0x400, 4294967304 bytes long"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char wanted[128];
        spin_value_t result = good;
        snprintf(wanted, sizeof wanted, "%s%s", in, cases[i].part);
        assert_fails(call(&it, cases[i].name, cases[i].args, cases[i].len, &result), cases[i].kind,
                     wanted);
        assert_int_equal(result.kind, 0);
        spin_instance_free(it.instance);
        it.instance = abi_prepare(it.context);
    }
    close_guest(&it);
}

/* One instance called often, by functions that come and go: descriptors are kept, but none for
 * another function that took the place of one. */
static void descriptors_are_kept_and_checked(void **state) {
    (void)state;
    fixture_t it = open_guest("abi_value", world);
    spin_value_t result, arg = text_of("again");
    for (int i = 0; i < 300; i++) {
        assert_ok(call(&it, "plain", &arg, 1, &result));
        assert_text(&result, "again");
        spin_value_clear(&result);
    }
    for (int i = 0; i < 50; i++) {
        spin_wit_free(it.wit);
        it.wit = wit_of(i % 2 == 0 ? "package a:b; world w { export plain: func(x: list<u8>)"
                                     " -> list<u8>; }"
                                   : "package a:b; world w { export plain: func(x: string)"
                                     " -> string; }");
        if (i % 2 == 0)
            arg = (spin_value_t){.kind = SPIN_TYPE_BYTES, .of.text = SLICE_INIT("\xff")};
        else
            arg = text_of("text");
        assert_ok(call(&it, "plain", &arg, 1, &result));
        assert_true(spin_value_equal(&arg, &result));
        spin_value_clear(&result);
        spin_wit_free(it.wit);
        it.wit = wit_of("package a:b; world w { export plain: func(x: u32); }");
        arg = (spin_value_t){.kind = SPIN_TYPE_U32};
        assert_fails(call(&it, "plain", &arg, 1, NULL), SPIN_ERROR_INVALID, "must be (i32) -> ()");
    }
    close_guest(&it);
}

typedef struct seen {
    int calls;
    spin_error_t *error;
    spin_value_t copy;
} seen_t;

static void note(spin_instance_t *instance, spin_error_t *error, const spin_value_t *result,
                 void *user) {
    seen_t *seen = user;
    (void)instance;
    seen->calls++;
    seen->error = error;
    if (result != NULL)
        assert_ok(spin_value_copy(result, &seen->copy));
}

static void starts_without_waiting(void **state) {
    (void)state;
    fixture_t it = open_guest("abi_value", world);
    spin_value_t arg = text_of("later");
    static const char *const names[] = {"echo", "text", "nothing"};
    for (size_t i = 0; i < 3; i++) {
        seen_t seen = {0};
        assert_ok(spin_value_start(it.instance, function_of(it.wit, names[i]), &arg, i == 0, note,
                                   &seen));
        while (seen.calls == 0)
            uv_run(spin_execution_context_loop(it.context), UV_RUN_ONCE);
        assert_int_equal(seen.calls, 1);
        if (i == 0)
            assert_text(&seen.copy, "later");
        else
            assert_int_equal(seen.copy.kind, 0);
        if (i == 1)
            assert_fails(seen.error, SPIN_ERROR_INVALID, "api.text: result: string at 0x400");
        else
            assert_ok(seen.error);
        spin_value_clear(&seen.copy);
    }
    assert_fails(spin_value_start(it.instance, function_of(it.wit, "echo"), NULL, 0, note, NULL),
                 SPIN_ERROR_INVALID, "api.echo: it takes 1 argument and got 0");
    close_guest(&it);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_and_lists_come_back),
        cmocka_unit_test(numbers_take_their_places),
        cmocka_unit_test(handles_are_numbers),
        cmocka_unit_test(the_layouts_of_2022_are_read),
        cmocka_unit_test(mistakes_name_component_and_function),
        cmocka_unit_test(descriptors_are_kept_and_checked),
        cmocka_unit_test(starts_without_waiting),
    };
    if (!abi_make_cache())
        return 1;
    return cmocka_run_group_tests(tests, NULL, abi_remove_cache);
}
