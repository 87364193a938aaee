/* Triggers that are programs of their own: `spin up` loads the application and leaves the rest to
 * the executable "trigger-TYPE". */
#ifndef CLI_PLUGIN_H
#define CLI_PLUGIN_H

#include <spin/spin.h>

/* Finds the program for the application's trigger, hands it the locked application and
 * `arguments` (ends with NULL; NULL: none), and waits for its end. SIGINT and SIGTERM go on to it.
 * Returns its exit code, 128 and the signal's number where a signal ended it; 1, said on stderr,
 * where there is no such program. The application was loaded with `locked`. */
int plugin_run(const spin_application_t *application, char *const *arguments);

#endif
