/* The HTTP server alone, answering what examples/hello answers, from C without Wasm: the measure
 * for what the rest costs.
 *
 *     static_server [--listen ADDRESS] [--workers N] */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/slice.h"
#include "net/http_server.h"

enum { MAX_WORKERS = 64, GRACE_MS = 5000 };

static void on_request(net_exchange_t *exchange, void *user) {
    (void)user;
    const net_header_t header = {SLICE_LITERAL("content-type"), SLICE_LITERAL("text/plain")};
    net_response_send(exchange, 200, &header, 1, SLICE_LITERAL("Hello, Spin in C!\n"));
}

static void on_gone(net_exchange_t *exchange, void *user) {
    (void)exchange;
    (void)user;
}

static void on_stopped(void *server) {
    net_server_free(server, NULL, NULL);
}

static void on_signal(uv_signal_t *handle, int number) {
    (void)number;
    net_server_stop(handle->data, GRACE_MS, on_stopped, handle->data);
    uv_close((uv_handle_t *)handle, NULL);
}

static int fail(spin_error_t *error) {
    char text[512];
    spin_error_format(error, text, sizeof text);
    fprintf(stderr, "static_server: %s\n", text);
    int code = spin_error_exit_code(error != NULL ? spin_error_kind(error) : SPIN_ERROR_INTERNAL);
    spin_error_free(error);
    return code;
}

static int serve(int fd) {
    uv_loop_t *loop = uv_default_loop();
    net_server_limits_t limits = net_server_limits_default();
    net_server_handler_t handler = {.request = on_request, .gone = on_gone};
    net_server_t *server;
    spin_error_t *error = net_server_new(loop, fd, &limits, &handler, &server);
    close(fd);
    if (error != NULL)
        return fail(error);
    uv_signal_t terminate;
    uv_signal_init(loop, &terminate);
    terminate.data = server;
    uv_signal_start(&terminate, on_signal, SIGTERM);
    uv_run(loop, UV_RUN_DEFAULT);
    return 0;
}

static void start_workers(const int *fds, pid_t *workers, size_t count, const sigset_t *mask) {
    for (size_t i = 0; i < count; i++) {
        workers[i] = fork();
        if (workers[i] != 0)
            continue;
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        sigprocmask(SIG_SETMASK, mask, NULL);
        for (size_t other = 0; other < count; other++)
            if (other != i)
                close(fds[other]);
        _exit(serve(fds[i]));
    }
}

int main(int argc, char **argv) {
    const char *address = "127.0.0.1:3000";
    size_t count = 2;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--listen") == 0 && i + 1 < argc)
            address = argv[++i];
        else if (strcmp(argv[i], "--workers") == 0 && i + 1 < argc)
            count = strtoul(argv[++i], NULL, 10);
        else
            count = 0;
    }
    if (count < 1 || count > MAX_WORKERS) {
        fprintf(stderr, "usage: %s [--listen ADDRESS] [--workers 1..%d]\n", argv[0], MAX_WORKERS);
        return 2;
    }
    int fds[MAX_WORKERS];
    pid_t workers[MAX_WORKERS];
    spin_error_t *error = net_listen_group(address, count, fds);
    if (error != NULL)
        return fail(error);
    char text[128];
    error = net_listen_address(fds[0], text, sizeof text);
    if (error != NULL)
        return fail(error);
    printf("http://%s\n", text);
    fflush(stdout);

    sigset_t stop;
    sigset_t before;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    sigprocmask(SIG_BLOCK, &stop, &before);
    start_workers(fds, workers, count, &before);
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
    int number;
    sigwait(&stop, &number);
    for (size_t i = 0; i < count; i++)
        if (workers[i] > 0)
            kill(workers[i], SIGTERM);
    while (wait(NULL) > 0)
        continue;
    return 0;
}
