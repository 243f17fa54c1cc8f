variable "kept_images" {
  description = "How many images stay in the repository; older ones are removed. It is how far back a deployment can be rolled."
  type        = number
  default     = 10

  validation {
    condition     = var.kept_images >= 2 && var.kept_images <= 1000
    error_message = "kept_images must be between 2 (the one in use and the one before) and 1000."
  }
}

variable "force_destroy" {
  description = "Lets the repository be destroyed although it holds images."
  type        = bool
  default     = true
}
