#!/usr/bin/env bash
# Builds the image with commit, date and version of this repository.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: deploy/docker/build.sh [OPTION...]

Runs docker buildx build with deploy/docker/Dockerfile. All options are passed on, for example:

  --tag defender-bridge:0.1.0              Name of the image.
  --platform linux/amd64,linux/arm64       Architectures. Default: this machine's.
  --push                                   Push the image to the registry in its name. Default: keep it on this machine.
  --build-arg BASE_IMAGE=debian:12-slim@sha256:…
                                           Base image by digest. SWIFT_IMAGE is that of the build.

SOURCE_DATE_EPOCH is the build date and the latest time of files in the image. Default: the time of the commit.
Environment variable DOCKER names another command, for example podman. Default: docker.
TEXT
}

case ${1:-} in
    --help | -h) usage && exit ;;
esac
cd "$(dirname "$0")/../.."
docker=${DOCKER:-docker}
command -v "$docker" >/dev/null || {
    echo "build.sh: $docker is missing; install Docker with buildx, or set DOCKER" >&2
    exit 69
}
commit=$(git describe --always --abbrev=40 --dirty --exclude='*' 2>/dev/null || true)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
version=$(sed -n 's/.*static let version = "\(.*\)"/\1/p' Sources/Bridge/Bridge.swift)
output=(--load)
for option in "$@"; do
    case $option in
        --push | --load | --output | --output=* | -o) output=() ;;
    esac
done
exec "$docker" buildx build --file deploy/docker/Dockerfile \
    --build-arg "VERSION=$version" --build-arg "COMMIT=${commit:-unknown}" \
    --build-arg "BUILD_DATE=$(date --utc --date="@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)" \
    --build-arg "SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH" "${output[@]}" "$@" .
