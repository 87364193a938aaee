#include "bindgen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spin/wit.h>

#include "options.h"
#include "output.h"
#include "report.h"

typedef struct bindgen {
    const char *world;
    const char *interface;
    bool import_bindings;
    bool export_bindings;
    const char *prefix;
    const char *output;
    option_list_t features;
    bool all_features;
} bindgen_t;

#define FIELD(name) offsetof(bindgen_t, name)

static const option_t bindgen_options[] = {
    {"world", 'w', "NAME", OPTION_TEXT, FIELD(world), "The world (default: the only one)"},
    {"interface", 'i', "NAME", OPTION_TEXT, FIELD(interface), "One interface instead of a world"},
    {"import", 0, NULL, OPTION_FLAG, FIELD(import_bindings),
     "Of an interface, only what calls guests that export it"},
    {"export", 0, NULL, OPTION_FLAG, FIELD(export_bindings),
     "Of an interface, only what implements it for guests"},
    {"prefix", 'p', "NAME", OPTION_TEXT, FIELD(prefix),
     "Begins all names, and names the files (default: of the world)"},
    {"output", 'o', "DIR", OPTION_TEXT, FIELD(output), "Where to write (default: here)"},
    {"feature", 0, "NAME", OPTION_LIST, FIELD(features), "Take @unstable items of this feature in"},
    {"all-features", 0, NULL, OPTION_FLAG, FIELD(all_features), "Take all @unstable items in"},
};

static int write_file(const char *folder, spin_slice_t name, spin_slice_t text) {
    size_t size = strlen(folder) + name.len + 2;
    char *path = malloc(size);
    if (path == NULL) {
        fprintf(stderr, "Error: out of memory\n");
        return 1;
    }
    snprintf(path, size, "%s/%.*s", folder, (int)name.len, (const char *)name.ptr);
    int code = output_write(path, text);
    free(path);
    return code;
}

static int generate(const bindgen_t *bindgen, const char *path) {
    const spin_wit_options_t load = {
        .size = sizeof load,
        .features = bindgen->features.items,
        .features_len = bindgen->features.len,
        .all_features = bindgen->all_features,
    };
    const spin_bindgen_options_t options = {
        .size = sizeof options,
        .world = bindgen->world,
        .interface = bindgen->interface,
        .import_bindings = bindgen->import_bindings,
        .export_bindings = bindgen->export_bindings,
        .prefix = bindgen->prefix,
    };
    spin_wit_t *wit = NULL;
    spin_bindgen_output_t output = {0};
    int code;
    spin_error_t *error = spin_wit_load(path, &load, &wit);
    if (error == NULL)
        error = spin_bindgen_c(wit, &options, &output);
    if (error == NULL) {
        code = write_file(bindgen->output, output.header_name, output.header);
        if (code == 0)
            code = write_file(bindgen->output, output.source_name, output.source);
    } else
        code = command_report(error);
    spin_bindgen_output_clear(&output);
    spin_wit_free(wit);
    return code;
}

int bindgen_run(const char *command, int argc, char **argv) {
    const option_set_t set = {
        .command = command,
        .summary = "Write C bindings: a header and a source",
        .usage = "[OPTIONS] PATH",
        .options = bindgen_options,
        .options_len = sizeof bindgen_options / sizeof *bindgen_options,
        .operands_max = 1,
        .more = "PATH is a .wit file, or the folder of a package. What a world exports can be "
                "called, what it\nimports can be implemented.",
    };
    bindgen_t bindgen = {.output = "."};
    option_list_t operands = {0};
    options_result_t result = options_parse(&set, argc, argv, &bindgen, &operands);
    int code = result == OPTIONS_HELP ? 0 : 2;
    if (result == OPTIONS_OK && operands.len == 1)
        code = generate(&bindgen, operands.items[0]);
    else if (result == OPTIONS_OK)
        fprintf(stderr, "Error: which file or folder?\n\nFor all options: %s --help\n", command);
    options_free(&set, &bindgen, &operands);
    return code;
}

int command_wit_bindgen(int argc, char **argv) {
    return bindgen_run("spin wit bindgen", argc, argv);
}
