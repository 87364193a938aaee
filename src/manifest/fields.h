/* The tables of `spin.toml`, version 1. */
#ifndef MANIFEST_FIELDS_H
#define MANIFEST_FIELDS_H

#include "manifest/schema.h"

extern const schema_t application_schema; /* of spin_application_t */

/* What follows is about a component: names it in errors, by its id where it has a good one, else by
 * its number, which is `index` and one. */
void fields_set_component(schema_reader_t *reader, const toml_value_t *table, size_t index);

#endif
