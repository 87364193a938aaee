#!/bin/bash
# Every test there is: unit tests under Address-, UndefinedBehavior- and LeakSanitizer, the official
# TOML suite where Go is present, the public WASI suite where SPIN_WASI_TESTSUITE names a checkout,
# what spin-bindgen makes of its golden files and of public WIT packages, and end-to-end tests against
# the release binary. The last line sums them up.
set -u
cd "$(dirname "$0")/.." || exit
. scripts/tally.sh

build() { # <preset>
    say "build ($1)"
    { [ -e "build/$1/build.ninja" ] || cmake --preset "$1"; } && cmake --build "build/$1"
}

# unit <preset> [<ctest option>…]: counts cmocka's cases; an executable that died counts as one.
unit() {
    local preset=$1 log counts
    shift
    say "unit tests ($preset)"
    ctest --preset "$preset" -j "$(jobs)" "$@"
    log=build/$preset/Testing/Temporary/LastTest.log
    counts=$(awk '
        / Testing: / { bad = 0 }
        /^\[  PASSED  \] [0-9]+ test/ { passed += $4 }
        /^\[  FAILED  \] [0-9]+ test/ { failed += $4; bad = $4 }
        /^\[  SKIPPED \] [0-9]+ test/ { skipped += $4 }
        /^Test (Failed|timeout)|^Unable to find exec/ { if (!bad) failed++; bad = 1 }
        END { print passed + 0, failed + 0, skipped + 0 }' "$log")
    # shellcheck disable=SC2086
    tally "unit tests ($preset)" $counts
}

toml_suite() { # "valid tests: 214 passed, 0 failed", and the same for the invalid ones
    local log=build/toml-test.log status counts
    say "the official TOML suite"
    tests/toml-test/run.sh "$PWD/build/$1/toml_decoder" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    if [ "$status" = 77 ]; then tally "toml-test" 0 0 1; return; fi
    counts=$(sed -nE 's/.*tests: +([0-9]+) passed, +([0-9]+) failed.*/\1 \2/p' "$log" |
        awk '{ passed += $1; failed += $2 } END { print passed + 0, failed + 0 }')
    [ "$status" = 0 ] || [ "${counts#* }" != 0 ] || counts="${counts% *} 1"
    # shellcheck disable=SC2086
    tally "toml-test" $counts
}

wasi_suite() { # with openat2, and as on a kernel without it
    local py walk log=build/wasi-test.log counts
    say "the public WASI suite"
    py=$(python)
    if [ -z "${SPIN_WASI_TESTSUITE:-}" ] || [ -z "$py" ]; then
        echo "SPIN_WASI_TESTSUITE names no built checkout of it"
        tally "wasi-testsuite" 0 0 1
        return
    fi
    for walk in "" --walk; do
        # shellcheck disable=SC2086 # none or one word
        "$py" tests/wasi/run.py "build/$1/wasi_driver" $walk 2>&1 | tee "$log"
        counts=$(sed -nE 's/^wasi-testsuite: ([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$log")
        # shellcheck disable=SC2086
        tally "wasi-testsuite $walk" ${counts:-0 1}
    done
}

component_suite() { # our own cases; public ones: make component-suite SUITE=FOLDER
    local log=build/component-suite.log counts
    say "components"
    python3 tests/component/run.py --check || tally "components: cases are up to date" 0 1
    python3 tests/component/run.py "build/$1/component_suite" 2>&1 | tee "$log"
    counts=$(sed -nE 's/^component-suite: ([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' "$log")
    # shellcheck disable=SC2086
    tally "components" ${counts:-0 1}
}

bindgen_suite() { # what spin-bindgen writes compiles: its golden files, and whole WIT packages
    local log=build/bindgen-test.log includes counts
    say "generated bindings"
    includes=$(sed -nE 's/^WASMTIME_DIR:[A-Z]+=(.+)/\1/p' "build/$1/CMakeCache.txt")
    includes=${includes:-$PWD/build/third_party/wasmtime}/include
    tests/bindgen/run.sh "$includes" 2>&1 | tee "$log"
    counts=$(sed -nE 's/^bindgen goldens: ([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$log")
    # shellcheck disable=SC2086
    tally "bindgen goldens" ${counts:-0 1}
    tests/bindgen/packages.sh "$PWD/build/$1/spin-bindgen" "$includes" 2>&1 | tee "$log"
    if [ "${PIPESTATUS[0]}" = 77 ]; then tally "bindgen packages" 0 0 1; return; fi
    counts=$(sed -nE 's/^bindgen packages: ([0-9]+) passed, ([0-9]+) failed, .*/\1 \2/p' "$log")
    # shellcheck disable=SC2086
    tally "bindgen packages" ${counts:-0 1}
}

python() { # the python that has pytest: the user's, else the system's
    local each
    for each in python3 /usr/bin/python3; do
        if "$each" -c 'import pytest' 2>/dev/null; then echo "$each"; return; fi
    done
}

# One pytest for each file, as many at a time as there are cores.
end_to_end() {
    local py
    say "end-to-end tests"
    py=$(python)
    if [ -z "$py" ]; then echo "no pytest: scripts/setup.sh test"; tally "end to end" 0 1; return; fi
    if command -v go >/dev/null; then make -C guests go; fi # the example whose .wasm is not kept
    tests/peers/bindle-server/build.sh || tally "Bindle's reference server" 0 1
    rm -rf build/e2e
    mkdir -p build/e2e
    # shellcheck disable=SC2016 # for the inner shell
    find tests/e2e -name 'test_*.py' -print0 | sort -z |
        SPIN_BIN="$PWD/build/release/spin" PY="$py" xargs -0 -n 1 -P "$(jobs)" bash -c '
            name=$(basename "$0" .py) log=build/e2e/$(basename "$0" .py).log
            "$PY" -m pytest "$0" -q -p no:cacheprovider --junitxml="build/e2e/$name.xml" >"$log" 2>&1
            status=$?
            echo $status >"build/e2e/$name.status"
            if [ $status = 0 ]; then tail -1 "$log"; else cat "$log"; fi | sed "s/^/$name: /"'
    # shellcheck disable=SC2046
    tally "end to end" $("$py" - <<'PY'
import pathlib, xml.etree.ElementTree as xml
passed = failed = skipped = 0
for status in pathlib.Path("build/e2e").glob("*.status"):
    count = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
    report = status.with_suffix(".xml")
    if report.exists():
        for suite in xml.parse(report).getroot().iter("testsuite"):
            count = {key: count[key] + int(suite.get(key, 0)) for key in count}
    bad = count["failures"] + count["errors"]
    passed += count["tests"] - bad - count["skipped"]
    failed += bad or int(status.read_text().strip() != "0")  # pytest itself may give up
    skipped += count["skipped"]
print(passed, failed, skipped)
PY
    )
}

if [ "${1:-}" = --unit ]; then # scripts/test.sh --unit <preset> [<ctest option>…]
    shift
    build "$1" || { tally "build ($1)" 0 1; tally_finish; exit 1; }
    unit "$@"
    tally_finish
    exit
fi

for preset in release asan; do
    build $preset || { tally "build ($preset)" 0 1; tally_finish; exit 1; }
done
unit asan
toml_suite asan
wasi_suite asan
component_suite asan
bindgen_suite release
end_to_end
tally_finish
