#include "host/config/resolve.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "manifest/application.h"
#include "manifest/check.h"

static const char prefix[] = "SPIN_APP_";

/* ── templates ── */

/* A piece of a template: text, or what stands between braces. */
typedef struct part {
    bool is_expression;
    spin_slice_t text;
} part_t;

/* Where two bytes `brace` first stand, or the length. */
static size_t find_pair(spin_slice_t text, uint8_t brace) {
    for (size_t i = 0; i + 1 < text.len; i++)
        if (text.ptr[i] == brace && text.ptr[i + 1] == brace)
            return i;
    return text.len;
}

static spin_slice_t trim(spin_slice_t text) {
    static const char blank[] = " \t\r\n\v\f";
    while (text.len > 0 && memchr(blank, text.ptr[0], sizeof blank - 1) != NULL)
        text = slice_from(text, 1);
    while (text.len > 0 && memchr(blank, text.ptr[text.len - 1], sizeof blank - 1) != NULL)
        text.len--;
    return text;
}

/* Takes the first part off `*rest`, which is not empty. False: braces without an end. */
static bool next_part(spin_slice_t *rest, part_t *part) {
    size_t at = find_pair(*rest, '{');
    part->is_expression = at == 0;
    part->text = spin_slice_of(rest->ptr, at);
    if (at == 0) {
        spin_slice_t inside = slice_from(*rest, 2);
        at = find_pair(inside, '}');
        if (at == inside.len)
            return false;
        part->text = trim(spin_slice_of(inside.ptr, at));
        at += 4;
    }
    *rest = slice_from(*rest, at);
    return true;
}

static spin_error_t *check_template(const char *what, spin_slice_t name, spin_slice_t rest) {
    part_t part;
    while (rest.len > 0)
        if (!next_part(&rest, &part))
            return error_new(SPIN_ERROR_INVALID, "%s \"%.*s\": \"{{\" has no end", what,
                             SLICE_ARG(name));
    return NULL;
}

spin_error_t *config_check(const spin_component_t *component) {
    const spin_application_t *application = component->application;
    spin_error_t *error = NULL;
    for (size_t i = 0; error == NULL && i < application->variables_len; i++)
        error = check_template("variable", application->variables[i].name,
                               application->variables[i].default_value);
    for (size_t i = 0; error == NULL && i < component->config.len; i++)
        error = check_template("config", component->config.items[i].key,
                               component->config.items[i].value);
    return error;
}

/* ── paths ── */

/* One value that is being resolved. */
typedef struct resolution {
    const engine_component_settings_t *settings;
    const spin_application_t *application;
    arena_t *arena;
    spin_slice_t asked; /* its path */
    buf_t value;
    size_t expressions;
    config_answer_t *answer;
    bool no_memory;
} resolution_t;

/* Makes it the answer that there is an error; always false, for the caller to return. */
static bool fail(resolution_t *it, uint8_t tag, const char *what, spin_slice_t name) {
    spin_slice_t text = arena_printf(it->arena, "%s: \"%.*s\"", what, SLICE_ARG(name));
    it->answer->is_error = true;
    it->answer->of.error.tag = tag;
    it->answer->of.error.of.other = text; /* each case has one text, in the same place */
    it->no_memory = text.ptr == NULL;
    return false;
}

static bool no_memory(resolution_t *it) {
    it->no_memory = true;
    return false;
}

static size_t find_last_dot(spin_slice_t path) {
    for (size_t i = path.len; i > 0; i--)
        if (path.ptr[i - 1] == '.')
            return i - 1;
    return path.len;
}

/* "..key" as seen from `from`: each dot takes a component off its end. */
static bool relative(resolution_t *it, spin_slice_t from, spin_slice_t text, spin_slice_t *out) {
    spin_slice_t key = text;
    for (; key.len > 0 && key.ptr[0] == '.'; key = slice_from(key, 1)) {
        if (from.len == 0)
            return fail(it, GUEST_CONFIG_ERROR_OTHER, "too many dots in an expression", text);
        size_t dot = find_last_dot(from);
        from.len = dot < from.len ? dot : 0;
    }
    *out = from.len == 0 ? arena_copy(it->arena, key)
                         : arena_printf(it->arena, "%.*s.%.*s", SLICE_ARG(from), SLICE_ARG(key));
    return out->ptr != NULL || no_memory(it);
}

static bool absolute(resolution_t *it, spin_slice_t text, spin_slice_t *out) {
    *out = text;
    for (spin_slice_t rest = text;;) {
        size_t dot = slice_find(rest, '.');
        if (check_variable_name(spin_slice_of(rest.ptr, dot)) != NULL)
            return fail(it, GUEST_CONFIG_ERROR_INVALID_KEY, "an expression that is no name", text);
        if (dot == rest.len)
            return true;
        rest = slice_from(rest, dot + 1);
    }
}

/* ── values ── */

static bool resolve_path(resolution_t *it, spin_slice_t path, unsigned depth);

static bool append(resolution_t *it, spin_slice_t text) {
    if (text.len > CONFIG_MAX_BYTES - it->value.len)
        return fail(it, GUEST_CONFIG_ERROR_OTHER, "the value becomes too long", it->asked);
    buf_append(&it->value, text);
    return !it->value.failed || no_memory(it);
}

static bool resolve_template(resolution_t *it, spin_slice_t path, spin_slice_t rest,
                             unsigned depth) {
    part_t part;
    bool ok = true;
    while (ok && rest.len > 0) {
        spin_slice_t to;
        if (!next_part(&rest, &part))
            return fail(it, GUEST_CONFIG_ERROR_OTHER, "\"{{\" has no end", path);
        if (!part.is_expression)
            ok = append(it, part.text);
        else if (++it->expressions > CONFIG_MAX_EXPRESSIONS)
            ok = fail(it, GUEST_CONFIG_ERROR_OTHER, "too many expressions", it->asked);
        else
            ok = (part.text.len > 0 && part.text.ptr[0] == '.' ? relative(it, path, part.text, &to)
                                                               : absolute(it, part.text, &to)) &&
                 resolve_path(it, to, depth);
    }
    return ok;
}

/* The last one given for `name`, or NULL. */
static const spin_pair_t *find_given(const engine_component_settings_t *settings,
                                     spin_slice_t name) {
    for (size_t i = settings->variables_len; i > 0; i--)
        if (slice_equal(settings->variables[i - 1].key, name))
            return &settings->variables[i - 1];
    return NULL;
}

/* What the embedder has given, else what the environment has; `value->ptr` is NULL where neither
 * has any. */
static bool ask_provider(resolution_t *it, spin_slice_t name, spin_slice_t *value) {
    const spin_pair_t *given = find_given(it->settings, name);
    if (given != NULL) {
        *value = given->value;
        return slice_is_utf8(*value, NULL) ||
               fail(it, GUEST_CONFIG_ERROR_PROVIDER, "not UTF-8, as given for the variable", name);
    }
    char *variable =
        (char *)(uintptr_t)arena_printf(it->arena, "%s%.*s", prefix, SLICE_ARG(name)).ptr;
    if (variable == NULL)
        return no_memory(it);
    for (char *at = variable; *at != '\0'; at++)
        if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at - 'a' + 'A');
    const char *text = getenv(variable);
    *value = text == NULL ? (spin_slice_t){NULL, 0} : spin_slice(text);
    return text == NULL || slice_is_utf8(*value, NULL) ||
           fail(it, GUEST_CONFIG_ERROR_PROVIDER, "not UTF-8, in the environment",
                spin_slice(variable));
}

static bool resolve_variable(resolution_t *it, spin_slice_t name, unsigned depth) {
    const spin_application_t *application = it->application;
    const manifest_variable_t *variable = NULL;
    spin_slice_t given;
    for (size_t i = 0; variable == NULL && i < application->variables_len; i++)
        if (slice_equal(application->variables[i].name, name))
            variable = &application->variables[i];
    if (variable == NULL)
        return fail(it, GUEST_CONFIG_ERROR_OTHER, "there is no such variable", name);
    if (!ask_provider(it, name, &given))
        return false;
    if (given.ptr != NULL)
        return append(it, given); /* as it is: the provider's are no templates */
    return variable->default_value.ptr != NULL
               ? resolve_template(it, name, variable->default_value, depth)
               : fail(it, GUEST_CONFIG_ERROR_PROVIDER, "no value for the required variable", name);
}

static bool resolve_path(resolution_t *it, spin_slice_t path, unsigned depth) {
    if (depth == CONFIG_MAX_DEPTH)
        return fail(it, GUEST_CONFIG_ERROR_OTHER, "it leads to itself, or through too many values",
                    path);
    size_t dot = find_last_dot(path);
    if (dot == path.len)
        return resolve_variable(it, path, depth + 1);
    const spin_component_t *component =
        spin_application_component_by_id(it->application, spin_slice_of(path.ptr, dot));
    const spin_slice_t key = slice_from(path, dot + 1);
    for (size_t i = 0; component != NULL && i < component->config.len; i++)
        if (slice_equal(component->config.items[i].key, key))
            return resolve_template(it, path, component->config.items[i].value, depth + 1);
    return fail(it, GUEST_CONFIG_ERROR_OTHER, "there is no such value", path);
}

spin_error_t *config_resolve(const engine_component_settings_t *settings, spin_slice_t key,
                             arena_t *arena, config_answer_t *out) {
    const spin_component_t *component = settings->component;
    resolution_t it = {
        .settings = settings, .application = component->application, .arena = arena, .answer = out};
    *out = (config_answer_t){0};
    it.asked = arena_printf(arena, "%.*s.%.*s", SLICE_ARG(component->id), SLICE_ARG(key));
    if (it.asked.ptr == NULL)
        return error_no_memory();
    if (resolve_path(&it, it.asked, 0)) {
        out->of.ok = arena_copy(arena, buf_slice(&it.value));
        it.no_memory = out->of.ok.ptr == NULL;
    }
    buf_deinit(&it.value);
    return it.no_memory ? error_no_memory() : NULL;
}
