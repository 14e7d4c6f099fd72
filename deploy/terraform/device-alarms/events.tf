# State changes of devices, and deletions of alarms.
resource "aws_cloudwatch_event_connection" "bridge" {
  count = local.has_events ? 1 : 0

  name               = "${var.alarm_prefix}device-alarms"
  description        = "API key that EventBridge sends to Defender Bridge"
  authorization_type = "API_KEY"

  auth_parameters {
    api_key {
      key   = "x-api-key"
      value = var.api_key
    }
  }

  lifecycle {
    precondition {
      condition     = nonsensitive(var.api_key != null)
      error_message = "send_events requires api_key."
    }
  }
}

resource "aws_cloudwatch_event_api_destination" "bridge" {
  count = local.has_events ? 1 : 0

  name                             = "${var.alarm_prefix}device-alarms"
  description                      = "Defender Bridge"
  connection_arn                   = aws_cloudwatch_event_connection.bridge[0].arn
  http_method                      = "POST"
  invocation_endpoint              = "${var.bridge_url}/eventbridge"
  invocation_rate_limit_per_second = 300
}

data "aws_iam_policy_document" "events_assumes" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "events" {
  count = local.has_events ? 1 : 0

  name_prefix        = "device-alarms-events-"
  description        = "Lets EventBridge send events to Defender Bridge"
  assume_role_policy = data.aws_iam_policy_document.events_assumes.json
}

resource "aws_iam_role_policy" "events" {
  count = local.has_events ? 1 : 0

  name = "send"
  role = aws_iam_role.events[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "events:InvokeApiDestination"
      Resource = aws_cloudwatch_event_api_destination.bridge[0].arn
    }]
  })
}

resource "aws_cloudwatch_event_rule" "bridge" {
  count = local.has_events ? 1 : 0

  name        = "${var.alarm_prefix}device-alarms"
  description = "Device alarms for Defender Bridge"
  event_pattern = jsonencode({
    source      = ["aws.cloudwatch"]
    detail-type = ["CloudWatch Alarm Contributor State Change", "CloudWatch Alarm Configuration Change"]
    detail = {
      # Without the severity, so that the deletion of an alarm with the former severity is sent, too.
      alarmName = [
        for name in ["AuthorizationFailures", "AuthenticationErrors", "ConnectionAttempts", "Disconnects", "MessagesSent"] :
        { prefix = "${var.alarm_prefix}${name}-" }
      ]
    }
  })
}

resource "aws_cloudwatch_event_target" "bridge" {
  count = local.has_events ? 1 : 0

  rule      = aws_cloudwatch_event_rule.bridge[0].name
  target_id = "defender-bridge"
  arn       = aws_cloudwatch_event_api_destination.bridge[0].arn
  role_arn  = aws_iam_role.events[0].arn

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.events[0].arn
  }
}

resource "aws_sqs_queue" "events" {
  count = local.has_events ? 1 : 0

  name_prefix               = "${var.alarm_prefix}device-alarm-events-"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_policy" "events" {
  count = local.has_events ? 1 : 0

  queue_url = aws_sqs_queue.events[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.events[0].arn
      Condition = { ArnEquals = { "aws:SourceArn" = aws_cloudwatch_event_rule.bridge[0].arn } }
    }]
  })
}
