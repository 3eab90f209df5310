#!/usr/bin/env bash
# Whether a change of the code left alone what weft does: the trace of every seed, byte for byte what
# is sent, written and answered and when, and the golden files of wire and disk.
#   same-trace.sh [--seeds A..B]        this tree against tests/sim/golden_traces.txt, 1..1000
#   same-trace.sh [--seeds A..B] BASE   against revision BASE, which is built beside; 1..100
#   same-trace.sh --speed [BASE]        its cost instead: a mesh of each in turn under the same puts,
#                                       PAIRS times (9): medians of processor time for one put, of all
#                                       processes together, and of puts per second
# WEFT, BASE_WEFT  programs that are there, instead of building them; with BASE_WEFT no BASE is needed
# Exit code 1 when a trace or a golden file differs, or a put costs over 3 % more processor time, or
# under 92 % as many were done in a second.
set -euo pipefail
cd "$(dirname "$0")/.."
seeds= base= speed=
usage() {
    echo "usage: same-trace.sh [--seeds A..B] [--speed] [BASE]" >&2
    exit 2
}
while [ $# -gt 0 ]; do
    case "$1" in
        --seeds)
            [[ "${2:-}" =~ ^[1-9][0-9]*\.\.[1-9][0-9]*$ ]] || usage
            seeds=$2
            shift
            ;;
        --speed) speed=1 ;;
        -*) usage ;;
        *)
            [ -z "$base" ] || usage
            base=$(git rev-parse --verify --quiet "$1^{commit}") || { echo "same-trace.sh: no revision $1" >&2; exit 2; }
            ;;
    esac
    shift
done
work=$(mktemp -d)
mesh=
finish() {
    trap - EXIT INT TERM
    [ -z "$mesh" ] || WEFT_DEV_DIR=$work/mesh "$mesh" dev down --clean >/dev/null 2>&1 || true
    [ ! -e "$work/base" ] || git worktree remove --force "$work/base"
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

build() { # FOLDER
    (cd "$1" && cmake --preset release >/dev/null && cmake --build --preset release --target weft >&2)
}
weft=${WEFT:-$PWD/build/release/bin/weft}
[ -n "${WEFT:-}" ] || build .
base_weft=${BASE_WEFT:-$work/base/build/release/bin/weft}
if [ -n "$base" ] && [ -z "${BASE_WEFT:-}" ]; then
    git worktree add --quiet --detach "$work/base" "$base"
    build "$work/base"
fi

hashes() { # PROGRAM FILE
    "$1" sim run --seeds "$seeds" --jobs "$(nproc)" --hashes "$2" -o json >/dev/null
}
traces() {
    local expected=$work/expected failed=0
    if [ -n "$base" ] || [ -n "${BASE_WEFT:-}" ]; then
        seeds=${seeds:-1..100}
        hashes "$base_weft" "$expected"
    else
        seeds=${seeds:-1..1000}
        awk -v first="${seeds%..*}" -v last="${seeds#*..}" '$1 >= first && $1 <= last' \
            tests/sim/golden_traces.txt >"$expected"
    fi
    hashes "$weft" "$work/now"
    local differ
    differ=$(join -a 1 -a 2 -e none -o 0,1.2,2.2 <(sort -k1,1 "$expected") <(sort -k1,1 "$work/now") |
        awk '$2 != $3' | sort -n)
    if [ -n "$differ" ]; then
        echo "$differ" | sed -n '1,10s/^/seed, before, now: /p'
        echo "$(echo "$differ" | wc -l) of $(wc -l <"$expected") traces differ"
        failed=1
    else
        echo "$(wc -l <"$work/now") traces are the same"
    fi
    if [ -n "$base" ]; then
        local changed
        changed=$(git diff --name-only "$base" -- tests/golden)
        if [ -n "$changed" ]; then
            echo "golden files changed:" $changed
            failed=1
        else
            echo "$(git ls-files tests/golden | wc -l) golden files are the same"
        fi
    fi
    return $failed
}

ticks() { # PID...: of all their threads, in clock ticks
    local pid sum=0
    for pid in "$@"; do sum=$((sum + $(sed 's/.*) //' "/proc/$pid/stat" | awk '{print $12 + $13}'))); done
    echo "$sum"
}
median() { sort -g | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
# Microseconds of processor time for a put, nodes and client, and puts per second.
measure() { # PROGRAM
    mesh=$1
    export WEFT_DEV_DIR=$work/mesh
    local pids before used client TIMEFORMAT='%U %S'
    "$1" dev --detach --nodes 3 >/dev/null
    mapfile -t pids < <("$1" dev status -o csv | awk -F, 'NR > 1 {print $3}')
    "$1" bench put --pipeline 64 --seconds 0.5 >/dev/null
    before=$(ticks "${pids[@]}")
    { time "$1" bench put --pipeline 64 --seconds 3 -o csv >"$work/bench"; } 2>"$work/time"
    used=$(($(ticks "${pids[@]}") - before))
    client=$(awk '{print $1 + $2}' "$work/time")
    "$1" dev down --clean >/dev/null
    mesh=
    awk -F, -v used="$used" -v hz="$(getconf CLK_TCK)" -v client="$client" '
        NR == 1 {for (i = 1; i <= NF; i++) column[$i] = i}
        NR == 2 {print (used / hz + client) * 1e6 / $column["done"], $column["ops_per_second"]}' "$work/bench"
}
compare_speed() {
    local pairs=${PAIRS:-9} i
    [ -n "$base" ] || [ -n "${BASE_WEFT:-}" ] || usage
    for ((i = 0; i < pairs; i++)); do
        # Who goes first changes, so that neither always meets a warmer machine.
        if [ $((i % 2)) = 0 ]; then
            measure "$base_weft" >>"$work/base.speed"
            measure "$weft" >>"$work/now.speed"
        else
            measure "$weft" >>"$work/now.speed"
            measure "$base_weft" >>"$work/base.speed"
        fi
    done
    awk -v pairs="$pairs" -v cost0="$(cut -d ' ' -f 1 "$work/base.speed" | median)" \
        -v cost="$(cut -d ' ' -f 1 "$work/now.speed" | median)" \
        -v rate0="$(cut -d ' ' -f 2 "$work/base.speed" | median)" \
        -v rate="$(cut -d ' ' -f 2 "$work/now.speed" | median)" 'BEGIN {
            printf "processor time for a put: %.1f us before, %.1f us now, ratio %.3f (at most 1.03)\n",
                cost0, cost, cost / cost0
            printf "puts per second: %.0f before, %.0f now, ratio %.3f (at least 0.92); medians of %d pairs\n",
                rate0, rate, rate / rate0, pairs
            exit cost > 1.03 * cost0 || rate < 0.92 * rate0}'
}
if [ -n "$speed" ]; then compare_speed; else traces; fi
