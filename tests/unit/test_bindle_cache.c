#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "assert_error.h"
#include "bindle/cache.h"
#include "cmocka_all.h"
#include "digest/digest.h"
#include "failing_alloc.h"

static char base[64];
static bindle_cache_t cache;

static int remove_file(const char *path, const struct stat *info, int type, struct FTW *walk) {
    (void)info, (void)type, (void)walk;
    return remove(path);
}

static int set_up(void **state) {
    (void)state;
    strcpy(base, "/tmp/test-bindle-cache-XXXXXX");
    cache.dir = base;
    return mkdtemp(base) == NULL ? -1 : 0;
}

static int tear_down(void **state) {
    (void)state;
    return nftw(base, remove_file, 16, FTW_DEPTH | FTW_PHYS);
}

/* ── parcels to play with ────────────────────────────────────────────────────────────────── */

enum { SIZE = 300000 };
static uint8_t content[SIZE];
static char digest[DIGEST_HEX + 1];

static void digest_of(const void *bytes, size_t len, char out[DIGEST_HEX + 1]) {
    struct sha256_ctx hash;
    sha256_init(&hash);
    sha256_update(&hash, len, bytes);
    digest_hex(&hash, out);
}

static int make_content(void **state) {
    (void)state;
    for (size_t i = 0; i < SIZE; i++)
        content[i] = (uint8_t)(i * 7 + i / 251);
    digest_of(content, SIZE, digest);
    return 0;
}

static const char *in_cache(const char *suffix) {
    static char path[256];
    snprintf(path, sizeof path, "%s/parcels/%s%s", base, digest, suffix);
    return path;
}

static bool exists(const char *path) {
    return access(path, F_OK) == 0;
}

static void assert_content(const char *path) {
    static uint8_t bytes[SIZE + 1];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(bytes, 1, sizeof bytes, file), SIZE);
    fclose(file);
    assert_memory_equal(bytes, content, SIZE);
}

/* One who wants the parcel and gets as far as byte `until`. */
static spin_error_t *fetch_until(arena_t *arena, size_t until, size_t *began, bool *present) {
    bindle_cache_entry_t entry;
    spin_error_t *error = bindle_cache_enter(&cache, arena, digest, SIZE, &entry, present);
    *began = (size_t)entry.have;
    if (error == NULL && !*present && entry.have < until)
        error = bindle_cache_append(
            &entry, spin_slice_of(content + entry.have, until - (size_t)entry.have));
    if (error == NULL && !*present && until == SIZE)
        error = bindle_cache_commit(&entry);
    bindle_cache_leave(&entry);
    return error;
}

static size_t fetch(size_t until, bool expect_present) {
    arena_t arena = {0};
    size_t began;
    bool present;
    assert_null(fetch_until(&arena, until, &began, &present));
    assert_int_equal(present, expect_present);
    arena_deinit(&arena);
    return began;
}

static void overwrite(const char *path, off_t at, const char *text) {
    assert_int_equal(chmod(path, 0600), 0);
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, text, strlen(text), at), strlen(text));
    close(fd);
}

/* ── one process ─────────────────────────────────────────────────────────────────────────── */

static void test_a_parcel_is_kept(void **state) {
    (void)state;
    struct stat info;
    assert_int_equal(fetch(SIZE, false), 0);
    assert_content(in_cache(""));
    assert_false(exists(in_cache(".part")));
    assert_int_equal(stat(in_cache(""), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0444);
    fetch(SIZE, true);
}

static void test_what_is_interrupted_is_resumed(void **state) {
    (void)state;
    assert_int_equal(fetch(1000, false), 0);
    assert_true(exists(in_cache(".part")));
    assert_false(exists(in_cache("")));
    assert_int_equal(fetch(200000, false), 1000);
    assert_int_equal(fetch(SIZE, false), 200000);
    assert_content(in_cache(""));
}

static void test_a_whole_part_needs_no_server(void **state) {
    (void)state;
    arena_t arena = {0};
    bindle_cache_entry_t entry;
    bool present;
    assert_null(bindle_cache_enter(&cache, &arena, digest, SIZE, &entry, &present));
    assert_null(bindle_cache_append(&entry, spin_slice_of(content, SIZE)));
    bindle_cache_leave(&entry); /* as after a kill in front of the commit */
    assert_int_equal(fetch(SIZE, false), SIZE);
    fetch(SIZE, true);
    arena_deinit(&arena);
}

static void test_nothing_fetched_leaves_nothing(void **state) {
    (void)state;
    fetch(0, false);
    assert_false(exists(in_cache(".part")));
}

static void test_an_empty_parcel(void **state) {
    (void)state;
    static const char sha256[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    for (int turn = 0; turn < 2; turn++) {
        arena_t arena = {0};
        bindle_cache_entry_t entry;
        bool present;
        assert_null(bindle_cache_enter(&cache, &arena, sha256, 0, &entry, &present));
        assert_int_equal(present, turn == 1);
        if (!present)
            assert_null(bindle_cache_commit(&entry));
        bindle_cache_leave(&entry);
        assert_true(exists(entry.path));
        arena_deinit(&arena);
    }
}

static void test_a_damaged_parcel_is_fetched_again(void **state) {
    (void)state;
    fetch(SIZE, false);
    overwrite(in_cache(""), 5000, "damage");
    fetch(SIZE, false);
    assert_content(in_cache(""));
    assert_int_equal(truncate(in_cache(""), 10), 0);
    fetch(SIZE, false);
    assert_content(in_cache(""));
}

static void test_a_damaged_beginning_is_dropped(void **state) {
    (void)state;
    arena_t arena = {0};
    size_t began;
    bool present;
    fetch(1000, false);
    overwrite(in_cache(".part"), 500, "damage");
    assert_error(fetch_until(&arena, SIZE, &began, &present), SPIN_ERROR_INVALID, "digest");
    assert_false(exists(in_cache(".part")));
    assert_int_equal(fetch(SIZE, false), 0);
    arena_deinit(&arena);
}

static void test_a_beginning_that_is_too_long(void **state) {
    (void)state;
    fetch(1000, false);
    assert_int_equal(truncate(in_cache(".part"), SIZE + 1), 0);
    assert_int_equal(fetch(SIZE, false), 0);
    assert_content(in_cache(""));
}

static void test_a_whole_part_with_another_digest_is_dropped(void **state) {
    (void)state;
    fetch(1000, false);
    assert_int_equal(truncate(in_cache(".part"), SIZE), 0);
    assert_int_equal(fetch(SIZE, false), 0);
    assert_content(in_cache(""));
}

static void test_lies(void **state) {
    (void)state;
    arena_t arena = {0};
    bindle_cache_entry_t entry;
    bool present;
    /* too long, too short, another content */
    assert_null(bindle_cache_enter(&cache, &arena, digest, 10, &entry, &present));
    assert_error(bindle_cache_append(&entry, spin_slice_of(content, 11)), SPIN_ERROR_INVALID,
                 "more than the 10 bytes");
    assert_null(bindle_cache_append(&entry, spin_slice_of(content, 9)));
    assert_error(bindle_cache_commit(&entry), SPIN_ERROR_INVALID, "sent 9 bytes");
    bindle_cache_leave(&entry);
    assert_null(bindle_cache_enter(&cache, &arena, digest, 10, &entry, &present));
    assert_int_equal(entry.have, 0);
    assert_null(bindle_cache_append(&entry, spin_slice_of(content, 10)));
    assert_error(bindle_cache_commit(&entry), SPIN_ERROR_INVALID, digest);
    bindle_cache_leave(&entry);
    assert_false(exists(in_cache(".part")));
    /* an invoice with a wrong size does not cost others their parcel */
    fetch(SIZE, false);
    assert_error(bindle_cache_enter(&cache, &arena, digest, 10, &entry, &present),
                 SPIN_ERROR_INVALID, "the invoice says 10 bytes");
    bindle_cache_leave(&entry);
    assert_content(in_cache(""));
    arena_deinit(&arena);
}

static void test_only_digests_are_names(void **state) {
    (void)state;
    static const char *const bad[] = {
        "", "../../../etc/passwd",
        "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855a"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        arena_t arena = {0};
        bindle_cache_entry_t entry;
        bool present;
        assert_error(bindle_cache_enter(&cache, &arena, bad[i], 1, &entry, &present),
                     SPIN_ERROR_INVALID, "is not a SHA-256 digest");
        bindle_cache_leave(&entry);
        arena_deinit(&arena);
    }
}

/* ── a disk that does not want to ────────────────────────────────────────────────────────── */

static void test_no_room(void **state) {
    (void)state;
    arena_t arena = {0};
    bindle_cache_entry_t entry;
    bool present;
    assert_error(bindle_cache_enter(&cache, &arena, digest, 1ull << 60, &entry, &present),
                 SPIN_ERROR_IO, "1152921504606846976 more bytes");
    bindle_cache_leave(&entry);
    assert_false(exists(in_cache(".part")));
    arena_deinit(&arena);
}

static void test_a_full_disk_keeps_what_it_has(void **state) {
    (void)state;
    pid_t child = fork();
    if (child == 0) { /* a limit that can't be taken back */
        arena_t arena = {0};
        size_t began;
        bool present;
        char text[512] = "";
        bindle_cache_entry_t entry;
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){100000, 100000});
        spin_error_t *error = bindle_cache_enter(&cache, &arena, digest, SIZE, &entry, &present);
        for (began = 0; error == NULL && began < SIZE; began += 1000)
            error = bindle_cache_append(&entry, spin_slice_of(content + began, 1000));
        bindle_cache_leave(&entry);
        spin_error_format(error, text, sizeof text);
        _exit(strstr(text, "Bindle cache: can't write \"") != NULL ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(fetch(SIZE, false), 100000);
    assert_content(in_cache(""));
}

static void test_no_folder(void **state) {
    (void)state;
    arena_t arena = {0};
    bindle_cache_entry_t entry;
    bool present;
    char path[128];
    snprintf(path, sizeof path, "%s/file", base);
    close(open(path, O_WRONLY | O_CREAT, 0600));
    bindle_cache_t other = {.dir = path};
    assert_error(bindle_cache_enter(&other, &arena, digest, SIZE, &entry, &present),
                 SPIN_ERROR_NOT_FOUND, "Bindle cache: can't open");
    bindle_cache_leave(&entry);
    /* nobody else's link decides where we write */
    fetch(1000, false);
    assert_int_equal(unlink(in_cache(".part")), 0);
    assert_int_equal(symlink(path, in_cache(".part")), 0);
    assert_error(bindle_cache_enter(&cache, &arena, digest, SIZE, &entry, &present), SPIN_ERROR_IO,
                 "Bindle cache: can't make");
    bindle_cache_leave(&entry);
    arena_deinit(&arena);
}

/* ── several processes ───────────────────────────────────────────────────────────────────── */

/* In a child: as one that fetches slowly, and does not wonder about errors. */
static pid_t start_fetching(unsigned pause_us) {
    pid_t child = fork();
    if (child != 0)
        return child;
    arena_t arena = {0};
    bindle_cache_entry_t entry;
    bool present;
    spin_error_t *error = bindle_cache_enter(&cache, &arena, digest, SIZE, &entry, &present);
    while (error == NULL && !present && entry.have < SIZE) {
        size_t step = SIZE - (size_t)entry.have < 10000 ? SIZE - (size_t)entry.have : 10000;
        error = bindle_cache_append(&entry, spin_slice_of(content + entry.have, step));
        usleep(pause_us);
    }
    if (error == NULL && !present)
        error = bindle_cache_commit(&entry);
    _exit(error == NULL ? 0 : 1);
}

static void test_another_process_is_waited_for(void **state) {
    (void)state;
    int status;
    pid_t child = start_fetching(10000);
    while (!exists(in_cache(".part")))
        usleep(1000);
    usleep(20000); /* it has the lock */
    fetch(SIZE, true);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_many_at_once(void **state) {
    (void)state;
    pid_t children[8];
    for (size_t i = 0; i < 8; i++)
        children[i] = start_fetching(100);
    for (size_t i = 0; i < 8; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    assert_content(in_cache(""));
    assert_false(exists(in_cache(".part")));
}

/* Killed at any time, alone or with company, they leave what the next one can use. */
static void test_killed_at_any_time(void **state) {
    (void)state;
    for (unsigned turn = 0; turn < 60; turn++) {
        pid_t first = start_fetching(200), second = start_fetching(100);
        usleep(turn * 150);
        kill(turn % 3 == 0 ? second : first, SIGKILL);
        if (turn % 2 == 0)
            kill(turn % 3 == 0 ? first : second, SIGKILL);
        waitpid(first, NULL, 0);
        waitpid(second, NULL, 0);
        size_t began;
        bool present;
        arena_t arena = {0};
        assert_null(fetch_until(&arena, SIZE, &began, &present));
        assert_content(in_cache(""));
        assert_false(exists(in_cache(".part")));
        assert_int_equal(unlink(in_cache("")), 0);
        arena_deinit(&arena);
    }
}

/* ── invoices ────────────────────────────────────────────────────────────────────────────── */

static void test_invoices(void **state) {
    (void)state;
    arena_t arena = {0};
    const char *path;
    spin_slice_t text, hello = spin_slice("hello/1.0.0");
    assert_error(bindle_cache_get_invoice(&cache, &arena, "http://a", hello, &text, &path),
                 SPIN_ERROR_NOT_FOUND, "can't open");
    assert_null(bindle_cache_put_invoice(&cache, "http://a", hello, spin_slice("one")));
    assert_null(bindle_cache_put_invoice(&cache, "http://b", hello, spin_slice("")));
    assert_null(bindle_cache_get_invoice(&cache, &arena, "http://a", hello, &text, &path));
    assert_string_equal((char *)arena_copy_text(&arena, text), "one");
    assert_null(bindle_cache_put_invoice(&cache, "http://a", hello, spin_slice("another")));
    assert_null(bindle_cache_get_invoice(&cache, &arena, "http://a", hello, &text, &path));
    assert_string_equal((char *)arena_copy_text(&arena, text), "another");
    assert_null(bindle_cache_get_invoice(&cache, &arena, "http://b", hello, &text, &path));
    assert_int_equal(text.len, 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_error(bindle_cache_get_invoice(&cache, &arena, "http://b", hello, &text, &path),
                 SPIN_ERROR_LIMIT, "is no invoice of ours");
    arena_deinit(&arena);
}

static spin_error_t *enter_and_put(void *user) {
    arena_t arena = {0};
    bindle_cache_entry_t entry;
    bool present;
    (void)user;
    spin_error_t *error = bindle_cache_enter(&cache, &arena, digest, SIZE, &entry, &present);
    bindle_cache_leave(&entry);
    if (error == NULL)
        error =
            bindle_cache_put_invoice(&cache, "http://a", spin_slice("a/1.0.0"), spin_slice("text"));
    arena_deinit(&arena);
    return error;
}

static void test_without_memory(void **state) {
    (void)state;
    assert_int_equal(failing_alloc_each(enter_and_put, NULL, 2), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_parcel_is_kept),
        TEST(test_what_is_interrupted_is_resumed),
        TEST(test_a_whole_part_needs_no_server),
        TEST(test_nothing_fetched_leaves_nothing),
        TEST(test_an_empty_parcel),
        TEST(test_a_damaged_parcel_is_fetched_again),
        TEST(test_a_damaged_beginning_is_dropped),
        TEST(test_a_beginning_that_is_too_long),
        TEST(test_a_whole_part_with_another_digest_is_dropped),
        TEST(test_lies),
        TEST(test_only_digests_are_names),
        TEST(test_no_room),
        TEST(test_a_full_disk_keeps_what_it_has),
        TEST(test_no_folder),
        TEST(test_another_process_is_waited_for),
        TEST(test_many_at_once),
        TEST(test_killed_at_any_time),
        TEST(test_invoices),
        TEST(test_without_memory),
    };
    return cmocka_run_group_tests(tests, make_content, NULL);
}
