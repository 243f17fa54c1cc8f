# What must not happen unseen.

resource "aws_sqs_queue" "dropped" {
  name                      = local.dropped_queue
  message_retention_seconds = 1209600 # 14 days, the most
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_policy" "dropped" {
  queue_url = aws_sqs_queue.dropped.id
  policy    = data.aws_iam_policy_document.dropped.json
}

data "aws_iam_policy_document" "dropped" {
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [local.arn.dropped]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

locals {
  alarms = merge(
    {
      dropped = {
        description = "An invocation failed for good; its event is in the queue ${local.dropped_queue}"
        namespace   = "AWS/SQS"
        metric      = "ApproximateNumberOfMessagesVisible"
        statistic   = "Maximum"
        dimensions  = { QueueName = local.dropped_queue }
      }
    },
    { for role, name in local.function_names : "${role}-errors" => {
      description = "The function ${name} ended with an error"
      namespace   = "AWS/Lambda"
      metric      = "Errors"
      statistic   = "Sum"
      dimensions  = { FunctionName = name }
    } },
    { for name, metric in { failed = "ExecutionsFailed", timed-out = "ExecutionsTimedOut" } : "watchdog-executions-${name}" => {
      description                  = "A watchdog ended before what it looks after"
      namespace                    = "AWS/States"
      metric                       = metric
      statistic                    = "Sum"
      dimensions                   = { StateMachineArn = local.arn.state_machine }
    } },
    {
      # More orders than Lambda runs at once wait, and nothing is wrong. When they have waited for half of the time they may, it is
      # time to know: the next ones end as timed_out.
      work-waits = {
        description = "Orders wait long for ${local.function_names["work"]}: more of them than Lambda runs at once"
        namespace   = "AWS/Lambda"
        metric      = "AsyncEventAge"
        statistic   = "Maximum"
        dimensions  = { FunctionName = local.function_names["work"] }
        threshold   = local.work_event_age_seconds * 1000 / 2 # the metric counts milliseconds
      }
    },
  )
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name_prefix}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  statistic           = each.value.statistic
  dimensions          = each.value.dimensions
  comparison_operator = "GreaterThanThreshold"
  threshold           = lookup(each.value, "threshold", 0)
  period              = 60
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}
