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
    nginx-light slowhttptest testssl.sh bsdextrautils dnsutils default-jdk-headless postgresql systemd libseccomp2 \
    debootstrap iproute2 zsh fish chromium chromium-driver
command -v kubectl >/dev/null || install_packages kubernetes-client
install_python "$PWD/.build/python" boto3=boto3 awscli=awscli 'moto.server=moto[server]' \
    httptools=httptools openapi_spec_validator=openapi-spec-validator jsonschema=jsonschema yaml=PyYAML \
    cryptography=cryptography requests=requests schemathesis=schemathesis cfnlint=cfn-lint \
    yamllint=yamllint kubernetes_validate=kubernetes-validate selenium=selenium

step "Format"
swift format lint --strict --recursive --parallel Package.swift Sources Tests
shellcheck --external-sources deploy/*.sh .ci/run
yamllint --strict deploy

step "Golden findings and API description"
python3 Tests/SecurityFindingsTests/validate_goldens.py
python3 -m openapi_spec_validator openapi.yaml

step "Build"
swift build --build-tests

step "Fuzzing, deployments, image, release build and demo, one beside the other"
names=(Fuzzing Deployments Image Demo)
deploy/fuzz.sh 20 >.build/Fuzzing.log 2>&1 &
processes=("$!")
deployment_tests() {
    # Each has moto to itself, whose memory is the process's.
    cd Tests/DeploymentTests
    for test in test_*.py; do
        [ "$test" = test_image.py ] || python3 -m unittest "${test%.py}"
    done
}
(deployment_tests) >.build/Deployments.log 2>&1 &
processes+=("$!")
# It waits for the release build, which the demo makes.
(cd Tests/DeploymentTests && python3 -m unittest test_image) >.build/Image.log 2>&1 &
processes+=("$!")
deploy/demo.sh --once >.build/Demo.log 2>&1 &
processes+=("$!")
failed=0
for index in "${!names[@]}"; do
    wait "${processes[$index]}" || failed=1
    printf '\n-- %s (%ss)\n' "${names[$index]}" "$SECONDS"
    tail -n 100 ".build/${names[$index]}.log"
done
[ "$failed" = 0 ]

step "Tests"
# The tests say themselves which authorities they trust.
unset AWS_CA_BUNDLE
DEFENDER_BRIDGE_RELEASE_PROGRAM="$(release_build --show-bin-path)/defender-bridge"
export DEFENDER_BRIDGE_RELEASE_PROGRAM
# All at once they hold over a thousand descriptors open, and Foundation's Process then reads past the end of its list of
# them.
swift test --skip-build --experimental-maximum-parallelization-width 8

step "Done"
