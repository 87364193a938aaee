/* Toolchains break the circle between a module and what lowers its imports with a table: the module
 * imports functions that do nothing but call an element of it, and another instance fills it in
 * later. Where it can be shown that such an element never changes, callers call it themselves, and
 * where nothing else looks at the table, it goes away.
 *
 * It is shown for a table when only constant active segments write to it, and for a function when
 * no guest code can have run between its own instantiation and that of the segment. */
#include "component/fuse_parts.h"

enum {
    TABLE_SIZE_LIMIT = 65536,
    CODE_LIMIT = 1 << 20, /* a module with more code than this is not searched */
    CHAIN_LIMIT = 64,
};

typedef struct shim_table {
    const linked_item_t *source; /* who defines it: `owner` and `index` */
    bool is_open;                /* it may change */
    bool is_used;                /* by more than shims that are seen through */
    uint32_t size;
    linked_item_t *items;
    uint32_t *writers; /* which instance wrote the element */
} shim_table_t;

typedef struct shim {
    uint32_t function; /* in the index space of its module */
    uint32_t table;
    uint32_t type;
    uint32_t element;
} shim_t;

typedef struct finder {
    fuse_t *fuse;
    shim_table_t ***tables; /* by instance and its own tables: NULL where there is no interest */
    uint32_t *starts;       /* by instance: how many start functions there are before it */
} finder_t;

/* Whether a body is local.get 0 … n - 1; i32.const; call_indirect. */
static bool is_shim(const core_module_t *module, uint32_t index, shim_t *out) {
    uint32_t imported = module->imported[CORE_EXTERN_FUNC];
    const core_func_type_t *type = core_module_func_type(module, imported + index);
    core_reader_t body = core_module_part(module, module->bodies[index]);
    if (type == NULL || core_read_u32(&body) != 0)
        return false;
    for (uint32_t i = 0; i < type->param_count; i++)
        if (core_read_u8(&body) != CORE_OP_LOCAL_GET || core_read_u32(&body) != i)
            return false;
    if (core_read_u8(&body) != CORE_OP_I32_CONST)
        return false;
    out->element = (uint32_t)core_read_s32(&body);
    uint8_t call = core_read_u8(&body);
    if (call != CORE_OP_CALL_INDIRECT && call != CORE_OP_RETURN_CALL_INDIRECT)
        return false;
    out->function = imported + index;
    out->type = core_read_u32(&body);
    out->table = core_read_u32(&body);
    bool ends = core_read_u8(&body) == CORE_OP_END;
    return ends && core_reader_ok(&body) && core_reader_done(&body);
}

static shim_table_t *table_of(const finder_t *finder, uint32_t instance, uint32_t index) {
    linked_item_t item = fuse_item_of(finder->fuse, instance, CORE_EXTERN_TABLE, index);
    if (item.kind != LINKED_DEFINED || finder->tables[item.owner] == NULL)
        return NULL;
    const core_module_t *module = finder->fuse->instances[item.owner].module;
    uint32_t own = item.index - module->imported[CORE_EXTERN_TABLE];
    return own < module->table_count ? finder->tables[item.owner][own] : NULL;
}

/* Makes the record of a table that a shim calls through. */
static void take_interest(finder_t *finder, uint32_t instance, uint32_t index) {
    fuse_t *fuse = finder->fuse;
    if (table_of(finder, instance, index) != NULL)
        return;
    linked_item_t item = fuse_item_of(fuse, instance, CORE_EXTERN_TABLE, index);
    if (item.kind != LINKED_DEFINED)
        return;
    const core_module_t *module = fuse->instances[item.owner].module;
    uint32_t own = item.index - module->imported[CORE_EXTERN_TABLE];
    if (own >= module->table_count)
        return;
    if (finder->tables[item.owner] == NULL)
        finder->tables[item.owner] =
            fuse_calloc(fuse, module->table_count, sizeof **finder->tables);
    shim_table_t *table = fuse_calloc(fuse, 1, sizeof *table);
    if (!fuse_ok(fuse))
        return;
    const core_table_t *of = &module->tables[own];
    table->is_open = of->init.len > 0 || of->limits.is64 || of->limits.min > TABLE_SIZE_LIMIT;
    table->size = table->is_open ? 0 : (uint32_t)of->limits.min;
    table->items = fuse_calloc(fuse, table->size, sizeof *table->items);
    table->writers = fuse_calloc(fuse, table->size, sizeof *table->writers);
    finder->tables[item.owner][own] = table;
}

/* What instructions other than the shims' own calls do to a table. */
static void note_use(shim_table_t *table, uint32_t opcode) {
    table->is_used = true;
    enum { TABLE_GET = 0x25, TABLE_SIZE = 0xfc0010 };
    table->is_open |= opcode != CORE_OP_CALL_INDIRECT && opcode != CORE_OP_RETURN_CALL_INDIRECT &&
                      opcode != TABLE_GET && opcode != TABLE_SIZE;
}

static void search_body(finder_t *finder, uint32_t instance, spin_slice_t body) {
    const core_module_t *module = finder->fuse->instances[instance].module;
    core_reader_t code = core_module_part(module, body);
    core_instr_t instr;
    core_read_locals(&code);
    while (!core_reader_done(&code) && core_read_instr(&code, &instr))
        for (uint32_t i = 0; i < instr.index_count; i++) {
            if (instr.indices[i].space != CORE_SPACE_TABLE)
                continue;
            shim_table_t *table = table_of(finder, instance, instr.indices[i].value);
            if (table != NULL)
                note_use(table, instr.opcode);
        }
}

/* The function that an element of a segment is; false: it is not known here. */
static bool read_item(const finder_t *finder, uint32_t instance, bool is_expression,
                      core_reader_t *items, linked_item_t *out) {
    enum { REF_NULL = 0xd0 };
    *out = (linked_item_t){0};
    if (!is_expression) {
        *out = fuse_item_of(finder->fuse, instance, CORE_EXTERN_FUNC, core_read_u32(items));
        return core_reader_ok(items);
    }
    uint8_t opcode = core_read_u8(items);
    uint32_t index = core_read_u32(items);
    if (opcode == CORE_OP_REF_FUNC)
        *out = fuse_item_of(finder->fuse, instance, CORE_EXTERN_FUNC, index);
    else if (opcode != REF_NULL)
        return false;
    return core_read_u8(items) == CORE_OP_END && core_reader_ok(items);
}

static void note_element(finder_t *finder, uint32_t instance, const core_element_t *element) {
    const core_module_t *module = finder->fuse->instances[instance].module;
    shim_table_t *table = table_of(finder, instance, element->table);
    if (element->mode != CORE_SEGMENT_ACTIVE || table == NULL || table->is_open)
        return;
    core_reader_t offset = core_module_part(module, element->offset);
    bool is_const = core_read_u8(&offset) == CORE_OP_I32_CONST;
    uint32_t at = (uint32_t)core_read_s32(&offset);
    is_const = is_const && core_read_u8(&offset) == CORE_OP_END && core_reader_ok(&offset);
    if (!is_const || element->count > table->size || at > table->size - element->count) {
        table->is_open = true;
        return;
    }
    core_reader_t items = core_module_part(module, element->items);
    for (uint32_t i = 0; i < element->count && !table->is_open; i++) {
        table->is_open =
            !read_item(finder, instance, element->expressions, &items, &table->items[at + i]);
        table->writers[at + i] = instance;
    }
}

/* What an instance does to the tables that are of interest. */
static void search_instance(finder_t *finder, uint32_t instance) {
    const core_module_t *module = finder->fuse->instances[instance].module;
    uint32_t tables = module->imported[CORE_EXTERN_TABLE] + module->table_count;
    bool is_concerned = false;
    for (uint32_t i = 0; i < tables; i++)
        is_concerned |= table_of(finder, instance, i) != NULL;
    if (!is_concerned)
        return;
    size_t code = 0;
    for (uint32_t i = 0; i < module->function_count; i++)
        code += module->bodies[i].len;
    for (uint32_t i = 0; i < tables && code > CODE_LIMIT; i++) {
        shim_table_t *table = table_of(finder, instance, i);
        if (table != NULL)
            table->is_open = true;
    }
    shim_t shim;
    for (uint32_t i = 0; i < module->function_count && code <= CODE_LIMIT; i++)
        if (!is_shim(module, i, &shim))
            search_body(finder, instance, module->bodies[i]);
    for (uint32_t i = 0; i < module->element_count; i++)
        note_element(finder, instance, &module->elements[i]);
}

static bool may_pass(finder_t *finder, uint32_t instance, const shim_t *shim,
                     const shim_table_t *table) {
    fuse_t *fuse = finder->fuse;
    if (table->is_open || shim->element >= table->size)
        return false;
    const linked_item_t *item = &table->items[shim->element];
    uint32_t writer = table->writers[shim->element];
    if (item->kind == LINKED_NOTHING || item->sort != CORE_EXTERN_FUNC)
        return false;
    if (writer > instance && finder->starts[writer] != finder->starts[instance])
        return false;
    const core_module_t *module = fuse->instances[instance].module;
    uint32_t type = fuse_type_of_function(fuse, instance, shim->function);
    return shim->type < module->type_count && type != FUSE_NONE &&
           fuse->module_types[fuse->linked->instances[instance].module][shim->type] == type &&
           fuse_type_of_item(fuse, item) == type;
}

static void pass_shims(finder_t *finder, uint32_t instance) {
    fuse_instance_t *of = &finder->fuse->instances[instance];
    const core_module_t *module = of->module;
    shim_t shim;
    for (uint32_t i = 0; i < module->function_count && fuse_ok(finder->fuse); i++) {
        shim_table_t *table =
            is_shim(module, i, &shim) ? table_of(finder, instance, shim.table) : NULL;
        if (table == NULL)
            continue;
        if (!may_pass(finder, instance, &shim, table)) {
            table->is_used = true;
            continue;
        }
        if (of->shims == NULL)
            of->shims = fuse_calloc(finder->fuse, module->function_count, sizeof *of->shims);
        if (of->shims != NULL)
            of->shims[i] = table->items[shim.element];
    }
}

static void drop_tables(finder_t *finder, uint32_t instance) {
    fuse_instance_t *of = &finder->fuse->instances[instance];
    if (finder->tables[instance] == NULL)
        return;
    for (uint32_t i = 0; i < of->module->table_count; i++) {
        const shim_table_t *table = finder->tables[instance][i];
        if (table == NULL || table->is_open || table->is_used)
            continue;
        if (of->dead_tables == NULL)
            of->dead_tables =
                fuse_calloc(finder->fuse, of->module->table_count, sizeof *of->dead_tables);
        if (of->dead_tables != NULL)
            of->dead_tables[i] = true;
    }
}

void shim_find(fuse_t *fuse) {
    const linked_component_t *linked = fuse->linked;
    finder_t finder = {.fuse = fuse};
    finder.tables = fuse_calloc(fuse, linked->instance_count, sizeof *finder.tables);
    finder.starts = fuse_calloc(fuse, (size_t)linked->instance_count + 1, sizeof *finder.starts);
    if (!fuse_ok(fuse))
        return;
    for (uint32_t i = 0; i < linked->instance_count && fuse_ok(fuse); i++) {
        const core_module_t *module = fuse->instances[i].module;
        finder.starts[i + 1] = finder.starts[i] + (module->has_start ? 1 : 0);
        shim_t shim;
        for (uint32_t f = 0; f < module->function_count; f++)
            if (is_shim(module, f, &shim))
                take_interest(&finder, i, shim.table);
    }
    for (uint32_t i = 0; i < linked->builtin_count; i++) {
        const linked_item_t *item = &linked->builtins[i].table;
        shim_table_t *table =
            item->kind == LINKED_DEFINED ? table_of(&finder, item->owner, item->index) : NULL;
        if (table != NULL)
            table->is_open = true;
    }
    for (uint32_t i = 0; i < linked->instance_count && fuse_ok(fuse); i++)
        search_instance(&finder, i);
    for (uint32_t i = 0; i < linked->instance_count && fuse_ok(fuse); i++)
        pass_shims(&finder, i);
    for (uint32_t i = 0; i < linked->instance_count && fuse_ok(fuse); i++)
        drop_tables(&finder, i);
}

linked_item_t shim_target(const fuse_t *fuse, linked_item_t item) {
    for (uint32_t i = 0; i < CHAIN_LIMIT; i++) {
        if (item.kind != LINKED_DEFINED || item.sort != CORE_EXTERN_FUNC)
            break;
        const fuse_instance_t *instance = &fuse->instances[item.owner];
        uint32_t imported = instance->module->imported[CORE_EXTERN_FUNC];
        if (instance->shims == NULL || item.index < imported ||
            item.index - imported >= instance->module->function_count ||
            instance->shims[item.index - imported].kind == LINKED_NOTHING)
            break;
        item = instance->shims[item.index - imported];
    }
    return item;
}
