/* Any bytes are a locked application, whose paths are absolute and which is written and read again
 * as the same, or an error with a message. */
#include <stdlib.h>

#include "base/error.h"
#include "base/slice.h"
#include "manifest/check.h"
#include "manifest/locked.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

static void check_error(const spin_error_t *error) {
    spin_error_kind_t kind = spin_error_kind(error);
    require(kind == SPIN_ERROR_INVALID || kind == SPIN_ERROR_UNSUPPORTED);
    require(*spin_error_message(error) != '\0');
}

static void check_component(const spin_component_t *component) {
    spin_mount_t mount;
    spin_slice_t file = spin_component_source_file(component);
    require(file.len > 0 && file.ptr[0] == '/');
    spin_slice_t digest = component->source.file_digest;
    require(digest.ptr == NULL || check_digest(digest) == NULL);
    for (size_t i = 0; spin_component_mount(component, i, &mount); i++) {
        require(mount.host_path.len > 0 && mount.host_path.ptr[0] == '/');
        require(mount.guest_path.len > 0 && mount.guest_path.ptr[0] == '/');
    }
}

static char *lock(const spin_application_t *application) {
    char *text = NULL;
    require(spin_application_to_locked(application, &text) == NULL);
    return text;
}

static void check_application(const spin_application_t *application) {
    for (size_t i = 0; i < spin_application_component_count(application); i++)
        check_component(spin_application_component(application, i));
    spin_application_t *again = NULL;
    char *first = lock(application);
    require(locked_parse(spin_slice(first), NULL, &again) == NULL);
    char *second = lock(again);
    require(strcmp(first, second) == 0);
    spin_string_free(first);
    spin_string_free(second);
    spin_application_unref(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    spin_application_t *application = NULL;
    spin_error_t *error = locked_parse(spin_slice_of(data, size), "locked.json", &application);
    if (error == NULL)
        check_application(application);
    else
        check_error(error);
    spin_error_free(error);
    spin_application_unref(application);
    return 0;
}
