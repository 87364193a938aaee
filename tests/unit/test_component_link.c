#include <stdlib.h>

#include "assert_error.h"
#include "cmocka_all.h"
#include "component/linked.h"
#include "failing_alloc.h"
#include "linked_cases.h"
#include "linked_dump.h"

#define CASE(name) spin_slice_of(case_##name, sizeof case_##name)

static spin_error_t *link_bytes(arena_t *arena, spin_slice_t bytes, const link_options_t *options,
                                linked_component_t *out) {
    const ast_component_t *component = NULL;
    spin_error_t *error = component_decode(arena, bytes, &component);
    return error == NULL ? component_link(arena, component, options, out) : error;
}

static void check_dump(spin_slice_t bytes, const link_options_t *options, const char *expected) {
    arena_t arena = {0};
    buf_t text = {0};
    linked_component_t linked;
    assert_good(link_bytes(&arena, bytes, options, &linked));
    dump_linked(&text, &linked);
    buf_append_byte(&text, 0);
    assert_string_equal((const char *)text.ptr, expected);
    buf_deinit(&text);
    arena_deinit(&arena);
}

/* ── what comes out ──────────────────────────────────────────────────────────────────────── */

/* Equal built-ins and lowers of an instance are one; what a module only passes on is seen through
 * (lift 0 is of a built-in); the memory that more functions use is number 0; an export that has two
 * names is one lift. */
static void instances_are_linked(void **state) {
    (void)state;
    check_dump(CASE(composed), NULL,
               "component 1: in 0\n"
               "component 2: in 0\n"
               "instance 0: module0 of 1\n"
               "instance 1: module1 of 1 builtin0 builtin0\n"
               "instance 2: module2 of 2\n"
               "instance 3: module3 of 2 lower0 lower0 lower1 builtin1 2.memory0\n"
               "resource 0: counter of 1 dtor=0.func0\n"
               "options 0: utf8\n"
               "options 1: utf8 memory=1.memory0#1 realloc=1.func2#0 post=1.func4\n"
               "options 2: utf16 memory=2.memory0#0 realloc=2.func0#1\n"
               "options 3: utf16 memory=2.memory0#0\n"
               "lift 0: \"counters#[constructor]counter\" of 1 builtin0 options0"
               " [constructor]counter(from: u32) -> counter [i]->[i]\n"
               "lift 1: \"counters#[method]counter.label\" of 1 1.func3 options1"
               " [method]counter.label(self: borrow<counter>) -> string [i]->[i] result\n"
               "lift 2: \"run\" of 2 3.func4 options0 run() -> u32 []->[i]\n"
               "lift 3: \"\" of 2 3.func4 options3 shout() -> string []->[i] result\n"
               "lower 0: by 2 lift0 options0 [i]->[i]\n"
               "lower 1: by 2 lift1 options2 [ii]->[] result\n"
               "builtin 0: 0x02 of 1 resource0 [i]->[i]\n"
               "builtin 1: 0x03 of 2 resource0 [i]->[]\n"
               "export counters: instance\n"
               "  export counter: resource0\n"
               "  export [constructor]counter: lift0\n"
               "  export [method]counter.label: lift1\n"
               "export run: lift2\n"
               "export run-too: lift2\n");
}

/* A resource that is equal to another is that one; what is exported with a smaller type shows less.
 */
static void imports_come_from_the_host(void **state) {
    (void)state;
    check_dump(
        CASE(imports), NULL,
        "instance 0: module0 of 0 lower0 builtin0\n"
        "resource 0: file host \"\"\n"
        "resource 1: stream host \"a:b/streams\"\n"
        "same: \"a:b/users\" stream is resource1\n"
        "options 0: utf8\n"
        "import 0: \"\" plain(a: f32) -> f64\n"
        "import 1: \"a:b/streams\" [method]stream.read(self: borrow<stream>) -> result<_, what>\n"
        "import 2: \"a:b/streams#inner\" async open(names: list<string>)\n"
        "import 3: \"a:b/users\" use(s: option<stream>)\n"
        "lower 0: by 0 import0 options0 [f]->[F]\n"
        "builtin 0: 0x03 of 0 resource1 [i]->[]\n"
        "export again: import0\n"
        "export file-too: resource0\n"
        "export less: instance\n"
        "  export stream: resource1\n"
        "  export inner: instance\n"
        "async\n");
}

static void functions_know_what_they_are(void **state) {
    (void)state;
    arena_t arena = {0};
    linked_component_t linked;
    assert_good(link_bytes(&arena, CASE(composed), NULL, &linked));
    const spin_function_t *create = linked.lifts[0].type;
    const spin_function_t *method = linked.lifts[1].type;
    assert_int_equal(create->kind, WIT_FUNCTION_CONSTRUCTOR);
    assert_true(slice_equal_text(create->name, "constructor"));
    assert_ptr_equal(create->resource, linked.resources[0].type);
    assert_int_equal(method->kind, WIT_FUNCTION_METHOD);
    assert_true(slice_equal_text(method->name, "label"));
    assert_ptr_equal(method->resource, linked.resources[0].type);
    assert_ptr_equal(method->params[0].ref.type->resource, linked.resources[0].type);
    assert_true(method->params[0].ref.type->has_borrows);
    assert_true(linked_is_adapter(&linked, &linked.lowers[0]));
    arena_deinit(&arena);
}

static void waiting_is_linked(void **state) {
    (void)state;
    check_dump(CASE(async), NULL,
               "instance 0: module0 of 0\n"
               "instance 1: module1 of 0 lower0 lower1 builtin0 builtin1 builtin2 builtin3 builtin4"
               " builtin5 builtin6 builtin7 builtin8 builtin9\n"
               "options 0: utf8 memory=0.memory0#0\n"
               "options 1: utf8 async memory=0.memory0#0\n"
               "options 2: utf8 async memory=0.memory0#0 callback=1.func13\n"
               "import 0: \"\" async fetch(url: string, depth: u32) -> result<stream<u8>>\n"
               "lift 0: \"run\" of 0 1.func12 options2 async run() -> string []->[i]\n"
               "lower 0: by 0 import0 options0 [iiii]->[] result\n"
               "lower 1: by 0 import0 options1 [iiii]->[i] result\n"
               "builtin 0: 0x09 of 0 options0 type=string [ii]->[]\n"
               "builtin 1: 0x0a of 0 []->[i]\n"
               "builtin 2: 0x0b of 0 [i]->[]\n"
               "builtin 3: 0x20 of 0 memory=0.memory0#0 [ii]->[i]\n"
               "builtin 4: 0x21 of 0 memory=0.memory0#0 [ii]->[i]\n"
               "builtin 5: 0x0e of 0 type=stream<u8> []->[I]\n"
               "builtin 6: 0x0f of 0 options1 type=stream<u8> [iii]->[i]\n"
               "builtin 7: 0x17 of 0 options1 type=future<string> [ii]->[i]\n"
               "builtin 8: 0x18 of 0 type=future<string> [i]->[i]\n"
               "builtin 9: 0x0c of 0 []->[i]\n"
               "export run: lift0\n"
               "async\n");
}

/* ── core modules of the host ────────────────────────────────────────────────────────────── */

#define PREAMBLE        0, 'a', 's', 'm', 1, 0, 0, 0
#define TYPES           1, 6, 1, 0x60, 1, 0x7f, 1, 0x7e
#define IMPORT_LOG      2, 11, 1, 3, 'e', 'n', 'v', 3, 'l', 'o', 'g', 0, 0
#define FUNCTION        3, 2, 1, 0
#define MEMORY(pages)   5, 3, 1, 0, pages
#define EXPORTS(second) 7, 14, 2, 6, 'm', 'e', 'm', 'o', 'r', 'y', 2, 0, 1, second, 0, 1
#define CODE            10, 5, 1, 3, 0, 0, 0x0b

static const uint8_t fitting[] = {PREAMBLE,  TYPES,        IMPORT_LOG, FUNCTION,
                                  MEMORY(2), EXPORTS('f'), CODE};
static const uint8_t lacking[] = {PREAMBLE,  TYPES,        IMPORT_LOG, FUNCTION,
                                  MEMORY(2), EXPORTS('g'), CODE};
static const uint8_t too_small[] = {PREAMBLE,  TYPES,        IMPORT_LOG, FUNCTION,
                                    MEMORY(0), EXPORTS('f'), CODE};
/* (param i32) (result i32) */
static const uint8_t other_type[] = {PREAMBLE,  1, 6,  1, 0x60, 1,   0x7f, 1,   0x7f, FUNCTION,
                                     MEMORY(1), 7, 14, 2, 6,    'm', 'e',  'm', 'o',  'r',
                                     'y',       2, 0,  1, 'f',  0,   0,    CODE};
#define IMPORT_OUT 2, 11, 1, 3, 'e', 'n', 'v', 3, 'o', 'u', 't', 0, 0
static const uint8_t wanting[] = {PREAMBLE,  TYPES,        IMPORT_OUT, FUNCTION,
                                  MEMORY(1), EXPORTS('f'), CODE};

static spin_error_t *link_modules(arena_t *arena, spin_slice_t given, spin_slice_t same,
                                  uint32_t count, linked_component_t *out) {
    core_module_t *modules = arena_calloc(arena, 2, sizeof *modules);
    assert_non_null(modules);
    link_module_import_t imports[] = {{SLICE_LITERAL("given"), given, &modules[0]},
                                      {SLICE_LITERAL("host#same"), same, &modules[1]}};
    link_options_t options = {imports, count};
    assert_good(core_module_read(arena, given, &modules[0]));
    assert_good(core_module_read(arena, same, &modules[1]));
    return link_bytes(arena, CASE(modules), &options, out);
}

static void modules_are_given(void **state) {
    (void)state;
    arena_t arena = {0};
    linked_component_t linked;
    spin_slice_t module = spin_slice_of(fitting, sizeof fitting);
    assert_good(link_modules(&arena, module, module, 2, &linked));
    assert_int_equal(linked.instance_count, 3);
    assert_int_equal(linked.instances[1].imports[0].kind, LINKED_DEFINED);
    assert_int_equal(linked.instances[2].imports[0].owner, 0);
    assert_ptr_equal(linked.modules[linked.instances[1].module].bytes.ptr, fitting);
    assert_int_equal(linked.lifts[0].func.owner, 1);
    assert_int_equal(linked.lifts[0].func.index, 1);
    assert_int_equal(linked.exports[0].kind, LINKED_EXPORT_MODULE);
    assert_int_equal(linked.exported_module_count, 1);
    arena_deinit(&arena);
}

static void modules_must_fit(void **state) {
    (void)state;
    static const struct {
        const uint8_t *bytes;
        size_t len;
        const char *text;
    } rows[] = {
        {lacking, sizeof lacking, "exports no \"f\""},
        {too_small, sizeof too_small, "exports no \"memory\""},
        {other_type, sizeof other_type, "exports no \"f\""},
        {wanting, sizeof wanting, "imports \"env\" \"out\", which it does not get"},
    };
    spin_slice_t good = spin_slice_of(fitting, sizeof fitting);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        arena_t arena = {0};
        linked_component_t linked;
        spin_slice_t bad = spin_slice_of(rows[i].bytes, rows[i].len);
        assert_error(link_modules(&arena, bad, good, 2, &linked), SPIN_ERROR_INVALID, rows[i].text);
        assert_error(link_modules(&arena, good, bad, 2, &linked), SPIN_ERROR_INVALID, "host#same");
        assert_error(link_modules(&arena, good, good, 1, &linked), SPIN_ERROR_NOT_FOUND,
                     "\"host#same\" is imported and not given");
        assert_error(link_bytes(&arena, CASE(modules), NULL, &linked), SPIN_ERROR_NOT_FOUND,
                     "\"given\" is imported and not given");
        arena_deinit(&arena);
    }
}

/* ── what can't be linked ────────────────────────────────────────────────────────────────── */

static void limits_hold(void **state) {
    (void)state;
    arena_t arena = {0};
    linked_component_t linked;
    assert_error(link_bytes(&arena, CASE(doubling), NULL, &linked), SPIN_ERROR_LIMIT,
                 "more than 10000 instances");
    assert_error(link_bytes(&arena, CASE(chain), NULL, &linked), SPIN_ERROR_LIMIT,
                 "nest deeper than 100");
    arena_deinit(&arena);
}

static spin_error_t *link_defs(arena_t *arena, const ast_def_t *defs, uint32_t count) {
    linked_component_t linked;
    ast_component_t component = {.scope = {.is_component = true, .defs = defs, .def_count = count}};
    return component_link(arena, &component, NULL, &linked);
}

/* A definition alone refers to nothing that is there. */
static void broken_indices_are_errors(void **state) {
    (void)state;
    static const ast_canon_option_t memory = {.kind = 3, .index = 9};
    static const ast_part_t part = {.has_type = true, .type = {.is_index = true, .index = 7}};
    static const ast_def_t defs[] = {
        {.kind = AST_DEF_CORE_INSTANCE, .of.instance = {.is_instantiation = true, .index = 3}},
        {.kind = AST_DEF_INSTANCE, .of.instance = {.is_instantiation = true, .index = UINT32_MAX}},
        {.kind = AST_DEF_ALIAS, .of.alias = {.kind = AST_ALIAS_EXPORT, .sort = AST_FUNC}},
        {.kind = AST_DEF_ALIAS, .of.alias = {.kind = AST_ALIAS_CORE_EXPORT, .sort = AST_CORE_FUNC}},
        {.kind = AST_DEF_ALIAS, .of.alias = {.kind = AST_ALIAS_OUTER, .outer = 5}},
        {.kind = AST_DEF_ALIAS, .of.alias = {.kind = AST_ALIAS_OUTER, .sort = AST_SORT_COUNT}},
        {.kind = AST_DEF_TYPE, .of.type = {.kind = AST_TYPE_OWN, .resource = 1}},
        {.kind = AST_DEF_TYPE, .of.type = {.kind = AST_TYPE_LIST}},
        {.kind = AST_DEF_TYPE, .of.type = {.kind = AST_TYPE_LIST, .parts = &part, .part_count = 1}},
        {.kind = AST_DEF_TYPE, .of.type = {.kind = AST_TYPE_PRIMITIVE, .primitive.primitive = 1}},
        {.kind = AST_DEF_TYPE,
         .of.type = {.kind = AST_TYPE_RESOURCE, .rep = CORE_I32, .has_dtor = true}},
        {.kind = AST_DEF_CANON, .of.canon = {.kind = AST_CANON_LIFT}},
        {.kind = AST_DEF_CANON, .of.canon = {.kind = AST_CANON_LOWER}},
        {.kind = AST_DEF_CANON, .of.canon = {.kind = AST_CANON_RESOURCE_DROP}},
        {.kind = AST_DEF_CANON, .of.canon = {.kind = AST_CANON_STREAM_NEW}},
        {.kind = AST_DEF_CANON, .of.canon = {.kind = AST_CANON_WAITABLE_SET_POLL}},
        {.kind = AST_DEF_CANON, .of.canon = {.kind = AST_CANON_THREAD_NEW_INDIRECT}},
        {.kind = AST_DEF_CANON,
         .of.canon = {.kind = AST_CANON_TASK_RETURN, .options = &memory, .option_count = 1}},
        {.kind = AST_DEF_IMPORT, .of.import.type = {.sort = AST_FUNC, .index = 1}},
        {.kind = AST_DEF_IMPORT, .of.import.type = {.sort = AST_INSTANCE}},
        {.kind = AST_DEF_IMPORT, .of.import.type = {.sort = AST_TYPE, .bound = AST_BOUND_EQ}},
        {.kind = AST_DEF_EXPORT, .of.export.target = {.sort = AST_FUNC}},
        {.kind = AST_DEF_EXPORT_DECL, .of.import.type = {.sort = AST_TYPE}},
    };
    for (size_t i = 0; i < sizeof defs / sizeof *defs; i++) {
        arena_t arena = {0};
        spin_error_t *error = link_defs(&arena, &defs[i], 1);
        if (error == NULL)
            fail_msg("definition %zu is linked", i);
        assert_kind(error, SPIN_ERROR_INVALID);
        spin_error_free(error);
        arena_deinit(&arena);
    }
}

static void unsupported_is_said(void **state) {
    (void)state;
    static const struct {
        ast_def_t def;
        const char *text;
    } rows[] = {
        {{.kind = AST_DEF_IMPORT,
          .of.import = {.name.name = SLICE_INIT("c"), .type.sort = AST_COMPONENT}},
         "imports component \"c\""},
        {{.kind = AST_DEF_IMPORT,
          .of.import = {.name.name = SLICE_INIT("v"), .type.sort = AST_VALUE}},
         "imports value \"v\""},
        {{.kind = AST_DEF_START}, "start functions"},
        {{.kind = AST_DEF_CANON, .of.canon.kind = AST_CANON_THREAD_SPAWN_REF}, "threads"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        arena_t arena = {0};
        assert_error(link_defs(&arena, &rows[i].def, 1), SPIN_ERROR_UNSUPPORTED, rows[i].text);
        arena_deinit(&arena);
    }
}

/* Whatever a byte of a component is changed to, it links or it does not: the sanitizers watch. */
static void broken_bytes_are_survived(void **state) {
    (void)state;
    static const spin_slice_t cases[] = {{case_composed, sizeof case_composed},
                                         {case_imports, sizeof case_imports},
                                         {case_modules, sizeof case_modules},
                                         {case_async, sizeof case_async}};
    static const uint8_t changes[] = {1, 3, 0x40, 0xff};
    size_t linked_count = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t *bytes = malloc(cases[i].len);
        assert_non_null(bytes);
        memcpy(bytes, cases[i].ptr, cases[i].len);
        for (size_t at = 0; at < cases[i].len * sizeof changes; at++) {
            uint8_t *byte = &bytes[at / sizeof changes];
            arena_t arena = {0};
            linked_component_t linked;
            *byte ^= changes[at % sizeof changes];
            spin_error_t *error =
                link_bytes(&arena, spin_slice_of(bytes, cases[i].len), NULL, &linked);
            linked_count += error == NULL;
            spin_error_free(error);
            *byte ^= changes[at % sizeof changes];
            arena_deinit(&arena);
        }
        free(bytes);
    }
    assert_true(linked_count > 100); /* most names may be any */
}

static spin_error_t *link_and_drop(void *user) {
    const spin_slice_t *bytes = user;
    arena_t arena = {0};
    linked_component_t linked;
    spin_error_t *error = link_bytes(&arena, *bytes, NULL, &linked);
    arena_deinit(&arena);
    return error;
}

static void out_of_memory_is_an_error(void **state) {
    (void)state;
    spin_slice_t composed = CASE(composed);
    spin_slice_t imports = CASE(imports);
    assert_int_equal(failing_alloc_each(link_and_drop, &composed, 20), 0);
    assert_int_equal(failing_alloc_each(link_and_drop, &imports, 20), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instances_are_linked),
        cmocka_unit_test(imports_come_from_the_host),
        cmocka_unit_test(functions_know_what_they_are),
        cmocka_unit_test(waiting_is_linked),
        cmocka_unit_test(modules_are_given),
        cmocka_unit_test(modules_must_fit),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(broken_indices_are_errors),
        cmocka_unit_test(unsupported_is_said),
        cmocka_unit_test(broken_bytes_are_survived),
        cmocka_unit_test(out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
