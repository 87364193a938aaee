#include "base/slice.h"
#include "cmocka_all.h"
#include "component/names.h"

static const char *fault_of(const char *text, extern_name_t *name) {
    return extern_name_parse(spin_slice(text), name);
}

static void knows_kebab_case(void **state) {
    (void)state;
    static const char *const good[] = {"a", "A", "a-b", "a-B", "AB-c1-2", "a1", "a-0", "x-54FF"};
    static const char *const bad[] = {"",  "-",   "a-",  "-a",  "a--b",     "aB",  "Ab",
                                      "0", "0-a", "a_b", "a b", "\xc2\xb6", "a.b", "a-4A-5Ff"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!name_is_kebab(spin_slice(good[i])))
            fail_msg("\"%s\" is kebab case", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (name_is_kebab(spin_slice(bad[i])))
            fail_msg("\"%s\" is not kebab case", bad[i]);
}

static void knows_each_form(void **state) {
    (void)state;
    static const struct {
        const char *text;
        extern_name_kind_t kind;
    } cases[] = {
        {"a-b", NAME_LABEL},
        {"[constructor]a", NAME_CONSTRUCTOR},
        {"[method]a-b.c", NAME_METHOD},
        {"[static]a.B", NAME_STATIC},
        {"a:b/c", NAME_INTERFACE},
        {"a:b/C-d@1.0.0", NAME_INTERFACE},
        {"unlocked-dep=<a:b>", NAME_DEPENDENCY},
        {"unlocked-dep=<a:b@*>", NAME_DEPENDENCY},
        {"unlocked-dep=<a:b/c@{>=1.0.0 <2.0.0}>", NAME_DEPENDENCY},
        {"unlocked-dep=<a:b@{<2.0.0-rc.1}>", NAME_DEPENDENCY},
        {"locked-dep=<a:b@1.2.3>", NAME_DEPENDENCY},
        {"locked-dep=<a:b>,integrity=<sha256-YWJj>", NAME_DEPENDENCY},
        {"url=<>", NAME_URL},
        {"url=<https://x/y>,integrity=<sha512-YQ==?x>", NAME_URL},
        {"integrity=< sha256-a\xc2\xa0sha384-b >", NAME_HASH},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        extern_name_t name;
        const char *fault = fault_of(cases[i].text, &name);
        if (fault != NULL)
            fail_msg("\"%s\": %s", cases[i].text, fault);
        assert_int_equal(name.kind, cases[i].kind);
    }
}

static void refuses_what_is_none(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "[other]a",
        "[method]a",
        "[method]a.b.c",
        "[method].b",
        "[constructor]",
        "[constructor]a.b",
        "a:b",
        "a:b/",
        "A:b/c",
        "a:B/c",
        "a:b:c/d",
        "a:b/c/d",
        "a:b/c x",
        ":b/c",
        "unlocked-dep=a:b",
        "unlocked-dep=<a:b",
        "unlocked-dep=<a:b@1.0.0>",
        "unlocked-dep=<a:b@{1.0.0}>",
        "unlocked-dep=<a:b@{>=1.0.0 2.0.0}>",
        "unlocked-dep=<a:b@{>=1.0}>",
        "locked-dep=<a:b@1.2>",
        "locked-dep=<a:b>,sha256-a",
        "locked-dep=<a:b>x",
        "url=<a<b>",
        "url=<a",
        "integrity=<>",
        "integrity=<sha1-a>",
        "integrity=<sha256a>",
        "integrity=<sha256->",
        "integrity=<sha256-a=b>",
        "integrity=<sha256-a===>",
        "integrity=<sha256-=>",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        extern_name_t name;
        if (fault_of(bad[i], &name) == NULL)
            fail_msg("\"%s\" is taken for a name", bad[i]);
    }
}

static void splits_members(void **state) {
    (void)state;
    extern_name_t name;
    assert_null(fault_of("[method]a-b.c-d", &name));
    assert_true(slice_equal_text(name.resource, "a-b"));
    assert_true(slice_equal_text(name.member, "c-d"));
    assert_null(fault_of("[constructor]r", &name));
    assert_true(slice_equal_text(name.resource, "r"));
}

/* The version of an interface's name, `suffix` appended. */
static bool is_version(const char *version, const char *suffix) {
    char text[256] = "a:b/c@";
    extern_name_t name;
    strncat(text, version, sizeof text - strlen(text) - 1);
    assert_null(fault_of(text, &name));
    assert_true(name.has_version);
    return extern_name_check_version(&name, spin_slice(suffix)) == NULL;
}

static void knows_versions(void **state) {
    (void)state;
    static const char *const good[] = {"0.0.0",         "1.2.3",      "1.0.0-a.b-c.0",
                                       "1.0.0+007.x-y", "1.0.0-0a+b", "18446744073709551615.0.0",
                                       "1.0.0--"};
    static const char *const bad[] = {
        "",         "1",      "1.2",       "1.2.3.4",
        "01.2.3",   "1.2.03", "1.2.x",     "1.2.3-",
        "1.2.3-01", "1.2.3+", "1.2.3-a.",  "1.2.3-a..b",
        "1.2.3 ",   "v1.2.3", "1.2.3+a_b", "18446744073709551616.0.0"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!is_version(good[i], ""))
            fail_msg("\"%s\" is a version", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (is_version(bad[i], ""))
            fail_msg("\"%s\" is not a version", bad[i]);
    assert_true(is_version("1", ".2.3"));
    assert_true(is_version("0.2", ".3-rc.1"));
    assert_true(is_version("1.", "2.3"));
    assert_false(is_version("1", "2.3"));
    assert_false(is_version("1.2.3", ".4"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_kebab_case),     cmocka_unit_test(knows_each_form),
        cmocka_unit_test(refuses_what_is_none), cmocka_unit_test(splits_members),
        cmocka_unit_test(knows_versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
