/* Writes interfaces of random types, today's and one of 2022, and their bindings in C, for
 * tests/unit/test_abi_property.c:
 *
 *     random_wit FOLDER COUNT
 *
 * writes today.wit, today.h, today.c, the same for old, and table.c, which names what the bindings
 * export. Each has COUNT functions `runN: func(a: tM) -> tM`. Every run writes the same. */
#include <stdlib.h>

#include "base/error.h"
#include "random_types.h"
#include "spin/wit.h"

static void fail(const char *what) {
    fprintf(stderr, "random_wit: %s\n", what);
    exit(1);
}

static void check(spin_error_t *error) {
    char text[512];
    if (error == NULL)
        return;
    spin_error_format(error, text, sizeof text);
    spin_error_free(error);
    fail(text);
}

static void write_file(const char *folder, const char *name, spin_slice_t content) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(content.ptr, 1, content.len, file) != content.len ||
        fclose(file) != 0)
        fail(path);
}

/* Some types had other names in 2022. */
static void append_old(buf_t *out, spin_slice_t text) {
    static const char *const names[][2] = {
        {"result<", "expected<"}, {"f32", "float32"}, {"f64", "float64"}};
    while (text.len > 0) {
        size_t skip = 1, which = 0;
        while (which < 3 && !slice_starts_with(text, spin_slice(names[which][0])))
            which++;
        if (which < 3) {
            buf_append_text(out, names[which][1]);
            skip = strlen(names[which][0]);
        } else {
            buf_append_byte(out, text.ptr[0]);
        }
        text = slice_from(text, skip);
    }
}

static void make_wit(bool old, unsigned count, buf_t *out) {
    arena_t arena = {0};
    random_types_t random;
    buf_t functions = {0};
    random_begin(&random, &arena, old ? 2022 : 1);
    random.text = true;
    random.old = old;
    for (unsigned i = 0; i < count; i++) {
        wit_part_t *field = random_parts(&random, 1);
        field->ref.type = random_type(&random, 1 + i % 4);
        const wit_type_t *record = random_declared(&random, SPIN_TYPE_RECORD, field, 1);
        buf_printf(&functions, "  run%u: %s(a: %.*s) -> %.*s%s\n", i, old ? "function" : "func",
                   SLICE_ARG(record->text), SLICE_ARG(record->text), old ? "" : ";");
    }
    if (old) {
        append_old(out, buf_slice(&random.declarations));
        append_old(out, buf_slice(&functions));
    } else {
        buf_append_text(out, "package test:random;\ninterface today {\n");
        buf_append(out, buf_slice(&random.declarations));
        buf_append(out, buf_slice(&functions));
        buf_append_text(out, "}\n");
    }
    if (random.failed || functions.failed || random.declarations.failed || out->failed)
        fail("a type too large, or out of memory");
    buf_deinit(&functions);
    random_end(&random);
    arena_deinit(&arena);
}

static void make_bindings(const char *folder, const char *name, bool old, unsigned count,
                          buf_t *table) {
    char path[512];
    buf_t text = {0};
    spin_wit_t *wit;
    spin_bindgen_output_t output;
    make_wit(old, count, &text);
    snprintf(path, sizeof path, "%s.wit", name);
    write_file(folder, path, buf_slice(&text));
    snprintf(path, sizeof path, "%s/%s.wit", folder, name);
    check(spin_wit_load(path, NULL, &wit));
    const spin_bindgen_options_t options = {
        .size = sizeof options, .interface = old ? NULL : name, .prefix = name};
    check(spin_bindgen_c(wit, &options, &output));
    snprintf(path, sizeof path, "%s.h", name);
    write_file(folder, path, output.header);
    snprintf(path, sizeof path, "%s.c", name);
    write_file(folder, path, output.source);
    buf_printf(table, "#include \"%s.h\"\nconst spin_abi_export_t *const %s_exports[] = {\n", name,
               name);
    for (unsigned i = 0; i < count; i++)
        buf_printf(table, "    &%s_run%u_export,\n", name, i);
    buf_printf(table,
               "};\nconst size_t %s_exports_len = %u;\n"
               "spin_error_t *%s_link_all(void);\n"
               "spin_error_t *%s_link_all(void) {\n"
               "    static const %s_ops_t ops = {.size = sizeof ops};\n"
               "    return %s_link(NULL, &ops, NULL);\n}\n",
               name, count, name, name, name, name);
    spin_bindgen_output_clear(&output);
    spin_wit_free(wit);
    buf_deinit(&text);
}

int main(int argc, char **argv) {
    buf_t table = {0};
    if (argc != 3)
        fail("usage: random_wit FOLDER COUNT");
    unsigned count = (unsigned)strtoul(argv[2], NULL, 10);
    make_bindings(argv[1], "today", false, count, &table);
    make_bindings(argv[1], "old", true, count, &table);
    write_file(argv[1], "table.c", buf_slice(&table));
    buf_deinit(&table);
    return 0;
}
