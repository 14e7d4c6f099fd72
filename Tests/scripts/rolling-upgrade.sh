#!/usr/bin/env bash
# Tests a rolling upgrade from the program of another commit, by default the last one on main, to the present one.
# Usage: Tests/scripts/rolling-upgrade.sh [COMMIT]
#
# Both must have the same steps in their schemas (PostgreSQLSchema), or the upgrade needs all replicas to stop, see
# deploy/docs/operations.md.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=Tests/scripts/dependencies.sh
. Tests/scripts/dependencies.sh
commit=$(git rev-parse --verify "${1:-main}^{commit}")
install_build_packages
install_packages postgresql
previous=.build/previous
[ -d "$previous" ] || git worktree add --detach "$previous" "$commit"
git -C "$previous" checkout --quiet --detach "$commit"
swift build --package-path "$previous" --product defender-bridge
swift build --build-tests
program=$(swift build --package-path "$previous" --show-bin-path)/defender-bridge
DEFENDER_BRIDGE_PREVIOUS_PROGRAM=$program python3 Tests/scripts/contained.py swift test --skip-build --filter RollingUpgrade
