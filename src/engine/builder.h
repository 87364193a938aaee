/* Making a builder without any host interface; src/host adds those that Spin has. */
#ifndef ENGINE_BUILDER_H
#define ENGINE_BUILDER_H

#include "engine/host.h"

spin_error_t *engine_builder_new(spin_application_t *application,
                                 const spin_engine_options_t *options, spin_engine_builder_t **out);

/* Defines what legacy_rewrite lets a module import. A builder begins with functions that trap, so
 * that such modules link under any trigger; one that calls them puts its own in their place. */
spin_error_t *engine_define_legacy(wasmtime_linker_t *linker,
                                   wasmtime_func_unchecked_callback_t sizes,
                                   wasmtime_func_unchecked_callback_t fill);

#endif
