/* Any texts as values of a configuration: each key has an answer, and that is UTF-8 where they are.
 */
#include <stdlib.h>

#include "base/error.h"
#include "base/slice.h"
#include "host/config/resolve.h"
#include "manifest/application.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

/* Takes what stands in front of the next NUL. */
static spin_slice_t take(spin_slice_t *rest) {
    size_t end = slice_find(*rest, 0);
    spin_slice_t text = spin_slice_of(rest->ptr, end);
    *rest = slice_from(*rest, end + 1);
    return text;
}

static void check_answer(const config_answer_t *answer, bool well_formed, bool is_utf8) {
    spin_slice_t text = answer->is_error ? answer->of.error.of.other : answer->of.ok;
    require(text.ptr != NULL && (!is_utf8 || slice_is_utf8(text, NULL)));
    if (!answer->is_error)
        require(text.len <= CONFIG_MAX_BYTES);
    else
        require(answer->of.error.tag <= GUEST_CONFIG_ERROR_OTHER && text.len > 0);
    if (well_formed && answer->is_error)
        require(!slice_starts_with(text, spin_slice("\"{{\" has no end")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    spin_slice_t rest = spin_slice_of(data, size);
    bool is_utf8 = slice_is_utf8(rest, NULL);
    manifest_variable_t variables[] = {{.name = SLICE_INIT("a"), .default_value = take(&rest)},
                                       {.name = SLICE_INIT("b"), .required = true}};
    manifest_pair_t config[] = {{.key = SLICE_INIT("k"), .value = take(&rest)},
                                {.key = SLICE_INIT("l"), .value = take(&rest)}};
    spin_application_t application = {.variables = variables, .variables_len = 2};
    spin_component_t component = {
        .application = &application, .id = SLICE_INIT("c"), .config = {config, 2}};
    application.components = &component;
    application.components_len = 1;

    spin_error_t *error = config_check(&component);
    require(error == NULL || spin_error_kind(error) == SPIN_ERROR_INVALID);
    for (size_t i = 0; i < 2; i++) {
        arena_t arena = {0};
        config_answer_t answer;
        const engine_component_settings_t settings = {.component = &component};
        require(config_resolve(&settings, config[i].key, &arena, &answer) == NULL);
        check_answer(&answer, error == NULL, is_utf8);
        arena_deinit(&arena);
    }
    spin_error_free(error);
    return 0;
}
