#include <stdio.h>
#include <string.h>

#include "bindle/same.h"
#include "cmocka_all.h"

static const char text[] =
    "bindleVersion = \"1.0.0\"\n"
    "[bindle]\nname = \"a\"\nversion = \"1.0.0\"\ndescription = \"words\"\nauthors = [\"Ann\"]\n"
    "[annotations]\nx = \"1\"\ny = \"2\"\n"
    "[[group]]\nname = \"g\"\nrequired = true\nsatisfiedBy = \"allOf\"\n"
    "[[parcel]]\n[parcel.label]\n"
    "sha256 = \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"\n"
    "mediaType = \"text/plain\"\nname = \"empty\"\nsize = 0\norigin = \"here\"\n"
    "[parcel.label.annotations]\nk = \"v\"\n"
    "[parcel.label.feature.wagi]\nfile = \"true\"\n"
    "[parcel.label.feature.other]\na = \"b\"\nc = \"d\"\n"
    "[parcel.conditions]\nmemberOf = [\"g\"]\nrequires = [\"h\"]\n";

/* Whether `text` and the one in which `to` stands for `from` are the same. */
static bool same_with(const char *from, const char *to) {
    char changed[2048];
    arena_t arena = {0};
    bindle_invoice_t a, b;
    const char *at = strstr(text, from);
    assert_non_null(at);
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    assert_null(bindle_invoice_parse(&a, &arena, spin_slice(text), "a"));
    assert_null(bindle_invoice_parse(&b, &arena, spin_slice(changed), "b"));
    bool same = bindle_invoice_same(&a, &b);
    assert_int_equal(bindle_invoice_same(&b, &a), same);
    arena_deinit(&arena);
    return same;
}

static void test_the_same(void **state) {
    (void)state;
    static const char signature[] =
        "[[signature]]\nby = \"Ann\"\nsignature = \"AA==\"\nkey = \"AA==\"\nrole = \"creator\"\n"
        "at = 1\n[[group]]";
    assert_true(same_with("", ""));
    assert_true(same_with("x = \"1\"\ny = \"2\"", "y = \"2\"\nx = \"1\""));
    assert_true(same_with("a = \"b\"\nc = \"d\"", "c = \"d\"\na = \"b\""));
    assert_true(same_with("[[group]]", signature));
}

static void test_another(void **state) {
    (void)state;
    static const char *const changes[][2] = {
        {"name = \"a\"", "name = \"b\""},
        {"version = \"1.0.0\"\nd", "version = \"1.0.1\"\nd"},
        {"\"words\"", "\"others\""},
        {"[\"Ann\"]", "[\"Bob\"]"},
        {"[\"Ann\"]", "[\"Ann\", \"Bob\"]"},
        {"x = \"1\"", "x = \"2\""},
        {"x = \"1\"\n", ""},
        {"x = \"1\"", "z = \"1\""},
        {"name = \"g\"", "name = \"f\""},
        {"required = true", "required = false"},
        {"allOf", "oneOf"},
        {"e3b0", "e3b1"},
        {"text/plain", "text/html"},
        {"\"empty\"", "\"full\""},
        {"size = 0", "size = 1"},
        {"\"here\"", "\"there\""},
        {"k = \"v\"", "k = \"w\""},
        {"file = \"true\"", "file = \"false\""},
        {"feature.wagi", "feature.wogi"},
        {"[parcel.label.feature.wagi]\nfile = \"true\"\n", ""},
        {"memberOf = [\"g\"]", "memberOf = []"},
        {"requires = [\"h\"]", "requires = [\"i\"]"},
        {"[[group]]", "[[group]]\nname = \"h\"\n[[group]]"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        if (same_with(changes[i][0], changes[i][1]))
            fail_msg("the same: %s", changes[i][1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same),
        cmocka_unit_test(test_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
