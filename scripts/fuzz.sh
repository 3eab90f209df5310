#!/usr/bin/env bash
# Builds the targets of tests/fuzz and lets each search for ten minutes, or for its share when the
# time is shorter. What reaches something new stays in build/fuzz/found and is begun with next time.
#   fuzz.sh [SECONDS [TARGET...]]   for all of it, building included; default 4500 and every target
# Exit code 1 when a target failed: the input that did it lies where the output says.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/packages.sh lint
end=$((SECONDS + ${1:-4500}))
shift || true
targets=("$@")
[ $# -gt 0 ] || mapfile -t targets < <(sed -n 's/^weft_fuzz(\([a-z]*\) .*/\1/p' tests/fuzz/CMakeLists.txt)

# Sanitizers need their shadow addresses free: without address randomization they always are.
fixed=()
if setarch -R true 2>/dev/null; then fixed=(setarch -R); fi
"${fixed[@]}" cmake --preset fuzz -DBUILD_TESTING=ON -DWEFT_UNITY=ON >/dev/null
"${fixed[@]}" cmake --build --preset fuzz --target "${targets[@]/#/fuzz_}"

logs=build/fuzz/logs found=build/fuzz/found crashes=build/fuzz/crashes
mkdir -p "$logs" "$crashes"
failed=0
waiting=${#targets[@]}
for name in "${targets[@]}"; do
    seconds=$(((end - SECONDS) / waiting))
    waiting=$((waiting - 1))
    seconds=$((seconds > 600 ? 600 : seconds < 5 ? 5 : seconds))
    mkdir -p "$found/$name"
    log=$logs/$name
    result=passed
    "${fixed[@]}" "build/fuzz/bin/fuzz_$name" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 \
        -max_len=8192 -print_final_stats=1 -artifact_prefix="$crashes/$name-" "$found/$name" \
        "tests/fuzz/corpus/$name" >"$log" 2>&1 || result=FAILED
    runs=$(awk '/^stat::number_of_executed_units:/ {print $2}' "$log")
    cover=$(awk '$2 != "INITED" && $3 == "cov:" {last = $4} END {print last}' "$log")
    echo "fuzz $name: $result, ${runs:-0} executions, coverage ${cover:-none} in $seconds s; log: $log"
    [ "$result" = passed ] && continue
    failed=1
    tail -n 40 "$log"
    echo "fuzz $name: input: $(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)"
done
exit "$failed"
