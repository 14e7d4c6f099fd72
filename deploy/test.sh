#!/usr/bin/env bash
# Runs all tests: format, scripts, API description, build, fuzzing, demo, unit and integration tests.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=deploy/dependencies.sh
. deploy/dependencies.sh

step() { printf '\n== %s (%ss)\n' "$1" "$SECONDS"; }

step "Dependencies"
install_build_packages
install_packages openssl curl python3 python3-venv python3-pip shellcheck prometheus util-linux \
    nginx-light slowhttptest testssl.sh bsdextrautils dnsutils default-jdk-headless postgresql pgbouncer systemd libseccomp2 \
    debootstrap iproute2 jq zsh fish chromium chromium-driver
command -v kubectl >/dev/null || install_packages kubernetes-client
# They come over the network while the compiler works.
mkdir -p .build
install_python boto3=boto3 awscli=awscli 'moto.server=moto[server]' \
    httptools=httptools openapi_spec_validator=openapi-spec-validator jsonschema=jsonschema yaml=PyYAML \
    cryptography=cryptography requests=requests schemathesis=schemathesis cfnlint=cfn-lint \
    yamllint=yamllint kubernetes_validate=kubernetes-validate selenium=selenium \
    >.build/Python.log 2>&1 &
python_installation=$!

step "Format"
swift format lint --strict --recursive --parallel Package.swift Sources Tests
shellcheck --external-sources deploy/*.sh .ci/run

step "Build"
swift build --build-tests
wait "$python_installation" || {
    cat .build/Python.log
    exit 1
}

step "YAML, golden findings and API description"
yamllint --strict deploy
python3 Tests/SecurityFindingsTests/validate_goldens.py
python3 -m openapi_spec_validator openapi.yaml

# These take what the release build and the tests leave of the processor, which wait more than they compute.
names=()
processes=()
trap 'kill "${processes[@]}" 2>/dev/null || true' EXIT
beside() {
    names+=("$1")
    shift
    (renice --priority 10 "$BASHPID" >/dev/null && "$@") >".build/${names[-1]}.log" 2>&1 &
    processes+=("$!")
}
deployment_tests() {
    cd Tests/DeploymentTests
    # Each has moto to itself, whose memory is the process's.
    for test in test_*.py; do
        [ "$test" = test_image.py ] || python3 -m unittest "${test%.py}" || return
    done
}
beside Fuzzing deploy/fuzz.sh 20
beside Deployments deployment_tests
step "Release build and demo, fuzzing and deployments beside them"
deploy/demo.sh --once
beside Image env --chdir Tests/DeploymentTests python3 -m unittest test_image

step "Tests, the image beside them"
# The tests say themselves which authorities they trust.
unset AWS_CA_BUNDLE
DEFENDER_BRIDGE_RELEASE_PROGRAM="$(release_build --show-bin-path)/defender-bridge"
export DEFENDER_BRIDGE_RELEASE_PROGRAM
failed=0
# All at once they hold over a thousand descriptors open, and Foundation's Process then reads past the end of its list of
# them.
swift test --skip-build --experimental-maximum-parallelization-width 8 || failed=1
for index in "${!names[@]}"; do
    wait "${processes[$index]}" || failed=1
    step "${names[$index]}"
    tail -n 100 ".build/${names[$index]}.log"
done
[ "$failed" = 0 ]

step "Done"
