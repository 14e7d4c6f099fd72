#!/usr/bin/env bash
# Fuzzes what reads bytes from the internet: the HTTP parser, the connection state machine and the SNS envelope, with
# libFuzzer. Usage: deploy/fuzz.sh [SECONDS] [TARGET...]; 60 seconds and all targets by default, one beside the other.
# What was found stays in .build-fuzz/corpus, and the next run goes on from there. An input that fails is named at the end;
# one that takes longer than 10 seconds fails, too.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(FuzzRequestParser FuzzConnectionMachine FuzzSNSEnvelope)

build=(swift build --configuration release --scratch-path .build-fuzz --sanitize=fuzzer -Xswiftc -enable-testing)
export DEFENDER_BRIDGE_FUZZING=1
for target in "${targets[@]}"; do "${build[@]}" --product "$target"; done
programs=$("${build[@]}" --show-bin-path)

# One name of alternating combining marks. Code that compares texts by canonical equivalence takes minutes for it.
mkdir -p .build-fuzz/seeds/FuzzSNSEnvelope
{
    printf '{"a'
    head -c 1000000 < <(yes $'\xcc\x81\xcc\xa3' | tr -d '\n')
    printf '":1}'
} >.build-fuzz/seeds/FuzzSNSEnvelope/combining-marks
processes=()
for target in "${targets[@]}"; do
    mkdir -p ".build-fuzz/corpus/$target" ".build-fuzz/seeds/$target"
    # A message may be as long as SNSMessage.maximumBodyLength; no request of the others needs more than their limits.
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
