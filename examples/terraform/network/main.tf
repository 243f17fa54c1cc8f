# Local resources only: this runs without an account.
resource "terraform_data" "subnets" {
  count = 2
  input = cidrsubnet("10.0.0.0/16", 8, count.index)
}

output "subnets" {
  value = terraform_data.subnets[*].output
}
