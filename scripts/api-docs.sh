#!/bin/bash
# The API reference, build/api-docs/html, from the public headers. Fails where a public symbol has
# no documentation (the rules are in scripts/headers.py) and on anything that Doxygen minds.
set -eu
cd "$(dirname "$0")/.."
scripts/headers.py undocumented include/spin/*.h
SPIN_VERSION=$(sed -n 's/^#define SPIN_VERSION  *"\(.*\)"/\1/p' include/spin/version.h)
export SPIN_VERSION
rm -rf build/api-docs
mkdir -p build/api-docs
doxygen docs/Doxyfile
