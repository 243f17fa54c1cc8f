#!/usr/bin/env bash
# Tests of the scripts that write files: what they write, and what they refuse.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/terraform"
cp -r "$root/scripts" "$work/"
for stage in 00-bootstrap 01-ecr 02-deploy; do mkdir "$work/terraform/$stage"; done
export NAME_PREFIX=some-prefix

wants() { # NAME FILE TEXT
    grep -qF -- "$3" "$work/$2" || { echo "FAILED: $1: no '$3' in $2:" && cat "$work/$2" && exit 1; }
}
refuses() { # NAME COMMAND...
    local name=$1 status=0
    shift
    "$@" >"$work/out" 2>&1 || status=$?
    [[ $status -eq 2 ]] || { echo "FAILED: $name: exit code $status, not 2" && cat "$work/out" && exit 1; }
}

"$work/scripts/generate_backend.sh" my-bucket 02-deploy eu-central-1
wants "the state of a stage is in the bucket" terraform/02-deploy/backend.tf 'bucket       = "my-bucket"'
wants "under the prefix" terraform/02-deploy/backend.tf 'key          = "some-prefix/02-deploy/terraform.tfstate"'
wants "locked" terraform/02-deploy/backend.tf 'use_lockfile = true'
wants "encrypted" terraform/02-deploy/backend.tf 'encrypt      = true'
"$work/scripts/generate_backend.sh" my-bucket 00-bootstrap eu-central-1
wants "but the bucket's own" terraform/00-bootstrap/backend.tf 'path = "my-bucket.tfstate"'
"$work/scripts/generate_tfvars.sh" 123456789012.dkr.ecr.eu-central-1.amazonaws.com/some-prefix 1f3a9c0b7d21 eu-central-1
wants "the image" terraform/02-deploy/terraform.tfvars 'image_tag          = "1f3a9c0b7d21"'
wants "its repository" terraform/02-deploy/terraform.tfvars 'ecr_repository_url = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/some-prefix"'
wants "the prefix" terraform/02-deploy/terraform.tfvars 'name_prefix        = "some-prefix"'
if command -v terraform >/dev/null; then
    unset TF_CLI_CONFIG_FILE
    terraform fmt -check -recursive "$work/terraform" >/dev/null || { echo "FAILED: what is written is not formatted" && exit 1; }
fi
[[ $(STATE_BUCKET_NAME=mine "$work/scripts/state_bucket_name.sh" eu-central-1) == mine ]] || { echo "FAILED: a name that is given is taken" && exit 1; }

refuses "a quote in a name" "$work/scripts/generate_backend.sh" 'my"bucket' 02-deploy eu-central-1
refuses "another stage" "$work/scripts/generate_backend.sh" my-bucket 03-none eu-central-1
refuses "a path as stage" "$work/scripts/generate_backend.sh" my-bucket ../x eu-central-1
refuses "no region" "$work/scripts/generate_backend.sh" my-bucket 02-deploy
refuses "a region that is none" "$work/scripts/generate_tfvars.sh" url.example/repo tag 'Frankfurt'
refuses "a tag that is none" "$work/scripts/generate_tfvars.sh" url.example/repo 'a b' eu-central-1
refuses "an unknown option of deploy" "$work/scripts/deploy.sh" --frobnicate
refuses "an unknown step" "$work/scripts/deploy.sh" --region eu-central-1 everything
refuses "no region at all" env -u AWS_REGION -u AWS_DEFAULT_REGION "$work/scripts/deploy.sh"
refuses "a prefix that no bucket could bear" "$work/scripts/destroy.sh" --region eu-central-1 --prefix Iac_CI
refuses "an option without its value" "$work/scripts/deploy.sh" --region
refuses "an option without its value, when destroying" "$work/scripts/destroy.sh" --yes --prefix
refuses "a step when destroying" "$work/scripts/destroy.sh" --region eu-central-1 bootstrap
refuses "a region that is none" "$work/scripts/deploy.sh" --region Frankfurt
refuses "a state bucket that is none" "$work/scripts/deploy.sh" --region eu-central-1 --state-bucket 'My Bucket'
refuses "a tag that is none" "$work/scripts/deploy.sh" --region eu-central-1 --tag 'a b'
refuses "an image without a name" "$work/scripts/build_image.sh"
refuses "an image for another machine" env ARCHITECTURE=m68k CONTAINER_ENGINE=true "$work/scripts/build_image.sh" some:tag
refuses "a bucket name without a region" "$work/scripts/state_bucket_name.sh"
"$work/scripts/deploy.sh" --help | grep -q -- --region
"$work/scripts/destroy.sh" --help | grep -q -- --from-archive

# Which code destroys: stand-ins for the AWS CLI, where the archive is what ARCHIVE says, and for Terraform, which finds nothing to do.
mkdir "$work/bin"
cat >"$work/bin/aws" <<'AWS'
#!/usr/bin/env bash
case "$1 $2" in
    "sts get-caller-identity") echo 123456789012 ;;
    "s3 cp") echo "An error occurred ($ARCHIVE) when calling the HeadObject operation" >&2 && exit 1 ;;
esac
AWS
printf '#!/usr/bin/env bash\necho "terraform $*"\n' >"$work/bin/terraform"
chmod +x "$work/bin/aws" "$work/bin/terraform"
destroy() { # NAME CODE TEXT ARCHIVE OPTION...: ends with that code and says that
    local name=$1 wanted=$2 text=$3 archive=$4 status=0
    shift 4
    ARCHIVE=$archive PATH=$work/bin:$PATH "$work/scripts/destroy.sh" --region eu-central-1 --yes "$@" >"$work/out" 2>&1 || status=$?
    [[ $status -eq $wanted ]] || { echo "FAILED: $name: exit code $status, not $wanted" && cat "$work/out" && exit 1; }
    wants "$name" out "$text"
}
destroy "no archive: the checkout's code" 0 "with the code of this checkout" 404
wants "both stages" out "terraform/02-deploy plan"
wants "both stages" out "terraform/01-ecr plan"
destroy "the checkout's code is wanted" 0 "terraform/02-deploy plan" 404 --from-checkout
destroy "the archive's code is wanted" 1 "teardown.tar.gz cannot be used" 404 --from-archive
destroy "an archive that may not be read is not overlooked" 1 "(403)" 403
rm -r "$work/terraform/02-deploy"
destroy "no archive and no checkout" 1 "check out the deployed commit" 404
echo "the scripts write what they should, and refuse what they should"
