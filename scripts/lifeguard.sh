#!/usr/bin/env bash
# Membership's figures in its simulated world (docs/membership.md, "Figures"): the grid of Lifeguard
# (arXiv 1707.00788, Tables IV and V) for plain SWIM, Lifeguard and weft's own numbers; members that
# starve, or are unstable; joins, idle load, crashes.
#   lifeguard.sh [--runs N] [--few]   N runs a cell of the grid, 20 N of a starved one, 1 by default;
#                                     a few cells and small meshes instead of all
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

sizes=(50 200) percents=(1 5 10) losses=(1 3 5) large=1000 joins=(100 1000 2000) idles=(50 200 1000 5000)
[ ${#few[@]} -eq 0 ] || sizes=(50) percents=(10) losses=(5) large=100 joins=(100) idles=(50)
echo "some read everything 0.5 to 2.5 s late, and datagrams are lost:"
for arm in swim lifeguard weft; do
    for members in "${sizes[@]}"; do
        for percent in "${percents[@]}"; do
            for loss in "${losses[@]}"; do
                "$weft" sim swim starved --arm "$arm" --members "$members" --percent "$percent" \
                    --loss "$loss" --seeds "1..$((20 * runs))"
            done
        done
    done
done
echo "one of a hundred hears nobody for 20 s of 40, or loses most:"
for fault in flipflop lossy; do
    "$weft" sim swim unstable --fault "$fault" --members "$large" --seeds "1..$runs"
done
echo "joins, idle load, crashes:"
for members in "${joins[@]}"; do "$weft" sim swim join --members "$members" --within-ms 0; done
for members in "${idles[@]}"; do "$weft" sim swim idle --members "$members"; done
"$weft" sim swim crash --members 100 --seeds "1..$((10 * runs))"
"$weft" sim swim crash --members 128 --refuses --seeds 1..5
