#!/usr/bin/env bash
# What takes too long for every change: many simulator seeds, the other compilers, all sanitizer
# tests, header checks, formatter and linter.
#   nightly.sh [SEEDS]   default 20000
set -euo pipefail
cd "$(dirname "$0")/.."
seeds=${1:-20000}
scripts/packages.sh lint

stage() {
    local name=$1 begin=$SECONDS
    shift
    echo "== $name"
    "$@"
    echo "== $name: $((SECONDS - begin)) s"
}
preset() {
    cmake --preset "$1" -DBUILD_TESTING=ON >/dev/null
    cmake --build --preset "$1"
    cmake --build --preset "$1" --target all_verify_interface_header_sets
    ctest --preset "$1" -j 2
}
sources() {
    find core include routing entity storage replication flatbuffers node transport sim client \
        cli tests examples \( -name '*.cpp' -o -name '*.h' \) -print0
}
formatted() { sources | xargs -0 clang-format-19 --dry-run -Werror; }
tidied() {
    find core routing entity storage replication node transport sim client cli examples \
        -name '*.cpp' -print0 |
        xargs -0 -n 4 -P 2 clang-tidy-19 --quiet -p build/clang --warnings-as-errors='*'
}
many_seeds() {
    WEFT_SIM_SEEDS=$seeds ctest --preset release -R '^sim\.' --timeout 0 --no-tests=error
}

stage "g++ dev preset" preset dev
stage "clang preset" preset clang
stage "formatter" formatted
stage "linter" tidied
stage "release preset" scripts/test.sh
stage "$seeds simulator seeds" many_seeds
stage "address and undefined behaviour sanitizers" scripts/sanitize.sh asan 200
stage "thread sanitizer" scripts/sanitize.sh tsan 50
