/* One event in one line: an instance, a call of a function whose type is known at run time, and the
 * end of both. */
#include "base/alloc.h"
#include "base/error.h"
#include "trigger/worker.h"

struct worker_call {
    worker_call_t *next;
    worker_call_t **link; /* what points to it */
    spin_worker_t *worker;
    spin_instance_t *instance;
    const spin_function_t *function;
    spin_value_t *args; /* copies */
    size_t args_len;
    spin_worker_called_fn done;
    void *user;
    /* While spin_worker_call is at it: a failure to begin is its result, and not told to `done`. */
    bool beginning;
    bool ended;
    spin_error_t *error;
};

static void call_unlink(worker_call_t *call) {
    *call->link = call->next;
    if (call->next != NULL)
        call->next->link = call->link;
}

static void call_free(worker_call_t *call) {
    for (size_t i = 0; i < call->args_len; i++)
        spin_value_clear(&call->args[i]);
    mem_free(call->args);
    mem_free(call);
}

static spin_error_t *call_new(spin_worker_t *worker, const spin_value_t *args, size_t args_len,
                              worker_call_t **out) {
    spin_error_t *error = NULL;
    worker_call_t *call = mem_calloc(1, sizeof *call);
    if (call == NULL)
        return error_no_memory();
    call->worker = worker;
    call->args = mem_calloc(args_len, sizeof *call->args);
    if (call->args == NULL)
        error = error_no_memory();
    while (error == NULL && call->args_len < args_len) {
        error = spin_value_copy(&args[call->args_len], &call->args[call->args_len]);
        call->args_len += error == NULL;
    }
    if (error != NULL) {
        call_free(call);
        return error;
    }
    call->next = worker->calls;
    call->link = &worker->calls;
    if (call->next != NULL)
        call->next->link = &call->next;
    worker->calls = call;
    *out = call;
    return NULL;
}

/* Unlinked first: what `done` does may cancel all the others. The instance goes last, as it holds
 * the result. */
static void call_end(worker_call_t *call, spin_error_t *error, const spin_value_t *result) {
    call_unlink(call);
    call->done(call->worker, error, error == NULL ? result : NULL, call->user);
    spin_instance_free(call->instance);
    if (call->beginning)
        call->ended = true;
    else
        call_free(call);
}

static void call_fail(worker_call_t *call, spin_error_t *error) {
    if (call->beginning)
        call->error = error;
    else
        call_end(call, error, NULL);
}

static void on_value(spin_instance_t *instance, spin_error_t *error, const spin_value_t *result,
                     void *user) {
    (void)instance;
    call_end(user, error, result);
}

static void on_ready(spin_instance_t *instance, spin_error_t *error, void *user) {
    worker_call_t *call = user;
    if (error == NULL)
        error =
            spin_value_start(instance, call->function, call->args, call->args_len, on_value, call);
    if (error != NULL)
        call_fail(call, error);
}

spin_error_t *spin_worker_call(spin_worker_t *worker, spin_slice_t id,
                               const spin_prepare_options_t *options,
                               const spin_function_t *function, const spin_value_t *args,
                               size_t args_len, spin_worker_called_fn done, void *user) {
    worker_call_t *call;
    if (worker->phase >= WORKER_GIVEN_UP)
        return error_new(SPIN_ERROR_CANCELLED, "the trigger's worker is ending");
    spin_error_t *error = call_new(worker, args, args_len, &call);
    if (error != NULL)
        return error;
    call->function = function;
    call->done = done;
    call->user = user;
    call->beginning = true;
    error = spin_execution_context_start_component(worker->context, id, options, on_ready, call,
                                                   &call->instance);
    call->beginning = false;
    if (error == NULL && call->error != NULL) {
        error = call->error;
        spin_instance_free(call->instance);
    }
    if (error != NULL)
        call_unlink(call);
    if (error != NULL || call->ended)
        call_free(call);
    return error;
}

void worker_cancel_calls(spin_worker_t *worker) {
    while (worker->calls != NULL) {
        worker_call_t *call = worker->calls;
        call_unlink(call);
        spin_instance_free(call->instance);
        call->done(worker, error_new(SPIN_ERROR_CANCELLED, "the trigger ended before the call did"),
                   NULL, call->user);
        call_free(call);
    }
}
