resource "aws_sns_topic" "alerts" {
  count = var.alert_email == null ? 0 : 1

  name              = "${var.topic_prefix}-alerts"
  display_name      = "Defender Bridge"
  kms_master_key_id = aws_kms_key.topics.arn
}

resource "aws_sns_topic_policy" "alerts" {
  count = var.alert_email == null ? 0 : 1

  arn = aws_sns_topic.alerts[0].arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.alerts[0].arn
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_sns_topic_subscription" "alerts" {
  count = var.alert_email == null ? 0 : 1

  topic_arn = aws_sns_topic.alerts[0].arn
  protocol  = "email"
  endpoint  = var.alert_email
}

locals {
  alarms = merge(
    {
      notifications = {
        queue       = aws_sqs_queue.notifications.name
        description = "Defender Bridge did not accept messages of Device Defender within an hour. They stay in the dead-letter queue for 14 days."
      }
    },
    local.has_events ? {
      events = {
        queue       = aws_sqs_queue.events[0].name
        description = "Defender Bridge did not accept EventBridge events within a day. They stay in the dead-letter queue for 14 days."
      }
    } : {},
  )
}

resource "aws_cloudwatch_metric_alarm" "queue" {
  for_each = local.alarms

  alarm_name          = "${var.topic_prefix}-${each.key}-not-delivered"
  alarm_description   = each.value.description
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = each.value.queue }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = aws_sns_topic.alerts[*].arn
  ok_actions          = aws_sns_topic.alerts[*].arn
}
