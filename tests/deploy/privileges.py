"""Least privilege, read from a plan of 02-deploy: each role may do what its code calls (calls.json), and no more.

Usage: privileges.py PLAN.json [OTHER.json]     PLAN.json: terraform show -json PLANFILE

OTHER.json is for a plan with other variables than the default ones: by role, what is called `instead` of calls on these
resources (null: nothing), and what is called `also`.

Fails on: a call that is not allowed; an allowed action on a resource that no call needs; `*` where AWS knows a narrower
resource; a role that more can take on than its service; a permission for a service without a source. Before that, it
breaks the plan in those ways itself and fails unless it notices each.
"""

import copy
import json
import pathlib
import re
import sys

# The action that an operation needs, where the two have different names.
ACTIONS = {
    "s3:HeadObject": ["s3:GetObject"],
    "s3:ListObjectsV2": ["s3:ListBucket"],
    "s3:HeadBucket": ["s3:ListBucket"],
    "lambda:Invoke": ["lambda:InvokeFunction"],
}

# Actions for which AWS knows no resource, so that only * is possible.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html, list_amazonec2.html,
# list_awssecretsmanager.html
WITHOUT_RESOURCE = {"ecr:GetAuthorizationToken", "secretsmanager:BatchGetSecretValue"} | {
    f"ec2:Describe{things}" for things in ("DhcpOptions", "NetworkInterfaces", "SecurityGroups", "Subnets", "Vpcs")
}

# What Lambda wants on all resources, to put a function into a VPC; then the same is denied to the function's own code.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
LAMBDA_IN_VPC = {
    f"ec2:{action}" for action in (
        "AssignPrivateIpAddresses", "CreateNetworkInterface", "DeleteNetworkInterface", "DescribeNetworkInterfaces", "DescribeSubnets",
        "UnassignPrivateIpAddresses")
}

# What may be done to any network interface: conditions say to which ones.
BY_CONDITION = {"ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface"}

SERVICES = {"codebuild": "codebuild.amazonaws.com", "watchdog-executions": "states.amazonaws.com"}

FUNCTIONS = {"webhook", "orchestrate", "watchdog", "work"}

# The roles that another role takes on.
TAKEN_ON_BY = {"reader": "webhook"}


class Plan:
    """What the test reads of a plan."""

    def __init__(self, document):
        self.resources = document["planned_values"]["root_module"]["resources"]
        outputs = document["planned_values"]["outputs"]
        self.environment = outputs["environment"]["value"]
        _, self.partition, _, self.region, self.account, *_ = self.environment["IAC_CI_WATCHDOG_SFN"].split(":")
        self.prefix = document["variables"]["name_prefix"]["value"]
        url = document["variables"]["ecr_repository_url"]["value"]
        self.repository = url.split("/", 1)[1]

    def of(self, kind):
        """(key, values) of each resource of a type; the key is its for_each key, or its name."""
        return [(r.get("index", r["name"].replace("_", "-")), r["values"]) for r in self.resources if r["type"] == kind]

    def statements(self):
        """By role, the statements of its policies."""
        found = {}
        for role, values in self.of("aws_iam_role_policy"):
            found.setdefault(role, []).extend(json.loads(values["policy"])["Statement"])
        return found

    def arn(self, service, rest, region=True):
        where = f"{self.region}:{self.account}" if region else ":"
        return f"arn:{self.partition}:{service}:{where}:{rest}"

    def role(self, name):
        return f"arn:{self.partition}:iam::{self.account}:role/{self.prefix}-{self.region}-{name}"

    def resource(self, name):
        """The ARN that a name of calls.json stands for."""
        kind, _, rest = name.format(prefix=self.prefix).partition(":")
        tables = {"orders": "IAC_CI_ORDERS_TABLE", "order_events": "IAC_CI_ORDER_EVENTS_TABLE", "locks": "IAC_CI_LOCKS_TABLE"}
        buckets = {"internal": "IAC_CI_INTERNAL_BUCKET", "done": "IAC_CI_DONE_BUCKET"}
        if kind == "object":
            bucket, _, key = rest.partition("/")
            return self.arn("s3", f"{self.environment.get(buckets.get(bucket), bucket)}/{key}", region=False)
        return {
            "table": lambda: self.arn("dynamodb", f"table/{self.environment[tables[rest]]}"),
            "bucket": lambda: self.arn("s3", self.environment[buckets[rest]], region=False),
            "parameter": lambda: self.arn("ssm", f"parameter{rest}"),
            "secret": lambda: self.arn("secretsmanager", f"secret:{rest}"),
            "function": lambda: self.arn("lambda", f"function:{self.prefix}-{rest}"),
            "log": lambda: self.arn("logs", f"log-group:{rest}:log-stream:x"),
            "role": lambda: self.role(rest),
            "key": lambda: self.arn("kms", f"key/{rest}"),
            "interface": lambda: self.arn("ec2", f"network-interface/{rest}"),
            "subnet": lambda: self.arn("ec2", f"subnet/{rest}"),
            "security-group": lambda: self.arn("ec2", f"security-group/{rest}"),
            "project": lambda: self.arn("codebuild", f"project/{self.environment['IAC_CI_CODEBUILD_PROJECT']}"),
            "state-machine": lambda: self.environment["IAC_CI_WATCHDOG_SFN"],
            "queue": lambda: self.arn("sqs", f"{self.prefix}-dropped"),
            "repository": lambda: self.arn("ecr", f"repository/{self.repository}"),
            "any": lambda: "*",
        }[kind]()


def listed(value):
    return value if isinstance(value, list) else [value]


def matches(pattern, text):
    """As IAM matches: * is any text, ? any one character. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html"""
    expression = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def calls_by_role(calls):
    """By role, the actions and the names of what they are on, of the code and of the platform."""
    found = {}
    for source in (calls, calls["platform"]):
        for role, entries in source.items():
            if role in ("//", "platform"):
                continue
            for operation, on, *_ in entries:
                found.setdefault(role, []).extend((action, on) for action in ACTIONS.get(operation, [operation]))
    return found


def too_wide(role, action, resource):
    """Why a resource is wider than it has to be, or None."""
    if "*" in action or "?" in action:
        return "an action must be spelled out"
    if resource == "*":
        known = action in WITHOUT_RESOURCE or (action in LAMBDA_IN_VPC and role in FUNCTIONS)
        return None if known else "AWS knows a resource for this action"
    *head, rest = resource.split(":", 5)
    if any("*" in part or "?" in part for part in head):
        return "partition, service, region and account must be spelled out"
    if head[2] == "s3":
        key = rest.partition("/")[2]
        return "a whole bucket; name a prefix" if key.startswith("*") and not key.startswith("*/") else None
    if head[2] in ("ssm", "secretsmanager"):
        name = re.sub(r"^(parameter/|secret:)", "", rest)
        return "a path prefix is wanted" if re.match(r"[^/]*[*]", name) else None
    if head[2] == "logs":
        return None if rest.endswith(":*") and rest.count("*") == 1 else "one log group is wanted"
    if head[2] == "ec2" and rest == "network-interface/*":
        return None  # it has no name before it is made
    return "one resource is wanted" if "*" in rest or "?" in rest else None


def check_network(plan, role, statements):
    """In a VPC: the code of functions gets no rights of it, and builds get them for their own subnets."""
    if role in FUNCTIONS and any(a in LAMBDA_IN_VPC for s in statements for a in listed(s["Action"]) if s["Effect"] == "Allow"):
        function = {"ArnEquals": {"lambda:SourceFunctionArn": plan.resource(f"function:{role}")}}
        if not any(set(listed(s["Action"])) == LAMBDA_IN_VPC and s["Resource"] == "*" and s.get("Condition") == function
                   for s in statements if s["Effect"] == "Deny"):
            yield f"{role}: the code of the function may use the rights that Lambda needs for the VPC"
    for statement in statements:
        for action in listed(statement["Action"]):
            if action in BY_CONDITION and role not in FUNCTIONS and not statement.get("Condition", {}).get("ArnEquals", {}).get("ec2:Subnet"):
                yield f"{role} may {action} in any subnet"


def check_rights(plan, calls):
    """Calls against rights, both ways."""
    by_role = calls_by_role(calls)
    statements = plan.statements()
    for role in sorted(by_role.keys() | statements.keys()):
        wanted = [(action, plan.resource(on), on) for action, on in by_role.get(role, [])]
        allowing = [s for s in statements.get(role, []) if s["Effect"] == "Allow"]
        rights = [(action, resource) for s in allowing for action in listed(s["Action"]) for resource in listed(s["Resource"])]
        yield from check_network(plan, role, statements.get(role, []))
        for action, resource, on in wanted:
            if not any(action == allowed and matches(pattern, resource) for allowed, pattern in rights):
                yield f"{role} calls {action} on {on}, and may not"
        for action, pattern in rights:
            if not any(action == called and matches(pattern, resource) for called, resource, _ in wanted):
                yield f"{role} may {action} on {pattern}, and no call needs it"
            if why := too_wide(role, action, pattern):
                yield f"{role} may {action} on {pattern}: {why}"


def check_trust(plan):
    """Who may take on a role, and who may invoke a function."""
    for role, values in plan.of("aws_iam_role"):
        for statement in json.loads(values["assume_role_policy"])["Statement"]:
            service = SERVICES.get(role, "lambda.amazonaws.com")
            trusted = {"AWS": plan.role(TAKEN_ON_BY[role])} if role in TAKEN_ON_BY else {"Service": service}
            if statement["Action"] != "sts:AssumeRole" or statement["Principal"] != trusted:
                yield f"role {role}: only {trusted} may take it on, not {statement['Principal']}"
            if role in TAKEN_ON_BY:
                continue
            account = statement.get("Condition", {}).get("StringEquals", {}).get("aws:SourceAccount")
            if service != "lambda.amazonaws.com" and account != plan.account:
                yield f"role {role}: {service} must be bound to this account (aws:SourceAccount)"
    known = {address: values for address, values in plan.of("aws_lambda_permission")}
    for name, values in known.items():
        if values["principal"] == "*":
            yield f"permission {name}: anybody may invoke"
        if values["principal"] == "s3.amazonaws.com" and not (values.get("source_arn") and values.get("source_account") == plan.account):
            yield f"permission {name}: a bucket of another account may invoke"


def check_open_doors(plan):
    """Policies on resources may deny everybody, and allow nobody."""
    for kind in ("aws_s3_bucket_policy", "aws_sqs_queue_policy"):
        for name, values in plan.of(kind):
            for statement in json.loads(values.get("policy") or '{"Statement": []}')["Statement"]:
                if statement["Effect"] != "Deny":
                    yield f"{kind} {name}: allows {statement['Principal']}"
    for name, values in plan.of("aws_lambda_function_url"):
        if values["authorization_type"] != "AWS_IAM":
            yield f"function URL {name}: open to everybody"


def faults(document, calls):
    """Everything that is wrong, in sentences."""
    plan = Plan(document)
    return [*check_rights(plan, calls), *check_trust(plan), *check_open_doors(plan)]


def spoiled(document):
    """Copies of a plan with one thing wrong in each, and what has to be noticed."""
    def with_policy(role, change):
        broken = copy.deepcopy(document)
        for resource in broken["planned_values"]["root_module"]["resources"]:
            if resource["type"] == "aws_iam_role_policy" and resource.get("index", resource["name"]) == role:
                policy = json.loads(resource["values"]["policy"])
                change(policy["Statement"])
                resource["values"]["policy"] = json.dumps(policy)
        return broken

    def with_values(kind, **values):
        broken = copy.deepcopy(document)
        for resource in broken["planned_values"]["root_module"]["resources"]:
            if resource["type"] == kind:
                resource["values"].update(values)
        return broken

    def add(action, resource):
        return lambda statements: statements.append({"Effect": "Allow", "Action": action, "Resource": resource})

    def widen(sid, resource):
        return lambda statements: [s.update(Resource=resource) for s in statements if s["Sid"] == sid]

    orders = Plan(document).resource("table:orders")
    bucket = Plan(document).resource("bucket:internal")
    yield with_policy("work", add("s3:*", f"{bucket}/tmp/exec/*")), "an action must be spelled out"
    yield with_policy("work", add("dynamodb:PutItem", orders)), "no call needs it"
    yield with_policy("webhook", widen("Orders", "*")), "AWS knows a resource"
    yield with_policy("orchestrate", widen("Orders", orders.replace("orders", "*"))), "one resource is wanted"
    yield with_policy("watchdog", widen("Read", f"{bucket}/*")), "a whole bucket"
    yield with_policy("webhook", lambda s: s.pop(0)), "and may not"
    yield with_policy("reader", widen("Parameters", orders.split(":dynamodb")[0] + ":ssm:*:*:parameter/*")), "must be spelled out"
    yield with_policy("webhook", add("ssm:GetParameter", Plan(document).resource("parameter:/{prefix}/jobs/x"))), "no call needs it"
    if Plan(document).of("aws_lambda_function_url"):
        yield with_values("aws_lambda_function_url", authorization_type="NONE"), "open to everybody"
    if any(s["Sid"] == "NetworkInterfaces" for s in Plan(document).statements()["work"]):
        yield with_policy("work", lambda statements: statements.pop()), "the code of the function may use"
        yield with_policy("codebuild", lambda statements: [s.pop("Condition", None) for s in statements]), "in any subnet"
        yield with_policy("codebuild", widen("MakeNetworkInterfaces", "*")), "AWS knows a resource"
    yield with_values("aws_lambda_permission", source_account=None), "another account"
    trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}]}
    yield with_values("aws_iam_role", assume_role_policy=json.dumps(trust)), "may take it on"


def adapt(calls, other):
    """Changes the calls as OTHER.json says."""
    for role, change in other.items():
        moved = [[operation, change["instead"].get(on, on)] for operation, on, *_ in calls[role]]
        calls[role] = [entry for entry in moved if entry[1] is not None] + change["also"]


def main():
    document = json.loads(pathlib.Path(sys.argv[1]).read_text())
    calls = json.loads(pathlib.Path(__file__).with_name("calls.json").read_text())
    for other in sys.argv[2:]:
        adapt(calls, json.loads(pathlib.Path(other).read_text()))
    found = faults(document, calls)
    for broken, expected in spoiled(document):
        if not any(expected in fault for fault in faults(broken, calls)):
            found.append(f"the test is blind: it did not notice '{expected}'")
    print("\n".join(found) or "every right is needed, and every need has its right")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
