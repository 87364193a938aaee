/* Components of the component model through <spin/component.h>: tests/engine/components/run.wat. */
#include <ctype.h>

#include "abi_fixture.h"
#include "engine/context.h"
#include "spin/component.h"

#define THINGS "test:it/things@1.0.0#"

/* ── the host that it imports ── */

typedef struct host {
    uint64_t opened;     /* representations that were given away */
    uint64_t dropped[8]; /* and came back */
    size_t dropped_len;
    uint32_t text_calls;
    spin_host_call_t *waiting;
    spin_value_t *answer;
    uv_timer_t timer;
} host_t;

static spin_error_t *upper(spin_host_call_t *call, const spin_function_t *type,
                           const spin_value_t *args, size_t args_len, spin_value_t *result,
                           void *user) {
    host_t *host = user;
    assert_int_equal(args_len, 1);
    assert_int_equal(spin_function_param_count(type), 1);
    host->text_calls++;
    uint8_t *text = spin_host_call_alloc(call, args[0].of.text.len + 1);
    for (size_t i = 0; i < args[0].of.text.len; i++)
        text[i] = (uint8_t)toupper(args[0].of.text.ptr[i]);
    *result = (spin_value_t){.kind = SPIN_TYPE_STRING,
                             .of.text = spin_slice_of(text, args[0].of.text.len)};
    return NULL;
}

static void on_timer(uv_timer_t *timer) {
    host_t *host = timer->data;
    host->answer->of.natural += 1;
    uv_close((uv_handle_t *)timer, NULL);
    spin_host_call_done(host->waiting, NULL);
}

static spin_error_t *later(spin_host_call_t *call, const spin_function_t *type,
                           const spin_value_t *args, size_t args_len, spin_value_t *result,
                           void *user) {
    host_t *host = user;
    spin_instance_t *instance = spin_host_call_instance(call);
    (void)type, (void)args_len;
    *result = args[0];
    host->waiting = call;
    host->answer = result;
    host->timer.data = host;
    uv_timer_init(spin_execution_context_loop(spin_instance_context(instance)), &host->timer);
    uv_timer_start(&host->timer, on_timer, 1, 0);
    spin_host_call_wait(call, NULL, NULL);
    return NULL;
}

static spin_error_t *open_file(spin_host_call_t *call, const spin_function_t *type,
                               const spin_value_t *args, size_t args_len, spin_value_t *result,
                               void *user) {
    host_t *host = user;
    (void)call, (void)type, (void)args_len;
    host->opened++;
    *result =
        (spin_value_t){.kind = SPIN_TYPE_OWN, .of.natural = 0x100000000 + args[0].of.text.len};
    return NULL;
}

static spin_error_t *file_size(spin_host_call_t *call, const spin_function_t *type,
                               const spin_value_t *args, size_t args_len, spin_value_t *result,
                               void *user) {
    (void)call, (void)type, (void)args_len, (void)user;
    *result = (spin_value_t){.kind = SPIN_TYPE_U64, .of.natural = 10 * args[0].of.natural};
    return NULL;
}

static void file_drop(spin_instance_t *instance, uint64_t representation, void *user) {
    host_t *host = user;
    assert_non_null(instance);
    host->dropped[host->dropped_len++] = representation;
}

/* ── a scene: a context with that component as "it" ── */

typedef struct scene {
    host_t host;
    spin_execution_context_t *context;
    spin_instance_t *instance;
} scene_t;

static spin_wasm_component_t *load(void) {
    spin_wasm_component_t *component;
    assert_ok(spin_wasm_component_load(SPIN_SOURCE_DIR "/tests/engine/components/run.wasm", NULL,
                                       &component));
    return component;
}

static spin_engine_builder_t *builder(void) {
    const spin_engine_options_t options = {.size = sizeof options,
                                           .max_instances = 4,
                                           .max_memory_bytes = 4 << 20,
                                           .timeout_ms = 5000,
                                           .cache_dir = abi_cache_dir};
    spin_engine_builder_t *out;
    wasm_signals_restore();
    assert_ok(spin_engine_builder_new(NULL, &options, &out));
    return out;
}

static void define(spin_engine_builder_t *to, const char *interface, const char *name,
                   spin_component_function_fn function, host_t *host) {
    assert_ok(spin_component_define_function(to, spin_slice(interface), spin_slice(name), function,
                                             host));
}

/* The versions are not those that the guest names, and as good. */
static void define_all(spin_engine_builder_t *to, host_t *host) {
    define(to, "test:host/text@1.4.2", "upper", upper, host);
    define(to, "test:host/text@1.4.2", "later", later, host);
    define(to, "test:host/files@0.2.9", "open", open_file, host);
    define(to, "test:host/files@0.2.9", "[method]file.size", file_size, host);
    assert_ok(spin_component_define_resource(to, spin_slice("test:host/files@0.2.9"),
                                             spin_slice("file"), NULL, file_drop, host));
}

static void prepare(scene_t *scene) {
    assert_ok(spin_execution_context_prepare_component(scene->context, spin_slice("it"), NULL,
                                                       &scene->instance));
}

static void open_scene(scene_t *scene) {
    *scene = (scene_t){0};
    spin_engine_builder_t *to = builder();
    spin_wasm_component_t *component = load();
    define_all(to, &scene->host);
    assert_ok(spin_engine_builder_add_component(to, spin_slice("it"), component));
    spin_wasm_component_unref(component);
    assert_ok(spin_engine_builder_build(to, &scene->context));
    prepare(scene);
}

static void close_scene(scene_t *scene) {
    spin_instance_free(scene->instance);
    spin_execution_context_free(scene->context);
}

static spin_value_t text(const char *of) {
    return (spin_value_t){.kind = SPIN_TYPE_STRING, .of.text = spin_slice(of)};
}

static spin_value_t number(uint32_t of) {
    return (spin_value_t){.kind = SPIN_TYPE_U32, .of.natural = of};
}

static spin_error_t *call(scene_t *scene, const char *name, spin_value_t arg,
                          spin_value_t *result) {
    return spin_component_call(scene->instance, spin_slice(name), &arg, arg.kind != 0, result);
}

static void assert_number(scene_t *scene, const char *name, spin_value_t arg, uint64_t expected) {
    spin_value_t result;
    assert_ok(call(scene, name, arg, &result));
    assert_int_equal(result.of.natural, expected);
}

static void assert_text(scene_t *scene, const char *name, const char *of, const char *expected) {
    spin_value_t result;
    assert_ok(call(scene, name, text(of), &result));
    assert_int_equal(result.kind, SPIN_TYPE_STRING);
    assert_int_equal(result.of.text.len, strlen(expected));
    assert_memory_equal(result.of.text.ptr, expected, strlen(expected));
    spin_value_clear(&result);
}

static const spin_value_t none = {0};

/* ── tests ── */

static void numbers_and_text_go_both_ways(void **state) {
    (void)state;
    scene_t scene;
    open_scene(&scene);
    spin_value_t result, two[2] = {number(40), number(2)};
    assert_ok(spin_component_call(scene.instance, spin_slice("add"), two, 2, &result));
    assert_int_equal(result.of.natural, 42);
    assert_text(&scene, "echo", "h\xc3\xa9llo \xe2\x82\xac", "h\xc3\xa9llo \xe2\x82\xac");
    assert_text(&scene, "echo", "", "");
    assert_fails(spin_component_call(scene.instance, spin_slice("add"), two, 1, &result),
                 SPIN_ERROR_INVALID, "it takes 2 arguments and got 1");
    assert_fails(call(&scene, "adt", none, NULL), SPIN_ERROR_NOT_FOUND, "did you mean \"add\"");
    close_scene(&scene);
}

static void text_is_converted_for_the_guest(void **state) {
    static const char *const texts[] = {
        "", "plain", "na\xc3\xafve", "\xe2\x82\xac 5", "\xf0\x9f\x8e\x88 up", "\xc3\xbf\xc4\x80"};
    (void)state;
    scene_t scene;
    open_scene(&scene);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_text(&scene, "echo-wide", texts[i], texts[i]);
        assert_text(&scene, "echo-compact", texts[i], texts[i]);
    }
    close_scene(&scene);
}

static void bytes_are_bytes(void **state) {
    (void)state;
    scene_t scene;
    spin_value_t result;
    open_scene(&scene);
    const spin_value_t bytes = {.kind = SPIN_TYPE_BYTES, .of.text = spin_slice_of("\xff\0\x80", 3)};
    assert_ok(call(&scene, "echo-list", bytes, &result));
    assert_int_equal(result.kind, SPIN_TYPE_BYTES);
    assert_true(spin_value_equal(&result, &bytes));
    spin_value_clear(&result);
    close_scene(&scene);
}

static void what_was_returned_is_given_back_at_once(void **state) {
    (void)state;
    scene_t scene;
    open_scene(&scene);
    assert_text(&scene, "echo", "copied before", "copied before");
    assert_number(&scene, "posts", none, 1);
    close_scene(&scene);
}

/* As asked for from the loop: nothing waits. */
static void on_text(spin_instance_t *instance, spin_error_t *error, const spin_value_t *result,
                    void *user) {
    (void)instance;
    assert_ok(error);
    assert_int_equal(result->of.text.len, 5);
    assert_memory_equal(result->of.text.ptr, "start", 5);
    *(bool *)user = true;
}

static void calls_can_be_started(void **state) {
    (void)state;
    scene_t scene;
    bool ended = false;
    const spin_value_t arg = text("start");
    open_scene(&scene);
    assert_ok(spin_component_start(scene.instance, spin_slice("echo"), &arg, 1, on_text, &ended));
    while (!ended)
        uv_run(spin_execution_context_loop(scene.context), UV_RUN_ONCE);
    close_scene(&scene);
}

static void host_functions_answer(void **state) {
    (void)state;
    scene_t scene;
    open_scene(&scene);
    assert_text(&scene, "shout", "quiet", "QUIET");
    assert_text(&scene, "shout", "", "");
    assert_int_equal(scene.host.text_calls, 2);
    assert_number(&scene, "wait", number(6), 7);
    close_scene(&scene);
}

static void resources_of_the_host_are_dropped(void **state) {
    (void)state;
    scene_t scene;
    open_scene(&scene);
    assert_number(&scene, "measure", text("abc"), 10 * 0x100000003);
    assert_int_equal(scene.host.dropped_len, 1);
    assert_int_equal(scene.host.dropped[0], 0x100000003);
    assert_ok(call(&scene, "keep", text("left"), NULL));
    assert_int_equal(scene.host.dropped_len, 1);
    close_scene(&scene);
    assert_int_equal(scene.host.dropped_len, 2);
    assert_int_equal(scene.host.dropped[1], 0x100000004);
}

static void a_kept_borrow_is_a_trap(void **state) {
    (void)state;
    scene_t scene;
    open_scene(&scene);
    const spin_value_t file = {.kind = SPIN_TYPE_BORROW, .of.natural = 5};
    assert_fails(call(&scene, "hold", file, NULL), SPIN_ERROR_TRAP, "borrow handles still remain");
    assert_int_equal(scene.host.dropped_len, 0);
    close_scene(&scene);
    assert_int_equal(scene.host.dropped_len, 0);
}

static void resources_of_the_guest_are_handles_here(void **state) {
    (void)state;
    scene_t scene;
    spin_value_t first, second;
    open_scene(&scene);
    assert_ok(call(&scene, THINGS "[constructor]thing", number(30), &first));
    assert_ok(call(&scene, THINGS "[constructor]thing", number(5), &second));
    assert_int_equal(first.kind, SPIN_TYPE_OWN);
    assert_int_not_equal(first.of.natural, second.of.natural);
    spin_value_t borrow = {.kind = SPIN_TYPE_BORROW, .of.natural = first.of.natural};
    assert_number(&scene, THINGS "[method]thing.value", borrow, 30);
    assert_number(&scene, THINGS "[method]thing.value", borrow, 30);
    assert_ok(call(&scene, THINGS "swallow", first, NULL));
    assert_number(&scene, THINGS "dropped", none, 30);
    assert_ok(spin_component_drop(scene.instance, second.of.natural));
    assert_number(&scene, THINGS "dropped", none, 35);
    assert_fails(spin_component_drop(scene.instance, second.of.natural), SPIN_ERROR_INVALID,
                 "not a handle");
    close_scene(&scene);
}

static void a_handle_is_good_once(void **state) {
    (void)state;
    scene_t scene;
    spin_value_t thing;
    open_scene(&scene);
    assert_ok(call(&scene, THINGS "[constructor]thing", number(1), &thing));
    assert_ok(call(&scene, THINGS "swallow", thing, NULL));
    assert_fails(call(&scene, THINGS "swallow", thing, NULL), SPIN_ERROR_TRAP,
                 "unknown handle index");
    close_scene(&scene);
}

static void a_failing_destructor_is_an_error(void **state) {
    (void)state;
    scene_t scene;
    spin_value_t thing;
    open_scene(&scene);
    assert_ok(call(&scene, THINGS "[constructor]thing", number(666), &thing));
    assert_fails(spin_component_drop(scene.instance, thing.of.natural), SPIN_ERROR_TRAP,
                 "a destructor");
    assert_fails(call(&scene, "posts", none, NULL), SPIN_ERROR_TRAP, "cannot enter");
    close_scene(&scene);
}

static void after_a_trap_nothing_is_entered(void **state) {
    (void)state;
    scene_t scene;
    open_scene(&scene);
    assert_fails(call(&scene, "fail", none, NULL), SPIN_ERROR_TRAP, "unreachable");
    assert_fails(call(&scene, "posts", none, NULL), SPIN_ERROR_TRAP,
                 "cannot enter component instance");
    spin_instance_free(scene.instance);
    prepare(&scene);
    assert_number(&scene, "posts", none, 0);
    assert_fails(call(&scene, "bad-case", none, NULL), SPIN_ERROR_TRAP,
                 "7 is not a value of that type");
    assert_fails(call(&scene, "posts", none, NULL), SPIN_ERROR_TRAP, "cannot enter");
    close_scene(&scene);
}

static void exports_are_found_by_compatible_names(void **state) {
    (void)state;
    scene_t scene;
    const spin_function_t *function, *same;
    open_scene(&scene);
    assert_ok(spin_component_function(scene.instance, spin_slice("test:it/things@1.3.0#swallow"),
                                      &function));
    assert_ok(spin_component_function(scene.instance, spin_slice(THINGS "swallow"), &same));
    assert_ptr_equal(function, same);
    assert_int_equal(spin_type_kind(spin_function_param_type(function, 0)), SPIN_TYPE_OWN);
    assert_fails(
        spin_component_function(scene.instance, spin_slice("test:it/things@2.0.0#swallow"), &same),
        SPIN_ERROR_NOT_FOUND, "does not export");
    close_scene(&scene);
}

static void what_is_not_offered_is_named(void **state) {
    (void)state;
    host_t host = {0};
    spin_execution_context_t *context;
    spin_engine_builder_t *to = builder();
    spin_wasm_component_t *component = load();
    define(to, "test:host/text@1.4.2", "upper", upper, &host);
    define(to, "test:host/text@2.0.0", "later", later, &host);
    assert_ok(spin_engine_builder_add_component(to, spin_slice("it"), component));
    assert_fails(spin_engine_builder_add_component(to, spin_slice("it"), component),
                 SPIN_ERROR_USAGE, "already");
    spin_wasm_component_unref(component);
    assert_fails(spin_engine_builder_build(to, &context), SPIN_ERROR_INVALID,
                 "\"later\" of \"test:host/text@1.2.0\", which this host does not offer");
}

static void an_application_may_have_one(void **state) {
    (void)state;
    scene_t scene = {0};
    spin_engine_builder_t *to = abi_builder("../components/run");
    define_all(to, &scene.host);
    assert_ok(spin_engine_builder_build(to, &scene.context));
    prepare(&scene);
    assert_text(&scene, "shout", "once", "ONCE");
    close_scene(&scene);
    scene = (scene_t){0}; /* and from the cache */
    to = abi_builder("../components/run");
    define_all(to, &scene.host);
    assert_ok(spin_engine_builder_build(to, &scene.context));
    prepare(&scene);
    assert_text(&scene, "shout", "twice", "TWICE");
    close_scene(&scene);
}

static bool is_named(const spin_component_item_t *item, const char *name) {
    return item->name.len == strlen(name) && memcmp(item->name.ptr, name, item->name.len) == 0;
}

static void it_can_be_looked_at(void **state) {
    (void)state;
    spin_wasm_component_t *component = load();
    bool instance = false, method = false, resource = false, add = false, swallow = false;
    spin_component_item_t item = {.size = sizeof item};
    for (size_t i = 0; spin_wasm_component_import(component, i, &item); i++) {
        instance |=
            item.kind == SPIN_COMPONENT_INSTANCE && is_named(&item, "test:host/files@0.2.1");
        resource |=
            item.kind == SPIN_COMPONENT_RESOURCE && is_named(&item, "test:host/files@0.2.1#file");
        method |= item.kind == SPIN_COMPONENT_FUNCTION && item.function != NULL &&
                  spin_function_param_count(item.function) == 1 &&
                  is_named(&item, "test:host/files@0.2.1#[method]file.size");
    }
    assert_true(instance && method && resource);
    for (size_t i = 0; spin_wasm_component_export(component, i, &item); i++) {
        add |= item.kind == SPIN_COMPONENT_FUNCTION && is_named(&item, "add");
        swallow |= item.kind == SPIN_COMPONENT_FUNCTION && is_named(&item, THINGS "swallow");
    }
    assert_true(add && swallow);
    spin_string_t fused;
    assert_ok(spin_wasm_component_fuse(component, &fused));
    assert_memory_equal(fused.ptr, "\0asm\1\0\0", 8);
    spin_string_clear(&fused);
    spin_wasm_component_unref(component);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_text_go_both_ways),
        cmocka_unit_test(text_is_converted_for_the_guest),
        cmocka_unit_test(bytes_are_bytes),
        cmocka_unit_test(what_was_returned_is_given_back_at_once),
        cmocka_unit_test(calls_can_be_started),
        cmocka_unit_test(host_functions_answer),
        cmocka_unit_test(resources_of_the_host_are_dropped),
        cmocka_unit_test(a_kept_borrow_is_a_trap),
        cmocka_unit_test(resources_of_the_guest_are_handles_here),
        cmocka_unit_test(a_handle_is_good_once),
        cmocka_unit_test(a_failing_destructor_is_an_error),
        cmocka_unit_test(after_a_trap_nothing_is_entered),
        cmocka_unit_test(exports_are_found_by_compatible_names),
        cmocka_unit_test(what_is_not_offered_is_named),
        cmocka_unit_test(an_application_may_have_one),
        cmocka_unit_test(it_can_be_looked_at),
    };
    if (!abi_make_cache())
        return 1;
    return cmocka_run_group_tests(tests, NULL, abi_remove_cache);
}
