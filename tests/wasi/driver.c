/* wasi-driver [--dir host::guest[::ro]]... [--env K=V]... [--no-openat2] module.wasm [argument]...
 *
 * Runs a WASI command through the engine, its stdio on ours, and exits as it does: what the
 * adapters of public WASI test suites want of a command line. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "app.h"
#include "engine/instance.h"

enum { MAX_ENTRIES = 64 };

typedef struct arguments {
    manifest_mount_t mounts[MAX_ENTRIES];
    size_t mounts_len;
    spin_pair_t environment[MAX_ENTRIES];
    size_t environment_len;
    char *module;
    spin_slice_t args[MAX_ENTRIES];
    size_t args_len;
} arguments_t;

/* From here on openat2 is a call that the kernel does not have. */
static bool hide_openat2(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static bool add_mount(arguments_t *out, char *text) {
    char *guest = strstr(text, "::");
    if (guest == NULL || out->mounts_len == MAX_ENTRIES)
        return false;
    *guest = '\0';
    guest += 2;
    char *mode = strstr(guest, "::");
    if (mode != NULL)
        *mode = '\0';
    out->mounts[out->mounts_len++] =
        (manifest_mount_t){text, guest, mode != NULL && strcmp(mode + 2, "ro") == 0};
    return true;
}

static bool add_variable(arguments_t *out, char *text) {
    char *value = strchr(text, '=');
    if (value == NULL || out->environment_len == MAX_ENTRIES)
        return false;
    *value++ = '\0';
    out->environment[out->environment_len++] = (spin_pair_t){spin_slice(text), spin_slice(value)};
    return true;
}

static bool parse(int argc, char **argv, arguments_t *out) {
    int at = 1;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        bool good = false;
        if (strcmp(argv[at], "--no-openat2") == 0)
            good = hide_openat2();
        else if (at + 1 < argc && strcmp(argv[at], "--dir") == 0)
            good = add_mount(out, argv[++at]);
        else if (at + 1 < argc && strcmp(argv[at], "--env") == 0)
            good = add_variable(out, argv[++at]);
        if (!good)
            return false;
    }
    if (at == argc)
        return false;
    out->module = argv[at];
    for (; at < argc && out->args_len < MAX_ENTRIES; at++)
        out->args[out->args_len++] = spin_slice(argv[at]);
    return true;
}

static spin_error_t *run(spin_execution_context_t *context, const arguments_t *arguments,
                         int *status) {
    spin_prepare_options_t options = {
        .size = sizeof options,
        .args = arguments->args,
        .args_len = arguments->args_len,
        .environment = arguments->environment,
        .environment_len = arguments->environment_len,
        .in = {.kind = SPIN_REDIRECT_FD, .fd = 0},
        .out = {.kind = SPIN_REDIRECT_FD, .fd = 1},
        .err = {.kind = SPIN_REDIRECT_FD, .fd = 2},
    };
    spin_instance_t *instance = NULL;
    wasmtime_func_t start;
    spin_error_t *error =
        spin_execution_context_prepare_component(context, spin_slice("guest"), &options, &instance);
    if (error == NULL)
        error = spin_instance_function(instance, spin_slice("_start"), &start);
    if (error == NULL)
        error = spin_instance_call(instance, &start, NULL, 0, NULL, 0);
    if (instance != NULL)
        *status = (int)(engine_instance_exit_status(instance) & 0xff);
    spin_instance_free(instance);
    return error;
}

/* 128 and more for what is not an exit, as shells have it for signals. */
static int report(const spin_error_t *error) {
    char text[4096];
    spin_error_format(error, text, sizeof text);
    fprintf(stderr, "wasi-driver: %s\n", text);
    return spin_error_kind(error) == SPIN_ERROR_TRAP ? 134 : 125;
}

int main(int argc, char **argv) {
    static arguments_t arguments;
    static test_app_t app;
    spin_engine_builder_t *builder;
    spin_execution_context_t *context = NULL;
    const char *cache = getenv("WASI_DRIVER_CACHE");
    spin_engine_options_t options = {
        .size = sizeof options, .disable_cache = cache == NULL, .cache_dir = cache};
    if (!parse(argc, argv, &arguments)) {
        fputs("usage: wasi-driver [--dir host::guest[::ro]] [--env K=V] [--no-openat2] "
              "module.wasm [argument]...\n",
              stderr);
        return 125;
    }
    signal(SIGPIPE, SIG_IGN);
    test_app_init(&app, arguments.module, arguments.mounts, arguments.mounts_len);
    spin_error_t *error = spin_engine_builder_new(&app.application, &options, &builder);
    if (error == NULL)
        error = spin_engine_builder_build(builder, &context);
    int status = 0;
    if (error == NULL)
        error = run(context, &arguments, &status);
    if (error != NULL && status == 0)
        status = report(error);
    spin_error_free(error);
    spin_execution_context_free(context);
    return status;
}
