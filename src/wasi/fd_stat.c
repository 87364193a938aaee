#include "wasi/fd_stat.h"

#include <fcntl.h>
#include <unistd.h>

#include "wasi/errno.h"
#include "wasi/functions.h"
#include "wasi/memory.h"

static const uint64_t ns_per_s = 1000 * 1000 * 1000;

static uint64_t ns_of(struct timespec time) {
    return time.tv_sec < 0 ? 0 : (uint64_t)time.tv_sec * ns_per_s + (uint64_t)time.tv_nsec;
}

wasi_errno_t filestat_store(wasi_call_t *call, uint32_t ptr, const struct stat *info) {
    wasi_filestat_t filestat = {
        .dev = info->st_dev,
        .ino = info->st_ino,
        .filetype = (uint8_t)wasi_filetype_of_mode(info->st_mode),
        .nlink = info->st_nlink,
        .size = (uint64_t)info->st_size,
        .atim = ns_of(info->st_atim),
        .mtim = ns_of(info->st_mtim),
        .ctim = ns_of(info->st_ctim),
    };
    return memory_store(call, ptr, &filestat, sizeof filestat, 8) ? WASI_ERRNO_SUCCESS
                                                                  : WASI_ERRNO_FAULT;
}

static struct timespec time_of(uint64_t ns, bool set, bool now) {
    if (now)
        return (struct timespec){.tv_nsec = UTIME_NOW};
    if (!set)
        return (struct timespec){.tv_nsec = UTIME_OMIT};
    return (struct timespec){(time_t)(ns / ns_per_s), (long)(ns % ns_per_s)};
}

wasi_errno_t filestat_times(const wasmtime_val_raw_t *args, size_t first, struct timespec out[2]) {
    uint32_t flags = arg_u32(args, first + 2);
    bool atim = (flags & WASI_FSTFLAG_ATIM) != 0;
    bool atim_now = (flags & WASI_FSTFLAG_ATIM_NOW) != 0;
    bool mtim = (flags & WASI_FSTFLAG_MTIM) != 0;
    bool mtim_now = (flags & WASI_FSTFLAG_MTIM_NOW) != 0;
    if ((flags & ~(uint32_t)WASI_FSTFLAGS_ALL) != 0 || (atim && atim_now) || (mtim && mtim_now))
        return WASI_ERRNO_INVAL;
    out[0] = time_of(arg_u64(args, first), atim, atim_now);
    out[1] = time_of(arg_u64(args, first + 1), mtim, mtim_now);
    return WASI_ERRNO_SUCCESS;
}

int host_flags_of_fdflags(uint32_t fdflags) {
    return O_NONBLOCK | ((fdflags & WASI_FDFLAG_APPEND) != 0 ? O_APPEND : 0) |
           ((fdflags & WASI_FDFLAG_DSYNC) != 0 ? O_DSYNC : 0) |
           ((fdflags & WASI_FDFLAG_RSYNC) != 0 ? O_RSYNC : 0) |
           ((fdflags & WASI_FDFLAG_SYNC) != 0 ? O_SYNC : 0);
}

/* ── the descriptor itself ── */

wasi_errno_t wasi_fd_close(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    return fd_table_close(call, arg_u32(args, 0));
}

wasi_errno_t wasi_fd_renumber(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    return fd_table_renumber(call, arg_u32(args, 0), arg_u32(args, 1));
}

wasi_errno_t wasi_fd_fdstat_get(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    wasi_fd_t *entry;
    wasi_errno_t error = fd_table_get(call, arg_u32(args, 0), 0, &entry);
    if (error != WASI_ERRNO_SUCCESS)
        return error;
    wasi_fdstat_t fdstat = {
        .filetype = entry->filetype,
        .flags = entry->flags,
        .rights_base = entry->rights_base,
        .rights_inheriting = entry->rights_inheriting,
    };
    return memory_store(call, arg_u32(args, 1), &fdstat, sizeof fdstat, 8) ? WASI_ERRNO_SUCCESS
                                                                           : WASI_ERRNO_FAULT;
}

/* Linux changes APPEND on an open file, and none of the syncing flags. What the caller of
 * prepare_component lent keeps its flags: other processes share them. */
wasi_errno_t wasi_fd_fdstat_set_flags(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    wasi_fd_t *entry;
    uint32_t flags = arg_u32(args, 1);
    wasi_errno_t error =
        fd_table_get(call, arg_u32(args, 0), WASI_RIGHT_FD_FDSTAT_SET_FLAGS, &entry);
    if (error != WASI_ERRNO_SUCCESS)
        return error;
    if ((flags & ~(uint32_t)WASI_FDFLAGS_ALL) != 0)
        return WASI_ERRNO_INVAL;
    if (((flags ^ entry->flags) & WASI_FDFLAGS_SYNCING) != 0)
        return WASI_ERRNO_NOTSUP;
    if (entry->kind == WASI_FD_FILE &&
        fcntl(entry->host, F_SETFL, host_flags_of_fdflags(flags)) != 0)
        return wasi_errno_of(-1);
    entry->flags = (uint16_t)flags;
    return WASI_ERRNO_SUCCESS;
}

/* Rights may be given up, never gained. */
wasi_errno_t wasi_fd_fdstat_set_rights(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    wasi_fd_t *entry;
    uint64_t base = arg_u64(args, 1);
    uint64_t inheriting = arg_u64(args, 2);
    wasi_errno_t error = fd_table_get(call, arg_u32(args, 0), 0, &entry);
    if (error != WASI_ERRNO_SUCCESS)
        return error;
    if ((base & ~(uint64_t)entry->rights_base) != 0 ||
        (inheriting & ~(uint64_t)entry->rights_inheriting) != 0)
        return WASI_ERRNO_NOTCAPABLE;
    entry->rights_base = (uint32_t)base;
    entry->rights_inheriting = (uint32_t)inheriting;
    return WASI_ERRNO_SUCCESS;
}

/* ── the file behind it ── */

wasi_errno_t wasi_fd_filestat_get(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    wasi_fd_t *entry;
    struct stat info = {0};
    wasi_errno_t error = fd_table_get(call, arg_u32(args, 0), WASI_RIGHT_FD_FILESTAT_GET, &entry);
    if (error != WASI_ERRNO_SUCCESS)
        return error;
    if (entry->host >= 0 && fstat(entry->host, &info) != 0)
        return wasi_errno_of(-1);
    return filestat_store(call, arg_u32(args, 1), &info);
}

/* The descriptor's file, for a change: `entry->read_only` forbids it whoever opened the file. */
static wasi_errno_t get_for_change(wasi_call_t *call, uint32_t fd, uint32_t right,
                                   wasi_fd_t **out) {
    wasi_errno_t error = fd_table_get(call, fd, right, out);
    return error == WASI_ERRNO_SUCCESS && (*out)->read_only ? WASI_ERRNO_ROFS : error;
}

wasi_errno_t wasi_fd_filestat_set_size(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    wasi_fd_t *entry;
    wasi_errno_t error =
        get_for_change(call, arg_u32(args, 0), WASI_RIGHT_FD_FILESTAT_SET_SIZE, &entry);
    return error != WASI_ERRNO_SUCCESS ? error : wasi_errno_of(ftruncate(entry->host, args[1].i64));
}

wasi_errno_t wasi_fd_filestat_set_times(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    wasi_fd_t *entry;
    struct timespec times[2];
    wasi_errno_t error =
        get_for_change(call, arg_u32(args, 0), WASI_RIGHT_FD_FILESTAT_SET_TIMES, &entry);
    if (error == WASI_ERRNO_SUCCESS)
        error = filestat_times(args, 1, times);
    return error != WASI_ERRNO_SUCCESS ? error : wasi_errno_of(futimens(entry->host, times));
}

wasi_errno_t wasi_fd_allocate(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    wasi_fd_t *entry;
    wasi_errno_t error = get_for_change(call, arg_u32(args, 0), WASI_RIGHT_FD_ALLOCATE, &entry);
    return error != WASI_ERRNO_SUCCESS
               ? error
               : wasi_errno_of(fallocate(entry->host, 0, args[1].i64, args[2].i64));
}

wasi_errno_t wasi_fd_advise(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    static const int advices[] = {
        [WASI_ADVICE_NORMAL] = POSIX_FADV_NORMAL,
        [WASI_ADVICE_SEQUENTIAL] = POSIX_FADV_SEQUENTIAL,
        [WASI_ADVICE_RANDOM] = POSIX_FADV_RANDOM,
        [WASI_ADVICE_WILLNEED] = POSIX_FADV_WILLNEED,
        [WASI_ADVICE_DONTNEED] = POSIX_FADV_DONTNEED,
        [WASI_ADVICE_NOREUSE] = POSIX_FADV_NOREUSE,
    };
    wasi_fd_t *entry;
    uint32_t advice = arg_u32(args, 3);
    wasi_errno_t error = fd_table_get(call, arg_u32(args, 0), WASI_RIGHT_FD_ADVISE, &entry);
    if (error != WASI_ERRNO_SUCCESS)
        return error;
    if (advice >= sizeof advices / sizeof *advices || args[1].i64 < 0 || args[2].i64 < 0)
        return WASI_ERRNO_INVAL;
    if (entry->read_only) /* others read these files too: no guest decides what stays in memory */
        return WASI_ERRNO_SUCCESS;
    return wasi_errno_from_host(
        posix_fadvise(entry->host, args[1].i64, args[2].i64, advices[advice]));
}

/* Stdio has nothing to bring to a disk, nor has a mount that no guest can change; but fsync would
 * hold up the loop all the same where the disk is asked to empty its cache. */
static wasi_errno_t synchronise(wasi_call_t *call, uint32_t fd, uint32_t right,
                                int (*with)(int fd)) {
    wasi_fd_t *entry;
    wasi_errno_t error = fd_table_get(call, fd, right, &entry);
    if (error != WASI_ERRNO_SUCCESS || entry->kind < WASI_FD_FILE || entry->read_only)
        return error;
    return wasi_errno_of(with(entry->host));
}

wasi_errno_t wasi_fd_sync(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    return synchronise(call, arg_u32(args, 0), WASI_RIGHT_FD_SYNC, fsync);
}

wasi_errno_t wasi_fd_datasync(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    return synchronise(call, arg_u32(args, 0), WASI_RIGHT_FD_DATASYNC, fdatasync);
}
