data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name

  # AWS GovCloud (US) has no API destinations. Suppressions then arrive with the next audit.
  has_events = var.send_events && var.bridge_url != null && local.partition != "aws-us-gov"
  topic_arns = [aws_sns_topic.audit.arn, aws_sns_topic.detect.arn]
}

# Device Defender publishes with the role below, so the KMS key needs a policy that allows it: services cannot use the AWS managed
# key of SNS.
data "aws_iam_policy_document" "device_defender_assumes" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["iot.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "publishing" {
  name_prefix        = "device-defender-publishing-"
  description        = "Lets AWS IoT Device Defender publish audits and alarms"
  assume_role_policy = data.aws_iam_policy_document.device_defender_assumes.json
}

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
    sid       = "DeviceDefenderPublishes"
    actions   = ["kms:GenerateDataKey*", "kms:Decrypt"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.publishing.arn]
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
  description             = "Encrypts messages of AWS IoT Device Defender in Amazon SNS"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  policy                  = data.aws_iam_policy_document.key.json
}

resource "aws_sns_topic" "audit" {
  name              = "${var.topic_prefix}-audit"
  display_name      = "IoT Device Defender audits"
  kms_master_key_id = aws_kms_key.topics.arn
  signature_version = 2
}

resource "aws_sns_topic" "detect" {
  name              = "${var.topic_prefix}-detect"
  display_name      = "IoT Device Defender alarms"
  kms_master_key_id = aws_kms_key.topics.arn
  signature_version = 2
}

# Any principal that may publish to these topics can create findings, so only Device Defender may.
data "aws_iam_policy_document" "topic" {
  for_each = { audit = aws_sns_topic.audit.arn, detect = aws_sns_topic.detect.arn }

  statement {
    sid       = "DeviceDefenderPublishes"
    actions   = ["sns:Publish"]
    resources = [each.value]

    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.publishing.arn]
    }
  }

  statement {
    sid       = "NobodyElsePublishes"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [each.value]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "ArnNotEquals"
      variable = "aws:PrincipalArn"
      values   = [aws_iam_role.publishing.arn]
    }
  }
}

resource "aws_sns_topic_policy" "audit" {
  arn    = aws_sns_topic.audit.arn
  policy = data.aws_iam_policy_document.topic["audit"].json
}

resource "aws_sns_topic_policy" "detect" {
  arn    = aws_sns_topic.detect.arn
  policy = data.aws_iam_policy_document.topic["detect"].json
}

data "aws_iam_policy_document" "publish" {
  statement {
    actions   = ["sns:Publish"]
    resources = local.topic_arns
  }

  statement {
    actions   = ["kms:GenerateDataKey*", "kms:Decrypt"]
    resources = [aws_kms_key.topics.arn]
  }
}

resource "aws_iam_role_policy" "publish" {
  name   = "publish"
  role   = aws_iam_role.publishing.id
  policy = data.aws_iam_policy_document.publish.json
}

# Messages not accepted within the delivery policy's hour stay in the dead-letter queue for 14 days.
resource "aws_sqs_queue" "notifications" {
  name_prefix               = "${var.topic_prefix}-notifications-"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

data "aws_iam_policy_document" "notifications" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.notifications.arn]

    principals {
      type        = "Service"
      identifiers = ["sns.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = local.topic_arns
    }
  }
}

resource "aws_sqs_queue_policy" "notifications" {
  queue_url = aws_sqs_queue.notifications.id
  policy    = data.aws_iam_policy_document.notifications.json
}

resource "aws_sns_topic_subscription" "bridge" {
  for_each = var.bridge_url != null ? { audit = aws_sns_topic.audit.arn, detect = aws_sns_topic.detect.arn } : {}

  topic_arn              = each.value
  protocol               = "https"
  endpoint               = "${var.bridge_url}/sns"
  endpoint_auto_confirms = true
  raw_message_delivery   = false

  # 15 retries every 20 s and 55 every 60 s: 3,600 s, the maximum that SNS allows.
  delivery_policy = jsonencode({
    healthyRetryPolicy = {
      numRetries         = 70
      numNoDelayRetries  = 0
      minDelayTarget     = 20
      numMinDelayRetries = 15
      maxDelayTarget     = 60
      numMaxDelayRetries = 55
      backoffFunction    = "linear"
    }
  })

  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.notifications.arn })

  depends_on = [aws_sqs_queue_policy.notifications]
}
