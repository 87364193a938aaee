/* The Redis trigger in worker processes of its own. The server is this process, which has no
 * engine; the trigger runs in a child. */
#include "net_peer.h"

#include <signal.h>
#include <sys/wait.h>

#include "manifest/application.h"
#include "manifest/manifest.h"
#include "spin/log.h"
#include "spin/redis.h"

static char work_dir[] = "/tmp/spin-test-redis-workers-XXXXXX";
static int ready[2]; /* a pipe: a byte when all workers take messages */

#define SUBSCRIBE    "*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\na\r\n"
#define SUBSCRIBED   "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"
#define UNSUBSCRIBE  "*1\r\n$11\r\nUNSUBSCRIBE\r\n"
#define UNSUBSCRIBED "*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:0\r\n"

static spin_application_t *application_at(uint16_t port) {
    char text[512];
    spin_application_t *application;
    snprintf(text, sizeof text,
             "spin_version = \"1\"\nname = \"test\"\nversion = \"1.0.0\"\n"
             "trigger = { type = \"redis\", address = \"redis://127.0.0.1:%u\" }\n"
             "[[component]]\nid = \"one\"\nsource = \"x\"\n[component.trigger]\nchannel = \"a\"\n",
             port);
    if (manifest_parse(spin_slice(text), "spin.toml", &application) != NULL)
        return NULL;
    spin_slice_t file =
        arena_printf(&application->arena, "%s/tests/e2e/guests/redis.wasm", SPIN_SOURCE_DIR);
    application->components[0].source.file = (char *)(uintptr_t)file.ptr;
    return application;
}

static void on_ready(spin_trigger_t *trigger, void *user) {
    (void)trigger, (void)user;
    (void)!write(ready[1], "r", 1);
}

/* In the child: until it is stopped by a signal. */
static int run_trigger(uint16_t port) {
    char cache[64], logs[64];
    static int log_fd = STDERR_FILENO;
    snprintf(cache, sizeof cache, "%s/cache", work_dir);
    snprintf(logs, sizeof logs, "%s/logs", work_dir);
    const spin_engine_options_t engine = {.size = sizeof engine, .cache_dir = cache};
    const spin_redis_options_t options = {.size = sizeof options,
                                          .workers = 2,
                                          .log_dir = logs,
                                          .quiet = true,
                                          .engine = &engine,
                                          .ready = on_ready};
    spin_trigger_t *trigger;
    spin_log_configure(spin_log_sink_fd, &log_fd, SPIN_LOG_ERROR, SPIN_LOG_TEXT);
    spin_application_t *application = application_at(port);
    if (application == NULL)
        return 2;
    spin_error_t *error = spin_redis_trigger_new(application, &options, &trigger);
    if (error == NULL) {
        error = spin_trigger_run(trigger);
        spin_trigger_free(trigger);
    }
    spin_application_unref(application);
    spin_error_free(error);
    return error == NULL ? 0 : 1;
}

static pid_t start(peer_t *peer) {
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(run_trigger(peer->port));
    return pid;
}

static void accept_subscriber(peer_t *peer) {
    const uint64_t until = now_ms() + 30 * 1000; /* that it may take to start */
    while (!peer_try_accept(peer) && now_ms() < until)
        turn(peer);
    peer_expect(peer, SUBSCRIBE);
    peer_send(peer, SUBSCRIBED);
}

static unsigned count_lines(void) {
    char path[96], text[4096];
    unsigned lines = 0;
    size_t len;
    snprintf(path, sizeof path, "%s/logs/one_stdout.txt", work_dir);
    FILE *file = fopen(path, "r");
    while (file != NULL && (len = fread(text, 1, sizeof text, file)) > 0)
        for (size_t i = 0; i < len; i++)
            lines += text[i] == '\n';
    if (file != NULL)
        fclose(file);
    return lines;
}

static void send_messages(peer_t *peer, unsigned count) {
    for (unsigned i = 0; i < count; i++)
        peer_send(peer, "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$5\r\nhello\r\n");
}

/* The workers; the first of them was started first. */
static unsigned list_workers(pid_t pid, pid_t *workers, unsigned most) {
    char path[64];
    unsigned count = 0;
    int worker;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    FILE *file = fopen(path, "r");
    while (file != NULL && count < most && fscanf(file, "%d", &worker) == 1)
        workers[count++] = worker;
    if (file != NULL)
        fclose(file);
    return count;
}

/* And it is gone, so that it takes nothing more. */
static void kill_worker(peer_t *peer, pid_t worker) {
    kill(worker, SIGKILL);
    wait_for(peer, kill(worker, 0) != 0);
}

static void stop(peer_t *peer, pid_t pid, unsigned late) {
    int status = -1;
    kill(pid, SIGTERM);
    peer_expect(peer, UNSUBSCRIBE);
    send_messages(peer, late);
    peer_send(peer, UNSUBSCRIBED);
    wait_for(peer, waitpid(pid, &status, WNOHANG) == pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_two_workers(void **state) {
    peer_t peer;
    pid_t workers[3];
    (void)state;
    peer_init(&peer);
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = start(&peer);
    close(ready[1]); /* so that its end is seen */
    accept_subscriber(&peer);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    send_messages(&peer, 500);
    wait_for(&peer, count_lines() == 500);
    assert_int_equal(list_workers(pid, workers, 3), 2);

    kill_worker(&peer, workers[1]); /* which leaves the subscription alone */
    send_messages(&peer, 100);
    wait_for(&peer, count_lines() == 600);

    wait_for(&peer, list_workers(pid, workers, 3) == 2);
    kill_worker(&peer, workers[0] < workers[1] ? workers[0] : workers[1]);
    peer_expect_end(&peer);
    peer_hang_up(&peer);
    accept_subscriber(&peer); /* the one in its place */
    send_messages(&peer, 100);
    wait_for(&peer, count_lines() == 700);
    stop(&peer, pid, 300);
    assert_int_equal(count_lines(), 1000);
    close(ready[0]);
    peer_deinit(&peer);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_two_workers)};
    char command[96];
    if (mkdtemp(work_dir) == NULL)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(command, sizeof command, "rm -rf %s", work_dir);
    return system(command) == 0 ? failed : 1;
}
