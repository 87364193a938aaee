/* Calling a guest's exports. */
#include "wit/bindgen/gen.h"

void gen_imports_need(gen_t *gen, const gen_unit_t *unit) {
    for (size_t i = 0; i < unit->functions.len && gen->error == NULL; i++) {
        const wit_function_t *function = unit->functions.items[i];
        gen_signature_t signature = gen_signature(gen, function, GEN_GUEST);
        for (size_t j = 0; j < function->params_len && gen->error == NULL; j++)
            gen_need(gen, signature.params[j],
                     GEN_MEASURE | (signature.in_area ? GEN_STORE : GEN_FLATTEN));
        if (signature.result == NULL || gen->error != NULL)
            continue;
        gen_need(gen, signature.result,
                 GEN_CLEAR | (unsigned)(signature.result_flat ? GEN_LIFT : 0) |
                     (unsigned)(signature.result_area ? GEN_LOAD : 0));
    }
}

/* One function while it is written. */
typedef struct call {
    gen_t *gen;
    const wit_function_t *function;
    gen_signature_t signature;
    const char *name;
    const char *args; /* the struct of arguments; NULL: none */
} call_t;

static const char *arg(const call_t *call, size_t index) {
    const char *name = gen_member(call->gen, call->function->params[index].name);
    return gen_text(call->gen, "%sargs->%s",
                    gen_by_pointer(call->signature.params[index]) ? "*" : "", name);
}

static void declare(const call_t *call) {
    static const char *const suffixes[] = {"", "_done_fn", "_start", "_export"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        gen_declare(call->gen, gen_text(call->gen, "%s%s", call->name, suffixes[i]),
                    call->gen->subject);
}

static const char **start_params(const call_t *call, size_t *len) {
    gen_t *gen = call->gen;
    const char **params = gen_c_params(gen, call->function, &call->signature, 1, len);
    const char **more = arena_calloc(&gen->arena, *len + 2, sizeof *more);
    if (params == NULL || more == NULL) {
        gen_no_memory(gen);
        *len = 0;
        return NULL;
    }
    memcpy(more, params, *len * sizeof *more);
    if (call->signature.result != NULL)
        (*len)--;
    more[0] = "spin_instance_t *instance";
    more[(*len)++] = gen_text(gen, "%s_done_fn done", call->name);
    more[(*len)++] = "void *user";
    return more;
}

static void write_declarations(const call_t *call) {
    gen_t *gen = call->gen;
    buf_t *out = &gen->header;
    size_t len;
    const char **params = gen_c_params(gen, call->function, &call->signature, 1, &len);
    if (params == NULL)
        return;
    params[0] = "spin_instance_t *instance";
    gen_comment(out, 0, call->function->docs);
    gen_wrapped(out, gen_text(gen, "spin_error_t *%s(", call->name), params, len, ");\n");
    const char *done[] = {"spin_instance_t *instance", "spin_error_t *error", NULL, "void *user"};
    size_t done_len = 3;
    if (call->signature.result != NULL) {
        const char *ctype = call->signature.result->ctype;
        bool pointer = ctype[strlen(ctype) - 1] == '*';
        done[2] = gen_text(gen, pointer ? "%sconst *ret" : "const %s *ret", ctype);
        done_len = 4;
    } else
        done[2] = done[3];
    gen_wrapped(out, gen_text(gen, "typedef void (*%s_done_fn)(", call->name), done, done_len,
                ");\n");
    params = start_params(call, &len);
    if (params != NULL)
        gen_wrapped(out, gen_text(gen, "spin_error_t *%s_start(", call->name), params, len, ");\n");
    buf_printf(out, "extern const spin_abi_export_t %s_export;\n\n", call->name);
}

/* ── callbacks ───────────────────────────────────────────────────────────────────────────── */

static void write_args(const call_t *call) {
    gen_t *gen = call->gen;
    if (call->args == NULL)
        return;
    buf_printf(&gen->source, "struct %s {\n", call->args);
    for (size_t i = 0; i < call->function->params_len; i++)
        buf_printf(&gen->source, "    %s;\n",
                   gen_param(gen, call->signature.params[i],
                             gen_member(gen, call->function->params[i].name)));
    buf_append_text(&gen->source, "};\n\n");
}

static void open_args(const call_t *call) {
    gen_line(call->gen, 1, "const struct %s *args = (const struct %s *)data;", call->args,
             call->args);
}

static void write_measure(const call_t *call) {
    gen_t *gen = call->gen;
    const char *params[] = {"spin_lower_t *lower", "const void *context", "const void *data"};
    if (!call->signature.allocates)
        return;
    open_args(call);
    for (size_t i = 0; i < call->function->params_len; i++)
        gen_measure(gen, 1, call->signature.params[i], arg(call, i));
    gen_function(gen, gen_text(gen, "static void measure_args_%s(", call->name), params, 3);
}

static void write_lower(const call_t *call) {
    gen_t *gen = call->gen;
    const gen_signature_t *signature = &call->signature;
    const char *params[] = {"spin_lower_t *lower", "const void *context", "const void *data",
                            "spin_flat_t *flat", "uint8_t *area"};
    if (call->args == NULL)
        return;
    if (gen_has_params(call->function))
        open_args(call);
    for (size_t i = 0; i < call->function->params_len; i++)
        if (signature->in_area)
            gen_store(gen, 1, signature->params[i], gen_at(gen, "area", signature->offsets[i]),
                      arg(call, i));
        else
            gen_flatten(gen, 1, signature->params[i], "flat", signature->flats[i], arg(call, i));
    gen_function(gen, gen_text(gen, "static void lower_args_%s(", call->name), params, 5);
}

static void write_lift(const call_t *call) {
    gen_t *gen = call->gen;
    const gen_signature_t *signature = &call->signature;
    const char *params[] = {"spin_lift_t *lift", "const void *context", "const spin_flat_t *flat",
                            "const uint8_t *area", "void *result"};
    const gen_type_t *type = signature->result;
    if (type == NULL)
        return;
    if (type->type->layout.flat_len > 0)
        gen_line(gen, 1, "%s = (%s)result;",
                 gen_field(gen, gen_field(gen, type->ctype, "*"), "ret"),
                 gen_field(gen, type->ctype, "*"));
    const char *value = gen_returned(type);
    bool both = signature->result_area && signature->result_flat;
    if (both)
        gen_line(gen, 1, "if (area != NULL) {");
    if (signature->result_area)
        gen_load(gen, both ? 2 : 1, type, "area", value);
    if (both)
        gen_line(gen, 1, "} else {");
    if (signature->result_flat)
        gen_lift(gen, both ? 2 : 1, type, "flat", 0, value);
    if (both)
        gen_line(gen, 1, "}");
    gen_function(gen, gen_text(gen, "static void lift_result_%s(", call->name), params, 5);
}

static void write_clear(const call_t *call) {
    gen_t *gen = call->gen;
    const char *params[] = {"const void *context", "void *result"};
    const gen_type_t *type = call->signature.result;
    if (type == NULL || !type->type->has_pointers)
        return;
    gen_clear(gen, 1, type, gen_text(gen, "*(%s)result", gen_field(gen, type->ctype, "*")));
    gen_function(gen, gen_text(gen, "static void clear_result_%s(", call->name), params, 2);
}

static void write_done(const call_t *call) {
    gen_t *gen = call->gen;
    const char *params[] = {"spin_instance_t *instance", "spin_error_t *error", "void *result",
                            "void (*handler)(void)", "void *user"};
    const gen_type_t *type = call->signature.result;
    const char *items[4] = {"instance", "error"};
    size_t len = 2;
    if (type != NULL) {
        bool pointer = type->ctype[strlen(type->ctype) - 1] == '*';
        items[len++] =
            gen_text(gen, pointer ? "(%sconst *)result" : "(const %s *)result", type->ctype);
    }
    items[len++] = "user";
    gen_wrapped(&gen->body, gen_text(gen, "    ((%s_done_fn)handler)(", call->name), items, len,
                ");\n");
    gen_function(gen, gen_text(gen, "static void done_%s(", call->name), params, 5);
}

/* ── functions ───────────────────────────────────────────────────────────────────────────── */

static void write_descriptor(const call_t *call, const gen_unit_t *unit) {
    gen_t *gen = call->gen;
    buf_t *out = &gen->source;
    bool plain = unit->interface == NULL || unit->interface->dialect == WIT_DIALECT_2022;
    bool clears = call->signature.result != NULL && call->signature.result->type->has_pointers;
    buf_printf(out, "const spin_abi_export_t %s_export = {\n", call->name);
    buf_append_text(out, "    /* size */ sizeof(spin_abi_export_t),\n");
    buf_printf(out, "    /* name */ \"%s\",\n", gen_spoken_name(gen, unit, call->function));
    buf_printf(out, "    /* export_name */ \"%s%s%.*s\",\n", plain ? "" : unit->module,
               plain ? "" : "#", SLICE_ARG(call->function->core_name));
    gen_descriptor(gen, call->function, &call->signature, call->args);
    const struct {
        const char *field;
        bool there;
    } callbacks[] = {
        {"measure_args", call->signature.allocates},
        {"lower_args", call->args != NULL},
        {"lift_result", call->signature.result != NULL},
        {"clear_result", clears},
    };
    for (size_t i = 0; i < sizeof callbacks / sizeof *callbacks; i++)
        if (callbacks[i].there)
            buf_printf(out, "    %s_%s,\n", callbacks[i].field, call->name);
        else
            buf_printf(out, "    /* %s */ NULL,\n", callbacks[i].field);
    buf_append_text(out, "};\n\n");
}

/* The struct of arguments, filled in; returns the expression for its address. */
static const char *fill_args(const call_t *call) {
    gen_t *gen = call->gen;
    if (call->args == NULL)
        return "NULL";
    size_t len = call->function->params_len;
    const char **values = arena_calloc(&gen->arena, len, sizeof *values);
    if (values == NULL) {
        gen_no_memory(gen);
        return "NULL";
    }
    for (size_t i = 0; i < len; i++)
        values[i] = gen_member(gen, call->function->params[i].name);
    gen_wrapped(&gen->body, gen_text(gen, "    const struct %s call = {", call->args), values, len,
                "};\n");
    return "&call";
}

static void write_call(const call_t *call) {
    gen_t *gen = call->gen;
    size_t len;
    const char **params = gen_c_params(gen, call->function, &call->signature, 1, &len);
    if (params == NULL)
        return;
    params[0] = "spin_instance_t *instance";
    const char *args = fill_args(call);
    gen_line(gen, 1, "return spin_abi_call(instance, &%s_export, %s, %s);", call->name, args,
             call->signature.result == NULL ? "NULL" : "ret");
    gen_function(gen, gen_text(gen, "spin_error_t *%s(", call->name), params, len);
    params = start_params(call, &len);
    if (params == NULL)
        return;
    args = fill_args(call);
    gen_line(
        gen, 1,
        "return spin_abi_start(instance, &%s_export, %s, done_%s, (void (*)(void))done, user);",
        call->name, args, call->name);
    gen_function(gen, gen_text(gen, "spin_error_t *%s_start(", call->name), params, len);
}

static void write_function(gen_t *gen, const gen_unit_t *unit, const wit_function_t *function) {
    call_t call = {.gen = gen, .function = function};
    call.signature = gen_signature(gen, function, GEN_GUEST);
    call.name = gen_function_name(gen, unit, function);
    if (function->params_len > 0)
        call.args = gen_text(gen, "args_of_%s", call.name);
    if (gen->error != NULL)
        return;
    const char *spoken = gen_spoken_name(gen, unit, function);
    gen->subject = gen_text(gen, "function \"%s\"", spoken);
    declare(&call);
    write_declarations(&call);
    buf_printf(&gen->source, "/* ── %s ── */\n\n", spoken);
    write_args(&call);
    write_measure(&call);
    write_lower(&call);
    write_lift(&call);
    write_clear(&call);
    write_done(&call);
    write_descriptor(&call, unit);
    write_call(&call);
}

void gen_guest_resources(gen_t *gen) {
    for (size_t i = 0; i < gen->handles.len; i++) {
        const wit_typedef_t *resource = gen->handles.items[i].resource;
        if (!gen->handles.items[i].guest)
            continue;
        gen->subject = gen_text(gen, "resource \"%.*s\"", SLICE_ARG(resource->name));
        gen_declare(gen, gen_guest_resource_name(gen, resource), gen->subject);
        buf_printf(&gen->source,
                   "static const spin_abi_guest_resource_t %s = {\n"
                   "    /* size */ sizeof(spin_abi_guest_resource_t),\n    \"%.*s\",\n"
                   "    \"%.*s\",\n};\n\n",
                   gen_guest_resource_name(gen, resource), SLICE_ARG(resource->interface->id),
                   SLICE_ARG(resource->name));
    }
}

void gen_imports(gen_t *gen, const gen_unit_t *unit) {
    if (unit->functions.len == 0)
        return;
    buf_printf(
        &gen->header,
        "/* ── exports of guests: %s ── */\n\n"
        "/* A call waits for its end. The result is the caller's, for its type's clear "
        "function, or\n"
        " * spin_string_clear for text and bytes; after an error it is zero. What \"_start\" "
        "shows to `done`\n"
        " * is a view, valid until the instance is freed or called again; what arguments "
        "point to is kept\n"
        " * by the caller until then. An \"_export\" is for spin_abi_check. */\n\n",
        unit->interface == NULL ? "of the world itself" : unit->module);
    for (size_t i = 0; i < unit->functions.len && gen->error == NULL; i++)
        write_function(gen, unit, unit->functions.items[i]);
}
