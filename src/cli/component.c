/* `spin component`: looking at components, a table of its own. */
#include <stdio.h>
#include <unistd.h>

#include <spin/component.h>

#include "command.h"
#include "options.h"
#include "output.h"

/* What the three commands have in common: a component in, a text or binary out. */
typedef spin_error_t *view_fn(const spin_wasm_component_t *component, spin_string_t *out);

typedef struct view {
    option_set_t set;
    view_fn *view;
    bool
        is_fused; /* run as it would be: its imports are looked at, too, and the output is binary */
} view_t;

typedef struct view_arguments {
    const char *output;
} view_arguments_t;

static int view_file(const view_t *view, const char *path, const char *output) {
    if (view->is_fused && output == NULL && isatty(STDOUT_FILENO)) {
        fprintf(stderr, "Error: the output is a binary: name a file for it with --output\n");
        return 2;
    }
    spin_wasm_component_options_t options = {.size = sizeof options,
                                             .definition_only = !view->is_fused};
    spin_wasm_component_t *component = NULL;
    spin_string_t text = {0};
    spin_error_t *error = spin_wasm_component_load(path, &options, &component);
    if (error == NULL)
        error = view->view(component, &text);
    spin_wasm_component_unref(component);
    if (error != NULL)
        return command_report(error);
    int code = output_write(output, spin_slice_of(text.ptr, text.len));
    spin_string_clear(&text);
    return code;
}

static int run_view(const view_t *view, int argc, char **argv) {
    view_arguments_t arguments = {0};
    option_list_t operands = {0};
    options_result_t result = options_parse(&view->set, argc, argv, &arguments, &operands);
    int code = result == OPTIONS_HELP ? 0 : 2;
    if (result == OPTIONS_OK && operands.len == 1)
        code = view_file(view, operands.items[0], arguments.output);
    else if (result == OPTIONS_OK)
        fprintf(stderr, "Error: which file?\n\nFor all options: %s --help\n", view->set.command);
    options_free(&view->set, &arguments, &operands);
    return code;
}

static const option_t view_options[] = {
    {"output", 'o', "FILE", OPTION_TEXT, offsetof(view_arguments_t, output),
     "Where to write it (default: standard output)"},
};

#define VIEW_SET(name, summary_text, more_text)                                                    \
    {                                                                                              \
        .command = "spin component " name, .summary = summary_text, .usage = "[OPTIONS] FILE",     \
        .options = view_options, .options_len = sizeof view_options / sizeof *view_options,        \
        .operands_max = 1, .more = more_text,                                                      \
    }

#define WIT_SUMMARY   "Print what a component imports and exports, as WIT"
#define PRINT_SUMMARY "Print a component's definitions as text"
#define FUSE_SUMMARY  "Write the core module that a component is run as"

static int command_component_wit(int argc, char **argv) {
    static const view_t view = {
        .set = VIEW_SET("wit", WIT_SUMMARY,
                        "FILE is a component. Its world is printed as world \"root\" of package "
                        "root:component,\nfollowed by the packages of the interfaces in it."),
        .view = spin_wasm_component_wit,
    };
    return run_view(&view, argc, argv);
}

static int command_component_print(int argc, char **argv) {
    static const view_t view = {
        .set = VIEW_SET("print", PRINT_SUMMARY,
                        "FILE is a component. Core modules in it are printed in outline."),
        .view = spin_wasm_component_print,
    };
    return run_view(&view, argc, argv);
}

static int command_component_fuse(int argc, char **argv) {
    static const view_t view = {
        .set = VIEW_SET("fuse", FUSE_SUMMARY,
                        "FILE is a component. All its core modules, and the code between them, "
                        "become one."),
        .view = spin_wasm_component_fuse,
        .is_fused = true,
    };
    return run_view(&view, argc, argv);
}

static const command_t component_commands[] = {
    {"wit", WIT_SUMMARY, command_component_wit},
    {"print", PRINT_SUMMARY, command_component_print},
    {"fuse", FUSE_SUMMARY, command_component_fuse},
    {NULL, NULL, NULL},
};

int command_component(int argc, char **argv) {
    static const command_group_t group = {
        .name = "spin component",
        .summary = "Look at WebAssembly components",
        .commands = component_commands,
    };
    return command_run_group(&group, argc, argv);
}
