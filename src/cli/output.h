/* Files that a command writes. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <spin/slice.h>

/* Writes `text` to the file `path`, NULL for standard output. A file that is there is replaced as a
 * whole or, where that fails, stays as it was. Returns the exit code; a failure is said on stderr.
 */
int output_write(const char *path, spin_slice_t text);

#endif
