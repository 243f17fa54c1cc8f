#!/usr/bin/env bash
# Deploys three times side by side with the real Terraform and its real provider, against an emulated AWS: two prefixes
# in one region, and one of them in a second region. Smoke-tests what was applied, plans again (no change), upgrades,
# looks for secrets in the state, destroys with objects in the buckets, and looks for what was left.
#
#   e2e.sh                    starts an AWS that runs nothing (emulated_aws.py), so the smoke test goes as far as the wiring
#   e2e.sh --endpoint URL     uses a running one that runs functions and builds: the whole smoke test, job included.
#                             Credentials are taken from the environment. VARS=FILE adds variables to 02-deploy.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=terraform.sh
source "$(dirname "${BASH_SOURCE[0]}")/terraform.sh"

endpoint=
[[ ${1:-} != --endpoint ]] || endpoint=${2:?--endpoint needs a URL}
work=$(mktemp -d)
emulator=
# Called by the trap.
# shellcheck disable=SC2317
finish() {
    [[ -z $emulator ]] || kill "$emulator" 2>/dev/null || true
    if [[ -n ${KEEP:-} ]]; then echo "kept: $work"; else rm -rf "$work"; fi
}
trap finish EXIT

if [[ -z $endpoint ]]; then
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    endpoint=http://127.0.0.1:$port
    python3 "$root/tests/deploy/emulated_aws.py" "$port" >"$work/emulator.log" 2>&1 &
    emulator=$!
    curl --silent --output /dev/null --retry 60 --retry-connrefused --retry-delay 1 "$endpoint/moto-api/data.json"
    smoke=tests/smoke/wiring.sh
    export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
else
    smoke=tests/smoke/test_deploy.sh
fi
export AWS_ENDPOINT_URL=$endpoint
unset AWS_PROFILE AWS_SESSION_TOKEN STATE_BUCKET_NAME IMAGE_TAG

passed=0 failed=0
result() { # STATUS NAME [LOG]
    if [[ $1 -eq 0 ]]; then
        passed=$((passed + 1)) && echo "ok      $2"
    else
        failed=$((failed + 1)) && echo "FAILED  $2" && tail -n 40 "${3:-/dev/null}"
    fi
}
try() { # NAME COMMAND...
    local name=$1 status=0
    shift
    "$@" >"$work/try.log" 2>&1 || status=$?
    result "$status" "$name" "$work/try.log"
}

# A deployment is a copy of the checkout, a prefix and a region.
declare -A prefixes=([one]=e2e-one [two]=e2e-two [far]=e2e-one) regions=([one]=us-east-1 [two]=us-east-1 [far]=eu-west-1)
# The first has its state bucket made; the others bring one.
declare -A buckets=([one]="" [two]=states-of-e2e-two [far]=states-of-e2e-far)
in_deployment() { # NAME COMMAND...
    local name=$1
    shift
    (cd "$work/$name" && NAME_PREFIX=${prefixes[$name]} AWS_REGION=${regions[$name]} AWS_DEFAULT_REGION=${regions[$name]} \
        STATE_BUCKET_NAME=${buckets[$name]} "$@")
}
bucket_of() { in_deployment "$1" terraform -chdir=terraform/02-deploy output -no-color -raw "$2"; }

push_image() { # TAG: what a push leaves in the repository: a manifest under a tag
    aws ecr put-image --repository-name "$NAME_PREFIX" --image-tag "$1" --image-manifest \
        "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.docker.distribution.manifest.v2+json\",\"config\":{\"mediaType\":\"application/vnd.docker.container.image.v1+json\",\"size\":7023,\"digest\":\"sha256:$(printf '%s' "$1" | sha256sum | cut -d' ' -f1)\"},\"layers\":[]}"
}
deploy_first() {
    scripts/deploy.sh --yes --tag first bootstrap repository
    push_image first
    scripts/deploy.sh --yes --tag first image system archive
}
export -f push_image deploy_first

for name in one two far; do
    mkdir -p "$work/$name/tests"
    cp -r "$root/terraform" "$root/scripts" "$work/$name/"
    cp -r "$root/tests/smoke" "$work/$name/tests/"
    find "$work/$name/terraform" \( -name .terraform -o -name '*.tfstate*' -o -name backend.tf -o -name '*.tfvars' \) -prune -exec rm -rf {} +
    [[ -z ${VARS:-} ]] || cp "$VARS" "$work/$name/terraform/02-deploy/e2e.auto.tfvars"
    [[ -z ${buckets[$name]} ]] || in_deployment "$name" aws s3 mb "s3://${buckets[$name]}" >/dev/null
    in_deployment "$name" bash -euc deploy_first >"$work/$name.log" 2>&1 &
    declare "pid_$name=$!"
done
for name in one two far; do
    pid=pid_$name status=0
    wait "${!pid}" || status=$?
    result "$status" "deploys as ${prefixes[$name]} in ${regions[$name]}" "$work/$name.log"
done

if [[ $failed -eq 0 ]]; then
    # While one deployment is looked at, the next is changed: neither may notice the other.
    in_deployment two "$smoke" >"$work/smoke.log" 2>&1 &
    smoke_pid=$!

    changes_nothing() {
        in_deployment one scripts/deploy.sh --yes --tag first bootstrap repository image system >"$work/again.log" 2>&1
        cat "$work/again.log"
        [[ $(grep -c 'no change$' "$work/again.log") -eq 3 ]]
    }
    try "a second deploy plans no change in any stage" changes_nothing

    upgrades() {
        in_deployment one bash -euc 'push_image second; scripts/deploy.sh --yes --tag second image system archive' || return
        [[ $(in_deployment one aws lambda get-function --function-name e2e-one-work --query Code.ImageUri --output text) == *:second ]]
    }
    try "an upgrade is another tag" upgrades

    no_secret() {
        local value place=/e2e-one/webhook-secret
        value=$(in_deployment one aws ssm get-parameter --with-decryption --name "$place" --query Parameter.Value --output text)
        [[ ${#value} -eq 64 ]] || { echo "no secret at $place" && return 1; }
        mkdir -p "$work/bucket"
        in_deployment one aws s3 cp --only-show-errors --recursive "s3://$(in_deployment one scripts/state_bucket_name.sh us-east-1)" "$work/bucket"
        tar -C "$work/bucket" -xzf "$work/bucket/e2e-one/teardown.tar.gz"
        ! grep -rlF -e "$value" "$work/bucket" "$work/one" "$work"/*.log
    }
    try "no secret in state, archive or output" no_secret

    status=0
    wait "$smoke_pid" || status=$?
    result "$status" "the smoke test is content (${smoke##*/})" "$work/smoke.log"

    fill_buckets() {
        local name output
        for name in one two far; do
            for output in internal_bucket done_bucket; do
                echo content | in_deployment "$name" aws s3 cp --only-show-errors - "s3://$(bucket_of "$name" "$output")/tmp/left-over"
            done
        done
    }
    try "there are objects in the buckets" fill_buckets
    refuses_blindly() { ! in_deployment two scripts/destroy.sh </dev/null; }
    try "without --yes and without a terminal nothing is destroyed" refuses_blindly
fi

# From the archive alone: the checkout is gone.
mkdir -p "$work/empty/scripts"
cp "$root"/scripts/* "$work/empty/scripts/"
in_deployment one bash -c "cd '$work/empty' && scripts/destroy.sh --yes --from-archive --with-state-bucket" >"$work/one.log" 2>&1 &
declare "pid_one=$!"
for name in two far; do
    in_deployment "$name" scripts/destroy.sh --yes >"$work/$name.log" 2>&1 &
    declare "pid_$name=$!"
done
for name in one two far; do
    pid=pid_$name status=0
    wait "${!pid}" || status=$?
    result "$status" "destroys ${prefixes[$name]} in ${regions[$name]}" "$work/$name.log"
done
keeps_what_is_not_its_own() {
    ! in_deployment two scripts/destroy.sh --yes --with-state-bucket || return
    for name in two far; do in_deployment "$name" aws s3 rb --force "s3://${buckets[$name]}" || return; done
}
try "a state bucket of one's own stays" keeps_what_is_not_its_own
try "nothing is left" python3 "$root/tests/deploy/left.py" e2e- us-east-1 eu-west-1

printf '%d passed, %d failed\n' "$passed" "$failed"
[[ $failed -eq 0 ]]
