#!/usr/bin/env bash
# Membership's figures in its simulated world (docs/membership.md, "Figures"): the grid of Lifeguard
# (arXiv 1707.00788, Tables IV and V) for plain SWIM, Lifeguard and weft's own numbers.
#   lifeguard.sh [--runs N] [--few]   N runs a cell, 1 by default; a few cells instead of all
set -euo pipefail
cd "$(dirname "$0")/.."
runs=1
few=()
while [ $# -gt 0 ]; do
    case "$1" in
        --runs)
            [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || { echo "usage: lifeguard.sh [--runs N] [--few]" >&2; exit 2; }
            runs=$2
            shift 2
            ;;
        --few) few=(--few); shift ;;
        *) echo "usage: lifeguard.sh [--runs N] [--few]" >&2; exit 2 ;;
    esac
done
cmake --preset release >/dev/null
cmake --build build/release --target weft >/dev/null
weft=build/release/bin/weft

for experiment in threshold interval; do
    for arm in swim lifeguard weft; do
        "$weft" sim swim grid --experiment "$experiment" --arm "$arm" --seeds "1..$runs" "${few[@]}"
    done
done
echo "weft, where not the process stands still but its links:"
"$weft" sim swim grid --experiment interval --arm swim --links --seeds "1..$runs" "${few[@]}"
"$weft" sim swim grid --experiment interval --arm weft --links --seeds "1..$runs" "${few[@]}"
