#!/usr/bin/env bash
# Builds the image from bases that are resolved to their digests first, so that what was built can be told, and built
# again. The bases come from SDK_BASE, BUILD_BASE and RUNTIME_BASE, or are the Dockerfile's own.
# Usage: build_image.sh NAME:TAG
set -euo pipefail

[[ $# -eq 1 ]] || { echo "usage: $0 NAME:TAG" >&2 && exit 2; }
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
engine=${CONTAINER_ENGINE:-$(command -v docker || command -v podman)} || {
    echo "error: building the image needs docker or podman (or CONTAINER_ENGINE)" >&2
    exit 2
}
case ${ARCHITECTURE:-x86_64} in
    x86_64) platform=linux/amd64 ;;
    arm64) platform=linux/arm64 ;;
    *) echo "error: ARCHITECTURE must be x86_64 or arm64" >&2 && exit 2 ;;
esac

arguments=()
for base in SDK_BASE BUILD_BASE RUNTIME_BASE; do
    reference=${!base:-$(sed -n "s/^ARG $base=//p" "$root/Dockerfile")}
    if [[ $reference != *@sha256:* ]]; then
        "$engine" pull --quiet --platform "$platform" "$reference" >&2
        reference=$("$engine" image inspect --format '{{index .RepoDigests 0}}' "$reference")
    fi
    echo "$base: $reference" >&2
    arguments+=(--build-arg "$base=$reference")
done

# One manifest: Lambda refuses an index, which an image with attestations is (BuildKit's default, and so Docker's), and a tag
# that was pushed stays. Engines without BuildKit know no attestations; Podman writes the manifest in the format that it is told.
shape=()
options=$("$engine" build --help 2>&1 || true)
[[ $options != *--provenance* ]] || shape+=(--provenance=false)
[[ $options != *--sbom* || $options != *--provenance* ]] || shape+=(--sbom=false)
[[ $options == *--provenance* || $options != *--format* ]] || shape+=(--format docker)

"$engine" build --platform "$platform" "${shape[@]}" "${arguments[@]}" \
    --build-arg "REVISION=$(git -C "$root" rev-parse HEAD 2>/dev/null || echo unknown)" \
    ${EXTRA_PACKAGES:+--build-arg "EXTRA_PACKAGES=$EXTRA_PACKAGES"} \
    --tag "$1" "$root"
