#include "spin/version.h"

const char *spin_version(void) {
    return SPIN_VERSION;
}

/* The build reads it from third_party/wasmtime/Cargo.toml. */
const char *spin_engine_version(void) {
    return SPIN_WASMTIME_VERSION;
}
