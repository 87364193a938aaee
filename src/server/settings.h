/* The text of a server's settings of one application; <spin/server.h> says what it may hold. */
#ifndef SERVER_SETTINGS_H
#define SERVER_SETTINGS_H

#include "base/slice.h"
#include "spin/server.h"

/* `path` is named in errors, and folders in `text` are relative to its folder; it is never opened.
 * `text` need not be kept. Errors: INVALID, LIMIT, NO_MEMORY. */
spin_error_t *server_settings_parse(spin_slice_t text, const char *path,
                                    spin_server_settings_t **out);

#endif
