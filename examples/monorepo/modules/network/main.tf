variable "name" {
  type = string
}

variable "range" {
  type    = string
  default = "10.0.0.0/16"
}

resource "terraform_data" "network" {
  input = { name = var.name, range = var.range }
}

output "name" {
  value = terraform_data.network.output.name
}
