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
  reserved_concurrent_executions = each.key == "orchestrate" ? coalesce(var.orchestrate_reserved_concurrency, -1) : -1

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

# Asynchronous invocations: orchestrate by S3, work by orchestrate, webhook by SNS or a caller. What fails three times,
# or waits for too long, is not dropped in silence.
resource "aws_lambda_function_event_invoke_config" "this" {
  # Seconds an event may wait; an order that has not begun after its claim allowance is not wanted any more.
  for_each = { orchestrate = 21600, webhook = 21600, work = 900 }

  function_name                = aws_lambda_function.this[each.key].function_name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = each.value

  destination_config {
    on_failure {
      destination = aws_sqs_queue.dropped.arn
    }
  }
}

# For callers with AWS credentials: no signature of ours, no 30 s limit.
resource "aws_lambda_function_url" "webhook" {
  function_name      = aws_lambda_function.this["webhook"].function_name
  authorization_type = "AWS_IAM"
}
