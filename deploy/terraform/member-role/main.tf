data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
}

# The account, held to the role by a condition: the role itself as principal would stop to count when it is made anew.
data "aws_iam_policy_document" "bridge_assumes" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${split(":", var.bridge_role_arn)[4]}:root"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:PrincipalArn"
      values   = [var.bridge_role_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = [var.external_id]
    }
  }
}

resource "aws_iam_role" "bridge" {
  name                 = var.role_name
  description          = "What Defender Bridge keeps AWS Security Hub in step with AWS IoT Device Defender in"
  max_session_duration = 3600
  assume_role_policy   = data.aws_iam_policy_document.bridge_assumes.json
}

data "aws_iam_policy_document" "bridge" {
  statement {
    sid = "CheckBeforeTheStart"
    actions = [
      "events:ListRules",
      "events:ListTargetsByRule",
      "securityhub:DescribeHub",
      "sns:GetSubscriptionAttributes",
      "sns:ListSubscriptionsByTopic",
    ]
    resources = ["*"]
  }

  statement {
    sid = "ReadDeviceDefender"
    actions = [
      "iot:DescribeAuditTask",
      "iot:ListActiveViolations",
      "iot:ListAuditFindings",
      "iot:ListAuditSuppressions",
      "iot:ListAuditTasks",
      "iot:ListViolationEvents",
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

resource "aws_iam_role_policy" "bridge" {
  name   = "defender-bridge"
  role   = aws_iam_role.bridge.id
  policy = data.aws_iam_policy_document.bridge.json
}
