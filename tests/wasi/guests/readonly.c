/* A mount that may not be changed (fd 4, with `data` and `d/file`), beside one that may (fd 3, with
 * `hello`). */
#include "guest.h"

static void refused(__wasi_fd_t dir) {
    __wasi_fd_t fd;
    __wasi_filestat_t before, after;
    OK(__wasi_path_filestat_get(dir, 0, "file", &before));
    EXPECT(ROFS, open_at(dir, "file", 0, WRITE, &fd));
    EXPECT(ROFS, open_at(dir, "file", TRUNC, READ, &fd));
    EXPECT(ROFS, open_at(dir, "new", CREAT, READ, &fd));
    EXPECT(ROFS, open_at(dir, "new", CREAT | EXCL, READ, &fd));
    EXPECT(ROFS, __wasi_path_create_directory(dir, "new"));
    EXPECT(ROFS, __wasi_path_unlink_file(dir, "file"));
    EXPECT(ROFS, __wasi_path_symlink("x", dir, "new"));
    EXPECT(ROFS, __wasi_path_filestat_set_times(dir, 0, "file", 0, 0, __WASI_FSTFLAGS_MTIM));
    EXPECT(ROFS, __wasi_path_rename(dir, "file", ROOT, "stolen"));
    EXPECT(ROFS, __wasi_path_rename(ROOT, "hello", dir, "new"));
    EXPECT(ROFS, __wasi_path_rename(dir, "file", dir, "new"));
    /* A second name in the other mount would open the file to changes. */
    EXPECT(ROFS, __wasi_path_link(dir, 0, "file", ROOT, "stolen"));
    EXPECT(ROFS, __wasi_path_link(ROOT, 0, "hello", dir, "new"));
    OK(open_at(dir, "file", CREAT,
               READ | __WASI_RIGHTS_FD_FILESTAT_SET_TIMES | __WASI_RIGHTS_FD_FILESTAT_SET_SIZE,
               &fd));
    EXPECT(ROFS, __wasi_fd_filestat_set_times(fd, 0, 0, __WASI_FSTFLAGS_MTIM_NOW));
    EXPECT(ROFS, __wasi_fd_filestat_set_size(fd, 0));
    EXPECT(NOTCAPABLE, __wasi_fd_allocate(fd, 0, 100));
    uint8_t byte;
    __wasi_iovec_t vector = {&byte, 1};
    __wasi_ciovec_t out = {&byte, 1};
    __wasi_size_t moved;
    OK(__wasi_fd_read(fd, &vector, 1, &moved));
    CHECK(moved == 1);
    EXPECT(NOTCAPABLE, __wasi_fd_write(fd, &out, 1, &moved));
    OK(__wasi_fd_close(fd));
    OK(__wasi_path_filestat_get(dir, 0, "file", &after));
    CHECK(before.mtim == after.mtim && before.size == after.size);
}

/* Nothing there needs a disk's time or memory: the calls do nothing, where a pipe would fail. */
static void idle(void) {
    __wasi_fd_t fd;
    OK(open_at(READ_ONLY, "fifo", 0,
               READ | __WASI_RIGHTS_FD_SYNC | __WASI_RIGHTS_FD_DATASYNC | __WASI_RIGHTS_FD_ADVISE,
               &fd));
    OK(__wasi_fd_sync(fd));
    OK(__wasi_fd_datasync(fd));
    OK(__wasi_fd_advise(fd, 0, 0, __WASI_ADVICE_DONTNEED));
    EXPECT(INVAL, __wasi_fd_advise(fd, 0, 0, 6));
    OK(__wasi_fd_close(fd));
}

void _start(void) {
    __wasi_fd_t dir;
    idle();
    EXPECT(ROFS, __wasi_path_remove_directory(READ_ONLY, "d"));
    OK(open_folder(READ_ONLY, "d", &dir));
    refused(dir); /* what is opened below inherits it */
    EXPECT(ROFS, __wasi_fd_filestat_set_times(dir, 0, 0, __WASI_FSTFLAGS_MTIM_NOW));
    EXPECT(ROFS, __wasi_fd_filestat_set_times(READ_ONLY, 0, 0, __WASI_FSTFLAGS_MTIM_NOW));
    OK(__wasi_fd_renumber(dir, ROOT)); /* and keeps it under another number */
    EXPECT(ROFS, __wasi_path_create_directory(ROOT, "new"));
}
