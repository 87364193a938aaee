/* <spin/wit.h>: loading, and finding functions in what was loaded. */
#include "base/alloc.h"
#include "base/options.h"
#include "wit/load.h"
#include "wit/resolve.h"

typedef struct loading {
    spin_wit_options_t options;
    spin_wit_t *wit;
    resolver_t resolver;
    const char *folder; /* where files of 2022 find others; NULL: they find none */
} loading_t;

/* ── files of 2022 ───────────────────────────────────────────────────────────────────────── */

static spin_error_t *add_2022(loading_t *loading, wit_ast_file_t *file, spin_slice_t stem,
                              resolve_unit_t **out);

static bool is_loaded(const loading_t *loading, spin_slice_t stem) {
    return map_find(&loading->resolver.stems, stem) != NULL;
}

/* Names are kebab-case, so that none leads out of the folder. */
static spin_error_t *load_beside(loading_t *loading, const wit_ast_path_t *path) {
    arena_t *arena = &loading->wit->arena;
    if (loading->folder == NULL || is_loaded(loading, path->name))
        return NULL;
    spin_slice_t name = arena_printf(arena, "%.*s.wit", SLICE_ARG(path->name));
    const char *found =
        name.ptr == NULL ? NULL : load_join(arena, loading->folder, (const char *)name.ptr);
    if (found == NULL)
        return error_no_memory();
    wit_ast_file_t *file;
    resolve_unit_t *unit;
    spin_error_t *error = load_file(arena, found, &file);
    if (error != NULL && spin_error_kind(error) == SPIN_ERROR_NOT_FOUND) {
        spin_error_free(error); /* the resolver says the same, and where */
        return NULL;
    }
    if (error == NULL && file->dialect != WIT_DIALECT_2022 && file->items.len > 0)
        error =
            RESOLVE_FAIL(path->place, "%s is not in the dialect of 2022, as this file is", found);
    if (error == NULL)
        error = add_2022(loading, file, path->name, &unit);
    return error;
}

static spin_error_t *add_2022(loading_t *loading, wit_ast_file_t *file, spin_slice_t stem,
                              resolve_unit_t **out) {
    resolver_t *resolver = &loading->resolver;
    spin_error_t *error = resolve_add_2022(resolver, file, stem, out);
    for (size_t i = 0; i < file->items.len && error == NULL; i++) {
        const wit_ast_item_t *item = &file->items.items[i];
        if (item->kind != WIT_AST_USE)
            continue;
        error = resolve_enter(resolver, 0, item->place);
        if (error != NULL)
            return error;
        error = load_beside(loading, &item->of.use.path);
        resolve_leave(resolver);
    }
    return error;
}

/* ── packages ────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *add_file(loading_t *loading, wit_ast_file_t *file, const char *path,
                              resolve_unit_t **out) {
    if (file->dialect == WIT_DIALECT_2022)
        return add_2022(loading, file, load_stem(path), out);
    return resolve_add_package(&loading->resolver, &file, 1, path, out);
}

static spin_error_t *check_dialects(const load_files_t *files) {
    for (size_t i = 1; i < files->len; i++) {
        const wit_ast_file_t *file = files->items[i];
        if (file->dialect != files->items[0]->dialect)
            return error_at(error_new(SPIN_ERROR_INVALID,
                                      "one of this file and %s is in the dialect of 2022, and the "
                                      "other is not",
                                      files->items[0]->file),
                            file->file, 1, 1);
    }
    return NULL;
}

static spin_error_t *add_files(loading_t *loading, const load_files_t *files, const char *path,
                               resolve_unit_t **out) {
    spin_error_t *error = check_dialects(files);
    if (error != NULL)
        return error;
    if (files->len == 0)
        return error_new(SPIN_ERROR_NOT_FOUND, "no .wit file in %s", path);
    if (files->items[0]->dialect == WIT_DIALECT_TODAY)
        return resolve_add_package(&loading->resolver, files->items, files->len, path, out);
    for (size_t i = 0; i < files->len && error == NULL; i++) {
        spin_slice_t stem = load_stem(files->items[i]->file);
        if (!is_loaded(loading, stem))
            error = add_2022(loading, files->items[i], stem, out);
    }
    return error;
}

/* The .wit files of one folder. */
static spin_error_t *add_folder(loading_t *loading, const char *path, resolve_unit_t **out) {
    arena_t *arena = &loading->wit->arena;
    load_names_t names = {0};
    load_files_t files = {0};
    spin_error_t *error = load_list(arena, path, &names);
    for (size_t i = 0; i < names.len && error == NULL; i++) {
        const char *file = load_join(arena, path, names.items[i]);
        wit_ast_file_t *tree;
        if (file == NULL)
            error = error_no_memory();
        else if (!load_is_wit(names.items[i]) || load_is_folder(file))
            continue;
        else
            error = load_file(arena, file, &tree);
        if (error == NULL && !VEC_PUSH(&files, tree))
            error = error_no_memory();
    }
    if (error == NULL)
        error = add_files(loading, &files, path, out);
    VEC_FREE(&files);
    VEC_FREE(&names);
    return error;
}

static spin_error_t *add_dependency(loading_t *loading, const char *path, const char *name) {
    resolve_unit_t *unit;
    wit_ast_file_t *file;
    if (path == NULL)
        return error_no_memory();
    if (load_is_folder(path))
        return add_folder(loading, path, &unit);
    if (!load_is_wit(name))
        return NULL;
    spin_error_t *error = load_file(&loading->wit->arena, path, &file);
    return error != NULL ? error : add_file(loading, file, path, &unit);
}

static spin_error_t *add_dependencies(loading_t *loading, const char *path) {
    arena_t *arena = &loading->wit->arena;
    const char *deps = load_join(arena, path, "deps");
    if (deps == NULL)
        return error_no_memory();
    if (!load_is_folder(deps))
        return NULL;
    load_names_t names = {0};
    spin_error_t *error = load_list(arena, deps, &names);
    for (size_t i = 0; i < names.len && error == NULL; i++)
        error = add_dependency(loading, load_join(arena, deps, names.items[i]), names.items[i]);
    VEC_FREE(&names);
    return error;
}

static spin_error_t *add_path(loading_t *loading, const char *path, resolve_unit_t **out) {
    arena_t *arena = &loading->wit->arena;
    if (load_is_folder(path)) {
        loading->folder = path;
        spin_error_t *error = add_dependencies(loading, path);
        return error != NULL ? error : add_folder(loading, path, out);
    }
    const char *slash = strrchr(path, '/');
    loading->folder = slash == NULL
                          ? "."
                          : arena_copy_text(arena, spin_slice_of(path, (size_t)(slash - path) + 1));
    if (loading->folder == NULL)
        return error_no_memory();
    wit_ast_file_t *file;
    spin_error_t *error = load_file(arena, path, &file);
    return error != NULL ? error : add_file(loading, file, path, out);
}

static spin_error_t *add_text(loading_t *loading, spin_slice_t text, const char *name,
                              resolve_unit_t **out) {
    arena_t *arena = &loading->wit->arena;
    wit_ast_file_t *file;
    spin_slice_t kept = arena_copy(arena, text);
    if (kept.ptr == NULL)
        return error_no_memory();
    spin_error_t *error = wit_parse_file(arena, kept, name, &file);
    return error != NULL ? error : add_file(loading, file, file->file, out);
}

/* ── loading ─────────────────────────────────────────────────────────────────────────────── */

/* One of `path` and `text` is given. */
static spin_error_t *load(const char *path, const spin_slice_t *text, const char *file,
                          const spin_wit_options_t *options, spin_wit_t **out) {
    loading_t loading = {0};
    *out = NULL;
    spin_error_t *error =
        options_take(&loading.options, sizeof loading.options, options, "spin_wit_options_t");
    if (error != NULL)
        return error;
    spin_wit_t *wit = loading.wit = mem_calloc(1, sizeof *wit);
    if (wit == NULL)
        return error_no_memory();
    arena_init(&wit->arena, 16384);
    resolver_init(&loading.resolver, wit, &loading.options);
    resolve_unit_t *root = NULL;
    error = text == NULL ? add_path(&loading, path, &root) : add_text(&loading, *text, file, &root);
    if (error == NULL)
        error = resolve_finish(&loading.resolver, root);
    resolver_deinit(&loading.resolver);
    if (error != NULL) {
        spin_wit_free(wit);
        return error;
    }
    *out = wit;
    return NULL;
}

spin_error_t *spin_wit_load(const char *path, const spin_wit_options_t *options, spin_wit_t **out) {
    *out = NULL;
    if (path == NULL)
        return error_new(SPIN_ERROR_USAGE, "spin_wit_load needs a path");
    return load(path, NULL, NULL, options, out);
}

spin_error_t *spin_wit_parse(spin_slice_t text, const char *file, const spin_wit_options_t *options,
                             spin_wit_t **out) {
    return load(NULL, &text, file == NULL ? "input.wit" : file, options, out);
}

void spin_wit_free(spin_wit_t *wit) {
    if (wit == NULL)
        return;
    arena_deinit(&wit->arena);
    mem_free(wit);
}
