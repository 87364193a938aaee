#!/bin/sh
# Builds the Bindle server of the tests into build/peers/bindle-peer, where it is not there and as
# new as its sources. Takes about three minutes the first time.
set -eu
cd "$(dirname "$0")/../../.."
source=tests/peers/bindle-server
target=build/peers/bindle-peer

if [ -z "$(find "$source" -newer "$target" -type f 2>/dev/null || echo none)" ]; then
    exit 0
fi
cargo=$(command -v cargo || echo "$HOME/.cargo/bin/cargo")
if [ ! -x "$cargo" ]; then
    echo "The tests of Bindle need its reference server, and cargo (Rust) to build it." >&2
    exit 1
fi
mkdir -p build/peers
"$cargo" build --quiet --locked --manifest-path "$source/Cargo.toml" --target-dir build/peers/target
cp build/peers/target/debug/bindle-peer "$target.new"
mv "$target.new" "$target"
