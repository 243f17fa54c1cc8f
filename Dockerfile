# syntax=docker/dockerfile:1
# One image for the four Lambda functions and the CodeBuild worker.
#
# scripts/build_image.sh resolves the three bases to digests and passes them as build arguments, so that what was built
# can be built again; the tags here only say which line of images is meant.
#
# More tools (tofu, terraform, ansible, ...):
#   EXTRA_PACKAGES="ansible-core" scripts/build_image.sh ...       what the base's own package manager has
#   or an image derived from this one (docs/operations.md, "Tools for your orders").

ARG RUNTIME_BASE=public.ecr.aws/lambda/provided:al2023
# Only the SDK's files are taken from it.
ARG SDK_BASE=mcr.microsoft.com/dotnet/sdk:10.0
# Where the executable is linked decides how new a glibc it needs: with Debian 12, 2.34, which Amazon Linux 2023 has.
ARG BUILD_BASE=public.ecr.aws/docker/library/debian:12-slim

# What runs it. git, ssh and openssl are the worker's (code from git; TLS), certificates everybody's.
FROM ${RUNTIME_BASE} AS runtime

ARG PACKAGES="git-core openssh-clients ca-certificates openssl-libs shadow-utils"
ARG EXTRA_PACKAGES=""
# The words of both lists are packages, hence no quotes. The second branch serves bases made of Debian packages.
# hadolint ignore=DL3008,DL3041,SC2086
RUN set -eu; \
    if command -v dnf >/dev/null; then \
        dnf install -y --setopt=install_weak_deps=0 --nodocs ${PACKAGES} ${EXTRA_PACKAGES}; \
        dnf clean all; \
    else \
        missing=""; \
        for package in ${PACKAGES} ${EXTRA_PACKAGES}; do dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"; done; \
        if [ -n "$missing" ]; then apt-get update && apt-get install -y --no-install-recommends $missing; fi; \
        rm -rf /var/lib/apt/lists/*; \
    fi; \
    git --version; \
    useradd --uid 10001 --create-home --shell /bin/sh iac-ci

# Lambda runs the image as a user of its own (uid 993 as of now), and ssh refuses to run for a uid that has no name. Nothing
# can be written to /etc there, so a range of uids gets names here; of its folders, such a user may write to /tmp alone.
RUN for uid in $(seq 990 1000); do \
        getent passwd "$uid" >/dev/null || echo "sbx_user$uid:x:$uid:$uid:A user of Lambda:/tmp:/sbin/nologin" >>/etc/passwd; \
    done

# No USER: Lambda runs every image as a user of its own, whatever stands here, and CodeBuild's agent in the container
# has to be root; it runs `iac-ci work`, and so the orders' commands, as iac-ci (run-as in the buildspec).
# In a container of your own: docker run --user iac-ci.

# AWS's entry point script would look for a bootstrap file; the executable is its own.
ENTRYPOINT ["/usr/local/bin/iac-ci"]
CMD ["--help"]

LABEL org.opencontainers.image.title="iac-ci" \
      org.opencontainers.image.description="Continuous delivery for infrastructure as code: intake, orchestrator, watchdog and worker" \
      org.opencontainers.image.licenses="Apache-2.0"

# The image around an executable that was built before: --target prebuilt --build-arg BINARY=dist/iac-ci
FROM runtime AS prebuilt
ARG BINARY=dist/iac-ci
ARG REVISION=unknown
LABEL org.opencontainers.image.revision="${REVISION}"
COPY --chmod=0755 ${BINARY} /usr/local/bin/iac-ci

FROM ${SDK_BASE} AS sdk

FROM ${BUILD_BASE} AS build
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 \
    DOTNET_NOLOGO=1 \
    DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 \
    PATH=/usr/share/dotnet:$PATH
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends binutils ca-certificates clang libsqlite3-dev libssl3 zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
COPY --from=sdk /usr/share/dotnet /usr/share/dotnet
WORKDIR /source
# Packages first: they change less often than the code.
COPY IacCi.csproj Directory.Build.props Directory.Packages.props global.json packages.lock.json ./
RUN dotnet restore IacCi.csproj --locked-mode
COPY eng eng
COPY .editorconfig Program.cs ./
COPY Commands Commands
COPY Core Core
COPY tests/deploy/glibc.sh tests/deploy/glibc.sh
ARG REVISION=unknown
RUN dotnet publish IacCi.csproj -c Release --use-current-runtime --output /out -p:Revision="${REVISION}" \
    && tests/deploy/glibc.sh /out/iac-ci

FROM runtime
ARG REVISION=unknown
LABEL org.opencontainers.image.revision="${REVISION}"
COPY --from=build --chmod=0755 /out/iac-ci /usr/local/bin/iac-ci
