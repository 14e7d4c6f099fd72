output "alarm_prefix" {
  description = "Prefix of the alarm names, for the pattern of the bridge's source."
  value       = var.alarm_prefix
}

output "log_group_name" {
  description = "Name of the log group that the alarms query."
  value       = var.log_group_name
}

output "topic_arn" {
  description = "ARN of the topic that the alarms notify; null without it."
  value       = one(aws_sns_topic.alarms[*].arn)
}

output "event_queue_url" {
  description = "URL of the queue with events that the bridge did not accept within a day; null without EventBridge."
  value       = one(aws_sqs_queue.events[*].id)
}
