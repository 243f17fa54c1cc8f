#!/usr/bin/env bash
# Deploys, or upgrades: the same steps as the workflow, each with its plan shown before it is applied.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=deployment.sh
source "$(dirname "${BASH_SOURCE[0]}")/deployment.sh"
# shellcheck source-path=SCRIPTDIR source=preflight.sh
source "$(dirname "${BASH_SOURCE[0]}")/preflight.sh"

usage() {
    cat <<'EOF'
usage: deploy.sh [--region R] [--prefix P] [--state-bucket B] [--tag T] [--yes] [STEP ...]

Steps, in this order; all of them when none is named:
  bootstrap    the bucket for the Terraform state
  repository   the ECR repository
  image        build and push, if the repository does not have the tag already
  preflight    look for what AWS would refuse or not run: the image's form and architecture, the account's limits
  system       everything else
  smoke        check what stands there, and run a job: one order on Lambda, one on CodeBuild
  archive      keep in the state bucket what a teardown needs

  --region R        default: AWS_REGION
  --prefix P        what names begin with (default: NAME_PREFIX, or iac-ci)
  --state-bucket B  default: STATE_BUCKET_NAME, or made of prefix, account and region
  --tag T           the image's tag (default: IMAGE_TAG, or the commit); an earlier one rolls back
  --yes             do not ask before a plan is applied

Example: deploy.sh --region eu-central-1
EOF
}

steps=()
IMAGE_TAG=${IMAGE_TAG:-}
while [[ $# -gt 0 ]]; do
    taken=0
    option "$@" || taken=$?
    if [[ $taken -gt 0 ]]; then
        shift "$taken"
        continue
    fi
    case $1 in
        --tag) wanted "$@" && IMAGE_TAG=$2 && shift 2 ;;
        --help | -h) usage && exit 0 ;;
        bootstrap | repository | image | preflight | system | smoke | archive) steps+=("$1") && shift ;;
        *) usage >&2 && exit 2 ;;
    esac
done
[[ ${#steps[@]} -gt 0 ]] || steps=(bootstrap repository image preflight system smoke archive)

# One image per commit, for ever: so a commit is what it is named after, and changes that are in none have no name.
image_tag() {
    if [[ -n $IMAGE_TAG ]]; then
        printf '%s\n' "$IMAGE_TAG"
        return
    fi
    [[ -z $(git -C "$root" status --porcelain 2>/dev/null || echo none) ]] ||
        fail "no tag: commit your changes (the image is named after the commit), or give --tag" 2
    git -C "$root" rev-parse --short=12 HEAD
}

bootstrap() {
    say "bootstrap: the state bucket"
    local state
    state=$(bootstrap_state)
    rm -f "$state"
    if bucket_exists && ! aws s3 cp --only-show-errors "$(bootstrap_copy)" "$state" 2>/dev/null; then
        note "$STATE_BUCKET_NAME exists and was not made here: used as it is"
        return
    fi
    init_stage 00-bootstrap
    mapfile -t vars < <(common_vars)
    apply_stage 00-bootstrap "${vars[@]}" "-var=state_bucket_name=$STATE_BUCKET_NAME"
    aws s3 cp --only-show-errors "$state" "$(bootstrap_copy)"
}

repository() {
    say "repository: where the image is kept"
    init_stage 01-ecr
    mapfile -t vars < <(common_vars)
    apply_stage 01-ecr "${vars[@]}"
}

# Gets 02-deploy ready to be asked and planned, for an image.
repository_url='' repository_name=''
prepare_system() { # TAG
    init_stage 01-ecr
    repository_url=$(stage_output 01-ecr ecr_repository_url)
    repository_name=$(stage_output 01-ecr ecr_repository_name)
    "$root/scripts/generate_tfvars.sh" "$repository_url" "$1" "$AWS_REGION"
    init_stage 02-deploy
}

image() {
    local tag
    tag=$(image_tag)
    say "image: $tag"
    prepare_system "$tag"
    read_settings
    if image_manifest_type "$repository_name" "$tag" >/dev/null 2>&1; then
        note "the repository has it already"
    else
        local engine=${CONTAINER_ENGINE:-docker}
        command -v "$engine" >/dev/null || engine=podman
        CONTAINER_ENGINE=$engine ARCHITECTURE=$architecture "$root/scripts/build_image.sh" "$repository_url:$tag"
        aws ecr get-login-password | "$engine" login --username AWS --password-stdin "${repository_url%%/*}"
        "$engine" push "$repository_url:$tag"
    fi
    check_manifest "$repository_name" "$tag"
}

preflight() {
    local tag
    tag=$(image_tag)
    say "preflight: $tag"
    prepare_system "$tag"
    read_settings
    check_manifest "$repository_name" "$tag"
    check_architecture "$repository_name" "$tag"
    warn_of_few_builds
    warn_of_little_concurrency
    note "whether an invocation and a build really start, the step smoke tries"
}

system() {
    local tag
    tag=$(image_tag)
    say "system: $tag"
    prepare_system "$tag"
    apply_stage 02-deploy
    webhook_secret
    note "POST signed jobs to $(stage_output 02-deploy webhook_url)"
}

# Requests are signed with a secret that Terraform never sees. At its default place it is made once, if it is missing;
# at a place of your own it is yours.
webhook_secret() {
    local place="/$NAME_PREFIX/webhook-secret"
    [[ $(stage_output 02-deploy webhook_secret_location) == "aws:::ssm:$place" ]] || return 0
    if [[ $(aws ssm describe-parameters --parameter-filters "Key=Name,Values=$place" --query 'length(Parameters)' --output text) == 0 ]]; then
        need openssl
        # Through a file that only we can read: a value among the arguments would be there for every process to see.
        local request
        request=$(mktemp) # mode 0600
        printf '{"Name":"%s","Type":"SecureString","Value":"%s","Tags":[{"Key":"iac-ci:deployment","Value":"%s"}]}' \
            "$place" "$(openssl rand -hex 32)" "$NAME_PREFIX" >"$request"
        aws ssm put-parameter --cli-input-json "file://$request" >/dev/null || {
            rm -f "$request"
            fail "the webhook secret could not be stored at $place"
        }
        rm -f "$request"
        note "made a webhook secret at aws:::ssm:$place"
    fi
}

smoke() {
    say "smoke: checks, and a job"
    init_stage 02-deploy
    "$root/tests/smoke/test_deploy.sh"
}

archive() {
    say "archive: what a teardown needs"
    local directory
    directory=$(mktemp -d)
    "$root/scripts/generate_backend.sh" "$STATE_BUCKET_NAME" 00-bootstrap "$AWS_REGION"
    printf 'NAME_PREFIX=%s\nAWS_REGION=%s\nSTATE_BUCKET_NAME=%s\n' "$NAME_PREFIX" "$AWS_REGION" "$STATE_BUCKET_NAME" >"$directory/deployment.env"
    tar -C "$root" -czf "$directory/teardown.tar.gz" --exclude=.terraform --exclude='*.tfstate*' --exclude='*.tfplan' \
        terraform scripts -C "$directory" deployment.env
    aws s3 cp --only-show-errors "$directory/teardown.tar.gz" "$(archive_place)"
    rm -r "$directory"
    note "$(archive_place)"
}

[[ -z $IMAGE_TAG || $IMAGE_TAG =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ ]] || fail "'$IMAGE_TAG' is not an image tag" 2
settle
for step in "${steps[@]}"; do
    "$step"
done
