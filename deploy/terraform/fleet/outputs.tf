output "topic_arns" {
  description = "The topics; they belong in the bridge's sns.topics."
  value       = local.topic_arns
}

output "publishing_role_arn" {
  description = "What Device Defender publishes in, for audit configurations and security profiles of your own."
  value       = aws_iam_role.publishing.arn
}

output "notification_queue_url" {
  description = "Messages that the bridge did not take within an hour."
  value       = aws_sqs_queue.notifications.id
}

output "event_queue_url" {
  description = "Events that the bridge did not take within a day; null without them."
  value       = one(aws_sqs_queue.events[*].id)
}
