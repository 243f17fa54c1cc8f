variable "state_bucket_name" {
  description = "The name of the bucket that keeps the Terraform state of the other stages, and what is needed to tear them down."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.state_bucket_name))
    error_message = "state_bucket_name must be a valid S3 bucket name: 3 to 63 lower-case letters, digits, dots and hyphens."
  }
}

variable "force_destroy" {
  description = "Lets the bucket be destroyed although it holds objects. Only for the teardown: the state of every deployment in it is lost."
  type        = bool
  default     = false
}
