output "topic_arns" {
  description = "The topics; they belong in the bridge's sns.topics."
  value       = local.topic_arns
}

output "publishing_role_arn" {
  description = "What Device Defender publishes in, for audit configurations and security profiles of your own."
  value       = aws_iam_role.publishing.arn
}

output "audit_notification_command" {
  description = "Makes the account's own audit configuration publish to the audit topic, and changes nothing else in it; null where the module makes the configuration."
  value       = local.has_audit_configuration ? null : "aws iot update-account-audit-configuration --region ${local.region} --audit-notification-target-configurations 'SNS={targetArn=${aws_sns_topic.audit.arn},roleArn=${aws_iam_role.publishing.arn},enabled=true}'"
}

output "notification_queue_url" {
  description = "Messages that the bridge did not take within an hour."
  value       = aws_sqs_queue.notifications.id
}

output "event_queue_url" {
  description = "Events that the bridge did not take within a day; null without them."
  value       = one(aws_sqs_queue.events[*].id)
}
