/* The host interfaces that every execution context offers its guests: one line each. */
#include "engine/builder.h"
#include "host/config/config.h"
#include "wasi/wasi.h"

static const engine_host_t *const builtin_hosts[] = {
    &wasi_host,
    &config_host,
};

spin_error_t *spin_engine_builder_new(spin_application_t *application,
                                      const spin_engine_options_t *options,
                                      spin_engine_builder_t **out) {
    spin_engine_builder_t *builder;
    spin_error_t *error = engine_builder_new(application, options, &builder);
    for (size_t i = 0; error == NULL && i < sizeof builtin_hosts / sizeof *builtin_hosts; i++) {
        error = engine_builder_add_host(builder, builtin_hosts[i]);
        if (error != NULL)
            spin_engine_builder_free(builder);
    }
    if (error == NULL)
        *out = builder;
    return error;
}
