#!/usr/bin/env bash
# The first half of the smoke test: whether everything of a deployment is there and wired. Only reads.
# On its own, or sourced by test_deploy.sh, which goes on with a job. See there for what it needs.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
deployment=${DEPLOYMENT:-$root/terraform/02-deploy}
export AWS_PAGER=

for tool in aws curl python3 terraform; do
    command -v "$tool" >/dev/null || { echo "error: $tool is needed" >&2 && exit 2; }
done

outputs=$(terraform -chdir="$deployment" output -no-color -json) || outputs={}
output() { # NAME: an output, one line for each element of a list
    python3 -c '
import json, sys
value = json.loads(sys.argv[1])[sys.argv[2]]["value"]
print(*(value if isinstance(value, list) else [value]), sep="\n")' "$outputs" "$1"
}
[[ $outputs == *\"shell_environment\"* ]] || { echo "error: no outputs in $deployment; is it deployed?" >&2 && exit 2; }
shell_environment=$(output shell_environment)
eval "$shell_environment"
mapfile -t variables < <(sed -n 's/^export \(IAC_CI_[A-Z_]*\)=.*/\1/p' <<<"$shell_environment")
export AWS_DEFAULT_REGION=$AWS_REGION # what version 1 of the AWS CLI reads
dropped_queue_url=$(output dropped_queue_url)
prefix=${IAC_CI_WORKER_LAMBDA%-work}

passed=0 failed=0
check() { # NAME WANTED COMMAND...: the command prints what is wanted (a pattern)
    local name=$1 wanted=$2 got
    shift 2
    got=$("$@" 2>&1) || true
    # shellcheck disable=SC2053 # a pattern is meant
    if [[ $got == $wanted ]]; then
        passed=$((passed + 1))
        printf 'ok      %s\n' "$name"
    else
        failed=$((failed + 1))
        printf 'FAILED  %s\n        wanted: %s\n        got:    %s\n' "$name" "$wanted" "$got"
    fi
}
ask() { # QUERY COMMAND...: one value of an AWS answer
    local query=$1
    shift
    aws "$@" --query "$query" --output text
}

# One answer, and several looks at it: a call of the AWS CLI takes a second.
see() { # COMMAND...: the answer on one line
    { aws "$@" --output json 2>&1 || true; } | tr -s '\n ' ' '
}

declare -A timeouts=([webhook]=300 [orchestrate]=900 [watchdog]=60 [work]=900)
groups=$(see logs describe-log-groups --log-group-name-prefix "/aws/lambda/$prefix-" --query 'logGroups[?retentionInDays].logGroupName')
for role in webhook orchestrate watchdog work; do
    name=$prefix-$role
    function=$(see lambda get-function-configuration --function-name "$name")
    check "function $name is active" '*"State": "Active"*' echo "$function"
    check "function $name runs 'iac-ci $role'" "*\"Command\": ? \"$role\"*" echo "$function"
    check "function $name has its timeout" "*\"Timeout\": ${timeouts[$role]},*" echo "$function"
    check "logs of $name end some day" "*\"/aws/lambda/$name\"*" echo "$groups"
    [[ $role != work ]] || continue # which needs none of them
    for variable in "${variables[@]}"; do
        check "function $name knows $variable" "*\"$variable\": \"${!variable}\"*" echo "$function"
    done
done
for role in webhook orchestrate; do
    check "what $prefix-$role drops goes to a queue" "arn:*:sqs:*:${dropped_queue_url##*/}" \
        ask DestinationConfig.OnFailure.Destination lambda get-function-event-invoke-config --function-name "$prefix-$role"
done
function_url=$(output function_url)
[[ -z $function_url ]] || check "the function URL wants AWS credentials" AWS_IAM ask AuthType lambda get-function-url-config --function-name "$prefix-webhook"
check "something watches the queue" "$prefix-dropped" ask 'MetricAlarms[0].AlarmName' cloudwatch describe-alarms --alarm-names "$prefix-dropped"

for table in "$IAC_CI_ORDERS_TABLE" "$IAC_CI_ORDER_EVENTS_TABLE" "$IAC_CI_LOCKS_TABLE"; do
    described=$(see dynamodb describe-table --table-name "$table")
    check "table $table is active" '*"TableStatus": "ACTIVE"*' echo "$described"
    [[ $table != "$IAC_CI_ORDER_EVENTS_TABLE" ]] || check "events are found by name" '*"IndexName": "order_name-epoch-index"*' echo "$described"
    check "table $table forgets" $'ttl\tENABLED' \
        ask 'TimeToLiveDescription.[AttributeName,TimeToLiveStatus]' dynamodb describe-time-to-live --table-name "$table"
done

for bucket in "$IAC_CI_INTERNAL_BUCKET" "$IAC_CI_DONE_BUCKET"; do
    check "bucket $bucket forgets after a day" 1 ask 'Rules[0].Expiration.Days' s3api get-bucket-lifecycle-configuration --bucket "$bucket"
    check "bucket $bucket is encrypted" AES256 \
        ask 'ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm' s3api get-bucket-encryption --bucket "$bucket"
    check "bucket $bucket is private" $'True\tTrue\tTrue\tTrue' \
        ask 'PublicAccessBlockConfiguration.[BlockPublicAcls,IgnorePublicAcls,BlockPublicPolicy,RestrictPublicBuckets]' s3api get-public-access-block --bucket "$bucket"
    check "bucket $bucket wants TLS" '*aws:SecureTransport*' ask Policy s3api get-bucket-policy --bucket "$bucket"
done
notification=$(see s3api get-bucket-notification-configuration --bucket "$IAC_CI_INTERNAL_BUCKET")
check "results wake the orchestrator" "*:function:$prefix-orchestrate\"*" echo "$notification"
check "only results do: prefix" '*"tmp/callbacks/runs/"*' echo "$notification"
check "only results do: suffix" '*"result.json"*' echo "$notification"
check "and may" '*s3.amazonaws.com*' ask Policy lambda get-policy --function-name "$prefix-orchestrate"

machine=$(see stepfunctions describe-state-machine --state-machine-arn "$IAC_CI_WATCHDOG_SFN")
check "the watchdog's state machine is active" '*"status": "ACTIVE"*' echo "$machine"
check "and calls the watchdog" "*:function:$prefix-watchdog*" echo "$machine"
project=$(see codebuild batch-get-projects --names "$IAC_CI_CODEBUILD_PROJECT")
check "the CodeBuild project runs 'iac-ci work'" '*iac-ci work*' echo "$project"
image=$(ask Code.ImageUri lambda get-function --function-name "$prefix-work") || image="no function $prefix-work"
check "functions and builds have one image" "*\"image\": \"$image\"*" echo "$project"

summary() {
    printf '%d passed, %d failed\n' "$passed" "$failed"
    [[ $failed -eq 0 ]]
}
if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    summary
fi
