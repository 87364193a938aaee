/* WASI as guests see it: tests/wasi/guests run in process, through the engine, with paths resolved
 * by the kernel and by our own walk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "../wasi/app.h"
#include "engine/instance.h"
#include "failing_alloc.h"
#include "wasi/errno.h"
#include "wasi/resolve.h"
#include "wasi/shared.h"

typedef struct fixture {
    char dir[64];
    char root[96];
    char read_only[96];
    uv_loop_t loop;
    char module[256];
    manifest_mount_t mounts[2];
    test_app_t app;
    spin_execution_context_t *context;
    spin_instance_t *instance;
    char output[4096]; /* of stdout and stderr */
    size_t writes;
} fixture_t;

/* ── the tree on the host ── */

static void make_file(const char *dir, const char *name, const char *text) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void make_folder(const char *dir, const char *name) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(mkdir(path, 0777), 0);
}

static void make_link(const char *dir, const char *name, const char *target) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(symlink(target, path), 0);
}

static void make_tree(fixture_t *f) {
    char path[256];
    strcpy(f->dir, P_tmpdir "/spin-test-wasi-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->root, sizeof f->root, "%s/root", f->dir);
    snprintf(f->read_only, sizeof f->read_only, "%s/ro", f->dir);
    make_folder(f->dir, "outside");
    make_file(f->dir, "outside/secret", "secret");
    make_folder(f->dir, "root");
    make_file(f->root, "hello", "hello\n");
    make_folder(f->root, "sub");
    make_folder(f->root, "sub/deep");
    make_file(f->root, "sub/deep/file", "deep");
    make_link(f->root, "sub/back", "../hello");
    make_link(f->root, "in", "sub");
    make_link(f->root, "up", "../outside");
    snprintf(path, sizeof path, "%s/outside", f->dir);
    make_link(f->root, "abs", path);
    make_link(f->root, "secret", "../outside/secret");
    make_link(f->root, "loop", "loop");
    make_link(f->root, "far", "sub/../../outside");
    make_link(f->root, "hop", "sub/deep/../../up");
    snprintf(path, sizeof path, "%s/fifo", f->root);
    assert_int_equal(mkfifo(path, 0600), 0);
    make_folder(f->dir, "ro");
    make_file(f->read_only, "data", "data");
    make_folder(f->read_only, "d");
    make_file(f->read_only, "d/file", "file");
    snprintf(path, sizeof path, "%s/fifo", f->read_only);
    assert_int_equal(mkfifo(path, 0600), 0);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *at) {
    (void)info;
    (void)type;
    (void)at;
    return remove(path);
}

/* Nothing outside of the mounts may have changed, whatever a guest did. */
static void check_outside(const fixture_t *f) {
    char path[256];
    char text[16] = {0};
    size_t entries = 0;
    snprintf(path, sizeof path, "%s/outside", f->dir);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    while (readdir(dir) != NULL)
        entries++;
    closedir(dir);
    assert_int_equal(entries, 3);
    snprintf(path, sizeof path, "%s/outside/secret", f->dir);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fread(text, 1, sizeof text - 1, file), 6);
    fclose(file);
    assert_string_equal(text, "secret");
    entries = 0;
    dir = opendir(f->dir);
    while (readdir(dir) != NULL)
        entries++;
    closedir(dir);
    assert_int_equal(entries, 5); /* ".", "..", outside, root, ro */
}

static size_t open_descriptors(void) {
    size_t count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

/* ── running a guest ── */

static int set_up(void **state) {
    fixture_t *f = calloc(1, sizeof *f);
    *state = f;
    make_tree(f);
    return uv_loop_init(&f->loop);
}

static int tear_down(void **state) {
    fixture_t *f = *state;
    spin_instance_free(f->instance);
    spin_execution_context_free(f->context);
    for (int i = 0; i < 3; i++)
        uv_run(&f->loop, UV_RUN_NOWAIT);
    int busy = uv_loop_close(&f->loop); /* a handle that was not closed makes this fail */
    int failed = nftw(f->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(f);
    resolve_force_walk(false);
    return busy | failed;
}

static bool keep_output(spin_slice_t bytes, void *user) {
    fixture_t *f = user;
    size_t len = strlen(f->output);
    f->writes++;
    if (len + bytes.len >= sizeof f->output)
        return false;
    memcpy(f->output + len, bytes.ptr, bytes.len);
    f->output[len + bytes.len] = '\0';
    return true;
}

static void no_error(const fixture_t *f, spin_error_t *error) {
    char text[1024];
    if (error == NULL)
        return;
    spin_error_format(error, text, sizeof text);
    spin_error_free(error);
    fail_msg("%s: %s", text, f->output);
}

static spin_prepare_options_t options_of(fixture_t *f) {
    return (spin_prepare_options_t){
        .size = sizeof(spin_prepare_options_t),
        .out = {.kind = SPIN_REDIRECT_SINK, .sink = keep_output, .user = f},
        .err = {.kind = SPIN_REDIRECT_SINK, .sink = keep_output, .user = f},
    };
}

/* Makes the context for f->module. */
static void load_module(fixture_t *f) {
    const char *environment[] = {"ENGINE=engine", "BOTH=engine"};
    spin_engine_options_t options = {
        .size = sizeof options,
        .loop = &f->loop,
        .disable_cache = true,
        .environment = environment,
        .environment_len = 2,
    };
    static manifest_pair_t own[2];
    spin_engine_builder_t *builder;
    own[0] = (manifest_pair_t){spin_slice("BOTH"), spin_slice("own")};
    own[1] = (manifest_pair_t){spin_slice("OWN"), spin_slice("own")};
    f->mounts[0] = (manifest_mount_t){f->root, (char *)(uintptr_t) "/", false};
    f->mounts[1] = (manifest_mount_t){f->read_only, (char *)(uintptr_t) "/ro", true};
    test_app_init(&f->app, f->module, f->mounts, 2);
    f->app.component.environment = (manifest_pairs_t){own, 2};
    no_error(f, spin_engine_builder_new(&f->app.application, &options, &builder));
    no_error(f, spin_engine_builder_build(builder, &f->context));
}

static void load(fixture_t *f, const char *guest) {
    snprintf(f->module, sizeof f->module, SPIN_SOURCE_DIR "/tests/wasi/guests/%s.wasm", guest);
    load_module(f);
}

static spin_error_t *run(fixture_t *f, const spin_prepare_options_t *options) {
    wasmtime_func_t start;
    spin_instance_free(f->instance);
    f->instance = NULL;
    no_error(f, spin_execution_context_prepare_component(f->context, spin_slice("guest"), options,
                                                         &f->instance));
    no_error(f, spin_instance_function(f->instance, spin_slice("_start"), &start));
    return spin_instance_call(f->instance, &start, NULL, 0, NULL, 0);
}

/* Runs a guest that checks by itself, twice: no instance may spoil what the next one shares. */
static void check_guest(fixture_t *f, const char *guest, const char *input) {
    spin_prepare_options_t options = options_of(f);
    options.in = (spin_redirect_t){.kind = SPIN_REDIRECT_BYTES, .bytes = spin_slice(input)};
    load(f, guest);
    size_t before = 0;
    for (int i = 0; i < 2; i++) {
        no_error(f, run(f, &options));
        spin_instance_free(f->instance);
        f->instance = NULL;
        uv_run(&f->loop, UV_RUN_NOWAIT);
        if (i == 0)
            before = open_descriptors();
    }
    assert_int_equal(open_descriptors(), before);
    check_outside(f);
}

/* ── the tests ── */

static void test_sandbox(void **state) {
    check_guest(*state, "sandbox", "");
}

static void test_sandbox_walking(void **state) {
    resolve_force_walk(true);
    check_guest(*state, "sandbox", "");
}

static void test_read_only(void **state) {
    check_guest(*state, "readonly", "");
}

static void test_read_only_walking(void **state) {
    resolve_force_walk(true);
    check_guest(*state, "readonly", "");
}

static void test_readdir(void **state) {
    check_guest(*state, "readdir", "");
}
static void test_rights(void **state) {
    check_guest(*state, "rights", "");
}

static void test_rights_walking(void **state) {
    resolve_force_walk(true);
    check_guest(*state, "rights", "");
}

static void test_io(void **state) {
    check_guest(*state, "io", "");
}

static void test_io_walking(void **state) {
    resolve_force_walk(true);
    check_guest(*state, "io", "");
}

static void test_poll(void **state) {
    check_guest(*state, "poll", "input");
}

static void test_echo(void **state) {
    fixture_t *f = *state;
    const spin_slice_t args[] = {spin_slice("first"), spin_slice(""), spin_slice("the \"third\"")};
    const spin_pair_t environment[] = {
        {spin_slice("OWN"), spin_slice("replaced")},
        {spin_slice("NEW"), spin_slice("new\nline")},
    };
    spin_prepare_options_t options = options_of(f);
    options.args = args;
    options.args_len = 3;
    options.environment = environment;
    options.environment_len = 2;
    options.in =
        (spin_redirect_t){.kind = SPIN_REDIRECT_BYTES, .bytes = spin_slice("twelve bytes")};
    load(f, "echo");
    spin_error_t *error = run(f, &options);
    assert_non_null(error);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_EXIT);
    assert_int_equal(engine_instance_exit_status(f->instance), 3);
    spin_error_free(error);
    assert_string_equal(f->output, "first\n\nthe \"third\"\n"
                                   "ENGINE=engine\nBOTH=engine\nOWN=replaced\nNEW=new\nline\n"
                                   "twelve bytes");
    assert_int_equal(f->writes, 5); /* each list whole, then stdin in three pieces */

    /* Without anything: no arguments, the shared environment, stdin at its end, output dropped. */
    options = (spin_prepare_options_t){.size = sizeof options};
    f->output[0] = '\0';
    no_error(f, run(f, &options));
    assert_string_equal(f->output, "");
    options.out = (spin_redirect_t){.kind = SPIN_REDIRECT_SINK, .sink = keep_output, .user = f};
    no_error(f, run(f, &options));
    assert_string_equal(f->output, "ENGINE=engine\nBOTH=engine\nOWN=own\n");
}

static void test_bad_pointers(void **state) {
    fixture_t *f = *state;
    spin_prepare_options_t options = options_of(f);
    char letter[] = "a";
    spin_slice_t arg = spin_slice(letter);
    options.args = &arg;
    options.args_len = 1;
    options.in = (spin_redirect_t){.kind = SPIN_REDIRECT_BYTES, .bytes = spin_slice("input")};
    load(f, "pointers");
    for (letter[0] = 'a'; letter[0] <= 'x'; letter[0]++) {
        char text[1024];
        spin_error_t *error = run(f, &options);
        if (error == NULL)
            fail_msg("%s went through", letter);
        assert_int_equal(spin_error_kind(error), SPIN_ERROR_TRAP);
        spin_error_format(error, text, sizeof text);
        spin_error_free(error);
        bool odd = strchr("bhloq", letter[0]) != NULL;
        assert_non_null(strstr(text, odd ? "is not aligned" : "is outside of the guest's memory"));
    }
    letter[0] = '-';
    no_error(f, run(f, &options));
}

typedef struct writer {
    uv_timer_t timer;
    int fd;
    int step;
} writer_t;

static void write_next(uv_timer_t *timer) {
    static const char *const texts[] = {"late", "er"};
    writer_t *writer = timer->data;
    if (writer->step < 2) {
        const char *text = texts[writer->step++];
        assert_int_equal(write(writer->fd, text, strlen(text)), (ssize_t)strlen(text));
        return;
    }
    close(writer->fd);
    uv_close((uv_handle_t *)timer, NULL);
}

static void test_pipe(void **state) {
    fixture_t *f = *state;
    int ends[2];
    writer_t writer = {0};
    assert_int_equal(pipe(ends), 0);
    writer.fd = ends[1];
    writer.timer.data = &writer;
    spin_prepare_options_t options = options_of(f);
    options.in = (spin_redirect_t){.kind = SPIN_REDIRECT_FD, .fd = ends[0]};
    load(f, "pipe");
    uv_timer_init(&f->loop, &writer.timer);
    uv_timer_start(&writer.timer, write_next, 20, 20);
    no_error(f, run(f, &options));
    assert_int_equal(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0); /* not ours to change */
    close(ends[0]);
}

static void not_called(spin_instance_t *instance, spin_error_t *error, void *user) {
    (void)instance;
    (void)user;
    spin_error_free(error);
    fail();
}

/* A guest that is cut off while it waits leaves nothing on the loop. */
static void test_cut_off(void **state) {
    fixture_t *f = *state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    spin_prepare_options_t options = options_of(f);
    options.in = (spin_redirect_t){.kind = SPIN_REDIRECT_FD, .fd = ends[0]};
    options.timeout_ms = 30;
    load(f, "wait");
    spin_error_t *error = run(f, &options);
    assert_non_null(error);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_TIMEOUT);
    spin_error_free(error);
    spin_instance_free(f->instance);

    wasmtime_func_t start;
    options.timeout_ms = 0;
    no_error(f, spin_execution_context_prepare_component(f->context, spin_slice("guest"), &options,
                                                         &f->instance));
    no_error(f, spin_instance_function(f->instance, spin_slice("_start"), &start));
    no_error(f, spin_instance_start(f->instance, &start, NULL, 0, NULL, 0, not_called, NULL));
    for (int i = 0; i < 3; i++)
        uv_run(&f->loop, UV_RUN_NOWAIT);
    spin_instance_free(f->instance);
    f->instance = NULL;
    assert_int_equal(write(ends[1], "x", 1), 1); /* the wake-up that nobody waits for */
    for (int i = 0; i < 3; i++)
        uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_false(uv_loop_alive(&f->loop));
    close(ends[0]);
    close(ends[1]);
}

/* ── guests that ask for too much ── */

static spin_error_t *run_greedy(fixture_t *f, const char *what, spin_prepare_options_t *options) {
    spin_slice_t arg = spin_slice(what);
    options->args = &arg;
    options->args_len = 1;
    if (f->context == NULL)
        load(f, "greedy");
    return run(f, options);
}

static void count_turn(uv_prepare_t *prepare) {
    ++*(size_t *)prepare->data;
}

/* Others get their turn between the pieces. */
static void test_much_randomness(void **state) {
    fixture_t *f = *state;
    size_t turns = 0;
    uv_prepare_t prepare;
    spin_prepare_options_t options = options_of(f);
    uv_prepare_init(&f->loop, &prepare);
    prepare.data = &turns;
    uv_prepare_start(&prepare, count_turn);
    no_error(f, run_greedy(f, "r", &options));
    uv_close((uv_handle_t *)&prepare, NULL);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_true(turns >= 16);
}

static void test_long_lists(void **state) {
    fixture_t *f = *state;
    spin_prepare_options_t options = options_of(f);
    no_error(f, run_greedy(f, "s", &options));
    no_error(f, run_greedy(f, "v", &options));
    assert_string_equal(f->output, "x");
}

/* However many descriptors a guest opens, its host keeps enough for others' connections, and the
 * other guests for their files. */
static void test_all_descriptors(void **state) {
    fixture_t *f = *state;
    struct rlimit before, low = {256, 0};
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    low.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    spin_prepare_options_t options = options_of(f);
    spin_slice_t arg = spin_slice("d");
    spin_instance_t *guests[6];
    size_t at_first = 0;
    options.args = &arg;
    options.args_len = 1;
    load(f, "greedy");
    for (size_t i = 0; i < 12; i++) {
        wasmtime_func_t start;
        spin_instance_t **guest = &guests[i % 6];
        if (i == 6) { /* what the first ones held is there again */
            size_t taken = open_descriptors();
            for (size_t k = 0; k < 6; k++)
                spin_instance_free(guests[k]);
            uv_run(&f->loop, UV_RUN_NOWAIT);
            at_first = open_descriptors();
            assert_in_range(taken - at_first, 6 * 8, 256 / 2);
        }
        f->output[0] = '\0';
        no_error(f, spin_execution_context_prepare_component(f->context, spin_slice("guest"),
                                                             &options, guest));
        no_error(f, spin_instance_function(*guest, spin_slice("_start"), &start));
        no_error(f, spin_instance_start(*guest, &start, NULL, 0, NULL, 0, not_called, NULL));
        for (int k = 0; k < 3; k++)
            uv_run(&f->loop, UV_RUN_NOWAIT);
        assert_string_equal(f->output, "full");
    }
    for (size_t k = 0; k < 6; k++)
        spin_instance_free(guests[k]);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_int_equal(open_descriptors(), at_first);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

/* A reader that went away is the guest's trouble, not a signal to the host. */
static void test_broken_pipe(void **state) {
    fixture_t *f = *state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    spin_prepare_options_t options = options_of(f);
    options.out = (spin_redirect_t){.kind = SPIN_REDIRECT_FD, .fd = ends[1]};
    no_error(f, run_greedy(f, "p", &options));
    sigset_t pending;
    sigpending(&pending);
    assert_false(sigismember(&pending, SIGPIPE));
    close(ends[1]);
}

/* ── no memory ── */

static void test_failing_component_init(void **state) {
    fixture_t *f = *state;
    manifest_pair_t own = {spin_slice("OWN"), spin_slice("own")};
    spin_pair_t pair = {spin_slice("ENGINE"), spin_slice("engine")};
    f->mounts[0] = (manifest_mount_t){f->root, (char *)(uintptr_t) "/", false};
    test_app_init(&f->app, f->module, f->mounts, 1);
    f->app.component.environment = (manifest_pairs_t){&own, 1};
    const engine_component_settings_t settings = {
        .component = &f->app.component, .environment = &pair, .environment_len = 1};
    size_t before = open_descriptors();
    for (size_t at = 1;; at++) {
        void *shared = NULL;
        failing_alloc_install(at);
        spin_error_t *error = wasi_shared_init(&settings, &shared);
        if (error == NULL)
            wasi_shared_deinit(shared);
        else
            assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
        bool last = error == NULL;
        spin_error_free(error);
        assert_int_equal(failing_alloc_live(), 0);
        assert_int_equal(open_descriptors(), before);
        if (last) {
            assert_true(at > 2);
            break;
        }
    }
    failing_alloc_remove();
}

/* A guest that gets NOMEM gives up; nothing of what it held may stay. */
static void check_failing(fixture_t *f, const char *guest) {
    spin_prepare_options_t options = options_of(f);
    options.in = (spin_redirect_t){.kind = SPIN_REDIRECT_BYTES, .bytes = spin_slice("input")};
    size_t failed = 0, descriptors = 0, calls = 1;
    load(f, guest);
    for (size_t at = 0; at <= calls; at++) {
        spin_instance_t *instance = NULL;
        wasmtime_func_t start;
        f->output[0] = '\0';
        failing_alloc_install(at == 0 ? SIZE_MAX : at);
        spin_error_t *error = spin_execution_context_prepare_component(
            f->context, spin_slice("guest"), &options, &instance);
        if (error == NULL)
            error = spin_instance_function(instance, spin_slice("_start"), &start);
        if (error == NULL)
            error = spin_instance_call(instance, &start, NULL, 0, NULL, 0);
        failed += error != NULL;
        spin_error_free(error);
        spin_instance_free(instance);
        uv_run(&f->loop, UV_RUN_NOWAIT);
        if (at == 0) {
            assert_int_equal(failed, 0);
            descriptors = open_descriptors();
            calls = failing_alloc_calls();
        }
        assert_int_equal(open_descriptors(), descriptors);
    }
    failing_alloc_remove();
    assert_true(failed > 0);
    check_outside(f);
}

static void test_failing_readdir(void **state) {
    check_failing(*state, "readdir");
}

static void test_failing_poll(void **state) {
    check_failing(*state, "poll");
}

static void test_failing_walk(void **state) {
    resolve_force_walk(true);
    check_failing(*state, "sandbox");
}

/* ── a module's start function, which runs before the engine knows its memory ── */

static void run_bytes(fixture_t *f, const uint8_t *module, size_t len) {
    spin_prepare_options_t options = options_of(f);
    snprintf(f->module, sizeof f->module, "%s/start.wasm", f->root);
    FILE *file = fopen(f->module, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(module, 1, len, file), len);
    fclose(file);
    load_module(f);
    no_error(f, run(f, &options));
}

static void test_start_function(void **state) {
    static const uint8_t module[] =
        "\0asm\1\0\0\0"
        "\1\x0b\2\x60\3\x7f\x7e\x7f\1\x7f\x60\0\0" /* types */
        "\2\x29\1\x16wasi_snapshot_preview1\x0e"
        "clock_time_get\0\0"               /* import */
        "\3\2\1\1"                         /* function 1 */
        "\5\3\1\0\1"                       /* one page */
        "\7\x13\2\6memory\2\0\6_start\0\1" /* exports */
        "\x08\1\1"                         /* start: function 1 */
        /* clock_time_get(0, 0, 8), and trap where that gives an errno */
        "\x0a\x10\1\x0e\0\x41\0\x42\0\x41\x08\x10\0\x04\x40\0\x0b\x0b";
    run_bytes(*state, module, sizeof module - 1);
}

static void test_start_function_waits(void **state) {
    static const uint8_t module[] =
        "\0asm\1\0\0\0"
        "\1\x0c\2\x60\4\x7f\x7f\x7f\x7f\1\x7f\x60\0\0" /* types */
        "\2\x26\1\x16wasi_snapshot_preview1\x0bpoll_oneoff\0\0"
        "\3\2\1\1"                         /* function 1 */
        "\5\3\1\0\1"                       /* one page */
        "\7\x13\2\6memory\2\0\6_start\0\1" /* exports */
        "\x08\1\1"                         /* start: function 1 */
        /* 1 (the monotonic clock) to 16, a million ns to 24: a subscription at 0 */
        "\x0a\x24\1\x22\0\x41\0\x41\1\x36\2\x10\x41\0\x42\xc0\x84\x3d\x37\3\x18"
        /* poll_oneoff(0, 64, 1, 96), and trap where that gives an errno */
        "\x41\0\x41\xc0\0\x41\1\x41\xe0\0\x10\0\x04\x40\0\x0b\x0b";
    run_bytes(*state, module, sizeof module - 1);
}

static void test_missing_mount(void **state) {
    fixture_t *f = *state;
    spin_engine_options_t options = {
        .size = sizeof options, .loop = &f->loop, .disable_cache = true};
    spin_engine_builder_t *builder;
    char text[1024];
    snprintf(f->module, sizeof f->module, SPIN_SOURCE_DIR "/tests/wasi/guests/echo.wasm");
    f->mounts[0] =
        (manifest_mount_t){(char *)(uintptr_t) "/no/such/folder", (char *)(uintptr_t) "/", false};
    test_app_init(&f->app, f->module, f->mounts, 1);
    no_error(f, spin_engine_builder_new(&f->app.application, &options, &builder));
    spin_error_t *error = spin_engine_builder_build(builder, &f->context);
    assert_non_null(error);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_NOT_FOUND);
    spin_error_format(error, text, sizeof text);
    spin_error_free(error);
    assert_non_null(strstr(text, "/no/such/folder"));
}

static void test_errno(void **state) {
    (void)state;
    assert_int_equal(wasi_errno_from_host(0), WASI_ERRNO_SUCCESS);
    assert_int_equal(wasi_errno_from_host(ENOENT), 44);
    assert_int_equal(wasi_errno_from_host(EXDEV), 75);
    assert_int_equal(wasi_errno_from_host(ENOTEMPTY), 55);
    assert_int_equal(wasi_errno_from_host(EHWPOISON), WASI_ERRNO_IO);
    assert_int_equal(wasi_errno_from_host(4711), WASI_ERRNO_IO);
    assert_int_equal(wasi_errno_from_host(-1), WASI_ERRNO_IO);
    assert_int_equal(WASI_ERRNO_NOTCAPABLE, 76);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errno),
        cmocka_unit_test_setup_teardown(test_sandbox, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sandbox_walking, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_read_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_read_only_walking, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_readdir, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rights, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rights_walking, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_io, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_io_walking, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_poll, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_echo, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_pointers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pipe, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cut_off, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_much_randomness, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_long_lists, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_all_descriptors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_broken_pipe, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failing_component_init, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failing_readdir, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failing_poll, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failing_walk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_start_function, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_start_function_waits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_missing_mount, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
