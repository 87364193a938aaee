/* Events that come from the program's own epoll loop: each line of standard input is handed to the
 * application's first component, and the answers are printed.
 *
 *     printf 'hello\nworld\n' | lines FOLDER
 *
 * The application's trigger is of type "lines"; its component exports
 * `echo: function(msg: string) -> string`. */
#include <errno.h>
#include <spin/spin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

enum { INPUT_SIZE = 4096 };

typedef struct lines {
    spin_wit_t *wit;
    const spin_function_t *echo;
    spin_worker_t *worker; /* NULL once it has ended */
    char input[INPUT_SIZE];
    size_t input_len;
    bool ended;
} lines_t;

static void complain(const char *what, spin_error_t *error) {
    char text[512];
    spin_error_format(error, text, sizeof text);
    fprintf(stderr, "lines: %s: %s\n", what, text);
    spin_error_free(error);
}

/* ── the trigger type ────────────────────────────────────────────────────────────────────── */

static spin_error_t *lines_open(spin_trigger_t *trigger, void *user, void **state) {
    (void)trigger;
    *state = user;
    return NULL;
}

static spin_error_t *lines_start(spin_worker_t *worker, void *state) {
    ((lines_t *)state)->worker = worker;
    return NULL;
}

static void lines_end(spin_worker_t *worker, void *state) {
    (void)worker;
    ((lines_t *)state)->worker = NULL;
}

static const spin_trigger_type_t lines_type = {
    .size = sizeof lines_type,
    .name = "lines",
    .open = lines_open,
    .start = lines_start,
    .end = lines_end,
};

static void on_answer(spin_worker_t *worker, spin_error_t *error, const spin_value_t *result,
                      void *user) {
    (void)worker, (void)user;
    if (error != NULL)
        complain("a line was lost", error);
    else
        printf("%.*s\n", (int)result->of.text.len, (const char *)result->of.text.ptr);
}

static void handle_line(lines_t *lines, spin_slice_t line) {
    spin_application_t *application = spin_trigger_application(spin_worker_trigger(lines->worker));
    spin_slice_t id = spin_component_id(spin_application_component(application, 0));
    spin_value_t msg = {.kind = SPIN_TYPE_STRING, .of.text = line};
    spin_error_t *error =
        spin_worker_call(lines->worker, id, NULL, lines->echo, &msg, 1, on_answer, lines);
    if (error != NULL)
        complain("a line was not taken", error);
}

/* ── the program's own loop ──────────────────────────────────────────────────────────────── */

/* Reads what there is and hands on the whole lines in it. False at the end of the input. */
static bool read_lines(lines_t *lines) {
    ssize_t n = read(STDIN_FILENO, lines->input + lines->input_len, INPUT_SIZE - lines->input_len);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN;
    lines->input_len += (size_t)n;
    if (n == 0 && lines->input_len > 0 && lines->input_len < INPUT_SIZE)
        lines->input[lines->input_len++] = '\n'; /* the last line may lack it */

    char *begin = lines->input, *end = lines->input + lines->input_len, *newline;
    while (lines->worker != NULL &&
           (newline = memchr(begin, '\n', (size_t)(end - begin))) != NULL) {
        handle_line(lines, spin_slice_of(begin, (size_t)(newline - begin)));
        begin = newline + 1;
    }
    lines->input_len = (size_t)(end - begin);
    memmove(lines->input, begin, lines->input_len);
    if (lines->input_len == INPUT_SIZE)
        fprintf(stderr, "lines: a line is longer than %d bytes\n", INPUT_SIZE - 1);
    return n > 0 && lines->input_len < INPUT_SIZE;
}

static void on_ended(spin_trigger_t *trigger, void *user) {
    (void)trigger;
    ((lines_t *)user)->ended = true;
}

/* Two descriptors in one epoll: the program's own, and that of Spin, which is served by spin_poll
 * whenever it is readable or its time has come. */
static void turn(spin_trigger_t *trigger, lines_t *lines, int epoll) {
    struct epoll_event own = {.events = EPOLLIN, .data.fd = STDIN_FILENO};
    struct epoll_event spin = {.events = EPOLLIN, .data.fd = spin_poll_fd(trigger)};
    epoll_ctl(epoll, EPOLL_CTL_ADD, own.data.fd, &own);
    epoll_ctl(epoll, EPOLL_CTL_ADD, spin.data.fd, &spin);

    while (!lines->ended) {
        struct epoll_event event;
        int n = epoll_wait(epoll, &event, 1, spin_poll_timeout_ms(trigger));
        if (n == 1 && event.data.fd == STDIN_FILENO && !read_lines(lines)) {
            epoll_ctl(epoll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
            spin_trigger_stop(trigger); /* gracefully: what is under way is answered */
        }
        spin_poll(trigger);
    }
}

static spin_error_t *run(lines_t *lines, const char *manifest) {
    spin_application_t *application = NULL;
    spin_trigger_t *trigger = NULL;
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    spin_slice_t wit = spin_slice("echo: function(msg: string) -> string");
    spin_error_t *error = spin_wit_parse(wit, "echo.wit", NULL, &lines->wit);
    if (error == NULL)
        error = spin_wit_function(lines->wit, spin_slice("echo"), &lines->echo);
    if (error == NULL)
        error = spin_loader_load_file(manifest, NULL, &application);
    if (error == NULL)
        error = spin_trigger_new(&lines_type, lines, application, NULL, &trigger);
    if (error == NULL)
        error = spin_trigger_start(trigger, on_ended, lines);
    if (error == NULL)
        turn(trigger, lines, epoll);

    spin_trigger_free(trigger);
    spin_application_unref(application);
    spin_wit_free(lines->wit);
    close(epoll);
    return error;
}

int main(int argc, char **argv) {
    struct stat input;
    if (argc != 2 || (fstat(STDIN_FILENO, &input) == 0 && S_ISREG(input.st_mode))) {
        fprintf(stderr, "usage: lines MANIFEST, with a pipe or terminal to read from\n");
        return 2; /* epoll takes no files */
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    static lines_t lines;
    spin_error_t *error = run(&lines, argv[1]);
    if (error == NULL)
        return 0;
    int status = spin_error_exit_code(spin_error_kind(error));
    complain(argv[1], error);
    return status;
}
