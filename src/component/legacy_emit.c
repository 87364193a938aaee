/* Writes a module of 2022 anew, with two more imports and a helper for each entry point, and with
 * exports that tell layouts. Without entry points it is the export section alone that changes.
 *
 * New types stand behind the old ones and keep all type indices; the two imported functions stand
 * behind the other imports, so every function that the module defines moves up by two. */
#include "base/error.h"
#include "component/legacy_parts.h"
#include "wasm/instr.h"
#include "wasm/rewrite.h"
#include "wasm/writer.h"

enum {
    ADDED_IMPORTS = 2,
    FUNC_TYPE = 0x60,
    KIND_FUNC = 0x00,
};

typedef struct emitter {
    const legacy_plan_t *plan;
    const core_module_t *module;
    uint32_t shift;         /* of all functions that the module defines */
    core_numbers_t numbers; /* the same for the rewriter */
    buf_t out;
    spin_error_t *error; /* the first one met in an instruction */
    bool has_imports;    /* the import section is written */
} emitter_t;

static uint32_t renumber(const emitter_t *emitter, uint32_t func) {
    return func < emitter->module->imported[CORE_EXTERN_FUNC] ? func : func + emitter->shift;
}

static uint32_t added_import(const emitter_t *emitter, uint32_t which) {
    return emitter->module->imported[CORE_EXTERN_FUNC] + which;
}

/* A vector section's raw entries, after its count. */
static spin_slice_t entries_of(const core_section_t *section) {
    core_reader_t body = section->body;
    core_read_u32(&body);
    return (spin_slice_t){body.at, core_reader_left(&body)};
}

static void put_function_type(buf_t *out, uint32_t params, uint32_t results) {
    buf_append_byte(out, FUNC_TYPE);
    core_put_u32(out, params);
    for (; params > 0; params--)
        buf_append_byte(out, CORE_I32);
    core_put_u32(out, results);
    for (; results > 0; results--)
        buf_append_byte(out, CORE_I32);
}

/* Two types: of the imports (i32, i32) and of the helpers (i32) -> i32. */
static void put_types(emitter_t *emitter, const core_section_t *section) {
    core_put_u32(&emitter->out, emitter->module->group_count + 2);
    buf_append(&emitter->out, entries_of(section));
    put_function_type(&emitter->out, 2, 0);
    put_function_type(&emitter->out, 1, 1);
}

static void put_imports(emitter_t *emitter, const core_section_t *section) {
    static const char *const names[ADDED_IMPORTS] = {"sizes", "fill"};
    core_put_u32(&emitter->out, emitter->module->import_count + ADDED_IMPORTS);
    if (section != NULL)
        buf_append(&emitter->out, entries_of(section));
    for (size_t i = 0; i < ADDED_IMPORTS; i++) {
        core_put_name(&emitter->out, spin_slice(LEGACY_IMPORT_MODULE));
        core_put_name(&emitter->out, spin_slice(names[i]));
        buf_append_byte(&emitter->out, KIND_FUNC);
        core_put_u32(&emitter->out, emitter->module->type_count);
    }
    emitter->has_imports = true;
}

static void put_functions(emitter_t *emitter, const core_section_t *section) {
    core_put_u32(&emitter->out, emitter->module->function_count + emitter->plan->entry_count);
    buf_append(&emitter->out, entries_of(section));
    for (uint32_t i = 0; i < emitter->plan->entry_count; i++)
        core_put_u32(&emitter->out, emitter->module->type_count + 1);
}

/* Keeps the first error; takes it. */
static void keep_error(emitter_t *emitter, spin_error_t *error) {
    if (emitter->error == NULL)
        emitter->error = error;
    else
        spin_error_free(error);
}

static void put_tables(emitter_t *emitter, const core_section_t *section) {
    (void)section;
    const core_module_t *module = emitter->module;
    core_put_u32(&emitter->out, module->table_count);
    for (uint32_t i = 0; i < module->table_count && emitter->error == NULL; i++)
        keep_error(emitter, core_rewrite_table(module, &module->tables[i], &emitter->numbers,
                                               &emitter->out));
}

static void put_globals(emitter_t *emitter, const core_section_t *section) {
    (void)section;
    const core_module_t *module = emitter->module;
    core_put_u32(&emitter->out, module->global_count);
    for (uint32_t i = 0; i < module->global_count && emitter->error == NULL; i++)
        keep_error(emitter, core_rewrite_global(module, &module->globals[i], &emitter->numbers,
                                                &emitter->out));
}

/* PREFIX, PREFIX/NAME where there is a name, and the layout; then the function. */
static void put_layout_export(emitter_t *emitter, const char *prefix, spin_slice_t name,
                              legacy_layout_t layout, uint32_t func) {
    static const char *const layouts[] = {"@unknown", "@slots", "@canonical"};
    buf_t *out = &emitter->out;
    size_t name_len = name.len == 0 ? 0 : 1 + name.len;
    core_put_u32(out, (uint32_t)(strlen(prefix) + name_len + strlen(layouts[layout])));
    buf_append_text(out, prefix);
    if (name.len > 0)
        buf_append_byte(out, '/');
    buf_append(out, name);
    buf_append_text(out, layouts[layout]);
    buf_append_byte(out, KIND_FUNC);
    core_put_u32(out, func);
}

static void put_exports(emitter_t *emitter, const core_section_t *section) {
    (void)section;
    const core_module_t *module = emitter->module;
    const legacy_plan_t *plan = emitter->plan;
    core_put_u32(&emitter->out, module->export_count + plan->entry_count + plan->told_count);
    for (uint32_t i = 0; i < module->export_count; i++) {
        const core_export_t *export = &module->exports[i];
        core_put_name(&emitter->out, export->name);
        buf_append_byte(&emitter->out, (uint8_t) export->kind);
        core_put_u32(&emitter->out, export->kind == CORE_EXTERN_FUNC
                                        ? renumber(emitter, export->index)
                                        : export->index);
    }
    for (uint32_t i = 0; i < plan->entry_count; i++)
        put_layout_export(emitter, plan->entries[i].export_name, (spin_slice_t){0},
                          plan->entries[i].layout,
                          added_import(emitter, ADDED_IMPORTS) + module->function_count + i);
    for (uint32_t i = 0; i < plan->told_count; i++)
        put_layout_export(emitter, LEGACY_LAYOUT_EXPORT, plan->told[i].name, plan->told[i].layout,
                          renumber(emitter, plan->told[i].func));
}

static void put_start(emitter_t *emitter, const core_section_t *section) {
    (void)section;
    core_put_u32(&emitter->out, renumber(emitter, emitter->module->start));
}

static void put_elements(emitter_t *emitter, const core_section_t *section) {
    (void)section;
    const core_module_t *module = emitter->module;
    core_put_u32(&emitter->out, module->element_count);
    for (uint32_t i = 0; i < module->element_count && emitter->error == NULL; i++)
        keep_error(emitter, core_rewrite_element(module, &module->elements[i], &emitter->numbers,
                                                 &emitter->out));
}

static void put_op(buf_t *out, uint8_t opcode) {
    buf_append_byte(out, opcode);
}

static void put_const(buf_t *out, int32_t value) {
    put_op(out, CORE_OP_I32_CONST);
    core_put_s32(out, value);
}

static void put_indexed(buf_t *out, uint8_t opcode, uint32_t index) {
    put_op(out, opcode);
    core_put_u32(out, index);
}

/* A 32-bit load or store; memory 0 has a form without an index that older engines know. */
static void put_access(emitter_t *emitter, uint8_t opcode, uint32_t offset) {
    enum { ALIGN4 = 2, NAMES_MEMORY = 0x40 };
    uint32_t memory = emitter->plan->memory;
    put_indexed(&emitter->out, opcode, memory == 0 ? ALIGN4 : ALIGN4 | NAMES_MEMORY);
    if (memory != 0)
        core_put_u32(&emitter->out, memory);
    core_put_u32(&emitter->out, offset);
}

static void put_call(emitter_t *emitter, uint32_t func) {
    put_indexed(&emitter->out, CORE_OP_CALL, renumber(emitter, func));
}

/* Variables of the helper. */
enum { COUNT, TABLE, AT, END };

/* AT = TABLE = realloc(0, 0, 4, 8 * max(COUNT, least)) */
static void put_table_allocation(emitter_t *emitter, uint32_t param_count) {
    buf_t *out = &emitter->out;
    int32_t least = (int32_t)(param_count + 1) / 2; /* entries of 8 bytes; parameters take 4 */
    put_const(out, 0);
    put_const(out, 0);
    put_const(out, 4);
    put_indexed(out, CORE_OP_LOCAL_GET, COUNT);
    put_const(out, least);
    put_indexed(out, CORE_OP_LOCAL_GET, COUNT);
    put_const(out, least);
    put_op(out, CORE_OP_I32_GT_U);
    put_op(out, CORE_OP_SELECT);
    put_const(out, 3);
    put_op(out, CORE_OP_I32_SHL);
    put_call(emitter, emitter->plan->alloc);
    put_indexed(out, CORE_OP_LOCAL_TEE, TABLE);
    put_indexed(out, CORE_OP_LOCAL_SET, AT);
}

static void put_host_call(emitter_t *emitter, uint32_t which) {
    put_indexed(&emitter->out, CORE_OP_LOCAL_GET, TABLE);
    put_indexed(&emitter->out, CORE_OP_LOCAL_GET, COUNT);
    put_indexed(&emitter->out, CORE_OP_CALL, added_import(emitter, which));
}

/* *AT = realloc(0, 0, align, size); also for a size of 0: guests free what they are given. */
static void put_entry_allocation(emitter_t *emitter) {
    buf_t *out = &emitter->out;
    put_indexed(out, CORE_OP_LOCAL_GET, AT);
    put_const(out, 0);
    put_const(out, 0);
    put_indexed(out, CORE_OP_LOCAL_GET, AT);
    put_access(emitter, CORE_OP_I32_LOAD, 4);
    put_indexed(out, CORE_OP_LOCAL_GET, AT);
    put_access(emitter, CORE_OP_I32_LOAD, 0);
    put_call(emitter, emitter->plan->alloc);
    put_access(emitter, CORE_OP_I32_STORE, 0);
}

/* for (END = TABLE + 8 * COUNT; AT != END; AT += 8) ... */
static void put_allocations(emitter_t *emitter) {
    enum { EMPTY = 0x40 };
    buf_t *out = &emitter->out;
    put_indexed(out, CORE_OP_LOCAL_GET, TABLE);
    put_indexed(out, CORE_OP_LOCAL_GET, COUNT);
    put_const(out, 3);
    put_op(out, CORE_OP_I32_SHL);
    put_op(out, CORE_OP_I32_ADD);
    put_indexed(out, CORE_OP_LOCAL_SET, END);
    put_indexed(out, CORE_OP_BLOCK, EMPTY);
    put_indexed(out, CORE_OP_LOOP, EMPTY);
    put_indexed(out, CORE_OP_LOCAL_GET, AT);
    put_indexed(out, CORE_OP_LOCAL_GET, END);
    put_op(out, CORE_OP_I32_EQ);
    put_indexed(out, CORE_OP_BR_IF, 1);
    put_entry_allocation(emitter);
    put_indexed(out, CORE_OP_LOCAL_GET, AT);
    put_const(out, 8);
    put_op(out, CORE_OP_I32_ADD);
    put_indexed(out, CORE_OP_LOCAL_SET, AT);
    put_indexed(out, CORE_OP_BR, 0);
    put_op(out, CORE_OP_END);
    put_op(out, CORE_OP_END);
}

/* The function of legacy.h. */
static void put_helper(emitter_t *emitter, const legacy_entry_t *entry) {
    const legacy_plan_t *plan = emitter->plan;
    buf_t *out = &emitter->out;
    size_t mark = core_put_sized_begin(out);
    core_put_u32(out, 1); /* one group of three locals */
    core_put_u32(out, 3);
    buf_append_byte(out, CORE_I32);
    if (plan->bracketed)
        put_call(emitter, plan->ctors);
    put_table_allocation(emitter, entry->param_count);
    put_host_call(emitter, 0);
    put_allocations(emitter);
    put_host_call(emitter, 1);
    for (uint32_t i = 0; i < entry->param_count; i++) {
        put_indexed(out, CORE_OP_LOCAL_GET, TABLE);
        put_access(emitter, CORE_OP_I32_LOAD, 4 * i);
    }
    put_call(emitter, entry->target);
    if (plan->bracketed && plan->has_dtors)
        put_call(emitter, plan->dtors);
    put_op(out, CORE_OP_END);
    core_put_sized_end(out, mark);
}

static void put_body(emitter_t *emitter, spin_slice_t body) {
    size_t mark = core_put_sized_begin(&emitter->out);
    keep_error(emitter, core_rewrite_body(emitter->module, body, &emitter->numbers, &emitter->out));
    core_put_sized_end(&emitter->out, mark);
}

static void put_bodies(emitter_t *emitter, const core_section_t *section) {
    (void)section;
    const core_module_t *module = emitter->module;
    core_put_u32(&emitter->out, module->function_count + emitter->plan->entry_count);
    for (uint32_t i = 0; i < module->function_count && emitter->error == NULL; i++)
        put_body(emitter, module->bodies[i]);
    for (uint32_t i = 0; i < emitter->plan->entry_count; i++)
        put_helper(emitter, &emitter->plan->entries[i]);
}

/* One subsection that maps function indices: 1 to names, 2 and 3 to maps of names. */
static void put_function_names(emitter_t *emitter, core_reader_t *names, bool nested) {
    uint32_t count = core_read_count(names, UINT32_MAX, "");
    core_put_u32(&emitter->out, count);
    for (; count > 0 && core_reader_ok(names); count--) {
        core_put_u32(&emitter->out, renumber(emitter, core_read_u32(names)));
        const uint8_t *start = names->at;
        uint32_t inner = nested ? core_read_count(names, UINT32_MAX, "") : 1;
        for (; inner > 0 && core_reader_ok(names); inner--) {
            if (nested)
                core_read_u32(names);
            core_read_bytes(names, core_read_u32(names));
        }
        if (core_reader_ok(names))
            buf_append(&emitter->out, spin_slice_of(start, (size_t)(names->at - start)));
    }
}

/* The "name" section (appendix "Custom Sections"). A broken one is no error: it is left out. */
static bool put_names(emitter_t *emitter, core_reader_t body) {
    enum { FUNCTIONS = 1, LOCALS, LABELS };
    while (!core_reader_done(&body)) {
        uint8_t id = core_read_u8(&body);
        core_reader_t names = core_read_part(&body, core_read_u32(&body));
        buf_append_byte(&emitter->out, id);
        size_t mark = core_put_sized_begin(&emitter->out);
        if (id >= FUNCTIONS && id <= LABELS)
            put_function_names(emitter, &names, id != FUNCTIONS);
        buf_append(&emitter->out, spin_slice_of(names.at, core_reader_left(&names)));
        core_put_sized_end(&emitter->out, mark);
        core_reader_adopt(&body, &names);
    }
    return core_reader_ok(&body);
}

/* Sections that hold offsets into the code, or function indices: they would lie. */
static bool is_stale(spin_slice_t name) {
    static const char *const prefixes[] = {".debug_", "reloc.", "metadata.code.", NULL};
    static const char *const names[] = {"linking", "sourceMappingURL", "external_debug_info", NULL};
    return legacy_is_listed(name, prefixes, names);
}

static void put_custom(emitter_t *emitter, const core_section_t *section) {
    size_t before = emitter->out.len;
    if (is_stale(section->name))
        return;
    size_t mark = core_put_section_begin(&emitter->out, CORE_SECTION_CUSTOM);
    core_put_name(&emitter->out, section->name);
    bool kept = true;
    if (slice_equal_text(section->name, "name"))
        kept = put_names(emitter, section->body);
    else
        buf_append(&emitter->out,
                   spin_slice_of(section->body.at, core_reader_left(&section->body)));
    core_put_sized_end(&emitter->out, mark);
    if (!kept && !emitter->out.failed)
        emitter->out.len = before;
}

typedef void put_section_fn(emitter_t *emitter, const core_section_t *section);

static void put_section(emitter_t *emitter, const core_section_t *section) {
    static put_section_fn *const writers[CORE_SECTION_COUNT] = {
        [CORE_SECTION_TYPE] = put_types,         [CORE_SECTION_IMPORT] = put_imports,
        [CORE_SECTION_FUNCTION] = put_functions, [CORE_SECTION_TABLE] = put_tables,
        [CORE_SECTION_GLOBAL] = put_globals,     [CORE_SECTION_EXPORT] = put_exports,
        [CORE_SECTION_START] = put_start,        [CORE_SECTION_ELEMENT] = put_elements,
        [CORE_SECTION_CODE] = put_bodies,
    };
    bool all = emitter->plan->entry_count > 0;
    if (section->id == CORE_SECTION_CUSTOM && all) {
        put_custom(emitter, section);
        return;
    }
    if (section->id > CORE_SECTION_IMPORT && all && !emitter->has_imports) {
        size_t mark = core_put_section_begin(&emitter->out, CORE_SECTION_IMPORT);
        put_imports(emitter, NULL);
        core_put_sized_end(&emitter->out, mark);
    }
    size_t mark = core_put_section_begin(&emitter->out, section->id);
    if (section->id == CORE_SECTION_CUSTOM)
        core_put_name(&emitter->out, section->name);
    if (writers[section->id] != NULL && (all || section->id == CORE_SECTION_EXPORT))
        writers[section->id](emitter, section);
    else
        buf_append(&emitter->out,
                   spin_slice_of(section->body.at, core_reader_left(&section->body)));
    core_put_sized_end(&emitter->out, mark);
}

/* Functions move, all else stays. Which indices there are is the engine's to check, but for these.
 */
static spin_error_t *make_numbers(arena_t *arena, emitter_t *emitter) {
    const core_module_t *module = emitter->module;
    uint32_t count = module->imported[CORE_EXTERN_FUNC] + module->function_count;
    uint32_t *functions = arena_calloc(arena, count, sizeof *functions);
    if (functions == NULL)
        return error_no_memory();
    for (uint32_t i = 0; i < count; i++)
        functions[i] = renumber(emitter, i);
    for (size_t space = 0; space <= CORE_SPACE_DATA; space++)
        emitter->numbers.count[space] = UINT32_MAX;
    emitter->numbers.of[CORE_SPACE_FUNC] = functions;
    emitter->numbers.count[CORE_SPACE_FUNC] = count;
    return NULL;
}

spin_error_t *legacy_emit(arena_t *arena, const legacy_plan_t *plan, spin_slice_t *out) {
    const core_module_t *module = plan->module;
    emitter_t emitter = {.plan = plan,
                         .module = module,
                         .shift = plan->entry_count > 0 ? (uint32_t)ADDED_IMPORTS : 0};
    spin_error_t *error = make_numbers(arena, &emitter);
    if (error != NULL)
        return error;
    buf_reserve(&emitter.out, module->bytes.len);
    core_put_preamble(&emitter.out);
    for (uint32_t i = 0; i < module->section_count && emitter.error == NULL; i++)
        put_section(&emitter, &module->sections[i]);
    error = emitter.error;
    if (error != NULL)
        goto out;
    spin_slice_t copy = {0};
    if (!emitter.out.failed)
        copy = arena_copy(arena, buf_slice(&emitter.out));
    if (copy.ptr == NULL)
        error = error_no_memory();
    else
        *out = copy;
out:
    buf_deinit(&emitter.out);
    return error;
}
