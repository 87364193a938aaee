/* What the keys of `[component.config]` stand for.
 *
 * A value is text in which "{{ PATH }}" stands for another value: of the application's variable
 * PATH, of another component's key ("component.key"), or of one that is found from here: ".key" is
 * beside this one, "..variable" a level up. A variable's value is the one that was
 * given for this application, else that of the environment variable SPIN_APP_ and its name in upper
 * case, else its default, which may hold expressions too. */
#ifndef HOST_CONFIG_RESOLVE_H
#define HOST_CONFIG_RESOLVE_H

#include "base/arena.h"
#include "engine/host.h"
#include "guest_config.h"

/* What a guest is told. */
typedef guest_config_result_string_error_t config_answer_t;

enum {
    CONFIG_MAX_DEPTH = 100, /* values within values: a circle ends here */
    CONFIG_MAX_EXPRESSIONS = 10 * 1000,
    CONFIG_MAX_BYTES = 1 << 20,
};

/* Whether the component's values, and the defaults of the variables, have an end to every "{{".
 * Errors: INVALID. */
spin_error_t *config_check(const spin_component_t *component);

/* The value of a key that the component has, or what is wrong with it; texts go to `arena`. Reads
 * the environment. Errors: NO_MEMORY. */
spin_error_t *config_resolve(const engine_component_settings_t *settings, spin_slice_t key,
                             arena_t *arena, config_answer_t *out);

#endif
