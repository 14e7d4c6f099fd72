#!/usr/bin/env bash
# Updates the Kustomize base and the generated parts of components and of values.schema.json from the Helm chart.
# Usage: Tests/scripts/generate-kubernetes.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=Tests/scripts/dependencies.sh
. Tests/scripts/dependencies.sh
install_python helm_python=helm-python-sdk yaml=PyYAML
exec python3 Tests/DeploymentTests/chart.py
