/* Which types stand for which (component-model, Explainer.md, "Type Definitions"; Subtyping.md).
 * False: it does not, and the store's error says why. */
#ifndef COMPONENT_SUBTYPE_H
#define COMPONENT_SUBTYPE_H

#include "component/types.h"

bool subtype_val(type_store_t *types, val_type_t a, val_type_t b, size_t offset);
bool subtype_entity(type_store_t *types, const entity_t *a, const entity_t *b, size_t offset);

/* Whether `given` has what component type `component` imports (or, not `imports`, exports), its
 * resources taken for those of `given`. `mapping`, zero to begin with, then leads from the
 * component's resources and type names to the given ones; the caller frees it in every case. */
bool subtype_open(type_store_t *types, const entity_list_t *given, uint32_t component, bool imports,
                  size_t offset, type_mapping_t *mapping);

/* Core imports and exports (WebAssembly 3.0, "External Types"; core values must be equal here). */
bool subtype_core_entity(type_store_t *types, const core_entity_t *a, const core_entity_t *b,
                         size_t offset);

#endif
