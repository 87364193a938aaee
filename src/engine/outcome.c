/* How a guest's end is told to the caller. */
#include "engine/context.h"

#include "base/buf.h"
#include "base/error.h"

/* Recognised by the exit flag, never shown. */
static const char exit_message[] = "the guest has exited";

wasm_trap_t *engine_instance_exit(spin_instance_t *instance, uint32_t status) {
    instance->exited = true;
    instance->exit_status = status;
    return wasmtime_trap_new(exit_message, sizeof exit_message - 1);
}

uint32_t engine_instance_exit_status(const spin_instance_t *instance) {
    return instance->exited ? instance->exit_status : 0;
}

static const char *trap_text(wasmtime_trap_code_t code) {
    static const char *const texts[] = {
        [WASMTIME_TRAP_CODE_STACK_OVERFLOW] = "its stack overflowed",
        [WASMTIME_TRAP_CODE_MEMORY_OUT_OF_BOUNDS] = "a memory access was out of bounds",
        [WASMTIME_TRAP_CODE_HEAP_MISALIGNED] = "an atomic access was misaligned",
        [WASMTIME_TRAP_CODE_TABLE_OUT_OF_BOUNDS] = "a table access was out of bounds",
        [WASMTIME_TRAP_CODE_INDIRECT_CALL_TO_NULL] = "an indirect call hit an empty table entry",
        [WASMTIME_TRAP_CODE_BAD_SIGNATURE] = "an indirect call had the wrong signature",
        [WASMTIME_TRAP_CODE_INTEGER_OVERFLOW] = "an integer overflowed",
        [WASMTIME_TRAP_CODE_INTEGER_DIVISION_BY_ZERO] = "an integer was divided by zero",
        [WASMTIME_TRAP_CODE_BAD_CONVERSION_TO_INTEGER] = "a float does not fit an integer",
        [WASMTIME_TRAP_CODE_UNREACHABLE_CODE_REACHED] = "it reached an \"unreachable\" instruction",
        [WASMTIME_TRAP_CODE_INTERRUPT] = "it was interrupted",
    };
    size_t index = (size_t)code;
    return index < sizeof texts / sizeof *texts ? texts[index] : NULL;
}

/* The guest's stack, innermost first: " (at abort, main, _start)". */
static void append_frames(buf_t *text, const wasm_frame_vec_t *frames) {
    enum { MAX_FRAMES = 8 };
    for (size_t i = 0; i < frames->size && i < MAX_FRAMES; i++) {
        const wasm_name_t *name = wasmtime_frame_func_name(frames->data[i]);
        buf_append_text(text, i == 0 ? " (at " : ", ");
        if (name != NULL)
            buf_append(text, spin_slice_of(name->data, name->size));
        else
            buf_printf(text, "function %u", wasm_frame_func_index(frames->data[i]));
    }
    if (frames->size > 0)
        buf_append_text(text, frames->size > MAX_FRAMES ? ", ...)" : ")");
}

static spin_error_t *error_with_frames(spin_error_kind_t kind, spin_slice_t message,
                                       wasm_frame_vec_t *frames) {
    buf_t text = {0};
    buf_append(&text, message);
    append_frames(&text, frames);
    wasm_frame_vec_delete(frames);
    spin_error_t *error =
        text.failed ? error_no_memory() : error_new(kind, "%.*s", SLICE_ARG(buf_slice(&text)));
    buf_deinit(&text);
    return error;
}

static spin_error_t *take_trap(spin_instance_t *instance) {
    wasm_frame_vec_t frames;
    wasm_byte_vec_t message = {0};
    wasmtime_trap_code_t code;
    const char *text = NULL;
    if (wasmtime_trap_code(instance->trap, &code))
        text = trap_text(code);
    if (text == NULL)
        wasm_trap_message(instance->trap, &message);
    spin_slice_t said = text != NULL ? spin_slice(text) : spin_slice(message.data);
    wasm_trap_trace(instance->trap, &frames);
    spin_error_t *error =
        error_wrap(error_with_frames(SPIN_ERROR_TRAP, said, &frames), "the guest trapped");
    if (text == NULL)
        wasm_byte_vec_delete(&message);
    return error;
}

static spin_error_t *take_said(spin_instance_t *instance, wasm_frame_vec_t *frames) {
    buf_t text = {0};
    size_t len = spin_error_format(instance->said, NULL, 0);
    if (buf_reserve(&text, len + 1))
        spin_error_format(instance->said, (char *)text.ptr, len + 1);
    spin_slice_t said = text.failed ? spin_slice("out of memory") : spin_slice_of(text.ptr, len);
    spin_error_t *error = error_with_frames(SPIN_ERROR_TRAP, said, frames);
    buf_deinit(&text);
    return error;
}

/* Wasmtime reports what is no trap of its own this way: errors of host functions, and failures to
 * make the instance. The latter, before any guest code ran, mean that some pool is used up or that
 * the guest wants more memory than it may have. */
static spin_error_t *take_error(spin_instance_t *instance) {
    wasm_frame_vec_t frames;
    wasm_byte_vec_t message;
    wasmtime_error_wasm_trace(instance->error, &frames);
    if (instance->said != NULL) { /* Wasmtime's text would repeat the frames around it */
        static const char prefix[] = "the guest trapped"; /* so begins what a call inside said */
        bool is_inner = strncmp(spin_error_message(instance->said), prefix, sizeof prefix - 1) == 0;
        spin_error_t *said = take_said(instance, &frames);
        return is_inner ? said : error_wrap(said, "the guest trapped");
    }
    wasmtime_error_message(instance->error, &message);
    spin_slice_t said = spin_slice_of(message.data, message.size);
    bool no_room = instance->phase == INSTANCE_PREPARING && frames.size == 0;
    spin_error_t *error =
        error_with_frames(no_room ? SPIN_ERROR_LIMIT : SPIN_ERROR_TRAP, said, &frames);
    wasm_byte_vec_delete(&message);
    return error_wrap(error, no_room ? "the instance can't be made" : "the guest trapped");
}

spin_error_t *instance_take_outcome(spin_instance_t *instance) {
    spin_error_t *error = NULL;
    bool preparing = instance->phase == INSTANCE_PREPARING;
    if (instance->exited && preparing) /* there is no instance then, whatever the status */
        error = error_new(SPIN_ERROR_EXIT, "the guest exited with status %u in its start function",
                          instance->exit_status);
    else if (instance->exited && instance->exit_status != 0)
        error =
            error_new(SPIN_ERROR_EXIT, "the guest exited with status %u", instance->exit_status);
    else if (instance->exited)
        error = NULL;
    else if (instance->trap != NULL)
        error = take_trap(instance);
    else if (instance->error != NULL)
        error = take_error(instance);
    if (error != NULL && instance->budget.refused && spin_error_kind(error) == SPIN_ERROR_TRAP)
        error = error_wrap(error, "after it was refused memory beyond its limit of %llu bytes",
                           (unsigned long long)instance->budget.limit_bytes);
    if (instance->trap != NULL)
        wasm_trap_delete(instance->trap);
    if (instance->error != NULL)
        wasmtime_error_delete(instance->error);
    spin_error_free(instance->said);
    instance->said = NULL;
    instance->trap = NULL;
    instance->error = NULL;
    return error;
}
