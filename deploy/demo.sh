#!/usr/bin/env bash
# Runs an end-to-end demo on this machine, without an AWS account: builds the bridge, starts it with a stand-in for AWS, and
# delivers, imports and archives findings. --once ends by itself and fails if a finding is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=Tests/scripts/dependencies.sh
. Tests/scripts/dependencies.sh

install_build_packages
# Not a release build, which takes several times as long.
echo "Building the bridge without optimization (takes some minutes the first time)"
swift build --product defender-bridge
exec "$(swift build --show-bin-path)/defender-bridge" demo "$@"
