/* Which application a host and a path lead to. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assert_error.h"
#include "failing_alloc.h"
#include "trigger/http/sites.h"

#define TEXT(text) SLICE_LITERAL(text)
#define HOSTS(...)                                                                                 \
    .hosts = (const char *const[]){__VA_ARGS__},                                                   \
    .hosts_len = sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)

static spin_error_t *put(http_sites_t *sites, const http_site_t *site) {
    return http_sites_put(sites, site, spin_slice(site->base), (void *)(uintptr_t)site->name);
}

static void assert_put(http_sites_t *sites, http_site_t site) {
    assert_null(put(sites, &site));
}

static void assert_refused(http_sites_t *sites, http_site_t site, spin_error_kind_t kind,
                           const char *part) {
    assert_error(put(sites, &site), kind, part);
}

static const char *found(const http_sites_t *sites, const char *host, const char *path) {
    const char *name = http_sites_find(sites, spin_slice(host), spin_slice(path));
    return name == NULL ? "-" : name;
}

static void assert_empty(const http_sites_t *sites) {
    assert_int_equal(sites->names.len + sites->hosts.len + sites->bases.len + sites->wildcards, 0);
    assert_null(sites->any);
}

/* ── matching ── */

static void test_hosts(void **state) {
    static const struct {
        const char *host, *name;
    } cases[] = {
        {"a.example", "exact"},
        {"A.Example", "exact"},
        {"a.example:8080", "exact"},
        {"a.example.", "exact"},
        {"a.example.:80", "exact"},
        {"a.example..", "any"}, /* not a name */
        {"b.example", "wild"},
        {"x.a.example", "wild"},
        {"X.A.EXAMPLE.:1", "wild"},
        {"example", "any"},
        {".example", "any"},
        {"b.inner.example", "inner"},
        {"b.c.inner.example", "inner"},
        {"inner.example", "wild"},
        {"notexample", "any"},
        {"a.example.org", "any"},
        {"aa.example", "wild"},
        {"[::1]", "six"},
        {"[::1]:3000", "six"},
        {"[::2]:3000", "any"},
        {"127.0.0.1:3000", "four"},
        {"", "any"},
        {"other", "any"},
    };
    (void)state;
    http_sites_t sites = {0};
    assert_put(&sites, (http_site_t){.name = "exact", HOSTS("a.EXAMPLE.", "a.example")});
    assert_put(&sites, (http_site_t){.name = "wild", HOSTS("*.example")});
    assert_put(&sites, (http_site_t){.name = "inner", HOSTS("*.inner.example.")});
    assert_put(&sites, (http_site_t){.name = "six", HOSTS("[::1]")});
    assert_put(&sites, (http_site_t){.name = "four", HOSTS("127.0.0.1")});
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (strcmp(cases[i].name, "any") == 0)
            assert_string_equal(found(&sites, cases[i].host, "/"), "-");
    assert_put(&sites, (http_site_t){.name = "any"});
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (strcmp(found(&sites, cases[i].host, "/x"), cases[i].name) != 0)
            fail_msg("%s: %s", cases[i].host, found(&sites, cases[i].host, "/x"));
    char longest[300];
    memset(longest, 'a', sizeof longest);
    memcpy(longest + 291, ".example", 9);
    assert_string_equal(found(&sites, longest, "/"), "any");
    assert_string_equal(found(&sites, longest + 60, "/"), "wild");
    http_sites_deinit(&sites);
}

static void test_bases(void **state) {
    static const struct {
        const char *host, *path, *name;
    } cases[] = {
        {"x", "/", "root"},
        {"x", "/shop", "shop"},
        {"x", "/shop/", "shop"},
        {"x", "/shop/cart", "shop"},
        {"x", "/shop/cart/", "shop"},
        {"x", "/shops", "root"},
        {"x", "/Shop", "root"},
        {"x", "/sho", "root"},
        {"x", "//shop", "root"},
        {"x", "/shop/admin", "admin"},
        {"x", "/shop/admin/", "admin"},
        {"x", "/shop/admin/x/y", "admin"},
        {"x", "/shop/admins", "shop"},
        {"x", "/shop//admin", "shop"},
        {"x", "*", "-"},
        /* named: what other hosts have is not asked */
        {"y", "/api", "api"},
        {"y", "/api/x", "api"},
        {"y", "/", "-"},
        {"y", "/shop", "-"},
        {"z.y", "/api", "-"},
        {"z.y", "/", "-"},
        {"z.y", "/api/x", "deep"},
        {"w.y", "/shop", "below"},
    };
    (void)state;
    http_sites_t sites = {0};
    assert_string_equal(found(&sites, "x", "/"), "-");
    assert_put(&sites, (http_site_t){.name = "admin", .base = "/shop/admin/"});
    assert_string_equal(found(&sites, "x", "/shop"), "-");
    assert_put(&sites, (http_site_t){.name = "shop", .base = "/shop"});
    assert_put(&sites, (http_site_t){.name = "root", .base = "/"});
    assert_put(&sites, (http_site_t){.name = "api", .base = "/api", HOSTS("y")});
    assert_put(&sites, (http_site_t){.name = "below", .base = "", HOSTS("*.y")});
    assert_put(&sites, (http_site_t){.name = "deep", .base = "/api/x", HOSTS("z.y")});
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *name = found(&sites, cases[i].host, cases[i].path);
        if (strcmp(name, cases[i].name) != 0)
            fail_msg("%s%s: %s", cases[i].host, cases[i].path, name);
    }
    assert_true(http_sites_remove(&sites, "deep", http_sites_get(&sites, "deep")));
    assert_string_equal(found(&sites, "z.y", "/"), "below");
    assert_string_equal(found(&sites, "z.y", "/api/x"), "below");
    http_sites_deinit(&sites);
}

static void test_manifest_base(void **state) {
    (void)state;
    assert_string_equal(http_site_base(&(http_site_t){.base = "/x"}, NULL).ptr, "/x");
}

/* ── changing ── */

static void test_same_name_takes_over(void **state) {
    (void)state;
    http_sites_t sites = {0};
    char old[] = "old", new[] = "new";
    http_site_t site = {.name = "a", HOSTS("one", "*.two")};
    assert_null(http_sites_put(&sites, &site, TEXT("/x"), old));
    http_site_t moved = {.name = "a", HOSTS("*.two", "three")};
    assert_null(http_sites_put(&sites, &moved, TEXT("/x/"), new));
    assert_string_equal(found(&sites, "one", "/x"), "-");
    assert_string_equal(found(&sites, "a.two", "/x"), "new");
    assert_string_equal(found(&sites, "three", "/x"), "new");
    assert_false(http_sites_remove(&sites, "a", old)); /* not its own any more */
    assert_string_equal(found(&sites, "three", "/x"), "new");
    assert_string_equal(http_sites_get(&sites, "a"), "new");
    assert_true(http_sites_remove(&sites, "a", new));
    assert_false(http_sites_remove(&sites, "a", new));
    assert_null(http_sites_get(&sites, "a"));
    assert_empty(&sites);
    http_sites_deinit(&sites);
}

static void test_collisions(void **state) {
    (void)state;
    http_sites_t sites = {0};
    assert_put(&sites, (http_site_t){.name = "a", .base = "/"});
    assert_put(&sites, (http_site_t){.name = "b", HOSTS("x", "*.y"), .base = "/z"});
    assert_refused(&sites, (http_site_t){.name = "c"}, SPIN_ERROR_EXISTS,
                   "application \"a\" has base \"/\" for any host");
    assert_refused(&sites, (http_site_t){.name = "c", HOSTS("w", "X."), .base = "/z/"},
                   SPIN_ERROR_EXISTS, "application \"b\" has host \"x\" with base \"/z\"");
    assert_refused(&sites, (http_site_t){.name = "c", HOSTS("*.y"), .base = "/z"},
                   SPIN_ERROR_EXISTS, "\"*.y\"");
    assert_refused(&sites, (http_site_t){.name = "a", HOSTS("x"), .base = "/z"}, SPIN_ERROR_EXISTS,
                   "application \"b\"");
    assert_string_equal(found(&sites, "w", "/"), "a"); /* nothing of what was refused is there */
    assert_int_equal(sites.names.len, 2);
    assert_int_equal(sites.hosts.len, 2);
    assert_put(&sites, (http_site_t){.name = "c", HOSTS("y"), .base = "/z"});
    assert_put(&sites, (http_site_t){.name = "d", HOSTS("x"), .base = "/"});
    http_sites_deinit(&sites);
}

static void test_refused(void **state) {
    static const struct {
        const char *host, *base, *part;
    } cases[] = {
        {"", "/", "neither a host name"},
        {".", "/", "neither a host name"},
        {"*", "/", "neither a host name"},
        {"*.", "/", "neither a host name"},
        {"*.*.x", "/", "neither a host name"},
        {"a.*.x", "/", "neither a host name"},
        {"*.[::1]", "/", "neither a host name"},
        {".x", "/", "neither a host name"},
        {"a b", "/", "host \"a b\": neither a host name"},
        {"a/b", "/", "neither a host name"},
        {"http://a", "/", "without a port"},
        {"a:80", "/", "host \"a:80\": a host is named without a port"},
        {"[::1]:80", "/", "without a port"},
        {"[::1", "/", "neither a host name"},
        {"a", "x", "base \"x\": must begin with \"/\""},
        {"a", "/x/...", "must not contain"},
        {"a", "/a b", "no path of a request begins like that"},
        {"a", "/a?b", "no path of a request begins like that"},
        {"a", "/\xc3\xa4", "no path of a request begins like that"},
    };
    (void)state;
    http_sites_t sites = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(&sites,
                       (http_site_t){.name = "a", .base = cases[i].base, HOSTS(cases[i].host)},
                       SPIN_ERROR_USAGE, cases[i].part);
    char longest[300];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_refused(&sites, (http_site_t){.name = "a", HOSTS(longest)}, SPIN_ERROR_USAGE, "longer");
    assert_empty(&sites);
    http_sites_deinit(&sites);
}

/* ── against a list ── */

enum { MODEL_SITES = 12 };

typedef struct model {
    bool there;
    char name[4], hosts[2][8], base[8];
    const char *host_list[2];
    size_t hosts_len;
} model_t;

static const char *const model_hosts[] = {"a", "b.a",   "c.b.a",   "d.c.b.a", "*.a",
                                          "b", "*.b.a", "*.c.b.a", "a.b"};
static const char *const model_bases[] = {"", "/", "/p", "/p/q", "/p/q/r", "/q", "/p/"};

static size_t base_len(const char *base) {
    size_t len = strlen(base);
    return len > 0 && base[len - 1] == '/' ? len - 1 : len;
}

static bool same_base(const char *a, const char *b) {
    return base_len(a) == base_len(b) && memcmp(a, b, base_len(a)) == 0;
}

static bool collide(const model_t *a, const model_t *b) {
    if (!same_base(a->base, b->base))
        return false;
    if (a->hosts_len == 0 || b->hosts_len == 0)
        return a->hosts_len == b->hosts_len;
    for (size_t i = 0; i < a->hosts_len; i++)
        for (size_t j = 0; j < b->hosts_len; j++)
            if (strcmp(a->hosts[i], b->hosts[j]) == 0)
                return true;
    return false;
}

/* How well the host fits: 0 not at all, 1 as any. */
static size_t host_rank(const char *pattern, const char *host) {
    size_t len = strlen(pattern), host_len = strlen(host);
    if (pattern[0] != '*')
        return strcmp(pattern, host) == 0 ? 1000 : 0;
    return host_len > len - 1 && strcmp(host + host_len - (len - 1), pattern + 1) == 0 ? 1 + len
                                                                                       : 0;
}

static const char *model_find(const model_t *models, const char *host, const char *path) {
    size_t best_host = 1, best_base = 0;
    const char *name = "-";
    for (unsigned pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < MODEL_SITES; i++) {
            const model_t *model = &models[i];
            size_t rank = model->hosts_len == 0;
            for (size_t j = 0; j < model->hosts_len; j++)
                if (host_rank(model->hosts[j], host) > rank)
                    rank = host_rank(model->hosts[j], host);
            if (!model->there || rank == 0)
                continue;
            if (pass == 0 && rank > best_host)
                best_host = rank;
            size_t len = base_len(model->base);
            bool fits =
                strncmp(path, model->base, len) == 0 && (path[len] == '/' || path[len] == '\0');
            bool at_host = best_host == 1 ? model->hosts_len == 0 : false;
            for (size_t j = 0; j < model->hosts_len; j++)
                at_host |= host_rank(model->hosts[j], host) == best_host;
            if (pass == 1 && at_host && fits && len + 1 > best_base) {
                best_base = len + 1;
                name = model->name;
            }
        }
    return name;
}

static void random_site(model_t *model, size_t number) {
    snprintf(model->name, sizeof model->name, "%zu", number);
    model->hosts_len = (size_t)rand() % 3;
    for (size_t i = 0; i < model->hosts_len; i++) {
        snprintf(model->hosts[i], sizeof model->hosts[i], "%s",
                 model_hosts[(size_t)rand() % (sizeof model_hosts / sizeof *model_hosts)]);
    }
    snprintf(model->base, sizeof model->base, "%s",
             model_bases[(size_t)rand() % (sizeof model_bases / sizeof *model_bases)]);
}

static http_site_t site_of(model_t *model) {
    for (size_t i = 0; i < model->hosts_len; i++)
        model->host_list[i] = model->hosts[i];
    return (http_site_t){model->name, model->host_list, model->hosts_len, model->base};
}

static void change(http_sites_t *sites, model_t *models) {
    size_t number = (size_t)rand() % MODEL_SITES;
    model_t *model = &models[number];
    model_t next = {0};
    if (model->there && rand() % 3 == 0) {
        assert_true(http_sites_remove(sites, model->name, model->name));
        model->there = false;
        return;
    }
    random_site(&next, number);
    bool refused = false;
    for (size_t i = 0; i < MODEL_SITES; i++)
        refused |= i != number && models[i].there && collide(&models[i], &next);
    http_site_t site = site_of(&next);
    spin_error_t *error = http_sites_put(sites, &site, spin_slice(next.base), model->name);
    assert_int_equal(error != NULL, refused);
    spin_error_free(error);
    if (refused)
        return;
    *model = next;
    model->there = true;
}

static void test_as_a_list_would(void **state) {
    static const char *const hosts[] = {"a",         "b.a", "c.b.a", "d.c.b.a",
                                        "e.d.c.b.a", "b",   "a.b",   "x.b"};
    static const char *const paths[] = {"/", "/p", "/p/", "/p/q", "/p/q/r/s", "/q", "/pq", "/r"};
    http_sites_t sites = {0};
    model_t models[MODEL_SITES] = {0};
    size_t hits = 0;
    (void)state;
    srand(5);
    for (unsigned round = 0; round < 3000; round++) {
        change(&sites, models);
        for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
            for (size_t j = 0; j < sizeof paths / sizeof *paths; j++) {
                const char *expected = model_find(models, hosts[i], paths[j]);
                hits += strcmp(expected, "-") != 0;
                if (strcmp(found(&sites, hosts[i], paths[j]), expected) != 0)
                    fail_msg("round %u: %s%s is %s, not %s", round, hosts[i], paths[j],
                             found(&sites, hosts[i], paths[j]), expected);
            }
    }
    assert_in_range(hits, 10000, 3000 * 64 - 10000); /* of either kind there were plenty */
    http_sites_deinit(&sites);
    assert_empty(&sites);
}

static void test_many(void **state) {
    enum { COUNT = 3000 };
    static char names[COUNT][16];
    http_sites_t sites = {0};
    (void)state;
    for (unsigned i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof names[i], "n%u.example", i);
        const char *hosts[] = {names[i]};
        char base[16];
        snprintf(base, sizeof base, "/n%u", i);
        http_site_t site = {.name = names[i], .hosts = hosts, .hosts_len = i % 2};
        assert_null(http_sites_put(&sites, &site, spin_slice(base), names[i]));
    }
    for (unsigned i = 0; i < COUNT; i++) {
        char path[32];
        snprintf(path, sizeof path, "/n%u/x", i);
        assert_string_equal(found(&sites, i % 2 ? names[i] : "any.example:80", path), names[i]);
    }
    assert_true(sites.bases.buckets_len >= COUNT);
    for (unsigned i = 0; i < COUNT; i++)
        assert_true(http_sites_remove(&sites, names[i], names[i]));
    assert_empty(&sites);
    http_sites_deinit(&sites);
}

/* ── memory ── */

static spin_error_t *put_some(http_sites_t *sites) {
    spin_error_t *error = put(sites, &(http_site_t){.name = "a", .base = "/"});
    if (error == NULL)
        error = put(sites, &(http_site_t){.name = "b", HOSTS("x", "*.y", "X")});
    if (error == NULL)
        error = put(sites, &(http_site_t){.name = "b", HOSTS("*.y", "z"), .base = "/b"});
    return error;
}

static void test_out_of_memory(void **state) {
    (void)state;
    size_t failed = 0, calls = SIZE_MAX;
    for (size_t at = 0; at <= calls; at++) {
        http_sites_t sites = {0};
        failing_alloc_install(at == 0 ? SIZE_MAX : at);
        spin_error_t *error = put_some(&sites);
        if (at == 0)
            calls = failing_alloc_calls();
        failed += error != NULL;
        if (error != NULL)
            assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
        spin_error_free(error);
        const char *name = found(&sites, "q.y", "/b"); /* what is there is whole */
        assert_string_equal(name, http_sites_get(&sites, "b") != NULL ? "b"
                                  : sites.any != NULL                 ? "a"
                                                                      : "-");
        http_sites_deinit(&sites);
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_remove();
    assert_int_equal(failed, calls);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts),           cmocka_unit_test(test_bases),
        cmocka_unit_test(test_manifest_base),   cmocka_unit_test(test_same_name_takes_over),
        cmocka_unit_test(test_collisions),      cmocka_unit_test(test_refused),
        cmocka_unit_test(test_as_a_list_would), cmocka_unit_test(test_many),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
