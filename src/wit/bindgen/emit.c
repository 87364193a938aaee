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

/* How much of "static void name(" may stand on a line of its own: "static void". 0: nothing. */
static size_t returned_part(const char *head) {
    size_t len = strcspn(head, "(");
    while (len > 0 && head[len - 1] != ' ' && head[len - 1] != '*')
        len--;
    return head[0] == ' ' || head[len] == '(' ? 0 : len;
}

void gen_wrapped(buf_t *out, const char *head, const char *const *items, size_t len,
                 const char *tail) {
    size_t indent = strspn(head, " "), open = strlen(head), widest = 0;
    size_t tail_width = strcspn(tail, "\n"), part = returned_part(head);
    for (size_t i = 0; i < len; i++) {
        size_t width = strlen(items[i]) + (i + 1 < len ? 1 : tail_width);
        widest = width > widest ? width : widest;
    }
    bool below = open + widest > GEN_COLUMNS;
    if (below && len > 1 && part > 0 && open - part + widest <= GEN_COLUMNS) {
        size_t shown = head[part - 1] == ' ' ? part - 1 : part;
        buf_printf(out, "%.*s\n", (int)shown, head);
        head += part;
        open -= part;
        below = false;
    }
    buf_append_text(out, head);
    if (below) {
        open = indent + 4;
        buf_printf(out, "\n%*s", (int)open, "");
    }
    size_t column = open;
    for (size_t i = 0; i < len; i++) {
        size_t width = strlen(items[i]) + (i + 1 < len ? 1 : tail_width);
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

/* Where `line` is best broken so that at most `room` bytes come before: behind the last comma of
 * those in the fewest parentheses, else behind an equals sign, outside of string literals.
 * `*column` is where the rest goes: below the first argument. 0: nowhere. */
static size_t break_of(const char *line, size_t room, size_t *column) {
    enum { DEEPEST = 8 };
    size_t opens[DEEPEST] = {4}, depth = 0, best = 0, best_depth = DEEPEST;
    bool quoted = false;
    for (size_t i = 0; line[i] != '\0' && i < room; i++) {
        if (line[i] == '"' && (i == 0 || line[i - 1] != '\\'))
            quoted = !quoted;
        if (quoted)
            continue;
        if (line[i] == '(' && depth + 1 < DEEPEST)
            opens[++depth] = i + 1;
        else if (line[i] == ')' && depth > 0)
            depth--;
        bool separates = line[i] == ',' && depth > 0;
        bool assigns = line[i] == '=' && i > 0 && line[i - 1] == ' ' && best == 0;
        if (line[i + 1] != ' ' || (!separates && !assigns))
            continue;
        if (depth > 0 && best > 0 && best_depth == 0) /* an argument rather than the value */
            best_depth = DEEPEST;
        if (depth <= best_depth) {
            best = i + 1;
            best_depth = depth;
            *column = opens[depth];
        }
    }
    if (best == 0 && opens[1] > 0) { /* a single argument */
        best = opens[1];
        *column = 4;
    }
    return best;
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
    size_t column = indent * 4, at, next = 0;
    buf_printf(&gen->body, "%*s", (int)column, "");
    while (strlen(line) > GEN_COLUMNS - column &&
           (at = break_of(line, GEN_COLUMNS - column, &next)) > 0) {
        column += next;
        buf_append(&gen->body, spin_slice_of(line, at));
        buf_printf(&gen->body, "\n%*s", (int)column, "");
        line += line[at] == ' ' ? at + 1 : at;
    }
    buf_append_text(&gen->body, line);
    buf_append_byte(&gen->body, '\n');
    buf_deinit(&text);
}

void gen_case(gen_t *gen, const char *name) {
    gen->case_at = gen->body.len;
    gen_line(gen, 1, "case %s:", name);
}

void gen_case_end(gen_t *gen) {
    enum { STATEMENTS = 3 };
    gen_line(gen, 2, "break;");
    spin_slice_t rest = slice_from(buf_slice(&gen->body), gen->case_at);
    size_t lines = 0;
    buf_t joined = {0};
    for (; rest.len > 0; lines++) {
        size_t end = slice_find(rest, '\n');
        spin_slice_t line = spin_slice_of(rest.ptr, end);
        while (lines > 0 && line.len > 0 && line.ptr[0] == ' ')
            line = slice_from(line, 1);
        if (lines > 0)
            buf_append_byte(&joined, ' ');
        buf_append(&joined, line);
        rest = slice_from(rest, end + 1);
    }
    if (lines <= STATEMENTS + 1 && joined.len <= GEN_COLUMNS && !gen->body.failed) {
        gen->body.len = gen->case_at;
        buf_append(&gen->body, buf_slice(&joined));
        buf_append_byte(&gen->body, '\n');
    }
    gen->body.failed |= joined.failed;
    buf_deinit(&joined);
}

static bool is_word_byte(uint8_t c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool continues(uint8_t c) {
    return is_word_byte(c) || c == '.' || c == '>' || c == '-' || c == '"';
}

/* As a variable, not as a member. */
static bool mentions(spin_slice_t body, const char *name) {
    size_t len = strlen(name), from = 0;
    for (const uint8_t *at; from < body.len; from = (size_t)(at - body.ptr) + 1) {
        at = memmem(body.ptr + from, body.len - from, name, len);
        if (at == NULL)
            return false;
        const uint8_t *end = at + len;
        if ((at == body.ptr || !continues(at[-1])) &&
            (end == body.ptr + body.len || !is_word_byte(*end)))
            return true;
    }
    return false;
}

static void declare_static(gen_t *gen, const char *head) {
    static const char keyword[] = "static ";
    if (strncmp(head, keyword, sizeof keyword - 1) != 0)
        return;
    size_t end = strcspn(head, "("), begin = end;
    while (begin > 0 && is_word_byte((uint8_t)head[begin - 1]))
        begin--;
    gen_declare(gen, gen_text(gen, "%.*s", (int)(end - begin), head + begin), gen->subject);
}

void gen_function(gen_t *gen, const char *head, const char *const *params, size_t len) {
    buf_t *out = &gen->source;
    declare_static(gen, head);
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
