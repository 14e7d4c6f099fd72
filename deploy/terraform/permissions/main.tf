# Permissions of Defender Bridge in an account that it serves, as a policy document for its role there.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
}

data "aws_iam_policy_document" "bridge" {
  statement {
    sid = "CheckBeforeTheStart"
    actions = [
      "cloudtrail:DescribeTrails",
      "cloudtrail:GetTrailStatus",
      "events:ListRules",
      "events:ListTargetsByRule",
      "securityhub:DescribeHub",
      "securityhub:DescribeSecurityHubV2",
      "securityhub:ListEnabledProductsForImport",
      "sns:GetSubscriptionAttributes",
      "sns:GetTopicAttributes",
      "sns:ListSubscriptionsByTopic",
    ]
    resources = ["*"]
  }

  statement {
    sid = "ReadDeviceDefender"
    actions = [
      "iot:DescribeAuditTask",
      "iot:DescribeThing",
      "iot:ListActiveViolations",
      "iot:ListAuditFindings",
      "iot:ListAuditSuppressions",
      "iot:ListAuditTasks",
      "iot:ListViolationEvents",
    ]
    resources = ["*"]
  }

  statement {
    sid = "ReadAlarms"
    actions = [
      "cloudwatch:DescribeAlarmContributors",
      "cloudwatch:DescribeAlarms",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "ImportIntoSecurityHub"
    actions   = ["securityhub:BatchImportFindings"]
    resources = ["arn:${local.partition}:securityhub:*:${local.account}:product/${local.account}/default"]
  }

  statement {
    sid = "KeepSecurityHub"
    actions = [
      "securityhub:BatchUpdateFindings",
      "securityhub:GetFindings",
    ]
    resources = ["*"]
  }
}
