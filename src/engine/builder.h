/* Making a builder without any host interface; src/host adds those that Spin has. */
#ifndef ENGINE_BUILDER_H
#define ENGINE_BUILDER_H

#include "engine/host.h"

spin_error_t *engine_builder_new(spin_application_t *application,
                                 const spin_engine_options_t *options, spin_engine_builder_t **out);

#endif
