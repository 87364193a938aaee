/* contexts MODULE [COUNT]: what one more application costs in an engine that many share: memory at
 * rest, maps, descriptors, time to build it from the cache, and what a request to any of them takes
 * beside a request to one. Measured with applications of one module, and of as many different ones
 * (MODULE with a custom section that holds a number). Prints one JSON object. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <spin/engine.h>
#include <spin/loader.h>

enum { DEFAULT_COUNT = 1000, REQUESTS = 20000, PATH_BYTES = 512 };

static char folder[] = "/tmp/spin-bench-contexts-XXXXXX";

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void check(spin_error_t *error) {
    char text[1024];
    if (error == NULL)
        return;
    spin_error_format(error, text, sizeof text);
    fprintf(stderr, "contexts: %s\n", text);
    exit(1);
}

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ── the applications ── */

static FILE *create(unsigned number, const char *name) {
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%u/%s", folder, number, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        fail(path);
    return file;
}

/* A custom section of three bytes: its name, empty, and the number. */
static void write_application(unsigned number, bool differs, const uint8_t *wasm, size_t wasm_len) {
    char path[PATH_BYTES];
    const uint8_t section[] = {0,
                               5,
                               0,
                               (uint8_t)number,
                               (uint8_t)(number >> 8),
                               (uint8_t)(number >> 16),
                               (uint8_t)(number >> 24)};
    snprintf(path, sizeof path, "%s/%u", folder, number);
    if (mkdir(path, 0700) != 0)
        fail(path);
    FILE *module = create(number, "it.wasm");
    fwrite(wasm, 1, wasm_len, module);
    fwrite(section, 1, differs ? sizeof section : 0, module);
    fclose(module);
    FILE *manifest = create(number, "spin.toml");
    fprintf(manifest,
            "spin_version = \"1\"\nname = \"bench-%u\"\nversion = \"1.0.0\"\n"
            "trigger = { type = \"http\", base = \"/\" }\n[[component]]\nid = \"it\"\n"
            "source = \"it.wasm\"\n[component.trigger]\nroute = \"/...\"\n",
            number);
    fclose(manifest);
}

static void write_applications(const char *from, unsigned count, bool differ) {
    FILE *file = fopen(from, "rb");
    if (file == NULL)
        fail(from);
    fseek(file, 0, SEEK_END);
    size_t len = (size_t)ftell(file);
    uint8_t *wasm = malloc(len);
    rewind(file);
    if (wasm == NULL || fread(wasm, 1, len, file) != len)
        fail(from);
    fclose(file);
    for (unsigned i = 0; i <= count; i++)
        write_application(i, differ, wasm, len);
    free(wasm);
}

static void remove_applications(void) {
    char command[PATH_BYTES];
    snprintf(command, sizeof command, "rm -rf '%s'/[0-9]*", folder);
    if (system(command) != 0)
        fail(folder);
}

/* ── what is measured ── */

typedef struct use {
    double anonymous_kib; /* what no other process and no file shares */
    double pss_kib;
    double maps;
    double descriptors;
} use_t;

static double count_lines(const char *path) {
    FILE *file = fopen(path, "r");
    double lines = 0;
    for (int c; (c = getc(file)) != EOF;)
        lines += c == '\n';
    fclose(file);
    return lines;
}

static double count_entries(const char *path) {
    DIR *dir = opendir(path);
    double entries = -3; /* ".", ".." and this one */
    while (readdir(dir) != NULL)
        entries++;
    closedir(dir);
    return entries;
}

static use_t use_now(void) {
    use_t use = {0};
    char line[256];
    double kib;
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    if (file == NULL)
        fail("smaps_rollup");
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "Anonymous: %lf", &kib) == 1)
            use.anonymous_kib = kib;
        if (sscanf(line, "Pss: %lf", &kib) == 1)
            use.pss_kib = kib;
    }
    fclose(file);
    use.maps = count_lines("/proc/self/maps");
    use.descriptors = count_entries("/proc/self/fd");
    return use;
}

static void print_use(const char *name, const use_t *from, const use_t *to, unsigned count) {
    printf("\"%s\": {\"anonymous_kib\": %.1f, \"pss_kib\": %.1f, \"maps\": %.2f, "
           "\"descriptors\": %.2f}",
           name, (to->anonymous_kib - from->anonymous_kib) / count,
           (to->pss_kib - from->pss_kib) / count, (to->maps - from->maps) / count,
           (to->descriptors - from->descriptors) / count);
}

/* ── building and calling ── */

static spin_execution_context_t *build(spin_engine_t *engine, unsigned number) {
    char path[PATH_BYTES];
    spin_application_t *application;
    spin_engine_builder_t *builder;
    spin_execution_context_t *context;
    const spin_engine_options_t options = {.size = sizeof options, .engine = engine};
    snprintf(path, sizeof path, "%s/%u/spin.toml", folder, number);
    check(spin_loader_load_file(path, NULL, &application));
    check(spin_engine_builder_new(application, &options, &builder));
    check(spin_engine_builder_build(builder, &context));
    spin_application_unref(application);
    return context;
}

static void request(spin_execution_context_t *context) {
    spin_instance_t *instance;
    wasmtime_func_t func;
    wasmtime_val_t result;
    const int32_t params[] = {0, 0, 1, 16};
    wasmtime_val_t args[4];
    for (size_t i = 0; i < 4; i++)
        args[i] = (wasmtime_val_t){.kind = WASMTIME_I32, .of.i32 = params[i]};
    check(spin_execution_context_prepare_component(context, spin_slice("it"), NULL, &instance));
    check(spin_instance_function(instance, spin_slice("canonical_abi_realloc"), &func));
    check(spin_instance_call(instance, &func, args, 4, &result, 1));
    spin_instance_free(instance);
}

static double requests_us(spin_execution_context_t **contexts, unsigned count) {
    uint64_t begin = now_ns();
    for (unsigned i = 0; i < REQUESTS; i++)
        request(contexts[i * 7919u % count]);
    return (double)(now_ns() - begin) / REQUESTS / 1000;
}

static void measure(unsigned count, const char *name, bool prints) {
    char cache[PATH_BYTES];
    spin_engine_t *engine;
    spin_execution_context_t **contexts = calloc(count, sizeof *contexts);
    if (contexts == NULL)
        fail("calloc");
    memset(contexts, 1, count * sizeof *contexts);
    snprintf(cache, sizeof cache, "%s/cache", folder);
    const spin_engine_options_t options = {.size = sizeof options, .cache_dir = cache};
    check(spin_engine_new(&options, &engine));
    spin_execution_context_t *first = build(engine, count);
    request(first);
    const use_t before = use_now();
    uint64_t begin = now_ns();
    for (unsigned i = 0; i < count; i++)
        contexts[i] = build(engine, i);
    double each_ms = (double)(now_ns() - begin) / count / 1e6;
    const use_t at_rest = use_now();
    if (!prints)
        return;
    for (unsigned i = 0; i < count; i++)
        request(contexts[i]);
    const use_t used = use_now();
    requests_us(contexts, 1);
    double one_us = requests_us(contexts, 1);
    double any_us = requests_us(contexts, count);
    printf("\"%s\": {\"contexts\": %u, \"ms\": %.3f, ", name, count, each_ms);
    print_use("at_rest", &before, &at_rest, count);
    printf(", ");
    print_use("after_a_request", &before, &used, count);
    for (unsigned i = 0; i < count; i++)
        spin_execution_context_free(contexts[i]);
    const use_t freed = use_now();
    printf(", ");
    print_use("after_the_end", &before, &freed, count);
    printf(", \"request_to_one_us\": %.2f, \"request_to_any_us\": %.2f}", one_us, any_us);
    free(contexts);
    spin_execution_context_free(first);
    spin_engine_unref(engine);
}

/* Each in a process of its own: the first fills the cache. */
static void run(const char *module, unsigned count, bool differ, const char *name) {
    write_applications(module, count, differ);
    for (int turn = 0; turn < 2; turn++) {
        int status;
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            measure(count, name, turn == 1);
            fflush(stdout);
            _exit(0);
        }
        if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
            exit(1);
    }
    remove_applications();
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "Usage: contexts MODULE [COUNT]\n");
        return 2;
    }
    unsigned count = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : DEFAULT_COUNT;
    struct rlimit files;
    if (count == 0 || mkdtemp(folder) == NULL)
        fail("a folder below /tmp");
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max; /* a module keeps its file open */
    setrlimit(RLIMIT_NOFILE, &files);
    printf("{");
    run(argv[1], count, false, "same");
    printf(", ");
    run(argv[1], count, true, "different");
    printf("}\n");
    char command[PATH_BYTES];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command) == 0 ? 0 : 1;
}
