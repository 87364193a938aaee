/* What must hold of any manifest that was read, and of any error of reading one. */
#ifndef FUZZ_MANIFEST_CHECKS_H
#define FUZZ_MANIFEST_CHECKS_H

#include <jansson.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/slice.h"
#include "manifest/manifest.h"

static inline void require(bool holds) {
    if (!holds)
        abort();
}

/* A column may be one past the end of its line. */
static inline void check_error(const spin_error_t *error, spin_slice_t text) {
    spin_error_kind_t kind = spin_error_kind(error);
    require(kind == SPIN_ERROR_INVALID || kind == SPIN_ERROR_UNSUPPORTED ||
            kind == SPIN_ERROR_LIMIT);
    require(*spin_error_message(error) != '\0');
    spin_position_t at = spin_error_position(error);
    require(at.line >= 1 && at.column >= 1);
    for (uint32_t line = 1; line < at.line; line++) {
        size_t len = slice_find(text, '\n');
        require(len < text.len);
        text = slice_from(text, len + 1);
    }
    require(at.column <= slice_find(text, '\n') + 1);
}

static inline void check_json(spin_error_t *error, char *json) {
    require(error == NULL);
    json_error_t reason;
    json_t *root = json_loads(json, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &reason);
    /* Right in JSON, and more than jansson's own parser takes. */
    if (root == NULL && json_error_code(&reason) == json_error_null_byte_in_key)
        root = json_object();
    require(json_is_object(root));
    json_decref(root);
    spin_string_free(json);
}

static inline void check_application(spin_application_t *application) {
    char *json = NULL;
    spin_error_t *error = spin_application_to_json(application, &json);
    check_json(error, json);
    error = spin_application_trigger_json(application, &json);
    check_json(error, json);
    for (size_t i = 0; i < spin_application_component_count(application); i++) {
        const spin_component_t *component = spin_application_component(application, i);
        require(spin_component_id(component).len > 0);
        require(spin_application_component_by_id(application, spin_component_id(component)) ==
                component);
        if (spin_application_trigger(application) == SPIN_TRIGGER_HTTP)
            require(spin_component_route(component).ptr[0] == '/');
        error = spin_component_trigger_json(component, &json);
        check_json(error, json);
    }
}

#endif
