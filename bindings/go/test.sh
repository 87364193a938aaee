#!/bin/bash
# Form, vet, and the tests with cgo's strictest checks, under the race detector where there is one.
# Ends with "N passed, N failed".
set -u
cd "$(dirname "$0")" || exit
# shellcheck source=bindings/env.sh
. ../env.sh
export GOFLAGS=-mod=mod GOPROXY=off GOTOOLCHAIN=local CGO_ENABLED=1 GODEBUG=cgocheck=1
export GOCACHE=${GOCACHE:-$OUT/go-cache}
passed=0 failed=0
count() {
    echo "-- $1: $2"
    if [ "$2" = ok ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}
check() {
    local name=$1
    shift
    if "$@"; then count "$name" ok; else count "$name" failed; fi
}
is_formatted() { [ -z "$(gofmt -l . | tee /dev/stderr)" ]; }

check "gofmt" is_formatted
check "go vet" go vet ./...

race=()
go build -race -o /dev/null ./examples/http 2>/dev/null && race=(-race) && echo "-- with the race detector"
log=$OUT/go-test.log
go test "${race[@]}" -count=1 -timeout 300s -v . 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
passed=$((passed + $(grep -c '^--- PASS' "$log")))
bad=$(grep -c '^--- FAIL' "$log")
[ "$status" = 0 ] || [ "$bad" -gt 0 ] || bad=1
failed=$((failed + bad))

check "examples are built" go build -o "$OUT/go/" ./examples/...
check "examples" python3 ../examples_test.py "$OUT/go/http" -- "$OUT/go/timer_echo"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
