#!/usr/bin/env bash
# From a fresh Debian 12 to a running mesh: installs what is missing, builds, starts three nodes on
# this machine and runs the demo on them: its last act kills all three at once and reads everything
# back. The mesh is left running.
#   quickstart.sh          as said
#   quickstart.sh --once   in a folder of its own, stopped and removed at the end (for CI)
set -euo pipefail
cd "$(dirname "$0")/.."

once=no
case "${1:-}" in
    "") ;;
    --once) once=yes ;;
    *)
        echo "usage: quickstart.sh [--once]" >&2
        exit 2
        ;;
esac
fail() {
    echo "quickstart.sh: $*" >&2
    exit 1
}

scripts/packages.sh quickstart
echo "== build"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
cmake --preset release -DBUILD_TESTING=OFF >"$log" 2>&1 ||
    fail "configuring failed: $(grep -m1 -A3 'Error' "$log" | tr '\n' ' ')"
# Progress of the build is shown; its end is the result.
cmake --build --preset release --target weft packages_demo ||
    fail "the build failed; see above"
weft=$PWD/build/release/bin/weft

if [ $once = yes ]; then
    WEFT_DEV_DIR=$(mktemp -d)
    export WEFT_DEV_DIR
    # shellcheck disable=SC2064  # the paths of now are meant
    trap "'$weft' dev down --clean >/dev/null 2>&1 || true; rm -rf '$log' '$WEFT_DEV_DIR'" EXIT
fi
echo "== start three nodes"
"$weft" dev --detach || fail "the dev mesh did not start; see above"
echo "== demo: this machine's package index"
"$PWD/build/release/bin/packages_demo" --weft "$weft" || fail "the demo's checks did not hold"

if [ $once = yes ]; then
    "$weft" dev down --clean
    exit 0
fi
cat <<EOF2

The mesh goes on running. Try:
  build/release/bin/weft status
  build/release/bin/weft put kv/alice apples=2
  build/release/bin/weft get kv/alice
  build/release/bin/weft dev kill b      and then: build/release/bin/weft get kv/alice
  build/release/bin/weft dev start b
  build/release/bin/weft bench put --seconds 5
  build/release/bin/weft dev down --clean
EOF2
