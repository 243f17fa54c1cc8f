output "state_bucket_name" {
  description = "The bucket that holds the state of the other stages."
  value       = aws_s3_bucket.state.id
}
