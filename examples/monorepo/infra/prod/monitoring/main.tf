terraform {
  required_version = ">= 1.5"

  backend "local" {}
}

resource "terraform_data" "dashboard" {
  input = "prod"
}
