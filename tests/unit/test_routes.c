#include "cmocka_all.h"

#include "failing_alloc.h"
#include "trigger/http/default_headers.h"
#include "trigger/http/routes.h"

#define TEXT(text) SLICE_LITERAL(text)

static http_route_t make(arena_t *arena, const char *base, const char *text) {
    http_route_t route;
    assert_null(http_route_init(&route, arena, spin_slice(base), spin_slice(text)));
    return route;
}

static bool matches(const char *base, const char *text, const char *path) {
    arena_t arena = {0};
    http_routes_t routes = {0};
    int replaced;
    http_route_t route = make(&arena, base, text);
    assert_null(http_routes_add(&routes, &route, &replaced));
    assert_int_equal(replaced, HTTP_NO_ROUTE);
    int found = http_routes_find(&routes, spin_slice(path));
    http_routes_deinit(&routes);
    arena_deinit(&arena);
    return found == 0;
}

static void test_exact(void **state) {
    static const struct {
        const char *base, *route, *path;
        bool matches;
    } cases[] = {
        {"/", "/foo/bar", "/foo/bar", true},
        {"/", "/foo/bar", "/foo/bar/", true},
        {"/", "/foo/bar", "/foo/bar//", false},
        {"/", "/foo/bar", "/foo", false},
        {"/", "/foo/bar", "/foo/bar/no", false},
        {"/", "/foo/bar", "/foo/bart", false},
        {"/", "/foo/bar", "/Foo/bar", false},
        {"/base", "/foo", "/base/foo", true},
        {"/base/", "/foo", "/base/foo/", true},
        {"/base/", "/foo/", "/base/foo", true},
        {"/base/", "/foo", "/foo", false},
        {"/", "/", "/", true},
        {"/", "/", "/x", false},
        {"/base", "/", "/base", true},
        {"/base", "/", "/base/", true},
        {"/", "foo", "/foo", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (matches(cases[i].base, cases[i].route, cases[i].path) != cases[i].matches)
            fail_msg("%s + %s, %s", cases[i].base, cases[i].route, cases[i].path);
}

static void test_wildcard(void **state) {
    static const struct {
        const char *base, *route, *path;
        bool matches;
    } cases[] = {
        {"/", "/...", "/", true},
        {"/", "/...", "//", true},
        {"/", "/...", "/foo/bar/", true},
        {"/", "/foo/...", "/foo", true},
        {"/", "/foo/...", "/foo/", true},
        {"/", "/foo/...", "/foo/bar/baz", true},
        {"/", "/foo/...", "/food", false},
        {"/", "/foo/...", "/", false},
        {"/", "/foo/...", "/x/foo", false},
        {"/base", "/...", "/base", true},
        {"/base", "/...", "/base/a/b/", true},
        {"/base", "/...", "/bas", false},
        {"/", "/foo...", "/foo", false},
        {"/", "/foo...", "/foo...", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (matches(cases[i].base, cases[i].route, cases[i].path) != cases[i].matches)
            fail_msg("%s + %s, %s", cases[i].base, cases[i].route, cases[i].path);
}

static void test_rest(void **state) {
    arena_t arena = {0};
    (void)state;
    http_route_t exact = make(&arena, "/base", "/foo");
    http_route_t wildcard = make(&arena, "/base", "/static/...");
    assert_true(slice_equal(http_route_rest(&exact, TEXT("/base/foo/bar")), TEXT("/bar")));
    assert_true(slice_equal(http_route_rest(&exact, TEXT("/base/foo")), TEXT("")));
    assert_true(slice_equal(http_route_rest(&exact, TEXT("/base/foo/")), TEXT("/")));
    assert_true(
        slice_equal(http_route_rest(&wildcard, TEXT("/base/static/a/b.png")), TEXT("/a/b.png")));
    assert_true(slice_equal(http_route_rest(&wildcard, TEXT("/other")), TEXT("")));
    assert_true(slice_equal(wildcard.pattern, TEXT("/base/static/...")));
    arena_deinit(&arena);
}

static void test_last_match_wins(void **state) {
    static const char *const declared[] = {"/one/two/...", "/one/...", "/one/two/three", "/..."};
    arena_t arena = {0};
    http_routes_t routes = {0};
    int replaced;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        http_route_t route = make(&arena, "/", declared[i]);
        assert_null(http_routes_add(&routes, &route, &replaced));
    }
    assert_int_equal(http_routes_find(&routes, TEXT("/one/two/three")), 2);
    assert_int_equal(http_routes_find(&routes, TEXT("/one/two/four")), 1);
    assert_int_equal(http_routes_find(&routes, TEXT("/two")), HTTP_NO_ROUTE);
    http_route_t again = make(&arena, "/", "/one/two/.../");
    assert_null(http_routes_add(&routes, &again, &replaced));
    assert_int_equal(replaced, 0);
    assert_int_equal(http_routes_find(&routes, TEXT("/one/two/four")), 3);
    assert_int_equal(http_routes_find(&routes, TEXT("/one/four")), 1);
    http_route_t all = make(&arena, "/", declared[3]);
    assert_null(http_routes_add(&routes, &all, &replaced));
    assert_int_equal(replaced, HTTP_NO_ROUTE);
    assert_int_equal(http_routes_find(&routes, TEXT("/one/two/three")), 4);
    assert_int_equal(http_routes_find(&routes, TEXT("/")), 4);
    http_routes_deinit(&routes);
    arena_deinit(&arena);
}

/* ── against a naive matcher ── */

static uint64_t seed = 42;

static unsigned next_random(unsigned below) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % below;
}

/* Few names and odd slashes, so that paths and routes often meet. */
static spin_slice_t random_path(arena_t *arena, unsigned max_segments) {
    static const char *const segments[] = {"/a", "/b", "/ab", "/", "/...", "/a/"};
    spin_slice_t path = TEXT("/");
    for (unsigned i = next_random(max_segments + 1); i > 0; i--)
        path = arena_printf(arena, "%.*s%s", SLICE_ARG(path),
                            segments[next_random(6)] + (i % 3 == 0 && path.len == 1));
    return path;
}

static bool naive_matches(const http_route_t *route, spin_slice_t path) {
    if (path.len > 0 && path.ptr[path.len - 1] == '/')
        path.len--;
    if (slice_equal(path, route->path))
        return true;
    return route->wildcard && slice_starts_with(path, route->path) &&
           path.ptr[route->path.len] == '/';
}

static void test_property(void **state) {
    enum { ROUNDS = 300, ROUTES = 20, PATHS = 60 };
    size_t hits = 0;
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        arena_t arena = {0};
        http_routes_t routes = {0};
        http_route_t all[ROUTES];
        spin_slice_t base = random_path(&arena, 1);
        for (size_t i = 0; i < ROUTES; i++) {
            int replaced, expected = HTTP_NO_ROUTE;
            assert_null(http_route_init(&all[i], &arena, base, random_path(&arena, 3)));
            for (size_t j = 0; j < i; j++)
                if (all[j].wildcard == all[i].wildcard && slice_equal(all[j].path, all[i].path))
                    expected = (int)j;
            assert_null(http_routes_add(&routes, &all[i], &replaced));
            assert_int_equal(replaced, expected);
        }
        for (size_t i = 0; i < PATHS; i++) {
            spin_slice_t path = random_path(&arena, 5);
            int expected = HTTP_NO_ROUTE;
            for (size_t j = 0; j < ROUTES; j++)
                if (naive_matches(&all[j], path))
                    expected = (int)j;
            hits += expected != HTTP_NO_ROUTE;
            if (http_routes_find(&routes, path) != expected)
                fail_msg("round %u: \"%.*s\"", round, SLICE_ARG(path));
        }
        http_routes_deinit(&routes);
        arena_deinit(&arena);
    }
    assert_in_range(hits, ROUNDS * PATHS / 10, ROUNDS * PATHS);
}

/* ── default headers ── */

static void test_constant_defaults(void **state) {
    arena_t arena = {0};
    spin_slice_t values[HTTP_DEFAULT_COUNT];
    (void)state;
    http_route_t route = make(&arena, "/base", "/foo/...");
    http_defaults_init(values, &route, TEXT("/base"), TEXT("/foo/..."));
    assert_true(slice_equal(values[HTTP_DEFAULT_MATCHED_ROUTE], TEXT("/base/foo/...")));
    assert_true(slice_equal(values[HTTP_DEFAULT_BASE_PATH], TEXT("/base")));
    assert_true(slice_equal(values[HTTP_DEFAULT_RAW_COMPONENT_ROUTE], TEXT("/foo/...")));
    assert_true(slice_equal(values[HTTP_DEFAULT_COMPONENT_ROUTE], TEXT("/foo")));
    assert_true(http_default_is_name(TEXT("spin-full-url")));
    assert_false(http_default_is_name(TEXT("spin-full-urls")));
    assert_false(http_default_is_name(TEXT("host")));
    arena_deinit(&arena);
}

/* ── out of memory ── */

static bool add_one(void) {
    arena_t arena = {0};
    http_routes_t routes = {0};
    http_route_t route;
    int replaced;
    spin_error_t *error = http_route_init(&route, &arena, TEXT("/"), TEXT("/a/..."));
    if (error == NULL)
        error = http_routes_add(&routes, &route, &replaced);
    bool added = error == NULL;
    if (!added)
        assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
    spin_error_free(error);
    http_routes_deinit(&routes);
    arena_deinit(&arena);
    return added;
}

static void test_out_of_memory(void **state) {
    (void)state;
    failing_alloc_install(SIZE_MAX);
    assert_true(add_one());
    size_t calls = failing_alloc_calls();
    assert_true(calls > 1);
    for (size_t at = 1; at <= calls; at++) {
        failing_alloc_install(at);
        assert_false(add_one());
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_remove();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact),         cmocka_unit_test(test_wildcard),
        cmocka_unit_test(test_rest),          cmocka_unit_test(test_last_match_wins),
        cmocka_unit_test(test_property),      cmocka_unit_test(test_constant_defaults),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
