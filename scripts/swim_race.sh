#!/usr/bin/env bash
# How soon real processes of one machine know that one of them is gone: nodes on loopback addresses
# of their own are killed, stopped for good and stopped for 4 seconds, one at a time. With serf
# (Debian's package of that name) as many of its agents suffer the same, and both are printed.
#   swim_race.sh [--nodes N] [--kills K] [--stops S]   16 nodes, 5 kills, 3 stops by default
#   swim_race.sh --namespaces [--loss PERCENT] [--delay MS]
#       each node in a network namespace of its own behind a link to one switch, which holds each
#       frame back for MS, give or take a half; of what arrives at a node PERCENT is dropped. And
#       hosts are lost: their link goes down, S times. For root; all of it ends with this script.
#   swim_race.sh -o json                               an array of rows instead of the table
# WEFT, WEFT_DELAY_SWITCH   programs to use instead of the release build's, made when needed
# A time is that from the signal to the word in the log of one other node, by this machine's clock;
# a spread that from the first to the last of one loss; false: a node was held for dead that was not
# touched, or that only stopped for 4 s. Exit code 1 when weft missed a loss or was false.
set -euo pipefail
cd "$(dirname "$0")/.."
arguments=("$@")
nodes=16 kills=5 stops=3 format=table namespaces=0 loss=0 delay=0
say() { echo "swim_race.sh: $*" >&2; }
usage() {
    echo "usage: swim_race.sh [--nodes N] [--kills K] [--stops S] [-o table|json]" \
        "[--namespaces [--loss PERCENT] [--delay MS]]" >&2
    exit 2
}
while [ $# -gt 0 ]; do
    case "$1" in
        --nodes | --kills | --stops | --loss | --delay)
            [[ "${2:-}" =~ ^[1-9][0-9]{0,1}$ ]] || usage
            declare "${1#--}=$2"
            ;;
        --namespaces)
            namespaces=1
            shift
            continue
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
[ "$namespaces" = 1 ] || [ "$loss$delay" = 00 ] || usage
tools=(jq)
[ "$namespaces" = 0 ] || tools+=(ip nft nsenter sysctl unshare)
for tool in "${tools[@]}"; do
    command -v "$tool" >/dev/null || { say "needs $tool"; exit 2; }
done
weft=${WEFT:-$PWD/build/release/bin/weft}
delay_switch=${WEFT_DELAY_SWITCH:-$PWD/build/release/bin/weft_delay_switch}
# Inside of what it makes for itself, this script is process 1.
if [ $$ != 1 ]; then
    targets=()
    [ -n "${WEFT:-}" ] || targets+=(weft)
    [ "$namespaces" = 0 ] || [ -n "${WEFT_DELAY_SWITCH:-}" ] || targets+=(weft_delay_switch)
    if [ "${#targets[@]}" -gt 0 ]; then
        cmake --preset release >/dev/null
        cmake --build --preset release --target "${targets[@]}" >&2
    fi
    [ "$namespaces" = 0 ] || exec unshare --net --mount --pid --fork --kill-child --mount-proc \
        env WEFT="$weft" WEFT_DELAY_SWITCH="$delay_switch" scripts/swim_race.sh "${arguments[@]}"
fi

work=$(mktemp -d)
declare -A pids # by node: of the system at hand
switch_pid=''
finish() {
    trap - EXIT INT TERM
    local pid
    for pid in "${pids[@]}"; do
        kill -CONT "$pid" 2>/dev/null || true
        kill -KILL "$pid" 2>/dev/null || true
    done
    # It tells how many frames it had no room for, when it is asked to end.
    [ -z "$switch_pid" ] || { kill -TERM "$switch_pid" && wait "$switch_pid"; } 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
now_ms() { echo "${EPOCHREALTIME/[.,]/}" | cut -c 1-13; }
address() { echo "127.0.7.$((${1#n} + 1))"; }
names=()
for ((i = 0; i < nodes; i++)); do names+=("n$i"); done

# ---- namespaces: node n3 has 127.0.7.4 at its end of the link v3. Nodes listen on loopback
# addresses only, and route_localnet lets those be on a link.
into=() # what a command is put behind to run where a node does
into_net() { [ "$namespaces" = 0 ] || into=(nsenter --net=/run/netns/"$1"); }
if [ "$namespaces" = 1 ]; then
    mount -t tmpfs tmpfs /run
    mkdir /run/netns
    sysctl -qw net.ipv6.conf.default.disable_ipv6=1
    for name in "${names[@]}"; do
        ip netns add "$name"
        ip link add "v${name#n}" type veth peer name wire netns "$name"
        into_net "$name"
        "${into[@]}" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv4.conf.all.route_localnet=1
        "${into[@]}" ip -batch - <<EOF
link set lo up
address del 127.0.0.1/8 dev lo
address add 127.0.0.1/32 dev lo
address add $(address "$name")/24 dev wire
link set wire up
EOF
        [ "$loss" = 0 ] || "${into[@]}" nft -f - <<EOF
table inet loss {
    chain arriving {
        type filter hook input priority 0
        iifname "wire" numgen random mod 100 < $loss drop
    }
}
EOF
        ip link set "v${name#n}" up
    done
    "$delay_switch" $((delay * 1000)) >&2 &
    switch_pid=$!
fi
strike() { # WHAT NODE
    case "$1" in
        killed) kill -KILL "${pids[$2]}" ;;
        stopped | "4 s stop") kill -STOP "${pids[$2]}" ;;
        "host lost") ip link set "v${2#n}" down ;;
    esac
}
undo() { # WHAT NODE SYSTEM
    case "$1" in
        killed) "$3_start" "$2" ;;
        stopped | "4 s stop") kill -CONT "${pids[$2]}" ;;
        "host lost") ip link set "v${2#n}" up ;;
    esac
}

# ---- weft: start NAME, well, and what was told since a moment: lines "SUBJECT MS", first words of
# each node but NODE that SUBJECT is dead
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
    into_net "$1"
    "${into[@]}" "$weft" node run "$work/$1" --log-file "$work/$1/log" >/dev/null 2>&1 &
    pids[$1]=$!
    disown # its end is no news
}
weft_asked() { # VERB...
    into_net n0
    "${into[@]}" "$weft" -c "$work/n0" "$@" -o json --timeout 2s 2>/dev/null
}
weft_well() { # all are alive for all
    weft_asked members --each |
        jq -e --argjson n "$nodes" '([.[] | select(.state == "alive")] | length) == $n * $n' >/dev/null
}
weft_told() { # NODE SINCE_MS
    weft_asked events -n 100000 |
        jq -r --arg but "$1" --argjson since "$2" '[.[] | select(.event == "member.dead" and
            .node != $but and .at_ms >= $since)] | group_by([.node, .subject]) |
            .[] | min_by(.at_ms) | "\(.subject) \(.at_ms - $since)"'
}

# ---- serf
serf_begin() { :; }
serf_start() {
    local join=()
    [ "$1" = n0 ] || join=(-retry-join="$(address n0):7946")
    into_net "$1"
    "${into[@]}" serf agent -node="$1" -bind="$(address "$1"):7946" \
        -rpc-addr="$(address "$1"):7373" -profile=lan -log-level=info "${join[@]}" \
        > >(while IFS= read -r line; do echo "$(now_ms) $line"; done >>"$work/$1.serf") 2>&1 &
    pids[$1]=$!
    disown # its end is no news
}
serf_well() {
    local name
    for name in "${names[@]}"; do
        into_net "$name"
        [ "$("${into[@]}" serf members -rpc-addr="$(address "$name"):7373" -status=alive \
            2>/dev/null | wc -l)" = "$nodes" ] || return 1
    done
}
serf_told() {
    local name
    for name in "${names[@]}"; do
        [ "$name" = "$1" ] || awk -v since="$2" '$1 >= since && /EventMemberFailed: / &&
            match($0, /Failed: [^ ]+/) {
                subject = substr($0, RSTART + 8, RLENGTH - 8)
                if (!(subject in told)) print subject, $1 - since
                told[subject]
            }' "$work/$name.serf"
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
deaths=() others=0 # times of the node that was struck; how often another was held for dead
look() { # SYSTEM NODE SINCE
    local subject ms
    deaths=() others=0
    while read -r subject ms; do
        if [ "$subject" = "$2" ]; then deaths+=("$ms"); else others=$((others + 1)); fi
    done < <("$1_told" "$2" "$3" || true)
}
await_deaths() { # SYSTEM NODE SINCE SECONDS: until all others have told
    local end=$((SECONDS + $4))
    while look "$1" "$2" "$3" && [ "${#deaths[@]}" -lt $((nodes - 1)) ] && [ "$SECONDS" -lt "$end" ]; do
        sleep 0.3
    done
}
all=() spreads=() missed=0 false=0
strike_and_look() { # SYSTEM WHAT NODE
    local since sorted
    say "$1: $3, $2"
    since=$(now_ms)
    strike "$2" "$3"
    if [ "$2" = "4 s stop" ]; then
        sleep 4
        undo "$2" "$3" "$1"
        sleep 10
        look "$1" "$3" "$since"
        false=$((false + ${#deaths[@]} + others))
        return
    fi
    await_deaths "$1" "$3" "$since" 40
    missed=$((missed + nodes - 1 - ${#deaths[@]}))
    false=$((false + others))
    all+=("${deaths[@]}")
    mapfile -t sorted < <(printf '%s\n' "${deaths[@]}" | sort -n)
    [ "${#deaths[@]}" = 0 ] || spreads+=($((sorted[-1] - sorted[0])))
    undo "$2" "$3" "$1"
    until_well "$1" 90
}
add_row() { # SYSTEM WHAT TIMES
    rows+=("$(jq -cn --arg system "$1" --arg what "$2" --argjson nodes "$nodes" --argjson times "$3" \
        --argjson missed "$missed" --argjson false "$false" \
        --argjson all "[$(IFS=, && echo "${all[*]}")]" \
        --argjson spreads "[$(IFS=, && echo "${spreads[*]}")]" '
        ($all | sort) as $t | ($spreads | sort) as $s |
        {system: $system, what: $what, nodes: $nodes, times: $times, told: ($t | length),
         missed: $missed, false: $false, first_ms: $t[0], p50_ms: $t[($t | length - 1) / 2 | floor],
         p99_ms: $t[($t | length - 1) * 0.99 | floor], last_ms: $t[-1],
         spread_p50_ms: $s[($s | length - 1) / 2 | floor], spread_max_ms: $s[-1]}')")
    [ "$1" != weft ] || [ "$missed$false" = 00 ] || failed=1
}
race() { # SYSTEM
    local system=$1 what i times name losses=(killed stopped)
    for name in "${names[@]}"; do
        "${system}_start" "$name"
        [ "$name" != n0 ] || sleep 1
    done
    until_well "$system" 60
    sleep 5
    [ "$namespaces" = 0 ] || losses+=("host lost")
    for what in "${losses[@]}" "4 s stop"; do
        all=() spreads=() missed=0 false=0 times=$stops
        [ "$what" != killed ] || times=$kills
        for ((i = 0; i < times; i++)); do
            strike_and_look "$system" "$what" "n$(((i * 5 + 3) % (nodes - 1) + 1))"
        done
        add_row "$system" "$what" "$times"
    done
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
    printf '%s\n' "${rows[@]}" | jq -sr '(.[0] | keys_unsorted | join(" ")),
        (.[] | [.[] | . // "-" | tostring | gsub(" "; "_")] | join(" "))' | column -t
fi
exit $failed
