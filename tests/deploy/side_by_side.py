"""Whether two deployments can stand side by side, read from a plan of 02-deploy: every name in it begins with the prefix,
and what has one name for the whole account, or the whole world, carries the region too.

Usage: side_by_side.py PLAN.json     terraform show -json PLANFILE

Before that, it takes the prefix or the region out of a name itself and fails unless it notices.
"""

import copy
import json
import pathlib
import sys

# What a resource is called by. What is missing here belongs to another resource and has no name of its own.
NAMES = {
    "aws_apigatewayv2_api": "name", "aws_cloudwatch_log_group": "name", "aws_cloudwatch_metric_alarm": "alarm_name", "aws_codebuild_project": "name",
    "aws_dynamodb_table": "name", "aws_iam_role": "name", "aws_lambda_function": "function_name", "aws_s3_bucket": "bucket",
    "aws_sfn_state_machine": "name", "aws_sqs_queue": "name",
}
BEYOND_A_REGION = {"aws_iam_role", "aws_s3_bucket"}
BELONG_TO_ANOTHER = {
    "aws_apigatewayv2_integration", "aws_apigatewayv2_route", "aws_apigatewayv2_stage", "aws_iam_role_policy", "aws_lambda_function_event_invoke_config",
    "aws_lambda_function_recursion_config", "aws_lambda_function_url", "aws_lambda_permission", "aws_s3_bucket_lifecycle_configuration",
    "aws_s3_bucket_notification",
    "aws_s3_bucket_ownership_controls", "aws_s3_bucket_policy", "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration", "aws_sqs_queue_policy",
}


def faults(document):
    prefix, region = (document["variables"][name]["value"] for name in ("name_prefix", "aws_region"))
    for resource in document["planned_values"]["root_module"]["resources"]:
        kind = resource["type"]
        if resource["mode"] != "managed" or kind in BELONG_TO_ANOTHER:
            continue
        if kind not in NAMES:
            yield f"{resource['address']}: is it called something? Nobody said (NAMES, BELONG_TO_ANOTHER)"
            continue
        name = resource["values"][NAMES[kind]]
        if not name.rsplit("/", 1)[-1].startswith(f"{prefix}-"):
            yield f"{resource['address']}: '{name}' does not begin with the prefix"
        if kind in BEYOND_A_REGION and region not in name:
            yield f"{resource['address']}: '{name}' does not name the region"


def spoiled(document):
    """Plans with one name wrong in each, and what has to be noticed."""
    for kind, attribute in NAMES.items():
        for part, wanted in (("name_prefix", "begin with the prefix"), ("aws_region", "name the region")):
            if part == "aws_region" and kind not in BEYOND_A_REGION:
                continue
            broken = copy.deepcopy(document)
            values = next(r for r in broken["planned_values"]["root_module"]["resources"] if r["type"] == kind)["values"]
            values[attribute] = values[attribute].replace(document["variables"][part]["value"], "same")
            yield broken, kind, wanted


plan = json.loads(pathlib.Path(sys.argv[1]).read_text())
found = list(faults(plan))
found += [f"the test is blind: it did not notice a {kind} that does not {wanted}" for broken, kind, wanted in spoiled(plan)
          if not any(wanted in fault for fault in faults(broken))]
print("\n".join(found) or "two deployments can stand side by side")
sys.exit(1 if found else 0)
