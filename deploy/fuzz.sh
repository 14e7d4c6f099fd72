#!/usr/bin/env bash
# Fuzzes what reads bytes from the internet: the HTTP parser, the connection state machine and the SNS envelope, with
# libFuzzer. Usage: deploy/fuzz.sh [SECONDS] [TARGET...]; 60 seconds and all targets by default, one beside the other.
# What was found stays in .build-fuzz/corpus, and the next run goes on from there. An input that fails is named at the end.
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

processes=()
for target in "${targets[@]}"; do
    mkdir -p ".build-fuzz/corpus/$target"
    "$programs/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=4096 -verbosity=0 \
        -print_final_stats=1 -artifact_prefix=".build-fuzz/$target-" \
        ".build-fuzz/corpus/$target" "Tests/Fuzzing/Seeds/$target" >".build-fuzz/$target.log" 2>&1 &
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
