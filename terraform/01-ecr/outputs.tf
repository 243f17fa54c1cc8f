output "ecr_repository_url" {
  description = "Where the image is pushed to, without a tag."
  value       = aws_ecr_repository.image.repository_url
}

output "ecr_repository_name" {
  description = "The name of the repository."
  value       = aws_ecr_repository.image.name
}
