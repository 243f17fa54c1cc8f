variable "name" {
  type = string
}

variable "size" {
  type    = number
  default = 1
}

resource "terraform_data" "database" {
  input = { name = var.name, size = var.size }
}
