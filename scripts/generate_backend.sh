#!/usr/bin/env bash
# Writes terraform/STAGE/backend.tf: where the state of a stage is kept. 00-bootstrap makes the bucket, so its own state
# is a local file; the others keep theirs in the bucket, under NAME_PREFIX (default iac-ci), locked while in use.
# Usage: generate_backend.sh BUCKET STAGE REGION
set -euo pipefail

[[ $# -eq 3 ]] || { echo "usage: $0 BUCKET STAGE REGION" >&2 && exit 2; }
bucket=$1 stage=$2 region=$3
[[ $bucket =~ ^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$ ]] || { echo "error: '$bucket' is not a bucket name" >&2 && exit 2; }
[[ $region =~ ^[a-z]{2,4}(-[a-z]+)+-[0-9]+$ ]] || { echo "error: '$region' is not a region" >&2 && exit 2; }

terraform=$(cd "$(dirname "${BASH_SOURCE[0]}")/../terraform" && pwd)
[[ $stage =~ ^[0-9]{2}-[a-z]+$ && -d $terraform/$stage ]] || {
    echo "error: '$stage' is not a stage; there are: $(cd "$terraform" && echo [0-9]*)" >&2
    exit 2
}

if [[ $stage == 00-bootstrap ]]; then
    cat >"$terraform/$stage/backend.tf" <<EOF
terraform {
  backend "local" {
    path = "$bucket.tfstate"
  }
}
EOF
else
    cat >"$terraform/$stage/backend.tf" <<EOF
terraform {
  backend "s3" {
    bucket       = "$bucket"
    key          = "${NAME_PREFIX:-iac-ci}/$stage/terraform.tfstate"
    region       = "$region"
    encrypt      = true
    use_lockfile = true
  }
}
EOF
fi
