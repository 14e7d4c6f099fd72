#!/usr/bin/env bash
# Updates the generated tables in the documents. Usage: deploy/docs/generate.sh [PROGRAM]; default: the debug build.
set -euo pipefail
cd "$(dirname "$0")/../.."
program=${1:-.build/debug/defender-bridge}
if [ ! -x "$program" ]; then
    echo "generate.sh: no program at $program; run swift build --product defender-bridge first" >&2
    exit 66
fi
exec python3 Tests/DeploymentTests/documents.py "$program"
