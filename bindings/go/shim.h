/* What cgo cannot say itself: functions with a variable number of arguments, tables of function
 * pointers, and handles of Go where C has a `void *`. */
#ifndef SPIN_GO_SHIM_H
#define SPIN_GO_SHIM_H

#include <spin/spin.h>

spin_error_t *spin_go_error(spin_error_kind_t kind, const char *text);
spin_error_t *spin_go_settings_error(const spin_settings_t *settings, const char *key,
                                     const char *text);

/* `handle` is of a Service, and the table's functions hand it on. */
void spin_go_trigger_type(spin_trigger_type_t *type, const char *name);
void spin_go_trigger_options(spin_trigger_options_t *options, uintptr_t handle);
void spin_go_http_options(spin_http_options_t *options, uintptr_t handle);
spin_error_t *spin_go_trigger_new(const spin_trigger_type_t *type, uintptr_t handle,
                                  spin_application_t *application,
                                  const spin_trigger_options_t *options, spin_trigger_t **out);

/* `handle` is of a callback. */
spin_error_t *spin_go_every(spin_worker_t *worker, uint64_t interval_ms, uintptr_t handle);
spin_error_t *spin_go_post(spin_worker_t *worker, uintptr_t handle);
spin_error_t *spin_go_call(spin_worker_t *worker, spin_slice_t id, const spin_function_t *function,
                           const spin_value_t *args, size_t args_len, uintptr_t handle);

/* `handle` is of a definition; 0: nothing is to be told. */
spin_error_t *spin_go_define_function(spin_engine_builder_t *builder, spin_slice_t interface,
                                      spin_slice_t name, uintptr_t handle);
spin_error_t *spin_go_define_resource(spin_engine_builder_t *builder, spin_slice_t interface,
                                      spin_slice_t name, uintptr_t handle);

/* Records go to `*fd`: see log.go. */
void spin_go_log(int *fd, spin_log_level_t level);

#endif
