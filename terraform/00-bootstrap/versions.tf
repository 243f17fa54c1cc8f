terraform {
  # 1.10 is the first version whose S3 backend locks the state without a table (use_lockfile).
  required_version = ">= 1.10, < 2.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = var.aws_region

  default_tags {
    tags = merge(var.tags, {
      "iac-ci:deployment" = var.name_prefix
      "iac-ci:stage"      = "00-bootstrap"
    })
  }
}
