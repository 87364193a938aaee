/* Host functions of languages whose code can't run on a guest's stack: the guest is suspended, and
 * the loop calls them. */
#include <uv.h>

#include "base/alloc.h"
#include "base/error.h"
#include "engine/context.h"
#include "engine/model/model.h"

/* ── functions ── */

typedef struct loop_function {
    spin_component_function_fn function;
    void *user;
} loop_function_t;

/* A call that stands in line. On the heap: its handle outlives it by one turn. */
typedef struct loop_call {
    uv_idle_t idle;
    spin_host_call_t *call; /* NULL: given up meanwhile */
    const loop_function_t *to;
    const spin_function_t *type;
    const spin_value_t *args;
    size_t args_len;
    spin_value_t *result;
} loop_call_t;

static void on_closed(uv_handle_t *handle) {
    mem_free(handle->data);
}

static void on_cancel(spin_host_call_t *call, void *data) {
    loop_call_t *waiting = data;
    (void)call;
    waiting->call = NULL;
    if (!uv_is_closing((uv_handle_t *)&waiting->idle))
        uv_close((uv_handle_t *)&waiting->idle, on_closed);
}

static void on_turn(uv_idle_t *idle) {
    loop_call_t *waiting = idle->data;
    uv_close((uv_handle_t *)idle, on_closed);
    if (!model_tell_drops(waiting->call->instance->abi->model)) /* first things first */
        return;
    spin_error_t *error =
        waiting->to->function(waiting->call, waiting->type, waiting->args, waiting->args_len,
                              waiting->result, waiting->to->user);
    if (waiting->call != NULL)
        spin_host_call_done(waiting->call, error);
    else /* it has freed the instance */
        spin_error_free(error);
}

static spin_error_t *call_later(spin_host_call_t *call, const spin_function_t *type,
                                const spin_value_t *args, size_t args_len, spin_value_t *result,
                                void *user) {
    uv_loop_t *loop = spin_execution_context_loop(spin_instance_context(call->instance));
    loop_call_t *waiting = mem_calloc(1, sizeof *waiting);
    if (waiting == NULL)
        return error_no_memory();
    *waiting = (loop_call_t){.call = call,
                             .to = user,
                             .type = type,
                             .args = args,
                             .args_len = args_len,
                             .result = result};
    uv_idle_init(loop, &waiting->idle);
    waiting->idle.data = waiting;
    uv_idle_start(&waiting->idle, on_turn);
    spin_host_call_wait(call, on_cancel, waiting);
    return NULL;
}

spin_error_t *model_function_on_loop(arena_t *arena, abi_import_t *import) {
    loop_function_t *function = arena_alloc(arena, sizeof *function);
    if (function == NULL)
        return error_no_memory();
    *function = (loop_function_t){import->value, import->user};
    import->value = call_later;
    import->user = function;
    return NULL;
}

/* ── resources ── */

typedef struct loop_resource {
    spin_component_drop_fn drop;
    void *user;
} loop_resource_t;

/* What a guest has dropped and nobody was told of yet; in the instance's arena. */
struct model_drop {
    model_drop_t *next;
    const loop_resource_t *resource;
    uint64_t representation;
};

bool model_tell_drops(model_instance_t *state) {
    if (state == NULL || state->drops.first == NULL)
        return true;
    spin_instance_t *instance = state->instance;
    const bool was_polling = instance->polling;
    instance->polling = true; /* who frees it meanwhile has it freed at the end */
    while (state->drops.first != NULL) {
        model_drop_t *drop = state->drops.first;
        state->drops.first = drop->next;
        drop->resource->drop(instance, drop->representation, drop->resource->user);
        drop->next = state->drops.spare;
        state->drops.spare = drop;
    }
    instance->polling = was_polling;
    if (was_polling || !instance->doomed)
        return true;
    spin_instance_free(instance);
    return false;
}

static void drop_later(spin_instance_t *instance, uint64_t representation, void *user) {
    const loop_resource_t *resource = user;
    model_instance_t *state = instance->abi->model;
    if (!instance->polling) { /* no guest's stack */
        model_tell_drops(state);
        resource->drop(instance, representation, resource->user);
        return;
    }
    model_drop_t *drop = state->drops.spare;
    if (drop != NULL)
        state->drops.spare = drop->next;
    else
        drop = arena_alloc(state->arena, sizeof *drop);
    if (drop == NULL)
        return; /* out of memory, and there is nobody to say so to */
    *drop = (model_drop_t){NULL, resource, representation};
    *(state->drops.first == NULL ? &state->drops.first : &state->drops.last->next) = drop;
    state->drops.last = drop;
}

spin_error_t *model_resource_on_loop(arena_t *arena, abi_resource_t *resource) {
    loop_resource_t *to = arena_alloc(arena, sizeof *to);
    if (resource->drop_value == NULL)
        return NULL;
    if (to == NULL)
        return error_no_memory();
    *to = (loop_resource_t){resource->drop_value, resource->user};
    resource->drop_value = drop_later;
    resource->user = to;
    return NULL;
}
