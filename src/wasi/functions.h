/* The functions of wasi_snapshot_preview1 that run to their end at once, by file. Arguments and
 * meaning: legacy/preview1/witx/wasi_snapshot_preview1.witx of github.com/WebAssembly/WASI. */
#ifndef WASI_FUNCTIONS_H
#define WASI_FUNCTIONS_H

#include "wasi/state.h"

#define WASI_FUNCTION(name)                                                                        \
    wasi_errno_t wasi_##name(wasi_call_t *call, const wasmtime_val_raw_t *args)

/* args_env.c */
WASI_FUNCTION(args_get);
WASI_FUNCTION(args_sizes_get);
WASI_FUNCTION(environ_get);
WASI_FUNCTION(environ_sizes_get);

/* clock_random.c */
WASI_FUNCTION(clock_res_get);
WASI_FUNCTION(clock_time_get);
WASI_FUNCTION(sched_yield);
WASI_FUNCTION(proc_raise);

/* fd_io.c */
WASI_FUNCTION(fd_pread);
WASI_FUNCTION(fd_pwrite);
WASI_FUNCTION(fd_read);
WASI_FUNCTION(fd_write);
WASI_FUNCTION(fd_seek);
WASI_FUNCTION(fd_tell);
WASI_FUNCTION(sock_accept);
WASI_FUNCTION(sock_recv);
WASI_FUNCTION(sock_send);
WASI_FUNCTION(sock_shutdown);

/* fd_stat.c */
WASI_FUNCTION(fd_advise);
WASI_FUNCTION(fd_allocate);
WASI_FUNCTION(fd_close);
WASI_FUNCTION(fd_datasync);
WASI_FUNCTION(fd_fdstat_get);
WASI_FUNCTION(fd_fdstat_set_flags);
WASI_FUNCTION(fd_fdstat_set_rights);
WASI_FUNCTION(fd_filestat_get);
WASI_FUNCTION(fd_filestat_set_size);
WASI_FUNCTION(fd_filestat_set_times);
WASI_FUNCTION(fd_renumber);
WASI_FUNCTION(fd_sync);

/* fd_dir.c */
WASI_FUNCTION(fd_prestat_get);
WASI_FUNCTION(fd_prestat_dir_name);
WASI_FUNCTION(fd_readdir);

/* path.c, path_open.c */
WASI_FUNCTION(path_create_directory);
WASI_FUNCTION(path_filestat_get);
WASI_FUNCTION(path_filestat_set_times);
WASI_FUNCTION(path_link);
WASI_FUNCTION(path_open);
WASI_FUNCTION(path_readlink);
WASI_FUNCTION(path_remove_directory);
WASI_FUNCTION(path_rename);
WASI_FUNCTION(path_symlink);
WASI_FUNCTION(path_unlink_file);

#endif
