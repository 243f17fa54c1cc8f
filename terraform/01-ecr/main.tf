data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

resource "aws_ecr_repository" "image" {
  name = var.name_prefix
  # A tag means one image for ever: what was tested is what runs, and a roll-back finds what it names.
  image_tag_mutability = "IMMUTABLE"
  force_delete         = var.force_destroy

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "AES256"
  }
}

resource "aws_ecr_lifecycle_policy" "image" {
  repository = aws_ecr_repository.image.name

  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "Keep the newest ${var.kept_images} images"
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = var.kept_images }
      action       = { type = "expire" }
    }]
  })
}

# Lambda pulls a function's image with its service principal, not with the function's role. When a function is created, Lambda
# may add a statement of its own to this policy (https://docs.aws.amazon.com/lambda/latest/dg/images-create.html, "Amazon ECR
# permissions"). AWS does not say how it is worded, so it cannot be written here beforehand; it is left alone instead, and only
# a change of our statement writes the policy anew.
resource "aws_ecr_repository_policy" "image" {
  repository = aws_ecr_repository.image.name
  policy     = data.aws_iam_policy_document.pull.json

  lifecycle {
    ignore_changes       = [policy]
    replace_triggered_by = [terraform_data.pull]
  }
}

resource "terraform_data" "pull" {
  input = data.aws_iam_policy_document.pull.json
}

data "aws_iam_policy_document" "pull" {
  statement {
    sid     = "LambdaPull"
    actions = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${data.aws_partition.current.partition}:lambda:${var.aws_region}:${data.aws_caller_identity.current.account_id}:function:${var.name_prefix}-*"]
    }
  }
}
