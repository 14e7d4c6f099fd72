output "role_arn" {
  description = "ARN of the role that the bridge assumes."
  value       = aws_iam_role.bridge.arn
}
