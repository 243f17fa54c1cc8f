variable "name" {
  type = string
}

resource "terraform_data" "alarm" {
  input = "${var.name} is down"
}
