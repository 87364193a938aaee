#include "host/config/config.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/map.h"
#include "engine/instance.h"
#include "host/config/resolve.h"
#include "manifest/application.h"
#include "manifest/check.h"

/* What the instances of a component share: the answer to each of its keys. All are found when the
 * context is built, so a guest's question costs a look into a table, and the environment is read
 * while nobody else writes to it. */
typedef struct config_values {
    arena_t arena;
    map_t answers; /* config_answer_t */
    spin_slice_t component;
} config_values_t;

static void component_deinit(void *shared) {
    config_values_t *values = shared;
    map_deinit(&values->answers);
    arena_deinit(&values->arena);
    mem_free(values);
}

static spin_error_t *add_answer(config_values_t *values,
                                const engine_component_settings_t *settings, spin_slice_t key) {
    config_answer_t *answer = arena_calloc(&values->arena, 1, sizeof *answer);
    if (answer == NULL)
        return error_no_memory();
    spin_error_t *error = config_resolve(settings, key, &values->arena, answer);
    if (error == NULL && !map_set(&values->answers, key, answer))
        error = error_no_memory();
    return error;
}

static spin_error_t *component_init(const engine_component_settings_t *settings, void **shared) {
    const spin_component_t *component = settings->component;
    config_values_t *values = mem_calloc(1, sizeof *values);
    if (values == NULL)
        return error_no_memory();
    values->component = component->id;
    spin_error_t *error = config_check(component);
    for (size_t i = 0; error == NULL && i < component->config.len; i++)
        error = add_answer(values, settings, component->config.items[i].key);
    if (error != NULL)
        component_deinit(values);
    else
        *shared = values;
    return error;
}

static spin_error_t *answer_unknown(spin_host_call_t *call, const config_values_t *values,
                                    spin_slice_t key, config_answer_t *ret) {
    size_t size = values->component.len + key.len + 40;
    char *text = spin_host_call_alloc(call, size);
    if (text == NULL)
        return error_no_memory();
    int len = snprintf(text, size, "component \"%.*s\" has no config \"%.*s\"",
                       SLICE_ARG(values->component), SLICE_ARG(key));
    ret->is_error = true;
    ret->of.error.tag = GUEST_CONFIG_ERROR_OTHER;
    ret->of.error.of.other = spin_slice_of(text, (size_t)len);
    return NULL;
}

/* doc: operation */
static spin_error_t *get_config(spin_host_call_t *call, spin_slice_t key,
                                guest_config_result_string_error_t *ret) {
    enum { MOST = 1000 };
    const config_values_t *values =
        engine_instance_shared(spin_host_call_instance(call), ENGINE_HOST_CONFIG);
    const char *reason = key.len > MOST ? "is too long" : check_variable_name(key);
    if (reason != NULL) {
        ret->is_error = true;
        ret->of.error.tag = GUEST_CONFIG_ERROR_INVALID_KEY;
        ret->of.error.of.invalid_key = spin_slice(reason);
        return NULL;
    }
    const config_answer_t *answer = map_get(&values->answers, key);
    if (answer == NULL)
        return answer_unknown(call, values, key, ret);
    *ret = *answer; /* its text outlives the call */
    return NULL;
}
/* doc: end */

/* doc: registration */
static const guest_config_ops_t operations = {.size = sizeof operations, .get_config = get_config};

static spin_error_t *define(spin_engine_builder_t *builder) {
    return guest_config_link(builder, &operations, NULL);
}

const engine_host_t config_host = {
    .id = ENGINE_HOST_CONFIG,
    .name = "spin-config",
    .define = define,
    .component_init = component_init,
    .component_deinit = component_deinit,
};
/* doc: end */
