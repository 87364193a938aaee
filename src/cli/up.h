/* What the parts of `spin up` share. */
#ifndef CLI_UP_H
#define CLI_UP_H

#include <spin/spin.h>

#include "options.h"

typedef struct up {
    /* which applications */
    option_list_t files;
    option_list_t hosts; /* "HOST=PATH" */
    option_list_t bases; /* "/BASE=PATH" */
    const char *apps;
    const char *watch_apps;
    const char *bindle;
    spin_bindle_options_t registry;

    const char *listen;
    option_list_t env;
    const char *temp_dir;
    bool direct_mounts;
    const char *log_dir;
    option_list_t follow;
    bool quiet;
    uint64_t workers;
    uint64_t max_instances;
    uint64_t max_memory_bytes;
    uint64_t timeout_ms;
    const char *cache_dir;
    bool disable_cache;
    const char *log_level;
    const char *log_format;
    char *const *rest; /* for the program of a custom trigger; NULL: no "--" */

    const char *operand;     /* PATH; NULL: none */
    const char *not_general; /* an option that was given and is about running components, or NULL */
    const char *for_http;    /* likewise, about HTTP */
} up_t;

#endif
