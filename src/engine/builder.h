/* Making a builder on an engine that is there; src/host makes one where there is none. */
#ifndef ENGINE_BUILDER_H
#define ENGINE_BUILDER_H

#include "engine/engine.h"

/* `options->engine` is set; the builder takes a reference of its own. Errors: USAGE, NO_MEMORY. */
spin_error_t *engine_builder_new(spin_application_t *application,
                                 const spin_engine_options_t *options, spin_engine_builder_t **out);

#endif
