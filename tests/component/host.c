/* What a host of the public suites gives: functions and resources of the instance "host", two
 * functions of the root, and "wasmtime", whose functions have nothing to do here. */
#include <stdlib.h>
#include <uv.h>

#include "suite.h"

struct host {
    bool quiet;
    uint32_t drops;
    uint32_t last_drop;
};

/* ── functions ───────────────────────────────────────────────────────────────────────────── */

static spin_error_t *natural(spin_value_t *result, spin_type_kind_t kind, uint64_t value) {
    result->kind = kind;
    result->of.natural = value;
    return NULL;
}

/* The names of a function's own parameters say nothing more here. */
#define HOST_FUNCTION(name)                                                                        \
    static spin_error_t *name(spin_host_call_t *call, const spin_function_t *type,                 \
                              const spin_value_t *args, size_t args_len, spin_value_t *result,     \
                              void *user)
#define UNUSED ((void)call, (void)type, (void)args, (void)args_len, (void)result, (void)user)

HOST_FUNCTION(echo_u32) {
    UNUSED;
    return natural(result, SPIN_TYPE_U32, args[0].of.natural);
}

HOST_FUNCTION(return_two) {
    UNUSED;
    return natural(result, SPIN_TYPE_U32, 2);
}

HOST_FUNCTION(return_three) {
    UNUSED;
    return natural(result, SPIN_TYPE_U32, 3);
}

HOST_FUNCTION(return_four) {
    UNUSED;
    return natural(result, SPIN_TYPE_U32, 4);
}

HOST_FUNCTION(return_hi) {
    UNUSED;
    result->kind = SPIN_TYPE_STRING;
    result->of.text = spin_slice("hi");
    return NULL;
}

HOST_FUNCTION(new_resource) {
    UNUSED;
    return natural(result, SPIN_TYPE_OWN, args[0].of.natural);
}

HOST_FUNCTION(check_resource) {
    UNUSED;
    if (args[0].of.natural == args[1].of.natural)
        return NULL;
    return spin_error_new(SPIN_ERROR_TRAP, "resource %llu, not %llu",
                          (unsigned long long)args[0].of.natural,
                          (unsigned long long)args[1].of.natural);
}

HOST_FUNCTION(last_drop) {
    UNUSED;
    return natural(result, SPIN_TYPE_U32, ((const host_t *)user)->last_drop);
}

HOST_FUNCTION(drops) {
    UNUSED;
    return natural(result, SPIN_TYPE_U32, ((const host_t *)user)->drops);
}

HOST_FUNCTION(take_both) {
    UNUSED;
    bool as_declared = args[0].kind == SPIN_TYPE_BORROW &&
                       args[1].kind == spin_type_kind(spin_function_param_type(type, 1));
    return as_declared ? NULL : spin_error_new(SPIN_ERROR_TRAP, "a handle of the other kind");
}

HOST_FUNCTION(do_nothing) {
    UNUSED;
    return NULL;
}

HOST_FUNCTION(never_return) {
    UNUSED;
    spin_host_call_wait(call, NULL, NULL);
    return NULL;
}

/* An answer in a later turn of the loop. */
typedef struct later {
    uv_timer_t timer;
    spin_host_call_t *call;
} later_t;

static void free_later(uv_handle_t *handle) {
    free(handle->data);
}

static void answer(uv_timer_t *timer) {
    later_t *later = timer->data;
    spin_host_call_t *call = later->call;
    uv_close((uv_handle_t *)timer, free_later);
    spin_host_call_done(call, NULL);
}

static void forget(spin_host_call_t *call, void *data) {
    (void)call;
    later_t *later = data;
    uv_close((uv_handle_t *)&later->timer, free_later);
}

HOST_FUNCTION(answer_slowly) {
    UNUSED;
    bool echoes = args_len > 0;
    natural(result, echoes ? SPIN_TYPE_U32 : SPIN_TYPE_S32, echoes ? args[0].of.natural : 2);
    later_t *later = calloc(1, sizeof *later);
    if (later == NULL)
        return spin_error_new(SPIN_ERROR_NO_MEMORY, "out of memory");
    spin_instance_t *instance = spin_host_call_instance(call);
    uv_timer_init(spin_execution_context_loop(spin_instance_context(instance)), &later->timer);
    later->timer.data = later;
    later->call = call;
    uv_timer_start(&later->timer, answer, 1, 0);
    spin_host_call_wait(call, forget, later);
    return NULL;
}

static const struct {
    const char *interface;
    const char *name;
    spin_component_function_fn function;
} functions[] = {
    {"", "host-echo-u32", echo_u32},
    {"", "host-return-two", return_two},
    {"host", "return-three", return_three},
    {"host#nested", "return-four", return_four},
    {"host", "return-hi", return_hi},
    {"host", "[constructor]resource1", new_resource},
    {"host", "[static]resource1.assert", check_resource},
    {"host", "[static]resource1.last-drop", last_drop},
    {"host", "[static]resource1.drops", drops},
    {"host", "[method]resource1.simple", check_resource},
    {"host", "[method]resource1.take-borrow", take_both},
    {"host", "[method]resource1.take-own", take_both},
    {"host", "[method]resource1.never-return", never_return},
    {"host", "never-return", never_return},
    {"host", "return-two-slowly", answer_slowly},
    {"host", "echo-slowly", answer_slowly},
    {"wasmtime", "gc", do_nothing},
    {"wasmtime", "set-max-table-capacity", do_nothing},
};

/* ── resources and the module ────────────────────────────────────────────────────────────── */

static void count_drop(spin_instance_t *instance, uint64_t representation, void *user) {
    (void)instance;
    host_t *host = user;
    if (host->quiet)
        return;
    host->drops++;
    host->last_drop = (uint32_t)representation;
}

static const char identity1, identity2;
static const struct {
    const char *interface;
    const char *name;
    const void *identity;
    spin_component_drop_fn drop;
} resources[] = {
    {"host", "resource1", &identity1, count_drop},
    {"host", "resource2", &identity2, NULL},
    {"host", "resource1-again", &identity1, count_drop},
};

/* (module (global (export "g") i32 i32.const 100) (func (export "f") (result i32) i32.const 101))
 */
static const uint8_t simple_module[] = {
    0,    'a', 's', 'm',  1,   0,    0,    0,             /* */
    1,    5,   1,   0x60, 0,   1,    0x7F,                /* types: () -> i32 */
    3,    2,   1,   0,                                    /* functions */
    6,    7,   1,   0x7F, 0,   0x41, 0xE4, 0, 0x0B,       /* globals: 100 */
    7,    9,   2,   1,    'g', 3,    0,    1, 'f',  0, 0, /* exports */
    0x0A, 7,   1,   5,    0,   0x41, 0xE5, 0, 0x0B,       /* code: 101 */
};

/* ── looking them up ─────────────────────────────────────────────────────────────────────── */

host_t *host_new(void) {
    return calloc(1, sizeof(host_t));
}

void host_free(host_t *host) {
    free(host);
}

void host_set_quiet(host_t *host, bool quiet) {
    host->quiet = quiet;
}

static bool is(spin_slice_t text, const char *name) {
    return text.len == strlen(name) && memcmp(text.ptr, name, text.len) == 0;
}

void host_split(spin_slice_t item, spin_slice_t *interface, spin_slice_t *name) {
    size_t at = item.len;
    while (at > 0 && item.ptr[at - 1] != '#')
        at--;
    *name = spin_slice_of(item.ptr + at, item.len - at);
    *interface = spin_slice_of(item.ptr, at == 0 ? 0 : at - 1);
}

bool host_define(host_t *host, spin_engine_builder_t *builder, const spin_component_item_t *item,
                 spin_error_t **error) {
    spin_slice_t interface, name;
    host_split(item->name, &interface, &name);
    *error = NULL;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        if (item->kind == SPIN_COMPONENT_FUNCTION && is(interface, functions[i].interface) &&
            is(name, functions[i].name)) {
            *error = spin_component_define_function(builder, interface, name, functions[i].function,
                                                    host);
            return *error == NULL;
        }
    }
    return false;
}

spin_error_t *host_define_resources(host_t *host, spin_engine_builder_t *builder) {
    spin_error_t *error = NULL;
    for (size_t i = 0; i < sizeof resources / sizeof *resources && error == NULL; i++)
        error = spin_component_define_resource(builder, spin_slice(resources[i].interface),
                                               spin_slice(resources[i].name), resources[i].identity,
                                               resources[i].drop, host);
    return error;
}

bool host_conflicts(const spin_component_item_t *item) {
    spin_slice_t interface, name;
    host_split(item->name, &interface, &name);
    if (item->kind != SPIN_COMPONENT_FUNCTION)
        for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
            if (is(interface, functions[i].interface) && is(name, functions[i].name))
                return true;
    if (item->kind != SPIN_COMPONENT_RESOURCE)
        for (size_t i = 0; i < sizeof resources / sizeof *resources; i++)
            if (is(interface, resources[i].interface) && is(name, resources[i].name))
                return true;
    return item->kind != SPIN_COMPONENT_MODULE && is(item->name, "host#simple-module");
}

spin_slice_t host_module(void) {
    return spin_slice_of(simple_module, sizeof simple_module);
}
