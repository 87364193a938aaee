#!/bin/bash
# The package's tests, its examples, and a wheel, where setuptools can make one. Ends with
# "N passed, N failed", and what was skipped.
set -u
cd "$(dirname "$0")" || exit
# shellcheck source=bindings/env.sh
. ../env.sh
export PYTHONDONTWRITEBYTECODE=1 PIP_NO_INDEX=1 PIP_DISABLE_PIP_VERSION_CHECK=1
py=${PYTHON:-python3}
passed=0 failed=0 skipped=0
check() { # <name> <command>…; 77: skipped
    local name=$1 result
    shift
    "$@"
    case $? in
    0) passed=$((passed + 1)) result=ok ;;
    77) skipped=$((skipped + 1)) result=skipped ;;
    *) failed=$((failed + 1)) result=failed ;;
    esac
    echo "-- $name: $result"
}

# Installed into a folder by itself, it finds the library that it carries.
wheel() {
    local out=$OUT/wheel
    if ! "$py" -c 'import setuptools.command.bdist_wheel' 2>/dev/null &&
        ! "$py" -c 'import setuptools, wheel' 2>/dev/null; then
        echo "setuptools 70.1, or an older one and wheel, would make a wheel"
        return 77
    fi
    rm -rf "$out"
    mkdir -p "$out/source"
    cp -r pyproject.toml setup.py README.md spin "$out/source"
    "$py" -m pip -q wheel "$out/source" --no-build-isolation --no-deps -w "$out/pure" || return 1
    SPIN_WHEEL_LIBRARY=$SPIN_LIB_DIR/libspin.so "$py" -m pip -q wheel "$out/source" \
        --no-build-isolation --no-deps -w "$out/full" || return 1
    ls "$out"/pure/libspin-*-py3-none-any.whl >/dev/null || return 1
    "$py" -m zipfile -e "$out"/full/libspin-*-py3-none-linux_*.whl "$out/site" || return 1
    (cd / && env -u LD_LIBRARY_PATH -u SPIN_PREFIX PYTHONPATH="$out/site" "$py" -c '
import spin
assert spin.__file__.startswith("'"$out"'/site"), spin.__file__
print("the wheel has libspin", spin.version())
assert "'"$out"'/site/spin/libspin.so.0" in open("/proc/self/maps").read()')
}

export PYTHONPATH=$PWD
log=$OUT/python-test.log
timeout 300 "$py" -m unittest -v tests/test_spin.py tests/test_component.py 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
ran=$(sed -nE 's/^Ran ([0-9]+) tests? in .*/\1/p' "$log")
bad=$(grep -cE '^(FAIL|ERROR): ' "$log")
[ "$status" = 0 ] || [ "$bad" -gt 0 ] || bad=1
passed=$((passed + ${ran:-0} - bad)) failed=$((failed + bad))
[ "$passed" -ge 0 ] || passed=0

check "examples" "$py" ../examples_test.py "$py" examples/http_server.py -- "$py" examples/timer_echo.py
check "wheel" wheel
printf '%d passed, %d failed' $passed $failed
[ $skipped = 0 ] || printf ', %d skipped' $skipped
printf '\n'
[ $failed = 0 ] && [ $passed -gt 0 ]
