# What runs.

variable "ecr_repository_url" {
  description = "The repository of the image, without a tag: the output ecr_repository_url of stage 01-ecr."
  type        = string
}

variable "image_tag" {
  description = "The tag of the image. Tags are immutable, so to roll back is to apply an earlier tag."
  type        = string
}

variable "architecture" {
  description = "What the functions and the builds run on. scripts/deploy.sh builds the image for it, and refuses an image that was built for another one."
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture must be x86_64 or arm64."
  }
}

# What jobs may reach. Narrow by default: a path that is not named here cannot be read.

variable "webhook_secret_location" {
  description = "Where the secret stands that requests to POST /webhook are signed with: aws:::ssm:<path> or aws:::secretd:<name>. Default: aws:::ssm:/<name_prefix>/webhook-secret."
  type        = string
  default     = null

  validation {
    condition     = var.webhook_secret_location == null || can(regex("^aws:::(ssm:/|secretd:).+$", var.webhook_secret_location))
    error_message = "webhook_secret_location must be aws:::ssm:/<path> or aws:::secretd:<name>."
  }
}

variable "vcs_ssm_prefixes" {
  description = "SSM path prefixes of git tokens and keys; read by webhook (as the role reader) and orchestrate. Default: /<name_prefix>/vcs/."
  type        = list(string)
  default     = null

  validation {
    condition     = alltrue([for p in coalesce(var.vcs_ssm_prefixes, []) : can(regex("^/[^*?]+/$", p))])
    error_message = "Each prefix must begin and end with a slash and hold no * or ?, for example /iac-ci/vcs/."
  }
}

variable "vcs_secret_prefixes" {
  description = "Secrets Manager name prefixes of git tokens and keys; read by webhook (as the role reader) and orchestrate. Default: <name_prefix>/vcs/."
  type        = list(string)
  default     = null

  validation {
    condition     = alltrue([for p in coalesce(var.vcs_secret_prefixes, []) : can(regex("^[^*?/][^*?]*/$", p))])
    error_message = "Each prefix must end with a slash and hold no * or ?, for example iac-ci/vcs/."
  }
}

variable "job_ssm_prefixes" {
  description = "SSM path prefixes that the ssm_paths and sops_key_ssm_path of a job may name; read by webhook only, as the role reader, but for sops-keys/ below each, which workers read. Default: /<name_prefix>/jobs/."
  type        = list(string)
  default     = null

  validation {
    condition     = alltrue([for p in coalesce(var.job_ssm_prefixes, []) : can(regex("^/[^*?]+/$", p))])
    error_message = "Each prefix must begin and end with a slash and hold no * or ?, for example /iac-ci/jobs/."
  }
}

variable "job_secret_prefixes" {
  description = "Secrets Manager name prefixes that the secret_manager_paths of a job may name; read by webhook only, as the role reader. Default: <name_prefix>/jobs/."
  type        = list(string)
  default     = null

  validation {
    condition     = alltrue([for p in coalesce(var.job_secret_prefixes, []) : can(regex("^[^*?/][^*?]*/$", p))])
    error_message = "Each prefix must end with a slash and hold no * or ?, for example iac-ci/jobs/."
  }
}

variable "secret_kms_key_arns" {
  description = "Customer managed KMS keys that those parameters and secrets are encrypted with. AWS managed keys (aws/ssm, aws/secretsmanager) need no entry."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for a in var.secret_kms_key_arns : can(regex("^arn:[^:]+:kms:[^:*]+:[0-9]{12}:key/[^*?]+$", a))])
    error_message = "Each entry must be the ARN of one key."
  }
}

variable "code_locations" {
  description = "Buckets, or <bucket>/<prefix>/, that the s3_location of an order may name; read by webhook only, as the role reader. The internal bucket's tmp/source/ is always allowed."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for b in var.code_locations : can(regex("^[a-z0-9][a-z0-9.-]+[a-z0-9](/[^*?]*/)?$", b))])
    error_message = "Each entry must be a bucket name, or a bucket name with a prefix that ends with a slash, for example my-code/releases/."
  }
}

variable "webhook_require" {
  description = "What a signed request has to hold, so that a recording of it starts nothing: run_id, sent_at (the time of signing), or both. Default: neither."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for field in var.webhook_require : contains(["run_id", "sent_at"], field)])
    error_message = "webhook_require may hold run_id and sent_at."
  }
}

variable "github_api_url" {
  description = "The API of a GitHub Enterprise Server, for example https://github.example.com/api/v3: repositories are then cloned from that server, and git tokens are sent there alone. Default: the public GitHub."
  type        = string
  default     = null
}

# Sizes and limits.

variable "memory_mb" {
  description = "Memory of the functions, in MB. CPU grows with it."
  type = object({
    webhook     = optional(number, 1024)
    orchestrate = optional(number, 512)
    watchdog    = optional(number, 256)
    work        = optional(number, 2048)
  })
  default = {}
}

variable "temporary_storage_mb" {
  description = "Size of /tmp of webhook (which bundles code) and work (which runs it), in MB."
  type        = number
  default     = 2048

  validation {
    condition     = var.temporary_storage_mb >= 512 && var.temporary_storage_mb <= 10240
    error_message = "temporary_storage_mb must be between 512 and 10240."
  }
}

variable "orchestrate_reserved_concurrency" {
  description = "How many orchestrators may run at once. It also takes this number out of the account's pool. Default: no reservation."
  type        = number
  default     = null

  validation {
    condition     = try(var.orchestrate_reserved_concurrency >= 1, true)
    error_message = "orchestrate_reserved_concurrency must be at least 1: with 0 nothing would run."
  }
}

variable "work_reserved_concurrency" {
  description = "How many orders may run on Lambda at once. Others wait, and end as timed_out after 16 minutes. The number is taken out of the account's pool, so that a flood of orders leaves the rest of the pool to the engine's own functions. Default: no reservation. An account whose limit is 10 can reserve nothing."
  type        = number
  default     = null

  validation {
    condition     = try(var.work_reserved_concurrency >= 1, true)
    error_message = "work_reserved_concurrency must be at least 1: with 0 no order would run on Lambda."
  }
}

variable "webhook_rate_limit" {
  description = "Requests per second that POST /webhook takes on average."
  type        = number
  default     = 10
}

variable "webhook_burst_limit" {
  description = "Requests that POST /webhook takes at once."
  type        = number
  default     = 20
}

variable "codebuild_compute_type" {
  description = "The machine an order with the target codebuild gets."
  type        = string
  default     = "BUILD_GENERAL1_SMALL"
}

variable "codebuild_privileged" {
  description = "Lets orders on CodeBuild start containers. It makes their commands root of the build's machine."
  type        = bool
  default     = false
}

variable "codebuild_run_as" {
  description = "The Linux user that runs `iac-ci work` on CodeBuild, and so the orders' commands. The image has iac-ci (uid 10001) and root."
  type        = string
  default     = "iac-ci"
}

variable "watchdog_poll_seconds" {
  description = "How often a watchdog looks, in seconds. A look is nine events in the history of its execution (Wait and the choice: two each; the task: five), of 25,000 that Step Functions keeps before it ends an execution. An execution lasts a day at most, for a job of 20 hours: with 40 s that is 86,400 / 40 x 9 = 19,440 events, and the rest is for calls that are tried again (three events each). Later than every 300 s, orders would be ended late, and URLs that workers were handed could run out before they are signed anew (at half their life, 8 minutes or more)."
  type        = number
  default     = 60

  validation {
    condition     = var.watchdog_poll_seconds >= 40 && var.watchdog_poll_seconds <= 300 && floor(var.watchdog_poll_seconds) == var.watchdog_poll_seconds
    error_message = "watchdog_poll_seconds must be a whole number from 40 (more looks would not fit into the 25,000 events of an execution) to 300."
  }
}

# Where it stands.

variable "function_url" {
  description = "Whether webhook has a function URL, for callers with AWS credentials. Set it to false in regions without them."
  type        = bool
  default     = true
}

variable "vpc_subnet_ids" {
  description = "Private subnets that functions and builds run in. They need a way to the AWS services that the engine calls, and to your repositories (docs/operations.md, \"In a VPC\"). Default: none, outside of any VPC of yours."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for id in var.vpc_subnet_ids : can(regex("^subnet-[0-9a-f]+$", id))]) && length(var.vpc_subnet_ids) <= 16
    error_message = "vpc_subnet_ids must be at most 16 ids of subnets, for example subnet-0a1b2c3d."
  }
}

variable "vpc_security_group_ids" {
  description = "Security groups of functions and builds in those subnets. They have to let HTTPS out; nothing has to be let in."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for id in var.vpc_security_group_ids : can(regex("^sg-[0-9a-f]+$", id))]) && length(var.vpc_security_group_ids) <= 5
    error_message = "vpc_security_group_ids must be at most 5 ids of security groups, for example sg-0a1b2c3d."
  }

  validation {
    condition     = (length(var.vpc_security_group_ids) > 0) == (length(var.vpc_subnet_ids) > 0)
    error_message = "vpc_security_group_ids and vpc_subnet_ids go together: give both, or neither."
  }
}

variable "vpc_id" {
  description = "The VPC of those subnets, which CodeBuild wants to know."
  type        = string
  default     = null

  validation {
    condition     = var.vpc_id == null || can(regex("^vpc-[0-9a-f]+$", var.vpc_id))
    error_message = "vpc_id must be the id of a VPC, for example vpc-0a1b2c3d."
  }

  validation {
    condition     = (var.vpc_id != null) == (length(var.vpc_subnet_ids) > 0)
    error_message = "vpc_id and vpc_subnet_ids go together: give both, or neither."
  }
}

# What is kept, and who is told.

variable "log_retention_days" {
  description = "How long the logs of functions and builds are kept, in days."
  type        = number
  default     = 30
}

variable "record_days" {
  description = "How long the records of jobs and orders are kept, in days: what `iac-ci status` lists. Whole logs and other objects are kept a day."
  type        = number
  default     = 30

  validation {
    condition     = var.record_days >= 1 && var.record_days <= 3650 && floor(var.record_days) == var.record_days
    error_message = "record_days must be a whole number from 1 to 3650."
  }
}

variable "access_logs" {
  description = "Whether requests to the HTTP API are logged (time, route, status, source address; no bodies)."
  type        = bool
  default     = false
}

variable "point_in_time_recovery" {
  description = "Whether order_events can be restored to any second of the last 35 days. The other tables have none: they hold what has run, and decide nothing once a job is final."
  type        = bool
  default     = true
}

variable "alarm_topic_arns" {
  description = "SNS topics that are told when an alarm goes on or off."
  type        = list(string)
  default     = []
}

# For tests against an emulated AWS.

variable "extra_environment" {
  description = "More environment variables for every function and build. It stands in the state in plain text: never put a secret here."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.extra_environment) : can(regex("^[A-Za-z][A-Za-z0-9_]*$", name))])
    error_message = "The keys of extra_environment must be names of environment variables."
  }
}
