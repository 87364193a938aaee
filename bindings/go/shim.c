#include "shim.h"

#include "_cgo_export.h"

spin_error_t *spin_go_error(spin_error_kind_t kind, const char *text) {
    return spin_error_new(kind, "%s", text);
}

spin_error_t *spin_go_settings_error(const spin_settings_t *settings, const char *key,
                                     const char *text) {
    return spin_settings_error(settings, key, "%s", text);
}

static spin_error_t *on_open(spin_trigger_t *trigger, void *user, void **state) {
    *state = user;
    return spinGoOpen(trigger, (uintptr_t)user);
}

static void on_close(void *state) {
    spinGoClose((uintptr_t)state);
}

static spin_error_t *on_start(spin_worker_t *worker, void *state) {
    return spinGoStart(worker, (uintptr_t)state);
}

static void on_stop(spin_worker_t *worker, void *state) {
    spinGoStop(worker, (uintptr_t)state);
}

static void on_end(spin_worker_t *worker, void *state) {
    spinGoEnd(worker, (uintptr_t)state);
}

static void on_ready(spin_trigger_t *trigger, void *user) {
    (void)trigger;
    spinGoReady((uintptr_t)user);
}

static void on_serving(const char *address, void *user) {
    (void)address;
    spinGoReady((uintptr_t)user);
}

void spin_go_trigger_type(spin_trigger_type_t *type, const char *name) {
    *type = (spin_trigger_type_t){
        .size = sizeof *type,
        .name = name,
        .open = on_open,
        .close = on_close,
        .start = on_start,
        .stop = on_stop,
        .end = on_end,
    };
}

void spin_go_trigger_options(spin_trigger_options_t *options, uintptr_t handle) {
    options->size = sizeof *options;
    options->ignore_signals = true; /* they are os/signal's */
    options->ready = on_ready;
    options->user = (void *)handle;
}

void spin_go_http_options(spin_http_options_t *options, uintptr_t handle) {
    options->size = sizeof *options;
    options->ignore_signals = true;
    options->ready = on_serving;
    options->user = (void *)handle;
}

spin_error_t *spin_go_trigger_new(const spin_trigger_type_t *type, uintptr_t handle,
                                  spin_application_t *application,
                                  const spin_trigger_options_t *options, spin_trigger_t **out) {
    return spin_trigger_new(type, (void *)handle, application, options, out);
}

static void on_task(spin_worker_t *worker, void *user) {
    spinGoTask(worker, (uintptr_t)user);
}

static void on_called(spin_worker_t *worker, spin_error_t *error, const spin_value_t *result,
                      void *user) {
    spinGoCalled(worker, error, (spin_value_t *)(uintptr_t)result, (uintptr_t)user);
}

spin_error_t *spin_go_every(spin_worker_t *worker, uint64_t interval_ms, uintptr_t handle) {
    return spin_worker_every(worker, interval_ms, on_task, (void *)handle);
}

spin_error_t *spin_go_post(spin_worker_t *worker, uintptr_t handle) {
    return spin_worker_post(worker, on_task, (void *)handle);
}

spin_error_t *spin_go_call(spin_worker_t *worker, spin_slice_t id, const spin_function_t *function,
                           const spin_value_t *args, size_t args_len, uintptr_t handle) {
    return spin_worker_call(worker, id, NULL, function, args, args_len, on_called, (void *)handle);
}

static spin_error_t *on_function(spin_host_call_t *call, const spin_function_t *type,
                                 const spin_value_t *args, size_t args_len, spin_value_t *result,
                                 void *user) {
    return spinGoFunction(call, (spin_function_t *)(uintptr_t)type, (spin_value_t *)(uintptr_t)args,
                          args_len, result, (uintptr_t)user);
}

static void on_drop(spin_instance_t *instance, uint64_t representation, void *user) {
    spinGoDrop(representation, (uintptr_t)user);
}

spin_error_t *spin_go_define_function(spin_engine_builder_t *builder, spin_slice_t interface,
                                      spin_slice_t name, uintptr_t handle) {
    return spin_component_define_function(builder, interface, name, on_function, (void *)handle);
}

spin_error_t *spin_go_define_resource(spin_engine_builder_t *builder, spin_slice_t interface,
                                      spin_slice_t name, uintptr_t handle) {
    return spin_component_define_resource(builder, interface, name, NULL,
                                          handle == 0 ? NULL : on_drop, (void *)handle);
}

void spin_go_log(int *fd, spin_log_level_t level) {
    spin_log_configure(fd == NULL ? NULL : spin_log_sink_fd, fd, level, SPIN_LOG_JSON);
}
