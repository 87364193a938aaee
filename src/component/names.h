/* The names of imports and exports (component-model, Explainer.md, "Import and Export Definitions"
 * and Binary.md, `importname'` and `exportname'`). */
#ifndef COMPONENT_NAMES_H
#define COMPONENT_NAMES_H

#include <stdbool.h>

#include "base/slice.h"

typedef enum extern_name_kind {
    NAME_LABEL,       /* a-b */
    NAME_CONSTRUCTOR, /* [constructor]a-b */
    NAME_METHOD,      /* [method]a-b.c-d */
    NAME_STATIC,      /* [static]a-b.c-d */
    NAME_INTERFACE,   /* a:b/c@1.2.3 */
    NAME_DEPENDENCY,  /* locked-dep=<…> and unlocked-dep=<…> */
    NAME_URL,         /* url=<…> */
    NAME_HASH,        /* integrity=<…> */
} extern_name_kind_t;

typedef struct extern_name {
    extern_name_kind_t kind;
    spin_slice_t text;     /* the whole of it */
    spin_slice_t resource; /* CONSTRUCTOR, METHOD, STATIC */
    spin_slice_t member;   /* METHOD, STATIC: what follows the dot */
    bool has_version;     /* INTERFACE: what follows the @, not checked yet: a version suffix may */
    spin_slice_t version; /* have to be appended first (extern_name_check_version) */
} extern_name_t;

/* NULL, or what is wrong with `text`: a static string. Slices of `out` point into `text`. */
const char *extern_name_parse(spin_slice_t text, extern_name_t *out);
/* NULL, or what is wrong with the version of an interface's name once `suffix` is appended. */
const char *extern_name_check_version(const extern_name_t *name, spin_slice_t suffix);

/* Words of one case each, joined by dashes; the first begins with a letter. */
bool name_is_kebab(spin_slice_t text);

#endif
