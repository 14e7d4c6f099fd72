output "url" {
  description = "URL of the bridge, for the module fleet. Known when the bridge responds."
  value       = "https://${var.domain_name}"
  depends_on  = [aws_ecs_service.bridge, aws_route53_record.bridge]
}

output "load_balancer_name" {
  description = "Target of the CNAME record, without hosted_zone_id."
  value       = aws_lb.bridge.dns_name
}

output "api_key" {
  description = "API key that EventBridge sends, for the module fleet."
  value       = aws_secretsmanager_secret_version.api_key.secret_string
  sensitive   = true
}

output "task_role_arn" {
  description = "ARN of the role of the tasks, for the module member-role."
  value       = aws_iam_role.task.arn
}

output "monitoring_security_group_id" {
  description = "Security group whose members can reach metrics and status page on port 9090 of the tasks."
  value       = aws_security_group.monitoring.id
}

output "cluster_name" {
  description = "Cluster for aws ecs execute-command."
  value       = aws_ecs_cluster.bridge.name
}

output "log_group" {
  description = "Name of the log group."
  value       = aws_cloudwatch_log_group.bridge.name
}

output "service_name" {
  description = "Service for aws ecs update-service and describe-services."
  value       = aws_ecs_service.bridge.name
}

output "database_secret_arn" {
  description = "ARN of the secret with the password of the database."
  value       = local.database_secret
}
