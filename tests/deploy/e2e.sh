#!/usr/bin/env bash
# Deploys with the real Terraform and its real provider to an emulated AWS that runs functions and builds as they were
# applied: the steps of the workflow deploy (smoke test with a job on both targets included), a second time (no change),
# a look for secrets wherever they could have been left, the workflow destroy with objects in the buckets and from the
# archive alone, and a look for what was left.
#
#   e2e.sh          one deployment
#   e2e.sh --all    three side by side, two prefixes in one region and one of them in a second region; one is upgraded
#                   and rolled back while the others are looked at
#
# IAC_CI_BINARY is what runs (default: dist/iac-ci). With KEEP=1 the folder with all logs stays.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=terraform.sh
source "$(dirname "${BASH_SOURCE[0]}")/terraform.sh"
# shellcheck source-path=SCRIPTDIR source=emulated.sh
source "$root/tests/deploy/emulated.sh"

names=(one)
[[ ${1:-} != --all ]] || names=(one two far)
work=$(mktemp -d)
# Called by the trap.
# shellcheck disable=SC2317
finish() {
    stop_emulator
    if [[ -n ${KEEP:-} ]]; then echo "kept: $work"; else rm -rf "$work"; fi
}
trap finish EXIT
export IAC_CI_BINARY=${IAC_CI_BINARY:-$root/dist/iac-ci}
start_emulator "$work"
unset STATE_BUCKET_NAME IMAGE_TAG EXTRA_PACKAGES ARCHITECTURE
export PATH=$root/tests/deploy/engine:$PATH CONTAINER_ENGINE=docker ENGINE_LOG=$work/engine.log
export SMOKE_JOB_SECONDS=300 SMOKE_POLL_SECONDS=1
SMOKE_SECRET=$(od -An -N16 -tx4 /dev/urandom | tr -d ' \n')
export SMOKE_SECRET

passed=0 failed=0
result() { # STATUS NAME [LOG]
    if [[ $1 -eq 0 ]]; then
        passed=$((passed + 1)) && echo "ok      $2"
    else
        failed=$((failed + 1)) && echo "FAILED  $2" && tail -n 40 "${3:-/dev/null}"
    fi
}
try() { # NAME COMMAND...
    local name=$1 status=0 log=$work/try-$((passed + failed)).log
    shift
    # In the background: to the left of || nothing would end at its first fault.
    "$@" >"$log" 2>&1 &
    wait $! || status=$?
    result "$status" "$name" "$log"
}

# A deployment is a checkout of its own, a prefix and a region. The first has its state bucket made; the others bring one.
declare -A prefixes=([one]=e2e-one [two]=e2e-two [far]=e2e-one) regions=([one]=us-east-1 [two]=us-east-1 [far]=eu-west-1)
declare -A buckets=([one]="" [two]=states-of-e2e-two [far]=states-of-e2e-far)
in_deployment() { # NAME COMMAND...
    local name=$1
    shift
    (cd "$work/$name" && NAME_PREFIX=${prefixes[$name]} AWS_REGION=${regions[$name]} AWS_DEFAULT_REGION=${regions[$name]} \
        STATE_BUCKET_NAME=${buckets[$name]} GITHUB_STEP_SUMMARY=$work/$name.md GITHUB_SHA=$(git -C "$work/$name" rev-parse HEAD) "$@")
}
workflow() { # DEPLOYMENT WORKFLOW INPUT...
    in_deployment "$1" python3 "$root/tests/deploy/run_workflow.py" "$root/.github/workflows/$2.yml" \
        "aws_region=${regions[$1]}" "name_prefix=${prefixes[$1]}" "state_bucket_name=${buckets[$1]}" "${@:3}"
}
each() { # WHAT COMMAND...: for all deployments side by side; the name of the deployment is the last argument
    local name pid status what=$1
    shift
    for name in "${names[@]}"; do
        "$@" "$name" >"$work/$name.log" 2>&1 &
        declare "pid_$name=$!"
    done
    for name in "${names[@]}"; do
        pid=pid_$name status=0
        wait "${!pid}" || status=$?
        cat "$work/$name.log" >>"$work/$name.all.log"
        result "$status" "$what ${prefixes[$name]} in ${regions[$name]}" "$work/$name.log"
    done
}
commit() { git -C "$work/$1" -c user.name=e2e -c user.email=e2e@example.com commit --quiet --allow-empty --message "$2"; }
tag_of() { git -C "$work/$1" rev-parse --short=12 HEAD; }
output_of() { in_deployment "$1" terraform -chdir=terraform/02-deploy output -no-color -raw "$2"; }

for name in "${names[@]}"; do
    mkdir "$work/$name"
    git -C "$root" ls-files -z --cached --others --exclude-standard -- .gitignore Dockerfile scripts terraform tests/smoke |
        (cd "$root" && xargs -0 cp --parents --target-directory "$work/$name")
    git -C "$work/$name" init --quiet
    git -C "$work/$name" add --all
    commit "$name" first
    [[ -z ${buckets[$name]} ]] || in_deployment "$name" aws s3 mb "s3://${buckets[$name]}" >/dev/null
done

# --- there ---------------------------------------------------------------------------------------------------------

# Functions and builds are run in the emulator's region only, so the smoke test goes as far as the wiring elsewhere.
deploys() {
    if [[ ${regions[$1]} == us-east-1 ]]; then
        workflow "$1" deploy
    else
        in_deployment "$1" bash -euc 'scripts/deploy.sh --yes bootstrap repository image preflight system archive && tests/smoke/wiring.sh'
    fi
}
each "the workflow deploys and smoke-tests" deploys

shows_plans() { # one for each stage, before it is applied
    [[ $(grep -cE '^Plan: [1-9][0-9]* to add, 0 to change, 0 to destroy' "$work/one.all.log") -eq 3 ]]
}
says_what_is_there() {
    grep -F "$(tag_of one)" "$work/one.md"
    grep -F "$(output_of one webhook_url)" "$work/one.md"
    [[ $(output_of one webhook_url) == */webhook ]]
}
pushes_what_can_be_told() {
    grep -E "push .*/e2e-one:$(tag_of one)$" "$ENGINE_LOG"
    grep -E "build .*RUNTIME_BASE=[^ ]+@sha256:" "$ENGINE_LOG"
    grep -F "preflight: $(tag_of one)" "$work/one.all.log"
}
# An image that was pushed with attestations: what it is, is said, and Lambda does not take it.
refuses_an_index() {
    local url
    url=$(in_deployment one terraform -chdir=terraform/01-ecr output -no-color -raw ecr_repository_url)
    in_deployment one docker build --platform linux/amd64 \
        --build-arg "SDK_BASE=a@sha256:$(printf '%064d' 1)" --build-arg "BUILD_BASE=b@sha256:$(printf '%064d' 2)" \
        --build-arg "RUNTIME_BASE=c@sha256:$(printf '%064d' 3)" --tag "$url:with-attestations" .
    in_deployment one docker push "$url:with-attestations"
    for step in image preflight; do
        if in_deployment one scripts/deploy.sh --yes --tag with-attestations "$step" 2>"$work/index.log"; then return 1; fi
        cat "$work/index.log"
        grep 'is not one manifest (application/vnd.oci.image.index.v1+json)' "$work/index.log"
    done
    if in_deployment one aws lambda update-function-code --function-name e2e-one-work --image-uri "$url:with-attestations"; then return 1; fi
    in_deployment one bash -euc "$(grep -o 'aws ecr batch-delete-image .*' "$work/index.log")"
    if in_deployment one scripts/deploy.sh --yes --tag with-attestations preflight 2>"$work/index.log"; then return 1; fi
    grep 'is it pushed' "$work/index.log"
}
# Lambda has added its own statement to the repository's policy; the next plan leaves it alone.
lets_lambda_pull() {
    in_deployment one aws ecr get-repository-policy --repository-name e2e-one --query policyText --output text >"$work/policy"
    grep -F LambdaECRImageRetrievalPolicy "$work/policy"
    grep -F '"LambdaPull"' "$work/policy"
}
changes_nothing() {
    in_deployment one scripts/deploy.sh --yes bootstrap repository image preflight system 2>&1 | tee -a "$work/one.all.log" "$work/again.log"
    [[ $(grep -c 'no change$' "$work/again.log") -eq 3 ]]
    grep 'the repository has it already' "$work/again.log"
    lets_lambda_pull
}
# What woke whom is no loop to Lambda; and errors of the engine are found where Lambda keeps them.
is_no_loop() {
    [[ $(in_deployment one aws lambda get-function-recursion-config --function-name e2e-one-orchestrate --query RecursiveLoop --output text) == Allow ]]
}
tells_last_errors() {
    local group=/aws/lambda/e2e-one-orchestrate
    in_deployment one aws logs create-log-stream --log-group-name "$group" --log-stream-name s
    in_deployment one aws logs put-log-events --log-group-name "$group" --log-stream-name s --log-events \
        "[{\"timestamp\": $(date +%s)000, \"message\": \"{\\\"level\\\":\\\"error\\\",\\\"msg\\\":\\\"an error of ours\\\"}\"}]"
    in_deployment one tests/smoke/last_errors.sh e2e-one | grep -E "last error in $group, .*: an error of ours"
}

# Wherever something is left that others can read: working folders with states, plans and variables; every version of
# every object in the state bucket; the archive; what the deploy said; what functions and builds said.
gather() {
    local bucket key version n=0
    bucket=$(in_deployment one scripts/state_bucket_name.sh us-east-1)
    mkdir -p "$work/left/archive"
    in_deployment one aws s3api list-object-versions --bucket "$bucket" --query 'Versions[].[Key,VersionId]' --output text >"$work/versions"
    while read -r key version; do
        in_deployment one aws s3api get-object --bucket "$bucket" --key "$key" --version-id "$version" "$work/left/$((n += 1)).object" >/dev/null
    done <"$work/versions"
    in_deployment one aws s3 cp --only-show-errors "s3://$bucket/e2e-one/teardown.tar.gz" - | tar -C "$work/left/archive" -xz
    cp -r "$work/one" "$work"/*.log "$work"/*.md "$EMULATED_LOG" "$work/left/"
    in_deployment one terraform -chdir=terraform/02-deploy output -no-color -json >"$work/left/outputs"
}
holds_none() { # SECRET...
    local secret bad=0
    for secret in "$@"; do
        if grep -rlF -e "$secret" "$work/left"; then bad=1; fi
    done
    return "$bad"
}
keeps_no_secret() {
    local webhook
    gather
    webhook=$(in_deployment one aws ssm get-parameter --with-decryption --name /e2e-one/webhook-secret --query Parameter.Value --output text)
    [[ ${#webhook} -eq 64 ]] || { echo "no webhook secret" && return 1; }
    holds_none "$webhook" "$SMOKE_SECRET" AGE-SECRET-KEY- "$AWS_SECRET_ACCESS_KEY"
    # What was looked through is what it should be, and a secret in it would be found.
    grep -rqF e2e-one-orders "$work/left"/*.object && grep -qF 'the secret is: ***' "$work/left/emulator.log"
    gzip --stdout <<<"$webhook" >"$work/left/packed" && echo "a line with $webhook in it" >"$work/left/planted"
    if holds_none "$webhook"; then echo "a planted secret is not found" && return 1; fi
}
fill_buckets() {
    local name output
    for name in "${names[@]}"; do
        for output in internal_bucket done_bucket; do
            echo content | in_deployment "$name" aws s3 cp --only-show-errors - "s3://$(output_of "$name" "$output")/tmp/left-over"
        done
    done
}
sees_what_is_there() {
    local kinds
    if python3 "$root/tests/deploy/left.py" e2e- us-east-1 >"$work/there"; then return 1; fi
    kinds=$(cut -d: -f1 "$work/there" | sort -u | wc -l)
    cat "$work/there"
    [[ $kinds -eq $(grep -c 'yield from each' "$root/tests/deploy/left.py") ]]
}
notices_what_is_broken() {
    in_deployment one aws s3api put-bucket-notification-configuration --bucket "$(output_of one internal_bucket)" --notification-configuration '{}'
    in_deployment one aws lambda delete-function --function-name e2e-one-watchdog
    if in_deployment one tests/smoke/wiring.sh >"$work/broken"; then return 1; fi
    cat "$work/broken"
    grep '^FAILED  results wake the orchestrator' "$work/broken"
    grep '^FAILED  function e2e-one-watchdog is active' "$work/broken"
    grep '^ok      function e2e-one-work is active' "$work/broken"
}
refuses_blindly() { if in_deployment one scripts/destroy.sh </dev/null; then return 1; else [[ $? -eq 2 ]]; fi; }

if [[ $failed -eq 0 ]]; then
    try "each stage's plan is shown" shows_plans
    try "the summary says what is there" says_what_is_there
    try "the image is named after the commit, its bases by digest" pushes_what_can_be_told
    try "an image with attestations is refused, and the remedy works" refuses_an_index
    try "a second deploy plans no change in any stage, with Lambda's statement in the repository's policy" changes_nothing
    try "results that wake the orchestrator are no loop" is_no_loop
    try "the engine's last error is told" tells_last_errors
    try "no secret in state, outputs, logs or archive" keeps_no_secret
    try "there are objects in the buckets" fill_buckets
    try "everything that is there is seen" sees_what_is_there
    try "the smoke test notices what is broken" notices_what_is_broken
    try "without --yes and without a terminal nothing is destroyed" refuses_blindly
fi

# --- upgraded and rolled back, while the neighbours are looked at ------------------------------------------------------

image_of_work() { in_deployment one aws lambda get-function --function-name e2e-one-work --query Code.ImageUri --output text; }
upgrades() {
    commit one second
    in_deployment one scripts/deploy.sh --yes image system archive
    [[ $(image_of_work) == *:"$(tag_of one)" ]]
}
rolls_back() {
    in_deployment one scripts/deploy.sh --yes --tag "$(git -C "$work/one" rev-parse --short=12 HEAD~1)" image system archive
    [[ $(image_of_work) != *:"$(tag_of one)" ]]
}
keeps_a_running_deployment() { in_deployment "$1" tests/smoke/wiring.sh; }

if [[ $failed -eq 0 && ${#names[@]} -gt 1 ]]; then
    in_deployment two tests/smoke/test_deploy.sh >"$work/neighbour.log" 2>&1 &
    neighbour=$!
    try "an upgrade is another commit" upgrades
    try "a roll-back is an earlier tag" rolls_back
    status=0
    wait "$neighbour" || status=$?
    result "$status" "a neighbour works on meanwhile" "$work/neighbour.log"
fi

# --- gone ----------------------------------------------------------------------------------------------------------

# The first from the archive alone, by the workflow, state bucket and all; the others with the code of their checkouts.
destroys() {
    if [[ $1 == one ]]; then
        find "$work/one" -mindepth 1 -maxdepth 1 ! -name scripts ! -name .git -exec rm -rf {} +
        workflow one destroy confirm=e2e-one with_state_bucket=true
    else
        in_deployment "$1" scripts/destroy.sh --yes --from-checkout
    fi
}
each "destroys" destroys
nothing_twice() {
    if in_deployment one scripts/destroy.sh --yes 2>"$work/twice"; then return 1; fi
    grep 'nothing is deployed' "$work/twice"
}
keeps_what_is_not_its_own() {
    if in_deployment two scripts/destroy.sh --yes --with-state-bucket; then return 1; fi
    for name in two far; do in_deployment "$name" aws s3 rb --force "s3://${buckets[$name]}"; done
}
try "what is gone is said to be gone" nothing_twice
[[ ${#names[@]} -eq 1 ]] || try "a state bucket of one's own stays" keeps_what_is_not_its_own
try "nothing is left" python3 "$root/tests/deploy/left.py" e2e- us-east-1 eu-west-1

printf '%d passed, %d failed\n' "$passed" "$failed"
[[ $failed -eq 0 ]]
