/* Numbers and layouts of wasi_snapshot_preview1.
 * Source: github.com/WebAssembly/WASI, legacy/preview1/witx/typenames.witx. */
#ifndef WASI_ABI_H
#define WASI_ABI_H

#include <stdint.h>

typedef enum wasi_errno {
    WASI_ERRNO_SUCCESS,
    WASI_ERRNO_2BIG,
    WASI_ERRNO_ACCES,
    WASI_ERRNO_ADDRINUSE,
    WASI_ERRNO_ADDRNOTAVAIL,
    WASI_ERRNO_AFNOSUPPORT,
    WASI_ERRNO_AGAIN,
    WASI_ERRNO_ALREADY,
    WASI_ERRNO_BADF,
    WASI_ERRNO_BADMSG,
    WASI_ERRNO_BUSY,
    WASI_ERRNO_CANCELED,
    WASI_ERRNO_CHILD,
    WASI_ERRNO_CONNABORTED,
    WASI_ERRNO_CONNREFUSED,
    WASI_ERRNO_CONNRESET,
    WASI_ERRNO_DEADLK,
    WASI_ERRNO_DESTADDRREQ,
    WASI_ERRNO_DOM,
    WASI_ERRNO_DQUOT,
    WASI_ERRNO_EXIST,
    WASI_ERRNO_FAULT,
    WASI_ERRNO_FBIG,
    WASI_ERRNO_HOSTUNREACH,
    WASI_ERRNO_IDRM,
    WASI_ERRNO_ILSEQ,
    WASI_ERRNO_INPROGRESS,
    WASI_ERRNO_INTR,
    WASI_ERRNO_INVAL,
    WASI_ERRNO_IO,
    WASI_ERRNO_ISCONN,
    WASI_ERRNO_ISDIR,
    WASI_ERRNO_LOOP,
    WASI_ERRNO_MFILE,
    WASI_ERRNO_MLINK,
    WASI_ERRNO_MSGSIZE,
    WASI_ERRNO_MULTIHOP,
    WASI_ERRNO_NAMETOOLONG,
    WASI_ERRNO_NETDOWN,
    WASI_ERRNO_NETRESET,
    WASI_ERRNO_NETUNREACH,
    WASI_ERRNO_NFILE,
    WASI_ERRNO_NOBUFS,
    WASI_ERRNO_NODEV,
    WASI_ERRNO_NOENT,
    WASI_ERRNO_NOEXEC,
    WASI_ERRNO_NOLCK,
    WASI_ERRNO_NOLINK,
    WASI_ERRNO_NOMEM,
    WASI_ERRNO_NOMSG,
    WASI_ERRNO_NOPROTOOPT,
    WASI_ERRNO_NOSPC,
    WASI_ERRNO_NOSYS,
    WASI_ERRNO_NOTCONN,
    WASI_ERRNO_NOTDIR,
    WASI_ERRNO_NOTEMPTY,
    WASI_ERRNO_NOTRECOVERABLE,
    WASI_ERRNO_NOTSOCK,
    WASI_ERRNO_NOTSUP,
    WASI_ERRNO_NOTTY,
    WASI_ERRNO_NXIO,
    WASI_ERRNO_OVERFLOW,
    WASI_ERRNO_OWNERDEAD,
    WASI_ERRNO_PERM,
    WASI_ERRNO_PIPE,
    WASI_ERRNO_PROTO,
    WASI_ERRNO_PROTONOSUPPORT,
    WASI_ERRNO_PROTOTYPE,
    WASI_ERRNO_RANGE,
    WASI_ERRNO_ROFS,
    WASI_ERRNO_SPIPE,
    WASI_ERRNO_SRCH,
    WASI_ERRNO_STALE,
    WASI_ERRNO_TIMEDOUT,
    WASI_ERRNO_TXTBSY,
    WASI_ERRNO_XDEV,
    WASI_ERRNO_NOTCAPABLE,
} wasi_errno_t;

enum {
    WASI_RIGHT_FD_DATASYNC = 1 << 0,
    WASI_RIGHT_FD_READ = 1 << 1,
    WASI_RIGHT_FD_SEEK = 1 << 2,
    WASI_RIGHT_FD_FDSTAT_SET_FLAGS = 1 << 3,
    WASI_RIGHT_FD_SYNC = 1 << 4,
    WASI_RIGHT_FD_TELL = 1 << 5,
    WASI_RIGHT_FD_WRITE = 1 << 6,
    WASI_RIGHT_FD_ADVISE = 1 << 7,
    WASI_RIGHT_FD_ALLOCATE = 1 << 8,
    WASI_RIGHT_PATH_CREATE_DIRECTORY = 1 << 9,
    WASI_RIGHT_PATH_CREATE_FILE = 1 << 10,
    WASI_RIGHT_PATH_LINK_SOURCE = 1 << 11,
    WASI_RIGHT_PATH_LINK_TARGET = 1 << 12,
    WASI_RIGHT_PATH_OPEN = 1 << 13,
    WASI_RIGHT_FD_READDIR = 1 << 14,
    WASI_RIGHT_PATH_READLINK = 1 << 15,
    WASI_RIGHT_PATH_RENAME_SOURCE = 1 << 16,
    WASI_RIGHT_PATH_RENAME_TARGET = 1 << 17,
    WASI_RIGHT_PATH_FILESTAT_GET = 1 << 18,
    WASI_RIGHT_PATH_FILESTAT_SET_SIZE = 1 << 19,
    WASI_RIGHT_PATH_FILESTAT_SET_TIMES = 1 << 20,
    WASI_RIGHT_FD_FILESTAT_GET = 1 << 21,
    WASI_RIGHT_FD_FILESTAT_SET_SIZE = 1 << 22,
    WASI_RIGHT_FD_FILESTAT_SET_TIMES = 1 << 23,
    WASI_RIGHT_PATH_SYMLINK = 1 << 24,
    WASI_RIGHT_PATH_REMOVE_DIRECTORY = 1 << 25,
    WASI_RIGHT_PATH_UNLINK_FILE = 1 << 26,
    WASI_RIGHT_POLL_FD_READWRITE = 1 << 27,

    /* What means something for a directory, and for a file or stream. */
    WASI_RIGHTS_DIRECTORY =
        WASI_RIGHT_FD_FDSTAT_SET_FLAGS | WASI_RIGHT_FD_SYNC | WASI_RIGHT_FD_DATASYNC |
        WASI_RIGHT_PATH_CREATE_DIRECTORY | WASI_RIGHT_PATH_CREATE_FILE |
        WASI_RIGHT_PATH_LINK_SOURCE | WASI_RIGHT_PATH_LINK_TARGET | WASI_RIGHT_PATH_OPEN |
        WASI_RIGHT_FD_READDIR | WASI_RIGHT_PATH_READLINK | WASI_RIGHT_PATH_RENAME_SOURCE |
        WASI_RIGHT_PATH_RENAME_TARGET | WASI_RIGHT_PATH_FILESTAT_GET |
        WASI_RIGHT_PATH_FILESTAT_SET_SIZE | WASI_RIGHT_PATH_FILESTAT_SET_TIMES |
        WASI_RIGHT_FD_FILESTAT_GET | WASI_RIGHT_FD_FILESTAT_SET_TIMES | WASI_RIGHT_PATH_SYMLINK |
        WASI_RIGHT_PATH_REMOVE_DIRECTORY | WASI_RIGHT_PATH_UNLINK_FILE |
        WASI_RIGHT_POLL_FD_READWRITE,
    WASI_RIGHTS_FILE = WASI_RIGHT_FD_DATASYNC | WASI_RIGHT_FD_READ | WASI_RIGHT_FD_SEEK |
                       WASI_RIGHT_FD_FDSTAT_SET_FLAGS | WASI_RIGHT_FD_SYNC | WASI_RIGHT_FD_TELL |
                       WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_ADVISE | WASI_RIGHT_FD_ALLOCATE |
                       WASI_RIGHT_FD_FILESTAT_GET | WASI_RIGHT_FD_FILESTAT_SET_SIZE |
                       WASI_RIGHT_FD_FILESTAT_SET_TIMES | WASI_RIGHT_POLL_FD_READWRITE,
    WASI_RIGHTS_ALL = WASI_RIGHTS_DIRECTORY | WASI_RIGHTS_FILE,
};

enum {
    WASI_CLOCK_REALTIME,
    WASI_CLOCK_MONOTONIC,
    WASI_CLOCK_PROCESS_CPUTIME,
    WASI_CLOCK_THREAD_CPUTIME,
};

typedef enum wasi_filetype {
    WASI_FILETYPE_UNKNOWN,
    WASI_FILETYPE_BLOCK_DEVICE,
    WASI_FILETYPE_CHARACTER_DEVICE,
    WASI_FILETYPE_DIRECTORY,
    WASI_FILETYPE_REGULAR_FILE,
    WASI_FILETYPE_SOCKET_DGRAM,
    WASI_FILETYPE_SOCKET_STREAM,
    WASI_FILETYPE_SYMBOLIC_LINK,
} wasi_filetype_t;

enum {
    WASI_FDFLAG_APPEND = 1 << 0,
    WASI_FDFLAG_DSYNC = 1 << 1,
    WASI_FDFLAG_NONBLOCK = 1 << 2,
    WASI_FDFLAG_RSYNC = 1 << 3,
    WASI_FDFLAG_SYNC = 1 << 4,
    WASI_FDFLAGS_SYNCING = WASI_FDFLAG_DSYNC | WASI_FDFLAG_RSYNC | WASI_FDFLAG_SYNC,
    WASI_FDFLAGS_ALL = WASI_FDFLAG_APPEND | WASI_FDFLAG_NONBLOCK | WASI_FDFLAGS_SYNCING,
};

enum {
    WASI_OFLAG_CREAT = 1 << 0,
    WASI_OFLAG_DIRECTORY = 1 << 1,
    WASI_OFLAG_EXCL = 1 << 2,
    WASI_OFLAG_TRUNC = 1 << 3,
    WASI_OFLAGS_ALL = 0xf,
};

enum { WASI_LOOKUP_SYMLINK_FOLLOW = 1 << 0 };

enum {
    WASI_FSTFLAG_ATIM = 1 << 0,
    WASI_FSTFLAG_ATIM_NOW = 1 << 1,
    WASI_FSTFLAG_MTIM = 1 << 2,
    WASI_FSTFLAG_MTIM_NOW = 1 << 3,
    WASI_FSTFLAGS_ALL = 0xf,
};

enum { WASI_WHENCE_SET, WASI_WHENCE_CUR, WASI_WHENCE_END };

enum {
    WASI_ADVICE_NORMAL,
    WASI_ADVICE_SEQUENTIAL,
    WASI_ADVICE_RANDOM,
    WASI_ADVICE_WILLNEED,
    WASI_ADVICE_DONTNEED,
    WASI_ADVICE_NOREUSE,
};

enum { WASI_EVENT_CLOCK, WASI_EVENT_FD_READ, WASI_EVENT_FD_WRITE };
enum { WASI_SUBCLOCK_ABSTIME = 1 << 0 };
enum { WASI_EVENT_HANGUP = 1 << 0 };
enum { WASI_PREOPEN_DIR = 0 };

/* Structures as they lie in guest memory: little-endian, C layout on wasm32. */
typedef struct wasi_fdstat {
    uint8_t filetype;
    uint8_t reserved;
    uint16_t flags;
    uint32_t reserved2;
    uint64_t rights_base;
    uint64_t rights_inheriting;
} wasi_fdstat_t;

typedef struct wasi_filestat {
    uint64_t dev;
    uint64_t ino;
    uint8_t filetype;
    uint8_t reserved[7];
    uint64_t nlink;
    uint64_t size;
    uint64_t atim;
    uint64_t mtim;
    uint64_t ctim;
} wasi_filestat_t;

typedef struct wasi_dirent {
    uint64_t next;
    uint64_t ino;
    uint32_t namlen;
    uint8_t type;
    uint8_t reserved[3];
} wasi_dirent_t;

typedef struct wasi_prestat {
    uint32_t tag;
    uint32_t dir_name_len;
} wasi_prestat_t;

typedef struct wasi_iovec {
    uint32_t buf;
    uint32_t len;
} wasi_iovec_t;

typedef struct wasi_subscription {
    uint64_t userdata;
    uint8_t tag;
    uint8_t reserved[7];
    union {
        struct {
            uint32_t id;
            uint32_t reserved;
            uint64_t timeout;
            uint64_t precision;
            uint16_t flags;
        } clock;
        uint32_t fd;
    } of;
} wasi_subscription_t;

typedef struct wasi_event {
    uint64_t userdata;
    uint16_t error;
    uint8_t type;
    uint8_t reserved[5];
    uint64_t nbytes;
    uint16_t flags;
    uint8_t reserved2[6];
} wasi_event_t;

_Static_assert(sizeof(wasi_fdstat_t) == 24, "fdstat");
_Static_assert(sizeof(wasi_filestat_t) == 64, "filestat");
_Static_assert(sizeof(wasi_dirent_t) == 24, "dirent");
_Static_assert(sizeof(wasi_prestat_t) == 8, "prestat");
_Static_assert(sizeof(wasi_iovec_t) == 8, "iovec");
_Static_assert(sizeof(wasi_subscription_t) == 48, "subscription");
_Static_assert(sizeof(wasi_event_t) == 32, "event");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "guest structures are copied as they are");

#endif
