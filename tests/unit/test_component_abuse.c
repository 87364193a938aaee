/* Components that mean no good, through <spin/component.h>: tests/engine/components/abuse.wat. */
#include "abuse_scene.h"
#include "engine/model/model.h"

/* ── allocators ── */

static const struct {
    uint32_t mode;
    spin_error_kind_t kind;
    const char *says;
} bad_allocators[] = {
    {OUTSIDE, SPIN_ERROR_TRAP, "outside"},
    {TRAPS, SPIN_ERROR_TRAP, "unreachable"},
    {NEVER_ENDS, SPIN_ERROR_TIMEOUT, "longer than"},
    {CALLS_OUT, SPIN_ERROR_TRAP, "cannot leave component instance"},
};

static void allocators_that_answer_rubbish(void **state) {
    (void)state;
    scene_t scene;
    open_scene_for(&scene, 200);
    for (size_t i = 0; i < sizeof bad_allocators / sizeof *bad_allocators; i++) {
        store(&scene, REALLOC_MODE, bad_allocators[i].mode);
        assert_fails(call1(&scene, "len", text("some words and more of them"), NULL),
                     bad_allocators[i].kind, bad_allocators[i].says);
        assert_fails(call2(&scene, "store", 0, 0, NULL), SPIN_ERROR_TRAP, "cannot enter");
        renew(&scene);
    }
    spin_value_t items[9], both[2];
    for (size_t i = 0; i < 9; i++)
        items[i] = (spin_value_t){.kind = SPIN_TYPE_U64, .of.natural = i};
    both[0] = both[1] = (spin_value_t){.kind = SPIN_TYPE_TUPLE, .of.list = {items, 9}};
    store(&scene, REALLOC_MODE, MISALIGNED);
    assert_fails(spin_component_call(scene.instance, spin_slice("wide"), both, 2, NULL),
                 SPIN_ERROR_TRAP, "not aligned");
    assert_int_equal(scene.host.pokes, 0);
    close_scene(&scene);
}

/* The allocator is called for what a host function answers: what can't be given is dropped. */
static void answers_that_can_not_be_given(void **state) {
    (void)state;
    scene_t scene;
    open_scene_for(&scene, 200);
    for (size_t i = 0; i < sizeof bad_allocators / sizeof *bad_allocators; i++) {
        store(&scene, REALLOC_MODE, bad_allocators[i].mode);
        assert_fails(call2(&scene, "open-all", 5, 64, NULL), bad_allocators[i].kind,
                     bad_allocators[i].says);
        renew(&scene);
        store(&scene, REALLOC_MODE, bad_allocators[i].mode);
        assert_fails(call2(&scene, "label", 0, 64, NULL), bad_allocators[i].kind,
                     bad_allocators[i].says);
        renew(&scene);
    }
    store(&scene, REALLOC_MODE, MISALIGNED);
    assert_fails(call2(&scene, "open-all", 2, 64, NULL), SPIN_ERROR_TRAP, "not aligned");
    renew(&scene);
    assert_fails(call2(&scene, "open-all", 2, 0xfffffffc, NULL), SPIN_ERROR_TRAP, "outside");
    renew(&scene);
    assert_fails(call2(&scene, "label", 2, 65, NULL), SPIN_ERROR_TRAP, "not aligned");
    close_scene(&scene);
    assert_dropped_once(&scene.host);
}

/* ── pointers ── */

static void results_that_are_nowhere(void **state) {
    static const struct {
        const char *name;
        uint32_t ptr, len;
        const char *says;
    } bad[] = {
        {"text", 0xfffffff0, 1, "outside"}, {"text", 65536, 1, "outside"},
        {"text", 1, 0xffffffff, "exceed"},  {"numbers", 2, 1, "not aligned"},
        {"numbers", 65532, 2, "outside"},   {"numbers", 0, 0x40000000, "exceed"},
        {"lists", 0, 0x1fffffff, "exceed"}, {"lists", 65536, 1, "outside"},
        {"bools", 0, 65537, "outside"},     {"text", 0xffffffff, 0, "outside"},
        {"numbers", 3, 0, "not aligned"},
    };
    (void)state;
    scene_t scene;
    spin_value_t result;
    open_scene(&scene);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        store(&scene, RESULT, bad[i].ptr);
        store(&scene, RESULT + 4, bad[i].len);
        assert_fails(call0(&scene, bad[i].name, &result), SPIN_ERROR_TRAP, bad[i].says);
        renew(&scene);
    }
    static const uint32_t areas[] = {0xfffffff8, 65536, 65528, 4};
    for (size_t i = 0; i < sizeof areas / sizeof *areas; i++) {
        store(&scene, AREA, areas[i]);
        assert_fails(call0(&scene, "area", &result), SPIN_ERROR_TRAP,
                     areas[i] == 4 ? "not aligned" : "outside");
        renew(&scene);
    }
    close_scene(&scene);
}

/* A list whose items are all the list itself: more than there is memory. */
static void results_that_never_end(void **state) {
    (void)state;
    scene_t scene;
    spin_value_t result;
    open_scene(&scene);
    for (uint32_t at = 1024; at < 65536; at += 8) {
        store(&scene, at, 1024);
        store(&scene, at + 4, 8000);
    }
    store(&scene, RESULT, 1024);
    store(&scene, RESULT + 4, 8000);
    assert_fails(call0(&scene, "lists", &result), SPIN_ERROR_LIMIT, "larger than");
    close_scene(&scene);
}

static void arguments_that_are_nowhere(void **state) {
    static const uint32_t bad[][4] = {
        {0xfffffff0, 1, 0, 0}, {0, 65537, 0, 0},      {0, 0, 2, 1},
        {0, 0, 65532, 2},      {0, 0, 0, 0x40000000}, {0, 0xffffffff, 0, 0},
    };
    (void)state;
    scene_t scene;
    open_scene(&scene);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const spin_value_t args[4] = {u32(bad[i][0]), u32(bad[i][1]), u32(bad[i][2]),
                                      u32(bad[i][3])};
        assert_fails(spin_component_call(scene.instance, spin_slice("send"), args, 4, NULL),
                     SPIN_ERROR_TRAP, HOST ": take: argument");
        renew(&scene);
    }
    close_scene(&scene);
}

/* ── handles ── */

static void handles_of_the_wrong_kind(void **state) {
    static const char *const of_files[] = {"out", "look", "file-drop"};
    static const char *const of_things[] = {"thing-out", "thing-rep", "thing-drop"};
    static const uint32_t nothing[] = {0, 2, 77, 0x7fffffff, 0xffffffff};
    (void)state;
    scene_t scene;
    open_scene(&scene);
    for (size_t i = 0; i < 3; i++) {
        for (size_t j = 0; j < 5; j++) {
            assert_fails(call1(&scene, of_files[i], u32(nothing[j]), NULL), SPIN_ERROR_TRAP,
                         "unknown handle index");
            renew(&scene);
            assert_fails(call1(&scene, of_things[i], u32(nothing[j]), NULL), SPIN_ERROR_TRAP,
                         "unknown handle index");
            renew(&scene);
        }
        assert_int_equal(number_of(&scene, "make-many", u32(1)), 0);
        assert_fails(call1(&scene, of_files[i], u32(1), NULL), SPIN_ERROR_TRAP, "wrong type");
        renew(&scene);
        assert_int_equal(number_of(&scene, "keep", u32(1)), 1);
        assert_fails(call1(&scene, of_things[i], u32(1), NULL), SPIN_ERROR_TRAP, "wrong type");
        renew(&scene);
    }
    close_scene(&scene);
    assert_dropped_once(&scene.host);
}

static void handles_that_the_host_makes_up(void **state) {
    (void)state;
    scene_t scene;
    spin_value_t thing;
    open_scene(&scene);
    assert_fails(spin_component_drop(scene.instance, 1), SPIN_ERROR_INVALID, "not a handle");
    assert_ok(call1(&scene, "make", u32(9), &thing));
    assert_fails(spin_component_drop(scene.instance, UINT64_C(0x100000000) + thing.of.natural),
                 SPIN_ERROR_INVALID, "not a handle");
    assert_int_equal(number_of(&scene, "thing-look", borrow(thing.of.natural)), 9);
    assert_fails(call1(&scene, "thing-look", own(thing.of.natural), NULL), SPIN_ERROR_INVALID,
                 "argument");
    assert_int_equal(number_of(&scene, "thing-look", borrow(thing.of.natural)), 9);
    assert_ok(call1(&scene, "thing-in", thing, NULL));
    assert_fails(spin_component_drop(scene.instance, thing.of.natural), SPIN_ERROR_INVALID,
                 "not a handle");
    close_scene(&scene);
}

/* More than the host would keep. */
static void handles_are_limited(void **state) {
    (void)state;
    scene_t scene;
    open_scene_for(&scene, 60000);
    assert_fails(call1(&scene, "make-many", u32(5 << 20), NULL), SPIN_ERROR_TRAP,
                 "the guest holds 1048576 handles already");
    renew(&scene);
    assert_ok(call1(&scene, "make-many", u32((1 << 20) - 1), NULL));
    assert_fails(call1(&scene, "make-many", u32(1), NULL), SPIN_ERROR_TRAP, "handles already");
    close_scene(&scene);
}

/* So that many components do not hold many times that. */
static void tables_share_their_limit(void **state) {
    (void)state;
    arena_t arena = {0};
    uint32_t taken = 0, number, full = 0;
    handle_table_t tables[4] = {
        {.taken = &taken}, {.taken = &taken}, {.taken = &taken}, {.taken = &taken}};
    for (size_t i = 0; i < 4; i++) {
        spin_error_t *error = NULL;
        while (error == NULL)
            error = handle_table_add(&tables[i], &arena, (handle_t){.kind = HANDLE_OWN}, &number);
        full += tables[i].len;
        assert_fails(error, SPIN_ERROR_LIMIT, "handles");
    }
    assert_true(full <= HANDLE_TABLES_MOST);
    assert_int_equal(taken, full);
    arena_deinit(&arena);
}

/* ── who owns what ── */

static void a_result_that_nobody_wants_is_dropped(void **state) {
    (void)state;
    scene_t scene;
    open_scene(&scene);
    assert_ok(call1(&scene, "open", u32(0), NULL));
    assert_ok(call1(&scene, "labelled", u32(0), NULL));
    assert_ok(call1(&scene, "make", u32(0), NULL));
    close_scene(&scene);
    assert_int_equal(scene.host.opened, 2);
    assert_dropped_once(&scene.host);
}

static void a_result_before_a_trap_is_dropped(void **state) {
    (void)state;
    scene_t scene;
    spin_value_t result;
    open_scene(&scene);
    store(&scene, POST_MODE, 1);
    assert_fails(call1(&scene, "labelled", u32(0), &result), SPIN_ERROR_TRAP, "unreachable");
    assert_int_equal(result.kind, 0);
    close_scene(&scene);
    assert_int_equal(scene.host.opened, 1);
    assert_dropped_once(&scene.host);
}

static void files_go_in_and_out(void **state) {
    (void)state;
    scene_t scene;
    spin_value_t file;
    open_scene(&scene);
    assert_ok(call1(&scene, "open", u32(0), &file));
    uint64_t handle = number_of(&scene, "in", file);
    assert_ok(call2(&scene, "give", (uint32_t)handle, 0, NULL));
    assert_int_equal(scene.host.given, file.of.natural);
    assert_fails(call2(&scene, "give", (uint32_t)handle, 0, NULL), SPIN_ERROR_TRAP, "unknown");
    renew(&scene);
    handle = number_of(&scene, "keep", u32(0)); /* the text is nowhere: the file stays */
    assert_fails(call2(&scene, "give", (uint32_t)handle, 0xffffffff, NULL), SPIN_ERROR_TRAP,
                 "outside");
    close_scene(&scene);
    assert_dropped_once(&scene.host);
}

/* As spin-bindgen's code calls it. */
static void texts_lower(spin_lower_t *lower, const void *context, const void *args,
                        spin_flat_t *flat, uint8_t *area) {
    (void)lower, (void)context, (void)args, (void)flat, (void)area;
}
static void text_lift(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                      const uint8_t *area, void *result) {
    (void)context, (void)flat;
    *(spin_string_t *)result = spin_lift_text(lift, spin_load_u32(area), spin_load_u32(area + 4));
}
static void text_clear(const void *context, void *result) {
    (void)context;
    spin_string_clear(result);
}

static void a_struct_before_a_trap_is_zero(void **state) {
    static const spin_abi_export_t function = {.size = sizeof function,
                                               .name = "text",
                                               .export_name = "text",
                                               .params = "",
                                               .results = "ii",
                                               .result_size = 8,
                                               .result_align = 4,
                                               .c_result_size = sizeof(spin_string_t),
                                               .lower = texts_lower,
                                               .lift = text_lift,
                                               .clear = text_clear};
    (void)state;
    scene_t scene;
    spin_string_t result;
    open_scene(&scene);
    store(&scene, RESULT + 4, 9);
    assert_ok(spin_abi_call(scene.instance, &function, NULL, &result));
    assert_int_equal(result.len, 9);
    spin_string_clear(&result);
    store(&scene, POST_MODE, 1);
    assert_fails(spin_abi_call(scene.instance, &function, NULL, &result), SPIN_ERROR_TRAP,
                 "unreachable");
    assert_null(result.ptr);
    assert_int_equal(result.len, 0);
    close_scene(&scene);
}

/* ── post-returns and destructors ── */

static void post_returns_that_do_not_end(void **state) {
    (void)state;
    scene_t scene;
    spin_value_t result;
    open_scene_for(&scene, 200);
    store(&scene, RESULT + 4, 3);
    store(&scene, POST_MODE, 2);
    assert_fails(call0(&scene, "text", &result), SPIN_ERROR_TIMEOUT, "longer than");
    renew(&scene);
    store(&scene, POST_MODE, 3);
    assert_fails(call0(&scene, "numbers", &result), SPIN_ERROR_TRAP, "cannot leave");
    assert_int_equal(scene.host.pokes, 0);
    close_scene(&scene);
}

static void destructors_that_misbehave(void **state) {
    static const struct {
        uint32_t mode;
        spin_error_kind_t kind;
        const char *says;
    } bad[] = {{1, SPIN_ERROR_TRAP, "unreachable"}, {2, SPIN_ERROR_TIMEOUT, "longer than"}};
    (void)state;
    scene_t scene;
    spin_value_t thing;
    open_scene_for(&scene, 200);
    for (size_t i = 0; i < 2; i++) {
        store(&scene, DTOR_MODE, bad[i].mode);
        assert_ok(call1(&scene, "make", u32(7), &thing));
        assert_fails(spin_component_drop(scene.instance, thing.of.natural), bad[i].kind,
                     bad[i].says);
        assert_fails(spin_component_drop(scene.instance, thing.of.natural), SPIN_ERROR_INVALID,
                     "not a handle");
        renew(&scene);
        store(&scene, DTOR_MODE, bad[i].mode);
        assert_int_equal(number_of(&scene, "make-many", u32(1)), 0);
        assert_fails(call1(&scene, "thing-drop", u32(1), NULL), bad[i].kind, bad[i].says);
        renew(&scene);
    }
    store(&scene, DTOR_MODE, 3);
    assert_ok(call1(&scene, "make", u32(7), &thing));
    assert_ok(spin_component_drop(scene.instance, thing.of.natural));
    assert_int_equal(scene.host.pokes, 1);
    close_scene(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocators_that_answer_rubbish),
        cmocka_unit_test(answers_that_can_not_be_given),
        cmocka_unit_test(results_that_are_nowhere),
        cmocka_unit_test(results_that_never_end),
        cmocka_unit_test(arguments_that_are_nowhere),
        cmocka_unit_test(handles_of_the_wrong_kind),
        cmocka_unit_test(handles_that_the_host_makes_up),
        cmocka_unit_test(handles_are_limited),
        cmocka_unit_test(tables_share_their_limit),
        cmocka_unit_test(a_result_that_nobody_wants_is_dropped),
        cmocka_unit_test(a_result_before_a_trap_is_dropped),
        cmocka_unit_test(files_go_in_and_out),
        cmocka_unit_test(a_struct_before_a_trap_is_zero),
        cmocka_unit_test(post_returns_that_do_not_end),
        cmocka_unit_test(destructors_that_misbehave),
    };
    if (!abi_make_cache())
        return 1;
    return cmocka_run_group_tests(tests, NULL, abi_remove_cache);
}
