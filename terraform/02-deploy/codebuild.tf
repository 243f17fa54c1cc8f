# The worker for orders that are longer or larger than a Lambda. The project has no source: the order's bundle is all.
# Orchestrate passes S3_LOCATION, INTERNAL_BUCKET, RUN_ID, ORDER_NUM, KEY_URL and EXEC_SHA256 to each build.

resource "aws_codebuild_project" "work" {
  name         = local.project
  description  = "Runs the commands of one order"
  service_role = aws_iam_role.codebuild.arn
  # An order's own timeout is the worker's and the watchdog's business; this only bounds what both have missed.
  build_timeout  = 1440
  queued_timeout = 60

  source {
    type = "NO_SOURCE"
    buildspec = yamlencode({
      version = 0.2
      run-as  = var.codebuild_run_as
      phases  = { build = { commands = ["iac-ci work"] } }
    })
  }

  artifacts {
    type = "NO_ARTIFACTS"
  }

  environment {
    type                        = var.architecture == "arm64" ? "ARM_CONTAINER" : "LINUX_CONTAINER"
    compute_type                = var.codebuild_compute_type
    image                       = "${var.ecr_repository_url}:${var.image_tag}"
    image_pull_credentials_type = "SERVICE_ROLE"
    privileged_mode             = var.codebuild_privileged

    dynamic "environment_variable" {
      for_each = var.extra_environment

      content {
        name  = environment_variable.key
        value = environment_variable.value
      }
    }
  }

  dynamic "vpc_config" {
    for_each = local.in_vpc ? [1] : []

    content {
      vpc_id             = var.vpc_id
      subnets            = var.vpc_subnet_ids
      security_group_ids = var.vpc_security_group_ids
    }
  }

  logs_config {
    cloudwatch_logs {
      group_name = aws_cloudwatch_log_group.codebuild.name
    }
  }

  depends_on = [aws_iam_role_policy.codebuild]
}

resource "aws_cloudwatch_log_group" "codebuild" {
  name              = "/aws/codebuild/${local.project}"
  retention_in_days = var.log_retention_days
}
