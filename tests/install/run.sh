#!/bin/bash
# Installs the release build into a folder, as a package would, and builds tests/install/consumer.c
# against it: with pkg-config and with CMake, each with the shared and the static library.
set -eu
cd "$(dirname "$0")/../.."
stage=$PWD/build/stage
out=$PWD/build/consumer
rm -rf "$stage" "$out"
mkdir -p "$out"
make install DESTDIR="$stage" PREFIX=/opt/spin >/dev/null

# Moved away from the prefix it was installed for: the packages must not mind.
root=$out/moved
mv "$stage/opt/spin" "$root"
lib=$root/lib
[ -d "$lib" ] || lib=$(dirname "$(find "$root" -name libspin.a)")
export PKG_CONFIG_PATH=$lib/pkgconfig LD_LIBRARY_PATH=$lib

"$root/bin/spin" --version

stray=$(nm -D --defined-only "$lib/libspin.so" | awk '$3 !~ /^(spin|wasm|wasmtime)_/ { print $3 }')
[ -z "$stray" ] || { echo "libspin.so exports $stray" >&2; exit 1; }
stray=$(nm -g --defined-only "$lib/libspin.a" | awk 'NF == 3 && $3 !~ /^spin_/ { print $3 }')
[ -z "$stray" ] || { echo "libspin.a defines $stray" >&2; exit 1; }

# Every public declaration is there to be linked.
declared=$(cat include/spin/*.h | tr '\n' ' ' | grep -oE 'SPIN_API[^;]*;' |
    grep -oE '\bspin_[a-z0-9_]+ *\(' | tr -d ' (' | sort -u)
exported=$(nm -D --defined-only "$lib/libspin.so" | awk '{ print $3 }' | sort -u)
absent=$(comm -23 <(echo "$declared") <(echo "$exported"))
[ -z "$absent" ] || { echo "declared, but not in libspin.so: $absent" >&2; exit 1; }

# shellcheck disable=SC2046
cc -Wall -Wextra -Werror tests/install/consumer.c $(pkg-config --cflags --libs spin) -o "$out/shared"
"$out/shared"
# shellcheck disable=SC2046
cc -Wall -Wextra -Werror tests/install/consumer.c $(pkg-config --cflags spin) \
    -Wl,--gc-sections -Wl,-Bstatic $(pkg-config --libs-only-L --static spin) -lspin -lspin_wasmtime \
    -Wl,-Bdynamic $(pkg-config --libs --static spin | sed 's/-lspin_wasmtime//; s/-lspin//') \
    -o "$out/static"
env -u LD_LIBRARY_PATH "$out/static"

cmake -S tests/install -B "$out/cmake" -G Ninja -DCMAKE_PREFIX_PATH="$root" >/dev/null
cmake --build "$out/cmake" >/dev/null
"$out/cmake/consumer_spin"
env -u LD_LIBRARY_PATH "$out/cmake/consumer_static"
rm -rf "$out" "$stage"
