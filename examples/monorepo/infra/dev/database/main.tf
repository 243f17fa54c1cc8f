terraform {
  required_version = ">= 1.5"

  backend "local" {}
}

module "database" {
  source = "../../../modules/database"
  name   = "dev"
  size   = 1
}
