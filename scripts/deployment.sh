# What deploy.sh and destroy.sh share: which deployment is meant, and how a stage is planned and applied.
# To be sourced. Sets root, AWS_REGION, NAME_PREFIX, STATE_BUCKET_NAME, ASSUME_YES.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export NAME_PREFIX=${NAME_PREFIX:-iac-ci}
export AWS_REGION=${AWS_REGION:-${AWS_DEFAULT_REGION:-}}
export STATE_BUCKET_NAME=${STATE_BUCKET_NAME:-}
export AWS_PAGER=
export TF_IN_AUTOMATION=1 TF_INPUT=0
ASSUME_YES=${ASSUME_YES:-no}

say() { printf '\n== %s\n' "$*" >&2; }
note() { printf '   %s\n' "$*" >&2; }
fail() {
    printf 'error: %s\n' "$1" >&2
    exit "${2:-1}"
}

need() {
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null || fail "$tool is needed and was not found" 2
    done
}

wanted() { # OPTION VALUE
    [[ -n ${2:-} ]] || fail "$1 needs a value" 2
}

# Reads one of the options both scripts know: 0 when it was not one of them, else how many words it took.
option() {
    case $1 in
        --region) wanted "$@" && AWS_REGION=$2 ;;
        --prefix) wanted "$@" && NAME_PREFIX=$2 ;;
        --state-bucket) wanted "$@" && STATE_BUCKET_NAME=$2 ;;
        --yes) ASSUME_YES=yes && return 1 ;;
        *) return 0 ;;
    esac
    return 2
}

# To be called when the options are read: completes and checks them, and says whose account this is.
settle() {
    need aws terraform tar
    [[ -n $AWS_REGION ]] || fail "no region: give --region, or set AWS_REGION" 2
    [[ $AWS_REGION =~ ^[a-z]{2,4}(-[a-z]+)+-[0-9]+$ ]] || fail "'$AWS_REGION' is not a region" 2
    [[ $NAME_PREFIX =~ ^[a-z][a-z0-9-]{1,18}[a-z0-9]$ ]] || fail "'$NAME_PREFIX' cannot be a prefix: 3 to 20 lower-case letters, digits and hyphens" 2
    [[ -z $STATE_BUCKET_NAME || $STATE_BUCKET_NAME =~ ^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$ ]] || fail "'$STATE_BUCKET_NAME' is not a bucket name" 2
    export AWS_DEFAULT_REGION=$AWS_REGION # what version 1 of the AWS CLI reads
    [[ -z ${ARCHITECTURE:-} ]] || export TF_VAR_architecture=$ARCHITECTURE
    ACCOUNT=$(aws sts get-caller-identity --query Account --output text) || fail "AWS does not accept the credentials (aws sts get-caller-identity)"
    STATE_BUCKET_NAME=$("$root/scripts/state_bucket_name.sh" "$AWS_REGION")
    say "$NAME_PREFIX in $AWS_REGION, account $ACCOUNT; state in s3://$STATE_BUCKET_NAME/$NAME_PREFIX/"
}

confirm() {
    [[ $ASSUME_YES == yes ]] && return
    [[ -t 0 ]] || fail "nobody here to confirm this; --yes goes ahead without asking" 2
    local answer
    read -r -p "$1 [y/N] " answer
    [[ $answer == [yY]* ]] || fail "stopped, nothing was changed by this step" 4
}

# Gets a stage ready: its backend file, its providers, its state.
init_stage() {
    "$root/scripts/generate_backend.sh" "$STATE_BUCKET_NAME" "$1" "$AWS_REGION"
    terraform -chdir="$root/terraform/$1" init -reconfigure -no-color >"$root/terraform/$1/init.log" 2>&1 || {
        cat "$root/terraform/$1/init.log" >&2
        fail "terraform init failed in terraform/$1"
    }
    rm -f "$root/terraform/$1/init.log"
}

# Plans a stage, shows the plan, asks, applies exactly that plan. More arguments go to `terraform plan`.
apply_stage() {
    local stage=$1 changes=0
    shift
    terraform -chdir="$root/terraform/$stage" plan -no-color -out=stage.tfplan -detailed-exitcode "$@" >&2 || changes=$?
    case $changes in
        0) note "no change" ;;
        2)
            confirm "Apply this plan of terraform/$stage?"
            terraform -chdir="$root/terraform/$stage" apply -no-color stage.tfplan >&2
            ;;
        *) fail "terraform plan failed in terraform/$stage" ;;
    esac
    rm -f "$root/terraform/$stage/stage.tfplan"
}

stage_output() {
    terraform -chdir="$root/terraform/$1" output -no-color -raw "$2"
}

# The variables of the two small stages; 02-deploy has a terraform.tfvars.
common_vars() { printf '%s\n' "-var=aws_region=$AWS_REGION" "-var=name_prefix=$NAME_PREFIX"; }

bucket_exists() {
    local answer
    answer=$(aws s3api head-bucket --bucket "$STATE_BUCKET_NAME" 2>&1) && return 0
    [[ $answer == *404* ]] && return 1
    fail "the bucket $STATE_BUCKET_NAME cannot be used: $answer"
}

# The state of 00-bootstrap is a local file; a copy of it lies in the bucket that it describes.
bootstrap_state() { printf '%s\n' "$root/terraform/00-bootstrap/$STATE_BUCKET_NAME.tfstate"; }
bootstrap_copy() { printf '%s\n' "s3://$STATE_BUCKET_NAME/$NAME_PREFIX/00-bootstrap/terraform.tfstate"; }

# The code, the variables and the scripts of the last deploy.
archive_place() { printf '%s\n' "s3://$STATE_BUCKET_NAME/$NAME_PREFIX/teardown.tar.gz"; }
