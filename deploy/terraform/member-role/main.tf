data "aws_partition" "current" {}

locals {
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

module "permissions" {
  source = "../permissions"
}

resource "aws_iam_role_policy" "bridge" {
  name   = "defender-bridge"
  role   = aws_iam_role.bridge.id
  policy = module.permissions.json
}
