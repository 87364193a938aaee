/* Tables and arrays. The source is read into a tree of nodes that can still grow (headers and
 * dotted keys come back to a table later); at its end the tree is laid out as contiguous values. */
#include "base/toml.h"

#include "base/error.h"
#include "base/toml_scan.h"

enum {
    MAX_DEPTH = 128,
    UNINDEXED = 8, /* so many children are searched one by one */
};

/* How a node came to be, which decides what may still be added to it (sections "Table", "Inline
 * Table", "Array of Tables"). */
typedef enum form {
    FORM_VALUE,  /* scalars, and arrays and tables in their brackets: closed */
    FORM_SUPER,  /* a table that a longer header names on its way: may still be defined */
    FORM_HEADER, /* a table with its own header */
    FORM_DOTTED, /* a table that dotted keys made */
    FORM_TABLES, /* an array of tables */
} form_t;

typedef struct name {
    spin_slice_t key;
    toml_mark_t mark;
} name_t;

typedef struct node node_t;
struct node {
    name_t name; /* empty in arrays */
    form_t form;
    uint32_t depth;     /* the root's is 0 */
    toml_value_t value; /* a container's content comes when it is laid out */
    node_t *first;
    node_t *last;
    node_t *next;
    size_t len;
    map_t index; /* the children by key, once they are many */
    node_t *next_indexed;
};

typedef struct parser {
    toml_scanner_t scan;
    arena_t nodes;
    node_t *indexed;
} parser_t;

/* ── the tree ────────────────────────────────────────────────────────────────────────────── */

static bool is_container(toml_type_t type) {
    return type == TOML_ARRAY || type == TOML_TABLE;
}

static node_t *find_child(const node_t *table, spin_slice_t key) {
    if (table->len > UNINDEXED)
        return map_get(&table->index, key);
    for (node_t *child = table->first; child != NULL; child = child->next)
        if (slice_equal(child->name.key, key))
            return child;
    return NULL;
}

static bool index_child(parser_t *parser, node_t *table, node_t *child) {
    if (table->value.type != TOML_TABLE || table->len < UNINDEXED)
        return true;
    if (table->len == UNINDEXED) {
        table->next_indexed = parser->indexed;
        parser->indexed = table;
        for (node_t *known = table->first; known != NULL; known = known->next)
            if (!map_set(&table->index, known->name.key, known))
                return false;
    }
    return map_set(&table->index, child->name.key, child);
}

/* A new last child; `name` is NULL in arrays. */
static spin_error_t *add_child(parser_t *parser, node_t *parent, const name_t *name, form_t form,
                               toml_type_t type, toml_mark_t mark, node_t **out) {
    if (is_container(type) && parent->depth >= MAX_DEPTH)
        return error_at(error_new(SPIN_ERROR_LIMIT, "nested deeper than %d levels", MAX_DEPTH),
                        parser->scan.file, mark.line, mark.column);
    node_t *child = arena_calloc(&parser->nodes, 1, sizeof *child);
    if (child == NULL)
        return error_no_memory();
    if (name != NULL)
        child->name = *name;
    child->form = form;
    child->depth = parent->depth + 1;
    child->value.type = type;
    child->value.line = mark.line;
    child->value.column = mark.column;
    if (!index_child(parser, parent, child))
        return error_no_memory();
    *(parent->first == NULL ? &parent->first : &parent->last->next) = child;
    parent->last = child;
    parent->len++;
    *out = child;
    return NULL;
}

static spin_error_t *fail_taken(const parser_t *parser, const name_t *name, const node_t *by) {
    return TOML_FAIL(&parser->scan, name->mark, "\"%s\" is already defined on line %u, as %s",
                     toml_show(name->key).text, by->name.mark.line, toml_type_name(by->value.type));
}

static spin_error_t *fail_closed(const parser_t *parser, const name_t *name, const node_t *by) {
    return TOML_FAIL(
        &parser->scan, name->mark, "can't add to \"%s\", which is defined on line %u as %s",
        toml_show(name->key).text, by->name.mark.line,
        by->value.type == TOML_TABLE ? "a table of its own" : toml_type_name(by->value.type));
}

/* ── values ──────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *read_value(parser_t *parser, node_t *parent, const name_t *name);
static spin_error_t *read_pair(parser_t *parser, node_t *table);

/* Past one element: takes the comma, or leaves the closing bracket for the caller. */
static spin_error_t *take_comma(parser_t *parser, toml_mark_t begin, const char *closing) {
    toml_scanner_t *scan = &parser->scan;
    if (toml_peek(scan, 0) == ',')
        scan->at++;
    else if (toml_peek(scan, 0) != closing[0])
        return TOML_FAIL(scan, toml_here(scan),
                         "expected \",\" or \"%s\" (opened on line %u), found %s", closing,
                         begin.line, toml_show_here(scan).text);
    return NULL;
}

static spin_error_t *read_array(parser_t *parser, node_t *array) {
    toml_scanner_t *scan = &parser->scan;
    toml_mark_t begin = toml_here(scan);
    scan->at++;
    for (;;) {
        spin_error_t *error = toml_skip_lines(scan);
        if (error != NULL)
            return error;
        if (toml_peek(scan, 0) == ']')
            break;
        if (toml_peek(scan, 0) < 0)
            return TOML_FAIL(scan, begin, "this array has no closing \"]\"");
        if ((error = read_value(parser, array, NULL)) != NULL ||
            (error = toml_skip_lines(scan)) != NULL ||
            (error = take_comma(parser, begin, "]")) != NULL)
            return error;
    }
    scan->at++;
    return NULL;
}

/* TOML 1.0 has no newlines between the braces, nor comments, which would end in one. */
static spin_error_t *skip_inline_blanks(toml_scanner_t *scan, toml_mark_t begin) {
    toml_skip_blanks(scan);
    int c = toml_peek(scan, 0);
    if (c >= 0 && c != '\n' && c != '\r' && c != '#')
        return NULL;
    return TOML_FAIL(scan, begin, "this inline table has no closing \"}\" on its line");
}

static spin_error_t *read_inline_table(parser_t *parser, node_t *table) {
    toml_scanner_t *scan = &parser->scan;
    toml_mark_t begin = toml_here(scan);
    scan->at++;
    spin_error_t *error = skip_inline_blanks(scan, begin);
    if (error != NULL)
        return error;
    while (toml_peek(scan, 0) != '}') {
        if ((error = read_pair(parser, table)) != NULL ||
            (error = skip_inline_blanks(scan, begin)) != NULL)
            return error;
        toml_mark_t comma = toml_here(scan);
        if ((error = take_comma(parser, begin, "}")) != NULL ||
            (error = skip_inline_blanks(scan, begin)) != NULL)
            return error;
        if (toml_peek(scan, 0) == '}' && toml_here(scan).column != comma.column)
            return TOML_FAIL(scan, comma, "a comma can't stand before \"}\" in an inline table");
    }
    scan->at++;
    return NULL;
}

static spin_error_t *read_value(parser_t *parser, node_t *parent, const name_t *name) {
    toml_scanner_t *scan = &parser->scan;
    toml_mark_t mark = toml_here(scan);
    int c = toml_peek(scan, 0);
    spin_error_t *error;
    node_t *node = NULL;
    if (c == '[' || c == '{') {
        toml_type_t type = c == '[' ? TOML_ARRAY : TOML_TABLE;
        error = add_child(parser, parent, name, FORM_VALUE, type, mark, &node);
        if (error != NULL || node == NULL)
            return error;
        return c == '[' ? read_array(parser, node) : read_inline_table(parser, node);
    }
    toml_value_t value = {.type = TOML_STRING};
    error = c == '"' || c == '\'' ? toml_take_string(scan, &value.of.string)
                                  : toml_take_scalar(scan, &value);
    if (error == NULL)
        error = add_child(parser, parent, name, FORM_VALUE, value.type, mark, &node);
    if (error == NULL && node != NULL)
        node->value.of = value.of;
    return error;
}

/* ── keys and headers ────────────────────────────────────────────────────────────────────── */

/* One part of a dotted key with the blanks around it. */
static spin_error_t *take_name(parser_t *parser, name_t *out) {
    toml_skip_blanks(&parser->scan);
    out->mark = toml_here(&parser->scan);
    spin_error_t *error = toml_take_key(&parser->scan, &out->key);
    toml_skip_blanks(&parser->scan);
    return error;
}

static bool take_dot(parser_t *parser) {
    if (toml_peek(&parser->scan, 0) != '.')
        return false;
    parser->scan.at++;
    return true;
}

/* The table that a part of a dotted key names on its way to the last. */
static spin_error_t *enter_dotted(parser_t *parser, node_t **table, const name_t *name) {
    node_t *child = find_child(*table, name->key);
    if (child == NULL)
        return add_child(parser, *table, name, FORM_DOTTED, TOML_TABLE, name->mark, table);
    if (child->form != FORM_DOTTED && child->form != FORM_SUPER)
        return fail_closed(parser, name, child);
    child->form = FORM_DOTTED;
    *table = child;
    return NULL;
}

static spin_error_t *read_pair(parser_t *parser, node_t *table) {
    toml_scanner_t *scan = &parser->scan;
    name_t name = {0};
    spin_error_t *error = take_name(parser, &name);
    while (error == NULL && take_dot(parser)) {
        if ((error = enter_dotted(parser, &table, &name)) == NULL)
            error = take_name(parser, &name);
    }
    if (error != NULL)
        return error;
    if (toml_peek(scan, 0) != '=')
        return TOML_FAIL(scan, toml_here(scan), "expected \"=\" after the key, found %s",
                         toml_show_here(scan).text);
    scan->at++;
    const node_t *taken = find_child(table, name.key);
    if (taken != NULL)
        return fail_taken(parser, &name, taken);
    toml_skip_blanks(scan);
    return read_value(parser, table, &name);
}

/* The table that a part of a header names on its way to the last. */
static spin_error_t *enter_super(parser_t *parser, node_t **table, const name_t *name,
                                 toml_mark_t header) {
    node_t *child = find_child(*table, name->key);
    if (child == NULL)
        return add_child(parser, *table, name, FORM_SUPER, TOML_TABLE, header, table);
    if (child->form == FORM_VALUE)
        return fail_closed(parser, name, child);
    *table = child->form == FORM_TABLES ? child->last : child;
    return NULL;
}

static spin_error_t *define_table(parser_t *parser, node_t **table, const name_t *name,
                                  toml_mark_t header) {
    node_t *child = find_child(*table, name->key);
    if (child == NULL)
        return add_child(parser, *table, name, FORM_HEADER, TOML_TABLE, header, table);
    if (child->form != FORM_SUPER)
        return fail_taken(parser, name, child);
    child->form = FORM_HEADER;
    child->name.mark = name->mark;
    child->value.line = header.line;
    child->value.column = header.column;
    *table = child;
    return NULL;
}

static spin_error_t *append_table(parser_t *parser, node_t **table, const name_t *name,
                                  toml_mark_t header) {
    node_t *child = find_child(*table, name->key);
    spin_error_t *error = NULL;
    if (child == NULL)
        error = add_child(parser, *table, name, FORM_TABLES, TOML_ARRAY, header, &child);
    else if (child->form != FORM_TABLES)
        error = fail_taken(parser, name, child);
    if (error != NULL)
        return error;
    return add_child(parser, child, NULL, FORM_HEADER, TOML_TABLE, header, table);
}

/* "[a.b]" or "[[a.b]]"; `*table` becomes what the lines below it fill. */
static spin_error_t *read_header(parser_t *parser, node_t *root, node_t **table) {
    toml_scanner_t *scan = &parser->scan;
    toml_mark_t header = toml_here(scan);
    bool array = toml_peek(scan, 1) == '[';
    scan->at += array ? 2 : 1;
    *table = root;
    name_t name = {0};
    spin_error_t *error = take_name(parser, &name);
    while (error == NULL && take_dot(parser)) {
        if ((error = enter_super(parser, table, &name, header)) == NULL)
            error = take_name(parser, &name);
    }
    if (error != NULL)
        return error;
    if (toml_peek(scan, 0) != ']' || (array && toml_peek(scan, 1) != ']'))
        return TOML_FAIL(scan, toml_here(scan), "expected \"%s\" to close the header, found %s",
                         array ? "]]" : "]", toml_show_here(scan).text);
    scan->at += array ? 2 : 1;
    return array ? append_table(parser, table, &name, header)
                 : define_table(parser, table, &name, header);
}

/* ── the document ────────────────────────────────────────────────────────────────────────── */

static spin_error_t *read_document(parser_t *parser, node_t *root) {
    toml_scanner_t *scan = &parser->scan;
    node_t *table = root;
    for (;;) {
        spin_error_t *error = toml_skip_lines(scan);
        if (error != NULL || toml_peek(scan, 0) < 0)
            return error;
        bool header = toml_peek(scan, 0) == '[';
        error = header ? read_header(parser, root, &table) : read_pair(parser, table);
        if (error != NULL)
            return error;
        toml_skip_blanks(scan);
        if ((error = toml_skip_comment(scan)) != NULL)
            return error;
        if (!toml_take_newline(scan) && toml_peek(scan, 0) >= 0)
            return TOML_FAIL(scan, toml_here(scan),
                             "expected the end of the line after the %s, found %s",
                             header ? "header" : "value", toml_show_here(scan).text);
    }
}

/* As deep as the tree, so at most MAX_DEPTH calls. */
static spin_error_t *lay_out(arena_t *arena, node_t *node) {
    toml_value_t *value = &node->value;
    if (!is_container(value->type))
        return NULL;
    toml_value_t *items = NULL;
    toml_pair_t *pairs = NULL;
    if (value->type == TOML_ARRAY) {
        value->of.array.items = items = arena_calloc(arena, node->len, sizeof *items);
        value->of.array.len = node->len;
    } else {
        value->of.table.pairs = pairs = arena_calloc(arena, node->len, sizeof *pairs);
        value->of.table.len = node->len;
    }
    if (items == NULL && pairs == NULL)
        return error_no_memory();
    size_t at = 0;
    for (node_t *child = node->first; child != NULL; child = child->next, at++) {
        spin_error_t *error = lay_out(arena, child);
        if (error != NULL)
            return error;
        if (items != NULL)
            items[at] = child->value;
        else
            pairs[at] = (toml_pair_t){child->name.key, child->name.mark.line,
                                      child->name.mark.column, child->value};
    }
    return NULL;
}

spin_error_t *toml_parse(arena_t *arena, spin_slice_t text, const char *file, toml_value_t **out) {
    parser_t parser = {0};
    arena_init(&parser.nodes, 16384);
    node_t root = {.form = FORM_HEADER, .value = {.type = TOML_TABLE, .line = 1, .column = 1}};
    toml_value_t *result = arena_alloc(arena, sizeof *result);
    spin_error_t *error = result == NULL ? error_no_memory() : NULL;
    if (error == NULL)
        error = toml_scanner_init(&parser.scan, arena, text, file);
    if (error == NULL)
        error = read_document(&parser, &root);
    if (error == NULL)
        error = lay_out(arena, &root);
    for (node_t *node = parser.indexed; node != NULL; node = node->next_indexed)
        map_deinit(&node->index);
    arena_deinit(&parser.nodes);
    if (error != NULL)
        return error;
    *result = root.value;
    *out = result;
    return NULL;
}

const toml_pair_t *toml_table_find(const toml_value_t *table, spin_slice_t key) {
    for (size_t i = 0; i < table->of.table.len; i++)
        if (slice_equal(table->of.table.pairs[i].key, key))
            return &table->of.table.pairs[i];
    return NULL;
}

const char *toml_type_name(toml_type_t type) {
    static const char *const names[] = {
        [TOML_STRING] = "a string",
        [TOML_INTEGER] = "an integer",
        [TOML_FLOAT] = "a float",
        [TOML_BOOLEAN] = "a boolean",
        [TOML_OFFSET_DATETIME] = "a date and time with an offset",
        [TOML_LOCAL_DATETIME] = "a date and time",
        [TOML_LOCAL_DATE] = "a date",
        [TOML_LOCAL_TIME] = "a time",
        [TOML_ARRAY] = "an array",
        [TOML_TABLE] = "a table",
    };
    return names[type];
}
