#include "base/error.h"
#include "component/fuse_parts.h"

static const struct {
    const char *name;
    const char *params;
    const char *results;
} runtime[FUSE_RUNTIME_COUNT] = {
    [FUSE_TRAP] = {"trap", "i", ""},
    [FUSE_PART] = {"part", "i", "I"},
    [FUSE_TRANSFER_OWN] = {"transfer-own", "iiii", "i"},
    [FUSE_TRANSFER_BORROW] = {"transfer-borrow", "iiii", "i"},
    [FUSE_ENTER_CALL] = {"enter-call", "i", ""},
    [FUSE_LEAVE_CALL] = {"leave-call", "i", ""},
    [FUSE_TRANSFER_STREAM] = {"transfer-stream", "iiii", "i"},
    [FUSE_TRANSFER_FUTURE] = {"transfer-future", "iiii", "i"},
    [FUSE_TRANSFER_ERROR_CONTEXT] = {"transfer-error-context", "iiii", "i"},
    [FUSE_IDLE] = {"idle", "", ""},
};

const char *fuse_runtime_name(fuse_runtime_t function) {
    return runtime[function].name;
}

const char *fuse_runtime_params(fuse_runtime_t function) {
    return runtime[function].params;
}

const char *fuse_runtime_results(fuse_runtime_t function) {
    return runtime[function].results;
}

const char *fuse_trap_text(fuse_trap_t trap) {
    static const char *const texts[FUSE_TRAP_COUNT] = {
        [FUSE_TRAP_CANNOT_LEAVE] = "cannot leave component instance",
        [FUSE_TRAP_CANNOT_ENTER] = "cannot enter component instance",
        [FUSE_TRAP_BAD_DISCRIMINANT] = "invalid variant discriminant",
        [FUSE_TRAP_BAD_CHAR] = "invalid `char` bit pattern",
        [FUSE_TRAP_POINTER_RANGE] = "pointer and length out of bounds of memory",
        [FUSE_TRAP_POINTER_ALIGN] = "unaligned pointer",
        [FUSE_TRAP_REALLOC_RANGE] = "realloc return: beyond end of memory",
        [FUSE_TRAP_REALLOC_ALIGN] = "realloc return: result not aligned",
        [FUSE_TRAP_BAD_UTF8] = "invalid utf-8",
        [FUSE_TRAP_BAD_UTF16] = "invalid utf-16",
        [FUSE_TRAP_STRING_TOO_LONG] = "string too long",
        [FUSE_TRAP_LIST_TOO_LONG] = "list too long",
        [FUSE_TRAP_UNCAUGHT_EXCEPTION] = "uncaught exception propagated out of component",
    };
    return (size_t)trap < FUSE_TRAP_COUNT ? texts[trap] : "unknown trap";
}

const char *fuse_builtin_kind_name(ast_canon_kind_t kind) {
    static const char *const names[] = {
        [AST_CANON_RESOURCE_NEW] = "resource.new",
        [AST_CANON_RESOURCE_DROP] = "resource.drop",
        [AST_CANON_RESOURCE_REP] = "resource.rep",
        [AST_CANON_TASK_CANCEL] = "task.cancel",
        [AST_CANON_SUBTASK_CANCEL] = "subtask.cancel",
        [AST_CANON_TASK_RETURN] = "task.return",
        [AST_CANON_CONTEXT_GET] = "context.get",
        [AST_CANON_CONTEXT_SET] = "context.set",
        [AST_CANON_THREAD_YIELD] = "thread.yield",
        [AST_CANON_SUBTASK_DROP] = "subtask.drop",
        [AST_CANON_STREAM_NEW] = "stream.new",
        [AST_CANON_STREAM_READ] = "stream.read",
        [AST_CANON_STREAM_WRITE] = "stream.write",
        [AST_CANON_STREAM_CANCEL_READ] = "stream.cancel-read",
        [AST_CANON_STREAM_CANCEL_WRITE] = "stream.cancel-write",
        [AST_CANON_STREAM_DROP_READABLE] = "stream.drop-readable",
        [AST_CANON_STREAM_DROP_WRITABLE] = "stream.drop-writable",
        [AST_CANON_FUTURE_NEW] = "future.new",
        [AST_CANON_FUTURE_READ] = "future.read",
        [AST_CANON_FUTURE_WRITE] = "future.write",
        [AST_CANON_FUTURE_CANCEL_READ] = "future.cancel-read",
        [AST_CANON_FUTURE_CANCEL_WRITE] = "future.cancel-write",
        [AST_CANON_FUTURE_DROP_READABLE] = "future.drop-readable",
        [AST_CANON_FUTURE_DROP_WRITABLE] = "future.drop-writable",
        [AST_CANON_ERROR_CONTEXT_NEW] = "error-context.new",
        [AST_CANON_ERROR_CONTEXT_DEBUG_MESSAGE] = "error-context.debug-message",
        [AST_CANON_ERROR_CONTEXT_DROP] = "error-context.drop",
        [AST_CANON_WAITABLE_SET_NEW] = "waitable-set.new",
        [AST_CANON_WAITABLE_SET_WAIT] = "waitable-set.wait",
        [AST_CANON_WAITABLE_SET_POLL] = "waitable-set.poll",
        [AST_CANON_WAITABLE_SET_DROP] = "waitable-set.drop",
        [AST_CANON_WAITABLE_JOIN] = "waitable.join",
        [AST_CANON_BACKPRESSURE_INC] = "backpressure.inc",
        [AST_CANON_BACKPRESSURE_DEC] = "backpressure.dec",
        [AST_CANON_THREAD_INDEX] = "thread.index",
        [AST_CANON_THREAD_NEW_INDIRECT] = "thread.new-indirect",
        [AST_CANON_THREAD_RESUME_LATER] = "thread.resume-later",
        [AST_CANON_THREAD_SUSPEND] = "thread.suspend",
        [AST_CANON_THREAD_SUSPEND_THEN_RESUME] = "thread.suspend-then-resume",
        [AST_CANON_THREAD_YIELD_THEN_RESUME] = "thread.yield-then-resume",
        [AST_CANON_THREAD_SUSPEND_THEN_PROMOTE] = "thread.suspend-then-promote",
        [AST_CANON_THREAD_YIELD_THEN_PROMOTE] = "thread.yield-then-promote",
        [AST_CANON_THREAD_SPAWN_REF] = "thread.spawn-ref",
        [AST_CANON_THREAD_SPAWN_INDIRECT] = "thread.spawn-indirect",
        [AST_CANON_THREAD_AVAILABLE_PARALLELISM] = "thread.available-parallelism",
    };
    size_t at = (size_t)kind;
    const char *name = at < sizeof names / sizeof *names ? names[at] : NULL;
    return name == NULL ? "unknown" : name;
}

spin_slice_t fuse_builtin_name(const linked_component_t *linked, arena_t *arena, uint32_t index) {
    return arena_printf(arena, "%s:%u", fuse_builtin_kind_name(linked->builtins[index].kind),
                        (unsigned)index);
}

spin_slice_t fuse_import_name_of(arena_t *arena, const linked_component_t *linked, uint32_t index,
                                 bool is_first) {
    spin_slice_t name = linked->imports[linked->lowers[index].callee].name;
    if (is_first)
        return name;
    return arena_printf(arena, "%.*s:%u", SLICE_ARG(name), (unsigned)index);
}

spin_error_t *fuse_import_name(const linked_component_t *linked, arena_t *arena, uint32_t index,
                               spin_slice_t *module, spin_slice_t *name) {
    const linked_lower_t *lower = &linked->lowers[index];
    bool is_first = true;
    for (uint32_t i = 0; i < index && is_first; i++)
        is_first = !linked->lowers[i].is_import || linked->lowers[i].callee != lower->callee;
    spin_slice_t interface = linked->imports[lower->callee].interface;
    *module = interface.len == 0 ? spin_slice("$root") : interface;
    *name = fuse_import_name_of(arena, linked, index, is_first);
    return name->ptr == NULL && name->len > 0 ? error_no_memory() : NULL;
}
