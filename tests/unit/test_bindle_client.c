#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assert_error.h"
#include "base/buf.h"
#include "bindle/client.h"
#include "bindle/sign.h"
#include "bindle_fake.h"
#include "cmocka_all.h"
#include "digest/digest.h"
#include "failing_alloc.h"

/* ── a world of its own for each test ────────────────────────────────────────────────────── */

static char base[64];
static char cache_dir[80];
static char url[64];
static fake_t fake;

static int remove_file(const char *path, const struct stat *info, int type, struct FTW *walk) {
    (void)info, (void)type, (void)walk;
    return remove(path);
}

static void clear_environment(void) {
    static const char *const names[] = {
        "BINDLE_URL", "BINDLE_USERNAME", "BINDLE_PASSWORD", "XDG_CACHE_HOME", "XDG_DATA_HOME",
        "http_proxy", "HTTP_PROXY",      "all_proxy",       "ALL_PROXY",      "SSL_CERT_FILE"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
}

static int set_up(void **state) {
    (void)state;
    clear_environment();
    strcpy(base, "/tmp/test-bindle-client-XXXXXX");
    if (mkdtemp(base) == NULL)
        return -1;
    snprintf(cache_dir, sizeof cache_dir, "%s/cache", base);
    fake_start(&fake);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/v1/", fake.port);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    fake_stop(&fake);
    return nftw(base, remove_file, 16, FTW_DEPTH | FTW_PHYS);
}

static spin_bindle_options_t options_of(const char *server) {
    return (spin_bindle_options_t){
        .size = sizeof(spin_bindle_options_t),
        .server = server,
        .cache_dir = cache_dir,
        .connect_timeout_ms = 2000,
        .stall_timeout_ms = 1000,
    };
}

static bindle_client_t *client_of(const char *server) {
    bindle_client_t *client;
    spin_bindle_options_t options = options_of(server);
    assert_null(bindle_client_new(&options, &client));
    return client;
}

/* ── a bindle ────────────────────────────────────────────────────────────────────────────── */

enum { SIZE = 100000 };
static char content[SIZE];
static bindle_parcel_t parcel;
static char invoice_text[1024];
static char get_parcel[256];

#define REFERENCE   spin_slice("a/1.0.0")
#define GET_INVOICE "GET /v1/_i/a/1.0.0 "

static int make_bindle(void **state) {
    (void)state;
    struct sha256_ctx hash;
    for (size_t i = 0; i < SIZE; i++)
        content[i] = (char)(i * 13 + i / 253);
    sha256_init(&hash);
    sha256_update(&hash, SIZE, (uint8_t *)content);
    digest_hex(&hash, parcel.sha256);
    parcel.name = spin_slice("content");
    parcel.media_type = spin_slice("text/plain");
    parcel.size_bytes = SIZE;
    snprintf(invoice_text, sizeof invoice_text,
             "bindleVersion = \"1.0.0\"\n[bindle]\nname = \"a\"\nversion = \"1.0.0\"\n"
             "authors = []\n[[parcel]]\n[parcel.label]\nsha256 = \"%s\"\n"
             "mediaType = \"text/plain\"\nname = \"content\"\nsize = %d\n",
             parcel.sha256, SIZE);
    snprintf(get_parcel, sizeof get_parcel, "GET /v1/_i/a/1.0.0@%s ", parcel.sha256);
    return 0;
}

static spin_error_t *get_invoice(const char *server, const char *keyring) {
    arena_t arena = {0};
    bindle_client_t *client;
    bindle_invoice_t invoice;
    spin_bindle_options_t options = options_of(server);
    options.keyring = keyring;
    spin_error_t *error = bindle_client_new(&options, &client);
    if (error == NULL) {
        error = bindle_client_get_invoice(client, REFERENCE, &arena, &invoice);
        if (error == NULL)
            assert_string_equal(invoice.parcels[0].sha256, parcel.sha256);
        bindle_client_free(client);
    }
    arena_deinit(&arena);
    return error;
}

/* ── invoices ────────────────────────────────────────────────────────────────────────────── */

static void test_no_server(void **state) {
    (void)state;
    arena_t arena = {0};
    bindle_invoice_t invoice;
    bindle_client_t *client = client_of(NULL);
    assert_error(bindle_client_get_invoice(client, spin_slice("a/1.0.0"), &arena, &invoice),
                 SPIN_ERROR_USAGE, "--bindle-server URL, or $BINDLE_URL");
    bindle_client_free(client);
    arena_deinit(&arena);
}

static void test_an_invoice(void **state) {
    (void)state;
    fake_add(&fake, GET_INVOICE, "200 OK", invoice_text, strlen(invoice_text));
    assert_good(get_invoice(url, NULL));
    assert_int_equal(fake_count(&fake, "Accept: application/toml"), 1);
    assert_int_equal(fake_count(&fake, "Authorization"), 0);
}

static void test_an_invoice_without_its_server(void **state) {
    (void)state;
    fake_add(&fake, GET_INVOICE, "200 OK", invoice_text, strlen(invoice_text));
    assert_good(get_invoice(url, NULL));
    fake_rule_t *rule = fake_add(&fake, GET_INVOICE, NULL, "", 0);
    fake_set(&fake, &rule->break_off, true); /* without a word */
    assert_good(get_invoice(url, NULL));
    fake_set(&fake, &rule->break_off, false);
    fake_set(&fake, &rule->fall_silent, true);
    assert_good(get_invoice(url, NULL));
    fake_stop(&fake); /* now nobody listens there */
    assert_good(get_invoice(url, NULL));
    assert_error(get_invoice("http://127.0.0.1:1/v1", NULL), SPIN_ERROR_NOT_FOUND,
                 "http://127.0.0.1:1/v1: can't connect to it");
    fake_start(&fake);
}

/* A server that says no is not one that can't be reached. */
static void test_a_refusal_is_not_overruled_by_the_cache(void **state) {
    (void)state;
    static const char yanked[] = "error = \"bindle is yanked\"\n";
    fake_add(&fake, GET_INVOICE, "200 OK", invoice_text, strlen(invoice_text));
    fake_add(&fake, GET_INVOICE, "403 Forbidden", yanked, strlen(yanked));
    assert_good(get_invoice(url, NULL));
    assert_error(get_invoice(url, NULL), SPIN_ERROR_DENIED, "(status 403): bindle is yanked");
}

static void test_another_invoice_than_asked_for(void **state) {
    (void)state;
    static const char other[] = "bindleVersion = \"1.0.0\"\n[bindle]\nname = \"a\"\n"
                                "version = \"1.0.1\"\nauthors = []\n";
    fake_add(&fake, GET_INVOICE, "200 OK", other, strlen(other));
    assert_error(get_invoice(url, NULL), SPIN_ERROR_INVALID, "it is that of a/1.0.1");
    fake_stop(&fake);
    assert_error(get_invoice(url, NULL), SPIN_ERROR_NOT_FOUND, "can't connect");
    fake_start(&fake);
}

static void test_what_is_no_invoice(void **state) {
    (void)state;
    static const char page[] = "<html>Please log in</html>";
    fake_add(&fake, GET_INVOICE, "200 OK", page, strlen(page));
    assert_error(get_invoice(url, NULL), SPIN_ERROR_INVALID, "invoice of a/1.0.0 from http://");
}

static void test_what_is_no_reference(void **state) {
    (void)state;
    arena_t arena = {0};
    bindle_invoice_t invoice;
    bindle_client_t *client = client_of(url);
    assert_error(bindle_client_get_invoice(client, spin_slice("hello"), &arena, &invoice),
                 SPIN_ERROR_INVALID, "it must be NAME/VERSION");
    bindle_client_free(client);
    arena_deinit(&arena);
    assert_int_equal(fake.logged, 0);
}

/* A signature by a key of our own; `*keyring` is a file with its public half. */
static void sign_invoice(char *signed_text, size_t size, char *keyring) {
    arena_t arena = {0};
    bindle_key_t key;
    bindle_invoice_t invoice;
    spin_slice_t text;
    buf_t public_key = {0};
    char key_file[96];
    snprintf(key_file, sizeof key_file, "%s/key.toml", base);
    assert_good(bindle_key_load(&key, &arena, key_file, spin_slice("Ann")));
    assert_good(bindle_invoice_parse(&invoice, &arena, spin_slice(invoice_text), "text"));
    assert_good(bindle_sign(&invoice, &arena, &key, spin_slice("Ann"), 1));
    assert_good(bindle_invoice_write(&invoice, &arena, &text));
    assert_true(text.len < size);
    snprintf(signed_text, size, "%.*s", SLICE_ARG(text));
    bindle_key_clear(&key);
    bindle_keyring_write(&public_key, &(bindle_keyring_t){.items = &key.public_key, .len = 1});
    snprintf(keyring, 96, "%s/keyring.toml", base);
    FILE *file = fopen(keyring, "w");
    assert_int_equal(fwrite(public_key.ptr, 1, public_key.len, file), public_key.len);
    fclose(file);
    buf_deinit(&public_key);
    arena_deinit(&arena);
}

static void test_signatures(void **state) {
    (void)state;
    char text[4096], keyring[96], empty[96];
    sign_invoice(text, sizeof text, keyring);
    snprintf(empty, sizeof empty, "%s/empty.toml", base);
    FILE *file = fopen(empty, "w");
    fputs("version = \"1.0\"\nkey = []\n", file);
    fclose(file);
    fake_add(&fake, GET_INVOICE, "200 OK", invoice_text, strlen(invoice_text));
    fake_add(&fake, GET_INVOICE, "200 OK", text, strlen(text));
    assert_error(get_invoice(url, keyring), SPIN_ERROR_DENIED, "keyring \"");
    assert_error(get_invoice(url, empty), SPIN_ERROR_DENIED, "keyring \"");
    assert_good(get_invoice(url, keyring));
    fake_stop(&fake); /* what is kept is looked at as closely */
    assert_good(get_invoice(url, keyring));
    assert_error(get_invoice(url, empty), SPIN_ERROR_DENIED, "keyring \"");
    fake_start(&fake);
    assert_error(get_invoice(url, "/nowhere/keyring.toml"), SPIN_ERROR_NOT_FOUND, "keyring");
}

/* ── refusals ────────────────────────────────────────────────────────────────────────────── */

static void test_refusals(void **state) {
    (void)state;
    static const struct {
        const char *head, *body;
        spin_error_kind_t kind;
        const char *words;
    } rows[] = {
        {"400 Bad Request", "error = \"what?\"", SPIN_ERROR_INVALID, "(status 400): what?"},
        {"401 Unauthorized", "error = \"unauthorized\"", SPIN_ERROR_DENIED,
         "wants a user name and a password (status 401)"},
        {"403 Forbidden", "error = \"access denied\"", SPIN_ERROR_DENIED, "access denied"},
        {"404 Not Found", "error = \"not here\"", SPIN_ERROR_NOT_FOUND, "not here"},
        {"404 Not Found", "", SPIN_ERROR_NOT_FOUND, "no Bindle API at that URL"},
        {"404 Not Found", "<html>nginx</html>", SPIN_ERROR_NOT_FOUND, "no Bindle API at that URL"},
        {"408 Request Timeout", "", SPIN_ERROR_TIMEOUT, "(status 408)"},
        {"418 I'm a teapot", "short\x1b[31m\nand stout", SPIN_ERROR_INVALID,
         "(status 418): short [31m and stout"},
        {"422 Unprocessable", "error = \"yanked\"", SPIN_ERROR_INVALID, "yanked"},
        {"429 Too Many Requests", "", SPIN_ERROR_LIMIT, "overloaded"},
        {"500 Internal Server Error", "error = 1", SPIN_ERROR_IO, "(status 500)"},
        {"503 Service Unavailable", "", SPIN_ERROR_LIMIT, "overloaded"},
        {"504 Gateway Timeout", "\xff\xfe", SPIN_ERROR_TIMEOUT, "(status 504)"},
        {"302 Found", "", SPIN_ERROR_INVALID, "(status 302)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fake_rule_t *rule =
            fake_add(&fake, GET_INVOICE, rows[i].head, rows[i].body, strlen(rows[i].body));
        assert_error(get_invoice(url, NULL), rows[i].kind, rows[i].words);
        rule->request = "none";
    }
}

static void test_a_long_refusal_is_cut(void **state) {
    (void)state;
    enum { LONG = 200000 };
    static char text[LONG];
    memset(text, 'x', LONG);
    fake_add(&fake, GET_INVOICE, "500 Oh", text, LONG);
    spin_error_t *error = get_invoice(url, NULL);
    assert_non_null(error);
    assert_in_range(spin_error_format(error, NULL, 0), 300, 500);
    spin_error_free(error);
}

static void test_an_endless_answer(void **state) {
    (void)state;
    enum { LONG = 17 << 20 };
    char *text = calloc(1, LONG);
    fake_add(&fake, GET_INVOICE, "200 OK", text, LONG);
    assert_error(get_invoice(url, NULL), SPIN_ERROR_LIMIT, "longer than 16 MiB");
    fake_stop(&fake); /* it may be sending yet */
    free(text);
}

static void test_names_and_passwords(void **state) {
    (void)state;
    char with_user[96];
    static const char denied[] = "error = \"unauthorized\"";
    snprintf(with_user, sizeof with_user, "http://ann:word@127.0.0.1:%u/v1", fake.port);
    fake_add(&fake, GET_INVOICE, "401 Unauthorized", denied, strlen(denied));
    assert_error(get_invoice(with_user, NULL), SPIN_ERROR_DENIED,
                 "does not take that user name and password");
    assert_int_equal(fake_count(&fake, "Authorization: Basic YW5uOndvcmQ="), 1);
}

static void test_silence(void **state) {
    (void)state;
    fake_rule_t *rule = fake_add(&fake, GET_INVOICE, "200 OK", "bindle", 6);
    rule->claimed = 100;
    rule->fall_silent = true;
    assert_error(get_invoice(url, NULL), SPIN_ERROR_TIMEOUT, "takes too long");
}

/* ── redirects ───────────────────────────────────────────────────────────────────────────── */

static void test_redirects(void **state) {
    (void)state;
    char elsewhere[128];
    snprintf(elsewhere, sizeof elsewhere, "302 Found\r\nLocation: http://127.0.0.1:%u/elsewhere",
             fake.port);
    fake_add(&fake, GET_INVOICE, elsewhere, "", 0);
    fake_add(&fake, "GET /elsewhere ", "200 OK", invoice_text, strlen(invoice_text));
    assert_good(get_invoice(url, NULL));
    fake.rules[0].head = "302 Found\r\nLocation: file:///etc/passwd";
    assert_error(get_invoice(url, NULL), SPIN_ERROR_INVALID, "not to be followed");
    fake.rules[0].head = "302 Found\r\nLocation: /v1/_i/a/1.0.0";
    assert_error(get_invoice(url, NULL), SPIN_ERROR_INVALID, "redirects in circles");
}

/* ── parcels, fetched ────────────────────────────────────────────────────────────────────── */

typedef struct told {
    size_t calls;
    size_t skipped;
    spin_bindle_progress_t last;
} told_t;

static void on_progress(const spin_bindle_progress_t *progress, void *user) {
    told_t *told = user;
    assert_true(progress->done_bytes <= progress->total_bytes);
    assert_true(progress->parcel <= progress->parcels);
    assert_int_equal(progress->size, sizeof *progress);
    assert_non_null(progress->what);
    told->calls++;
    told->skipped += progress->skipped;
    told->last = *progress;
}

static told_t told;

static spin_error_t *fetch(void) {
    arena_t arena = {0};
    bindle_client_t *client;
    const char *path = NULL;
    const bindle_parcel_t *parcels[] = {&parcel};
    spin_bindle_options_t options = options_of(url);
    told = (told_t){0};
    options.progress = on_progress;
    options.user = &told;
    assert_good(bindle_client_new(&options, &client));
    spin_error_t *error = bindle_client_fetch_parcels(client, REFERENCE, parcels, 1, &arena, &path);
    if (error == NULL) {
        static char bytes[SIZE + 1];
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        assert_int_equal(fread(bytes, 1, sizeof bytes, file), SIZE);
        fclose(file);
        assert_memory_equal(bytes, content, SIZE);
    }
    bindle_client_free(client);
    arena_deinit(&arena);
    return error;
}

static void test_a_parcel_is_fetched_once(void **state) {
    (void)state;
    fake_add(&fake, get_parcel, "200 OK", content, SIZE);
    assert_good(fetch());
    assert_true(told.calls >= 2);
    assert_int_equal(told.last.done_bytes, SIZE);
    assert_int_equal(told.last.parcel, 1);
    assert_int_equal(told.last.parcels, 1);
    size_t logged = fake.logged;
    assert_good(fetch());
    assert_int_equal(told.calls, 0);
    assert_int_equal(fake.logged, logged);
}

static void test_one_parcel_twice(void **state) {
    (void)state;
    arena_t arena = {0};
    const char *paths[3];
    bindle_parcel_t other = parcel;
    const bindle_parcel_t *parcels[] = {&parcel, &other, &parcel};
    bindle_client_t *client = client_of(url);
    fake_add(&fake, get_parcel, "200 OK", content, SIZE);
    assert_good(bindle_client_fetch_parcels(client, REFERENCE, parcels, 3, &arena, paths));
    assert_string_equal(paths[0], paths[2]);
    assert_int_equal(fake_count(&fake, get_parcel), 1);
    bindle_client_free(client);
    arena_deinit(&arena);
}

static void break_off_after(size_t len) {
    fake_rule_t *rule = fake_add(&fake, get_parcel, "200 OK", content, len);
    rule->claimed = SIZE;
    rule->break_off = true;
    assert_error(fetch(), SPIN_ERROR_IO, "bindle \"a/1.0.0\": parcel \"content\" (");
}

static void test_resumed_where_the_server_can(void **state) {
    (void)state;
    break_off_after(60000);
    fake_add(&fake, get_parcel, "206 Partial Content\r\nContent-Range: bytes 60000-99999/100000",
             content + 60000, SIZE - 60000);
    assert_good(fetch());
    assert_int_equal(fake_count(&fake, "Range: bytes=60000-"), 1);
    assert_int_equal(told.last.done_bytes, SIZE);
}

static void test_begun_anew_where_it_cannot(void **state) {
    (void)state;
    break_off_after(60000);
    fake_add(&fake, get_parcel, "200 OK", content, SIZE);
    assert_good(fetch());
    assert_int_equal(fake_count(&fake, "Range: bytes=60000-"), 1);
}

static void test_begun_anew_where_it_will_not(void **state) {
    (void)state;
    break_off_after(60000);
    fake_add(&fake, get_parcel, "416 Range Not Satisfiable", "", 0);
    fake_add(&fake, get_parcel, "200 OK", content, SIZE);
    assert_good(fetch());
    assert_int_equal(fake_count(&fake, "Range: bytes="), 1);
}

static void test_another_range_than_asked_for(void **state) {
    (void)state;
    break_off_after(60000);
    fake_add(&fake, get_parcel, "206 Partial Content\r\nContent-Range: bytes 0-39999/100000",
             content, SIZE - 60000);
    assert_error(fetch(), SPIN_ERROR_INVALID, "what follows byte 60000 and sends what follows 0");
}

/* What is resumed and then is wrong may have begun wrongly. */
static void test_a_wrong_beginning_costs_one_more_request(void **state) {
    (void)state;
    static char wrong[60000];
    fake_rule_t *rule = fake_add(&fake, get_parcel, "200 OK", wrong, sizeof wrong);
    rule->claimed = SIZE;
    rule->break_off = true;
    assert_error(fetch(), SPIN_ERROR_IO, "");
    fake_add(&fake, get_parcel, "206 Partial Content\r\nContent-Range: bytes 60000-99999/100000",
             content + 60000, SIZE - 60000);
    fake_add(&fake, get_parcel, "200 OK", content, SIZE);
    assert_good(fetch());
    assert_int_equal(fake_count(&fake, get_parcel), 3);
}

static void test_a_server_that_lies(void **state) {
    (void)state;
    static char wrong[SIZE + 1];
    fake_rule_t *rule = fake_add(&fake, get_parcel, "200 OK", wrong, SIZE);
    assert_error(fetch(), SPIN_ERROR_INVALID, "what the server sent has the digest");
    rule->body_len = SIZE - 1;
    assert_error(fetch(), SPIN_ERROR_INVALID, "about to send 99999 bytes");
    rule->body_len = SIZE + 1;
    assert_error(fetch(), SPIN_ERROR_INVALID, "about to send 100001 bytes");
    rule->claimed = SIZE_MAX; /* does not say how much */
    assert_error(fetch(), SPIN_ERROR_INVALID, "more than the 100000 bytes");
    rule->body_len = SIZE - 1;
    rule->body = content;
    assert_error(fetch(), SPIN_ERROR_INVALID, "sent 99999 bytes");
    rule->body_len = SIZE;
    assert_good(fetch());
}

static void test_a_parcel_that_is_not_there(void **state) {
    (void)state;
    static const char words[] = "error = \"resource not found\"";
    fake_add(&fake, get_parcel, "404 Not Found", words, strlen(words));
    assert_error(fetch(), SPIN_ERROR_NOT_FOUND, "resource not found");
}

static void test_silence_amid_a_parcel(void **state) {
    (void)state;
    fake_rule_t *rule = fake_add(&fake, get_parcel, "200 OK", content, 60000);
    rule->claimed = SIZE;
    rule->fall_silent = true;
    assert_error(fetch(), SPIN_ERROR_TIMEOUT, "takes too long");
    fake_add(&fake, get_parcel, "206 Partial Content\r\nContent-Range: bytes 60000-99999/100000",
             content + 60000, SIZE - 60000);
    assert_good(fetch());
}

/* ── pushing ─────────────────────────────────────────────────────────────────────────────── */

static void test_creating_an_invoice(void **state) {
    (void)state;
    bool created;
    bindle_client_t *client = client_of(url);
    spin_slice_t text = spin_slice("[bindle]");
    static const char words[] = "error = \"no signature\"";
    fake_add(&fake, "POST /v1/_i ", "202 Accepted", "", 0);
    fake_add(&fake, "POST /v1/_i ", "409 Conflict", "", 0);
    fake_add(&fake, "POST /v1/_i ", "400 Bad Request", words, strlen(words));
    assert_good(bindle_client_create_invoice(client, REFERENCE, text, &created));
    assert_true(created);
    assert_int_equal(fake_count(&fake, "Content-Type: application/toml\r\n"), 1);
    assert_int_equal(fake_count(&fake, "\r\n\r\n[bindle]"), 1);
    assert_good(bindle_client_create_invoice(client, REFERENCE, text, &created));
    assert_false(created);
    assert_error(bindle_client_create_invoice(client, REFERENCE, text, &created),
                 SPIN_ERROR_INVALID, "no signature");
    bindle_client_free(client);
}

static void test_missing_parcels(void **state) {
    (void)state;
    static const char *const good[] = {
        "missing = []\n", "",
        "[[missing]]\nsha256 = \"ab\"\nname = \"x\"\n[[missing]]\nsha256 = \"cd\"\n"};
    static const size_t counts[] = {0, 0, 2};
    static const char *const bad[] = {"missing = 1", "missing = [1]", "[[missing]]\nname = \"x\"",
                                      "[[missing]]\nsha256 = 1", "missing"};
    arena_t arena = {0};
    bindle_texts_t digests;
    bindle_client_t *client = client_of(url);
    fake_rule_t *rule = fake_add(&fake, "GET /v1/_r/missing/a/1.0.0 ", "200 OK", "", 0);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        rule->body = good[i];
        rule->body_len = strlen(good[i]);
        assert_good(bindle_client_missing(client, REFERENCE, &arena, &digests));
        assert_int_equal(digests.len, counts[i]);
    }
    assert_string_equal((char *)arena_copy_text(&arena, digests.items[1]), "cd");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rule->body = bad[i];
        rule->body_len = strlen(bad[i]);
        assert_error(bindle_client_missing(client, REFERENCE, &arena, &digests), SPIN_ERROR_INVALID,
                     "missing parcels of a/1.0.0 from http://");
    }
    bindle_client_free(client);
    arena_deinit(&arena);
}

static spin_error_t *upload(const char *path) {
    bindle_client_t *client;
    bindle_upload_t item = {.parcel = &parcel, .path = path};
    spin_bindle_options_t options = options_of(url);
    told = (told_t){0};
    options.progress = on_progress;
    options.user = &told;
    if (path == NULL)
        item.bytes = spin_slice_of(content, SIZE);
    assert_good(bindle_client_new(&options, &client));
    spin_error_t *error = bindle_client_upload_parcels(client, REFERENCE, &item, 1);
    bindle_client_free(client);
    return error;
}

static const char *put_file(const char *name, size_t len) {
    static char path[96];
    snprintf(path, sizeof path, "%s/%s", base, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, len, file), len);
    fclose(file);
    return path;
}

static void assert_uploaded(void) {
    const char *body = strstr(fake.log, "\r\n\r\n");
    assert_non_null(body);
    assert_memory_equal(body + 4, content, SIZE);
    fake_forget(&fake);
}

static void test_an_upload(void **state) {
    (void)state;
    char post[256];
    snprintf(post, sizeof post, "POST /v1/_i/a/1.0.0@%s ", parcel.sha256);
    fake_rule_t *rule = fake_add(&fake, post, "200 OK", "", 0);
    assert_good(upload(put_file("content", SIZE)));
    assert_uploaded();
    assert_int_equal(told.last.done_bytes, SIZE);
    assert_int_equal(told.skipped, 0);
    assert_good(upload(NULL));
    assert_uploaded();
    rule->head = "307 Temporary Redirect\r\nLocation: /other";
    fake_add(&fake, "POST /other ", "200 OK", "", 0);
    assert_good(upload(NULL)); /* once more from the start */
    assert_int_equal(fake_count(&fake, "POST "), 2);
    rule->head = "409 Conflict";
    assert_good(upload(NULL));
    assert_int_equal(told.skipped, 1);
    rule->head = "413 Payload Too Large";
    assert_error(upload(NULL), SPIN_ERROR_LIMIT, "parcel \"content\" (");
}

static void test_a_file_that_has_changed(void **state) {
    (void)state;
    assert_error(upload(put_file("content", SIZE - 1)), SPIN_ERROR_INVALID,
                 "has changed while it was being pushed");
    assert_error(upload("/nowhere/content"), SPIN_ERROR_NOT_FOUND, "can't open \"/nowhere");
    assert_error(upload(base), SPIN_ERROR_INVALID, "is not a regular file");
    assert_int_equal(fake.logged, 0);
}

/* ── memory ──────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *do_much(void) {
    arena_t arena = {0};
    bindle_client_t *client;
    bindle_invoice_t invoice;
    bindle_texts_t digests;
    const char *path;
    const bindle_parcel_t *parcels[] = {&parcel};
    bindle_upload_t item = {.parcel = &parcel, .bytes = spin_slice_of(content, SIZE)};
    spin_bindle_options_t options = options_of(url);
    spin_error_t *error = bindle_client_new(&options, &client);
    if (error != NULL)
        return error;
    error = bindle_client_get_invoice(client, REFERENCE, &arena, &invoice);
    if (error == NULL)
        error = bindle_client_missing(client, REFERENCE, &arena, &digests);
    if (error == NULL)
        error = bindle_client_upload_parcels(client, REFERENCE, &item, 1);
    if (error == NULL)
        error = bindle_client_fetch_parcels(client, REFERENCE, parcels, 1, &arena, &path);
    bindle_client_free(client);
    arena_deinit(&arena);
    return error;
}

static spin_error_t *do_much_anew(void *parcel_path) {
    spin_error_t *error = do_much();
    unlink(parcel_path);
    fake.logged = 0;
    return error;
}

static void test_without_memory(void **state) {
    (void)state;
    char parcel_path[256];
    snprintf(parcel_path, sizeof parcel_path, "%s/parcels/%s", cache_dir, parcel.sha256);
    fake_add(&fake, GET_INVOICE, "200 OK", invoice_text, strlen(invoice_text));
    fake_add(&fake, "GET /v1/_r/", "200 OK", "missing = []", 12);
    fake_add(&fake, "POST ", "200 OK", "", 0);
    fake_add(&fake, get_parcel, "200 OK", content, SIZE);
    failing_alloc_each(do_much_anew, parcel_path, 1); /* an invoice that is not kept is no error */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_no_server),
        TEST(test_an_invoice),
        TEST(test_an_invoice_without_its_server),
        TEST(test_a_refusal_is_not_overruled_by_the_cache),
        TEST(test_another_invoice_than_asked_for),
        TEST(test_what_is_no_invoice),
        TEST(test_what_is_no_reference),
        TEST(test_signatures),
        TEST(test_refusals),
        TEST(test_a_long_refusal_is_cut),
        TEST(test_an_endless_answer),
        TEST(test_names_and_passwords),
        TEST(test_silence),
        TEST(test_redirects),
        TEST(test_a_parcel_is_fetched_once),
        TEST(test_one_parcel_twice),
        TEST(test_resumed_where_the_server_can),
        TEST(test_begun_anew_where_it_cannot),
        TEST(test_begun_anew_where_it_will_not),
        TEST(test_another_range_than_asked_for),
        TEST(test_a_wrong_beginning_costs_one_more_request),
        TEST(test_a_server_that_lies),
        TEST(test_a_parcel_that_is_not_there),
        TEST(test_silence_amid_a_parcel),
        TEST(test_creating_an_invoice),
        TEST(test_missing_parcels),
        TEST(test_an_upload),
        TEST(test_a_file_that_has_changed),
        TEST(test_without_memory),
    };
    return cmocka_run_group_tests(tests, make_bindle, NULL);
}
