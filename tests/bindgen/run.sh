#!/bin/bash
# The golden files of spin-bindgen compile as C17 and as C++17, with each compiler that is there, and
# without a warning. The last line sums up.
#
#     tests/bindgen/run.sh INCLUDES      the folder of the engine's headers
set -u
cd "$(dirname "$0")/../.." || exit
flags=(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -O1 -isystem include -isystem "$1" -c
    -o /dev/null)
passed=0 failed=0

check() { # <what> <command>...
    local what=$1
    shift
    if "$@"; then passed=$((passed + 1)); else
        echo "FAIL $what"
        failed=$((failed + 1))
    fi
}

for source in tests/golden/bindgen/*.c; do
    for compiler in gcc clang; do
        command -v "$compiler" >/dev/null || continue
        check "$source ($compiler, C)" "$compiler" -std=c17 "${flags[@]}" "$source"
    done
    for compiler in g++ clang++; do
        command -v "$compiler" >/dev/null || continue
        check "$source ($compiler, C++)" "$compiler" -x c++ -std=c++17 "${flags[@]}" "$source"
    done
done
echo "bindgen goldens: $passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
