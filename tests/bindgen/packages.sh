#!/bin/bash
# spin-bindgen over whole packages: each world and each interface of each folder, and of the folder's
# `deps`, is generated twice (the same bytes both times) and compiled as C17 and as C++17 without a
# warning.
#
#     tests/bindgen/packages.sh SPIN_BINDGEN INCLUDES [FOLDER...]
#
# INCLUDES is the folder of the engine's headers. Without folders it takes those of the crates that
# packages/Cargo.toml names: WASI 0.2 and 0.3 and Spin's own. Where they can't be had the status is
# 77. A folder that holds no .wit file itself, only packages, is taken as the `deps` of an empty one.
# An interface of types only has nothing to generate: it counts as skipped. The last line sums up.
set -u
export BINDGEN=$1 ENGINE_INCLUDES=$2 SOURCE
shift 2
SOURCE=$(cd "$(dirname "$0")/../.." && pwd)
OUT=$(mktemp -d) || exit 1
export OUT
trap 'rm -rf "$OUT"' EXIT

crates() {
    local py manifest=$SOURCE/tests/bindgen/packages/Cargo.toml
    command -v cargo >/dev/null || { echo "no cargo to fetch the packages with" >&2; return 77; }
    cargo fetch --quiet --locked --manifest-path "$manifest" ||
        { echo "cargo can't fetch the packages: offline?" >&2; return 77; }
    py=$(command -v python3) || { echo "no python3" >&2; return 77; }
    cargo metadata --locked --offline --format-version 1 --manifest-path "$manifest" | "$py" -c '
import json, pathlib, sys
wanted = ("spin-sdk", "wasip3", "wasmtime-wasi", "wasmtime-wasi-http", "wasmtime-wasi-io")
for package in json.load(sys.stdin)["packages"]:
    if package["name"] in wanted:
        for folder in sorted(pathlib.Path(package["manifest_path"]).parent.rglob("wit")):
            print(folder)'
}

# items FOLDER: "--world ns:pkg/name@1.0.0" for all that is declared. Nested packages are in braces.
items() {
    # shellcheck disable=SC2016 # for awk
    find -L "$1" -name '*.wit' -print0 | sort -z | xargs -0 awk '
        FNR == 1 { # single files in `deps` are packages, elsewhere a folder is one
            nested = ""; place = FILENAME; sub(/\/[^\/]*$/, "", place)
            if (place ~ /\/deps$/) place = FILENAME
        }
        # A package may be named in any one of its files.
        /^[ \t]*package[ \t]/ {
            name = $2; sub(/[;{].*/, "", name)
            if ($0 ~ /\{[ \t]*$/) nested = name
            else package[place] = name
        }
        /^[ \t]*(world|interface)[ \t]+%?[a-zA-Z0-9-]+[ \t]*\{/ {
            name = $2; sub(/\{.*/, "", name); sub(/^%/, "", name)
            count++; kind[count] = $1; item[count] = name; where[count] = place; own[count] = nested
        }
        END {
            for (i = 1; i <= count; i++) {
                id = own[i] != "" ? own[i] : package[where[i]]
                at = index(id, "@"); version = at ? substr(id, at) : ""
                if (at) id = substr(id, 1, at - 1)
                print "--" kind[i] " " id "/" item[i] version
            }
        }' | sort -u
}

# check FOLDER KIND NAME, as one line: "ok", "skip" or "FAIL" and which.
check() {
    local folder=$1 kind=$2 name=$3 out log flags status
    out=$(mktemp -d "$OUT/XXXXXXXX")
    log=$out/log
    mkdir "$out/again"
    "$BINDGEN" --all-features --prefix b "$kind" "$name" -o "$out" "$folder" >"$log" 2>&1
    status=$?
    if [ $status != 0 ] && grep -q 'has no function' "$log"; then
        echo "skip $folder $kind $name: nothing to generate"
        return
    fi
    flags=(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -isystem "$SOURCE/include"
        -isystem "$ENGINE_INCLUDES")
    if [ $status = 0 ] &&
        "$BINDGEN" --all-features --prefix b "$kind" "$name" -o "$out/again" "$folder" >>"$log" 2>&1 &&
        cmp "$out/b.c" "$out/again/b.c" >>"$log" 2>&1 &&
        cmp "$out/b.h" "$out/again/b.h" >>"$log" 2>&1 &&
        ${CC:-cc} -std=c17 "${flags[@]}" -c "$out/b.c" -o "$out/b.o" >>"$log" 2>&1 &&
        ${CXX:-c++} -x c++ -std=c++17 "${flags[@]}" -c "$out/b.c" -o "$out/b.o" >>"$log" 2>&1; then
        echo "ok $folder $kind $name $(cat "$out/b.h" "$out/b.c" | wc -l)"
    else
        echo "FAIL $folder $kind $name"
        head -5 "$log" | sed 's/^/    /'
    fi
    rm -rf "$out"
}
export -f check

if [ $# = 0 ]; then
    mapfile -t folders < <(crates || echo "status $?")
    last=${folders[-1]:-}
    if [ "${last#status }" != "$last" ]; then exit "${last#status }"; fi
    set -- "${folders[@]}"
fi

number=0
for folder in "$@"; do
    number=$((number + 1))
    root=$folder
    if ! compgen -G "$folder/*.wit" >/dev/null; then
        root=$OUT/$number
        mkdir -p "$root/deps"
        echo 'package all:packages;' >"$root/root.wit"
        for each in "$folder"/*/; do
            if [ -d "$each/wit" ]; then each=$each/wit; fi
            name=$(basename "$(dirname "$each/.")")
            if [ "$name" = wit ]; then name=$(basename "$(dirname "$each")"); fi
            cp -r "$each" "$root/deps/$name"
            rm -rf "$root/deps/$name/deps"
        done
    fi
    items "$root" | sed "s|^|$root |"
done >"$OUT/all"

# shellcheck disable=SC2016 # for the inner shell
xargs -P "$(nproc)" -L 1 bash -c 'check "$0" "$1" "$2"' <"$OUT/all" >"$OUT/results"
grep -v '^ok' "$OUT/results"
awk '/^ok/ { passed++; lines += $NF } /^FAIL/ { failed++ } /^skip/ { skipped++ }
    END { printf "bindgen packages: %d passed, %d failed, %d skipped (%d lines)\n", passed, failed,
          skipped, lines; exit failed > 0 || passed == 0 }' "$OUT/results"
