/* Streams and futures without a guest: every case of CanonicalABI.md, "Stream State" and "Future
 * State". */
#include "assert_error.h"
#include "cmocka_all.h"
#include "engine/async/copy.h"

enum { HERE = 1, THERE = 2 };

static const wit_type_t number = {.kind = SPIN_TYPE_U16};
static const wit_type_t text = {.kind = SPIN_TYPE_STRING};

typedef struct scene {
    async_end_t *reader;
    async_end_t *writer;
    uint32_t moved;      /* elements, in all */
    uint32_t calls;      /* of the transfer */
    spin_error_t *error; /* that it is to say */
} scene_t;

static spin_error_t *transfer(void *user, const wit_type_t *element, async_buffer_t *to,
                              async_buffer_t *from, uint32_t count) {
    scene_t *scene = user;
    (void)element;
    scene->calls++;
    if (scene->error != NULL) {
        spin_error_t *error = scene->error;
        scene->error = NULL;
        return error;
    }
    assert_true(count <= async_buffer_remain(to) && count <= async_buffer_remain(from));
    to->progress += count;
    from->progress += count;
    scene->moved += count;
    return NULL;
}

static void begin(scene_t *scene, const wit_type_t *element, bool is_future) {
    *scene = (scene_t){0};
    assert_true(async_ends_new(element, is_future, &scene->reader, &scene->writer));
    scene->reader->waitable.handle = 11;
    scene->writer->waitable.handle = 12;
}

static void end(scene_t *scene) {
    async_end_free(scene->reader);
    async_end_free(scene->writer);
}

static spin_error_t *copy_in(scene_t *scene, async_end_t *at, uint32_t length, uint32_t component) {
    assert_int_equal(at->state, ASYNC_END_IDLE);
    at->buffer = (async_buffer_t){.length = length, .component = component};
    return async_end_copy(at, transfer, scene);
}

static void read_some(scene_t *scene, uint32_t length) {
    assert_good(copy_in(scene, scene->reader, length, HERE));
}

static void write_some(scene_t *scene, uint32_t length) {
    assert_good(copy_in(scene, scene->writer, length, THERE));
}

/* What the end's guest is told. */
static void expect(const scene_t *scene, async_end_t *at, async_copy_result_t result,
                   uint32_t count) {
    assert_true(at->waitable.has_event);
    async_event_t event = async_waitable_take(&at->waitable);
    bool is_future = at->shared->is_future;
    static const async_event_code_t codes[2][2] = {
        {ASYNC_EVENT_STREAM_READ, ASYNC_EVENT_STREAM_WRITE},
        {ASYNC_EVENT_FUTURE_READ, ASYNC_EVENT_FUTURE_WRITE}};
    assert_int_equal(event.code, codes[is_future][at == scene->writer]);
    assert_int_equal(event.index, at == scene->writer ? 12 : 11);
    assert_int_equal(event.payload, (uint32_t)result | count << 4);
    bool is_over = result == ASYNC_COPY_DROPPED || (is_future && result == ASYNC_COPY_COMPLETED);
    assert_int_equal(at->state, is_over ? ASYNC_END_DONE : ASYNC_END_IDLE);
}

static void expect_nothing(const async_end_t *at) {
    assert_false(at->waitable.has_event);
}

static void cancel(async_end_t *at) {
    at->state = ASYNC_END_CANCELLING;
    if (!at->waitable.has_event)
        async_end_cancel(at);
}

/* ── streams ── */

static void a_stream_hands_over_what_both_have(void **state) {
    (void)state;
    static const uint32_t cases[][3] = {{4, 4, 4}, {4, 9, 4}, {9, 4, 4}, {1, 1, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int reader_first = 0; reader_first < 2; reader_first++) {
            scene_t scene;
            begin(&scene, &text, false);
            if (reader_first)
                read_some(&scene, cases[i][0]);
            write_some(&scene, cases[i][1]);
            if (!reader_first)
                read_some(&scene, cases[i][0]);
            expect(&scene, scene.reader, ASYNC_COPY_COMPLETED, cases[i][2]);
            expect(&scene, scene.writer, ASYNC_COPY_COMPLETED, cases[i][2]);
            assert_int_equal(scene.moved, cases[i][2]);
            end(&scene);
        }
}

/* Until its event is taken, a copy goes on with what is left of its buffer. */
static void a_copy_gathers_until_it_is_told(void **state) {
    (void)state;
    scene_t scene;
    begin(&scene, NULL, false);
    read_some(&scene, 10);
    write_some(&scene, 3);
    expect(&scene, scene.writer, ASYNC_COPY_COMPLETED, 3);
    write_some(&scene, 4);
    expect(&scene, scene.writer, ASYNC_COPY_COMPLETED, 4);
    expect(&scene, scene.reader, ASYNC_COPY_COMPLETED, 7);
    write_some(&scene, 1); /* nobody reads any more */
    expect_nothing(scene.writer);
    end(&scene);
}

/* A full buffer whose guest was not told yet makes room for the next one. */
static void a_full_buffer_makes_room(void **state) {
    (void)state;
    scene_t scene;
    begin(&scene, NULL, false);
    read_some(&scene, 3);
    write_some(&scene, 3);
    expect(&scene, scene.writer, ASYNC_COPY_COMPLETED, 3);
    write_some(&scene, 2);
    expect_nothing(scene.writer);
    expect(&scene, scene.reader, ASYNC_COPY_COMPLETED, 3);
    read_some(&scene, 2);
    expect(&scene, scene.reader, ASYNC_COPY_COMPLETED, 2);
    expect(&scene, scene.writer, ASYNC_COPY_COMPLETED, 2);
    end(&scene);
}

static void nothing_is_written_to_ask_for_a_reader(void **state) {
    (void)state;
    scene_t scene;
    begin(&scene, NULL, false);
    write_some(&scene, 0);
    expect_nothing(scene.writer);
    read_some(&scene, 5); /* tells the writer, and waits for more */
    expect(&scene, scene.writer, ASYNC_COPY_COMPLETED, 0);
    expect_nothing(scene.reader);
    write_some(&scene, 5);
    expect(&scene, scene.reader, ASYNC_COPY_COMPLETED, 5);
    expect(&scene, scene.writer, ASYNC_COPY_COMPLETED, 5);
    end(&scene);
}

static void nothing_is_read_to_ask_for_a_writer(void **state) {
    (void)state;
    scene_t scene;
    begin(&scene, NULL, false);
    read_some(&scene, 0);
    expect_nothing(scene.reader);
    write_some(&scene, 0); /* there is a reader: the writer goes on, the reader waits */
    expect(&scene, scene.writer, ASYNC_COPY_COMPLETED, 0);
    expect_nothing(scene.reader);
    write_some(&scene, 5);
    expect(&scene, scene.reader, ASYNC_COPY_COMPLETED, 0);
    expect_nothing(scene.writer);
    read_some(&scene, 0); /* there is something */
    expect(&scene, scene.reader, ASYNC_COPY_COMPLETED, 0);
    expect_nothing(scene.writer);
    read_some(&scene, 5);
    expect(&scene, scene.reader, ASYNC_COPY_COMPLETED, 5);
    end(&scene);
}

static void both_with_nothing_the_writer_waits(void **state) {
    (void)state;
    scene_t scene;
    begin(&scene, NULL, false);
    write_some(&scene, 0);
    read_some(&scene, 0);
    expect(&scene, scene.writer, ASYNC_COPY_COMPLETED, 0);
    expect_nothing(scene.reader);
    assert_int_equal(scene.calls, 0);
    end(&scene);
}

static void a_dropped_end_ends_the_other(void **state) {
    (void)state;
    for (int waits = 0; waits < 2; waits++)
        for (int drops_writer = 0; drops_writer < 2; drops_writer++) {
            scene_t scene;
            begin(&scene, &number, false);
            async_end_t *goes = drops_writer ? scene.writer : scene.reader;
            async_end_t *stays = drops_writer ? scene.reader : scene.writer;
            if (waits)
                assert_good(copy_in(&scene, stays, 4, HERE));
            assert_good(async_end_drop(goes));
            if (!waits)
                assert_good(copy_in(&scene, stays, 4, HERE));
            expect(&scene, stays, ASYNC_COPY_DROPPED, 0);
            assert_good(async_end_drop(stays));
            end(&scene);
        }
}

/* What was copied before is told with it. */
static void a_dropped_end_tells_what_was_copied(void **state) {
    (void)state;
    scene_t scene;
    begin(&scene, NULL, false);
    write_some(&scene, 8);
    read_some(&scene, 3);
    expect(&scene, scene.reader, ASYNC_COPY_COMPLETED, 3);
    assert_good(async_end_drop(scene.reader));
    expect(&scene, scene.writer, ASYNC_COPY_DROPPED, 3);
    end(&scene);
}

static void a_busy_end_stays(void **state) {
    (void)state;
    scene_t scene;
    begin(&scene, NULL, false);
    read_some(&scene, 1);
    assert_error_text(async_end_drop(scene.reader), SPIN_ERROR_TRAP, "cannot remove busy stream");
    cancel(scene.reader);
    assert_error_text(async_end_drop(scene.reader), SPIN_ERROR_TRAP, "cannot remove busy stream");
    expect(&scene, scene.reader, ASYNC_COPY_CANCELLED, 0);
    write_some(&scene, 1);
    assert_error_text(async_end_drop(scene.writer), SPIN_ERROR_TRAP, "cannot drop busy stream");
    end(&scene);
}

static void a_cancelled_copy_tells_its_progress(void **state) {
    (void)state;
    scene_t scene;
    begin(&scene, NULL, false);
    write_some(&scene, 8);
    cancel(scene.writer);
    expect(&scene, scene.writer, ASYNC_COPY_CANCELLED, 0);
    read_some(&scene, 2); /* not with what was cancelled */
    expect_nothing(scene.reader);
    write_some(&scene, 8);
    expect(&scene, scene.reader, ASYNC_COPY_COMPLETED, 2);
    cancel(scene.writer);
    expect(&scene, scene.writer, ASYNC_COPY_CANCELLED, 2);
    read_some(&scene, 1);
    expect_nothing(scene.reader);
    end(&scene);
}

static void a_cancelled_copy_that_ended_says_so(void **state) {
    (void)state;
    scene_t scene;
    begin(&scene, NULL, false);
    read_some(&scene, 4);
    assert_good(async_end_drop(scene.writer));
    cancel(scene.reader);
    expect(&scene, scene.reader, ASYNC_COPY_DROPPED, 0);
    end(&scene);
}

static void one_instance_hands_itself_numbers_only(void **state) {
    (void)state;
    static const struct {
        const wit_type_t *type;
        bool good;
    } cases[] = {{NULL, true}, {&number, true}, {&text, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int is_future = 0; is_future < 2; is_future++) {
            scene_t scene;
            begin(&scene, cases[i].type, is_future);
            assert_good(copy_in(&scene, scene.writer, 1, HERE));
            spin_error_t *error = copy_in(&scene, scene.reader, 1, HERE);
            if (cases[i].good)
                assert_good(error);
            else
                assert_error_text(
                    error, SPIN_ERROR_TRAP,
                    "cannot read from and write to intra-component future/stream with "
                    "non-numeric payload");
            assert_int_equal(scene.moved, cases[i].good);
            end(&scene);
        }
}

static void what_goes_wrong_is_said(void **state) {
    (void)state;
    for (int is_future = 0; is_future < 2; is_future++) {
        scene_t scene;
        begin(&scene, &text, is_future);
        write_some(&scene, 1);
        scene.error = spin_error_new(SPIN_ERROR_TRAP, "no room");
        assert_error_text(copy_in(&scene, scene.reader, 1, HERE), SPIN_ERROR_TRAP, "no room");
        end(&scene);
    }
}

/* ── futures ── */

static void a_future_is_handed_over_once(void **state) {
    (void)state;
    for (int reader_first = 0; reader_first < 2; reader_first++) {
        scene_t scene;
        begin(&scene, &text, true);
        if (reader_first)
            read_some(&scene, 1);
        write_some(&scene, 1);
        if (!reader_first)
            read_some(&scene, 1);
        expect(&scene, scene.reader, ASYNC_COPY_COMPLETED, 0);
        expect(&scene, scene.writer, ASYNC_COPY_COMPLETED, 0);
        assert_good(async_end_drop(scene.writer));
        assert_good(async_end_drop(scene.reader));
        end(&scene);
    }
}

static void a_future_must_be_written(void **state) {
    (void)state;
    scene_t scene;
    begin(&scene, NULL, true);
    assert_error_text(async_end_drop(scene.writer), SPIN_ERROR_TRAP,
                      "cannot drop future write end without first writing a value");
    write_some(&scene, 1);
    assert_error_text(async_end_drop(scene.writer), SPIN_ERROR_TRAP,
                      "cannot drop future write end without first writing a value");
    end(&scene);
}

static void nobody_reads_a_future(void **state) {
    (void)state;
    for (int waits = 0; waits < 2; waits++) {
        scene_t scene;
        begin(&scene, NULL, true);
        if (waits)
            write_some(&scene, 1);
        assert_good(async_end_drop(scene.reader));
        if (!waits)
            write_some(&scene, 1);
        expect(&scene, scene.writer, ASYNC_COPY_DROPPED, 0);
        assert_good(async_end_drop(scene.writer));
        end(&scene);
    }
}

static void a_cancelled_future_can_be_tried_again(void **state) {
    (void)state;
    scene_t scene;
    begin(&scene, NULL, true);
    read_some(&scene, 1);
    cancel(scene.reader);
    expect(&scene, scene.reader, ASYNC_COPY_CANCELLED, 0);
    write_some(&scene, 1);
    expect_nothing(scene.writer);
    read_some(&scene, 1);
    cancel(scene.writer); /* too late */
    expect(&scene, scene.writer, ASYNC_COPY_COMPLETED, 0);
    expect(&scene, scene.reader, ASYNC_COPY_COMPLETED, 0);
    end(&scene);
}

/* ── life ── */

static void ends_go_in_any_order(void **state) {
    (void)state;
    for (int writer_first = 0; writer_first < 2; writer_first++) {
        scene_t scene;
        begin(&scene, NULL, false);
        read_some(&scene, 4);
        async_end_free(writer_first ? scene.writer : scene.reader);
        async_end_free(writer_first ? scene.reader : scene.writer);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_hands_over_what_both_have),
        cmocka_unit_test(a_copy_gathers_until_it_is_told),
        cmocka_unit_test(a_full_buffer_makes_room),
        cmocka_unit_test(nothing_is_written_to_ask_for_a_reader),
        cmocka_unit_test(nothing_is_read_to_ask_for_a_writer),
        cmocka_unit_test(both_with_nothing_the_writer_waits),
        cmocka_unit_test(a_dropped_end_ends_the_other),
        cmocka_unit_test(a_dropped_end_tells_what_was_copied),
        cmocka_unit_test(a_busy_end_stays),
        cmocka_unit_test(a_cancelled_copy_tells_its_progress),
        cmocka_unit_test(a_cancelled_copy_that_ended_says_so),
        cmocka_unit_test(one_instance_hands_itself_numbers_only),
        cmocka_unit_test(what_goes_wrong_is_said),
        cmocka_unit_test(a_future_is_handed_over_once),
        cmocka_unit_test(a_future_must_be_written),
        cmocka_unit_test(nobody_reads_a_future),
        cmocka_unit_test(a_cancelled_future_can_be_tried_again),
        cmocka_unit_test(ends_go_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
