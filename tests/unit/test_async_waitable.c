#include "cmocka_all.h"
#include "engine/async/waitable.h"

static async_event_t deliver(async_waitable_t *waitable) {
    return (async_event_t){ASYNC_EVENT_SUBTASK, waitable->handle, 7};
}

enum { COUNT = 4 };

typedef struct scene {
    async_waitable_t waitables[COUNT];
    async_set_t sets[2];
} scene_t;

static void init(scene_t *scene) {
    *scene = (scene_t){0};
    for (uint32_t i = 0; i < COUNT; i++) {
        scene->waitables[i].deliver = deliver;
        scene->waitables[i].handle = i + 1;
    }
}

static size_t length(const async_waitables_t *list) {
    size_t len = 0;
    const async_waitable_t *before = NULL;
    for (const async_waitable_t *at = list->first; at != NULL; at = at->next) {
        assert_ptr_equal(at->prev, before);
        before = at;
        len++;
    }
    assert_ptr_equal(list->last, before);
    return len;
}

static void check(const async_set_t *set, size_t quiet, size_t ready) {
    assert_int_equal(length(&set->quiet), quiet);
    assert_int_equal(length(&set->ready), ready);
    assert_true((async_set_ready(set) != NULL) == (ready > 0));
    assert_true(async_set_is_empty(set) == (quiet + ready == 0));
}

/* What is taken from a set: the handle. */
static uint32_t take(async_set_t *set) {
    async_event_t event = async_waitable_take(async_set_ready(set));
    assert_int_equal(event.code, ASYNC_EVENT_SUBTASK);
    assert_int_equal(event.payload, 7);
    return event.index;
}

static void events_come_in_their_order(void **state) {
    (void)state;
    scene_t scene;
    init(&scene);
    async_set_t *set = &scene.sets[0];
    for (size_t i = 0; i < COUNT; i++)
        async_waitable_join(&scene.waitables[i], set);
    check(set, 4, 0);
    async_waitable_tell(&scene.waitables[2]);
    async_waitable_tell(&scene.waitables[0]);
    async_waitable_tell(&scene.waitables[2]); /* told twice: one event */
    check(set, 2, 2);
    assert_int_equal(take(set), 3);
    check(set, 3, 1);
    assert_int_equal(take(set), 1);
    check(set, 4, 0);
    assert_false(scene.waitables[2].has_event);
}

static void an_event_goes_where_its_waitable_goes(void **state) {
    (void)state;
    scene_t scene;
    init(&scene);
    async_waitable_t *waitable = &scene.waitables[0];
    async_waitable_tell(waitable); /* in no set */
    async_waitable_join(waitable, &scene.sets[0]);
    check(&scene.sets[0], 0, 1);
    async_waitable_join(waitable, &scene.sets[1]);
    check(&scene.sets[0], 0, 0);
    check(&scene.sets[1], 0, 1);
    async_waitable_join(waitable, &scene.sets[1]); /* where it is */
    check(&scene.sets[1], 0, 1);
    async_waitable_join(waitable, NULL);
    check(&scene.sets[1], 0, 0);
    assert_true(waitable->has_event);
    assert_int_equal(async_waitable_take(waitable).index, 1);
}

static void elements_leave_from_anywhere(void **state) {
    (void)state;
    for (size_t gone = 0; gone < COUNT; gone++) {
        scene_t scene;
        init(&scene);
        for (size_t i = 0; i < COUNT; i++)
            async_waitable_join(&scene.waitables[i], &scene.sets[0]);
        async_waitable_join(&scene.waitables[gone], NULL);
        check(&scene.sets[0], COUNT - 1, 0);
        async_waitable_tell(&scene.waitables[gone]);
        check(&scene.sets[0], COUNT - 1, 0);
    }
}

static void a_set_that_ends_lets_all_go(void **state) {
    (void)state;
    scene_t scene;
    init(&scene);
    for (size_t i = 0; i < COUNT; i++)
        async_waitable_join(&scene.waitables[i], &scene.sets[0]);
    async_waitable_tell(&scene.waitables[1]);
    async_set_clear(&scene.sets[0]);
    check(&scene.sets[0], 0, 0);
    for (size_t i = 0; i < COUNT; i++)
        assert_null(scene.waitables[i].set);
    assert_true(scene.waitables[1].has_event);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_come_in_their_order),
        cmocka_unit_test(an_event_goes_where_its_waitable_goes),
        cmocka_unit_test(elements_leave_from_anywhere),
        cmocka_unit_test(a_set_that_ends_lets_all_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
