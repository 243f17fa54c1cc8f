terraform {
  required_version = ">= 1.5"

  backend "local" {}
}

module "network" {
  source = "../../../modules/network"
  name   = "dev"
}
