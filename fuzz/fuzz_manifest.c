/* Any bytes are an application that prints as JSON, or an error with a message and a position
 * inside of the text. */
#include "manifest_checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    spin_slice_t text = spin_slice_of(data, size);
    spin_application_t *application = NULL;
    spin_error_t *error = manifest_parse(text, NULL, &application);
    if (error == NULL)
        check_application(application);
    else
        check_error(error, text);
    spin_error_free(error);
    spin_application_unref(application);
    return 0;
}
