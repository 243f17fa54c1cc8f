output "api_gateway_url" {
  description = "The HTTP API, without a path."
  value       = aws_apigatewayv2_api.webhook.api_endpoint
}

output "webhook_url" {
  description = "Where signed jobs are posted to."
  value       = "${aws_apigatewayv2_api.webhook.api_endpoint}/webhook"
}

output "function_url" {
  description = "Where callers with AWS credentials post jobs to; empty without a function URL (function_url = false)."
  value       = join("", aws_lambda_function_url.webhook[*].function_url)
}

output "environment" {
  description = "The IAC_CI_* variables, by name."
  value       = local.environment
}

output "shell_environment" {
  description = "The same for a shell: eval \"$(terraform output -raw shell_environment)\" and iac-ci status shows this deployment."
  value = join("", [for name, value in merge(local.environment, { AWS_REGION = var.aws_region }) :
    "export ${name}='${value}'\n"
  ])
}

output "orders_table" {
  description = "IAC_CI_ORDERS_TABLE"
  value       = aws_dynamodb_table.orders.name
}

output "order_events_table" {
  description = "IAC_CI_ORDER_EVENTS_TABLE"
  value       = aws_dynamodb_table.order_events.name
}

output "locks_table" {
  description = "IAC_CI_LOCKS_TABLE"
  value       = aws_dynamodb_table.locks.name
}

output "internal_bucket" {
  description = "IAC_CI_INTERNAL_BUCKET"
  value       = aws_s3_bucket.this["internal"].id
}

output "done_bucket" {
  description = "IAC_CI_DONE_BUCKET"
  value       = aws_s3_bucket.this["done"].id
}

output "orchestrate_lambda" {
  description = "IAC_CI_ORCHESTRATE_LAMBDA"
  value       = aws_lambda_function.this["orchestrate"].function_name
}

output "worker_lambda" {
  description = "IAC_CI_WORKER_LAMBDA"
  value       = aws_lambda_function.this["work"].function_name
}

output "codebuild_project" {
  description = "IAC_CI_CODEBUILD_PROJECT"
  value       = aws_codebuild_project.work.name
}

output "watchdog_sfn" {
  description = "IAC_CI_WATCHDOG_SFN"
  value       = aws_sfn_state_machine.watchdog.arn
}

output "webhook_secret_location" {
  description = "IAC_CI_WEBHOOK_SECRET_LOCATION: where the secret stands, not what it is."
  value       = local.webhook_secret_location
}

output "job_ssm_prefixes" {
  description = "The SSM path prefixes that the ssm_paths of a job may name."
  value       = local.job_ssm_prefixes
}

output "functions" {
  description = "The names of the functions, by role."
  value       = { for role in keys(local.functions) : role => aws_lambda_function.this[role].function_name }
}

output "dropped_queue_url" {
  description = "The queue of events whose invocation failed for good."
  value       = aws_sqs_queue.dropped.url
}

output "roles" {
  description = "The ARNs of the roles, by what takes them on."
  value = merge(
    { for role in keys(local.functions) : role => aws_iam_role.function[role].arn },
    { codebuild = aws_iam_role.codebuild.arn, reader = aws_iam_role.reader.arn, watchdog-executions = aws_iam_role.watchdog_executions.arn },
  )
}
