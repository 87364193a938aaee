/* Canonical definitions (Binary.md, "Canonical Definitions"). */
#include "component/decode_parts.h"

enum { MAX_OPTIONS = 10 };

/* What follows the byte of a definition, in this order. */
enum {
    SORT_FUNC = 1, /* a zero */
    FUNC = 2,
    RESULT_LIST = 4,
    SLOT = 8,        /* a core value type and a number */
    TYPE_FIRST = 16, /* before the options */
    TABLE = 32,
    ASYNC = 64,
    CANCELLABLE = 128,
    MEMORY = 256,
    OPTIONS = 512,
    TYPE_LAST = 1024,
    KNOWN = 2048, /* there is such a definition */
};

/* As Wasmtime's decoder has it: the spawns have no byte for `shared`. */
static const uint16_t shapes[] = {
    [AST_CANON_LIFT] = KNOWN | SORT_FUNC | FUNC | OPTIONS | TYPE_LAST,
    [AST_CANON_LOWER] = KNOWN | SORT_FUNC | FUNC | OPTIONS,
    [AST_CANON_RESOURCE_NEW] = KNOWN | TYPE_FIRST,
    [AST_CANON_RESOURCE_DROP] = KNOWN | TYPE_FIRST,
    [AST_CANON_RESOURCE_REP] = KNOWN | TYPE_FIRST,
    [AST_CANON_TASK_CANCEL] = KNOWN,
    [AST_CANON_SUBTASK_CANCEL] = KNOWN | ASYNC,
    [AST_CANON_TASK_RETURN] = KNOWN | RESULT_LIST | OPTIONS,
    [AST_CANON_CONTEXT_GET] = KNOWN | SLOT,
    [AST_CANON_CONTEXT_SET] = KNOWN | SLOT,
    [AST_CANON_THREAD_YIELD] = KNOWN | CANCELLABLE,
    [AST_CANON_SUBTASK_DROP] = KNOWN,
    [AST_CANON_STREAM_NEW] = KNOWN | TYPE_FIRST,
    [AST_CANON_STREAM_READ] = KNOWN | TYPE_FIRST | OPTIONS,
    [AST_CANON_STREAM_WRITE] = KNOWN | TYPE_FIRST | OPTIONS,
    [AST_CANON_STREAM_CANCEL_READ] = KNOWN | TYPE_FIRST | ASYNC,
    [AST_CANON_STREAM_CANCEL_WRITE] = KNOWN | TYPE_FIRST | ASYNC,
    [AST_CANON_STREAM_DROP_READABLE] = KNOWN | TYPE_FIRST,
    [AST_CANON_STREAM_DROP_WRITABLE] = KNOWN | TYPE_FIRST,
    [AST_CANON_FUTURE_NEW] = KNOWN | TYPE_FIRST,
    [AST_CANON_FUTURE_READ] = KNOWN | TYPE_FIRST | OPTIONS,
    [AST_CANON_FUTURE_WRITE] = KNOWN | TYPE_FIRST | OPTIONS,
    [AST_CANON_FUTURE_CANCEL_READ] = KNOWN | TYPE_FIRST | ASYNC,
    [AST_CANON_FUTURE_CANCEL_WRITE] = KNOWN | TYPE_FIRST | ASYNC,
    [AST_CANON_FUTURE_DROP_READABLE] = KNOWN | TYPE_FIRST,
    [AST_CANON_FUTURE_DROP_WRITABLE] = KNOWN | TYPE_FIRST,
    [AST_CANON_ERROR_CONTEXT_NEW] = KNOWN | OPTIONS,
    [AST_CANON_ERROR_CONTEXT_DEBUG_MESSAGE] = KNOWN | OPTIONS,
    [AST_CANON_ERROR_CONTEXT_DROP] = KNOWN,
    [AST_CANON_WAITABLE_SET_NEW] = KNOWN,
    [AST_CANON_WAITABLE_SET_WAIT] = KNOWN | CANCELLABLE | MEMORY,
    [AST_CANON_WAITABLE_SET_POLL] = KNOWN | CANCELLABLE | MEMORY,
    [AST_CANON_WAITABLE_SET_DROP] = KNOWN,
    [AST_CANON_WAITABLE_JOIN] = KNOWN,
    [AST_CANON_BACKPRESSURE_INC] = KNOWN,
    [AST_CANON_BACKPRESSURE_DEC] = KNOWN,
    [AST_CANON_THREAD_INDEX] = KNOWN,
    [AST_CANON_THREAD_NEW_INDIRECT] = KNOWN | TYPE_FIRST | TABLE,
    [AST_CANON_THREAD_RESUME_LATER] = KNOWN,
    [AST_CANON_THREAD_SUSPEND] = KNOWN | CANCELLABLE,
    [AST_CANON_THREAD_SUSPEND_THEN_RESUME] = KNOWN | CANCELLABLE,
    [AST_CANON_THREAD_YIELD_THEN_RESUME] = KNOWN | CANCELLABLE,
    [AST_CANON_THREAD_SUSPEND_THEN_PROMOTE] = KNOWN | CANCELLABLE,
    [AST_CANON_THREAD_YIELD_THEN_PROMOTE] = KNOWN | CANCELLABLE,
    [AST_CANON_THREAD_SPAWN_REF] = KNOWN | TYPE_FIRST,
    [AST_CANON_THREAD_SPAWN_INDIRECT] = KNOWN | TYPE_FIRST | TABLE,
    [AST_CANON_THREAD_AVAILABLE_PARALLELISM] = KNOWN,
};

/* 3 memory, 4 realloc, 5 post-return, 7 callback, 8 core type (gated) have an index; 9 is `gc`
 * (gated). */
static void read_option(core_reader_t *in, ast_canon_option_t *option) {
    option->offset = core_reader_offset(in);
    option->kind = core_read_u8(in);
    if (option->kind > 9)
        core_reader_fail(in, option->offset, "malformed canonical option");
    else if (option->kind >= 3 && option->kind != 6 && option->kind != 9)
        option->index = core_read_u32(in);
}

static void read_options(decoder_t *decoder, core_reader_t *in, ast_canon_t *canon) {
    uint32_t count = core_read_count(in, MAX_OPTIONS, "too many canonical options");
    ast_canon_option_t *options = decode_alloc(decoder, in, count, sizeof *options);
    for (uint32_t i = 0; options != NULL && i < count && core_reader_ok(in); i++)
        read_option(in, &options[i]);
    canon->options = options;
    canon->option_count = options == NULL ? 0 : count;
}

static void read_operands(decoder_t *decoder, core_reader_t *in, unsigned shape,
                          ast_canon_t *canon) {
    size_t start = core_reader_offset(in);
    if ((shape & SORT_FUNC) != 0 && core_read_u8(in) != 0)
        core_reader_fail(in, start, "malformed canonical function");
    if ((shape & FUNC) != 0)
        canon->func = core_read_u32(in);
    if ((shape & RESULT_LIST) != 0)
        canon->has_result = decode_result_list(in, &canon->result);
    if ((shape & SLOT) != 0) {
        canon->slot_type = core_read_val_type(in);
        canon->slot = core_read_u32(in);
    }
    if ((shape & TYPE_FIRST) != 0)
        canon->type = core_read_u32(in);
    if ((shape & TABLE) != 0)
        canon->table = core_read_u32(in);
    if ((shape & ASYNC) != 0)
        canon->is_async = decode_flag(in, "malformed async flag");
    if ((shape & CANCELLABLE) != 0)
        canon->cancellable = decode_flag(in, "malformed cancellable flag");
    if ((shape & MEMORY) != 0)
        canon->memory = core_read_u32(in);
    if ((shape & OPTIONS) != 0)
        read_options(decoder, in, canon);
    if ((shape & TYPE_LAST) != 0)
        canon->type = core_read_u32(in);
}

void decode_canon(decoder_t *decoder, core_reader_t *in, ast_def_t *def) {
    size_t start = core_reader_offset(in);
    uint8_t kind = core_read_u8(in);
    if (kind >= sizeof shapes / sizeof *shapes || (shapes[kind] & KNOWN) == 0) {
        core_reader_fail(in, start, "malformed canonical function");
        return;
    }
    def->of.canon.kind = (ast_canon_kind_t)kind;
    read_operands(decoder, in, shapes[kind], &def->of.canon);
}
