/* A linked component as text, one thing a line. */
#ifndef LINKED_DUMP_H
#define LINKED_DUMP_H

#include <inttypes.h>

#include "base/buf.h"
#include "component/linked.h"
#include "component/signature.h"

static void dump_item(buf_t *out, const linked_item_t *item) {
    static const char *const sorts[] = {"func", "table", "memory", "global", "tag"};
    switch (item->kind) {
    case LINKED_NOTHING: buf_append_text(out, "-"); break;
    case LINKED_DEFINED:
        buf_printf(out, "%" PRIu32 ".%s%" PRIu32, item->owner, sorts[item->sort], item->index);
        break;
    case LINKED_LOWER: buf_printf(out, "lower%" PRIu32, item->index); break;
    case LINKED_BUILTIN: buf_printf(out, "builtin%" PRIu32, item->index); break;
    }
}

static void dump_named_item(buf_t *out, const char *name, const linked_item_t *item) {
    if (item->kind == LINKED_NOTHING)
        return;
    buf_printf(out, " %s=", name);
    dump_item(out, item);
}

static void dump_function(buf_t *out, const spin_function_t *type) {
    buf_printf(out, " %s%.*s(", type->is_async ? "async " : "", SLICE_ARG(type->core_name));
    for (size_t i = 0; i < type->params_len; i++)
        buf_printf(out, "%s%.*s: %.*s", i > 0 ? ", " : "", SLICE_ARG(type->params[i].name),
                   SLICE_ARG(type->params[i].ref.type->text));
    buf_append_text(out, ")");
    if (type->result.type != NULL)
        buf_printf(out, " -> %.*s", SLICE_ARG(type->result.type->text));
}

static void dump_signature(buf_t *out, signature_t signature) {
    buf_printf(out, " [%s]->[%s]%s%s", signature.params, signature.results,
               signature.params_in_memory ? " params" : "",
               signature.result_in_memory ? " result" : "");
}

static void dump_options(buf_t *out, const linked_options_t *options, uint32_t index) {
    static const char *const encodings[] = {"utf8", "utf16", "latin1+utf16"};
    buf_printf(out, "options %" PRIu32 ": %s", index, encodings[options->encoding]);
    if (options->memory64)
        buf_append_text(out, " memory64");
    if (options->is_async)
        buf_append_text(out, " async");
    dump_named_item(out, "memory", &options->memory);
    if (options->memory_number != LINKED_NONE)
        buf_printf(out, "#%" PRIu32, options->memory_number);
    dump_named_item(out, "realloc", &options->realloc);
    if (options->realloc_number != LINKED_NONE)
        buf_printf(out, "#%" PRIu32, options->realloc_number);
    dump_named_item(out, "post", &options->post_return);
    dump_named_item(out, "callback", &options->callback);
    buf_append_byte(out, '\n');
}

static void dump_builtin(buf_t *out, const linked_component_t *linked, uint32_t index) {
    const linked_builtin_t *builtin = &linked->builtins[index];
    buf_printf(out, "builtin %" PRIu32 ": 0x%02x of %" PRIu32, index, (unsigned)builtin->kind,
               builtin->component);
    if (builtin->options != LINKED_NONE)
        buf_printf(out, " options%" PRIu32, builtin->options);
    if (builtin->resource != LINKED_NONE)
        buf_printf(out, " resource%" PRIu32, builtin->resource);
    if (builtin->type != NULL)
        buf_printf(out, " type=%.*s", SLICE_ARG(builtin->type->text));
    dump_named_item(out, "memory", &builtin->memory);
    if (builtin->memory_number != LINKED_NONE)
        buf_printf(out, "#%" PRIu32, builtin->memory_number);
    dump_named_item(out, "table", &builtin->table);
    dump_signature(out, signature_of_builtin(linked, builtin));
    buf_append_byte(out, '\n');
}

static void dump_exports(buf_t *out, const linked_export_t *exports, uint32_t count, int depth) {
    for (uint32_t i = 0; i < count; i++) {
        const linked_export_t *export = &exports[i];
        buf_printf(out, "%*sexport %.*s:", depth * 2, "", SLICE_ARG(export->name));
        switch (export->kind) {
        case LINKED_EXPORT_LIFT: buf_printf(out, " lift%" PRIu32, export->index); break;
        case LINKED_EXPORT_IMPORT: buf_printf(out, " import%" PRIu32, export->index); break;
        case LINKED_EXPORT_MODULE: buf_printf(out, " module%" PRIu32, export->index); break;
        case LINKED_EXPORT_COMPONENT: buf_append_text(out, " component"); break;
        case LINKED_EXPORT_INSTANCE: buf_append_text(out, " instance"); break;
        case LINKED_EXPORT_TYPE:
            if (export->resource != LINKED_NONE)
                buf_printf(out, " resource%" PRIu32, export->resource);
            else if (export->type != NULL)
                buf_printf(out, " type %.*s", SLICE_ARG(export->type->text));
            else
                buf_append_text(out, " type");
            break;
        }
        buf_append_byte(out, '\n');
        dump_exports(out, export->items, export->item_count, depth + 1);
    }
}

static void dump_functions(buf_t *out, const linked_component_t *linked) {
    for (uint32_t i = 0; i < linked->import_count; i++) {
        const linked_import_t *import = &linked->imports[i];
        buf_printf(out, "import %" PRIu32 ": \"%.*s\"", i, SLICE_ARG(import->interface));
        if (import->implements.len > 0)
            buf_printf(out, " implements \"%.*s\"", SLICE_ARG(import->implements));
        dump_function(out, import->type);
        buf_append_byte(out, '\n');
    }
    for (uint32_t i = 0; i < linked->lift_count; i++) {
        const linked_lift_t *lift = &linked->lifts[i];
        buf_printf(out, "lift %" PRIu32 ": \"%.*s\" of %" PRIu32 " ", i,
                   SLICE_ARG(lift->export_name), lift->component);
        dump_item(out, &lift->func);
        buf_printf(out, " options%" PRIu32, lift->options);
        dump_function(out, lift->type);
        dump_signature(out, signature_of_lift(lift->type, &linked->options[lift->options]));
        buf_append_byte(out, '\n');
    }
    for (uint32_t i = 0; i < linked->lower_count; i++) {
        const linked_lower_t *lower = &linked->lowers[i];
        buf_printf(out, "lower %" PRIu32 ": by %" PRIu32 " %s%" PRIu32 " options%" PRIu32, i,
                   lower->component, lower->is_import ? "import" : "lift", lower->callee,
                   lower->options);
        dump_signature(out, signature_of_lower(lower->type, &linked->options[lower->options]));
        buf_append_byte(out, '\n');
    }
}

static void dump_linked(buf_t *out, const linked_component_t *linked) {
    for (uint32_t i = 1; i < linked->component_count; i++)
        buf_printf(out, "component %" PRIu32 ": in %" PRIu32 "\n", i, linked->components[i].parent);
    for (uint32_t i = 0; i < linked->instance_count; i++) {
        const linked_instance_t *instance = &linked->instances[i];
        buf_printf(out, "instance %" PRIu32 ": module%" PRIu32 " of %" PRIu32, i, instance->module,
                   instance->component);
        for (uint32_t j = 0; j < linked->modules[instance->module].module->import_count; j++) {
            buf_append_byte(out, ' ');
            dump_item(out, &instance->imports[j]);
        }
        buf_append_byte(out, '\n');
    }
    for (uint32_t i = 0; i < linked->resource_count; i++) {
        const linked_resource_t *resource = &linked->resources[i];
        buf_printf(out, "resource %" PRIu32 ": %.*s", i, SLICE_ARG(resource->type->name));
        if (resource->is_host)
            buf_printf(out, " host \"%.*s\"", SLICE_ARG(resource->interface));
        else
            buf_printf(out, " of %" PRIu32, resource->component);
        dump_named_item(out, "dtor", &resource->dtor);
        buf_append_byte(out, '\n');
    }
    for (uint32_t i = 0; i < linked->same_count; i++)
        buf_printf(out, "same: \"%.*s\" %.*s is resource%" PRIu32 "\n",
                   SLICE_ARG(linked->sames[i].interface), SLICE_ARG(linked->sames[i].name),
                   linked->sames[i].resource);
    for (uint32_t i = 0; i < linked->option_count; i++)
        dump_options(out, &linked->options[i], i);
    dump_functions(out, linked);
    for (uint32_t i = 0; i < linked->builtin_count; i++)
        dump_builtin(out, linked, i);
    dump_exports(out, linked->exports, linked->export_count, 0);
    if (linked->uses_async)
        buf_append_text(out, "async\n");
}

#endif
