#include "outlive.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t child;

static void hand_on(int number) {
    int before = errno;
    kill(child, number);
    errno = before;
}

/* A group of its own: what a terminal sends to the command's group would come twice. What it writes
 * may have lost its reader together with the command. */
static _Noreturn void run(pid_t parent, int (*work)(void *user), void *user,
                          const sigset_t *signals) {
    setpgid(0, 0);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    sigprocmask(SIG_SETMASK, signals, NULL);
    if (getppid() != parent) /* it died before the lines above */
        raise(SIGTERM);
    exit(work(user));
}

/* Those that were ignored, by nohup say, stay so. */
static void hand_on_signals(void) {
    static const int numbers[] = {SIGINT, SIGTERM};
    const struct sigaction action = {.sa_handler = hand_on, .sa_flags = SA_RESTART};
    struct sigaction before;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
}

int outlive(int (*work)(void *user), void *user) {
    sigset_t all, before;
    pid_t self = getpid();
    int status;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before); /* none may come before somebody is there for it */
    child = fork();
    if (child == 0)
        run(self, work, user, &before);
    if (child < 0) {
        fprintf(stderr, "Error: a process can't be started: %s\n", strerror(errno));
        sigprocmask(SIG_SETMASK, &before, NULL);
        return 1;
    }
    hand_on_signals();
    sigprocmask(SIG_SETMASK, &before, NULL);
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return 1;
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    signal(WTERMSIG(status), SIG_DFL);
    raise(WTERMSIG(status));
    return 128 + WTERMSIG(status);
}
