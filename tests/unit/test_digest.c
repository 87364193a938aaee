/* Digests: FIPS 180-4's own examples. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "digest/digest.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
/* A million times "a": more than one read. */
#define MANY "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

enum { LEN = 1000000 };

static void of_bytes(void **state) {
    (void)state;
    char hex[DIGEST_HEX + 1];
    digest_bytes(SLICE_LITERAL("abc"), hex);
    assert_string_equal(hex, ABC);
    digest_bytes((spin_slice_t){NULL, 0}, hex);
    assert_string_equal(hex, EMPTY);
}

static void of_files(void **state) {
    (void)state;
    char path[] = "/tmp/spin-test-digest-XXXXXX", hex[DIGEST_HEX + 1];
    static char content[LEN];
    struct sha256_ctx hash;
    uint64_t len = 7;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(unlink(path), 0);
    sha256_init(&hash);
    assert_int_equal(digest_file(fd, &hash, &len), 0);
    assert_int_equal(len, 0);
    digest_hex(&hash, hex);
    assert_string_equal(hex, EMPTY);
    memset(content, 'a', LEN);
    assert_int_equal(write(fd, content, LEN), LEN);
    assert_int_equal(digest_file(fd, &hash, &len), 0); /* the context has begun anew */
    assert_int_equal(len, LEN);
    digest_hex(&hash, hex);
    assert_string_equal(hex, MANY);
    close(fd);
}

static void failures_are_told(void **state) {
    (void)state;
    struct sha256_ctx hash;
    uint64_t len;
    sha256_init(&hash);
    assert_int_equal(digest_file(-1, &hash, &len), EBADF);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_bytes),
        cmocka_unit_test(of_files),
        cmocka_unit_test(failures_are_told),
    };
    return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
