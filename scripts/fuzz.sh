#!/bin/bash
# scripts/fuzz.sh [<seconds>]: runs every fuzz target over its seeds and then for that long on its
# own ideas, which stay in build/fuzz/found/<thing>. A finding lands in build/fuzz/findings.
set -u
cd "$(dirname "$0")/.." || exit
. scripts/tally.sh
seconds=${1:-20}

fuzz() { # <executable>
    local thing=${1##*/fuzz_} log=build/fuzz/${1##*/}.log
    mkdir -p "build/fuzz/found/$thing" build/fuzz/findings "fuzz/corpus/$thing"
    if "$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/findings/$thing-" \
        "build/fuzz/found/$thing" "fuzz/corpus/$thing" >"$log" 2>&1; then
        grep -E '^stat::(number|average)|INITED' "$log"
    else
        tail -60 "$log"
        return 1
    fi
}

for target in build/fuzz/fuzz/fuzz_*; do
    if [ -x "$target" ]; then check "${target##*/} for $seconds s" fuzz "$target"; fi
done
tally_finish
