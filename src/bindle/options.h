/* The options of <spin/bindle.h> with their defaults filled in. */
#ifndef BINDLE_OPTIONS_H
#define BINDLE_OPTIONS_H

#include "base/arena.h"
#include "spin/bindle.h"

typedef struct bindle_settings {
    const char *server; /* the API's URL without user, password and slash at its end; NULL: none */
    bool insecure;
    const char *username; /* NULL: nobody */
    const char *password; /* never NULL beside a name */
    const char *keyring;  /* NULL: signatures are not looked at */
    const char *key_file;
    const char *cache_dir;
    const char *label; /* may be NULL */
    uint64_t connect_timeout_ms;
    uint64_t stall_timeout_ms;
    spin_bindle_progress_fn progress; /* may be NULL */
    void *user;
} bindle_settings_t;

/* Takes options (NULL: all defaults), the environment where they leave something open, and the
 * folders of XDG. All texts are copied into `arena`. Nothing is opened or made. Errors: USAGE (not
 * an options struct, a URL that is none, a name without a password), NO_MEMORY. */
spin_error_t *bindle_settings_take(bindle_settings_t *settings, arena_t *arena,
                                   const spin_bindle_options_t *options);

/* Errors: USAGE where no server is named. */
spin_error_t *bindle_settings_need_server(const bindle_settings_t *settings);

/* "$VARIABLE/spin/NAME", or "~/FALLBACK/spin/NAME" where the variable holds no absolute path. */
spin_error_t *bindle_user_path(arena_t *arena, const char *variable, const char *fallback,
                               const char *name, const char **out);

#endif
