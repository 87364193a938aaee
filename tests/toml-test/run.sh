#!/bin/sh
# Runs the official TOML 1.0 suite against our decoder and prints the counts.
#   run.sh DECODER
# 77 means skipped: there is no Go, or its module can't be had.
set -eu

suite=github.com/toml-lang/toml-test/v2/cmd/toml-test@v2.2.0
decoder=${1:?usage: run.sh DECODER}

if ! command -v go >/dev/null 2>&1; then
    echo "toml-test: skipped, there is no go on PATH"
    exit 77
fi

bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
trap 'exit 130' INT TERM
if ! GOBIN=$bin GOFLAGS=-mod=mod go install "$suite" 2>"$bin/log"; then
    sed 's/^/toml-test: /' "$bin/log"
    echo "toml-test: skipped, go could not install $suite"
    exit 77
fi

"$bin/toml-test" test -toml 1.0 -color never -decoder "$decoder"
