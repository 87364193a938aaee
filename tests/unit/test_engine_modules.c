/* What a component's module is known by: the digest that a loader has told, else the file as it is
 * now; and that its code is used from the cache. */
#include <sys/stat.h>

#include "base/error.h"
#include "digest/digest.h"
#include "engine_fixture.h"

static char file[64], cache[64];

/* ── files ── */

static void copy_guest(const char *name) {
    char command[512];
    snprintf(command, sizeof command, "cp %s/tests/engine/guests/%s.wasm %s", SPIN_SOURCE_DIR, name,
             file);
    assert_int_equal(system(command), 0);
}

static void put_text(const char *text) {
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    fclose(out);
}

static void remove_cached(void) {
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", cache);
    assert_int_equal(system(command), 0);
}

static size_t count_cached(void) {
    char command[128];
    size_t count;
    snprintf(command, sizeof command, "ls -A %s/modules 2>/dev/null | wc -l", cache);
    FILE *out = popen(command, "r");
    assert_non_null(out);
    assert_int_equal(fscanf(out, "%zu", &count), 1);
    pclose(out);
    return count;
}

/* What this process maps from the cache. */
static size_t count_mapped(void) {
    char line[512], folder[80];
    size_t count = 0;
    snprintf(folder, sizeof folder, "%s/modules/", cache);
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps) != NULL)
        count += strstr(line, folder) != NULL;
    fclose(maps);
    return count;
}

static int begin(void **state) {
    (void)state;
    remove_cached();
    copy_guest("loop");
    return 0;
}

/* ── applications ── */

/* As a loader leaves it. */
static spin_application_t *load(void) {
    spin_application_t *application = abi_application("");
    manifest_source_t *source = &application->components[0].source;
    struct sha256_ctx hash;
    char hex[DIGEST_HEX + 1];
    uint64_t len;
    FILE *in = fopen(file, "r");
    assert_non_null(in);
    sha256_init(&hash);
    assert_int_equal(digest_file(fileno(in), &hash, &len), 0);
    fclose(in);
    digest_hex(&hash, hex);
    source->file = file;
    source->file_digest = arena_printf(&application->arena, "sha256:%s", hex);
    return application;
}

/* As embedders and tests make them. */
static spin_application_t *load_without_digest(void) {
    spin_application_t *application = load();
    application->components[0].source.file_digest = (spin_slice_t){NULL, 0};
    return application;
}

static spin_error_t *build_on(spin_application_t *application, spin_engine_t *engine,
                              spin_execution_context_t **out) {
    wasm_signals_restore();
    const spin_engine_options_t options = {.size = sizeof options,
                                           .engine = engine,
                                           .max_memory_bytes = engine == NULL ? 2 << 20 : 0,
                                           .cache_dir = engine == NULL ? cache : NULL};
    spin_engine_builder_t *builder;
    assert_ok(spin_engine_builder_new(application, &options, &builder));
    return spin_engine_builder_build(builder, out);
}

static void assert_runs(spin_application_t *application) {
    spin_execution_context_t *context;
    assert_ok(build_on(application, NULL, &context));
    assert_answers(context);
    spin_execution_context_free(context);
}

static void assert_refused(spin_application_t *application, spin_error_kind_t kind,
                           const char *part) {
    spin_execution_context_t *context;
    assert_fails(build_on(application, NULL, &context), kind, part);
}

/* ── tests ── */

static void the_cache_needs_no_file(void **state) {
    (void)state;
    spin_application_t *application = load();
    assert_runs(application);
    assert_int_equal(count_cached(), 1);
    assert_int_equal(unlink(file), 0);
    assert_runs(application);
    put_text("this is no WebAssembly");
    assert_runs(application);
    assert_int_equal(count_cached(), 1);
    spin_application_unref(application);
}

static void what_runs_needs_no_file(void **state) {
    (void)state;
    spin_engine_t *engine;
    spin_execution_context_t *first, *second;
    spin_application_t *application = load();
    const spin_engine_options_t options = {
        .size = sizeof options, .max_memory_bytes = 2 << 20, .cache_dir = ""};
    wasm_signals_restore();
    assert_ok(spin_engine_new(&options, &engine));
    assert_ok(build_on(application, engine, &first));
    assert_int_equal(unlink(file), 0);
    assert_ok(build_on(application, engine, &second));
    assert_ptr_equal(spin_execution_context_module(first, spin_slice("it")),
                     spin_execution_context_module(second, spin_slice("it")));
    spin_execution_context_free(first);
    assert_answers(second);
    spin_execution_context_free(second);
    assert_fails(build_on(application, engine, &first), SPIN_ERROR_NOT_FOUND, file);
    spin_application_unref(application);
    spin_engine_unref(engine);
}

static void what_was_loaded_must_be_there(void **state) {
    (void)state;
    static const char changed[] = "the file has changed since the application was loaded; load the "
                                  "application again, or put the file back as it was";
    char whole[512];
    spin_application_t *application = load();
    snprintf(whole, sizeof whole, "component \"it\": %s: %s", file, changed);
    copy_guest("add");
    assert_refused(application, SPIN_ERROR_INVALID, whole);
    put_text("this is no WebAssembly");
    assert_refused(application, SPIN_ERROR_INVALID, whole);
    put_text("");
    assert_refused(application, SPIN_ERROR_INVALID, whole);
    assert_int_equal(unlink(file), 0);
    assert_refused(application, SPIN_ERROR_NOT_FOUND, file);
    assert_int_equal(count_cached(), 0);
    copy_guest("loop");
    assert_runs(application);
    spin_application_unref(application);
}

static void what_never_was_a_module_says_so(void **state) {
    (void)state;
    put_text("this is no WebAssembly");
    spin_application_t *application = load();
    assert_refused(application, SPIN_ERROR_INVALID, "not a WebAssembly module");
    spin_application_unref(application);
}

static void without_a_digest_the_file_counts(void **state) {
    (void)state;
    spin_application_t *application = load_without_digest(), *loaded = load();
    assert_runs(application);
    assert_runs(loaded);
    assert_int_equal(count_cached(), 1); /* they are the same */
    copy_guest("add");
    spin_execution_context_t *context;
    assert_ok(build_on(application, NULL, &context));
    assert_int_equal(count_cached(), 2);
    spin_execution_context_free(context);
    assert_int_equal(unlink(file), 0);
    assert_refused(application, SPIN_ERROR_NOT_FOUND, file);
    spin_application_unref(application);
    spin_application_unref(loaded);
}

static void compiled_code_is_mapped(void **state) {
    (void)state;
    spin_execution_context_t *context;
    spin_application_t *application = load();
    for (int i = 0; i < 2; i++) { /* compiled, found */
        assert_ok(build_on(application, NULL, &context));
        assert_true(count_mapped() > 0);
        assert_answers(context);
        spin_execution_context_free(context);
        assert_int_equal(count_mapped(), 0);
    }
    spin_application_unref(application);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_cache_needs_no_file, begin),
        cmocka_unit_test_setup(what_runs_needs_no_file, begin),
        cmocka_unit_test_setup(what_was_loaded_must_be_there, begin),
        cmocka_unit_test_setup(what_never_was_a_module_says_so, begin),
        cmocka_unit_test_setup(without_a_digest_the_file_counts, begin),
        cmocka_unit_test_setup(compiled_code_is_mapped, begin),
    };
    if (!abi_make_cache())
        return 1;
    snprintf(file, sizeof file, "%s/it.wasm", abi_cache_dir);
    snprintf(cache, sizeof cache, "%s/cache", abi_cache_dir);
    return cmocka_run_group_tests_name("engine_modules", tests, NULL, abi_remove_cache);
}
