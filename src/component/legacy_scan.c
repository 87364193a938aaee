/* Which of the two layouts a guest's result area has, read off the code of its entry point.
 *
 * The body is run once, symbolically and in the order of the code: a value is a constant, or an
 * unknown ("symbol") plus a constant. That is enough to see which address the function returns and
 * at which distances from it the function stores, in optimised code (a constant area) and in
 * unoptimised code (an area that some call returned). It judges nothing that it does not see. */
#include "base/error.h"
#include "base/vec.h"
#include "component/legacy_parts.h"
#include "wasm/instr.h"

enum {
    FOLLOW_LIMIT = 4,         /* calls that are followed into each other */
    STEP_LIMIT = 500000,      /* instructions and variables looked at in one scan */
    RETURN_LIMIT = 32,        /* places where a function returns that are looked at */
    RECALL_LIMIT = 256,       /* stores that a load looks back at */
    AREA_SIZE = 64,           /* no result area is larger, none begins below */
    PARAM_LIMIT = 16,         /* of a function that is followed with known arguments */
    OP_V128_STORE = 0xfd000b, /* the one store outside the plain opcodes that matters */
};

/* `base` 0 is the constant `offset`; else symbol number `base` plus `offset`. */
typedef struct value {
    uint32_t base;
    uint32_t offset;
} value_t;

typedef struct frame {
    size_t height; /* of the operand stack below this construct's operands */
    uint32_t params;
    uint32_t results;
    bool loop;
    bool dead;       /* the rest of this construct is never reached */
    bool has_result; /* some branch, or the end, gave the one result */
    value_t result;
} frame_t;

typedef struct store {
    value_t to;
    value_t value;
    uint32_t width;
} store_t;

/* A call's argument, or (position RESULT) the symbol it returned. */
enum { RESULT = -1 };
typedef struct call {
    uint32_t func;
    int32_t position;
    value_t value;
} call_t;

typedef struct scan {
    const core_module_t *module;
    uint32_t next_symbol;
    uint32_t steps;
    uint32_t step_limit;
    bool gave_up;
    bool no_memory;
    VEC(value_t) stack;
    VEC(frame_t) frames;
    VEC(value_t) locals;
    VEC(value_t) globals;
    VEC(store_t) stores;
    VEC(call_t) calls;
    VEC(value_t) returned;
} scan_t;

/* What the stores said so far. */
typedef struct evidence {
    legacy_result_t result;
    bool slots;
    bool canonical;
} evidence_t;

#define PUSH(scan, vec, ...)                                                                       \
    do {                                                                                           \
        if (!VEC_PUSH(&(scan)->vec, __VA_ARGS__))                                                  \
            (scan)->no_memory = true;                                                              \
    } while (0)

static value_t constant(uint32_t offset) {
    return (value_t){0, offset};
}
static value_t fresh(scan_t *scan) {
    return (value_t){++scan->next_symbol, 0};
}
static bool same(value_t a, value_t b) {
    return a.base == b.base && a.offset == b.offset;
}
static frame_t *top_frame(scan_t *scan) {
    return &scan->frames.items[scan->frames.len - 1];
}

static void push(scan_t *scan, value_t value) {
    PUSH(scan, stack, value);
}

static void push_fresh(scan_t *scan, uint32_t count) {
    for (; count > 0; count--)
        push(scan, fresh(scan));
}

/* Below the construct's own operands there is nothing to take: code after a branch, or broken. */
static value_t pop(scan_t *scan) {
    if (scan->stack.len <= top_frame(scan)->height)
        return fresh(scan);
    return scan->stack.items[--scan->stack.len];
}

static value_t peek(scan_t *scan) {
    if (scan->stack.len <= top_frame(scan)->height)
        return fresh(scan);
    return scan->stack.items[scan->stack.len - 1];
}

static void set_dead(scan_t *scan) {
    frame_t *frame = top_frame(scan);
    frame->dead = true;
    if (scan->stack.len > frame->height)
        scan->stack.len = frame->height;
}

/* A branch to `frame`, or its end, brings `value` as its one result. */
static void bring(scan_t *scan, frame_t *frame, value_t value) {
    if (frame->loop || frame->results != 1 || top_frame(scan)->dead)
        return;
    if (frame->has_result && !same(frame->result, value))
        value = fresh(scan);
    frame->result = value;
    frame->has_result = true;
}

static void return_value(scan_t *scan, value_t value) {
    if (!top_frame(scan)->dead && scan->returned.len < RETURN_LIMIT)
        PUSH(scan, returned, value);
}

static void branch(scan_t *scan, uint32_t label) {
    if (label >= scan->frames.len)
        return;
    size_t at = scan->frames.len - 1 - label;
    if (at == 0)
        return_value(scan, peek(scan));
    else
        bring(scan, &scan->frames.items[at], peek(scan));
}

static void enter(scan_t *scan, const core_instr_t *instr) {
    frame_t frame = {.loop = instr->opcode == CORE_OP_LOOP};
    if (instr->opcode == CORE_OP_IF)
        pop(scan);
    if (instr->value >= 0) {
        const core_func_type_t *type = core_module_type(scan->module, (uint32_t)instr->value);
        if (type == NULL) {
            scan->gave_up = true;
            return;
        }
        frame.params = type->param_count;
        frame.results = type->result_count;
    } else {
        frame.results = instr->value == CORE_BLOCK_EMPTY ? 0 : 1;
    }
    frame.dead = top_frame(scan)->dead;
    for (uint32_t i = 0; i < frame.params; i++)
        pop(scan);
    frame.height = scan->stack.len;
    push_fresh(scan, frame.params);
    PUSH(scan, frames, frame);
}

/* At `else` and `end`. A construct inside dead code stays dead. */
static void leave_arm(scan_t *scan, bool ends) {
    frame_t *frame = top_frame(scan);
    bool outer_dead = scan->frames.len > 1 && scan->frames.items[scan->frames.len - 2].dead;
    if (frame->results == 1)
        bring(scan, frame, peek(scan));
    scan->stack.len = frame->height < scan->stack.len ? frame->height : scan->stack.len;
    frame->dead = outer_dead;
    if (!ends) {
        push_fresh(scan, frame->params);
        return;
    }
    frame_t ended = *frame;
    scan->frames.len--;
    if (scan->frames.len == 0) {
        if (ended.has_result)
            PUSH(scan, returned, ended.result);
        return;
    }
    if (ended.results == 1 && ended.has_result)
        push(scan, ended.result);
    else
        push_fresh(scan, ended.results);
}

/* `func` is UINT32_MAX where it is known only when the guest runs. */
static void call(scan_t *scan, const core_func_type_t *type, uint32_t func, bool tail) {
    if (type == NULL) {
        scan->gave_up = true;
        return;
    }
    for (uint32_t i = type->param_count; i > 0; i--) {
        value_t argument = pop(scan);
        if (func != UINT32_MAX && i <= PARAM_LIMIT)
            PUSH(scan, calls, (call_t){func, (int32_t)i - 1, argument});
    }
    value_t result = fresh(scan);
    if (func != UINT32_MAX && type->result_count == 1)
        PUSH(scan, calls, (call_t){func, RESULT, result});
    if (tail) {
        return_value(scan, result);
        set_dead(scan);
    } else if (type->result_count == 1) {
        push(scan, result);
    } else {
        push_fresh(scan, type->result_count);
    }
}

static void call_by_type(scan_t *scan, uint32_t type, bool tail) {
    pop(scan);
    call(scan, core_module_type(scan->module, type), UINT32_MAX, tail);
}

static uint32_t store_width(uint32_t opcode) {
    static const uint8_t widths[] = {4, 8, 4, 8, 1, 2, 1, 2, 4};
    if (opcode == OP_V128_STORE)
        return 16;
    bool plain = opcode >= CORE_OP_I32_STORE && opcode <= CORE_OP_I64_STORE32;
    return plain ? widths[opcode - CORE_OP_I32_STORE] : 0;
}

static void arithmetic(scan_t *scan, uint32_t opcode) {
    value_t b = pop(scan), a = pop(scan);
    if (opcode == CORE_OP_I32_ADD && (a.base == 0 || b.base == 0))
        push(scan, (value_t){a.base | b.base, a.offset + b.offset});
    else if (opcode == CORE_OP_I32_SUB && b.base == 0)
        push(scan, (value_t){a.base, a.offset - b.offset});
    else
        push(scan, fresh(scan));
}

static void step_variable(scan_t *scan, const core_instr_t *instr) {
    bool global = instr->opcode == CORE_OP_GLOBAL_GET || instr->opcode == CORE_OP_GLOBAL_SET;
    uint32_t index = instr->indices[0].value;
    size_t count = global ? scan->globals.len : scan->locals.len;
    if (index >= count) {
        scan->gave_up = true;
        return;
    }
    value_t *variable = global ? &scan->globals.items[index] : &scan->locals.items[index];
    switch (instr->opcode) {
    case CORE_OP_LOCAL_GET:
    case CORE_OP_GLOBAL_GET: push(scan, *variable); break;
    case CORE_OP_LOCAL_TEE: *variable = peek(scan); break;
    default: *variable = pop(scan); break;
    }
}

static void step_select(scan_t *scan) {
    pop(scan);
    value_t b = pop(scan), a = pop(scan);
    push(scan, same(a, b) ? a : fresh(scan));
}

/* Unoptimised code keeps the area's address in its stack frame. */
static void step_load(scan_t *scan, const core_instr_t *instr) {
    value_t from = pop(scan);
    from.offset += (uint32_t)instr->offset;
    size_t len = scan->stores.len;
    for (size_t back = 1; back <= len && back <= RECALL_LIMIT; back++) {
        const store_t *store = &scan->stores.items[len - back];
        if (same(store->to, from) && store->width == 4) {
            push(scan, store->value);
            return;
        }
    }
    push(scan, fresh(scan));
}

static void step_other(scan_t *scan, const core_instr_t *instr) {
    uint32_t width = store_width(instr->opcode);
    if (instr->pops == CORE_EFFECT_VARIES) { /* exceptions, typed references: nobody had them */
        scan->gave_up = true;
    } else if (width > 0) {
        value_t value = pop(scan), to = pop(scan);
        to.offset += (uint32_t)instr->offset;
        if (!top_frame(scan)->dead)
            PUSH(scan, stores, (store_t){to, value, width});
    } else {
        for (uint8_t i = 0; i < instr->pops; i++)
            pop(scan);
        push_fresh(scan, instr->pushes);
    }
}

static void step(scan_t *scan, const core_instr_t *instr) {
    uint32_t index = instr->index_count > 0 ? instr->indices[0].value : 0;
    switch (instr->opcode) {
    case CORE_OP_BLOCK:
    case CORE_OP_LOOP:
    case CORE_OP_IF: enter(scan, instr); break;
    case CORE_OP_ELSE: leave_arm(scan, false); break;
    case CORE_OP_END: leave_arm(scan, true); break;
    case CORE_OP_BR_IF:
        pop(scan);
        branch(scan, index);
        break;
    case CORE_OP_BR: branch(scan, index); /* fall through */
    case CORE_OP_BR_TABLE:
    case CORE_OP_UNREACHABLE: set_dead(scan); break;
    case CORE_OP_RETURN:
        return_value(scan, peek(scan));
        set_dead(scan);
        break;
    case CORE_OP_CALL:
    case CORE_OP_RETURN_CALL:
        call(scan, core_module_func_type(scan->module, index), index,
             instr->opcode == CORE_OP_RETURN_CALL);
        break;
    case CORE_OP_CALL_INDIRECT:
    case CORE_OP_RETURN_CALL_INDIRECT:
        call_by_type(scan, index, instr->opcode == CORE_OP_RETURN_CALL_INDIRECT);
        break;
    case CORE_OP_LOCAL_GET:
    case CORE_OP_LOCAL_SET:
    case CORE_OP_LOCAL_TEE:
    case CORE_OP_GLOBAL_GET:
    case CORE_OP_GLOBAL_SET: step_variable(scan, instr); break;
    case CORE_OP_SELECT: step_select(scan); break;
    case CORE_OP_I32_CONST: push(scan, constant((uint32_t)instr->value)); break;
    case CORE_OP_I32_LOAD: step_load(scan, instr); break;
    case CORE_OP_I32_ADD:
    case CORE_OP_I32_SUB: arithmetic(scan, instr->opcode); break;
    default: step_other(scan, instr); break;
    }
}

static void clear(scan_t *scan) {
    scan->stack.len = scan->frames.len = scan->locals.len = scan->globals.len = 0;
    scan->stores.len = scan->calls.len = scan->returned.len = 0;
}

/* Runs `func`, whose parameters are `params` or, where that is NULL, unknown. Calls, stores and
 * returned values are in `scan` afterwards. */
static void run(scan_t *scan, uint32_t func, const value_t *params) {
    const core_module_t *module = scan->module;
    const core_func_type_t *type = core_module_func_type(module, func);
    uint32_t imported = module->imported[CORE_EXTERN_FUNC];
    clear(scan);
    if (type == NULL || func < imported) {
        scan->gave_up = true;
        return;
    }
    for (uint32_t i = 0; i < type->param_count; i++)
        PUSH(scan, locals, params != NULL && i < PARAM_LIMIT ? params[i] : fresh(scan));
    for (uint32_t i = module->imported[CORE_EXTERN_GLOBAL] + module->global_count; i > 0; i--)
        PUSH(scan, globals, fresh(scan));
    core_reader_t body = core_module_part(module, module->bodies[func - imported]);
    /* Zero at first, but this one pass in the order of the code knows nothing of loops. */
    for (uint32_t left = core_read_locals(&body); left > 0; left--)
        PUSH(scan, locals, fresh(scan));
    scan->steps += (uint32_t)(scan->globals.len + scan->locals.len);
    PUSH(scan, frames, (frame_t){.results = type->result_count});
    core_instr_t instr;
    while (scan->frames.len > 0 && !scan->gave_up && !scan->no_memory) {
        if (++scan->steps > scan->step_limit || !core_read_instr(&body, &instr))
            scan->gave_up = true;
        else
            step(scan, &instr);
    }
}

/* The first table of docs/abi-2022.md: offsets, and widths, that occur in one layout only. Eight
 * bytes at a time may be two neighbours merged by a compiler. */
static void judge(evidence_t *evidence, uint32_t at, uint32_t width) {
    if (evidence->result == LEGACY_RESULT_OUTCOME) {
        evidence->canonical |= at == 1 || (at == 0 && width <= 2);
        evidence->slots |= at == 8 || (at == 0 && width == 4);
        return;
    }
    switch (at) {
    case 0:
        evidence->canonical |= width == 2;
        evidence->slots |= width == 4;
        break;
    case 4:
    case 12:
    case 20: evidence->canonical = true; break;
    case 16: evidence->canonical |= width == 1; break;
    case 32:
    case 40:
    case 48: evidence->slots |= width <= 8; break;
    default: break;
    }
}

/* The same where the type is not known. Only what has no hole of eight bytes or more before it is
 * part of the area for certain: other variables may lie behind it.
 *
 * Slots are four or eight bytes wide and lie at multiples of eight, so anything else is canonical.
 * Two neighbouring slots of four bytes leave a gap that canonical fields of four bytes do not
 * leave. Stores of eight bytes say nothing: they may be two canonical fields that a compiler
 * merged, and where they are fields themselves both layouts put them at the same place. */
static void judge_any(const scan_t *scan, value_t area, evidence_t *evidence) {
    enum { SMALL = 1 | 2, WORD = 4 };
    uint32_t widths[AREA_SIZE] = {0}, end = 0;
    bool slots = false, canonical = false;
    for (size_t i = 0; i < scan->stores.len; i++) {
        const store_t *store = &scan->stores.items[i];
        uint32_t at = store->to.offset - area.offset;
        if (store->to.base == area.base && at < AREA_SIZE)
            widths[at] |= store->width;
    }
    for (uint32_t at = 0; widths[0] != 0 && at < AREA_SIZE; at++) {
        uint32_t width = widths[at], before = at >= 8 ? widths[at - 8] : 0;
        if (width == 0)
            continue;
        if (at >= end + 8)
            break;
        canonical |= at % 8 != 0 || (width & SMALL) != 0;
        slots |= (before & width & WORD) != 0;
        for (uint32_t wide = 1; wide <= width; wide *= 2)
            if ((width & wide) != 0 && at + wide > end)
                end = at + wide;
    }
    evidence->canonical |= canonical;
    evidence->slots |= slots && !canonical;
}

static void judge_area(const scan_t *scan, value_t area, evidence_t *evidence) {
    if (area.base == 0 && area.offset < AREA_SIZE)
        return; /* not an address: asyncified code returns 0 while it unwinds */
    if (evidence->result == LEGACY_RESULT_ANY) {
        judge_any(scan, area, evidence);
        return;
    }
    for (size_t i = 0; i < scan->stores.len; i++) {
        const store_t *store = &scan->stores.items[i];
        uint32_t at = store->to.offset - area.offset;
        if (store->to.base == area.base && at < AREA_SIZE)
            judge(evidence, at, store->width);
    }
}

static bool has_evidence(const evidence_t *evidence) {
    return evidence->slots || evidence->canonical;
}

static void follow_area(scan_t *scan, uint32_t func, const value_t *params, value_t area,
                        evidence_t *evidence, unsigned depth);

/* What the last run called, kept while those functions are run in turn. */
typedef struct trace {
    VEC(call_t) calls;
    VEC(value_t) returned;
} trace_t;

static void take_trace(scan_t *scan, trace_t *trace) {
    memcpy(&trace->calls, &scan->calls, sizeof trace->calls);
    memcpy(&trace->returned, &scan->returned, sizeof trace->returned);
    memset(&scan->calls, 0, sizeof scan->calls);
    memset(&scan->returned, 0, sizeof scan->returned);
}

static void free_trace(trace_t *trace) {
    VEC_FREE(&trace->calls);
    VEC_FREE(&trace->returned);
}

/* Looks into the functions that were given a pointer into `area`. */
static void follow_arguments(scan_t *scan, const trace_t *trace, value_t area, evidence_t *evidence,
                             unsigned depth) {
    for (size_t i = 0; i < trace->calls.len && !has_evidence(evidence); i++) {
        if (scan->steps > scan->step_limit || scan->no_memory)
            return;
        const call_t *to = &trace->calls.items[i];
        uint32_t inside = to->value.offset - area.offset;
        if (to->position == RESULT || to->value.base != area.base || inside >= AREA_SIZE)
            continue;
        value_t params[PARAM_LIMIT];
        for (int p = 0; p < PARAM_LIMIT; p++)
            params[p] = fresh(scan);
        value_t callee_area = fresh(scan);
        params[to->position] = (value_t){callee_area.base, inside};
        follow_area(scan, to->func, params, callee_area, evidence, depth + 1);
    }
}

/* memcpy, memset: how they write says nothing about the area's type. */
static bool copies_bytes(const scan_t *scan, uint32_t func, value_t area) {
    const core_func_type_t *type = core_module_func_type(scan->module, func);
    return type != NULL && type->param_count == 3 && scan->returned.len > 0 &&
           same(scan->returned.items[0], area);
}

static void follow_area(scan_t *scan, uint32_t func, const value_t *params, value_t area,
                        evidence_t *evidence, unsigned depth) {
    trace_t trace;
    run(scan, func, params);
    bool usable = !scan->gave_up && !copies_bytes(scan, func, area);
    scan->gave_up = false; /* one function that is not understood does not spoil the others */
    if (usable)
        judge_area(scan, area, evidence);
    take_trace(scan, &trace);
    if (usable && !has_evidence(evidence) && depth < FOLLOW_LIMIT)
        follow_arguments(scan, &trace, area, evidence, depth);
    free_trace(&trace);
}

/* The function that returned `value` just so, or UINT32_MAX. */
static uint32_t origin_of(const trace_t *trace, value_t value) {
    for (size_t i = 0; i < trace->calls.len; i++)
        if (trace->calls.items[i].position == RESULT && same(trace->calls.items[i].value, value))
            return trace->calls.items[i].func;
    return UINT32_MAX;
}

/* An entry point: the areas are what it returns. Where it hands on what another function returned,
 * that one is looked at as well. */
static void follow_entry(scan_t *scan, uint32_t func, evidence_t *evidence, unsigned depth) {
    trace_t trace;
    run(scan, func, NULL);
    bool usable = !scan->gave_up;
    scan->gave_up = false;
    for (size_t i = 0; i < scan->returned.len && usable; i++)
        judge_area(scan, scan->returned.items[i], evidence);
    take_trace(scan, &trace);
    for (size_t i = 0; i < trace.returned.len && usable && depth < FOLLOW_LIMIT; i++) {
        if (has_evidence(evidence) || scan->no_memory)
            break;
        uint32_t origin = origin_of(&trace, trace.returned.items[i]);
        if (origin != UINT32_MAX)
            follow_entry(scan, origin, evidence, depth + 1);
        follow_arguments(scan, &trace, trace.returned.items[i], evidence, depth);
    }
    free_trace(&trace);
}

spin_error_t *legacy_scan_layout(const core_module_t *module, uint32_t func, legacy_result_t result,
                                 uint32_t *steps, legacy_layout_t *out) {
    scan_t scan = {.module = module,
                   .step_limit = *steps < STEP_LIMIT ? *steps : (uint32_t)STEP_LIMIT};
    evidence_t evidence = {.result = result};
    follow_entry(&scan, func, &evidence, 0);
    *steps -= scan.steps < *steps ? scan.steps : *steps;
    *out = LEGACY_LAYOUT_UNKNOWN;
    if (evidence.slots != evidence.canonical)
        *out = evidence.slots ? LEGACY_LAYOUT_SLOTS : LEGACY_LAYOUT_CANONICAL;
    VEC_FREE(&scan.stack);
    VEC_FREE(&scan.frames);
    VEC_FREE(&scan.locals);
    VEC_FREE(&scan.globals);
    VEC_FREE(&scan.stores);
    VEC_FREE(&scan.calls);
    VEC_FREE(&scan.returned);
    return scan.no_memory ? error_no_memory() : NULL;
}
