#!/usr/bin/env bash
# Checks a deployment from outside: everything there and wired, unsigned requests refused, and a job of two orders, one
# on Lambda and one on CodeBuild, really run to its end. It cleans up after itself.
#
# It reads where things are from `terraform output` in terraform/02-deploy (or DEPLOYMENT=DIR), and needs the AWS CLI,
# curl, python3 and terraform, and credentials that may read the deployment, the webhook secret, and write to the internal bucket's
# tmp/source/.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
deployment=${DEPLOYMENT:-$root/terraform/02-deploy}
job_seconds=${SMOKE_JOB_SECONDS:-900} # a build waits for a machine and pulls the image before it runs
poll_seconds=${SMOKE_POLL_SECONDS:-3}
export AWS_PAGER=

for tool in aws curl python3 terraform; do
    command -v "$tool" >/dev/null || { echo "error: $tool is needed" >&2 && exit 2; }
done

output() { terraform -chdir="$deployment" output -no-color -raw "$1"; }
environment=$(output shell_environment) || { echo "error: no outputs in $deployment; is it deployed?" >&2 && exit 2; }
eval "$environment"
webhook_url=$(output webhook_url)
function_url=$(output function_url)
dropped_queue_url=$(output dropped_queue_url)
prefix=${IAC_CI_WORKER_LAMBDA%-work}

random_hex() { od -An -N4 -tx4 /dev/urandom | tr -d ' '; }
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

# --- what stands there --------------------------------------------------------------------------------------------

declare -A timeouts=([webhook]=300 [orchestrate]=900 [watchdog]=60 [work]=900)
for role in webhook orchestrate watchdog work; do
    name=$prefix-$role
    check "function $name is active" Active ask State lambda get-function-configuration --function-name "$name"
    check "function $name runs 'iac-ci $role'" "$role" ask 'ImageConfigResponse.ImageConfig.Command[0]' lambda get-function-configuration --function-name "$name"
    check "function $name has its timeout" "${timeouts[$role]}" ask Timeout lambda get-function-configuration --function-name "$name"
    check "logs of $name end some day" '[0-9]*' ask "logGroups[?logGroupName=='/aws/lambda/$name'].retentionInDays | [0]" \
        logs describe-log-groups --log-group-name-prefix "/aws/lambda/$name"
done
for role in webhook orchestrate watchdog; do
    for variable in $(compgen -v IAC_CI_); do
        check "function $prefix-$role knows $variable" "${!variable}" \
            ask "Environment.Variables.$variable" lambda get-function-configuration --function-name "$prefix-$role"
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

# --- the door -----------------------------------------------------------------------------------------------------

work=$(mktemp -d)
run_id="smoke-$(date -u +%Y%m%d%H%M%S)-$(random_hex)"
source_key="tmp/source/$run_id.zip"
trace_id=$(random_hex)

each_order() { # COMMAND...: with the numbers of the job and its orders
    local number
    for number in 0000 0001 0002; do "$@" "$number"; done
}
stop_watchdog() {
    aws stepfunctions stop-execution --execution-arn "${IAC_CI_WATCHDOG_SFN/:stateMachine:/:execution:}:$run_id-$1" >/dev/null 2>&1 || true
}
forget_order() {
    aws dynamodb delete-item --table-name "$IAC_CI_ORDERS_TABLE" --key "{\"pk\":{\"S\":\"$run_id:$1\"}}"
}
forget_events() {
    local name
    for name in $(ask 'Items[].sk.S' dynamodb query --table-name "$IAC_CI_ORDER_EVENTS_TABLE" \
        --key-condition-expression 'trace_id = :t' --expression-attribute-values "{\":t\":{\"S\":\"$trace_id\"}}"); do
        aws dynamodb delete-item --table-name "$IAC_CI_ORDER_EVENTS_TABLE" --key "{\"trace_id\":{\"S\":\"$trace_id\"},\"sk\":{\"S\":\"$name\"}}"
    done
}
clean_up() {
    set +e
    each_order stop_watchdog
    for key in "$source_key" "tmp/exec/$run_id/" "tmp/claims/$run_id/" "tmp/callbacks/runs/$run_id/"; do
        aws s3 rm --quiet --recursive "s3://$IAC_CI_INTERNAL_BUCKET/$key"
        aws s3 rm --quiet "s3://$IAC_CI_INTERNAL_BUCKET/${key%/}"
    done
    aws s3 rm --quiet "s3://$IAC_CI_DONE_BUCKET/$run_id/done"
    aws ssm delete-parameter --name "/iac-ci/sops-keys/$run_id" 2>/dev/null
    each_order forget_order
    aws dynamodb delete-item --table-name "$IAC_CI_LOCKS_TABLE" --key "{\"pk\":{\"S\":\"lock:$run_id\"}}"
    forget_events
    rm -rf "$work"
}
trap clean_up EXIT

# A zip of one file, hello.txt, that says: hello from the smoke test
base64 -d >"$work/code.zip" <<'ZIP'
UEsDBBQAAAAAAAAAIVpVzkgfGgAAABoAAAAJAAAAaGVsbG8udHh0aGVsbG8gZnJvbSB0aGUgc21v
a2UgdGVzdApQSwECFAMUAAAAAAAAACFaVc5IHxoAAAAaAAAACQAAAAAAAAAAAAAApAEAAAAAaGVs
bG8udHh0UEsFBgAAAAABAAEANwAAAEEAAAAAAA==
ZIP
aws s3 cp --quiet "$work/code.zip" "s3://$IAC_CI_INTERNAL_BUCKET/$source_key"

cat >"$work/job.json" <<JOB
{
  "username": "smoke",
  "job_timeout": $((job_seconds < 300 ? 300 : job_seconds)),
  "orders": [
    {
      "order_name": "on-lambda", "execution_target": "lambda", "timeout": 60,
      "s3_location": "s3://$IAC_CI_INTERNAL_BUCKET/$source_key",
      "cmds": ["grep hello hello.txt", "test \"\$SMOKE\" = yes"], "env_vars": {"SMOKE": "yes"}
    },
    {
      "order_name": "on-codebuild", "execution_target": "codebuild", "timeout": 60, "dependencies": ["on-lambda"],
      "s3_location": "s3://$IAC_CI_INTERNAL_BUCKET/$source_key",
      "cmds": ["grep hello hello.txt", "test \"\$ORDER_NUM\" = 0002"]
    }
  ]
}
JOB
printf '{"job_parameters_b64":"%s","run_id":"%s","trace_id":"%s"}' "$(base64 -w0 <"$work/job.json")" "$run_id" "$trace_id" >"$work/request.json"

post() { # SIGNATURE: posts the request; prints the status, keeps the answer
    curl --silent --show-error --max-time 60 --output "$work/answer.json" --write-out '%{http_code}' \
        --header 'Content-Type: application/json' ${1:+--header "X-Hub-Signature-256: sha256=$1"} \
        --data-binary "@$work/request.json" "$webhook_url"
}
secret() {
    case $IAC_CI_WEBHOOK_SECRET_LOCATION in
        aws:::ssm:*) ask Parameter.Value ssm get-parameter --with-decryption --name "${IAC_CI_WEBHOOK_SECRET_LOCATION#aws:::ssm:}" ;;
        aws:::secretd:*) ask SecretString secretsmanager get-secret-value --secret-id "${IAC_CI_WEBHOOK_SECRET_LOCATION#aws:::secretd:}" ;;
    esac
}
# The key goes through the environment: among the arguments every process could read it.
sign() {
    SMOKE_KEY=$(secret) python3 -c '
import hashlib, hmac, os, sys
print(hmac.new(os.environb[b"SMOKE_KEY"], sys.stdin.buffer.read(), hashlib.sha256).hexdigest())' <"$work/request.json"
}

check "an unsigned request is refused" 401 post ""
check "a wrongly signed request is refused" 401 post "$(printf '0%.0s' {1..64})"
check "there is no other way in: GET" '40[45]' curl --silent --output /dev/null --write-out '%{http_code}' "$webhook_url"
check "the function URL refuses strangers" 403 curl --silent --output /dev/null --write-out '%{http_code}' --data '{}' "$function_url"
check "a signed request is accepted" 200 post "$(sign)"
check "and answered" "*\"run_id\"*\"$run_id\"*" cat "$work/answer.json"

# --- the job ------------------------------------------------------------------------------------------------------

wait_for_done() {
    local end=$((SECONDS + job_seconds))
    until aws s3 cp --quiet "s3://$IAC_CI_DONE_BUCKET/$run_id/done" "$work/done.json" 2>/dev/null; do
        [[ $SECONDS -lt $end ]] || { echo "not done after $job_seconds s" && return 1; }
        sleep "$poll_seconds"
    done
    tr -d ' \n' <"$work/done.json"
}
order() { ask "Item.$2.S" dynamodb get-item --consistent-read --table-name "$IAC_CI_ORDERS_TABLE" --key "{\"pk\":{\"S\":\"$run_id:$1\"}}"; }

check "the job ends, both orders succeeded" '*"status":"succeeded"*"succeeded":2*' wait_for_done
check "the first order ran on Lambda" $'succeeded lambda' echo "$(order 0001 status) $(order 0001 execution_target)"
check "the second order ran on CodeBuild" $'succeeded codebuild' echo "$(order 0002 status) $(order 0002 execution_target)"
check "its events are kept" '[1-9]*' ask Count dynamodb query --select COUNT --table-name "$IAC_CI_ORDER_EVENTS_TABLE" \
    --key-condition-expression 'trace_id = :t' --expression-attribute-values "{\":t\":{\"S\":\"$trace_id\"}}"
check "its key is gone" '*ParameterNotFound*' aws ssm get-parameter --name "/iac-ci/sops-keys/$run_id"
check "nothing was dropped" 0 ask Attributes.ApproximateNumberOfMessages sqs get-queue-attributes \
    --queue-url "$dropped_queue_url" --attribute-names ApproximateNumberOfMessages

if [[ $failed -gt 0 ]]; then
    for number in 0000 0001 0002; do
        printf 'order %s: %s %s\n' "$number" "$(order "$number" status 2>&1)" "$(order "$number" failure_reason 2>&1)"
    done
fi
printf '%d passed, %d failed\n' "$passed" "$failed"
[[ $failed -eq 0 ]]
