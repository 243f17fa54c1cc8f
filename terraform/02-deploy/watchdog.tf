# One execution per order and one per job: wait, look, and again until the watchdog says that it is done. The input is
# kept beside the answers (ResultPath), because every look needs it. A look that fails is followed by another one: only
# the end of the execution's own time ends the loop.

locals {
  # Longer than any job (20 h) with its allowances. watchdog_poll_seconds says how its history stays under Step Functions' 25,000 events.
  watchdog_seconds = 86400
}

resource "aws_sfn_state_machine" "watchdog" {
  name     = local.state_machine
  type     = "STANDARD"
  role_arn = aws_iam_role.watchdog_executions.arn

  definition = jsonencode({
    Comment        = "Looks after one order, or one job, until it has ended"
    StartAt        = "Keep the input"
    TimeoutSeconds = local.watchdog_seconds
    States = {
      "Keep the input" = {
        Type       = "Pass"
        Parameters = { "input.$" = "$" }
        Next       = "Wait"
      }
      "Wait" = {
        Type    = "Wait"
        Seconds = var.watchdog_poll_seconds
        Next    = "Look"
      }
      "Look" = {
        Type     = "Task"
        Resource = "arn:${local.partition}:states:::lambda:invoke"
        Parameters = {
          FunctionName = local.function_arns["watchdog"]
          "Payload.$"  = "$.input"
        }
        ResultSelector = { "done.$" = "$.Payload.done" }
        ResultPath     = "$.answer"
        TimeoutSeconds = local.functions.watchdog.timeout + 30
        Retry = [{
          ErrorEquals     = ["Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException", "Lambda.TooManyRequestsException"]
          IntervalSeconds = 2
          MaxAttempts     = 3
          BackoffRate     = 2
          JitterStrategy  = "FULL"
        }]
        Catch = [{
          ErrorEquals = ["States.ALL"]
          ResultPath  = "$.fault"
          Next        = "Wait"
        }]
        Next = "Done?"
      }
      "Done?" = {
        Type    = "Choice"
        Choices = [{ Variable = "$.answer.done", BooleanEquals = true, Next = "Done" }]
        Default = "Wait"
      }
      "Done" = {
        Type = "Succeed"
      }
    }
  })

  depends_on = [aws_iam_role_policy.watchdog_executions]
}
