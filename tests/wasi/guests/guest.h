/* What the test guests share. They use WASI's own calls and no start-up files, to stay small. */
#ifndef GUEST_H
#define GUEST_H

#include <string.h>
#include <wasi/api.h>

#define ROOT      3 /* the first two preopens */
#define READ_ONLY 4

static inline void say(const char *text) {
    __wasi_ciovec_t vector = {(const uint8_t *)text, strlen(text)};
    __wasi_size_t written;
    __wasi_fd_write(2, &vector, 1, &written);
}

static inline void say_number(unsigned number) {
    char digits[12];
    char *at = digits + sizeof digits - 1;
    *at = '\0';
    do
        *--at = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    say(at);
}

_Noreturn static inline void fail(int line, const char *what, unsigned got) {
    say("line ");
    say_number((unsigned)line);
    say(": ");
    say(what);
    say(" gave ");
    say_number(got);
    say("\n");
    __wasi_proc_exit(1);
}

/* `call` must give errno `expected` (a name without its prefix). */
#define EXPECT(expected, call)                                                                     \
    do {                                                                                           \
        __wasi_errno_t got_ = (call);                                                              \
        if (got_ != __WASI_ERRNO_##expected)                                                       \
            fail(__LINE__, #call " for " #expected, got_);                                         \
    } while (0)
#define OK(call) EXPECT(SUCCESS, call)
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail(__LINE__, #condition, 0);                                                         \
    } while (0)

static const __wasi_rights_t READ = __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_SEEK |
                                    __WASI_RIGHTS_FD_TELL | __WASI_RIGHTS_FD_FILESTAT_GET;
static const __wasi_rights_t WRITE =
    __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_SEEK | __WASI_RIGHTS_FD_TELL |
    __WASI_RIGHTS_FD_FILESTAT_GET | __WASI_RIGHTS_FD_FILESTAT_SET_SIZE |
    __WASI_RIGHTS_FD_FILESTAT_SET_TIMES;
static const __wasi_rights_t ALL = (1 << 28) - 1;

#define FOLLOW __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW
#define CREAT  __WASI_OFLAGS_CREAT
#define EXCL   __WASI_OFLAGS_EXCL
#define TRUNC  __WASI_OFLAGS_TRUNC
#define FOLDER __WASI_OFLAGS_DIRECTORY

static inline __wasi_errno_t open_at(__wasi_fd_t dir, const char *path, __wasi_oflags_t oflags,
                                     __wasi_rights_t rights, __wasi_fd_t *fd) {
    return __wasi_path_open(dir, FOLLOW, path, oflags, rights, 0, 0, fd);
}

static inline __wasi_errno_t open_folder(__wasi_fd_t dir, const char *path, __wasi_fd_t *fd) {
    __wasi_fdstat_t stat;
    __wasi_errno_t error = __wasi_fd_fdstat_get(dir, &stat);
    return error != 0 ? error
                      : __wasi_path_open(dir, FOLLOW, path, FOLDER, stat.fs_rights_base,
                                         stat.fs_rights_inheriting, 0, fd);
}

static inline void touch(__wasi_fd_t dir, const char *path) {
    __wasi_fd_t fd;
    OK(open_at(dir, path, CREAT, WRITE, &fd));
    OK(__wasi_fd_close(fd));
}

#endif
