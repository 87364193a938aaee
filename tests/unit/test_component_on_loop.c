/* spin_component_define_on_loop: host functions that are not called on the guest's stack. */
#include <pthread.h>

#include "abi_fixture.h"
#include "engine/context.h"
#include "spin/component.h"

typedef struct host {
    size_t calls;
    size_t elsewhere; /* calls that came on another stack than the thread's */
    uint64_t dropped[4];
    size_t dropped_len;
    bool refuses;
    spin_instance_t *to_free; /* by the function */
    spin_execution_context_t *context;
    spin_instance_t *instance;
} host_t;

static bool is_on_threads_stack(void) {
    pthread_attr_t attributes;
    void *low;
    size_t size;
    const char here = 0;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstack(&attributes, &low, &size);
    pthread_attr_destroy(&attributes);
    return &here >= (char *)low && &here < (char *)low + size;
}

static void count(host_t *host) {
    host->calls++;
    host->elsewhere += !is_on_threads_stack();
}

static spin_error_t *same(spin_host_call_t *call, const spin_function_t *type,
                          const spin_value_t *args, size_t args_len, spin_value_t *result,
                          void *user) {
    host_t *host = user;
    (void)call, (void)type;
    assert_int_equal(args_len, 1);
    count(host);
    if (host->refuses)
        return spin_error_new(SPIN_ERROR_DENIED, "not today");
    *result = args[0];
    if (host->to_free != NULL)
        spin_instance_free(host->to_free);
    host->to_free = NULL;
    return NULL;
}

static spin_error_t *open_file(spin_host_call_t *call, const spin_function_t *type,
                               const spin_value_t *args, size_t args_len, spin_value_t *result,
                               void *user) {
    (void)call, (void)type, (void)args_len;
    count(user);
    *result = (spin_value_t){.kind = SPIN_TYPE_OWN, .of.natural = 100 + args[0].of.text.len};
    return NULL;
}

static spin_error_t *file_size(spin_host_call_t *call, const spin_function_t *type,
                               const spin_value_t *args, size_t args_len, spin_value_t *result,
                               void *user) {
    (void)call, (void)type, (void)args_len;
    count(user);
    *result = (spin_value_t){.kind = SPIN_TYPE_U64, .of.natural = args[0].of.natural};
    return NULL;
}

static void file_drop(spin_instance_t *instance, uint64_t representation, void *user) {
    host_t *host = user;
    assert_non_null(instance);
    count(host);
    host->dropped[host->dropped_len++] = representation;
}

static void open_host(host_t *host, bool on_loop) {
    *host = (host_t){0};
    const spin_slice_t text = spin_slice("test:host/text@1.2.0");
    const spin_slice_t files = spin_slice("test:host/files@0.2.1");
    const spin_engine_options_t options = {.size = sizeof options, .cache_dir = abi_cache_dir};
    spin_engine_builder_t *to;
    spin_wasm_component_t *component;
    wasm_signals_restore();
    assert_ok(spin_engine_builder_new(NULL, &options, &to));
    assert_ok(spin_wasm_component_load(SPIN_SOURCE_DIR "/tests/engine/components/run.wasm", NULL,
                                       &component));
    if (on_loop)
        spin_component_define_on_loop(to);
    assert_ok(spin_component_define_function(to, text, spin_slice("upper"), same, host));
    assert_ok(spin_component_define_function(to, text, spin_slice("later"), same, host));
    assert_ok(spin_component_define_function(to, files, spin_slice("open"), open_file, host));
    assert_ok(spin_component_define_function(to, files, spin_slice("[method]file.size"), file_size,
                                             host));
    assert_ok(spin_component_define_resource(to, files, spin_slice("file"), NULL, file_drop, host));
    assert_ok(spin_engine_builder_add_component(to, spin_slice("it"), component));
    spin_wasm_component_unref(component);
    assert_ok(spin_engine_builder_build(to, &host->context));
    assert_ok(spin_execution_context_prepare_component(host->context, spin_slice("it"), NULL,
                                                       &host->instance));
}

static void close_host(host_t *host) {
    spin_instance_free(host->instance);
    spin_execution_context_free(host->context);
}

static spin_error_t *call(const host_t *host, const char *name, const char *text,
                          spin_value_t *result) {
    const spin_value_t arg = {.kind = SPIN_TYPE_STRING, .of.text = spin_slice(text)};
    return spin_component_call(host->instance, spin_slice(name), &arg, 1, result);
}

static void they_run_on_the_threads_stack(void **state) {
    (void)state;
    for (int on_loop = 0; on_loop < 2; on_loop++) {
        host_t host;
        spin_value_t result;
        open_host(&host, on_loop);
        assert_ok(call(&host, "shout", "as it is", &result));
        assert_int_equal(result.of.text.len, 8);
        assert_memory_equal(result.of.text.ptr, "as it is", 8);
        spin_value_clear(&result);
        assert_int_equal(host.calls, 1);
        assert_int_equal(host.elsewhere, !on_loop); /* else the test would see nothing */
        close_host(&host);
    }
}

static void drops_are_told_before_the_call_ends(void **state) {
    (void)state;
    host_t host;
    spin_value_t result;
    open_host(&host, true);
    assert_ok(call(&host, "measure", "abc", &result));
    assert_int_equal(result.of.natural, 103);
    assert_int_equal(host.dropped_len, 1);
    assert_int_equal(host.dropped[0], 103);
    assert_ok(call(&host, "keep", "left", NULL));
    assert_ok(call(&host, "keep", "again", NULL));
    assert_int_equal(host.dropped_len, 1);
    close_host(&host);
    assert_int_equal(host.dropped_len, 3);
    assert_int_equal(host.dropped[1], 104);
    assert_int_equal(host.dropped[2], 105);
    assert_int_equal(host.elsewhere, 0);
}

static void errors_trap(void **state) {
    (void)state;
    host_t host;
    open_host(&host, true);
    host.refuses = true;
    assert_fails(call(&host, "shout", "x", NULL), SPIN_ERROR_TRAP, "not today");
    close_host(&host);
}

static void on_answer(spin_instance_t *instance, spin_error_t *error, const spin_value_t *result,
                      void *user) {
    (void)instance, (void)result, (void)user;
    spin_error_free(error);
    fail_msg("it was freed");
}

/* The function that stands in line is not called any more. */
static void instances_can_be_freed_meanwhile(void **state) {
    (void)state;
    host_t host;
    const spin_value_t arg = {.kind = SPIN_TYPE_STRING, .of.text = spin_slice("x")};
    open_host(&host, true);
    assert_ok(spin_component_start(host.instance, spin_slice("shout"), &arg, 1, on_answer, NULL));
    assert_int_equal(host.calls, 0);
    spin_instance_free(host.instance);
    host.instance = NULL;
    uv_run(spin_execution_context_loop(host.context), UV_RUN_NOWAIT);
    assert_int_equal(host.calls, 0);
    close_host(&host);
}

static void they_may_free_the_instance(void **state) {
    (void)state;
    host_t host;
    open_host(&host, true);
    host.to_free = host.instance;
    assert_fails(call(&host, "shout", "x", NULL), SPIN_ERROR_CANCELLED, "freed");
    assert_int_equal(host.calls, 1);
    host.instance = NULL;
    close_host(&host);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_run_on_the_threads_stack),
        cmocka_unit_test(drops_are_told_before_the_call_ends),
        cmocka_unit_test(errors_trap),
        cmocka_unit_test(instances_can_be_freed_meanwhile),
        cmocka_unit_test(they_may_free_the_instance),
    };
    if (!abi_make_cache())
        return 1;
    return cmocka_run_group_tests(tests, NULL, abi_remove_cache);
}
