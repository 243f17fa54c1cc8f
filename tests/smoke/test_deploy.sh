#!/usr/bin/env bash
# Checks a deployment from outside: everything there and wired, unsigned requests refused, and a job of two orders, one
# on Lambda and one on CodeBuild, really run to its end. It cleans up after itself.
#
# It reads where things are from `terraform output` in terraform/02-deploy (or DEPLOYMENT=DIR), and needs the AWS CLI,
# curl, python3 and terraform, and credentials that may read the deployment and the webhook secret, and write to the
# internal bucket's tmp/source/ and to the first SSM prefix that jobs may name. SMOKE_SECRET is the secret that the job
# is given (default: a random one), for who wants to look for it afterwards.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=wiring.sh
source "$(dirname "${BASH_SOURCE[0]}")/wiring.sh"

job_seconds=${SMOKE_JOB_SECONDS:-900} # a build waits for a machine and pulls the image before it runs
poll_seconds=${SMOKE_POLL_SECONDS:-3}
webhook_url=$(output webhook_url)
random_hex() { od -An -N4 -tx4 /dev/urandom | tr -d ' '; }

# --- the door -----------------------------------------------------------------------------------------------------

work=$(mktemp -d)
run_id="smoke-$(date -u +%Y%m%d%H%M%S)-$(random_hex)"
source_key="tmp/source/$run_id.zip"
trace_id=$(random_hex)
smoke_secret=${SMOKE_SECRET:-$(random_hex)$(random_hex)$(random_hex)}
secret_prefix=$(output job_ssm_prefixes | head -n 1)
secret_path=${secret_prefix:+$secret_prefix$run_id/smoke-secret} # nothing where jobs may name no parameters

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
    for key in "$source_key" "tmp/keys/$run_id" "tmp/exec/$run_id/" "tmp/claims/$run_id/" "tmp/callbacks/runs/$run_id/"; do
        aws s3 rm --only-show-errors --recursive "s3://$IAC_CI_INTERNAL_BUCKET/$key"
        aws s3 rm --only-show-errors "s3://$IAC_CI_INTERNAL_BUCKET/${key%/}"
    done
    aws s3 rm --only-show-errors "s3://$IAC_CI_DONE_BUCKET/$run_id/done"
    [[ -z $secret_path ]] || aws ssm delete-parameter --name "$secret_path"
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
aws s3 cp --only-show-errors "$work/code.zip" "s3://$IAC_CI_INTERNAL_BUCKET/$source_key"

see_secret=true
if [[ -n $secret_path ]]; then
    printf '{"Name":"%s","Type":"SecureString","Value":"%s"}' "$secret_path" "$smoke_secret" >"$work/parameter.json"
    aws ssm put-parameter --cli-input-json "file://$work/parameter.json" >/dev/null
    see_secret="test \${#SMOKE_SECRET} -eq ${#smoke_secret} && echo the secret is: \$SMOKE_SECRET"
fi

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
      "ssm_paths": [${secret_path:+\"$secret_path\"}],
      "cmds": ["grep hello hello.txt", "test \"\$ORDER_NUM\" = 0002", "touch \"\$HOME/made\" \"\$TMPDIR/made\"", "$see_secret"]
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
[[ -z $function_url ]] || check "the function URL refuses strangers" 403 curl --silent --output /dev/null --write-out '%{http_code}' --data '{}' "$function_url"
check "a signed request is accepted" 200 post "$(sign)"
check "and answered" "*\"run_id\"*\"$run_id\"*" cat "$work/answer.json"

# --- the job ------------------------------------------------------------------------------------------------------

wait_for_done() {
    local end=$((SECONDS + job_seconds))
    until aws s3 cp --only-show-errors "s3://$IAC_CI_DONE_BUCKET/$run_id/done" "$work/done.json" 2>/dev/null; do
        [[ $SECONDS -lt $end ]] || { echo "not done after $job_seconds s" && return 1; }
        sleep "$poll_seconds"
    done
    tr -d ' \n' <"$work/done.json"
}
keys_of_run() { ask 'Contents[].Key' s3api list-objects-v2 --bucket "$IAC_CI_INTERNAL_BUCKET" --prefix "tmp/keys/$run_id"; }
order() { ask "Item.$2.S" dynamodb get-item --consistent-read --table-name "$IAC_CI_ORDERS_TABLE" --key "{\"pk\":{\"S\":\"$run_id:$1\"}}"; }

check "the job ends, both orders succeeded" '*"status":"succeeded"*"succeeded":2*' wait_for_done
check "the first order ran on Lambda" $'succeeded lambda' echo "$(order 0001 status) $(order 0001 execution_target)"
check "the second order ran on CodeBuild" $'succeeded codebuild' echo "$(order 0002 status) $(order 0002 execution_target)"
if [[ -n $secret_path ]]; then
    check "its log is kept, with the secret masked" '*hello from the smoke test*the secret is: \*\*\*' order 0002 log_tail
fi
check "its events are kept" '[1-9]*' ask Count dynamodb query --select COUNT --table-name "$IAC_CI_ORDER_EVENTS_TABLE" \
    --key-condition-expression 'trace_id = :t' --expression-attribute-values "{\":t\":{\"S\":\"$trace_id\"}}"
check "its key is gone" None keys_of_run
# Version 1 of the AWS CLI has an endpoint of its own for SQS, whatever the environment says.
check "nothing was dropped" 0 ask Attributes.ApproximateNumberOfMessages sqs get-queue-attributes \
    ${AWS_ENDPOINT_URL:+--endpoint-url "$AWS_ENDPOINT_URL"} --queue-url "$dropped_queue_url" --attribute-names ApproximateNumberOfMessages

if [[ $failed -gt 0 ]]; then
    for number in 0000 0001 0002; do
        printf 'order %s: %s %s\n' "$number" "$(order "$number" status 2>&1)" "$(order "$number" failure_reason 2>&1)"
    done
    "$root/tests/smoke/last_errors.sh" "$prefix" $((SECONDS / 60 + 2))
fi
summary
