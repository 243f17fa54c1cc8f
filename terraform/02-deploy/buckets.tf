# Two buckets that forget after a day: what the engine works with, and the news that a run is done.

locals {
  buckets = { internal = local.internal_bucket, done = local.done_bucket }
}

resource "aws_s3_bucket" "this" {
  for_each = local.buckets

  bucket = each.value
  # Everything in them is a day old at most and can be made again; a teardown must not stop at it.
  force_destroy = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.this[each.key].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.buckets

  bucket                  = aws_s3_bucket.this[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.this[each.key].id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.this[each.key].id

  rule {
    id     = "forget-after-a-day"
    status = "Enabled"

    filter {}

    expiration {
      days = 1
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
}

# Nothing without TLS; and the keys of runs and orders for nobody but intake and the engine, whatever a role of the account may do.
data "aws_iam_policy_document" "bucket" {
  for_each = local.buckets

  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [local.arn[each.key], "${local.arn[each.key]}/*"]

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

  dynamic "statement" {
    for_each = each.key == "internal" ? [1] : []

    content {
      sid       = "KeysForTheEngineAlone"
      effect    = "Deny"
      actions   = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]
      resources = [local.arn.run_keys, "${local.arn.internal}/tmp/exec/*/key.json"]

      principals {
        type        = "*"
        identifiers = ["*"]
      }

      condition {
        test     = "ArnNotEquals"
        variable = "aws:PrincipalArn"
        values   = [for role in ["webhook", "orchestrate", "watchdog"] : "arn:${local.partition}:iam::${local.account}:role/${local.role_prefix}-${role}"]
      }
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id
  policy = data.aws_iam_policy_document.bucket[each.key].json

  depends_on = [aws_s3_bucket_public_access_block.this]
}

# A result, or the trigger of a job, wakes the orchestrator. Nothing else does.
resource "aws_s3_bucket_notification" "wake" {
  bucket = aws_s3_bucket.this["internal"].id

  lambda_function {
    id                  = "wake-orchestrate"
    lambda_function_arn = aws_lambda_function.this["orchestrate"].arn
    events              = ["s3:ObjectCreated:*"]
    filter_prefix       = "tmp/callbacks/runs/"
    filter_suffix       = "result.json"
  }

  depends_on = [aws_lambda_permission.bucket, aws_s3_bucket_policy.this]
}

resource "aws_lambda_permission" "bucket" {
  statement_id   = "internal-bucket"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.this["orchestrate"].function_name
  principal      = "s3.amazonaws.com"
  source_arn     = local.arn.internal
  source_account = local.account
}
