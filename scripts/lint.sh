#!/bin/bash
# What a compiler does not say: clang-tidy over the library and the command line, every header on
# its own, shell scripts. Wants build/release configured and Wasmtime built.
set -u
cd "$(dirname "$0")/.." || exit
. scripts/tally.sh
cores=$(jobs)

# One file a process: clang-tidy 14 mixes up va_lists when it is given several.
tidy() {
    local tidy=(clang-tidy -p build/release --quiet "--warnings-as-errors=*"
        --extra-arg=-Wno-unknown-warning-option) # GCC's, in its compile commands
    local promise=(--extra-arg=-include "--extra-arg=$PWD/scripts/analyzer.h")
    {
        find src ! -path 'src/cli/*' ! -path src/base/error.c -name '*.c' -print0 |
            xargs -0 -n 1 -P "$cores" "${tidy[@]}" "${promise[@]}" &&
            find src/cli src/base/error.c -name '*.c' -print0 |
            xargs -0 -n 1 -P "$cores" "${tidy[@]}"
    } 2>/dev/null
}

# A header includes what it needs; a public one is C++ as well.
headers() {
    local status=0 header
    local flags=(-D_GNU_SOURCE -DSPIN_WASMTIME_SHIM=1 -Iinclude -Isrc -fsyntax-only
        -isystem build/third_party/wasmtime/include -isystem third_party/wasmtime/include
        -isystem /usr/share/include/llhttp -Wall -Wextra -Wpedantic -Werror)
    local bindings=(build/release/bindings/*) # written by the build
    flags+=("${bindings[@]/#/-I}")
    while read -r header; do
        cc -std=gnu17 -x c -Wconversion "${flags[@]}" -include "$header" /dev/null || status=1
        case $header in
        include/*)
            for dialect in c++11 c++17 c++20; do
                c++ "-std=$dialect" -x c++ -Wconversion "${flags[@]}" -include "$header" \
                    /dev/null || status=1
            done
            ;;
        esac
    done < <(find include src -name '*.h' | sort)
    return $status
}

# The build gives each folder of src/ the headers below it and no others; a path with dots in it
# would get around that.
includes() {
    ! grep -rnE '#include "[^"]*\.\./' src include
}

check "clang-tidy" tidy
check "headers on their own" headers
check "includes" includes
check "code in the documents" scripts/docs.py --check
check "shellcheck" shellcheck scripts/*.sh .ci/run tests/install/run.sh tests/abi/run.sh \
    bindings/*.sh bindings/*/*.sh
tally_finish
