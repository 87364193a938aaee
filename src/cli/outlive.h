/* A piece of a command in a process of its own, which a `kill -9` of the command does not cut in
 * two.
 */
#ifndef CLI_OUTLIVE_H
#define CLI_OUTLIVE_H

/* Runs `work` in a new process and returns what that returns; where a signal ends it, that signal
 * ends this one too. SIGINT and SIGTERM go on to it, once each, whether a terminal or somebody
 * sends them. Where this process is killed it gets a SIGTERM: it decides itself what it finishes
 * first. */
int outlive(int (*work)(void *user), void *user);

#endif
