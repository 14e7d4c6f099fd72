data "aws_partition" "current" {}

locals {
  partition = data.aws_partition.current.partition
}

# The account, restricted to the role by a condition: a role as principal becomes invalid when it is recreated.
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

  # EKS Pod Identity adds tags to the session of the bridge, which are passed on.
  statement {
    actions = ["sts:TagSession"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${split(":", var.bridge_role_arn)[4]}:root"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:PrincipalArn"
      values   = [var.bridge_role_arn]
    }
  }
}

resource "aws_iam_role" "bridge" {
  name                 = var.role_name
  description          = "Lets Defender Bridge import findings of AWS IoT Device Defender into AWS Security Hub"
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
