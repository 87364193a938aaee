#!/bin/bash
# Whether scripts/abi.sh would see a broken promise: small libraries, each one change away from the
# first, and what is to be said of them.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# library <name> [<sed expression>…]: builds tests/abi/promise.h, so changed, and dumps its ABI.
library() {
    local name=$1 edits=(-e "")
    shift
    for each in "$@"; do edits+=(-e "$each"); done
    mkdir "$work/$name"
    sed "${edits[@]}" tests/abi/promise.h >"$work/$name/promise.h"
    if [ $# != 0 ] && cmp -s tests/abi/promise.h "$work/$name/promise.h"; then
        echo "$name: the change changes nothing" >&2
        exit 1
    fi
    # Every declared function gets an empty body.
    sed -n 's/^int \(.*\);$/int \1 { return 0; }/p' "$work/$name/promise.h" >"$work/$name/bodies"
    { echo '#include "promise.h"'; cat "$work/$name/bodies"; } >"$work/$name/promise.c"
    echo 'LIBSPIN_0.1 { global: spin_*; local: *; };' >"$work/$name/map"
    cc -w -g -shared -fPIC -Wl,--version-script="$work/$name/map" -o "$work/$name.so" \
        "$work/$name/promise.c"
    scripts/abi.sh --dump "$work/$name.so" "$work/$name" >"$work/$name.abi"
}

failed=0
# expect <status> <words> <name> [<sed expression>…]
expect() {
    local status=0 wanted=$1 words=$2 name=$3
    shift 2
    library "$@"
    scripts/abi.sh --compare "$work/first.abi" "$work/$name.abi" >"$work/said" 2>&1 || status=$?
    if [ "$status" != "$wanted" ] || { [ -n "$words" ] && ! grep -q "$words" "$work/said"; }; then
        echo "$name: status $status instead of $wanted, or not \"$words\":" >&2
        cat "$work/said" >&2
        failed=1
    fi
}

library first
expect 0 "" same
expect 1 "spin_thing_two" removed '/spin_thing_two/d'
expect 1 "spin_thing_two" parameter 's/spin_thing_two(int/spin_thing_two(long/'
expect 1 "SPIN_KIND_B" renumbered 's/SPIN_KIND_A,/SPIN_KIND_A, SPIN_KIND_NEW,/'
expect 1 "SPIN_KIND_C" shortened '/SPIN_KIND_C/d'
expect 1 "SPIN_WAY_B" nested-enum 's/SPIN_WAY_A,/SPIN_WAY_A, SPIN_WAY_NEW,/'
expect 1 "spin_place" layout 's/int line;/int line; int column;/'
expect 1 "spin_place" member 's/char kind;/short kind;/'
expect 1 "spin_place" appended 's/int offset;/int offset; int after;/'
expect 1 "spin_thing_options" option-before 's/size_t size;/size_t size; int before;/'
expect 1 "spin_thing_options" option-type 's/unsigned way_count;/unsigned long way_count;/'
expect 1 "spin_thing_options" option-gone '/way_count;/d'
expect 1 "spin_thing_options" option-other 's/const char \*name;/long name;/; s/way_count;/&int x;/'
expect 0 "scripts/abi.sh --update" added '/spin_thing_two/aint spin_thing_three(void);'
expect 0 "scripts/abi.sh --update" option-after 's/unsigned way_count;/&void *after; int more;/'
expect 0 "scripts/abi.sh --update" enumerator 's/SPIN_KIND_C,/SPIN_KIND_C, SPIN_KIND_D,/'
exit "$failed"
