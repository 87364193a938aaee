# shellcheck shell=bash
# Sourced by scripts/test.sh and .ci/run: counts what suites report and prints the last line.
tally_passed=0 tally_failed=0 tally_skipped=0

say() { printf '\n== %s\n' "$*"; }

# tally <suite> <passed> <failed> [<skipped>]
tally() {
    printf -- '-- %s: %d passed, %d failed' "$1" "$2" "$3"
    [ "${4:-0}" = 0 ] || printf ', %d skipped' "$4"
    printf '\n'
    tally_passed=$((tally_passed + $2))
    tally_failed=$((tally_failed + $3))
    tally_skipped=$((tally_skipped + ${4:-0}))
}

# check <name> <command>…: a command that passes or fails as a whole.
check() {
    say "$1"
    local name=$1
    shift
    if "$@"; then tally "$name" 1 0; else tally "$name" 0 1; fi
}

# The totals, and the status of the whole run.
tally_finish() {
    printf '\n%d passed, %d failed' "$tally_passed" "$tally_failed"
    [ "$tally_skipped" = 0 ] || printf ', %d skipped' "$tally_skipped"
    printf '\n'
    [ "$tally_failed" = 0 ] && [ "$tally_passed" -gt 0 ]
}

jobs() { nproc 2>/dev/null || echo 2; }
