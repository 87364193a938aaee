/* Moving bytes: large, in many pieces, at offsets; and as many descriptors as there are. */
#include "guest.h"

enum { BIG = 6 * 1024 * 1024, PIECES = 200 };

static uint8_t big[BIG];
static __wasi_size_t moved;

static __wasi_errno_t write_at_once(__wasi_fd_t fd, const void *bytes, __wasi_size_t len) {
    __wasi_ciovec_t vector = {bytes, len};
    return __wasi_fd_write(fd, &vector, 1, &moved);
}

static __wasi_errno_t read_at_once(__wasi_fd_t fd, void *bytes, __wasi_size_t len) {
    __wasi_iovec_t vector = {bytes, len};
    return __wasi_fd_read(fd, &vector, 1, &moved);
}

static void large(void) {
    __wasi_fd_t fd;
    __wasi_filesize_t at;
    OK(open_at(ROOT, "big", CREAT, WRITE, &fd));
    for (unsigned i = 0; i < BIG; i++)
        big[i] = (uint8_t)(i * 7 + (i >> 13));
    for (unsigned done = 0; done < BIG; done += moved) {
        OK(write_at_once(fd, big + done, BIG - done));
        CHECK(moved > 0 && moved <= BIG - done);
    }
    OK(__wasi_fd_seek(fd, 0, __WASI_WHENCE_END, &at));
    CHECK(at == BIG);
    OK(__wasi_fd_seek(fd, -(int64_t)at, __WASI_WHENCE_CUR, &at));
    CHECK(at == 0);
    EXPECT(INVAL, __wasi_fd_seek(fd, -1, __WASI_WHENCE_SET, &at));
    EXPECT(INVAL, __wasi_fd_seek(fd, 0, 3, &at));
    memset(big, 0, BIG);
    for (unsigned done = 0; done < BIG; done += moved) {
        OK(read_at_once(fd, big + done, BIG - done));
        CHECK(moved > 0 && moved <= BIG - done);
    }
    for (unsigned i = 0; i < BIG; i++)
        CHECK(big[i] == (uint8_t)(i * 7 + (i >> 13)));
    OK(read_at_once(fd, big, 10));
    CHECK(moved == 0);
    OK(__wasi_fd_close(fd));
    OK(__wasi_path_unlink_file(ROOT, "big"));
}

/* More buffers than the host takes in one call, empty ones among them. */
static void scattered(void) {
    static __wasi_ciovec_t out[PIECES];
    static __wasi_iovec_t in[PIECES];
    __wasi_fd_t fd;
    __wasi_filesize_t at;
    unsigned total = 0;
    OK(open_at(ROOT, "pieces", CREAT, WRITE, &fd));
    for (unsigned i = 0; i < PIECES; i++) {
        out[i] = (__wasi_ciovec_t){big + total, i % 3};
        in[i] = (__wasi_iovec_t){big + total, i % 3};
        total += i % 3;
    }
    for (unsigned i = 0; i < total; i++)
        big[i] = (uint8_t)i;
    OK(__wasi_fd_write(fd, out, PIECES, &moved));
    CHECK(moved > 0 && moved <= total);
    unsigned written = moved;
    OK(__wasi_fd_seek(fd, 0, __WASI_WHENCE_SET, &at));
    memset(big, 0xee, total);
    OK(__wasi_fd_read(fd, in, PIECES, &moved));
    CHECK(moved == written);
    for (unsigned i = 0; i < moved; i++)
        CHECK(big[i] == (uint8_t)i);
    OK(__wasi_fd_write(fd, out, 0, &moved));
    CHECK(moved == 0);
    OK(__wasi_fd_close(fd));
    OK(__wasi_path_unlink_file(ROOT, "pieces"));
}

static void positioned(void) {
    __wasi_fd_t fd;
    __wasi_filesize_t at;
    __wasi_filestat_t info;
    __wasi_fdstat_t stat;
    uint8_t bytes[8] = "ABCDEFG";
    __wasi_ciovec_t out = {bytes, 4};
    __wasi_iovec_t in = {bytes + 4, 4};
    const __wasi_rights_t rights = WRITE | __WASI_RIGHTS_FD_FDSTAT_SET_FLAGS |
                                   __WASI_RIGHTS_FD_ALLOCATE | __WASI_RIGHTS_FD_ADVISE;
    OK(__wasi_path_open(ROOT, 0, "file", CREAT | EXCL, rights, 0, __WASI_FDFLAGS_APPEND, &fd));
    OK(write_at_once(fd, "0123", 4));
    OK(__wasi_fd_seek(fd, 0, __WASI_WHENCE_SET, &at));
    OK(write_at_once(fd, "4567", 4)); /* appended all the same */
    OK(__wasi_fd_pread(fd, &in, 1, 4, &moved));
    CHECK(moved == 4 && memcmp(bytes + 4, "4567", 4) == 0);
    OK(__wasi_fd_fdstat_set_flags(fd, 0));
    OK(__wasi_fd_pwrite(fd, &out, 1, 2, &moved));
    OK(__wasi_fd_pread(fd, &in, 1, 0, &moved));
    CHECK(moved == 4 && memcmp(bytes + 4, "01AB", 4) == 0);
    OK(__wasi_fd_tell(fd, &at));
    CHECK(at == 8);
    EXPECT(INVAL, __wasi_fd_pread(fd, &in, 1, UINT64_MAX, &moved));
    EXPECT(NOTSUP, __wasi_fd_fdstat_set_flags(fd, __WASI_FDFLAGS_SYNC));
    OK(__wasi_fd_fdstat_set_flags(fd, __WASI_FDFLAGS_NONBLOCK));
    OK(__wasi_fd_fdstat_get(fd, &stat));
    CHECK(stat.fs_flags == __WASI_FDFLAGS_NONBLOCK);
    OK(__wasi_fd_filestat_set_size(fd, 3));
    OK(__wasi_fd_filestat_get(fd, &info));
    CHECK(info.size == 3 && info.nlink == 1);
    OK(__wasi_fd_filestat_set_times(fd, 1500000000, 2500000001,
                                    __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_MTIM));
    OK(__wasi_fd_filestat_get(fd, &info));
    CHECK(info.atim == 1500000000 && info.mtim == 2500000001);
    OK(__wasi_fd_advise(fd, 0, 0, __WASI_ADVICE_WILLNEED));
    EXPECT(INVAL, __wasi_fd_advise(fd, 0, 0, 6));
    EXPECT(INVAL, __wasi_fd_allocate(fd, 0, 0));
    OK(__wasi_path_link(ROOT, 0, "file", ROOT, "second"));
    OK(__wasi_fd_filestat_get(fd, &info));
    CHECK(info.nlink == 2);
    OK(__wasi_path_unlink_file(ROOT, "second"));
    OK(__wasi_fd_close(fd));
    OK(__wasi_path_unlink_file(ROOT, "file"));
}

/* A pipe in a mount must not stop the host. */
static void pipe_in_mount(void) {
    __wasi_fd_t fd;
    uint8_t byte;
    EXPECT(NXIO, open_at(ROOT, "fifo", 0, __WASI_RIGHTS_FD_WRITE, &fd));
    OK(open_at(ROOT, "fifo", 0, READ, &fd));
    OK(read_at_once(fd, &byte, 1));
    CHECK(moved == 0);
    OK(__wasi_fd_close(fd));
}

static void descriptors(void) {
    static __wasi_fd_t fds[1100];
    unsigned count = 0;
    __wasi_errno_t error;
    __wasi_fd_t fd;
    while ((error = open_at(ROOT, "hello", 0, READ, &fds[count])) == 0) {
        CHECK(fds[count] == (__wasi_fd_t)count + 5);
        count++;
    }
    EXPECT(MFILE, error);
    CHECK(count == 1024 - 5);
    OK(__wasi_fd_close(fds[700]));
    OK(__wasi_fd_close(fds[30]));
    OK(__wasi_fd_renumber(fds[200], fds[500]));
    EXPECT(BADF, __wasi_fd_close(fds[200]));
    EXPECT(BADF, __wasi_fd_renumber(fds[500], fds[30]));
    EXPECT(BADF, __wasi_fd_renumber(fds[30], fds[500]));
    OK(__wasi_fd_renumber(fds[500], fds[500]));
    OK(open_at(ROOT, "hello", 0, READ, &fd));
    CHECK(fd == fds[30]);
    OK(open_at(ROOT, "hello", 0, READ, &fd));
    CHECK(fd == fds[200]);
    OK(open_at(ROOT, "hello", 0, READ, &fd));
    CHECK(fd == fds[700]);
    EXPECT(MFILE, open_at(ROOT, "hello", 0, READ, &fd));
    for (unsigned i = 0; i < count; i++)
        OK(__wasi_fd_close(fds[i]));
    EXPECT(BADF, __wasi_fd_close(fds[0]));
}

/* Preopens are shared by all instances: closing one is this instance's business only. */
static void preopens(void) {
    __wasi_prestat_t prestat;
    uint8_t name[8];
    __wasi_fd_t fd;
    OK(__wasi_fd_prestat_get(READ_ONLY, &prestat));
    CHECK(prestat.tag == __WASI_PREOPENTYPE_DIR && prestat.u.dir.pr_name_len == 3);
    EXPECT(NAMETOOLONG, __wasi_fd_prestat_dir_name(READ_ONLY, name, 2));
    OK(__wasi_fd_prestat_dir_name(READ_ONLY, name, sizeof name));
    CHECK(memcmp(name, "/ro", 3) == 0);
    EXPECT(BADF, __wasi_fd_prestat_get(5, &prestat));
    OK(__wasi_fd_close(READ_ONLY));
    EXPECT(BADF, __wasi_fd_prestat_get(READ_ONLY, &prestat));
    EXPECT(BADF, open_at(READ_ONLY, "data", 0, READ, &fd));
    OK(__wasi_fd_renumber(ROOT, 0));
    OK(__wasi_fd_prestat_get(0, &prestat));
    OK(open_at(0, "hello", 0, READ, &fd));
    CHECK(fd == 3);
}

void _start(void) {
    large();
    scattered();
    positioned();
    pipe_in_mount();
    descriptors();
    preopens();
}
