#!/usr/bin/env bash
# Does to a node what hostile strangers did, beside honest clients, and prints a row for each attack:
# is every node alive, what memory the attacked one took, how long others waited, what they were
# refused, what was lost. tests/hostile/README.md says how to read it.
#   hostile.sh [--minutes N]    default 3; more gives every attack more time
#   hostile.sh --only ATTACK    this one (weft_hostile list); may be given again
#   hostile.sh -o json          an array of rows instead of the table
#   hostile.sh --p99-max MS     what others may wait in a row, default 50: a figure of a quiet machine
# WEFT, WEFT_HOSTILE   programs to use instead of the release build's, which is made when needed
# SEED                 of the attacks (default 1)
# Exit code 1 when a row broke a limit.
set -euo pipefail
cd "$(dirname "$0")/.."
minutes=3
only=()
format=table
seed=${SEED:-1}
# Limits (MiB above what it was, MiB, ms).
above_max=64
kept_max=64 # connections
peak_max=512
p99_max=50

say() { echo "hostile.sh: $*" >&2; }
usage() {
    echo "usage: hostile.sh [--minutes N] [--only ATTACK]... [--p99-max MS] [-o table|json]" >&2
    exit 2
}
while [ $# -gt 0 ]; do
    case "$1" in
        --minutes)
            [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || usage
            minutes=$2
            ;;
        --only)
            [ -n "${2:-}" ] || usage
            only+=("$2")
            ;;
        --p99-max)
            [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || usage
            p99_max=$2
            ;;
        -o)
            [[ "${2:-}" =~ ^(table|json)$ ]] || usage
            format=$2
            ;;
        *) usage ;;
    esac
    shift 2
done
for tool in jq prlimit; do
    command -v "$tool" >/dev/null || { say "needs $tool"; exit 2; }
done

weft=${WEFT:-$PWD/build/release/bin/weft}
hostile=${WEFT_HOSTILE:-$PWD/build/release/bin/weft_hostile}
if [ -z "${WEFT:-}" ] || [ -z "${WEFT_HOSTILE:-}" ]; then
    say "building"
    cmake --preset release -DBUILD_TESTING=ON >/dev/null
    cmake --build --preset release --target weft weft_hostile >&2
fi
mapfile -t known < <("$hostile" list)
for name in ${only[@]+"${only[@]}"}; do
    printf '%s\n' "${known[@]}" | grep -q "^$name " || { say "no attack '$name'"; usage; }
done

work=$(mktemp -d)
export WEFT_DEV_DIR=$work/mesh
load_in=''
load_out=''
load_pid=''
attack_pid=''
finish() {
    trap - EXIT INT TERM
    [ -z "$attack_pid" ] || kill "$attack_pid" 2>/dev/null || true
    # The load ends with its input.
    [ -z "$load_in" ] || exec {load_in}>&-
    [ -z "$load_pid" ] || kill "$load_pid" 2>/dev/null || true
    "$weft" dev down --clean >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# ---- the mesh
nodes=(a b c)
pid_of() { awk 'NR == 1 {print $1}' "$WEFT_DEV_DIR/$1/pid"; }
# A process is known by its number and the moment it was started at.
birth_of() { # PID
    sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | awk '$1 !~ /[ZX]/ {print $20}'
}
port_of() { # NODE mesh|client
    awk -v field="$([ "$2" = mesh ] && echo 5 || echo 6)" \
        '{sub(/.*:/, "", $field); print $field; exit}' "$WEFT_DEV_DIR/$1/node.line"
}
declare -A pids births
remember_processes() {
    local name
    for name in "${nodes[@]}"; do
        pids[$name]=$(pid_of "$name")
        births[$name]=$(birth_of "${pids[$name]}")
    done
}
dead_nodes() {
    local name
    for name in "${nodes[@]}"; do
        [ "$(birth_of "${pids[$name]}")" = "${births[$name]}" ] || echo "$name"
    done
}
descriptors_of() { find "/proc/$1/fd" -mindepth 1 2>/dev/null | wc -l; }
# What a row has left behind in a node is not to be the next row's.
restart() { # NODE
    say "node $1 is started anew"
    "$weft" dev kill "$1" >/dev/null && "$weft" dev start "$1" --timeout 30s >/dev/null
    remember_processes
}
# Every row begins with three nodes that are well.
make_well() {
    local name
    for name in $(dead_nodes); do
        say "node $name ended and is started again; its last words:"
        grep -v ' info ' "$WEFT_DEV_DIR/$name/log" | tail -n 2 | cut -c 1-200 >&2 || true
        "$weft" dev start "$name" --timeout 30s >/dev/null || {
            tail -n 5 "$WEFT_DEV_DIR/$name/log" >&2
            say "node $name does not start again"
            exit 1
        }
    done
    remember_processes
    "$weft" health --exit-when-healthy --timeout 30s >/dev/null || say "the mesh is not well after 30 s"
}

# ---- what membership says of datagrams
refusals_of() { # NODE: those that its log tells of, and those that its membership dropped
    local logged dropped
    logged=$(grep -c ' gossip\.rejected ' "$WEFT_DEV_DIR/$1/log" || true)
    dropped=$("$weft" status -o json | jq --arg node "$1" '.[] | select(.node == $node) | .gossip_dropped')
    echo $((logged + ${dropped:-0}))
}
condemned() { # how often anybody was suspected or held for dead, in the words of all logs
    cat "$WEFT_DEV_DIR"/*/log | grep -Ec ' member\.(suspected|dead) ' || true
}
not_alive() { "$weft" members --each -o json | jq '[.[] | select(.state != "alive")] | length'; }
await_members() {
    local end=$((SECONDS + 30))
    while [ "$(not_alive)" != 0 ] && [ "$SECONDS" -lt "$end" ]; do sleep 0.2; done
}

# ---- the honest load beside it
answer=''
tell_load() { # WORDS...; the answer is in $answer
    echo "$*" >&"$load_in"
    read -r answer <&"$load_out" || { say "the honest clients ended"; exit 1; }
}
start_load() {
    local addresses=() name
    for name in "${nodes[@]}"; do addresses+=("127.0.0.1:$(port_of "$name" client)"); done
    coproc LOAD { exec "$hostile" load "${addresses[@]}"; }
    # shellcheck disable=SC2153  # coproc sets it
    load_pid=$LOAD_PID
    exec {load_in}>&"${LOAD[1]}" {load_out}<&"${LOAD[0]}"
    read -r answer <&"$load_out" || { say "no honest client reaches the mesh"; exit 1; }
}

# ---- rows
rows=()
row=''
failed=0
verdict=''
waits="others wait"
blame() { verdict+="${verdict:+, }$*"; }
less() { awk -v a="$1" -v b="$2" 'BEGIN {exit !(a < b)}'; }
judge() { # DEAD; the row's figures are in $row
    verdict=''
    local above
    r() { jq -r ".$1" <<<"$row"; }
    above=$(jq '.after_mib - .before_mib' <<<"$row")
    [ -z "$1" ] || blame "node ended:" "$1"
    less "$peak_max" "$(r peak_mib)" && blame "peak over $peak_max MiB"
    [ -n "$1" ] || ! less "$above_max" "$above" || blame "keeps $(printf '%.0f' "$above") MiB"
    less "$p99_max" "$(r p99_ms)" && blame "$waits"
    [ "$(r kept)" -le "$kept_max" ] || blame "keeps $(r kept) connections"
    [ "$(r served)" -gt 0 ] || blame "nobody was served"
    [ "$(r refused)" = 0 ] || blame "others are refused: $(r refusal)"
    [ "$(r told)" != 0 ] || blame "no refusal is shown"
    [ "$(r condemned)" = 0 ] || blame "members are accused: $(r condemned)"
    [ "$(r lost)" = 0 ] || blame "LOST: $(r complaint)"
    [ "$(r trouble)" = null ] || blame "no attack: $(r trouble)"
}
print_row() { # ROW
    [ "$format" = table ] || return 0
    jq -r '[.attack, .on, .amount,
        "\(.did.connections // 0) / \((.did.bytes // 0) / 1048576 | round)", .alive,
        (.before_mib | round), (.peak_mib | round), (.after_mib | round),
        (.p99_ms * 10 | round / 10), .refused, .lost,
        .verdict + (if .looks > 1 then " (look \(.looks))" else "" end)] | @tsv' <<<"$1" |
        awk -F'\t' '{
            printf "| %-17s | %-6s | %7s | %12s | %-5s |", $1, $2, $3, $4, $5
            printf " %4s / %4s / %4s | %6s | %7s | %4s | %s |\n", $6, $7, $8, $9, $10, $11, $12}'
}
print_head() {
    [ "$format" = table ] || return 0
    printf '| %-17s | %-6s | %7s | %12s | %-5s | %-18s |' attack port amount "conn. / MiB" alive \
        "before/peak/after"
    printf ' %6s | %7s | %4s | verdict |\n' "p99 ms" refused lost
    echo '|---|---|---|---|---|---|---|---|---|---|'
}

# One attack against one node: figures of it, of the honest load meanwhile, and of the time after.
run_row() { # ATTACK AMOUNT ON SECONDS NODE
    local name=$1 amount=$2 on=$3 seconds=$4 node=$5 done_json='{}' pid soft dead refusal
    local descriptors kept end told=null accused=0
    make_well
    pid=${pids[$node]}
    # The soft limit only: the hard one could not be raised again.
    soft=$(prlimit --pid "$pid" --nofile --output SOFT --noheadings)
    [ "$name" != fd-flood ] || prlimit --pid "$pid" --nofile=256:
    say "$name on node $node ($on), amount $amount, at most $seconds s"
    descriptors=$(descriptors_of "$pid")
    if [[ "$name" == datagram-* ]]; then
        await_members
        told=$(refusals_of "$node")
        accused=$(condemned)
    fi
    tell_load begin "$pid"
    if [ "$name" = quiet ]; then
        sleep "$seconds"
    else
        # Its own time limit holds; the other one is for an attack that hangs.
        timeout $((seconds + 30)) nice -n 10 "$hostile" "$name" \
            --client "$(port_of "$node" client)" --mesh "$(port_of "$node" mesh)" --on "$on" \
            --amount "$amount" --seconds "$seconds" --seed "$seed" \
            --keys "$WEFT_DEV_DIR/$node/gossip.keys" >"$work/attack.json" &
        attack_pid=$!
        wait "$attack_pid" || true
        attack_pid=
        done_json=$(jq -c '{did: ., trouble: .trouble}' "$work/attack.json" 2>/dev/null) ||
            done_json='{}'
        [ -n "$done_json" ] || done_json='{"trouble": "the attack ended without a word"}'
        say "did $(jq -c '.did // {}' <<<"$done_json" | cut -c 1-300)"
    fi
    tell_load end
    row=$(jq -c --argjson did "$done_json" --arg name "$name" --arg on "$on" --arg amount "$amount" \
        --arg node "$node" '. + $did + {attack: $name, on: $on, amount: ($amount | tonumber),
        node: $node, told: null, condemned: 0}' <<<"$answer")
    if [[ "$name" == datagram-* ]]; then
        row=$(jq -c --argjson told $(($(refusals_of "$node") - told)) \
            --argjson condemned $(($(condemned) - accused + $(not_alive))) \
            '. + {told: $told, condemned: $condemned}' <<<"$row")
    fi
    end=$((SECONDS + 10))
    tell_load settle 10
    while kept=$(($(descriptors_of "$pid") - descriptors)) && [ "$kept" -gt "$kept_max" ] &&
        [ "$SECONDS" -lt "$end" ]; do sleep 0.5; done
    row=$(jq -c --argjson m "$answer" --argjson kept "$kept" \
        '. + {peak_mib: $m.peak_mib, after_mib: $m.last_mib, kept: $kept}' <<<"$row")
    dead=$(dead_nodes | paste -sd' ')
    [ "$name" != fd-flood ] || [ -n "$dead" ] || prlimit --pid "$pid" --nofile="${soft// /}:"
    [ -z "$dead" ] || make_well
    tell_load check
    refusal=$(jq -r '.refusal' <<<"$row")
    row=$(jq -c --argjson c "$answer" --arg dead "$dead" --arg refusal "$refusal" '. + {
        lost: $c.lost, read: $c.read, complaint: $c.complaint, refused: (.refused + $c.refused),
        refusal: (if $refusal == "" then $c.complaint else $refusal end),
        alive: (if $dead == "" then "yes" else "NO" end)}' <<<"$row")
    judge "$dead"
    [[ "$verdict" != *keeps* ]] || restart "$node"
}
# A machine that was busy with something else made others wait, too: what nothing but time says is
# looked at up to twice more. The last look counts.
take_row() { # as run_row
    local look
    for look in 1 2 3; do
        run_row "$@"
        [ "$verdict" = "$waits" ] && [ "$look" -lt 3 ] || break
        say "others' p99 was $(jq .p99_ms <<<"$row") ms: once more"
    done
    [ -z "$verdict" ] || failed=$((failed + 1))
    row=$(jq -c --arg verdict "${verdict:-ok}" --argjson looks "$look" \
        '. + {verdict: $verdict, looks: $looks}' <<<"$row")
    rows+=("$row")
    print_row "$row"
}

say "starting three nodes in $work"
"$weft" dev --detach >"$work/up" 2>&1 || { cat "$work/up" >&2; exit 1; }
remember_processes
start_load
print_head

# What a row takes beside the attack: the mesh looked after, memory watched, everything read back.
wanted=()
for line in "${known[@]}"; do
    read -r name amount _ <<<"$line"
    [ ${#only[@]} -eq 0 ] || [[ " ${only[*]} " == *" $name "* ]] || continue
    wanted+=("$name $amount")
done
share=$((minutes * 60 / ${#wanted[@]} - 6))
[ "$share" -ge 3 ] || share=3
[ "$share" -le 300 ] || share=300

take_row quiet 0 none 3 a
turn=0
for line in "${wanted[@]}"; do
    read -r name amount <<<"$line"
    on=both
    seconds=$share
    case $name in
        # What only a client can do.
        unknown | never-read | admin-flood | hello-flood) on=client ;;
        datagram-*) on=mesh ;;
        # They end with their amount, which must be reached to mean anything.
        big-listing | sessions)
            on=client
            [ "$seconds" -ge 20 ] || seconds=20
            ;;
        endless-multipart) [ "$seconds" -ge 8 ] || seconds=8 ;;
        # The time a node gives to a handshake, and some more.
        half-open | slowloris) [ "$seconds" -ge 8 ] || seconds=8 ;;
    esac
    take_row "$name" "$amount" "$on" "$seconds" "${nodes[$((turn % 3))]}"
    turn=$((turn + 1))
done
take_row quiet 0 none 3 a
[ "$format" = table ] || printf '%s\n' "${rows[@]}" | jq -s .
noise=$(printf '%s\n' "${rows[@]}" |
    jq -s '[.[] | select(.attack == "quiet") | .p99_ms | round] | max')
[ "$noise" -le "$p99_max" ] ||
    say "without any attack others' p99 was $noise ms already: this machine is too busy to tell"
if [ "$failed" -gt 0 ]; then
    say "$failed of ${#rows[@]} rows broke a limit: memory $above_max MiB above, peak $peak_max MiB," \
        "$kept_max connections kept, others' p99 $p99_max ms, none refused, nothing lost," \
        "nobody accused, what is refused shown," \
        "no node ended"
    exit 1
fi
say "all ${#rows[@]} rows held"
