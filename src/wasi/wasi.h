/* WASI preview 1 (wasi_snapshot_preview1) as a host interface of the engine. */
#ifndef WASI_WASI_H
#define WASI_WASI_H

#include "engine/host.h"

extern const engine_host_t wasi_host;

#endif
