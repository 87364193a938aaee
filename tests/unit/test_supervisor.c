/* Workers here are small functions that tell over a pipe what happens to them. */
#include "cmocka_all.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/slice.h"
#include "trigger/supervisor.h"

typedef struct note {
    unsigned slot;
    pid_t pid;
    int what;
} note_t;

enum { NOTE_STARTED = 1, NOTE_ASKED_TO_STOP, NOTE_FDS, NOTE_HEIR };

typedef struct scene {
    int notes[2];
    int stop_fd;
    unsigned ready_calls;
    unsigned stopping_calls;
    pid_t kill_when_ready; /* -1: the first worker that told of itself */
    unsigned stop_after;   /* starts, after which a helper asks for the stop */
} scene_t;

static void tell(scene_t *scene, unsigned slot, int what) {
    note_t note = {slot, getpid(), what};
    assert_int_equal(write(scene->notes[1], &note, sizeof note), (int)sizeof note);
}

static void wait_readable(int fd) {
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    while (poll(&poll_fd, 1, -1) <= 0)
        continue;
}

static void ask_stop(scene_t *scene, uint64_t count) {
    assert_int_equal(write(scene->stop_fd, &count, sizeof count), (int)sizeof count);
}

static int set_up(void **state) {
    scene_t *scene = calloc(1, sizeof *scene);
    assert_int_equal(pipe2(scene->notes, O_CLOEXEC | O_NONBLOCK), 0);
    scene->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    *state = scene;
    return 0;
}

static int tear_down(void **state) {
    scene_t *scene = *state;
    close(scene->notes[0]);
    close(scene->notes[1]);
    close(scene->stop_fd);
    free(scene);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left */
    return 0;
}

static size_t read_notes(scene_t *scene, note_t *notes, size_t max) {
    size_t len = 0;
    while (len < max && read(scene->notes[0], &notes[len], sizeof *notes) == (ssize_t)sizeof *notes)
        len++;
    return len;
}

static size_t count(const note_t *notes, size_t len, int what) {
    size_t found = 0;
    for (size_t i = 0; i < len; i++)
        found += notes[i].what == what;
    return found;
}

static void on_ready(void *user) {
    scene_t *scene = user;
    scene->ready_calls++;
}

static void on_stopping(void *user) {
    scene_t *scene = user;
    scene->stopping_calls++;
}

static void stop_when_ready(void *user) {
    on_ready(user);
    ask_stop(user, 1);
}

static spin_error_t *run(scene_t *scene, unsigned workers,
                         spin_error_t *(*work)(supervisor_link_t *, void *),
                         void (*ready)(void *)) {
    const supervisor_options_t options = {
        .name = "test",
        .workers = workers,
        .work = work,
        .ready = ready,
        .stopping = on_stopping,
        .user = scene,
        .stop_fd = scene->stop_fd,
        .grace_ms = 3000,
    };
    return supervisor_run(&options);
}

/* ── start and stop ── */

static spin_error_t *serve(supervisor_link_t *link, void *user) {
    scene_t *scene = user;
    tell(scene, link->slot, NOTE_STARTED);
    supervisor_worker_ready(link);
    wait_readable(link->fd);
    tell(scene, link->slot, NOTE_ASKED_TO_STOP);
    return NULL;
}

static void test_start_and_stop(void **state) {
    scene_t *scene = *state;
    note_t notes[16];
    assert_null(run(scene, 3, serve, stop_when_ready));
    size_t len = read_notes(scene, notes, 16);
    assert_int_equal(scene->ready_calls, 1);
    assert_int_equal(scene->stopping_calls, 1);
    assert_int_equal(count(notes, len, NOTE_STARTED), 3);
    assert_int_equal(count(notes, len, NOTE_ASKED_TO_STOP), 3);
    assert_int_equal(notes[0].slot, 0); /* alone, before the others */
    for (size_t i = 0; i < len; i++)
        assert_int_not_equal(notes[i].pid, getpid());
}

static void test_stopped_before_it_runs(void **state) {
    scene_t *scene = *state;
    ask_stop(scene, 1);
    assert_null(run(scene, 2, serve, on_ready));
    assert_int_equal(scene->ready_calls, 0);
}

static spin_error_t *hang(supervisor_link_t *link, void *user) {
    tell(user, link->slot, NOTE_STARTED);
    supervisor_worker_ready(link);
    while (pause() < 0)
        continue;
    return NULL;
}

static void stop_at_once(void *user) {
    on_ready(user);
    ask_stop(user, 2);
}

static void test_second_stop_kills(void **state) {
    scene_t *scene = *state;
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    assert_null(run(scene, 2, hang, stop_at_once));
    clock_gettime(CLOCK_MONOTONIC, &end);
    assert_true(end.tv_sec - begin.tv_sec < 2);
}

/* ── failures at the start ── */

static spin_error_t *fail_to_start(supervisor_link_t *link, void *user) {
    (void)link, (void)user;
    return error_wrap(error_new(SPIN_ERROR_NOT_FOUND, "no such file"), "component \"x\"");
}

static void test_error_at_start(void **state) {
    scene_t *scene = *state;
    char text[128];
    spin_error_t *error = run(scene, 2, fail_to_start, on_ready);
    assert_non_null(error);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_NOT_FOUND);
    spin_error_format(error, text, sizeof text);
    assert_string_equal(text, "component \"x\": no such file");
    assert_int_equal(scene->ready_calls, 0);
    spin_error_free(error);
}

static spin_error_t *second_fails(supervisor_link_t *link, void *user) {
    return link->slot == 0 ? serve(link, user) : fail_to_start(link, user);
}

static void test_error_of_a_later_worker(void **state) {
    spin_error_t *error = run(*state, 2, second_fails, on_ready);
    assert_non_null(error);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_NOT_FOUND);
    spin_error_free(error);
}

static spin_error_t *crash(supervisor_link_t *link, void *user) {
    (void)link, (void)user;
    kill(getpid(), SIGKILL);
    return NULL;
}

static void test_crash_at_start(void **state) {
    spin_error_t *error = run(*state, 1, crash, on_ready);
    assert_non_null(error);
    assert_non_null(strstr(spin_error_message(error), "signal 9"));
    spin_error_free(error);
}

/* ── replacement ── */

/* Dies once it is ready, but for the last of `stop_after` starts, which ends the run. */
static spin_error_t *die_some_times(supervisor_link_t *link, void *user) {
    scene_t *scene = user;
    tell(scene, link->slot, NOTE_STARTED);
    supervisor_worker_ready(link);
    if (link->slot == 1)
        return serve(link, user);
    int waiting = 0;
    struct pollfd poll_fd = {.fd = link->fd, .events = POLLIN};
    assert_int_equal(ioctl(scene->notes[0], FIONREAD, &waiting), 0);
    if ((size_t)waiting >= (scene->stop_after + 2) * sizeof(note_t)) { /* slot 1 told twice */
        kill(getppid(), SIGUSR1);
        wait_readable(link->fd);
        return NULL;
    }
    poll(&poll_fd, 1, 100); /* so that all are ready once */
    crash(link, user);
    return NULL;
}

static int signal_stop_fd;

static void on_signal(int number) {
    const uint64_t one = 1;
    (void)number;
    (void)!write(signal_stop_fd, &one, sizeof one);
}

static void test_replacement(void **state) {
    scene_t *scene = *state;
    note_t notes[64];
    scene->stop_after = 4;
    signal_stop_fd = scene->stop_fd;
    signal(SIGUSR1, on_signal);
    assert_null(run(scene, 2, die_some_times, on_ready));
    signal(SIGUSR1, SIG_DFL);
    size_t len = read_notes(scene, notes, 64);
    size_t starts[2] = {0, 0};
    pid_t neighbour = 0;
    for (size_t i = 0; i < len; i++)
        if (notes[i].what == NOTE_STARTED) {
            starts[notes[i].slot]++;
            if (notes[i].slot == 1) {
                assert_true(neighbour == 0 || neighbour == notes[i].pid);
                neighbour = notes[i].pid;
            }
        }
    assert_int_equal(scene->ready_calls, 1);
    assert_int_equal(starts[0], 4);
    assert_int_equal(starts[1], 2); /* told twice by one process */
}

/* A process that a worker has started may outlive it with the worker's end of the link open. */
static spin_error_t *leave_heir(supervisor_link_t *link, void *user) {
    scene_t *scene = user;
    if (fork() == 0) {
        tell(scene, link->slot, NOTE_HEIR);
        sleep(20);
        _exit(0);
    }
    return crash(link, user);
}

static void test_link_outlives_worker(void **state) {
    scene_t *scene = *state;
    note_t note;
    alarm(10); /* it would wait for ever */
    spin_error_t *error = run(scene, 1, leave_heir, on_ready);
    alarm(0);
    assert_non_null(error);
    spin_error_free(error);
    wait_readable(scene->notes[0]);
    assert_int_equal(read_notes(scene, &note, 1), 1);
    kill(note.pid, SIGKILL);
}

/* Until it has its own dispositions a worker has its parent's handlers, which would write to a
 * descriptor that both share. */
static bool raise_in_child;

static void raise_after_fork(void) {
    if (raise_in_child)
        raise(SIGINT);
}

static void test_signal_in_a_new_worker(void **state) {
    scene_t *scene = *state;
    note_t notes[8];
    signal_stop_fd = scene->stop_fd;
    signal(SIGINT, on_signal);
    raise_in_child = true;
    assert_null(run(scene, 2, serve, stop_when_ready));
    raise_in_child = false;
    signal(SIGINT, SIG_DFL);
    size_t len = read_notes(scene, notes, 8);
    assert_int_equal(scene->ready_calls, 1);
    assert_int_equal(count(notes, len, NOTE_ASKED_TO_STOP), 2);
}

/* ── what a worker inherits ── */

static int count_fds(void) {
    int found = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir) != NULL)
        found++;
    closedir(dir);
    return found;
}

static spin_error_t *tell_fds(supervisor_link_t *link, void *user) {
    scene_t *scene = user;
    note_t note = {link->slot, count_fds(), NOTE_FDS};
    assert_int_equal(write(scene->notes[1], &note, sizeof note), (int)sizeof note);
    supervisor_worker_ready(link);
    wait_readable(link->fd);
    return NULL;
}

static void test_no_stray_descriptors(void **state) {
    scene_t *scene = *state;
    note_t notes[16];
    int mine = count_fds();
    assert_null(run(scene, 4, tell_fds, stop_when_ready));
    assert_int_equal(read_notes(scene, notes, 16), 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(notes[i].pid, mine); /* its link instead of the stop descriptor */
    assert_int_equal(count_fds(), mine);
}

/* ── what comes too late ── */

static spin_error_t *tell_and_be_ready(supervisor_link_t *link, void *user) {
    (void)user;
    supervisor_worker_tell(link, SLICE_LITERAL("x"));
    supervisor_worker_ready(link);
    wait_readable(link->fd);
    return NULL;
}

static void stop_at_message(supervisor_t *supervisor, unsigned slot, spin_slice_t message,
                            void *user) {
    (void)supervisor, (void)slot, (void)message;
    ask_stop(user, 1);
    usleep(50000); /* by now the worker has said that it is ready */
}

static void test_ready_after_a_stop(void **state) {
    scene_t *scene = *state;
    const supervisor_options_t options = {
        .name = "test",
        .workers = 1,
        .work = tell_and_be_ready,
        .ready = on_ready,
        .message = stop_at_message,
        .user = scene,
        .stop_fd = scene->stop_fd,
        .grace_ms = 3000,
    };
    assert_null(supervisor_run(&options));
    assert_int_equal(scene->ready_calls, 0);
}

static unsigned watch_calls;

static void stop_when_watched(supervisor_t *supervisor, int fd, void *user) {
    (void)supervisor, (void)fd; /* it stays readable */
    if (watch_calls++ == 0)
        ask_stop(user, 1);
}

static spin_error_t *watch_notes(supervisor_t *supervisor, void *user) {
    scene_t *scene = user;
    return supervisor_watch(supervisor, scene->notes[0], stop_when_watched, scene);
}

static spin_error_t *leave_slowly(supervisor_link_t *link, void *user) {
    supervisor_worker_ready(link);
    tell(user, link->slot, NOTE_STARTED);
    wait_readable(link->fd);
    usleep(200000);
    return NULL;
}

static void test_no_watch_after_a_stop(void **state) {
    scene_t *scene = *state;
    const supervisor_options_t options = {
        .name = "test",
        .workers = 1,
        .work = leave_slowly,
        .begin = watch_notes,
        .user = scene,
        .stop_fd = scene->stop_fd,
        .grace_ms = 3000,
    };
    watch_calls = 0;
    assert_null(supervisor_run(&options));
    assert_int_equal(watch_calls, 1);
}

/* ── the supervisor's death ── */

static void test_workers_die_with_it(void **state) {
    scene_t *scene = *state;
    note_t notes[4];
    size_t len = 0;
    pid_t pid = fork();
    if (pid == 0) {
        run(scene, 2, hang, on_ready);
        _exit(0);
    }
    while (len < 2) {
        wait_readable(scene->notes[0]);
        len += read_notes(scene, notes + len, 2 - len);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    for (size_t i = 0; i < 2; i++) {
        unsigned tries = 0;
        char path[32], text[512] = "";
        snprintf(path, sizeof path, "/proc/%d/stat", (int)notes[i].pid);
        for (FILE *file; tries < 200 && (file = fopen(path, "r")) != NULL; tries++) {
            const char *end = fgets(text, sizeof text, file) == NULL ? NULL : strrchr(text, ')');
            fclose(file);
            if (end == NULL || end[2] == 'Z') /* no more than waiting for whoever inherited it */
                break;
            usleep(10000);
        }
        assert_true(tries < 200);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_start_and_stop),
        TEST(test_stopped_before_it_runs),
        TEST(test_second_stop_kills),
        TEST(test_error_at_start),
        TEST(test_error_of_a_later_worker),
        TEST(test_crash_at_start),
        TEST(test_replacement),
        TEST(test_link_outlives_worker),
        TEST(test_signal_in_a_new_worker),
        TEST(test_no_stray_descriptors),
        TEST(test_ready_after_a_stop),
        TEST(test_no_watch_after_a_stop),
        TEST(test_workers_die_with_it),
    };
    pthread_atfork(NULL, NULL, raise_after_fork);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
