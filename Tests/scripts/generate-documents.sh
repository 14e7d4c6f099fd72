#!/usr/bin/env bash
# Updates the generated parts of the documents and the JSON Schema of the configuration file, by default with the debug build.
# Usage: Tests/scripts/generate-documents.sh [PROGRAM]
set -euo pipefail
cd "$(dirname "$0")/../.."
program=${1:-.build/debug/defender-bridge}
if [ ! -x "$program" ]; then
    echo "generate-documents.sh: no program at $program; run swift build --product defender-bridge first" >&2
    exit 66
fi
exec python3 Tests/DeploymentTests/documents.py "$program"
