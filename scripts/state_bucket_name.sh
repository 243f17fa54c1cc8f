#!/usr/bin/env bash
# Prints the name of the bucket that keeps the Terraform state: STATE_BUCKET_NAME if set, else one made of the prefix
# (NAME_PREFIX, default iac-ci), the account and the region, which is the same each time.
# Usage: state_bucket_name.sh REGION
set -euo pipefail

[[ $# -eq 1 ]] || { echo "usage: $0 REGION" >&2 && exit 2; }
if [[ -n ${STATE_BUCKET_NAME:-} ]]; then
    printf '%s\n' "$STATE_BUCKET_NAME"
else
    account=$(aws sts get-caller-identity --query Account --output text)
    printf '%s-state-%s-%s\n' "${NAME_PREFIX:-iac-ci}" "$account" "$1"
fi
