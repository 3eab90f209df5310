#!/usr/bin/env bash
# Installs the Debian packages of one purpose, unless all are there: then apt is not called and no
# network is needed.
#   packages.sh quickstart   compiler, build tools and the libraries weft links
#   packages.sh test         what the tests need on top
#   packages.sh lint         clang 19: sanitizers, clang-tidy, clang-format
set -euo pipefail

quickstart=(g++ cmake ninja-build pkg-config libzmq3-dev cppzmq-dev libflatbuffers-dev
    flatbuffers-compiler libsodium-dev liblmdb-dev libspdlog-dev libfmt-dev libcli11-dev
    nlohmann-json3-dev libxxhash-dev libtomlplusplus-dev)
test=(libgtest-dev libgmock-dev librapidcheck-dev jq groff-base dpkg-dev file)
lint=(clang-19 llvm-19 libclang-rt-19-dev clang-tidy-19 clang-format-19)

fail() {
    echo "packages.sh: $*" >&2
    exit 1
}

case "${1:-}" in
    quickstart) wanted=("${quickstart[@]}") ;;
    test) wanted=("${quickstart[@]}" "${test[@]}") ;;
    lint) wanted=("${quickstart[@]}" "${test[@]}" "${lint[@]}") ;;
    *) fail "usage: packages.sh quickstart|test|lint" ;;
esac

command -v dpkg-query >/dev/null ||
    fail "this is not Debian; install by hand what corresponds to: ${wanted[*]}"
missing=()
for package in "${wanted[@]}"; do
    # Installed means "installed", not "removed but configured".
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | head -c 9) || true
    [ "$state" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

echo "weft needs these Debian packages: ${missing[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
        fail "run as root, or install sudo, or install by hand: ${missing[*]}"
    as_root=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install=(apt-get install --no-install-recommends --no-remove -y)
# Without an index, or with a stale one, the first look fails: only then is it fetched.
if ! apt-get install --no-install-recommends -s "${missing[@]}" >"$log" 2>&1; then
    "${as_root[@]}" apt-get update >"$log" 2>&1 ||
        fail "apt-get update failed: $(grep -m1 '^[EW]:' "$log" || tail -n 1 "$log")"
    apt-get install --no-install-recommends -s "${missing[@]}" >"$log" 2>&1 ||
        fail "apt cannot install them: $(grep -m1 '^E:' "$log" || tail -n 1 "$log")"
fi
removed=$(awk '/^Remv /{printf " %s", $2}' "$log")
[ -z "$removed" ] || fail "stopped: apt would have to remove$removed"
"${as_root[@]}" "${install[@]}" "${missing[@]}" >"$log" 2>&1 || {
    # A package of the index may be gone from the server by now.
    "${as_root[@]}" apt-get update >>"$log" 2>&1 || true
    "${as_root[@]}" "${install[@]}" "${missing[@]}" >"$log" 2>&1 ||
        fail "apt-get install failed: $(grep -m1 '^E:' "$log" || tail -n 1 "$log")"
}
echo "installed ${#missing[@]} packages"
