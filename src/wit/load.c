#include "wit/load.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"

static spin_error_t *read_all(int fd, const char *path, buf_t *out) {
    enum { STEP = 16384 };
    struct stat info;
    if (fstat(fd, &info) != 0)
        return error_from_errno(errno, "can't read %s", path);
    if (!S_ISREG(info.st_mode))
        return error_new(SPIN_ERROR_INVALID, "%s is not a regular file", path);
    for (;;) {
        if (out->len > LOAD_MAX_FILE)
            return error_new(SPIN_ERROR_LIMIT, "%s is larger than %d MiB", path,
                             LOAD_MAX_FILE >> 20);
        if (!buf_reserve(out, STEP))
            return error_no_memory();
        ssize_t got = read(fd, out->ptr + out->len, STEP);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_from_errno(errno, "can't read %s", path);
        if (got == 0)
            return NULL;
        out->len += (size_t)got;
    }
}

spin_error_t *load_file(arena_t *arena, const char *path, wit_ast_file_t **out) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return error_from_errno(errno, "can't open %s", path);
    buf_t text = {0};
    spin_error_t *error = read_all(fd, path, &text);
    close(fd);
    if (error == NULL) {
        spin_slice_t kept = arena_copy(arena, buf_slice(&text));
        error = kept.ptr == NULL ? error_no_memory() : wit_parse_file(arena, kept, path, out);
    }
    buf_deinit(&text);
    return error;
}

const char *load_join(arena_t *arena, const char *folder, const char *name) {
    size_t len = strlen(folder);
    const char *slash = len > 0 && folder[len - 1] == '/' ? "" : "/";
    return (const char *)arena_printf(arena, "%s%s%s", folder, slash, name).ptr;
}

bool load_is_folder(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool load_is_wit(const char *name) {
    spin_slice_t text = spin_slice(name);
    return text.len > 4 && slice_ends_with(text, SLICE_LITERAL(".wit"));
}

spin_slice_t load_stem(const char *path) {
    const char *slash = strrchr(path, '/');
    spin_slice_t name = spin_slice(slash == NULL ? path : slash + 1);
    if (load_is_wit((const char *)name.ptr))
        name.len -= 4;
    return name;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

spin_error_t *load_list(arena_t *arena, const char *path, load_names_t *out) {
    DIR *folder = opendir(path);
    if (folder == NULL)
        return error_from_errno(errno, "can't open folder %s", path);
    spin_error_t *error = NULL;
    for (const struct dirent *entry; error == NULL && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        const char *name = arena_copy_text(arena, spin_slice(entry->d_name));
        if (name == NULL || !VEC_PUSH(out, name))
            error = error_no_memory();
        else if (out->len > LOAD_MAX_FILES)
            error = error_new(SPIN_ERROR_LIMIT, "more than %d files in %s", LOAD_MAX_FILES, path);
    }
    closedir(folder);
    /* The order of a folder is chance, that of results must not be. */
    if (error == NULL && out->len > 0)
        qsort(out->items, out->len, sizeof *out->items, compare_names);
    return error;
}
