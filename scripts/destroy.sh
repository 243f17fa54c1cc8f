#!/usr/bin/env bash
# Destroys a deployment, its plan shown before it is carried out.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=deployment.sh
source "$(dirname "${BASH_SOURCE[0]}")/deployment.sh"

usage() {
    cat <<'EOF'
usage: destroy.sh [--region R] [--prefix P] [--state-bucket B] [--from-archive | --from-checkout] [--with-state-bucket] [--yes]

It destroys with the code and the variables that it was deployed with, out of the archive in the state bucket; only if
there is no archive, with those of this checkout.

  --from-archive       fail if there is no archive
  --from-checkout      do not look for an archive
  --with-state-bucket  destroy the state bucket too (refused while another deployment has its state in it)
  --region, --prefix, --state-bucket, --yes   as in deploy.sh

Running jobs are not waited for. Parameters and secrets of your own stay.
EOF
}

code=either with_state_bucket=no
while [[ $# -gt 0 ]]; do
    taken=0
    option "$@" || taken=$?
    if [[ $taken -gt 0 ]]; then
        shift "$taken"
        continue
    fi
    case $1 in
        --from-archive | --from-checkout) code=${1#--from-} && shift ;;
        --with-state-bucket) with_state_bucket=yes && shift ;;
        --help | -h) usage && exit 0 ;;
        *) usage >&2 && exit 2 ;;
    esac
done

archive=
fetch_archive() {
    local place
    place=$(archive_place)
    archive=$(mktemp -d)
    # shellcheck disable=SC2064 # the folder of now
    trap "rm -rf '$archive'" EXIT
    aws s3 cp --only-show-errors "$place" "$archive/teardown.tar.gz" 2>"$archive/why" && return
    [[ $code == either && $(<"$archive/why") == *"(404)"* ]] || fail "the archive $place cannot be used: $(<"$archive/why")
with the code of a checkout of the deployed commit: --from-checkout"
    [[ -d $root/terraform/02-deploy ]] || fail "there is no archive $place, and no terraform/ here: check out the deployed commit"
    note "there is no archive $place: with the code of this checkout"
    return 1
}

# Carries on in the archived scripts.
archived() {
    say "from the archive: $(archive_place)"
    local arguments=(--region "$AWS_REGION" --prefix "$NAME_PREFIX" --state-bucket "$STATE_BUCKET_NAME" --from-checkout)
    tar -C "$archive" -xzf "$archive/teardown.tar.gz"
    [[ $ASSUME_YES == yes ]] && arguments+=(--yes)
    [[ $with_state_bucket == yes ]] && arguments+=(--with-state-bucket)
    "$archive/scripts/destroy.sh" "${arguments[@]}"
}

system() {
    say "system"
    init_stage 02-deploy
    # Nothing of these is used when all is destroyed, but a plan wants them.
    [[ -f $root/terraform/02-deploy/terraform.tfvars ]] ||
        "$root/scripts/generate_tfvars.sh" "registry.invalid/$NAME_PREFIX" none "$AWS_REGION"
    mapfile -t vars < <(common_vars)
    apply_stage 02-deploy -destroy "${vars[@]}"

    local place="/$NAME_PREFIX/webhook-secret" owner
    owner=$(aws ssm list-tags-for-resource --resource-type Parameter --resource-id "$place" \
        --query "TagList[?Key=='iac-ci:deployment'].Value | [0]" --output text 2>/dev/null) || owner=
    if [[ $owner == "$NAME_PREFIX" ]]; then
        aws ssm delete-parameter --name "$place"
        note "deleted the webhook secret that the deployment had made"
    fi
}

repository() {
    say "repository"
    init_stage 01-ecr
    mapfile -t vars < <(common_vars)
    apply_stage 01-ecr -destroy "${vars[@]}"
}

# The states are empty now. The bucket keeps their versions for a while.
forget_state() {
    aws s3 rm --only-show-errors --recursive "s3://$STATE_BUCKET_NAME/$NAME_PREFIX/01-ecr/"
    aws s3 rm --only-show-errors --recursive "s3://$STATE_BUCKET_NAME/$NAME_PREFIX/02-deploy/"
    aws s3 rm --only-show-errors "$(archive_place)"
}

state_bucket() {
    say "state bucket"
    local others state
    others=$(aws s3api list-objects-v2 --bucket "$STATE_BUCKET_NAME" --query "Contents[?!starts_with(Key, '$NAME_PREFIX/')].Key | [0]" --output text)
    [[ $others == None || -z $others ]] || fail "$STATE_BUCKET_NAME holds other things too, for example $others: it stays"
    state=$(bootstrap_state)
    aws s3 cp --only-show-errors "$(bootstrap_copy)" "$state" || fail "$STATE_BUCKET_NAME was not made here: it stays"
    init_stage 00-bootstrap
    mapfile -t vars < <(common_vars)
    vars+=("-var=state_bucket_name=$STATE_BUCKET_NAME" -var=force_destroy=true)
    apply_stage 00-bootstrap "${vars[@]}"
    apply_stage 00-bootstrap -destroy "${vars[@]}"
    rm -f "$state" "$state.backup"
}

settle
bucket_exists || fail "there is no bucket $STATE_BUCKET_NAME: nothing is deployed as $NAME_PREFIX in $AWS_REGION, or its state is in another bucket (--state-bucket)"
if [[ $code != checkout ]] && fetch_archive; then
    archived
    exit
fi
system
repository
forget_state
[[ $with_state_bucket == no ]] || state_bucket
say "gone"
