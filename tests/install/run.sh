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

stray=$(nm -D --defined-only "$lib/libspin.so" | awk '$2 != "A" && $3 !~ /^(spin|wasm|wasmtime)_[a-z0-9_]*@@LIBSPIN_/ { print $3 }')
[ -z "$stray" ] || { echo "libspin.so exports $stray" >&2; exit 1; }
stray=$(nm -g --defined-only "$lib/libspin.a" | awk 'NF == 3 && $3 !~ /^spin_/ { print $3 }')
[ -z "$stray" ] || { echo "libspin.a defines $stray" >&2; exit 1; }

# Every public declaration is there to be linked.
declared=$(scripts/headers.py functions include/spin/*.h)
exported=$(nm -D --defined-only "$lib/libspin.so" | awk '{ sub(/@@.*/, "", $3); print $3 }' | sort -u)
absent=$(comm -23 <(echo "$declared") <(echo "$exported"))
[ -z "$absent" ] || { echo "declared, but not in libspin.so: $absent" >&2; exit 1; }
undeclared=$(comm -13 <(echo "$declared") <(echo "$exported" | grep '^spin_'))
[ -z "$undeclared" ] || { echo "in libspin.so, but not declared: $undeclared" >&2; exit 1; }

# shellcheck disable=SC2046
cc -Wall -Wextra -Werror tests/install/consumer.c $(pkg-config --cflags --libs spin) -o "$out/shared"
"$out/shared"
# It names the versions that it needs, ours and the engine's.
needs=$(readelf --version-info --wide "$out/shared" | grep -oE 'LIBSPIN_[A-Z0-9_.]+' | sort -u | xargs)
[[ $needs =~ ^LIBSPIN_[0-9]+\.[0-9]+\ LIBSPIN_WASMTIME_[0-9]+$ ]] ||
    { echo "the program needs: $needs" >&2; exit 1; }
# shellcheck disable=SC2046
c++ -std=c++17 -Wall -Wextra -Wconversion -Werror -x c++ tests/install/consumer.cc \
    $(pkg-config --cflags --libs spin) -o "$out/shared-cc"
"$out/shared-cc"
# shellcheck disable=SC2046
cc -Wall -Wextra -Werror tests/install/consumer.c $(pkg-config --cflags spin) \
    -Wl,--gc-sections -Wl,-Bstatic $(pkg-config --libs-only-L --static spin) -lspin -lspin_wasmtime \
    -Wl,-Bdynamic $(pkg-config --libs --static spin | sed 's/-lspin_wasmtime//; s/-lspin//') \
    -o "$out/static"
env -u LD_LIBRARY_PATH "$out/static"

# The generator of bindings: found by both packages, and what it writes is C and C++.
bindgen=$(pkg-config --variable=bindgen spin)
"$bindgen" --help >/dev/null

cmake -S tests/install -B "$out/cmake" -G Ninja -DCMAKE_PREFIX_PATH="$root" >/dev/null
cmake --build "$out/cmake" >/dev/null
"$out/cmake/consumer_spin"
env -u LD_LIBRARY_PATH "$out/cmake/consumer_static"
env -u LD_LIBRARY_PATH "$out/cmake/consumer_bindings"

# The example of docs/extending.md, as somebody else would build it.
cmake -S examples/spin-timer-echo -B "$out/timer" -G Ninja -DCMAKE_PREFIX_PATH="$root" >/dev/null
cmake --build "$out/timer" >/dev/null
rm -rf "$out" "$stage"
