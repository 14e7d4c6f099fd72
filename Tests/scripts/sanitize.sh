#!/usr/bin/env bash
# Runs the tests of event loop, TLS and HTTP server with the address and the thread sanitizer; some minutes each.
# Usage: Tests/scripts/sanitize.sh [address] [thread]
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=Tests/scripts/dependencies.sh
. Tests/scripts/dependencies.sh

install_build_packages
export ASAN_OPTIONS="detect_leaks=0:abort_on_error=1"
export TSAN_OPTIONS="halt_on_error=1"
export DEFENDER_BRIDGE_SANITIZING=1
[ $# -gt 0 ] || set -- address thread
for sanitizer in "$@"; do
    echo "== $sanitizer"
    swift test --sanitize="$sanitizer" --scratch-path ".build-$sanitizer" \
        --experimental-maximum-parallelization-width 4
done
