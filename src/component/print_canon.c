/* Canonical definitions as text (Explainer.md, "Canonical Definitions"). */
#include "component/print_parts.h"

/* The operands that stand in the text, in this order. */
enum {
    SLOT = 1,
    TYPE = 2,
    TABLE = 4,
    ASYNC = 8,
    CANCELLABLE = 16,
    MEMORY = 32,
};

static const struct {
    const char *name;
    unsigned operands;
} canons[] = {
    [AST_CANON_RESOURCE_NEW] = {"resource.new", TYPE},
    [AST_CANON_RESOURCE_DROP] = {"resource.drop", TYPE},
    [AST_CANON_RESOURCE_REP] = {"resource.rep", TYPE},
    [AST_CANON_TASK_CANCEL] = {"task.cancel", 0},
    [AST_CANON_SUBTASK_CANCEL] = {"subtask.cancel", ASYNC},
    [AST_CANON_TASK_RETURN] = {"task.return", 0},
    [AST_CANON_CONTEXT_GET] = {"context.get", SLOT},
    [AST_CANON_CONTEXT_SET] = {"context.set", SLOT},
    [AST_CANON_THREAD_YIELD] = {"thread.yield", CANCELLABLE},
    [AST_CANON_SUBTASK_DROP] = {"subtask.drop", 0},
    [AST_CANON_STREAM_NEW] = {"stream.new", TYPE},
    [AST_CANON_STREAM_READ] = {"stream.read", TYPE},
    [AST_CANON_STREAM_WRITE] = {"stream.write", TYPE},
    [AST_CANON_STREAM_CANCEL_READ] = {"stream.cancel-read", TYPE | ASYNC},
    [AST_CANON_STREAM_CANCEL_WRITE] = {"stream.cancel-write", TYPE | ASYNC},
    [AST_CANON_STREAM_DROP_READABLE] = {"stream.drop-readable", TYPE},
    [AST_CANON_STREAM_DROP_WRITABLE] = {"stream.drop-writable", TYPE},
    [AST_CANON_FUTURE_NEW] = {"future.new", TYPE},
    [AST_CANON_FUTURE_READ] = {"future.read", TYPE},
    [AST_CANON_FUTURE_WRITE] = {"future.write", TYPE},
    [AST_CANON_FUTURE_CANCEL_READ] = {"future.cancel-read", TYPE | ASYNC},
    [AST_CANON_FUTURE_CANCEL_WRITE] = {"future.cancel-write", TYPE | ASYNC},
    [AST_CANON_FUTURE_DROP_READABLE] = {"future.drop-readable", TYPE},
    [AST_CANON_FUTURE_DROP_WRITABLE] = {"future.drop-writable", TYPE},
    [AST_CANON_ERROR_CONTEXT_NEW] = {"error-context.new", 0},
    [AST_CANON_ERROR_CONTEXT_DEBUG_MESSAGE] = {"error-context.debug-message", 0},
    [AST_CANON_ERROR_CONTEXT_DROP] = {"error-context.drop", 0},
    [AST_CANON_WAITABLE_SET_NEW] = {"waitable-set.new", 0},
    [AST_CANON_WAITABLE_SET_WAIT] = {"waitable-set.wait", CANCELLABLE | MEMORY},
    [AST_CANON_WAITABLE_SET_POLL] = {"waitable-set.poll", CANCELLABLE | MEMORY},
    [AST_CANON_WAITABLE_SET_DROP] = {"waitable-set.drop", 0},
    [AST_CANON_WAITABLE_JOIN] = {"waitable.join", 0},
    [AST_CANON_BACKPRESSURE_INC] = {"backpressure.inc", 0},
    [AST_CANON_BACKPRESSURE_DEC] = {"backpressure.dec", 0},
    [AST_CANON_THREAD_INDEX] = {"thread.index", 0},
    [AST_CANON_THREAD_NEW_INDIRECT] = {"thread.new-indirect", TYPE | TABLE},
    [AST_CANON_THREAD_RESUME_LATER] = {"thread.resume-later", 0},
    [AST_CANON_THREAD_SUSPEND] = {"thread.suspend", CANCELLABLE},
    [AST_CANON_THREAD_SUSPEND_THEN_RESUME] = {"thread.suspend-then-resume", CANCELLABLE},
    [AST_CANON_THREAD_YIELD_THEN_RESUME] = {"thread.yield-then-resume", CANCELLABLE},
    [AST_CANON_THREAD_SUSPEND_THEN_PROMOTE] = {"thread.suspend-then-promote", CANCELLABLE},
    [AST_CANON_THREAD_YIELD_THEN_PROMOTE] = {"thread.yield-then-promote", CANCELLABLE},
    [AST_CANON_THREAD_SPAWN_REF] = {"thread.spawn-ref", TYPE},
    [AST_CANON_THREAD_SPAWN_INDIRECT] = {"thread.spawn-indirect", TYPE | TABLE},
    [AST_CANON_THREAD_AVAILABLE_PARALLELISM] = {"thread.available-parallelism", 0},
};

static void print_options(printer_t *printer, const ast_canon_t *canon) {
    static const struct {
        const char *before;
        const char *after; /* the index; NULL where there is none */
    } options[] = {
        {"string-encoding=utf8", NULL},
        {"string-encoding=utf16", NULL},
        {"string-encoding=latin1+utf16", NULL},
        {"(memory ", ")"},
        {"(realloc (core func ", "))"},
        {"(post-return (core func ", "))"},
        {"async", NULL},
        {"(callback (core func ", "))"},
        {"(core-type (core type ", "))"},
        {"gc", NULL},
    };
    for (uint32_t i = 0; i < canon->option_count; i++) {
        const ast_canon_option_t *option = &canon->options[i];
        buf_printf(printer->out, " %s", options[option->kind].before);
        if (options[option->kind].after != NULL)
            buf_printf(printer->out, "%u%s", option->index, options[option->kind].after);
    }
}

static void print_built_in(printer_t *printer, const ast_canon_t *canon) {
    unsigned operands = canons[canon->kind].operands;
    buf_t *out = printer->out;
    buf_printf(out, "(canon %s", canons[canon->kind].name);
    if ((operands & SLOT) != 0) {
        print_core_val_type(printer, canon->slot_type);
        buf_printf(out, " %u", canon->slot);
    }
    if (canon->has_result)
        print_result(printer, &canon->result);
    if ((operands & TYPE) != 0)
        buf_printf(out, " %u", canon->type);
    if ((operands & TABLE) != 0)
        buf_printf(out, " (core table %u)", canon->table);
    if ((operands & ASYNC) != 0 && canon->is_async)
        buf_append_text(out, " async");
    if ((operands & CANCELLABLE) != 0 && canon->cancellable)
        buf_append_text(out, " cancellable");
    if ((operands & MEMORY) != 0)
        buf_printf(out, " (memory %u)", canon->memory);
}

void print_canon(printer_t *printer, const ast_canon_t *canon, print_counts_t *counts) {
    buf_t *out = printer->out;
    if (canon->kind == AST_CANON_LIFT) {
        buf_printf(out, "(func (;%u;) (type %u) (canon lift (core func %u)",
                   counts->next[AST_FUNC]++, canon->type, canon->func);
    } else {
        buf_printf(out, "(core func (;%u;) ", counts->next[AST_CORE_FUNC]++);
        if (canon->kind == AST_CANON_LOWER)
            buf_printf(out, "(canon lower (func %u)", canon->func);
        else
            print_built_in(printer, canon);
    }
    print_options(printer, canon);
    buf_append_text(out, "))");
}
