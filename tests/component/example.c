/* component_example COMPONENT: the example of docs/components.md. */
#include <stdio.h>

#include "spin/component.h"

/* doc: call-a-component */
/* What the component imports as `log: func(line: string)` of "example:app/host". */
static spin_error_t *print_line(spin_host_call_t *call, const spin_function_t *type,
                                const spin_value_t *args, size_t args_len, spin_value_t *result,
                                void *user) {
    (void)call, (void)type, (void)args_len, (void)result, (void)user;
    printf("%.*s\n", (int)args[0].of.text.len, (const char *)args[0].of.text.ptr);
    return NULL;
}

static spin_error_t *greet(const char *path) {
    spin_wasm_component_t *component = NULL;
    spin_engine_builder_t *builder = NULL;
    spin_execution_context_t *context = NULL;
    spin_instance_t *instance = NULL;
    spin_slice_t id = spin_slice("greeter");

    /* Once: read it, say what it may import, compile it. */
    spin_error_t *error = spin_wasm_component_load(path, NULL, &component);
    if (error == NULL)
        error = spin_engine_builder_new(NULL, NULL, &builder);
    if (error == NULL)
        error = spin_engine_builder_add_component(builder, id, component);
    if (error == NULL)
        error = spin_component_define_function(builder, spin_slice("example:app/host"),
                                               spin_slice("log"), print_line, NULL);
    if (error == NULL) {
        error = spin_engine_builder_build(builder, &context);
        builder = NULL; /* taken in every case */
    }

    /* For each event: a fresh instance, a call, the end. */
    if (error == NULL)
        error = spin_execution_context_prepare_component(context, id, NULL, &instance);
    if (error == NULL) {
        spin_value_t name = {.kind = SPIN_TYPE_STRING, .of.text = spin_slice("you")}, result = {0};
        error = spin_component_call(instance, spin_slice("test:guests/text@1.0.0#greet"), &name, 1,
                                    &result);
        if (error == NULL)
            printf("%.*s\n", (int)result.of.text.len, (const char *)result.of.text.ptr);
        spin_value_clear(&result);
    }

    spin_instance_free(instance);
    spin_execution_context_free(context);
    spin_engine_builder_free(builder);
    spin_wasm_component_unref(component);
    return error;
}
/* doc: end */

int main(int argc, char **argv) {
    char text[1024];
    spin_error_t *error = argc == 2 ? greet(argv[1]) : spin_error_new(SPIN_ERROR_USAGE, "one file");
    if (error == NULL)
        return 0;
    spin_error_format(error, text, sizeof text);
    fprintf(stderr, "component_example: %s\n", text);
    spin_error_free(error);
    return 1;
}
