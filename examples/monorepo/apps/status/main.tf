terraform {
  required_version = ">= 1.5"

  backend "local" {}
}

variable "region" {
  type = string
}

resource "terraform_data" "status" {
  input = "status in ${var.region}"
}
