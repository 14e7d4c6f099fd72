data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name

  has_events = var.send_events && var.bridge_url != null
  has_topics = var.enable_topic || var.alert_email != null

  log_group_arn = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:${var.log_group_name}"
}

# The role of the queries.
data "aws_iam_policy_document" "logs_assumes" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["logs.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "query" {
  name_prefix        = "device-alarms-query-"
  description        = "Lets CloudWatch Logs run the queries of the device alarms"
  assume_role_policy = data.aws_iam_policy_document.logs_assumes.json
}

data "aws_iam_policy_document" "query" {
  statement {
    actions   = ["logs:StartQuery", "logs:StopQuery", "logs:GetQueryResults", "logs:DescribeLogGroups"]
    resources = [local.log_group_arn, "${local.log_group_arn}:*"]
  }
}

resource "aws_iam_role_policy" "query" {
  name   = "query"
  role   = aws_iam_role.query.id
  policy = data.aws_iam_policy_document.query.json
}

# An alarm's name ends with the severity of its findings. Each client ID is a contributor with its own state.
locals {
  alarms = {
    for name, alarm in {
      AuthorizationFailures = {
        query       = "status = \"Failure\" and reason = \"AUTHORIZATION_FAILURE\""
        description = "AWS IoT policies denied requests of a device more often than expected"
        setting     = var.authorization_failures
      }
      AuthenticationErrors = {
        query       = "eventType = \"Connection.AuthNError\""
        description = "AWS IoT rejected the credentials of a device more often than expected"
        setting     = var.authentication_errors
      }
      ConnectionAttempts = {
        query       = "eventType = \"Connect\""
        description = "A device attempted to connect more often than expected"
        setting     = var.connection_attempts
      }
      Disconnects = {
        query       = "eventType = \"Disconnect\""
        description = "A device disconnected more often than expected"
        setting     = var.disconnects
      }
      MessagesSent = {
        query       = "eventType = \"Publish-In\""
        description = "A device sent more messages than expected"
        setting     = var.messages_sent
      }
    } : name => alarm if name != "MessagesSent" || var.enable_messages_sent
  }

  client_id_condition = var.client_id_pattern == null ? "" : " and clientId like /${var.client_id_pattern}/"

  # AWS IoT writes entries with a delay, so a query counts those between 2 minutes ago and one period earlier.
  ingestion_delay = 120
}

# The AWS provider has no resource for log alarms, so AWS Cloud Control creates them. The alarms depend on the rule, so that
# destroying them sends their deletion to the bridge.
resource "aws_cloudcontrolapi_resource" "alarm" {
  for_each = local.alarms

  type_name = "AWS::CloudWatch::LogAlarm"
  desired_state = jsonencode(merge(
    {
      AlarmName        = "${var.alarm_prefix}${each.key}-${each.value.setting.severity}"
      AlarmDescription = "${each.value.description} within ${var.evaluation_minutes} minutes."
      ScheduledQueryConfiguration = {
        QueryString           = "filter ${each.value.query} and ispresent(clientId)${local.client_id_condition}"
        AggregationExpression = "count(*) by clientId | sort desc"
        LogGroupIdentifiers   = [local.has_log_group ? aws_cloudwatch_log_group.iot[0].name : var.log_group_name]
        ScheduledQueryRoleARN = aws_iam_role.query.arn
        ScheduleConfiguration = {
          ScheduleExpression = "rate(${var.evaluation_minutes} minutes)"
          StartTimeOffset    = var.evaluation_minutes * 60 + local.ingestion_delay
          EndTimeOffset      = local.ingestion_delay
        }
      }
      QueryResultsToEvaluate = var.query_results_to_evaluate
      QueryResultsToAlarm    = var.query_results_to_alarm
      ComparisonOperator     = "GreaterThanThreshold"
      Threshold              = each.value.setting.threshold
      TreatMissingData       = "notBreaching"
    },
    var.enable_topic ? {
      AlarmActions = [aws_sns_topic.alarms[0].arn]
      OKActions    = [aws_sns_topic.alarms[0].arn]
    } : {},
    var.alert_email == null ? {} : { InsufficientDataActions = [aws_sns_topic.alerts[0].arn] },
  ))

  depends_on = [aws_iam_role_policy.query, aws_cloudwatch_event_target.bridge]
}
