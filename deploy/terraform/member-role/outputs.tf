output "role_arn" {
  description = "The role that the bridge assumes."
  value       = aws_iam_role.bridge.arn
}
