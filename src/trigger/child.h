/* A process forked from this one for one piece of work, with a line between the two. */
#ifndef TRIGGER_CHILD_H
#define TRIGGER_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "spin/error.h"

/* The parent's side. Zero pid: there is none. */
typedef struct child {
    pid_t pid;
    int pidfd; /* readable when it has ended; -1 without one */
    int link;  /* whole messages (SOCK_SEQPACKET); -1: closed */
} child_t;

enum { CHILD_MESSAGE_SIZE = 4096 }; /* the longest report of an error */

#define CHILD_NONE ((child_t){0, -1, -1})

/* Runs in the new process, which ends with it: `link` is its side of the line. An error that it
 * returns is sent as its last message. Nothing of it is shared with the parent. */
typedef spin_error_t *(*child_fn)(int link, void *user);

/* Forks. In the child signals have their first meaning, but for SIGINT, SIGHUP and SIGPIPE, which
 * are ignored: a terminal's reach the whole group, and it is the parent that decides. The child is
 * killed where the thread that forked it ends. `what` names it in errors. Errors: those of
 * fork, LIMIT, NO_MEMORY, IO. */
spin_error_t *child_start(child_t *child, const char *what, child_fn work, void *user);

/* SIGKILL: unlike one by process id it never meets another process, even where somebody else has
 * waited for the child. Nothing where there is none. */
void child_kill(const child_t *child);

/* Waits for the end (for which pidfd has become readable) and says in `how` which it was: "exited
 * with status 1". It can't tell where the program ignores SIGCHLD, or waits for any child: what
 * matters a child says itself. Closes everything. */
void child_reap(child_t *child, char *how, size_t size);

/* Whether `message` is the report of an error, which `*out` is then. */
bool child_message_error(const char *message, size_t len, spin_error_t **out);

#endif
