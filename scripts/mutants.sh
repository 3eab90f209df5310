#!/usr/bin/env bash
# Breaks one rule of weft after the other and lets the simulator look for it (docs/simulation.md,
# "Mutants"). Prints for each the first seed that found it, the processor seconds until then and the
# promise that it broke.
#   mutants.sh [--jobs N] [--seeds A..B] [NAME...]   all mutants in seeds 1..500 by default
# Exit code 1 when one was not found.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/packages.sh test
cmake --preset mutants -DBUILD_TESTING=ON >/dev/null
cmake --build --preset mutants --target weft_mutants
exec build/mutants/bin/weft_mutants "$@"
