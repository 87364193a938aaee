#!/bin/bash
# Puts all of our C into the form of .clang-format, or with --check says what is not.
set -eu
cd "$(dirname "$0")/.."
mapfile -t files < <(find include src tests fuzz bench examples guests third_party/wasmtime/include \
    \( -name '*.c' -o -name '*.h' \) -print 2>/dev/null | sort)
if [ "${1:-}" = --check ]; then
    exec clang-format --dry-run -Werror "${files[@]}"
fi
exec clang-format -i "${files[@]}"
