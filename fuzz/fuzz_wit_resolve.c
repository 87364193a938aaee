/* Any text resolves to a model that is whole, or is refused with a place inside of the text. */
#include <stdlib.h>

#include "base/slice.h"
#include "spin/wit.h"
#include "wit/model.h"
#include "wit/type.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

static void check_error(const spin_error_t *error, spin_slice_t text) {
    spin_error_kind_t kind = spin_error_kind(error);
    require(kind == SPIN_ERROR_INVALID || kind == SPIN_ERROR_LIMIT);
    spin_position_t at = spin_error_position(error);
    require(at.line >= 1 && at.column >= 1);
    for (uint32_t line = 1; line < at.line; line++) {
        size_t len = slice_find(text, '\n');
        require(len < text.len);
        text = slice_from(text, len + 1);
    }
    require(at.column <= slice_find(text, '\n') + 1);
}

static void check_type(const wit_type_t *type) {
    const wit_layout_t *layout = &type->layout;
    require(layout->align == 1 || layout->align == 2 || layout->align == 4 || layout->align == 8);
    require(layout->size % layout->align == 0);
    require(layout->flat_len <= WIT_FLAT_MAX + 1);
    require(strlen(layout->flat) == layout->flat_len);
    require(type->depth <= TYPE_MAX_DEPTH && type->text.len > 0);
    for (size_t i = 0; i < type->parts_len; i++) {
        const wit_type_t *part = type->parts[i].ref.type;
        if (part == NULL)
            continue;
        require(part->depth < type->depth);
        bool is_inside = type->kind == SPIN_TYPE_TUPLE || type->kind == SPIN_TYPE_RECORD ||
                         layout->discriminant > 0;
        require(!is_inside || layout->payload + part->layout.size <= layout->size);
    }
}

static void check_ref(wit_ref_t ref) {
    if (ref.type != NULL)
        check_type(ref.type);
}

static void check_function(const spin_wit_t *wit, const wit_function_t *function) {
    const spin_function_t *found;
    require(function->core_name.len > 0);
    for (size_t i = 0; i < function->params_len; i++) {
        require(function->params[i].ref.type != NULL);
        check_ref(function->params[i].ref);
    }
    check_ref(function->result);
    require(function->result.type == NULL || !function->result.type->has_borrows);
    spin_error_t *error = spin_wit_function(wit, function->core_name, &found);
    require(error == NULL || spin_error_kind(error) == SPIN_ERROR_INVALID);
    spin_error_free(error);
}

static void check_def(const spin_wit_t *wit, const wit_typedef_t *def) {
    require(def->is_resource == (def->ref.type == NULL));
    check_ref(def->ref);
    for (size_t i = 0; i < def->functions_len; i++)
        check_function(wit, def->functions[i]);
}

static void check_interface(const spin_wit_t *wit, const wit_interface_t *interface) {
    require(interface->id.len > 0);
    for (size_t i = 0; i < interface->types_len; i++)
        check_def(wit, interface->types[i]);
    for (size_t i = 0; i < interface->functions_len; i++)
        check_function(wit, interface->functions[i]);
}

static void check_items(const spin_wit_t *wit, const wit_world_item_t *items, size_t len) {
    for (size_t i = 0; i < len; i++) {
        const wit_world_item_t *item = &items[i];
        require((item->interface != NULL) + (item->function != NULL) + (item->type != NULL) == 1);
        if (item->interface != NULL)
            check_interface(wit, item->interface);
        else if (item->function != NULL)
            check_function(wit, item->function);
        else
            check_def(wit, item->type);
    }
}

static void check_model(const spin_wit_t *wit) {
    require(wit->packages_len > 0);
    for (size_t i = 0; i < wit->packages_len; i++) {
        const wit_package_t *package = wit->packages[i];
        for (size_t j = 0; j < package->interfaces_len; j++)
            check_interface(wit, package->interfaces[j]);
        for (size_t j = 0; j < package->worlds_len; j++) {
            check_items(wit, package->worlds[j]->imports, package->worlds[j]->imports_len);
            check_items(wit, package->worlds[j]->exports, package->worlds[j]->exports_len);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    enum { MAX = 1 << 16 }; /* looking up every function among all takes its square */
    if (size > MAX)
        return -1;
    spin_wit_options_t options = {.size = sizeof options, .all_features = true};
    spin_wit_t *wit = NULL;
    spin_error_t *error = spin_wit_parse(spin_slice_of(data, size), "f.wit", &options, &wit);
    require((error == NULL) == (wit != NULL));
    if (error == NULL)
        check_model(wit);
    else
        check_error(error, spin_slice_of(data, size));
    spin_error_free(error);
    spin_wit_free(wit);
    return 0;
}
