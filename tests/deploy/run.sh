#!/usr/bin/env bash
# Every test of the deployment. Prints one line for each, and `N passed, N failed, N skipped`.
#
#   run.sh [EXECUTABLE]      default: dist/iac-ci; the tests of the image and of its glibc take it
#
# A test whose tools are missing is skipped, and says what is missing. DEPLOY_TESTS=all applies, upgrades and destroys
# three deployments side by side, in about ten minutes; without it, one is applied and destroyed in about five.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=terraform.sh
source "$(dirname "${BASH_SOURCE[0]}")/terraform.sh"
# shellcheck source-path=SCRIPTDIR source=emulated.sh
source "$root/tests/deploy/emulated.sh"
executable=${1:-$root/dist/iac-ci}
work=$(mktemp -d)
# Called by the trap.
# shellcheck disable=SC2317
finish() {
    stop_emulator
    jobs -p | xargs --no-run-if-empty kill 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

missing() { # TOOL...: says which is missing
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null || { echo "skipped: $tool is not installed" && return; }
    done
    return 1
}
no_emulator() { # says what is missing; one that should start and does not is a fault
    if missing terraform aws curl python3 dotnet; then return; fi
    has_emulator || { echo "skipped: moto is not installed (pip install 'moto[server]')" && return; }
    [[ -n ${EMULATED_LOG:-} ]] || { cat "$work/emulator.log" && exit 1; }
    return 1
}

format() {
    if missing terraform; then return 77; fi
    terraform fmt -check -diff -recursive "$root/terraform"
}

shell() {
    local file
    local files=("$root"/scripts/*.sh "$root"/tests/smoke/*.sh "$root"/tests/deploy/*.sh "$root/tests/deploy/engine/docker")
    for file in "${files[@]}"; do bash -n "$file"; done
    if missing shellcheck; then return 77; fi
    shellcheck -x "${files[@]}"
}

stage_copy() { # STAGE: makes a copy of a stage that is ready to be used; prints its folder
    local folder
    folder=$(mktemp -d -p "$work")
    cp "$root/terraform/$1"/*.tf "$folder/"
    rm -f "$folder/backend.tf"
    terraform -chdir="$folder" init -backend=false -no-color >&2
    echo "$folder"
}

validity() {
    if missing terraform; then return 77; fi
    local stage folder
    for stage in 00-bootstrap 01-ecr 02-deploy; do
        folder=$(stage_copy "$stage")
        terraform -chdir="$folder" validate -no-color
    done
}

# Variables, outputs: each says what it is. And what a user types wrongly is refused before anything is planned.
descriptions() {
    local file
    for file in "$root"/terraform/*/*.tf; do
        awk -v file="${file#"$root"/}" '
            /^(variable|output) / { name = $2; described = 0 }
            /^  description += / { described = 1 }
            /^}/ && name { if (!described) { print file ": " name " has no description"; bad = 1 } name = "" }
            END { exit bad }' "$file"
    done
}

# A plan needs to know whose account it is for; nothing else is asked of the emulated AWS.
rights() {
    if no_emulator; then return 77; fi
    local folder plan=("-var=aws_region=eu-central-1" "-var=name_prefix=any" -var=image_tag=tag
        "-var=ecr_repository_url=123456789012.dkr.ecr.eu-central-1.amazonaws.com/any")
    folder=$(stage_copy 02-deploy)
    planned() {
        terraform -chdir="$folder" plan -no-color -out=test.tfplan "${plan[@]}" "$@" >"$work/plan.log" 2>&1 || { cat "$work/plan.log" && return 1; }
        terraform -chdir="$folder" show -json test.tfplan >"$folder/plan.json"
    }
    refused() { # MESSAGE OPTION
        if terraform -chdir="$folder" plan -no-color "${plan[@]}" "$2" >"$work/plan.log" 2>&1 || ! tr -s '\n ' ' ' <"$work/plan.log" | grep -q "$1"; then
            echo "not refused: $2" && cat "$work/plan.log" && return 1
        fi
    }

    echo "with the default variables:"
    planned
    python3 "$root/tests/deploy/privileges.py" "$folder/plan.json"
    python3 "$root/tests/deploy/side_by_side.py" "$folder/plan.json"
    python3 "$root/tests/deploy/settings.py" "$folder/plan.json"
    echo "with every variable that gives rights:"
    planned "-var-file=$root/tests/deploy/other.tfvars"
    python3 "$root/tests/deploy/privileges.py" "$folder/plan.json" "$root/tests/deploy/calls-other.json"
    python3 "$root/tests/deploy/settings.py" "$folder/plan.json"

    refused "hold no" '-var=job_ssm_prefixes=["/*/"]'
    refused "begin and end with a slash" '-var=vcs_ssm_prefixes=["/git"]'
    refused "ARN of one key" '-var=secret_kms_key_arns=["*"]'
    refused "a bucket name" '-var=code_locations=["*"]'
    refused "at least 1" -var=orchestrate_reserved_concurrency=0
    refused "at least 1" -var=work_reserved_concurrency=0
    refused "25,000 events" -var=watchdog_poll_seconds=39
    refused "25,000 events" -var=watchdog_poll_seconds=301
    refused "give both, or neither" '-var=vpc_subnet_ids=["subnet-0a1b"]'
    refused "ids of subnets" '-var=vpc_subnet_ids=["10.0.0.0/24"]'
    refused "lower-case letters" -var=name_prefix=Any_Thing
    echo "what is too wide is refused"
}

# Other partitions: their own names in every ARN, the same names of services, and regions that are named in other ways.
partitions() {
    if no_emulator; then return 77; fi
    local folder partition region
    folder=$(stage_copy 02-deploy)
    while read -r partition region suffix; do
        terraform -chdir="$folder" plan -no-color -out=test.tfplan "-var=aws_region=$region" -var=name_prefix=any -var=image_tag=tag \
            "-var=ecr_repository_url=123456789012.dkr.ecr.$region.$suffix/any" >"$folder/plan.log" 2>&1 || { cat "$folder/plan.log" && return 1; }
        terraform -chdir="$folder" show -json test.tfplan >"$folder/plan.json"
        grep -qF "arn:$partition:lambda:$region:" "$folder/plan.json"
        if grep -oF "arn:aws:" "$folder/plan.json"; then echo "an ARN of the partition aws in $partition" && return 1; fi
        python3 "$root/tests/deploy/privileges.py" "$folder/plan.json"
    done <<'EOF'
aws-us-gov us-gov-west-1 amazonaws.com
aws-cn cn-north-1 amazonaws.com.cn
aws-eusc eusc-de-east-1 amazonaws.eu
EOF
}

e2e() {
    if no_emulator; then return 77; fi
    [[ -x $executable ]] || { echo "skipped: there is no executable at $executable" && return 77; }
    [[ ${DEPLOY_TESTS:-} != all ]] || set -- --all
    "$root/tests/deploy/e2e.sh" "$@"
}

glibc() {
    if missing objdump; then return 77; fi
    [[ -x $executable ]] || { echo "skipped: there is no executable at $executable" && return 77; }
    "$root/tests/deploy/glibc.sh" "$executable"
}

# A process of its own for each, so that one cannot harm another; errexit is on in there.
start() { # NAME COMMAND...
    local name=$1
    shift
    (
        set -e
        "$@"
    ) >"$work/$name.log" 2>&1 &
    declare -g "pid_$name=$!"
}
declare -A titles=(
    [format]="Terraform is formatted" [validity]="Terraform is valid" [descriptions]="variables and outputs are described"
    [shell]="shell scripts are sound" [scripts]="scripts write and refuse what they should" [workflows]="workflows are sound"
    [costs]="the costs in the documents are the counted ones"
    [dockerfile]="the Dockerfile is sound" [glibc]="the executable starts on Amazon Linux 2023" [image]="the image builds and runs"
    [partitions]="every partition has its own names"
    [rights]="every right is needed, every need has its right, names do not meet" [e2e]="deploys, runs a job, destroys, and leaves nothing"
)
order=(format descriptions shell scripts workflows costs dockerfile validity glibc rights partitions image e2e)

# The tests share it: what starts it anew takes a while.
if ! missing terraform aws >/dev/null && has_emulator; then
    [[ ! -x $executable ]] || export IAC_CI_BINARY=$executable
    start_emulator "$work" || true # its tests say so
fi
start e2e e2e # the longest
start format format
start descriptions descriptions
start shell shell
start scripts "$root/tests/deploy/scripts.sh"
start workflows python3 "$root/tests/deploy/workflows.py"
start costs python3 "$root/tests/deploy/costs.py"
start dockerfile python3 "$root/tests/deploy/dockerfile.py"
start glibc glibc
start validity validity
start rights rights
start partitions partitions
start image "$root/tests/deploy/image.sh" "$executable"

passed=0 failed=0 skipped=0
for name in "${order[@]}"; do
    pid=pid_$name status=0
    wait "${!pid}" || status=$?
    case $status in
        0) passed=$((passed + 1)) && echo "ok       ${titles[$name]}" ;;
        77) skipped=$((skipped + 1)) && echo "skipped  ${titles[$name]}: $(sed -n 's/^skipped: //p' "$work/$name.log" | tail -n 1)" ;;
        *) failed=$((failed + 1)) && echo "FAILED   ${titles[$name]}" && sed 's/^/         /' "$work/$name.log" | tail -n 60 ;;
    esac
done
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[[ $failed -eq 0 ]]
