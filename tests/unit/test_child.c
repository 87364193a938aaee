#include "cmocka_all.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "trigger/child.h"

static size_t count_fds(void) {
    size_t found = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir) != NULL)
        found++;
    closedir(dir);
    return found;
}

static child_t start(child_fn work, void *user) {
    child_t child;
    assert_null(child_start(&child, "a child", work, user));
    assert_true(child.pid > 0 && child.pidfd >= 0 && child.link >= 0);
    return child;
}

static void wait_for_end(const child_t *child) {
    struct pollfd end = {.fd = child->pidfd, .events = POLLIN};
    assert_int_equal(poll(&end, 1, 20000), 1);
}

static void assert_ends(child_t *child, const char *how) {
    char text[96];
    wait_for_end(child);
    child_reap(child, text, sizeof text);
    assert_string_equal(text, how);
    assert_int_equal(child->pid, 0);
    assert_int_equal(child->pidfd, -1);
    assert_int_equal(child->link, -1);
}

/* ── ends ── */

static spin_error_t *greet(int link, void *user) {
    return send(link, user, strlen(user), 0) < 0 ? error_new(SPIN_ERROR_IO, "no line") : NULL;
}

static void test_well(void **state) {
    char greeting[] = "hello", text[16] = "";
    (void)state;
    size_t before = count_fds();
    child_t child = start(greet, greeting);
    wait_for_end(&child);
    assert_int_equal(recv(child.link, text, sizeof text, 0), 5);
    assert_string_equal(text, "hello");
    assert_ends(&child, "exited with status 0");
    assert_int_equal(count_fds(), before);
}

static spin_error_t *report(int link, void *user) {
    (void)link;
    return error_wrap(error_new(SPIN_ERROR_NOT_FOUND, "%s", (char *)user), "outside");
}

static void expect_error(char *reason, const char *whole) {
    char message[CHILD_MESSAGE_SIZE];
    char text[CHILD_MESSAGE_SIZE];
    spin_error_t *error;
    child_t child = start(report, reason);
    wait_for_end(&child);
    ssize_t len = recv(child.link, message, sizeof message, 0);
    assert_true(len > 0 && child_message_error(message, (size_t)len, &error));
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_NOT_FOUND);
    spin_error_format(error, text, sizeof text);
    assert_memory_equal(text, whole, strlen(whole));
    spin_error_free(error);
    assert_ends(&child, "exited with status 1");
}

/* What is too long for one message is cut off. */
static void test_error(void **state) {
    static char reason[] = "inside", endless[2 * CHILD_MESSAGE_SIZE];
    (void)state;
    expect_error(reason, "outside: inside");
    memset(endless, 'x', sizeof endless - 1);
    expect_error(endless, "outside: xxxxxx");
}

static void test_messages_that_are_no_errors(void **state) {
    spin_error_t *error;
    (void)state;
    assert_false(child_message_error("e", 1, &error));
    assert_false(child_message_error("e\1", 2, &error));
    assert_false(child_message_error("ready", 5, &error));
}

static spin_error_t *rest(int link, void *user) {
    (void)link, (void)user;
    while (pause() < 0)
        continue;
    return NULL;
}

static void test_killed(void **state) {
    const child_t none = CHILD_NONE;
    (void)state;
    child_t child = start(rest, NULL);
    child_kill(&child);
    assert_ends(&child, "ended by signal 9 (Killed)");
    child_kill(&child); /* nothing */
    child_kill(&none);
}

/* Some parents leave SIGCHLD ignored: then nobody hears how a child has ended. */
static void test_children_ignored(void **state) {
    (void)state;
    signal(SIGCHLD, SIG_IGN);
    child_t child = start(rest, NULL);
    child_kill(&child);
    assert_ends(&child, "ended, and somebody else saw how");
    signal(SIGCHLD, SIG_DFL);
}

/* ── what a child begins with ── */

static spin_error_t *raise_signals(int link, void *user) {
    sigset_t mask;
    (void)link, (void)user;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    if (sigismember(&mask, SIGTERM))
        return error_new(SPIN_ERROR_INTERNAL, "SIGTERM is blocked");
    raise(SIGINT); /* a terminal's, for its parent to decide on */
    raise(SIGHUP);
    raise(SIGPIPE);
    raise(SIGTERM);
    return NULL;
}

static void on_signal(int number) {
    (void)number;
    _exit(77); /* the parent's */
}

static void test_signals(void **state) {
    static const int numbers[] = {SIGINT, SIGHUP, SIGPIPE, SIGTERM};
    sigset_t terminate, before, after;
    (void)state;
    for (size_t i = 0; i < 4; i++)
        signal(numbers[i], on_signal);
    sigemptyset(&terminate);
    sigaddset(&terminate, SIGTERM);
    sigprocmask(SIG_BLOCK, &terminate, &before);
    child_t child = start(raise_signals, NULL);
    sigprocmask(SIG_SETMASK, NULL, &after);
    assert_true(sigismember(&after, SIGTERM) && !sigismember(&after, SIGINT));
    assert_ends(&child, "ended by signal 15 (Terminated)");
    sigprocmask(SIG_SETMASK, &before, NULL);
    for (size_t i = 0; i < 4; i++)
        signal(numbers[i], SIG_DFL);
}

static void test_no_descriptors_left(void **state) {
    struct rlimit before, few;
    child_t child;
    (void)state;
    size_t fds = count_fds();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = 1;
    setrlimit(RLIMIT_NOFILE, &few);
    spin_error_t *error = child_start(&child, "a child", rest, NULL);
    setrlimit(RLIMIT_NOFILE, &before);
    assert_non_null(error);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_LIMIT);
    assert_non_null(strstr(spin_error_message(error), "a child"));
    spin_error_free(error);
    assert_int_equal(child.pid, 0);
    assert_int_equal(child.link, -1);
    assert_int_equal(count_fds(), fds);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_well),
        cmocka_unit_test(test_error),
        cmocka_unit_test(test_messages_that_are_no_errors),
        cmocka_unit_test(test_killed),
        cmocka_unit_test(test_children_ignored),
        cmocka_unit_test(test_signals),
        cmocka_unit_test(test_no_descriptors_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
