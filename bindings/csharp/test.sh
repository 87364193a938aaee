#!/bin/bash
# Builds the C# binding, its examples and its tests with mono's mcs and runs them against BUILD
# (default build/release), outside of the sources. Ends with "N passed, N failed".
set -u
cd "$(dirname "$0")/../.." || exit
here=bindings/csharp
# shellcheck source=bindings/env.sh
. bindings/env.sh
out=${CSHARP_OUT:-$OUT/csharp}
mkdir -p "$out" || exit
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
export TMPDIR=$temp XDG_CACHE_HOME=$temp/cache

build() {
    local mcs=(mcs -langversion:7 -warn:4 -warnaserror)
    "${mcs[@]}" -debug -target:library -out:"$out/Spin.Host.dll" "$here"/src/*.cs &&
        "${mcs[@]}" -r:"$out/Spin.Host.dll" -out:"$out/http.exe" "$here/examples/Http.cs" &&
        "${mcs[@]}" -r:"$out/Spin.Host.dll" -out:"$out/timer_echo.exe" \
            "$here/examples/TimerEcho.cs" &&
        "${mcs[@]}" -r:"$out/Spin.Host.dll" -out:"$out/component.exe" "$here/examples/Component.cs" &&
        # With the sources of the library, to see what is internal.
        "${mcs[@]}" -debug -out:"$out/tests.exe" "$here"/src/*.cs "$here"/tests/*.cs
}

if ! build; then
    echo "0 passed, 1 failed"
    exit 1
fi
timeout 600 mono --debug "$out/tests.exe" "$@" >"$temp/log" 2>&1
status=$?
cat "$temp/log"
# It died or hung: that is a failure beside those that it has told of.
if ! tail -n 1 "$temp/log" | grep -Eq '^[0-9]+ passed, [0-9]+ failed$'; then
    echo "mono ended with status $status"
    echo "$(grep -c '^ok ' "$temp/log") passed, $(($(grep -c '^FAILED' "$temp/log") + 1)) failed"
    exit 1
fi
exit "$status"
