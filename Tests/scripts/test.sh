#!/usr/bin/env bash
# Runs all tests: format, scripts, API description, build, fuzzing, demo, unit and integration tests.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=Tests/scripts/dependencies.sh
. Tests/scripts/dependencies.sh

if [ "${1:-}" != --contained ]; then
    install_packages python3
    exec python3 Tests/scripts/contained.py Tests/scripts/test.sh --contained
fi
# All builds of one configuration need the same flags; otherwise each builds everything again.
export WARNINGS_AS_ERRORS=1

step() { printf '\n== %s (%ss)\n' "$1" "$SECONDS"; }

step "Dependencies"
install_build_packages
install_packages openssl curl python3 python3-venv python3-pip shellcheck prometheus util-linux \
    nginx-light slowhttptest testssl.sh bsdextrautils dnsutils default-jdk-headless postgresql pgbouncer systemd libseccomp2 \
    debootstrap iproute2 dpkg-dev binutils xz-utils man-db lintian jq zsh fish chromium chromium-driver prometheus-alertmanager rsyslog libivykis0 libnet1 libpcre3 libwrap0
unpack_packages syslog-ng-core syslog-ng-mod-http
command -v kubectl >/dev/null || install_packages kubernetes-client
# Downloads while the compiler runs.
mkdir -p .build
install_python boto3=boto3 awscli=awscli 'moto.server=moto[server]' \
    httptools=httptools openapi_spec_validator=openapi-spec-validator jsonschema=jsonschema yaml=PyYAML \
    cryptography=cryptography requests=requests schemathesis=schemathesis cfnlint=cfn-lint \
    yamllint=yamllint 'cyclonedx=cyclonedx-python-lib[json-validation]' \
    kubernetes_validate=kubernetes-validate helm_python=helm-python-sdk \
    cloudcoil.models.prometheus_operator=cloudcoil-models-prometheus-operator selenium=selenium \
    standardwebhooks=standardwebhooks jsonpath_rfc9535=jsonpath-rfc9535 pycef=pycef localstack=localstack-core \
    >.build/Python.log 2>&1 &
python_installation=$!

step "Format"
swift format lint --strict --recursive --parallel Package.swift Sources Tests
shellcheck --external-sources deploy/*.sh deploy/senders/*.sh deploy/docker/build.sh deploy/packages/build.sh deploy/packages/debian/{pre,post}{inst,rm} \
    Tests/scripts/*.sh .ci/run

step "Build"
swift build --build-tests --explicit-target-dependency-import-check error
wait "$python_installation" || {
    cat .build/Python.log
    exit 1
}

step "Demo, with the debug build"
deploy/demo.sh --once

step "YAML, golden findings, API description and scripts"
yamllint --strict deploy
python3 Tests/scripts/test_contained.py
python3 Tests/scripts/test_graph.py
python3 Tests/SecurityFindingsTests/validate_goldens.py
python3 -m openapi_spec_validator openapi.yaml

# These run at low priority, concurrently with the release build and the tests.
names=()
processes=()
in_background() {
    names+=("$1")
    shift
    (renice --priority 10 "$BASHPID" >/dev/null && "$@") >".build/${names[-1]}.log" 2>&1 &
    processes+=("$!")
}
deployment_tests() {
    cd Tests/DeploymentTests
    local failed=0
    # Each in its own process, because moto keeps its state in memory.
    for test in test_*.py; do
        case $test in
            # These need the release build.
            test_image.py | test_packages.py | test_first_hour.py) ;;
            *) python3 -m unittest "${test%.py}" || failed=1 ;;
        esac
    done
    return "$failed"
}
in_background Fuzzing Tests/scripts/fuzz.sh 20
in_background Deployments deployment_tests
step "Release build; fuzzing and deployments in the background"
release_build --product defender-bridge
release_program=$(release_build --show-bin-path)/defender-bridge
in_background Image env --chdir Tests/DeploymentTests python3 -m unittest test_image
in_background Packages env --chdir Tests/DeploymentTests DEFENDER_BRIDGE_RELEASE_PROGRAM="$release_program" \
    python3 -m unittest test_packages test_first_hour

step "Tests; image and packages in the background"
# The tests set the authorities that they trust.
unset AWS_CA_BUNDLE
export DEFENDER_BRIDGE_RELEASE_PROGRAM="$release_program"
failed=0
# With full parallelism, more than 1,000 descriptors are open, and Foundation's Process then reads past the end of its list.
swift test --skip-build --experimental-maximum-parallelization-width 8 2>&1 | tee .build/Tests.log || failed=1
for index in "${!names[@]}"; do
    wait "${processes[$index]}" || {
        failed=1
        echo "✘ ${names[$index]} failed; its log is above." >>.build/Tests.log
    }
    step "${names[$index]}"
    tail -n 100 ".build/${names[$index]}.log"
done
if [ "$failed" != 0 ]; then
    # Last, where the end of a long output shows them.
    step "Failed tests"
    grep --text '✘' .build/Tests.log || true
    exit 1
fi

step "Done"
