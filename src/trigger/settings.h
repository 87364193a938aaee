/* The settings of a trigger, and which of them somebody asked for. What <spin/trigger.h> says of
 * spin_settings_* is done here; the trigger keeps the set from before its type's open until
 * settings_finish, or for longer. */
#ifndef TRIGGER_SETTINGS_H
#define TRIGGER_SETTINGS_H

#include "manifest/application.h"
#include "spin/trigger.h"

/* The tables of one application: its own, and each component's. */
typedef struct settings_set settings_set_t;

/* `application` is kept by the caller until settings_free. Errors: NO_MEMORY. */
spin_error_t *settings_new(const spin_application_t *application, settings_set_t **out);
/* NULL is allowed. */
void settings_free(settings_set_t *set);

/* Borrowed from the set. */
spin_settings_t *settings_of_application(settings_set_t *set);
/* NULL where `component` is not one of the application. */
spin_settings_t *settings_of_component(settings_set_t *set, const spin_component_t *component);

/* An error, with the position of the key, for the first setting that nothing asked for: it is
 * misspelt, or meant for something else. Nothing for HTTP and Redis, whose settings the manifest
 * knows. */
spin_error_t *settings_finish(settings_set_t *set);

#endif
