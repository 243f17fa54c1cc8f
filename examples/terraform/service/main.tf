variable "replicas" {
  type    = number
  default = 2
}

resource "terraform_data" "service" {
  count            = var.replicas
  triggers_replace = ["v1"]

  provisioner "local-exec" {
    command = "echo service ${count.index} is up"
  }
}
