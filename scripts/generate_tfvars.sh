#!/usr/bin/env bash
# Writes terraform/02-deploy/terraform.tfvars. Other variables belong in a file of your own beside it that ends in
# .auto.tfvars; none of them may be a secret.
# Usage: generate_tfvars.sh ECR_REPOSITORY_URL IMAGE_TAG REGION
set -euo pipefail

[[ $# -eq 3 ]] || { echo "usage: $0 ECR_REPOSITORY_URL IMAGE_TAG REGION" >&2 && exit 2; }
[[ $1 =~ ^[A-Za-z0-9.:-]+(/[a-z0-9._-]+)+$ ]] || { echo "error: '$1' is not the URL of a repository" >&2 && exit 2; }
[[ $2 =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ ]] || { echo "error: '$2' is not an image tag" >&2 && exit 2; }
[[ $3 =~ ^[a-z]{2,4}(-[a-z]+)+-[0-9]+$ ]] || { echo "error: '$3' is not a region" >&2 && exit 2; }

stage=$(cd "$(dirname "${BASH_SOURCE[0]}")/../terraform/02-deploy" && pwd)
cat >"$stage/terraform.tfvars" <<EOF
aws_region         = "$3"
name_prefix        = "${NAME_PREFIX:-iac-ci}"
ecr_repository_url = "$1"
image_tag          = "$2"
EOF
