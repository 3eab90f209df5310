#!/usr/bin/env bash
# Measures weft and, where they are present, the limit programs beside it in the same run.
#   bench.sh [ratios]   puts, reads and counter adds at 1, 64 and 256 outstanding; with ratios
#   bench.sh gap        longest gap without an answer of one entity whose leader is killed:
#                       median of 10
#   bench.sh idle       processor share and memory of an idle three-node mesh of 1,024 groups
#   bench.sh memory     memory of 100,000 active counters, and once they are passivated
# WEFT_LIMITS  the limit programs (default ../shared/limits); without them ratios are missing
# WORK_DIR     where data is written (default build/bench; never tmpfs)
# RUNS, SECONDS_EACH   repetitions (3) and length (2.5) of each measurement; medians are printed
# WEFT         the program (default: the release build, made when missing)
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
mode=${1:-ratios}
limits=${WEFT_LIMITS:-$root/../shared/limits}
work=${WORK_DIR:-$root/build/bench}
runs=${RUNS:-3}
seconds=${SECONDS_EACH:-2.5}
weft=${WEFT:-$root/build/release/bin/weft}
load=(--clients 1 --entities 10000 --value-bytes 128)

fail() {
    echo "bench.sh: $*" >&2
    exit 1
}
mkdir -p "$work"
case $(stat -f -c %T "$work") in
    tmpfs | ramfs) fail "$work is in memory; set WORK_DIR to a folder on a disk" ;;
esac
if [ ! -x "$weft" ]; then
    scripts/packages.sh quickstart
    cmake --preset release -DBUILD_TESTING=OFF >/dev/null
    cmake --build --preset release --target weft >/dev/null
fi

export WEFT_DEV_DIR=$work/mesh
down() { "$weft" dev down --clean >/dev/null 2>&1 || true; }
trap down EXIT
up() { # NODES
    down
    "$weft" dev --detach --nodes "$1" >/dev/null
}
median() { sort -g | awk '{v[NR] = $1} END {if (NR) print v[int((NR + 1) / 2)]}'; }
# The column NAME of a bench run's CSV.
figure() { # NAME ARGUMENTS...
    local name=$1
    shift
    "$weft" -o csv bench "$@" | awk -F, -v name="$name" '
        NR == 1 {for (i = 1; i <= NF; i++) if ($i == name) column = i}
        NR == 2 {print $column}'
}

machine() {
    echo "machine: $(nproc) x$(sed -n 's/^model name.*:/ /p' /proc/cpuinfo | head -n 1)," \
        "$(awk '/MemTotal/{printf "%d MiB", $2 / 1024}' /proc/meminfo), $(uname -sr)," \
        "$(stat -f -c %T "$work") on $(df --output=source "$work" | tail -n 1)"
    echo "weft: $("$weft" version), commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown)"
    echo "settings: $runs runs of $seconds s each, medians; 128 B values, 10,000 entities, one client"
}

# One row: weft and limit take turns, so that both meet the same moods of the machine.
row() { # NAME FLOOR OUTSTANDING "BENCH ARGUMENTS" "LIMIT ARGUMENTS"
    local name=$1 floor=$2 outstanding=$3 ours=() theirs=() value limit
    for _ in $(seq "$runs"); do
        # shellcheck disable=SC2086  # words are meant
        value=$(figure ops_per_second $4 "${load[@]}" --pipeline "$outstanding" \
            --seconds "$seconds" --warm-up 0.5)
        ours+=("${value:-0}")
        [ -x "$limits/run.sh" ] || continue
        # shellcheck disable=SC2086
        limit=$(RUNS=1 SECONDS_EACH=$seconds WORK_DIR=$work/limits BUILD_DIR=$work/limits-build \
            "$limits/run.sh" quorum $5 | awk -F'\t' '{split($2, v, " "); print v[1]; exit}')
        theirs+=("${limit:-0}")
    done
    value=$(printf '%s\n' "${ours[@]}" | median)
    if [ ${#theirs[@]} -eq 0 ]; then
        printf '%-22s %6s %12.0f %12s %7s %6s\n' "$name" "$outstanding" "$value" - - "$floor"
        return
    fi
    limit=$(printf '%s\n' "${theirs[@]}" | median)
    awk -v n="$name" -v o="$outstanding" -v w="$value" -v l="$limit" -v f="$floor" 'BEGIN {
        r = l > 0 ? w / l : 0
        printf "%-22s %6s %12.0f %12.0f %7.2f %6s%s\n", n, o, w, l, r, f, r < f ? "  below" : ""}'
}

rows() { # NAME FLOORS(3) BENCH LIMIT-BEFORE [LIMIT-AFTER]
    local outstanding i=2
    for outstanding in 1 64 256; do
        row "$1" "${!i}" "$outstanding" "$5" "$6 $outstanding${7:+ $7}"
        i=$((i + 1))
    done
}

ratios() {
    machine
    mkdir -p "$work/limits"
    [ -x "$limits/run.sh" ] || echo "no limit programs in $limits: ratios are missing"
    printf '%-22s %6s %12s %12s %7s %6s\n' work "out" "weft op/s" "limit op/s" ratio floor
    up 3
    rows "put, three nodes" 0.75 0.55 0.45 "put" "lmdb 3"
    rows "read, three nodes" 0.60 0.30 0.22 "get" "none 3" "'' read"
    rows "counter add, three" 0.70 0.50 0.40 "call" "lmdb 3"
    up 1
    rows "put, one node" 0.75 0.45 0.40 "put" "lmdb 1"
}

# The value of COLUMN in the first row of CSV where the column KEY is VALUE.
lookup() { # COLUMN [KEY VALUE]
    awk -F, -v column="$1" -v key="${2:-}" -v value="${3:-}" '
        NR == 1 {for (i = 1; i <= NF; i++) {if ($i == column) c = i; if ($i == key) k = i}}
        NR > 1 && (key == "" || $k == value) {print $c; exit}'
}

# One entity, and its own leader is killed: nothing else can be answered meanwhile.
gap() {
    machine
    up 3
    local victim gaps=() value partition
    for turn in $(seq 10); do
        partition=$("$weft" -o csv put kv/bench-0 here | lookup partition)
        victim=$("$weft" -o csv partition list | lookup leader partition "$partition")
        "$weft" -o json bench put --entities 1 --pipeline 8 --seconds 6 >"$work/gap.json" &
        sleep 2
        "$weft" dev kill "$victim" >/dev/null
        wait $!
        value=$(sed -n 's/.*"longest_gap_ms": \([0-9.]*\).*/\1/p' "$work/gap.json")
        gaps+=("$value")
        echo "  $turn: node $victim killed, longest gap $value ms"
        "$weft" dev start "$victim" --timeout 30s >/dev/null
        "$weft" health --exit-when-healthy --timeout 60s >/dev/null
    done
    echo "median $(printf '%s\n' "${gaps[@]}" | median) ms (wanted: at most 800)"
}

anon_kib() { awk '/RssAnon/{print $2}' "/proc/$1/status"; }
file_kib() { awk '/RssFile/{print $2}' "/proc/$1/status"; }
ticks() { awk '{sub(/.*\) /, ""); print $12 + $13}' "/proc/$1/stat"; }
node_pids() {
    local name
    for name in a b c; do "$weft" -o csv dev status | lookup pid node $name; done
}

# `weft dev` makes 64 groups; more need the verbs that a real mesh is made with.
idle() {
    machine
    local folder=$work/idle name lines=() pids=() i=0 pid before=() second=10
    rm -rf "$folder"
    for name in a b c; do
        lines+=("$("$weft" node init "$folder/$name" --name $name --mesh "127.0.0.1:$((9340 + 10 * i))" \
            --client "127.0.0.1:$((9341 + 10 * i))")")
        i=$((i + 1))
    done
    "$weft" mesh create --groups 1024 --out "$folder/genesis" "${lines[@]}" >/dev/null
    for name in a b c; do
        cp "$folder/genesis" "$folder/$name/genesis"
        "$weft" node run "$folder/$name" 2>"$folder/$name/log" &
        pids+=($!)
    done
    "$weft" --addr 127.0.0.1:9341 health --exit-when-healthy --timeout 60s
    sleep 5
    for pid in "${pids[@]}"; do before+=("$(ticks "$pid")"); done
    sleep $second
    for i in 0 1 2; do
        pid=${pids[$i]}
        awk -v t=$(($(ticks "$pid") - before[i])) -v hz="$(getconf CLK_TCK)" -v s=$second \
            -v a="$(anon_kib "$pid")" -v f="$(file_kib "$pid")" -v n="$i" 'BEGIN {
            printf "  node %d: %.2f %% of a core, RssAnon %.1f MiB, mapped file pages %.1f MiB\n",
                n, 100 * t / hz / s, a / 1024, f / 1024}'
    done
    kill "${pids[@]}"
    wait "${pids[@]}" || true
    rm -rf "$folder"
}

# Of the nodes `pids` since `before`.
growth() { # WHEN
    for i in "${!pids[@]}"; do
        pid=${pids[$i]}
        awk -v b="${before[$i]}" -v a="$(anon_kib "$pid")" -v n="$i" -v when="$1" 'BEGIN {
            printf "  node %d, %s: RssAnon %.1f MiB before, %.1f MiB after, growth %.1f MiB\n", n,
                when, b / 1024, a / 1024, (a - b) / 1024}'
    done
}

memory() {
    machine
    up 3
    local pids pid before=() i
    # First what any load takes (log tail, sessions, queues), so that the rest is the counters.
    "$weft" bench call --clients 1 --pipeline 256 --entities 10 --prefix warm- --seconds 10 >/dev/null
    mapfile -t pids < <(node_pids)
    for pid in "${pids[@]}"; do before+=("$(anon_kib "$pid")"); done
    # Drawn at random: four draws per counter leave about 2 % of them out.
    "$weft" bench call --clients 1 --pipeline 256 --entities 100000 --seconds "${SECONDS_LOAD:-20}"
    growth active
    # A minute without use, the sweeps that follow it, and the span after which memory goes back.
    sleep "${SECONDS_IDLE:-150}"
    growth passivated
}

case $mode in
    ratios | gap | idle | memory) $mode ;;
    *) fail "usage: bench.sh [ratios|gap|idle|memory]" ;;
esac
