# Services cannot use the AWS managed key of SNS.
data "aws_iam_policy_document" "key" {
  statement {
    sid       = "TheAccountManagesIt"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${local.account}:root"]
    }
  }

  statement {
    sid       = "AlarmsPublish"
    actions   = ["kms:GenerateDataKey*", "kms:Decrypt"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_kms_key" "topics" {
  count = local.has_topics ? 1 : 0

  description             = "Encrypts notifications of the device alarms in Amazon SNS"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  policy                  = data.aws_iam_policy_document.key.json
}

resource "aws_sns_topic" "alarms" {
  count = var.enable_topic ? 1 : 0

  name              = "${var.alarm_prefix}device-alarms"
  display_name      = "IoT device alarms"
  kms_master_key_id = aws_kms_key.topics[0].arn
  signature_version = 2
}

# A topic can be a source of the bridge, so only alarms of this account publish.
resource "aws_sns_topic_policy" "alarms" {
  count = var.enable_topic ? 1 : 0

  arn = aws_sns_topic.alarms[0].arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.alarms[0].arn
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:${var.alarm_prefix}*" }
      }
    }]
  })
}

resource "aws_sns_topic" "alerts" {
  count = var.alert_email == null ? 0 : 1

  name              = "${var.alarm_prefix}device-alarm-alerts"
  display_name      = "Defender Bridge"
  kms_master_key_id = aws_kms_key.topics[0].arn
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

# The bridge's source selects alarms by the prefix, so the name does not begin with it.
resource "aws_cloudwatch_metric_alarm" "queue" {
  count = local.has_events ? 1 : 0

  alarm_name          = "defender-bridge-${var.alarm_prefix}events-not-delivered"
  alarm_description   = "Defender Bridge did not accept device alarms within a day. They stay in the dead-letter queue for 14 days."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.events[0].name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = aws_sns_topic.alerts[*].arn
  ok_actions          = aws_sns_topic.alerts[*].arn
}
