locals {
  has_log_group = !var.existing_logging && !var.existing_log_group

  # Without a thing group, all devices are logged. The level of a thing group overrides those of accounts and events.
  level_of_connections = var.log_thing_group == null ? "INFO" : "ERROR"
  level_of_messages    = var.log_thing_group == null && var.enable_messages_sent ? "INFO" : "ERROR"
}

# Alarms cannot query a log group that does not exist yet, and AWS IoT creates it with the first entry only.
resource "aws_cloudwatch_log_group" "iot" {
  count = local.has_log_group ? 1 : 0

  name              = var.log_group_name
  retention_in_days = var.log_retention_days
  skip_destroy      = true
}

data "aws_iam_policy_document" "iot_assumes" {
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

resource "aws_iam_role" "logging" {
  count = var.existing_logging ? 0 : 1

  name_prefix        = "device-alarms-logging-"
  description        = "Lets AWS IoT write log entries"
  assume_role_policy = data.aws_iam_policy_document.iot_assumes.json
}

data "aws_iam_policy_document" "write" {
  statement {
    actions   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
    resources = [local.log_group_arn, "${local.log_group_arn}:*"]
  }
}

resource "aws_iam_role_policy" "write" {
  count = var.existing_logging ? 0 : 1

  name   = "write"
  role   = aws_iam_role.logging[0].id
  policy = data.aws_iam_policy_document.write.json
}

# The AWS provider's aws_iot_logging_options has no event configurations, without which AWS IoT does not log authentication errors.
resource "aws_cloudcontrolapi_resource" "logging" {
  count = var.existing_logging ? 0 : 1

  type_name = "AWS::IoT::Logging"
  desired_state = jsonencode({
    AccountId       = local.account
    RoleArn         = aws_iam_role.logging[0].arn
    DefaultLogLevel = "ERROR"
    EventConfigurations = [
      { EventType = "Connection.AuthNError", LogLevel = "ERROR" },
      { EventType = "Connect", LogLevel = local.level_of_connections },
      { EventType = "Disconnect", LogLevel = local.level_of_connections },
      { EventType = "Publish-In", LogLevel = local.level_of_messages },
    ]
  })

  depends_on = [aws_iam_role_policy.write]
}

resource "aws_cloudcontrolapi_resource" "thing_group_logging" {
  count = var.log_thing_group == null ? 0 : 1

  type_name = "AWS::IoT::ResourceSpecificLogging"
  desired_state = jsonencode({
    TargetType = "THING_GROUP"
    TargetName = var.log_thing_group
    LogLevel   = "INFO"
  })

  depends_on = [aws_cloudcontrolapi_resource.logging]
}
