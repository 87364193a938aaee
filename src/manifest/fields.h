/* The tables of `spin.toml`, version 1. */
#ifndef MANIFEST_FIELDS_H
#define MANIFEST_FIELDS_H

#include "manifest/schema.h"

extern const schema_t application_schema; /* of spin_application_t */

#endif
