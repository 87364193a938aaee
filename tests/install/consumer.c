/* What somebody who embeds an installed libspin writes: our interface and the engine's, together.
 */
#include <spin/spin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasmtime.h>

/* Names that libspin has inside: they must stay there. */
int log_level_now = 7;
void buf_append(void);
void buf_append(void) {
    abort();
}

static const char manifest[] = "spin_version = \"1\"\nname = \"consumer\"\nversion = \"1.0.0\"\n"
                               "trigger = { type = \"http\", base = \"/\" }\n[[component]]\n"
                               "id = \"it\"\nsource = \"it.wasm\"\n[component.trigger]\n"
                               "route = \"/\"\n";

static wasm_trap_t *answer(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *args,
                           size_t args_len, wasmtime_val_t *results, size_t results_len) {
    (void)env, (void)caller, (void)args, (void)args_len, (void)results, (void)results_len;
    return NULL;
}

static spin_error_t *add_function(spin_application_t *application) {
    spin_engine_builder_t *builder;
    spin_error_t *error = spin_engine_builder_new(application, NULL, &builder);
    if (error != NULL)
        return error;
    wasm_functype_t *type = wasm_functype_new_0_0();
    wasmtime_error_t *refused = wasmtime_linker_define_func(
        spin_engine_builder_linker(builder), "consumer", 8, "answer", 6, type, answer, NULL, NULL);
    if (refused != NULL)
        abort();
    wasm_functype_delete(type);
    spin_engine_builder_free(builder);
    return NULL;
}

int main(void) {
    spin_application_t *application = NULL;
    spin_error_t *error = spin_application_parse(spin_slice(manifest), "spin.toml", &application);
    if (error == NULL)
        error = add_function(application);
    if (error != NULL) {
        char text[256];
        spin_error_format(error, text, sizeof text);
        fprintf(stderr, "%s\n", text);
        return 1;
    }
    spin_application_unref(application);
    if (strcmp(spin_version(), SPIN_VERSION) != 0 || log_level_now != 7 ||
        strcmp(spin_engine_version(), WASMTIME_VERSION) != 0)
        return 1;
    printf("spin %s on %s\n", spin_version(), spin_engine_version());
    return 0;
}
