#include <math.h>

#include "base/buf.h"
#include "base/slice.h"
#include "manifest/schema.h"

/* Jansson takes a value into an object or array only when it is there, and drops it when it can't
 * be added: a failed allocation anywhere shows in the last call. */

json_t *schema_write_text(spin_slice_t text) {
    if (slice_is_utf8(text, NULL))
        return json_stringn(text.len == 0 ? "" : (const char *)text.ptr, text.len);
    buf_t clean = {0};
    while (text.len > 0) {
        size_t bad = text.len;
        slice_is_utf8(text, &bad);
        buf_append(&clean, spin_slice_of(text.ptr, bad));
        if (bad < text.len)
            buf_append_text(&clean, "\xEF\xBF\xBD");
        text = slice_from(text, bad + 1);
    }
    json_t *json = clean.failed ? NULL : json_stringn((const char *)clean.ptr, clean.len);
    buf_deinit(&clean);
    return json;
}

bool schema_add(json_t *object, const char *name, json_t *value) {
    return json_object_set_new(object, name, value) == 0;
}

static bool set(json_t *object, spin_slice_t key, json_t *value) {
    const char *text = key.len == 0 ? "" : (const char *)key.ptr;
    return json_object_setn_new(object, text, key.len, value) == 0;
}

static json_t *write_list(const manifest_list_t *list) {
    json_t *array = json_array();
    for (size_t i = 0; array != NULL && i < list->len; i++)
        if (json_array_append_new(array, schema_write_text(list->items[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

static json_t *write_pairs(const manifest_pairs_t *pairs) {
    json_t *object = json_object();
    for (size_t i = 0; object != NULL && i < pairs->len; i++)
        if (!set(object, pairs->items[i].key, schema_write_text(pairs->items[i].value))) {
            json_decref(object);
            return NULL;
        }
    return object;
}

bool schema_write_value(json_t *object, const schema_field_t *field, const void *base) {
    const void *member = (const char *)base + field->offset;
    json_t *value = NULL;
    switch (field->type) {
    case SCHEMA_TEXT:
        if (((const spin_slice_t *)member)->ptr == NULL)
            return true;
        value = schema_write_text(*(const spin_slice_t *)member);
        break;
    case SCHEMA_BOOLEAN: value = json_boolean(*(const bool *)member); break;
    case SCHEMA_LIST:
        if (((const manifest_list_t *)member)->len == 0)
            return true;
        value = write_list(member);
        break;
    case SCHEMA_PAIRS:
        if (((const manifest_pairs_t *)member)->len == 0)
            return true;
        value = write_pairs(member);
        break;
    case SCHEMA_TABLE:
        value = schema_write_table(field->table, member);
        if (value != NULL && json_object_size(value) == 0) {
            json_decref(value);
            return true;
        }
        break;
    case SCHEMA_CHOICE: value = json_string(field->choices[*(const int *)member]); break;
    case SCHEMA_OTHER: return true;
    }
    return schema_add(object, field->name, value);
}

json_t *schema_write_table(const schema_t *schema, const void *base) {
    json_t *object = json_object();
    for (size_t i = 0; object != NULL && i < schema->len; i++) {
        const schema_field_t *field = &schema->fields[i];
        if (!(field->write != NULL ? field->write : schema_write_value)(object, field, base)) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

static json_t *write_array(const toml_value_t *value) {
    json_t *array = json_array();
    for (size_t i = 0; array != NULL && i < value->of.array.len; i++)
        if (json_array_append_new(array, schema_write_toml(&value->of.array.items[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

static json_t *write_table(const toml_value_t *value) {
    json_t *object = json_object();
    for (size_t i = 0; object != NULL && i < value->of.table.len; i++) {
        const toml_pair_t *pair = &value->of.table.pairs[i];
        if (!set(object, pair->key, schema_write_toml(&pair->value))) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

/* JSON has neither infinities nor "not a number": they keep the names that TOML gives them. */
static json_t *write_float(double number) {
    if (isnan(number))
        return json_string("nan");
    if (isinf(number))
        return json_string(number < 0 ? "-inf" : "inf");
    return json_real(number);
}

/* Recursive as deep as the TOML reader allows. */
json_t *schema_write_toml(const toml_value_t *value) {
    switch (value->type) {
    case TOML_STRING: return schema_write_text(value->of.string);
    case TOML_INTEGER: return json_integer(value->of.integer);
    case TOML_FLOAT: return write_float(value->of.number);
    case TOML_BOOLEAN: return json_boolean(value->of.boolean);
    case TOML_OFFSET_DATETIME:
    case TOML_LOCAL_DATETIME:
    case TOML_LOCAL_DATE:
    case TOML_LOCAL_TIME: return schema_write_text(value->of.datetime);
    case TOML_ARRAY: return write_array(value);
    case TOML_TABLE: return write_table(value);
    }
    return NULL;
}
