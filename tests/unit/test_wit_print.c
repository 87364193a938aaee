#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "cmocka_all.h"
#include "failing_alloc.h"
#include "spin/wit.h"
#include "wit/print.h"
#include "wit_dump.h"

static wit_ast_file_t *parse(arena_t *arena, spin_slice_t text) {
    wit_ast_file_t *file = NULL;
    spin_error_t *error = wit_parse_file(arena, text, "t.wit", &file);
    if (error != NULL) {
        char message[512];
        spin_error_format(error, message, sizeof message);
        spin_error_free(error);
        fail_msg("%.*s\n%s", SLICE_ARG(text), message);
    }
    return file;
}

/* Prints `text` as `expected` (NULL: as anything), which reads as the same tree and prints as
 * itself. */
static void check(spin_slice_t text, const char *expected) {
    arena_t arena = {0};
    buf_t printed = {0};
    buf_t again = {0};
    buf_t tree = {0};
    buf_t tree_again = {0};
    const wit_ast_file_t *file = parse(&arena, text);
    wit_print_file(&printed, file);
    if (expected != NULL && !slice_equal_text(buf_slice(&printed), expected))
        fail_msg("printed:\n%.*s\nexpected:\n%s", SLICE_ARG(printed), expected);
    const wit_ast_file_t *read = parse(&arena, buf_slice(&printed));
    wit_print_file(&again, read);
    wit_dump_file(&tree, file);
    wit_dump_file(&tree_again, read);
    assert_false(printed.failed || again.failed || tree.failed || tree_again.failed);
    if (!slice_equal(buf_slice(&printed), buf_slice(&again)))
        fail_msg("printed:\n%.*s\nthen:\n%.*s", SLICE_ARG(printed), SLICE_ARG(again));
    if (!slice_equal(buf_slice(&tree), buf_slice(&tree_again)))
        fail_msg("read:\n%.*s\nthen:\n%.*s", SLICE_ARG(tree), SLICE_ARG(tree_again));
    buf_deinit(&printed);
    buf_deinit(&again);
    buf_deinit(&tree);
    buf_deinit(&tree_again);
    arena_deinit(&arena);
}

static void prints_in_canonical_form(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *printed;
    } cases[] = {
        {"", ""},
        {"// only this", "// only this\n"},
        {"package a:b;", "package a:b;\n"},
        {"package\na : b/c@1.0.0;use d:e/f@1.2.3 as g;use h;",
         "package a:b/c@1.0.0;\n\nuse d:e/f@1.2.3 as g;\nuse h;\n"},
        {"interface %world{}", "interface %world {}\n"},
        {"package %use:%world/%type;", "package %use:%world/%type;\n"},
        {"package a:b{interface c{}}world d{}",
         "package a:b {\n  interface c {}\n}\n\nworld d {}\n"},
        {"interface i{use a.{b,c as d};use e:f/g@1.0.0.{%list};type t=u8;type u=list<t,3>;}",
         "interface i {\n  use a.{b, c as d};\n  use e:f/g@1.0.0.{%list};\n\n  type t = u8;\n"
         "  type u = list<t, 3>;\n}\n"},
        {"interface i{record r{a:%u8,%as:float64}enum e{a}flags f{}variant v{a(b),c}}",
         "interface i {\n  record r {\n    a: %u8,\n    %as: f64,\n  }\n\n  enum e {\n    a,\n  "
         "}\n\n"
         "  flags f {}\n\n  variant v {\n    a(b),\n    c,\n  }\n}\n"},
        {"interface i{resource a{}resource b{constructor();%constructor:func();"
         "c:static async func()->b;}}",
         "interface i {\n  resource a;\n\n  resource b {\n    constructor();\n"
         "    %constructor: func();\n    c: static async func() -> b;\n  }\n}\n"},
        {"interface i{f:func(a:result<_,u8>,b:result<u8>,c:result,d:map<u8,stream<future>>)"
         "->own<r>;}",
         "interface i {\n  f: func(a: result<_, u8>, b: result<u8>, c: result, "
         "d: map<u8, stream<future>>) -> own<r>;\n}\n"},
        {"world w{import a;import b:c/d@1.0.0;import e:b:c/d;export f:interface{}export g:func();"
         "include h;include i with{a as b}}",
         "world w {\n  import a;\n  import b:c/d@1.0.0;\n  import e: b:c/d;\n\n"
         "  export f: interface {}\n\n  export g: func();\n\n  include h;\n"
         "  include i with { a as b }\n}\n"},
        {"///doc\n@since(version=1.0.0)@unstable(feature=%use)@external-id(\"a\\\"\")world w{}",
         "/// doc\n@since(version = 1.0.0)\n@unstable(feature = %use)\n@external-id(\"a\\\"\")\n"
         "world w {}\n"},
        {"package a:b\ninterface i { f: func() resource r }",
         "package a:b;\n\ninterface i {\n  f: func();\n\n  resource r;\n}\n"},
        {"use * from a use{b,c as d}from e f:function(x:u8)->expected<_,r>g:func()->(a:u8)",
         "use * from a\nuse { b, c as d } from e\n\nf: function(x: u8) -> expected<_, r>\n"
         "g: func() -> (a: u8)\n"},
        {"union u{string}resource r resource s{static a:async func(b:handle r)}type %unit=unit "
         "handle:func(a:%unit)",
         "union u {\n  string,\n}\n\nresource r\n\nresource s {\n"
         "  static a: async func(b: handle r)\n}\n\ntype unit = unit\n\n"
         "handle: func(a: %unit)\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(spin_slice(cases[i].text), cases[i].printed);
}

static void keeps_comments_beside_what_they_belong_to(void **state) {
    (void)state;
    check(spin_slice("//licence\n\n/** a\n\n      b */ package a:b; // c\n"
                     "/*d*/ interface i /*e*/ { // f\n"
                     "  enum e { a, // g\n b /* h */ } // i\n"
                     "  f: func(a /* j */ : u8); /// k\n"
                     "  g: func();\n\n\n  // l\n\n  //// m\n}\n"
                     "//\n// \t n"),
          "// licence\n\n/// a\n///\n/// b\n// c\npackage a:b;\n\n// d\ninterface i {\n"
          "  // e\n  // f\n  // i\n  enum e {\n    // g\n    a,\n    // h\n    b,\n  }\n\n"
          "  // j\n  f: func(a: u8);\n\n  /// k\n  g: func();\n\n"
          "  // l\n\n  // // m\n}\n\n//\n// \t n\n");
}

/* Every seed of the fuzz target. */
static void prints_the_corpus_as_itself(void **state) {
    (void)state;
    static const char folder[] = SPIN_SOURCE_DIR "/fuzz/corpus/wit";
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    size_t seen = 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[1024];
        static char text[65536];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "rb");
        if (file == NULL)
            continue;
        size_t len = fread(text, 1, sizeof text, file);
        fclose(file);
        check(spin_slice_of(text, len), NULL);
        seen++;
    }
    closedir(dir);
    assert_true(seen >= 4);
}

/* ── spin_wit_print ──────────────────────────────────────────────────────────────────────── */

static char folder[64];

static void write_file(const char *name, const char *text) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    fclose(file);
}

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/spin-wit-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void prints_a_file(void **state) {
    (void)state;
    char path[128];
    spin_string_t text;
    write_file("a.wit", "world w{}");
    snprintf(path, sizeof path, "%s/a.wit", folder);
    assert_null(spin_wit_print(path, &text));
    assert_true(slice_equal_text(text, "world w {}\n"));
    spin_string_clear(&text);
}

static void prints_a_folder_as_one_package(void **state) {
    (void)state;
    write_file("b.wit", "// B.\n\npackage a:b@1.0.0; use x:y/z; world w {} // tail\n//b");
    write_file("a.wit", "/// A.\npackage a:b@1.0.0;\nuse x:y/z;\nuse x:y/z as q;\ninterface i {}");
    write_file("c.wit", "interface j {}\n//c");
    write_file("notes.txt", "not WIT");
    spin_string_t text;
    assert_null(spin_wit_print(folder, &text));
    if (!slice_equal_text(text, "/// A.\n\n// B.\n\npackage a:b@1.0.0;\n\nuse x:y/z;\n"
                                "use x:y/z as q;\n\ninterface i {}\n\n// tail\nworld w {}\n\n"
                                "interface j {}\n\n// b\n\n// c\n"))
        fail_msg("%.*s", SLICE_ARG(text));
    check(text, NULL);
    spin_string_clear(&text);
}

static void assert_refused(const char *path, spin_error_kind_t kind, const char *message) {
    spin_string_t text;
    spin_error_t *error = spin_wit_print(path, &text);
    assert_non_null(error);
    char shown[512];
    spin_error_format(error, shown, sizeof shown);
    if (strstr(shown, message) == NULL)
        fail_msg("%s", shown);
    assert_int_equal(spin_error_kind(error), kind);
    assert_int_equal(text.len, 0);
    spin_error_free(error);
}

static void refuses_what_is_no_package(void **state) {
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/none.wit", folder);
    assert_refused(path, SPIN_ERROR_NOT_FOUND, "none.wit");
    assert_refused(folder, SPIN_ERROR_NOT_FOUND, "no .wit file");
    write_file("a.wit", "package a:b;");
    write_file("b.wit", "package a:c;");
    assert_refused(folder, SPIN_ERROR_INVALID, "b.wit:1:9: this file is of another package");
    write_file("b.wit", "f: func()");
    assert_refused(folder, SPIN_ERROR_UNSUPPORTED, "one by one");
    write_file("b.wit", "world {}");
    assert_refused(folder, SPIN_ERROR_INVALID, "b.wit:1:7: expected the name of a world");
    spin_string_t text;
    spin_error_t *error = spin_wit_print(NULL, &text);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_USAGE);
    spin_error_free(error);
}

static void out_of_memory_is_an_error(void **state) {
    (void)state;
    write_file("a.wit", "package a:b; use c; interface i { f: func(); }");
    write_file("b.wit", "use c; world w { import i; } // end");
    for (size_t at = 1;; at++) {
        spin_string_t text;
        failing_alloc_install(at);
        spin_error_t *error = spin_wit_print(folder, &text);
        bool reached = failing_alloc_calls() >= at;
        if (error != NULL)
            assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
        spin_error_free(error);
        spin_string_clear(&text);
        assert_int_equal(failing_alloc_live(), 0);
        failing_alloc_remove();
        if (!reached) {
            assert_true(at > 5); /* some did fail */
            break;
        }
        assert_true(error != NULL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_in_canonical_form),
        cmocka_unit_test(keeps_comments_beside_what_they_belong_to),
        cmocka_unit_test(prints_the_corpus_as_itself),
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
        TEST(prints_a_file),
        TEST(prints_a_folder_as_one_package),
        TEST(refuses_what_is_no_package),
        TEST(out_of_memory_is_an_error),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
