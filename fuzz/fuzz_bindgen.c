/* Whatever WIT is accepted becomes C or an error, the same each time, for all of its worlds and
 * interfaces; and no comment of it gets out of the comment that it becomes. */
#include <stdio.h>
#include <stdlib.h>

#include "base/slice.h"
#include "spin/wit.h"
#include "wit/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

/* Comments do not nest and all end. */
static void check_comments(spin_slice_t text) {
    bool inside = false;
    for (size_t i = 0; i + 1 < text.len; i++) {
        bool opens = text.ptr[i] == '/' && text.ptr[i + 1] == '*';
        bool closes = text.ptr[i] == '*' && text.ptr[i + 1] == '/';
        require(!opens || !inside);
        require(!closes || inside);
        inside = opens || (inside && !closes);
        i += opens || closes;
    }
    require(!inside);
}

static void generate(const spin_wit_t *wit, spin_slice_t world, spin_slice_t interface) {
    char world_name[256], interface_name[256];
    if (world.len >= sizeof world_name || interface.len >= sizeof interface_name)
        return;
    snprintf(world_name, sizeof world_name, "%.*s", SLICE_ARG(world));
    snprintf(interface_name, sizeof interface_name, "%.*s", SLICE_ARG(interface));
    const spin_bindgen_options_t options = {
        .size = sizeof options,
        .world = world.len > 0 ? world_name : NULL,
        .interface = interface.len > 0 ? interface_name : NULL,
    };
    spin_bindgen_output_t first, second;
    spin_error_t *error = spin_bindgen_c(wit, &options, &first);
    spin_error_t *again = spin_bindgen_c(wit, &options, &second);
    require((error == NULL) == (again == NULL));
    require(slice_equal(first.header, second.header) && slice_equal(first.source, second.source));
    require((first.header.len > 0) == (error == NULL));
    check_comments(first.header);
    spin_bindgen_output_clear(&first);
    spin_bindgen_output_clear(&second);
    spin_error_free(error);
    spin_error_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const spin_wit_options_t options = {.size = sizeof options, .all_features = true};
    const spin_slice_t none = {NULL, 0};
    spin_wit_t *wit = NULL;
    spin_error_t *error = spin_wit_parse(spin_slice_of(data, size), "f.wit", &options, &wit);
    for (size_t i = 0; error == NULL && i < wit->packages_len; i++) {
        const wit_package_t *package = wit->packages[i];
        for (size_t j = 0; j < package->worlds_len; j++)
            generate(wit, package->worlds[j]->name, none);
        for (size_t j = 0; j < package->interfaces_len; j++)
            generate(wit, none, package->interfaces[j]->id);
    }
    spin_error_free(error);
    spin_wit_free(wit);
    return 0;
}
