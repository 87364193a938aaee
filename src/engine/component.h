/* A component of the application, compiled and pre-instantiated. */
#ifndef ENGINE_COMPONENT_H
#define ENGINE_COMPONENT_H

#include "engine/context.h"

/* `context` and `component` are set. `*component` needs engine_component_deinit in every case. */
spin_error_t *engine_component_init(engine_component_t *component);
void engine_component_deinit(engine_component_t *component);

#endif
