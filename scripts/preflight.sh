# What deploy.sh asks AWS before it applies the system: what would be refused later, or would stand there and not run.
# To be sourced after deployment.sh.
# shellcheck shell=bash

warn() { printf 'warning: %s\n' "$*" >&2; }

# Variables of 02-deploy, wherever they are set: files, TF_VAR_..., defaults.
architecture='' compute_type='' reserved=0
read_settings() {
    local answer
    # shellcheck disable=SC2016,SC2154 # Terraform fills it in; set by deployment.sh
    answer=$(terraform -chdir="$root/terraform/02-deploy" console \
        <<<'"${var.architecture} ${var.codebuild_compute_type} ${coalesce(var.work_reserved_concurrency, 0) + coalesce(var.orchestrate_reserved_concurrency, 0)}"') ||
        fail "the variables of terraform/02-deploy cannot be read"
    answer=$(tail -n 1 <<<"$answer")
    read -r architecture compute_type reserved <<<"${answer//\"/}"
    [[ $architecture == x86_64 || $architecture == arm64 ]] || fail "terraform/02-deploy: architecture is '$architecture', not x86_64 or arm64" 2
    [[ -z ${ARCHITECTURE:-} || $ARCHITECTURE == "$architecture" ]] ||
        fail "ARCHITECTURE is $ARCHITECTURE, and a file of variables in terraform/02-deploy says $architecture: change one of them" 2
}

image_manifest_type() { # REPOSITORY TAG
    aws ecr describe-images --repository-name "$1" --image-ids "imageTag=$2" --query 'imageDetails[0].imageManifestMediaType' --output text
}

# Lambda takes one manifest, and no index of several: https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
check_manifest() { # REPOSITORY TAG
    local type
    type=$(image_manifest_type "$1" "$2") || fail "the repository $1 cannot be asked for the image $2; is it pushed (scripts/deploy.sh image)?"
    case $type in
        application/vnd.docker.distribution.manifest.v2+json | application/vnd.oci.image.manifest.v1+json) ;;
        *)
            fail "the image $1:$2 is not one manifest ($type), and Lambda refuses it: it was pushed with attestations, or for several platforms.
A tag cannot be pushed again, so delete it, and build and push it anew:
  aws ecr batch-delete-image --region $AWS_REGION --repository-name $1 --image-ids imageTag=$2
  scripts/deploy.sh --region $AWS_REGION --prefix $NAME_PREFIX --tag $2 image
(an image of your own: docker build --provenance=false --sbom=false ...)"
            ;;
    esac
}

# What an image is built for stands in its configuration, which is kept like a layer.
image_architecture() { # REPOSITORY TAG: amd64 or arm64; nothing if it cannot be seen
    local manifest config url
    manifest=$(aws ecr batch-get-image --repository-name "$1" --image-ids "imageTag=$2" --query 'images[0].imageManifest' --output text \
        --accepted-media-types application/vnd.docker.distribution.manifest.v2+json application/vnd.oci.image.manifest.v1+json 2>/dev/null) || return 0
    config=$(tr -d ' \n' <<<"$manifest" | grep -o '"config":{[^}]*}' | grep -o 'sha256:[0-9a-f]\{64\}') || return 0
    url=$(aws ecr get-download-url-for-layer --repository-name "$1" --layer-digest "$config" --query downloadUrl --output text 2>/dev/null) || return 0
    { curl --silent --fail --max-time 30 "$url" || true; } | tr -d ' \n' |
        sed -nE 's/^[^[]*"architecture":"(amd64|arm64)".*/\1/p'
}

check_architecture() { # REPOSITORY TAG
    local built
    built=$(image_architecture "$1" "$2")
    case $built:$architecture in
        amd64:x86_64 | arm64:arm64) note "the image is built for $architecture" ;;
        :*) note "what the image is built for could not be seen; functions and builds are $architecture" ;;
        *) fail "the image $1:$2 is built for $built, and functions and builds are to be $architecture (the variable architecture).
Set architecture to what the image is built for, or deploy an image that is built for $architecture" ;;
    esac
}

# https://docs.aws.amazon.com/codebuild/latest/userguide/limits.html. One line: the limit and the quota's code.
builds_quota() { # MACHINE
    aws service-quotas list-service-quotas --service-code codebuild --output json \
        --query "Quotas[?QuotaName=='Concurrently running builds for $1 environment'].[Value, QuotaCode][]" 2>/dev/null |
        tr -d '[]",' | tr -s ' \n' '  '
}

warn_of_few_builds() {
    local machine size limit code
    case $compute_type in
        BUILD_GENERAL1_SMALL) size=Small ;;
        BUILD_GENERAL1_MEDIUM) size=Medium ;;
        BUILD_GENERAL1_LARGE) size=Large ;;
        BUILD_GENERAL1_XLARGE) size=XLarge ;;
        BUILD_GENERAL1_2XLARGE) size=2XLarge ;;
        *) size= ;;
    esac
    machine=Linux/$size
    [[ $architecture != arm64 ]] || machine=ARM/$size
    read -r limit code <<<"$(builds_quota "$machine")" || true
    if [[ -z $size || ! $limit =~ ^[0-9]+(\.0*)?$ ]]; then
        note "how many builds ($compute_type) may run at once could not be seen"
        return
    fi
    limit=${limit%.*}
    [[ $limit -le 1 ]] || { note "builds on $machine: $limit at once" && return; }
    local effect="orders on CodeBuild run one after the other"
    [[ $limit -eq 1 ]] || effect="no order on CodeBuild can run"
    warn "this account may run $limit builds on $machine at once: $effect. New accounts often may; ask for more:
  aws service-quotas request-service-quota-increase --region $AWS_REGION --service-code codebuild --quota-code $code --desired-value 20
If that is refused, open a case with AWS Support."
}

# What Lambda itself goes by; Service Quotas shows what was asked for.
concurrency_limit() {
    aws lambda get-account-settings --query AccountLimit.ConcurrentExecutions --output text 2>/dev/null ||
        aws service-quotas get-service-quota --service-code lambda --quota-code L-B99A9384 --query Quota.Value --output text 2>/dev/null || true
}

# Of the pool, AWS keeps some back for functions without a reservation.
UNRESERVED=100
warn_of_little_concurrency() {
    local limit
    limit=$(concurrency_limit)
    [[ $limit =~ ^[0-9]+(\.0*)?$ ]] || { note "how many functions may run at once could not be seen" && return; }
    limit=${limit%.*}
    note "functions: $limit at once, $reserved of them reserved"
    if [[ $limit -le 10 ]]; then
        warn "this account may run $limit functions at once, orders on Lambda included: more than a few orders wait for each other. Ask for more:
  aws service-quotas request-service-quota-increase --region $AWS_REGION --service-code lambda --quota-code L-B99A9384 --desired-value 1000"
        [[ $reserved -eq 0 ]] || fail "of $limit nothing can be reserved: leave out work_reserved_concurrency and orchestrate_reserved_concurrency"
    elif [[ $reserved -gt 0 && $((limit - reserved)) -lt $UNRESERVED ]]; then
        warn "$reserved of $limit functions are to be reserved; AWS wants $UNRESERVED to stay unreserved, and may refuse that"
    fi
}
