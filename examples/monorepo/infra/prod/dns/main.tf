terraform {
  required_version = ">= 1.5"

  backend "local" {}
}

locals {
  names = jsondecode(file("${path.module}/../../shared/names.json"))
}

resource "terraform_data" "record" {
  for_each = toset(local.names)
  input    = "${each.key}.prod.example.com"
}
