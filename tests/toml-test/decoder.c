/* Reads TOML from stdin and writes the tagged JSON that toml-test compares. */
#include <math.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/toml.h"

static void put_value(buf_t *out, const toml_value_t *value);

static void put_float(buf_t *out, double number) {
    if (isnan(number))
        buf_append_text(out, "nan");
    else if (isinf(number))
        buf_append_text(out, number < 0 ? "-inf" : "inf");
    else
        buf_printf(out, "%.17g", number);
}

static void put_scalar(buf_t *out, const toml_value_t *value) {
    static const char *const tags[] = {
        [TOML_STRING] = "string",
        [TOML_INTEGER] = "integer",
        [TOML_FLOAT] = "float",
        [TOML_BOOLEAN] = "bool",
        [TOML_OFFSET_DATETIME] = "datetime",
        [TOML_LOCAL_DATETIME] = "datetime-local",
        [TOML_LOCAL_DATE] = "date-local",
        [TOML_LOCAL_TIME] = "time-local",
    };
    buf_printf(out, "{\"type\":\"%s\",\"value\":", tags[value->type]);
    if (value->type == TOML_STRING) {
        buf_append_json(out, value->of.string);
        buf_append_byte(out, '}');
        return;
    }
    buf_append_byte(out, '"');
    if (value->type == TOML_INTEGER)
        buf_printf(out, "%lld", (long long)value->of.integer);
    else if (value->type == TOML_FLOAT)
        put_float(out, value->of.number);
    else if (value->type == TOML_BOOLEAN)
        buf_append_text(out, value->of.boolean ? "true" : "false");
    else
        buf_append(out, value->of.datetime);
    buf_append_text(out, "\"}");
}

static void put_array(buf_t *out, const toml_value_t *array) {
    buf_append_byte(out, '[');
    for (size_t i = 0; i < array->of.array.len; i++) {
        if (i > 0)
            buf_append_byte(out, ',');
        put_value(out, &array->of.array.items[i]);
    }
    buf_append_byte(out, ']');
}

static void put_table(buf_t *out, const toml_value_t *table) {
    buf_append_byte(out, '{');
    for (size_t i = 0; i < table->of.table.len; i++) {
        if (i > 0)
            buf_append_byte(out, ',');
        buf_append_json(out, table->of.table.pairs[i].key);
        buf_append_byte(out, ':');
        put_value(out, &table->of.table.pairs[i].value);
    }
    buf_append_byte(out, '}');
}

static void put_value(buf_t *out, const toml_value_t *value) {
    if (value->type == TOML_TABLE)
        put_table(out, value);
    else if (value->type == TOML_ARRAY)
        put_array(out, value);
    else
        put_scalar(out, value);
}

static bool read_all(FILE *in, buf_t *out) {
    size_t got = 1;
    while (got > 0 && buf_reserve(out, 65536)) {
        got = fread(out->ptr + out->len, 1, 65536, in);
        out->len += got;
    }
    return !out->failed && !ferror(in);
}

int main(void) {
    int status = 1;
    arena_t arena = {0};
    buf_t text = {0}, json = {0};
    toml_value_t *root;
    if (!read_all(stdin, &text))
        goto out;
    spin_error_t *error = toml_parse(&arena, buf_slice(&text), "stdin", &root);
    if (error != NULL) {
        char message[512];
        spin_error_format(error, message, sizeof message);
        fprintf(stderr, "%s\n", message);
        spin_error_free(error);
        goto out;
    }
    put_value(&json, root);
    buf_append_byte(&json, '\n');
    if (!json.failed && fwrite(json.ptr, 1, json.len, stdout) == json.len)
        status = 0;
out:
    buf_deinit(&json);
    buf_deinit(&text);
    arena_deinit(&arena);
    return status;
}
