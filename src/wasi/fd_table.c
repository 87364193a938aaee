#include "wasi/fd_table.h"

#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "wasi/fd_dir.h"
#include "wasi/state.h"

wasi_filetype_t wasi_filetype_of_mode(unsigned mode) {
    switch (mode & S_IFMT) {
    case S_IFREG: return WASI_FILETYPE_REGULAR_FILE;
    case S_IFDIR: return WASI_FILETYPE_DIRECTORY;
    case S_IFLNK: return WASI_FILETYPE_SYMBOLIC_LINK;
    case S_IFCHR: return WASI_FILETYPE_CHARACTER_DEVICE;
    case S_IFBLK: return WASI_FILETYPE_BLOCK_DEVICE;
    case S_IFSOCK: return WASI_FILETYPE_SOCKET_STREAM;
    default: return WASI_FILETYPE_UNKNOWN; /* witx has no pipes */
    }
}

/* ── the descriptors that every instance begins with ── */

/* A guest takes a character device that can't seek for a terminal (wasi-libc's isatty), so only a
 * terminal is shown as one. */
static void init_stream(wasi_fd_t *entry) {
    struct stat info;
    entry->kind = WASI_FD_STREAM;
    if (fstat(entry->host, &info) != 0)
        return;
    if (S_ISREG(info.st_mode)) {
        entry->filetype = WASI_FILETYPE_REGULAR_FILE;
        entry->rights_base |= WASI_RIGHT_FD_SEEK | WASI_RIGHT_FD_TELL;
    } else if (S_ISSOCK(info.st_mode) || (S_ISCHR(info.st_mode) && isatty(entry->host))) {
        entry->filetype = (uint8_t)wasi_filetype_of_mode(info.st_mode);
    }
}

static wasi_fd_t stdio_entry(const wasi_state_t *state, uint8_t index) {
    const spin_redirect_t *redirect = &state->stdio[index];
    wasi_fd_t entry = {.kind = WASI_FD_NULL, .stdio = index, .shared = true, .host = -1};
    entry.rights_base = (index == 0 ? WASI_RIGHT_FD_READ : WASI_RIGHT_FD_WRITE) |
                        WASI_RIGHT_FD_FDSTAT_SET_FLAGS | WASI_RIGHT_FD_SYNC |
                        WASI_RIGHT_FD_DATASYNC | WASI_RIGHT_FD_FILESTAT_GET |
                        WASI_RIGHT_POLL_FD_READWRITE;
    if (redirect->kind == SPIN_REDIRECT_BYTES && index == 0) {
        entry.kind = WASI_FD_BYTES;
    } else if (redirect->kind == SPIN_REDIRECT_SINK && index != 0) {
        entry.kind = WASI_FD_SINK;
    } else if (redirect->kind == SPIN_REDIRECT_FD) {
        entry.host = redirect->fd;
        init_stream(&entry);
    }
    return entry;
}

static wasi_fd_t preopen_entry(const wasi_mount_t *mount) {
    return (wasi_fd_t){
        .kind = WASI_FD_DIR,
        .filetype = WASI_FILETYPE_DIRECTORY,
        .read_only = mount->read_only,
        .shared = true,
        .host = mount->fd,
        .rights_base = WASI_RIGHTS_DIRECTORY,
        .rights_inheriting = WASI_RIGHTS_ALL,
        .preopen = mount,
    };
}

static bool table_start(wasi_state_t *state) {
    wasi_fd_table_t *table = &state->fds;
    const wasi_shared_t *shared = state->shared;
    uint32_t len = 3 + shared->mounts_len;
    wasi_fd_t *items = table->inline_items;
    if (len > WASI_FD_INLINE)
        items = mem_alloc(len * sizeof *items);
    if (items == NULL)
        return false;
    for (uint8_t i = 0; i < 3; i++)
        items[i] = stdio_entry(state, i);
    for (uint32_t i = 0; i < shared->mounts_len; i++)
        items[3 + i] = preopen_entry(&shared->mounts[i]);
    table->items = items;
    table->len = table->lowest_free = len;
    table->cap = len > WASI_FD_INLINE ? len : WASI_FD_INLINE;
    return true;
}

/* ── the table ── */

wasi_errno_t fd_table_get(wasi_call_t *call, uint32_t fd, uint32_t rights, wasi_fd_t **out) {
    wasi_fd_table_t *table = &call->state->fds;
    if (table->items == NULL && !table_start(call->state))
        return WASI_ERRNO_NOMEM;
    if (fd >= table->len || table->items[fd].kind == WASI_FD_FREE)
        return WASI_ERRNO_BADF;
    wasi_fd_t *entry = &table->items[fd];
    if ((entry->rights_base & rights) != rights) {
        if (entry->kind < WASI_FD_FILE && (rights & (WASI_RIGHT_FD_SEEK | WASI_RIGHT_FD_TELL)) != 0)
            return WASI_ERRNO_SPIPE;
        if (entry->kind == WASI_FD_DIR)
            return (rights & WASI_RIGHTS_DIRECTORY) == rights ? WASI_ERRNO_NOTCAPABLE
                                                              : WASI_ERRNO_ISDIR;
        return (rights & WASI_RIGHTS_FILE) == rights ? WASI_ERRNO_NOTCAPABLE : WASI_ERRNO_NOTDIR;
    }
    *out = entry;
    return WASI_ERRNO_SUCCESS;
}

static bool table_grow(wasi_fd_table_t *table) {
    uint32_t cap = table->cap * 2;
    bool was_inline = table->items == table->inline_items;
    wasi_fd_t *items = mem_resize(was_inline ? NULL : table->items, cap, sizeof *items);
    if (items == NULL)
        return false;
    if (was_inline)
        memcpy(items, table->inline_items, table->len * sizeof *items);
    table->items = items;
    table->cap = cap;
    return true;
}

/* By the guests of all contexts, as the limit is that of the process. */
static atomic_uint held_by_all;

wasi_errno_t fd_table_hold(wasi_call_t *call) {
    wasi_fd_table_t *table = &call->state->fds;
    const wasi_shared_t *shared = call->state->shared;
    if (table->held >= shared->host_fds_each)
        return WASI_ERRNO_MFILE;
    if (atomic_fetch_add_explicit(&held_by_all, 1, memory_order_relaxed) >= shared->host_fds) {
        atomic_fetch_sub_explicit(&held_by_all, 1, memory_order_relaxed);
        return WASI_ERRNO_NFILE;
    }
    table->held++;
    return WASI_ERRNO_SUCCESS;
}

void fd_table_unhold(wasi_fd_table_t *table) {
    table->held--;
    atomic_fetch_sub_explicit(&held_by_all, 1, memory_order_relaxed);
}

static void release(wasi_fd_table_t *table, wasi_fd_t *entry) {
    if (entry->stream != NULL) {
        dir_stream_free(entry->stream);
        fd_table_unhold(table);
    }
    if (!entry->shared && entry->host >= 0) {
        close(entry->host);
        fd_table_unhold(table);
    }
    *entry = (wasi_fd_t){0};
}

wasi_errno_t fd_table_add(wasi_call_t *call, const wasi_fd_t *entry, uint32_t *out) {
    wasi_fd_table_t *table = &call->state->fds;
    wasi_errno_t error = WASI_ERRNO_SUCCESS;
    uint32_t fd = table->lowest_free;
    while (fd < table->len && table->items[fd].kind != WASI_FD_FREE)
        fd++;
    if (fd >= WASI_FD_LIMIT)
        error = WASI_ERRNO_MFILE;
    else if (fd == table->cap && !table_grow(table))
        error = WASI_ERRNO_NOMEM;
    else
        error = fd_table_hold(call);
    if (error != WASI_ERRNO_SUCCESS) {
        close(entry->host);
        return error;
    }
    if (fd == table->len)
        table->len++;
    table->items[fd] = *entry;
    table->lowest_free = fd + 1;
    *out = fd;
    return WASI_ERRNO_SUCCESS;
}

wasi_errno_t fd_table_close(wasi_call_t *call, uint32_t fd) {
    wasi_fd_t *entry;
    wasi_errno_t error = fd_table_get(call, fd, 0, &entry);
    if (error != WASI_ERRNO_SUCCESS)
        return error;
    release(&call->state->fds, entry);
    if (fd < call->state->fds.lowest_free)
        call->state->fds.lowest_free = fd;
    return WASI_ERRNO_SUCCESS;
}

wasi_errno_t fd_table_renumber(wasi_call_t *call, uint32_t from, uint32_t to) {
    wasi_fd_t *source;
    wasi_fd_t *target;
    wasi_errno_t error = fd_table_get(call, from, 0, &source);
    if (error == WASI_ERRNO_SUCCESS)
        error = fd_table_get(call, to, 0, &target);
    if (error != WASI_ERRNO_SUCCESS || from == to)
        return error;
    release(&call->state->fds, target);
    *target = *source;
    *source = (wasi_fd_t){0};
    if (from < call->state->fds.lowest_free)
        call->state->fds.lowest_free = from;
    return WASI_ERRNO_SUCCESS;
}

void fd_table_deinit(wasi_fd_table_t *table) {
    for (uint32_t i = 0; i < table->len; i++)
        if (table->items[i].kind != WASI_FD_FREE)
            release(table, &table->items[i]);
    if (table->items != table->inline_items)
        mem_free(table->items);
}
