#!/usr/bin/env bash
# Fuzzes everything that parses bytes from the internet with libFuzzer: HTTP parser, connection state machine, SNS envelope,
# JSONPath, event patterns, CEF, and the evaluation of mappings.
# Usage: Tests/scripts/fuzz.sh [SECONDS] [TARGET...]; default: 60 seconds, all targets concurrently.
# The corpus stays in .build-fuzz/corpus; the next run continues with it. Failing inputs are listed at the end, including those
# that take longer than 10 seconds.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=${1:-60}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(
    FuzzRequestParser FuzzConnectionMachine FuzzSNSEnvelope FuzzJSONPath FuzzEventPattern FuzzCEF FuzzMapping)

build=(swift build --package-path Tests/Fuzzing --scratch-path .build-fuzz --configuration release --sanitize=fuzzer
    -Xswiftc -enable-testing)
for target in "${targets[@]}"; do "${build[@]}" --product "$target"; done
programs=$("${build[@]}" --show-bin-path)

# A name of alternating combining marks. Comparing it by canonical equivalence takes minutes.
mkdir -p .build-fuzz/seeds/FuzzSNSEnvelope
{
    printf '{"a'
    head -c 1000000 < <(yes $'\xcc\x81\xcc\xa3' | tr -d '\n')
    printf '":1}'
} >.build-fuzz/seeds/FuzzSNSEnvelope/combining-marks
processes=()
for target in "${targets[@]}"; do
    mkdir -p ".build-fuzz/corpus/$target" ".build-fuzz/seeds/$target"
    # SNSMessage.maximumBodyLength for messages; the other targets have lower limits.
    length=4096
    [ "$target" != FuzzSNSEnvelope ] || length=1048576
    "$programs/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len="$length" -verbosity=0 \
        -print_final_stats=1 -artifact_prefix=".build-fuzz/$target-" \
        ".build-fuzz/corpus/$target" "Tests/Fuzzing/Seeds/$target" ".build-fuzz/seeds/$target" >".build-fuzz/$target.log" 2>&1 &
    processes+=("$!")
done
failed=0
for index in "${!targets[@]}"; do
    target=${targets[$index]}
    if wait "${processes[$index]}"; then
        echo "$target: $(grep -o 'number_of_executed_units.*' ".build-fuzz/$target.log"), no failure"
    else
        failed=1
        echo "$target failed:"
        tail -n 40 ".build-fuzz/$target.log"
    fi
done
exit "$failed"
