/* component_suite [-v] [--stub-imports] SUITE.json
 * component_suite [--stub-imports] --call COMPONENT FUNCTION [ARGUMENTS]
 *
 * Runs what `wasm-tools json-from-wast` made of a .wast file, through <spin/component.h> alone. The
 * component files are beside the JSON. A line for each command that did not pass and one at the
 * end, fields with tabs between them, for tests/component/run.py:
 *
 *     FAIL <line> <command> <reason>      SKIP <line> <command> <reason>
 *     DONE <passed> <failed> <skipped>
 *
 * The second form calls one function; ARGUMENTS is a JSON array of values as the suites have them.
 * Exit status: 0, 1 something failed, 2 bad usage. */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>

#include "suite.h"

typedef struct definition {
    struct definition *next;
    const char *name; /* "": none */
    const char *file;
} definition_t;

typedef struct run {
    world_t world;
    char *folder;
    bool verbose;
    definition_t *definitions;
    scene_t *current;
    char *absent; /* why there is no current instance */
    bool absent_skipped;
    unsigned passed, failed, skipped;
} run_t;

/* ── errors ──────────────────────────────────────────────────────────────────────────────── */

/* The chain as text, for the caller to free; takes `error`. */
static char *error_text(spin_error_t *error) {
    size_t len = spin_error_format(error, NULL, 0);
    char *text = malloc(len + 1);
    if (text == NULL)
        abort(); /* a test program */
    spin_error_format(error, text, len + 1);
    spin_error_free(error);
    for (char *each = text; *each != '\0'; each++)
        if (*each == '\n' || *each == '\t')
            *each = ' ';
    return text;
}

typedef struct outcome {
    enum { PASS, FAIL, SKIP } kind;
    char *text; /* owned; NULL: nothing to say */
} outcome_t;

static outcome_t outcome(int kind, const char *text) {
    outcome_t result = {kind, text == NULL ? NULL : strdup(text)};
    return result;
}

/* What may be skipped: a part of the message, and the reason that is reported. */
static const struct {
    const char *part;
    const char *reason;
} may_skip[] = {
    {"refused memory beyond its limit", "needs more memory than an instance may have here"},
    {"pooling allocator", "needs more memory than an instance may have here"},
    {"values of the garbage collector are not supported", "no values of the garbage collector"},
};

static const char *skip_reason(const char *text) {
    for (size_t i = 0; i < sizeof may_skip / sizeof *may_skip; i++)
        if (strstr(text, may_skip[i].part) != NULL)
            return may_skip[i].reason;
    return NULL;
}

/* For an error that is a failure, unless its reason is one of those; takes `text`. */
static outcome_t fail_or_skip(char *text) {
    const char *reason = skip_reason(text);
    if (reason == NULL)
        return (outcome_t){FAIL, text};
    free(text);
    return outcome(SKIP, reason);
}

/* What a suite calls a trap, and what it is called here. */
static const struct {
    const char *theirs;
    const char *ours;
} trap_words[] = {
    {"out of bounds", "outside of its memory"},
    {"out of bounds", "exceed the maximum"},
    {"out-of-bounds", "outside of its memory"},
    {"out of bounds", "too long"},
    {"beyond end of memory", "outside of its memory"},
    {"invalid utf-8", "is not UTF-8"},
    {"incomplete utf-8", "is not UTF-8"},
    {"unpaired surrogate", "is not UTF-16"},
    {"invalid `char` bit pattern", "is not a Unicode scalar value"},
    {"invalid variant discriminant", "is not a value of that type"},
    {"out of range [0..", "is not a value of that type"},
    {"thrown Wasm exception", "uncaught exception"},
    {"uninitialized element", "hit an empty table entry"},
    {"integer divide by zero", "divided by zero"},
    {"call stack exhausted", "its stack overflowed"},
    {"unreachable` instruction", "it reached an \"unreachable\" instruction"},
    {"out-of-bounds", "out of bounds of memory"},
    {"out-of-bounds", "string too long"},
    {"out-of-bounds", "realloc return: beyond end of memory"},
    {"out of bounds", "realloc return: beyond end of memory"},
    {"unaligned pointer", "result not aligned"},
    {"not aligned", "is not aligned to"},
    {"discriminant", "invalid variant discriminant"},
    {"fuel allocated for hostcalls has been exhausted", "larger than all of the guest's memory"},
    {"deadlock detected", "cannot block a synchronous task before returning"},
    {"waitable cannot be used synchronously while added to a waitable set",
     "waitable cannot join a waitable set while used synchronously"},
    {"invalid debug message pointer", "is outside of its memory"},
    {"cannot write to future after previous write succeeded or readable end dropped",
     "cannot write after being notified that the readable end dropped"},
    {"cannot write to stream after being notified", "cannot write after being notified"},
    {"cannot read from stream after being notified", "cannot read after being notified"},
};

static bool says(const char *text, const char *expected) {
    static const char prefix[] = "wasm trap: ";
    if (strncmp(expected, prefix, sizeof prefix - 1) == 0)
        expected += sizeof prefix - 1;
    if (strstr(text, expected) != NULL)
        return true;
    for (size_t i = 0; i < sizeof trap_words / sizeof *trap_words; i++)
        if (strstr(expected, trap_words[i].theirs) != NULL &&
            strstr(text, trap_words[i].ours) != NULL)
            return true;
    return false;
}

/* ── reports ─────────────────────────────────────────────────────────────────────────────── */

static void report(run_t *run, const json_t *command, outcome_t outcome) {
    static const char *const words[] = {"PASS", "FAIL", "SKIP"};
    unsigned *const counts[] = {&run->passed, &run->failed, &run->skipped};
    ++*counts[outcome.kind];
    if (outcome.kind != PASS || run->verbose)
        printf("%s\t%lld\t%s\t%s\n", words[outcome.kind],
               (long long)json_integer_value(json_object_get(command, "line")),
               json_string_value(json_object_get(command, "type")),
               outcome.text == NULL ? "" : outcome.text);
    fflush(stdout); /* the process may die of the next one */
    free(outcome.text);
}

/* ── files ───────────────────────────────────────────────────────────────────────────────── */

static bool read_file(const char *path, spin_slice_t *out) {
    *out = spin_slice(NULL);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    bool good = fseek(file, 0, SEEK_END) == 0;
    long size = good ? ftell(file) : -1;
    uint8_t *bytes = size < 0 ? NULL : malloc((size_t)size + 1);
    good = bytes != NULL && fseek(file, 0, SEEK_SET) == 0 &&
           fread(bytes, 1, (size_t)size, file) == (size_t)size;
    fclose(file);
    if (good)
        *out = spin_slice_of(bytes, (size_t)size);
    else
        free(bytes);
    return good;
}

static bool read_beside(const run_t *run, const char *name, spin_slice_t *out) {
    char path[4096];
    if (name == NULL ||
        (size_t)snprintf(path, sizeof path, "%s/%s", run->folder, name) >= sizeof path)
        return false;
    return read_file(path, out);
}

static bool is_component(spin_slice_t bytes) {
    return bytes.len < 8 || bytes.ptr[6] != 0;
}

static spin_error_t *parse_definition(spin_slice_t bytes) {
    spin_wasm_component_options_t options = {.size = sizeof options, .definition_only = true};
    spin_wasm_component_t *component = NULL;
    spin_error_t *error = spin_wasm_component_parse(bytes, &options, &component);
    spin_wasm_component_unref(component);
    return error;
}

/* ── instances ───────────────────────────────────────────────────────────────────────────── */

static void forget_current(run_t *run, const char *why, bool skipped) {
    world_drop(&run->world, run->current);
    run->current = NULL;
    free(run->absent);
    run->absent = why == NULL ? NULL : strdup(why);
    run->absent_skipped = skipped;
}

static outcome_t instantiate(run_t *run, const char *file, const char *name) {
    spin_slice_t bytes;
    forget_current(run, "its instance failed", false);
    if (!read_beside(run, file, &bytes))
        return outcome(FAIL, "no such file");
    if (!is_component(bytes)) {
        free((void *)bytes.ptr);
        forget_current(run, "a core module of its own", true);
        return outcome(SKIP, "a core module of its own");
    }
    spin_error_t *error = world_instantiate(&run->world, bytes, name, &run->current);
    free((void *)bytes.ptr);
    if (error == NULL)
        return outcome(PASS, NULL);
    outcome_t result = fail_or_skip(error_text(error));
    if (result.kind == SKIP)
        forget_current(run, result.text, true);
    return result;
}

static const char *text_of(const json_t *command, const char *key) {
    return json_string_value(json_object_get(command, key));
}

static outcome_t do_module(run_t *run, const json_t *command) {
    return instantiate(run, text_of(command, "filename"), text_of(command, "name"));
}

static outcome_t do_definition(run_t *run, const json_t *command) {
    const char *name = text_of(command, "name");
    definition_t *definition = calloc(1, sizeof *definition);
    if (definition == NULL)
        abort();
    *definition =
        (definition_t){run->definitions, name == NULL ? "" : name, text_of(command, "filename")};
    run->definitions = definition;
    spin_slice_t bytes;
    if (!read_beside(run, definition->file, &bytes))
        return outcome(FAIL, "no such file");
    outcome_t result = outcome(PASS, NULL);
    if (!is_component(bytes)) {
        result = outcome(SKIP, "a core module of its own");
    } else {
        spin_error_t *error = parse_definition(bytes);
        if (error != NULL)
            result = fail_or_skip(error_text(error));
    }
    free((void *)bytes.ptr);
    return result;
}

static outcome_t do_instance(run_t *run, const json_t *command) {
    const char *name = text_of(command, "module");
    for (definition_t *each = run->definitions; each != NULL; each = each->next)
        if (strcmp(each->name, name == NULL ? "" : name) == 0)
            return instantiate(run, each->file, text_of(command, "instance"));
    return outcome(FAIL, "no such definition");
}

/* ── calls ───────────────────────────────────────────────────────────────────────────────── */

/* Calls what `action` names. False: `*out` says why it was not called at all. */
static bool perform(run_t *run, const json_t *action, values_t *values,
                    const spin_function_t **function, spin_value_t *result, spin_error_t **error,
                    outcome_t *out) {
    if (run->current == NULL) {
        *out = outcome(run->absent_skipped ? SKIP : FAIL,
                       run->absent == NULL ? "no instance" : run->absent);
        return false;
    }
    const char *field = text_of(action, "field");
    if (field == NULL || strcmp(text_of(action, "type"), "invoke") != 0 ||
        text_of(action, "module") != NULL) {
        *out = outcome(SKIP, "an action on a core module");
        return false;
    }
    spin_instance_t *instance = run->current->instance;
    *error = spin_component_function(instance, spin_slice(field), function);
    if (*error != NULL) {
        *out = (outcome_t){FAIL, error_text(*error)};
        return false;
    }
    spin_value_t *args;
    size_t args_len;
    if (!values_read_args(values, json_object_get(action, "args"), *function, &args, &args_len)) {
        *out = outcome(FAIL, "the arguments are not of the function's types");
        return false;
    }
    *error = spin_component_call(instance, spin_slice(field), args, args_len, result);
    return true;
}

static char *value_text(const spin_value_t *value, const spin_type_t *type) {
    spin_string_t text = {0};
    spin_error_t *error = spin_value_format(value, type, &text);
    if (error != NULL)
        return error_text(error);
    char *copy = strndup((const char *)text.ptr, text.len);
    spin_string_clear(&text);
    return copy;
}

static outcome_t compare(values_t *values, const json_t *expected, const spin_function_t *function,
                         const spin_value_t *result) {
    const spin_type_t *type = spin_function_result_type(function);
    spin_value_t want;
    if (json_array_size(expected) != (type == NULL ? 0 : 1))
        return outcome(FAIL, "another number of results");
    if (type == NULL)
        return outcome(PASS, NULL);
    if (!values_read(values, json_array_get(expected, 0), type, &want))
        return outcome(FAIL, "what is expected is not of the result's type");
    if (spin_value_equal(&want, result))
        return outcome(PASS, NULL);
    char *got = value_text(result, type), *wanted = value_text(&want, type);
    size_t size = strlen(got) + strlen(wanted) + 32;
    outcome_t out = {FAIL, malloc(size)};
    if (out.text != NULL)
        snprintf(out.text, size, "got %.300s, not %.300s", got, wanted);
    free(got);
    free(wanted);
    return out;
}

static outcome_t do_return(run_t *run, const json_t *command) {
    values_t values = {0};
    const spin_function_t *function = NULL;
    spin_value_t result = {0};
    spin_error_t *error = NULL;
    outcome_t out;
    if (perform(run, json_object_get(command, "action"), &values, &function, &result, &error,
                &out)) {
        const json_t *expected = json_object_get(command, "expected");
        if (error != NULL)
            out = fail_or_skip(error_text(error));
        else if (expected == NULL) /* an action alone */
            out = outcome(PASS, NULL);
        else
            out = compare(&values, expected, function, &result);
    }
    spin_value_clear(&result);
    values_clear(&values);
    return out;
}

/* Whether `error`, which this takes, is a trap that says `expected`. */
static outcome_t judge_trap(spin_error_t *error, const char *expected) {
    if (error == NULL)
        return outcome(FAIL, "it did not trap");
    spin_error_kind_t kind = spin_error_kind(error);
    char *text = error_text(error);
    bool good = (kind == SPIN_ERROR_TRAP || kind == SPIN_ERROR_INVALID) &&
                says(text, expected == NULL ? "" : expected);
    if (good)
        return (outcome_t){PASS, text};
    if (skip_reason(text) != NULL)
        return fail_or_skip(text);
    size_t size = strlen(text) + strlen(expected) + 64;
    outcome_t out = {FAIL, malloc(size)};
    if (out.text != NULL)
        snprintf(out.text, size, "%s, not \"%s\": %s", spin_error_kind_name(kind), expected, text);
    free(text);
    return out;
}

static outcome_t do_trap(run_t *run, const json_t *command) {
    values_t values = {0};
    const spin_function_t *function = NULL;
    spin_value_t result = {0};
    spin_error_t *error = NULL;
    outcome_t out;
    if (perform(run, json_object_get(command, "action"), &values, &function, &result, &error, &out))
        out = judge_trap(error, text_of(command, "text"));
    spin_value_clear(&result);
    values_clear(&values);
    return out;
}

/* ── what must be refused ────────────────────────────────────────────────────────────────── */

static outcome_t do_invalid(run_t *run, const json_t *command) {
    if (strcmp(text_of(command, "module_type"), "text") == 0)
        return outcome(SKIP, "for a parser of the text format");
    spin_slice_t bytes;
    if (!read_beside(run, text_of(command, "filename"), &bytes))
        return outcome(FAIL, "no such file");
    spin_error_t *error = NULL;
    bool component = is_component(bytes);
    if (component)
        error = parse_definition(bytes);
    if (component && error == NULL) { /* what is wrong inside of functions shows when it is built */
        scene_t *scene = NULL;
        error = world_instantiate(&run->world, bytes, NULL, &scene);
        world_drop(&run->world, scene);
    }
    free((void *)bytes.ptr);
    if (!component)
        return outcome(SKIP, "a core module of its own");
    const char *expected = text_of(command, "text");
    if (error == NULL) {
        char text[512];
        snprintf(text, sizeof text, "accepted: %s", expected);
        return outcome(FAIL, text);
    }
    spin_error_kind_t kind = spin_error_kind(error);
    char *text = error_text(error);
    bool good =
        kind == SPIN_ERROR_INVALID || kind == SPIN_ERROR_LIMIT || kind == SPIN_ERROR_UNSUPPORTED;
    return (outcome_t){good ? PASS : FAIL, text};
}

/* A valid component whose imports, or start functions, are refused. */
static outcome_t do_refused(run_t *run, const json_t *command) {
    spin_slice_t bytes;
    if (!read_beside(run, text_of(command, "filename"), &bytes))
        return outcome(FAIL, "no such file");
    spin_error_t *error = parse_definition(bytes);
    if (error != NULL) {
        free((void *)bytes.ptr);
        return (outcome_t){FAIL, error_text(error)};
    }
    scene_t *scene = NULL;
    error = world_instantiate(&run->world, bytes, NULL, &scene);
    free((void *)bytes.ptr);
    world_drop(&run->world, scene);
    if (strcmp(text_of(command, "type"), "assert_uninstantiable") == 0)
        return judge_trap(error, text_of(command, "text"));
    if (error == NULL)
        return outcome(FAIL, "linked");
    spin_error_kind_t kind = spin_error_kind(error);
    bool good = kind == SPIN_ERROR_INVALID || kind == SPIN_ERROR_NOT_FOUND;
    return good ? (outcome_t){PASS, error_text(error)} : fail_or_skip(error_text(error));
}

/* ── commands ────────────────────────────────────────────────────────────────────────────── */

static const struct {
    const char *name;
    outcome_t (*run)(run_t *run, const json_t *command);
} commands[] = {
    {"module", do_module},
    {"module_definition", do_definition},
    {"module_instance", do_instance},
    {"action", do_return},
    {"assert_return", do_return},
    {"assert_trap", do_trap},
    {"assert_exhaustion", do_trap},
    {"assert_invalid", do_invalid},
    {"assert_malformed", do_invalid},
    {"assert_unlinkable", do_refused},
    {"assert_uninstantiable", do_refused},
};

static outcome_t run_command(run_t *run, const json_t *command) {
    const char *type = text_of(command, "type");
    for (size_t i = 0; type != NULL && i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].name, type) == 0)
            return commands[i].run(run, command);
    return outcome(FAIL, "a command that is not known here"); /* register, thread, wait… */
}

static int run_suite(run_t *run, const char *path) {
    json_error_t json_error;
    json_t *json = json_load_file(path, JSON_ALLOW_NUL, &json_error);
    const json_t *list = json_object_get(json, "commands");
    if (!json_is_array(list)) {
        fprintf(stderr, "%s: %s\n", path, json == NULL ? json_error.text : "no commands");
        json_decref(json);
        return 1;
    }
    size_t index;
    json_t *command;
    json_array_foreach(list, index, command) report(run, command, run_command(run, command));
    printf("DONE\t%u\t%u\t%u\n", run->passed, run->failed, run->skipped);
    forget_current(run, NULL, false);
    while (run->definitions != NULL) {
        definition_t *next = run->definitions->next;
        free(run->definitions);
        run->definitions = next;
    }
    json_decref(json);
    return run->failed == 0 ? 0 : 1;
}

/* ── one call ────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *call_one(run_t *run, spin_slice_t bytes, const char *name, const json_t *json,
                              char **text) {
    values_t values = {0};
    spin_value_t result = {0}, *args;
    size_t args_len;
    const spin_function_t *function;
    spin_error_t *error = world_instantiate(&run->world, bytes, NULL, &run->current);
    if (error == NULL)
        error = spin_component_function(run->current->instance, spin_slice(name), &function);
    if (error == NULL && !values_read_args(&values, json, function, &args, &args_len))
        error = spin_error_new(SPIN_ERROR_USAGE, "the arguments are not of the function's types");
    if (error == NULL)
        error =
            spin_component_call(run->current->instance, spin_slice(name), args, args_len, &result);
    if (error == NULL && spin_function_result_type(function) != NULL)
        *text = value_text(&result, spin_function_result_type(function));
    spin_value_clear(&result);
    values_clear(&values);
    return error;
}

static int run_call(run_t *run, char **argv) {
    spin_slice_t bytes;
    json_error_t json_error;
    json_t *args = json_loads(argv[2] == NULL ? "[]" : argv[2], JSON_ALLOW_NUL, &json_error);
    if (args == NULL || !read_file(argv[0], &bytes)) {
        fprintf(stderr, "%s: %s\n", argv[0], args == NULL ? json_error.text : "not readable");
        json_decref(args);
        return 2;
    }
    char *text = NULL;
    spin_error_t *error = call_one(run, bytes, argv[1], args, &text);
    int status = error == NULL ? 0 : 1;
    if (error != NULL)
        text = error_text(error);
    fprintf(error == NULL ? stdout : stderr, "%s\n", text == NULL ? "" : text);
    free(text);
    free((void *)bytes.ptr);
    json_decref(args);
    forget_current(run, NULL, false);
    return status;
}

int main(int argc, char **argv) {
    run_t run = {.world.cache_dir = getenv("SPIN_COMPONENT_CACHE")};
    bool call = false;
    int at = 1;
    for (; at < argc && argv[at][0] == '-'; at++) {
        run.verbose |= strcmp(argv[at], "-v") == 0;
        run.world.stub_imports |= strcmp(argv[at], "--stub-imports") == 0;
        call |= strcmp(argv[at], "--call") == 0;
    }
    int left = argc - at;
    if (call ? left < 2 || left > 3 : left != 1) {
        fprintf(stderr, "usage: component_suite [-v] [--stub-imports] SUITE.json\n"
                        "       component_suite [--stub-imports] --call COMPONENT FUNCTION "
                        "[ARGUMENTS]\n");
        return 2;
    }
    char *path = strdup(argv[at]);
    run.folder = path == NULL ? NULL : dirname(path);
    spin_error_t *error = world_open(&run.world);
    int status = 1;
    if (error != NULL) {
        char *text = error_text(error);
        fprintf(stderr, "component_suite: %s\n", text);
        free(text);
    } else {
        status = call ? run_call(&run, argv + at) : run_suite(&run, argv[at]);
    }
    world_close(&run.world);
    free(run.absent);
    free(path);
    return status;
}
