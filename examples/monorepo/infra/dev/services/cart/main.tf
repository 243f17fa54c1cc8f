terraform {
  required_version = ">= 1.5"

  backend "local" {}
}

module "service" {
  source      = "../../../../modules/service"
  name        = "cart"
  environment = "dev"
}
