/* Values of random types through components that are made for them (component_writer.h): what goes
 * in comes back, in each encoding of text, through compositions of two and of three, and by way of
 * the host. Called, and implemented, by types at run time and by what spin-bindgen writes
 * (tests/bindgen/random_wit.c). */
#include "abi_fake.h"
#include "abi_fixture.h"
#include "component_writer.h"
#include "engine/abi/value.h"
#include "random_types.h"
#include "spin/component.h"
#include "spin/wit.h"

enum { BATCHES = 5, FUNCTIONS = 12, VALUES = 4, DEPTH = 4, ENCODINGS = 3, GENERATED_VALUES = 2 };

static const char interface[] = "test:random/today";
static const encoding_t encodings[ENCODINGS] = {WRITER_UTF8, WRITER_UTF16, WRITER_LATIN1_UTF16};

/* ── a scene: a context of components that all export the same functions ── */

typedef struct scene {
    arena_t arena;
    random_types_t random;
    writer_t writer;
    writer_function_t functions[64];
    spin_engine_builder_t *builder;
    spin_execution_context_t *context;
    const char *ids[64];
    size_t ids_len;
} scene_t;

static spin_engine_t *engine;

static void open_builder(scene_t *scene) {
    const spin_engine_options_t options = {.size = sizeof options, .engine = engine};
    assert_ok(spin_engine_builder_new(NULL, &options, &scene->builder));
}

static void add(scene_t *scene, spin_slice_t id, const buf_t *bytes) {
    spin_wasm_component_t *component;
    char text[512];
    assert_false(bytes->failed);
    spin_error_t *error = spin_wasm_component_parse(buf_slice(bytes), NULL, &component);
    if (error != NULL) {
        const char *path = getenv("SPIN_KEEP_COMPONENT"); /* to look at what is wrong with it */
        FILE *file = path != NULL ? fopen(path, "wb") : NULL;
        if (file != NULL) {
            fwrite(bytes->ptr, 1, bytes->len, file);
            fclose(file);
        }
        spin_error_format(error, text, sizeof text);
        fail_msg("%.*s: %s", SLICE_ARG(id), text);
    }
    assert_ok(spin_engine_builder_add_component(scene->builder, id, component));
    spin_wasm_component_unref(component);
    scene->ids[scene->ids_len++] = (const char *)id.ptr;
}

/* One echo and one relay for each encoding, each relay in front of each echo, and in front of some
 * of these a further one, where there are to be `threes`. */
static void add_all(scene_t *scene, bool threes) {
    buf_t echoes[ENCODINGS] = {{0}}, relays[ENCODINGS] = {{0}};
    for (int i = 0; i < ENCODINGS; i++) {
        writer_echo(&scene->writer, encodings[i], &echoes[i]);
        writer_relay(&scene->writer, encodings[i], &relays[i]);
        add(scene, arena_printf(&scene->arena, "echo-%d", i), &echoes[i]);
        add(scene, arena_printf(&scene->arena, "relay-%d", i), &relays[i]);
    }
    for (int i = 0; i < ENCODINGS; i++)
        for (int j = 0; j < ENCODINGS; j++) {
            buf_t two = {0}, three = {0};
            int k = (i + 2 * j) % ENCODINGS;
            writer_compose(&scene->writer, buf_slice(&echoes[i]), buf_slice(&relays[j]), &two);
            add(scene, arena_printf(&scene->arena, "two-%d-%d", i, j), &two);
            if (threes && i != j) {
                writer_compose(&scene->writer, buf_slice(&two), buf_slice(&relays[k]), &three);
                add(scene, arena_printf(&scene->arena, "three-%d-%d-%d", i, j, k), &three);
            }
            buf_deinit(&two);
            buf_deinit(&three);
        }
    for (int i = 0; i < ENCODINGS; i++) {
        buf_deinit(&echoes[i]);
        buf_deinit(&relays[i]);
    }
}

static void build(scene_t *scene) {
    assert_ok(spin_engine_builder_build(scene->builder, &scene->context));
}

static void close_scene(scene_t *scene) {
    spin_execution_context_free(scene->context);
    random_end(&scene->random);
    arena_deinit(&scene->arena);
}

static spin_instance_t *prepare(const scene_t *scene, const char *id) {
    spin_instance_t *instance;
    assert_ok(
        spin_execution_context_prepare_component(scene->context, spin_slice(id), NULL, &instance));
    return instance;
}

static const char *export_name(scene_t *scene, const writer_function_t *function) {
    return (const char *)arena_printf(&scene->arena, "%s#%s", interface, function->name).ptr;
}

static void fail_value(const char *id, const writer_function_t *function, const char *what) {
    fail_msg("%s: %s of %.*s: %s", id, function->name, SLICE_ARG(function->type->text), what);
}

static void assert_called(spin_error_t *error, const char *id, const writer_function_t *function) {
    char text[512];
    if (error == NULL)
        return;
    spin_error_format(error, text, sizeof text);
    fail_value(id, function, text);
}

/* ── by types at run time ── */

static size_t host_calls;

/* What relays import: the arguments are alive as long as the call. */
static spin_error_t *host_echo(spin_host_call_t *call, const spin_function_t *type,
                               const spin_value_t *args, size_t args_len, spin_value_t *result,
                               void *user) {
    (void)call, (void)type, (void)args_len, (void)user;
    host_calls++;
    *result = args[0];
    return NULL;
}

static void define_echoes(scene_t *scene) {
    for (uint32_t i = 0; i < scene->writer.functions_len; i++)
        assert_ok(spin_component_define_function(scene->builder, spin_slice(interface),
                                                 spin_slice(scene->functions[i].name), host_echo,
                                                 NULL));
}

static void call_with_values(scene_t *scene, const char *id, const writer_function_t *function) {
    spin_instance_t *instance = prepare(scene, id);
    const spin_slice_t name = spin_slice(export_name(scene, function));
    for (int i = 0; i < VALUES; i++) {
        spin_value_t args[1 + WRITER_PADS], result;
        random_value(&scene->random, function->type, &args[0]);
        for (unsigned j = 1; j <= WRITER_PADS; j++)
            args[j] = (spin_value_t){.kind = SPIN_TYPE_U8, .of.natural = j};
        assert_called(spin_component_call(instance, name, args,
                                          function->padded ? 1 + WRITER_PADS : 1, &result),
                      id, function);
        assert_ok(spin_value_check(&result, function->type));
        if (!spin_value_equal(&args[0], &result))
            fail_value(id, function, "another value came back");
        spin_value_clear(&result);
    }
    spin_instance_free(instance);
}

/* Functions with flat parameters, and the same types through memory. */
static void make_functions(scene_t *scene) {
    while (scene->writer.functions_len < FUNCTIONS) {
        uint32_t at = scene->writer.functions_len;
        const wit_type_t *type = random_type(&scene->random, at % (DEPTH + 1));
        if (type->layout.flat_len == 0)
            continue;
        bool padded = (at & 1) != 0 && type->layout.flat_len > 1;
        scene->functions[at] = (writer_function_t){
            (const char *)arena_printf(&scene->arena, "run%u", at).ptr, type, padded};
        scene->writer.functions_len++;
    }
    assert_false(scene->random.failed);
}

static void values_come_back(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < BATCHES; seed++) {
        scene_t *scene = mem_calloc(1, sizeof *scene);
        random_begin(&scene->random, &scene->arena, 0x5eed + seed);
        scene->random.text = true;
        scene->writer = (writer_t){interface, scene->functions, 0};
        make_functions(scene);
        open_builder(scene);
        define_echoes(scene);
        add_all(scene, true);
        build(scene);
        for (size_t i = 0; i < scene->ids_len; i++)
            for (uint32_t j = 0; j < FUNCTIONS; j++)
                call_with_values(scene, scene->ids[i], &scene->functions[j]);
        close_scene(scene);
        mem_free(scene);
    }
    assert_int_equal(host_calls, BATCHES * ENCODINGS * FUNCTIONS * VALUES);
}

/* ── by generated code ── */

extern const spin_abi_export_t *const today_exports[];
extern const size_t today_exports_len;
spin_error_t *today_link_all(void);
spin_error_t *random_captured_link(spin_engine_builder_t *builder,
                                   const spin_abi_interface_t *interface, const void *operations,
                                   void *user);

static const spin_abi_interface_t *generated;

/* In place of spin_abi_link, see cmake/SpinTests.cmake. */
spin_error_t *random_captured_link(spin_engine_builder_t *builder,
                                   const spin_abi_interface_t *linked, const void *operations,
                                   void *user) {
    (void)builder, (void)operations, (void)user;
    if (slice_equal_text(spin_slice(interface), linked->module))
        generated = linked;
    return NULL;
}

/* Parameters begin with the record that is the result. */
static spin_error_t *generated_echo(spin_host_call_t *call, const void *operations,
                                    const void *context, void *args, void *result) {
    const spin_abi_import_t *import = context;
    (void)call, (void)operations;
    host_calls++;
    memcpy(result, args, import->c_result_size);
    return NULL;
}

/* The generated interface, whose operations echo. */
static void link_echoes(scene_t *scene) {
    arena_t *arena = &scene->arena;
    spin_abi_import_t *imports = arena_calloc(arena, generated->functions_len, sizeof *imports);
    const spin_abi_import_t **pointers =
        arena_calloc(arena, generated->functions_len, sizeof *pointers);
    for (size_t i = 0; i < generated->functions_len; i++) {
        imports[i] = *generated->functions[i];
        imports[i].call = generated_echo;
        imports[i].context = generated->functions[i];
        pointers[i] = &imports[i];
    }
    spin_abi_interface_t *copy = arena_calloc(arena, 1, sizeof *copy);
    *copy = *generated;
    copy->functions = pointers;
    assert_ok(spin_abi_link(scene->builder, copy, NULL, NULL));
}

static fake_guest_t sent, wanted, got;

static spin_error_t *lower_generic(fake_guest_t *guest, const spin_abi_export_t *by_types,
                                   const spin_value_t *value, fake_values_t *out) {
    fake_begin(guest);
    return fake_lower(guest, SPIN_ABI_CANONICAL, by_types->measure, by_types->lower,
                      by_types->context, &(abi_value_args_t){.items = value}, by_types->result_size,
                      by_types->result_align, out);
}

typedef struct outcome {
    const char *id;
    const writer_function_t *function;
    const spin_abi_import_t *serves;
    fake_values_t want;
    bool ended;
} outcome_t;

/* The result in C, written to memory by generated code, against the value, written by its type. */
static void compare(const outcome_t *outcome, const void *result) {
    const spin_abi_import_t *serves = outcome->serves;
    fake_values_t values;
    bool flat = outcome->want.area == 0;
    fake_begin(&got);
    assert_called(fake_lower(&got, SPIN_ABI_CANONICAL, serves->measure, serves->lower,
                             serves->context, result, flat ? 0 : serves->result_size,
                             serves->result_align, &values),
                  outcome->id, outcome->function);
    if (memcmp(&values, &outcome->want, sizeof values) != 0 ||
        memcmp(got.memory, wanted.memory, sizeof got.memory) != 0)
        fail_value(outcome->id, outcome->function, "another value came back to generated code");
}

static void on_result(spin_instance_t *instance, spin_error_t *error, void *result,
                      void (*handler)(void), void *user) {
    outcome_t *outcome = user;
    (void)instance, (void)handler;
    assert_called(error, outcome->id, outcome->function);
    compare(outcome, result);
    outcome->ended = true;
}

/* Waits for the result, which is a copy; or is told of it, and sees it where it is. */
static void call_both_ways(const scene_t *scene, spin_instance_t *instance,
                           const spin_abi_export_t *calls, const void *input, outcome_t *outcome) {
    void *result = mem_calloc(1, calls->c_result_size);
    const void *args = input;
    assert_called(spin_abi_call(instance, calls, &args, result), outcome->id, outcome->function);
    compare(outcome, result);
    if (calls->clear != NULL)
        calls->clear(calls->context, result);
    mem_free(result);
    assert_called(spin_abi_start(instance, calls, &args, on_result, NULL, outcome), outcome->id,
                  outcome->function);
    while (!outcome->ended)
        uv_run(spin_execution_context_loop(scene->context), UV_RUN_ONCE);
}

static void call_generated(scene_t *scene, const char *id, uint32_t index,
                           const spin_function_t *type) {
    const writer_function_t *function = &scene->functions[index];
    spin_instance_t *instance = prepare(scene, id);
    outcome_t outcome = {.id = id, .function = function, .serves = generated->functions[index]};
    spin_abi_export_t by_types;
    assert_ok(abi_value_describe(&scene->arena, type, &by_types));
    assert_ok(spin_abi_check(scene->context, spin_slice(id), today_exports[index]));
    for (int i = 0; i < GENERATED_VALUES; i++) {
        spin_value_t value;
        fake_values_t values;
        random_value(&scene->random, function->type, &value);
        if (function->type->layout.flat_len > 1) {
            assert_ok(lower_generic(&wanted, &by_types, &value, &outcome.want));
        } else {
            fake_begin(&wanted);
            assert_ok(fake_lower(&wanted, SPIN_ABI_CANONICAL, by_types.measure, by_types.lower,
                                 by_types.context, &(abi_value_args_t){.items = &value}, 0, 1,
                                 &outcome.want));
        }
        bool in_memory = outcome.serves->params_size > 0;
        if (in_memory) {
            assert_ok(lower_generic(&sent, &by_types, &value, &values));
        } else {
            fake_begin(&sent);
            assert_ok(fake_lower(&sent, SPIN_ABI_CANONICAL, by_types.measure, by_types.lower,
                                 by_types.context, &(abi_value_args_t){.items = &value}, 0, 1,
                                 &values));
        }
        void *input = mem_calloc(1, outcome.serves->c_args_size);
        assert_ok(fake_lift(&sent, LIFT_ARENA, outcome.serves->lift, outcome.serves->context,
                            &values, input));
        outcome.ended = false;
        call_both_ways(scene, instance, today_exports[index], input, &outcome);
        mem_free(input);
    }
    spin_instance_free(instance);
}

/* `serves`: what relays import is implemented by generated code as well. */
static void run_generated(bool serves) {
    scene_t *scene = mem_calloc(1, sizeof *scene);
    spin_wit_t *wit;
    const spin_function_t *types[64];
    assert_ok(today_link_all());
    assert_non_null(generated);
    random_begin(&scene->random, &scene->arena, 0x9e4 + serves);
    scene->writer = (writer_t){interface, scene->functions, (uint32_t)today_exports_len};
    assert_ok(spin_wit_load(SPIN_RANDOM_DIR "/today.wit", NULL, &wit));
    for (uint32_t i = 0; i < today_exports_len; i++) {
        spin_slice_t name = arena_printf(&scene->arena, "run%u", i);
        assert_ok(spin_wit_function(wit, name, &types[i]));
        scene->functions[i] =
            (writer_function_t){(const char *)name.ptr, types[i]->result.type, false};
    }
    open_builder(scene);
    if (serves)
        link_echoes(scene);
    else
        define_echoes(scene);
    add_all(scene, false);
    build(scene);
    host_calls = 0;
    for (size_t i = 0; i < scene->ids_len; i++) /* the first ones have no adapters */
        for (uint32_t j = 0; j < scene->writer.functions_len; j++)
            if (i < 2 * ENCODINGS || (i + j) % 3 == 0)
                call_generated(scene, scene->ids[i], j, types[j]);
    assert_int_equal(host_calls, 2 * ENCODINGS * today_exports_len * GENERATED_VALUES);
    for (size_t i = 0; serves && i < scene->ids_len; i++) /* and called by types */
        for (uint32_t j = 0; j < scene->writer.functions_len; j += 5)
            call_with_values(scene, scene->ids[i], &scene->functions[j]);
    close_scene(scene);
    mem_free(scene);
    spin_wit_free(wit);
}

static void generated_code_calls(void **state) {
    (void)state;
    run_generated(false);
}

static void generated_code_calls_and_serves(void **state) {
    (void)state;
    run_generated(true);
}

/* ── what generated code does not pass ── */

static spin_error_t *check_stream(scene_t *scene, bool by_types) {
    const wit_type_t *type = scene->functions[0].type;
    const wit_part_t param = {.name = SLICE_LITERAL("a"), .ref.type = type};
    const wit_function_t function = {.name = SLICE_LITERAL("run0"),
                                     .core_name = SLICE_LITERAL("run0"),
                                     .params = &param,
                                     .params_len = 1,
                                     .result.type = type};
    spin_abi_export_t export;
    assert_ok(abi_value_describe(&scene->arena, &function, &export));
    export.export_name = "test:random/today#run0";
    if (!by_types)
        export.context = NULL;
    return spin_abi_check(scene->context, spin_slice("echo"), &export);
}

static void streams_are_for_values(void **state) {
    (void)state;
    scene_t *scene = mem_calloc(1, sizeof *scene);
    wit_part_t part = {0}, item = {0};
    buf_t bytes = {0};
    random_begin(&scene->random, &scene->arena, 1);
    part.ref.type = random_made(&scene->random, &(wit_type_t){.kind = SPIN_TYPE_U8});
    item.ref.type = random_made(
        &scene->random, &(wit_type_t){.kind = SPIN_TYPE_STREAM, .parts = &part, .parts_len = 1});
    scene->functions[0] = (writer_function_t){
        "run0",
        random_made(&scene->random,
                    &(wit_type_t){.kind = SPIN_TYPE_OPTION, .parts = &item, .parts_len = 1}),
        false};
    scene->writer = (writer_t){interface, scene->functions, 1};
    open_builder(scene);
    writer_echo(&scene->writer, WRITER_UTF8, &bytes);
    add(scene, spin_slice("echo"), &bytes);
    buf_deinit(&bytes);
    build(scene);
    assert_ok(check_stream(scene, true));
    assert_fails(check_stream(scene, false), SPIN_ERROR_UNSUPPORTED,
                 "streams, futures and error contexts go as values only");
    close_scene(scene);
    mem_free(scene);
}

/* ── all of them ── */

static int set_up(void **state) {
    const spin_engine_options_t options = {.size = sizeof options,
                                           .max_instances = 8,
                                           .max_memory_bytes = 64 << 20,
                                           .disable_cache = true};
    (void)state;
    wasm_signals_restore();
    return spin_engine_new(&options, &engine) == NULL ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    spin_engine_unref(engine);
    arena_deinit(&sent.arena);
    arena_deinit(&wanted.arena);
    arena_deinit(&got.arena);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back),
        cmocka_unit_test(generated_code_calls),
        cmocka_unit_test(generated_code_calls_and_serves),
        cmocka_unit_test(streams_are_for_values),
    };
    wasm_signals_keep();
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
