/* A synchronous call from one component instance into another: what canon lower of the caller and
 * canon lift of the callee do together (CanonicalABI.md, "canon lift", "canon lower"), as core Wasm
 * in the fused module. A trap ends the instance as a whole, so nothing is put back on the way out
 * of one, and checks may be made earlier or later than the specification has them. */
#include "base/error.h"
#include "component/adapter_parts.h"

enum { ANCESTORS_MAX = 128 };

typedef struct adapter {
    code_t code;
    fuse_t *fuse;
    const linked_component_t *linked;
    const linked_lower_t *lower;
    const linked_lift_t *lift;
    signature_t lower_signature, lift_signature;
    adapter_way_t params, results; /* caller to callee, and back */
    bool has_borrows;
    bool has_post_return;
    /* Component instances that the call enters: the callee's and those around it that the caller is
     * not in. */
    uint32_t entered[ANCESTORS_MAX];
    uint32_t entered_count;
    adapter_flat_t result; /* of the lifted function: what it returned */
    adapter_flat_t answer; /* what the adapter returns */
} adapter_t;

/* ── who may enter whom ──────────────────────────────────────────────────────────────────── */

static bool is_inside(const linked_component_t *linked, uint32_t component, uint32_t ancestor) {
    while (component != LINKED_NONE && component != ancestor)
        component = linked->components[component].parent;
    return component == ancestor;
}

/* Calls between an instance and one that contains it are traps for now, as they would enter one
 * that is entered. */
static bool is_reentrance(const adapter_t *adapter) {
    return is_inside(adapter->linked, adapter->lower->component, adapter->lift->component) ||
           is_inside(adapter->linked, adapter->lift->component, adapter->lower->component);
}

static void find_entered(adapter_t *adapter) {
    const linked_component_t *linked = adapter->linked;
    uint32_t component = adapter->lift->component;
    while (!is_inside(linked, adapter->lower->component, component)) {
        if (adapter->entered_count == ANCESTORS_MAX) {
            fuse_fail(adapter->fuse, error_new(SPIN_ERROR_LIMIT, "components nested deeper than %d",
                                               ANCESTORS_MAX));
            return;
        }
        adapter->entered[adapter->entered_count++] = component;
        component = linked->components[component].parent;
    }
}

static void trap_if_flag(adapter_t *adapter, uint32_t component, int32_t flag, fuse_trap_t trap) {
    code_t *code = &adapter->code;
    code_global_get(code, fuse_flags_number(adapter->fuse, component));
    code_const(code, 'i', flag);
    code_int(code, 'i', OP_AND);
    code_trap_if(code, trap);
}

static void change_flag(adapter_t *adapter, uint32_t component, uint32_t op, int32_t mask) {
    code_t *code = &adapter->code;
    uint32_t flags = fuse_flags_number(adapter->fuse, component);
    code_global_get(code, flags);
    code_const(code, 'i', mask);
    code_int(code, 'i', op);
    code_global_set(code, flags);
}

static void put_enter(adapter_t *adapter) {
    trap_if_flag(adapter, adapter->lower->component, FUSE_FLAG_NO_LEAVE, FUSE_TRAP_CANNOT_LEAVE);
    for (uint32_t i = 0; i < adapter->entered_count; i++)
        trap_if_flag(adapter, adapter->entered[i], FUSE_FLAG_ENTERED, FUSE_TRAP_CANNOT_ENTER);
    for (uint32_t i = 0; i < adapter->entered_count; i++)
        change_flag(adapter, adapter->entered[i], OP_OR, FUSE_FLAG_ENTERED);
}

static void put_leave(adapter_t *adapter) {
    for (uint32_t i = 0; i < adapter->entered_count; i++)
        change_flag(adapter, adapter->entered[i], OP_AND, ~FUSE_FLAG_ENTERED);
}

static void put_borrow_call(adapter_t *adapter, fuse_runtime_t function) {
    if (!adapter->has_borrows)
        return;
    code_const(&adapter->code, 'i', adapter->params.lower);
    code_call(&adapter->code, fuse_runtime_number(adapter->fuse, function));
}

/* ── parameters and results ──────────────────────────────────────────────────────────────── */

/* Checks the area that local `pointer` points to. */
static void check_area(adapter_t *adapter, const adapter_side_t *side, uint32_t pointer,
                       adapter_extent_t extent) {
    code_const(&adapter->code, 'I', extent.size);
    adapter_check_range(&adapter->code, side, pointer, extent.align);
}

/* Where the parameters are: locals 0 and up, or the area that local 0 points to. */
static adapter_place_t caller_params(adapter_t *adapter, adapter_flat_t flats[SIGNATURE_MAX]) {
    const adapter_side_t *side = &adapter->params.from;
    const spin_function_t *type = adapter->lower->type;
    for (uint32_t i = 0; adapter->lower_signature.params[i] != 0; i++)
        flats[i] = (adapter_flat_t){i, adapter->lower_signature.params[i]};
    if (adapter->lower_signature.params_in_memory)
        check_area(
            adapter, side, 0,
            adapter_extent(adapter->fuse, type->params, type->params_len, side->memory.is64));
    return (adapter_place_t){.in_memory = adapter->lower_signature.params_in_memory,
                             .memory = side->memory,
                             .flats = flats};
}

/* Where they go: new locals, or an area that the callee's allocator gives. */
static adapter_place_t callee_params(adapter_t *adapter, adapter_flat_t flats[SIGNATURE_MAX]) {
    const adapter_side_t *side = &adapter->params.to;
    const spin_function_t *type = adapter->lift->type;
    code_t *code = &adapter->code;
    for (uint32_t i = 0; adapter->lift_signature.params[i] != 0; i++) {
        char letter = adapter->lift_signature.params[i];
        flats[i] = (adapter_flat_t){code_local(code, letter), letter};
    }
    if (adapter->lift_signature.params_in_memory) {
        adapter_extent_t extent =
            adapter_extent(adapter->fuse, type->params, type->params_len, side->memory.is64);
        code_const(code, code_pointer(side->memory), extent.size);
        code_set(code, flats[0].local);
        adapter_allocate_new(code, side, extent.align, flats[0].local);
        code_set(code, flats[0].local);
    }
    return (adapter_place_t){.in_memory = adapter->lift_signature.params_in_memory,
                             .memory = side->memory,
                             .base = flats[0].local,
                             .flats = flats};
}

static void put_call(adapter_t *adapter) {
    code_t *code = &adapter->code;
    adapter_flat_t from_flats[SIGNATURE_MAX] = {0}, to_flats[SIGNATURE_MAX] = {0};
    adapter_place_t from = caller_params(adapter, from_flats);
    adapter_place_t to = callee_params(adapter, to_flats);
    adapter_put_fields(code, &adapter->params, adapter->lower->type->params, &from,
                       adapter->lift->type->params, &to, adapter->lower->type->params_len);
    adapter_clear_context(code);
    for (uint32_t i = 0; adapter->lift_signature.params[i] != 0; i++) {
        code_get(code, to_flats[i].local);
        code_release(code, to_flats[i].local);
    }
    code_call(code,
              fuse_guarded_number(adapter->fuse, adapter->lift->func,
                                  adapter->lift_signature.params, adapter->lift_signature.results));
    char letter = adapter->lift_signature.results[0];
    if (letter != 0) {
        adapter->result = (adapter_flat_t){code_local(code, letter), letter};
        code_set(code, adapter->result.local);
    }
}

static void put_results(adapter_t *adapter) {
    code_t *code = &adapter->code;
    const adapter_way_t *way = &adapter->results;
    const spin_type_t *from_type = adapter->lift->type->result.type;
    const spin_type_t *to_type = adapter->lower->type->result.type;
    if (from_type == NULL || to_type == NULL)
        return;
    adapter_value_t from = {from_type,
                            {.in_memory = adapter->lift_signature.result_in_memory,
                             .memory = way->from.memory,
                             .base = adapter->result.local,
                             .flats = &adapter->result}};
    adapter_value_t to = {to_type,
                          {.in_memory = adapter->lower_signature.result_in_memory,
                           .memory = way->to.memory,
                           .flats = &adapter->answer}};
    if (from.place.in_memory)
        check_area(adapter, &way->from, from.place.base,
                   (adapter_extent_t){signature_size(from_type, way->from.memory.is64),
                                      signature_align(from_type, way->from.memory.is64)});
    if (to.place.in_memory) {
        to.place.base = (uint32_t)strlen(adapter->lower_signature.params) - 1;
        check_area(adapter, &way->to, to.place.base,
                   (adapter_extent_t){signature_size(to_type, way->to.memory.is64),
                                      signature_align(to_type, way->to.memory.is64)});
    } else {
        char letter = adapter->lower_signature.results[0];
        adapter->answer = (adapter_flat_t){code_local(code, letter), letter};
    }
    adapter_put_value(code, way, &from, &to);
}

/* In the context that the callee left, and unable to leave. */
static void put_post_return(adapter_t *adapter, const uint32_t context[ADAPTER_SLOTS]) {
    code_t *code = &adapter->code;
    adapter_restore_context(code, context);
    change_flag(adapter, adapter->lift->component, OP_OR, FUSE_FLAG_NO_LEAVE);
    if (adapter->lift_signature.results[0] != 0)
        code_get(code, adapter->result.local);
    code_call(code, fuse_guarded_number(adapter->fuse, adapter->params.to.options->post_return,
                                        adapter->lift_signature.results, ""));
    change_flag(adapter, adapter->lift->component, OP_AND, ~FUSE_FLAG_NO_LEAVE);
}

/* ── the whole ───────────────────────────────────────────────────────────────────────────── */

static void put_body(adapter_t *adapter) {
    code_t *code = &adapter->code;
    uint32_t caller_context[ADAPTER_SLOTS], callee_context[ADAPTER_SLOTS];
    put_enter(adapter);
    put_borrow_call(adapter, FUSE_ENTER_CALL);
    adapter_save_context(code, caller_context);
    put_call(adapter);
    if (adapter->has_post_return)
        adapter_save_context(code, callee_context);
    put_borrow_call(adapter, FUSE_LEAVE_CALL);
    put_results(adapter);
    if (adapter->has_post_return)
        put_post_return(adapter, callee_context);
    adapter_restore_context(code, caller_context);
    put_leave(adapter);
}

static bool has_borrows(const spin_function_t *type) {
    for (size_t i = 0; i < type->params_len; i++)
        if (type->params[i].ref.type->has_borrows)
            return true;
    return false;
}

static void init(adapter_t *adapter, fuse_t *fuse, uint32_t index) {
    const linked_component_t *linked = fuse_linked(fuse);
    const linked_lower_t *lower = &linked->lowers[index];
    const linked_lift_t *lift = &linked->lifts[lower->callee];
    *adapter = (adapter_t){.fuse = fuse, .linked = linked, .lower = lower, .lift = lift};
    adapter->lower_signature = signature_of_lower(lower->type, &linked->options[lower->options]);
    adapter->lift_signature = signature_of_lift(lift->type, &linked->options[lift->options]);
    adapter_side_t caller = adapter_side(fuse, lower->options, lower->component);
    adapter_side_t callee = adapter_side(fuse, lift->options, lift->component);
    adapter->params = (adapter_way_t){fuse, index, caller, callee};
    adapter->results = (adapter_way_t){fuse, index, callee, caller};
    adapter->has_borrows = has_borrows(lower->type);
    adapter->has_post_return = callee.options->post_return.kind != LINKED_NOTHING;
    code_init(&adapter->code, fuse, adapter->lower_signature.params);
}

void adapter_emit(fuse_t *fuse, uint32_t index, buf_t *body) {
    adapter_t adapter;
    init(&adapter, fuse, index);
    code_t *code = &adapter.code;
    if (is_reentrance(&adapter)) {
        code_trap(code, FUSE_TRAP_CANNOT_ENTER);
    } else {
        find_entered(&adapter);
        put_body(&adapter);
        if (adapter.answer.letter != 0)
            code_get(code, adapter.answer.local);
    }
    code_finish(code, body);
}
