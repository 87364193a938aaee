#include "base/alloc.h"
#include "base/arena.h"
#include "cmocka_all.h"
#include "failing_alloc.h"

static void is_aligned_and_distinct(void **state) {
    (void)state;
    arena_t arena = {0};
    uint8_t *blocks[200];
    for (size_t i = 0; i < 200; i++) {
        blocks[i] = arena_alloc(&arena, i);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
        memset(blocks[i], (int)i, i);
        assert_non_null(arena_alloc_bytes(&arena, i % 3)); /* leaves `at` unaligned */
    }
    for (size_t i = 0; i < 200; i++)
        for (size_t j = 0; j < i; j++)
            assert_int_equal(blocks[i][j], i);
    arena_deinit(&arena);
}

static void large_pieces_leave_the_open_block_alone(void **state) {
    (void)state;
    failing_alloc_install(SIZE_MAX);
    arena_t arena;
    arena_init(&arena, 1024);
    assert_int_equal(failing_alloc_calls(), 0);
    uint8_t *first = arena_alloc_bytes(&arena, 10);
    uint8_t *large = arena_alloc_bytes(&arena, 100000);
    uint8_t *second = arena_alloc_bytes(&arena, 10);
    assert_ptr_equal(second, first + 10);
    assert_int_equal(failing_alloc_calls(), 2);
    memset(large, 1, 100000);
    memset(first, 2, 20);
    assert_int_equal(large[0] + large[99999], 2);
    arena_deinit(&arena);

    large = arena_alloc(&arena, 5000); /* the very first piece may be large too */
    first = arena_alloc(&arena, 16);
    assert_non_null(large);
    assert_true(first + 16 <= large || first >= large + 5000);
    arena_deinit(&arena);
    assert_int_equal(failing_alloc_live(), 0);
    failing_alloc_remove();
}

static void clear_keeps_one_ordinary_block(void **state) {
    (void)state;
    failing_alloc_install(SIZE_MAX);
    arena_t arena;
    arena_init(&arena, 1024);
    arena_clear(&arena);
    for (size_t i = 0; i < 50; i++)
        assert_non_null(arena_alloc(&arena, 200));
    assert_non_null(arena_alloc(&arena, 10000));
    arena_clear(&arena);
    assert_int_equal(failing_alloc_live(), 1);
    size_t before = failing_alloc_calls();
    for (size_t i = 0; i < 4; i++)
        assert_non_null(arena_alloc(&arena, 200));
    assert_int_equal(failing_alloc_calls(), before);

    arena_deinit(&arena); /* nothing but one large block: not kept */
    assert_non_null(arena_alloc(&arena, 10000));
    arena_clear(&arena);
    assert_int_equal(failing_alloc_live(), 0);
    arena_deinit(&arena);
    failing_alloc_remove();
}

static void copies_and_formats_text(void **state) {
    (void)state;
    arena_t arena = {0};
    spin_slice_t copy = arena_copy(&arena, spin_slice_of("a\0b", 3));
    assert_int_equal(copy.len, 3);
    assert_memory_equal(copy.ptr, "a\0b", 4);
    assert_string_equal(arena_copy_text(&arena, spin_slice(NULL)), "");
    spin_slice_t text = arena_printf(&arena, "%s:%d", "port", 3000);
    assert_string_equal((const char *)text.ptr, "port:3000");
    assert_int_equal(text.len, 9);
    const uint8_t *zeroed = arena_calloc(&arena, 3, 5);
    for (size_t i = 0; i < 15; i++)
        assert_int_equal(zeroed[i], 0);
    arena_deinit(&arena);
}

static void refuses_what_overflows(void **state) {
    (void)state;
    arena_t arena = {0};
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_alloc(&arena, SIZE_MAX - 8));
    assert_null(arena_calloc(&arena, SIZE_MAX / 2, 3));
    assert_null(arena_copy_text(&arena, spin_slice_of("", SIZE_MAX)));
    assert_non_null(arena_alloc(&arena, 1));
    assert_null(arena_alloc(&arena, SIZE_MAX));
    arena_deinit(&arena);

    assert_null(mem_calloc(SIZE_MAX / 2, 3));
    assert_null(mem_resize(NULL, SIZE_MAX / 2, 3));
}

static bool fill(arena_t *arena) {
    bool complete = true;
    for (size_t i = 1; i < 6; i++) {
        complete &= arena_alloc(arena, 60 * i) != NULL;
        complete &= arena_copy(arena, spin_slice("text")).ptr != NULL;
        complete &= arena_printf(arena, "%0*d", (int)(50 * i), 1).ptr != NULL;
        complete &= arena_calloc(arena, i, 500) != NULL;
    }
    return complete;
}

static void survives_any_failed_allocation(void **state) {
    (void)state;
    arena_t arena;
    arena_init(&arena, 256);
    failing_alloc_install(SIZE_MAX);
    assert_true(fill(&arena));
    arena_deinit(&arena);
    size_t calls = failing_alloc_calls();
    assert_true(calls > 5);
    for (size_t at = 1; at <= calls; at++) {
        failing_alloc_install(at);
        assert_false(fill(&arena));
        assert_non_null(arena_alloc(&arena, 100)); /* usable after the failure */
        arena_deinit(&arena);
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_remove();
}

static void heap_copies_are_terminated(void **state) {
    (void)state;
    char *copy = mem_copy_text(spin_slice_of("abc", 2));
    assert_string_equal(copy, "ab");
    mem_free(copy);
    void *nothing = mem_alloc(0);
    assert_non_null(nothing);
    mem_free(nothing);
    mem_free(NULL);
    failing_alloc_install(1);
    assert_null(mem_copy_text(spin_slice("x")));
    failing_alloc_remove();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_aligned_and_distinct),
        cmocka_unit_test(large_pieces_leave_the_open_block_alone),
        cmocka_unit_test(clear_keeps_one_ordinary_block),
        cmocka_unit_test(copies_and_formats_text),
        cmocka_unit_test(refuses_what_overflows),
        cmocka_unit_test(survives_any_failed_allocation),
        cmocka_unit_test(heap_copies_are_terminated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
