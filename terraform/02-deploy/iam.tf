# A role per function, and what it may do spelled out: actions, tables, key prefixes. tests/deploy/privileges.py reads
# the plan and fails on a right that no call needs, and on a call without its right (tests/deploy/calls.json).

locals {
  vcs_ssm     = [for p in local.vcs_ssm_prefixes : "${local.arn.ssm}${p}*"]
  vcs_secrets = [for p in local.vcs_secret_prefixes : "${local.arn.secret}:${p}*"]
  job_ssm     = [for p in local.job_ssm_prefixes : "${local.arn.ssm}${p}*"]
  job_secrets = [for p in local.job_secret_prefixes : "${local.arn.secret}:${p}*"]

  webhook_secret_name    = regex("^aws:::(?:ssm|secretd):(.+)$", local.webhook_secret_location)[0]
  webhook_secret_in_ssm  = startswith(local.webhook_secret_location, "aws:::ssm:")
  webhook_secret_ssm     = local.webhook_secret_in_ssm ? ["${local.arn.ssm}${local.webhook_secret_name}"] : []
  webhook_secret_secrets = local.webhook_secret_in_ssm ? [] : ["${local.arn.secret}:${local.webhook_secret_name}-??????"] # AWS appends six characters

  code_objects = concat(
    ["${local.arn.internal}/tmp/source/*"],
    [for place in var.code_locations : "arn:${local.partition}:s3:::${place}${endswith(place, "/") ? "*" : "/*"}"],
  )

  # By role: what the code calls. S3 answers 404 for a missing key only to who may list the bucket (403 otherwise), and
  # webhook, orchestrate and watchdog have to tell "not there yet" from "forbidden"; hence s3:ListBucket.
  rights = {
    webhook = concat([
      { sid = "Orders", actions = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"], resources = [local.arn.orders] },
      { sid = "Events", actions = ["dynamodb:PutItem"], resources = [local.arn.events] },
      { sid = "Locks", actions = ["dynamodb:GetItem", "dynamodb:PutItem"], resources = [local.arn.locks] },
      { sid = "Bundles", actions = ["s3:GetObject", "s3:PutObject"], resources = ["${local.arn.internal}/tmp/exec/*", "${local.arn.internal}/tmp/intake/*"] },
      { sid = "Trigger", actions = ["s3:PutObject"], resources = ["${local.arn.internal}/tmp/callbacks/runs/*/0000/result.json"] },
      { sid = "MissingKeys", actions = ["s3:ListBucket"], resources = [local.arn.internal] },
      { sid = "Done", actions = ["s3:PutObject"], resources = ["${local.arn.done}/*/done"] },
      { sid = "RunKeys", actions = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], resources = [local.arn.run_keys] },
      { sid = "Parameters", actions = ["ssm:GetParameter"], resources = local.webhook_secret_ssm },
      { sid = "Secrets", actions = ["secretsmanager:GetSecretValue"], resources = local.webhook_secret_secrets },
      { sid = "ReadForJobs", actions = ["sts:AssumeRole"], resources = [local.arn.reader] },
      { sid = "JobWatchdog", actions = ["states:StartExecution"], resources = [local.arn.state_machine] },
    ], local.right_to_decrypt)

    orchestrate = concat([
      { sid = "Orders", actions = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:UpdateItem"], resources = [local.arn.orders] },
      { sid = "Events", actions = ["dynamodb:PutItem"], resources = [local.arn.events] },
      { sid = "Locks", actions = ["dynamodb:GetItem", "dynamodb:UpdateItem"], resources = [local.arn.locks] },
      # What a worker may do is signed with this role or the watchdog's, so it may do no more than they: read its bundle, its code, its key file
      # and a request to stop, and create its claim and its result.
      { sid = "Read", actions = ["s3:GetObject"], resources = ["${local.arn.internal}/tmp/exec/*", "${local.arn.internal}/tmp/callbacks/runs/*", "${local.arn.internal}/tmp/claims/*", "${local.arn.internal}/tmp/stop/*"] },
      { sid = "Dispatch", actions = ["s3:PutObject"], resources = ["${local.arn.internal}/tmp/exec/*/key.json", "${local.arn.internal}/tmp/exec/*/dispatch.enc.json", "${local.arn.internal}/tmp/exec/*/report.json"] },
      { sid = "ClaimsAndResults", actions = ["s3:PutObject"], resources = ["${local.arn.internal}/tmp/claims/*", "${local.arn.internal}/tmp/callbacks/runs/*"] },
      { sid = "MissingKeys", actions = ["s3:ListBucket"], resources = [local.arn.internal] },
      { sid = "Done", actions = ["s3:PutObject"], resources = ["${local.arn.done}/*/done"] },
      { sid = "RunKeys", actions = ["s3:DeleteObject", "s3:GetObject"], resources = [local.arn.run_keys] },
      { sid = "KeyFiles", actions = ["s3:DeleteObject"], resources = ["${local.arn.internal}/tmp/exec/*/key.json"] },
      { sid = "Parameters", actions = ["ssm:GetParameter"], resources = concat(local.vcs_ssm, local.order_keys) },
      { sid = "Secrets", actions = ["secretsmanager:GetSecretValue"], resources = local.vcs_secrets },
      { sid = "Watchdogs", actions = ["states:StartExecution"], resources = [local.arn.state_machine] },
      { sid = "Builds", actions = ["codebuild:StartBuild", "codebuild:StopBuild"], resources = [local.arn.project] },
      { sid = "Worker", actions = ["lambda:InvokeFunction"], resources = [local.function_arns["work"]] },
    ], local.right_to_decrypt)

    # It ends a job whose intake was abandoned, so it may do what an ending takes.
    watchdog = [
      { sid = "Orders", actions = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:UpdateItem"], resources = [local.arn.orders] },
      { sid = "Events", actions = ["dynamodb:PutItem"], resources = [local.arn.events] },
      { sid = "Locks", actions = ["dynamodb:GetItem", "dynamodb:UpdateItem"], resources = [local.arn.locks] },
      # It renews what workers were handed.
      { sid = "Read", actions = ["s3:GetObject"], resources = ["${local.arn.internal}/tmp/exec/*", "${local.arn.internal}/tmp/callbacks/runs/*", "${local.arn.internal}/tmp/claims/*", "${local.arn.internal}/tmp/stop/*"] },
      { sid = "Renew", actions = ["s3:PutObject"], resources = ["${local.arn.internal}/tmp/exec/*/key.json", "${local.arn.internal}/tmp/exec/*/dispatch.enc.json"] },
      { sid = "ClaimsAndResults", actions = ["s3:PutObject"], resources = ["${local.arn.internal}/tmp/claims/*", "${local.arn.internal}/tmp/callbacks/runs/*"] },
      { sid = "Results", actions = ["s3:ListBucket"], resources = [local.arn.internal] },
      { sid = "Done", actions = ["s3:PutObject"], resources = ["${local.arn.done}/*/done"] },
      { sid = "RunKeys", actions = ["s3:DeleteObject"], resources = [local.arn.run_keys] },
      { sid = "Builds", actions = ["codebuild:BatchGetBuilds", "codebuild:StopBuild"], resources = [local.arn.project] },
    ]

    # Nothing: all that a worker may do stands in the key file that its order was dispatched with. See docs/security.md.
    work = []
  }

  # The identities that sops_key_ssm_path of orders names.
  order_keys = [for p in local.job_ssm_prefixes : "${local.arn.ssm}${p}sops-keys/*"]

  right_to_decrypt = length(var.secret_kms_key_arns) == 0 ? [] : [
    { sid = "CustomerKeys", actions = ["kms:Decrypt"], resources = var.secret_kms_key_arns },
  ]

  # What jobs name, and nothing of the engine's: webhook takes this role on before it reads for a job.
  reader_rights = concat([
    { sid = "Code", actions = ["s3:GetObject"], resources = local.code_objects },
    { sid = "MissingKeys", actions = ["s3:ListBucket"], resources = [local.arn.internal] },
    { sid = "Parameters", actions = ["ssm:GetParameter"], resources = concat(local.vcs_ssm, local.job_ssm) },
    { sid = "ManyParameters", actions = ["ssm:GetParameters"], resources = local.job_ssm },
    { sid = "Secrets", actions = ["secretsmanager:GetSecretValue"], resources = concat(local.vcs_secrets, local.job_secrets) },
    # It gives no value by itself: each takes secretsmanager:GetSecretValue too. AWS knows no resource for it.
    { sid = "ManySecrets", actions = ["secretsmanager:BatchGetSecretValue"], resources = ["*"] },
  ], local.right_to_decrypt)

  # What the platform does in the role's name.
  platform_rights = {
    for role in keys(local.functions) : role => concat(
      [{ sid = "Logs", actions = ["logs:CreateLogStream", "logs:PutLogEvents"], resources = ["${local.arn.logs}:/aws/lambda/${local.function_names[role]}:*"] }],
      contains(["orchestrate", "webhook"], role) ? [{ sid = "Dropped", actions = ["sqs:SendMessage"], resources = [local.arn.dropped] }] : [],
      # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html, "Required IAM permissions": on all resources.
      local.in_vpc ? [{ sid = "NetworkInterfaces", actions = local.network_interface_actions, resources = ["*"] }] : [],
    )
  }

  network_interface_actions = [
    "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
  ]

  # https://docs.aws.amazon.com/codebuild/latest/userguide/auth-and-access-control-iam-identity-based-access-control.html, "Allow
  # CodeBuild access to AWS services required to create a VPC network interface". Commands of orders could use them too, hence
  # narrower than there: interfaces are made in these subnets with these groups, and deleted only there.
  build_vpc_rights = [for right in [
    {
      sid = "MakeNetworkInterfaces", actions = ["ec2:CreateNetworkInterface"], subnets = false
      resources = concat(
        ["${local.vpc_prefix}:network-interface/*"],
        [for subnet in var.vpc_subnet_ids : "${local.vpc_prefix}:subnet/${subnet}"],
        [for group in var.vpc_security_group_ids : "${local.vpc_prefix}:security-group/${group}"],
      )
    },
    { sid = "RemoveNetworkInterfaces", actions = ["ec2:DeleteNetworkInterface"], subnets = true, resources = ["${local.vpc_prefix}:network-interface/*"] },
    { sid = "LendNetworkInterfaces", actions = ["ec2:CreateNetworkInterfacePermission"], subnets = true, resources = ["${local.vpc_prefix}:network-interface/*"] },
    {
      sid     = "SeeNetwork", subnets = false, resources = ["*"] # AWS knows no resource for them
      actions = ["ec2:DescribeDhcpOptions", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"]
    },
  ] : right if local.in_vpc]
}

data "aws_iam_policy_document" "trust" {
  for_each = { lambda = "lambda.amazonaws.com", codebuild = "codebuild.amazonaws.com", states = "states.amazonaws.com" }

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = [each.value]
    }

    # No other account's build or state machine may make the service take on this role. (Lambda passes no such key.)
    dynamic "condition" {
      for_each = each.key == "lambda" ? [] : [local.account]

      content {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [condition.value]
      }
    }
  }
}

resource "aws_iam_role" "function" {
  for_each = local.functions

  name               = "${local.role_prefix}-${each.key}"
  description        = "${local.function_names[each.key]}: ${each.value.description}"
  assume_role_policy = data.aws_iam_policy_document.trust["lambda"].json
}

data "aws_iam_policy_document" "function" {
  for_each = local.functions

  dynamic "statement" {
    for_each = [for right in concat(local.rights[each.key], local.platform_rights[each.key]) : right if length(right.resources) > 0]

    content {
      sid       = statement.value.sid
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }

  # Lambda needs those rights; the code of the function, and the commands of orders, do not: for calls out of the function they are denied.
  # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html, "Security best practice"
  dynamic "statement" {
    for_each = local.in_vpc ? [1] : []

    content {
      sid       = "NoNetworkInterfacesForCode"
      effect    = "Deny"
      actions   = local.network_interface_actions
      resources = ["*"]

      condition {
        test     = "ArnEquals"
        variable = "lambda:SourceFunctionArn"
        values   = [local.function_arns[each.key]]
      }
    }
  }
}

resource "aws_iam_role_policy" "function" {
  for_each = local.functions

  name   = "what-it-does"
  role   = aws_iam_role.function[each.key].id
  policy = data.aws_iam_policy_document.function[each.key].json
}

data "aws_iam_policy_document" "reader_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [local.arn.webhook_role]
    }
  }
}

resource "aws_iam_role" "reader" {
  name               = "${local.role_prefix}-reader"
  description        = "${local.function_names["webhook"]} takes it on to read what a job names"
  assume_role_policy = data.aws_iam_policy_document.reader_trust.json

  # IAM takes only principals that exist.
  depends_on = [aws_iam_role.function]
}

data "aws_iam_policy_document" "reader" {
  dynamic "statement" {
    for_each = [for right in local.reader_rights : right if length(right.resources) > 0]

    content {
      sid       = statement.value.sid
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }
}

resource "aws_iam_role_policy" "reader" {
  name   = "what-it-does"
  role   = aws_iam_role.reader.id
  policy = data.aws_iam_policy_document.reader.json
}

resource "aws_iam_role" "codebuild" {
  name               = "${local.role_prefix}-codebuild"
  description        = "${local.project}: Runs the commands of one order"
  assume_role_policy = data.aws_iam_policy_document.trust["codebuild"].json
}

data "aws_iam_policy_document" "codebuild" {
  dynamic "statement" {
    for_each = [
      { sid = "Logs", actions = ["logs:CreateLogStream", "logs:PutLogEvents"], resources = ["${local.arn.logs}:/aws/codebuild/${local.project}:*"] },
      { sid = "PullImage", actions = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], resources = [local.arn.repository] },
      { sid = "LogInToRegistry", actions = ["ecr:GetAuthorizationToken"], resources = ["*"] }, # AWS knows no resource for it
    ]

    content {
      sid       = statement.value.sid
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }

  dynamic "statement" {
    for_each = local.build_vpc_rights

    content {
      sid       = statement.value.sid
      actions   = statement.value.actions
      resources = statement.value.resources

      dynamic "condition" {
        for_each = statement.value.subnets ? [1] : []

        content {
          test     = "ArnEquals"
          variable = "ec2:Subnet"
          values   = [for subnet in var.vpc_subnet_ids : "${local.vpc_prefix}:subnet/${subnet}"]
        }
      }

      dynamic "condition" {
        for_each = statement.value.sid == "LendNetworkInterfaces" ? [1] : []

        content {
          test     = "StringEquals"
          variable = "ec2:AuthorizedService"
          values   = ["codebuild.amazonaws.com"]
        }
      }
    }
  }
}

resource "aws_iam_role_policy" "codebuild" {
  name   = "what-it-does"
  role   = aws_iam_role.codebuild.id
  policy = data.aws_iam_policy_document.codebuild.json
}

resource "aws_iam_role" "watchdog_executions" {
  name               = "${local.role_prefix}-watchdog-executions"
  description        = "The state machine ${local.state_machine}: calls the watchdog"
  assume_role_policy = data.aws_iam_policy_document.trust["states"].json
}

data "aws_iam_policy_document" "watchdog_executions" {
  statement {
    sid       = "Look"
    actions   = ["lambda:InvokeFunction"]
    resources = [local.function_arns["watchdog"]]
  }
}

resource "aws_iam_role_policy" "watchdog_executions" {
  name   = "what-it-does"
  role   = aws_iam_role.watchdog_executions.id
  policy = data.aws_iam_policy_document.watchdog_executions.json
}
