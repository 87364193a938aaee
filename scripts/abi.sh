#!/bin/bash
# What libspin promises to programs that are compiled already.
#
#     scripts/abi.sh             checks the symbol versions against the headers, the libraries that
#                                are built against the symbol versions, and the ABI against the
#                                recorded one
#     scripts/abi.sh --update    writes src/libspin.map and abi/libspin.abi anew, to be reviewed
#     scripts/abi.sh --dump LIBRARY HEADERS        prints the ABI of a library
#     scripts/abi.sh --compare RECORDED NOW        two such dumps; fails where NOW breaks programs
#
# The ABI is that of the public headers: a function of ours is exported only if its source saw its
# declaration there, so the compiler has compared the two. It is read from the debug information of
# a library made of nothing but these declarations, where all that is opaque to a program is so to
# us, and which does not change with the order or the place of our sources.
set -eu
cd "$(dirname "$0")/.."
recorded=abi/libspin.abi
build=build/abi
mkdir -p "$build"

# abidiff takes an enumerator with another number for a change that may be all right, so what it
# says is judged here: whatever remains when additions are left out breaks programs.
compare() { # <recorded> <now>
    local status=0 as_then
    as_then=$(mktemp --suffix=.abi)
    scripts/abi_growth.py "$1" "$2" >"$as_then"
    abidiff --no-show-locs --no-added-syms --leaf-changes-only "$1" "$as_then" || status=$?
    rm -f "$as_then"
    if [ $((status & 3)) != 0 ]; then
        echo "abidiff could not compare $1 and $2" >&2
        return 2
    elif [ "$status" != 0 ]; then
        echo "Programs that use libspin would break: docs/embedding.md, \"What stays\"." >&2
        return 1
    fi
    cmp -s "$1" "$2" || echo "The ABI has grown. Please record it: scripts/abi.sh --update"
}

dump() { # <library> <headers>
    abidw --headers-dir "$2" --drop-private-types --exported-interfaces-only --no-architecture \
        --no-comp-dir-path --no-corpus-path --no-elf-needed --no-parameter-names --no-show-locs \
        --no-write-default-sizes --type-id-style hash "$1" |
        sed -E "s| (path\|soname)='[^']*'||"
}

promise() { # the ABI of the headers
    { echo '#include <spin/spin.h>'; scripts/headers.py definitions include/spin/*.h; } \
        >"$build/promise.c"
    sed 's/@.*@/0/' src/libspin.map >"$build/promise.map"
    cc -std=gnu17 -Wall -Werror -g -O0 -fPIC -shared -Iinclude \
        -isystem build/third_party/wasmtime/include -Wl,--version-script="$build/promise.map" \
        -o "$build/promise.so" "$build/promise.c"
    dump "$build/promise.so" include/spin
}

promised() { sed -n 's/^ *\(spin_[a-z0-9_]*\);$/\1/p' src/libspin.map | sort; }
few() { sed '10q' <<<"$1" | xargs; }

# exports <library>: our names in it, and no others, each under a version.
exports() {
    local now absent stray
    now=$(nm -D --defined-only "$1" | awk '$2 != "A" { print $3 }')
    absent=$(comm -23 <(promised) <(sed -n 's/@@LIBSPIN_[0-9].*//p' <<<"$now" | sort))
    stray=$(grep -vE '^(spin_[a-z0-9_]+@@LIBSPIN_[0-9.]+|wasm(time)?_\w+@@LIBSPIN_WASMTIME_[0-9]+)$' \
        <<<"$now")
    [ -z "$absent" ] || echo "$1 lacks $(wc -l <<<"$absent"): $(few "$absent")" >&2
    [ -z "$stray" ] || echo "$1 also exports $(wc -l <<<"$stray"): $(few "$stray")" >&2
    [ -z "$absent$stray" ]
}

case ${1:-} in
"")
    status=0
    scripts/libspin_map.py check || status=1
    for library in build/release/libspin.so build/debug/libspin.so; do
        [ ! -e $library ] || exports $library || status=1
    done
    promise >"$build/now.abi"
    compare "$recorded" "$build/now.abi" || status=1
    exit "$status"
    ;;
--update)
    scripts/libspin_map.py update
    promise >"$recorded.new"
    mv "$recorded.new" "$recorded"
    ;;
--dump) dump "$2" "$3" ;;
--compare) compare "$2" "$3" ;;
*) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
