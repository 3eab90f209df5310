#!/usr/bin/env bash
# Installs what is missing, builds the release preset and runs every test. Arguments go to ctest.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/packages.sh test
cmake --preset release -DBUILD_TESTING=ON >/dev/null
cmake --build --preset release
ctest --preset release -j 2 "$@"
