#!/bin/bash
# Clippy and the tests of the Rust crates against BUILD (default build/release), in a target folder
# outside of the sources. Ends with "N passed, N failed".
set -u
cd "$(dirname "$0")" || exit
# shellcheck source=bindings/env.sh
. ../env.sh
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$OUT/rust}
export CARGO_NET_OFFLINE=true RUST_BACKTRACE=0
passed=0 failed=0
check() {
    if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
timeout 600 cargo test --locked --no-fail-fast 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
while read -r ok bad; do
    passed=$((passed + ok)) failed=$((failed + bad))
done < <(sed -n 's/^test result: .* \([0-9]*\) passed; \([0-9]*\) failed;.*/\1 \2/p' "$log")
# It did not compile, hung, or died without a result.
[ "$status" = 0 ] || [ "$failed" -gt 0 ] || failed=1
if cargo clippy --version >/dev/null 2>&1; then
    check cargo clippy --locked --quiet --all-targets -- -D warnings
fi
if cargo fmt --version >/dev/null 2>&1; then
    check cargo fmt --check
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
