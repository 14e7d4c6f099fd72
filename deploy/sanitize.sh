#!/usr/bin/env bash
# Runs the tests of event loop, TLS and HTTP server in a build that looks for errors of memory: some minutes.
#
# There is no run with the thread sanitizer: it does not see the locks of Swift's Mutex on Linux, and calls everything that
# they guard a race.
set -euo pipefail
cd "$(dirname "$0")/.."

export ASAN_OPTIONS="detect_leaks=0:abort_on_error=1"
export DEFENDER_BRIDGE_SANITIZING=1
exec swift test --sanitize=address --scratch-path .build-address --experimental-maximum-parallelization-width 4
