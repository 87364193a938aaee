#include "loader/assets.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "base/vec.h"
#include "loader/glob.h"
#include "loader/workdir.h"

typedef struct walk {
    assets_t *assets;
    arena_t *arena;
    const beneath_t *root;
    const manifest_list_t *exclude; /* normalised */
    manifest_position_t at;
    const spin_slice_t *parts; /* of the pattern, below where the walk begins */
    size_t parts_len;
    size_t strip;       /* bytes of a source path that its target does not have */
    const char *prefix; /* of targets: "" or "a/b/" */
    size_t found;
} walk_t;

/* The folders from the start of a walk down to here: a link to one of them would never end. */
typedef struct trail {
    dev_t device;
    ino_t inode;
    const struct trail *up;
} trail_t;

typedef struct name {
    const char *text;
    bool may_be_folder;
    bool is_file; /* for sure */
} name_t;

typedef VEC(name_t) names_t;

void assets_deinit(assets_t *assets) {
    map_deinit(&assets->by_target);
    *assets = (assets_t){0};
}

spin_error_t *assets_error_at(spin_error_t *error, const char *manifest,
                              const spin_component_t *component, manifest_position_t at) {
    error = error_wrap(error, "component \"%.*s\": files", SLICE_ARG(component->id));
    return error_at(error, manifest, at.line, at.column);
}

/* ── listing ─────────────────────────────────────────────────────────────────────────────── */

static bool is_excluded(const walk_t *walk, const char *source) {
    for (size_t i = 0; i < walk->exclude->len; i++)
        if (glob_match(walk->exclude->items[i], spin_slice(source)))
            return true;
    return false;
}

static spin_error_t *add(walk_t *walk, const char *source) {
    walk->found++;
    if (is_excluded(walk, source))
        return NULL;
    spin_slice_t target = arena_printf(walk->arena, "%s%s", walk->prefix, source + walk->strip);
    if (target.ptr == NULL)
        return error_no_memory();
    asset_t *asset = map_get(&walk->assets->by_target, target);
    if (asset == NULL) {
        asset = arena_calloc(walk->arena, 1, sizeof *asset);
        if (asset == NULL || !map_set(&walk->assets->by_target, target, asset))
            return error_no_memory();
        *(walk->assets->first == NULL ? &walk->assets->first : &walk->assets->last->next) = asset;
        walk->assets->last = asset;
    }
    asset->source = source;
    asset->target = (const char *)target.ptr;
    asset->at = walk->at;
    return NULL;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(((const name_t *)a)->text, ((const name_t *)b)->text);
}

static spin_error_t *read_names(walk_t *walk, DIR *folder, const char *path, names_t *out) {
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(folder);
        if (entry == NULL)
            break;
        spin_slice_t text = spin_slice(entry->d_name);
        if (slice_equal(text, SLICE_LITERAL(".")) || slice_equal(text, SLICE_LITERAL("..")))
            continue;
        if (!slice_is_utf8(text, NULL)) {
            LOG_WARN("a file name that is not UTF-8 is left out", LOG_TEXT("folder", path));
            continue;
        }
        name_t name = {arena_copy_text(walk->arena, text),
                       entry->d_type == DT_DIR || entry->d_type == DT_LNK ||
                           entry->d_type == DT_UNKNOWN,
                       entry->d_type == DT_REG};
        if (name.text == NULL || !VEC_PUSH(out, name))
            return error_no_memory();
    }
    if (errno != 0)
        return error_from_errno(errno, "can't read the folder \"%s\"", path);
    if (out->len > 1)
        qsort(out->items, out->len, sizeof *out->items, compare_names);
    return NULL;
}

/* Lists a folder by name; nothing where `path` is none, one of the trail, or holds copies: those of
 * one load would be copied by the next. */
static spin_error_t *list(walk_t *walk, const char *path, const trail_t *up, trail_t *here,
                          names_t *out) {
    int fd = beneath_open(walk->root, path, O_RDONLY | O_DIRECTORY);
    if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
        return NULL;
    if (fd < 0)
        return beneath_error(-fd, path);
    struct stat info;
    DIR *folder = fstat(fd, &info) == 0 ? fdopendir(fd) : NULL;
    if (folder == NULL) {
        spin_error_t *error = error_from_errno(errno, "can't read the folder \"%s\"", path);
        close(fd);
        return error;
    }
    *here = (trail_t){info.st_dev, info.st_ino, up};
    spin_error_t *error = NULL;
    while (up != NULL && (up->device != info.st_dev || up->inode != info.st_ino))
        up = up->up;
    if (up == NULL && !workdir_is_one(fd))
        error = read_names(walk, folder, path, out);
    closedir(folder);
    return error;
}

/* ── matching ────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *visit(walk_t *walk, const char *path, size_t part, const trail_t *up);

static const char *join(arena_t *arena, const char *folder, const char *name) {
    if (folder[0] == '\0')
        return name;
    return (const char *)arena_printf(arena, "%s/%s", folder, name).ptr;
}

static bool is_recursive(spin_slice_t part) {
    return slice_equal(part, SLICE_LITERAL("**"));
}

/* A path that matches the whole pattern: counts where it is a file. */
static spin_error_t *take(walk_t *walk, const char *path) {
    int fd = beneath_open(walk->root, path, O_PATH);
    if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP) /* a dangling link */
        return NULL;
    if (fd < 0)
        return beneath_error(-fd, path);
    struct stat info;
    bool is_file = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    close(fd);
    return is_file ? add(walk, path) : NULL;
}

static spin_error_t *visit_name(walk_t *walk, const char *path, const name_t *name, size_t part,
                                const trail_t *here) {
    spin_slice_t pattern = walk->parts[part];
    bool last = part + 1 == walk->parts_len;
    if (is_recursive(pattern)) {
        if (!name->may_be_folder)
            return NULL;
    } else if (!glob_match(pattern, spin_slice(name->text)) || (!last && !name->may_be_folder))
        return NULL;
    const char *child = join(walk->arena, path, name->text);
    if (child == NULL)
        return error_no_memory();
    if (is_recursive(pattern))
        return visit(walk, child, part, here);
    return last && name->is_file ? add(walk, child) : visit(walk, child, part + 1, here);
}

/* Goes on below `path`, which matches the pattern up to `part`. As deep as the folders are, whose
 * paths the system limits. */
static spin_error_t *visit(walk_t *walk, const char *path, size_t part, const trail_t *up) {
    if (part == walk->parts_len)
        return take(walk, path);
    spin_slice_t pattern = walk->parts[part];
    if (!glob_is_pattern(pattern)) {
        const char *text = arena_copy_text(walk->arena, pattern);
        const char *child = text == NULL ? NULL : join(walk->arena, path, text);
        return child == NULL ? error_no_memory() : visit(walk, child, part + 1, up);
    }
    spin_error_t *error = NULL;
    if (is_recursive(pattern)) { /* no folder at all */
        size_t next = part + 1;
        while (next < walk->parts_len && is_recursive(walk->parts[next]))
            next++;
        part = next - 1;
        error = visit(walk, path, next, up);
    }
    names_t names = {0};
    trail_t here;
    if (error == NULL)
        error = list(walk, path, up, &here, &names);
    for (size_t i = 0; i < names.len && error == NULL; i++)
        error = visit_name(walk, path, &names.items[i], part, &here);
    VEC_FREE(&names);
    return error;
}

/* ── entries ─────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *collect_folder(walk_t *walk, const char *path) {
    static const spin_slice_t everything[] = {{(const uint8_t *)"**", 2},
                                              {(const uint8_t *)"*", 1}};
    walk->parts = everything;
    walk->parts_len = 2;
    return visit(walk, path, 0, NULL);
}

/* A name without wildcards: it must be there. */
static spin_error_t *collect_named(walk_t *walk, const char *path) {
    int fd = beneath_open(walk->root, path, O_PATH);
    if (fd < 0)
        return beneath_error(-fd, path);
    struct stat info;
    int number = fstat(fd, &info) == 0 ? 0 : errno;
    close(fd);
    if (number != 0)
        return error_from_errno(number, "\"%s\"", path);
    if (S_ISDIR(info.st_mode))
        return collect_folder(walk, path);
    if (!S_ISREG(info.st_mode))
        return error_new(SPIN_ERROR_INVALID, "\"%s\" is neither a file nor a folder", path);
    return add(walk, path);
}

static spin_error_t *check_pattern(spin_slice_t pattern) {
    const char *reason = glob_check(pattern);
    if (reason == NULL)
        return NULL;
    return error_new(SPIN_ERROR_INVALID, "\"%.*s\" is not a pattern: %s", SLICE_ARG(pattern),
                     reason);
}

static spin_error_t *collect_pattern(walk_t *walk, spin_slice_t pattern) {
    const char *path;
    spin_error_t *error = check_pattern(pattern);
    if (error == NULL)
        error = beneath_normalise(walk->arena, pattern, &path);
    if (error != NULL)
        return error;
    if (!glob_is_pattern(pattern))
        return collect_named(walk, path);
    VEC(spin_slice_t) parts = {0};
    for (spin_slice_t rest = spin_slice(path); rest.len > 0 && error == NULL;) {
        spin_slice_t part = spin_slice_of(rest.ptr, slice_find(rest, '/'));
        error = check_pattern(part); /* a set can't hold a slash here */
        if (error == NULL && !VEC_PUSH(&parts, part))
            error = error_no_memory();
        rest = slice_from(rest, part.len + 1);
    }
    walk->parts = parts.items;
    walk->parts_len = parts.len;
    if (error == NULL)
        error = visit(walk, "", 0, NULL);
    if (error == NULL && walk->found == 0) {
        bool folders = slice_ends_with(pattern, SLICE_LITERAL("**"));
        LOG_WARN(folders ? "no file matches: \"**\" stands for folders, \"**/*\" for their files"
                         : "no file matches",
                 LOG_SLICE("pattern", pattern));
    }
    VEC_FREE(&parts);
    return error;
}

spin_error_t *assets_destination(arena_t *arena, spin_slice_t destination, const char **out) {
    if (destination.len == 0 || destination.ptr[0] != '/')
        return error_new(SPIN_ERROR_INVALID, "the destination \"%.*s\" must begin with \"/\"",
                         SLICE_ARG(destination));
    while (destination.len > 0 && destination.ptr[0] == '/')
        destination = slice_from(destination, 1);
    if (destination.len == 0) {
        *out = "";
        return NULL;
    }
    spin_error_t *error = beneath_normalise(arena, destination, out);
    return error == NULL ? NULL : error_wrap(error, "destination");
}

static spin_error_t *collect_placement(walk_t *walk, const manifest_files_entry_t *entry) {
    const char *source, *destination;
    spin_error_t *error = beneath_normalise(walk->arena, entry->source, &source);
    if (error == NULL)
        error = assets_destination(walk->arena, entry->destination, &destination);
    if (error != NULL)
        return error;
    int fd = beneath_open(walk->root, source, O_PATH | O_DIRECTORY);
    if (fd == -ENOTDIR)
        return error_new(SPIN_ERROR_INVALID,
                         "\"%s\" is not a folder; only folders have a destination", source);
    if (fd < 0)
        return beneath_error(-fd, source);
    close(fd);
    spin_slice_t prefix = arena_printf(walk->arena, "%s/", destination);
    if (prefix.ptr == NULL)
        return error_no_memory();
    walk->prefix = destination[0] == '\0' ? "" : (const char *)prefix.ptr;
    walk->strip = source[0] == '\0' ? 0 : strlen(source) + 1;
    return collect_folder(walk, source);
}

static spin_error_t *normalise_excludes(arena_t *arena, const spin_component_t *component,
                                        manifest_list_t *out) {
    *out = (manifest_list_t){
        arena_calloc(arena, component->exclude_files.len + 1, sizeof *out->items), 0};
    if (out->items == NULL)
        return error_no_memory();
    for (size_t i = 0; i < component->exclude_files.len; i++) {
        const char *path;
        spin_error_t *error = check_pattern(component->exclude_files.items[i]);
        if (error == NULL)
            error = beneath_normalise(arena, component->exclude_files.items[i], &path);
        if (error != NULL)
            return error_wrap(error, "exclude_files");
        out->items[out->len++] = spin_slice(path);
    }
    return NULL;
}

spin_error_t *assets_collect(assets_t *assets, arena_t *arena, const beneath_t *root,
                             const char *manifest, const spin_component_t *component) {
    manifest_list_t exclude;
    spin_error_t *error = normalise_excludes(arena, component, &exclude);
    if (error != NULL)
        return assets_error_at(error, manifest, component, component->at);
    /* As ever, placements come after patterns, and win. */
    for (int placements = 0; placements <= 1; placements++)
        for (size_t i = 0; i < component->files_len; i++) {
            const manifest_files_entry_t *entry = &component->files[i];
            if ((entry->pattern.ptr == NULL) != placements)
                continue;
            walk_t walk = {.assets = assets,
                           .arena = arena,
                           .root = root,
                           .exclude = &exclude,
                           .at = entry->at,
                           .prefix = ""};
            error = placements ? collect_placement(&walk, entry)
                               : collect_pattern(&walk, entry->pattern);
            if (error != NULL)
                return assets_error_at(error, manifest, component, entry->at);
        }
    return NULL;
}
