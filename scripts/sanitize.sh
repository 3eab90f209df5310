#!/usr/bin/env bash
# Builds and runs the tests of a sanitizer preset.
#   sanitize.sh asan|tsan [SEEDS]   simulator seeds; default WEFT_SIM_SEEDS, else 40 and 5
# TSan runs what has threads; ASan and UBSan run everything but the real-process tests.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:?usage: sanitize.sh asan|tsan [SEEDS]}
scripts/packages.sh lint

# Sanitizers need their shadow addresses free: without address randomization they always are.
fixed=()
if setarch -R true 2>/dev/null; then fixed=(setarch -R); fi

# Of the sizes and seeds of the storage tests, in parts of a hundred.
export WEFT_STORAGE_SCALE=${WEFT_STORAGE_SCALE:-10}

case "$preset" in
    asan)
        export WEFT_SIM_SEEDS=${2:-${WEFT_SIM_SEEDS:-40}}
        targets=(all)
        options=(-DWEFT_MUTANTS=ON)  # with none chosen, but for the test of the known ones
        only=(-LE 'e2e')
        ;;
    tsan)
        export WEFT_SIM_SEEDS=${2:-${WEFT_SIM_SEEDS:-5}}
        options=()
        targets=(node_runtime_test transport_test client_test storage_test sim_test)
        only=(-R '^(node_runtime|transport|client|storage|sim)\.')
        ;;
    *)
        echo "sanitize.sh: no preset '$preset' with a sanitizer" >&2
        exit 2
        ;;
esac
"${fixed[@]}" cmake --preset "$preset" -DWEFT_UNITY=ON "${options[@]}" >/dev/null
"${fixed[@]}" cmake --build --preset "$preset" --target "${targets[@]}"
"${fixed[@]}" ctest --preset "$preset" -j 2 --no-tests=error "${only[@]}"
