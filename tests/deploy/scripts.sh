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
refuses "a region of a sovereign partition with a state bucket that is none" "$work/scripts/deploy.sh" --region eusc-de-east-1 --state-bucket 'My Bucket'
wants "which is a region" out "not a bucket name"
refuses "an image without a name" "$work/scripts/build_image.sh"
refuses "an image for another machine" env ARCHITECTURE=m68k CONTAINER_ENGINE=true "$work/scripts/build_image.sh" some:tag
refuses "a bucket name without a region" "$work/scripts/state_bucket_name.sh"
"$work/scripts/deploy.sh" --help | grep -q -- --region
"$work/scripts/destroy.sh" --help | grep -q -- --from-archive

# One manifest, whatever the engine makes by itself: stand-ins for engines, told apart by their options.
mkdir "$work/engines"
for engine in buildkit podman legacy; do
    cat >"$work/engines/$engine" <<'ENGINE'
#!/usr/bin/env bash
case "${0##*/} $*" in
    "buildkit build --help") echo "  --provenance string   --sbom string" ;;
    "podman build --help") echo "  --format string   --sbom string" ;;
    *"build --platform"*) echo "$*" >"$BUILT" ;;
esac
ENGINE
    chmod +x "$work/engines/$engine"
done
built() { # ENGINE
    BUILT=$work/built CONTAINER_ENGINE=$work/engines/$1 SDK_BASE=a@sha256:1 BUILD_BASE=b@sha256:2 RUNTIME_BASE=c@sha256:3 \
        "$work/scripts/build_image.sh" some:tag 2>/dev/null
}
built buildkit
wants "no attestations by BuildKit" built "build --platform linux/amd64 --provenance=false --sbom=false --build-arg"
built podman
wants "one format by Podman" built "build --platform linux/amd64 --format docker --build-arg"
built legacy
wants "nothing that an engine does not know" built "build --platform linux/amd64 --build-arg"

# What the preflight makes of what AWS says.
mkdir "$work/preflight"
cat >"$work/preflight/aws" <<'AWS'
#!/usr/bin/env bash
case "$1 $2" in
    "sts get-caller-identity") echo 123456789012 ;;
    "ecr describe-images") [[ -n $MANIFEST ]] && echo "$MANIFEST" ;;
    "ecr batch-get-image") printf '{"schemaVersion": 2, "config": {"size": 1, "digest": "sha256:%064d"}}\n' 7 ;;
    "ecr get-download-url-for-layer") echo "file://$CONFIG" ;;
    "service-quotas list-service-quotas") [[ $* == *"for $MACHINE environment"* ]] && printf '[\n    %s,\n    "L-9D07B6EF"\n]\n' "$BUILDS" ;;
    "lambda get-account-settings") [[ -n $FUNCTIONS ]] && echo "$FUNCTIONS" ;;
    *) exit 254 ;;
esac
AWS
cat >"$work/preflight/terraform" <<'TERRAFORM'
#!/usr/bin/env bash
case "$*" in
    *" console") [[ $(cat) == *var.architecture* ]] && echo "\"${SETTINGS/ARCHITECTURE/${TF_VAR_architecture:-x86_64}}\"" ;;
    *ecr_repository_url) printf 123456789012.dkr.ecr.eu-central-1.amazonaws.com/some-prefix ;;
    *ecr_repository_name) printf some-prefix ;;
esac
TERRAFORM
chmod +x "$work/preflight/"*
preflight() { # NAME CODE TEXT VARIABLE=VALUE...: ends with that code and says that
    local name=$1 wanted=$2 text=$3 status=0
    shift 3
    env MANIFEST=application/vnd.oci.image.manifest.v1+json CONFIG="$work/amd64.json" BUILDS=20.0 MACHINE=Linux/Small FUNCTIONS=1000 \
        SETTINGS="ARCHITECTURE BUILD_GENERAL1_SMALL 0" PATH="$work/preflight:$PATH" "$@" \
        "$work/scripts/deploy.sh" --region eu-central-1 --tag t preflight >"$work/out" 2>&1 || status=$?
    [[ $status -eq $wanted ]] || { echo "FAILED: $name: exit code $status, not $wanted" && cat "$work/out" && exit 1; }
    wants "$name" out "$text"
}
echo '{"created": "2026-01-01", "architecture": "amd64", "os": "linux", "config": {"Env": ["a"], "Labels": {"architecture": "arm64"}}}' >"$work/amd64.json"
echo '{"architecture":"arm64","config":{},"os":"linux"}' >"$work/arm64.json"
preflight "all is well" 0 "the image is built for x86_64"
if grep -q warning "$work/out"; then echo "FAILED: a warning about nothing" && cat "$work/out" && exit 1; fi
wants "how many builds" out "builds on Linux/Small: 20 at once"
wants "how many functions" out "functions: 1000 at once"
preflight "an index" 1 "aws ecr batch-delete-image --region eu-central-1 --repository-name some-prefix --image-ids imageTag=t" \
    MANIFEST=application/vnd.oci.image.index.v1+json
preflight "a list of Docker" 1 "Lambda refuses it" MANIFEST=application/vnd.docker.distribution.manifest.list.v2+json
preflight "no image" 1 "is it pushed" MANIFEST=
preflight "an image for another machine" 1 "is built for arm64, and functions and builds are to be x86_64" CONFIG="$work/arm64.json"
preflight "the machine that is wanted" 0 "the image is built for arm64" CONFIG="$work/arm64.json" ARCHITECTURE=arm64 MACHINE=ARM/Small
wants "its builds" out "builds on ARM/Small: 20 at once"
preflight "two sayings" 2 "change one of them" ARCHITECTURE=arm64 SETTINGS="x86_64 BUILD_GENERAL1_SMALL 0"
preflight "an image that cannot be seen" 0 "could not be seen; functions and builds are x86_64" CONFIG=/none
preflight "no build" 0 "no order on CodeBuild can run" BUILDS=0.0
wants "the remedy" out "--service-code codebuild --quota-code L-9D07B6EF"
preflight "one build" 0 "orders on CodeBuild run one after the other" BUILDS=1.0
preflight "a larger machine" 0 "builds on Linux/Large: 3 at once" BUILDS=3.0 MACHINE=Linux/Large SETTINGS="ARCHITECTURE BUILD_GENERAL1_LARGE 0"
preflight "limits that may not be looked at" 0 "may run at once could not be seen" MACHINE=none FUNCTIONS=
preflight "a new account" 0 "--quota-code L-B99A9384" FUNCTIONS=10
preflight "a new account, and a reservation" 1 "of 10 nothing can be reserved" FUNCTIONS=10 SETTINGS="ARCHITECTURE BUILD_GENERAL1_SMALL 5"
preflight "too large a reservation" 0 "AWS wants 100 to stay unreserved" FUNCTIONS=1000 SETTINGS="ARCHITECTURE BUILD_GENERAL1_SMALL 950"

# The engine's own last words, of a job that did not end.
cat >"$work/bin-logs" <<'AWS'
#!/usr/bin/env bash
case "$*" in
    *"/aws/lambda/p-orchestrate "*) cat <<'EVENTS'
[{"timestamp": 1700000002000, "message": "{\"level\":\"error\",\"msg\":\"the later one\",\"run_id\":\"r\",\"order\":\"0001\"}\n"},
 {"timestamp": 1700000001000, "message": "{\"level\":\"error\",\"msg\":\"the earlier one\"}\n"},
 {"timestamp": 1700000003000, "message": "{\"level\":\"info\",\"msg\":\"no error here\"}\n"}]
EVENTS
    ;;
    *"/aws/lambda/p-work "*) echo '[{"timestamp": 1700000001000, "message": "2023 abc Task timed out after 900.00 seconds"}]' ;;
    *"/aws/codebuild/"*) echo "An error occurred (ResourceNotFoundException)" >&2 && exit 254 ;;
    *) echo '[]' ;;
esac
AWS
mkdir "$work/logs" && mv "$work/bin-logs" "$work/logs/aws" && chmod +x "$work/logs/aws"
PATH=$work/logs:$PATH "$root/tests/smoke/last_errors.sh" p >"$work/out"
wants "the newest error" out "last error in /aws/lambda/p-orchestrate, 22:13:22Z: r 0001: the later one"
wants "what Lambda says" out "last error in /aws/lambda/p-work, 22:13:21Z: 2023 abc Task timed out after 900.00 seconds"
wants "a log that is not there" out "/aws/codebuild/p-work could not be read"
[[ $(wc -l <"$work/out") -eq 3 ]] || { echo "FAILED: one line each" && cat "$work/out" && exit 1; }

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
