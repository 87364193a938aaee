/* Any bytes are a manifest inside of a bindle: an application that prints as JSON and comes back
 * from its locked form, or an error with a message and a position inside of the text. */
#include "manifest/bindle.h"
#include "manifest/locked.h"
#include "manifest_checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_component(const spin_application_t *application, size_t index,
                            const manifest_group_t *group) {
    const spin_component_t *component = spin_application_component(application, index);
    require(spin_component_source(component) == SPIN_SOURCE_BINDLE);
    require(slice_equal_text(spin_component_source_reference(component), "a/1.0.0"));
    require(spin_component_source_parcel(component).len == 64);
    require(component->files_len == 0);
    require(group->name.ptr == NULL || group->at.line >= 1);
}

/* Where the text is good in TOML, and more than JSON's readers take, there is no locked form. */
static void check_locked(spin_application_t *application) {
    for (size_t i = 0; i < application->components_len; i++)
        application->components[i].source.file = (char *)"/m.wasm";
    char *locked = NULL, *json = NULL, *again = NULL;
    spin_error_t *error = spin_application_to_locked(application, &locked);
    if (error == NULL) {
        spin_application_t *read = NULL;
        require(locked_parse(spin_slice(locked), NULL, &read) == NULL);
        require(spin_application_to_json(application, &json) == NULL);
        require(spin_application_to_json(read, &again) == NULL);
        require(strcmp(json, again) == 0);
        spin_application_unref(read);
    } else
        require(spin_error_kind(error) == SPIN_ERROR_UNSUPPORTED);
    spin_error_free(error);
    spin_string_free(locked);
    spin_string_free(json);
    spin_string_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    spin_slice_t text = spin_slice_of(data, size), author = SLICE_LITERAL("Ann");
    manifest_invoice_t invoice = {.reference = SLICE_LITERAL("a/1.0.0"),
                                  .name = SLICE_LITERAL("a"),
                                  .version = SLICE_LITERAL("1.0.0"),
                                  .authors = &author,
                                  .authors_len = 1};
    spin_application_t *application = NULL;
    manifest_group_t *groups = NULL;
    spin_error_t *error = manifest_parse_bindle(text, NULL, &invoice, &application, &groups);
    if (error == NULL) {
        for (size_t i = 0; i < spin_application_component_count(application); i++)
            check_component(application, i, &groups[i]);
        check_application(application);
        check_locked(application);
    } else
        check_error(error, text);
    spin_error_free(error);
    spin_application_unref(application);
    return 0;
}
