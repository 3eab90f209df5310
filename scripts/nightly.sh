#!/usr/bin/env bash
# What takes too long for every change: simulator seeds, fuzzing, the other compilers, header checks, all
# sanitizer tests, formatter and linter, the grids of membership. The stages run in turns: each run begins behind the last
# stage of the one before and ends when the time is over. docs/nightly.md keeps the newest result of
# every stage.
#   nightly.sh [--minutes N]   default 480; a stage that is not done by then is stopped and said so
#   nightly.sh --stage NAME    this stage only, without a time limit
# Exit code 1 when a stage failed.
set -euo pipefail
cd "$(dirname "$0")/.."

stages=(seeds torture hostile fuzz asan tsan clang dev formatter linter membership)
report=docs/nightly.md
minutes=480
only=

usage() {
    echo "usage: nightly.sh [--minutes N] | --stage ${stages[*]}" >&2
    exit 2
}
while [ $# -gt 0 ]; do
    case "$1" in
        --minutes)
            [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || usage
            minutes=$2
            ;;
        --stage)
            [[ " ${stages[*]} " == *" ${2:-} "* ]] || usage
            only=$2
            ;;
        *) usage ;;
    esac
    shift 2
done

sources() {
    find core include membership routing entity storage replication flatbuffers node transport sim client \
        cli tests examples \( -name '*.cpp' -o -name '*.h' \) -print0
}
preset() {
    cmake --preset "$1" -DBUILD_TESTING=ON >/dev/null
    cmake --build --preset "$1"
    cmake --build --preset "$1" --target all_verify_interface_header_sets
    ctest --preset "$1" -j 2 -LE e2e
}
# Other seeds than every change runs, and others every time.
seeds() {
    cmake --preset release >/dev/null
    cmake --build --preset release --target weft
    local first=$((($(date +%s) - 1700000000) * 1000))
    build/release/bin/weft sim soak --jobs 2 --store mixed --all-probes --first "$first" --hours "$(awk "BEGIN{print $1/3600}")"
}
torture() {
    cmake --preset release >/dev/null
    cmake --build build/release --target weft
    build/release/bin/weft torture --minutes 30 --load full --seed "$(date +%s)"
}
run_stage() {
    case "$1" in
        seeds) seeds "$2" ;;
        torture) torture ;;
        hostile) scripts/hostile.sh --minutes 20 ;;
        fuzz) scripts/fuzz.sh "$2" ;;
        membership) scripts/lifeguard.sh --runs 10 ;;
        asan) env WEFT_STORAGE_SCALE=100 scripts/sanitize.sh asan 200 ;;
        tsan) env WEFT_STORAGE_SCALE=100 scripts/sanitize.sh tsan 50 ;;
        clang | dev) preset "$1" ;;
        formatter) sources | xargs -0 clang-format-19 --dry-run -Werror ;;
        linter)
            cmake --preset clang -DBUILD_TESTING=ON >/dev/null
            cmake --build --preset clang --target weft_wire_schemas
            find core membership routing entity storage replication node transport sim client cli examples \
                -name '*.cpp' -print0 |
                xargs -0 -n 4 -P 2 clang-tidy-19 --quiet -p build/clang --warnings-as-errors='*'
            ;;
    esac
}

# A row of the report: | stage | result | seconds | commit | when |
row_of() { grep -m1 "^| $1 |" "$report" 2>/dev/null || echo "| $1 | not run yet | | | |"; }
write_report() {
    local name rows=""
    for name in "${stages[@]}"; do rows+="${new[$name]:-$(row_of "$name")}"$'\n'; done
    cat >"$report.new" <<END
# Nightly

The newest result of every stage of \`scripts/nightly.sh\`, which runs them in turns within its time.
Last stage of the last run: ${last:-none}

| stage | result | seconds | commit | when |
|---|---|---|---|---|
$rows
END
    mv "$report.new" "$report"
}

scripts/packages.sh lint
declare -A new
last=$(sed -n 's/^Last stage of the last run: //p' "$report" 2>/dev/null || true)
order=("${stages[@]}")
for i in "${!stages[@]}"; do
    [ "${stages[$i]}" = "$last" ] && order=("${stages[@]:$((i + 1))}" "${stages[@]:0:$((i + 1))}")
done
[ -z "$only" ] || order=("$only")
end=$((SECONDS + minutes * 60))
failed=0
logs=$(mktemp -d)
for name in "${order[@]}"; do
    left=$((end - SECONDS))
    [ -z "$only" ] || left=86400
    [ "$left" -ge 60 ] || break
    from=$SECONDS
    # Seeds and fuzzing would never end by themselves: they get their share, the others what is left.
    share=$((left / 3 > 60 ? left / 3 : 60))
    echo "== $name (at most $left s; its output: $logs/$name)"
    result=passed
    timeout "$left" "$BASH" -c "$(declare -f sources preset seeds torture run_stage)
        set -euo pipefail; run_stage $name $share" >"$logs/$name" 2>&1 || {
        code=$?
        result="FAILED ($code)"
        [ "$code" -eq 124 ] && result="stopped after its time"
    }
    [ "$name" != seeds ] || result+=", $(awk '/^seeds /{print $2}' "$logs/$name" | tail -n 1) seeds"
    [ "$name" != fuzz ] || result+=", $(awk '/^fuzz .* executions/{sum += $4} END{print sum + 0}' "$logs/$name") executions"
    case "$result" in FAILED*) failed=1 && tail -n 30 "$logs/$name" ;; esac
    echo "== $name: $result, $((SECONDS - from)) s"
    new[$name]="| $name | $result | $((SECONDS - from)) | $(git rev-parse --short HEAD) | $(date -u +%F) |"
    [ -n "$only" ] || last=$name
    write_report
done
[ "$failed" -ne 0 ] || rm -rf "$logs"
exit "$failed"
