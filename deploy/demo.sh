#!/usr/bin/env bash
# Shows the whole way of an alarm on this machine, without an AWS account: builds the bridge, starts it beside a stand-in
# for AWS, and has findings delivered, imported and archived. --once ends by itself and fails if a finding is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=deploy/dependencies.sh
. deploy/dependencies.sh

install_build_packages
echo "Building the bridge (some minutes the first time)"
release_build --product defender-bridge
exec "$(release_build --show-bin-path)/defender-bridge" demo "$@"
