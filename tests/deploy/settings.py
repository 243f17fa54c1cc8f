"""What AWS would take, and what would then go wrong in operation, read from a plan of 02-deploy: dead letters of work, Lambda's
loop detection, functions and builds beside their VPC, functions and builds for two architectures.

Usage: settings.py PLAN.json     terraform show -json PLANFILE

Before that, it breaks the plan in those ways itself and fails unless it notices each.
"""

import copy
import json
import pathlib
import sys

CLAIM_AND_GRACE_SECONDS = 900 + 60  # OrderLimits: what an order on Lambda may take to its claim, and the watchdog's grace
BUILD_TYPES = {"x86_64": "LINUX_CONTAINER", "arm64": "ARM_CONTAINER"}


def of(document, kind):
    """By key, the values of each resource of a type."""
    resources = document["planned_values"]["root_module"]["resources"]
    return {r.get("index", r["name"]): r["values"] for r in resources if r["type"] == kind}


def faults(document):
    variables = {name: about["value"] for name, about in document["variables"].items() if "value" in about}
    events, functions = of(document, "aws_lambda_function_event_invoke_config"), of(document, "aws_lambda_function")
    builds = of(document, "aws_codebuild_project")["work"]
    if events["work"]["maximum_event_age_in_seconds"] != CLAIM_AND_GRACE_SECONDS:
        yield "an order's invocation must wait as long as its claim is waited for"
    if events["work"]["destination_config"]:
        yield "orders that wait for too long must page nobody"
    for role in ("orchestrate", "webhook"):
        if not events[role]["destination_config"]:
            yield f"what {role} drops must be kept"
    if [c["recursive_loop"] for c in of(document, "aws_lambda_function_recursion_config").values()] != ["Allow"]:
        yield "results that wake orchestrate must not count as a loop"
    for role, values in functions.items():
        if values["architectures"] != [variables["architecture"]]:
            yield f"the function {role} must have the architecture of the image"
        if [set(config["subnet_ids"]) for config in values["vpc_config"]] != [set(s) for s in [variables["vpc_subnet_ids"]] if s]:
            yield f"the function {role} must be in the VPC that is wanted"
    if builds["environment"][0]["type"] != BUILD_TYPES[variables["architecture"]]:
        yield "builds must have the architecture of the image"
    if [(c["vpc_id"], set(c["subnets"])) for c in builds["vpc_config"]] != [(variables["vpc_id"], set(s)) for s in [variables["vpc_subnet_ids"]] if s]:
        yield "builds must be in the VPC that is wanted"
    if functions["work"]["reserved_concurrent_executions"] != (variables.get("work_reserved_concurrency") or -1):
        yield "work must have its reservation"


def spoiled(document):
    """Plans with one setting wrong in each, and what has to be noticed."""
    def change(kind, key, **values):
        broken = copy.deepcopy(document)
        of(broken, kind)[key].update(values)
        return broken

    yield change("aws_lambda_function_event_invoke_config", "work", maximum_event_age_in_seconds=60), "as long as its claim"
    yield change("aws_lambda_function_event_invoke_config", "work", destination_config=[{}]), "page nobody"
    yield change("aws_lambda_function_event_invoke_config", "webhook", destination_config=[]), "must be kept"
    yield change("aws_lambda_function_recursion_config", "orchestrate", recursive_loop="Terminate"), "count as a loop"
    yield change("aws_lambda_function", "watchdog", architectures=["m68k"]), "function watchdog must have the architecture"
    yield change("aws_lambda_function", "work", vpc_config=[{"subnet_ids": ["subnet-0"]}]), "function work must be in the VPC"
    yield change("aws_lambda_function", "work", reserved_concurrent_executions=1), "must have its reservation"
    yield change("aws_codebuild_project", "work", environment=[{"type": "WINDOWS_CONTAINER"}]), "builds must have the architecture"
    yield change("aws_codebuild_project", "work", vpc_config=[{"vpc_id": "vpc-0", "subnets": []}]), "builds must be in the VPC"


plan = json.loads(pathlib.Path(sys.argv[1]).read_text())
found = list(faults(plan))
found += [f"the test is blind: it did not notice '{wanted}'" for broken, wanted in spoiled(plan) if not any(wanted in fault for fault in faults(broken))]
print("\n".join(found) or "what AWS takes will work in operation")
sys.exit(1 if found else 0)
