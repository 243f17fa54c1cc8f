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
  description = "What the image is built for."
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

variable "watchdog_poll_seconds" {
  description = "How often a watchdog looks, in seconds. With 60, an execution may last a day without reaching the limit of 25,000 history events."
  type        = number
  default     = 60

  validation {
    condition     = var.watchdog_poll_seconds >= 1 && var.watchdog_poll_seconds <= 300
    error_message = "watchdog_poll_seconds must be between 1 and 300."
  }
}
