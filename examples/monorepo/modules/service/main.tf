variable "name" {
  type = string
}

variable "environment" {
  type = string
}

module "alarm" {
  source = "./alarm"
  name   = var.name
}

resource "terraform_data" "service" {
  input = templatefile("${path.module}/service.tftpl", { name = var.name, environment = var.environment })
}
