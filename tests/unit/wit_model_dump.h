/* A resolved model as text, for comparison with what a test expects. */
#ifndef TESTS_WIT_MODEL_DUMP_H
#define TESTS_WIT_MODEL_DUMP_H

#include "base/buf.h"
#include "wit/model.h"

/* A type as it was named: "u32", "point=p" where the alias or the used name is "p". */
static inline void dump_ref(buf_t *out, wit_ref_t ref) {
    if (ref.type == NULL)
        buf_append_byte(out, '_');
    else
        buf_append(out, ref.type->text);
    if (ref.alias != NULL)
        buf_printf(out, "=%.*s", SLICE_ARG(ref.alias->name));
}

static inline void dump_function(buf_t *out, const char *before, const wit_function_t *function) {
    buf_printf(out, "%s%s%.*s(", before, function->is_async ? "async " : "",
               SLICE_ARG(function->core_name));
    for (size_t i = 0; i < function->params_len; i++) {
        buf_printf(out, "%s%.*s: ", i == 0 ? "" : ", ", SLICE_ARG(function->params[i].name));
        dump_ref(out, function->params[i].ref);
    }
    buf_append_text(out, ") -> ");
    dump_ref(out, function->result);
    buf_append_byte(out, '\n');
}

static inline void dump_type(buf_t *out, const wit_typedef_t *def) {
    buf_printf(out, "%s %.*s = ", def->is_resource ? "resource" : "type", SLICE_ARG(def->name));
    if (def->used != NULL)
        buf_printf(out, "%.*s.%.*s", SLICE_ARG(def->used->interface->id),
                   SLICE_ARG(def->used->name));
    else
        dump_ref(out, def->ref);
    if (def->ref.type != NULL && def->ref.type->def == def)
        for (size_t i = 0; i < def->ref.type->parts_len; i++) {
            const wit_part_t *part = &def->ref.type->parts[i];
            buf_printf(out, " %.*s:", SLICE_ARG(part->name));
            dump_ref(out, part->ref);
        }
    buf_append_byte(out, '\n');
    for (size_t i = 0; i < def->functions_len; i++)
        dump_function(out, "    ", def->functions[i]);
}

static inline void dump_interface(buf_t *out, const wit_interface_t *interface) {
    buf_printf(out, "interface %.*s\n", SLICE_ARG(interface->id));
    for (size_t i = 0; i < interface->types_len; i++) {
        buf_append_text(out, "  ");
        dump_type(out, interface->types[i]);
    }
    for (size_t i = 0; i < interface->functions_len; i++)
        dump_function(out, "  ", interface->functions[i]);
}

static inline void dump_items(buf_t *out, const char *verb, const wit_world_item_t *items,
                              size_t len) {
    for (size_t i = 0; i < len; i++) {
        const wit_world_item_t *item = &items[i];
        buf_printf(out, "  %s %.*s%s", verb, SLICE_ARG(item->name), item->name.len > 0 ? ": " : "");
        if (item->function != NULL)
            dump_function(out, "", item->function);
        else if (item->type != NULL)
            dump_type(out, item->type);
        else if (item->interface->name.len == 0)
            dump_interface(out, item->interface);
        else
            buf_printf(out, "%.*s\n", SLICE_ARG(item->interface->id));
    }
}

static inline void dump(buf_t *out, const spin_wit_t *wit) {
    for (size_t i = 0; i < wit->packages_len; i++) {
        const wit_package_t *package = wit->packages[i];
        buf_printf(out, "package %.*s\n", SLICE_ARG(package->id));
        for (size_t j = 0; j < package->interfaces_len; j++)
            dump_interface(out, package->interfaces[j]);
        for (size_t j = 0; j < package->worlds_len; j++) {
            const wit_world_t *world = package->worlds[j];
            buf_printf(out, "world %.*s\n", SLICE_ARG(world->name));
            dump_items(out, "import", world->imports, world->imports_len);
            dump_items(out, "export", world->exports, world->exports_len);
        }
    }
    buf_append_byte(out, '\0');
}

#endif
