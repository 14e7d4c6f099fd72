#!/usr/bin/env bash
# Measures the release build on this machine, beside a stand-in for AWS: memory and speed of an audit of 100,000 findings.
# Arguments go to the measurement, for example --findings 10000. Fails if a limit that the bridge promises is passed.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=deploy/dependencies.sh
. deploy/dependencies.sh

install_build_packages
echo "Building (some minutes the first time)"
swift build --configuration release --product defender-bridge
swift build --configuration release --product benchmarks
exec "$(swift build --configuration release --show-bin-path)/benchmarks" audit "$@"
