/* An application of one component, made by hand: what the loader would make of a manifest. For
 * tests that bring their own module and mounts. */
#ifndef TESTS_WASI_APP_H
#define TESTS_WASI_APP_H

#include "manifest/application.h"

typedef struct test_app {
    spin_application_t application;
    spin_component_t component;
} test_app_t;

/* Everything given stays the caller's, and alive as long as the application. */
static inline void test_app_init(test_app_t *app, char *module, manifest_mount_t *mounts,
                                 size_t mounts_len) {
    memset(app, 0, sizeof *app);
    app->application.refs = 1; /* the test's own, never given back: nothing here is on the heap */
    app->application.name = spin_slice("test");
    app->application.components = &app->component;
    app->application.components_len = 1;
    app->component.application = &app->application;
    app->component.id = spin_slice("guest");
    app->component.source.file = module;
    app->component.mounts = mounts;
    app->component.mounts_len = mounts_len;
}

#endif
