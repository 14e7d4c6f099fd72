#!/usr/bin/env bash
# Measures the release build on this machine.
#   deploy/benchmark.sh audit [--findings N]  memory and speed of an audit of 100,000 findings, beside a stand-in for AWS
#   deploy/benchmark.sh intake                how fast deliveries are answered under load, beside a stand-in for AWS
#   deploy/benchmark.sh server [SECONDS]      the HTTP server beside nginx and a Hummingbird 2 server
# The first two fail if a limit that the bridge promises is passed.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=deploy/dependencies.sh
. deploy/dependencies.sh

what=${1:-audit}
shift $(($# > 0 ? 1 : 0))
install_build_packages
echo "Building (some minutes the first time)"
case "$what" in
    audit | intake)
        swift build --configuration release --product defender-bridge
        swift build --configuration release --product benchmarks
        exec "$(swift build --configuration release --show-bin-path)/benchmarks" "$what" "$@"
        ;;
    server)
        install_packages nginx-light wrk openssl python3 util-linux procps
        swift build --configuration release --package-path Tests/Benchmarks
        exec python3 Tests/Benchmarks/compare.py "$@"
        ;;
    *)
        echo "deploy/benchmark.sh: there is no measurement $what; audit, intake and server are" >&2
        exit 64
        ;;
esac
