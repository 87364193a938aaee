/* Hosts of components that do what nobody expects, and components that do not fit their host:
 * tests/engine/components. */
#include "abuse_scene.h"
#include "failing_alloc.h"

/* ── instances that go in the middle ── */

static void a_destructor_may_end_its_instance(void **state) {
    (void)state;
    scene_t scene;
    spin_value_t thing;
    open_scene(&scene);
    store(&scene, DTOR_MODE, 3);
    assert_ok(call1(&scene, "make", u32(7), &thing));
    scene.host.frees = true;
    assert_fails(spin_component_drop(scene.instance, thing.of.natural), SPIN_ERROR_CANCELLED,
                 "component \"it\": a destructor");
    scene.instance = NULL;
    assert_int_equal(engine_context_live(scene.context), 0);
    close_scene(&scene);
}

static void a_host_function_may_end_its_instance(void **state) {
    (void)state;
    scene_t scene;
    spin_value_t file;
    open_scene(&scene);
    assert_int_equal(number_of(&scene, "keep", u32(1)), 1);
    assert_ok(call1(&scene, "open", u32(0), &file));
    store(&scene, DTOR_MODE, 3);
    assert_int_equal(number_of(&scene, "make-many", u32(1)), 0);
    scene.host.frees = true;
    assert_fails(call1(&scene, "thing-drop", u32(2), NULL), SPIN_ERROR_CANCELLED, "freed");
    scene.instance = NULL;
    close_scene(&scene);
    assert_int_equal(scene.host.dropped[1], 1);
    assert_int_equal(scene.host.dropped[2], 0); /* it is the caller's */
}

static void a_drop_function_may_do_anything(void **state) {
    (void)state;
    scene_t scene;
    open_scene(&scene);
    scene.host.drops_too = true;
    assert_int_equal(number_of(&scene, "keep", u32(1)), 1);
    assert_int_equal(number_of(&scene, "keep", u32(1)), 2);
    assert_fails(call1(&scene, "file-drop", u32(1), NULL), SPIN_ERROR_CANCELLED, "freed");
    scene.instance = NULL;
    assert_int_equal(engine_context_live(scene.context), 0);
    close_scene(&scene);
    assert_dropped_once(&scene.host);
}

static void on_drop_free(spin_instance_t *instance, uint64_t representation, void *user) {
    host_t *host = user;
    host->dropped[representation]++;
    spin_instance_free(instance);
}

static void on_never(spin_instance_t *instance, spin_error_t *error, const spin_value_t *result,
                     void *user) {
    (void)instance, (void)error, (void)result, (void)user;
    fail_msg("its instance was freed");
}

static void drops_on_the_loop_may_free(void **state) {
    (void)state;
    for (int way = 0; way < 2; way++) {
        scene_t scene = {0};
        spin_engine_builder_t *to = builder(5000);
        assert_ok(define_all(to, &scene.host));
        spin_component_define_on_loop(to);
        assert_ok(define(to, HOST, "open", open_one, &scene.host));
        assert_ok(spin_component_define_resource(to, spin_slice(HOST), spin_slice("file"), NULL,
                                                 on_drop_free, &scene.host));
        open_with(&scene, to, "abuse");
        const spin_value_t handle = u32(1);
        assert_int_equal(number_of(&scene, "keep", u32(0)), 1);
        assert_int_equal(number_of(&scene, "keep", u32(0)), 2);
        if (way == 0)
            assert_ok(call1(&scene, "file-drop", handle, NULL));
        else
            assert_ok(spin_component_start(scene.instance, spin_slice("file-drop"), &handle, 1,
                                           on_never, NULL));
        scene.instance = NULL;
        for (int i = 0; i < 10; i++)
            uv_run(spin_execution_context_loop(scene.context), UV_RUN_NOWAIT);
        assert_int_equal(engine_context_live(scene.context), 0);
        close_scene(&scene);
        assert_dropped_once(&scene.host);
    }
}

static void on_done(spin_instance_t *instance, spin_error_t *error, const spin_value_t *result,
                    void *user) {
    assert_ok(error);
    assert_int_equal(result->of.list.len, 3);
    spin_instance_free(instance);
    *(bool *)user = true;
}

static void a_done_callback_may_end_its_instance(void **state) {
    (void)state;
    scene_t scene;
    bool ended = false;
    open_scene(&scene);
    store(&scene, RESULT, 0);
    store(&scene, RESULT + 4, 3);
    assert_ok(
        spin_component_start(scene.instance, spin_slice("numbers"), NULL, 0, on_done, &ended));
    while (!ended)
        uv_run(spin_execution_context_loop(scene.context), UV_RUN_ONCE);
    scene.instance = NULL;
    assert_int_equal(engine_context_live(scene.context), 0);
    close_scene(&scene);
}

static void instances_know_nothing_of_each_other(void **state) {
    (void)state;
    scene_t scene;
    open_scene(&scene);
    spin_instance_t *first = scene.instance;
    spin_value_t thing, other;
    assert_ok(call1(&scene, "make", u32(7), &thing));
    prepare(&scene);
    assert_fails(spin_component_drop(scene.instance, thing.of.natural), SPIN_ERROR_INVALID,
                 "not a handle");
    assert_ok(call1(&scene, "make", u32(8), &other));
    assert_int_equal(number_of(&scene, "thing-look", borrow(other.of.natural)), 8);
    spin_instance_free(scene.instance);
    scene.instance = first;
    assert_int_equal(number_of(&scene, "thing-look", borrow(thing.of.natural)), 7);
    close_scene(&scene);
}

/* ── names and types ── */

static void an_export_may_have_any_name(void **state) {
    (void)state;
    scene_t scene;
    open_scene(&scene);
    assert_int_equal(number_of(&scene, "memory", u32(5)), 5);
    assert_fails(call1(&scene, "plain", u32(1), NULL), SPIN_ERROR_UNSUPPORTED,
                 "\"plain\" is an import");
    close_scene(&scene);
}

static void bytes_measure(spin_lower_t *lower, const void *context, const void *result) {
    const spin_slice_t *bytes = result;
    (void)context;
    spin_lower_measure(lower, bytes->len, 1, 1);
}
static void bytes_lower(spin_lower_t *lower, const void *context, const void *result,
                        spin_flat_t *flat, uint8_t *area) {
    uint32_t ptr;
    (void)context, (void)flat;
    const spin_slice_t *bytes = result;
    spin_lower_bytes(lower, *bytes, &ptr);
    spin_store_u32(area, ptr);
    spin_store_u32(area + 4, (uint32_t)bytes->len);
}
static spin_error_t *bytes_read(spin_host_call_t *call, const void *operations, const void *context,
                                void *args, void *result) {
    (void)call, (void)operations, (void)context, (void)args;
    *(spin_slice_t *)result = spin_slice("bytes");
    return NULL;
}

static const spin_abi_import_t read_import = {.size = sizeof read_import,
                                              .name = "read",
                                              .params = "",
                                              .results = "ii",
                                              .result_size = 8,
                                              .result_align = 4,
                                              .c_result_size = sizeof(spin_slice_t),
                                              .call = bytes_read,
                                              .measure = bytes_measure,
                                              .lower = bytes_lower};
static const spin_abi_import_t *const read_imports[] = {&read_import};
static const spin_abi_interface_t read_interface = {.size = sizeof read_interface,
                                                    .module = "test:host/bytes@1.0.0",
                                                    .functions = read_imports,
                                                    .functions_len = 1};

/* What takes memory of the guest must not be imported as what takes none. */
static void a_type_of_the_same_shape_is_another(void **state) {
    (void)state;
    spin_execution_context_t *context;
    spin_engine_builder_t *to = builder(1000);
    spin_wasm_component_t *component = load("mismatch");
    assert_ok(spin_abi_link(to, &read_interface, NULL, NULL));
    assert_ok(spin_engine_builder_add_component(to, spin_slice("it"), component));
    spin_wasm_component_unref(component);
    assert_fails(spin_engine_builder_build(to, &context), SPIN_ERROR_INVALID,
                 "it is of another type");
}

static spin_error_t *one(spin_host_call_t *call, const spin_function_t *type,
                         const spin_value_t *args, size_t args_len, spin_value_t *result,
                         void *user) {
    (void)call, (void)type, (void)args, (void)args_len, (void)user;
    *result = u32(1);
    return NULL;
}

/* The outer instance's function is not the inner one's. */
static void an_instance_in_an_instance_is_another(void **state) {
    (void)state;
    scene_t scene = {0};
    spin_engine_builder_t *to = builder(1000);
    spin_wasm_component_t *component = load("nested");
    assert_ok(define(to, "test:host/outer@1.3.0", "f", one, &scene.host));
    assert_ok(spin_engine_builder_add_component(to, spin_slice("it"), component));
    spin_wasm_component_unref(component);
    assert_fails(spin_engine_builder_build(to, &scene.context), SPIN_ERROR_INVALID,
                 "\"f\" of \"test:host/outer@1.2.0#inner\", which this host does not offer");
    to = builder(1000);
    assert_ok(define(to, "test:host/outer@1.3.0", "f", look, &scene.host));
    assert_ok(define(to, "test:host/outer@1.3.0#inner", "f", one, &scene.host));
    open_with(&scene, to, "nested");
    spin_value_t result;
    assert_ok(call0(&scene, "f", &result));
    assert_int_equal(result.of.natural, 1);
    close_scene(&scene);
}

static void what_the_root_imports_is_named(void **state) {
    (void)state;
    host_t host = {0};
    spin_execution_context_t *context;
    spin_engine_builder_t *to = builder(1000);
    spin_wasm_component_t *component = load("abuse");
    assert_ok(define(to, HOST, "poke", poke, &host));
    assert_ok(spin_engine_builder_add_component(to, spin_slice("it"), component));
    spin_wasm_component_unref(component);
    assert_fails(spin_engine_builder_build(to, &context), SPIN_ERROR_INVALID, "component \"it\"");
}

/* Looked at only: what is in its instances shows all the same. */
static void a_definition_shows_what_is_in_instances(void **state) {
    static const char path[] = SPIN_SOURCE_DIR "/tests/engine/components/abuse.wasm";
    static const spin_wasm_component_options_t options = {.size = sizeof options,
                                                          .definition_only = true};
    (void)state;
    spin_wasm_component_t *component;
    spin_component_item_t item = {.size = sizeof item};
    bool found = false, memory = false;
    spin_string_t fused;
    assert_ok(spin_wasm_component_load(path, &options, &component));
    for (size_t i = 0; spin_wasm_component_import(component, i, &item); i++)
        found |= item.kind == SPIN_COMPONENT_FUNCTION && item.function != NULL &&
                 item.name.len == strlen(HOST "#poke") &&
                 memcmp(item.name.ptr, HOST "#poke", item.name.len) == 0;
    for (size_t i = 0; spin_wasm_component_export(component, i, &item); i++)
        memory |=
            item.function != NULL && item.name.len == 6 && memcmp(item.name.ptr, "memory", 6) == 0;
    assert_true(found && memory);
    assert_fails(spin_wasm_component_fuse(component, &fused), SPIN_ERROR_USAGE, "definition only");
    spin_wasm_component_unref(component);
}

/* ── host functions at other times ── */

static void on_timer(uv_timer_t *timer) {
    host_t *host = timer->data;
    uv_close((uv_handle_t *)timer, NULL);
    spin_host_call_done(host->waiting, NULL);
}

static void on_cancel(spin_host_call_t *call, void *data) {
    host_t *host = data;
    (void)call;
    host->cancelled++;
    uv_close((uv_handle_t *)&host->timer, NULL);
}

static spin_error_t *two_later(spin_host_call_t *call, const spin_function_t *type,
                               const spin_value_t *args, size_t args_len, spin_value_t *result,
                               void *user) {
    host_t *host = user;
    spin_instance_t *instance = spin_host_call_instance(call);
    (void)type, (void)args, (void)args_len;
    spin_value_t *items = spin_host_call_alloc(call, 2 * sizeof *items);
    items[0] = u32(1);
    items[1] = u32(2);
    *result = (spin_value_t){.kind = SPIN_TYPE_TUPLE, .of.list = {items, 2}};
    host->waiting = call;
    host->timer.data = host;
    uv_timer_init(spin_execution_context_loop(spin_instance_context(instance)), &host->timer);
    uv_timer_start(&host->timer, on_timer, 1, 0);
    spin_host_call_wait(call, on_cancel, host);
    return NULL;
}

static void a_start_function_may_wait(void **state) {
    (void)state;
    scene_t scene = {0};
    spin_value_t result;
    spin_engine_builder_t *to = builder(1000);
    assert_ok(define(to, "test:host/bytes@1.0.0", "two", two_later, &scene.host));
    open_with(&scene, to, "start");
    assert_ok(call0(&scene, "second", &result));
    assert_int_equal(result.of.natural, 2);
    close_scene(&scene);
    assert_int_equal(scene.host.cancelled, 0);
}

static void on_ready(spin_instance_t *instance, spin_error_t *error, void *user) {
    (void)instance, (void)error, (void)user;
    fail_msg("it was freed");
}

static void a_start_function_may_be_given_up(void **state) {
    (void)state;
    scene_t scene = {0};
    spin_engine_builder_t *to = builder(1000);
    assert_ok(define(to, "test:host/bytes@1.0.0", "two", two_later, &scene.host));
    open_with(&scene, to, "start");
    spin_instance_free(scene.instance);
    scene.host.waiting = NULL;
    assert_ok(spin_execution_context_start_component(scene.context, spin_slice("it"), NULL,
                                                     on_ready, NULL, &scene.instance));
    uint32_t turns = 0;
    while (scene.host.waiting == NULL && turns++ < 100)
        uv_run(spin_execution_context_loop(scene.context), UV_RUN_ONCE);
    spin_instance_free(scene.instance);
    scene.instance = NULL;
    uv_run(spin_execution_context_loop(scene.context), UV_RUN_NOWAIT);
    close_scene(&scene);
    assert_int_equal(scene.host.cancelled, 1);
}

static void asynchronous_components_call_values(void **state) {
    (void)state;
    scene_t scene = {0};
    spin_engine_builder_t *to = builder(1000);
    assert_ok(define(to, HOST, "poke", look, &scene.host));
    open_with(&scene, to, "async");
    assert_int_equal(number_of(&scene, "run", u32(6)), 6);
    close_scene(&scene);
}

static void addresses_of_64_bits_are_refused(void **state) {
    (void)state;
    spin_execution_context_t *context;
    spin_engine_builder_t *to = builder(1000);
    spin_wasm_component_t *component = load("memory64");
    assert_ok(spin_engine_builder_add_component(to, spin_slice("it"), component));
    spin_wasm_component_unref(component);
    assert_fails(spin_engine_builder_build(to, &context), SPIN_ERROR_UNSUPPORTED, "\"echo\"");
}

/* ── out of memory ── */

static spin_error_t *work(scene_t *scene) {
    spin_value_t result, file;
    spin_error_t *error = call1(scene, "len", text("some text"), &result);
    if (error == NULL)
        error = call2(scene, "open-all", 20, 64, NULL);
    if (error == NULL)
        error = call2(scene, "label", 0, 64, NULL);
    if (error == NULL)
        error = call1(scene, "make", u32(1), &result);
    if (error == NULL)
        error = call1(scene, "thing-look", borrow(result.of.natural), NULL);
    if (error == NULL)
        error = spin_component_drop(scene->instance, result.of.natural);
    if (error == NULL)
        error = call1(scene, "labelled", u32(1), &file);
    if (error == NULL) {
        scene->host.dropped[file.of.list.items[1].of.natural]++;
        spin_value_clear(&file);
    }
    return error;
}

static spin_error_t *without_memory(void *user) {
    scene_t *scene = user;
    scene->host = (host_t){0};
    spin_error_t *error = spin_execution_context_prepare_component(scene->context, spin_slice("it"),
                                                                   NULL, &scene->instance);
    if (error != NULL)
        return error;
    error = work(scene);
    spin_instance_free(scene->instance);
    assert_dropped_once(&scene->host);
    return error;
}

static void every_allocation_of_a_call_may_fail(void **state) {
    (void)state;
    scene_t scene;
    size_t at = 0, calls = 0;
    do { /* each time from a context that has described nothing yet */
        failing_alloc_install(SIZE_MAX);
        open_scene(&scene);
        spin_instance_free(scene.instance);
        size_t before = failing_alloc_calls();
        failing_alloc_state.fail_at = at == 0 ? SIZE_MAX : before + at;
        spin_error_t *error = without_memory(&scene);
        if (at == 0) {
            calls = failing_alloc_calls() - before;
            assert_ok(error);
            assert_true(calls > 10);
        } else if (error != NULL) {
            assert_true(spin_error_kind(error) == SPIN_ERROR_NO_MEMORY || /* or the host's */
                        spin_error_kind(error) == SPIN_ERROR_TRAP);
            spin_error_free(error);
        }
        assert_ok(without_memory(&scene));
        spin_execution_context_free(scene.context);
        assert_int_equal(failing_alloc_live(), 0);
    } while (at++ < calls);
    failing_alloc_remove();
}

static spin_error_t *load_and_build(void *user) {
    host_t host = {0};
    spin_execution_context_t *context;
    spin_wasm_component_t *component;
    spin_engine_builder_t *to = NULL;
    const spin_engine_options_t options = {.size = sizeof options,
                                           .max_instances = 4,
                                           .max_memory_bytes = 4 << 20,
                                           .cache_dir = abi_cache_dir};
    spin_error_t *error = spin_wasm_component_load(user, NULL, &component);
    if (error != NULL)
        return error;
    wasm_signals_restore();
    error = spin_engine_builder_new(NULL, &options, &to);
    if (error == NULL)
        error = define_all(to, &host);
    if (error == NULL)
        error = spin_engine_builder_add_component(to, spin_slice("it"), component);
    spin_wasm_component_unref(component);
    if (error != NULL) {
        spin_engine_builder_free(to);
        return error;
    }
    error = spin_engine_builder_build(to, &context);
    if (error == NULL)
        spin_execution_context_free(context);
    return error;
}

static void every_allocation_of_a_start_may_fail(void **state) {
    static char path[] = SPIN_SOURCE_DIR "/tests/engine/components/abuse.wasm";
    (void)state;
    failing_alloc_each(load_and_build, path, 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_destructor_may_end_its_instance),
        cmocka_unit_test(a_host_function_may_end_its_instance),
        cmocka_unit_test(a_drop_function_may_do_anything),
        cmocka_unit_test(a_done_callback_may_end_its_instance),
        cmocka_unit_test(instances_know_nothing_of_each_other),
        cmocka_unit_test(an_export_may_have_any_name),
        cmocka_unit_test(a_type_of_the_same_shape_is_another),
        cmocka_unit_test(an_instance_in_an_instance_is_another),
        cmocka_unit_test(what_the_root_imports_is_named),
        cmocka_unit_test(a_definition_shows_what_is_in_instances),
        cmocka_unit_test(drops_on_the_loop_may_free),
        cmocka_unit_test(a_start_function_may_wait),
        cmocka_unit_test(a_start_function_may_be_given_up),
        cmocka_unit_test(asynchronous_components_call_values),
        cmocka_unit_test(addresses_of_64_bits_are_refused),
        cmocka_unit_test(every_allocation_of_a_call_may_fail),
        cmocka_unit_test(every_allocation_of_a_start_may_fail),
    };
    if (!abi_make_cache())
        return 1;
    return cmocka_run_group_tests(tests, NULL, abi_remove_cache);
}
