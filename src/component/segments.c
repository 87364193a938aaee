/* Elements and data, and the function that starts the instances in their order.
 *
 * The fused module's active segments are all written before any code runs. One stays active where
 * that makes no difference: its offset is a constant, it is in bounds at that time, and nothing
 * that comes before it can see or undo it. All others become passive; the start function writes
 * them where their turn is, with the traps that they have. */
#include "base/error.h"
#include "component/fuse_parts.h"

enum {
    CHAIN_LIMIT = 100,
    OP_REF_NULL = 0xd0,
    OP_I64_CONST = 0x42,
    OP_F64_CONST = 0x44,
    OP_V128_CONST = 0xfd000c,
    PREFIX_BULK = 0xfc,
    BULK_MEMORY_INIT = 8,
    BULK_DATA_DROP = 9,
    BULK_TABLE_INIT = 12,
    BULK_ELEM_DROP = 13,
};

/* ── constant expressions ── */

typedef struct place {
    uint32_t instance;
    spin_slice_t expression;
} place_t;

/* The definition of a global, and its number in its module; NULL where there is none. */
static const core_global_t *find_global(const fuse_t *fuse, uint32_t instance, uint32_t index,
                                        linked_item_t *item) {
    *item = fuse_item_of(fuse, instance, CORE_EXTERN_GLOBAL, index);
    if (item->kind != LINKED_DEFINED)
        return NULL;
    const core_module_t *module = fuse->instances[item->owner].module;
    uint32_t own = item->index - module->imported[CORE_EXTERN_GLOBAL];
    return own < module->global_count ? &module->globals[own] : NULL;
}

/* The only instruction of an expression. */
static bool read_single(const fuse_t *fuse, const place_t *place, core_instr_t *out) {
    core_reader_t code =
        core_module_part(fuse->instances[place->instance].module, place->expression);
    return core_read_instr(&code, out) && core_read_u8(&code) == CORE_OP_END &&
           core_reader_ok(&code) && core_reader_done(&code);
}

/* Goes from an expression that is nothing but an immutable global to what that one begins with. */
static bool follow(const fuse_t *fuse, place_t *place, core_instr_t *instr) {
    for (uint32_t i = 0; i < CHAIN_LIMIT; i++) {
        if (!read_single(fuse, place, instr))
            return false;
        if (instr->opcode != CORE_OP_GLOBAL_GET)
            return true;
        linked_item_t item;
        const core_global_t *global =
            find_global(fuse, place->instance, instr->indices[0].value, &item);
        if (global == NULL || global->mutable)
            return false;
        *place = (place_t){item.owner, global->init};
    }
    return false;
}

static bool is_constant(uint32_t opcode) {
    return (opcode >= CORE_OP_I32_CONST && opcode <= OP_F64_CONST) || opcode == OP_REF_NULL ||
           opcode == CORE_OP_REF_FUNC || opcode == OP_V128_CONST;
}

static void rewrite(fuse_t *fuse, uint32_t instance, spin_slice_t expression, buf_t *out) {
    const fuse_instance_t *of = &fuse->instances[instance];
    spin_error_t *error = core_rewrite_expression(of->module, expression, &of->map, out);
    if (error != NULL)
        fuse_fail_in(fuse, instance, error);
}

/* global.get, or what the global always is: not all engines let one global begin with another of
 * the same module. */
static void write_global(fuse_t *fuse, uint32_t instance, const core_instr_t *get, buf_t *out) {
    linked_item_t item;
    const core_global_t *global = find_global(fuse, instance, get->indices[0].value, &item);
    place_t place = {item.owner, global == NULL ? (spin_slice_t){0} : global->init};
    core_instr_t instr;
    if (global != NULL && !global->mutable && follow(fuse, &place, &instr) &&
        is_constant(instr.opcode)) {
        rewrite(fuse, place.instance, place.expression, out);
        if (out->len > 0)
            out->len--; /* its `end` */
        return;
    }
    if (item.kind == LINKED_NOTHING)
        fuse_fail_in(fuse, instance,
                     error_at_offset(error_new(SPIN_ERROR_INVALID, "unknown global %u",
                                               (unsigned)get->indices[0].value),
                                     NULL, get->start));
    else
        fuse_put_op(out, CORE_OP_GLOBAL_GET, fuse_number(fuse, item));
}

/* One instruction as an expression of its own, without the `end`. */
static void write_instr(fuse_t *fuse, uint32_t instance, const core_instr_t *instr, buf_t *out) {
    buf_t single = {0};
    core_module_t pretended = *fuse->instances[instance].module;
    buf_append(&single,
               spin_slice_of(pretended.bytes.ptr + instr->start, instr->end - instr->start));
    buf_append_byte(&single, CORE_OP_END);
    pretended.bytes = buf_slice(&single);
    spin_error_t *error = single.failed
                              ? error_no_memory()
                              : core_rewrite_expression(&pretended, buf_slice(&single),
                                                        &fuse->instances[instance].map, out);
    if (error != NULL)
        fuse_fail_in(fuse, instance, error_at_offset(error, NULL, instr->start));
    else if (out->len > 0)
        out->len--;
    buf_deinit(&single);
}

void segments_write_expression(fuse_t *fuse, uint32_t instance, spin_slice_t expression,
                               buf_t *out) {
    const core_module_t *module = fuse->instances[instance].module;
    core_reader_t code = core_module_part(module, expression);
    core_instr_t instr;
    bool has_global = false;
    while (!core_reader_done(&code) && core_read_instr(&code, &instr))
        has_global |= instr.opcode == CORE_OP_GLOBAL_GET;
    if (!has_global) {
        rewrite(fuse, instance, expression, out);
        return;
    }
    code = core_module_part(module, expression);
    while (fuse_ok(fuse) && core_read_instr(&code, &instr) && instr.opcode != CORE_OP_END) {
        if (instr.opcode == CORE_OP_GLOBAL_GET)
            write_global(fuse, instance, &instr, out);
        else
            write_instr(fuse, instance, &instr, out);
    }
    spin_error_t *error = core_reader_error(&code);
    if (error != NULL)
        fuse_fail_in(fuse, instance, error);
    buf_append_byte(out, CORE_OP_END);
}

/* ── what becomes of each segment ── */

typedef struct history {
    bool code_ran;         /* a start function, of this instance's predecessors */
    bool elements_started; /* segments that are written by the start function */
    bool data_started;
} history_t;

static fuse_segment_t judge(const fuse_t *fuse, uint32_t instance, spin_slice_t offset,
                            const linked_item_t *target, uint64_t size, uint64_t len, bool mixed,
                            bool own_started) {
    fuse_segment_t out = {.fate = FUSE_SEGMENT_STARTED};
    place_t place = {instance, offset};
    core_instr_t instr;
    if (follow(fuse, &place, &instr) && instr.opcode == CORE_OP_I32_CONST) {
        out.is_const = true;
        out.offset = (uint32_t)instr.value;
    } else if (follow(fuse, &place, &instr) && instr.opcode == OP_I64_CONST) {
        out.is_const = true;
        out.offset = (uint64_t)instr.value;
    }
    bool is_inside = out.is_const && len <= size && out.offset <= size - len;
    bool is_early = target->owner == instance ? !own_started : !mixed;
    if (is_inside && is_early)
        out.fate = FUSE_SEGMENT_AS_IT_IS;
    return out;
}

static fuse_segment_t judge_element(const fuse_t *fuse, uint32_t instance,
                                    const core_element_t *element, const history_t *history,
                                    bool own_started) {
    fuse_segment_t kept = {.fate = FUSE_SEGMENT_AS_IT_IS};
    if (element->mode != CORE_SEGMENT_ACTIVE)
        return kept;
    linked_item_t item = fuse_item_of(fuse, instance, CORE_EXTERN_TABLE, element->table);
    if (item.kind != LINKED_DEFINED)
        return kept; /* an index that is out of bounds: an error when it is written */
    const fuse_instance_t *owner = &fuse->instances[item.owner];
    uint32_t own = item.index - owner->module->imported[CORE_EXTERN_TABLE];
    if (own >= owner->module->table_count)
        return kept;
    if (owner->dead_tables != NULL && owner->dead_tables[own])
        return (fuse_segment_t){.fate = FUSE_SEGMENT_EMPTY};
    return judge(fuse, instance, element->offset, &item, owner->module->tables[own].limits.min,
                 element->count, history->code_ran || history->elements_started, own_started);
}

static fuse_segment_t judge_data(const fuse_t *fuse, uint32_t instance, const core_data_t *data,
                                 const history_t *history, bool own_started) {
    fuse_segment_t kept = {.fate = FUSE_SEGMENT_AS_IT_IS};
    if (data->mode != CORE_SEGMENT_ACTIVE)
        return kept;
    linked_item_t item = fuse_item_of(fuse, instance, CORE_EXTERN_MEMORY, data->memory);
    if (item.kind != LINKED_DEFINED)
        return kept;
    const core_module_t *module = fuse->instances[item.owner].module;
    uint32_t own = item.index - module->imported[CORE_EXTERN_MEMORY];
    if (own >= module->memory_count)
        return kept;
    const core_limits_t *limits = &module->memories[own];
    uint64_t size = limits->page_bits < 64 && limits->min <= UINT64_MAX >> limits->page_bits
                        ? limits->min << limits->page_bits
                        : UINT64_MAX;
    return judge(fuse, instance, data->offset, &item, size, data->bytes.len,
                 history->code_ran || history->data_started, own_started);
}

static void judge_instance(fuse_t *fuse, uint32_t instance, history_t *history) {
    const core_module_t *module = fuse->instances[instance].module;
    bool own_started = false;
    for (uint32_t i = 0; i < module->element_count; i++) {
        fuse_segment_t segment =
            judge_element(fuse, instance, &module->elements[i], history, own_started);
        own_started |= segment.fate == FUSE_SEGMENT_STARTED;
        fuse->no_memory |= !VEC_PUSH(&fuse->elements, segment);
    }
    history->elements_started |= own_started;
    own_started = false;
    for (uint32_t i = 0; i < module->data_count; i++) {
        fuse_segment_t segment = judge_data(fuse, instance, &module->data[i], history, own_started);
        own_started |= segment.fate == FUSE_SEGMENT_STARTED;
        fuse->no_memory |= !VEC_PUSH(&fuse->data, segment);
    }
    history->data_started |= own_started;
    history->code_ran |= module->has_start;
}

/* ── functions that ref.func names ── */

static void declare(fuse_t *fuse, uint32_t instance, uint32_t index, bool *exported) {
    if (!exported[index])
        return;
    exported[index] = false; /* once */
    fuse->no_memory |=
        !VEC_PUSH(&fuse->declared, fuse->instances[instance].numbers[CORE_SPACE_FUNC][index]);
}

/* A function may be named by ref.func where an export of its module names it; such exports are no
 * more. Any byte that looks like ref.func counts: one declared for nothing does no harm. */
static void declare_exported(fuse_t *fuse, uint32_t instance) {
    const core_module_t *module = fuse->instances[instance].module;
    uint32_t count = fuse->instances[instance].map.count[CORE_SPACE_FUNC];
    bool *exported = fuse_calloc(fuse, count, sizeof *exported);
    for (uint32_t i = 0; i < module->export_count && exported != NULL; i++)
        if (module->exports[i].kind == CORE_EXTERN_FUNC && module->exports[i].index < count)
            exported[module->exports[i].index] = true;
    for (uint32_t i = 0; i < module->section_count && exported != NULL; i++) {
        if (module->sections[i].id != CORE_SECTION_CODE)
            continue;
        const uint8_t *at = module->sections[i].body.at, *end = module->sections[i].body.end;
        while (at < end && (at = memchr(at, CORE_OP_REF_FUNC, (size_t)(end - at))) != NULL) {
            at++;
            core_reader_t index;
            core_reader_init(&index, spin_slice_of(at, (size_t)(end - at)));
            uint32_t function = core_read_u32(&index);
            if (core_reader_ok(&index) && function < count)
                declare(fuse, instance, function, exported);
        }
    }
}

void segments_plan(fuse_t *fuse) {
    const linked_component_t *linked = fuse->linked;
    history_t history = {0};
    for (uint32_t i = 0; i < linked->instance_count && fuse_ok(fuse); i++) {
        judge_instance(fuse, i, &history);
        declare_exported(fuse, i);
    }
    fuse->start = FUSE_NONE;
    if (!fuse_ok(fuse) || (!history.code_ran && !history.elements_started && !history.data_started))
        return;
    fuse_function_t start = {.emit = segments_emit_start,
                             .type = fuse_type_number(fuse, "", ""),
                             .name = SLICE_LITERAL("spin:start")};
    fuse->start = fuse_function_new(fuse, SLICE_LITERAL("start"), &start);
}

/* ── the start function ── */

static void put_bulk(buf_t *body, uint32_t code, uint32_t first) {
    buf_append_byte(body, PREFIX_BULK);
    core_put_u32(body, code);
    core_put_u32(body, first);
}

/* What stands in front of memory.init and table.init: where to, from 0, how many. */
static void put_range(fuse_t *fuse, uint32_t instance, spin_slice_t offset, size_t count,
                      buf_t *body) {
    segments_write_expression(fuse, instance, offset, body);
    if (body->len > 0)
        body->len--;
    fuse_put_i32(body, 0);
    fuse_put_i32(body, (int32_t)(uint32_t)count);
}

static void start_instance(fuse_t *fuse, uint32_t instance, buf_t *body) {
    const fuse_instance_t *of = &fuse->instances[instance];
    const core_module_t *module = of->module;
    for (uint32_t i = 0; i < module->element_count && fuse_ok(fuse); i++) {
        const core_element_t *element = &module->elements[i];
        uint32_t number = of->first[CORE_SPACE_ELEMENT] + i;
        if (fuse->elements.items[number].fate != FUSE_SEGMENT_STARTED)
            continue;
        put_range(fuse, instance, element->offset, element->count, body);
        put_bulk(body, BULK_TABLE_INIT, number);
        core_put_u32(body, of->numbers[CORE_SPACE_TABLE][element->table]);
        put_bulk(body, BULK_ELEM_DROP, number);
    }
    for (uint32_t i = 0; i < module->data_count && fuse_ok(fuse); i++) {
        const core_data_t *data = &module->data[i];
        uint32_t number = of->first[CORE_SPACE_DATA] + i;
        if (fuse->data.items[number].fate != FUSE_SEGMENT_STARTED)
            continue;
        put_range(fuse, instance, data->offset, data->bytes.len, body);
        put_bulk(body, BULK_MEMORY_INIT, number);
        core_put_u32(body, of->numbers[CORE_SPACE_MEMORY][data->memory]);
        put_bulk(body, BULK_DATA_DROP, number);
    }
    if (!module->has_start)
        return;
    if (module->start < of->map.count[CORE_SPACE_FUNC])
        fuse_put_op(body, CORE_OP_CALL, of->numbers[CORE_SPACE_FUNC][module->start]);
    else
        fuse_fail(fuse, error_new(SPIN_ERROR_INVALID, "start function %u is not there",
                                  (unsigned)module->start));
}

void segments_emit_start(fuse_t *fuse, const fuse_function_t *function, buf_t *body) {
    (void)function;
    core_put_u32(body, 0);
    for (uint32_t i = 0; i < fuse->linked->instance_count && fuse_ok(fuse); i++)
        start_instance(fuse, i, body);
    buf_append_byte(body, CORE_OP_END);
}

/* ── sections ── */

static void write_offset(fuse_t *fuse, uint32_t instance, const fuse_segment_t *segment,
                         spin_slice_t offset, bool is64, buf_t *out) {
    if (!segment->is_const) {
        segments_write_expression(fuse, instance, offset, out);
        return;
    }
    buf_append_byte(out, is64 ? OP_I64_CONST : CORE_OP_I32_CONST);
    if (is64)
        core_put_s64(out, (int64_t)segment->offset);
    else
        core_put_s32(out, (int32_t)(uint32_t)segment->offset);
    buf_append_byte(out, CORE_OP_END);
}

/* The bytes of a segment's offset say by their first opcode how wide it is, also where a global
 * gives it. */
static bool is_offset64(const fuse_t *fuse, uint32_t instance, spin_slice_t offset) {
    place_t place = {instance, offset};
    core_instr_t instr;
    return follow(fuse, &place, &instr) && instr.opcode == OP_I64_CONST;
}

static void write_items(fuse_t *fuse, uint32_t instance, const core_element_t *element,
                        buf_t *out) {
    const fuse_instance_t *of = &fuse->instances[instance];
    core_reader_t items = core_module_part(of->module, element->items);
    core_put_u32(out, element->count);
    for (uint32_t i = 0; i < element->count && core_reader_ok(&items) && fuse_ok(fuse); i++) {
        if (element->expressions) {
            segments_write_expression(fuse, instance, core_read_expression(&items), out);
            continue;
        }
        uint32_t index = core_read_u32(&items);
        if (index >= of->map.count[CORE_SPACE_FUNC]) {
            core_reader_fail(&items, core_reader_offset(&items), "no such function");
            break;
        }
        core_put_u32(out, of->numbers[CORE_SPACE_FUNC][index]);
    }
    spin_error_t *error = core_reader_error(&items);
    if (error != NULL)
        fuse_fail(fuse, error);
}

static void write_element(fuse_t *fuse, uint32_t instance, const core_element_t *element,
                          const fuse_segment_t *segment, buf_t *out) {
    enum { PASSIVE = 1, WITH_TABLE = 2, DECLARED = 3, EXPRESSIONS = 4 };
    const fuse_instance_t *of = &fuse->instances[instance];
    bool is_active = element->mode == CORE_SEGMENT_ACTIVE && segment->fate == FUSE_SEGMENT_AS_IT_IS;
    bool is_declared =
        element->mode == CORE_SEGMENT_DECLARED || segment->fate == FUSE_SEGMENT_EMPTY;
    buf_append_byte(out, (uint8_t)((is_active     ? WITH_TABLE
                                    : is_declared ? DECLARED
                                                  : PASSIVE) |
                                   (element->expressions ? EXPRESSIONS : 0)));
    if (is_active) {
        if (element->table >= of->map.count[CORE_SPACE_TABLE]) {
            fuse_fail(fuse, error_new(SPIN_ERROR_INVALID,
                                      "an element segment's table %u is not "
                                      "there",
                                      (unsigned)element->table));
            return;
        }
        core_put_u32(out, of->numbers[CORE_SPACE_TABLE][element->table]);
        write_offset(fuse, instance, segment, element->offset,
                     is_offset64(fuse, instance, element->offset), out);
    }
    spin_error_t *error = NULL;
    if (element->expressions)
        error = core_rewrite_val_type(element->type, &of->map, out);
    else
        buf_append_byte(out, 0);
    if (error != NULL)
        fuse_fail(fuse, error);
    else if (segment->fate == FUSE_SEGMENT_EMPTY)
        core_put_u32(out, 0);
    else
        write_items(fuse, instance, element, out);
}

void segments_write_elements(fuse_t *fuse, buf_t *out) {
    enum { DECLARED = 3 };
    bool has_declared = fuse->declared.len > 0;
    core_put_u32(out, (uint32_t)fuse->elements.len + (has_declared ? 1 : 0));
    uint32_t number = 0;
    for (uint32_t i = 0; i < fuse->linked->instance_count; i++) {
        const core_module_t *module = fuse->instances[i].module;
        for (uint32_t k = 0; k < module->element_count && fuse_ok(fuse); k++, number++)
            write_element(fuse, i, &module->elements[k], &fuse->elements.items[number], out);
    }
    if (!has_declared)
        return;
    buf_append_byte(out, DECLARED);
    buf_append_byte(out, 0);
    core_put_u32(out, (uint32_t)fuse->declared.len);
    for (size_t i = 0; i < fuse->declared.len; i++)
        core_put_u32(out, fuse->declared.items[i]);
}

static void write_data(fuse_t *fuse, uint32_t instance, const core_data_t *data,
                       const fuse_segment_t *segment, buf_t *out) {
    enum { ACTIVE = 0, PASSIVE = 1, WITH_MEMORY = 2 };
    const fuse_instance_t *of = &fuse->instances[instance];
    bool is_active = data->mode == CORE_SEGMENT_ACTIVE && segment->fate == FUSE_SEGMENT_AS_IT_IS;
    if (is_active && data->memory >= of->map.count[CORE_SPACE_MEMORY]) {
        fuse_fail(fuse, error_new(SPIN_ERROR_INVALID, "a data segment's memory %u is not there",
                                  (unsigned)data->memory));
        return;
    }
    uint32_t memory = is_active ? of->numbers[CORE_SPACE_MEMORY][data->memory] : 0;
    buf_append_byte(out, !is_active ? PASSIVE : memory == 0 ? ACTIVE : WITH_MEMORY);
    if (memory != 0)
        core_put_u32(out, memory);
    if (is_active)
        write_offset(fuse, instance, segment, data->offset,
                     is_offset64(fuse, instance, data->offset), out);
    core_put_name(out, data->bytes);
}

void segments_write_data(fuse_t *fuse, buf_t *out) {
    uint32_t number = 0;
    core_put_u32(out, (uint32_t)fuse->data.len);
    for (uint32_t i = 0; i < fuse->linked->instance_count; i++) {
        const core_module_t *module = fuse->instances[i].module;
        for (uint32_t k = 0; k < module->data_count && fuse_ok(fuse); k++, number++)
            write_data(fuse, i, &module->data[k], &fuse->data.items[number], out);
    }
}
