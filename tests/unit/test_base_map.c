#include <stdio.h>

#include "base/map.h"
#include "base/vec.h"
#include "cmocka_all.h"
#include "failing_alloc.h"

enum { MANY = 5000 };

static char keys[MANY][16];

static spin_slice_t key(size_t i) {
    snprintf(keys[i], sizeof keys[i], "key-%zu", i);
    return spin_slice(keys[i]);
}

static void *value(size_t i) {
    return (void *)(uintptr_t)(i + 1);
}

/* What must hold of a map with the keys 0 … len-1 that were added in this order. */
static void check(const map_t *map, size_t len) {
    assert_int_equal(map->len, len);
    for (size_t i = 0; i < len; i++) {
        assert_true(slice_equal(map->entries[i].key, key(i)));
        assert_ptr_equal(map->entries[i].value, value(i));
        assert_ptr_equal(map_find(map, key(i)), &map->entries[i]);
        assert_ptr_equal(map_get(map, key(i)), value(i));
    }
    assert_null(map_find(map, spin_slice("absent")));
    assert_null(map_get(map, spin_slice("")));
}

static void keeps_order_through_growth(void **state) {
    (void)state;
    map_t map = {0};
    check(&map, 0);
    for (size_t i = 0; i < MANY; i++) {
        assert_true(map_set(&map, key(i), value(i)));
        if (i < 100)
            check(&map, i + 1);
    }
    check(&map, MANY); /* with so many entries, runs of slots collide */
    assert_true(map.slot_count * 3 >= map.len * 4);
    map_deinit(&map);
    check(&map, 0);
}

static void replaces_in_place(void **state) {
    (void)state;
    map_t map = {0};
    for (size_t round = 0; round < 2; round++)
        for (size_t i = 0; i < 20; i++)
            assert_true(map_set(&map, key(i), value(i)));
    check(&map, 20);
    assert_true(map_set(&map, key(3), NULL));
    assert_null(map_get(&map, key(3)));
    assert_non_null(map_find(&map, key(3))); /* there, with a NULL value */
    assert_int_equal(map.len, 20);
    map_deinit(&map);
}

static void keys_are_bytes(void **state) {
    (void)state;
    map_t map = {0};
    int a, b, c;
    assert_true(map_set(&map, spin_slice_of("x\0a", 3), &a));
    assert_true(map_set(&map, spin_slice_of("x\0b", 3), &b));
    assert_true(map_set(&map, spin_slice_of(NULL, 0), &c));
    assert_ptr_equal(map_get(&map, spin_slice_of("x\0a", 3)), &a);
    assert_ptr_equal(map_get(&map, spin_slice_of("x\0b", 3)), &b);
    assert_ptr_equal(map_get(&map, spin_slice("")), &c);
    assert_null(map_get(&map, spin_slice("x")));
    map_deinit(&map);
}

static void a_failed_set_changes_nothing(void **state) {
    (void)state;
    enum { COUNT = 100 };
    failing_alloc_install(SIZE_MAX);
    map_t map = {0};
    for (size_t i = 0; i < COUNT; i++)
        assert_true(map_set(&map, key(i), value(i)));
    map_deinit(&map);
    size_t calls = failing_alloc_calls();
    for (size_t at = 1; at <= calls; at++) {
        failing_alloc_install(at);
        size_t failures = 0;
        for (size_t i = 0; i < COUNT; i++) {
            if (map_set(&map, key(i), value(i)))
                continue;
            failures++;
            check(&map, i);
            assert_true(map_set(&map, key(i), value(i)));
        }
        assert_int_equal(failures, 1);
        check(&map, COUNT);
        map_deinit(&map);
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_remove();
}

static void vector_grows_and_keeps(void **state) {
    (void)state;
    VEC(uint64_t) numbers = {0};
    for (uint64_t i = 0; i < 1000; i++)
        assert_true(VEC_PUSH(&numbers, i * i));
    assert_int_equal(numbers.len, 1000);
    for (uint64_t i = 0; i < 1000; i++)
        assert_int_equal(numbers.items[i], i * i);
    assert_true(VEC_RESERVE(&numbers, 5000));
    const uint64_t *before = numbers.items;
    for (uint64_t i = 0; i < 5000; i++)
        assert_true(VEC_PUSH(&numbers, i));
    assert_ptr_equal(numbers.items, before);
    VEC_FREE(&numbers);
    assert_null(numbers.items);
    assert_int_equal(numbers.len + numbers.cap, 0);
}

static void vector_refuses_overflow_and_survives_failure(void **state) {
    (void)state;
    VEC(uint64_t) numbers = {0};
    assert_true(VEC_PUSH(&numbers, 7));
    assert_false(VEC_RESERVE(&numbers, SIZE_MAX));
    assert_false(VEC_RESERVE(&numbers, SIZE_MAX - 1));
    assert_false(VEC_RESERVE(&numbers, SIZE_MAX / sizeof(uint64_t)));
    assert_int_equal(numbers.len, 1);
    assert_int_equal(numbers.items[0], 7);
    while (numbers.len < numbers.cap)
        assert_true(VEC_PUSH(&numbers, 8));
    failing_alloc_install(1);
    bool pushed = VEC_PUSH(&numbers, 9);
    assert_false(pushed);
    failing_alloc_remove();
    assert_int_equal(numbers.items[0], 7);
    assert_true(VEC_PUSH(&numbers, 9));
    assert_int_equal(numbers.items[numbers.len - 1], 9);
    VEC_FREE(&numbers);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_order_through_growth),
        cmocka_unit_test(replaces_in_place),
        cmocka_unit_test(keys_are_bytes),
        cmocka_unit_test(a_failed_set_changes_nothing),
        cmocka_unit_test(vector_grows_and_keeps),
        cmocka_unit_test(vector_refuses_overflow_and_survives_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
