#include "trigger/child.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

/* Followed by the error's kind and text. */
enum { MESSAGE_ERROR = 'e' };

/* ── in the child ────────────────────────────────────────────────────────────────────────── */

static void report_error(int link, const spin_error_t *error) {
    char message[CHILD_MESSAGE_SIZE] = {MESSAGE_ERROR, (char)spin_error_kind(error)};
    size_t len = spin_error_format(error, message + 2, sizeof message - 2);
    if (len > sizeof message - 3)
        len = sizeof message - 3;
    (void)!send(link, message, len + 2, MSG_NOSIGNAL);
}

/* Its own SIGTERM ends it as any process until it has a use for it. */
static void reset_signals(void) {
    sigset_t none;
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void run(pid_t parent, child_fn work, void *user, int link) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before the line above */
        _exit(1);
    reset_signals();
    spin_error_t *error = work(link, user);
    if (error != NULL)
        report_error(link, error);
    _exit(error == NULL ? 0 : 1);
}

/* ── in the parent ───────────────────────────────────────────────────────────────────────── */

/* Signals come to the child only once it has dispositions of its own: with the caller's handlers it
 * would act in the caller's name. */
static pid_t fork_silently(void) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    int number = errno;
    if (pid != 0)
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = number;
    return pid;
}

spin_error_t *child_start(child_t *child, const char *what, child_fn work, void *user) {
    int ends[2];
    pid_t self = getpid();
    *child = CHILD_NONE;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return error_from_errno(errno, "%s", what);
    pid_t pid = fork_silently();
    if (pid == 0) {
        close(ends[0]);
        run(self, work, user, ends[1]);
    }
    int number = errno;
    close(ends[1]);
    int pidfd = pid < 0 ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);
    if (pidfd < 0) {
        number = pid < 0 ? number : errno;
        if (pid > 0) {
            kill(pid, SIGKILL);
            waitpid(pid, NULL, 0);
        }
        close(ends[0]);
        return error_from_errno(number, "%s", what);
    }
    *child = (child_t){pid, pidfd, ends[0]};
    return NULL;
}

void child_kill(const child_t *child) {
    if (child->pid != 0)
        syscall(SYS_pidfd_send_signal, child->pidfd, SIGKILL, NULL, 0);
}

void child_reap(child_t *child, char *how, size_t size) {
    int status = 0;
    pid_t reaped;
    while ((reaped = waitpid(child->pid, &status, 0)) < 0 && errno == EINTR)
        continue;
    if (reaped < 0)
        snprintf(how, size, "ended, and somebody else saw how");
    else if (WIFSIGNALED(status))
        snprintf(how, size, "ended by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(how, size, "exited with status %d", WEXITSTATUS(status));
    if (child->link >= 0) /* a process that it started may hold the other end */
        close(child->link);
    close(child->pidfd);
    *child = CHILD_NONE;
}

bool child_message_error(const char *message, size_t len, spin_error_t **out) {
    if (len <= 2 || message[0] != MESSAGE_ERROR)
        return false;
    *out = error_new((spin_error_kind_t)message[1], "%.*s", (int)len - 2, message + 2);
    return true;
}
