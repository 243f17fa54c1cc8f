# One image, four functions: the image's entry point is the executable, the command its role.

resource "aws_lambda_function" "this" {
  for_each = local.functions

  function_name                  = local.function_names[each.key]
  description                    = each.value.description
  role                           = aws_iam_role.function[each.key].arn
  package_type                   = "Image"
  image_uri                      = "${var.ecr_repository_url}:${var.image_tag}"
  architectures                  = [var.architecture]
  memory_size                    = var.memory_mb[each.key]
  timeout                        = each.value.timeout
  reserved_concurrent_executions = coalesce(lookup(local.reserved_concurrency, each.key, null), -1)

  image_config {
    # A worker serves one order after the other, and nobody but orders writes to a function's /tmp: it is emptied in between.
    command = each.key == "work" ? ["work", "--scratch", "/tmp"] : [each.key]
  }

  environment {
    variables = merge(
      each.key == "work" ? {} : local.environment,
      each.key == "webhook" ? { IAC_CI_READER_ROLE = local.arn.reader } : {},
      var.extra_environment,
    )
  }

  dynamic "vpc_config" {
    for_each = local.in_vpc ? [1] : []

    content {
      subnet_ids         = var.vpc_subnet_ids
      security_group_ids = var.vpc_security_group_ids
    }
  }

  ephemeral_storage {
    size = contains(["webhook", "work"], each.key) ? var.temporary_storage_mb : 512
  }

  # The role's policy before the function, so that its first invocation may do what it has to; and its log group, so
  # that Lambda does not make one without an end.
  depends_on = [aws_iam_role_policy.function, aws_iam_role_policy.reader, aws_cloudwatch_log_group.function]
}

resource "aws_cloudwatch_log_group" "function" {
  for_each = local.functions

  name              = "/aws/lambda/${local.function_names[each.key]}"
  retention_in_days = var.log_retention_days
}

# Asynchronous invocations: orchestrate by S3, work by orchestrate, webhook by SNS or a caller. An event of orchestrate or
# webhook that fails three times, or waits for too long, is kept in a queue. One of work is not: its order's watchdog ends
# the order and says why, and an order that waited for a free worker for too long is nothing to be called out for.
resource "aws_lambda_function_event_invoke_config" "this" {
  # Seconds an event may wait. After its claim allowance (900 s) and the watchdog's grace (60 s) an order is ended; a worker
  # that begins later would find it taken.
  for_each = { orchestrate = 21600, webhook = 21600, work = local.work_event_age_seconds }

  function_name                = aws_lambda_function.this[each.key].function_name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = each.value

  dynamic "destination_config" {
    for_each = each.key == "work" ? [] : [1]

    content {
      on_failure {
        destination = aws_sqs_queue.dropped.arn
      }
    }
  }
}

# Results wake orchestrate, which starts workers, which write results, which wake orchestrate: to Lambda's loop detection
# that is a loop, and it would drop events after sixteen rounds. A run ends when its orders have ended, so it is none.
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
resource "aws_lambda_function_recursion_config" "orchestrate" {
  function_name  = aws_lambda_function.this["orchestrate"].function_name
  recursive_loop = "Allow"
}

# For callers with AWS credentials: no signature of ours, no 30 s limit.
resource "aws_lambda_function_url" "webhook" {
  count = var.function_url ? 1 : 0

  function_name      = aws_lambda_function.this["webhook"].function_name
  authorization_type = "AWS_IAM"
}
