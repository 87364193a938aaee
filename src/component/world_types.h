/* Types and functions of a world as WIT text. */
#ifndef COMPONENT_WORLD_TYPES_H
#define COMPONENT_WORLD_TYPES_H

#include "component/world_parts.h"

/* An import or export of the world, or of an interface of it. */
typedef struct world_entry {
    world_item_t item;
    /* A type that is one of another name: whose, and which. */
    const world_interface_t *used_owner;
    spin_slice_t used_name;
} world_entry_t;

struct world_interface {
    spin_slice_t package; /* "ns:name"; empty: written where it is imported or exported */
    spin_slice_t name;
    spin_slice_t version; /* may be empty */
    bool is_world;
    bool is_written;      /* its package is */
    world_list_t entries; /* world_entry_t */
};

typedef struct world_writer {
    world_t *world;
    buf_t *out;
    unsigned indent;
    bool has_items; /* a blank line is due before the next one */
    bool has_packages;
} world_writer_t;

void world_text(world_writer_t *writer, const char *text);
/* A new line's blanks. */
void world_indent(world_writer_t *writer);
/* A blank line where something stands before, then blanks. */
void world_begin_item(world_writer_t *writer);
/* A name, with "%" where it must be. */
void world_identifier(world_writer_t *writer, spin_slice_t name);

/* "record r { … }", "type t = …;", "resource r { … }", up to the end of its line. */
void world_define(world_writer_t *writer, world_interface_t *interface, const world_entry_t *entry);
/* "func(…) -> …" */
void world_function(world_writer_t *writer, world_interface_t *interface, const world_type_t *type,
                    bool is_method, bool is_constructor);

/* "[method]r.f": the resource and, for methods and static functions, the function. */
typedef enum world_role { ROLE_PLAIN, ROLE_CONSTRUCTOR, ROLE_METHOD, ROLE_STATIC } world_role_t;
world_role_t world_role(spin_slice_t name, spin_slice_t *resource, spin_slice_t *function);

#endif
