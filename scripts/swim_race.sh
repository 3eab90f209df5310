#!/usr/bin/env bash
# How soon real processes of one machine know that one of them is gone: nodes on loopback addresses
# of their own are killed, stopped for good and stopped for 4 seconds, one at a time. With serf
# (Debian's package of that name) as many of its agents suffer the same, and both are printed.
#   swim_race.sh [--nodes N] [--kills K] [--stops S]   16 nodes, 5 kills, 3 stops by default
#   swim_race.sh -o json                               an array of rows instead of the table
# WEFT    the program, instead of the release build's, which is made when needed
# A time is that from the signal to the word in the log of one other node, by this machine's clock.
# Exit code 1 when weft missed a kill or a stop, or held a node for dead that only stopped for 4 s.
set -euo pipefail
cd "$(dirname "$0")/.."
nodes=16 kills=5 stops=3 format=table
say() { echo "swim_race.sh: $*" >&2; }
usage() {
    echo "usage: swim_race.sh [--nodes N] [--kills K] [--stops S] [-o table|json]" >&2
    exit 2
}
while [ $# -gt 0 ]; do
    case "$1" in
        --nodes | --kills | --stops)
            [[ "${2:-}" =~ ^[1-9][0-9]{0,1}$ ]] || usage
            declare "${1#--}=$2"
            ;;
        -o)
            [[ "${2:-}" =~ ^(table|json)$ ]] || usage
            format=$2
            ;;
        *) usage ;;
    esac
    shift 2
done
[ "$nodes" -ge 3 ] && [ "$nodes" -le 64 ] || usage
command -v jq >/dev/null || { say "needs jq"; exit 2; }
weft=${WEFT:-$PWD/build/release/bin/weft}
if [ -z "${WEFT:-}" ]; then
    cmake --preset release >/dev/null
    cmake --build --preset release --target weft >&2
fi

work=$(mktemp -d)
declare -A pids # by node: of the system at hand
finish() {
    trap - EXIT INT TERM
    local pid
    for pid in "${pids[@]}"; do
        kill -CONT "$pid" 2>/dev/null || true
        kill -KILL "$pid" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
now_ms() { echo "${EPOCHREALTIME/[.,]/}" | cut -c 1-13; }
address() { echo "127.0.7.$((${1#n} + 1))"; }
names=()
for ((i = 0; i < nodes; i++)); do names+=("n$i"); done

# ---- weft: start NAME, well, and when NODE was first held for dead since a moment, by each other
weft_begin() {
    local name
    for name in "${names[@]}"; do
        "$weft" node init "$work/$name" --name "$name" --mesh "$(address "$name"):7340" \
            --client "$(address "$name"):7341" >/dev/null
    done
    "$weft" mesh create --groups 16 --out "$work/genesis" "${names[@]/#/$work/}" >/dev/null
    "$weft" mesh keygen --out "$work/gossip.keys" >/dev/null
    for name in "${names[@]}"; do cp "$work/genesis" "$work/gossip.keys" "$work/$name/"; done
}
weft_start() {
    "$weft" node run "$work/$1" --log-file "$work/$1/log" >/dev/null 2>&1 &
    pids[$1]=$!
    disown # its end is no news
}
weft_well() { # all are alive for all
    "$weft" -c "$work/n0" members --each -o json --timeout 2s 2>/dev/null |
        jq -e --argjson n "$nodes" '([.[] | select(.state == "alive")] | length) == $n * $n' >/dev/null
}
weft_deaths() { # NODE SINCE_MS
    "$weft" -c "$work/n0" events -n 10000 -o json --timeout 2s 2>/dev/null |
        jq -r --arg of "$1" --argjson since "$2" '[.[] | select(.event == "member.dead" and
            .subject == $of and .node != $of and .at_ms >= $since)] | group_by(.node) |
            .[] | (map(.at_ms) | min) - $since'
}

# ---- serf
serf_begin() { :; }
serf_start() {
    local join=()
    [ "$1" = n0 ] || join=(-retry-join="$(address n0):7946")
    serf agent -node="$1" -bind="$(address "$1"):7946" -rpc-addr="$(address "$1"):7373" \
        -profile=lan -log-level=info "${join[@]}" > >(while IFS= read -r line; do
            echo "$(now_ms) $line"
        done >>"$work/$1.serf") 2>&1 &
    pids[$1]=$!
    disown # its end is no news
}
serf_well() {
    local name
    for name in "${names[@]}"; do
        [ "$(serf members -rpc-addr="$(address "$name"):7373" -status=alive 2>/dev/null | wc -l)" = "$nodes" ] ||
            return 1
    done
}
serf_deaths() {
    local name
    for name in "${names[@]}"; do
        [ "$name" != "$1" ] || continue
        awk -v of="$1" -v since="$2" '$1 >= since && /EventMemberFailed: / && $0 ~ "Failed: " of " " {
            print $1 - since; exit}' "$work/$name.serf"
    done
}

# ---- the race
rows=()
failed=0
until_well() { # SYSTEM SECONDS
    local end=$((SECONDS + $2))
    until "$1_well"; do
        [ "$SECONDS" -lt "$end" ] || { say "$1: not all see all after $2 s"; exit 1; }
        sleep 0.3
    done
}
deaths=()
await_deaths() { # SYSTEM NODE SINCE SECONDS: until all others have told
    local end=$((SECONDS + $4))
    while mapfile -t deaths < <("$1_deaths" "$2" "$3") &&
        [ "${#deaths[@]}" -lt $((nodes - 1)) ] && [ "$SECONDS" -lt "$end" ]; do
        sleep 0.3
    done
}
add_row() { # SYSTEM WHAT TIMES MISSED TIME...
    local system=$1 what=$2 times=$3 missed=$4
    shift 4
    rows+=("$(printf '%s\n' "$@" | jq -cs --arg system "$system" --arg what "$what" \
        --argjson nodes "$nodes" --argjson times "$times" --argjson missed "$missed" 'sort |
        {system: $system, what: $what, nodes: $nodes, times: $times, told: length,
         missed: $missed, first_ms: .[0], p50_ms: .[(length - 1) / 2 | floor],
         p99_ms: .[(length - 1) * 0.99 | floor], last_ms: .[-1]}')")
}
race() { # SYSTEM
    local system=$1 i name since what all missed
    for name in "${names[@]}"; do
        "${system}_start" "$name"
        [ "$name" != n0 ] || sleep 1
    done
    until_well "$system" 60
    sleep 5
    for what in killed stopped; do
        all=() missed=0
        for ((i = 0; i < $([ $what = killed ] && echo "$kills" || echo "$stops"); i++)); do
            name=n$(((i * 5 + 3) % (nodes - 1) + 1))
            say "$system: $name is $what"
            since=$(now_ms)
            kill -$([ $what = killed ] && echo KILL || echo STOP) "${pids[$name]}"
            await_deaths "$system" "$name" "$since" 40
            all+=("${deaths[@]}") missed=$((missed + nodes - 1 - ${#deaths[@]}))
            if [ $what = killed ]; then "${system}_start" "$name"; else kill -CONT "${pids[$name]}"; fi
            until_well "$system" 90
        done
        add_row "$system" "$what" "$i" "$missed" "${all[@]}"
        [ "$missed" = 0 ] || [ "$system" != weft ] || failed=1
    done
    all=()
    for ((i = 0; i < stops; i++)); do
        name=n$(((i * 7 + 2) % (nodes - 1) + 1))
        say "$system: $name stops for 4 s"
        since=$(now_ms)
        kill -STOP "${pids[$name]}"
        sleep 4
        kill -CONT "${pids[$name]}"
        sleep 10
        mapfile -t deaths < <("${system}_deaths" "$name" "$since")
        all+=("${deaths[@]}")
    done
    add_row "$system" "4 s stop" "$stops" 0 "${all[@]}"
    [ "${#all[@]}" = 0 ] || [ "$system" != weft ] || failed=1
    for name in "${names[@]}"; do kill -KILL "${pids[$name]}" 2>/dev/null || true; done
    pids=()
}
systems=(weft)
if command -v serf >/dev/null; then systems+=(serf); else say "without serf, which is not installed"; fi
for system in "${systems[@]}"; do
    "${system}_begin"
    race "$system"
done
if [ "$format" = json ]; then
    printf '%s\n' "${rows[@]}" | jq -s .
else
    {
        echo "system what nodes times told missed first_ms p50_ms p99_ms last_ms"
        printf '%s\n' "${rows[@]}" | jq -r '[.system, (.what | gsub(" "; "_")), .nodes, .times, .told,
            .missed, .first_ms // "-", .p50_ms // "-", .p99_ms // "-", .last_ms // "-"] | join(" ")'
    } | column -t
fi
exit $failed
