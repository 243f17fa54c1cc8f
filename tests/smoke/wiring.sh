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

output() { terraform -chdir="$deployment" output -no-color -raw "$1"; }
environment=$(output shell_environment) || { echo "error: no outputs in $deployment; is it deployed?" >&2 && exit 2; }
eval "$environment"
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

declare -A timeouts=([webhook]=300 [orchestrate]=900 [watchdog]=60 [work]=900)
for role in webhook orchestrate watchdog work; do
    name=$prefix-$role
    # One answer, and several looks at it: a call of the AWS CLI takes a second.
    function=$(aws lambda get-function-configuration --function-name "$name" --output json 2>&1) || true
    check "function $name is active" '*"State": "Active"*' echo "$function"
    check "function $name runs 'iac-ci $role'" "*\"Command\": ? \"$role\" ?*" tr -s '\n ' ' ' <<<"$function"
    check "function $name has its timeout" "*\"Timeout\": ${timeouts[$role]},*" echo "$function"
    check "logs of $name end some day" '[0-9]*' ask "logGroups[?logGroupName=='/aws/lambda/$name'].retentionInDays | [0]" \
        logs describe-log-groups --log-group-name-prefix "/aws/lambda/$name"
    [[ $role != work ]] || continue # which needs none of them
    for variable in $(compgen -v IAC_CI_); do
        check "function $name knows $variable" "*\"$variable\": \"${!variable}\"*" echo "$function"
    done
done
for role in webhook orchestrate work; do
    check "what $prefix-$role drops goes to a queue" "arn:*:sqs:*:${dropped_queue_url##*/}" \
        ask DestinationConfig.OnFailure.Destination lambda get-function-event-invoke-config --function-name "$prefix-$role"
done
check "the function URL wants AWS credentials" AWS_IAM ask AuthType lambda get-function-url-config --function-name "$prefix-webhook"
check "something watches the queue" "$prefix-dropped" ask 'MetricAlarms[0].AlarmName' cloudwatch describe-alarms --alarm-names "$prefix-dropped"

for table in "$IAC_CI_ORDERS_TABLE" "$IAC_CI_ORDER_EVENTS_TABLE" "$IAC_CI_LOCKS_TABLE"; do
    check "table $table is active" ACTIVE ask Table.TableStatus dynamodb describe-table --table-name "$table"
    check "table $table forgets" $'ttl\tENABLED' \
        ask 'TimeToLiveDescription.[AttributeName,TimeToLiveStatus]' dynamodb describe-time-to-live --table-name "$table"
done
check "events are found by name" order_name-epoch-index ask 'Table.GlobalSecondaryIndexes[0].IndexName' dynamodb describe-table --table-name "$IAC_CI_ORDER_EVENTS_TABLE"

for bucket in "$IAC_CI_INTERNAL_BUCKET" "$IAC_CI_DONE_BUCKET"; do
    check "bucket $bucket forgets after a day" 1 ask 'Rules[0].Expiration.Days' s3api get-bucket-lifecycle-configuration --bucket "$bucket"
    check "bucket $bucket is encrypted" AES256 \
        ask 'ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm' s3api get-bucket-encryption --bucket "$bucket"
    check "bucket $bucket is private" $'True\tTrue\tTrue\tTrue' \
        ask 'PublicAccessBlockConfiguration.[BlockPublicAcls,IgnorePublicAcls,BlockPublicPolicy,RestrictPublicBuckets]' s3api get-public-access-block --bucket "$bucket"
    check "bucket $bucket wants TLS" '*aws:SecureTransport*' ask Policy s3api get-bucket-policy --bucket "$bucket"
done
notification() { ask "LambdaFunctionConfigurations[0].$1" s3api get-bucket-notification-configuration --bucket "$IAC_CI_INTERNAL_BUCKET"; }
check "results wake the orchestrator" "arn:*:function:$prefix-orchestrate" notification LambdaFunctionArn
check "only results do: prefix" tmp/callbacks/runs/ notification "Filter.Key.FilterRules[?Name=='prefix' || Name=='Prefix'].Value | [0]"
check "only results do: suffix" result.json notification "Filter.Key.FilterRules[?Name=='suffix' || Name=='Suffix'].Value | [0]"
check "and may" '*s3.amazonaws.com*' ask Policy lambda get-policy --function-name "$prefix-orchestrate"

check "the watchdog's state machine is active" ACTIVE ask status stepfunctions describe-state-machine --state-machine-arn "$IAC_CI_WATCHDOG_SFN"
check "and calls the watchdog" "*:function:$prefix-watchdog\"*" ask definition stepfunctions describe-state-machine --state-machine-arn "$IAC_CI_WATCHDOG_SFN"
check "the CodeBuild project runs 'iac-ci work'" '*iac-ci work*' \
    ask 'projects[0].source.buildspec' codebuild batch-get-projects --names "$IAC_CI_CODEBUILD_PROJECT"
image=$(ask Code.ImageUri lambda get-function --function-name "$prefix-work")
check "functions and builds have one image" "$image" ask 'projects[0].environment.image' codebuild batch-get-projects --names "$IAC_CI_CODEBUILD_PROJECT"

summary() {
    printf '%d passed, %d failed\n' "$passed" "$failed"
    [[ $failed -eq 0 ]]
}
if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    summary
fi
