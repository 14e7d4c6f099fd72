#!/usr/bin/env bash
# Measures the release build on this machine.
#   Tests/scripts/benchmark.sh alarms                CPU of alarms from lease to completed, and a burst under AWS's quotas
#   Tests/scripts/benchmark.sh audit [--findings N]  memory and speed of an audit of 100,000 findings, with SQLite and PostgreSQL
#   Tests/scripts/benchmark.sh cores [--rounds N]    unchanged audits of 100 accounts on one core and on two
#   Tests/scripts/benchmark.sh intake [--rounds N]   rate of signed deliveries, compared with a program on Hummingbird 2 and GRDB
#   Tests/scripts/benchmark.sh limits                an audit of 10,000 findings under AWS's quotas, compared with boto3
#   Tests/scripts/benchmark.sh mapping               CPU of mapping an alert of a mapped source, compared with an alarm
#   Tests/scripts/benchmark.sh many [--rounds N]     1, 2 and 4 bridges on one PostgreSQL
#   Tests/scripts/benchmark.sh observability         cost of logs and metrics under full load
#   Tests/scripts/benchmark.sh scale [--findings N]  start, memory, metrics and status with 1,000,000 findings
#   Tests/scripts/benchmark.sh server [SECONDS]      the HTTP server, compared with nginx and a Hummingbird 2 server
#   Tests/scripts/benchmark.sh troubles [--seed N]   three bridges on one PostgreSQL that are killed, stopped, cut off and locked out
#   Tests/scripts/benchmark.sh webhook               requests of 1,000 items of a mapped source, alone and beside deliveries of SNS
# Each fails if the bridge misses the goals in Tests/README.md.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=Tests/scripts/dependencies.sh
. Tests/scripts/dependencies.sh

programs=.build/release

build_bridge() {
    release_build --product defender-bridge
    release_build --product benchmarks
}

what=${1:-audit}
shift $(($# > 0 ? 1 : 0))
install_build_packages
echo "Building (takes some minutes the first time)"
case "$what" in
    alarms)
        build_bridge
        exec "$programs/benchmarks" alarms "$@"
        ;;
    audit)
        install_packages postgresql
        build_bridge
        exec "$programs/benchmarks" audit "$@"
        ;;
    cores)
        install_packages util-linux
        build_bridge
        exec "$programs/benchmarks" cores "$@"
        ;;
    intake)
        install_packages strace sqlite3
        build_bridge
        swift build --configuration release --package-path Tests/Benchmarks --product bench-intake-hummingbird
        exec "$programs/benchmarks" intake --peer Tests/Benchmarks/.build/release/bench-intake-hummingbird "$@"
        ;;
    limits)
        install_packages python3 python3-venv python3-pip
        install_python boto3=boto3
        build_bridge
        exec "$programs/benchmarks" limits --peer Tests/Benchmarks/audit_by_boto3.py "$@"
        ;;
    mapping)
        build_bridge
        exec "$programs/benchmarks" mapping "$@"
        ;;
    many)
        install_packages postgresql util-linux
        build_bridge
        exec "$programs/benchmarks" many "$@"
        ;;
    observability)
        install_packages sqlite3
        build_bridge
        # With 40 rounds, chance is about 0.5 %.
        exec "$programs/benchmarks" observability --rounds 40 "$@"
        ;;
    scale)
        build_bridge
        exec "$programs/benchmarks" scale "$@"
        ;;
    server)
        install_packages nginx-light wrk openssl python3 util-linux procps
        swift build --configuration release --package-path Tests/Benchmarks
        exec python3 Tests/Benchmarks/compare.py "$@"
        ;;
    troubles)
        install_packages postgresql pgbouncer util-linux
        build_bridge
        exec "$programs/benchmarks" troubles "$@"
        ;;
    webhook)
        install_packages sqlite3
        build_bridge
        exec "$programs/benchmarks" webhook "$@"
        ;;
    *)
        echo "benchmark.sh: unknown benchmark $what; use alarms, audit, cores, intake, limits, mapping, many, observability, scale, server, troubles or webhook" >&2
        exit 64
        ;;
esac
