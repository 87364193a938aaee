/* Implementing what guests import: a struct of operations, and a function that links them. */
#include "wit/bindgen/gen.h"

void gen_exports_need(gen_t *gen, const gen_unit_t *unit) {
    for (size_t i = 0; i < unit->resources.len && gen->error == NULL; i++)
        gen_note_handle(gen, unit->resources.items[i], false);
    for (size_t i = 0; i < unit->functions.len && gen->error == NULL; i++) {
        const wit_function_t *function = unit->functions.items[i];
        gen_signature_t signature = gen_signature(gen, function, GEN_HOST);
        for (size_t j = 0; j < function->params_len && gen->error == NULL; j++)
            gen_need(gen, signature.params[j], signature.in_area ? GEN_LOAD : GEN_LIFT);
        if (signature.result == NULL || gen->error != NULL)
            continue;
        gen_need(gen, signature.result,
                 GEN_MEASURE | (unsigned)(signature.result_flat ? GEN_FLATTEN : 0) |
                     (unsigned)(signature.result_area ? GEN_STORE : 0));
    }
}

/* One function while it is written. */
typedef struct host {
    gen_t *gen;
    const gen_unit_t *unit;
    const wit_function_t *function;
    gen_signature_t signature;
    const char *name;
    const char *operation; /* its field */
    const char *input;     /* the struct of arguments; NULL: none */
} host_t;

static host_t host_function(gen_t *gen, const gen_unit_t *unit, const wit_function_t *function) {
    host_t host = {.gen = gen, .unit = unit, .function = function};
    host.signature = gen_signature(gen, function, GEN_HOST);
    host.name = gen_function_name(gen, unit, function);
    host.operation = gen_member(gen, spin_slice(gen_function_tail(gen, function)));
    if (function->params_len > 0)
        host.input = gen_text(gen, "input_of_%s", host.name);
    return host;
}

static const char *struct_name(gen_t *gen, const gen_unit_t *unit) {
    return gen_text(gen, "%s_%sops", gen->prefix, unit->qualifier);
}

static const char *resource_tail(gen_t *gen, const wit_typedef_t *resource) {
    const char *name = gen_resource_type(gen, resource, false);
    return gen_text(gen, "%.*s", (int)strlen(name) - 2, name);
}

/* ── the header ──────────────────────────────────────────────────────────────────────────── */

static void declare_operation(const host_t *host) {
    gen_t *gen = host->gen;
    size_t len;
    const char **params = gen_c_params(gen, host->function, &host->signature, 1, &len);
    if (params == NULL)
        return;
    params[0] = "spin_host_call_t *call";
    gen_comment(&gen->header, 1, host->function->docs);
    gen_wrapped(&gen->header, gen_text(gen, "    spin_error_t *(*%s)(", host->operation), params,
                len, ");\n");
}

static const char *drop_operation(gen_t *gen, const wit_typedef_t *resource) {
    return gen_text(gen, "%s_drop", gen_snake(gen, resource->name));
}

static void declare_drop(gen_t *gen, const wit_typedef_t *resource) {
    buf_append_text(&gen->header,
                    "    /* The guest dropped its handle, or its instance ended. */\n");
    const char *params[] = {
        "spin_instance_t *instance",
        gen_text(gen, "%s *self", gen_resource_type(gen, resource, false)),
        "void *user",
    };
    gen_wrapped(&gen->header, gen_text(gen, "    void (*%s)(", drop_operation(gen, resource)),
                params, 3, ");\n");
}

static void write_operations(gen_t *gen, const gen_unit_t *unit) {
    const char *name = struct_name(gen, unit);
    const char *what = gen_text(gen, "the operations of \"%s\"", unit->module);
    gen_declare(gen, gen_text(gen, "%s_t", name), what);
    gen_declare(gen, gen_text(gen, "%s_%slink", gen->prefix, unit->qualifier), what);
    buf_printf(&gen->header,
               "/* ── imports of guests: %s ── */\n\n"
               "/* The operations, to be implemented. Arguments live as long as the call, and so "
               "must what `*ret`\n"
               " * points to: see spin_host_call_alloc. An operation that is NULL, and one that "
               "returns an error,\n * traps. */\n"
               "typedef struct %s_t {\n    size_t size; /* sizeof(%s_t) */\n",
               unit->interface == NULL ? "of the world itself" : unit->module, name, name);
    for (size_t i = 0; i < unit->functions.len && gen->error == NULL; i++) {
        host_t host = host_function(gen, unit, unit->functions.items[i]);
        if (gen->error != NULL)
            return;
        gen_declare(gen, gen_text(gen, "%s_t.%s", name, host.operation),
                    gen_text(gen, "function \"%s\"", gen_spoken_name(gen, unit, host.function)));
        declare_operation(&host);
    }
    for (size_t i = 0; i < unit->resources.len; i++) {
        const wit_typedef_t *resource = unit->resources.items[i];
        gen_declare(gen, gen_text(gen, "%s_t.%s", name, drop_operation(gen, resource)),
                    gen_text(gen, "dropping \"%.*s\"", SLICE_ARG(resource->name)));
        declare_drop(gen, resource);
    }
    buf_printf(&gen->header,
               "} %s_t;\n/* `ops` and `user` are kept by the caller until the context is freed. "
               "*/\n",
               name);
    const char *params[] = {"spin_engine_builder_t *builder",
                            gen_text(gen, "const %s_t *ops", name), "void *user"};
    gen_wrapped(&gen->header,
                gen_text(gen, "spin_error_t *%s_%slink(", gen->prefix, unit->qualifier), params, 3,
                ");\n\n");
}

/* ── callbacks ───────────────────────────────────────────────────────────────────────────── */

static const char *arg(const host_t *host, size_t index) {
    return gen_text(host->gen, "args->%s",
                    gen_member(host->gen, host->function->params[index].name));
}

static void open_args(const host_t *host) {
    gen_line(host->gen, 1, "struct %s *args = (struct %s *)data;", host->input, host->input);
}

static void write_lift(const host_t *host) {
    gen_t *gen = host->gen;
    const gen_signature_t *signature = &host->signature;
    const char *params[] = {"spin_lift_t *lift", "const void *context", "const spin_flat_t *flat",
                            "const uint8_t *area", "void *data"};
    if (host->input == NULL)
        return;
    buf_printf(&gen->source, "struct %s {\n", host->input);
    for (size_t i = 0; i < host->function->params_len; i++)
        buf_printf(&gen->source, "    %s;\n",
                   gen_field(gen, signature->params[i]->ctype,
                             gen_member(gen, host->function->params[i].name)));
    buf_append_text(&gen->source, "};\n\n");
    if (gen_has_params(host->function))
        open_args(host);
    for (size_t i = 0; i < host->function->params_len; i++)
        if (signature->in_area)
            gen_load(gen, 1, signature->params[i], gen_at(gen, "area", signature->offsets[i]),
                     arg(host, i));
        else
            gen_lift(gen, 1, signature->params[i], "flat", signature->flats[i], arg(host, i));
    gen_function(gen, gen_text(gen, "static void lift_args_%s(", host->name), params, 5);
}

static void write_invoke(const host_t *host) {
    gen_t *gen = host->gen;
    const char *params[] = {"spin_host_call_t *call", "const void *operations",
                            "const void *context", "void *data", "void *result"};
    const char *ops = struct_name(gen, host->unit);
    /* Said here: an operation may have the name of one of these. */
    gen_line(gen, 1, "(void)context;");
    if (host->input == NULL)
        gen_line(gen, 1, "(void)data;");
    if (host->signature.result == NULL)
        gen_line(gen, 1, "(void)result;");
    gen_line(gen, 1, "const %s_t *ops = (const %s_t *)operations;", ops, ops);
    if (host->input != NULL)
        open_args(host);
    gen_line(gen, 1, "if (!HAS_OPERATION(%s_t, ops, %s))", ops, host->operation);
    gen_line(
        gen, 2,
        "return spin_error_new(SPIN_ERROR_UNSUPPORTED, \"%s: the host does not implement it\");",
        gen_spoken_name(gen, host->unit, host->function));
    const char *items[64], **all = items;
    size_t count = host->function->params_len + 2;
    if (count > sizeof items / sizeof *items)
        all = arena_calloc(&gen->arena, count, sizeof *all);
    if (all == NULL) {
        gen_no_memory(gen);
        return;
    }
    size_t len = 0;
    all[len++] = "call";
    for (size_t i = 0; i < host->function->params_len; i++)
        all[len++] = gen_text(gen, "%s%s", gen_by_pointer(host->signature.params[i]) ? "&" : "",
                              arg(host, i));
    const gen_type_t *type = host->signature.result;
    if (type != NULL)
        all[len++] = gen_text(gen, "(%s)result", gen_field(gen, type->ctype, "*"));
    gen_wrapped(&gen->body, gen_text(gen, "    return ops->%s(", host->operation), all, len,
                ");\n");
    gen_function(gen, gen_text(gen, "static spin_error_t *invoke_%s(", host->name), params, 5);
}

static void open_result(const host_t *host) {
    gen_t *gen = host->gen;
    const char *ctype = host->signature.result->ctype;
    bool pointer = ctype[strlen(ctype) - 1] == '*';
    gen_line(gen, 1,
             pointer ? "%sconst *ret = (%sconst *)result;" : "const %s *ret = (const %s *)result;",
             ctype, ctype);
}

static void write_measure(const host_t *host) {
    gen_t *gen = host->gen;
    const char *params[] = {"spin_lower_t *lower", "const void *context", "const void *result"};
    if (host->signature.result == NULL || !host->signature.result->type->has_pointers)
        return;
    open_result(host);
    gen_measure(gen, 1, host->signature.result, gen_returned(host->signature.result));
    gen_function(gen, gen_text(gen, "static void measure_result_%s(", host->name), params, 3);
}

static void write_lower(const host_t *host) {
    gen_t *gen = host->gen;
    const gen_signature_t *signature = &host->signature;
    const char *params[] = {"spin_lower_t *lower", "const void *context", "const void *result",
                            "spin_flat_t *flat", "uint8_t *area"};
    if (signature->result == NULL)
        return;
    const char *value = gen_returned(signature->result);
    if (signature->result->type->layout.flat_len > 0)
        open_result(host);
    bool both = signature->result_area && signature->result_flat;
    if (both)
        gen_line(gen, 1, "if (area != NULL) {");
    if (signature->result_area)
        gen_store(gen, both ? 2 : 1, signature->result, "area", value);
    if (both)
        gen_line(gen, 1, "} else {");
    if (signature->result_flat)
        gen_flatten(gen, both ? 2 : 1, signature->result, "flat", 0, value);
    if (both)
        gen_line(gen, 1, "}");
    gen_function(gen, gen_text(gen, "static void lower_result_%s(", host->name), params, 5);
}

static void write_descriptor(const host_t *host) {
    gen_t *gen = host->gen;
    buf_t *out = &gen->source;
    const gen_type_t *result = host->signature.result;
    gen_declare(gen, gen_text(gen, "import_%s", host->name), gen->subject);
    buf_printf(out, "static const spin_abi_import_t import_%s = {\n", host->name);
    buf_append_text(out, "    /* size */ sizeof(spin_abi_import_t),\n");
    buf_printf(out, "    /* name */ \"%.*s\",\n", SLICE_ARG(host->function->core_name));
    gen_descriptor(gen, host->function, &host->signature, host->input);
    const struct {
        const char *field;
        bool there;
    } callbacks[] = {
        {"lift_args", host->input != NULL},
        {"invoke", true},
        {"measure_result", result != NULL && result->type->has_pointers},
        {"lower_result", result != NULL},
    };
    for (size_t i = 0; i < sizeof callbacks / sizeof *callbacks; i++)
        if (callbacks[i].there)
            buf_printf(out, "    %s_%s,\n", callbacks[i].field, host->name);
        else
            buf_printf(out, "    /* %s */ NULL,\n", callbacks[i].field);
    buf_append_text(out, "};\n\n");
}

/* ── the interface ───────────────────────────────────────────────────────────────────────── */

static void write_drop(gen_t *gen, const gen_unit_t *unit, const wit_typedef_t *resource) {
    const char *params[] = {"spin_instance_t *instance", "const void *operations", "void *object",
                            "void *user"};
    const char *ops = struct_name(gen, unit);
    gen_line(gen, 1, "const %s_t *ops = (const %s_t *)operations;", ops, ops);
    gen_line(gen, 1, "if (HAS_OPERATION(%s_t, ops, %s))", ops, drop_operation(gen, resource));
    gen_line(gen, 2, "ops->%s(instance, (%s *)object, user);", drop_operation(gen, resource),
             gen_resource_type(gen, resource, false));
    gen_function(gen, gen_text(gen, "static void drop_%s(", resource_tail(gen, resource)), params,
                 4);
}

static void write_list(gen_t *gen, const char *type, const char *list, const char *const *items,
                       size_t len) {
    gen_declare(gen, list, gen->subject);
    buf_printf(&gen->source, "static const %s *const %s[] = {\n", type, list);
    for (size_t i = 0; i < len; i++)
        buf_printf(&gen->source, "    &%s,\n", items[i]);
    buf_append_text(&gen->source, "};\n\n");
}

static void write_interface(gen_t *gen, const gen_unit_t *unit) {
    size_t functions = unit->functions.len, resources = unit->resources.len;
    const char **items = arena_calloc(&gen->arena, functions + resources + 1, sizeof *items);
    if (items == NULL) {
        gen_no_memory(gen);
        return;
    }
    const char *name = struct_name(gen, unit);
    gen->subject = gen_text(gen, "the operations of \"%s\"", unit->module);
    gen_declare(gen, gen_text(gen, "interface_of_%s", name), gen->subject);
    for (size_t i = 0; i < functions; i++)
        items[i] =
            gen_text(gen, "import_%s", gen_function_name(gen, unit, unit->functions.items[i]));
    if (functions > 0)
        write_list(gen, "spin_abi_import_t", gen_text(gen, "functions_of_%s", name), items,
                   functions);
    for (size_t i = 0; i < resources; i++)
        items[i] = gen_resource_name(gen, unit->resources.items[i]);
    if (resources > 0)
        write_list(gen, "spin_abi_resource_t", gen_text(gen, "resources_of_%s", name), items,
                   resources);
    buf_printf(&gen->source,
               "static const spin_abi_interface_t interface_of_%s = {\n"
               "    /* size */ sizeof(spin_abi_interface_t),\n    /* module */ \"%s\",\n",
               name, unit->module);
    buf_printf(&gen->source, "    %s%s,\n    /* functions_len */ %zu,\n",
               functions > 0 ? "functions_of_" : "/* functions */ ", functions > 0 ? name : "NULL",
               functions);
    buf_printf(&gen->source, "    %s%s,\n    /* resources_len */ %zu,\n};\n\n",
               resources > 0 ? "resources_of_" : "/* resources */ ", resources > 0 ? name : "NULL",
               resources);
    const char *params[] = {"spin_engine_builder_t *builder",
                            gen_text(gen, "const %s_t *ops", name), "void *user"};
    gen_line(gen, 1, "return spin_abi_link(builder, &interface_of_%s, ops, user);", name);
    gen_function(gen, gen_text(gen, "spin_error_t *%s_%slink(", gen->prefix, unit->qualifier),
                 params, 3);
}

void gen_resources(gen_t *gen, const gen_unit_t *unit) {
    for (size_t i = 0; i < unit->resources.len; i++) {
        const wit_typedef_t *resource = unit->resources.items[i];
        gen->subject = gen_text(gen, "resource \"%.*s\"", SLICE_ARG(resource->name));
        gen_declare(gen, gen_resource_name(gen, resource), gen->subject);
        write_drop(gen, unit, resource);
        buf_printf(&gen->source,
                   "static const spin_abi_resource_t %s = {\n"
                   "    /* size */ sizeof(spin_abi_resource_t),\n    /* name */ \"%.*s\",\n"
                   "    drop_%s,\n};\n\n",
                   gen_resource_name(gen, resource), SLICE_ARG(resource->name),
                   resource_tail(gen, resource));
    }
}

void gen_exports(gen_t *gen, const gen_unit_t *unit) {
    if (unit->functions.len == 0 && unit->resources.len == 0)
        return;
    write_operations(gen, unit);
    for (size_t i = 0; i < unit->functions.len && gen->error == NULL; i++) {
        host_t host = host_function(gen, unit, unit->functions.items[i]);
        if (gen->error != NULL)
            return;
        const char *spoken = gen_spoken_name(gen, unit, host.function);
        gen->subject = gen_text(gen, "function \"%s\"", spoken);
        buf_printf(&gen->source, "/* ── %s, implemented ── */\n\n", spoken);
        write_lift(&host);
        write_invoke(&host);
        write_measure(&host);
        write_lower(&host);
        write_descriptor(&host);
    }
    if (gen->error == NULL)
        write_interface(gen, unit);
}
