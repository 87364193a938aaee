/* What a transfer shows while it runs, on standard error: a bar on a terminal; elsewhere a line for
 * each parcel, and one every few seconds in a long one. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include <spin/bindle.h>

/* Caller's memory; see progress_init. */
typedef struct progress {
    int fd;
    bool terminal;
    bool drawn;    /* a bar is on the screen */
    bool finished; /* the line at a parcel's end is out */
    size_t parcel; /* the one that is shown */
    uint64_t shown_ms;
    uint64_t sampled_ms;
    uint64_t sampled_bytes;
    double rate; /* bytes per second, smoothed; 0: not known yet */
} progress_t;

/* For standard error as it is: no terminal, or TERM=dumb, means lines. */
void progress_init(progress_t *progress);
/* A spin_bindle_progress_fn; `user` is the progress_t. */
void progress_show(const spin_bindle_progress_t *bindle, void *user);
/* Takes the bar away, in front of whatever is printed next. It goes by itself with the last parcel.
 */
void progress_end(progress_t *progress);

#endif
