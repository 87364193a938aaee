/* Rights are given up, handed on, and never gained. */
#include "guest.h"

static uint8_t bytes[4] = {1, 2, 3, 4};
static const __wasi_ciovec_t out = {bytes, 4};
static const __wasi_iovec_t in = {bytes, 4};
static __wasi_size_t moved;

static void of_a_file(void) {
    __wasi_fd_t fd;
    __wasi_filesize_t at;
    __wasi_fdstat_t stat;
    OK(open_at(ROOT, "rights", CREAT, WRITE, &fd));
    OK(__wasi_fd_fdstat_get(fd, &stat));
    CHECK(stat.fs_filetype == __WASI_FILETYPE_REGULAR_FILE);
    CHECK(stat.fs_rights_base == WRITE && stat.fs_rights_inheriting == 0);
    OK(__wasi_fd_write(fd, &out, 1, &moved));
    EXPECT(NOTCAPABLE, __wasi_fd_fdstat_set_rights(fd, WRITE | __WASI_RIGHTS_FD_ALLOCATE, 0));
    EXPECT(NOTCAPABLE, __wasi_fd_fdstat_set_rights(fd, WRITE, 1));
    EXPECT(NOTCAPABLE, __wasi_fd_fdstat_set_rights(fd, WRITE | UINT64_C(1) << 40, 0));
    EXPECT(NOTCAPABLE, __wasi_fd_allocate(fd, 0, 10));
    EXPECT(NOTCAPABLE, __wasi_fd_advise(fd, 0, 0, 0));
    EXPECT(NOTCAPABLE, __wasi_fd_sync(fd));
    EXPECT(NOTCAPABLE, __wasi_fd_fdstat_set_flags(fd, 0));
    OK(__wasi_fd_fdstat_set_rights(fd, __WASI_RIGHTS_FD_TELL, 0));
    EXPECT(NOTCAPABLE, __wasi_fd_write(fd, &out, 1, &moved));
    EXPECT(NOTCAPABLE, __wasi_fd_read(fd, &in, 1, &moved));
    EXPECT(NOTCAPABLE, __wasi_fd_seek(fd, 1, __WASI_WHENCE_SET, &at));
    EXPECT(NOTCAPABLE, __wasi_fd_filestat_set_size(fd, 0));
    OK(__wasi_fd_seek(fd, 0, __WASI_WHENCE_CUR, &at)); /* this is fd_tell */
    OK(__wasi_fd_tell(fd, &at));
    CHECK(at == 4);
    OK(__wasi_fd_fdstat_set_rights(fd, 0, 0));
    EXPECT(NOTCAPABLE, __wasi_fd_tell(fd, &at));
    EXPECT(NOTDIR, __wasi_path_unlink_file(fd, "x"));
    OK(__wasi_fd_close(fd));
    OK(__wasi_path_unlink_file(ROOT, "rights"));
}

static void of_a_folder(void) {
    const __wasi_rights_t base = __WASI_RIGHTS_PATH_OPEN | __WASI_RIGHTS_PATH_FILESTAT_GET;
    __wasi_fd_t dir, fd;
    __wasi_fdstat_t stat;
    __wasi_filestat_t info;
    OK(__wasi_path_open(ROOT, 0, "sub", FOLDER, base | __WASI_RIGHTS_FD_READ, READ, 0, &dir));
    OK(__wasi_fd_fdstat_get(dir, &stat));
    CHECK(stat.fs_rights_base == base); /* a folder has no FD_READ to give */
    CHECK(stat.fs_rights_inheriting == READ);
    OK(__wasi_path_filestat_get(dir, 0, "deep/file", &info));
    OK(open_at(dir, "deep/file", 0, READ, &fd));
    OK(__wasi_fd_close(fd));
    EXPECT(NOTCAPABLE, open_at(dir, "deep/file", 0, WRITE, &fd));
    EXPECT(NOTCAPABLE, open_at(dir, "deep/file", TRUNC, READ, &fd));
    EXPECT(NOTCAPABLE, open_at(dir, "new", CREAT, READ, &fd));
    EXPECT(NOTCAPABLE, __wasi_path_create_directory(dir, "new"));
    EXPECT(NOTCAPABLE, __wasi_path_unlink_file(dir, "deep/file"));
    EXPECT(NOTCAPABLE, __wasi_path_rename(dir, "deep", ROOT, "gone"));
    EXPECT(NOTCAPABLE, __wasi_path_rename(ROOT, "hello", dir, "gone"));
    EXPECT(NOTCAPABLE, __wasi_path_link(dir, 0, "deep/file", ROOT, "gone"));
    EXPECT(NOTCAPABLE, __wasi_path_symlink("x", dir, "gone"));
    /* What is handed on is handed on to folders below too, and no more than that. */
    EXPECT(NOTCAPABLE, __wasi_path_open(dir, 0, "deep", FOLDER, 0, WRITE, 0, &fd));
    OK(__wasi_path_open(dir, 0, "deep", FOLDER, 0, READ, 0, &fd));
    EXPECT(NOTCAPABLE, __wasi_path_filestat_get(fd, 0, "file", &info));
    OK(__wasi_fd_close(fd));
    OK(__wasi_fd_close(dir));
}

/* A right that is refused leaves no trace of what path_open would have done. */
static void leaves_no_trace(void) {
    __wasi_fd_t dir, fd;
    __wasi_filestat_t info;
    const __wasi_rights_t base = __WASI_RIGHTS_PATH_OPEN | __WASI_RIGHTS_PATH_CREATE_FILE |
                                 __WASI_RIGHTS_PATH_FILESTAT_SET_SIZE;
    OK(__wasi_path_open(ROOT, 0, ".", FOLDER, base, READ, 0, &dir));
    EXPECT(NOTCAPABLE, open_at(dir, "never", CREAT, WRITE, &fd));
    EXPECT(NOENT, __wasi_path_filestat_get(ROOT, 0, "never", &info));
    EXPECT(NOTCAPABLE, open_at(dir, "hello", TRUNC, WRITE, &fd));
    OK(__wasi_path_filestat_get(ROOT, 0, "hello", &info));
    CHECK(info.size > 0);
    /* Guests ask for rights of folders on files too: those are dropped. */
    OK(open_at(dir, "hello", 0, READ | __WASI_RIGHTS_PATH_OPEN, &fd));
    OK(__wasi_fd_close(fd));
    OK(__wasi_fd_close(dir));
}

static void of_stdio(void) {
    __wasi_filesize_t at;
    __wasi_fdstat_t stat;
    EXPECT(NOTCAPABLE, __wasi_fd_write(0, &out, 1, &moved));
    EXPECT(NOTCAPABLE, __wasi_fd_read(1, &in, 1, &moved));
    EXPECT(SPIPE, __wasi_fd_seek(1, 0, __WASI_WHENCE_SET, &at));
    EXPECT(SPIPE, __wasi_fd_pread(0, &in, 1, 0, &moved));
    EXPECT(NOTDIR, __wasi_path_create_directory(0, "x"));
    EXPECT(BADF, __wasi_fd_prestat_get(0, (__wasi_prestat_t *)&stat));
    OK(__wasi_fd_fdstat_get(1, &stat));
    CHECK(stat.fs_filetype != __WASI_FILETYPE_CHARACTER_DEVICE); /* not a terminal */
    OK(__wasi_fd_sync(1));
    EXPECT(NOTSOCK, __wasi_sock_shutdown(1, 1));
    EXPECT(BADF, __wasi_sock_shutdown(77, 1));
}

static void bad_flags(void) {
    __wasi_fd_t fd;
    __wasi_filestat_t info;
    EXPECT(INVAL, __wasi_path_open(ROOT, 2, "hello", 0, READ, 0, 0, &fd));
    EXPECT(INVAL, __wasi_path_open(ROOT, 0, "hello", 0x10, READ, 0, 0, &fd));
    EXPECT(INVAL, __wasi_path_open(ROOT, 0, "hello", 0, READ, 0, 0x20, &fd));
    EXPECT(INVAL, __wasi_path_filestat_get(ROOT, 2, "hello", &info));
    EXPECT(INVAL, __wasi_path_filestat_set_times(ROOT, 0, "hello", 0, 0, 0x10));
    EXPECT(INVAL, __wasi_path_link(ROOT, FOLLOW, "hello", ROOT, "x"));
    EXPECT(INVAL, __wasi_fd_fdstat_set_flags(1, 0x20));
}

void _start(void) {
    of_a_file();
    of_a_folder();
    leaves_no_trace();
    of_stdio();
    bad_flags();
}
