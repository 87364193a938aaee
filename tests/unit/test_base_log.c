#include <fcntl.h>
#include <jansson.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "cmocka_all.h"
#include "failing_alloc.h"

static struct {
    char text[4096];
    size_t len, count;
    spin_log_level_t level;
} seen;

static void collect(spin_log_level_t level, spin_slice_t record, void *user) {
    assert_ptr_equal(user, &seen);
    assert_true(record.len < sizeof seen.text);
    assert_int_equal(record.ptr[record.len - 1], '\n');
    memcpy(seen.text, record.ptr, record.len - 1);
    seen.text[record.len - 1] = '\0';
    seen.len = record.len - 1;
    seen.level = level;
    seen.count++;
}

static int start(void **state) {
    (void)state;
    memset(&seen, 0, sizeof seen);
    return 0;
}

static int stop(void **state) {
    (void)state;
    spin_log_configure(NULL, NULL, SPIN_LOG_TRACE, SPIN_LOG_TEXT);
    return 0;
}

/* Checks the time stamp and returns what follows it. */
static const char *after_stamp(void) {
    static const char shape[] = "dddd-dd-ddTdd:dd:dd.dddZ ";
    assert_true(seen.len > sizeof shape);
    for (size_t i = 0; i < sizeof shape - 1; i++) {
        bool digit = seen.text[i] >= '0' && seen.text[i] <= '9';
        assert_true(shape[i] == 'd' ? digit : seen.text[i] == shape[i]);
    }
    return seen.text + sizeof shape - 1;
}

static void text_quotes_only_where_needed(void **state) {
    (void)state;
    spin_log_configure(collect, &seen, SPIN_LOG_INFO, SPIN_LOG_TEXT);
    LOG_WARN("ready", LOG_TEXT("plain", "a/b:c"), LOG_TEXT("space", "a b"), LOG_TEXT("empty", ""),
             LOG_INT("count", -7), LOG_TEXT("line", "x\ny=\"z\""), LOG_TEXT("none", NULL));
    assert_int_equal(seen.level, SPIN_LOG_WARN);
    assert_string_equal(after_stamp(), "WARN  ready plain=a/b:c space=\"a b\" empty=\"\" count=-7 "
                                       "line=\"x\\ny=\\\"z\\\"\" none=\"\"");
    LOG_INFO("bare");
    assert_string_equal(after_stamp(), "INFO  bare");
}

static void json_is_one_object_a_line(void **state) {
    (void)state;
    spin_log_configure(collect, &seen, SPIN_LOG_TRACE, SPIN_LOG_JSON);
    spin_error_t *error = error_wrap(error_new(SPIN_ERROR_TRAP, "unreachable"), "hello");
    LOG_ERROR("request \"failed\"", LOG_SLICE("bytes", spin_slice_of("\xff\0", 2)),
              LOG_INT("status", INT64_MIN), LOG_ERR("error", error));
    spin_error_free(error);
    assert_null(strchr(seen.text, '\n'));

    json_t *record = json_loadb(seen.text, seen.len, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(record);
    assert_int_equal(json_object_size(record), 6);
    assert_string_equal(json_string_value(json_object_get(record, "level")), "error");
    assert_string_equal(json_string_value(json_object_get(record, "message")),
                        "request \"failed\"");
    assert_true(json_integer_value(json_object_get(record, "status")) == INT64_MIN);
    assert_string_equal(json_string_value(json_object_get(record, "error")), "hello: unreachable");
    json_t *bytes = json_object_get(record, "bytes");
    assert_int_equal(json_string_length(bytes), 4);
    assert_memory_equal(json_string_value(bytes), "\xef\xbf\xbd\0", 4);
    assert_int_equal(json_string_length(json_object_get(record, "time")), 24);
    json_decref(record);
}

static void a_long_error_is_cut_not_lost(void **state) {
    (void)state;
    spin_log_configure(collect, &seen, SPIN_LOG_INFO, SPIN_LOG_JSON);
    spin_error_t *error = error_new(SPIN_ERROR_TRAP, "%0*d", 2000, 1);
    LOG_INFO("long", LOG_ERR("error", error));
    spin_error_free(error);
    json_t *record = json_loads(seen.text, 0, NULL);
    assert_non_null(record);
    size_t len = json_string_length(json_object_get(record, "error"));
    assert_true(len >= 1000 && len < 2000);
    json_decref(record);
}

static int evaluations;

static int evaluated(void) {
    return ++evaluations;
}

static void nothing_is_evaluated_where_the_level_is_off(void **state) {
    (void)state;
    LOG_ERROR("no sink", LOG_INT("n", evaluated()));
    spin_log_configure(collect, &seen, SPIN_LOG_WARN, SPIN_LOG_TEXT);
    LOG_INFO("too detailed", LOG_INT("n", evaluated()));
    LOG_DEBUG("too detailed", LOG_INT("n", evaluated()));
    assert_int_equal(evaluations, 0);
    assert_int_equal(seen.count, 0);
    LOG_WARN("just right", LOG_INT("n", evaluated()));
    assert_int_equal(evaluations, 1);
    assert_int_equal(seen.count, 1);
    spin_log_configure(NULL, NULL, SPIN_LOG_TRACE, SPIN_LOG_TEXT);
    assert_false(log_enabled(SPIN_LOG_ERROR));
}

static void a_record_without_memory_is_dropped_whole(void **state) {
    (void)state;
    spin_log_configure(collect, &seen, SPIN_LOG_INFO, SPIN_LOG_JSON);
    failing_alloc_install(SIZE_MAX);
    LOG_INFO("a message that needs several pieces", LOG_TEXT("key", "and a long enough value"));
    size_t calls = failing_alloc_calls();
    assert_int_equal(seen.count, 1);
    for (size_t at = 1; at <= calls; at++) {
        failing_alloc_install(at);
        LOG_INFO("a message that needs several pieces", LOG_TEXT("key", "and a long enough value"));
        assert_int_equal(seen.count, 1);
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_remove();
}

static void writes_to_a_descriptor(void **state) {
    (void)state;
    int ends[2];
    char text[16] = {0};
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    spin_log_sink_fd(SPIN_LOG_INFO, spin_slice("record\n"), &ends[1]);
    assert_int_equal(read(ends[0], text, sizeof text), 7);
    assert_string_equal(text, "record\n");
    close(ends[0]);
    close(ends[1]);
}

static void parses_levels(void **state) {
    (void)state;
    static const char *const names[] = {"error", "warn", "info", "debug", "trace"};
    spin_log_level_t level = SPIN_LOG_ERROR;
    for (int i = 0; i < 5; i++) {
        assert_true(spin_log_level_parse(names[i], &level));
        assert_int_equal(level, i);
    }
    assert_false(spin_log_level_parse("Error", &level));
    assert_false(spin_log_level_parse("", &level));
    assert_int_equal(level, SPIN_LOG_TRACE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(text_quotes_only_where_needed, start, stop),
        cmocka_unit_test_setup_teardown(json_is_one_object_a_line, start, stop),
        cmocka_unit_test_setup_teardown(a_long_error_is_cut_not_lost, start, stop),
        cmocka_unit_test_setup_teardown(nothing_is_evaluated_where_the_level_is_off, start, stop),
        cmocka_unit_test_setup_teardown(a_record_without_memory_is_dropped_whole, start, stop),
        cmocka_unit_test(writes_to_a_descriptor),
        cmocka_unit_test(parses_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
