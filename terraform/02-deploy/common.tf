variable "aws_region" {
  description = "The region everything stands in, for example eu-central-1."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]+$", var.aws_region))
    error_message = "aws_region must be the name of a region, for example eu-central-1."
  }
}

variable "name_prefix" {
  description = "What every name begins with. Two deployments in one account and region need two prefixes."
  type        = string
  default     = "iac-ci"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name_prefix)) && !strcontains(var.name_prefix, "--")
    error_message = "name_prefix must be 3 to 20 lower-case letters, digits and single hyphens, begin with a letter and not end with a hyphen (bucket names are made of it)."
  }

  validation {
    condition     = !startswith(var.name_prefix, "aws") && !startswith(var.name_prefix, "ssm")
    error_message = "name_prefix must not begin with aws or ssm: SSM refuses such parameter names."
  }
}

variable "tags" {
  description = "Tags for every resource, beside iac-ci:deployment and iac-ci:stage."
  type        = map(string)
  default     = {}
}
