#include "plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    TYPE_MAX = 64,    /* bytes of a type's name */
    PLACES_MAX = 256, /* where a program is looked for */
};

/* ── the program ─────────────────────────────────────────────────────────────────────────── */

/* A type becomes the name of a program: nothing in it may lead to another folder. */
static bool is_type_name(spin_slice_t type) {
    for (size_t i = 0; i < type.len; i++) {
        uint8_t byte = type.ptr[i];
        bool alphanumeric = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                            (byte >= '0' && byte <= '9');
        if (!alphanumeric && (i == 0 || (byte != '-' && byte != '_' && byte != '.')))
            return false;
    }
    return type.len > 0 && type.len <= TYPE_MAX;
}

/* A name from a manifest may hold what a terminal obeys. */
static void print_type(spin_slice_t type) {
    for (size_t i = 0; i < type.len && i < TYPE_MAX; i++)
        fputc(type.ptr[i] < 0x20 || type.ptr[i] == 0x7F ? '?' : type.ptr[i], stderr);
    fputs(type.len > TYPE_MAX ? "..." : "", stderr);
}

typedef struct search {
    char name[sizeof "trigger-" + TYPE_MAX];
    char *places[PLACES_MAX]; /* on the heap */
    size_t len;
    const char *found; /* one of them */
} search_t;

static bool is_program(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0;
}

__attribute__((format(printf, 2, 3))) static void look_at(search_t *search, const char *format,
                                                          ...) {
    if (search->found != NULL || search->len == PLACES_MAX)
        return;
    char path[PATH_MAX];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(path, sizeof path, format, args);
    va_end(args);
    for (size_t i = 0; i < search->len; i++)
        if (strcmp(search->places[i], path) == 0) /* a PATH often names a folder twice */
            return;
    char *copy = len > 0 && (size_t)len < sizeof path ? strdup(path) : NULL;
    if (copy == NULL)
        return;
    search->places[search->len++] = copy;
    if (is_program(copy))
        search->found = copy;
}

/* Where the Rust command line keeps its plugins, too: a folder each; or simply the program. */
static void look_in_plugins(search_t *search) {
    const char *spin_data = getenv("SPIN_DATA_DIR");
    const char *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    char folder[PATH_MAX];
    int len = -1;
    if (spin_data != NULL && spin_data[0] != '\0')
        len = snprintf(folder, sizeof folder, "%s/plugins", spin_data);
    else if (data != NULL && data[0] == '/')
        len = snprintf(folder, sizeof folder, "%s/spin/plugins", data);
    else if (home != NULL && home[0] != '\0')
        len = snprintf(folder, sizeof folder, "%s/.local/share/spin/plugins", home);
    if (len < 0 || (size_t)len >= sizeof folder)
        return;
    look_at(search, "%s/%s", folder, search->name);
    look_at(search, "%s/%s/%s", folder, search->name, search->name);
}

/* Only absolute folders: what a manifest's own folder holds is not for running. */
static void look_on_path(search_t *search) {
    const char *path = getenv("PATH");
    while (path != NULL && *path != '\0') {
        size_t len = strcspn(path, ":");
        if (path[0] == '/')
            look_at(search, "%.*s/%s", (int)len, path, search->name);
        path += len + (path[len] == ':');
    }
}

static void search_free(search_t *search) {
    for (size_t i = 0; i < search->len; i++)
        free(search->places[i]);
}

static void report_missing(const search_t *search, spin_slice_t type) {
    fprintf(stderr, "Error: no trigger of type \"");
    print_type(type);
    fprintf(stderr,
            "\": spin itself has \"http\" and \"redis\", and the program \"%s\" is at none of\n",
            search->name);
    for (size_t i = 0; i < search->len; i++)
        fprintf(stderr, "  %s%s\n", search->places[i],
                access(search->places[i], F_OK) == 0 ? " (there, but not a program)" : "");
}

static void report_bad_name(spin_slice_t type) {
    fprintf(stderr, "Error: the trigger type \"");
    print_type(type);
    fprintf(stderr,
            "\" is not the name of a program: it begins with a letter or digit and has no others "
            "than letters, digits, \"-\", \"_\" and \".\", %d at most\n",
            TYPE_MAX);
}

/* ── its process ─────────────────────────────────────────────────────────────────────────── */

/* As a URL, so that it may hold any byte. */
static bool set_url(const char *variable, const char *path) {
    char *url = malloc(sizeof "file://" + 3 * strlen(path));
    if (url == NULL)
        return false;
    char *at = url + sprintf(url, "file://");
    for (; *path != '\0'; path++) {
        char byte = *path;
        bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                     (byte >= '0' && byte <= '9') || strchr("-._~/", byte) != NULL;
        at += sprintf(at, plain ? "%c" : "%%%02X", plain ? byte : (unsigned char)byte);
    }
    bool good = setenv(variable, url, 1) == 0;
    free(url);
    return good;
}

static bool set_environment(const spin_application_t *application) {
    const char *locked = (const char *)spin_application_locked_file(application).ptr;
    const char *slash = strrchr(locked, '/');
    char *folder = strndup(locked, (size_t)(slash - locked));
    bool good = folder != NULL && setenv("SPIN_WORKING_DIR", folder, 1) == 0 &&
                set_url("SPIN_LOCKED_URL", locked);
    free(folder);
    return good;
}

/* The program's argv: its name, then what was given behind "--". */
static char **make_argv(char *name, char *const *arguments) {
    size_t len = 0;
    while (arguments != NULL && arguments[len] != NULL)
        len++;
    char **argv = calloc(len + 2, sizeof *argv);
    if (argv == NULL)
        return NULL;
    argv[0] = name;
    for (size_t i = 0; i < len; i++)
        argv[i + 1] = arguments[i];
    return argv;
}

/* In the child. It ends with its parent, even if that is killed. */
static _Noreturn void become(const char *path, char **argv, const sigset_t *mask, pid_t parent,
                             int failed) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(1);
    sigprocmask(SIG_SETMASK, mask, NULL);
    execv(path, argv);
    int number = errno;
    while (write(failed, &number, sizeof number) < 0 && errno == EINTR)
        ;
    _exit(127);
}

/* A second signal means "at once" to many programs, but the sender may have signalled the child as
 * well: a whole group or service, as `timeout` and systemd do. Marked, it is known as the same. (A
 * group of the child's own would not help with systemd, and keep it from the terminal.) What comes
 * from the terminal went to all processes in front of it, surely. */
static void hand_on(pid_t child, const siginfo_t *info) {
    const union sigval mark = {.sival_int = SPIN_SIGNAL_HANDED_ON};
    if (info->si_code == SI_KERNEL)
        return;
    if (sigqueue(child, info->si_signo, mark) != 0)
        kill(child, info->si_signo); /* which needs no memory */
}

/* Waits for the child, and hands signals on. */
static int supervise(pid_t child, const sigset_t *handled) {
    for (;;) {
        siginfo_t info;
        int number = sigwaitinfo(handled, &info);
        int status;
        if (number < 0)
            continue;
        if (number != SIGCHLD) {
            hand_on(child, &info);
            continue;
        }
        if (waitpid(child, &status, WNOHANG) != child)
            continue;
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
}

/* 0, or why the program could not be started. */
static int start(const char *path, char **argv, const sigset_t *mask, pid_t *child) {
    int pipe_fds[2];
    int number = 0;
    if (pipe2(pipe_fds, O_CLOEXEC) != 0)
        return errno;
    fflush(NULL);
    pid_t parent = getpid();
    *child = fork();
    if (*child == 0)
        become(path, argv, mask, parent, pipe_fds[1]);
    if (*child < 0)
        number = errno;
    close(pipe_fds[1]);
    ssize_t got = 0;
    while (*child > 0 && (got = read(pipe_fds[0], &number, sizeof number)) < 0 && errno == EINTR)
        ;
    close(pipe_fds[0]);
    if (*child > 0 && got > 0)
        waitpid(*child, NULL, 0);
    return number;
}

static int run(const char *path, char **argv) {
    sigset_t handled, mask;
    sigemptyset(&handled);
    sigaddset(&handled, SIGINT);
    sigaddset(&handled, SIGTERM);
    sigaddset(&handled, SIGHUP);
    sigaddset(&handled, SIGQUIT);
    sigaddset(&handled, SIGCHLD);
    sigprocmask(SIG_BLOCK, &handled, &mask);
    signal(SIGCHLD, SIG_DFL); /* ignored, as some parents leave it, children vanish unseen */
    pid_t child = -1;
    int number = start(path, argv, &mask, &child);
    if (number != 0) {
        fprintf(stderr, "Error: can't start \"%s\": %s\n", path, strerror(number));
        return 1;
    }
    return supervise(child, &handled);
}

int plugin_run(const spin_application_t *application, char *const *arguments) {
    spin_slice_t type = spin_application_trigger_type(application);
    if (!is_type_name(type)) {
        report_bad_name(type);
        return 1;
    }
    search_t search = {.len = 0};
    snprintf(search.name, sizeof search.name, "trigger-%.*s", (int)type.len,
             (const char *)type.ptr);
    look_in_plugins(&search);
    look_on_path(&search);
    int code = 1;
    char **argv = make_argv(search.name, arguments);
    if (search.found == NULL)
        report_missing(&search, type);
    else if (argv == NULL || !set_environment(application))
        fprintf(stderr, "Error: out of memory\n");
    else
        code = run(search.found, argv);
    free(argv);
    search_free(&search);
    return code;
}
