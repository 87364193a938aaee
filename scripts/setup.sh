#!/bin/sh
# scripts/setup.sh [build|test|ci|guests]: sees to it that everything is there to build Spin, to test
# it too, to run all of .ci/run, or to rebuild the guests. Installs Debian packages where it may, else prints what to type.
# Does nothing where it was successful before.
set -eu
cd "$(dirname "$0")/.."

level=${1:-build}
case $level in
build) levels="build" ;;
test) levels="build test" ;;
ci) levels="build test ci" ;;
guests) levels="guests" ;;
*) echo "usage: scripts/setup.sh [build|test|ci|guests]" >&2; exit 2 ;;
esac

stamp=build/.setup-$level
if [ -n "$(find build -maxdepth 1 -name ".setup-$level" -newer scripts/setup.sh 2>/dev/null)" ]; then
    exit 0
fi

have() { command -v "$1" >/dev/null 2>&1; }

# 1.95 is what third_party/wasmtime/Cargo.toml asks for.
cargo_is_new_enough() {
    for cargo in cargo "$HOME/.cargo/bin/cargo"; do
        version=$("$cargo" --version 2>/dev/null | cut -d' ' -f2) || continue
        minor=$(echo "$version" | cut -d. -f2)
        case $version in
        1.*) [ "$minor" -ge 95 ] && return 0 ;;
        esac
    done
    return 1
}

# Prints the packages that stand for a list of needs. A need is met when the package is installed,
# and "name=command" also when the command is found, however it came here.
missing_packages() {
    for need in "$@"; do
        package=${need%%=*}
        if [ "$need" != "$package" ] && have "${need#*=}"; then
            continue
        fi
        state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || state=
        [ "$state" = installed ] || printf ' %s' "$package"
    done
}

llhttp_package() {
    if pkg-config --exists libllhttp 2>/dev/null || [ -e /usr/share/llhttp/llhttp.c ]; then
        return
    elif apt-cache show libllhttp-dev >/dev/null 2>&1; then
        echo libllhttp-dev
    else
        echo node-llhttp
    fi
}

wanted() {
    for each in $levels; do
        case $each in
        build)
            # shellcheck disable=SC2046 # none or one word
            missing_packages cmake=cmake ninja-build=ninja gcc=cc libc6-dev pkg-config=pkg-config \
                ca-certificates libuv1-dev libjansson-dev nettle-dev libcurl4-openssl-dev libssl-dev \
                libhiredis-dev $(llhttp_package)
            cargo_is_new_enough || missing_packages cargo-web
            ;;
        test)
            missing_packages libcmocka-dev redis-server=redis-server openssl=openssl
            python3 -c 'import pytest' 2>/dev/null || missing_packages python3-pytest
            ;;
        ci)
            missing_packages clang=clang clang-format=clang-format clang-tidy=clang-tidy g++=c++ \
                shellcheck=shellcheck doxygen=doxygen abigail-tools=abidiff mono-mcs=mcs \
                mono-runtime=mono libmono-system-core4.0-cil
            ;;
        guests) missing_packages clang=clang lld=wasm-ld wasi-libc libclang-rt-14-dev-wasm32 ;;
        esac
    done
}

if ! have apt-get || ! have dpkg-query; then
    echo "No apt here. Please see to it that there are: cmake (3.25), ninja, a C compiler," >&2
    echo "pkg-config, cargo (1.95), and libuv, jansson, nettle, libcurl, OpenSSL 3, hiredis, llhttp,"
    echo "cmocka with headers;" >&2
    echo "for the tests python3 with pytest. Then: mkdir -p build && touch $stamp" >&2
    cargo_is_new_enough && have cmake && have ninja && have pkg-config &&
        pkg-config --exists libuv jansson nettle libcurl openssl hiredis && exit 0
    exit 1
fi

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}
may_be_root() { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }

# Lists are stale when they do not know a package that we want, or know too old a cargo.
lists_are_stale() {
    for package in $1; do
        apt-cache show "$package" >/dev/null 2>&1 || return 0
    done
    case " $1 " in
    *" cargo-web "*) cargo_web_version_is_new_enough || return 0 ;;
    esac
    return 1
}
cargo_web_version_is_new_enough() {
    candidate=$(apt-cache policy cargo-web | sed -n 's/^ *Candidate: //p')
    dpkg --compare-versions "$candidate" ge 1.95
}

packages=$(wanted)
if [ -n "$packages" ]; then
    if may_be_root && lists_are_stale "$packages"; then
        as_root apt-get update
        packages=$(wanted) # the lists may offer libllhttp-dev
    fi
    line="apt-get install -y --no-install-recommends$packages"
    if ! may_be_root; then
        echo "Spin needs some packages. Please type:" >&2
        echo >&2
        echo "    sudo apt-get update && sudo $line" >&2
        echo >&2
        echo "and then the same command again." >&2
        exit 1
    fi
    echo "Installing:$packages"
    # A server that comes with a package, redis-server say, is not started: the tests start their own.
    # shellcheck disable=SC2016,SC2086 # for the inner shell; words
    as_root env DEBIAN_FRONTEND=noninteractive sh -c '
        policy=/usr/sbin/policy-rc.d
        if [ ! -e $policy ]; then
            trap "rm -f $policy" EXIT
            trap "exit 1" INT TERM
            printf "#!/bin/sh\nexit 101\n" >$policy && chmod 755 $policy
        fi
        "$@"' sh $line
fi

if [ "$level" != guests ] && ! cargo_is_new_enough; then
    echo "Wasmtime needs cargo 1.95 or newer; what is here is older ($(cargo --version 2>&1))." >&2
    echo "Get it from the Rust project, or as Debian 12's package cargo-web." >&2
    exit 1
fi
mkdir -p build
touch "$stamp"
