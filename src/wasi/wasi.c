#include "wasi/wasi.h"

#include "base/error.h"
#include "wasi/call.h"
#include "wasi/clock_random.h"
#include "wasi/functions.h"
#include "wasi/poll.h"

static const char module_name[] = "wasi_snapshot_preview1";

/* ── the functions ── */

typedef struct definition {
    const char *name;
    const char *params; /* 'i': i32, 'I': i64; the result is an i32, the errno */
    wasi_function_t function;
} definition_t;

#define DEFINE(name, params)                                                                       \
    { #name, params, wasi_##name }

static const definition_t definitions[] = {
    DEFINE(args_get, "ii"),
    DEFINE(args_sizes_get, "ii"),
    DEFINE(clock_res_get, "ii"),
    DEFINE(clock_time_get, "iIi"),
    DEFINE(environ_get, "ii"),
    DEFINE(environ_sizes_get, "ii"),
    DEFINE(fd_advise, "iIIi"),
    DEFINE(fd_allocate, "iII"),
    DEFINE(fd_close, "i"),
    DEFINE(fd_datasync, "i"),
    DEFINE(fd_fdstat_get, "ii"),
    DEFINE(fd_fdstat_set_flags, "ii"),
    DEFINE(fd_fdstat_set_rights, "iII"),
    DEFINE(fd_filestat_get, "ii"),
    DEFINE(fd_filestat_set_size, "iI"),
    DEFINE(fd_filestat_set_times, "iIIi"),
    DEFINE(fd_pread, "iiiIi"),
    DEFINE(fd_prestat_dir_name, "iii"),
    DEFINE(fd_prestat_get, "ii"),
    DEFINE(fd_pwrite, "iiiIi"),
    DEFINE(fd_read, "iiii"),
    DEFINE(fd_readdir, "iiiIi"),
    DEFINE(fd_renumber, "ii"),
    DEFINE(fd_seek, "iIii"),
    DEFINE(fd_sync, "i"),
    DEFINE(fd_tell, "ii"),
    DEFINE(fd_write, "iiii"),
    DEFINE(path_create_directory, "iii"),
    DEFINE(path_filestat_get, "iiiii"),
    DEFINE(path_filestat_set_times, "iiiiIIi"),
    DEFINE(path_link, "iiiiiii"),
    DEFINE(path_open, "iiiiiIIii"),
    DEFINE(path_readlink, "iiiiii"),
    DEFINE(path_remove_directory, "iii"),
    DEFINE(path_rename, "iiiiii"),
    DEFINE(path_symlink, "iiiii"),
    DEFINE(path_unlink_file, "iii"),
    DEFINE(proc_raise, "i"),
    DEFINE(sched_yield, ""),
    DEFINE(sock_accept, "iii"),
    DEFINE(sock_recv, "iiiiii"),
    DEFINE(sock_send, "iiiii"),
    DEFINE(sock_shutdown, "ii"),
};

static wasm_trap_t *run(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                        size_t len) {
    const definition_t *definition = env;
    wasi_call_t call;
    (void)len;
    wasi_call_init(&call, spin_instance_from_store(wasmtime_caller_context(caller)), caller);
    wasi_errno_t error = definition->function(&call, values);
    if (call.refused)
        return wasi_call_trap(&call, definition->name);
    values[0].i32 = (int32_t)error;
    return NULL;
}

static wasm_trap_t *proc_exit(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                              size_t len) {
    (void)env;
    (void)len;
    return engine_instance_exit(spin_instance_from_store(wasmtime_caller_context(caller)),
                                (uint32_t)values[0].i32);
}

/* ── defining them ── */

static wasm_functype_t *type_of(const char *params, bool has_result) {
    enum { MAX_PARAMS = 9 };
    wasm_valtype_t *types[MAX_PARAMS];
    wasm_valtype_vec_t inputs;
    wasm_valtype_vec_t outputs;
    size_t len = 0;
    for (; params[len] != '\0'; len++)
        types[len] = wasm_valtype_new(params[len] == 'I' ? WASM_I64 : WASM_I32);
    wasm_valtype_vec_new(&inputs, len, types);
    if (has_result)
        wasm_valtype_vec_new(&outputs, 1, (wasm_valtype_t *[]){wasm_valtype_new(WASM_I32)});
    else
        wasm_valtype_vec_new_empty(&outputs);
    return wasm_functype_new(&inputs, &outputs);
}

static spin_error_t *check(wasmtime_error_t *failure, const char *name) {
    wasm_name_t message;
    if (failure == NULL)
        return NULL;
    wasmtime_error_message(failure, &message);
    spin_error_t *error = error_new(SPIN_ERROR_INTERNAL, "%s.%s: %.*s", module_name, name,
                                    (int)message.size, message.data);
    wasm_byte_vec_delete(&message);
    wasmtime_error_delete(failure);
    return error;
}

static spin_error_t *define_sync(wasmtime_linker_t *linker, const char *name, const char *params,
                                 bool has_result, wasmtime_func_unchecked_callback_t callback,
                                 const definition_t *definition) {
    wasm_functype_t *type = type_of(params, has_result);
    wasmtime_error_t *failure = wasmtime_linker_define_func_unchecked(
        linker, module_name, sizeof module_name - 1, name, strlen(name), type, callback,
        (void *)(uintptr_t)definition, NULL);
    wasm_functype_delete(type);
    return check(failure, name);
}

static spin_error_t *define_async(wasmtime_linker_t *linker, const char *name, const char *params,
                                  wasmtime_func_async_callback_t callback) {
    wasm_functype_t *type = type_of(params, true);
    wasmtime_error_t *failure =
        wasmtime_linker_define_async_func(linker, module_name, sizeof module_name - 1, name,
                                          strlen(name), type, callback, NULL, NULL);
    wasm_functype_delete(type);
    return check(failure, name);
}

static spin_error_t *define(spin_engine_builder_t *builder) {
    wasmtime_linker_t *linker = spin_engine_builder_linker(builder);
    spin_error_t *error = define_async(linker, "poll_oneoff", "iiii", wasi_poll_oneoff);
    if (error == NULL)
        error = define_async(linker, "random_get", "ii", wasi_random_get);
    if (error == NULL)
        error = define_sync(linker, "proc_exit", "i", false, proc_exit, NULL);
    for (size_t i = 0; error == NULL && i < sizeof definitions / sizeof *definitions; i++)
        error = define_sync(linker, definitions[i].name, definitions[i].params, true, run,
                            &definitions[i]);
    return error;
}

/* ── instances ── */

static spin_error_t *instance_init(spin_instance_t *instance, void *of, const void *shared,
                                   const spin_prepare_options_t *options) {
    wasi_state_t *state = of;
    (void)instance;
    state->shared = shared;
    state->args = options->args;
    state->args_len = options->args_len;
    state->environment = options->environment;
    state->environment_len = options->environment_len;
    state->stdio[0] = options->in;
    state->stdio[1] = options->out;
    state->stdio[2] = options->err;
    return NULL;
}

static void instance_deinit(spin_instance_t *instance, void *of) {
    wasi_state_t *state = of;
    (void)instance;
    wasi_poll_cancel(&state->poll);
    fd_table_deinit(&state->fds);
}

const engine_host_t wasi_host = {
    .id = ENGINE_HOST_WASI,
    .name = "WASI",
    .state_size = sizeof(wasi_state_t),
    .define = define,
    .component_init = wasi_shared_init,
    .component_deinit = wasi_shared_deinit,
    .instance_init = instance_init,
    .instance_deinit = instance_deinit,
};
