/* What spin-bindgen writes for tests/golden/bindgen/NAME.wit and the project's own wit/ is
 * tests/golden/bindgen/PREFIX.{h,c}, byte for byte; tests/bindgen/run.sh compiles those. With
 * SPIN_GOLDEN_UPDATE=1 in the environment they are written anew: read the difference before you
 * commit it. */
#include "cmocka_all.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/slice.h"
#include "failing_alloc.h"
#include "spin/wit.h"

#define GOLDEN SPIN_SOURCE_DIR "/tests/golden/bindgen/"
#define OWN    SPIN_SOURCE_DIR "/wit/"

static void assert_ok(spin_error_t *error, const char *what) {
    char text[512];
    if (error == NULL)
        return;
    spin_error_format(error, text, sizeof text);
    spin_error_free(error);
    fail_msg("%s: %s", what, text);
}

static buf_t read_file(const char *path) {
    buf_t out = {0};
    char chunk[4096];
    size_t len;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return out;
    while ((len = fread(chunk, 1, sizeof chunk, file)) > 0)
        buf_append(&out, spin_slice_of(chunk, len));
    fclose(file);
    assert_false(out.failed);
    return out;
}

/* ── golden files ────────────────────────────────────────────────────────────────────────── */

typedef struct golden {
    const char *path;
    bool import_bindings;
    bool export_bindings;
    const char *prefix;
} golden_t;

static const golden_t goldens[] = {
    {GOLDEN "echo.wit", false, false, NULL},
    {GOLDEN "types.wit", false, false, NULL},
    {GOLDEN "resources.wit", false, false, "resources"},
    {GOLDEN "names.wit", false, false, NULL},
    {GOLDEN "odd.wit", false, false, NULL},
    {GOLDEN "union.wit", false, false, NULL},
    {OWN "spin-http.wit", true, false, NULL},
    {OWN "spin-redis.wit", true, false, NULL},
    {OWN "wasi-outbound-http.wit", false, true, "outbound-http"},
    {OWN "outbound-redis.wit", false, true, NULL},
    {OWN "spin-config.wit", false, true, NULL},
};

static void generate(const golden_t *golden, spin_bindgen_output_t *out) {
    spin_wit_t *wit = NULL;
    assert_ok(spin_wit_load(golden->path, NULL, &wit), golden->path);
    const spin_bindgen_options_t options = {
        .size = sizeof options,
        .import_bindings = golden->import_bindings,
        .export_bindings = golden->export_bindings,
        .prefix = golden->prefix,
    };
    assert_ok(spin_bindgen_c(wit, &options, out), golden->path);
    spin_wit_free(wit);
}

static void compare(spin_slice_t name, spin_slice_t text) {
    char path[512];
    snprintf(path, sizeof path, GOLDEN "%.*s", SLICE_ARG(name));
    if (getenv("SPIN_GOLDEN_UPDATE") != NULL) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
        assert_int_equal(fclose(file), 0);
        return;
    }
    buf_t expected = read_file(path);
    if (!slice_equal(text, buf_slice(&expected)))
        fail_msg("%s is not what spin-bindgen writes now", path);
    buf_deinit(&expected);
}

static void test_goldens(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof goldens / sizeof *goldens; i++) {
        spin_bindgen_output_t output, again;
        generate(&goldens[i], &output);
        generate(&goldens[i], &again);
        assert_true(slice_equal(output.header, again.header));
        assert_true(slice_equal(output.source, again.source));
        compare(output.header_name, output.header);
        compare(output.source_name, output.source);
        spin_bindgen_output_clear(&output);
        spin_bindgen_output_clear(&again);
        assert_int_equal(output.source.len, 0);
    }
}

/* ── pieces ──────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *generate_text(const char *text, const spin_bindgen_options_t *options,
                                   spin_bindgen_output_t *out) {
    spin_wit_t *wit = NULL;
    spin_error_t *error = spin_wit_parse(spin_slice(text), "t.wit", NULL, &wit);
    if (error == NULL)
        error = spin_bindgen_c(wit, options, out);
    spin_wit_free(wit);
    return error;
}

static bool contains(spin_slice_t text, const char *piece) {
    return memmem(text.ptr, text.len, piece, strlen(piece)) != NULL;
}

/* The contract that the documents show. */
static void test_echo_has_the_promised_shape(void **state) {
    (void)state;
    spin_bindgen_output_t output;
    assert_ok(generate_text("echo: function(msg: string) -> string\n",
                            &(spin_bindgen_options_t){.size = sizeof(spin_bindgen_options_t),
                                                      .prefix = "echo"},
                            &output),
              "echo");
    assert_true(slice_equal_text(output.header_name, "echo.h"));
    assert_true(slice_equal_text(output.source_name, "echo.c"));
    assert_true(contains(output.header,
                         "\nspin_error_t *echo_echo(spin_instance_t *instance, spin_slice_t msg, "
                         "spin_string_t *ret);\n"));
    assert_true(contains(output.header, "\nspin_error_t *echo_echo_start("));
    assert_true(contains(output.header, "extern const spin_abi_export_t echo_echo_export;"));
    spin_bindgen_output_clear(&output);
}

/* Names are no longer than they must be to be told apart. */
static void test_qualifiers(void **state) {
    static const char wit[] = "package a:x;\n"
                              "interface i { record r { a: u8 } f: func() -> r; }\n"
                              "interface j { use i.{r}; f: func(r: r) -> r; }\n"
                              "world one { export i; }\n"
                              "world two { export i; export j; }\n";
    (void)state;
    static const struct {
        const char *world;
        const char *expected;
    } cases[] = {
        {"one", "spin_error_t *p_f(spin_instance_t *instance, p_r_t *ret);"},
        {"two", "spin_error_t *p_i_f(spin_instance_t *instance, p_i_r_t *ret);"},
        {"two", "spin_error_t *p_j_f(spin_instance_t *instance, const p_i_r_t *r, p_i_r_t *ret);"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        spin_bindgen_output_t output;
        const spin_bindgen_options_t options = {
            .size = sizeof options, .world = cases[i].world, .prefix = "p"};
        assert_ok(generate_text(wit, &options, &output), cases[i].world);
        if (!contains(output.header, cases[i].expected))
            fail_msg("no \"%s\" in:\n%.*s", cases[i].expected, SLICE_ARG(output.header));
        spin_bindgen_output_clear(&output);
    }
}

/* ── errors ──────────────────────────────────────────────────────────────────────────────── */

typedef struct wrong {
    const char *text;
    const char *world;
    const char *interface;
    const char *prefix;
    spin_error_kind_t kind;
    const char *message;
} wrong_t;

#define WORLDS                                                                                     \
    "package a:x;\ninterface types { f: func(); }\nworld cat { export types; }\n"                  \
    "world dog { export types; }\n"

static const wrong_t wrongs[] = {
    {WORLDS, "cap", NULL, NULL, SPIN_ERROR_NOT_FOUND,
     "there is no world \"cap\": did you mean \"cat\"?"},
    {WORLDS, NULL, NULL, NULL, SPIN_ERROR_INVALID,
     "there are 2 worlds: one must be chosen, such as \"cat\""},
    {WORLDS, NULL, "zzzzzz", NULL, SPIN_ERROR_NOT_FOUND, "there is no interface \"zzzzzz\""},
    {WORLDS, "cat", "types", NULL, SPIN_ERROR_USAGE, "a world and an interface exclude each other"},
    {WORLDS, "cat", NULL, "1st", SPIN_ERROR_USAGE, "prefix \"1st\" can't begin a name in C"},
    {WORLDS, "cat", NULL, "a b", SPIN_ERROR_USAGE, "prefix \"a b\" can't begin a name in C"},
    {WORLDS, "cat", NULL, "", SPIN_ERROR_USAGE, "prefix \"\" can't begin a name in C"},
    {WORLDS, "cat", NULL, "_a", SPIN_ERROR_USAGE, "prefix \"_a\" can't begin a name in C"},
    {WORLDS, "cat", NULL, "Spin", SPIN_ERROR_USAGE,
     "prefix \"spin\": a library has names that begin with it, another is needed"},
    {"package a:x;\ninterface t { type a = u8; }\n", NULL, "t", NULL, SPIN_ERROR_INVALID,
     "interface \"t\" has no function"},
    {"package a:x;\n", NULL, NULL, NULL, SPIN_ERROR_NOT_FOUND, "there is no interface"},
    /* Two that are one in C. */
    {"package a:x;\ninterface i { f: func(); f-start: func(); }\n", NULL, "i", "p",
     SPIN_ERROR_INVALID,
     "\"p_f_start\" would stand in C for function \"i.f\" and for function \"i.f-start\""},
    {"package a:x;\ninterface i { record list-string { a: u8 }\n"
     "f: func(a: list<string>, b: list-string); }\n",
     NULL, "i", "p", SPIN_ERROR_INVALID,
     "\"(list_string)\" would stand in C for list<string> and for record list-string of "
     "\"a:x/i\""},
    {"package a:x;\ninterface i { enum a { b-c } enum a-b { c }\nf: func(x: a, y: a-b); }\n", NULL,
     "i", "p", SPIN_ERROR_INVALID,
     "\"P_A_B_C\" would stand in C for \"b-c\" of enum a of \"a:x/i\" and for \"c\" of enum a-b of "
     "\"a:x/i\""},
    {"package a:x;\ninterface i { resource r { f: func(); } r-f: func(); }\n", NULL, "i", "p",
     SPIN_ERROR_INVALID,
     "\"p_ops_t.r_f\" would stand in C for function \"i.r.f\" and for function \"i.r-f\""},
    /* Names inside the source. */
    {"package a:x;\ninterface i { record args-p-f { a: u8 } f: func(a: args-p-f); }\n", NULL, "i",
     "p", SPIN_ERROR_INVALID,
     "\"lift_args_p_f\" would stand in C for record args-p-f and for function \"i.f\""},
    {"package a:x;\ninterface i { record list-u8 { a: u8 }\nf: func(a: list<u8>) -> list-u8; }\n",
     NULL, "i", "p", SPIN_ERROR_INVALID,
     "\"(list_u8)\" would stand in C for list<u8> and for record list-u8 of \"a:x/i\""},
    {"package a:x;\ninterface i { f: func(); import-f: func(); }\n", NULL, "i", "import",
     SPIN_ERROR_INVALID,
     "\"import_import_f\" would stand in C for function \"i.f\" and for function \"i.import-f\""},
    /* What can't be told to a guest. */
    {"package a:x;\ninterface i { flags f { } g: func(a: f); }\n", NULL, "i", "p",
     SPIN_ERROR_UNSUPPORTED, "flags f holds nothing"},
    {"package a:x;\ninterface i { record r { } g: func(a: list<r, 4294967295>); }\n", NULL, "i",
     "p", SPIN_ERROR_UNSUPPORTED, "list<r, 4294967295> holds nothing"},
};

static void test_errors(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        const wrong_t *wrong = &wrongs[i];
        spin_bindgen_output_t output;
        const spin_bindgen_options_t options = {
            .size = sizeof options,
            .world = wrong->world,
            .interface = wrong->interface,
            .prefix = wrong->prefix,
        };
        char text[512];
        spin_error_t *error = generate_text(wrong->text, &options, &output);
        if (error == NULL)
            fail_msg("no error: %s", wrong->message);
        spin_error_format(error, text, sizeof text);
        assert_string_equal(text, wrong->message);
        assert_int_equal(spin_error_kind(error), wrong->kind);
        assert_null(output.header.ptr);
        spin_error_free(error);
    }
}

/* A file of 2022 names its interface: the name must not get out of a literal or a comment. */
static void test_names_of_files(void **state) {
    static const char *const names[] = {"a\"; int b.wit", "a\\.wit",  "a\n.wit",
                                        "a*.wit",         "a?\?.wit", "a\xff.wit"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        spin_wit_t *wit = NULL;
        spin_bindgen_output_t output;
        const spin_bindgen_options_t options = {.size = sizeof options, .prefix = "p"};
        assert_ok(spin_wit_parse(spin_slice("f: function()\n"), names[i], NULL, &wit), names[i]);
        spin_error_t *error = spin_bindgen_c(wit, &options, &output);
        assert_int_equal(spin_error_kind(error), SPIN_ERROR_INVALID);
        assert_null(output.source.ptr);
        spin_error_free(error);
        spin_wit_free(wit);
    }
}

/* Each type has the one before twice: 2^60 paths lead to the resource. */
static void test_shared_types(void **state) {
    buf_t text = {0};
    (void)state;
    buf_append_text(&text, "package a:x;\ninterface r { resource t; }\n"
                           "interface i { use r.{t};\nvariant v0 { a(own<t>) }\n");
    for (int i = 0; i < 60; i++)
        buf_printf(&text, "variant v%d { a(v%d), b(v%d) }\n", i + 1, i, i);
    buf_append_text(&text, "f: func(a: v60) -> v60; }\nworld w { export i; }\n");
    buf_append_byte(&text, '\0');
    assert_false(text.failed);
    spin_bindgen_output_t output;
    const spin_bindgen_options_t options = {.size = sizeof options};
    assert_ok(generate_text((const char *)text.ptr, &options, &output), "shared types");
    assert_true(contains(output.header, "} w_i_v60_t;"));
    spin_bindgen_output_clear(&output);
    buf_deinit(&text);
}

static void test_out_of_memory(void **state) {
    (void)state;
    buf_t text = read_file(GOLDEN "resources.wit");
    spin_wit_t *wit = NULL;
    assert_ok(spin_wit_parse(buf_slice(&text), "t.wit", NULL, &wit), "resources");
    size_t calls = 1;
    for (size_t at = 0; at <= calls; at++) { /* 0: counts */
        spin_bindgen_output_t output;
        failing_alloc_install(at == 0 ? SIZE_MAX : at);
        spin_error_t *error = spin_bindgen_c(wit, NULL, &output);
        if (at == 0)
            calls = failing_alloc_calls();
        if (at > 0)
            assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
        else
            assert_null(error);
        spin_error_free(error);
        spin_bindgen_output_clear(&output);
        assert_int_equal(failing_alloc_live(), 0);
        failing_alloc_remove();
    }
    assert_true(calls > 50);
    spin_wit_free(wit);
    buf_deinit(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goldens),        cmocka_unit_test(test_echo_has_the_promised_shape),
        cmocka_unit_test(test_qualifiers),     cmocka_unit_test(test_errors),
        cmocka_unit_test(test_names_of_files), cmocka_unit_test(test_shared_types),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
