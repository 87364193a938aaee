#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_write.h"

static char base[64];
static char path[128];

static int set_up(void **state) {
    (void)state;
    strcpy(base, "/tmp/test-file-write-XXXXXX");
    return mkdtemp(base) == NULL ? -1 : 0;
}

static int tear_down(void **state) {
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -r '%s'", base);
    return system(command);
}

static const char *in_base(const char *name) {
    snprintf(path, sizeof path, "%s/%s", base, name);
    return path;
}

static mode_t mode_of(const char *name) {
    struct stat info;
    assert_int_equal(stat(in_base(name), &info), 0);
    return info.st_mode & 0777;
}

static void folders_are_made_as_far_as_needed(void **state) {
    (void)state;
    assert_int_equal(file_make_parents(in_base("a/b/file"), 0700), 0);
    assert_int_equal(mode_of("a/b"), 0700);
    assert_int_not_equal(access(in_base("a/b/file"), F_OK), 0);
    assert_int_equal(file_make_parents(in_base("a/b/file"), 0755), 0);
    assert_int_equal(mode_of("a/b"), 0700);
    assert_int_equal(file_make_folders(in_base("a/c/d"), strlen(base), 0750), 0);
    assert_int_equal(mode_of("a/c/d"), 0750);
    assert_int_equal(file_make_parents("name", 0700), 0);
    assert_int_equal(file_make_parents("/name", 0700), 0);
}

static void what_is_no_folder_is_in_the_way(void **state) {
    char long_path[PATH_MAX + 8];
    (void)state;
    int fd = open(in_base("file"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(file_make_folders(in_base("file/a"), 0, 0700), ENOTDIR);
    memset(long_path, 'a', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    assert_int_equal(file_make_folders(long_path, 0, 0700), ENAMETOOLONG);
}

static void a_temporary_file_holds_everything(void **state) {
    static uint8_t bytes[300000], found[sizeof bytes + 1];
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7);
    in_base("x.XXXXXX");
    assert_int_equal(file_write_temporary(path, spin_slice_of(bytes, sizeof bytes)), 0);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, found, sizeof found), sizeof bytes);
    assert_memory_equal(found, bytes, sizeof bytes);
    close(fd);
    in_base("none/x.XXXXXX");
    assert_int_equal(file_write_temporary(path, spin_slice("a")), ENOENT);
}

static void a_full_disk_is_told(void **state) {
    (void)state;
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(file_write_all(fd, spin_slice("a")), ENOSPC);
    assert_int_equal(file_write_all(fd, spin_slice("")), 0);
    close(fd);
    assert_int_equal(file_write_all(-1, spin_slice("a")), EBADF);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(folders_are_made_as_far_as_needed),
        TEST(what_is_no_folder_is_in_the_way),
        TEST(a_temporary_file_holds_everything),
        TEST(a_full_disk_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
