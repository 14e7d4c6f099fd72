output "topic_arns" {
  description = "ARNs of the topics; add them to the bridge's sns.topics."
  value       = local.topic_arns
}

output "publishing_role_arn" {
  description = "ARN of the role with which Device Defender publishes, for your own audit configuration and security profiles."
  value       = aws_iam_role.publishing.arn
}

output "audit_notification_command" {
  description = "Command that lets the existing audit configuration publish to the audit topic, without other changes; null if the module creates the configuration."
  value       = local.has_audit_configuration ? null : "aws iot update-account-audit-configuration --region ${local.region} --audit-notification-target-configurations 'SNS={targetArn=${aws_sns_topic.audit.arn},roleArn=${aws_iam_role.publishing.arn},enabled=true}'"
}

output "notification_queue_url" {
  description = "URL of the queue with messages that the bridge did not accept within an hour."
  value       = aws_sqs_queue.notifications.id
}

output "event_queue_url" {
  description = "URL of the queue with events that the bridge did not accept within a day; null without EventBridge."
  value       = one(aws_sqs_queue.events[*].id)
}
