/* A component's definitions as text. */
#ifndef COMPONENT_PRINT_H
#define COMPONENT_PRINT_H

#include "base/buf.h"
#include "component/ast.h"

/* Appends `component` in the text format of the component model (Explainer.md), with core modules
 * in outline only: imports, exports, and how many there are of the rest. `out` fails where memory
 * runs out. Errors: NO_MEMORY. */
spin_error_t *component_print(const ast_component_t *component, buf_t *out);

#endif
