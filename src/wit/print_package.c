/* spin_wit_print: a file, or the files of a package as one. */
#include "base/error.h"
#include "base/map.h"
#include "wit/load.h"
#include "wit/print.h"

/* ── one package out of several files ────────────────────────────────────────────────────── */

typedef struct merge {
    arena_t *arena;
    wit_ast_file_t *into;
    size_t room; /* of its items */
    size_t files;
    map_t uses; /* the `use`s at the top that are there already, as text */
} merge_t;

static spin_error_t *join_comments(arena_t *arena, wit_ast_comments_t *into,
                                   const wit_ast_comments_t *more) {
    if (more->len == 0)
        return NULL;
    if (into->len > 0)
        into->items[into->len - 1].blank_after = true;
    wit_ast_comment_t *joined = arena_calloc(arena, into->len + more->len, sizeof *joined);
    if (joined == NULL)
        return error_no_memory();
    if (into->len > 0)
        memcpy(joined, into->items, into->len * sizeof *joined);
    memcpy(joined + into->len, more->items, more->len * sizeof *joined);
    *into = (wit_ast_comments_t){joined, into->len + more->len};
    return NULL;
}

/* Whether the same `use` is there already, with the same name: then it is left out. */
static spin_error_t *is_repeated(merge_t *merge, const wit_ast_item_t *item, bool *out) {
    *out = false;
    if (item->kind != WIT_AST_TOP_USE || item->head.gates_len > 0)
        return NULL;
    buf_t buf = {0};
    wit_print_path(&buf, &item->of.use.path, WIT_DIALECT_TODAY);
    buf_printf(&buf, " %.*s", SLICE_ARG(item->name.text));
    spin_slice_t key =
        buf.failed ? (spin_slice_t){NULL, 0} : arena_copy(merge->arena, buf_slice(&buf));
    buf_deinit(&buf);
    if (key.ptr == NULL)
        return error_no_memory();
    *out = map_get(&merge->uses, key) != NULL;
    return *out || map_set(&merge->uses, key, merge) ? NULL : error_no_memory();
}

/* Room for `extra` more items, twice what there is at least. */
static bool reserve_items(merge_t *merge, size_t extra) {
    wit_ast_items_t *into = &merge->into->items;
    if (extra <= merge->room - into->len)
        return true;
    size_t room = into->len * 2 + extra;
    wit_ast_item_t *items = arena_calloc(merge->arena, room, sizeof *items);
    if (items == NULL)
        return false;
    if (into->len > 0)
        memcpy(items, into->items, into->len * sizeof *items);
    into->items = items;
    merge->room = room;
    return true;
}

static spin_error_t *add_items(merge_t *merge, const wit_ast_items_t *items) {
    wit_ast_items_t *into = &merge->into->items;
    if (!reserve_items(merge, items->len))
        return error_no_memory();
    for (size_t i = 0; i < items->len; i++) {
        bool repeated;
        spin_error_t *error = is_repeated(merge, &items->items[i], &repeated);
        if (error != NULL)
            return error;
        if (!repeated)
            into->items[into->len++] = items->items[i];
    }
    return join_comments(merge->arena, &into->tail, &items->tail);
}

static bool is_same_package(const wit_ast_package_t *a, const wit_ast_package_t *b) {
    return slice_equal(a->ns, b->ns) && slice_equal(a->name, b->name) &&
           slice_equal(a->version, b->version);
}

static spin_error_t *add_file(merge_t *merge, const wit_ast_file_t *file) {
    wit_ast_file_t *into = merge->into;
    merge->files++;
    if (file->dialect == WIT_DIALECT_2022)
        return error_at(error_new(SPIN_ERROR_UNSUPPORTED,
                                  "a file of the dialect of 2022 is an interface by itself: print "
                                  "the files of this folder one by one"),
                        file->file, 0, 0);
    if (file->has_package && into->has_package && !is_same_package(&file->package, &into->package))
        return error_at(error_new(SPIN_ERROR_INVALID, "this file is of another package than %s",
                                  into->package.place.file),
                        file->file, file->package.place.line, file->package.place.column);
    if (file->has_package && !into->has_package) {
        into->has_package = true;
        into->package = file->package;
    }
    spin_error_t *error = join_comments(merge->arena, &into->head.comments, &file->head.comments);
    return error != NULL ? error : add_items(merge, &file->items);
}

static spin_error_t *add_path(merge_t *merge, const char *folder, const char *name) {
    const char *path = load_join(merge->arena, folder, name);
    if (path == NULL)
        return error_no_memory();
    if (!load_is_wit(name) || load_is_folder(path))
        return NULL;
    wit_ast_file_t *file;
    spin_error_t *error = load_file(merge->arena, path, &file);
    return error != NULL ? error : add_file(merge, file);
}

static spin_error_t *parse_folder(arena_t *arena, const char *path, wit_ast_file_t **out) {
    merge_t merge = {.arena = arena, .into = arena_calloc(arena, 1, sizeof **out)};
    load_names_t names = {0};
    spin_error_t *error = merge.into == NULL ? error_no_memory() : load_list(arena, path, &names);
    for (size_t i = 0; i < names.len && error == NULL; i++)
        error = add_path(&merge, path, names.items[i]);
    if (error == NULL && merge.files == 0)
        error = error_new(SPIN_ERROR_NOT_FOUND, "%s: there is no .wit file in this folder", path);
    map_deinit(&merge.uses);
    VEC_FREE(&names);
    *out = merge.into;
    return error;
}

spin_error_t *spin_wit_print(const char *path, spin_string_t *out) {
    if (out == NULL || path == NULL)
        return error_new(SPIN_ERROR_USAGE, "spin_wit_print needs a path and where to put the text");
    *out = (spin_string_t){NULL, 0};
    arena_t arena = {0};
    buf_t buf = {0};
    wit_ast_file_t *file;
    spin_error_t *error =
        load_is_folder(path) ? parse_folder(&arena, path, &file) : load_file(&arena, path, &file);
    if (error != NULL)
        goto out;
    wit_print_file(&buf, file);
    if (buf.failed) {
        error = error_no_memory();
        goto out;
    }
    *out = buf_slice(&buf);
    buf = (buf_t){0};
out:
    buf_deinit(&buf);
    arena_deinit(&arena);
    return error;
}
