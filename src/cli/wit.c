/* `spin wit`: commands about WebAssembly Interface Types, a table of their own. */
#include <stdio.h>

#include <spin/wit.h>

#include "bindgen.h"
#include "command.h"
#include "options.h"
#include "output.h"

/* ── spin wit print ──────────────────────────────────────────────────────────────────────── */

typedef struct wit_print {
    const char *output;
} wit_print_t;

static const option_t print_options[] = {
    {"output", 'o', "FILE", OPTION_TEXT, offsetof(wit_print_t, output),
     "Where to write it (default: standard output)"},
};

static const option_set_t print_set = {
    .command = "spin wit print",
    .summary = "Print WIT in its canonical form",
    .usage = "[OPTIONS] PATH",
    .options = print_options,
    .options_len = sizeof print_options / sizeof *print_options,
    .operands_max = 1,
    .more =
        "PATH is a .wit file, or the folder of a package, whose files are printed as one. Files "
        "in the\ndialect of 2022 stay in it. To bring a file into form: spin wit print -o "
        "x.wit x.wit",
};

static int print_path(const char *path, const char *output) {
    spin_string_t text;
    spin_error_t *error = spin_wit_print(path, &text);
    if (error != NULL)
        return command_report(error);
    int code = output_write(output, spin_slice_of(text.ptr, text.len));
    spin_string_clear(&text);
    return code;
}

static int command_wit_print(int argc, char **argv) {
    wit_print_t print = {0};
    option_list_t operands = {0};
    options_result_t result = options_parse(&print_set, argc, argv, &print, &operands);
    int code = result == OPTIONS_HELP ? 0 : 2;
    if (result == OPTIONS_OK && operands.len == 1)
        code = print_path(operands.items[0], print.output);
    else if (result == OPTIONS_OK)
        fprintf(stderr, "Error: which file or folder?\n\nFor all options: spin wit print --help\n");
    options_free(&print_set, &print, &operands);
    return code;
}

/* ── spin wit ────────────────────────────────────────────────────────────────────────────── */

static const command_t wit_commands[] = {
    {"print", "Print WIT in its canonical form", command_wit_print},
    {"bindgen", "Write C bindings for a world or an interface", command_wit_bindgen},
    {NULL, NULL, NULL},
};

int command_wit(int argc, char **argv) {
    static const command_group_t group = {
        .name = "spin wit",
        .summary = "Work with WebAssembly Interface Types",
        .commands = wit_commands,
    };
    return command_run_group(&group, argc, argv);
}
