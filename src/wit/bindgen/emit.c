#include "wit/bindgen/gen.h"

static void indentation(buf_t *out, unsigned indent) {
    for (unsigned i = 0; i < indent; i++)
        buf_append_text(out, "    ");
}

/* U+202A to U+202E and U+2066 to U+2069 turn the direction of what follows: a comment must not make
 * code look like something else. */
static bool turns_direction(spin_slice_t text, size_t at) {
    if (text.len - at < 3 || text.ptr[at] != 0xe2)
        return false;
    uint8_t second = text.ptr[at + 1], third = text.ptr[at + 2];
    return (second == 0x80 && third >= 0xaa && third <= 0xae) ||
           (second == 0x81 && third >= 0xa6 && third <= 0xa9);
}

/* Neither an end nor another beginning of a comment, and nothing that moves the cursor. */
static void comment_line(buf_t *out, spin_slice_t line) {
    for (size_t i = 0; i < line.len; i++) {
        uint8_t c = line.ptr[i];
        if (turns_direction(line, i)) {
            buf_append_byte(out, '?');
            i += 2;
            continue;
        }
        bool joins = i > 0 && ((c == '/' && line.ptr[i - 1] == '*') ||
                               (c == '*' && line.ptr[i - 1] == '/') ||
                               (c == '?' && line.ptr[i - 1] == '?')); /* a trigraph */
        if (joins)
            buf_append_byte(out, ' ');
        buf_append_byte(out, c < 0x20 || c == 0x7f ? ' ' : c);
    }
}

static spin_slice_t next_line(spin_slice_t *text) {
    size_t end = slice_find(*text, '\n');
    spin_slice_t line = spin_slice_of(text->ptr, end);
    *text = slice_from(*text, end + 1);
    while (line.len > 0 && line.ptr[line.len - 1] <= ' ')
        line.len--;
    return line;
}

void gen_comment(buf_t *out, unsigned indent, spin_slice_t docs) {
    if (docs.len == 0)
        return;
    indentation(out, indent);
    buf_append_text(out, "/*");
    for (bool first = true; docs.len > 0; first = false) {
        spin_slice_t line = next_line(&docs);
        if (!first) {
            buf_append_byte(out, '\n');
            indentation(out, indent);
            buf_append_text(out, " *");
        }
        if (line.len > 0)
            buf_append_byte(out, ' ');
        comment_line(out, line);
    }
    buf_append_text(out, " */\n");
}

void gen_wrapped(buf_t *out, const char *head, const char *const *items, size_t len,
                 const char *tail) {
    size_t indent = strspn(head, " "), open = strlen(head), column = open, widest = 0;
    buf_append_text(out, head);
    for (size_t i = 0; i < len; i++) {
        size_t width = strlen(items[i]) + (i + 1 < len ? 1 : strlen(tail));
        widest = width > widest ? width : widest;
    }
    if (open + widest > GEN_COLUMNS) {
        open = column = indent + 4;
        buf_printf(out, "\n%*s", (int)open, "");
    }
    for (size_t i = 0; i < len; i++) {
        size_t width = strlen(items[i]) + (i + 1 < len ? 1 : strlen(tail));
        if (i > 0 && column + 1 + width > GEN_COLUMNS) {
            buf_printf(out, "\n%*s", (int)open, "");
            column = open;
        } else if (i > 0) {
            buf_append_byte(out, ' ');
            column++;
        }
        buf_append_text(out, items[i]);
        if (i + 1 < len)
            buf_append_byte(out, ',');
        column += width;
    }
    buf_append_text(out, tail);
}

/* Where `line` is best broken so that at most `room` bytes come before: behind a comma or an equals
 * sign, else a parenthesis, outside of string literals. 0: nowhere. */
static size_t break_of(const char *line, size_t room) {
    size_t best = 0, open = 0;
    bool quoted = false;
    for (size_t i = 0; line[i] != '\0' && i < room; i++) {
        if (line[i] == '"' && (i == 0 || line[i - 1] != '\\'))
            quoted = !quoted;
        if (!quoted && line[i + 1] == ' ' &&
            (line[i] == ',' || (line[i] == '=' && i > 0 && line[i - 1] == ' ')))
            best = i + 1;
        if (!quoted && line[i] == '(' && open == 0)
            open = i + 1;
    }
    return best > 0 ? best : open;
}

void gen_line(gen_t *gen, unsigned indent, const char *format, ...) {
    buf_t text = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    buf_append_byte(&text, '\0');
    if (text.failed) {
        gen->body.failed = true;
        buf_deinit(&text);
        return;
    }
    const char *line = (const char *)text.ptr;
    indentation(&gen->body, indent);
    size_t room = GEN_COLUMNS - indent * 4, at;
    while (strlen(line) > room && (at = break_of(line, room)) > 0) {
        buf_append(&gen->body, spin_slice_of(line, at));
        buf_append_byte(&gen->body, '\n');
        indentation(&gen->body, indent + 1);
        line += line[at] == ' ' ? at + 1 : at;
        room = GEN_COLUMNS - indent * 4 - 4;
    }
    buf_append_text(&gen->body, line);
    buf_append_byte(&gen->body, '\n');
    buf_deinit(&text);
}

static bool is_word_byte(uint8_t c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool continues(uint8_t c) {
    return is_word_byte(c) || c == '.' || c == '>' || c == '-' || c == '"';
}

/* As a variable, not as a member. */
static bool mentions(spin_slice_t body, const char *name) {
    size_t len = strlen(name);
    for (size_t i = 0; i + len <= body.len; i++)
        if (memcmp(body.ptr + i, name, len) == 0 && (i == 0 || !continues(body.ptr[i - 1])) &&
            (i + len == body.len || !is_word_byte(body.ptr[i + len])))
            return true;
    return false;
}

void gen_function(gen_t *gen, const char *head, const char *const *params, size_t len) {
    buf_t *out = &gen->source;
    gen_wrapped(out, head, params, len, ") {");
    buf_append_byte(out, '\n');
    for (size_t i = 0; i < len; i++) {
        const char *name = strrchr(params[i], ' ');
        name = name == NULL ? params[i] : name + 1;
        while (*name == '*')
            name++;
        if (*name != '(' && !mentions(buf_slice(&gen->body), name))
            buf_printf(out, "    (void)%s;\n", name);
    }
    buf_append(out, buf_slice(&gen->body));
    buf_append_text(out, "}\n\n");
    if (gen->body.failed)
        gen_no_memory(gen);
    buf_clear(&gen->body);
}
