#!/usr/bin/env bash
# Builds the runtime image around an executable and runs it there: its version, and a job of one order.
#
#   image.sh [EXECUTABLE]     default: dist/iac-ci
#
# With BASE=IMAGE on that image; else on a small Debian, made with debootstrap and kept in tests/deploy/cache, because
# the real base cannot be fetched everywhere. With buildah, which needs no daemon; where it cannot run, it says so and
# exits with 77 (skipped).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
executable=$(realpath "${1:-$root/dist/iac-ci}")
cache=$root/tests/deploy/cache
base=${BASE:-localhost/iac-ci-test-base}
image=localhost/iac-ci-test

skip() { echo "skipped: $1" && exit 77; }
fail() { echo "FAILED: $1" >&2 && exit 1; }
[[ -x $executable ]] || skip "there is no executable at $executable; ./build.sh publish makes it"
command -v buildah >/dev/null || skip "buildah is not installed (apt-get install buildah debootstrap)"
[[ $(id -u) == 0 ]] || skip "buildah's chroot isolation needs root here"

export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
work=$(mktemp -d)
storage=$work/storage
buildah() { command buildah --root "$storage/root" --runroot "$storage/run" --storage-driver vfs "$@"; }
finish() {
    buildah rm --all >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap finish EXIT

if [[ -z ${BASE:-} ]]; then
    if [[ ! -f $cache/base-with-ssh.tar ]]; then
        command -v debootstrap >/dev/null || skip "debootstrap is not installed, and no BASE is given"
        mkdir -p "$cache"
        debootstrap --variant=minbase --include=git,openssh-client,ca-certificates,libssl3 bookworm "$work/base" >"$work/debootstrap.log" 2>&1 || {
            tail -n 5 "$work/debootstrap.log"
            skip "debootstrap found no mirror"
        }
        rm -rf "$work"/base/var/cache/apt/archives/*.deb "$work"/base/var/lib/apt/lists/*
        tar -C "$work/base" -cf "$cache/base.tar.new" . && mv "$cache/base.tar.new" "$cache/base-with-ssh.tar"
        rm -rf "$work/base"
    fi
    container=$(buildah from scratch) || skip "buildah cannot run here"
    buildah add --quiet "$container" "$cache/base-with-ssh.tar" / >/dev/null
    buildah config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
    buildah commit --quiet --rm "$container" "$base" >/dev/null
    packages="git openssh-client ca-certificates libssl3"
fi

# The context is what .dockerignore lets through of a checkout, with the executable at the place the Dockerfile says.
mkdir -p "$work/context/dist"
cp "$root/Dockerfile" "$root/.dockerignore" "$work/context/"
cp "$executable" "$work/context/dist/iac-ci"
# What lies about in a checkout and must stay out of the image.
secret=$(od -An -N16 -tx4 /dev/urandom | tr -d ' \n')
mkdir -p "$work"/context/{.git,terraform/02-deploy,terraform/00-bootstrap,.iac-ci,Core}
for place in .git/config .env terraform/02-deploy/terraform.tfvars terraform/00-bootstrap/states.tfstate .iac-ci/runs.db Core/keys.txt dist/keys.txt; do
    echo "$secret" >"$work/context/$place"
done
buildah bud --quiet --pull-never --target prebuilt --build-arg "RUNTIME_BASE=$base" ${packages:+--build-arg "PACKAGES=$packages"} \
    --build-arg REVISION=test --tag "$image" "$work/context" >"$work/build.log" 2>&1 || {
    tail -n 30 "$work/build.log"
    fail "the image does not build"
}

inspect() { buildah inspect --type image --format "{{$1}}" "$image"; }
[[ $(inspect .OCIv1.Config.Entrypoint) == "[/usr/local/bin/iac-ci]" ]] || fail "the entry point is $(inspect .OCIv1.Config.Entrypoint)"
[[ $(inspect .OCIv1.Config.Labels) == *org.opencontainers.image.revision:test* ]] || fail "no label says which revision it is"

container=$(buildah from --pull-never "$image")
tree=$(buildah mount "$container")
buildah inspect --type image "$image" >"$work/inspected" # its history and its variables
holds_secret() { grep -rlsF --devices=skip -e "$secret" "$tree" "$work/inspected"; }
! holds_secret || fail "a secret of the checkout is in the image"
echo "$secret" >"$tree/tmp/planted"
[[ $(holds_secret) == */tmp/planted ]] || fail "the look for secrets is blind"
rm "$tree/tmp/planted"
in_image() { buildah run --user "$1" "${mounts[@]}" "$container" -- "${@:2}"; }
mounts=()
version=$(in_image iac-ci iac-ci --version) || version="it does not start"
[[ $version =~ ^[0-9]+\.[0-9]+ ]] || fail "iac-ci --version does not run in the image: '$version'"
for role in webhook orchestrate watchdog work; do
    in_image root /usr/local/bin/iac-ci "$role" --help >/dev/null || fail "the image's entry point does not take the command '$role'"
done
echo "iac-ci $version runs in the image, as $(in_image iac-ci id -un), with $(in_image iac-ci git --version)"

# As Lambda runs it: a uid of its own, for which ssh wants a name.
for uid in 990 993 1000; do
    in_image "$uid" ssh -G git.example.com >"$work/ssh" 2>&1 || fail "ssh does not run for Lambda's uid $uid: $(cat "$work/ssh")"
done
if in_image 989 ssh -G git.example.com >/dev/null 2>&1; then fail "the look for names of users is blind: ssh runs for uid 989 too"; fi
echo "ssh runs for Lambda's users, the first of them $(in_image 990 id -un)"

mkdir "$work/job"
chmod 0777 "$work/job"
cat >"$work/job/job.json" <<'JOB'
{"orders": [{"order_name": "hello", "timeout": 30, "cmds": ["test \"$(id -un)\" = iac-ci", "git --version", "echo hello from $ORDER_NUM"]}]}
JOB
mounts=(--volume "$work/job:/job:rw")
in_image iac-ci iac-ci run /job/job.json --state-dir /job/state --output json >"$work/run.json" 2>"$work/run.log" || {
    cat "$work/run.log"
    fail "a job of one order does not succeed in the image"
}
[[ $(tail -n 1 "$work/run.json") == *'"status":"succeeded"'* || $(tr -d ' \n' <"$work/run.json") == *'"status":"succeeded"'* ]] ||
    fail "the job did not succeed: $(cat "$work/run.json")"
echo "a job of one order succeeds in the image"
