#!/usr/bin/env bash
# Installs what is missing, builds the release preset and runs every test. Arguments go to ctest:
#   test.sh -L fast     what takes seconds (no simulator, no storage at size, no real processes)
#   test.sh -LE e2e     all but the tests with real processes
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/packages.sh test
begin=$SECONDS
cmake --preset release -DBUILD_TESTING=ON >/dev/null
cmake --build --preset release
echo "== built in $((SECONDS - begin)) s"
ctest --preset release -j 2 "$@"
