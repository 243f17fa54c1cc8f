"""Fails if an account holds anything whose name begins with a prefix, and prints what.

Usage: left.py PREFIX REGION...
"""

import sys

import boto3

prefix, regions = sys.argv[1], sys.argv[2:]


def names(region):
    """Every name of every kind of resource that a deployment makes, as (kind, name)."""
    def each(service, operation, list_name, key=None):
        client = boto3.client(service, region_name=region)
        answer = getattr(client, operation)()
        for item in answer.get(list_name, []):
            yield f"{service} {operation}", item[key] if key else item

    yield from each("lambda", "list_functions", "Functions", "FunctionName")
    yield from each("dynamodb", "list_tables", "TableNames")
    yield from each("s3", "list_buckets", "Buckets", "Name")
    yield from each("iam", "list_roles", "Roles", "RoleName")
    yield from each("sqs", "list_queues", "QueueUrls")
    yield from each("stepfunctions", "list_state_machines", "stateMachines", "name")
    yield from each("codebuild", "list_projects", "projects")
    yield from each("apigatewayv2", "get_apis", "Items", "Name")
    yield from each("logs", "describe_log_groups", "logGroups", "logGroupName")
    yield from each("ecr", "describe_repositories", "repositories", "repositoryName")
    yield from each("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName")
    yield from each("ssm", "describe_parameters", "Parameters", "Name")


left = {(kind, name) for region in regions for kind, name in names(region) if any(part.startswith(prefix) for part in name.split("/"))}
for kind, name in sorted(left):
    print(f"{kind}: {name}")
sys.exit(1 if left else 0)
