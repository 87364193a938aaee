#!/bin/bash
# The bindings of every language whose tools are here. The last line sums them up.
set -u
cd "$(dirname "$0")" || exit
# shellcheck source=scripts/tally.sh
. ../scripts/tally.sh
# shellcheck source=bindings/env.sh
. ./env.sh

# language <folder> <command>…: its tests, unless one of the commands is missing.
language() {
    local name=$1 log=$OUT/$1.log totals each
    shift
    say "$name"
    [ -x "$name/test.sh" ] || return 0
    for each in "$@"; do
        if ! command -v "$each" >/dev/null; then
            echo "skipped: no $each"
            tally "$name" 0 0 1
            return
        fi
    done
    "$name/test.sh" 2>&1 | tee "$log"
    totals=$(sed -nE '$s/^([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?$/\1 \2 \4/p' "$log")
    # shellcheck disable=SC2086
    tally "$name" ${totals:-0 1}
}

PATH=$PATH:$HOME/.cargo/bin
language go go cc pkg-config python3
language csharp mcs mono
language python python3
language rust cargo
tally_finish
