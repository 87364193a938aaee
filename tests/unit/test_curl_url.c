/* Addresses that are asked (src/net/curl_url.h). What is let through must be what is asked. */
#include "cmocka_all.h"

#include "base/error.h"
#include "base/slice.h"
#include "failing_alloc.h"
#include "net/curl_url.h"

static void addresses_are_read(void **state) {
    static const struct {
        const char *text;
        const char *host;
        uint16_t port;
        const char *shown;
    } cases[] = {
        {"http://A.Example", "a.example", 80, "http://a.example/"},
        {" https://h/p?q#f\n", "h", 443, "https://h/p?q"},
        {"HTTP://h:443/", "h", 443, "http://h:443/"},
        {"http://allowed@evil/", "evil", 80, "http://evil/"},
        {"http://allowed:80@evil:81/", "evil", 81, "http://evil:81/"},
        {"http://allowed%2eexample/", "allowed.example", 80, "http://allowed.example/"},
        {"http://allowed./", "allowed.", 80, "http://allowed./"},
        {"http://2130706433/", "127.0.0.1", 80, "http://127.0.0.1/"},
        {"http://0x7f.0.0.01/", "127.0.0.1", 80, "http://127.0.0.1/"},
        {"http://[0:0::0001]:80/", "[::1]", 80, "http://[::1]:80/"},
        {"http://[FE80::A]/", "[fe80::a]", 80, "http://[fe80::a]/"},
        {"http://h/a b/\xc3\xa4?x y", "h", 80, "http://h/a%20b/%c3%a4?x+y"},
        {"http://h/../a/./b", "h", 80, "http://h/a/b"},
        {"http://h?allowed/..\\", "h", 80, "http://h/?allowed/..\\"},
        {"http://h#@allowed/", "h", 80, "http://h/"},
        {"http://u:p@h/", "h", 80, "http://h/"},
        {"http://1.2.3.4a/", "1.2.3.4a", 80, "http://1.2.3.4a/"},
        {"http://h.0xfg/", "h.0xfg", 80, "http://h.0xfg/"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        net_url_t url;
        assert_null(net_url_parse(spin_slice(cases[i].text), &url));
        assert_string_equal(url.host, cases[i].host);
        assert_int_equal(url.port, cases[i].port);
        char *shown = net_url_shown(&url, true);
        assert_string_equal(shown, cases[i].shown);
        free(shown);
        net_url_deinit(&url);
    }
}

static void bad_addresses_are_refused(void **state) {
    static const struct {
        const char *text;
        spin_error_kind_t kind;
    } cases[] = {
        {"", SPIN_ERROR_INVALID},
        {"/path", SPIN_ERROR_INVALID},
        {"host/path", SPIN_ERROR_INVALID},
        {"http://", SPIN_ERROR_INVALID},
        {"http://:80/", SPIN_ERROR_INVALID},
        {"http://h:0/", SPIN_ERROR_INVALID},
        {"http://h:65536/", SPIN_ERROR_INVALID},
        {"http://h:8x/", SPIN_ERROR_INVALID},
        {"http://a b/", SPIN_ERROR_INVALID},
        {"http://a\tb/", SPIN_ERROR_INVALID},
        {"http://a\nb/", SPIN_ERROR_INVALID},
        {"http://allowed\\@evil/", SPIN_ERROR_INVALID},
        {"http://evil\\.allowed/", SPIN_ERROR_INVALID},
        {"http:\\\\h/", SPIN_ERROR_INVALID},
        {"http://h%00.allowed/", SPIN_ERROR_INVALID},
        {"http://h%2f.allowed/", SPIN_ERROR_INVALID},
        {"http://[::1/", SPIN_ERROR_INVALID},
        {"http://256.1.1.1/", SPIN_ERROR_INVALID},
        {"http://1.2.3.4./", SPIN_ERROR_INVALID},
        {"http://%307520066/", SPIN_ERROR_INVALID},
        {"http://%30x7f000001/", SPIN_ERROR_INVALID},
        {"http://h.0xf/", SPIN_ERROR_INVALID},
        {"http://[fe80::1%25lo]/", SPIN_ERROR_INVALID},
        {"http://*.example/", SPIN_ERROR_INVALID},
        {"http://m\xc3\xbcnchen.example/", SPIN_ERROR_INVALID},
        {"http://\xe2\x93\x94xample.com/", SPIN_ERROR_INVALID},
        {"http://a\xe3\x80\x82"
         "b/",
         SPIN_ERROR_INVALID},
        {"ftp://h/", SPIN_ERROR_UNSUPPORTED},
        {"gopher://h/", SPIN_ERROR_UNSUPPORTED},
        {"file:///etc/passwd", SPIN_ERROR_UNSUPPORTED},
        {"http+unix://h/", SPIN_ERROR_UNSUPPORTED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        net_url_t url;
        spin_error_t *error = net_url_parse(spin_slice(cases[i].text), &url);
        if (error == NULL)
            fail_msg("%s: host %s", cases[i].text, url.host);
        assert_null(url.parts);
        if (spin_error_kind(error) != cases[i].kind)
            fail_msg("%s: %s", cases[i].text, spin_error_message(error));
        spin_error_free(error);
    }
    net_url_t url;
    spin_error_t *error = net_url_parse(spin_slice_of("http://h\0.allowed/", 18), &url);
    assert_non_null(error);
    spin_error_free(error);
}

static void references_are_resolved(void **state) {
    static const struct {
        const char *base;
        const char *reference;
        const char *shown; /* NULL: INVALID */
    } cases[] = {
        {"http://h:81/a/b?c", "d", "http://h:81/a/d"},
        {"http://h:81/a/b?c", "/d?e f", "http://h:81/d?e+f"},
        {"http://h:81/a/b?c", "?d", "http://h:81/a/b?d"},
        {"http://h:81/a/b?c", "../../../d", "http://h:81/d"},
        {"http://h:81/a/b?c", "//o/d", "http://o/d"},
        {"http://h:81/a/b?c", "https://O:82", "https://o:82/"},
        {"http://h:81/a/b?c", "//h@o/d", "http://o/d"},
        {"http://h:81/a/b?c", "\\\\o/d", NULL},
        {"http://h:81/a/b?c", "http://", NULL},
        {"http://h:81/a/b?c", "//a b/", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        net_url_t base, to;
        assert_null(net_url_parse(spin_slice(cases[i].base), &base));
        spin_error_t *error = net_url_resolve(&base, spin_slice(cases[i].reference), &to);
        if ((error == NULL) != (cases[i].shown != NULL))
            fail_msg("%s: %s", cases[i].reference, error != NULL ? spin_error_message(error) : "");
        if (error == NULL) {
            char *shown = net_url_shown(&to, true);
            assert_string_equal(shown, cases[i].shown);
            free(shown);
            net_url_deinit(&to);
        } else {
            assert_int_equal(spin_error_kind(error), SPIN_ERROR_INVALID);
        }
        spin_error_free(error);
        net_url_deinit(&base);
    }
}

/* Who may be told what was meant for the first: nobody on the same port without TLS. */
static void servers_are_compared(void **state) {
    static const char *const others[] = {"http://h:8443/", "https://h/", "https://g:8443/"};
    net_url_t one, other;
    (void)state;
    assert_null(net_url_parse(spin_slice("https://h:8443/a"), &one));
    assert_null(net_url_parse(spin_slice("HTTPS://u@H:8443/b?c"), &other));
    assert_true(net_url_same_server(&one, &other));
    net_url_deinit(&other);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_null(net_url_parse(spin_slice(others[i]), &other));
        assert_false(net_url_same_server(&one, &other));
        net_url_deinit(&other);
    }
    net_url_deinit(&one);
}

static spin_error_t *parse_copy_show(void *user) {
    (void)user;
    net_url_t url, copy;
    spin_error_t *error = net_url_parse(spin_slice("http://h/p"), &url);
    if (error != NULL)
        return error;
    error = net_url_copy(&url, &copy);
    if (error == NULL) {
        char *shown = net_url_shown(&copy, false);
        if (shown == NULL)
            error = error_no_memory();
        spin_memory_release(shown);
        net_url_deinit(&copy);
    }
    net_url_deinit(&url);
    return error;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    assert_int_equal(failing_alloc_each(parse_copy_show, NULL, 4), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read),        cmocka_unit_test(bad_addresses_are_refused),
        cmocka_unit_test(references_are_resolved),   cmocka_unit_test(servers_are_compared),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("curl_url", tests, NULL, NULL);
}
