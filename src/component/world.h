/* A component's imports and exports as a WIT world. */
#ifndef COMPONENT_WORLD_H
#define COMPONENT_WORLD_H

#include "base/buf.h"
#include "component/ast.h"

/* Appends WIT: package root:component with the world root, then the packages of the interfaces.
 * The component is a valid one. Errors: UNSUPPORTED (what WIT has no words for), LIMIT, NO_MEMORY.
 */
spin_error_t *component_world(const ast_component_t *component, buf_t *out);

#endif
