output "json" {
  description = "Policy document with the permissions of the bridge."
  value       = data.aws_iam_policy_document.bridge.json
}
