/* The descriptors of an instance. */
#ifndef WASI_FD_TABLE_H
#define WASI_FD_TABLE_H

#include <stdbool.h>

#include "wasi/abi.h"
#include "wasi/shared.h"

/* Descriptors that one instance may hold open at a time. Of the host's it gets less where the
 * process has few: see wasi_shared_t. */
enum { WASI_FD_LIMIT = 1024, WASI_FD_INLINE = 8 };

typedef enum wasi_fd_kind {
    WASI_FD_FREE = 0,
    WASI_FD_NULL,   /* stdio that goes nowhere */
    WASI_FD_BYTES,  /* stdin from memory */
    WASI_FD_SINK,   /* stdout, stderr to a callback */
    WASI_FD_STREAM, /* stdio on a descriptor of the host that the caller keeps */
    WASI_FD_FILE,
    WASI_FD_DIR,
} wasi_fd_kind_t;

typedef struct wasi_dir_stream wasi_dir_stream_t;

typedef struct wasi_fd {
    uint8_t kind;
    uint8_t filetype;
    uint16_t flags;
    bool read_only; /* below a mount that may not be changed */
    bool shared;    /* `host` is closed by someone else */
    uint8_t stdio;  /* which of the instance's redirects, for stdio kinds */
    int host;       /* -1 where there is none */
    uint32_t rights_base;
    uint32_t rights_inheriting;
    const wasi_mount_t *preopen; /* NULL for what the guest opened */
    wasi_dir_stream_t *stream;   /* made by the first fd_readdir */
} wasi_fd_t;

/* Zero to begin with; costs nothing until the guest uses its first descriptor. */
typedef struct wasi_fd_table {
    wasi_fd_t *items; /* NULL: not made yet */
    uint32_t len;     /* slots in use or free below the highest ever used */
    uint32_t cap;
    uint32_t lowest_free; /* no slot below it is free */
    uint32_t held;        /* descriptors of the host, those of directory streams included */
    wasi_fd_t inline_items[WASI_FD_INLINE];
} wasi_fd_table_t;

typedef struct wasi_call wasi_call_t;

/* The open descriptor `fd` with all of `rights`. Valid until the table changes. Errors: BADF;
 * ISDIR, NOTDIR or SPIPE where no such descriptor could have them; NOTCAPABLE; NOMEM. */
wasi_errno_t fd_table_get(wasi_call_t *call, uint32_t fd, uint32_t rights, wasi_fd_t **out);

/* Puts `entry`, which the guest opened, into the lowest free slot. On failure its host descriptor
 * is closed. Errors: NOMEM, MFILE at the instance's limit, NFILE at that of the process. */
wasi_errno_t fd_table_add(wasi_call_t *call, const wasi_fd_t *entry, uint32_t *out);

/* Counts one more descriptor of the host, that of a directory stream, which the instance keeps.
 * Errors: MFILE, NFILE where it, or all guests of the process together, hold too many. */
wasi_errno_t fd_table_hold(wasi_call_t *call);
void fd_table_unhold(wasi_fd_table_t *table);

wasi_errno_t fd_table_close(wasi_call_t *call, uint32_t fd);
/* Moves `from` to `to`, closing what was there. */
wasi_errno_t fd_table_renumber(wasi_call_t *call, uint32_t from, uint32_t to);

void fd_table_deinit(wasi_fd_table_t *table);

wasi_filetype_t wasi_filetype_of_mode(unsigned mode);

#endif
