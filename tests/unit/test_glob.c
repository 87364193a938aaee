#include <time.h>

#include "cmocka_all.h"
#include "loader/glob.h"

static void matches_as_the_original(void **state) {
    (void)state;
    static const struct {
        const char *pattern;
        const char *text;
        bool expected;
    } cases[] = {
        {"abc", "abc", true},
        {"abc", "abcd", false},
        {"abc", "ab", false},
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"*", ".hidden", true},
        {"*", "a/b", true},
        {"a*b*c", "axxbyyc", true},
        {"a*b*c", "axxbyy", false},
        {"a*a*a", "aa", false},
        {"*.txt", "a.txt", true},
        {"*.txt", "a.txt.bak", false},
        {"*ab", "aab", true},
        {"?", "a", true},
        {"?", "", false},
        {"?", "\xC3\xA9", true},
        {"??", "\xC3\xA9", false},
        {"a?c", "a/c", true},
        {"[abc]", "b", true},
        {"[abc]", "d", false},
        {"[a-c]x", "bx", true},
        {"[!a-c]", "d", true},
        {"[!a-c]", "b", false},
        {"[]]", "]", true},
        {"[!]]", "]", false},
        {"[a-]", "-", true},
        {"[-a]", "-", true},
        {"[*]", "*", true},
        {"[*]", "x", false},
        {"[\xC3\xA0-\xC3\xA9]", "\xC3\xA5", true},
        {"]", "]", true},
        {"**", "a/b/c", true},
        {"**", "", true},
        {"**/x", "x", true},
        {"**/x", "a/b/x", true},
        {"**/x", "a/bx", false},
        {"a/**/x", "a/x", true},
        {"a/**/x", "a/b/c/x", true},
        {"a/**/x", "ab/x", false},
        {"a/**", "a/b/c", true},
        {"a/**", "a/", true},
        {"a/**", "a", false},
        {"a/**/**/x", "a/b/x", true},
        {"**/a*/**/z", "q/ab/z", true},
        {"**/a*/**/z", "q/ab/c/d/z", true},
        {"**/a*/**/z", "q/b/z", false},
        {"*/**/b", "x/y/b", true},
        {"**/*.js", "a.js", true},
        {"**/*.js", "deep/er/a.js", true},
        {"secret/*", "secret/deep/er", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_null(glob_check(spin_slice(cases[i].pattern)));
        bool matched = glob_match(spin_slice(cases[i].pattern), spin_slice(cases[i].text));
        if (matched != cases[i].expected)
            fail_msg("\"%s\" and \"%s\": %d", cases[i].pattern, cases[i].text, matched);
    }
}

static void refuses_malformed_patterns(void **state) {
    (void)state;
    static const struct {
        const char *pattern;
        const char *reason;
    } cases[] = {
        {"[", "\"[\" has no closing \"]\""},
        {"[]", "\"[\" has no closing \"]\""},
        {"[!]", "\"[\" has no closing \"]\""},
        {"a[bc", "\"[\" has no closing \"]\""},
        {"***", "more than two \"*\" in a row"},
        {"a**", "\"**\" must stand alone between slashes"},
        {"**a", "\"**\" must stand alone between slashes"},
        {"a/**b/c", "\"**\" must stand alone between slashes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *reason = glob_check(spin_slice(cases[i].pattern));
        assert_non_null(reason);
        assert_string_equal(reason, cases[i].reason);
    }
}

static void tells_patterns_from_names(void **state) {
    (void)state;
    assert_false(glob_is_pattern(spin_slice("a/b-c.txt")));
    assert_false(glob_is_pattern(spin_slice("a]!")));
    assert_true(glob_is_pattern(spin_slice("a/*")));
    assert_true(glob_is_pattern(spin_slice("a?")));
    assert_true(glob_is_pattern(spin_slice("[a]")));
    assert_false(glob_is_pattern(spin_slice_of("a\0", 2)));
}

/* Trying all ways to share out the text among the stars would take years. */
static void stays_fast(void **state) {
    (void)state;
    char text[2001], pattern[201];
    memset(text, 'a', 2000);
    for (size_t i = 0; i < 198; i += 2)
        memcpy(pattern + i, "*a", 2);
    memcpy(pattern + 198, "*b", 3);
    text[2000] = '\0';
    clock_t begin = clock();
    assert_false(glob_match(spin_slice(pattern), spin_slice(text)));
    assert_true((double)(clock() - begin) / CLOCKS_PER_SEC < 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_as_the_original),
        cmocka_unit_test(refuses_malformed_patterns),
        cmocka_unit_test(tells_patterns_from_names),
        cmocka_unit_test(stays_fast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
