/* The host interfaces that every engine offers its guests: one line each. */
#include "base/options.h"
#include "engine/builder.h"
#include "host/config/config.h"
#include "host/outbound_http/outbound_http.h"
#include "host/outbound_redis/outbound_redis.h"
#include "wasi/wasi.h"

static const engine_host_t *const builtin_hosts[] = {
    &wasi_host,
    &config_host,
    &outbound_http_host,
    &outbound_redis_host,
};

spin_error_t *spin_engine_new(const spin_engine_options_t *options, spin_engine_t **out) {
    spin_engine_t *engine;
    spin_error_t *error = engine_new(options, &engine);
    for (size_t i = 0; error == NULL && i < sizeof builtin_hosts / sizeof *builtin_hosts; i++) {
        error = engine_add_host(engine, builtin_hosts[i]);
        if (error != NULL)
            spin_engine_unref(engine);
    }
    if (error == NULL)
        *out = engine;
    return error;
}

/* What the options say of an engine goes to a new one, the rest stays. */
static spin_error_t *make_engine(spin_engine_options_t *options) {
    spin_engine_options_t engine = *options;
    engine.variables = NULL;
    engine.variables_len = 0;
    *options = (spin_engine_options_t){.size = options->size,
                                       .variables = options->variables,
                                       .variables_len = options->variables_len};
    return spin_engine_new(&engine, &options->engine);
}

spin_error_t *spin_engine_builder_new(spin_application_t *application,
                                      const spin_engine_options_t *options,
                                      spin_engine_builder_t **out) {
    spin_engine_options_t given = {0};
    spin_error_t *error = options_take(&given, sizeof given, options, "spin_engine_options_t");
    if (error != NULL)
        return error;
    given.size = sizeof given;
    bool makes = given.engine == NULL;
    if (makes)
        error = make_engine(&given);
    if (error == NULL)
        error = engine_builder_new(application, &given, out);
    if (makes)
        spin_engine_unref(given.engine);
    return error;
}
