# shellcheck shell=bash
# Sourced by the tests of the bindings: which libspin they use. That of an installation, SPIN_PREFIX,
# or of a build folder, BUILD (default build/release), for which a spin.pc is written that leads into
# the tree. Sets BUILD, ROOT, OUT (for what is built), PKG_CONFIG_PATH, LD_LIBRARY_PATH,
# SPIN_LIB_DIR and SPIN_CFLAGS.
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=$(cd "$ROOT" && realpath -m "${BUILD:-build/release}")
OUT=$(cd "$ROOT" && realpath -m "${OUT:-build/bindings}")
mkdir -p "$OUT"
if [ -n "${SPIN_PREFIX:-}" ]; then
    SPIN_LIB_DIR=$(dirname "$(find "$SPIN_PREFIX" -name libspin.so -print -quit)")
    PKG_CONFIG_PATH=$SPIN_LIB_DIR/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
    SPIN_CFLAGS="-I$SPIN_PREFIX/include -I$SPIN_PREFIX/include/spin-wasmtime"
else
    SPIN_LIB_DIR=$BUILD
    third_party=$(sed -n 's/^SPIN_THIRD_PARTY_DIR:[^=]*=//p' "$BUILD/CMakeCache.txt" 2>/dev/null)
    SPIN_CFLAGS="-I$ROOT/include -I${third_party:-$ROOT/build/third_party}/wasmtime/include"
    mkdir -p "$OUT/pkgconfig"
    cat >"$OUT/pkgconfig/spin.pc" <<EOF
Name: spin
Description: libspin as it lies in the build folder
Version: 0
Cflags: $SPIN_CFLAGS
Libs: -L$SPIN_LIB_DIR -lspin
EOF
    PKG_CONFIG_PATH=$OUT/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
fi
LD_LIBRARY_PATH=$SPIN_LIB_DIR${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export ROOT BUILD OUT SPIN_LIB_DIR SPIN_CFLAGS PKG_CONFIG_PATH LD_LIBRARY_PATH
