#include "wit/bindgen/gen.h"

#include <stdio.h>

#include "base/error.h"

void gen_no_memory(gen_t *gen) {
    if (gen->error == NULL)
        gen->error = error_no_memory();
}

const char *gen_text(gen_t *gen, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    char *text = len < 0 ? NULL : arena_alloc_bytes(&gen->arena, (size_t)len + 1);
    if (text == NULL)
        gen_no_memory(gen);
    else
        vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    va_end(args);
    return text == NULL ? "" : text;
}

const char *gen_snake(gen_t *gen, spin_slice_t name) {
    char *text = arena_copy_text(&gen->arena, name);
    if (text == NULL) {
        gen_no_memory(gen);
        return "";
    }
    for (char *c = text; *c != '\0'; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
        else if (!(*c >= 'a' && *c <= 'z') && !(*c >= '0' && *c <= '9'))
            *c = '_'; /* "-"; in packages also ":", "/", "." and "+" */
    }
    return text;
}

const char *gen_upper(gen_t *gen, const char *snake) {
    char *text = arena_copy_text(&gen->arena, spin_slice(snake));
    if (text == NULL) {
        gen_no_memory(gen);
        return "";
    }
    for (char *c = text; *c != '\0'; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    return text;
}

/* Keywords of C and C++, macros of common headers, and the names that we give to parameters. */
static const char taken[] =
    " alignas alignof and and_eq asm assert auto bitand bitor bool break builder call case "
    "catch char class co_await co_return co_yield compl complex concept const const_cast "
    "consteval constexpr constinit continue decltype default delete do done double "
    "dynamic_cast else enum errno error explicit export extern false float for friend goto "
    "i386 if imaginary inline instance int linux long major minor mutable namespace new "
    "noexcept noreturn not not_eq nullptr offsetof operator or or_eq private protected "
    "public register reinterpret_cast requires restrict ret return setjmp short signed size "
    "sizeof static static_assert static_cast stderr stdin stdout struct switch template "
    "this thread_local throw true try typedef typeid typename typeof typeof_unqual union "
    "unix unsigned user using virtual void volatile while xor xor_eq ";

const char *gen_member(gen_t *gen, spin_slice_t name) {
    const char *snake = gen_snake(gen, name);
    size_t len = strlen(snake);
    /* A member called like its type changes what that name means, which C++ refuses. WIT has no
     * name with an underscore at its end, so ours meet none. */
    bool like_type = len > 2 && strcmp(snake + len - 2, "_t") == 0;
    bool is_taken = strstr(taken, gen_text(gen, " %s ", snake)) != NULL;
    return like_type || is_taken ? gen_text(gen, "%s_", snake) : snake;
}

void gen_declare(gen_t *gen, const char *name, const char *what) {
    const char *known = map_get(&gen->names, spin_slice(name));
    if (known == NULL) {
        if (!map_set(&gen->names, spin_slice(name), (void *)(uintptr_t)what))
            gen_no_memory(gen);
    } else if (gen->error == NULL)
        gen->error = error_new(SPIN_ERROR_INVALID, "\"%s\" would stand in C for %s and for %s",
                               name, known, what);
}

const char *gen_function_tail(gen_t *gen, const wit_function_t *function) {
    const char *name = gen_snake(gen, function->name);
    if (function->resource == NULL)
        return name;
    return gen_text(gen, "%s_%s", gen_snake(gen, function->resource->name), name);
}

const char *gen_function_name(gen_t *gen, const gen_unit_t *unit, const wit_function_t *function) {
    return gen_text(gen, "%s_%s%s", gen->prefix, unit->qualifier, gen_function_tail(gen, function));
}

const char *gen_spoken_name(gen_t *gen, const gen_unit_t *unit, const wit_function_t *function) {
    const char *dot = function->resource == NULL ? "" : ".";
    spin_slice_t resource =
        function->resource == NULL ? SLICE_LITERAL("") : function->resource->name;
    if (unit->interface == NULL || unit->interface->dialect == WIT_DIALECT_2022)
        return gen_text(gen, "%.*s%s%.*s", SLICE_ARG(resource), dot, SLICE_ARG(function->name));
    spin_slice_t name = unit->interface->name.len > 0 ? unit->interface->name : unit->interface->id;
    return gen_text(gen, "%.*s.%.*s%s%.*s", SLICE_ARG(name), SLICE_ARG(resource), dot,
                    SLICE_ARG(function->name));
}

const char *gen_quoted(gen_t *gen, spin_slice_t text) {
    enum { MOST = 80 };
    buf_t buf = {0};
    for (size_t i = 0; i < text.len && i < MOST; i++) {
        uint8_t c = text.ptr[i];
        if (c == '"' || c == '\\')
            buf_append_byte(&buf, '\\');
        buf_append_byte(&buf, c < 0x20 || c > 0x7e || c == '?' ? '.' : c);
    }
    if (text.len > MOST)
        buf_append_text(&buf, "...");
    if (buf.failed)
        gen_no_memory(gen);
    const char *copy = arena_copy_text(&gen->arena, buf_slice(&buf));
    buf_deinit(&buf);
    if (copy == NULL)
        gen_no_memory(gen);
    return copy == NULL ? "" : copy;
}

/* ── qualifiers ──────────────────────────────────────────────────────────────────────────── */

/* From the shortest to what is surely unique. */
static const char *candidate(gen_t *gen, const wit_interface_t *interface, int level) {
    const wit_package_t *package = interface->package;
    spin_slice_t own = interface->name.len > 0 ? interface->name : interface->id;
    const char *name = gen_snake(gen, own);
    if (package == NULL || interface->name.len == 0 || level == 0)
        return gen_text(gen, "%s_", name);
    const char *pkg = gen_snake(gen, package->name);
    if (level == 1)
        return gen_text(gen, "%s_%s_", pkg, name);
    const char *ns = gen_snake(gen, package->ns);
    if (level == 2 || package->version.len == 0)
        return gen_text(gen, "%s_%s_%s_", ns, pkg, name);
    return gen_text(gen, "%s_%s_%s_%s_", ns, pkg, name, gen_snake(gen, package->version));
}

static bool is_unique(gen_t *gen, const wit_interface_t *interface, int level) {
    const char *text = candidate(gen, interface, level);
    for (size_t i = 0; i < gen->qualifiers.len; i++) {
        const wit_interface_t *other = gen->qualifiers.items[i].interface;
        if (other != interface && strcmp(candidate(gen, other, level), text) == 0)
            return false;
    }
    return true;
}

void gen_qualify(gen_t *gen) {
    for (size_t i = 0; i < gen->qualifiers.len; i++) {
        gen_qualifier_t *entry = &gen->qualifiers.items[i];
        const wit_interface_t *interface = entry->interface;
        int level = 0;
        while (level < 3 && !is_unique(gen, interface, level))
            level++;
        /* `use *` of 2022 makes one scope of several files. */
        bool bare = interface == gen->interface || interface->dialect == WIT_DIALECT_2022;
        entry->text = bare ? "" : candidate(gen, interface, level);
    }
}

const char *gen_qualifier(gen_t *gen, const wit_interface_t *interface) {
    for (size_t i = 0; i < gen->qualifiers.len; i++)
        if (gen->qualifiers.items[i].interface == interface)
            return gen->qualifiers.items[i].text;
    return "";
}
